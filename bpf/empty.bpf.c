// SPDX-License-Identifier: GPL-2.0-only
/*
 * Programs that do nothing: vmmio-hostcost and probe-cost.sh subtract their cost from that of a
 * real one. No other tool attaches them.
 */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>

char LICENSE[] SEC("license") = "GPL";

SEC("raw_tp/kvm_mmio")
int empty_mmio(void *ctx)
{
	return 0;
}

/* for bench/cost/emptyprobe.c, in a guest */
SEC("raw_tp/vmmio_reg_read")
int empty_reg_read(void *ctx)
{
	return 0;
}
