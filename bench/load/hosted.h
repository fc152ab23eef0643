/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a bench host (vmmio-boot --host) runs: a guest with devices that are loaded,
 * counted by that guest's driver and by vmmio-stat exits on the host at the same
 * time. What the host counted comes in lines "@host {...}", see data/hostexits.h.
 */
#ifndef VMMIO_BENCH_HOSTED_H
#define VMMIO_BENCH_HOSTED_H

#include <stdbool.h>

#include "load.h"

/*
 * The guest says where it is: "@counted" after the counting rounds, "@kicked", "@timed",
 * "@layered" after the passes below, and sleeps after each, so that what watches on the
 * host can go or come. Not for a load with rounds of both kinds in turn.
 */
#define VMMIO_HOSTED_PAUSE "sleep 10\n"
#define VMMIO_HOSTED_COUNTED "echo @counted\n" VMMIO_HOSTED_PAUSE
#define VMMIO_HOSTED_APART                                                    \
	"usleep 800000" /* around a counting round: three of the host's looks \
			 */

struct vmmio_hosted {
	const char *script;	       /* of the guest: vmmio_load_script() */
	const char *const *args;       /* of its QEMU, NULL-terminated; may be NULL */
	const struct vmmio_load *load; /* what the script runs; NULL: on disks */
	const char *columns; /* disks that vmmio-boot makes, "mmio,pci-msix"; may be NULL */
	bool ioeventfd;
	bool stat;	    /* the guest's image has no vmmio-stat: it gets the host's */
	bool kicks;	    /* the guest has a pass of its own for the cost of kicks */
	unsigned int vcpus; /* of the guest; 0: one */
	bool vhost;	    /* interfaces are served by the host's kernel */
	bool layers;	    /* and those of vmmio-layers */
};

/* Text of the host's /run.sh, to be freed; NULL: no memory, or an argument with a quote in it. */
char *vmmio_hosted_script(const struct vmmio_hosted *h);

#endif
