// SPDX-License-Identifier: GPL-2.0-only
/*
 * Script and checks of a boot that loads virtio disks (blk.h). Rounds are
 * interleaved: forward through depths and columns, then backward, so that a
 * drift of the machine falls on all alike.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "blk.h"
#include "rounds.h"

const char *const vmmio_columns[VMMIO_COLUMNS] = {"mmio", "pci-intx", "pci-msix"};

void vmmio_blk_order(unsigned int boot, const char *out[VMMIO_COLUMNS])
{
	static const unsigned char order[6][VMMIO_COLUMNS] = {
		{0, 1, 2}, {2, 1, 0}, {1, 2, 0}, {0, 2, 1}, {2, 0, 1}, {1, 0, 2},
	};

	for (int i = 0; i < VMMIO_COLUMNS; i++)
		out[i] = vmmio_columns[order[boot % 6][i]];
}

/* What every boot begins with: the helpers of the script below. */
static const char preamble[] =
	"set -eu\n"
	"info()\n"
	"{\n"
	"	_disk=$(basename \"$2\")\n"
	"	set -- \"$1\" \"$3\" \"$(cat \"/sys/block/$_disk/queue/max_segments\")\" "
	"$(cat \"/sys/block/$_disk/stat\")\n"
	"	printf '@info {\"disks\":{\"%s\":{\"max_segments\":%s,\"%s\":"
	"{\"reads\":%s,\"writes\":%s,\"merged\":%s}}}}\\n' "
	"\"$1\" \"$3\" \"$2\" \"$4\" \"$8\" \"$(($5 + $9))\"\n"
	"}\n"
	"round()\n"
	"{\n"
	"	printf '@round {\"kind\":\"%s\",\"round\":%s,\"depth\":%s,\"column\":\"%s\","
	"\"ios\":%s,\"labels\":\"%s\"}\\n' \"$1\" \"$2\" \"$3\" \"$4\" \"$6\" \"$7\"\n"
	"	_st=0\n"
	"	_wrap=$witnesses\n"
	"	[ \"$1\" = count ] || _wrap=''\n"
	"	$_wrap blkload --depth \"$3\" --count \"$6\" --block-size \"$8\" --rw \"$9\" "
	"\"$5\" || _st=$?\n"
	"	printf '@end %s\\n' \"$_st\"\n"
	"}\n";

static void name_of(const char *column, char *buf, size_t len)
{
	snprintf(buf, len, "node_%s", column);
	for (char *p = buf; *p; p++)
		if (*p == '-')
			*p = '_';
}

static void print_round(FILE *f, const struct vmmio_blk *b, unsigned int round, unsigned int depth,
			const char *column)
{
	static const char *const kinds[2] = {"count", "time"};
	char node[32];

	name_of(column, node, sizeof(node));
	for (unsigned int k = 0; k < 2; k++) {
		const char *kind = kinds[k ^ (round & 1)]; /* which comes first alternates */

		if (!strcmp(kind, "time") && !b->timing)
			continue;
		fprintf(f, "round %s %u %u %s \"$%s\" %u '%s%stransport=%s depth=%u' %u %s\n", kind,
			round, depth, column, node, b->count, b->labels, b->labels[0] ? " " : "",
			column, depth, b->bs, b->rw);
	}
}

static const char epilogue[] =
	"printf '@info {\"guest\":{\"kernel\":\"%s\",\"clocksource\":\"%s\"}}\\n' \"$(uname -r)\" "
	"\"$(cat /sys/devices/system/clocksource/clocksource0/current_clocksource)\"\n";

char *vmmio_blk_script(const struct vmmio_blk *b)
{
	size_t size, cells = b->ndepths * b->ncolumns;
	char *text = NULL, node[32];
	FILE *f = open_memstream(&text, &size);

	if (!f)
		return NULL;
	fputs(preamble, f);
	if (!strcmp(b->driver, "mainline"))
		/* it has no counters of its own */
		fputs("witnesses='vmmio-stat --json --'\nload_mainline\n", f);
	else
		fprintf(f,
			"witnesses='vmmio-stat --source bpf --json=full -- "
			"vmmio-stat --source sysfs --json --'\n"
			"load_vmmio claim=all queue_size=%u %s\n",
			b->queue_size, b->driver_args);
	if (b->setup)
		fputs(b->setup, f);
	fprintf(f, "load_blk\nwait_blk %zu\n", b->ncolumns);
	for (size_t i = 0; i < b->ncolumns; i++) {
		name_of(b->columns[i], node, sizeof(node));
		fprintf(f, "%s=$(blk_on %s)\n", node, b->columns[i]);
		/* a scheduler could merge requests, and one I/O is to be one buffer */
		fprintf(f, "echo none >\"/sys/block/$(basename \"$%s\")/queue/scheduler\"\n", node);
		fprintf(f, "info %s \"$%s\" before\n", b->columns[i], node);
	}
	for (unsigned int r = 0; r < b->rounds; r++) {
		for (size_t i = 0; i < cells; i++) {
			size_t c = r & 1 ? cells - 1 - i : i;

			print_round(f, b, r, b->depths[c / b->ncolumns],
				    b->columns[c % b->ncolumns]);
		}
	}
	for (size_t i = 0; i < b->ncolumns; i++) {
		name_of(b->columns[i], node, sizeof(node));
		fprintf(f, "info %s \"$%s\" after\n", b->columns[i], node);
	}
	fputs(epilogue, f);
	if (fclose(f)) {
		free(text);
		return NULL;
	}
	return text;
}

void vmmio_check_add(json_t *checks, int boot, const char *name, bool ok, const char *fmt, ...)
{
	char text[256];
	json_t *c;
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	c = json_pack("{s:s, s:b, s:s}", "name", name, "ok", ok, "text", text);
	if (c && boot >= 0)
		json_object_set_new(c, "boot", json_integer(boot));
	json_array_append_new(checks, c);
}

bool vmmio_checks_ok(const json_t *checks)
{
	size_t i;
	json_t *c;

	json_array_foreach(checks, i, c)
		if (!json_is_true(json_object_get(c, "ok")))
			return false;
	return true;
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

void vmmio_blk_check_device(const struct vmmio_blk *b, int boot, const json_t *rows,
			    const json_t *info, const struct vmmio_guest_result *r, json_t *checks)
{
	for (size_t i = 0; i < b->ncolumns; i++) {
		const char *column = b->columns[i];
		const struct vmmio_guest_drive *d = vmmio_guest_column(r, column);
		long long before = layer_ios(info, column, "before");
		long long after = layer_ios(info, column, "after");
		long long sent = 0,
			  device = d ? (long long)(d->rd_operations + d->wr_operations) : -1;
		bool short_round = false;
		size_t k;
		json_t *row;

		json_array_foreach(rows, k, row) {
			const json_t *ios = json_object_get(json_object_get(row, "load"), "ios");

			if (json_integer_value(json_object_get(row, "boot")) != boot ||
			    strcmp(json_string_value(json_object_get(row, "column")), column))
				continue;
			sent += json_integer_value(ios);
			if (json_integer_value(ios) !=
			    json_integer_value(json_object_get(row, "ios")))
				short_round = true;
		}
		vmmio_check_add(checks, boot, "all I/Os done", !short_round,
				"%s: %lld I/Os by the load generator", column, sent);
		vmmio_check_add(
			checks, boot, "device side",
			d && before >= 0 && device == after && device == before + sent &&
				!d->failed,
			"%s: the device served %lld I/Os, the guest completed %lld, %lld of them "
			"before and %lld in the rounds",
			column, device, after, before, sent);
	}
}

/* The same setting of all columns; a check says if they differ. */
static json_t *equal_setting(const json_t *values, const char *name, json_t *checks)
{
	const json_t *first = NULL;
	bool equal = json_object_size(values) > 0;
	const char *column;
	json_t *v;
	char *text;

	json_object_foreach((json_t *)values, column, v) {
		if (!first)
			first = v;
		if (json_is_null(v) || !json_equal(v, first))
			equal = false;
	}
	text = equal ? json_dumps(first, JSON_ENCODE_ANY) : json_dumps(values, 0);
	vmmio_check_add(checks, -1, "equal settings", equal, "%s%s: %s", name,
			equal ? "" : " differs or is unknown", text ? text : "?");
	free(text);
	return (json_t *)values;
}

/* Add @v for @column; a second, different value makes it null: not one setting. */
static void note(json_t *values, const char *column, json_t *v)
{
	json_t *have = json_object_get(values, column);

	if (!v)
		v = json_null();
	if (!have)
		json_object_set(values, column, v);
	else if (!json_equal(have, v))
		json_object_set_new(values, column, json_null());
}

json_t *vmmio_blk_equal(const json_t *rows, const json_t *infos, json_t *checks)
{
	json_t *ring = json_object(), *seg = json_object(), *feat = json_object();
	json_t *evfd = json_object(), *row, *r, *info, *disk;
	const char *column;
	size_t i, k;

	json_array_foreach(rows, i, row) {
		column = json_string_value(json_object_get(row, "column"));
		if (!json_object_get(row, "stat"))
			continue;
		json_array_foreach(json_object_get(json_object_get(row, "stat"), "rows"), k, r) {
			if (!vmmio_rounds_row_is(r, column))
				continue;
			if (!json_is_null(json_object_get(r, "queue")))
				note(ring, column, json_object_get(r, "ring_size"));
			else
				note(feat, column, json_object_get(r, "features"));
		}
	}
	json_array_foreach(infos, i, info) {
		json_object_foreach(json_object_get(info, "disks"), column, disk) {
			note(seg, column, json_object_get(disk, "max_segments"));
			json_object_set(evfd, column, json_object_get(info, "ioeventfd"));
		}
	}
	return json_pack("{s:o, s:o, s:o, s:o}", "ring_size",
			 equal_setting(ring, "ring size", checks), "max_segments",
			 equal_setting(seg, "max_segments", checks), "features",
			 equal_setting(feat, "features", checks), "ioeventfd",
			 equal_setting(evfd, "ioeventfd", checks));
}
