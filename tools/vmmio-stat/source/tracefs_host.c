// SPDX-License-Identifier: GPL-2.0-only
/*
 * See host_steps.h.
 */
#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "vmmio/hostexit.h"
#include "host_steps.h"

#define F(name, to)                                               \
	{                                                         \
		name, offsetof(struct vmmio_host_step, to),       \
			sizeof(((struct vmmio_host_step *)0)->to) \
	}

static const struct hook {
	struct vmmio_host_event event;
	enum vmmio_host_kind kind;
	struct trace_field fields[6];
} hooks[] = {
	{{"kvm", "kvm_exit", VMMIO_HOST_X86},
	 VMMIO_HOST_EXIT,
	 {F("exit_reason", a), F("isa", b), F("vcpu_id", c)}},
	{{"kvm", "kvm_exit", VMMIO_HOST_ARM}, VMMIO_HOST_EXIT, {F("ret", a), F("esr_ec", b)}},
	{{"kvm", "kvm_entry", VMMIO_HOST_X86}, VMMIO_HOST_ENTRY, {F("vcpu_id", c)}},
	{{"kvm", "kvm_entry", VMMIO_HOST_ARM}, VMMIO_HOST_ENTRY, {}},
	{{"kvm", "kvm_mmio"},
	 VMMIO_HOST_MMIO,
	 {F("type", a), F("len", b), F("gpa", addr), F("val", data)}},
	{{"kvm", "kvm_fast_mmio", VMMIO_HOST_X86}, VMMIO_HOST_FAST, {F("gpa", addr)}},
	{{"kvm", "kvm_pio", VMMIO_HOST_X86},
	 VMMIO_HOST_PIO,
	 {F("rw", a), F("size", b), F("port", c)}},
	{{"kvm", "kvm_msr", VMMIO_HOST_X86}, VMMIO_HOST_MSR, {F("write", a), F("ecx", b)}},
/* clang-format off */
#define NAMED(id, event, label, arg, field) \
	{{"kvm", #event, VMMIO_HOST_X86}, VMMIO_HOST_##id, {F(field, addr)}},
	VMMIO_EXIT_NAMED(NAMED)
	/* clang-format on */
	{{"kvm", "kvm_userspace_exit"}, VMMIO_HOST_USER, {F("reason", a), F("errno", b)}},
	{{"kvm", "kvm_eoi", VMMIO_HOST_X86}, VMMIO_HOST_EOI, {F("vector", a)}},
	{{"kvm", "kvm_pv_eoi", VMMIO_HOST_X86}, VMMIO_HOST_PV_EOI, {F("vector", a)}},
	{{"kvm", "kvm_inj_virq", VMMIO_HOST_X86}, VMMIO_HOST_INJECT, {F("vector", a)}},
	{{"kvm", "kvm_inj_virq", VMMIO_HOST_X86},
	 VMMIO_HOST_INJECT,
	 {F("irq", a)}}, /* until 5.19 */
	{{"kvm", "kvm_apic_accept_irq", VMMIO_HOST_X86},
	 VMMIO_HOST_ACCEPT,
	 {F("apicid", a), F("dm", mode), F("vec", vector)}},
	{{"kvm", "kvm_msi_set_irq", VMMIO_HOST_X86},
	 VMMIO_HOST_MSI,
	 {F("address", addr), F("data", data)}},
	{{"kvm", "kvm_set_irq"}, VMMIO_HOST_LINE, {F("gsi", a), F("level", b)}},
	{{"kvm", "kvm_ioapic_set_irq", VMMIO_HOST_X86}, VMMIO_HOST_IOAPIC, {F("e", data)}},
	{{"kvm", "kvm_apic_ipi", VMMIO_HOST_X86}, VMMIO_HOST_IPI, {F("icr_low", a)}},
	{{"kvm", "kvm_irq_line", VMMIO_HOST_ARM},
	 VMMIO_HOST_LINE,
	 {F("irq_num", a), F("level", b)}},
	{{"kvm", "vgic_update_irq_pending", VMMIO_HOST_ARM},
	 VMMIO_HOST_PENDING,
	 {F("irq", a), F("level", vector), F("vcpu_id", addr)}},
	{{"sched", "sched_waking"}, VMMIO_HOST_WAKE, {F("pid", a), F("common_flags", flags)}},
	{{"sched", "sched_switch"}, VMMIO_HOST_SWITCH, {F("prev_pid", a), F("next_pid", b)}},
};

#define HOOKS (sizeof(hooks) / sizeof(hooks[0]))

const struct vmmio_host_event *vmmio_host_event(int i)
{
	static const struct vmmio_host_event none;

	return i < 0 || (size_t)i >= HOOKS ? &none : &hooks[i].event;
}

#define TRAP 2 /* ARM_EXCEPTION_TRAP: then the exception's class is the reason */

/* As the BPF program of exits has it. */
static void arm_exit(struct vmmio_host_step *s)
{
	s->a = (s->a & 0xff) == TRAP ? s->b : 0x100 + (s->a & 0xff);
	s->b = VMMIO_ISA_ARM64;
}

static void take(void *data, int arg, const struct trace_context *at, const void *values)
{
	const struct vmmio_host_steps *to = data;
	struct vmmio_host_step s = *(const struct vmmio_host_step *)values;

	s.kind = hooks[arg].kind;
	if (hooks[arg].event.machine == VMMIO_HOST_ARM) {
		if (s.kind == VMMIO_HOST_EXIT)
			arm_exit(&s);
		if (s.kind == VMMIO_HOST_EXIT || s.kind == VMMIO_HOST_ENTRY)
			s.c = VMMIO_HOST_UNSAID;
	}
	s.ns = at->ns;
	s.cpu = at->number;
	s.pid = at->pid;
	to->take(to->data, &s);
}

int vmmio_host_steps_open(struct trace_ring *ring, const struct vmmio_host_steps *steps, char *why,
			  size_t size)
{
	bool any = false, known = false; /* of the hook before */
	size_t i;
	int err;

	for (i = 0; i < HOOKS; i++) {
		struct trace_event e = {
			.system = hooks[i].event.system,
			.name = hooks[i].event.name,
			.fields = hooks[i].fields,
			.handle = take,
			.data = (void *)steps,
			.arg = (int)i,
		};

		if (known && !strcmp(e.name, hooks[i - 1].event.name))
			continue;
		err = trace_ring_enable(ring, &e, why, size);
		known = !err;
		any |= !err;
		/* a layout that is not known may be in the next line */
		if (err && err != -ENOENT &&
		    !(err == -EPROTO && i + 1 < HOOKS && !strcmp(hooks[i + 1].event.name, e.name)))
			return err;
	}
	if (any)
		return 0;
	snprintf(why, size, "it has no events of a KVM host");
	return -ENOENT;
}
