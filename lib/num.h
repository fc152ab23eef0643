/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The one number parser: rejects junk, signs, blanks, empty strings and numbers out of range.
 * Nothing else in tools/ turns text into numbers.
 */
#ifndef VMMIO_NUM_H
#define VMMIO_NUM_H

#include <linux/types.h>

/* Decimal, or hexadecimal with 0x. Returns 0, -EINVAL or -ERANGE (outside min..max). */
int vmmio_parse_u64(const char *text, __u64 min, __u64 max, __u64 *value);

/* Seconds with up to nine decimals ("0.5") to nanoseconds; same errors. */
int vmmio_parse_seconds(const char *text, __u64 min_ns, __u64 max_ns, __u64 *ns);

#endif
