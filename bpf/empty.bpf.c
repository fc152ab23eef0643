// SPDX-License-Identifier: GPL-2.0-only
/*
 * The program that does nothing: what `vmmio-hostcost` takes off the cost of
 * one that does. Never attached by any tool.
 */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>

char LICENSE[] SEC("license") = "GPL";

SEC("raw_tp/kvm_mmio")
int empty_mmio(void *ctx)
{
	return 0;
}
