// SPDX-License-Identifier: GPL-2.0-only
/*
 * libFuzzer over the reader of recordings (source/dat*.c, trace_read.c and those whom
 * they hand the records): the input is the file. Most inputs go to the reader alone, as a
 * guest's and as a host's, since the rows of a source cost many times that; every eighth
 * to the whole source. Besides what sanitizers see: an error has its one line, and no more
 * events are counted than there are bytes.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "tools/vmmio-stat/source/dat_facts.h"
#include "tools/vmmio-stat/source/dat_ring.h"
#include "tools/vmmio-stat/source/host_steps.h"
#include "tools/vmmio-stat/source/source.h"

#define require(x, what)                                     \
	do {                                                 \
		if (!(x)) {                                  \
			fprintf(stderr, "fuzz: %s\n", what); \
			abort();                             \
		}                                            \
	} while (0)

/* Of the recording's kind only: what else a source may be is not linked. */
void vmmio_source_close(struct vmmio_source *src)
{
	src->ops->close(src);
}

static void step(void *data, const struct vmmio_step *s)
{
	++*(__u64 *)data;
}

static void host_step(void *data, const struct vmmio_host_step *s)
{
	++*(__u64 *)data;
}

static void record(void *data, int arg, const struct trace_context *at, const void *values)
{
	++*(__u64 *)data;
}

/* Two events of the sample, a string among their fields. */
static const struct trace_field number[] = {{"time_ns", 0, 8}, {"slot", 8, 4}, {}};
static const struct trace_field name[] = {{"index", 0, 4}, {"name", 8, TRACE_TEXT}, {}};

/* Head, facts and records, without what is made of them. */
static void read_alone(const char *path, size_t size)
{
	__u64 steps = 0;
	const struct vmmio_host_steps hosts = {host_step, &steps};
	const struct trace_event events[] = {
		{.system = "vmmio",
		 .name = "vmmio_kick",
		 .fields = number,
		 .handle = record,
		 .data = &steps},
		{.system = "virtio_probe",
		 .name = "vp_notify",
		 .fields = name,
		 .handle = record,
		 .data = &steps},
	};
	struct dat_facts facts = {};
	struct trace_ring ring;
	struct dat dat;
	char why[320] = "";
	int i, err = dat_open(&dat, path, why, sizeof(why));

	if (err) {
		require(why[0] && !strchr(why, '\n'), "an error without its line");
		return;
	}
	if (dat.facts && dat_facts_parse(&facts, dat.facts, why, sizeof(why)))
		require(why[0] && !strchr(why, '\n'), "facts: an error without its line");
	if (!dat_ring_open(&ring, &dat)) {
		for (i = 0; i < 2; i++)
			trace_ring_enable(&ring, &events[i], why, sizeof(why));
		vmmio_host_steps_open(&ring, &hosts, why, sizeof(why));
		trace_ring_drain(&ring, ~0ull);
		require(steps == ring.taken && steps <= size / 4, "more events than can be");
	}
	dat_ring_close(&ring);
	dat_facts_free(&facts);
	dat_close(&dat);
}

static void read_source(const char *path, size_t size, bool often)
{
	__u64 steps = 0;
	struct vmmio_source_opts opts = {
		.path = path,
		.interval_ns = often ? 400000 : 0,
		.steps = {step, &steps},
	};
	struct vmmio_source src = {.ops = &vmmio_source_dat};
	struct vmmio_snapshot s;
	int err = src.ops->open(&src, &opts), n = 0;

	if (err) {
		require(src.why[0] && !strchr(src.why, '\n'), "an error without its line");
		return;
	}
	vmmio_snapshot_init(&s, &opts.want);
	while (!err && n++ < 40)
		err = src.ops->snapshot(&src, &s);
	require(!err || src.why[0], "an error without its line");
	require(steps <= size / 4 * 2, "more events than can be");
	vmmio_snapshot_free(&s);
	vmmio_source_close(&src);
}

/* Watched byte by byte it would cost as much as the reader. */
__attribute__((no_sanitize("coverage", "address", "undefined"))) static unsigned int
sum_of(const unsigned char *data, size_t size)
{
	unsigned int sum = 0;
	size_t i;

	for (i = 0; i < size; i++)
		sum += data[i];
	return sum;
}

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
	static char path[64];
	static int fd = -1;
	unsigned int sum;

	if (fd < 0) {
		fd = memfd_create("dat", MFD_CLOEXEC);
		snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	}
	if (fd < 0 || ftruncate(fd, (off_t)size) || pwrite(fd, data, size, 0) != (ssize_t)size)
		return 0;
	sum = sum_of(data, size);
	if (sum % 8)
		read_alone(path, size);
	else
		read_source(path, size, !(sum % 64));
	return 0;
}
