// SPDX-License-Identifier: GPL-2.0-only
/*
 * Counting register accesses on the device's side, round by round (devside.h).
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <vmmio/regs.h>
#include "devside.h"
#include "lib/ioline.h"
#include "rounds.h"

#define RESULT_PORT 0x2f8 /* the second serial port: the result channel */

struct counts {
	unsigned long long reads[VMMIO_REG_COUNT], writes[VMMIO_REG_COUNT];
};

static json_t *to_json(const struct counts *c)
{
	json_t *list = json_array();
	json_int_t all = 0;

	for (int i = 0; i < VMMIO_REG_COUNT; i++) {
		json_int_t reads = c->reads[i], writes = c->writes[i];

		all += reads + writes;
		if (reads + writes)
			json_array_append_new(list, json_pack("{s:s, s:I, s:I}", "register",
							      vmmio_io_register_name(i), "reads",
							      reads, "writes", writes));
	}
	return json_pack("{s:I, s:o}", "accesses", all, "registers", list);
}

/* Where in the trace we are. */
struct walk {
	char line[16]; /* what the guest is writing, as much as is needed */
	size_t n;
	bool in_round;
	struct counts c;
	json_t *rounds; /* one object each, in order */
};

static void end_line(struct walk *w)
{
	w->line[w->n] = '\0';
	w->n = 0;
	if (!strncmp(w->line, "@round ", 7)) {
		memset(&w->c, 0, sizeof(w->c));
		w->in_round = true;
	} else if (!strncmp(w->line, "@end ", 5) && w->in_round) {
		json_array_append_new(w->rounds, to_json(&w->c));
		w->in_round = false;
	}
}

static void take(struct walk *w, const struct vmmio_io *io)
{
	enum vmmio_reg reg;

	if (io->addr == RESULT_PORT && io->write && !strcmp(io->region, "serial")) {
		/* a divisor of the line's speed is written there too */
		if (io->value == '\n')
			end_line(w);
		else if (io->value >= ' ' && w->n + 1 < sizeof(w->line))
			w->line[w->n++] = io->value;
		return;
	}
	reg = w->in_round ? vmmio_io_register(io) : VMMIO_REG_COUNT;
	if (reg != VMMIO_REG_COUNT)
		(io->write ? w->c.writes : w->c.reads)[reg]++;
}

int vmmio_devside_take(const char *trace, int boot, json_t *rows, char *why, size_t len)
{
	struct walk w = {.rounds = json_array()};
	size_t i, n = 0;
	json_t *row;
	int err = 0;

	for (const char *p = trace; p && *p; p += n, p += *p == '\n') {
		char line[256]; /* of its own: sscanf() measures all of what it is given */
		struct vmmio_io io;

		n = strcspn(p, "\n");
		snprintf(line, sizeof(line), "%.*s", (int)(n < 255 ? n : 255), p);
		if (vmmio_io_line(line, &io))
			take(&w, &io);
	}
	n = 0;
	json_array_foreach(rows, i, row)
		n += json_integer_value(json_object_get(row, "boot")) == boot;
	if (json_array_size(w.rounds) != n) {
		snprintf(why, len, "QEMU's trace has %zu rounds, the guest told of %zu",
			 json_array_size(w.rounds), n);
		err = -EPROTO;
	}
	n = 0;
	json_array_foreach(rows, i, row) {
		if (err || json_integer_value(json_object_get(row, "boot")) != boot)
			continue;
		if (json_object_get(row, "stat"))
			json_object_set(row, "device_side", json_array_get(w.rounds, n));
		n++;
	}
	json_decref(w.rounds);
	return err;
}

/* A count that is there, or -1: what one side did not say agrees with nothing. */
static json_int_t known(const json_t *obj, const char *key)
{
	const json_t *v = json_object_get(obj, key);

	return json_is_integer(v) ? json_integer_value(v) : -1;
}

/*
 * Accesses of @reg, or of all registers (NULL), in a list of them; @device: only of that one. -1:
 * not known.
 */
static json_int_t accesses(const json_t *list, const char *reg, const char *device)
{
	json_int_t n = 0;
	size_t i;
	json_t *r;

	json_array_foreach(list, i, r) {
		const char *name = json_string_value(json_object_get(r, "register"));
		const char *of = json_string_value(json_object_get(r, "device"));

		if (!name || (reg && strcmp(name, reg)) || (device && (!of || strcmp(of, device))))
			continue;
		if (known(r, "reads") < 0 || known(r, "writes") < 0)
			return -1;
		n += known(r, "reads") + known(r, "writes");
	}
	return n;
}

static bool is_doorbell(const char *reg)
{
	return !strcmp(reg, vmmio_io_register_name(VMMIO_REG_QUEUE_NOTIFY)) ||
	       !strcmp(reg, vmmio_io_register_name(VMMIO_REG_PCI_NOTIFY));
}

/* One round; false with the difference in @text. */
static bool round_agrees(const json_t *row, json_int_t *total, char *text, size_t len)
{
	const json_t *here = json_object_get(json_object_get(row, "device_side"), "registers");
	const json_t *stat = json_object_get(row, "stat"),
		     *there = json_object_get(stat, "registers");
	const char *labels = json_string_value(json_object_get(row, "labels"));
	const char *device = json_string_value(json_object_get(row, "device"));
	json_int_t kicks = 0, bells = 0;
	bool counted = false, seen = false;
	size_t i;
	json_t *r;

	json_array_foreach(json_object_get(stat, "rows"), i, r) {
		const json_t *c = json_object_get(r, "counters");

		if (!vmmio_rounds_row_of(row, r))
			continue;
		if (json_is_null(json_object_get(r, "queue"))) {
			counted |= json_is_integer(json_object_get(c, "accesses"));
			continue;
		}
		seen = true;
		if (kicks >= 0 && known(c, "kicks") >= 0)
			kicks += known(c, "kicks");
		else
			kicks = -1;
	}
	if (!seen || kicks < 0) {
		snprintf(text, len, "kicks of a round are not known to vmmio-stat (%s)", labels);
		return false;
	}
	json_array_foreach(here, i, r) {
		const char *name = json_string_value(json_object_get(r, "register"));
		json_int_t n = accesses(here, name, NULL);

		*total += n;
		if (is_doorbell(name))
			bells += n;
		if (!counted || !device || !*device || n == accesses(there, name, device))
			continue;
		snprintf(text, len,
			 "%s: %lld accesses on the device's side, %lld by vmmio-stat (%s)", name,
			 (long long)n, (long long)accesses(there, name, device), labels);
		return false;
	}
	if (counted && device && *device &&
	    accesses(here, NULL, NULL) != accesses(there, NULL, device)) {
		snprintf(text, len, "%lld accesses on the device's side, %lld by vmmio-stat (%s)",
			 (long long)accesses(here, NULL, NULL),
			 (long long)accesses(there, NULL, device), labels);
		return false;
	}
	if (bells == kicks)
		return true;
	snprintf(text, len, "%lld doorbells on the device's side, %lld kicks by vmmio-stat (%s)",
		 (long long)bells, (long long)kicks, labels);
	return false;
}

bool vmmio_devside_agree(const json_t *rows, char *text, size_t len)
{
	json_int_t total = 0, n = 0;
	size_t i;
	json_t *row;

	text[0] = '\0';
	json_array_foreach(rows, i, row) {
		if (!json_object_get(row, "device_side"))
			continue;
		n++;
		if (!round_agrees(row, &total, text, len))
			return false;
	}
	if (n)
		snprintf(text, len,
			 "%lld register accesses in %lld rounds, by QEMU's trace and by "
			 "vmmio-stat",
			 (long long)total, (long long)n);
	return true;
}
