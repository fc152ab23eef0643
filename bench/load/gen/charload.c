// SPDX-License-Identifier: GPL-2.0-only
/*
 * charload: the load on a character device, one read or write of a fixed size
 * after the other: entropy from /dev/hwrng, bytes to a virtio port. One line of
 * JSON at the end; an "I/O" is one completed call of the given size. A device can
 * be given as fd:N, open already: what opening sets off is then not measured.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "latency.h"
#include "lib/clock.h"
#include "lib/num.h"
#include "lib/opts.h"

#define SIZE_MAX_BYTES (1u << 20)
#define SETTLE_US 20000 /* for the last interrupt to be counted */

struct load {
	const char *path;
	bool write;
	__u64 size, count;
	__u64 calls, bytes, elapsed;
	struct vmmio_latency latency;
};

static int parse(struct load *l, int argc, char **argv)
{
	const char *rw = "read";
	struct vmmio_opt opts[] = {
		{"rw", VMMIO_OPT_CHOICE, &rw, .choices = "read|write", .arg = "read|write",
		 .letter = 'w', .help = "what an I/O is (read)"},
		{"block-size", VMMIO_OPT_U64, &l->size, 1, SIZE_MAX_BYTES, .arg = "B",
		 .letter = 'b', .help = "bytes of an I/O (64)"},
		{"count", VMMIO_OPT_U64, &l->count, 1, UINT32_MAX, .arg = "N", .letter = 'c',
		 .help = "I/Os (1000)"},
	};
	struct vmmio_cmdline c = {
		.program = "charload",
		.usage = "[options] DEVICE|fd:N",
		.version = "charload " VMMIO_VERSION,
		.after = "Prints one line of JSON. Exit status: 0 ok, 1 an I/O failed, 2 wrong "
			 "usage.\n",
		VMMIO_OPTS_OF(opts),
		.operands = &l->path,
		.max_operands = 1,
	};
	int err = vmmio_cmdline_parse(&c, argc, argv);

	if (err)
		return err > 0 ? 1 : 3;
	if (!c.n) {
		fprintf(stderr, "charload: no device given\n");
		return 3;
	}
	l->write = !strcmp(rw, "write");
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
	struct vmmio_json j;
	struct stat st;
	static char buf[SIZE_MAX_BYTES];
	__u64 inherited;
	int err, fd;

	err = parse(&l, argc, argv);
	if (err)
		return err - 1;
	if (vmmio_latency_init(&l.latency, l.count)) {
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
	vmmio_load_open(&j, "charload");
	vmmio_json_text(&j, "path", l.path);
	vmmio_json_text(&j, "rw", l.write ? "write" : "read");
	vmmio_json_u64(&j, "depth", 1);
	vmmio_json_u64(&j, "block_size", l.size);
	vmmio_json_u64(&j, "ios", l.count);
	vmmio_json_u64(&j, "calls", l.calls);
	vmmio_json_u64(&j, "bytes", l.bytes);
	vmmio_json_u64(&j, "errors", 0);
	vmmio_json_u64(&j, "elapsed_ns", l.elapsed);
	vmmio_latency_json(&l.latency, false, &j);
	return vmmio_load_close(&j, "charload");
}
