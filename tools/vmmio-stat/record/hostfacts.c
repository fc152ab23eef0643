// SPDX-License-Identifier: GPL-2.0-only
/*
 * See hostfacts.h.
 */
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <tracefs.h>

#include "lib/clock.h"
#include "lib/num.h"
#include "hostfacts.h"

#define KVM_DEBUG "/sys/kernel/debug/kvm"
#define FILTER_MAX 4000 /* the kernel takes less than a page */

int vmmio_hostfacts_check(char *why, size_t size)
{
	if (!access(KVM_DEBUG, R_OK | X_OK))
		return 0;
	snprintf(why, size, "%s: %s: %s", KVM_DEBUG, strerror(errno),
		 errno == EACCES ? "run as root"
				 : "is KVM loaded, and debugfs mounted (mount -t debugfs debugfs "
				   "/sys/kernel/debug)?");
	return -errno;
}

/* A number of a small file; false: it is not there. */
static bool read_number(const char *dir, const char *name, __u64 *v, bool *negative)
{
	char path[320], text[40];
	FILE *in;
	bool ok;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	in = fopen(path, "re");
	if (!in)
		return false;
	ok = fgets(text, sizeof(text), in);
	fclose(in);
	if (!ok)
		return false;
	text[strcspn(text, "\n")] = '\0';
	*negative = text[0] == '-';
	return !vmmio_parse_u64(text + *negative, 0, ~0ull >> 1, v);
}

static void read_name(const char *path, char *name, size_t size)
{
	FILE *in = fopen(path, "re");

	name[0] = '\0';
	if (!in)
		return;
	if (!fgets(name, (int)size, in))
		name[0] = '\0';
	name[strcspn(name, "\n")] = '\0';
	fclose(in);
}

static int look_at_vcpu(struct dat_vm *vm, const char *dir, __u32 vcpu)
{
	struct dat_vcpu now = {.vcpu = vcpu, .from_ns = vmmio_now_ns()}, *last = NULL;
	__u64 offset, v;
	bool negative;
	size_t i;

	if (!read_number(dir, "tsc-offset", &offset, &negative))
		return 0;
	now.offset = negative ? -(__s64)offset : (__s64)offset;
	if (read_number(dir, "tsc-scaling-ratio", &v, &negative)) {
		now.ratio = v;
		if (!read_number(dir, "tsc-scaling-ratio-frac-bits", &v, &negative) || v > 63)
			return 0; /* what the ratio is of is not known, so neither is the clock */
		now.frac_bits = v;
	}
	for (i = 0; i < vm->nvcpus; i++)
		if (vm->vcpus[i].vcpu == vcpu)
			last = &vm->vcpus[i];
	if (last && last->offset == now.offset && last->ratio == now.ratio)
		return 0;
	last = dat_facts_vcpu(vm);
	if (!last)
		return -ENOMEM;
	*last = now;
	return 0;
}

static int add_task(struct dat_vm *vm, __u32 tid, const char *name)
{
	struct dat_task *t;
	size_t i;

	for (i = 0; i < vm->ntasks; i++)
		if (vm->tasks[i].tid == tid)
			return 0;
	t = dat_facts_task(vm);
	if (!t)
		return -ENOMEM;
	t->tid = tid;
	snprintf(t->name, sizeof(t->name), "%s", name);
	return 0;
}

static int look_at_threads(struct dat_vm *vm)
{
	char dir[64], path[340], name[16];
	struct dirent *e;
	__u64 tid;
	DIR *d;
	int err = 0;

	snprintf(dir, sizeof(dir), "/proc/%u/task", vm->pid);
	d = opendir(dir);
	while (d && !err && (e = readdir(d))) {
		if (vmmio_parse_u64(e->d_name, 1, 0x7fffffff, &tid))
			continue;
		snprintf(path, sizeof(path), "%s/%s/comm", dir, e->d_name);
		read_name(path, name, sizeof(name));
		err = add_task(vm, (__u32)tid, name);
	}
	if (d)
		closedir(d);
	return err;
}

/* "vhost-1234", a thread of the kernel's for process 1234. */
static int look_at_vhost(struct dat_facts *f)
{
	char path[280], name[16];
	struct dirent *e;
	__u64 tid, pid;
	size_t i;
	DIR *d;
	int err = 0;

	if (!f->nvms || access("/sys/module/vhost", F_OK))
		return 0;
	d = opendir("/proc");
	while (d && !err && (e = readdir(d))) {
		if (vmmio_parse_u64(e->d_name, 1, 0x7fffffff, &tid))
			continue;
		snprintf(path, sizeof(path), "/proc/%s/comm", e->d_name);
		read_name(path, name, sizeof(name));
		if (strncmp(name, "vhost-", 6) || vmmio_parse_u64(name + 6, 1, 0x7fffffff, &pid))
			continue;
		for (i = 0; !err && i < f->nvms; i++)
			if (f->vms[i].pid == pid)
				err = add_task(&f->vms[i], (__u32)tid, name);
	}
	if (d)
		closedir(d);
	return err;
}

static int look_at_vm(struct dat_facts *f, const char *name, __u32 pid, __u32 fd)
{
	char dir[300], path[340];
	struct dat_vm *vm = NULL;
	struct dirent *e;
	__u64 vcpu;
	size_t i;
	DIR *d;
	int err = 0;

	for (i = 0; i < f->nvms; i++)
		if (f->vms[i].pid == pid && f->vms[i].fd == fd)
			vm = &f->vms[i];
	if (!vm) {
		vm = dat_facts_vm(f);
		if (!vm)
			return -ENOMEM;
		vm->pid = pid;
		vm->fd = fd;
		snprintf(path, sizeof(path), "/proc/%u/comm", pid);
		read_name(path, vm->name, 16);
	}
	snprintf(dir, sizeof(dir), KVM_DEBUG "/%s", name);
	d = opendir(dir);
	while (d && !err && (e = readdir(d))) {
		if (strncmp(e->d_name, "vcpu", 4) ||
		    vmmio_parse_u64(e->d_name + 4, 0, 0xffffff, &vcpu))
			continue;
		snprintf(path, sizeof(path), "%s/vcpu%u", dir, (__u32)vcpu);
		err = look_at_vcpu(vm, path, (__u32)vcpu);
	}
	if (d)
		closedir(d);
	return err ? err : look_at_threads(vm);
}

int vmmio_hostfacts_look(struct dat_facts *f)
{
	char pid_text[24];
	struct dirent *e;
	__u64 pid, fd;
	size_t n;
	DIR *d = opendir(KVM_DEBUG);
	int err = 0;

	/* "1234-13": process and descriptor */
	while (d && !err && (e = readdir(d))) {
		n = strspn(e->d_name, "0123456789");
		if (e->d_name[n] != '-' || n >= sizeof(pid_text))
			continue;
		snprintf(pid_text, sizeof(pid_text), "%.*s", (int)n, e->d_name);
		if (!vmmio_parse_u64(pid_text, 1, 0x7fffffff, &pid) &&
		    !vmmio_parse_u64(e->d_name + n + 1, 0, 0x7fffffff, &fd))
			err = look_at_vm(f, e->d_name, (__u32)pid, (__u32)fd);
	}
	if (d)
		closedir(d);
	return err ? err : look_at_vhost(f);
}

static void write_scan(const struct dat_vm *vm, struct vmmio_json *j)
{
	size_t i, k;

	vmmio_json_open(j, DAT_KEY_SCAN, '[');
	for (i = 0; i < vm->nrecs; i++) {
		const struct vmmio_host_rec *r = &vm->recs[i];
		const __u64 numbers[] = {r->type, r->flags, r->addr, r->value, r->len,
					 r->bus,  r->id,    r->tid,  r->route, r->eventfd};

		vmmio_json_open(j, NULL, '[');
		for (k = 0; k < sizeof(numbers) / sizeof(numbers[0]); k++)
			vmmio_json_u64(j, NULL, numbers[k]);
		vmmio_json_close(j, ']');
	}
	vmmio_json_close(j, ']');
}

void vmmio_hostfacts_write(const struct dat_facts *f, struct vmmio_json *j)
{
	size_t i, k;

	vmmio_json_open(j, DAT_KEY_VMS, '[');
	for (i = 0; i < f->nvms; i++) {
		const struct dat_vm *vm = &f->vms[i];

		vmmio_json_open(j, NULL, '{');
		vmmio_json_u64(j, DAT_KEY_PID, vm->pid);
		vmmio_json_u64(j, DAT_KEY_FD, vm->fd);
		vmmio_json_text(j, DAT_KEY_NAME, vm->name);
		write_scan(vm, j);
		vmmio_json_open(j, DAT_KEY_VCPUS, '[');
		for (k = 0; k < vm->nvcpus; k++) {
			const struct dat_vcpu *v = &vm->vcpus[k];
			bool negative = v->offset < 0;

			vmmio_json_open(j, NULL, '{');
			vmmio_json_u64(j, DAT_KEY_VCPU, v->vcpu);
			vmmio_json_u64(j, DAT_KEY_FROM, v->from_ns);
			vmmio_json_u64(j, DAT_KEY_OFFSET,
				       negative ? -(__u64)v->offset : (__u64)v->offset);
			vmmio_json_bool(j, DAT_KEY_NEGATIVE, negative);
			vmmio_json_u64(j, DAT_KEY_RATIO, v->ratio);
			vmmio_json_u64(j, DAT_KEY_FRAC, v->frac_bits);
			vmmio_json_close(j, '}');
		}
		vmmio_json_close(j, ']');
		vmmio_json_open(j, DAT_KEY_TASKS, '[');
		for (k = 0; k < vm->ntasks; k++) {
			vmmio_json_open(j, NULL, '{');
			vmmio_json_u64(j, DAT_KEY_TID, vm->tasks[k].tid);
			vmmio_json_text(j, DAT_KEY_NAME, vm->tasks[k].name);
			vmmio_json_close(j, '}');
		}
		vmmio_json_close(j, ']');
		vmmio_json_close(j, '}');
	}
	vmmio_json_close(j, ']');
}

/* NULL: more threads than the kernel takes, or no memory. The caller frees. */
static char *filter(const struct dat_facts *f, bool twice)
{
	const char * or = "";
	char *text = NULL;
	size_t size, i, k;
	FILE *out = open_memstream(&text, &size);

	if (!out)
		return NULL;
	for (i = 0; i < f->nvms; i++)
		for (k = 0; k < f->vms[i].ntasks; k++, or = "||") {
			__u32 tid = f->vms[i].tasks[k].tid;

			if (twice)
				fprintf(out, "%sprev_pid==%u||next_pid==%u", or, tid, tid);
			else
				fprintf(out, "%spid==%u", or, tid);
		}
	if (!* or) /* nobody's yet */
		fputs(twice ? "prev_pid==-1" : "pid==-1", out);
	if (!fclose(out) && size < FILTER_MAX)
		return text;
	free(text);
	return NULL;
}

void vmmio_hostfacts_filter(struct dat_facts *f, struct tracefs_instance *instance,
			    size_t *filtered)
{
	size_t i, n = 1; /* none is known yet, but that was said */
	bool all = false, refused = false;

	for (i = 0; i < f->nvms; i++)
		n += f->vms[i].ntasks;
	if (n == *filtered)
		return;
	*filtered = n;
	for (i = 0; i < 2; i++) {
		char *text = filter(f, i);

		all |= !text;
		refused |= tracefs_event_file_write(instance, "sched",
						    i ? "sched_switch" : "sched_waking", "filter",
						    text ? text : "0") < 0;
		free(text);
	}
	if (refused && !f->note[0])
		snprintf(f->note, sizeof(f->note),
			 "the scheduler's events of threads that came later: the kernel refused a "
			 "filter");
	else if (all && !f->note[0])
		snprintf(f->note, sizeof(f->note),
			 "a filter: the VMs have more threads than one takes, so the scheduler's "
			 "events are all tasks'");
}
