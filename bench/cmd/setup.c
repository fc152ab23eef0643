// SPDX-License-Identifier: GPL-2.0-only
/*
 * Common options and checks of the subcommands that boot guests.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "bench/guest/guest.h"
#include "bench/guest/qemu.h"
#include "bench/data/machine.h"
#include "bench/guest/probe.h"
#include "setup.h"

int vmmio_setup_consistent(const char *command, const struct vmmio_setup *s)
{
	if (!s->kernel == !s->initrd)
		return 0;
	fprintf(stderr, "vmmio-bench %s: --%s: needs --%s, its modules must fit\n", command,
		s->kernel ? "kernel" : "initrd", s->kernel ? "initrd" : "kernel");
	return -EINVAL;
}

int vmmio_setup_qemu(const char *command, struct vmmio_setup *s)
{
	bool trace_log;
	int err;

	err = vmmio_guest_qemu(s->qemu, &s->qemu_number, &trace_log);
	if (err) {
		fprintf(stderr, "vmmio-bench %s: %s: %s\n", command,
			s->qemu ? s->qemu : "qemu-system-x86_64",
			err == -ENOENT ? "not found (package qemu-system-x86)" : strerror(-err));
		return err;
	}
	snprintf(s->qemu_version, sizeof(s->qemu_version), "%u.%u.%u", s->qemu_number / 10000,
		 s->qemu_number / 100 % 100, s->qemu_number % 100);
	return 0;
}

int vmmio_setup_accel(const char *command, struct vmmio_setup *s)
{
	char why[256] = "";
	int err;

	if (isatty(STDERR_FILENO) && strcmp(s->wish, "tcg"))
		fprintf(stderr, "\rbooting a probe guest under KVM ");
	err = vmmio_accel_probe(s->wish, s->kernel, s->initrd, &s->accel, why, sizeof(why));
	vmmio_progress_end();
	if (err)
		fprintf(stderr, "vmmio-bench %s: --accel %s: %s\n", command, s->wish,
			why[0] ? why : strerror(-err));
	else if (why[0])
		fprintf(stderr, "vmmio-bench %s: %s; using %s\n", command, why,
			vmmio_accel_name(s->accel));
	return err;
}

unsigned int vmmio_setup_jobs(const struct vmmio_setup *s, bool times)
{
	if (s->jobs)
		return s->jobs;
	return times || vmmio_machine_cpus() < 2 ? 1 : 2;
}

void vmmio_progress_end(void)
{
	if (isatty(STDERR_FILENO))
		fprintf(stderr, "\r\033[K");
}
