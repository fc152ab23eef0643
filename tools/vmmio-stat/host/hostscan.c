// SPDX-License-Identifier: GPL-2.0-only
/*
 * Loads bpf/vms.bpf.c and runs scans (hostscan.h). Nothing is attached: the iterator runs while it
 * is read, and ends with this process.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "tools/vmmio-stat/source/bpf_util.h"
#include "hostscan.h"
#include "vms.skel.h"

#define RECORDS_FIRST 4096u
#define RECORDS_MOST (1u << 20)

struct vmmio_hostscan {
	struct vms_bpf *skel;
	struct bpf_link *link;
	struct vmmio_host_rec *recs; /* the kernel's array, mapped */
	__u32 room;
	bool eventfds;
};

int vmmio_ksyms_read(struct vmmio_ksym *syms, size_t n)
{
	FILE *f = fopen("/proc/kallsyms", "re");
	bool hidden = false;
	char line[512];
	size_t i, left = n;

	if (!f)
		return -errno;
	for (i = 0; i < n; i++)
		syms[i].addr = 0;
	/* "ffffffff81234567 t name", and a tab and "[module]" for modules */
	while (left && fgets(line, sizeof(line), f)) {
		char *name;

		line[strcspn(line, "\t\n")] = '\0';
		name = strrchr(line, ' ');
		for (i = 0; name && i < n; i++) {
			if (syms[i].addr || strcmp(syms[i].name, name + 1))
				continue;
			syms[i].addr = strtoull(line, NULL, 16);
			if (syms[i].addr)
				left--;
			else
				hidden = true;
		}
	}
	fclose(f);
	return hidden ? -EPERM : 0;
}

static int load(struct vmmio_hostscan *s, const struct vmmio_ksym *sym, __u32 room, char *why,
		size_t size)
{
	int err;

	s->skel = vmmio_bpf_open(vms);
	if (!s->skel) {
		err = -errno;
		vmmio_bpf_why(why, size, "open", err);
		return err;
	}
	s->skel->rodata->opt_vm_ioctl = sym[0].addr;
	s->skel->rodata->opt_vcpu_ioctl = sym[1].addr;
	s->skel->rodata->opt_ioeventfd_write = sym[2].addr;
	s->skel->rodata->opt_coalesced_write = sym[3].addr;
	s->skel->rodata->opt_eventfd_write = s->eventfds ? sym[4].addr : 0;
	s->skel->rodata->opt_records = room;
	bpf_map__set_max_entries(s->skel->maps.records, room);
	err = vms_bpf__load(s->skel);
	if (err) {
		vmmio_bpf_why(why, size, "load", err);
		return err;
	}
	s->link = bpf_program__attach_iter(s->skel->progs.vmmio_vms, NULL);
	if (!s->link) {
		err = -errno;
		vmmio_bpf_why(why, size, "attach", err);
		return err;
	}
	s->room = room;
	s->recs = mmap(NULL, (size_t)room * sizeof(*s->recs), PROT_READ, MAP_SHARED,
		       bpf_map__fd(s->skel->maps.records), 0);
	if (s->recs == MAP_FAILED) {
		s->recs = NULL;
		err = -errno;
		snprintf(why, size, "cannot map the scanner's records: %s", strerror(-err));
		return err;
	}
	return 0;
}

static void unload(struct vmmio_hostscan *s)
{
	if (s->recs)
		munmap(s->recs, (size_t)s->room * sizeof(*s->recs));
	bpf_link__destroy(s->link);
	vms_bpf__destroy(s->skel);
	s->recs = NULL;
	s->link = NULL;
	s->skel = NULL;
}

static int open_with(struct vmmio_hostscan *s, __u32 room, char *why, size_t size)
{
	struct vmmio_ksym sym[] = {{"kvm_vm_ioctl"},
				   {"kvm_vcpu_ioctl"},
				   {"ioeventfd_write"},
				   {"coalesced_mmio_write"},
				   {"eventfd_write"}};
	int err;

	err = vmmio_ksyms_read(sym, sizeof(sym) / sizeof(sym[0]));
	if (err == -EPERM) {
		snprintf(why, size,
			 "kernel addresses are hidden (/proc/kallsyms): run as root, "
			 "with kernel.kptr_restrict below 2");
		return err;
	}
	if (err) {
		snprintf(why, size, "/proc/kallsyms: %s", strerror(-err));
		return err;
	}
	if (!sym[0].addr || !sym[1].addr) {
		snprintf(why, size,
			 "no KVM in this kernel: vms and exits are commands for the host "
			 "of VMs; in a guest, see `vmmio-stat regs`");
		return -EOPNOTSUPP;
	}
	if (access("/sys/kernel/btf/vmlinux", R_OK)) {
		snprintf(why, size,
			 "this kernel has no BTF (CONFIG_DEBUG_INFO_BTF), which finding "
			 "VMs needs");
		return -ENOENT;
	}
	vmmio_bpf_quiet();
	err = load(s, sym, room, why, size);
	if (err)
		unload(s);
	return err;
}

int vmmio_hostscan_open(struct vmmio_hostscan **scan, bool eventfds, char *why, size_t size)
{
	struct vmmio_hostscan *s = calloc(1, sizeof(*s));
	int err;

	*scan = NULL;
	if (!s)
		return -ENOMEM;
	s->eventfds = eventfds;
	err = open_with(s, RECORDS_FIRST, why, size);
	if (err) {
		free(s);
		return err;
	}
	*scan = s;
	return 0;
}

void vmmio_hostscan_close(struct vmmio_hostscan *s)
{
	if (!s)
		return;
	unload(s);
	free(s);
}

static __u64 now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000000000ull + ts.tv_nsec;
}

static int walk(struct vmmio_hostscan *s)
{
	char none[64];
	ssize_t n;
	int fd;

	s->skel->bss->nr_records = 0;
	s->skel->bss->stale = 0;
	fd = bpf_iter_create(bpf_link__fd(s->link));
	if (fd < 0)
		return -errno;
	do {
		n = read(fd, none, sizeof(none));
	} while (n > 0 || (n < 0 && (errno == EAGAIN || errno == EINTR)));
	n = n < 0 ? -errno : 0;
	close(fd);
	return n;
}

int vmmio_hostscan_run(struct vmmio_hostscan *s, struct vmmio_host *host)
{
	__u64 start, end, wanted;
	char why[256];
	int err;

	for (;;) {
		start = now_ns();
		err = walk(s);
		end = now_ns();
		if (err)
			return err;
		wanted = s->skel->bss->nr_records;
		if (wanted <= s->room)
			break;
		/* Too many for the array: a bigger one, and again. */
		if (wanted > RECORDS_MOST)
			return -E2BIG;
		unload(s);
		err = open_with(s, 2 * wanted, why, sizeof(why));
		if (err)
			return err;
	}
	err = vmmio_host_build(s->recs, wanted, host);
	if (err)
		return err;
	host->stale = s->skel->bss->stale;
	host->scan_ns = end - start;
	return 0;
}
