/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a transport must know about device types, by virtio device id (VIRTIO 1.4 section 5). The
 * driver and vmmio-stat read it.
 */
#ifndef VMMIO_DEVICES_H
#define VMMIO_DEVICES_H

#include "types.h"

/* Queues that the device drives: filled ahead, served when the device has data. */
enum vmmio_driven {
	VMMIO_DRIVEN_NONE,
	VMMIO_DRIVEN_ALL,
	VMMIO_DRIVEN_EVEN,   /* receive queues; a control queue, known by its name, is not */
	VMMIO_DRIVEN_SECOND, /* the event queue */
};

/*
 * X(name, id, driven, least): least is the smallest ring in which one request of
 * Linux's driver makes progress. A network packet takes up to 19 descriptors and the
 * driver stops its queue early; a block request without indirect descriptors
 * takes two more than it has segments, which the device says.
 */
#define VMMIO_DEVICES(X)         \
	X("net", 1, EVEN, 32)    \
	X("block", 2, NONE, 4)   \
	X("console", 3, EVEN, 2) \
	X("entropy", 4, NONE, 2) \
	X("balloon", 5, ALL, 2)  \
	X("scsi", 8, SECOND, 2)  \
	X("input", 18, ALL, 2)   \
	X("vsock", 19, EVEN, 2)

static inline enum vmmio_driven vmmio_device_driven(__u32 id)
{
	switch (id) {
#define VMMIO_DEVICE_CASE(name, number, driven, least) \
	case number:                                   \
		return VMMIO_DRIVEN_##driven;
		VMMIO_DEVICES(VMMIO_DEVICE_CASE)
#undef VMMIO_DEVICE_CASE
	}
	return VMMIO_DRIVEN_NONE;
}

static inline __u32 vmmio_device_least_ring(__u32 id)
{
	switch (id) {
#define VMMIO_DEVICE_CASE(name, number, driven, least) \
	case number:                                   \
		return least;
		VMMIO_DEVICES(VMMIO_DEVICE_CASE)
#undef VMMIO_DEVICE_CASE
	}
	return 2;
}

/* No loop and no string function: the kernel, its BPF and userspace share it. */
static inline _Bool vmmio_is_control(const char *name)
{
	return name[0] == 'c' && name[1] == 'o' && name[2] == 'n' && name[3] == 't' &&
	       name[4] == 'r' && name[5] == 'o' && name[6] == 'l';
}

/* Does a device of type @id drive this queue? @name is its driver's name of the queue. */
static inline _Bool vmmio_queue_driven(__u32 id, __u32 index, const char *name)
{
	switch (vmmio_device_driven(id)) {
	case VMMIO_DRIVEN_ALL:
		return 1;
	case VMMIO_DRIVEN_SECOND:
		return index == 1;
	case VMMIO_DRIVEN_EVEN:
		return !(index & 1) && !(id == 1 && vmmio_is_control(name));
	default:
		return 0;
	}
}

#endif
