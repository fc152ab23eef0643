// SPDX-License-Identifier: GPL-2.0-only
/*
 * "record": single events into a trace.dat, for some seconds, over a command or until interrupted.
 * record/recorder.c does the recording.
 */
#include <errno.h>
#include <glob.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "lib/clock.h"
#include "lib/num.h"
#include "lib/opts.h"
#include "lib/text.h"
#include "tools/vmmio-stat/host/exitdat.h"
#include "tools/vmmio-stat/record/recorder.h"
#include "tools/vmmio-stat/session/cmd.h"
#include "tools/vmmio-stat/session/command.h"
#include "tools/vmmio-stat/stall/guard.h"

#define FILE_DEFAULT "trace.dat"
#define RING_KIB 2048
#define TICK_NS 50000000
#define STALL_NS 2000000000ull /* as in stalls, unless given */
#define STALL_MIN_NS 100000000ull

static volatile sig_atomic_t signalled; /* SIGUSR1 */

struct run {
	struct vmmio_recorder_opts opt;
	__u64 keep;	/* bytes of all rings; 0: record everything */
	bool usr1;	/* SIGUSR1 ends it */
	__u64 stall_ns; /* also ends it: a virtqueue that is stalled for this long; 0: none does */
	struct vmmio_stall_guard *guard;
	bool buffer;	   /* --buffer was given */
	__u64 duration_ns; /* 0: until interrupted */
	__u64 began_ns;
	char **command;
	struct vmmio_recorder rec;
};

static int wrong(const char *what, const char *value)
{
	vmmio_complain("record: %s '%s'", what, value);
	return 1 + VMMIO_EXIT_USAGE;
}

/* "64M" within @min and @max bytes. */
static int parse_size(const char *text, __u64 min, __u64 max, __u64 *size)
{
	static const char units[] = "KMG";
	char number[24];
	size_t n = strlen(text);
	const char *unit = n ? strchr(units, text[n - 1]) : NULL;
	unsigned int shift = unit ? 10 * (unsigned int)(unit - units + 1) : 0;

	if (unit)
		n--;
	if (n >= sizeof(number))
		return -ERANGE;
	snprintf(number, sizeof(number), "%.*s", (int)n, text);
	if (vmmio_parse_u64(number, 1, max >> shift, size))
		return -EINVAL;
	*size <<= shift;
	return *size < min ? -ERANGE : 0;
}

/* "2ms" to nanoseconds. */
static int parse_duration(const char *text, __u64 *ns)
{
	static const struct {
		const char *unit;
		__u64 ns;
	} units[] = {{"ns", 1}, {"us", 1000}, {"ms", 1000000}, {"s", 1000000000}};
	size_t i, n = strspn(text, "0123456789");
	char number[24];

	for (i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		if (strcmp(text + n, units[i].unit) || n >= sizeof(number))
			continue;
		snprintf(number, sizeof(number), "%.*s", (int)n, text);
		if (vmmio_parse_u64(number, 1, 3600000000000ull / units[i].ns, ns))
			return -EINVAL;
		*ns *= units[i].ns;
		return 0;
	}
	return -EINVAL;
}

/* "@name > 2ms"; false: another condition, or none. */
static bool is_longer(const char *text, const char *name, __u64 min, __u64 *ns)
{
	size_t n = strlen(name);
	char part[64];

	snprintf(part, sizeof(part), "%s", text);
	if (strncmp(part, name, n) || *vmmio_trim(part + n) != '>')
		return false;
	return !parse_duration(vmmio_trim(strchr(part, '>') + 1), ns) && *ns >= min;
}

static int take_until(void *target, const char *value, char why[VMMIO_OPT_WHY])
{
	struct run *r = target;
	char *copy = strdup(value), *save = NULL, *part;
	int err = copy ? 0 : -ENOMEM;

	for (part = copy ? strtok_r(copy, "|", &save) : NULL; part && !err;
	     part = strtok_r(NULL, "|", &save)) {
		part = vmmio_trim(part);
		if (!strcmp(part, "SIGUSR1"))
			r->usr1 = true;
		else if (!strcmp(part, "stall"))
			r->stall_ns = STALL_NS;
		else if (!is_longer(part, "kick_to_irq", 1, &r->opt.limit_ns) &&
			 !is_longer(part, "stall", STALL_MIN_NS, &r->stall_ns))
			err = -EINVAL;
	}
	free(copy);
	snprintf(why, VMMIO_OPT_WHY, "takes 'kick_to_irq > 2ms', 'stall > 2s' or SIGUSR1");
	return err || (!r->usr1 && !r->opt.limit_ns && !r->stall_ns) ? -EINVAL : 0;
}

static int take_max_size(void *target, const char *value, char why[VMMIO_OPT_WHY])
{
	snprintf(why, VMMIO_OPT_WHY, "takes 4K or more bytes");
	return parse_size(value, 4096, 1ull << 50, target);
}

static int take_buffer(void *target, const char *value, char why[VMMIO_OPT_WHY])
{
	unsigned int *kib = target;
	__u64 size;

	snprintf(why, VMMIO_OPT_WHY, "takes 64K to 1G");
	if (parse_size(value, 65536, 1ull << 30, &size))
		return -EINVAL;
	*kib = (unsigned int)(size / 1024);
	return 0;
}

static int take_keep(void *target, const char *value, char why[VMMIO_OPT_WHY])
{
	snprintf(why, VMMIO_OPT_WHY, "takes 64K to 64G");
	return parse_size(value, 65536, 1ull << 36, target);
}

/* 0, or the exit status plus one. */
static int parse(struct run *r, int argc, char **argv)
{
	const char *source = NULL, *seconds = NULL;
	unsigned int kib = 0;
	struct vmmio_opt opts[] = {
		{"host", VMMIO_OPT_FLAG, &r->opt.host,
		 .help = "of this host's KVM VMs instead: exits, interrupts, tasks"},
		{"output", VMMIO_OPT_STRING, &r->opt.path, .arg = "FILE", .letter = 'o',
		 .help = "where to (" FILE_DEFAULT "); mode 0600"},
		{"max-size", VMMIO_OPT_CALL, &r->opt.max_size, .arg = "SIZE", .take = take_max_size,
		 .help = "of the records, in bytes or with K, M, G; then it ends"},
		{"parts", VMMIO_OPT_NUMBER, &r->opt.parts, 2, 10000, .arg = "N",
		 .help = "...and goes on in FILE.2 and so on; the last N of them stay"},
		{"keep", VMMIO_OPT_CALL, &r->keep, .arg = "SIZE", .take = take_keep,
		 .help = "only the last events, in rings of this size; with --until"},
		{"until", VMMIO_OPT_CALL, r, .arg = "WHEN", .take = take_until,
		 .help = "'kick_to_irq > 2ms', 'stall > 2s' (as stalls tells it), SIGUSR1, or "
			 "several "
			 "with | between"},
		{"source", VMMIO_OPT_CHOICE, &source, .choices = "bpf|tracefs",
		 .arg = "bpf|tracefs",
		 .help = "bpf costs less and records our driver alone (else: bpf where it can)"},
		{"buffer", VMMIO_OPT_CALL, &kib, .arg = "SIZE", .take = take_buffer,
		 .help = "of the ring of each CPU, 64K to 1G (2M)"},
	};
	struct vmmio_cmdline c = {
		.program = "vmmio-stat record",
		.usage = "[options] [seconds]\n"
			 "[options] -- command [argument...]",
		.about =
			"Every event of this guest's virtio devices, or with --host of the KVM VMs "
			"here, one by one,\ninto a file that vmmio-stat report and trace-cmd "
			"report "
			"read. Without seconds: until\ninterrupted.\n",
		.after = "Exit status: that of the command; 0 ok, 1 trouble or not all could be "
			 "written, 2 wrong\nusage.\n",
		VMMIO_OPTS_OF(opts),
		.operands = &seconds,
		.max_operands = 1,
		.rest = true,
	};
	int err;

	r->opt.path = FILE_DEFAULT;
	err = vmmio_cmdline_parse(&c, argc, argv);
	if (err)
		return 1 + (err > 0 ? VMMIO_EXIT_OK : VMMIO_EXIT_USAGE);
	r->buffer = kib;
	r->opt.kib = kib ? kib : RING_KIB;
	r->command = c.left;
	if (r->command && !*r->command)
		return wrong("no command follows", "--");
	if (source)
		r->opt.source =
			!strcmp(source, "bpf") ? VMMIO_RECORDER_BPF : VMMIO_RECORDER_TRACEFS;
	if (r->opt.host && (r->opt.limit_ns || r->stall_ns))
		return wrong("--host knows no kick_to_irq and no stall: SIGUSR1 is for", "--until");
	if (!r->keep != !(r->usr1 || r->opt.limit_ns || r->stall_ns))
		return wrong("belong together: --keep and", "--until");
	if (r->keep && (r->buffer || r->opt.max_size))
		return wrong("--keep is the size of the rings: no --buffer and", "--max-size");
	if (r->opt.parts && !r->opt.max_size)
		return wrong("without --max-size there are no", "--parts");
	if (r->keep) {
		r->opt.keep = true;
		r->opt.kib = (unsigned int)(r->keep / 1024 / (__u64)sysconf(_SC_NPROCESSORS_CONF));
		r->opt.kib = r->opt.kib < 8 ? 8 : r->opt.kib;
	}
	if (seconds && r->command)
		return wrong("seconds and a command exclude each other:", seconds);
	if (seconds &&
	    vmmio_parse_seconds(seconds, 1000000, 86400ull * 1000000000, &r->duration_ns))
		return wrong("no number of seconds, 0.001 to 86400:", seconds);
	return 0;
}

/* On a terminal, once a second: the progress so far. */
static void progress(const struct run *r, __u64 *next)
{
	__u64 now = vmmio_now_ns();

	if (!isatty(STDERR_FILENO) || now < *next)
		return;
	*next = now + 1000000000;
	fprintf(stderr, "\rrecording: %.0f s, %.1f MiB \b", (double)(now - r->began_ns) / 1e9,
		(double)(r->rec.written + r->rec.writer.size) / (1 << 20));
}

static void wait_for_the_end(struct run *r)
{
	const struct timespec tick = {.tv_nsec = TICK_NS};
	__u64 next = vmmio_now_ns() + 1000000000;

	while (!vmmio_stop && !signalled && vmmio_recorder_goes_on(&r->rec) &&
	       (!r->duration_ns || vmmio_now_ns() - r->began_ns < r->duration_ns)) {
		nanosleep(&tick, NULL);
		progress(r, &next);
	}
	if (isatty(STDERR_FILENO))
		fputc('\r', stderr);
}

/* The one line at the end. Returns an exit status. */
static int tell(const struct run *r)
{
	const struct vmmio_recorder *rec = &r->rec;
	bool size = !strcmp(rec->facts.why, "size");
	__u64 dropped = 0;
	char lost[128], rest[280] = "", name[4096];
	size_t i, n = 0;

	for (i = 0; i < rec->facts.ncpus; i++)
		dropped += rec->facts.cpus[i].dropped;
	snprintf(lost, sizeof(lost), "%s", rec->err ? "not all read" : "nothing lost");
	if (rec->lost)
		n = (size_t)snprintf(lost, sizeof(lost), "%llu events lost (a larger --buffer?)",
				     (unsigned long long)rec->lost);
	if (dropped)
		snprintf(lost + n, sizeof(lost) - n, "%s%llu bytes of records found no room",
			 n ? ", " : "", (unsigned long long)dropped);
	if (size)
		snprintf(rest, sizeof(rest), "; ended by --max-size");
	else if (rec->writer.err || rec->err)
		snprintf(rest, sizeof(rest), "; ended: %s",
			 strerror(rec->writer.err ? -rec->writer.err : -rec->err));
	else if (r->keep && strcmp(rec->facts.why, "asked"))
		snprintf(rest, sizeof(rest), "; kept at %s", rec->facts.why);
	else if (r->keep)
		snprintf(rest, sizeof(rest), "; --until was not met");
	n = strlen(rest);
	if (rec->facts.note[0])
		snprintf(rest + n, sizeof(rest) - n, "; not recorded: %s", rec->facts.note);
	snprintf(name, sizeof(name), "%s", r->opt.path);
	if (r->opt.parts)
		snprintf(name, sizeof(name), "%.3000s.%u to .%u", r->opt.path,
			 rec->part > r->opt.parts ? rec->part - r->opt.parts + 1 : 1, rec->part);
	vmmio_complain("%s: %.3f s, %llu events%s, %.1f MiB, %s%s", name,
		       (double)(rec->facts.end_ns - r->began_ns) / 1e9,
		       (unsigned long long)rec->recorded,
		       dropped ? " read" : "", /* more than are in the file */
		       (double)(rec->written + rec->writer.size) / (1 << 20), lost, rest);
	return (rec->writer.err && !size) || rec->err ? VMMIO_EXIT_TROUBLE : VMMIO_EXIT_OK;
}

/* Prints what was stalled, or why that is unknown. Returns an exit status. */
static int tell_stall(const struct run *r, int ret)
{
	char text[480];
	int err;

	vmmio_stall_guard_stop(r->guard);
	err = vmmio_stall_guard_told(r->guard, text, sizeof(text));
	if (err)
		vmmio_complain("record: nobody looked for stalls any more: %s", text);
	else if (text[0])
		vmmio_complain("stalled: %s", text);
	return err ? VMMIO_EXIT_TROUBLE : ret;
}

static void on_usr1(int sig)
{
	signalled = 1;
}

static int record(struct run *r)
{
	struct sigaction usr1 = {.sa_handler = on_usr1, .sa_flags = SA_RESTART};
	struct vmmio_command c = {};
	int err, status = 0, ret;

	if (r->usr1)
		sigaction(SIGUSR1, &usr1, NULL);
	if (r->command) {
		err = vmmio_command_prepare(&c, r->command);
		if (err) {
			vmmio_complain("cannot start %s: %s", r->command[0], strerror(-err));
			return VMMIO_EXIT_TROUBLE;
		}
	}
	err = vmmio_recorder_start(&r->rec);
	/* afterwards: the cause of a stall is then in the ring, for at least the bound */
	if (!err && r->guard)
		err = vmmio_stall_guard_start(r->guard);
	if (err) {
		if (r->command)
			vmmio_command_abandon(&c);
		vmmio_complain("cannot record: %s", strerror(-err));
		return VMMIO_EXIT_TROUBLE;
	}
	r->began_ns = r->rec.facts.start_ns;
	if (r->command)
		err = vmmio_command_run(&c, &status);
	else
		wait_for_the_end(r);
	if (err) {
		vmmio_complain("cannot run %s: %s", r->command[0], strerror(-err));
		return VMMIO_EXIT_TROUBLE;
	}
	err = vmmio_recorder_stop(&r->rec, signalled ? "SIGUSR1" : "asked");
	if (err) {
		vmmio_complain("cannot write %s: %s", r->opt.path, strerror(-err));
		return VMMIO_EXIT_TROUBLE;
	}
	ret = tell(r);
	if (r->guard)
		ret = tell_stall(r, ret);
	return status ? status : ret;
}

/*
 * Parts under this name that are there already: a higher number stays, and belongs to another
 * recording.
 */
static void tell_left(const char *path)
{
	char pattern[4096 + 16];
	size_t i, n = 0, len = strlen(path);
	glob_t found = {};
	__u64 part;

	if (len > 4096)
		return;
	/* names with wildcards of their own find more; only whole ones count */
	snprintf(pattern, sizeof(pattern), "%s.[0-9]*", path);
	if (!glob(pattern, GLOB_NOSORT, NULL, &found))
		for (i = 0; i < found.gl_pathc; i++)
			n += !strncmp(found.gl_pathv[i], path, len) &&
			     strlen(found.gl_pathv[i]) > len + 1 &&
			     !vmmio_parse_u64(found.gl_pathv[i] + len + 1, 1, ~0u, &part);
	globfree(&found);
	if (n)
		vmmio_complain("record: %zu parts of an earlier recording are there as %s.N: those "
			       "that are not written anew stay, and are not of this one",
			       n, path);
}

static int scan(void *data, struct dat_facts *facts)
{
	return vmmio_exitdat_scan(data, facts);
}

int vmmio_cmd_record(int argc, char **argv)
{
	struct vmmio_hostscan *vms = NULL;
	struct run r = {};
	char why[VMMIO_WHY_MAX];
	int ret = parse(&r, argc, argv);

	if (ret)
		return ret - 1;
	/* without BPF exits are known, but not which of their addresses are doorbells */
	if (r.opt.host && !vmmio_hostscan_open(&vms, false, why, sizeof(why))) {
		r.opt.look = scan;
		r.opt.look_data = vms;
	} else if (r.opt.host) {
		vmmio_complain("record: no scan of VMs, so doorbells will have no names: %s", why);
	}
	r.opt.usr1 = r.usr1 ? &signalled : NULL;
	if (r.opt.parts)
		tell_left(r.opt.path);
	if (r.stall_ns) {
		if (vmmio_stall_guard_open(&r.guard, r.stall_ns, why, sizeof(why))) {
			vmmio_complain("record: --until stall: %s", why);
			return VMMIO_EXIT_TROUBLE;
		}
		r.opt.stall = vmmio_stall_guard_flag(r.guard);
	}
	if (vmmio_recorder_open(&r.rec, &r.opt, why, sizeof(why))) {
		vmmio_complain("%s", why);
		vmmio_stall_guard_free(r.guard);
		vmmio_hostscan_close(vms);
		return VMMIO_EXIT_TROUBLE;
	}
	ret = record(&r);
	vmmio_recorder_close(&r.rec);
	vmmio_stall_guard_free(r.guard);
	vmmio_hostscan_close(vms);
	return ret;
}
