/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The few members of KVM's structures that the host programs read, as
 * CO-RE flavours. Declared here since a vmlinux.h made from a kernel whose KVM
 * is a module has none of them; the offsets are the running kernel's.
 */
#ifndef VMMIO_BPF_KVM_H
#define VMMIO_BPF_KVM_H

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

struct kvm_io_device_ops___v {
	void *read;
	void *write;
};

struct kvm_io_device___v {
	const struct kvm_io_device_ops___v *ops;
};

struct kvm_io_range___v {
	u64 addr;
	int len;
	struct kvm_io_device___v *dev;
};

struct kvm_io_bus___v {
	int dev_count;
	struct kvm_io_range___v range[0];
};

struct kvm___v {
	struct kvm_io_bus___v *buses[4];
	struct {
		struct list_head items;
	} irqfds;
	atomic_t online_vcpus;
	pid_t userspace_pid;
};

struct kvm_vcpu___v {
	struct kvm___v *kvm;
	int vcpu_id;
	struct pid *pid;
};

struct _ioeventfd___v {
	u64 addr;
	int length;
	struct eventfd_ctx *eventfd;
	u64 datamatch;
	struct kvm_io_device___v dev;
	bool wildcard;
};

struct kvm_coalesced_mmio_dev___v {
	struct kvm_io_device___v dev;
	struct kvm___v *kvm;
};

struct kvm_kernel_irq_routing_entry___v {
	u32 type;
	struct {
		u32 address_lo;
		u32 address_hi;
		u32 data;
	} msi;
};

struct kvm_kernel_irqfd___v {
	struct kvm___v *kvm;
	struct kvm_kernel_irq_routing_entry___v irq_entry;
	int gsi;
	struct work_struct inject;
	void *resampler;
	struct eventfd_ctx *eventfd;
	struct list_head list;
};

struct eventfd_ctx___v {
	int id;
};

struct vmcb___v {
	struct {
		u32 exit_code;
	} control;
};

struct vcpu_svm___v {
	struct kvm_vcpu___v vcpu; /* the first member */
	struct vmcb___v *vmcb;
};

union vmx_exit_reason___v {
	u32 full;
};

struct vcpu_vmx___v {
	union vmx_exit_reason___v exit_reason;
};

/* of newer kernels */
struct vcpu_vmx___vt {
	struct {
		union vmx_exit_reason___v exit_reason;
	} vt;
};

#pragma clang attribute pop

#endif
