/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What every loader of a BPF object needs: quiet libbpf messages, an error
 * text with a remedy, and the events that the kernel dropped.
 */
#ifndef VMMIO_BPF_UTIL_H
#define VMMIO_BPF_UTIL_H

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <linux/types.h>

struct bpf_object;
struct bpf_link;

/*
 * The programs share 64-bit pointers with their loader, and a 32-bit kernel has other types. A
 * 32-bit program holds no BPF object and says so.
 */
#define VMMIO_HAS_BPF (sizeof(void *) == 8)

/* A skeleton, opened; NULL with errno, ENOPKG in a program that holds none. */
#define vmmio_bpf_open(name) \
	(VMMIO_HAS_BPF ? name##_bpf__open() : (errno = ENOPKG, (struct name##_bpf *)NULL))

/* Keeps libbpf's warnings off stderr; the first of a run goes into error texts. */
void vmmio_bpf_quiet(void);

/* One line for -errno @err of @step ("load", "attach"). */
void vmmio_bpf_why(char *why, size_t size, const char *step, int err);

/*
 * Runs that were skipped because a program was active on its CPU, over all loaded programs of @obj.
 */
__u64 vmmio_bpf_misses(struct bpf_object *obj);

/* Hits that kprobes and return probes missed, where the kernel tells (since 6.7). */
__u64 vmmio_bpf_link_misses(struct bpf_link *const *links, int n);

/* Does the kernel tell them of this link of a kprobe? */
bool vmmio_bpf_tells_misses(const struct bpf_link *link);

/*
 * For a process that is about to end: @links (NULL: none) are detached in the background, because
 * each hook waits for a grace period of the kernel, one after the other. A child holds them until
 * this process is gone, and then closes them. The caller destroys them all the same. The child
 * holds nothing else: no output that a reader waits for, no lock.
 */
void vmmio_bpf_leave(struct bpf_link *const *links, int n);

#endif
