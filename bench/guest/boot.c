// SPDX-License-Identifier: GPL-2.0-only
/*
 * vmmio-boot: one guest from the shell. Prints what the guest wrote to the
 * result channel and ends with the status of its script; when that is not 0,
 * the last lines of the console go to stderr. Measures nothing.
 */
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "guest.h"
#include "probe.h"
#include "target.h"
#include "lib/num.h"

#define FILES_MAX 64

static volatile sig_atomic_t stop;

static void on_signal(int sig)
{
	stop = sig;
}

static const char usage_text[] =
	"usage: vmmio-boot [options] [-- QEMU-ARGUMENT...]\n"
	"  -s, --script FILE        what the guest runs (default: nothing); - is stdin\n"
	"  -c, --command TEXT       the same, as text\n"
	"  -f, --file HOST:GUEST    put a file into the guest, any number of times\n"
	"  -C, --columns LIST       standard disks, in this order: mmio,pci-intx,pci-msix\n"
	"  -a, --accel NAME         tcg, kvm or auto (tcg)\n"
	"      --host               a bench host: an emulated processor with SVM, KVM and QEMU\n"
	"                           inside; there `l2 OPTION...` is vmmio-boot under that KVM;\n"
	"                           with --icount, unless it has several processors\n"
	"      --ioeventfd          kicks of the standard disks by ioeventfd (off)\n"
	"  -t, --timeout S          seconds until it is given up, 1 to 3600 (60; of a host 300);\n"
	"                           longer where others keep the machine busy\n"
	"      --tries N            of a guest that did not end in time: 1 to 10 (1)\n"
	"  -m, --memory MIB         32 to 65536 (256; of a host 2048)\n"
	"  -n, --smp N              processors, 1 to 64 (1)\n"
	"  -M, --machine NAME       microvm (default), microvm-noacpi, virt-arm64, virt-armhf\n"
	"      --append TEXT        more of the kernel's command line\n"
	"      --kernel FILE        another kernel\n"
	"      --initrd FILE        another base image\n"
	"      --icount             count instructions; time becomes virtual (tcg)\n"
	"      --trace-events LIST  QEMU's trace events, comma-separated\n"
	"      --trace-log FILE     where they go\n"
	"      --blockstats FILE    what QEMU counted for each disk, a JSON line each\n"
	"      --console            show the end of the console in any case\n"
	"  -v, --verbose            show QEMU's command and how long it ran\n"
	"  -h, --help\n"
	"      --version            the version\n"
	"Exit status: that of the script; 1 if the guest did not get that far; 2 wrong usage.\n";

enum {
	OPT_APPEND = 256,
	OPT_VERSION,
	OPT_KERNEL,
	OPT_INITRD,
	OPT_ICOUNT,
	OPT_HOST,
	OPT_IOEVENTFD,
	OPT_TRIES,
	OPT_EVENTS,
	OPT_LOG,
	OPT_BLOCK,
	OPT_CONSOLE
};

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

static int add_file(struct boot *b, char *arg)
{
	char *colon = strchr(arg, ':');

	if (!colon || colon == arg || colon[1] != '/')
		return wrong("--file", arg, "must be HOST:GUEST, GUEST an absolute path");
	if (b->g.nfiles == FILES_MAX)
		return wrong("--file", arg, "too many files");
	*colon = '\0';
	b->files[b->g.nfiles].host = arg;
	b->files[b->g.nfiles++].guest = colon + 1;
	b->g.files = b->files;
	return 0;
}

static int number(const char *option, const char *arg, __u64 min, __u64 max, unsigned int *value)
{
	char must[64];
	__u64 v;

	if (vmmio_parse_u64(arg, min, max, &v)) {
		snprintf(must, sizeof(must), "must be %" PRIu64 " to %" PRIu64, (uint64_t)min,
			 (uint64_t)max);
		return wrong(option, arg, must);
	}
	*value = v;
	return 0;
}

static int parse(struct boot *b, int argc, char **argv)
{
	static const struct option options[] = {
		{"script", required_argument, NULL, 's'},
		{"command", required_argument, NULL, 'c'},
		{"file", required_argument, NULL, 'f'},
		{"columns", required_argument, NULL, 'C'},
		{"accel", required_argument, NULL, 'a'},
		{"timeout", required_argument, NULL, 't'},
		{"memory", required_argument, NULL, 'm'},
		{"smp", required_argument, NULL, 'n'},
		{"machine", required_argument, NULL, 'M'},
		{"append", required_argument, NULL, OPT_APPEND},
		{"kernel", required_argument, NULL, OPT_KERNEL},
		{"initrd", required_argument, NULL, OPT_INITRD},
		{"icount", no_argument, NULL, OPT_ICOUNT},
		{"host", no_argument, NULL, OPT_HOST},
		{"tries", required_argument, NULL, OPT_TRIES},
		{"ioeventfd", no_argument, NULL, OPT_IOEVENTFD},
		{"trace-events", required_argument, NULL, OPT_EVENTS},
		{"trace-log", required_argument, NULL, OPT_LOG},
		{"blockstats", required_argument, NULL, OPT_BLOCK},
		{"console", no_argument, NULL, OPT_CONSOLE},
		{"verbose", no_argument, NULL, 'v'},
		{"help", no_argument, NULL, 'h'},
		{"version", no_argument, NULL, OPT_VERSION},
		{NULL, 0, NULL, 0},
	};
	int c, err = 0;

	while (!err &&
	       (c = getopt_long(argc, argv, "+s:c:f:C:a:t:m:n:M:vh", options, NULL)) != -1) {
		switch (c) {
		case 's':
			b->script = optarg;
			break;
		case 'c':
			b->command = optarg;
			break;
		case 'f':
			err = add_file(b, optarg);
			break;
		case 'C':
			b->g.columns = optarg;
			break;
		case 'a':
			b->accel = optarg;
			break;
		case 't':
			err = number("--timeout", optarg, 1, 3600, &b->g.timeout_s);
			break;
		case 'm':
			err = number("--memory", optarg, 32, 65536, &b->g.mem_mib);
			break;
		case 'n':
			err = number("--smp", optarg, 1, 64, &b->g.smp);
			break;
		case 'M':
			b->g.target = optarg;
			if (!vmmio_target_find(optarg))
				err = wrong("--machine", optarg, "must be one of those in --help");
			break;
		case OPT_APPEND:
			b->g.append = optarg;
			break;
		case OPT_KERNEL:
			b->g.kernel = optarg;
			break;
		case OPT_INITRD:
			b->g.initrd = optarg;
			break;
		case OPT_ICOUNT:
			b->g.icount = true;
			break;
		case OPT_HOST:
			b->g.host = true;
			break;
		case OPT_TRIES:
			err = number("--tries", optarg, 1, 10, &b->tries);
			break;
		case OPT_IOEVENTFD:
			b->g.ioeventfd = true;
			break;
		case OPT_EVENTS:
			b->g.trace_events = optarg;
			break;
		case OPT_LOG:
			b->g.trace_log = optarg;
			break;
		case OPT_BLOCK:
			b->blockstats = optarg;
			break;
		case OPT_CONSOLE:
			b->console = true;
			break;
		case 'v':
			b->verbose = true;
			break;
		case 'h':
			fputs(usage_text, stdout);
			exit(0);
		case OPT_VERSION:
			puts("vmmio-boot " VMMIO_VERSION);
			exit(0);
		default:
			fputs("Try vmmio-boot --help.\n", stderr);
			return 2;
		}
	}
	if (err)
		return err;
	if (optind < argc && strcmp(argv[optind - 1], "--"))
		return wrong("argument", argv[optind], "QEMU's arguments come after --");
	b->g.qemu_args = (const char *const *)argv + optind;
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

	if (!out)
		return -errno;
	for (i = 0; i < r->ndrives; i++) {
		const struct vmmio_guest_drive *d = &r->drives[i];

		fprintf(out,
			"{\"node\":\"%s\",\"rd_operations\":%" PRIu64 ",\"wr_operations\":%" PRIu64
			",\"flush_operations\":%" PRIu64 ",\"rd_bytes\":%" PRIu64
			",\"wr_bytes\":%" PRIu64 ",\"failed\":%" PRIu64 "}\n",
			d->node, d->rd_operations, d->wr_operations, d->flush_operations,
			d->rd_bytes, d->wr_bytes, d->failed);
	}
	return fclose(out) ? -errno : 0;
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
		return err;
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
