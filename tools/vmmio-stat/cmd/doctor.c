// SPDX-License-Identifier: GPL-2.0-only
/*
 * "doctor": what this kernel allows, what it does not and what to do about it.
 * Exit status 1 if there is a problem.
 */
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "tools/vmmio-stat/session/cmd.h"
#include "tools/vmmio-stat/doctor/doctor.h"
#include "lib/json.h"

#define INDENT 23 /* of what was found */

/* Columns of the terminal; elsewhere lines are as long as they are. */
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

/* Remedies stay whole: many are commands, to be copied. */
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

int vmmio_cmd_doctor(int argc, char **argv)
{
	struct doctor d = {.root = ""};
	bool json = false;
	int i;

	for (i = 1; i < argc; i++) {
		if (!strcmp(argv[i], "--json")) {
			json = true;
		} else if (!strcmp(argv[i], "-h") || !strcmp(argv[i], "--help")) {
			puts("usage: vmmio-stat doctor [--json]\n\n"
			     "What this kernel lets vmmio-stat do, and the remedy for what it does "
			     "not.\n"
			     "Exit status: 0 no problem, 1 a problem, 2 wrong usage.");
			return VMMIO_EXIT_OK;
		} else {
			vmmio_complain("doctor: %s: it takes --json and nothing else", argv[i]);
			return VMMIO_EXIT_USAGE;
		}
	}
	doctor_try(&d.trials);
	doctor_examine(&d);
	if (json)
		print_json(&d);
	else
		print_text(&d);
	return doctor_well(&d) ? VMMIO_EXIT_OK : VMMIO_EXIT_TROUBLE;
}
