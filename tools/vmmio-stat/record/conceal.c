// SPDX-License-Identifier: GPL-2.0-only
/*
 * See conceal.h.
 */
#include <errno.h>
#include <string.h>

#include "vmmio/hostexit.h"
#include "vmmio/regs.h"
#include "conceal.h"

/* Addresses of functions, a guest's too, and the data that a guest sends or receives. */
static const struct {
	const char *event; /* NULL: a probe on a function */
	const char *field;
} hidden[] = {
	{NULL, "__probe_ip"},	 {NULL, "__probe_func"},   {NULL, "__probe_ret_ip"},
#if defined(__aarch64__)
	{"kvm_exit", "vcpu_pc"}, {"kvm_entry", "vcpu_pc"},
#else
	{"kvm_exit", "guest_rip"}, {"kvm_exit", "info1"},   {"kvm_exit", "info2"},
	{"kvm_entry", "rip"},
#endif
	{"kvm_pio", "val"},	 {"kvm_msr", "data"},	   {"kvm_hypercall", "a0"},
	{"kvm_hypercall", "a1"}, {"kvm_hypercall", "a2"},  {"kvm_hypercall", "a3"},
};

static int find_hidden(struct vmmio_conceal *to, const struct trace_event *from, const char *text)
{
	struct trace_place place;
	size_t k, n = 0;

	for (k = 0; k < sizeof(hidden) / sizeof(hidden[0]); k++) {
		if (hidden[k].event ? from->title || strcmp(hidden[k].event, from->name)
				    : !from->title)
			continue;
		if (trace_format_field(text, hidden[k].field, &place)) {
			if (hidden[k].event)
				return -EPROTO; /* it may have another name here */
			continue;
		}
		if (n == VMMIO_CONCEAL_PLACES)
			return -EPROTO;
		to->hide[n].at = place.at;
		to->hide[n++].size = place.size;
	}
	return from->title && !n ? -EPROTO : 0;
}

/* Of an access that KVM emulates only a doorbell's value stays. */
static int find_value(struct vmmio_conceal *c, const char *text)
{
	if (trace_format_field(text, "type", &c->type) ||
	    trace_format_field(text, "len", &c->len) || trace_format_field(text, "gpa", &c->gpa) ||
	    trace_format_field(text, "val", &c->val) || c->type.size != 4 || c->len.size != 4 ||
	    c->gpa.size != 8 || c->val.size != 8)
		return -EPROTO;
	return 0;
}

int vmmio_conceal_find(struct vmmio_conceal *c, const struct trace_event *event, const char *text)
{
	int err = find_hidden(c, event, text);

	c->is_mmio = !event->title && !strcmp(event->name, "kvm_mmio");
	return err || !c->is_mmio ? err : find_value(c, text);
}

static __u64 value_at(const char *record, struct trace_place p)
{
	__u64 v8 = 0;
	__u32 v4 = 0;

	if (p.size == 4)
		memcpy(&v4, record + p.at, sizeof(v4));
	else
		memcpy(&v8, record + p.at, sizeof(v8));
	return v4 | v8;
}

static void hide_value(const struct vmmio_conceal *m, char *record, size_t size)
{
	__u64 type, len, gpa, val;

	if (m->type.at + 4 > size || m->len.at + 4 > size || m->gpa.at + 8 > size ||
	    m->val.at + 8 > size)
		return;
	type = value_at(record, m->type);
	len = value_at(record, m->len);
	gpa = value_at(record, m->gpa);
	val = value_at(record, m->val);
	if (type == VMMIO_KVM_MMIO_WRITE && vmmio_exit_is_doorbell(gpa, (__u8)len))
		return;
	if (type == VMMIO_KVM_MMIO_READ && val == VMMIO_MMIO_MAGIC &&
	    !(gpa & (VMMIO_MMIO_WINDOW - 1)))
		return; /* a virtio-mmio window says what it is */
	memset(record + m->val.at, 0, m->val.size);
}

void vmmio_conceal_record(const struct vmmio_conceal *c, char *record, size_t size)
{
	int k;

	for (k = 0; k < VMMIO_CONCEAL_PLACES; k++)
		if (c->hide[k].at + c->hide[k].size <= size)
			memset(record + c->hide[k].at, 0, c->hide[k].size);
	if (c->is_mmio)
		hide_value(c, record, size);
}
