// SPDX-License-Identifier: GPL-2.0-only
/*
 * vmmio-bench conform: boots guests under QEMU's trace, where a driver binds, uses and unbinds
 * disks and network interfaces on each transport, and says which of the specification's rules its
 * register accesses kept (conform.h). Judges stored traces as well. Exit status 3 if a rule was
 * violated.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <jansson.h>

#include "cmd.h"
#include "bench/conform/conform.h"
#include "bench/guest/guest.h"
#include "lib/embed.h"
#include "lib/ioline.h"
#include "lib/opts.h"
#include "bench/guest/pool.h"
#include "setup.h"

#define NAME "vmmio-bench conform: "
#define TRACES_MAX 64

VMMIO_EMBED(vmmio_conform_text, "conform.sh");

static const char *const modern_args[] = {
	"-netdev", "hubport,id=h0,hubid=0",
	"-device", "virtio-net-device,netdev=h0",
	"-netdev", "hubport,id=h1,hubid=1",
	"-device", "virtio-net-pci,netdev=h1,disable-legacy=on,ioeventfd=off",
	NULL};

static const char *const legacy_args[] = {
	"-global",   "virtio-mmio.force-legacy=true",
	"-blockdev", "null-co,node-name=legacy,size=16777216,read-zeroes=on",
	"-device",   "virtio-blk-device,drive=legacy",
	NULL};

struct run {
	struct vmmio_setup setup;
	const char *driver, *save;
	const char *traces[TRACES_MAX];
	size_t ntraces;
	unsigned int count;
	bool json;
	struct vmmio_conform *c;
};

static int parse_options(struct run *r, int argc, char **argv)
{
	struct vmmio_opt opts[] = {
		{"driver", VMMIO_OPT_CHOICE, &r->driver, 0, 0, "vmmio|mainline", "vmmio|mainline",
		 "whose accesses (vmmio)"},
		{"count", VMMIO_OPT_NUMBER, &r->count, 8, 1000000, NULL, "N",
		 "reads of a disk each time, and twice as many at depth 8 (50)"},
		{"save", VMMIO_OPT_STRING, &r->save, 0, 0, NULL, "FILE",
		 "keep the trace, to be judged again"},
		{"json", VMMIO_OPT_FLAG, &r->json, 0, 0, NULL, NULL, "as JSON"},
		VMMIO_IMAGE_OPTS(&r->setup),
	};
	int err;

	r->driver = "vmmio";
	r->count = 50;
	err = vmmio_opts_parse("vmmio-bench conform", "[options] [TRACE...]", opts,
			       sizeof(opts) / sizeof(opts[0]), argc, argv, r->traces, TRACES_MAX,
			       &r->ntraces);
	if (err)
		return err;
	if (r->ntraces && (opts[0].given || opts[1].given || r->save)) {
		fprintf(stderr, NAME "--%s: a stored trace is judged as it is\n",
			r->save		? "save"
			: opts[1].given ? "count"
					: "driver");
		return -EINVAL;
	}
	return vmmio_setup_consistent("conform", &r->setup);
}

static int read_trace(struct run *r, const char *path)
{
	FILE *in = fopen(path, "re");
	char *line = NULL;
	size_t room = 0;
	int err = in ? 0 : -errno;

	while (in && !err && getline(&line, &room, in) > 0)
		err = vmmio_conform_line(r->c, line);
	if (in && !err && ferror(in))
		err = -EIO;
	free(line);
	if (in)
		fclose(in);
	if (err)
		fprintf(stderr, NAME "%s: %s\n", path,
			err == -ENOSPC ? "more devices than there is room for" : strerror(-err));
	return err;
}

/* Appends @from to --save's file. */
static int keep_trace(const struct run *r, const char *from, bool first)
{
	FILE *in = fopen(from, "re"), *out = fopen(r->save, first ? "we" : "ae");
	char buf[16384];
	int err = in && out ? 0 : -errno;
	size_t n;

	while (!err && (n = fread(buf, 1, sizeof(buf), in)))
		if (fwrite(buf, 1, n, out) != n)
			err = -EIO;
	if (in)
		fclose(in);
	if (out && fclose(out) && !err)
		err = -errno;
	if (err)
		fprintf(stderr, NAME "--save %s: %s\n", r->save, strerror(-err));
	return err;
}

static int boot(struct run *r, bool legacy, const char *trace)
{
	char *script;
	struct vmmio_guest g = {
		.qemu = r->setup.qemu,
		.kernel = r->setup.kernel,
		.initrd = r->setup.initrd,
		.columns = legacy ? NULL : "mmio,pci-intx,pci-msix",
		.qemu_args = legacy ? legacy_args : modern_args,
		.trace_events = VMMIO_IO_EVENTS,
		.trace_log = trace,
		.timeout_s = 180 + r->count / 10,
		.stop = &vmmio_stop,
	};
	struct vmmio_guest_result res;
	int err;

	if (asprintf(&script, "set -e\ndisks=%d legacy=%d count=%u\n%s\nload_blk; load_net\n%s",
		     legacy ? 1 : 3, legacy, r->count,
		     strcmp(r->driver, "vmmio") ? "load_mainline"
		     : legacy			? "load_vmmio claim=all legacy=1"
						: "load_vmmio claim=all",
		     vmmio_conform_text) < 0)
		return -ENOMEM;
	g.script = script;
	err = vmmio_guest_run(&g, &res);
	free(script);
	if (!err && (res.end != VMMIO_GUEST_DONE || res.status))
		err = -EIO;
	if (err && !vmmio_stop) {
		fprintf(stderr, NAME "the guest: %s\n", res.why[0] ? res.why : strerror(-err));
		if (res.console && res.console[0])
			fprintf(stderr, "last lines of its console:\n%s\n", res.console);
	}
	vmmio_guest_result_free(&res);
	return err;
}

/* One guest with everything, one whose MMIO device is of version 1. */
static int boot_all(struct run *r)
{
	const char *tmp = getenv("TMPDIR");
	char trace[4096];
	int err = 0, fd;

	snprintf(trace, sizeof(trace), "%s/vmmio-conform.XXXXXX", tmp && *tmp ? tmp : "/tmp");
	fd = mkstemp(trace);
	if (fd < 0) {
		fprintf(stderr, NAME "%s: %s\n", trace, strerror(errno));
		return -errno;
	}
	close(fd);
	for (int legacy = 0; legacy < 2 && !err && !vmmio_stop; legacy++) {
		err = boot(r, legacy, trace);
		if (!err)
			err = read_trace(r, trace);
		if (!err && r->save)
			err = keep_trace(r, trace, !legacy);
	}
	unlink(trace);
	return vmmio_stop ? -EINTR : err;
}

static const char *state_of(const struct vmmio_conform_finding *f)
{
	return f->violated ? "violated" : f->checked ? "kept" : "not exercised";
}

static void print_text(const struct run *r, FILE *out)
{
	unsigned int violated = vmmio_conform_violated(r->c), kept = 0;
	int i;

	fprintf(out, "%-4s %-7s %-12s %-14s %9s  %s\n", "rule", "level", "clause", "state",
		"occasions", "what");
	for (i = 0; i < VMMIO_CONFORM_COUNT; i++) {
		const struct vmmio_conform_finding *f = vmmio_conform_finding(r->c, i);

		fprintf(out, "%-4s %-7s %-12s %-14s %9lu  %s\n", f->id, f->level, f->clause,
			state_of(f), f->checked, f->text);
		if (f->violated)
			fprintf(out, "     %lu times; first: %s\n", f->violated, f->first);
		kept += f->checked && !f->violated;
	}
	fprintf(out, "\n%lu accesses to %u devices: %u rules kept, %u violated, %u not exercised\n",
		vmmio_conform_accesses(r->c), vmmio_conform_devices(r->c), kept, violated,
		VMMIO_CONFORM_COUNT - kept - violated);
}

static void print_json(const struct run *r, FILE *out)
{
	json_t *rules = json_array(), *top;
	int i;

	for (i = 0; i < VMMIO_CONFORM_COUNT; i++) {
		const struct vmmio_conform_finding *f = vmmio_conform_finding(r->c, i);

		json_array_append_new(
			rules,
			json_pack("{s:s, s:s, s:s, s:s, s:s, s:I, s:I, s:s?}", "rule", f->id,
				  "level", f->level, "clause", f->clause, "what", f->text, "state",
				  state_of(f), "occasions", (json_int_t)f->checked, "violations",
				  (json_int_t)f->violated, "first", f->violated ? f->first : NULL));
	}
	top = json_pack("{s:s, s:s, s:s?, s:I, s:I, s:o}", "tool", "vmmio-bench", "kind", "conform",
			"driver", r->ntraces ? NULL : r->driver, "accesses",
			(json_int_t)vmmio_conform_accesses(r->c), "devices",
			(json_int_t)vmmio_conform_devices(r->c), "rules", rules);
	json_dumpf(top, out, JSON_INDENT(1));
	fputc('\n', out);
	json_decref(top);
}

int vmmio_cmd_conform(int argc, char **argv)
{
	struct run r = {0};
	int err = parse_options(&r, argc, argv), status = VMMIO_EXIT_TROUBLE;

	if (err)
		return err > 0 ? VMMIO_EXIT_OK : VMMIO_EXIT_USAGE;
	vmmio_stop_on_signals();
	r.c = vmmio_conform_new();
	if (!r.c)
		fprintf(stderr, NAME "%s\n", strerror(ENOMEM));
	else if (!r.ntraces)
		err = vmmio_setup_qemu("conform", &r.setup) ? -EIO : boot_all(&r);
	for (size_t i = 0; r.c && i < r.ntraces && !err; i++) {
		if (r.ntraces > 1)
			vmmio_conform_file(r.c, r.traces[i]);
		err = read_trace(&r, r.traces[i]);
	}
	if (vmmio_stop) {
		fprintf(stderr, NAME "interrupted\n");
		status = 128 + vmmio_stop;
	} else if (r.c && !err && !vmmio_conform_accesses(r.c)) {
		fprintf(stderr, NAME "no access to a virtio device in the trace\n");
	} else if (r.c && !err) {
		if (r.json)
			print_json(&r, stdout);
		else
			print_text(&r, stdout);
		status = vmmio_conform_violated(r.c) ? VMMIO_EXIT_NEGATIVE : VMMIO_EXIT_OK;
	}
	vmmio_conform_free(r.c);
	return status;
}
