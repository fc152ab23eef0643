/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Result folders. A folder is written under a temporary name and renamed when
 * whole, with a manifest of sizes and checksums written last: what bears its
 * final name is complete, and what was cut or edited since is found out on
 * reading. It knows files, not their meaning.
 *
 *   <out>/<date>-<cpu>-<accel>/<kind>/
 *       manifest.json  result.json  series.json  machine.json  rounds.jsonl.gz ...
 */
#ifndef VMMIO_BENCH_RESULT_H
#define VMMIO_BENCH_RESULT_H

#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <limits.h>
#include <jansson.h>

#include "series.h"

#define VMMIO_RESULT_SCHEMA 1
#define VMMIO_RESULT_ROOM (8 << 20) /* free bytes asked for before a run */

struct vmmio_result {
	char out[PATH_MAX / 4];	 /* the folder given with --out */
	char part[PATH_MAX / 2]; /* where it is being written */
	size_t had; /* letters of @out that were there; the rest goes if it stays empty */
};

/*
 * Make the temporary folder under @out (made if missing) and prove that it
 * takes data: -EACCES, -EROFS, -ENOTDIR, -ENOSPC ... before anything has run.
 */
int vmmio_result_open(struct vmmio_result *r, const char *out);

/* Path of @name inside; static storage per caller: @buf of PATH_MAX. */
const char *vmmio_result_path(const struct vmmio_result *r, const char *name, char *buf);

int vmmio_result_write(const struct vmmio_result *r, const char *name, const void *data, size_t n);
int vmmio_result_write_json(const struct vmmio_result *r, const char *name, const json_t *j);
/* An array with one element per line: small, and a diff of two shows what changed. */
int vmmio_result_write_array(const struct vmmio_result *r, const char *name, const json_t *rows);
/* @j and the end of a line on standard output, with all digits; takes the reference. */
void vmmio_print_json(json_t *j);
/* A text of it in the making: begin() is NULL for want of memory, end() closes, writes and frees.
 */
struct vmmio_result_text {
	FILE *f;
	char *text;
	size_t size;
};

FILE *vmmio_result_begin(struct vmmio_result_text *t);
int vmmio_result_end(struct vmmio_result_text *t, const struct vmmio_result *r, const char *name);

/* JSON lines: one object per line of the array @rows. */
int vmmio_result_write_lines(const struct vmmio_result *r, const char *name, const json_t *rows);

/*
 * What each experiment with guests has: result.json, series.json, machine.json with QEMU's
 * command, boots.json and rounds.jsonl.gz. Takes the references to @result and @machine.
 */
int vmmio_result_write_run(const struct vmmio_result *r, json_t *result,
			   const struct vmmio_series_set *set, json_t *machine,
			   const char *qemu_line, const json_t *infos, const json_t *rows);

/*
 * Seal as a result of @kind and rename to <out>/<set>/<name>, or <name>-2, -3 ... if
 * that exists.
 * @set may be empty: then without that folder. @final (PATH_MAX) gets the name.
 */
int vmmio_result_commit(struct vmmio_result *r, const char *set, const char *name, const char *kind,
			char *final);

/* Seal as a result of @kind and put it in the place of the folder @path, which goes. */
int vmmio_result_replace(struct vmmio_result *r, const char *path, const char *kind);

/* The file @name of the folder @from, as it is. */
int vmmio_result_copy(const struct vmmio_result *r, const char *from, const char *name);

/* Remove the temporary folder, and those made for it; safe to call twice and from a signal thread.
 */
void vmmio_result_abandon(struct vmmio_result *r);

/* Size and checksum (CRC-32) of the file @path. */
int vmmio_result_sum(const char *path, long long *bytes, unsigned long *crc);

/* A folder read back. */
struct vmmio_loaded {
	char path[PATH_MAX];
	char kind[32];
	enum vmmio_accel accel;
	json_t *result;
	json_t *machine;
	json_t *manifest;
	struct vmmio_series_set series;
};

/*
 * -errno with one line in @why (without the folder's name): not a result
 * folder, another schema, a file missing, cut or changed, malformed content.
 */
int vmmio_result_load(const char *path, struct vmmio_loaded *out, char *why, size_t len);
void vmmio_result_unload(struct vmmio_loaded *l);

#endif
