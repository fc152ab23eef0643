// SPDX-License-Identifier: GPL-2.0-only
/*
 * "doctor": what this kernel allows, what it does not, and the remedy. Exit status 1 if there is a
 * problem.
 */
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "tools/vmmio-stat/session/cmd.h"
#include "tools/vmmio-stat/doctor/doctor.h"
#include "tools/vmmio-stat/stall/sample.h"
#include "lib/json.h"
#include "lib/opts.h"

#define INDENT 23	       /* of what was found */
#define STUCK_NS 1000000000ull /* no probe should take so long */

/* Columns of the terminal; without one, lines are not broken. */
static int columns(void)
{
	struct winsize w;

	if (!isatty(STDOUT_FILENO))
		return 0;
	return !ioctl(STDOUT_FILENO, TIOCGWINSZ, &w) && w.ws_col > 2 * INDENT ? w.ws_col : 80;
}

/* Broken between words. */
static void print_broken(const char *text, int width)
{
	int len = (int)strlen(text), n;

	while (width && len > width - INDENT) {
		for (n = width - INDENT; n > 0 && text[n] != ' '; n--)
			;
		if (!n)
			break;
		printf("%.*s\n%*s", n, text, INDENT, "");
		text += n + 1;
		len -= n + 1;
	}
	puts(text);
}

/* Remedies are not broken: many are commands to copy. */
static void print_text(const struct doctor *d)
{
	static const char *const marks[] = {"ok  ", "note", "BAD "};
	int width = columns();
	int i;

	for (i = 0; i < d->n; i++) {
		const struct doctor_finding *f = &d->list[i];

		printf("%s  %-15s  ", marks[f->state], f->check);
		print_broken(f->found, width);
		if (f->remedy[0])
			printf("%*s-> %s\n", INDENT, "", f->remedy);
	}
}

static void print_json(const struct doctor *d)
{
	struct vmmio_json j = {.out = stdout};
	struct utsname u;
	int i;

	vmmio_json_open(&j, NULL, '{');
	vmmio_json_u64(&j, "schema", 1);
	vmmio_json_text(&j, "tool", "vmmio-stat");
	vmmio_json_text(&j, "version", VMMIO_VERSION);
	if (!uname(&u)) {
		vmmio_json_text(&j, "kernel", u.release);
		vmmio_json_text(&j, "machine", u.machine);
	}
	vmmio_json_bool(&j, "well", doctor_well(d));
	vmmio_json_open(&j, "findings", '[');
	for (i = 0; i < d->n; i++) {
		const struct doctor_finding *f = &d->list[i];

		vmmio_json_open(&j, NULL, '{');
		vmmio_json_text(&j, "check", f->check);
		vmmio_json_text(&j, "state", doctor_state_names[f->state]);
		vmmio_json_text(&j, "found", f->found);
		if (f->remedy[0])
			vmmio_json_text(&j, "remedy", f->remedy);
		else
			vmmio_json_null(&j, "remedy");
		vmmio_json_close(&j, '}');
	}
	vmmio_json_close(&j, ']');
	vmmio_json_close(&j, '}');
	putchar('\n');
}

static bool is_underway(const struct vmmio_stall_watch *w)
{
	size_t i;

	for (i = 0; i < w->n; i++)
		if (w->list[i].info.kind == VMMIO_SLOT_DEVICE)
			return true;
	return false;
}

static void tell_stuck(struct doctor *d, const struct vmmio_stall_queue *q)
{
	bool probe = q->cause == VMMIO_STALL_IN_PROBE;
	struct doctor_finding *f;
	char holder[96];

	vmmio_stall_holder(&q->binding, holder, sizeof(holder));
	f = doctor_add(d, DOCTOR_PROBLEM, probe ? "probe" : "removal",
		       "%s: the driver %s does not come back from its %s: %s", q->info.device,
		       q->info.driver[0] ? q->info.driver : "-", probe ? "probe" : "removal",
		       holder);
	doctor_remedy(f, "see what that thread waits for; vmmio-stat stalls tells of the "
			 "device's virtqueues");
}

/*
 * Is a driver stuck on a device? Checked only where the rings can be read; sysfs does not tell.
 * Takes the time of the bound only where a driver is at work.
 */
static void check_binding(struct doctor *d)
{
	struct vmmio_stall_sampler *s;
	struct vmmio_stall_watch w;
	char why[320];
	size_t i;

	if (vmmio_stall_open(&s, why, sizeof(why)))
		return;
	vmmio_stall_watch_init(&w, STUCK_NS, STUCK_NS);
	if (!vmmio_stall_look(s, &w, why, sizeof(why)) && is_underway(&w)) {
		usleep(STUCK_NS / 1000 + 100000);
		if (!vmmio_stall_look(s, &w, why, sizeof(why)))
			vmmio_stall_watch_judge(&w, NULL, NULL);
	}
	for (i = 0; i < w.n && d->n < DOCTOR_FINDINGS - 1; i++)
		if (w.list[i].cause == VMMIO_STALL_IN_PROBE ||
		    w.list[i].cause == VMMIO_STALL_IN_REMOVE)
			tell_stuck(d, &w.list[i]);
	vmmio_stall_watch_free(&w);
	vmmio_stall_close(s);
}

int vmmio_cmd_doctor(int argc, char **argv)
{
	struct doctor d = {.root = ""};
	bool json = false;
	struct vmmio_opt opts[] = {
		{"json", VMMIO_OPT_FLAG, &json, .help = "one object"},
	};
	struct vmmio_cmdline c = {
		.program = "vmmio-stat doctor",
		.usage = "[--json]",
		.about = "What this kernel lets vmmio-stat do, and the remedy for what it does "
			 "not.\n",
		.after = "Exit status: 0 no problem, 1 a problem, 2 wrong usage.\n",
		VMMIO_OPTS_OF(opts),
	};
	int err = vmmio_cmdline_parse(&c, argc, argv);

	if (err)
		return err > 0 ? VMMIO_EXIT_OK : VMMIO_EXIT_USAGE;
	doctor_try(&d.trials);
	doctor_examine(&d);
	check_binding(&d);
	if (json)
		print_json(&d);
	else
		print_text(&d);
	return doctor_well(&d) ? VMMIO_EXIT_OK : VMMIO_EXIT_TROUBLE;
}
