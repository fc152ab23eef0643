// SPDX-License-Identifier: GPL-2.0-only
/*
 * Common options and checks of the subcommands that boot guests.
 */
#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "bench/guest/guest.h"
#include "bench/guest/qemu.h"
#include "bench/guest/target.h"
#include "bench/data/machine.h"
#include "bench/data/result.h"
#include "bench/guest/pool.h"
#include "bench/guest/probe.h"
#include "bench/where/lines.h"
#include "setup.h"

/* A folder given as --kernel: what is in it, under the names of the build's own. */
static int open_folder(const char *command, struct vmmio_setup *s)
{
	static const char *const names[] = {"vmlinuz", "bzImage"};
	static char kernel[PATH_MAX], initrd[PATH_MAX]; /* a program has one setup */
	struct stat st;
	int n = -1;

	if (!s->kernel || stat(s->kernel, &st) || !S_ISDIR(st.st_mode))
		return 0; /* what is no file is said where it is opened */
	for (size_t i = 0; i < 2; i++) {
		n = snprintf(kernel, sizeof(kernel), "%s/%s", s->kernel, names[i]);
		if (n < (int)sizeof(kernel) && !access(kernel, R_OK))
			break;
		n = -1;
	}
	if (n < 0) {
		fprintf(stderr,
			"vmmio-bench %s: --kernel %s: no vmlinuz in it (cmake/tree-image.sh makes "
			"one)\n",
			command, s->kernel);
		return -ENOENT;
	}
	if (!s->initrd) {
		n = snprintf(initrd, sizeof(initrd), "%s/initrd.cpio", s->kernel);
		if (n < (int)sizeof(initrd) && !access(initrd, R_OK)) {
			s->initrd = initrd;
		} else if (!s->modules) {
			fprintf(stderr, "vmmio-bench %s: --kernel %s: no initrd.cpio in it\n",
				command, s->kernel);
			return -ENOENT;
		}
	}
	s->kernel = kernel;
	return 0;
}

int vmmio_setup_consistent(const char *command, struct vmmio_setup *s)
{
	if (open_folder(command, s))
		return -EINVAL;
	if (!s->kernel == !s->initrd || (s->kernel && s->modules))
		return 0;
	fprintf(stderr, "vmmio-bench %s: --%s: needs --%s, its modules must fit\n", command,
		s->kernel ? "kernel" : "initrd",
		s->kernel ? "initrd (or compare's --modules)" : "kernel");
	return -EINVAL;
}

/* The file @name of @dir. In images it is called as the module is: kvm-amd.ko is kvm_amd. */
static int add_module(struct vmmio_setup *s, const char *dir, const char *name)
{
	struct vmmio_guest_file *all = realloc(s->files, (s->nfiles + 1) * sizeof(*all));
	char *host = NULL, *guest = NULL;

	if (!all)
		return -ENOMEM;
	s->files = all;
	if (asprintf(&host, "%s/%s", dir, name) < 0 ||
	    asprintf(&guest, "/lib/modules/%s", name) < 0) {
		free(host);
		return -ENOMEM;
	}
	for (char *p = strrchr(guest, '/'); *p; p++)
		if (*p == '-')
			*p = '_';
	s->files[s->nfiles++] = (struct vmmio_guest_file){.host = host, .guest = guest};
	return 0;
}

/* Of the module that was added last: it stands in scripts, and is there once. */
static int check_name(const char *command, const struct vmmio_setup *s, const char *name)
{
	const char *option = s->modules_option ? s->modules_option : "--modules";
	const char *last = s->files[s->nfiles - 1].guest;

	if (strpbrk(name, "':\n")) {
		fprintf(stderr, "vmmio-bench %s: %s %s: %s: not the name of a module\n", command,
			option, s->modules, name);
		return -EINVAL;
	}
	for (size_t i = 0; i + 1 < s->nfiles; i++)
		if (!strcmp(s->files[i].guest, last)) {
			fprintf(stderr, "vmmio-bench %s: %s %s: %s is there twice, with - and _\n",
				command, option, s->modules, name);
			return -EINVAL;
		}
	return 0;
}

static int is_module(const struct dirent *e)
{
	size_t n = strlen(e->d_name);

	return n > 3 && !strcmp(e->d_name + n - 3, ".ko");
}

static bool in_image(const char *image, const char *module)
{
	int fd = vmmio_lines_image(image, module);

	if (fd < 0)
		return false;
	close(fd);
	return true;
}

/* What the image has no module for is never loaded, and would be called the same. */
static void warn_of_strangers(const char *command, const struct vmmio_setup *s)
{
	char path[PATH_MAX], name[256];
	const char *image = s->modules_image ? s->modules_image
			    : s->initrd	     ? s->initrd
					     : vmmio_guest_image("initrd.cpio", path, sizeof(path));

	if (!in_image(image, "vmmio")) /* none of this build's, or one that is compressed */
		return;
	for (size_t i = 0; i < s->nfiles; i++) {
		snprintf(name, sizeof(name), "%s", strrchr(s->files[i].guest, '/') + 1);
		name[strlen(name) - 3] = '\0'; /* .ko */
		if (!in_image(image, name))
			fprintf(stderr,
				"vmmio-bench %s: %s %s: the image has no module %s: nothing loads "
				"it\n",
				command, s->modules_option ? s->modules_option : "--modules",
				s->modules, name);
	}
}

int vmmio_setup_modules(const char *command, struct vmmio_setup *s)
{
	struct dirent **list = NULL;
	int err = 0, n = s->modules ? scandir(s->modules, &list, is_module, alphasort) : 0;

	if (n < 0 || (s->modules && !n)) {
		err = n < 0 ? -errno : -ENOENT;
		fprintf(stderr, "vmmio-bench %s: %s %s: %s\n", command,
			s->modules_option ? s->modules_option : "--modules", s->modules,
			n < 0 ? strerror(-err) : "no *.ko in it");
	}
	for (int i = 0; i < n; i++) {
		if (!err) {
			err = add_module(s, s->modules, list[i]->d_name);
			err = err ?: check_name(command, s, list[i]->d_name);
		}
		free(list[i]);
	}
	free(list);
	if (!err)
		warn_of_strangers(command, s);
	return err;
}

void vmmio_setup_free(struct vmmio_setup *s)
{
	for (size_t i = 0; i < s->nfiles; i++) {
		free((char *)s->files[i].host);
		free((char *)s->files[i].guest);
	}
	free(s->files);
	s->files = NULL;
	s->nfiles = 0;
}

static json_t *sum_of(const char *path)
{
	unsigned long crc;
	long long bytes;

	return vmmio_result_sum(path, &bytes, &crc) ? json_null() : json_sprintf("%08lx", crc);
}

json_t *vmmio_setup_images(const struct vmmio_setup *s)
{
	char kernel[PATH_MAX], initrd[PATH_MAX];
	json_t *all = json_object(), *modules = json_object();

	json_object_set_new(all, "kernel",
			    sum_of(s->kernel
					   ? s->kernel
					   : vmmio_guest_image("vmlinuz", kernel, sizeof(kernel))));
	json_object_set_new(
		all, "initrd",
		sum_of(s->initrd ? s->initrd
				 : vmmio_guest_image("initrd.cpio", initrd, sizeof(initrd))));
	for (size_t i = 0; i < s->nfiles; i++)
		json_object_set_new(modules, strrchr(s->files[i].guest, '/') + 1,
				    sum_of(s->files[i].host));
	if (s->nfiles)
		json_object_set(all, "modules", modules);
	json_decref(modules);
	return all;
}

int vmmio_setup_qemu(const char *command, struct vmmio_setup *s)
{
	const struct vmmio_target *t = vmmio_target_find(s->target ? s->target : "microvm");
	const char *qemu = s->qemu ? s->qemu : t->qemu;
	bool trace_log;
	int err;

	err = vmmio_guest_qemu(qemu, &s->qemu_number, &trace_log);
	if (err) {
		fprintf(stderr, "vmmio-bench %s: %s: %s%s%s\n", command, qemu,
			err == -ENOENT	 ? "not found (package "
			: err == -EPROTO ? "no QEMU: it does not say its version"
					 : strerror(-err),
			err == -ENOENT ? t->package : "", err == -ENOENT ? ")" : "");
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

bool vmmio_setup_booted(const char *command, unsigned int boot, const struct vmmio_job *j)
{
	if (j->failed)
		fprintf(stderr, "vmmio-bench %s: boot %u failed, %u times, and was run again: %s\n",
			command, boot, j->failed, j->why);
	if (j->err == -ECANCELED) /* never started: another boot failed */
		return false;
	if (!j->err && j->result.end == VMMIO_GUEST_DONE && !j->result.status)
		return true;
	fprintf(stderr, "vmmio-bench %s: boot %u: %s\n", command, boot,
		j->result.why[0] ? j->result.why : strerror(-j->err));
	if (j->result.console && j->result.console[0])
		fprintf(stderr, "last lines of its console:\n%s\n", j->result.console);
	return false;
}

void vmmio_print_result(json_t *j, const char *final, const struct vmmio_series_set *set)
{
	json_object_set_new(j, "folder", json_string(final));
	json_object_set_new(j, "series", vmmio_series_to_json(set));
	vmmio_print_json(j);
}

int vmmio_run_begin(const char *command, struct vmmio_result *r, const char *out)
{
	int err = vmmio_result_open(r, out);

	if (err)
		fprintf(stderr, "vmmio-bench %s: --out %s: %s\n", command, out, strerror(-err));
	return err;
}

int vmmio_run_end(const char *command, struct vmmio_result *r, int status)
{
	vmmio_result_abandon(r);
	if (!vmmio_stop)
		return status;
	fprintf(stderr, "vmmio-bench %s: interrupted: nothing was kept\n", command);
	return 128 + vmmio_stop;
}
