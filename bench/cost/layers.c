// SPDX-License-Identifier: GPL-2.0-only
/*
 * vmmio-layers: who uses the processor of a KVM host between a device's kicks. Attaches
 * bpf/layers.bpf.c until it is interrupted, then prints one line of JSON: for each address that
 * guests wrote to, its periods from write to write and their nanoseconds by layer. For a host with
 * one processor and one guest with one vCPU. With "calls" it finds the periods by system calls
 * instead of KVM's events.
 */
#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include <vmmio/layers.h>
#include "layers.skel.h"
#include "lib/json.h"
#include "tools/vmmio-stat/source/bpf_util.h"

#define APART_NS 100000000 /* a pause between two rounds, and no I/O */

static const char *const names[VMMIO_LAYERS] = VMMIO_LAYER_NAMES;

/* By KVM's events guest and KVM are two layers, by system calls one: guest is null. */
static void print_layers(struct vmmio_json *j, const char *key, const __u64 *of, bool calls)
{
	vmmio_json_open(j, key, '{');
	for (int i = 0; i < VMMIO_LAYERS; i++) {
		if (i == VMMIO_LAYER_GUEST && calls)
			vmmio_json_null(j, names[i]);
		else
			vmmio_json_u64(j, names[i], of[i]);
	}
	vmmio_json_close(j, '}');
}

/* 0 or -errno. */
static int print(const struct layers_bpf *l, bool calls)
{
	struct vmmio_json j = {.out = stdout};
	struct vmmio_layers d;
	__u64 key, *before = NULL;
	int fd = bpf_map__fd(l->maps.doorbells);

	vmmio_json_open(&j, NULL, '{');
	vmmio_json_u64(&j, "schema", 1);
	vmmio_json_text(&j, "tool", "vmmio-layers");
	vmmio_json_text(&j, "by", calls ? "calls" : "kvm");
	vmmio_json_open(&j, "doorbells", '[');
	while (!bpf_map_get_next_key(fd, before, &key)) {
		before = &key;
		if (bpf_map_lookup_elem(fd, &key, &d))
			return -errno;
		if (!d.periods)
			continue;
		vmmio_json_open(&j, NULL, '{');
		vmmio_json_u64(&j, "address", key);
		vmmio_json_u64(&j, "periods", d.periods);
		vmmio_json_u64(&j, "apart", d.apart);
		vmmio_json_u64(&j, "elapsed_ns", d.elapsed);
		print_layers(&j, "ns", d.ns, calls);
		print_layers(&j, "sides", d.sides, calls);
		vmmio_json_close(&j, '}');
	}
	vmmio_json_close(&j, ']');
	vmmio_json_close(&j, '}');
	putchar('\n');
	return fflush(stdout) ? -errno : 0;
}

/* What the second witness is to be independent of, and what it has instead. */
static void choose(struct layers_bpf *l, bool calls)
{
	bpf_program__set_autoload(l->progs.layers_entry, !calls);
	bpf_program__set_autoload(l->progs.layers_exit, !calls);
	bpf_program__set_autoload(l->progs.layers_user, !calls);
	bpf_program__set_autoload(l->progs.layers_run, !calls);
	bpf_program__set_autoload(l->progs.layers_call, calls);
	bpf_program__set_autoload(l->progs.layers_return, calls);
	bpf_program__set_autoattach(l->progs.layers_fast, false);
	l->rodata->opt_apart_ns = APART_NS;
	l->rodata->opt_ioctl = SYS_ioctl;
}

/* kvm_fast_mmio is x86's: where there is no such event, none is missed. 0 or -errno. */
static int attach(struct layers_bpf *l)
{
	int err = layers_bpf__attach(l);

	if (err)
		return err;
	l->links.layers_fast = bpf_program__attach(l->progs.layers_fast);
	return l->links.layers_fast || errno == ENOENT ? 0 : -errno;
}

int main(int argc, char **argv)
{
	bool calls = argc == 2 && !strcmp(argv[1], "calls");
	struct rlimit locked = {RLIM_INFINITY, RLIM_INFINITY};
	struct layers_bpf *l;
	sigset_t ends;
	int sig, err = 0;
	__u64 lost;

	if (argc != 1 && !calls) {
		fprintf(stderr,
			"usage: vmmio-layers [calls] >layers.json, until SIGINT or SIGTERM\n");
		return 2;
	}
	if (sysconf(_SC_NPROCESSORS_ONLN) != 1) {
		fprintf(stderr, "vmmio-layers: this machine has more than one processor: whose "
				"time it is cannot be told (vmmio-boot --host has one)\n");
		return 1;
	}
	sigemptyset(&ends);
	sigaddset(&ends, SIGINT);
	sigaddset(&ends, SIGTERM);
	sigprocmask(SIG_BLOCK, &ends, NULL);
	setrlimit(RLIMIT_MEMLOCK, &locked);
	libbpf_set_print(NULL);
	l = layers_bpf__open();
	if (l) {
		choose(l, calls);
		err = layers_bpf__load(l) ?: attach(l);
	}
	if (!l || err) {
		fprintf(stderr, "vmmio-layers: KVM's events: %s (is the module kvm loaded?)\n",
			strerror(l ? -err : errno));
		layers_bpf__destroy(l);
		return 1;
	}
	fprintf(stderr, "vmmio-layers: attached\n");
	sigwait(&ends, &sig);
	layers_bpf__detach(l);
	/* one event that was not seen puts time into a layer that it is not of */
	lost = vmmio_bpf_misses(l->obj) + l->bss->unplaced;
	err = lost ? -ENODATA : print(l, calls);
	if (lost)
		fprintf(stderr, "vmmio-layers: %llu events were lost: nothing can be told\n",
			(unsigned long long)lost);
	else if (err)
		fprintf(stderr, "vmmio-layers: %s\n", strerror(-err));
	layers_bpf__destroy(l);
	return err ? 1 : 0;
}
