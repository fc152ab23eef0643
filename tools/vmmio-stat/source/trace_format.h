/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The kernel's text about the layout of records: events/<system>/<name>/format and
 * events/header_page. It may come from an untrusted file: everything is checked.
 */
#ifndef VMMIO_TRACE_FORMAT_H
#define VMMIO_TRACE_FORMAT_H

#include <stdbool.h>
#include <stddef.h>

#include "vmmio/types.h"

struct trace_place {
	__u32 at, size; /* bytes from the record's begin */
	bool text;	/* a string: here is where it is, and how long */
};

/* @text ends with NUL. "ID: 1234"; 0 or -EPROTO. */
int trace_format_id(const char *text, __u16 *id);

/* The field @name; 0, -ENOENT or, of one that fits no record, -EPROTO. */
int trace_format_field(const char *text, const char *name, struct trace_place *place);

/*
 * Of events/header_page: bytes of a page with its head, and of the kernel's long.
 * Returns 0 or -EPROTO.
 */
int trace_format_page(const char *text, size_t *page_size, unsigned int *long_size);

#endif
