// SPDX-License-Identifier: GPL-2.0-only
/*
 * QEMU's command (qemu.h). One machine type carries both transports, so a
 * comparison shares one boot, one kernel and one kind of backend. ioeventfd is
 * off on all of them unless it is asked for: QEMU's emulation turns it off for
 * MMIO anyway, and with it on PCI's notifications would reach the device by
 * another path and be invisible to its traces.
 */
#include "qemu.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cpio.h"
#include "target.h"
#include "vmm.h"
#include "lib/clock.h"

#define DISK_BYTES (1ull << 30)
#define QUEUE_SIZE 256

const char *vmmio_guest_image(const char *name, char *buf, size_t len)
{
	const char *dir = getenv("VMMIO_IMAGE_DIR");
	char program[PATH_MAX];
	ssize_t n;

	if (dir && *dir) {
		snprintf(buf, len, "%s/%s", dir, name);
		return buf;
	}
	n = readlink("/proc/self/exe", program, sizeof(program));
	while (n > 0 && program[n - 1] != '/')
		n--;
	if (n < 0)
		n = 0;
	snprintf(buf, len, "%.*simage", (int)n, program);
	/* a program that is not in a build folder is installed */
	if (access(buf, F_OK))
		snprintf(buf, len, "%.*s../lib/vmmio/image/%s", (int)n, program, name);
	else
		snprintf(buf, len, "%.*simage/%s", (int)n, program, name);
	return buf;
}

/* @path as the value of an option of QEMU's, in which a comma is written twice. */
static const char *option_value(const char *path, char *buf, size_t len)
{
	size_t n = 0;

	for (; *path && n + 3 < len; path++) {
		if (*path == ',')
			buf[n++] = ',';
		buf[n++] = *path;
	}
	buf[n] = '\0';
	return buf;
}

/* The disks of a comparison: same backend, same queue, another transport. */
static int add_column(struct vmmio_args *a, const char *name, bool ioeventfd)
{
	const char *device, *more = "";

	if (!strcmp(name, "mmio"))
		device = "virtio-blk-device";
	else if (!strcmp(name, "pci-msix") || !strcmp(name, "pci-intx"))
		device = "virtio-blk-pci,disable-legacy=on";
	else
		return -EINVAL;
	if (!strcmp(name, "pci-intx"))
		more = ",vectors=0";
	vmmio_args_add(a, "-blockdev");
	vmmio_args_addf(a, "null-co,node-name=%s,size=%llu,read-zeroes=on", name, DISK_BYTES);
	vmmio_args_add(a, "-device");
	vmmio_args_addf(a, "%s%s%s,drive=%s,queue-size=%d,num-queues=1", device,
			!strncmp(name, "pci", 3) ? ioeventfd ? ",ioeventfd=on" : ",ioeventfd=off"
						 : "",
			more, name, QUEUE_SIZE);
	return 0;
}

static int add_columns(struct vmmio_args *a, const char *columns, bool ioeventfd, char *why,
		       size_t len)
{
	char *copy = strdup(columns), *rest = copy, *name;
	int err = copy ? 0 : -ENOMEM;

	while (!err && (name = strsep(&rest, ","))) {
		err = add_column(a, name, ioeventfd);
		if (err)
			snprintf(why, len, "unknown column %s: mmio, pci-intx or pci-msix",
				 *name ? name : "(none)");
	}
	free(copy);
	return err;
}

static int add_trace(const struct vmmio_guest *g, const char *dir, struct vmmio_args *a, char *why,
		     size_t len)
{
	char path[4096], file[4096], value[4096], log[4096];
	const char *p;
	FILE *f;
	int err;

	if (!g->trace_events)
		return 0;
	snprintf(file, sizeof(file), "%s/trace", dir);
	if (strchr(g->trace_log ? g->trace_log : file, '%')) {
		snprintf(why, len, "%s: QEMU takes no '%%' in the name of its trace%s",
			 g->trace_log ? g->trace_log : dir,
			 g->trace_log ? "" : " (TMPDIR is elsewhere?)");
		return -EINVAL;
	}
	snprintf(path, sizeof(path), "%s/events", dir);
	f = fopen(path, "we");
	if (!f)
		goto err;
	for (p = g->trace_events; *p; p++)
		putc(*p == ',' ? '\n' : *p, f);
	putc('\n', f);
	if (fclose(f))
		goto err;
	vmmio_args_add(a, "-trace");
	vmmio_args_addf(a, "events=%s,file=%s", option_value(path, value, sizeof(value)),
			option_value(g->trace_log ? g->trace_log : file, log, sizeof(log)));
	return 0;
err:
	err = -errno;
	snprintf(why, len, "cannot write the list of trace events: %s", strerror(-err));
	return err;
}

/* The caller's arguments, with the folder of the run put in, as it must be in an option. */
static void add_own(const struct vmmio_guest *g, const char *dir, struct vmmio_args *a)
{
	char value[4096];

	for (size_t i = 0; g->qemu_args && g->qemu_args[i]; i++) {
		const char *arg = g->qemu_args[i], *at = strstr(arg, "{dir}");

		if (at)
			vmmio_args_addf(a, "%.*s%s%s", (int)(at - arg), arg,
					memchr(arg, '=', at - arg)
						? option_value(dir, value, sizeof(value))
						: dir,
					at + 5);
		else
			vmmio_args_add(a, arg);
	}
}

static unsigned int mem_of(const struct vmmio_guest *g)
{
	return g->mem_mib ? g->mem_mib : g->host ? 2048 : 256;
}

/* The devices of @g with the folder put in, for a command that is not made here. */
static int add_template(const struct vmmio_guest *g, const char *dir, const char *append_line,
			struct vmmio_args *a)
{
	struct vmmio_args devices = {0};
	char kernel[4096], initrd[4096];
	struct vmmio_vmm_values v = {.kernel = g->kernel,
				     .initrd = initrd,
				     .cmdline = append_line,
				     .dir = dir,
				     .accel = g->accel == VMMIO_ACCEL_NONE ? "tcg" : "kvm",
				     .smp = g->smp ? g->smp : 1,
				     .mem_mib = mem_of(g)};

	if (!v.kernel)
		v.kernel = vmmio_guest_image("vmlinuz", kernel, sizeof(kernel));
	snprintf(initrd, sizeof(initrd), "%s/initrd", dir);
	add_own(g, dir, &devices);
	v.devices = (const char *const *)devices.v;
	vmmio_vmm_expand(g->vmm, &v, a);
	vmmio_args_free(&devices);
	return vmmio_args_error(a);
}

/*
 * "host" on an emulated processor promises an extended state that it does not have:
 * a kernel of 6.1 warns.
 */
static const char *cpu_of(const struct vmmio_guest *g, const struct vmmio_target *t)
{
	if (g->accel == VMMIO_ACCEL_SVM_ON_TCG)
		return "EPYC,-xsaves,-xsave,check=off";
	if (g->accel != VMMIO_ACCEL_NONE)
		return "host";
	return g->host ? t->host_cpu : t->cpu;
}

/*
 * What the kernel hands on to /init, which could not find it out: an emulated host.
 */
static const char *told(const struct vmmio_guest *g)
{
	if (g->host)
		return " VMMIO_ACCEL=tcg";
	if (g->accel == VMMIO_ACCEL_SVM_ON_TCG)
		return " VMMIO_ACCEL=\"kvm-svm on tcg\"";
	if (g->accel == VMMIO_ACCEL_ARM_ON_TCG)
		return " VMMIO_ACCEL=\"kvm-arm on tcg\"";
	return "";
}

int vmmio_qemu_command(const struct vmmio_guest *g, const char *dir, int qmp_fd,
		       struct vmmio_args *a, char **append_line, char *why, size_t len)
{
	bool kvm = g->accel != VMMIO_ACCEL_NONE;
	unsigned long khz = g->icount ? 1000000 : vmmio_tsc_khz();
	const struct vmmio_target *t = vmmio_target_find(g->target);
	char path[4096], value[4096], tsc[64] = "";
	int err;

	if (!t) {
		snprintf(why, len, "no machine %s: there are %s", g->target, vmmio_target_names());
		return -EINVAL;
	}
	if (kvm && !t->kvm) {
		snprintf(why, len, "machine %s is emulated only", t->name);
		return -EINVAL;
	}
	if (kvm && g->host) {
		snprintf(why, len, "a bench host is emulated, not run under %s",
			 vmmio_accel_name(g->accel));
		return -EINVAL;
	}
	if (g->host && !t->host) {
		snprintf(why, len, "no bench host on machine %s", t->name);
		return -EINVAL;
	}
	if (kvm && g->icount) {
		snprintf(why, len, "instruction counting needs emulation, not %s",
			 vmmio_accel_name(g->accel));
		return -EINVAL;
	}

	vmmio_args_add(a, g->qemu ? g->qemu : t->qemu);
	vmmio_args_add(a, "-M");
	vmmio_args_addf(a, "%s%s", kvm ? t->kvm : t->machine, g->host ? t->host : "");
	vmmio_args_add(a, "-accel");
	vmmio_args_add(a, kvm ? "kvm" : "tcg");
	if (cpu_of(g, t)) {
		vmmio_args_add(a, "-cpu");
		vmmio_args_add(a, cpu_of(g, t));
	}
	if (g->icount) {
		vmmio_args_add(a, "-icount");
		vmmio_args_add(a, "shift=0,sleep=off");
		vmmio_args_add(a, "-rtc");
		vmmio_args_add(a, "base=2024-01-01,clock=vm");
	}
	vmmio_args_add(a, "-smp");
	vmmio_args_addf(a, "%u", g->smp ? g->smp : 1);
	vmmio_args_add(a, "-m");
	vmmio_args_addf(a, "%u", mem_of(g));
	vmmio_args_add(a, "-nodefaults");
	vmmio_args_add(a, "-no-user-config");
	vmmio_args_add(a, "-display");
	vmmio_args_add(a, "none");
	/* Off or reset, the machine pauses: its counts are read then. */
	vmmio_args_add(a, "-no-reboot");
	vmmio_args_add(a, "-action");
	vmmio_args_add(a, "shutdown=pause");
	vmmio_args_add(a, "-chardev");
	vmmio_args_addf(a, "socket,id=qmp,fd=%d", qmp_fd);
	vmmio_args_add(a, "-mon");
	vmmio_args_add(a, "chardev=qmp,mode=control");
	vmmio_args_add(a, "-chardev");
	vmmio_args_addf(a, "file,id=console,path=%s/console",
			option_value(dir, value, sizeof(value)));
	vmmio_args_add(a, "-serial");
	vmmio_args_add(a, "chardev:console");
	vmmio_args_add(a, "-chardev");
	vmmio_args_addf(a, "file,id=result,path=%s/result", value);
	vmmio_args_add(a, "-device");
	vmmio_args_add(a, t->serial);
	vmmio_args_add(a, "-global");
	vmmio_args_add(a, "virtio-mmio.force-legacy=false");
	vmmio_args_add(a, "-global");
	vmmio_args_addf(a, "virtio-mmio.ioeventfd=%s", g->ioeventfd ? "on" : "off");
	vmmio_args_add(a, "-kernel");
	vmmio_args_add(a, g->kernel ? g->kernel : vmmio_guest_image("vmlinuz", path, sizeof(path)));
	vmmio_args_add(a, "-initrd");
	vmmio_args_addf(a, "%s/initrd", dir);

	/*
	 * There is no timer to calibrate the time stamp counter with; without
	 * its frequency the kernel hangs. Under KVM it asks the hypervisor.
	 */
	if (t->x86 && !kvm && khz)
		snprintf(tsc, sizeof(tsc), " tsc_early_khz=%lu%s", khz,
			 g->icount ? " nokaslr" : "");
	err = asprintf(append_line, "console=%s quiet panic=-1%s%s%s%s%s%s", t->console,
		       t->x86 ? " tsc=reliable" : "", tsc,
		       strcmp(t->result, "ttyS1") ? " result=" : "",
		       strcmp(t->result, "ttyS1") ? t->result : "",
		       t->no_acpi ? " reboot=t off=reboot" : "", told(g));
	if (err > 0 && g->append) {
		char *base = *append_line;

		err = asprintf(append_line, "%s %s", base, g->append);
		free(base);
	}
	if (err < 0) {
		*append_line = NULL;
		return -ENOMEM;
	}
	if (g->vmm) {
		vmmio_args_free(a); /* none of the above */
		return add_template(g, dir, *append_line, a);
	}
	vmmio_args_add(a, "-append");
	vmmio_args_add(a, *append_line);

	if (g->columns) {
		err = add_columns(a, g->columns, g->ioeventfd, why, len);
		if (err)
			return err;
	}
	add_own(g, dir, a);
	err = add_trace(g, dir, a, why, len);
	return err ? err : vmmio_args_error(a);
}

static int copy(FILE *out, const char *from)
{
	char buf[65536];
	FILE *in = fopen(from, "re");
	size_t n;
	int err = 0;

	if (!in)
		return -errno;
	while ((n = fread(buf, 1, sizeof(buf), in)) && !err)
		if (fwrite(buf, 1, n, out) != n)
			err = -errno;
	if (ferror(in) && !err)
		err = -EIO;
	fclose(in);
	return err;
}

int vmmio_qemu_initrd(const struct vmmio_guest *g, const char *dir, char *why, size_t len)
{
	struct vmmio_cpio c = {0};
	char path[4096], base[4096];
	const char *what = path;
	size_t i;
	int err;

	snprintf(path, sizeof(path), "%s/initrd", dir);
	c.out = fopen(path, "we");
	if (!c.out) {
		err = -errno;
		goto out;
	}
	what = g->initrd ? g->initrd
			 : vmmio_guest_image(g->host ? "host.cpio" : "initrd.cpio", base,
					     sizeof(base));
	err = copy(c.out, what);
	if (err)
		goto out;
	what = "/run.sh";
	err = vmmio_cpio_data(&c, "/run.sh", 0644, g->script ? g->script : "true\n",
			      strlen(g->script ? g->script : "true\n"));
	for (i = 0; i < g->nfiles && !err; i++) {
		what = g->files[i].host;
		err = g->files[i].guest[0] == '/' ? 0 : -EINVAL;
		if (!err)
			err = vmmio_cpio_parents(&c, g->files[i].guest);
		if (!err)
			err = vmmio_cpio_file(&c, g->files[i].guest, 0, what);
	}
	if (!err) {
		what = path;
		err = vmmio_cpio_end(&c);
	}
out:
	if (c.out && fclose(c.out) && !err)
		err = -errno;
	if (err)
		snprintf(why, len, "guest image: %s: %s%s", what, strerror(-err),
			 err == -ENOENT && what == base
				 ? " (the target \"image\" makes it, as ./quickstart does)"
				 : "");
	return err;
}

/* First @len bytes of what `@program @option` says, or -errno. */
static int ask(const char *program, const char *option, const char *value, char *buf, size_t len)
{
	char *argv[] = {(char *)program, (char *)option, (char *)value, NULL};
	int out[2], report[2], err = 0, code = 0;
	size_t got = 0;
	ssize_t n;
	pid_t pid;

	if (pipe2(out, O_CLOEXEC))
		return -errno;
	if (pipe2(report, O_CLOEXEC)) {
		close(out[0]);
		close(out[1]);
		return -errno;
	}
	pid = fork();
	if (!pid) {
		dup2(out[1], 1);
		dup2(out[1], 2);
		execvp(program, argv);
		err = errno;
		if (write(report[1], &err, sizeof(err)) != sizeof(err))
			_exit(126);
		_exit(127);
	}
	close(out[1]);
	close(report[1]);
	if (pid > 0) {
		while (got < len - 1 && (n = read(out[0], buf + got, len - 1 - got)) > 0)
			got += n;
		if (read(report[0], &code, sizeof(code)) != sizeof(code))
			code = 0;
	}
	buf[got] = '\0';
	close(out[0]);
	close(report[0]);
	if (pid < 0)
		return -EAGAIN;
	waitpid(pid, NULL, 0);
	return -code;
}

int vmmio_guest_qemu(const char *qemu, unsigned int *version, bool *trace_log)
{
	unsigned int major, minor, micro = 0;
	char buf[16384], *p;
	int err;

	if (!qemu)
		qemu = "qemu-system-x86_64";
	err = ask(qemu, "--version", NULL, buf, sizeof(buf));
	if (err)
		return err;
	p = strstr(buf, "version ");
	if (!p || sscanf(p, "version %u.%u.%u", &major, &minor, &micro) < 2)
		return -EPROTO;
	*version = major * 10000 + minor * 100 + micro;
	err = ask(qemu, "-d", "help", buf, sizeof(buf));
	*trace_log = !err && strstr(buf, "trace:");
	return err;
}
