// SPDX-License-Identifier: GPL-2.0-only
/*
 * charload: the load on a character device, one read or write of a fixed size
 * after the other: entropy from /dev/hwrng, bytes to a virtio port. One line of
 * JSON at the end; an "I/O" is one completed call of the given size. A device can
 * be given as fd:N, open already: what opening sets off is then not measured.
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "latency.h"
#include "lib/num.h"
#include "lib/clock.h"

#define SIZE_MAX_BYTES (1u << 20)
#define SETTLE_US 20000 /* for the last interrupt to be counted */

struct load {
	const char *path;
	bool write;
	__u64 size, count;
	__u64 calls, bytes, elapsed;
	struct vmmio_latency latency;
};

static const char usage_text[] =
	"usage: charload [options] DEVICE|fd:N\n"
	"  -w, --rw WHAT        read or write (read)\n"
	"  -b, --block-size B   bytes of an I/O, 1 to 1048576 (64)\n"
	"  -c, --count N        I/Os (1000)\n"
	"  -h, --help\n"
	"Prints one line of JSON. Exit status: 0 ok, 1 an I/O failed, 2 wrong usage.\n";

static int wrong(const char *option, const char *value, const char *allowed)
{
	fprintf(stderr, "charload: %s %s: must be %s\n", option, value, allowed);
	return 2;
}

static int parse(struct load *l, int argc, char **argv)
{
	static const struct option options[] = {
		{"rw", required_argument, NULL, 'w'},
		{"block-size", required_argument, NULL, 'b'},
		{"count", required_argument, NULL, 'c'},
		{"help", no_argument, NULL, 'h'},
		{NULL, 0, NULL, 0},
	};
	int c;

	while ((c = getopt_long(argc, argv, "w:b:c:h", options, NULL)) != -1) {
		switch (c) {
		case 'w':
			l->write = !strcmp(optarg, "write");
			if (!l->write && strcmp(optarg, "read"))
				return wrong("--rw", optarg, "read or write");
			break;
		case 'b':
			if (vmmio_parse_u64(optarg, 1, SIZE_MAX_BYTES, &l->size))
				return wrong("--block-size", optarg, "1 to 1048576");
			break;
		case 'c':
			if (vmmio_parse_u64(optarg, 1, UINT32_MAX, &l->count))
				return wrong("--count", optarg, "1 to 4294967295");
			break;
		case 'h':
			fputs(usage_text, stdout);
			exit(0);
		default:
			fputs("Try charload --help.\n", stderr);
			return 2;
		}
	}
	if (argc - optind != 1) {
		fprintf(stderr, "charload: %s\n",
			argc == optind ? "no device given" : "more than one device given");
		return 2;
	}
	l->path = argv[optind];
	return 0;
}

/* One I/O: as many calls as the device wants for it. 0 or -errno. */
static int one(struct load *l, int fd, char *buf)
{
	__u64 done = 0;
	ssize_t n;

	while (done < l->size) {
		n = l->write ? write(fd, buf + done, l->size - done)
			     : read(fd, buf + done, l->size - done);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n ? -errno : -ENODATA;
		l->calls++;
		done += n;
	}
	l->bytes += done;
	return 0;
}

static int run(struct load *l, int fd, char *buf)
{
	__u64 begin = vmmio_now_ns(), last = begin, t;
	int err = 0;

	for (__u64 i = 0; i < l->count && !err; i++) {
		err = one(l, fd, buf);
		t = vmmio_now_ns();
		vmmio_latency_add(&l->latency, t - last);
		last = t;
	}
	l->elapsed = last - begin;
	return err;
}

int main(int argc, char **argv)
{
	struct load l = {.size = 64, .count = 1000};
	struct stat st;
	char *buf;
	__u64 inherited;
	int err, fd;

	err = parse(&l, argc, argv);
	if (err)
		return err;
	buf = malloc(l.size);
	if (!buf || vmmio_latency_init(&l.latency, l.count)) {
		fprintf(stderr, "charload: no memory\n");
		return 1;
	}
	memset(buf, 0xa5, l.size);
	if (!strncmp(l.path, "fd:", 3) && !vmmio_parse_u64(l.path + 3, 0, 1023, &inherited))
		fd = (int)inherited;
	else
		fd = open(l.path, (l.write ? O_WRONLY : O_RDONLY) | O_CLOEXEC);
	err = fd < 0 || fstat(fd, &st) ? -errno : S_ISCHR(st.st_mode) ? 0 : -ENOTTY;
	if (!err)
		err = run(&l, fd, buf);
	if (err) {
		fprintf(stderr, "charload: %s: %s\n", l.path, strerror(-err));
		return 1;
	}
	usleep(SETTLE_US);
	printf("{\"schema\":1,\"tool\":\"charload\",\"path\":");
	vmmio_print_string(l.path);
	printf(",\"rw\":\"%s\",\"depth\":1,\"block_size\":%" PRIu64 ",\"ios\":%" PRIu64
	       ",\"calls\":%" PRIu64 ",\"bytes\":%" PRIu64 ",\"errors\":0,\"elapsed_ns\":%" PRIu64,
	       l.write ? "write" : "read", (uint64_t)l.size, (uint64_t)l.count, (uint64_t)l.calls,
	       (uint64_t)l.bytes, (uint64_t)l.elapsed);
	vmmio_latency_print(&l.latency, false);
	printf("}\n");
	if (fflush(stdout) || ferror(stdout)) {
		fprintf(stderr, "charload: cannot write the result: %s\n", strerror(errno));
		return 1;
	}
	return 0;
}
