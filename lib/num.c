// SPDX-License-Identifier: GPL-2.0-only
/*
 * Text to numbers, see num.h. strtoul() and its relatives accept blanks, signs and trailing junk,
 * and saturate, so they are not used.
 */
#include <errno.h>
#include <stddef.h>

#include "num.h"

static int digit(char c, unsigned int base)
{
	unsigned int v;

	if (c >= '0' && c <= '9')
		v = c - '0';
	else if (c >= 'a' && c <= 'f')
		v = c - 'a' + 10;
	else if (c >= 'A' && c <= 'F')
		v = c - 'A' + 10;
	else
		return -1;
	return v < base ? (int)v : -1;
}

/* At least one digit; stops at the first that is none. */
static int scan(const char **text, unsigned int base, __u64 *value)
{
	const char *p = *text;
	__u64 v = 0;
	int d;

	if (digit(*p, base) < 0)
		return -EINVAL;
	for (; (d = digit(*p, base)) >= 0; p++) {
		if (__builtin_mul_overflow(v, (__u64)base, &v) ||
		    __builtin_add_overflow(v, (__u64)d, &v))
			return -ERANGE;
	}
	*text = p;
	*value = v;
	return 0;
}

int vmmio_parse_u64(const char *text, __u64 min, __u64 max, __u64 *value)
{
	unsigned int base = 10;
	__u64 v;
	int err;

	if (!text)
		return -EINVAL;
	if (text[0] == '0' && (text[1] == 'x' || text[1] == 'X')) {
		base = 16;
		text += 2;
	}
	err = scan(&text, base, &v);
	if (err)
		return err;
	if (*text)
		return -EINVAL;
	if (v < min || v > max)
		return -ERANGE;
	*value = v;
	return 0;
}

int vmmio_parse_seconds(const char *text, __u64 min_ns, __u64 max_ns, __u64 *ns)
{
	__u64 v, unit = 1000000000;
	int err, d;

	if (!text)
		return -EINVAL;
	err = scan(&text, 10, &v);
	if (err)
		return err;
	if (__builtin_mul_overflow(v, unit, &v))
		return -ERANGE;
	if (*text == '.') {
		if (digit(*++text, 10) < 0)
			return -EINVAL;
		for (; (d = digit(*text, 10)) >= 0; text++) {
			unit /= 10;
			if (!unit)
				return -EINVAL;
			if (__builtin_add_overflow(v, unit * d, &v))
				return -ERANGE;
		}
	}
	if (*text)
		return -EINVAL;
	if (v < min_ns || v > max_ns)
		return -ERANGE;
	*ns = v;
	return 0;
}
