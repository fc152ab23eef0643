// SPDX-License-Identifier: GPL-2.0-only
/*
 * The tiny VM of vm.h. x86 only: KVM is asked for flat 32-bit protected
 * mode by KVM_SET_SREGS, so the payload needs no start-up code and a KVM
 * without hardware support, which emulates such guests, runs it as well.
 */
#define _GNU_SOURCE
#include "vm.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#if defined(__x86_64__)

extern const uint8_t vmmio_micro_payload[], vmmio_micro_payload_end[];

#define TSS_ADDR 0xfffbd000u
#define IDENTITY_ADDR 0xfffbc000u
#define MSI_ADDRESS 0xfee00000u
#define NR_VECTORS 64

static uint32_t payload_entry(int op)
{
	uint32_t off;

	memcpy(&off, vmmio_micro_payload + 4 * op, 4);
	return MICRO_CODE + off;
}

static void put_gate(uint8_t *ram, int vector, uint32_t handler)
{
	uint64_t gate = (handler & 0xffffull) | 0x08ull << 16 | 0x8eull << 40 |
			(uint64_t)(handler >> 16) << 48;

	memcpy(ram + MICRO_IDT + 8 * vector, &gate, 8);
}

/* Real mode, for the interrupt workload: offset and segment. */
static void put_vector(uint8_t *ram, int vector, uint32_t handler)
{
	uint32_t entry = (MICRO_CODE >> 4) << 16 | (handler - MICRO_CODE);

	memcpy(ram + 4 * vector, &entry, 4);
}

static void fill_ram(uint8_t *ram)
{
	static const uint64_t gdt[] = {0, 0x00cf9b000000ffffull, 0x00cf93000000ffffull};
	int v;

	memcpy(ram + MICRO_GDT, gdt, sizeof(gdt));
	for (v = 0; v < NR_VECTORS; v++)
		put_gate(ram, v, payload_entry(MICRO_OP_FAULT_HANDLER));
	put_vector(ram, MICRO_VEC_IRQCHIP, payload_entry(MICRO_OP_IRQCHIP_HANDLER));
	put_vector(ram, MICRO_VEC_MSI, payload_entry(MICRO_OP_MSI_HANDLER));
	memcpy(ram + MICRO_CODE, vmmio_micro_payload,
	       vmmio_micro_payload_end - vmmio_micro_payload);
}

static int create_vcpu(struct micro_vm *vm, int id)
{
	struct {
		struct kvm_cpuid2 head;
		struct kvm_cpuid_entry2 entries[128];
	} cpuid = {.head.nent = 128};
	struct micro_vcpu *v = &vm->vcpu[id];
	int size;

	v->id = id;
	v->fd = ioctl(vm->fd, KVM_CREATE_VCPU, id);
	if (v->fd < 0)
		return -errno;
	size = ioctl(vm->kvm, KVM_GET_VCPU_MMAP_SIZE, 0);
	if (size <= 0)
		return size ? -errno : -EPROTO;
	v->run_size = size;
	v->run = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, v->fd, 0);
	if (v->run == MAP_FAILED) {
		v->run = NULL;
		return -errno;
	}
	/* Without CPUID a hardware KVM offers a 486: give it the host's. */
	if (ioctl(vm->kvm, KVM_GET_SUPPORTED_CPUID, &cpuid))
		return -errno;
	if (ioctl(v->fd, KVM_SET_CPUID2, &cpuid))
		return -errno;
	return 0;
}

static void map_ring(struct micro_vm *vm)
{
	int page = ioctl(vm->kvm, KVM_CHECK_EXTENSION, KVM_CAP_COALESCED_MMIO);

	if (page <= 0 || !vm->vcpu[0].run)
		return;
	vm->ring = (void *)((uint8_t *)vm->vcpu[0].run + (size_t)page * getpagesize());
	vm->ring_entries = (getpagesize() - sizeof(*vm->ring)) / sizeof(struct kvm_coalesced_mmio);
}

int micro_vm_create(struct micro_vm *vm, int nr_vcpus, bool irqchip)
{
	struct kvm_userspace_memory_region mem = {.memory_size = MICRO_RAM_SIZE};
	uint64_t identity = IDENTITY_ADDR;
	int i, err;

	memset(vm, 0, sizeof(*vm));
	vm->fd = vm->kvm = -1;
	for (i = 0; i < MICRO_MAX_VCPUS; i++)
		vm->vcpu[i].fd = -1;
	if (nr_vcpus < 1 || nr_vcpus > MICRO_MAX_VCPUS)
		return -EINVAL;
	vm->kvm = open("/dev/kvm", O_RDWR | O_CLOEXEC);
	if (vm->kvm < 0)
		return -errno;
	vm->fd = ioctl(vm->kvm, KVM_CREATE_VM, 0);
	if (vm->fd < 0)
		goto err_errno;
	vm->ram = mmap(NULL, MICRO_RAM_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1,
		       0);
	if (vm->ram == MAP_FAILED) {
		vm->ram = NULL;
		goto err_errno;
	}
	fill_ram(vm->ram);
	/* Needed by old VMX without unrestricted guests; harmless elsewhere. */
	ioctl(vm->fd, KVM_SET_TSS_ADDR, TSS_ADDR);
	ioctl(vm->fd, KVM_SET_IDENTITY_MAP_ADDR, &identity);
	if (irqchip && ioctl(vm->fd, KVM_CREATE_IRQCHIP, 0))
		goto err_errno;
	vm->irqchip = irqchip;
	mem.userspace_addr = (uintptr_t)vm->ram;
	if (ioctl(vm->fd, KVM_SET_USER_MEMORY_REGION, &mem))
		goto err_errno;
	for (i = 0; i < nr_vcpus; i++) {
		err = create_vcpu(vm, i);
		if (err)
			goto err_destroy;
		vm->nr_vcpus++;
	}
	map_ring(vm);
	return 0;

err_errno:
	err = -errno;
err_destroy:
	micro_vm_destroy(vm);
	return err;
}

static void set_segment(struct kvm_segment *s, uint16_t selector, uint8_t type)
{
	*s = (struct kvm_segment){
		.limit = 0xffffffff,
		.selector = selector,
		.type = type,
		.present = 1,
		.db = 1,
		.s = 1,
		.g = 1,
	};
}

static void protected_mode(struct kvm_sregs *sregs)
{
	set_segment(&sregs->cs, 0x08, 11);
	set_segment(&sregs->ds, 0x10, 3);
	sregs->gdt.base = MICRO_GDT;
	sregs->gdt.limit = 3 * 8 - 1;
	sregs->idt.base = MICRO_IDT;
	sregs->idt.limit = NR_VECTORS * 8 - 1;
	sregs->cr0 = 0x11; /* PE, ET */
}

/* With the 4 GiB data segments that a switch back from protected mode leaves. */
static void real_mode(struct kvm_sregs *sregs)
{
	set_segment(&sregs->cs, MICRO_CODE >> 4, 11);
	sregs->cs.base = MICRO_CODE;
	sregs->cs.limit = 0xffff;
	sregs->cs.db = sregs->cs.g = 0;
	set_segment(&sregs->ds, 0, 3);
	sregs->ds.db = 0;
	sregs->idt.base = 0;
	sregs->idt.limit = 0x3ff;
	sregs->cr0 = 0x10;
}

int micro_vcpu_prepare(struct micro_vm *vm, int vcpu, int op, uint64_t addr, uint32_t value,
		       uint32_t count)
{
	struct kvm_mp_state state = {.mp_state = KVM_MP_STATE_RUNNABLE};
	struct micro_vcpu *v = &vm->vcpu[vcpu];
	struct kvm_sregs sregs;
	struct kvm_regs regs = {
		.rip = payload_entry(op),
		.rflags = 2,
		.rsp = MICRO_STACK - 0x100 * vcpu,
		.rbp = count,
		.rdi = addr,
		.rdx = addr,
		.rax = value,
	};

	if (ioctl(v->fd, KVM_GET_SREGS, &sregs))
		return -errno;
	if (op == MICRO_OP_IRQ_LOOP) {
		real_mode(&sregs);
		regs.rip -= MICRO_CODE;
	} else {
		protected_mode(&sregs);
	}
	sregs.es = sregs.fs = sregs.gs = sregs.ss = sregs.ds;
	sregs.cr3 = sregs.cr4 = 0;
	sregs.efer = 0;
	if (ioctl(v->fd, KVM_SET_SREGS, &sregs) || ioctl(v->fd, KVM_SET_REGS, &regs))
		return -errno;
	/* The previous loop left the vCPU asleep or, beyond the first, never woken. */
	if (vm->irqchip && ioctl(v->fd, KVM_SET_MP_STATE, &state))
		return -errno;
	return 0;
}

int micro_vm_route_msi(struct micro_vm *vm, uint32_t gsi, uint8_t vector)
{
	struct {
		struct kvm_irq_routing head;
		struct kvm_irq_routing_entry e[2];
	} r = {.head.nr = 2};

	r.e[0].gsi = MICRO_GSI;
	r.e[0].type = KVM_IRQ_ROUTING_IRQCHIP;
	r.e[0].u.irqchip.irqchip = KVM_IRQCHIP_IOAPIC;
	r.e[0].u.irqchip.pin = MICRO_GSI;
	r.e[1].gsi = gsi;
	r.e[1].type = KVM_IRQ_ROUTING_MSI;
	r.e[1].u.msi.address_lo = MSI_ADDRESS;
	r.e[1].u.msi.data = vector;
	return ioctl(vm->fd, KVM_SET_GSI_ROUTING, &r) ? -errno : 0;
}

int micro_vm_signal_msi(struct micro_vm *vm, uint8_t vector)
{
	struct kvm_msi msi = {.address_lo = MSI_ADDRESS, .data = vector};

	return ioctl(vm->fd, KVM_SIGNAL_MSI, &msi) < 0 ? -errno : 0;
}

#else /* another architecture: the payload has to be written first */

int micro_vm_create(struct micro_vm *vm, int nr_vcpus, bool irqchip)
{
	(void)nr_vcpus;
	(void)irqchip;
	memset(vm, 0, sizeof(*vm));
	vm->fd = vm->kvm = -1;
	return -EOPNOTSUPP;
}

int micro_vcpu_prepare(struct micro_vm *vm, int vcpu, int op, uint64_t addr, uint32_t value,
		       uint32_t count)
{
	(void)vm, (void)vcpu, (void)op, (void)addr, (void)value, (void)count;
	return -EOPNOTSUPP;
}

int micro_vm_route_msi(struct micro_vm *vm, uint32_t gsi, uint8_t vector)
{
	(void)vm, (void)gsi, (void)vector;
	return -EOPNOTSUPP;
}

int micro_vm_signal_msi(struct micro_vm *vm, uint8_t vector)
{
	(void)vm, (void)vector;
	return -EOPNOTSUPP;
}

#endif

void micro_vm_destroy(struct micro_vm *vm)
{
	int i;

	for (i = 0; i < MICRO_MAX_VCPUS; i++) {
		if (vm->vcpu[i].run)
			munmap(vm->vcpu[i].run, vm->vcpu[i].run_size);
		if (vm->vcpu[i].fd >= 0)
			close(vm->vcpu[i].fd);
		vm->vcpu[i].run = NULL;
		vm->vcpu[i].fd = -1;
	}
	if (vm->fd >= 0)
		close(vm->fd);
	if (vm->ram)
		munmap(vm->ram, MICRO_RAM_SIZE);
	if (vm->kvm >= 0)
		close(vm->kvm);
	vm->fd = vm->kvm = -1;
	vm->ram = NULL;
	vm->ring = NULL;
}

int micro_vm_ioeventfd(struct micro_vm *vm, int eventfd, uint64_t addr, uint32_t len,
		       uint64_t datamatch, uint32_t flags)
{
	struct kvm_ioeventfd io = {
		.datamatch = datamatch,
		.addr = addr,
		.len = len,
		.fd = eventfd,
		.flags = flags,
	};

	return ioctl(vm->fd, KVM_IOEVENTFD, &io) ? -errno : 0;
}

int micro_vm_coalesce(struct micro_vm *vm, uint64_t addr, uint32_t size, bool pio)
{
	struct kvm_coalesced_mmio_zone zone = {.addr = addr, .size = size, .pio = pio};

	if (!vm->ring)
		return -EOPNOTSUPP;
	if (pio && ioctl(vm->kvm, KVM_CHECK_EXTENSION, KVM_CAP_COALESCED_PIO) <= 0)
		return -EOPNOTSUPP;
	return ioctl(vm->fd, KVM_REGISTER_COALESCED_MMIO, &zone) ? -errno : 0;
}

int micro_vm_irqfd(struct micro_vm *vm, int eventfd, uint32_t gsi)
{
	struct kvm_irqfd irqfd = {.fd = eventfd, .gsi = gsi};

	return ioctl(vm->fd, KVM_IRQFD, &irqfd) ? -errno : 0;
}

int micro_vm_irq_line(struct micro_vm *vm, uint32_t gsi)
{
	struct kvm_irq_level line = {.irq = gsi, .level = 1};

	if (ioctl(vm->fd, KVM_IRQ_LINE, &line))
		return -errno;
	line.level = 0;
	return ioctl(vm->fd, KVM_IRQ_LINE, &line) ? -errno : 0;
}

void micro_vm_drain(struct micro_vm *vm, struct micro_seen *seen)
{
	uint32_t first, last;

	if (!vm->ring)
		return;
	/* The kernel publishes `last` after the entry: acquire, then count. */
	first = vm->ring->first;
	last = __atomic_load_n(&vm->ring->last, __ATOMIC_ACQUIRE);
	while (first != last) {
		first = (first + 1) % vm->ring_entries;
		seen->drained++;
	}
	__atomic_store_n(&vm->ring->first, first, __ATOMIC_RELEASE);
}

/* One exit that reached us. 1 = the loop has ended. */
static int serve(struct micro_vcpu *v, struct micro_seen *seen)
{
	struct kvm_run *run = v->run;

	switch (run->exit_reason) {
	case KVM_EXIT_MMIO:
		if (run->mmio.is_write) {
			seen->mmio_writes++;
		} else {
			seen->mmio_reads++;
			memset(run->mmio.data, 0, sizeof(run->mmio.data));
		}
		return 0;
	case KVM_EXIT_IO:
		if (run->io.port == MICRO_PORT_DONE)
			return 1;
		if (run->io.port == MICRO_PORT_FAULT)
			return -EFAULT;
		if (run->io.direction == KVM_EXIT_IO_OUT) {
			seen->pio_writes++;
		} else {
			seen->pio_reads++;
			memset((uint8_t *)run + run->io.data_offset, 0,
			       (size_t)run->io.size * run->io.count);
		}
		return 0;
	case KVM_EXIT_SHUTDOWN:
	case KVM_EXIT_INTERNAL_ERROR:
	case KVM_EXIT_FAIL_ENTRY:
	case KVM_EXIT_HLT:
		return -EPROTO;
	default:
		seen->others++;
		return 0;
	}
}

int micro_vcpu_run(struct micro_vm *vm, int vcpu, struct micro_seen *seen, const volatile int *stop)
{
	struct micro_vcpu *v = &vm->vcpu[vcpu];
	int ret;

	for (;;) {
		if (ioctl(v->fd, KVM_RUN, 0)) {
			if (errno != EINTR && errno != EAGAIN)
				return -errno;
			if (stop && *stop)
				return -EINTR;
			continue;
		}
		micro_vm_drain(vm, seen);
		ret = serve(v, seen);
		if (ret)
			return ret < 0 ? ret : 0;
	}
}
