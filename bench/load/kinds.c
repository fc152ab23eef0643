// SPDX-License-Identifier: GPL-2.0-only
/*
 * Loads on interfaces, entropy sources and ports, and the table of all kinds
 * (load.h). An interface is one end of a pair that QEMU joins; both ends have
 * the same transport, and the one that sends the requests is counted.
 */
#include <stdlib.h>
#include <string.h>

#include "kinds.h"

/* The virtio device of a column with the arguments that all kinds share. */
void vmmio_kind_device(const char *type, const char *column, const struct vmmio_device *d,
		       const char *more, struct vmmio_args *a)
{
	const char *bus = vmmio_column_bus(column);
	bool mmio = !strcmp(bus, "mmio"), vhost = !strncmp(type, "vhost-", 6);

	vmmio_args_add(a, "-device");
	vmmio_args_addf(a, "%s%s%s%s,event_idx=%s,indirect_desc=%s,packed=%s,%s",
			vhost ? "" : "virtio-", type,
			mmio	? (vhost ? "" : "-device")
			: vhost ? "-pci,disable-legacy=on" /* its kicks are eventfds anyhow */
			: d->ioeventfd ? "-pci,disable-legacy=on,ioeventfd=on"
				       : "-pci,disable-legacy=on,ioeventfd=off",
			!strcmp(bus, "pci-intx") ? ",vectors=0"
			: d->shared && !strcmp(bus, "pci-msix")
				? ",vectors=2" /* one is the configuration's */
				: "",
			d->event_idx ? "on" : "off", d->indirect ? "on" : "off",
			d->packed ? "on" : "off", more);
}

unsigned int vmmio_kind_number(const struct vmmio_load *b, const char *column)
{
	unsigned int n = 1;

	while (n <= b->ncolumns && strcmp(b->columns[n - 1], column))
		n++;
	return n;
}

/* $node_X and $dev_X of all columns: @find prints the first, @dev its virtio device. */
void vmmio_kind_find_devices(const struct vmmio_load *b, const char *find, FILE *f)
{
	char node[32], dev[32];

	for (size_t i = 0; i < b->ncolumns; i++) {
		const char *column = b->columns[i];

		vmmio_column_var("node_", column, node, sizeof(node));
		vmmio_column_var("dev_", column, dev, sizeof(dev));
		fprintf(f,
			"%s=$(%s %s)\n"
			"%s=$(virtio_of \"$%s\")\n"
			"printf '@info {\"devices\":{\"%s\":{\"name\":\"%%s\"}}}\\n' \"$%s\"\n",
			node, find, vmmio_column_bus(column), dev, node, column, dev);
	}
}

static const json_t *load_of(const json_t *row, int boot, const char *column)
{
	if (json_integer_value(json_object_get(row, "boot")) != boot ||
	    strcmp(json_string_value(json_object_get(row, "column")), column))
		return NULL;
	return json_object_get(row, "load");
}

/* --- interfaces --- */

#define PCAP_HEAD 24
#define PCAP_RECORD 16
#define PCAP_KEPT 16 /* bytes of each packet; every Ethernet frame is longer */

static void net_devices(const struct vmmio_load *b, const struct vmmio_device *d,
			const char *column, struct vmmio_args *a)
{
	static const char *const ends[] = {"a", "b"};
	unsigned int hub = vmmio_kind_number(b, column);
	char more[96];

	if (d->tap) {
		vmmio_args_add(a, "-netdev");
		vmmio_args_addf(a, "tap,id=tap-%s,ifname=tap-%s,script=no,downscript=no,vhost=%s",
				column, column, d->vhost ? "on" : "off");
		/* a bench host has no option ROM, and nobody boots from the network */
		snprintf(more, sizeof(more), "netdev=tap-%s,mac=52:54:00:4d:%02x:01%s", column, hub,
			 strncmp(column, "pci", 3) ? "" : ",romfile=");
		vmmio_kind_device("net", column, d, more, a);
		return;
	}
	for (int i = 0; i < 2; i++) {
		vmmio_args_add(a, "-netdev");
		vmmio_args_addf(a, "hubport,id=%s-%s,hubid=%u", ends[i], column, hub);
		snprintf(more, sizeof(more), "netdev=%s-%s", ends[i], column);
		vmmio_kind_device("net", column, d, more, a);
	}
	vmmio_args_add(a, "-object");
	vmmio_args_addf(a, "filter-dump,id=dump-%s,netdev=a-%s,file={dir}/side-%s,maxlen=%d",
			column, column, column, PCAP_KEPT);
}

/* What the guest's end of @column sent and received, "before" or "after" the rounds. */
static void packets_of(const struct vmmio_load *b, const char *column, const char *when, FILE *f)
{
	char node[32];

	if (!b->host_counts)
		return;
	vmmio_column_var("node_", column, node, sizeof(node));
	fprintf(f,
		"printf '@info {\"devices\":{\"%s\":{\"%s\":{\"sent\":%%s,\"received\":%%s}}}}\\n' "
		"$(cat \"/sys/class/net/$%s/statistics/tx_packets\" "
		"\"/sys/class/net/$%s/statistics/rx_packets\")\n",
		column, when, node, node);
}

static void net_prepare(const struct vmmio_load *b, FILE *f)
{
	char node[32];

	fprintf(f, "load_net\nwait_for %zu '/sys/class/net/eth*'\n",
		(b->host_counts ? 1 : 2) * b->ncolumns);
	vmmio_kind_find_devices(b, "net_on", f);
	for (size_t i = 0; i < b->ncolumns; i++) {
		vmmio_column_var("node_", b->columns[i], node, sizeof(node));
		if (b->host_counts)
			fprintf(f, "netload join \"$%s\" %u\n", node,
				vmmio_kind_number(b, b->columns[i]));
		else
			fprintf(f, "netload link \"$%s\" \"$(net_on %s 2)\"\n", node,
				vmmio_column_bus(b->columns[i]));
		packets_of(b, b->columns[i], "before", f);
	}
}

static void net_finish(const struct vmmio_load *b, FILE *f)
{
	for (size_t i = 0; i < b->ncolumns; i++)
		packets_of(b, b->columns[i], "after", f);
}

static void net_command(const struct vmmio_load *b, const char *column, unsigned int depth, FILE *f)
{
	bool stream = !strcmp(b->kind->name, "tcp_stream");
	char node[32];

	if (b->host_counts) {
		fprintf(f,
			"netload run --pair %u --request %u --response %u --depth %u --count %u "
			"\"$%s\"",
			vmmio_kind_number(b, column), b->request, b->response, depth, b->count,
			vmmio_column_var("node_", column, node, sizeof(node)));
		return;
	}
	fprintf(f, "netload run --kind %s --request %u --response %u --depth %u --count %u \"$%s\"",
		b->kind->name, stream ? b->bs : b->request, b->response, depth, b->count,
		vmmio_column_var("node_", column, node, sizeof(node)));
}

/* Every packet that QEMU carried between the two is one that an end received. */
static void net_check(const struct vmmio_load *b, int boot, const char *column, long long sent,
		      const json_t *rows, const json_t *info, const struct vmmio_guest_result *r,
		      json_t *checks)
{
	long long carried = vmmio_guest_side(r, column), here = -1, there = -1, peer = 0;
	size_t i;
	json_t *row;

	if (carried >= PCAP_HEAD)
		carried = (carried - PCAP_HEAD) / (PCAP_RECORD + PCAP_KEPT);
	json_array_foreach(rows, i, row) {
		const json_t *load = load_of(row, boot, column), *p = json_object_get(load, "peer");

		if (!load)
			continue;
		/* an end that does not say what it had is no witness */
		if (json_is_integer(json_object_get(p, "ios")) && peer >= 0)
			peer += json_integer_value(json_object_get(p, "ios"));
		else
			peer = -1;
		here = json_integer_value(json_object_get(load, "rx_packets"));
		there = json_integer_value(json_object_get(p, "rx_packets"));
	}
	vmmio_check_add(checks, boot, "device side", carried > 0 && carried == here + there,
			"%s: QEMU carried %lld packets, the two ends received %lld and %lld",
			column, carried, here, there);
	vmmio_check_add(checks, boot, "peer", peer == sent, "%s: %lld I/Os sent, the peer had %lld",
			column, sent, peer);
}

/* The ends of a bench host's guest: TAP devices with a process that answers. */
static void tap_before(const struct vmmio_load *b, bool vhost, FILE *f)
{
	fprintf(f, vhost ? "load_vhost\n" : "mod tun\n");
	for (size_t i = 0; i < b->ncolumns; i++)
		fprintf(f, "netload tap tap-%s %zu %u\n", b->columns[i], i + 1, b->response);
}

static void tap_after(const struct vmmio_load *b, FILE *f)
{
	for (size_t i = 0; i < b->ncolumns; i++)
		fprintf(f,
			"printf '@info "
			"{\"devices\":{\"%s\":{\"tap\":{\"sent\":%%s,\"received\":%%s}}}}\\n' "
			"$(cat /sys/class/net/tap-%s/statistics/tx_packets "
			"/sys/class/net/tap-%s/statistics/rx_packets)\n",
			b->columns[i], b->columns[i], b->columns[i]);
}

/* Each packet of the guest reached the TAP device, each of that the guest; none but the load's. */
static void tap_check(const struct vmmio_load *b, int boot, const char *column, long long sent,
		      const json_t *info, json_t *checks)
{
	json_int_t before[2], after[2], tap[2];
	int known = json_unpack(
		(json_t *)info, "{s:{s:{s:{s:I, s:I}, s:{s:I, s:I}, s:{s:I, s:I}}}}", "devices",
		column, "before", "sent", &before[0], "received", &before[1], "after", "sent",
		&after[0], "received", &after[1], "tap", "received", &tap[0], "sent", &tap[1]);

	(void)b;
	if (known) {
		vmmio_check_add(checks, boot, "device side", false, "%s: packets are not known",
				column);
		return;
	}
	vmmio_check_add(checks, boot, "device side",
			after[0] == tap[0] && after[1] == tap[1] && after[0] - before[0] == sent &&
				after[1] - before[1] == sent,
			"%s: %lld I/Os; the guest sent %lld and received %lld packets, its TAP "
			"device received %lld and sent %lld",
			column, sent, (long long)(after[0] - before[0]),
			(long long)(after[1] - before[1]), (long long)(tap[0] - before[0]),
			(long long)(tap[1] - before[1]));
}

/* --- entropy --- */

static void rng_devices(const struct vmmio_load *b, const struct vmmio_device *d,
			const char *column, struct vmmio_args *a)
{
	char more[64];

	vmmio_args_add(a, "-object");
	vmmio_args_addf(a, "rng-builtin,id=rng-%s", column);
	snprintf(more, sizeof(more), "rng=rng-%s", column);
	vmmio_kind_device("rng", column, d, more, a);
}

static void rng_prepare(const struct vmmio_load *b, FILE *f)
{
	fprintf(f, "load_quiet_rng\n");
	vmmio_kind_find_devices(b, "rng_on", f);
}

static void rng_select(const struct vmmio_load *b, const char *column, FILE *f)
{
	char node[32];

	fprintf(f, "rng_use \"$%s\"\n", vmmio_column_var("node_", column, node, sizeof(node)));
}

static void rng_command(const struct vmmio_load *b, const char *column, unsigned int depth, FILE *f)
{
	fprintf(f, "charload --block-size %u --count %u /dev/hwrng", b->bs, b->count);
}

static void rng_finish(const struct vmmio_load *b, FILE *f)
{
	char dev[32];

	for (size_t i = 0; i < b->ncolumns; i++)
		fprintf(f,
			"printf '@info {\"devices\":{\"%s\":{\"irqs\":%%s}}}\\n' \"$(irqs_of "
			"\"$%s\")\"\n",
			b->columns[i], vmmio_column_var("dev_", b->columns[i], dev, sizeof(dev)));
}

/* Once, with the first column: QEMU's trace does not name its devices. */
static void rng_check(const struct vmmio_load *b, int boot, const char *column, long long sent,
		      const json_t *rows, const json_t *info, const struct vmmio_guest_result *r,
		      json_t *checks)
{
	long long pushed = 0, bytes = 0, irqs = 0, got = 0;
	const json_t *devices = json_object_get(info, "devices");
	const char *p = r->trace ? r->trace : "", *key;
	json_t *row, *dev;
	size_t i;

	if (strcmp(column, b->columns[0]))
		return;
	while ((p = strstr(p, "virtio_rng_pushed"))) {
		const char *n = strstr(p, ": ");

		pushed++;
		bytes += n ? atoll(n + 2) : 0;
		p += 17;
	}
	json_object_foreach((json_t *)devices, key, dev)
		irqs += json_integer_value(json_object_get(dev, "irqs"));
	json_array_foreach(rows, i, row)
		if (json_integer_value(json_object_get(row, "boot")) == boot)
			got += json_integer_value(
				json_object_get(json_object_get(row, "load"), "bytes"));
	vmmio_check_add(checks, boot, "device side", pushed > 0 && pushed == irqs && bytes >= got,
			"QEMU answered %lld requests with %lld bytes; the guest took %lld "
			"interrupts, the load %lld bytes",
			pushed, bytes, irqs, got);
}

/* --- ports --- */

static void console_devices(const struct vmmio_load *b, const struct vmmio_device *d,
			    const char *column, struct vmmio_args *a)
{
	char more[64];

	snprintf(more, sizeof(more), "id=serial-%s", column);
	vmmio_kind_device("serial", column, d, more, a);
	vmmio_args_add(a, "-chardev");
	vmmio_args_addf(a, "file,id=port-%s,path={dir}/side-%s", column, column);
	vmmio_args_add(a, "-device");
	vmmio_args_addf(a, "virtserialport,chardev=port-%s,bus=serial-%s.0,name=%s", column, column,
			column);
}

/* The ports are opened once: opening and closing talk to the device on other queues. */
#define FD_BASE 4

static void console_prepare(const struct vmmio_load *b, FILE *f)
{
	char node[32];

	fprintf(f, "load_console\nwait_for %zu '/sys/class/virtio-ports/*'\n", b->ncolumns);
	vmmio_kind_find_devices(b, "port_on", f);
	for (size_t i = 0; i < b->ncolumns; i++)
		/* and one write ahead, so that what that left is seen before the rounds */
		fprintf(f,
			"exec %zu>\"$%s\"\n"
			"charload --rw write --block-size %u --count 1 fd:%zu >/dev/null\n",
			FD_BASE + i, vmmio_column_var("node_", b->columns[i], node, sizeof(node)),
			b->bs, FD_BASE + i);
}

static void console_command(const struct vmmio_load *b, const char *column, unsigned int depth,
			    FILE *f)
{
	size_t i = 0;

	while (i + 1 < b->ncolumns && strcmp(b->columns[i], column))
		i++;
	fprintf(f, "charload --rw write --block-size %u --count %u fd:%zu", b->bs, b->count,
		FD_BASE + i);
}

static void console_check(const struct vmmio_load *b, int boot, const char *column, long long sent,
			  const json_t *rows, const json_t *info,
			  const struct vmmio_guest_result *r, json_t *checks)
{
	long long arrived = vmmio_guest_side(r, column);

	vmmio_check_add(checks, boot, "device side", arrived == (sent + 1) * b->bs,
			"%s: %lld writes of %u bytes and one before, QEMU has %lld bytes", column,
			sent, b->bs, arrived);
}

static const struct vmmio_kind kinds[] = {
	{.name = "udp_rr",
	 .deep = true,
	 .transactions = true,
	 .ring_max = 256,
	 .pair = true,
	 .hosted = true,
	 .devices = net_devices,
	 .prepare = net_prepare,
	 .command = net_command,
	 .finish = net_finish,
	 .check = net_check,
	 .host_before = tap_before,
	 .host_after = tap_after,
	 .host_check = tap_check},
	{.name = "tcp_rr",
	 .deep = true,
	 .transactions = true,
	 .ring_max = 256,
	 .pair = true,
	 .devices = net_devices,
	 .prepare = net_prepare,
	 .command = net_command,
	 .check = net_check},
	{.name = "tcp_stream",
	 .ring_max = 256,
	 .pair = true,
	 .devices = net_devices,
	 .prepare = net_prepare,
	 .command = net_command,
	 .check = net_check},
	{.name = "rng",
	 .trace = "virtio_rng_pushed",
	 .ring_max = 8,
	 .devices = rng_devices,
	 .prepare = rng_prepare,
	 .select = rng_select,
	 .command = rng_command,
	 .finish = rng_finish,
	 .check = rng_check},
	{.name = "console",
	 .ring_max = 128,
	 .devices = console_devices,
	 .prepare = console_prepare,
	 .command = console_command,
	 .check = console_check},
};

const struct vmmio_kind *vmmio_kind_find(const char *name)
{
	if (!strcmp(name, vmmio_kind_block.name))
		return &vmmio_kind_block;
	if (!strcmp(name, vmmio_kind_fio.name))
		return &vmmio_kind_fio;
	if (!strcmp(name, vmmio_kind_scsi.name))
		return &vmmio_kind_scsi;
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (!strcmp(name, kinds[i].name))
			return &kinds[i];
	return NULL;
}
