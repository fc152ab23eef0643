/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the subcommands that boot guests have in common: options, and finding
 * out beforehand whether they can work.
 */
#ifndef VMMIO_BENCH_SETUP_H
#define VMMIO_BENCH_SETUP_H

#include <jansson.h>

#include "bench/guest/guest.h"
#include "lib/accel.h"
#include "lib/opts.h"

struct vmmio_setup {
	const char *wish, *out, *qemu, *kernel, *initrd, *modules;
	unsigned int jobs;
	/* of --modules, in place of the image's own; by vmmio_setup_modules() */
	struct vmmio_guest_file *files;
	size_t nfiles;
	/* found out by vmmio_setup_qemu() and vmmio_setup_accel() */
	enum vmmio_accel accel;
	unsigned int qemu_number;
	char qemu_version[32];
};

/* Rows for the table of options; @s points to a struct vmmio_setup. */
#define VMMIO_SETUP_OPTS(s)                                                                       \
	{"accel", VMMIO_OPT_CHOICE, &(s)->wish,	    0,                                            \
	 0,	  "auto|kvm|tcg",   "auto|kvm|tcg", "KVM only if a guest boots under it (auto)"}, \
		{"out",	    VMMIO_OPT_STRING,                                                     \
		 &(s)->out, 0,                                                                    \
		 0,	    NULL,                                                                 \
		 "DIR",	    "where result folders go (results)"},                                 \
		{"jobs",     VMMIO_OPT_NUMBER,                                                    \
		 &(s)->jobs, 1,                                                                   \
		 16,	     NULL,                                                                \
		 "N",	     "guests at a time (2 if only counting, else 1)"},                    \
		{"qemu",     VMMIO_OPT_STRING,                                                    \
		 &(s)->qemu, 0,                                                                   \
		 0,	     NULL,                                                                \
		 "PROGRAM",  "QEMU to use (qemu-system-x86_64)"},                                 \
		{"kernel",                                                                        \
		 VMMIO_OPT_STRING,                                                                \
		 &(s)->kernel,                                                                    \
		 0,                                                                               \
		 0,                                                                               \
		 NULL,                                                                            \
		 "FILE",                                                                          \
		 "guest kernel (that of the build)"},                                             \
	{                                                                                         \
		"initrd", VMMIO_OPT_STRING, &(s)->initrd, 0, 0, NULL, "FILE",                     \
			"guest image (that of the build)"                                         \
	}

#define VMMIO_SETUP_DEFAULT                      \
	{                                        \
		.wish = "auto", .out = "results" \
	}

/* Contradictions among them: prints the one line, returns -EINVAL. */
int vmmio_setup_consistent(const char *command, const struct vmmio_setup *s);

/*
 * The *.ko of --modules as files of the guest. Prints the one line, returns -errno. Freed by
 * vmmio_setup_free().
 */
int vmmio_setup_modules(const char *command, struct vmmio_setup *s);
void vmmio_setup_free(struct vmmio_setup *s);

/* {"kernel": checksum, "initrd": checksum}, of the modules too; null where unreadable. */
json_t *vmmio_setup_images(const struct vmmio_setup *s);

/*
 * QEMU and its version; the accelerator. Each prints the one line that says what is
 * missing, or which accelerator was not taken and why.
 */
int vmmio_setup_qemu(const char *command, struct vmmio_setup *s);
int vmmio_setup_accel(const char *command, struct vmmio_setup *s);

/* How many guests at a time: real or shown times want one. */
unsigned int vmmio_setup_jobs(const struct vmmio_setup *s, bool times);

/* Clear the progress line on stderr, if there can be one. */
void vmmio_progress_end(void);

#endif
