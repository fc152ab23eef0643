// SPDX-License-Identifier: GPL-2.0-only
/*
 * Script and checks of a boot that loads virtio devices (load.h). Rounds are
 * interleaved: forward through depths and columns, then backward, so that a
 * drift of the machine falls on all alike.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "load.h"
#include "lib/embed.h"
#include "bench/data/rounds.h"

const char *const vmmio_columns[VMMIO_COLUMNS] = {"mmio", "pci-intx", "pci-msix"};

void vmmio_load_order(unsigned int boot, const char *out[VMMIO_COLUMNS])
{
	static const unsigned char order[6][VMMIO_COLUMNS] = {
		{0, 1, 2}, {2, 1, 0}, {1, 2, 0}, {0, 2, 1}, {2, 0, 1}, {1, 0, 2},
	};

	for (int i = 0; i < VMMIO_COLUMNS; i++)
		out[i] = vmmio_columns[order[boot % 6][i]];
}

const char *vmmio_column_bus(const char *column)
{
	return strcmp(column, "mmio-legacy") ? column : "mmio";
}

const char *vmmio_column_var(const char *prefix, const char *column, char *buf, size_t len)
{
	snprintf(buf, len, "%s%s", prefix, column);
	for (char *p = buf; *p; p++)
		if (*p == '-')
			*p = '_';
	return buf;
}

/* What every boot begins with: the helper of the script below. */
VMMIO_EMBED(vmmio_round_text, "round.sh");

static const struct vmmio_kind *kind_of(const struct vmmio_load *b)
{
	return b->kind ? b->kind : &vmmio_kind_block;
}

static void print_round(FILE *f, const struct vmmio_load *b, unsigned int round, unsigned int depth,
			const char *column, const char *kind, const char *apart)
{
	char dev[32];

	vmmio_column_var("dev_", column, dev, sizeof(dev));
	if (apart)
		fprintf(f, "%s\n", apart);
	if (kind_of(b)->select)
		kind_of(b)->select(b, column, f);
	fprintf(f, "round %s %u %u %s %u '%s%stransport=%s depth=%u' \"$%s\" ", kind, round, depth,
		column, b->count, b->labels, b->labels[0] ? " " : "", column, depth, dev);
	kind_of(b)->command(b, column, depth, f);
	fputc('\n', f);
	if (apart)
		fprintf(f, "%s\n", apart);
}

/*
 * Forward through the cells, then backward. Of two kinds (@second may be NULL) which
 * comes first alternates. @apart is a line around each of the first kind, may be NULL.
 */
static void print_rounds(FILE *f, const struct vmmio_load *b, const char *first, const char *second,
			 const char *apart)
{
	size_t cells = b->ndepths * b->ncolumns;

	for (unsigned int r = 0; r < b->rounds; r++) {
		for (size_t i = 0; i < cells; i++) {
			size_t c = r & 1 ? cells - 1 - i : i;
			unsigned int depth = b->depths[c / b->ncolumns];
			const char *column = b->columns[c % b->ncolumns];

			if (second && (r & 1))
				print_round(f, b, r, depth, column, second, NULL);
			print_round(f, b, r, depth, column, first, apart);
			if (second && !(r & 1))
				print_round(f, b, r, depth, column, second, NULL);
		}
	}
}

char *vmmio_load_script(const struct vmmio_load *b)
{
	const struct vmmio_kind *kind = kind_of(b);
	size_t size;
	char *text = NULL, dev[32];
	FILE *f = open_memstream(&text, &size);

	if (!f)
		return NULL;
	fputs(vmmio_round_text, f);
	if (b->host_counts)
		fputs("printf '@info {\"second_witness\":\"host\"}\\n'\n", f);
	if (!strcmp(b->driver, "mainline"))
		/* it has no counters of its own; what of times is shown is the report's choice */
		fputs("witnesses='vmmio-stat --emulated-time --json --'\nload_mainline\n", f);
	else if (b->host_counts)
		fprintf(f,
			"witnesses='vmmio-stat --source sysfs --json --'\n"
			"load_vmmio claim=all queue_size=%u %s\n",
			b->queue_size, b->driver_args);
	else
		fprintf(f,
			"witnesses='vmmio-stat --source bpf --emulated-time --json=full -- "
			"vmmio-stat --source sysfs --json --'\n"
			"load_vmmio claim=all queue_size=%u %s\n",
			b->queue_size, b->driver_args);
	if (b->setup)
		fputs(b->setup, f);
	kind->prepare(b, f);
	for (size_t i = 0; i < b->ncolumns && b->doorbells; i++)
		if (!strncmp(b->columns[i], "pci", 3))
			fprintf(f, "doorbell \"$%s\"\n",
				vmmio_column_var("dev_", b->columns[i], dev, sizeof(dev)));
	if (b->between) {
		print_rounds(f, b, "count", NULL, b->apart);
		fputs(b->between, f);
		if (b->timing)
			print_rounds(f, b, "time", NULL, NULL);
	} else {
		print_rounds(f, b, "count", b->timing ? "time" : NULL, b->apart);
	}
	for (size_t i = 0; i < b->nmore; i++) {
		struct vmmio_load pass = *b;

		if (b->more[i].count)
			pass.count = b->more[i].count;
		fputs(b->more[i].before, f);
		print_rounds(f, &pass, b->more[i].kind, NULL, b->more[i].apart);
	}
	if (kind->finish)
		kind->finish(b, f);
	fputs("guest_info\n", f);
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

long long vmmio_load_done(int boot, const char *column, const json_t *rows, json_t *checks)
{
	bool short_round = false, seen = false;
	long long sent = 0;
	size_t k;
	json_t *row;

	json_array_foreach(rows, k, row) {
		const json_t *ios = json_object_get(json_object_get(row, "load"), "ios");

		if (json_integer_value(json_object_get(row, "boot")) != boot ||
		    strcmp(json_string_value(json_object_get(row, "column")), column))
			continue;
		seen = true;
		sent += json_integer_value(ios);
		if (json_integer_value(ios) != json_integer_value(json_object_get(row, "ios")))
			short_round = true;
	}
	vmmio_check_add(checks, boot, "all I/Os done", seen && !short_round,
			"%s: %lld I/Os by the load generator", column, sent);
	return sent;
}

void vmmio_load_check(const struct vmmio_load *b, int boot, const json_t *rows, const json_t *info,
		      const struct vmmio_guest_result *r, json_t *checks)
{
	for (size_t i = 0; i < b->ncolumns; i++)
		kind_of(b)->check(b, boot, b->columns[i],
				  vmmio_load_done(boot, b->columns[i], rows, checks), rows, info, r,
				  checks);
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

/* Ring sizes of the loaded device's queues in use, one number if they are all the same. */
static json_t *rings_of(const json_t *row)
{
	json_t *all = json_array(), *r, *one;
	bool same = true;
	size_t i;

	json_array_foreach(json_object_get(json_object_get(row, "stat"), "rows"), i, r) {
		json_t *c = json_object_get(r, "counters");

		/* a control queue is smaller on one transport, and idle */
		if (!vmmio_rounds_row_of(row, r) || json_is_null(json_object_get(r, "queue")) ||
		    (!json_integer_value(json_object_get(c, "kicks")) &&
		     !json_integer_value(json_object_get(c, "used_buffers"))))
			continue;
		one = json_object_get(r, "ring_size");
		json_array_append(all, one ? one : json_null());
		same &= json_equal(one, json_array_get(all, 0));
	}
	if (!json_array_size(all) || !same)
		return all;
	one = json_incref(json_array_get(all, 0));
	json_decref(all);
	return one;
}

json_t *vmmio_load_equal(const json_t *rows, const json_t *infos, json_t *checks, json_t *chosen)
{
	json_t *ring = json_object(), *seg = json_object(), *feat = json_object();
	json_t *evfd = json_object(), *row, *r, *info, *device, *all, *value;
	const char *column;
	bool disks = false;
	size_t i, k;

	json_array_foreach(rows, i, row) {
		column = json_string_value(json_object_get(row, "column"));
		if (!json_object_get(row, "stat"))
			continue;
		value = rings_of(row);
		note(ring, column, value);
		json_decref(value);
		json_array_foreach(json_object_get(json_object_get(row, "stat"), "rows"), k, r)
			if (vmmio_rounds_row_of(row, r) &&
			    json_is_null(json_object_get(r, "queue")))
				note(feat, column, json_object_get(r, "features"));
	}
	json_array_foreach(infos, i, info) {
		json_object_foreach(json_object_get(info, "disks"), column, device) {
			disks = true;
			note(seg, column, json_object_get(device, "max_segments"));
			json_object_set(evfd, column, json_object_get(info, "ioeventfd"));
		}
		json_object_foreach(json_object_get(info, "devices"), column, device)
			json_object_set(evfd, column, json_object_get(info, "ioeventfd"));
	}
	all = json_pack("{s:o, s:o, s:o}", "ring_size", equal_setting(ring, "ring size", chosen),
			"features", equal_setting(feat, "features", chosen), "ioeventfd",
			equal_setting(evfd, "ioeventfd", checks));
	if (disks)
		json_object_set_new(all, "max_segments",
				    equal_setting(seg, "max_segments", checks));
	else
		json_decref(seg);
	return all;
}
