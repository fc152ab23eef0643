// SPDX-License-Identifier: GPL-2.0-only
/*
 * The reader of out latencies (exitlat.h).
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "tools/vmmio-stat/source/bpf_util.h"
#include "exitlat.h"
#include "outlat.skel.h"

struct owner {
	__u32 tid;
	size_t vm;
};

struct vmmio_exitlat {
	struct outlat_bpf *skel;
	struct owner *owners; /* every vCPU thread a scan met */
	size_t n;
};

int vmmio_exitlat_open(struct vmmio_exitlat **lat, __u32 pid, char *why, size_t size)
{
	struct vmmio_exitlat *l = calloc(1, sizeof(*l));
	int err;

	*lat = NULL;
	if (!l) {
		snprintf(why, size, "out of memory");
		return -ENOMEM;
	}
	vmmio_bpf_quiet();
	l->skel = vmmio_bpf_open(outlat);
	err = l->skel ? 0 : -errno;
	if (err) {
		vmmio_bpf_why(why, size, "open", err);
		free(l);
		return err;
	}
	l->skel->rodata->opt_pid = pid;
	err = outlat_bpf__load(l->skel);
	if (err) {
		vmmio_bpf_why(why, size, "load", err);
		goto err;
	}
	err = outlat_bpf__attach(l->skel);
	if (err) {
		vmmio_bpf_why(why, size, "attach", err);
		goto err;
	}
	*lat = l;
	return 0;
err:
	vmmio_exitlat_close(l);
	return err;
}

void vmmio_exitlat_close(struct vmmio_exitlat *l)
{
	if (!l)
		return;
	outlat_bpf__destroy(l->skel);
	free(l->owners);
	free(l);
}

static int own(struct vmmio_exitlat *l, __u32 tid, size_t vm)
{
	struct owner *grown;
	size_t i;

	for (i = 0; i < l->n; i++)
		if (l->owners[i].tid == tid) {
			l->owners[i].vm = vm;
			return 0;
		}
	grown = realloc(l->owners, (l->n + 1) * sizeof(*grown));
	if (!grown)
		return -ENOMEM;
	l->owners = grown;
	l->owners[l->n++] = (struct owner){tid, vm};
	return 0;
}

int vmmio_exitlat_follow(struct vmmio_exitlat *l, const struct vmmio_host *host,
			 const struct vmmio_exit_rows *rows)
{
	int fd = bpf_map__fd(l->skel->maps.doorbells), err = 0;
	__u8 one = 1;
	size_t i, k;

	for (i = 0; i < host->nvms; i++) {
		const struct vmmio_host_vm *vm = &host->vms[i];

		for (k = 0; k < vm->nranges; k++) {
			__u64 addr = vm->ranges[k].addr;

			if (vm->ranges[k].type == VMMIO_HOST_IOEVENTFD)
				bpf_map_update_elem(fd, &addr, &one, BPF_ANY);
		}
		for (k = 0; !err && k < vm->nvcpus; k++)
			if (vm->vcpus[k].tid)
				err = own(l, vm->vcpus[k].tid, vmmio_exit_rows_vm(rows, vm->kvm));
	}
	return err;
}

static size_t owner_of(const struct vmmio_exitlat *l, __u32 tid)
{
	size_t i;

	for (i = 0; i < l->n; i++)
		if (l->owners[i].tid == tid)
			return l->owners[i].vm;
	return SIZE_MAX;
}

/* Several vCPUs, and values that are no queue, come down to one doorbell. */
static int add(struct vmmio_exit_latencies *out, size_t vm, const struct vmmio_exit_label *label,
	       const struct vmmio_outlat *v)
{
	struct vmmio_exit_latency *x;
	size_t i;
	int b;

	for (i = 0; i < out->n; i++) {
		x = &out->v[i];
		if (x->vm != vm || strcmp(x->label.device, label->device) ||
		    strcmp(x->label.reg, label->reg) || x->label.queue != label->queue)
			continue;
		x->v.count += v->count;
		x->v.sum_ns += v->sum_ns;
		for (b = 0; b < VMMIO_HIST_BUCKETS; b++)
			x->v.hist.n[b] += v->hist.n[b];
		return 0;
	}
	x = realloc(out->v, (out->n + 1) * sizeof(*x));
	if (!x)
		return -ENOMEM;
	out->v = x;
	x = &out->v[out->n++];
	x->vm = vm;
	x->label = *label;
	x->v = *v;
	return 0;
}

int vmmio_exitlat_read(struct vmmio_exitlat *l, const struct vmmio_exit_rows *rows,
		       struct vmmio_exit_latencies *out)
{
	int fd = bpf_map__fd(l->skel->maps.latencies), err = 0;
	struct vmmio_outlat_key key, next, *prev = NULL;

	memset(out, 0, sizeof(*out));
	out->lost = l->skel->bss->lost;
	out->awake = l->skel->bss->awake;
	out->misses = vmmio_bpf_misses(l->skel->obj);
	while (!err && !bpf_map_get_next_key(fd, prev, &next)) {
		struct vmmio_exit_key access = {.addr = next.addr, .value = next.value, .len = 4};
		struct vmmio_exit_label label;
		struct vmmio_outlat v;
		size_t vm = owner_of(l, next.tid);

		key = next;
		prev = &key;
		if (bpf_map_lookup_elem(fd, &key, &v))
			continue;
		access.kind = key.addr < 0x10000 ? VMMIO_EXIT_PIO_WRITE : VMMIO_EXIT_MMIO_WRITE;
		if (access.kind == VMMIO_EXIT_PIO_WRITE)
			access.len = 2;
		vmmio_exit_resolve(vm == SIZE_MAX ? NULL : &rows->vms[vm], rows->map, &access,
				   &label);
		err = add(out, vm, &label, &v);
	}
	if (err)
		vmmio_exitlat_free(out);
	return err;
}

void vmmio_exitlat_free(struct vmmio_exit_latencies *l)
{
	free(l->v);
	memset(l, 0, sizeof(*l));
}

static double percentile_us(const struct vmmio_exit_latency *l, double q)
{
	return vmmio_hist_percentile(&l->v.hist, q).v / 1e3; /* it has samples */
}

void vmmio_exitlat_print(const struct vmmio_exit_rows *rows, const struct vmmio_exit_latencies *l,
			 FILE *out)
{
	size_t i;

	fprintf(out,
		"out latency, doorbell to backend running, since the start (lost %llu, missed "
		"%llu, backend still on its CPU %llu):\n",
		(unsigned long long)l->lost, (unsigned long long)l->misses,
		(unsigned long long)l->awake);
	if (!l->n)
		fprintf(out, "  no kick woke a backend\n");
	for (i = 0; i < l->n; i++) {
		const struct vmmio_exit_latency *x = &l->v[i];
		char queue[16] = "-";

		if (x->label.queue >= 0)
			snprintf(queue, sizeof(queue), "%d", x->label.queue);
		fprintf(out,
			"  %-16s pid %-8u %-20s VQ %-3s %-12s %8llu wake-ups, mean %.1f us, p50 "
			"%.1f us, p99 %.1f us\n",
			x->vm == SIZE_MAX ? "unattributed" : rows->vms[x->vm].name,
			x->vm == SIZE_MAX ? 0 : rows->vms[x->vm].pid,
			x->label.device[0] ? x->label.device : "-", queue, x->label.reg,
			(unsigned long long)x->v.count, x->v.sum_ns / 1e3 / x->v.count,
			percentile_us(x, 50), percentile_us(x, 99));
	}
}
