/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * --self: the cost of watching. CPU time and memory of this process, and the BPF programs and maps
 * that it holds, as the kernel accounts for them.
 */
#ifndef VMMIO_SELF_H
#define VMMIO_SELF_H

#include <stdbool.h>
#include <stddef.h>
#include <linux/types.h>

struct vmmio_self {
	__u64 cpu_ns;	  /* user and system, since the start */
	__u64 elapsed_ns; /* CLOCK_MONOTONIC since the start */
	__u64 rss_bytes;  /* 0: not known */
	unsigned int programs, maps;
	__u64 map_bytes;
	bool have_bpf_time; /* kernel.bpf_stats_enabled was on */
	__u64 bpf_ns, bpf_runs;
};

/* Reads /proc; what cannot be read stays 0. */
void vmmio_self_read(struct vmmio_self *s);

/* One line, without a newline. Returns @buf. */
char *vmmio_self_line(char *buf, size_t size, const struct vmmio_self *s);

/* Adds the "key: value" lines of a /proc/self/fdinfo file; for tests. */
void vmmio_self_fdinfo(struct vmmio_self *s, const char *text);

#endif
