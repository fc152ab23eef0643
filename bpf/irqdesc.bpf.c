// SPDX-License-Identifier: GPL-2.0-only
/*
 * Is an interrupt disabled? The loader reads /proc/irq/N/spurious; the kernel looks the interrupt's
 * descriptor up for it, and the program reads the descriptor there. Attached only for that moment,
 * because the kernel looks descriptors up all the time.
 */
#include "vmlinux.h"
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

#include "irqdesc.h"

char LICENSE[] SEC("license") = "GPL";

#define SPURIOUS_DISABLED 2 /* IRQS_SPURIOUS_DISABLED, kernel/irq/internals.h */

__u64 asker = 0;
struct vmmio_irqdesc found = {};

SEC("raw_tp") int whoami(void *ctx)
{
	asker = bpf_get_current_pid_tgid() >> 32;
	return 0;
}

static __always_inline int look(struct irq_desc *desc)
{
	if (!desc || bpf_get_current_pid_tgid() >> 32 != asker)
		return 0;
	found.irq = BPF_CORE_READ(desc, irq_data.irq);
	found.depth = BPF_CORE_READ(desc, depth);
	found.spurious = !!(BPF_CORE_READ(desc, core_internal_state__do_not_mess_with_it) &
			    SPURIOUS_DISABLED);
	found.seen++;
	return 0;
}

SEC("fexit/irq_to_desc") int BPF_PROG(fe_desc, unsigned int irq, struct irq_desc *ret)
{
	return look(ret);
}

SEC("kretprobe/irq_to_desc") int BPF_KRETPROBE(kp_desc, struct irq_desc *ret)
{
	return look(ret);
}
