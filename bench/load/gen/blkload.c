// SPDX-License-Identifier: GPL-2.0-only
/*
 * blkload: the load on a block device. A fixed number of requests, a fixed
 * number of them in flight, direct I/O, every completion checked; one line of
 * JSON at the end. Static and small, for the guest image: no library, the
 * kernel's AIO calls are made directly. A latency is from submission to the
 * reaped completion.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/aio_abi.h>
#include <linux/fs.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "latency.h"
#include "mark.h"
#include "vmmio/mark.h"
#include "lib/num.h"
#include "lib/opts.h"
#include "lib/clock.h"

#define DEPTH_MAX 4096
#define BLOCK_MAX (16u << 20)

struct load {
	const char *path;
	__u64 depth;
	__u64 block;
	__u64 count;
	__u64 read_pct;
	__u64 seed;
	bool sequential;
	bool hist;
	bool mark;	      /* tell an emulator's plugin where the requests begin and end */
	const char *requests; /* file for all of them; NULL: none */

	int fd;
	__u64 blocks; /* that fit on the device */
	aio_context_t aio;
	char *memory;

	__u64 random; /* state of the generator */
	__u64 next;   /* block of the next sequential request */
	__u64 reads, writes, bytes, errors;
	int error; /* of the first that failed */
	__u64 first, last;
	__u64 last_ns; /* latency of the request that completed last */
	struct vmmio_latency latency;
	struct {
		__u64 begin, ns;
	} * list; /* as they completed */
	__u64 listed;
};

struct slot {
	struct iocb io;
	__u64 start;
};

/* xorshift64*: the same seed gives the same requests on every transport. */
static __u64 draw(struct load *l)
{
	l->random ^= l->random >> 12;
	l->random ^= l->random << 25;
	l->random ^= l->random >> 27;
	return l->random * 0x2545f4914f6cdd1dull;
}

static void prepare(struct load *l, struct slot *slot, __u32 index)
{
	bool write = draw(l) % 100 >= l->read_pct;
	__u64 at = l->sequential ? l->next++ % l->blocks : draw(l) % l->blocks;

	memset(&slot->io, 0, sizeof(slot->io));
	slot->io.aio_data = index;
	slot->io.aio_lio_opcode = write ? IOCB_CMD_PWRITE : IOCB_CMD_PREAD;
	slot->io.aio_fildes = l->fd;
	slot->io.aio_buf = (__u64)(uintptr_t)(l->memory + index * l->block);
	slot->io.aio_nbytes = l->block;
	slot->io.aio_offset = at * l->block;
	slot->start = vmmio_now_ns();
	if (write)
		l->writes++;
	else
		l->reads++;
}

static void complete(struct load *l, const struct slot *slot, __s64 res)
{
	__u64 t = vmmio_now_ns() - slot->start;

	if (res != (__s64)l->block) {
		l->errors++;
		if (!l->error)
			l->error = res < 0 ? (int)-res : EIO; /* short: no device should */
		return;
	}
	l->bytes += res;
	l->last_ns = t;
	if (l->list) {
		l->list[l->listed].begin = slot->start;
		l->list[l->listed++].ns = t;
	}
	vmmio_latency_add(&l->latency, t);
}

/* Returns 0 when all were reaped, whatever became of them, or -errno. */
static int run(struct load *l)
{
	struct io_event *events = calloc(l->depth, sizeof(*events));
	struct iocb **batch = calloc(l->depth, sizeof(*batch));
	struct slot *slots = calloc(l->depth, sizeof(*slots));
	__u64 started = 0, done = 0;
	__u32 ready = 0, i;
	long n;
	int err = 0;

	if (!events || !batch || !slots) {
		err = -ENOMEM;
		goto out;
	}
	if (l->mark)
		vmmio_mark(VMMIO_MARK_BEGIN);
	l->first = vmmio_now_ns();
	for (; ready < l->depth && started < l->count; ready++, started++) {
		prepare(l, &slots[ready], ready);
		batch[ready] = &slots[ready].io;
	}
	while (done < l->count) {
		for (i = 0; i < ready; i += n) {
			n = syscall(SYS_io_submit, l->aio, (long)(ready - i), batch + i);
			if (n < 0 && errno == EAGAIN)
				n = 0;
			if (n < 0) {
				err = -errno;
				goto out;
			}
		}
		n = syscall(SYS_io_getevents, l->aio, 1L, (long)l->depth, events, NULL);
		if (n < 0) {
			if (errno == EINTR) {
				ready = 0;
				continue;
			}
			err = -errno;
			goto out;
		}
		ready = 0;
		for (i = 0; i < n; i++, done++) {
			__u32 index = events[i].data;

			complete(l, &slots[index], events[i].res);
			if (started == l->count)
				continue;
			prepare(l, &slots[index], index);
			batch[ready++] = &slots[index].io;
			started++;
		}
	}
out:
	l->last = vmmio_now_ns();
	if (l->mark)
		vmmio_mark(VMMIO_MARK_END);
	free(events);
	free(batch);
	free(slots);
	return err;
}

static int report(struct load *l)
{
	struct vmmio_json j;

	vmmio_load_open(&j, "blkload");
	vmmio_json_text(&j, "path", l->path);
	vmmio_json_u64(&j, "depth", l->depth);
	vmmio_json_u64(&j, "block_size", l->block);
	vmmio_json_u64(&j, "read_pct", l->read_pct);
	vmmio_json_text(&j, "pattern", l->sequential ? "sequential" : "random");
	vmmio_json_u64(&j, "seed", l->seed);
	vmmio_json_u64(&j, "ios", l->reads + l->writes);
	vmmio_json_u64(&j, "reads", l->reads);
	vmmio_json_u64(&j, "writes", l->writes);
	vmmio_json_u64(&j, "bytes", l->bytes);
	vmmio_json_u64(&j, "errors", l->errors);
	vmmio_json_u64(&j, "elapsed_ns", l->last - l->first);
	vmmio_json_u64(&j, "last_ns", l->last_ns);
	vmmio_latency_json(&l->latency, l->hist, &j);
	return vmmio_load_close(&j, "blkload");
}

/* 0 or -errno. */
static int list(const struct load *l)
{
	FILE *out = fopen(l->requests, "we");
	__u64 i;

	if (!out)
		return -errno;
	for (i = 0; i < l->listed; i++)
		fprintf(out, "%" PRIu64 ",%" PRIu64 "\n", (uint64_t)l->list[i].begin,
			(uint64_t)l->list[i].ns);
	return fclose(out) ? -errno : 0;
}

static int prepare_target(struct load *l)
{
	bool writes = l->read_pct < 100;
	struct stat st;
	int sector = 512;
	__u64 size;

	l->fd = open(l->path, (writes ? O_RDWR : O_RDONLY) | O_DIRECT | O_CLOEXEC);
	if (l->fd < 0 || fstat(l->fd, &st))
		return -errno;
	if (S_ISBLK(st.st_mode)) {
		uint64_t bytes = 0;

		if (writes) { /* refuses a mounted disk */
			close(l->fd);
			l->fd = open(l->path, O_RDWR | O_DIRECT | O_CLOEXEC | O_EXCL);
			if (l->fd < 0)
				return -errno;
		}
		if (ioctl(l->fd, BLKGETSIZE64, &bytes) || ioctl(l->fd, BLKSSZGET, &sector))
			return -errno;
		size = bytes;
	} else if (S_ISREG(st.st_mode)) {
		size = st.st_size;
	} else {
		return -ENOTBLK;
	}
	if (l->block % sector)
		return -EINVAL;
	l->blocks = size / l->block;
	return l->blocks ? 0 : -ENOSPC;
}

static int take_block(void *target, const char *value, char why[VMMIO_OPT_WHY])
{
	__u64 *block = target;

	if (!vmmio_parse_u64(value, 512, BLOCK_MAX, block) && !(*block % 512))
		return 0;
	snprintf(why, VMMIO_OPT_WHY, "must be a multiple of 512, at most %u", BLOCK_MAX);
	return -EINVAL;
}

static int take_rw(void *target, const char *value, char why[VMMIO_OPT_WHY])
{
	__u64 *reads = target;

	if (!strcmp(value, "read") || !strcmp(value, "write")) {
		*reads = !strcmp(value, "read") ? 100 : 0;
		return 0;
	}
	if (!vmmio_parse_u64(value, 0, 100, reads))
		return 0;
	snprintf(why, VMMIO_OPT_WHY, "must be read, write or 0 to 100");
	return -EINVAL;
}

/* 0, 1 if a question was answered, or -EINVAL after the one line. */
static int parse(struct load *l, int argc, char **argv)
{
	struct vmmio_opt opts[] = {
		{"depth", VMMIO_OPT_U64, &l->depth, 1, DEPTH_MAX, .arg = "N", .letter = 'd',
		 .help = "requests in flight (1)"},
		{"block-size", VMMIO_OPT_CALL, &l->block, .arg = "B", .letter = 'b',
		 .take = take_block,
		 .help = "bytes of a request, multiple of the sector size (4096)"},
		{"count", VMMIO_OPT_U64, &l->count, 1, UINT32_MAX, .arg = "N", .letter = 'c',
		 .help = "requests (1000)"},
		{"rw", VMMIO_OPT_CALL, &l->read_pct, .arg = "WHAT", .letter = 'w', .take = take_rw,
		 .help = "read, write or the share of reads in per cent (read); writes destroy "
			 "what is "
			 "on the device"},
		{"seed", VMMIO_OPT_U64, &l->seed, 1, 0, .arg = "N", .letter = 's',
		 .help = "of offsets and mix (1)"},
		{"sequential", VMMIO_OPT_FLAG, &l->sequential, .letter = 'S',
		 .help = "offsets in order instead of at random"},
		{"hist", VMMIO_OPT_FLAG, &l->hist, .letter = 'H',
		 .help = "add the latency histogram, pairs of lower bound and count"},
		{"requests", VMMIO_OPT_STRING, &l->requests, .arg = "FILE", .letter = 'R',
		 .help = "begin and latency of each request, ns, in the order of their completion, "
			 "for "
			 "vmmio-stat join"},
		{"mark", VMMIO_OPT_FLAG, &l->mark, .letter = 'M',
		 .help = "tell the plugin of vmmio-bench compare --where when it runs; some "
			 "requests "
			 "go before, and it waits for a tick of the kernel"},
	};
	struct vmmio_cmdline c = {
		.program = "blkload",
		.usage = "[options] DEVICE",
		.version = "blkload " VMMIO_VERSION,
		.after = "Prints one line of JSON. Exit status: 0 ok, 1 an I/O failed, 2 wrong "
			 "usage.\n",
		VMMIO_OPTS_OF(opts),
		.operands = &l->path,
		.max_operands = 1,
	};
	int err = vmmio_cmdline_parse(&c, argc, argv);

	if (err || c.n)
		return err;
	fprintf(stderr, "blkload: no device given\n");
	return -EINVAL;
}

/* Requests like those to come, so that nothing happens for the first time in the window. */
static int announce(const struct load *l)
{
	struct load warm = *l;
	int err = vmmio_mark_arm();

	warm.mark = false;
	warm.list = NULL;
	warm.count = 2 * l->depth > 32 ? 2 * l->depth : 32;
	err = err ?: vmmio_latency_init(&warm.latency, warm.count) ?: run(&warm);
	if (!err)
		vmmio_mark_wait();
	return err;
}

int main(int argc, char **argv)
{
	struct load l = {.depth = 1, .block = 4096, .count = 1000, .read_pct = 100, .seed = 1};
	int err;

	err = parse(&l, argc, argv);
	if (err)
		return err > 0 ? 0 : 2;
	l.random = l.seed * 0x9e3779b97f4a7c15ull | 1;

	err = prepare_target(&l);
	if (err) {
		fprintf(stderr, "blkload: %s: %s\n", l.path,
			err == -ENOSPC	 ? "smaller than one request"
			: err == -EINVAL ? "no direct I/O of this block size"
					 : strerror(-err));
		return 1;
	}
	if (posix_memalign((void **)&l.memory, 4096, l.depth * l.block)) {
		fprintf(stderr,
			"blkload: no memory for %" PRIu64 " requests of %" PRIu64 " bytes\n",
			(uint64_t)l.depth, (uint64_t)l.block);
		return 1;
	}
	memset(l.memory, 0xa5, l.depth * l.block);
	if (l.requests)
		l.list = calloc(l.count, sizeof(*l.list));
	if (vmmio_latency_init(&l.latency, l.count) || (l.requests && !l.list)) {
		fprintf(stderr, "blkload: no memory for %" PRIu64 " latencies\n",
			(uint64_t)l.count);
		return 1;
	}
	if (syscall(SYS_io_setup, (unsigned int)l.depth, &l.aio)) {
		fprintf(stderr, "blkload: asynchronous I/O: %s\n", strerror(errno));
		return 1;
	}
	err = l.mark ? announce(&l) : 0;
	err = err ?: run(&l);
	syscall(SYS_io_destroy, l.aio);
	if (err) {
		fprintf(stderr, "blkload: %s: %s\n", l.path, strerror(-err));
		return 1;
	}
	if (report(&l))
		return 1;
	err = l.requests ? list(&l) : 0;
	if (err) {
		fprintf(stderr, "blkload: %s: %s\n", l.requests, strerror(-err));
		return 1;
	}
	if (l.errors)
		fprintf(stderr,
			"blkload: %s: %" PRIu64 " of %" PRIu64 " requests failed, first: %s\n",
			l.path, (uint64_t)l.errors, (uint64_t)l.count, strerror(l.error));
	return l.errors ? 1 : 0;
}
