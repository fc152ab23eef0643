/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What every loader of a BPF object needs: quiet libbpf messages, an error
 * text with a remedy, and the events that the kernel dropped.
 */
#ifndef VMMIO_BPF_UTIL_H
#define VMMIO_BPF_UTIL_H

#include <stdbool.h>
#include <stddef.h>
#include <linux/types.h>

struct bpf_object;
struct bpf_link;

/* Keeps libbpf's warnings off stderr; the first of a run goes into error texts. */
void vmmio_bpf_quiet(void);

/* One line for -errno @err of @step ("load", "attach"). */
void vmmio_bpf_why(char *why, size_t size, const char *step, int err);

/* Runs that were skipped since a program was active on its CPU, over
 * all loaded programs of @obj. */
__u64 vmmio_bpf_misses(struct bpf_object *obj);

/* Hits that kprobes and return probes missed, where the kernel tells (since 6.7). */
__u64 vmmio_bpf_link_misses(struct bpf_link *const *links, int n);

/* Does the kernel tell them of this link of a kprobe? */
bool vmmio_bpf_tells_misses(const struct bpf_link *link);

#endif
