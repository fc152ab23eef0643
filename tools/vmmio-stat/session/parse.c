// SPDX-License-Identifier: GPL-2.0-only
/*
 * Command line of the subcommands that show rows. This file prints usage
 * errors itself, one line that names the option each.
 */
#include <ctype.h>
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmd.h"
#include "lib/num.h"
#include "parse.h"
#include "tools/vmmio-stat/source/source.h"

#define NS_MIN 1000000ull		  /* 1 ms */
#define NS_MAX (86400ull * 1000000000ull) /* a day */

static const int default_fields[] = {
	VMMIO_F_KICKS,	      VMMIO_F_SUPPRESSED, VMMIO_F_BUFFERS_PER_KICK, VMMIO_F_IRQS,
	VMMIO_F_USED_PER_IRQ, VMMIO_F_SPURIOUS,	  VMMIO_F_LATENCY_P50,	    VMMIO_F_LATENCY_P99,
};

enum {
	OPT_JSON = 256,
	OPT_CSV,
	OPT_TEXTFILE,
	OPT_PER,
	OPT_SELF,
	OPT_VERIFY,
	OPT_SOURCE,
	OPT_EMULATED,
	OPT_DEVICE_DRIVEN,
	OPT_MAX_SLOTS,
	OPT_VERSION,
};

static const struct option longopts[] = {
	{"interval", required_argument, NULL, 'i'},
	{"timestamp", no_argument, NULL, 'T'},
	{"device", required_argument, NULL, 'n'},
	{"driver", required_argument, NULL, 'D'},
	{"queue", required_argument, NULL, 'q'},
	{"extended", no_argument, NULL, 'x'},
	{"skip-idle", no_argument, NULL, 'z'},
	{"fields", required_argument, NULL, 'f'},
	{"sort", required_argument, NULL, 'S'},
	{"once", no_argument, NULL, '1'},
	{"help", no_argument, NULL, 'h'},
	{"json", optional_argument, NULL, OPT_JSON},
	{"csv", no_argument, NULL, OPT_CSV},
	{"textfile", required_argument, NULL, OPT_TEXTFILE},
	{"per", required_argument, NULL, OPT_PER},
	{"self", no_argument, NULL, OPT_SELF},
	{"verify", no_argument, NULL, OPT_VERIFY},
	{"source", required_argument, NULL, OPT_SOURCE},
	{"emulated-time", no_argument, NULL, OPT_EMULATED},
	{"device-driven", no_argument, NULL, OPT_DEVICE_DRIVEN},
	{"max-slots", required_argument, NULL, OPT_MAX_SLOTS}, /* for tests: provokes losses */
	{"version", no_argument, NULL, OPT_VERSION},
	{},
};

void vmmio_usage(FILE *out)
{
	int i;

	fputs("usage: vmmio-stat [options] [interval [count]]\n"
	      "       vmmio-stat [options] -- command [argument...]\n"
	      "       vmmio-stat subcommand [options]\n"
	      "\n"
	      "What virtio costs in this guest, per virtqueue: kicks, interrupts and how well\n"
	      "both are batched. Without an interval: once a second until interrupted.\n"
	      "\n",
	      out);
	for (i = 0; vmmio_cmds[i].name; i++)
		fprintf(out, "  %-12s %s\n", vmmio_cmds[i].name, vmmio_cmds[i].help);
	fputs("\n"
	      "  -i, --interval SEC   as the operand\n"
	      "  -1, --once           one interval, then end\n"
	      "  -T, --timestamp      time of day in front of each row\n"
	      "  -n, --device NAME    only this device (virtio0 or its bus name; * and ? match)\n"
	      "  -D, --driver NAME    only devices of this driver\n"
	      "  -q, --queue N|NAME   only this virtqueue\n"
	      "  -x, --extended       all fields\n"
	      "  -f, --fields LIST    these fields, comma between them; help: what there is\n"
	      "  -S, --sort FIELD     largest first\n"
	      "  -z, --skip-idle      leave out rows in which nothing happened\n"
	      "      --json[=full]    one object per interval; full: histogram buckets too\n"
	      "      --csv            one line per row\n"
	      "      --per N          with -- command: counts per operation, of which it does N\n"
	      "      --self           say at the end what watching cost\n"
	      "      --textfile FILE  keep FILE up to date for node_exporter; prints nothing\n"
	      "      --verify         hold each interval against /proc/interrupts\n"
	      "      --source NAME    auto",
	      out);
	for (i = 0; vmmio_sources[i]; i++)
		fprintf(out, ", %s%s", vmmio_sources[i]->name,
			vmmio_sources[i]->asked_only ? ":PATH" : "");
	fputs("\n"
	      "      --emulated-time  show durations and rates under emulation, too\n"
	      "      --device-driven  latencies of queues that the device drives (receive), too\n"
	      "      --version, -h, --help\n"
	      "\n"
	      "Exit status: 0 ok, 1 trouble, 2 wrong usage, 3 --verify found a difference.\n",
	      out);
}

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

static int parse_fields(struct vmmio_options *o, char *list)
{
	char *name, *save = NULL;
	int id, i;

	o->nfields = 0;
	for (name = strtok_r(list, ",", &save); name; name = strtok_r(NULL, ",", &save)) {
		id = vmmio_field_find(name);
		if (id < 0) {
			vmmio_complain("-f: no field is named '%s' (-f help lists them)", name);
			return usage_error();
		}
		for (i = 0; i < o->nfields; i++) {
			if (o->fields[i] == id) {
				vmmio_complain("-f: '%s' is named twice", name);
				return usage_error();
			}
		}
		o->fields[o->nfields++] = id;
	}
	if (!o->nfields) {
		vmmio_complain("-f: an empty list of fields");
		return usage_error();
	}
	return 0;
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

static int set_format(struct vmmio_options *o, enum vmmio_format format)
{
	if (o->format != VMMIO_FORMAT_TABLE && o->format != format) {
		vmmio_complain("--json, --csv and --textfile exclude each other");
		return usage_error();
	}
	o->format = format;
	return 0;
}

static int take_option(struct vmmio_options *o, int c, char *arg)
{
	__u64 v;

	switch (c) {
	case 'i':
		o->interval_given = true;
		return parse_seconds("-i", arg, &o->interval_ns);
	case 'T':
		o->timestamp = true;
		return 0;
	case 'n':
		o->device = arg;
		return 0;
	case 'D':
		o->driver = arg;
		return 0;
	case 'q':
		o->queue = arg;
		return 0;
	case 'x':
		o->extended = true;
		return 0;
	case 'z':
		o->skip_idle = true;
		return 0;
	case 'f':
		if (!strcmp(arg, "help")) {
			fields_help();
			return 1 + VMMIO_EXIT_OK;
		}
		return parse_fields(o, arg);
	case 'S':
		o->sort = vmmio_field_find(arg);
		if (o->sort < 0) {
			vmmio_complain("-S: no field is named '%s' (-f help lists them)", arg);
			return usage_error();
		}
		return 0;
	case '1':
		o->count = 1;
		return 0;
	case OPT_JSON:
		if (arg && strcmp(arg, "full")) {
			vmmio_complain("--json: '%s' is not 'full'", arg);
			return usage_error();
		}
		o->json_full = arg != NULL;
		return set_format(o, VMMIO_FORMAT_JSON);
	case OPT_TEXTFILE:
		if (!*arg) {
			vmmio_complain("--textfile: an empty file name");
			return usage_error();
		}
		o->textfile = arg;
		return set_format(o, VMMIO_FORMAT_TEXTFILE);
	case OPT_PER:
		if (vmmio_parse_u64(arg, 1, 1000000000000ull, &o->per)) {
			vmmio_complain("--per: '%s' is not a number from 1 to 10^12", arg);
			return usage_error();
		}
		return 0;
	case OPT_SELF:
		o->self = true;
		return 0;
	case OPT_CSV:
		return set_format(o, VMMIO_FORMAT_CSV);
	case OPT_VERIFY:
		o->verify = true;
		return 0;
	case OPT_SOURCE:
		o->source = arg;
		if (strcmp(arg, "auto") && !vmmio_source_find(arg)) {
			vmmio_complain("--source: no source is named '%s'", arg);
			return usage_error();
		}
		return 0;
	case OPT_EMULATED:
		o->emulated_time = true;
		return 0;
	case OPT_DEVICE_DRIVEN:
		o->device_driven = true;
		return 0;
	case OPT_MAX_SLOTS:
		if (vmmio_parse_u64(arg, 2, VMMIO_SLOTS, &v)) {
			vmmio_complain("--max-slots: '%s' is not within 2 and %d", arg,
				       VMMIO_SLOTS);
			return usage_error();
		}
		o->max_slots = v;
		return 0;
	case OPT_VERSION:
		printf("vmmio-stat %s, ABI %d\n", VMMIO_VERSION, VMMIO_ABI);
		return 1 + VMMIO_EXIT_OK;
	case 'h':
		vmmio_usage(stdout);
		return 1 + VMMIO_EXIT_OK;
	}
	return usage_error();
}

int vmmio_options_parse(struct vmmio_options *o, int argc, char **argv)
{
	int i, c, ret;

	memset(o, 0, sizeof(*o));
	o->interval_ns = 1000000000;
	o->sort = -1;
	o->source = "auto";
	for (i = 1; i < argc; i++) {
		if (!strcmp(argv[i], "--")) {
			if (i + 1 == argc) {
				vmmio_complain("--: no command follows");
				return usage_error();
			}
			o->command = &argv[i + 1];
			argc = i;
		}
	}
	opterr = 0;
	optind = 1;
	while ((c = getopt_long(argc, argv, ":i:Tn:D:q:xzf:S:1h", longopts, NULL)) != -1) {
		if (c == '?' || c == ':') {
			const char *bad = argv[optind - 1];
			char text[3] = {'-', (char)optopt, '\0'};

			if (optopt && optopt < 256 && strncmp(bad, "--", 2))
				bad = text;
			vmmio_complain(
				c == ':' ? "%s: an argument is missing"
					 : "%s: unknown option, or one that takes no argument",
				bad);
			return usage_error();
		}
		ret = take_option(o, c, optarg);
		if (ret)
			return ret;
	}
	if (!o->nfields) {
		if (o->extended || o->format != VMMIO_FORMAT_TABLE) {
			for (i = 0; i < VMMIO_F_COUNT; i++)
				o->fields[o->nfields++] = i;
		} else {
			memcpy(o->fields, default_fields, sizeof(default_fields));
			o->nfields = sizeof(default_fields) / sizeof(default_fields[0]);
		}
	}
	o->argc = argc - optind;
	o->argv = argv + optind;
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
		/* the first word that no program knows is more often a name than a time */
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
	want.requests = vmmio_fields_requests(fields);
	if (o->json_full || o->format == VMMIO_FORMAT_TEXTFILE)
		want.hists = (1u << VMMIO_HIST_COUNT) - 1;
	want.regs = o->format == VMMIO_FORMAT_JSON || o->format == VMMIO_FORMAT_TEXTFILE;
	return want;
}
