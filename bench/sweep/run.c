// SPDX-License-Identifier: GPL-2.0-only
/*
 * One run of a sweep: its guest, and the report of what came of it. A run is
 * either whole and checked, or failed with a reason; never a number in between.
 *
 * Long because a run's guest, the images it needs and its judgement share what a setting means.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "bench/data/devside.h"
#include "bench/data/hostexits.h"
#include "bench/data/result.h"
#include "bench/data/rounds.h"
#include "sweep.h"
#include "bench/guest/vmm.h"
#include "bench/guest/qemu.h"
#include "bench/guest/target.h"
#include "bench/load/hosted.h"
#include "lib/embed.h"
#include "lib/ioline.h"

VMMIO_EMBED(vmmio_lazy_text, "lazy.sh");

/* at least, for two kernels and QEMU on an emulated processor; that of arm64 takes twice as long */
#define HOST_TIMEOUT_S 200

static bool is_arm(const struct vmmio_setting *s)
{
	return !strcmp(s->arch, "arm64");
}

/* Not the build's bench host, but one of cmake/other-host.sh? */
static bool is_other(const struct vmmio_setting *s)
{
	return s->under[0] && strcmp(s->under, "build") != 0;
}

bool vmmio_run_has_own_host(const struct vmmio_setting *s)
{
	return s->host && (is_arm(s) || is_other(s));
}

/* The path of @s's bench host's @file, "host.cpio" or "vmlinuz". */
static const char *host_file(const struct vmmio_setting *s, const char *file, char *buf, size_t len)
{
	char name[64];

	if (is_arm(s))
		return vmmio_guest_image(
			!strcmp(file, "vmlinuz") ? VMMIO_ARM_KERNEL : VMMIO_ARM_HOST, buf, len);
	if (!is_other(s))
		return vmmio_guest_image(file, buf, len);
	snprintf(name, sizeof(name), "../arch/host-%s/%s", s->under, file);
	return vmmio_guest_image(name, buf, len);
}

/* Was @file made before the build's image @name? */
static bool is_older(const char *file, const char *name)
{
	char path[PATH_MAX / 4];
	struct stat a, b;

	return stat(file, &a) || stat(vmmio_guest_image(name, path, sizeof(path)), &b) ||
	       a.st_mtime < b.st_mtime;
}

int vmmio_run_possible(const struct vmmio_experiment *e, enum vmmio_accel accel, char *why,
		       size_t len)
{
	static const char *const files[] = {VMMIO_ARM_KERNEL, VMMIO_ARM_INITRD, VMMIO_ARM_STAT};
	const char *name = vmmio_accel_name(accel);
	char path[PATH_MAX / 4];
	bool arm = false;

	for (size_t i = 0; i < e->n; i++) {
		const struct vmmio_setting *s = &e->runs[i].s;

		arm |= is_arm(s);
		if (s->host != e->runs[0].s.host) {
			snprintf(why, len,
				 "host: on in all grids or in none: counts under KVM and "
				 "under emulation are two results");
			return -ENOTSUP;
		}
		if (s->host && (e->vmm[0] || e->times || accel != VMMIO_ACCEL_NONE)) {
			snprintf(why, len, "host = on is QEMU's emulation and has no times%s",
				 accel != VMMIO_ACCEL_NONE ? ": --accel tcg" : "");
			return -ENOTSUP;
		}
		if (e->vmm[0] && (is_arm(s) || s->icount || (s->kind && s->kind->trace))) {
			snprintf(why, len, "vmm: %s needs QEMU by the bench's own command",
				 is_arm(s)   ? "arch = arm64"
				 : s->icount ? "icount = on"
					     : s->kind->name);
			return -ENOTSUP;
		}
		if (s->ioeventfd && !s->host && accel == VMMIO_ACCEL_NONE) {
			snprintf(why, len, "ioeventfd = on needs KVM, the accelerator is %s", name);
			return -ENOTSUP;
		}
		if ((is_arm(s) || s->icount) && accel != VMMIO_ACCEL_NONE) {
			snprintf(why, len,
				 "%s is emulated only, the accelerator is %s: --accel tcg",
				 s->icount ? "icount = on" : "arch = arm64", name);
			return -ENOTSUP;
		}
	}
	for (size_t i = 0; i < e->n; i++) {
		const char *image = e->runs[i].s.kind ? e->runs[i].s.kind->image : NULL;

		if (!image || !access(vmmio_guest_image(image, path, sizeof(path)), R_OK))
			continue;
		snprintf(why, len,
			 "load = %s: no %s: make it with cmake --build BUILD --target "
			 "%s-image",
			 e->runs[i].s.kind->name, image + 3, e->runs[i].s.kind->name);
		return -ENOENT;
	}
	for (size_t i = 0; i < e->n && e->runs[0].s.host; i++) {
		const struct vmmio_setting *s = &e->runs[i].s;

		if (access(host_file(s, "host.cpio", path, sizeof(path)), R_OK)) {
			snprintf(
				why, len, "host = on: no %s (%s)", path,
				is_arm(s)
					? "ctest --test-dir BUILD -R 'arm.(image|stat|host)-arm64' "
					  "makes it"
				: is_other(s) ? "cmake --build BUILD --target other-hosts makes it"
					      : "built on x86-64 where QEMU is installed");
			return -ENOENT;
		}
		if (is_other(s) &&
		    is_older(host_file(s, "host.cpio", path, sizeof(path)), "initrd.cpio")) {
			snprintf(why, len,
				 "under = %s: it has the guest of an older build: cmake --build "
				 "BUILD --target other-hosts",
				 s->under);
			return -ESTALE;
		}
		if (is_arm(s) != is_arm(&e->runs[0].s)) {
			snprintf(why, len,
				 "host = on: one arch a sweep: two machines are two results");
			return -ENOTSUP;
		}
	}
	for (size_t i = 0; i < 3 && arm; i++) {
		if (!access(vmmio_guest_image(files[i], path, sizeof(path)), R_OK))
			continue;
		snprintf(why, len,
			 "arch = arm64: no %s: make it with ctest --test-dir BUILD -R "
			 "'arm.(image|stat)-arm64'",
			 files[i] + 3);
		return -ENOENT;
	}
	return 0;
}

enum vmmio_accel vmmio_run_accel(const struct vmmio_experiment *e, enum vmmio_accel accel)
{
	if (!e->n || !e->runs[0].s.host)
		return accel;
	return is_arm(&e->runs[0].s) ? VMMIO_ACCEL_ARM_ON_TCG : VMMIO_ACCEL_SVM_ON_TCG;
}

/* The setting of @s that only the line {devices} applies, or NULL if all are as they always are. */
static const char *device_setting(const struct vmmio_setting *s)
{
	return s->queues != 1	      ? "queues"
	       : s->queue_size != 256 ? "queue_size"
	       : s->latency_us	      ? "latency_us"
	       : !s->event_idx	      ? "event_idx"
	       : !s->indirect	      ? "indirect"
	       : s->packed	      ? "packed"
	       : s->ioeventfd	      ? "ioeventfd"
	       : s->iothread	      ? "iothread"
	       : s->shared	      ? "vectors"
	       : s->legacy	      ? "transport = mmio-legacy"
				      : NULL;
}

int vmmio_run_template(const struct vmmio_experiment *e, const struct vmmio_args *vmm, char *why,
		       size_t len)
{
	for (size_t i = 0; i < e->n; i++) {
		const struct vmmio_setting *s = &e->runs[i].s;
		const struct {
			const char *name, *setting;
		} needs[] = {
			{"accel", "--accel"},
			{"smp", s->vcpus != 1 ? "vcpus" : NULL},
			{"memory", s->kind && s->kind->image ? "the load" : NULL},
			{"devices", device_setting(s)},
		};

		for (size_t k = 0; k < sizeof(needs) / sizeof(needs[0]); k++) {
			if (!needs[k].setting || vmmio_vmm_has(vmm, needs[k].name))
				continue;
			snprintf(why, len, "no {%s} in it: %s would not be applied", needs[k].name,
				 needs[k].setting);
			return -EINVAL;
		}
	}
	return 0;
}

/* @file, or the image @name of the build. */
static int sum_image(json_t *sums, const char *name, const char *file, char *why, size_t len)
{
	char path[PATH_MAX / 4], text[48];
	unsigned long crc;
	long long bytes;
	int err;

	if (json_object_get(sums, name))
		return 0;
	if (!file)
		file = vmmio_guest_image(name, path, sizeof(path));
	err = vmmio_result_sum(file, &bytes, &crc);
	if (err)
		snprintf(why, len, "%s: %s", file, strerror(-err));
	snprintf(text, sizeof(text), "%lld %08lx", bytes, crc);
	return err ? err : json_object_set_new(sums, name, json_string(text)) ? -ENOMEM : 0;
}

/* A bench host has kernel and image of the guest within in its own. */
static int sum_host(json_t *sums, const struct vmmio_setting *s, const char *kernel,
		    const char *initrd, char *why, size_t len)
{
	const char *const file[] = {"vmlinuz", "host.cpio"}, *const given[] = {kernel, initrd};
	char path[PATH_MAX / 4], name[64];
	int err = 0;

	for (int i = 0; i < 2 && !err; i++) {
		snprintf(name, sizeof(name), "%s%s%s", is_other(s) ? s->under : "",
			 is_other(s) ? "/" : "", file[i]);
		err = sum_image(sums, name,
				given[i] && !is_other(s)
					? given[i]
					: host_file(s, file[i], path, sizeof(path)),
				why, len);
	}
	return err;
}

json_t *vmmio_run_images(const struct vmmio_experiment *e, const char *kernel, const char *initrd,
			 char *why, size_t len)
{
	json_t *sums = json_object();
	int err = 0;

	for (size_t i = 0; i < e->n && !err; i++) {
		const struct vmmio_setting *s = &e->runs[i].s;
		const char *image = s->kind ? s->kind->image : NULL;

		if (s->host) {
			err = sum_host(sums, s, is_arm(s) ? NULL : kernel,
				       is_arm(s) ? NULL : initrd, why, len);
			continue;
		}
		err = sum_image(sums, is_arm(s) ? VMMIO_ARM_KERNEL : "vmlinuz",
				is_arm(s) ? NULL : kernel, why, len);
		err = err
			      ?: sum_image(sums,
					   is_arm(s) ? VMMIO_ARM_INITRD
					   : image   ? image
						     : "initrd.cpio",
					   is_arm(s) || image ? NULL : initrd, why, len);
		if (is_arm(s))
			err = err ?: sum_image(sums, VMMIO_ARM_STAT, NULL, why, len);
	}
	if (!err)
		return sums;
	json_decref(sums);
	return NULL;
}

static void use_arm(struct vmmio_run_guest *store, struct vmmio_guest *g)
{
	g->target = "virt-arm64";
	g->qemu = NULL; /* --qemu names one for x86 */
	g->kernel = vmmio_guest_image(VMMIO_ARM_KERNEL, store->kernel, sizeof(store->kernel));
	g->initrd = vmmio_guest_image(VMMIO_ARM_INITRD, store->initrd, sizeof(store->initrd));
	store->file = (struct vmmio_guest_file){
		.host = vmmio_guest_image(VMMIO_ARM_STAT, store->stat, sizeof(store->stat)),
		.guest = "/bin/vmmio-stat"};
	g->files = &store->file;
	g->nfiles = 1;
}

/* The guest that was prepared becomes that of a bench host. */
static int use_host(const struct vmmio_setting *s, struct vmmio_run_guest *store,
		    struct vmmio_guest *g)
{
	unsigned int limit;

	store->inner = store->script;
	store->script = vmmio_hosted_script(
		&(struct vmmio_hosted){.script = store->inner,
				       .args = (const char *const *)store->args.v,
				       .load = &store->plan,
				       .ioeventfd = s->ioeventfd,
				       .vcpus = s->vcpus,
				       .vhost = s->vhost,
				       .stat = is_arm(s)});
	if (!store->script)
		return -ENOMEM;
	g->script = store->script;
	g->host = true;
	/* as many processors for the guest's vCPUs; only one can count instructions */
	g->smp = s->vcpus;
	g->icount = s->vcpus == 1;
	if (is_arm(s) || is_other(s)) {
		g->kernel = host_file(s, "vmlinuz", store->kernel, sizeof(store->kernel));
		g->initrd = host_file(s, "host.cpio", store->initrd, sizeof(store->initrd));
		g->nfiles = 0; /* it goes into the guest within */
	}
	limit = is_arm(s) || s->vcpus > 1 ? 2 * HOST_TIMEOUT_S : HOST_TIMEOUT_S;
	if (g->timeout_s < limit)
		g->timeout_s = limit;
	return 0;
}

/*
 * Are accesses counted on the device's side too? Not where times are measured; under KVM, QEMU
 * does not see doorbells that the kernel takes; and it must be our QEMU, with the result channel
 * on its serial port, and one busy device.
 */
static bool is_sided(const struct vmmio_experiment *e, const struct vmmio_setting *s,
		     enum vmmio_accel accel)
{
	return accel == VMMIO_ACCEL_NONE && !e->times && !s->icount && !s->host && !e->vmm[0] &&
	       !is_arm(s) && !(s->kind && s->kind->pair);
}

int vmmio_run_prepare(const struct vmmio_experiment *e, const struct vmmio_run *run,
		      struct vmmio_run_guest *store, struct vmmio_guest *g)
{
	const struct vmmio_setting *s = &run->s;
	const struct vmmio_kind *kind = s->kind ? s->kind : &vmmio_kind_block;
	const struct vmmio_device device = {.queue_size = s->queue_size,
					    .queues = s->queues,
					    .latency_us = s->latency_us,
					    .event_idx = s->event_idx,
					    .indirect = s->indirect,
					    .packed = s->packed,
					    .ioeventfd = s->ioeventfd,
					    .iothread = s->iothread,
					    .tap = s->host,
					    .shared = s->shared,
					    .vhost = s->vhost};
	const char *all[VMMIO_COLUMNS];
	size_t columns = 0;

	memset(store, 0, sizeof(*store));
	vmmio_load_order(run->boot, all);
	if (s->legacy)
		store->order[columns++] = s->columns[0];
	for (int i = 0; i < VMMIO_COLUMNS && !s->legacy; i++)
		for (size_t k = 0; k < s->ncolumns; k++)
			if (!strcmp(s->columns[k], all[i]))
				store->order[columns++] = all[i];
	if (s->lazy_status)
		snprintf(store->setup, sizeof(store->setup), "queue_size=%u\n%s", s->queue_size,
			 vmmio_lazy_text);
	store->plan = (struct vmmio_load){
		.kind = kind,
		.rw = s->rw,
		.bs = s->block_size,
		.request = s->request,
		.response = s->response,
		.count = s->count,
		.rounds = e->rounds,
		.depths = s->depths.v,
		.ndepths = s->depths.n,
		.columns = store->order,
		.ncolumns = columns,
		.timing = e->times || s->icount || (s->host && s->vcpus == 1),
		.host_counts = s->host,
		.doorbells = s->host && !s->ioeventfd,
		.between = s->host ? VMMIO_HOSTED_COUNTED : NULL,
		.apart = s->host ? VMMIO_HOSTED_APART : NULL,
		.driver = s->driver,
		.queue_size = s->queue_size,
		.driver_args = s->legacy ? "legacy=1" : "",
		.setup = store->setup,
		.labels = run->labels,
	};
	for (size_t i = 0; i < columns; i++)
		kind->devices(&store->plan, &device, store->order[i], &store->args);
	if (s->legacy) {
		vmmio_args_add(&store->args, "-global");
		vmmio_args_add(&store->args, "virtio-mmio.force-legacy=true");
	}
	if (s->ioeventfd) {
		vmmio_args_add(&store->args, "-global");
		vmmio_args_add(&store->args, "virtio-mmio.ioeventfd=on");
	}
	if (s->irqchip != VMMIO_IRQCHIP_SPLIT) {
		vmmio_args_add(&store->args, "-machine");
		/* microvm's second I/O APIC is QEMU's own, and hears of no end from KVM's first */
		vmmio_args_add(&store->args, s->irqchip == VMMIO_IRQCHIP_ON
						     ? "kernel-irqchip=on,ioapic2=off"
						     : "kernel-irqchip=off");
	}
	if (is_arm(s))
		use_arm(store, g);
	if (kind->image) {
		g->initrd = vmmio_guest_image(kind->image, store->initrd, sizeof(store->initrd));
		g->mem_mib = 768;
	}
	store->script = vmmio_load_script(&store->plan);
	if (!store->script || vmmio_args_error(&store->args))
		return -ENOMEM;
	g->timeout_s = e->timeout;
	if (s->host)
		return use_host(s, store, g);
	g->script = store->script;
	g->qemu_args = (const char *const *)store->args.v;
	store->sided = is_sided(e, s, g->accel);
	snprintf(store->events, sizeof(store->events), "%s%s%s",
		 store->sided ? VMMIO_IO_EVENTS : "", store->sided && kind->trace ? "," : "",
		 kind->trace ? kind->trace : "");
	g->trace_events = store->events[0] ? store->events : NULL;
	g->smp = s->vcpus;
	g->icount = s->icount;
	return 0;
}

void vmmio_run_free(struct vmmio_run_guest *store)
{
	free(store->script);
	free(store->inner);
	vmmio_args_free(&store->args);
	memset(store, 0, sizeof(*store));
}

/* Why the first failed check of @checks failed, or false. */
static bool first_failure(const json_t *checks, char *why, size_t len)
{
	size_t i;
	json_t *c;

	json_array_foreach(checks, i, c) {
		if (json_is_true(json_object_get(c, "ok")))
			continue;
		snprintf(why, len, "%s: %s", json_string_value(json_object_get(c, "name")),
			 json_string_value(json_object_get(c, "text")));
		return true;
	}
	return false;
}

/*
 * What the host counted goes into the rounds' rows; false with a reason: there is
 * not a round for each, or a count is not the guest's.
 */
static bool take_host(const char *output, bool registers, json_t *rows, char *why, size_t len)
{
	struct vmmio_host_round *rounds;
	size_t n = 0, k = 0, i;
	bool ok;
	json_t *row;

	json_array_foreach(rows, i, row)
		n += json_object_get(row, "stat") != NULL;
	rounds = calloc(n + 1, sizeof(*rounds));
	ok = rounds && n && !vmmio_host_rounds(output, rounds, n, why, len);
	json_array_foreach(rows, i, row) {
		char differs[96];

		if (!ok || !json_object_get(row, "stat"))
			continue;
		if (!vmmio_host_agree(row, registers, &rounds[k], differs, sizeof(differs))) {
			snprintf(why, len, "over %.12s, depth %lld: %s",
				 json_string_value(json_object_get(row, "column")),
				 json_integer_value(json_object_get(row, "depth")), differs);
			ok = false;
		}
		json_object_set_new(row, "host", vmmio_host_round_json(&rounds[k++]));
	}
	free(rounds);
	if (!ok && !why[0])
		snprintf(why, len, "no counting round");
	return ok;
}

/* Is the bench host what @s asked for? It says so itself (host_info of the guest's image). */
static bool is_asked(const struct vmmio_setting *s, const json_t *info, char *text, size_t len)
{
	const char *kernel = "", *qemu = "", *want = strchr(s->under, '-');
	bool ok = !json_unpack((json_t *)info, "{s:{s:s, s:s}}", "host", "kernel", &kernel, "qemu",
			       &qemu) &&
		  *kernel && *qemu;

	if (!ok) {
		snprintf(text, len, "it does not say its kernel and QEMU: made by another build");
		return false;
	}
	if (is_other(s) && want) {
		const char *has = !strncmp(s->under, "qemu", 4) ? qemu : kernel;
		size_t n = strlen(++want);

		ok = !strncmp(has, want, n) && has[n] == '.';
	}
	snprintf(text, len, "Linux %s, QEMU %s", kernel, qemu);
	return ok;
}

/* The load made all I/Os over @column, and what it ends in has them, too. */
static void take_column(const struct vmmio_run *run, const struct vmmio_run_guest *store,
			const char *column, const json_t *rows, const json_t *info, json_t *checks)
{
	long long sent = vmmio_load_done(run->boot, column, rows, checks);

	if (store->plan.kind->host_check)
		store->plan.kind->host_check(&store->plan, run->boot, column, sent, info, checks);
}

static void judge(const struct vmmio_run *run, const struct vmmio_run_guest *store,
		  const struct vmmio_guest_result *r, json_t *rows, json_t *info, char *why,
		  size_t len)
{
	json_t *checks = json_array(), *infos = json_array();
	long long lost = vmmio_rounds_lost(rows);
	bool mainline = !strcmp(run->s.driver, "mainline");
	json_t *unchecked = json_array();
	char text[200];
	bool agree;

	json_object_set_new(info, "ioeventfd", json_boolean(run->s.ioeventfd));
	json_array_append(infos, info);
	if (run->s.host) {
		text[0] = '\0';
		for (size_t i = 0; i < store->plan.ncolumns; i++)
			take_column(run, store, store->plan.columns[i], rows, info, checks);
		agree = is_asked(&run->s, info, text, sizeof(text));
		vmmio_check_add(checks, -1, "the bench host", agree, "%s", text);
		text[0] = '\0';
		agree = take_host(r->output, !mainline, rows, text, sizeof(text));
		vmmio_check_add(checks, -1, "guest and host", agree, "%s", text);
	} else {
		vmmio_load_check(&store->plan, run->boot, rows, info, r, checks);
		vmmio_check_add(checks, -1, "no events lost", lost == 0,
				lost < 0 ? "a round does not say" : "%lld lost", lost);
		vmmio_check_add(checks, -1, "two witnesses",
				vmmio_rounds_agree(rows, text, sizeof(text)), "%s", text);
	}
	if (store->sided) {
		agree = !vmmio_devside_take(r->trace, run->boot, rows, text, sizeof(text)) &&
			vmmio_devside_agree(rows, text, sizeof(text));
		vmmio_check_add(checks, -1, "accesses on the device's side", agree && text[0], "%s",
				text[0] ? text : "no round was seen in QEMU's trace");
	}
	/* mainline takes the ring offered, 1024 on QEMU's mmio, and RING_RESET on PCI only */
	json_object_set_new(info, "equal",
			    vmmio_load_equal(rows, infos, checks, mainline ? unchecked : checks));
	first_failure(checks, why, len);
	json_decref(checks);
	json_decref(unchecked);
	json_decref(infos);
}

json_t *vmmio_run_report(const struct vmmio_run *run, const struct vmmio_run_guest *store, int err,
			 const struct vmmio_guest_result *r)
{
	json_t *rows = json_array(), *info = json_object();
	char why[320] = "";

	if (err || r->end != VMMIO_GUEST_DONE || r->status)
		snprintf(why, sizeof(why), "%s", r->why[0] ? r->why : strerror(-err));
	else if (!vmmio_rounds_parse(r->output, run->boot, rows, info, why, sizeof(why)))
		judge(run, store, r, rows, info, why, sizeof(why));
	if (why[0])
		json_array_clear(rows);
	json_object_set_new(info, "wall_s", json_real(r->wall_s));
	return json_pack("{s:s, s:i, s:s*, s:o, s:o, s:s*}", "labels", run->labels, "boot",
			 run->boot, "failed", why[0] ? why : NULL, "rows", rows, "info", info,
			 "qemu_line", r->qemu_line);
}
