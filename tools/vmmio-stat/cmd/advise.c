// SPDX-License-Identifier: GPL-2.0-only
/*
 * "advise": what there is to gain, by the counters of an interval or of a command: a line per
 * virtqueue. advise/rules.c has the rules; nothing is changed.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "tools/vmmio-stat/advise/place.h"
#include "tools/vmmio-stat/advise/report.h"
#include "tools/vmmio-stat/session/cmd.h"
#include "tools/vmmio-stat/session/command.h"
#include "tools/vmmio-stat/session/parse.h"
#include "tools/vmmio-stat/session/session.h"

#define INTERVAL_NS 5000000000ull

struct facts_of {
	struct vmmio_place place;
	char settings[256];
};

static enum vmmio_advise_owner owner(const struct vmmio_moment *m, const char *device)
{
	size_t i;

	for (i = 0; i < m->witness.n; i++)
		if (!strcmp(m->witness.devices[i].device, device))
			return m->witness.ours[i] ? VMMIO_ADVISE_OURS : VMMIO_ADVISE_MAINLINES;
	return VMMIO_ADVISE_UNKNOWN_OWNER;
}

/* The facts of a row that are not in the delta; @store must outlive them. */
static void complete(struct vmmio_session *x, const struct vmmio_moment *m,
		     struct vmmio_advise_facts *f, struct facts_of *store)
{
	const struct vmmio_slot_info *i = &x->delta.rows[f->row].info;

	f->device_node = f->irq_node = -1;
	f->device_cpus = "";
	if (x->src.accel[0])
		return; /* a recording: not of this machine */
	f->owner = owner(m, i->device);
	if (vmmio_place_settings("", i->parent, store->settings, sizeof(store->settings)))
		f->settings = store->settings;
	vmmio_place_read(&store->place, "", i->device, i->irq);
	f->nodes = store->place.nodes;
	f->device_node = store->place.device_node;
	f->irq_node = store->place.irq_node;
	f->device_cpus = store->place.device_cpus;
}

/* Judges the rows selected, by device and queue. Returns an exit status. */
static int report(struct vmmio_session *x, const struct vmmio_moment *m, int n)
{
	struct vmmio_advise_report r = {
		.d = &x->delta,
		.env = &x->env,
		.engine = x->src.engine,
		.seconds = (double)x->delta.time_ns / 1e9,
	};
	struct facts_of *store = calloc((size_t)n + 1, sizeof(*store));
	int i, ret;

	r.rows = calloc((size_t)n + 1, sizeof(*r.rows));
	if (!r.rows || !store) {
		vmmio_complain("advise: %s", strerror(ENOMEM));
		free(store);
		free(r.rows);
		return VMMIO_EXIT_TROUBLE;
	}
	for (i = 0; i < n; i++) {
		struct vmmio_advise_row *row = &r.rows[r.n];
		unsigned char kind = x->delta.rows[x->index[i]].info.kind;

		if (kind != VMMIO_SLOT_QUEUE && kind != VMMIO_SLOT_DEVICE)
			continue;
		row->facts = (struct vmmio_advise_facts){
			.d = &x->delta, .row = x->index[i], .seconds = r.seconds, .env = &x->env};
		complete(x, m, &row->facts, &store[r.n]);
		row->fires = vmmio_advise_judge(&row->facts, row->advice);
		r.n++;
	}
	if (x->opt.format == VMMIO_FORMAT_JSON)
		vmmio_advise_json(&r, vmmio_json_identity, stdout);
	else
		vmmio_advise_table(&r, stdout);
	free(store);
	free(r.rows);
	ret = vmmio_flush(stdout);
	if (ret < 0)
		vmmio_complain("cannot write the output: %s", strerror(-ret));
	return ret < 0 ? VMMIO_EXIT_TROUBLE : VMMIO_EXIT_OK;
}

/* The time between two moments, or what a command took. Returns an exit status. */
static int watch(struct vmmio_session *x, struct vmmio_moment *m, int *status)
{
	struct vmmio_command c = {};
	int err = 0;

	if (x->opt.command) {
		err = vmmio_command_prepare(&c, x->opt.command);
		if (err) {
			vmmio_complain("cannot start %s: %s", x->opt.command[0], strerror(-err));
			return VMMIO_EXIT_TROUBLE;
		}
	}
	if (vmmio_moment_take(x, &m[0])) {
		if (x->opt.command)
			vmmio_command_abandon(&c);
		return VMMIO_EXIT_TROUBLE;
	}
	if (x->opt.command)
		err = vmmio_command_run(&c, status);
	else if (!x->src.accel[0])
		vmmio_sleep_until(m[0].s.time_ns + x->opt.interval_ns);
	if (err) {
		vmmio_complain("cannot run %s: %s", x->opt.command[0], strerror(-err));
		return VMMIO_EXIT_TROUBLE;
	}
	if (!x->src.accel[0])
		return vmmio_moment_take(x, &m[1]) ? VMMIO_EXIT_TROUBLE : VMMIO_EXIT_OK;
	/* a recording as a whole */
	do
		err = vmmio_moment_take(x, &m[1]);
	while (!err);
	return x->ended ? VMMIO_EXIT_OK : VMMIO_EXIT_TROUBLE;
}

static int advise(struct vmmio_session *x)
{
	struct vmmio_moment m[2];
	int i, n, ret, status = 0;

	for (i = 0; i < 2; i++)
		vmmio_moment_init(&m[i], x);
	ret = watch(x, m, &status);
	if (ret == VMMIO_EXIT_OK) {
		n = vmmio_session_compare(x, &m[0], &m[1]);
		ret = n < 0 ? VMMIO_EXIT_TROUBLE : report(x, &m[1], n);
		if (!n) {
			vmmio_complain("advise: no virtqueue to judge (vmmio-stat list)");
			ret = VMMIO_EXIT_TROUBLE;
		}
	}
	for (i = 0; i < 2; i++)
		vmmio_moment_free(&m[i]);
	if (ret == VMMIO_EXIT_OK && status) {
		vmmio_complain("%s ended with status %d", x->opt.command[0], status);
		return status;
	}
	return ret;
}

int vmmio_cmd_advise(int argc, char **argv)
{
	struct vmmio_session x = {};
	bool rules = false;
	struct vmmio_opt own[] = {
		{"rules", VMMIO_OPT_FLAG, &rules, .help = "the rules as a table, nothing else"},
	};
	const struct vmmio_form form = {
		.program = "vmmio-stat advise",
		.usage = "[options] [interval]\n[options] -- command [argument...]",
		.about = "What there is to gain, by this guest's own counters: a line per "
			 "virtqueue with\nits numbers, the rule and what to type. It changes "
			 "nothing. Without an interval: 5 s.\n",
		.after = "\"VMM:\" is for the command line that starts the guest, here in QEMU's "
			 "words.\n",
		.takes = "inDqjoed",
		.own = own,
		.nown = sizeof(own) / sizeof(own[0]),
		.command = true,
	};
	int ret;

	ret = vmmio_options_parse(&x.opt, &form, argc, argv);
	if (ret)
		return ret - 1;
	if (rules) {
		vmmio_advise_list(stdout);
		return VMMIO_EXIT_OK;
	}
	if (!x.opt.interval_given)
		x.opt.interval_ns = INTERVAL_NS;
	ret = vmmio_options_interval(&x.opt);
	if (ret)
		return ret - 1;
	if (x.opt.count) {
		vmmio_complain("advise: '%s' is one operand too many", x.opt.argv[1]);
		return VMMIO_EXIT_USAGE;
	}
	x.want.hists = 1u << VMMIO_HIST_OCCUPANCY | 1u << VMMIO_HIST_IRQ;
	x.want.requests = true;
	if (vmmio_session_open(&x))
		return VMMIO_EXIT_TROUBLE;
	ret = advise(&x);
	vmmio_session_close(&x);
	return ret == VMMIO_EXIT_OK && x.blind ? VMMIO_EXIT_TROUBLE : ret;
}
