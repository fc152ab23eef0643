// SPDX-License-Identifier: GPL-2.0-only
/*
 * "vms": every KVM VM of this host and what serves its doorbells and
 * interrupts. Identities only; nothing is attached or counted.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tools/vmmio-stat/session/cmd.h"
#include "tools/vmmio-stat/host/hostmap.h"
#include "tools/vmmio-stat/host/hostscan.h"
#include "lib/json.h"
#include "lib/opts.h"

struct request {
	bool json;
	bool summary;
	__u64 pid; /* 0: all */
	const char *map;
	const char *qmp;
};

static const char *bus_name(__u32 bus)
{
	static const char *const names[] = {"mmio", "pio", "ccw", "mmio"};

	return bus < sizeof(names) / sizeof(names[0]) ? names[bus] : "other";
}

static const char *path_name(const struct vmmio_host_range *g)
{
	switch (g->type) {
	case VMMIO_HOST_COALESCED:
		return "coalesced";
	case VMMIO_HOST_KERNEL:
		return "in-kernel";
	}
	return g->fast || g->bus == VMMIO_BUS_FAST_MMIO ? "fast" : "ioeventfd";
}

static size_t count(const struct vmmio_host_vm *vm, __u32 type)
{
	size_t i, n = 0;

	for (i = 0; i < vm->nranges; i++)
		n += vm->ranges[i].type == type && !vm->ranges[i].alias;
	return n;
}

static void print_ranges(const struct vmmio_host_vm *vm)
{
	size_t i;

	if (vm->nranges)
		printf("  %-20s %-10s %3s %-9s %-4s %16s %4s %6s %8s\n", "DEVICE", "TRANSPORT",
		       "VQ", "PATH", "BUS", "ADDRESS", "LEN", "MATCH", "EVENTFD");
	for (i = 0; i < vm->nranges; i++) {
		const struct vmmio_host_range *g = &vm->ranges[i];
		char vq[16] = "-", match[24] = "-", fd[16] = "-";

		if (g->queue >= 0)
			snprintf(vq, sizeof(vq), "%d", g->queue);
		if (g->type == VMMIO_HOST_IOEVENTFD) {
			if (g->wildcard)
				snprintf(match, sizeof(match), "any");
			else
				snprintf(match, sizeof(match), "%llu",
					 (unsigned long long)g->datamatch);
			snprintf(fd, sizeof(fd), "#%u%s", g->eventfd_id, g->alias ? "=" : "");
		}
		printf("  %-20s %-10s %3s %-9s %-4s %16llx %4u %6s %8s\n",
		       g->device[0] ? g->device : "-", vmmio_guess_name(g->transport), vq,
		       path_name(g), bus_name(g->bus), (unsigned long long)g->addr, g->len, match,
		       fd);
	}
}

static void print_irqfds(const struct vmmio_host_vm *vm)
{
	size_t i;

	if (vm->nirqfds)
		printf("  %-8s %-8s %-9s %12s %6s %8s\n", "IRQFD", "GSI", "ROUTE", "MSI-ADDRESS",
		       "DATA", "EVENTFD");
	for (i = 0; i < vm->nirqfds; i++) {
		const struct vmmio_host_irqfd *q = &vm->irqfds[i];
		char addr[24] = "-", data[16] = "-";

		if (q->route == VMMIO_ROUTE_MSI) {
			snprintf(addr, sizeof(addr), "%llx", (unsigned long long)q->msi_addr);
			snprintf(data, sizeof(data), "%x", q->msi_data);
		}
		printf("  %-8s %-8u %-9s %12s %6s %7s%u\n", q->resample ? "level" : "edge", q->gsi,
		       q->route == VMMIO_ROUTE_MSI ? "msi" : "irqchip", addr, data, "#",
		       q->eventfd_id);
	}
}

static void heading(void)
{
	printf("%-8s %-4s %-24s %5s %9s %9s %6s %6s\n", "PID", "VM", "NAME", "VCPUS", "DOORBELLS",
	       "COALESCED", "IRQFDS", "MSI");
}

static void print_vm(const struct vmmio_host_vm *vm, bool details)
{
	size_t i, msi = 0;
	char nth[16] = "-";

	for (i = 0; i < vm->nirqfds; i++)
		msi += vm->irqfds[i].route == VMMIO_ROUTE_MSI;
	if (vm->nth)
		snprintf(nth, sizeof(nth), "#%d", vm->nth);
	printf("%-8u %-4s %-24s %5u %9zu %9zu %6zu %6zu%s\n", vm->pid, nth, vm->name, vm->online,
	       count(vm, VMMIO_HOST_IOEVENTFD), count(vm, VMMIO_HOST_COALESCED), vm->nirqfds, msi,
	       vm->cut ? "  (changed during the scan: incomplete)" : "");
	if (!details)
		return;
	for (i = 0; i < vm->nvcpus; i++) {
		if (vm->vcpus[i].tid)
			printf("  vCPU %u: thread %u\n", vm->vcpus[i].id, vm->vcpus[i].tid);
		else
			printf("  vCPU %u: never ran\n", vm->vcpus[i].id);
	}
	print_ranges(vm);
	print_irqfds(vm);
}

static void hex(struct vmmio_json *j, const char *key, __u64 v)
{
	char text[24];

	snprintf(text, sizeof(text), "0x%llx", (unsigned long long)v);
	vmmio_json_text(j, key, text);
}

static void json_range(struct vmmio_json *j, const struct vmmio_host_range *g)
{
	vmmio_json_open(j, NULL, '{');
	vmmio_json_text(j, "path", path_name(g));
	vmmio_json_text(j, "bus", bus_name(g->bus));
	hex(j, "address", g->addr);
	vmmio_json_u64(j, "length", g->len);
	if (g->type == VMMIO_HOST_IOEVENTFD) {
		if (g->wildcard)
			vmmio_json_null(j, "datamatch");
		else
			vmmio_json_u64(j, "datamatch", g->datamatch);
		vmmio_json_u64(j, "eventfd", g->eventfd_id);
		vmmio_json_bool(j, "alias", g->alias);
	}
	if (g->transport == VMMIO_GUESS_NONE)
		vmmio_json_null(j, "transport");
	else
		vmmio_json_text(j, "transport", vmmio_guess_name(g->transport));
	if (g->device[0])
		vmmio_json_text(j, "device", g->device);
	else
		vmmio_json_null(j, "device");
	if (g->queue < 0)
		vmmio_json_null(j, "queue");
	else
		vmmio_json_u64(j, "queue", g->queue);
	vmmio_json_close(j, '}');
}

static void json_vm(const struct vmmio_host_vm *vm)
{
	struct vmmio_json j = {.out = stdout};
	size_t i;

	vmmio_json_open(&j, NULL, '{');
	vmmio_json_u64(&j, "schema", 1);
	vmmio_json_text(&j, "tool", "vmmio-stat vms");
	vmmio_json_u64(&j, "pid", vm->pid);
	vmmio_json_u64(&j, "fd", vm->fd);
	vmmio_json_u64(&j, "nth", vm->nth ? vm->nth : 1);
	vmmio_json_text(&j, "name", vm->name);
	vmmio_json_u64(&j, "vcpus_online", vm->online);
	vmmio_json_bool(&j, "incomplete", vm->cut);
	vmmio_json_open(&j, "vcpus", '[');
	for (i = 0; i < vm->nvcpus; i++) {
		vmmio_json_open(&j, NULL, '{');
		vmmio_json_u64(&j, "vcpu", vm->vcpus[i].id);
		if (vm->vcpus[i].tid)
			vmmio_json_u64(&j, "tid", vm->vcpus[i].tid);
		else
			vmmio_json_null(&j, "tid");
		vmmio_json_close(&j, '}');
	}
	vmmio_json_close(&j, ']');
	vmmio_json_open(&j, "ranges", '[');
	for (i = 0; i < vm->nranges; i++)
		json_range(&j, &vm->ranges[i]);
	vmmio_json_close(&j, ']');
	vmmio_json_open(&j, "irqfds", '[');
	for (i = 0; i < vm->nirqfds; i++) {
		const struct vmmio_host_irqfd *q = &vm->irqfds[i];

		vmmio_json_open(&j, NULL, '{');
		vmmio_json_u64(&j, "gsi", q->gsi);
		vmmio_json_text(&j, "route", q->route == VMMIO_ROUTE_MSI ? "msi" : "irqchip");
		vmmio_json_bool(&j, "level", q->resample);
		vmmio_json_u64(&j, "eventfd", q->eventfd_id);
		if (q->route == VMMIO_ROUTE_MSI) {
			hex(&j, "msi_address", q->msi_addr);
			vmmio_json_u64(&j, "msi_data", q->msi_data);
		}
		vmmio_json_close(&j, '}');
	}
	vmmio_json_close(&j, ']');
	vmmio_json_close(&j, '}');
	putchar('\n');
}

/* 0, or the exit status plus one. */
static int parse(struct request *q, int argc, char **argv)
{
	struct vmmio_opt opts[] = {
		{"summary", VMMIO_OPT_FLAG, &q->summary, .letter = 's', .help = "one line per VM"},
		{"pid", VMMIO_OPT_U64, &q->pid, 1, 0x7fffffff, .arg = "PID", .letter = 'p',
		 .help = "of this process only"},
		{"map", VMMIO_OPT_STRING, &q->map, .arg = "FILE",
		 .help = "names for address ranges: lines ADDRESS SIZE NAME [mmio|pci|pio], or "
			 "what "
			 "QEMU answers (docs/host.md)"},
		{"qmp", VMMIO_OPT_STRING, &q->qmp, .arg = "SOCKET",
		 .help = "ask a running QEMU for them, on its QMP socket"},
		{"json", VMMIO_OPT_FLAG, &q->json, .help = "one object per VM"},
	};
	size_t n;
	int err = vmmio_opts_parse("vmmio-stat vms", "[options]", opts,
				   sizeof(opts) / sizeof(opts[0]), argc, argv, NULL, 0, &n);

	return err ? 1 + (err > 0 ? VMMIO_EXIT_OK : VMMIO_EXIT_USAGE) : 0;
}

static int show(const struct request *q, struct vmmio_host *host, const struct vmmio_hostmap *map)
{
	size_t i, shown = 0;

	for (i = 0; i < host->nvms; i++) {
		struct vmmio_host_vm *vm = &host->vms[i];

		if (q->pid && vm->pid != q->pid)
			continue;
		vmmio_hostmap_apply(vm, map);
		if (q->json) {
			json_vm(vm);
		} else {
			if (!shown || !q->summary)
				heading();
			print_vm(vm, !q->summary);
		}
		shown++;
	}
	if (q->pid && !shown) {
		vmmio_complain("vms: process %llu has no KVM VM", (unsigned long long)q->pid);
		return VMMIO_EXIT_TROUBLE;
	}
	if (!shown && !q->json)
		printf("no KVM VM is running\n");
	if (host->stale)
		fprintf(stderr,
			"vmmio-stat: %llu objects changed during the scan and were left out\n",
			(unsigned long long)host->stale);
	return vmmio_flush(stdout) < 0 ? VMMIO_EXIT_TROUBLE : VMMIO_EXIT_OK;
}

int vmmio_cmd_vms(int argc, char **argv)
{
	struct vmmio_hostscan *scan = NULL;
	struct vmmio_hostmap map = {0};
	struct vmmio_host host = {0};
	struct request q = {0};
	char why[256];
	int ret, err;

	ret = parse(&q, argc, argv);
	if (ret)
		return ret - 1;
	ret = vmmio_hostmap_get(&map, q.map, q.qmp, why, sizeof(why));
	if (ret) {
		vmmio_complain("vms: %s", why);
		return ret;
	}
	err = vmmio_hostscan_open(&scan, false, why, sizeof(why));
	if (err) {
		vmmio_complain("vms: %s", why);
		vmmio_hostmap_free(&map);
		return VMMIO_EXIT_TROUBLE;
	}
	err = vmmio_hostscan_run(scan, &host);
	if (err) {
		vmmio_complain("vms: the scan failed: %s", strerror(-err));
		ret = VMMIO_EXIT_TROUBLE;
	} else {
		ret = show(&q, &host, &map);
		vmmio_hostmap_report(&map, false, stderr);
	}
	vmmio_host_free(&host);
	vmmio_hostscan_close(scan);
	vmmio_hostmap_free(&map);
	return ret;
}
