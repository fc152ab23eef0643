/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Between device.c and loop.c. A write to fuzz/run is inputs one after another, each behind
 * its length (16 bits, little endian); it returns how many bytes of them were executed.
 * What came of them is in the memory that fuzz/run maps.
 */
#ifndef VMMIO_FUZZ_SHARED_H
#define VMMIO_FUZZ_SHARED_H

#define FUZZ_EDGES (1u << 18)
#define FUZZ_COVER (256u << 10)	  /* words of KCOV's */
#define FUZZ_BATCH_MAX (1u << 16) /* bytes of a write */

struct shared {
	unsigned int executed; /* by the last write */
	unsigned int
		reached; /* its last input: an edge (2), or a count of one (1), that none had */
	unsigned int faulted; /* its last input: a fault of a kind that had not been */
	unsigned int pad;
	unsigned char edges[FUZZ_EDGES]; /* counts seen of each, as bits */
};

#endif
