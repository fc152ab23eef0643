// SPDX-License-Identifier: GPL-2.0-only
/*
 * The loads on disks (load.h): blkload, or fio from an image of its own, on
 * null-co disks, held against the guest's block layer and QEMU's block statistics.
 */
#include <string.h>

#include "kinds.h"
#include "lib/embed.h"

#define DISK_BYTES (1ull << 30)
#define WWPN "naa.50014050000000%02x" /* by the disk's number */

static void devices(const struct vmmio_load *b, const struct vmmio_device *d, const char *column,
		    struct vmmio_args *a)
{
	char more[128], thread[48] = "";

	if (d->iothread) {
		vmmio_args_add(a, "-object");
		vmmio_args_addf(a, "iothread,id=io-%s", column);
		snprintf(thread, sizeof(thread), ",iothread=io-%s", column);
	}
	vmmio_args_add(a, "-blockdev");
	vmmio_args_addf(a, "null-co,node-name=%s,size=%llu,read-zeroes=on,latency-ns=%llu", column,
			DISK_BYTES, d->latency_us * 1000ull);
	snprintf(more, sizeof(more), "drive=%s,queue-size=%u,num-queues=%u%s", column,
		 d->queue_size, d->queues, thread);
	vmmio_kind_device("blk", column, d, more, a);
}

VMMIO_EMBED(vmmio_disk_text, "disk.sh");

static void info_of(const struct vmmio_load *b, size_t i, const char *when, FILE *f)
{
	char node[32];

	fprintf(f, "info %s \"$%s\" %s\n", b->columns[i],
		vmmio_column_var("node_", b->columns[i], node, sizeof(node)), when);
}

/* @load loads the driver, @find prints a transport's disk; @pattern matches all of them. */
static void prepare_disks(const struct vmmio_load *b, const char *load, const char *find,
			  const char *pattern, FILE *f)
{
	char node[32];

	fputs(vmmio_disk_text, f);
	fprintf(f, "%s\nwait_for %zu '%s'\n", load, b->ncolumns, pattern);
	vmmio_kind_find_devices(b, find, f);
	for (size_t i = 0; i < b->ncolumns; i++) {
		/* a scheduler could merge requests, and one I/O is to be one buffer */
		fprintf(f, "echo none >\"/sys/block/$(basename \"$%s\")/queue/scheduler\"\n",
			vmmio_column_var("node_", b->columns[i], node, sizeof(node)));
		info_of(b, i, "before", f);
	}
}

static void prepare(const struct vmmio_load *b, FILE *f)
{
	prepare_disks(b, "load_blk", "blk_on", "/sys/block/vd*", f);
}

static void command(const struct vmmio_load *b, const char *column, unsigned int depth, FILE *f)
{
	char node[32];

	fprintf(f, "blkload --depth %u --count %u --block-size %u --rw %s \"$%s\"", depth, b->count,
		b->bs, b->rw, vmmio_column_var("node_", column, node, sizeof(node)));
}

static void finish(const struct vmmio_load *b, FILE *f)
{
	for (size_t i = 0; i < b->ncolumns; i++)
		info_of(b, i, "after", f);
}

/* Completions of the guest's block layer, "before" or "after" the rounds; -1 if it did not say. */
static long long layer_ios(const json_t *info, const char *column, const char *when)
{
	json_int_t reads, writes;

	if (json_unpack((json_t *)info, "{s:{s:{s:{s:I, s:I}}}}", "disks", column, when, "reads",
			&reads, "writes", &writes))
		return -1;
	return reads + writes;
}

/* The guest's block layer completed what the load asked for: all that is known in a bench host. */
static void layer_check(const struct vmmio_load *b, int boot, const char *column, long long sent,
			const json_t *info, json_t *checks)
{
	long long before = layer_ios(info, column, "before");
	long long after = layer_ios(info, column, "after");

	vmmio_check_add(checks, boot, "guest side", before >= 0 && after == before + sent,
			"%s: the guest completed %lld I/Os, %lld of them before and %lld in "
			"the rounds; what the device served is not known",
			column, after, before, sent);
}

static void check(const struct vmmio_load *b, int boot, const char *column, long long sent,
		  const json_t *rows, const json_t *info, const struct vmmio_guest_result *r,
		  json_t *checks)
{
	const struct vmmio_guest_drive *d = vmmio_guest_column(r, column);
	long long before = layer_ios(info, column, "before");
	long long after = layer_ios(info, column, "after");
	long long device = d ? (long long)(d->rd_operations + d->wr_operations) : -1;

	if (r->no_answers) {
		layer_check(b, boot, column, sent, info, checks);
		return;
	}
	vmmio_check_add(checks, boot, "device side",
			d && before >= 0 && device == after && device == before + sent &&
				!d->failed,
			"%s: the device served %lld I/Os, the guest completed %lld, %lld of them "
			"before and %lld in the rounds",
			column, device, after, before, sent);
}

/* fio's own JSON is many lines: one here. */
static const char fio_function[] =
	"cat >/tmp/fioload <<'END'\n"
	"#!/bin/sh\n"
	"/fio/ld-linux-x86-64.so.2 --library-path /fio /fio/fio --name=load --thread "
	"--filename=\"$1\" --iodepth=\"$2\" --io_size=\"$3\" --bs=\"$4\" --rw=\"rand$5\" "
	"--size=1g --norandommap --direct=1 --ioengine=libaio --randseed=1 "
	"--output-format=json --output=/tmp/fio.json >&2 || exit 1\n"
	"tr -d '\\n' </tmp/fio.json\n"
	"echo\n"
	"END\n"
	"chmod +x /tmp/fioload\n";

static void fio_prepare(const struct vmmio_load *b, FILE *f)
{
	fputs(fio_function, f);
	prepare(b, f);
}

static void fio_command(const struct vmmio_load *b, const char *column, unsigned int depth, FILE *f)
{
	char node[32];

	fprintf(f, "/tmp/fioload \"$%s\" %u %llu %u %s",
		vmmio_column_var("node_", column, node, sizeof(node)), depth,
		(unsigned long long)b->count * b->bs, b->bs, b->rw);
}

const struct vmmio_kind vmmio_kind_fio = {
	.name = "fio",
	.disk = true,
	.prefix = "fio-",
	.deep = true,
	.image = "../arch/fio/initrd.cpio",
	.devices = devices,
	.prepare = fio_prepare,
	.command = fio_command,
	.finish = finish,
	.check = check,
};

const struct vmmio_kind vmmio_kind_block = {
	.name = "block",
	.disk = true,
	.deep = true,
	.hosted = true,
	.devices = devices,
	.prepare = prepare,
	.command = command,
	.finish = finish,
	.check = check,
	.host_check = layer_check,
};

/* --- virtio-scsi, in a bench host --- */

static void scsi_devices(const struct vmmio_load *b, const struct vmmio_device *d,
			 const char *column, struct vmmio_args *a)
{
	char more[96];

	if (d->vhost) {
		snprintf(more, sizeof(more), "virtqueue_size=%u,num_queues=%u,wwpn=" WWPN,
			 d->queue_size, d->queues, vmmio_kind_number(b, column));
		vmmio_kind_device("vhost-scsi", column, d, more, a);
		return;
	}
	snprintf(more, sizeof(more), "id=scsi-%s,virtqueue_size=%u,num_queues=%u", column,
		 d->queue_size, d->queues);
	vmmio_kind_device("scsi", column, d, more, a);
	vmmio_args_add(a, "-blockdev");
	vmmio_args_addf(a, "null-co,node-name=%s,size=%llu,read-zeroes=on", column, DISK_BYTES);
	vmmio_args_add(a, "-device");
	vmmio_args_addf(a, "scsi-hd,bus=scsi-%s.0,drive=%s", column, column);
}

static void scsi_prepare(const struct vmmio_load *b, FILE *f)
{
	prepare_disks(b, "load_scsi", "scsi_on", "/sys/block/sd*", f);
}

/* Disks of the host's kernel that answer at once, as null-co does. */
static void scsi_before(const struct vmmio_load *b, bool vhost, FILE *f)
{
	if (!vhost)
		return;
	fputs("load_vhost_scsi\n", f);
	for (size_t i = 0; i < b->ncolumns; i++)
		fprintf(f, "null_lun " WWPN " %llu\n", (unsigned int)i + 1, DISK_BYTES >> 12);
}

const struct vmmio_kind vmmio_kind_scsi = {
	.name = "scsi",
	.disk = true,
	.prefix = "scsi-",
	.deep = true,
	.hosted = true,
	.hosted_only = true,
	.devices = scsi_devices,
	.prepare = scsi_prepare,
	.command = command,
	.finish = finish,
	.host_before = scsi_before,
	.host_check = layer_check,
};
