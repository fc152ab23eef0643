// SPDX-License-Identifier: GPL-2.0-only
/*
 * Reads the result channel of a boot, and checks its rounds without statistics: losses, and whether
 * the witnesses agree.
 */
#include <errno.h>
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "rounds.h"

static int take_json(const char *line, size_t n, json_t **out)
{
	*out = json_loadb(line, n, JSON_REJECT_DUPLICATES, NULL);
	if (!json_is_object(*out)) {
		json_decref(*out);
		*out = NULL;
		return -EPROTO;
	}
	return 0;
}

static bool starts(const char *line, size_t n, const char *word)
{
	size_t w = strlen(word);

	return n >= w && !memcmp(line, word, w);
}

/* Counted, timed with nothing attached, or timed under one of the two of vmmio-layers. */
static bool is_kind(const char *kind)
{
	return !strcmp(kind, "count") || !strcmp(kind, "time") || !strcmp(kind, "layers") ||
	       !strcmp(kind, "calls");
}

static int open_round(const char *line, size_t n, int boot, json_t *rows, json_t **row)
{
	const char *kind, *column, *labels;
	int round, depth, ios;

	if (take_json(line, n, row))
		return -EPROTO;
	if (json_unpack(*row, "{s:s, s:i, s:i, s:s, s:i, s:s}", "kind", &kind, "round", &round,
			"depth", &depth, "column", &column, "ios", &ios, "labels", &labels) ||
	    !is_kind(kind) || depth < 1 || ios < 1) {
		json_decref(*row);
		*row = NULL;
		return -EPROTO;
	}
	json_object_set_new(*row, "boot", json_integer(boot));
	json_object_set_new(*row, "seq", json_integer(json_array_size(rows)));
	return 0;
}

/* What was not known, and what can be computed from the counters, is left out. */
static void strip(json_t *stat)
{
	json_t *row, *counters, *v;
	const char *key;
	void *tmp;
	size_t i;

	json_array_foreach(json_object_get(stat, "rows"), i, row) {
		json_object_del(row, "fields");
		counters = json_object_get(row, "counters");
		json_object_foreach_safe(counters, tmp, key, v)
			if (json_is_null(v))
				json_object_del(counters, key);
	}
}

/* What a load of ours would have said, from fio's report; NULL if it is not whole. */
static json_t *from_fio(const json_t *j)
{
	static const char *const ways[] = {"read", "write"};
	json_t *job = json_array_get(json_object_get(j, "jobs"), 0), *out = NULL;
	const char *version;
	int error;

	if (json_unpack((json_t *)j, "{s:s}", "fio version", &version) ||
	    json_unpack(job, "{s:i}", "error", &error))
		return NULL;
	for (int i = 0; i < 2; i++) {
		json_int_t ios, bytes, ms, p50, p99;
		double mean;

		if (json_unpack(job, "{s:{s:I, s:I, s:I, s:{s:F, s:{s:I, s:I}}}}", ways[i],
				"total_ios", &ios, "io_bytes", &bytes, "runtime", &ms, "clat_ns",
				"mean", &mean, "percentile", "50.000000", &p50, "99.000000",
				&p99) ||
		    !ios)
			continue;
		out = json_pack("{s:s, s:s, s:s, s:I, s:I, s:i, s:I, s:I, s:I, s:f}", "tool", "fio",
				"version", version, "rw", ways[i], "ios", ios, "bytes", bytes,
				"errors", error, "elapsed_ns", ms * 1000000, "p50_ns", p50,
				"p99_ns", p99, "mean_ns", mean);
	}
	return out;
}

/* Which of its programs said this: the load, or one of the two that count. */
static void take_report(json_t *row, json_t *j)
{
	if (json_object_get(j, "fio version")) {
		json_t *load = from_fio(j);

		json_decref(j);
		if (load)
			json_object_set_new(row, "load", load);
		return;
	}
	if (!json_object_get(j, "rows")) {
		json_object_set_new(row, "load", j);
		return;
	}
	strip(j);
	json_object_set_new(row, json_object_get(row, "driver") ? "stat" : "driver", j);
}

static bool from_sysfs(const json_t *report)
{
	const char *source = json_string_value(json_object_get(report, "source"));

	return source && !strcmp(source, "sysfs");
}

/*
 * Mainline keeps no counters: what vmmio-stat sees of it has no second witness but QEMU. A
 * count that there is must agree, whatever the label says.
 */
static bool one_witness(const json_t *row)
{
	const char *labels = json_string_value(json_object_get(row, "labels"));

	return labels && strstr(labels, "driver=mainline ") && !json_object_get(row, "driver");
}

/*
 * A counting round needs both witnesses, a timing round the load alone. Where the guest's
 * host is the second (@info), the driver's own counters stand for the guest.
 */
static int close_round(json_t *row, int status, const json_t *info, char *why, size_t len)
{
	const char *second = json_string_value(json_object_get(info, "second_witness"));
	bool counting = !strcmp(json_string_value(json_object_get(row, "kind")), "count");
	const char *labels = json_string_value(json_object_get(row, "labels"));

	json_object_set_new(row, "status", json_integer(status));
	if (!json_object_get(row, "stat") && json_object_get(row, "driver") &&
	    (!from_sysfs(json_object_get(row, "driver")) || (second && !strcmp(second, "host")))) {
		json_object_set(row, "stat", json_object_get(row, "driver"));
		json_object_del(row, "driver");
	}
	if (status) {
		snprintf(why, len, "a round failed in the guest with status %d (%s)", status,
			 labels);
		return -EIO;
	}
	if (!json_object_get(row, "load") || (counting && !json_object_get(row, "stat"))) {
		snprintf(why, len, "a round came without the report of %s (%s)",
			 json_object_get(row, "load") ? "vmmio-stat" : "the load", labels);
		return -EPROTO;
	}
	return 0;
}

int vmmio_rounds_parse(const char *text, int boot, json_t *rows, json_t *info, char *why,
		       size_t len)
{
	json_t *row = NULL, *j;
	int line_no = 0, err = 0;
	size_t n;

	for (const char *p = text; *p && !err; p += n + (p[n] == '\n')) {
		n = strcspn(p, "\n");
		line_no++;
		if (starts(p, n, "@round ")) {
			err = row ? -EPROTO : open_round(p + 7, n - 7, boot, rows, &row);
		} else if (starts(p, n, "@end ")) {
			if (!row) {
				err = -EPROTO;
				break;
			}
			err = close_round(row, atoi(p + 5), info, why, len);
			json_array_append_new(rows, row);
			row = NULL;
			if (err)
				return err;
		} else if (starts(p, n, "@info ")) {
			err = take_json(p + 6, n - 6, &j);
			if (!err)
				json_object_update_recursive(info, j);
			json_decref(j);
		} else if (starts(p, n, "{")) {
			err = row ? take_json(p, n, &j) : -EPROTO;
			if (!err)
				take_report(row, j);
		}
		/* anything else is chatter of the guest's programs */
	}
	if (!err && row) {
		snprintf(why, len, "the last round did not end");
		json_decref(row);
		return -EPROTO;
	}
	if (err) {
		json_decref(row);
		snprintf(why, len, "line %d of the guest's report is malformed", line_no);
	}
	return err;
}

bool vmmio_rounds_row_of(const json_t *round, const json_t *stat_row)
{
	const char *column = json_string_value(json_object_get(round, "column"));
	const char *device = json_string_value(json_object_get(round, "device"));
	const char *name = json_string_value(json_object_get(stat_row, "device"));
	const char *transport = json_string_value(json_object_get(stat_row, "transport"));
	const char *mode = json_string_value(json_object_get(stat_row, "irq_mode"));

	if (device && *device)
		return name && !strcmp(name, device);
	if (!transport || !mode || !column)
		return false;
	if (!strncmp(column, "mmio", 4))
		return !strcmp(transport, "mmio");
	if (strcmp(transport, "pci"))
		return false;
	return strcmp(column, "pci-intx") ? !strncmp(mode, "msix", 4) : !strcmp(mode, "intx");
}

static double number(const json_t *obj, const char *key)
{
	const json_t *v = json_object_get(obj, key);

	return json_is_number(v) ? json_number_value(v) : NAN;
}

long long vmmio_rounds_lost(const json_t *rows)
{
	long long lost = 0;
	size_t i;
	json_t *row;

	json_array_foreach(rows, i, row) {
		const json_t *stat = json_object_get(row, "stat");
		const json_t *v = json_object_get(stat, "events_lost");

		if (!stat)
			continue;
		if (!json_is_integer(v))
			return -1;
		lost += json_integer_value(v);
	}
	return lost;
}

/* The counters both kept of the loaded device, added up over its rows; NAN if it has none. */
static double witness(const json_t *row, const char *who, const char *key, bool queues)
{
	const json_t *stat = json_object_get(row, who);
	bool seen = false;
	double sum = 0;
	size_t i;
	json_t *r;

	json_array_foreach(json_object_get(stat, "rows"), i, r) {
		if (!vmmio_rounds_row_of(row, r) ||
		    json_is_null(json_object_get(r, "queue")) == queues)
			continue;
		seen = true;
		sum += number(json_object_get(r, "counters"), key);
	}
	return seen ? sum : NAN;
}

static void count_text(double v, char *buf, size_t len)
{
	snprintf(buf, len, isnan(v) ? "-" : "%.0f", v);
}

bool vmmio_rounds_agree(const json_t *rows, char *text, size_t len)
{
	static const struct {
		const char *key;
		bool queues;
	} both[] = {{"kicks", true}, {"irqs", false}, {"accesses", false}};
	double total = 0;
	size_t i, k, alone = 0, rounds = 0;
	const char *source = "?";
	json_t *row;

	json_array_foreach(rows, i, row) {
		const json_t *stat = json_object_get(row, "stat");

		if (!stat)
			continue;
		rounds++;
		if (one_witness(row)) {
			alone++;
			continue;
		}
		source = json_string_value(json_object_get(stat, "source"));
		if (from_sysfs(stat)) {
			snprintf(text, len,
				 "both counts of a round are the driver's own: vmmio-stat had no "
				 "probes (%s)",
				 json_string_value(json_object_get(row, "labels")));
			return false;
		}
		for (k = 0; k < sizeof(both) / sizeof(both[0]); k++) {
			double a = witness(row, "stat", both[k].key, both[k].queues);
			double b = witness(row, "driver", both[k].key, both[k].queues);

			if (!(a == b)) {
				char x[32], y[32];

				count_text(a, x, sizeof(x));
				count_text(b, y, sizeof(y));
				snprintf(text, len,
					 "%s of a round: %s by %s, %s by the driver (%s)",
					 both[k].key, x, source ? source : "?", y,
					 json_string_value(json_object_get(row, "labels")));
				return false;
			}
			total += a;
		}
	}
	if (alone == rounds && rounds) {
		snprintf(text, len,
			 "%zu rounds of a driver that keeps no counters: no second witness in the "
			 "guest",
			 alone);
		return true;
	}
	snprintf(text, len,
		 "%.0f kicks, interrupts and accesses by %s and by the driver's own counters",
		 total, source ? source : "?");
	if (alone)
		snprintf(text + strlen(text), len - strlen(text),
			 "; %zu rounds of a driver that keeps none", alone);
	return total > 0;
}

/* One line of any length, without its end; NULL at the end of the file, or for want of memory. */
static char *read_line(gzFile gz)
{
	size_t n = 0, room = 1 << 14;
	char *line = malloc(room), *more;

	while (line && gzgets(gz, line + n, room - n)) {
		n += strlen(line + n);
		if (n && line[n - 1] == '\n') {
			line[n - 1] = '\0';
			return line;
		}
		if (n + 1 < room)
			continue; /* the last line has no end */
		more = realloc(line, room *= 2);
		if (!more)
			break;
		line = more;
	}
	if (n)
		return line;
	free(line);
	return NULL;
}

json_t *vmmio_rounds_load(const char *folder, char *why, size_t len)
{
	static const char *const names[] = {"rounds.jsonl", "rounds.jsonl.gz"};
	json_t *rows = json_array(), *row;
	char path[PATH_MAX], *line;
	gzFile gz = NULL;
	bool ok = true;

	for (int i = 0; i < 2 && !gz; i++)
		if (snprintf(path, sizeof(path), "%s/%s", folder, names[i]) < (int)sizeof(path))
			gz = gzopen(path, "rb");
	if (!gz) {
		snprintf(why, len, "no rounds.jsonl: %s", strerror(errno));
		json_decref(rows);
		return NULL;
	}
	while (ok && (line = read_line(gz))) {
		row = json_loads(line, 0, NULL);
		ok = json_is_object(row);
		json_array_append_new(rows, row);
		free(line);
	}
	if (!ok || gzclose(gz) != Z_OK) {
		snprintf(why, len, "rounds.jsonl: %s",
			 ok ? "cut short" : "a line that is not JSON");
		if (!ok)
			gzclose(gz);
		json_decref(rows);
		return NULL;
	}
	return rows;
}

/* What zlib could not write, and why: a full disk says so in errno. */
static int not_written(void)
{
	return errno ? -errno : -EIO;
}

int vmmio_rounds_write(const char *path, const json_t *rows)
{
	json_t *row;
	gzFile gz;
	size_t i;
	int err = 0;

	errno = 0;
	gz = gzopen(path, "wb9");
	if (!gz)
		return errno ? -errno : -ENOMEM;
	json_array_foreach(rows, i, row) {
		char *line = json_dumps(row, JSON_COMPACT | VMMIO_REAL_DIGITS);

		errno = 0;
		if (!line)
			err = err ?: -ENOMEM;
		else if (gzputs(gz, line) < 0 || gzputc(gz, '\n') < 0)
			err = err ?: not_written();
		free(line);
	}
	errno = 0;
	if (gzclose(gz) != Z_OK)
		err = err ?: not_written();
	return err;
}
