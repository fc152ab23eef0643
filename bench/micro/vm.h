/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A tiny VM through the KVM API: memory, one or more vCPUs, the payload of
 * micro_guest.S, and the ways a host can serve an access or send an
 * interrupt. No VMM, no Linux guest. Also what the host tests drive.
 *
 * All functions return 0 or -errno and print nothing.
 */
#ifndef VMMIO_BENCH_MICRO_VM_H
#define VMMIO_BENCH_MICRO_VM_H

#include <linux/kvm.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "guest.h"

#define MICRO_MAX_VCPUS 8

/* What the loop around KVM_RUN saw: the first witness. */
struct micro_seen {
	uint64_t mmio_writes; /* reached userspace */
	uint64_t mmio_reads;
	uint64_t pio_writes; /* MICRO_PORT_DONE left out */
	uint64_t pio_reads;
	uint64_t drained; /* entries taken from the coalesced ring */
	uint64_t others;  /* exits of any other reason (interruptions left out) */
};

struct micro_vcpu {
	int fd;
	int id;
	uint32_t run_size;
	struct kvm_run *run;
};

struct micro_vm {
	int kvm;
	int fd;
	bool irqchip;
	int nr_vcpus;
	uint8_t *ram;
	struct micro_vcpu vcpu[MICRO_MAX_VCPUS];
	struct kvm_coalesced_mmio_ring *ring; /* NULL: no coalescing here */
	uint32_t ring_entries;
};

int micro_vm_create(struct micro_vm *vm, int nr_vcpus, bool irqchip);
void micro_vm_destroy(struct micro_vm *vm);

/*
 * Adds (or, with KVM_IOEVENTFD_FLAG_DEASSIGN in @flags, removes) one
 * ioeventfd. @flags: KVM_IOEVENTFD_FLAG_PIO, _DATAMATCH.
 */
int micro_vm_ioeventfd(struct micro_vm *vm, int eventfd, uint64_t addr, uint32_t len,
		       uint64_t datamatch, uint32_t flags);

/* Lets writes to [@addr, @addr + @size) pile up in the coalesced ring. */
int micro_vm_coalesce(struct micro_vm *vm, uint64_t addr, uint32_t size, bool pio);

/* The irqfd of @gsi; route the GSI first with micro_vm_route_msi() for MSI. */
int micro_vm_irqfd(struct micro_vm *vm, int eventfd, uint32_t gsi);

/* Default irqchip routes, plus GSI @gsi as an MSI of @vector to APIC 0. */
int micro_vm_route_msi(struct micro_vm *vm, uint32_t gsi, uint8_t vector);

/* Sends an edge on @gsi, or an MSI of @vector, by ioctl. */
int micro_vm_irq_line(struct micro_vm *vm, uint32_t gsi);
int micro_vm_signal_msi(struct micro_vm *vm, uint8_t vector);

/* Sets the vCPU at the start of entry point @op. */
int micro_vcpu_prepare(struct micro_vm *vm, int vcpu, int op, uint64_t addr, uint32_t value,
		       uint32_t count);

/*
 * Runs it to the end of its loop, serving what reaches userspace: reads
 * answer 0. -EINTR if a signal came in and *@stop is set, -EFAULT if the
 * guest took a fault, -EPROTO on an exit that cannot be (shutdown, internal
 * error, failed entry).
 */
int micro_vcpu_run(struct micro_vm *vm, int vcpu, struct micro_seen *seen,
		   const volatile int *stop);

/* Takes what is left in the coalesced ring. */
void micro_vm_drain(struct micro_vm *vm, struct micro_seen *seen);

#endif
