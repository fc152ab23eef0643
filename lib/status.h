/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Exit statuses of all programs. Tests add 77, skipped.
 */
#ifndef VMMIO_STATUS_H
#define VMMIO_STATUS_H

enum {
	VMMIO_EXIT_OK = 0,
	VMMIO_EXIT_TROUBLE = 1,
	VMMIO_EXIT_USAGE = 2,
	VMMIO_EXIT_NEGATIVE = 3,  /* a check or a verdict said no */
	VMMIO_EXIT_UNDECIDED = 4, /* the measurement does not decide it */
};

#endif
