// SPDX-License-Identifier: GPL-2.0-only
/*
 * See exitdat.h.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/accel.h"
#include "tools/vmmio-stat/core/program.h"
#include "tools/vmmio-stat/source/dat_ring.h"
#include "tools/vmmio-stat/source/host_steps.h"
#include "vmmio/regs.h"
#include "exitdat.h"
#include "exitthreads.h"
#include "exitview.h"

static struct dat_vm *vm_of(struct dat_facts *f, const struct vmmio_host_vm *vm)
{
	size_t i;

	for (i = 0; i < f->nvms; i++)
		if (f->vms[i].pid == vm->pid && (!vm->nth || f->vms[i].fd == vm->fd))
			return &f->vms[i];
	return NULL;
}

/* Numbers that JSON cannot hold are of nothing that is looked for. */
static void put(struct vmmio_host_rec *to, size_t *n, struct vmmio_host_rec rec)
{
	if (!(rec.addr >> 63) && !(rec.value >> 63))
		to[(*n)++] = rec;
}

static int take_vm(struct dat_vm *to, const struct vmmio_host_vm *vm)
{
	size_t i, n = 0, room = 1 + vm->nvcpus + 2 * vm->nranges + vm->nirqfds;
	struct vmmio_host_rec *recs = calloc(room, sizeof(*recs));

	if (!recs)
		return -ENOMEM;
	put(recs, &n,
	    (struct vmmio_host_rec){
		    .type = VMMIO_HOST_VM, .id = vm->online, .value = vm->start_ns});
	for (i = 0; i < vm->nvcpus; i++)
		put(recs, &n,
		    (struct vmmio_host_rec){.type = VMMIO_HOST_VCPU,
					    .id = vm->vcpus[i].id,
					    .tid = vm->vcpus[i].tid,
					    .value = vm->vcpus[i].start_ns});
	for (i = 0; i < vm->nranges; i++) {
		const struct vmmio_host_range *g = &vm->ranges[i];
		struct vmmio_host_rec rec = {
			.type = g->type,
			.flags = g->wildcard ? VMMIO_HOST_WILDCARD : 0,
			.addr = g->addr,
			.value = g->datamatch,
			.len = g->len,
			.bus = g->bus,
			.id = g->eventfd_id,
			.eventfd = g->type == VMMIO_HOST_IOEVENTFD ? g->eventfd_id + 1ull : 0,
		};

		put(recs, &n, rec);
		rec.bus = VMMIO_BUS_FAST_MMIO;
		if (g->fast)
			put(recs, &n, rec);
	}
	for (i = 0; i < vm->nirqfds; i++) {
		const struct vmmio_host_irqfd *q = &vm->irqfds[i];

		put(recs, &n,
		    (struct vmmio_host_rec){
			    .type = VMMIO_HOST_IRQFD,
			    .flags = q->resample ? VMMIO_HOST_RESAMPLE : 0,
			    .tid = q->gsi,
			    .route = q->route,
			    .id = q->eventfd_id,
			    .eventfd = q->eventfd_id + 1ull,
			    .addr = q->msi_addr,
			    .value = q->msi_data,
		    });
	}
	if (n < to->nrecs) { /* on its way out it has less */
		free(recs);
		return 0;
	}
	free(to->recs);
	to->recs = recs;
	to->nrecs = n;
	snprintf(to->name, sizeof(to->name), "%s", vm->name);
	return 0;
}

int vmmio_exitdat_scan(struct vmmio_hostscan *scan, struct dat_facts *facts)
{
	struct vmmio_host host = {};
	size_t i;
	int err = vmmio_hostscan_run(scan, &host);

	for (i = 0; !err && i < host.nvms; i++) {
		struct dat_vm *to = vm_of(facts, &host.vms[i]);

		if (to)
			err = take_vm(to, &host.vms[i]);
	}
	vmmio_host_free(&host);
	return err;
}

struct vmmio_exitdat {
	struct dat_facts facts;
	struct vmmio_exit_rows rows;
	struct vmmio_exit_health health;
	bool damaged; /* not all of it could be read */
};

/* Threads by number, which a recording reuses only by chance. */
struct replay {
	struct vmmio_exitdat *x;
	struct vmmio_exit_thread **threads;
	size_t n;
	int err;
};

static struct vmmio_exit_thread *thread(struct replay *r, __s32 tid)
{
	struct vmmio_exit_thread **p;
	size_t i;

	for (i = 0; i < r->n; i++)
		if (r->threads[i]->tid == (__u32)tid)
			return r->threads[i];
	p = reallocarray(r->threads, r->n + 1, sizeof(*p));
	if (!p)
		return NULL;
	r->threads = p;
	p[r->n] = calloc(1, sizeof(**p));
	if (!p[r->n])
		return NULL;
	p[r->n]->tid = (__u32)tid;
	p[r->n]->start_ns = 1;
	return p[r->n++];
}

static void on_mmio(struct vmmio_exit_thread *t, const struct vmmio_host_step *s)
{
	__u32 value = VMMIO_ANY_VALUE;

	if (s->a == VMMIO_KVM_MMIO_WRITE && vmmio_exit_is_doorbell(s->addr, (__u8)s->b))
		value = (__u32)s->data;
	if (s->a == VMMIO_KVM_MMIO_READ && s->b == 4 && s->data == VMMIO_MMIO_MAGIC &&
	    !(s->addr & (VMMIO_MMIO_WINDOW - 1))) {
		struct vmmio_exit_key magic = {s->addr, VMMIO_ANY_VALUE, VMMIO_EXIT_MAGIC, 0, 4, 0};

		vmmio_exit_count(t, &magic);
	}
	vmmio_exit_mmio(t, 1, s->a, (__u8)s->b, s->addr, value);
}

static void step(void *data, const struct vmmio_host_step *s)
{
	struct replay *r = data;
	struct vmmio_exit_thread *t;

	if (s->kind > VMMIO_HOST_PV_EOI)
		return; /* no exit's */
	t = thread(r, s->pid);
	if (!t) {
		r->err = -ENOMEM;
		return;
	}
	switch (s->kind) {
	case VMMIO_HOST_EXIT:
		vmmio_exit_begin(t, s->ns, s->a, s->b);
		break;
	case VMMIO_HOST_ENTRY:
		vmmio_exit_end(t, s->ns);
		break;
	case VMMIO_HOST_MMIO:
		on_mmio(t, s);
		break;
	case VMMIO_HOST_FAST:
		vmmio_exit_fast(t, s->addr);
		break;
	case VMMIO_HOST_PIO: /* its value is not recorded */
		vmmio_exit_pio(t, 1, s->a, s->c, (__u8)s->b, VMMIO_ANY_VALUE);
		break;
	case VMMIO_HOST_MSR:
		vmmio_exit_msr(t, s->a & 1, s->b);
		break;
#define NAMED(id, event, label, arg, field)                           \
	case VMMIO_HOST_##id:                                         \
		vmmio_exit_plain(t, VMMIO_EXIT_##id, (__u32)s->addr); \
		break;
		VMMIO_EXIT_NAMED(NAMED)
	case VMMIO_HOST_USER:
		vmmio_exit_user(t, s->ns, s->a, (int)s->b);
		break;
	case VMMIO_HOST_EOI:
		vmmio_exit_eoi(t, (int)s->a);
		break;
	case VMMIO_HOST_PV_EOI:
		vmmio_exit_pv_eoi(t);
		break;
	default:
		break;
	}
}

/* The VMs of the recording, as a scan saw them then. */
static int learn(struct vmmio_exitdat *x, struct vmmio_host *host)
{
	struct vmmio_host_rec *recs;
	size_t i, k, n = 0, room = 0;
	int err;

	for (i = 0; i < x->facts.nvms; i++)
		room += x->facts.vms[i].nrecs + 1;
	recs = calloc(room + 1, sizeof(*recs));
	if (!recs)
		return -ENOMEM;
	for (i = 0; i < x->facts.nvms; i++) {
		const struct dat_vm *vm = &x->facts.vms[i];

		if (!vm->nrecs)
			recs[n++] = (struct vmmio_host_rec){
				.type = VMMIO_HOST_VM, .pid = vm->pid, .fd = vm->fd, .kvm = i + 1};
		for (k = 0; k < vm->nrecs; k++) {
			recs[n] = vm->recs[k];
			recs[n].pid = vm->pid;
			recs[n].fd = vm->fd;
			recs[n++].kvm = i + 1;
		}
	}
	err = vmmio_host_build(recs, n, host);
	free(recs);
	for (i = 0; !err && i < host->nvms; i++)
		if (host->vms[i].kvm - 1 < x->facts.nvms) /* not by who has that number now */
			snprintf(host->vms[i].name, sizeof(host->vms[i].name), "%s",
				 x->facts.vms[host->vms[i].kvm - 1].name);
	return err ? err : vmmio_exit_rows_learn(&x->rows, host);
}

/* The VM whose vCPU a thread ran; for a VM that no scan saw, its process tells. */
static size_t owner(const struct vmmio_exitdat *x, const struct vmmio_host *host, __u32 tid,
		    __u32 *vcpu)
{
	size_t i, k;

	*vcpu = VMMIO_NO_VCPU;
	for (i = 0; i < host->nvms; i++)
		for (k = 0; k < host->vms[i].nvcpus; k++)
			if (host->vms[i].vcpus[k].tid == tid) {
				*vcpu = host->vms[i].vcpus[k].id;
				return vmmio_exit_rows_vm(&x->rows, host->vms[i].kvm);
			}
	for (i = 0; i < x->facts.nvms; i++)
		for (k = 0; k < x->facts.vms[i].ntasks; k++)
			if (x->facts.vms[i].tasks[k].tid == tid)
				return vmmio_exit_rows_vm(&x->rows, i + 1);
	return SIZE_MAX;
}

static int add_thread(struct vmmio_exitdat *x, const struct vmmio_host *host,
		      const struct vmmio_exit_thread *t)
{
	struct vmmio_exit_totals totals;
	struct vmmio_exit_cell last[2];
	__u32 vcpu;
	size_t vm = owner(x, host, t->tid, &vcpu);
	int i, n, err;

	vmmio_exit_totals_of(t, &totals);
	n = vmmio_exit_unended(t, last, &totals);
	err = vmmio_exit_rows_add_totals(&x->rows, vm, vcpu, t->tid, &totals);
	for (i = 0; !err && i < n; i++)
		err = vmmio_exit_rows_add(&x->rows, vm, vcpu, t->tid, &last[i]);
	for (i = 0; !err && i < VMMIO_EXIT_CELLS; i++)
		if (t->cells[i].key.kind != VMMIO_EXIT_KIND_NONE)
			err = vmmio_exit_rows_add(&x->rows, vm, vcpu, t->tid, &t->cells[i]);
	x->health.lost += t->lost;
	return err;
}

static int replay(struct vmmio_exitdat *x, struct dat *dat, char *why, size_t size)
{
	struct replay r = {.x = x};
	struct vmmio_host_steps steps = {step, &r};
	struct vmmio_host host = {};
	struct trace_ring ring;
	size_t i;
	int err = dat_ring_open(&ring, dat);

	if (!err)
		err = vmmio_host_steps_open(&ring, &steps, why, size);
	if (!err)
		err = trace_ring_drain(&ring, ~0ull);
	x->health.lost += ring.strange;
	x->damaged |= ring.cut;
	dat_ring_close(&ring);
	if (!err)
		err = r.err;
	if (!err)
		err = learn(x, &host);
	if (!err)
		vmmio_exit_rows_begin(&x->rows);
	for (i = 0; !err && i < r.n; i++)
		err = add_thread(x, &host, r.threads[i]);
	x->rows.no_left = !x->health.has_left;
	if (!err)
		vmmio_exit_rows_resolve(&x->rows);
	for (i = 0; i < r.n; i++)
		free(r.threads[i]);
	free(r.threads);
	vmmio_host_free(&host);
	return err;
}

static void check_health(struct vmmio_exitdat *x, const struct dat *dat)
{
	const struct dat_facts *f = &x->facts;
	bool scanned = false;
	size_t i;

	for (i = 0; i < f->ncpus; i++) {
		x->health.misses += f->cpus[i].lost;
		x->damaged |= f->cpus[i].dropped != 0;
	}
	for (i = 0; i < dat->ncpus; i++)
		x->damaged |= dat->cpus[i].missing != 0;
	x->damaged |= !strcmp(f->why, DAT_WHY_ERROR);
	x->health.has_time =
		dat_format(dat, "kvm", "kvm_exit") && dat_format(dat, "kvm", "kvm_entry");
	x->health.has_fast = dat_format(dat, "kvm", "kvm_fast_mmio");
	x->health.has_eois = dat_format(dat, "kvm", "kvm_eoi");
	x->health.has_left = dat_format(dat, "kvm", "kvm_userspace_exit");
	for (i = 0; i < f->nvms; i++)
		scanned |= f->vms[i].nrecs != 0;
	snprintf(x->health.missing, sizeof(x->health.missing),
		 "interrupts by sender (not recorded)%s",
		 scanned || !f->nvms
			 ? ""
			 : "; a scan of VMs: in-kernel may be an ioeventfd, and not all "
			   "kicks are known as such");
}

bool vmmio_exitdat_is_one(const char *path)
{
	struct dat_facts facts = {};
	struct dat dat = {.fd = -1};
	char why[VMMIO_WHY_MAX];
	bool is;

	if (!dat_is_one(path) || dat_open(&dat, path, why, sizeof(why)))
		return false;
	is = dat.facts && !dat_facts_parse(&facts, dat.facts, why, sizeof(why)) && facts.host;
	dat_facts_free(&facts);
	dat_close(&dat);
	return is;
}

static int read_it(struct vmmio_exitdat *x, const char *path, char *why, size_t size)
{
	struct dat dat = {.fd = -1};
	int err = dat_open(&dat, path, why, size);

	if (err)
		return err;
	err = dat.facts ? dat_facts_parse(&x->facts, dat.facts, why, size) : -EPROTO;
	if (!err) {
		check_health(x, &dat);
		why[0] = '\0';
		err = replay(x, &dat, why, size);
	}
	if (err && !why[0])
		snprintf(why, size, "%s: %s", path, strerror(-err));
	dat_close(&dat);
	return err;
}

int vmmio_exitdat_report(const char *path, bool json)
{
	struct vmmio_hostmap map = {};
	struct vmmio_exit_interrupts none = {};
	struct vmmio_exitdat x = {.rows.map = &map};
	struct vmmio_exit_view v = {
		.rows = &x.rows,
		.interrupts = &none,
		.health = &x.health,
		.engine = "recording",
		.totals = true,
	};
	char why[VMMIO_WHY_MAX] = "";
	int err = read_it(&x, path, why, sizeof(why));

	if (err) {
		vmmio_complain("%s", why);
	} else {
		v.accel = x.facts.accel;
		v.emulated = vmmio_accel_name_emulated(x.facts.accel);
		v.interval_s = (double)(x.facts.end_ns - x.facts.start_ns) / 1e9;
		(json ? vmmio_exit_json : vmmio_exit_table)(&v, stdout);
		if (x.damaged)
			vmmio_complain("%s: not whole: what is missing is not counted", path);
	}
	vmmio_exit_rows_free(&x.rows);
	dat_facts_free(&x.facts);
	return err || x.damaged ? VMMIO_EXIT_TROUBLE : VMMIO_EXIT_OK;
}
