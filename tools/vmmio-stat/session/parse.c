// SPDX-License-Identifier: GPL-2.0-only
/*
 * Command line of the subcommands that show rows. This file prints usage
 * errors itself, one line that names the option each.
 */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmd.h"
#include "lib/num.h"
#include "parse.h"
#include "tools/vmmio-stat/source/source.h"

#define NS_MIN 1000000ull		  /* 1 ms */
#define NS_MAX (86400ull * 1000000000ull) /* a day */

#define LETTERS 10 /* of the common options, the first so many have one */

/* A narrow terminal drops the last. */
static const int default_fields[] = {
	VMMIO_F_BUFFERS,	  VMMIO_F_IN_FLIGHT,   VMMIO_F_KICKS,	     VMMIO_F_SUPPRESSED,
	VMMIO_F_BUFFERS_PER_KICK, VMMIO_F_IRQS,	       VMMIO_F_USED_PER_IRQ, VMMIO_F_LATENCY_P99,
	VMMIO_F_SPURIOUS,	  VMMIO_F_LATENCY_P50,
};

static void fields_help(void)
{
	int id;

	printf("%-26s %-8s %-12s %-10s %s\n", "FIELD", "HEADING", "UNIT", "CLASS", "MEANING");
	for (id = 0; id < VMMIO_F_COUNT; id++) {
		const struct vmmio_field *f = &vmmio_fields[id];

		printf("%-26s %-8s %-12s %-10s %s\n", f->key, f->heading, f->unit,
		       vmmio_class_names[f->cls], f->meaning);
	}
}

static int usage_error(void)
{
	return 1 + VMMIO_EXIT_USAGE;
}

static int no_field(const char *name, char why[VMMIO_OPT_WHY])
{
	snprintf(why, VMMIO_OPT_WHY, "no field is named '%.64s' (-f help lists them)", name);
	return -ENOENT;
}

static int take_fields(void *target, const char *list, char why[VMMIO_OPT_WHY])
{
	struct vmmio_options *o = target;
	char name[64];
	int id, i;

	if (!strcmp(list, "help")) {
		fields_help();
		return 1;
	}
	o->fields_given = true;
	o->nfields = 0;
	for (list += strspn(list, ","); *list; list += strspn(list, ",")) {
		snprintf(name, sizeof(name), "%.*s", (int)strcspn(list, ","), list);
		list += strcspn(list, ",");
		id = vmmio_field_find(name);
		if (id < 0)
			return no_field(name, why);
		for (i = 0; i < o->nfields; i++) {
			if (o->fields[i] == id) {
				snprintf(why, VMMIO_OPT_WHY, "'%s' is named twice", name);
				return -EEXIST;
			}
		}
		o->fields[o->nfields++] = id;
	}
	snprintf(why, VMMIO_OPT_WHY, "an empty list of fields");
	return o->nfields ? 0 : -EINVAL;
}

static int take_sort(void *target, const char *name, char why[VMMIO_OPT_WHY])
{
	struct vmmio_options *o = target;

	o->sort = vmmio_field_find(name);
	return o->sort < 0 ? no_field(name, why) : 0;
}

static int take_source(void *target, const char *name, char why[VMMIO_OPT_WHY])
{
	struct vmmio_options *o = target;

	o->source = name;
	snprintf(why, VMMIO_OPT_WHY, "no source is named so");
	return strcmp(name, "auto") && !vmmio_source_find(name) ? -ENOENT : 0;
}

static int set_format(struct vmmio_options *o, enum vmmio_format format, char why[VMMIO_OPT_WHY])
{
	snprintf(why, VMMIO_OPT_WHY, "--json, --csv and --textfile exclude each other");
	if (o->format != VMMIO_FORMAT_TABLE && o->format != format)
		return -EINVAL;
	o->format = format;
	return 0;
}

static int take_json(void *target, const char *value, char why[VMMIO_OPT_WHY])
{
	struct vmmio_options *o = target;

	if (value && strcmp(value, "full")) {
		snprintf(why, VMMIO_OPT_WHY, "it is 'full' or nothing");
		return -EINVAL;
	}
	o->json_full = value != NULL;
	return set_format(o, VMMIO_FORMAT_JSON, why);
}

static int take_csv(void *target, const char *value, char why[VMMIO_OPT_WHY])
{
	return set_format(target, VMMIO_FORMAT_CSV, why);
}

static int take_textfile(void *target, const char *value, char why[VMMIO_OPT_WHY])
{
	struct vmmio_options *o = target;

	snprintf(why, VMMIO_OPT_WHY, "an empty file name");
	if (!*value)
		return -EINVAL;
	o->textfile = value;
	return set_format(o, VMMIO_FORMAT_TEXTFILE, why);
}

static int take_once(void *target, const char *value, char why[VMMIO_OPT_WHY])
{
	struct vmmio_options *o = target;

	o->count = 1;
	return 0;
}

static int take_version(void *target, const char *value, char why[VMMIO_OPT_WHY])
{
	printf("vmmio-stat %s, ABI %d\n", VMMIO_VERSION, VMMIO_ABI);
	return 1;
}

static int parse_seconds(const char *option, const char *text, __u64 *ns)
{
	int err = vmmio_parse_seconds(text, NS_MIN, NS_MAX, ns);

	if (!err)
		return 0;
	if (err == -ERANGE)
		vmmio_complain("%s: %s seconds are not within 0.001 and 86400", option, text);
	else
		vmmio_complain("%s: '%s' is not a number of seconds", option, text);
	return usage_error();
}

static const char *source_help(void)
{
	static char text[160];
	size_t n = (size_t)snprintf(text, sizeof(text), "auto");

	for (int i = 0; vmmio_sources[i] && n < sizeof(text); i++)
		n += (size_t)snprintf(text + n, sizeof(text) - n, ", %s%s", vmmio_sources[i]->name,
				      vmmio_sources[i]->asked_only ? ":PATH" : "");
	return text;
}

int vmmio_options_parse(struct vmmio_options *o, const struct vmmio_form *form, int argc,
			char **argv)
{
	/* the key of those that have no letter is in @takes only */
	struct {
		char key;
		struct vmmio_opt opt;
	} common[] = {
		{'i',
		 {"interval", VMMIO_OPT_SECONDS, &o->interval_ns, 0.001, 86400, .arg = "SEC",
		  .help = "as the operand"}},
		{'1',
		 {"once", VMMIO_OPT_CALL, o, .take = take_once, .help = "one interval, then end"}},
		{'T',
		 {"timestamp", VMMIO_OPT_FLAG, &o->timestamp,
		  .help = "time of day in front of each row"}},
		{'n',
		 {"device", VMMIO_OPT_STRING, &o->device, .arg = "NAME",
		  .help = "only this device (virtio0 or its bus name; * and ? match)"}},
		{'D',
		 {"driver", VMMIO_OPT_STRING, &o->driver, .arg = "NAME",
		  .help = "only devices of this driver"}},
		{'q',
		 {"queue", VMMIO_OPT_STRING, &o->queue, .arg = "N|NAME",
		  .help = "only this virtqueue"}},
		{'x', {"extended", VMMIO_OPT_FLAG, &o->extended, .help = "all fields"}},
		{'f',
		 {"fields", VMMIO_OPT_CALL, o, .arg = "LIST", .take = take_fields,
		  .help = "these fields, comma between them; help: what there is"}},
		{'S',
		 {"sort", VMMIO_OPT_CALL, o, .arg = "FIELD", .take = take_sort,
		  .help = "largest first"}},
		{'z',
		 {"skip-idle", VMMIO_OPT_FLAG, &o->skip_idle,
		  .help = "leave out rows in which nothing happened"}},
		{'j',
		 {"json", VMMIO_OPT_CALL, o, .arg = "=full", .take = take_json,
		  .help = "one object per interval; full: histogram buckets too"}},
		{'c', {"csv", VMMIO_OPT_CALL, o, .take = take_csv, .help = "one line per row"}},
		{'t',
		 {"textfile", VMMIO_OPT_CALL, o, .arg = "FILE", .take = take_textfile,
		  .help = "keep FILE up to date for node_exporter; prints nothing"}},
		{'p',
		 {"per", VMMIO_OPT_U64, &o->per, 1, 1e12, .arg = "N",
		  .help = "with -- command: counts per operation, of which it does N"}},
		{'s',
		 {"self", VMMIO_OPT_FLAG, &o->self, .help = "say at the end what watching cost"}},
		{'v',
		 {"verify", VMMIO_OPT_FLAG, &o->verify,
		  .help = "hold each interval against /proc/interrupts"}},
		{'o',
		 {"source", VMMIO_OPT_CALL, o, .arg = "NAME", .take = take_source,
		  .help = source_help()}},
		{'e',
		 {"emulated-time", VMMIO_OPT_FLAG, &o->emulated_time,
		  .help = "show durations and rates under emulation, too"}},
		{'d',
		 {"device-driven", VMMIO_OPT_FLAG, &o->device_driven,
		  .help = "latencies of queues that the device drives (receive), too"}},
		/* for tests: provokes losses */
		{'o', {"max-slots", VMMIO_OPT_NUMBER, &o->max_slots, 2, VMMIO_SLOTS, .arg = "N"}},
	};
	struct vmmio_opt version = {"version", VMMIO_OPT_CALL, .take = take_version,
				    .help = "the version"};
	enum {
		COMMON = sizeof(common) / sizeof(common[0])
	};
	struct vmmio_opt taken[COMMON + 1];
	struct vmmio_cmdline c = {
		.program = form->program,
		.usage = form->usage,
		.about = form->about,
		.after = form->after,
		.opts = form->own,
		.nopts = form->nown,
		.more = taken,
		.operands = o->operands,
		.max_operands = sizeof(o->operands) / sizeof(o->operands[0]),
		.rest = form->command,
	};
	int i, err;

	memset(o, 0, sizeof(*o));
	o->interval_ns = 1000000000;
	o->sort = -1;
	o->source = "auto";
	for (i = 0; i < COMMON; i++) {
		if (form->takes && !strchr(form->takes, common[i].key))
			continue;
		taken[c.nmore] = common[i].opt;
		if (i < LETTERS)
			taken[c.nmore].letter = common[i].key;
		c.nmore++;
	}
	if (!form->takes)
		taken[c.nmore++] = version;
	err = vmmio_cmdline_parse(&c, argc, argv);
	if (err)
		return 1 + (err > 0 ? VMMIO_EXIT_OK : VMMIO_EXIT_USAGE);
	for (i = 0; i < (int)c.nmore; i++)
		o->interval_given = o->interval_given || (taken[i].letter == 'i' && taken[i].given);
	if (c.left && !*c.left) {
		vmmio_complain("--: no command follows");
		return usage_error();
	}
	o->command = c.left;
	o->chosen = o->nfields;
	if (!o->nfields) {
		if (o->extended || o->format != VMMIO_FORMAT_TABLE) {
			for (i = 0; i < VMMIO_F_COUNT; i++)
				o->fields[o->nfields++] = i;
		} else {
			memcpy(o->fields, default_fields, sizeof(default_fields));
			o->nfields = sizeof(default_fields) / sizeof(default_fields[0]);
		}
	}
	o->argc = (int)c.n;
	o->argv = o->operands;
	return 0;
}

int vmmio_options_interval(struct vmmio_options *o)
{
	int i, ret;

	for (i = 0; o->argc && vmmio_cmds[i].name; i++) {
		if (!strcmp(o->argv[0], vmmio_cmds[i].name)) {
			vmmio_complain("%s: a subcommand comes before the options", o->argv[0]);
			return usage_error();
		}
	}
	if (o->argc > 2) {
		vmmio_complain("%s: one operand too many", o->argv[2]);
		return usage_error();
	}
	if (o->verify && !strncmp(o->source, "file:", 5)) {
		vmmio_complain("--verify: a recording has no other side to be held against");
		return usage_error();
	}
	if (o->per && !o->command) {
		vmmio_complain("--per: goes with -- command");
		return usage_error();
	}
	if (o->per && (o->format == VMMIO_FORMAT_CSV || o->format == VMMIO_FORMAT_TEXTFILE)) {
		vmmio_complain("--per: goes with the table and --json");
		return usage_error();
	}
	if (o->command && o->argc) {
		vmmio_complain("%s: an interval and a command exclude each other", o->argv[0]);
		return usage_error();
	}
	if (o->argc > 0) {
		o->interval_given = true;
		/* a first word that is unknown is more often a name than a time */
		if (isalpha((unsigned char)o->argv[0][0])) {
			vmmio_complain(
				"'%s' is neither a subcommand nor an interval in seconds; to "
				"measure a command: -- %s",
				o->argv[0], o->argv[0]);
			return usage_error();
		}
		ret = parse_seconds("interval", o->argv[0], &o->interval_ns);
		if (ret)
			return ret;
	}
	if (o->argc > 1 && vmmio_parse_u64(o->argv[1], 1, ~0ull, &o->count)) {
		vmmio_complain("count: '%s' is not a number of intervals", o->argv[1]);
		return usage_error();
	}
	return 0;
}

struct vmmio_want vmmio_options_want(const struct vmmio_options *o)
{
	struct vmmio_want want = {};
	__u64 fields = 0;
	int i;

	for (i = 0; i < o->nfields; i++)
		fields |= 1ull << o->fields[i];
	if (o->sort >= 0)
		fields |= 1ull << o->sort;
	want.hists = vmmio_fields_hists(fields);
	want.counters = vmmio_fields_counters(fields) | (want.hists ? 1ull << VMMIO_C_KICKS : 0);
	want.requests = vmmio_fields_requests(fields);
	if (o->json_full || o->format == VMMIO_FORMAT_TEXTFILE)
		want.hists = (1u << VMMIO_HIST_COUNT) - 1;
	if (o->verify) /* what handlers did, whole */
		want.counters |= 1ull << VMMIO_C_IRQS_SPURIOUS;
	want.handlers = o->verify;
	if ((o->format == VMMIO_FORMAT_JSON && !o->chosen) || o->json_full ||
	    o->format == VMMIO_FORMAT_TEXTFILE)
		want.counters = 0; /* all are written */
	want.regs = o->format == VMMIO_FORMAT_JSON || o->format == VMMIO_FORMAT_TEXTFILE;
	return want;
}
