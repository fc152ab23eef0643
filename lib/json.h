/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A writer of JSON: it places commas and escapes text, and nothing else. A
 * NULL key writes an array element.
 */
#ifndef VMMIO_JSON_H
#define VMMIO_JSON_H

#include <stdbool.h>
#include <stdio.h>
#include <linux/types.h>

struct vmmio_json {
	FILE *out;
	bool comma; /* a value stands before this place */
};

void vmmio_json_open(struct vmmio_json *j, const char *key, char bracket); /* '{' or '[' */
void vmmio_json_close(struct vmmio_json *j, char bracket);		   /* '}' or ']' */
void vmmio_json_text(struct vmmio_json *j, const char *key, const char *text);
void vmmio_json_u64(struct vmmio_json *j, const char *key, __u64 value);
/* A value that is never 0 if it is known: null for 0. */
void vmmio_json_known(struct vmmio_json *j, const char *key, __u64 value);
void vmmio_json_double(struct vmmio_json *j, const char *key, double value);
void vmmio_json_bool(struct vmmio_json *j, const char *key, bool value);
void vmmio_json_null(struct vmmio_json *j, const char *key);

#endif
