// SPDX-License-Identifier: GPL-2.0-only
/*
 * vmmio-ctl: hands virtio devices to vmmio.ko and back, and shows which driver has which. It
 * changes things, vmmio-stat only watches. One row of the table below is one subcommand; error
 * lines are printed here.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "lib/opts.h"
#include "settings.h"
#include "try.h"

#define CTL_WORDS_MAX 8

struct ctl_args {
	const char *device; /* NULL: none given */
	bool force;
	bool clear, rebind;
	bool persist;
	const char *words[CTL_WORDS_MAX]; /* further operands */
	int nwords;
	__u64 interval_ns;
	bool interval_given;
	unsigned int rounds, queue;
	bool queue_given;
	char **command; /* after "--", or NULL */
};

struct ctl_cmd {
	const char *name;
	const char *operands;
	int min, max; /* operands */
	bool persist; /* takes --persist and --force */
	bool set;     /* takes settings, --clear, --rebind and --force */
	int (*run)(const struct ctl_args *a);
	const char *help;
	bool trial; /* takes settings, --clear, --interval, --rounds, --queue and a command */
	const char *about;
};

static int trouble(const char *text)
{
	fprintf(stderr, "vmmio-ctl: %s\n", text);
	return CTL_EXIT_TROUBLE;
}

static const char *or_none(const char *text)
{
	return text[0] ? text : "-";
}

static const char *or_no_driver(const char *driver)
{
	return driver[0] ? driver : "no driver";
}

/* May the device be taken away? */
static int check_idle(const struct ctl_device *d, const struct ctl_args *a, struct ctl_text *why)
{
	struct ctl_text busy;

	if (a->force || !ctl_device_busy(d, &busy))
		return 0;
	ctl_say(why, "%s: %.150s (--force takes it all the same)", d->name, busy.s);
	return -EBUSY;
}

static void print_move(const struct ctl_device *d, const char *former)
{
	char users[128];

	ctl_device_users(d, users, sizeof(users));
	printf("%s: %s -> %s", d->name, or_no_driver(former), or_no_driver(d->driver));
	if (d->virtio[0])
		printf(" (%s %s%s%s)", d->virtio, or_no_driver(d->virtio_driver),
		       users[0] ? " " : "", users);
	putchar('\n');
}

/* After a bind: repeats it whenever the device appears, if that was asked for. */
static int persist(const struct ctl_device *d, const struct ctl_args *a)
{
	struct ctl_text why;

	return a->persist && ctl_persist(d, &why) ? trouble(why.s) : CTL_EXIT_OK;
}

static int cmd_bind(const struct ctl_args *a)
{
	struct ctl_device d;
	struct ctl_text why;
	const char *ours;
	char former[sizeof(d.driver)];

	if (ctl_device_find(&d, a->device, &why))
		return trouble(why.s);
	ours = ctl_our_driver(&d);
	if (!strcmp(d.driver, ours)) {
		printf("%s: %s has it already\n", d.name, ours);
		return persist(&d, a);
	}
	if (!ctl_driver_there(&d, ours)) {
		ctl_say(&why, "%s: there is no driver %s: load vmmio.ko first (modprobe vmmio)",
			a->device, ours);
		return trouble(why.s);
	}
	if (check_idle(&d, a, &why))
		return trouble(why.s);
	memcpy(former, d.driver, sizeof(former));
	if (ctl_device_move(&d, ours, ours, &why))
		return trouble(why.s);
	print_move(&d, former);
	return persist(&d, a);
}

static int cmd_unbind(const struct ctl_args *a)
{
	struct ctl_device d;
	struct ctl_text why;
	const char *stock;
	char former[sizeof(d.driver)];
	int err;

	if (ctl_device_find(&d, a->device, &why))
		return trouble(why.s);
	if (a->persist && ctl_forget(&d, &why))
		return trouble(why.s);
	stock = ctl_stock_driver(&d);
	if (strcmp(d.driver, ctl_our_driver(&d))) {
		ctl_say(&why, "%s: %s has it, not vmmio.ko", a->device,
			d.driver[0] ? d.driver : "no driver");
		return trouble(why.s);
	}
	if (check_idle(&d, a, &why))
		return trouble(why.s);
	memcpy(former, d.driver, sizeof(former));
	if (ctl_driver_there(&d, stock))
		err = ctl_device_move(&d, stock, "", &why);
	else
		err = ctl_device_release(&d, &why);
	if (err)
		return trouble(why.s);
	print_move(&d, former);
	if (ctl_persistent(&d))
		fprintf(stderr,
			"vmmio-ctl: %s goes to vmmio.ko again when it next appears (unbind "
			"--persist ends "
			"that)\n",
			d.name);
	if (!d.driver[0])
		fprintf(stderr, "vmmio-ctl: %s stays without a driver: %s is not loaded\n", d.name,
			stock[0] ? stock : "mainline's");
	return CTL_EXIT_OK;
}

static int show_one(const struct ctl_device *d, void *arg)
{
	struct ctl_text busy;
	char users[128];
	int err = ctl_device_busy(d, &busy);

	ctl_device_users(d, users, sizeof(users));
	printf("%-9s %-14s %-9s %-12s %-15s %-10s %s\n", or_none(d->virtio), d->name, d->bus,
	       or_none(d->driver), or_none(d->virtio_driver), or_none(users),
	       err ? busy.s : "idle");
	if (ctl_persistent(d))
		printf("set for %s: bound whenever it appears\n", d->name);
	++*(int *)arg;
	return 0;
}

static void show_settings(const char *device, const char *line, void *arg)
{
	const char *only = arg;

	if (!only || !strcmp(only, device))
		printf("set for %s: %s\n", device, line);
}

static int cmd_show(const struct ctl_args *a)
{
	struct ctl_device d;
	struct ctl_text why;
	int n = 0;

	if (a->device && ctl_device_find(&d, a->device, &why))
		return trouble(why.s);
	printf("%-9s %-14s %-9s %-12s %-15s %-10s %s\n", "DEVICE", "ON-BUS", "BUS", "TRANSPORT",
	       "DRIVER", "NAMES", "STATE");
	if (a->device)
		show_one(&d, &n);
	else
		ctl_device_each(show_one, &n);
	ctl_settings_each(show_settings, a->device ? d.name : NULL);
	return CTL_EXIT_OK;
}

static int cmd_set(const struct ctl_args *a)
{
	if (a->clear == (a->nwords > 0)) {
		fprintf(stderr, "vmmio-ctl: set: %s (vmmio-ctl --help)\n",
			a->clear ? "settings contradict --clear"
				 : "which settings? KEY=VALUE... or --clear");
		return CTL_EXIT_USAGE;
	}
	return ctl_cmd_set(a->device, a->words, a->nwords, a->clear, a->rebind, a->force);
}

static int cmd_try(const struct ctl_args *a)
{
	const struct ctl_try t = {
		.device = a->device,
		.words = a->words,
		.nwords = a->nwords,
		.queue = a->queue_given ? (int)a->queue : -1,
		.rounds = a->rounds,
		.interval_ns = a->interval_ns,
		.command = a->command,
	};

	if (a->clear == (a->nwords > 0)) {
		fprintf(stderr, "vmmio-ctl: try: %s (vmmio-ctl --help)\n",
			a->clear ? "settings contradict --clear"
				 : "which settings? KEY=VALUE... or --clear");
		return CTL_EXIT_USAGE;
	}
	if (a->command && (a->interval_given || !a->command[0])) {
		fprintf(stderr, "vmmio-ctl: try: %s (vmmio-ctl --help)\n",
			a->command[0] ? "--interval and a command exclude each other"
				      : "no command follows --");
		return CTL_EXIT_USAGE;
	}
	return ctl_cmd_try(&t);
}

#define TRY_ABOUT                                                                                  \
	"What other settings would change under your own load: A, B, B, A, where A is what is\n"   \
	"set for the device and B what is given here. A command is run in each leg; without\n"     \
	"one, what runs anyway is counted for an interval. The settings are A's at the end,\n"     \
	"after Ctrl-C and after an error, too; where that is not possible it says what to type.\n" \
	"\n"                                                                                       \
	"Each leg begins with a rebind, which takes the device away and brings it back: what\n"    \
	"lies behind it is gone for a moment. So a disk that is mounted or open and an\n"          \
	"interface that is up are refused, and a command has to open, or mount and unmount,\n"     \
	"by itself. What was set for its disk or interface (scheduler, addresses) is lost.\n"      \
	"\n"                                                                                       \
	"B differs where the closest legs of A and B are three times further apart than those\n"   \
	"of one side; with --rounds 2 or more, further apart. Noise alone passes that in 2 of\n"   \
	"100 quantities, with two rounds in less than 1 of 1,000.\n"

static const struct ctl_cmd cmds[] = {
	{"bind", "DEVICE", 1, 1, true, false, cmd_bind, "hand a device to vmmio.ko"},
	{"unbind", "DEVICE", 1, 1, true, false, cmd_unbind, "hand it back to mainline's driver"},
	{"set", "DEVICE KEY=VALUE...", 1, 1 + CTL_WORDS_MAX, false, true, cmd_set,
	 "replace a device's settings, from its next bind on"},
	{"try", "DEVICE KEY=VALUE...", 1, 1 + CTL_WORDS_MAX, false, false, cmd_try,
	 "compare settings live, and undo: A B B A", true, TRY_ABOUT},
	{"show", "[DEVICE]", 0, 1, false, false, cmd_show,
	 "which driver has which device, and who uses it"},
};

#define CMDS (sizeof(cmds) / sizeof(cmds[0]))

#define WHERE_ANY ""
#define WHERE_PCI " (pci)"
#define WHERE_LINE " (not pci)"
#define SETTING_HELP(id, key, where, values, error, meaning) "  " key "=" values WHERE_##where "\n"
#define SETTINGS_HELP VMMIO_SETTINGS(SETTING_HELP)

static void usage(FILE *out)
{
	size_t i;

	fputs("usage: vmmio-ctl bind|unbind DEVICE [--force] [--persist]\n"
	      "       vmmio-ctl set DEVICE KEY=VALUE... [--rebind [--force]]\n"
	      "       vmmio-ctl set DEVICE --clear [--rebind [--force]]\n"
	      "       vmmio-ctl try DEVICE KEY=VALUE...|--clear [--rounds N] [--queue N]\n"
	      "                 [--interval SECONDS | -- COMMAND [ARGUMENT...]]\n"
	      "       vmmio-ctl show [DEVICE]\n"
	      "\n",
	      out);
	for (i = 0; i < CMDS; i++)
		fprintf(out, "  %-8s %-19s %s\n", cmds[i].name, cmds[i].operands, cmds[i].help);
	fputs("\n"
	      "DEVICE: virtio0, the device on its bus (LNRO0005:00, 0000:00:01.0), a disk or\n"
	      "an interface. virtioN may change when the driver does; the name on the bus does\n"
	      "not. What is mounted, up, open or otherwise in use is refused without --force.\n"
	      "--persist: also whenever the device appears from now on, by a rule of udev; unbind\n"
	      "--persist takes the rule away.\n"
	      "\n"
	      "Settings:\n" SETTINGS_HELP
	      "They outlive binds, not vmmio.ko. --rebind applies them now.\n"
	      "vmmio-ctl try --help says how try goes about it.\n"
	      "\n"
	      "Exit status: 0 ok, 1 trouble (the device is as it was), 2 wrong usage, 4 nothing "
	      "to\n"
	      "compare (try).\n",
	      out);
}

static int usage_error(const char *what, const char *problem)
{
	fprintf(stderr, "vmmio-ctl: %s: %s (vmmio-ctl --help)\n", what, problem);
	return CTL_EXIT_USAGE;
}

static int run(const struct ctl_cmd *cmd, int argc, char **argv)
{
	struct ctl_args a = {.interval_ns = 10000000000ull, .rounds = 1};
	struct vmmio_opt opts[] = {
		{"persist", VMMIO_OPT_FLAG, &a.persist,
		 .help = "also whenever the device appears, by a rule of udev"},
		{"force", VMMIO_OPT_FLAG, &a.force, .letter = 'f',
		 .help = "take the device though it is in use"},
		{"clear", VMMIO_OPT_FLAG, &a.clear, .help = "forget the settings"},
		{"rebind", VMMIO_OPT_FLAG, &a.rebind, .help = "apply them now"},
	};
	struct vmmio_opt trial[] = {
		{"clear", VMMIO_OPT_FLAG, &a.clear, .help = "B is no settings"},
		{"interval", VMMIO_OPT_SECONDS, &a.interval_ns, 0.1, 86400, .letter = 'i',
		 .arg = "SECONDS", .help = "of a leg without a command, default 10"},
		{"rounds", VMMIO_OPT_NUMBER, &a.rounds, 1, CTL_TRY_ROUNDS_MAX, .letter = 'r',
		 .arg = "N", .help = "A B B A that often, default 1"},
		{"queue", VMMIO_OPT_NUMBER, &a.queue, 0, 65535, .letter = 'q', .arg = "N",
		 .help = "count this virtqueue alone, not all together"},
	};
	const char *words[1 + CTL_WORDS_MAX];
	char program[32];
	struct vmmio_cmdline c = {
		.program = program,
		.usage = cmd->trial ? "DEVICE KEY=VALUE...|--clear [options]\n"
				      "DEVICE KEY=VALUE...|--clear [options] -- command "
				      "[argument...]"
				    : cmd->operands,
		.about = cmd->about ? cmd->about : cmd->help,
		.opts = cmd->trial     ? trial
			: cmd->persist ? opts
				       : opts + 1,
		.nopts = cmd->trial	? sizeof(trial) / sizeof(trial[0])
			 : cmd->persist ? 2
			 : cmd->set	? 3
					: 0,
		.operands = words,
		.max_operands = cmd->max,
		.rest = cmd->trial,
	};
	int err;

	snprintf(program, sizeof(program), "vmmio-ctl %s", cmd->name);
	err = vmmio_cmdline_parse(&c, argc, argv);
	if (err)
		return err > 0 ? CTL_EXIT_OK : CTL_EXIT_USAGE;
	if ((int)c.n < cmd->min)
		return usage_error(cmd->name, "which device?");
	a.device = c.n ? words[0] : NULL;
	a.command = c.left;
	a.interval_given = trial[1].given;
	a.queue_given = trial[3].given;
	while (a.nwords + 1 < (int)c.n) {
		a.words[a.nwords] = words[a.nwords + 1];
		a.nwords++;
	}
	return cmd->run(&a);
}

int main(int argc, char **argv)
{
	int status;
	size_t i;

	if (argc < 2) {
		usage(stderr);
		return CTL_EXIT_USAGE;
	}
	if (!strcmp(argv[1], "-h") || !strcmp(argv[1], "--help")) {
		usage(stdout);
		return CTL_EXIT_OK;
	}
	if (!strcmp(argv[1], "--version")) {
		printf("vmmio-ctl %s\n", VMMIO_VERSION);
		return CTL_EXIT_OK;
	}
	for (i = 0; i < CMDS; i++)
		if (!strcmp(argv[1], cmds[i].name))
			break;
	if (i == CMDS)
		return usage_error(argv[1], "unknown subcommand: bind, unbind, set, try or show");
	status = run(&cmds[i], argc - 1, argv + 1);
	if ((fflush(stdout) || ferror(stdout)) && status == CTL_EXIT_OK) {
		fprintf(stderr, "vmmio-ctl: cannot write the output: %s\n", strerror(errno));
		status = CTL_EXIT_TROUBLE;
	}
	return status;
}
