// SPDX-License-Identifier: GPL-2.0-only
/*
 * vmmio-boot: one guest from the shell. Prints what the guest wrote to the
 * result channel and ends with the status of its script; when that is not 0,
 * the last lines of the console go to stderr. Measures nothing.
 */
#include <errno.h>
#include <jansson.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "guest.h"
#include "probe.h"
#include "target.h"
#include "lib/opts.h"

#define FILES_MAX 64

static volatile sig_atomic_t stop;

static void on_signal(int sig)
{
	stop = sig;
}

struct boot {
	struct vmmio_guest g;
	struct vmmio_guest_file files[FILES_MAX];
	const char *script, *command, *accel, *blockstats;
	unsigned int tries;
	bool console, verbose;
};

static int wrong(const char *option, const char *value, const char *must)
{
	fprintf(stderr, "vmmio-boot: %s %s: %s\n", option, value, must);
	return 2;
}

static int add_file(void *target, const char *value, char why[VMMIO_OPT_WHY])
{
	struct boot *b = target;
	const char *colon = strchr(value, ':');

	if (!colon || colon == value || colon[1] != '/') {
		snprintf(why, VMMIO_OPT_WHY, "must be HOST:GUEST, GUEST an absolute path");
		return -EINVAL;
	}
	if (b->g.nfiles == FILES_MAX) {
		snprintf(why, VMMIO_OPT_WHY, "more than %d files", FILES_MAX);
		return -E2BIG;
	}
	b->files[b->g.nfiles].host = strndup(value, colon - value);
	if (!b->files[b->g.nfiles].host) {
		snprintf(why, VMMIO_OPT_WHY, "no memory");
		return -ENOMEM;
	}
	b->files[b->g.nfiles++].guest = colon + 1;
	b->g.files = b->files;
	return 0;
}

static int consistent(struct boot *b)
{
	if (b->script && b->command)
		return wrong("--command", b->command, "contradicts --script");
	if (!b->g.trace_events != !b->g.trace_log) {
		fprintf(stderr, "vmmio-boot: --trace-events and --trace-log go together\n");
		return 2;
	}
	if (b->g.icount && strcmp(b->accel, "tcg")) {
		fprintf(stderr, "vmmio-boot: --icount needs --accel tcg\n");
		return 2;
	}
	if (b->g.host && strcmp(b->accel, "tcg")) {
		fprintf(stderr, "vmmio-boot: --host needs --accel tcg\n");
		return 2;
	}
	/*
	 * Where time passes by itself, guests under the virtual machine extensions of QEMU
	 * 7.2 hang now and then, presumably for a lost interrupt: of guests within a host
	 * two of four hung without -icount, none of six with it.
	 */
	if (b->g.host && b->g.smp < 2)
		b->g.icount = true;
	if (b->g.host && !b->g.timeout_s)
		b->g.timeout_s = 300;
	return 0;
}

/* 0, or the exit status plus one. */
static int parse(struct boot *b, int argc, char **argv)
{
	struct vmmio_opt opts[] = {
		{"script", VMMIO_OPT_STRING, &b->script, .arg = "FILE", .letter = 's',
		 .help = "what the guest runs (nothing); - is standard input"},
		{"command", VMMIO_OPT_STRING, &b->command, .arg = "TEXT", .letter = 'c',
		 .help = "the same, as text"},
		{"file", VMMIO_OPT_CALL, b, .arg = "HOST:GUEST", .letter = 'f', .take = add_file,
		 .help = "put a file into the guest, any number of times"},
		{"columns", VMMIO_OPT_STRING, &b->g.columns, .arg = "LIST", .letter = 'C',
		 .help = "standard disks, in this order: mmio,pci-intx,pci-msix"},
		{"accel", VMMIO_OPT_CHOICE, &b->accel, .choices = "tcg|kvm|auto",
		 .arg = "tcg|kvm|auto", .letter = 'a', .help = "who runs the guest (tcg)"},
		{"host", VMMIO_OPT_FLAG, &b->g.host,
		 .help = "a bench host: an emulated processor with SVM, KVM and QEMU inside; there "
			 "l2 OPTION... is vmmio-boot under that KVM; with --icount, unless it has "
			 "several processors"},
		{"ioeventfd", VMMIO_OPT_FLAG, &b->g.ioeventfd,
		 .help = "kicks of the standard disks by ioeventfd (off)"},
		{"timeout", VMMIO_OPT_NUMBER, &b->g.timeout_s, 1, 14400, .arg = "S", .letter = 't',
		 .help = "seconds until it is given up (60; of a host 300); longer where others "
			 "keep the machine busy"},
		{"tries", VMMIO_OPT_NUMBER, &b->tries, 1, 10, .arg = "N",
		 .help = "how often at most, of a guest that does not end in time (1)"},
		{"memory", VMMIO_OPT_NUMBER, &b->g.mem_mib, 32, 65536, .arg = "MIB", .letter = 'm',
		 .help = "of the guest (256; of a host 2048)"},
		{"smp", VMMIO_OPT_NUMBER, &b->g.smp, 1, 64, .arg = "N", .letter = 'n',
		 .help = "processors (1)"},
		{"machine", VMMIO_OPT_STRING, &b->g.target, .arg = "NAME", .letter = 'M',
		 .help = "microvm (default), microvm-noacpi, virt-arm64 or virt-armhf"},
		{"append", VMMIO_OPT_STRING, &b->g.append, .arg = "TEXT",
		 .help = "more of the kernel's command line"},
		{"kernel", VMMIO_OPT_STRING, &b->g.kernel, .arg = "FILE", .help = "another kernel"},
		{"initrd", VMMIO_OPT_STRING, &b->g.initrd, .arg = "FILE",
		 .help = "another base image"},
		{"icount", VMMIO_OPT_FLAG, &b->g.icount,
		 .help = "count instructions; time becomes virtual (tcg)"},
		{"trace-events", VMMIO_OPT_STRING, &b->g.trace_events, .arg = "LIST",
		 .help = "QEMU's trace events, a comma between them"},
		{"trace-log", VMMIO_OPT_STRING, &b->g.trace_log, .arg = "FILE",
		 .help = "where they go"},
		{"blockstats", VMMIO_OPT_STRING, &b->blockstats, .arg = "FILE",
		 .help = "what QEMU counted for each disk, a JSON line each"},
		{"console", VMMIO_OPT_FLAG, &b->console,
		 .help = "show the end of the console in any case"},
		{"verbose", VMMIO_OPT_FLAG, &b->verbose, .letter = 'v',
		 .help = "show QEMU's command and how long it ran"},
	};
	struct vmmio_cmdline c = {
		.program = "vmmio-boot",
		.usage = "[options] [-- QEMU-ARGUMENT...]",
		.version = "vmmio-boot " VMMIO_VERSION,
		.after = "Exit status: that of the script; 1 if the guest did not get that far; 2 "
			 "wrong usage.\n",
		VMMIO_OPTS_OF(opts),
		.rest = true,
	};
	int err = vmmio_cmdline_parse(&c, argc, argv);

	if (err)
		return err > 0 ? 1 : 3;
	if (b->g.target && !vmmio_target_find(b->g.target))
		return 1 + wrong("--machine", b->g.target, "not one of those in --help");
	b->g.qemu_args = (const char *const *)c.left;
	err = consistent(b);
	return err ? 1 + err : 0;
}

/* The script's text, to be freed; NULL with errno. */
static char *read_script(const char *path)
{
	FILE *in = strcmp(path, "-") ? fopen(path, "re") : stdin;
	char *text = NULL;
	size_t size = 0;

	if (!in)
		return NULL;
	errno = 0;
	if (getdelim(&text, &size, '\0', in) < 0 && errno) {
		free(text);
		text = NULL;
	} else if (!text) {
		text = strdup("");
	}
	if (in != stdin)
		fclose(in);
	return text;
}

static int write_blockstats(const char *path, const struct vmmio_guest_result *r)
{
	FILE *out = fopen(path, "we");
	unsigned int i;
	int err = 0;

	if (!out)
		return -errno;
	for (i = 0; i < r->ndrives && !err; i++) {
		const struct vmmio_guest_drive *d = &r->drives[i];
		json_t *line = json_pack("{s:s, s:I, s:I, s:I, s:I, s:I, s:I}", "node", d->node,
					 "rd_operations", (json_int_t)d->rd_operations,
					 "wr_operations", (json_int_t)d->wr_operations,
					 "flush_operations", (json_int_t)d->flush_operations,
					 "rd_bytes", (json_int_t)d->rd_bytes, "wr_bytes",
					 (json_int_t)d->wr_bytes, "failed", (json_int_t)d->failed);

		if (!line || json_dumpf(line, out, JSON_COMPACT) || fputc('\n', out) == EOF)
			err = -EIO;
		json_decref(line);
	}
	if (fclose(out) && !err)
		err = -errno;
	return err;
}

static int report(const struct boot *b, const struct vmmio_guest_result *r)
{
	int err;

	if (b->verbose)
		fprintf(stderr, "vmmio-boot: %s\nvmmio-boot: %.2f s\n", r->qemu_line, r->wall_s);
	if (r->output)
		fwrite(r->output, 1, r->output_len, stdout);
	if (fflush(stdout)) {
		fprintf(stderr, "vmmio-boot: cannot write the result: %s\n", strerror(errno));
		return 1;
	}
	if (b->console || r->end != VMMIO_GUEST_DONE || (r->status && r->status != 77))
		fprintf(stderr, "--- end of the guest's console\n%s\n---\n",
			r->console ? r->console : "");
	if (r->why[0])
		fprintf(stderr, "vmmio-boot: %s\n", r->why);
	if (r->end != VMMIO_GUEST_DONE)
		return 1;
	if (b->blockstats) {
		err = write_blockstats(b->blockstats, r);
		if (err) {
			fprintf(stderr, "vmmio-boot: %s: %s\n", b->blockstats, strerror(-err));
			return 1;
		}
	}
	return r->status;
}

int main(int argc, char **argv)
{
	struct sigaction action = {.sa_handler = on_signal};
	struct boot b = {.accel = "tcg", .tries = 1, .g.stop = &stop};
	struct vmmio_guest_result r;
	char why[256], *text = NULL;
	unsigned int hung = 0;
	int err;

	err = parse(&b, argc, argv);
	if (err)
		return err - 1;
	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	sigaction(SIGHUP, &action, NULL);

	if (b.script) {
		text = read_script(b.script);
		if (!text) {
			fprintf(stderr, "vmmio-boot: --script %s: %s\n", b.script, strerror(errno));
			return 1;
		}
	}
	b.g.script = text ? text : b.command;

	err = vmmio_accel_probe(b.accel, b.g.kernel, b.g.initrd, &b.g.accel, why, sizeof(why));
	if (err == -EINVAL)
		return wrong("--accel", b.accel, "must be tcg, kvm or auto");
	if (why[0])
		fprintf(stderr, "vmmio-boot: %s\n", why);
	if (err)
		return 1;

	for (;;) {
		err = vmmio_guest_run(&b.g, &r);
		if (err || r.end != VMMIO_GUEST_TIMEOUT || ++hung >= b.tries)
			break;
		fprintf(stderr, "vmmio-boot: %s; once more (%u of %u)\n", r.why, hung + 1, b.tries);
		vmmio_guest_result_free(&r);
	}
	if (err)
		fprintf(stderr, "vmmio-boot: %s\n", r.why);
	else
		err = report(&b, &r);
	vmmio_guest_result_free(&r);
	free(text);
	if (stop) { /* end as the signal would have ended us, for the caller's sake */
		signal(stop, SIG_DFL);
		raise(stop);
	}
	return err < 0 ? (err == -EINVAL ? 2 : 1) : err;
}
