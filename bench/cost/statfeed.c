// SPDX-License-Identifier: GPL-2.0-only
/*
 * vmmio-statfeed: events for vmmio-stat-fed. Writes the files that our driver
 * would have below /sys/kernel/vmmio (abi, slots) into a folder, then runs the
 * programs of vmmio-stat-fed with events of every virtqueue, four times a second
 * and on each CPU in turn (BPF_PROG_TEST_RUN). Ends when it is told to; measures
 * nothing.
 */
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "stock.h" /* what the skeleton below has in it */

#include "statcost.skel.h"
#include "lib/num.h"
#include "vmmio/events.h"
#include "vmmio/slots.h"
#include "slots.h"

static struct statcost_bpf *place; /* of the event, in memory that the kernel can read */

static int make_place(void)
{
	struct bpf_program *p;
	int fd, err;

	place = statcost_bpf__open();
	if (!place)
		return -errno;
	bpf_object__for_each_program(p, place->obj)
		bpf_program__set_autoload(p, p == place->progs.lay_out);
	err = statcost_bpf__load(place);
	if (err)
		return err;
	fd = bpf_raw_tracepoint_open("sys_enter", bpf_program__fd(place->progs.lay_out));
	place->bss->only_tid = (__u32)syscall(SYS_gettid);
	syscall(SYS_getpid);
	close(fd);
	return place->bss->fed_at ? 0 : -EIO;
}

/* The descriptor of the newest program of this name, negative if there is none. */
static int find_program(const char *name)
{
	struct bpf_prog_info info;
	int fd, found = -1;
	__u32 id = 0, len;

	while (!bpf_prog_get_next_id(id, &id)) {
		fd = bpf_prog_get_fd_by_id(id);
		if (fd < 0)
			continue;
		memset(&info, 0, sizeof(info));
		len = sizeof(info);
		if (bpf_obj_get_info_by_fd(fd, &info, &len) || strcmp(info.name, name)) {
			close(fd);
			continue;
		}
		if (found >= 0)
			close(found);
		found = fd;
	}
	return found;
}

static int feed(int fd, int cpu, const void *event, size_t size)
{
	__u64 args[1] = {place->bss->fed_at};
	LIBBPF_OPTS(bpf_test_run_opts, opts, .ctx_in = args, .ctx_size_in = sizeof(args),
		    .flags = BPF_F_TEST_RUN_ON_CPU, .cpu = (__u32)cpu);

	memcpy(place->bss->fed_event, event, size);
	return bpf_prog_test_run_opts(fd, &opts);
}

/*
 * Between two runs of vmmio-stat-fed there is no program, and nothing to do; one that
 * is there and does not run, or without the others, would make idle rows.
 */
static int feed_all(__u32 n, int cpu)
{
	int kick = find_program("raw_kick"), done = find_program("raw_kick_done"),
	    vq_irq = find_program("raw_vq_irq"), err = 0;
	bool all = kick >= 0 && done >= 0 && vq_irq >= 0;
	__u32 slot;

	for (slot = 0; slot < n && all && !err; slot++) {
		struct vmmio_ev_kick k = {.slot = slot, .gen = 1, .avail_idx = 5, .avail_delta = 3};
		struct vmmio_ev_kick_done d = {.slot = slot, .gen = 1, .cost_ns = 1000 + slot};
		struct vmmio_ev_vq_irq i = {.slot = slot,
					    .gen = 1,
					    .used_delta = 2,
					    .kick_to_irq_ns = 20000 + slot,
					    .flags = VMMIO_EV_LATENCY};

		if (slot % (VMMIO_COST_QUEUES + 1) == 0)
			continue; /* a device */
		err = feed(kick, cpu, &k, sizeof(k));
		err = err ?: feed(done, cpu, &d, sizeof(d));
		err = err ?: feed(vq_irq, cpu, &i, sizeof(i));
	}
	close(kick);
	close(done);
	close(vq_irq);
	return err;
}

int main(int argc, char **argv)
{
	struct timespec nap = {.tv_nsec = 250000000};
	int cpu, err;
	__u64 n;

	if (argc != 3 || vmmio_parse_u64(argv[2], 1, VMMIO_SLOTS - 1, &n)) {
		fprintf(stderr,
			"usage: vmmio-statfeed DIR ROWS   (of devices and their 8 queues)\n");
		return 2;
	}
	libbpf_set_print(NULL);
	err = vmmio_cost_slots(argv[1], (__u32)n, 1);
	if (!err)
		err = make_place();
	if (err) {
		fprintf(stderr, "vmmio-statfeed: %s: %s\n", argv[1], strerror(-err));
		return 1;
	}
	for (cpu = 0;; cpu = (cpu + 1) % (int)sysconf(_SC_NPROCESSORS_ONLN)) {
		err = feed_all((__u32)n, cpu);
		if (err) {
			fprintf(stderr, "vmmio-statfeed: an event: %s\n", strerror(-err));
			return 1;
		}
		nanosleep(&nap, NULL);
	}
}
