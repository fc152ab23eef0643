// SPDX-License-Identifier: GPL-2.0-only
/*
 * See report.h.
 */
#include <string.h>

#include "lib/json.h"
#include "report.h"

static const struct vmmio_row *row_of(const struct vmmio_advise_report *r, size_t i)
{
	return &r->d->rows[r->rows[i].facts.row];
}

static bool has_unknown(const struct vmmio_advise_row *x)
{
	unsigned int id;

	for (id = 0; id < VMMIO_ADVISE_RULE_COUNT; id++)
		if (x->advice[id].state == VMMIO_ADVISE_NOT_KNOWN)
			return true;
	return false;
}

/* Rules that could not be judged, and why, if it is one. */
static void print_unknown(const struct vmmio_advise_row *x, FILE *out)
{
	const char *reason = NULL;
	unsigned int id, n = 0;

	for (id = 0; id < VMMIO_ADVISE_RULE_COUNT; id++) {
		if (x->advice[id].state != VMMIO_ADVISE_NOT_KNOWN)
			continue;
		fprintf(out, "%s%s", n++ ? ", " : "not judged: ", vmmio_advise_rules[id].name);
		reason = reason ? reason : x->advice[id].numbers;
	}
	if (n == 1)
		fprintf(out, " (%s)", reason);
}

static void print_row(const struct vmmio_advise_report *r, size_t i, FILE *out)
{
	const struct vmmio_advise_row *x = &r->rows[i];
	const struct vmmio_row *row = row_of(r, i);
	char queue[48] = "*", note[128];
	unsigned int id;

	if (row->info.kind == VMMIO_SLOT_QUEUE)
		snprintf(queue, sizeof(queue), "%u:%s", row->info.queue, row->info.queue_name);
	for (id = 0; id < VMMIO_ADVISE_RULE_COUNT; id++)
		if (x->advice[id].state == VMMIO_ADVISE_FIRES)
			fprintf(out, "%-9s %-14s %s: %s%s%s\n", row->info.device, queue,
				vmmio_advise_rules[id].name, x->advice[id].numbers,
				x->advice[id].command[0] ? ": " : "", x->advice[id].command);
	if (x->fires && !has_unknown(x))
		return;
	fprintf(out, "%-9s %-14s ", row->info.device, queue);
	if (x->fires) {
		print_unknown(x, out);
		fputc('\n', out);
		return;
	}
	if (vmmio_advise_idle(&x->facts)) {
		fprintf(out, "too little happened to judge it\n");
		return;
	}
	vmmio_advise_note(&x->facts, note, sizeof(note));
	if (has_unknown(x)) {
		print_unknown(x, out);
		fputs("; of the other rules: ", out);
	}
	fprintf(out, "nothing to gain%s%s\n", note[0] ? ": " : "", note);
}

/* Is a setting advised that "try" could try? */
static bool has_setting(const struct vmmio_advise_row *x)
{
	unsigned int id;

	for (id = 0; id < VMMIO_ADVISE_RULE_COUNT; id++)
		if (x->advice[id].state == VMMIO_ADVISE_FIRES &&
		    !strncmp(x->advice[id].command, "vmmio-ctl set ", 14))
			return true;
	return false;
}

void vmmio_advise_table(const struct vmmio_advise_report *r, FILE *out)
{
	bool setting = false;
	size_t i;

	fprintf(out, "vmmio-stat advise: %s, accelerator %s, %.1f s\n", r->engine, r->env->accel,
		r->seconds);
	if (r->env->emulated)
		fprintf(out,
			"%s: what depends on scheduling or time is not judged, ring sizes among "
			"it\n",
			vmmio_env_emulated_text(r->env));
	fprintf(out, "%-9s %-14s %s\n", "DEVICE", "VQ", "ADVICE");
	for (i = 0; i < r->n; i++)
		print_row(r, i, out);
	for (i = 0; i < r->n; i++)
		setting |= has_setting(&r->rows[i]);
	if (setting)
		fputs("To see first what it changes: vmmio-ctl try DEVICE SETTINGS -- COMMAND "
		      "(A B B A, undone at the end)\n",
		      out);
}

static void json_rules(struct vmmio_json *j, const struct vmmio_advise_row *x)
{
	static const char *const states[] = {
		[VMMIO_ADVISE_QUIET] = "quiet",
		[VMMIO_ADVISE_NOT_KNOWN] = "unknown",
		[VMMIO_ADVISE_FIRES] = "fires",
	};
	unsigned int id;

	vmmio_json_open(j, "rules", '[');
	for (id = 0; id < VMMIO_ADVISE_RULE_COUNT; id++) {
		const struct vmmio_advice *a = &x->advice[id];

		if (a->state == VMMIO_ADVISE_NOT_ASKED)
			continue;
		vmmio_json_open(j, NULL, '{');
		vmmio_json_text(j, "rule", vmmio_advise_rules[id].name);
		vmmio_json_text(j, "state", states[a->state]);
		if (a->numbers[0])
			vmmio_json_text(j, "why", a->numbers);
		else
			vmmio_json_null(j, "why");
		if (a->command[0])
			vmmio_json_text(j, "command", a->command);
		else
			vmmio_json_null(j, "command");
		vmmio_json_close(j, '}');
	}
	vmmio_json_close(j, ']');
}

void vmmio_advise_json(const struct vmmio_advise_report *r,
		       void (*identity)(struct vmmio_json *j, const struct vmmio_row *x), FILE *out)
{
	struct vmmio_json j = {.out = out};
	char note[128];
	size_t i;

	vmmio_json_open(&j, NULL, '{');
	vmmio_json_u64(&j, "schema", 1);
	vmmio_json_text(&j, "tool", "vmmio-stat advise");
	vmmio_json_text(&j, "accel", r->env->accel);
	vmmio_json_bool(&j, "emulated", r->env->emulated);
	vmmio_json_text(&j, "source", r->engine);
	vmmio_json_double(&j, "interval_s", r->seconds);
	vmmio_json_open(&j, "rows", '[');
	for (i = 0; i < r->n; i++) {
		vmmio_json_open(&j, NULL, '{');
		identity(&j, row_of(r, i));
		vmmio_json_bool(&j, "judged", !vmmio_advise_idle(&r->rows[i].facts));
		vmmio_json_u64(&j, "fires", r->rows[i].fires);
		vmmio_advise_note(&r->rows[i].facts, note, sizeof(note));
		if (note[0])
			vmmio_json_text(&j, "note", note);
		else
			vmmio_json_null(&j, "note");
		json_rules(&j, &r->rows[i]);
		vmmio_json_close(&j, '}');
	}
	vmmio_json_close(&j, ']');
	vmmio_json_close(&j, '}');
	fputc('\n', out);
}

void vmmio_advise_list(FILE *out)
{
	unsigned int id;

	fputs("| rule | it fires when | what to do |\n|---|---|---|\n", out);
	for (id = 0; id < VMMIO_ADVISE_RULE_COUNT; id++)
		fprintf(out, "| `%s` | %s | %s |\n", vmmio_advise_rules[id].name,
			vmmio_advise_rules[id].when, vmmio_advise_rules[id].what);
}
