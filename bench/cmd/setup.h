/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the subcommands that boot guests share: options, and checks beforehand that they can work.
 */
#ifndef VMMIO_BENCH_SETUP_H
#define VMMIO_BENCH_SETUP_H

#include <jansson.h>

#include "bench/data/result.h"
#include "bench/guest/guest.h"
#include "bench/guest/pool.h"
#include "lib/accel.h"
#include "lib/opts.h"

struct vmmio_setup {
	const char *wish, *out, *qemu, *kernel, *initrd, *modules;
	const char *modules_option; /* what @modules was given by; NULL: --modules */
	const char *modules_image; /* whose modules they replace; NULL: @initrd's, or the build's */
	const char *target;	   /* machine, see target.h; NULL: microvm */
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
#define VMMIO_IMAGE_OPTS(s)                                                              \
	{"qemu", VMMIO_OPT_STRING, &(s)->qemu, .arg = "PROGRAM",                         \
	 .help = "QEMU to use (qemu-system-x86_64)"},                                    \
		{"kernel", VMMIO_OPT_STRING, &(s)->kernel, .arg = "FILE",                \
		 .help = "guest kernel, or a folder with vmlinuz and initrd.cpio (that " \
			 "of the build)"},                                               \
	{                                                                                \
		"initrd", VMMIO_OPT_STRING, &(s)->initrd,                                \
			.arg = "FILE", .help = "guest image (that of the build)"         \
	}

#define VMMIO_SETUP_OPTS(s)                                                \
	{"accel",                                                          \
	 VMMIO_OPT_CHOICE,                                                 \
	 &(s)->wish,                                                       \
	 .choices = "auto|kvm|tcg",                                        \
	 .arg = "auto|kvm|tcg",                                            \
	 .help = "KVM only if a guest boots under it (auto)"},             \
		{"out", VMMIO_OPT_STRING, &(s)->out, .arg = "DIR",         \
		 .help = "where result folders go (results)"},             \
		{"jobs",                                                   \
		 VMMIO_OPT_NUMBER,                                         \
		 &(s)->jobs,                                               \
		 1,                                                        \
		 16,                                                       \
		 .arg = "N",                                               \
		 .help = "guests at a time (2 if only counting, else 1)"}, \
		VMMIO_IMAGE_OPTS(s)

#define VMMIO_SETUP_DEFAULT                      \
	{                                        \
		.wish = "auto", .out = "results" \
	}

/*
 * Contradictions among them: prints the one line, returns -EINVAL. A folder given as --kernel
 * becomes the kernel and the image in it.
 */
int vmmio_setup_consistent(const char *command, struct vmmio_setup *s);

/*
 * The *.ko of --modules as files of the guest. Prints the one line, returns -errno; prints one for
 * each that the image has no module for. Freed by vmmio_setup_free().
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

/* @r under @out, before anything has run. Prints the one line, returns -errno. */
int vmmio_run_begin(const char *command, struct vmmio_result *r, const char *out);

/* What was not kept is removed, and an interruption said: @status, or that of the signal. */
int vmmio_run_end(const char *command, struct vmmio_result *r, int status);

/*
 * Has the boot @boot of @command come to its end, so that what its guest said can be
 * taken? Prints why not, and what was run again.
 */
bool vmmio_setup_booted(const char *command, unsigned int boot, const struct vmmio_job *j);

/* The result @j as JSON with its folder and its series; takes the reference. */
void vmmio_print_result(json_t *j, const char *final, const struct vmmio_series_set *set);

/* Clear the progress line on stderr, if there can be one. */
void vmmio_progress_end(void);

#endif
