// SPDX-License-Identifier: GPL-2.0-only
/*
 * Writing and reading result folders; see result.h for the promise. The
 * checksum is CRC-32: it finds accidents, not forgers.
 *
 * Long because what is written, sealed and read back is one format.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>
#include <zlib.h>

#include "result.h"
#include "rounds.h"

#define MANIFEST "manifest.json"

/* @had: how much of @path was there; without a folder of it, 0. */
static int make_dirs(const char *path, size_t *had)
{
	char buf[PATH_MAX];
	size_t n = strlen(path);

	if (!n || n >= sizeof(buf))
		return n ? -ENAMETOOLONG : -ENOENT;
	memcpy(buf, path, n + 1);
	*had = n;
	for (char *p = buf + 1;; p++) {
		char c = *p;

		if (c && c != '/')
			continue;
		*p = '\0';
		if (!mkdir(buf, 0777)) {
			if (*had == n)
				*had = strlen(buf) - 1; /* of this one its parent */
		} else if (errno != EEXIST) {
			return -errno;
		}
		*p = c;
		if (!c)
			return 0;
	}
}

/* The folders of @path past its first @had letters, while they are empty. */
static void remove_dirs(char *path, size_t had)
{
	while (strlen(path) > had && (!rmdir(path) || errno == ENOENT)) {
		char *slash = strrchr(path, '/');

		if (!slash)
			return;
		*slash = '\0';
	}
}

const char *vmmio_result_path(const struct vmmio_result *r, const char *name, char *buf)
{
	snprintf(buf, PATH_MAX, "%s/%s", r->part, name);
	return buf;
}

static int write_all(int fd, const char *data, size_t n)
{
	while (n) {
		ssize_t w = write(fd, data, n);

		if (w < 0 && errno == EINTR)
			continue;
		if (w < 0)
			return -errno;
		data += w;
		n -= w;
	}
	return 0;
}

int vmmio_result_write(const struct vmmio_result *r, const char *name, const void *data, size_t n)
{
	char path[PATH_MAX];
	int err, fd;

	fd = open(vmmio_result_path(r, name, path), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
	if (fd < 0)
		return -errno;
	err = write_all(fd, data, n);
	if (!err && fsync(fd))
		err = -errno;
	if (close(fd) && !err)
		err = -errno;
	return err;
}

int vmmio_result_write_json(const struct vmmio_result *r, const char *name, const json_t *j)
{
	char *text = json_dumps(j, JSON_INDENT(1) | VMMIO_REAL_DIGITS);
	size_t n;
	int err;

	if (!text)
		return -ENOMEM;
	n = strlen(text);
	text[n] = '\n'; /* in place of the end mark: it is written by length */
	err = vmmio_result_write(r, name, text, n + 1);
	free(text);
	return err;
}

void vmmio_print_json(json_t *j)
{
	json_dumpf(j, stdout, JSON_INDENT(1) | VMMIO_REAL_DIGITS);
	putchar('\n');
	json_decref(j);
}

static int write_rows(const struct vmmio_result *r, const char *name, const json_t *rows,
		      const char *open, const char *between, const char *end)
{
	char *text = NULL;
	size_t size = 0, i;
	json_t *row;
	FILE *f = open_memstream(&text, &size);
	int err = 0;

	if (!f)
		return -ENOMEM;
	fputs(open, f);
	json_array_foreach(rows, i, row) {
		if (i)
			fputs(between, f);
		if (json_dumpf(row, f, JSON_COMPACT | VMMIO_REAL_DIGITS))
			err = -ENOMEM;
	}
	fputs(end, f);
	if (fclose(f))
		err = -ENOMEM;
	if (!err)
		err = vmmio_result_write(r, name, text, size);
	free(text);
	return err;
}

int vmmio_result_write_array(const struct vmmio_result *r, const char *name, const json_t *rows)
{
	return write_rows(r, name, rows, "[\n", ",\n", "\n]\n");
}

int vmmio_result_write_lines(const struct vmmio_result *r, const char *name, const json_t *rows)
{
	return write_rows(r, name, rows, "", "\n", "\n");
}

FILE *vmmio_result_begin(struct vmmio_result_text *t)
{
	*t = (struct vmmio_result_text){0};
	t->f = open_memstream(&t->text, &t->size);
	return t->f;
}

int vmmio_result_end(struct vmmio_result_text *t, const struct vmmio_result *r, const char *name)
{
	int err = fclose(t->f) ? -ENOMEM : vmmio_result_write(r, name, t->text, t->size);

	free(t->text);
	return err;
}

int vmmio_result_write_run(const struct vmmio_result *r, json_t *result,
			   const struct vmmio_series_set *set, json_t *machine,
			   const char *qemu_line, const json_t *infos, const json_t *rows)
{
	json_t *series = vmmio_series_to_json(set);
	char path[PATH_MAX];
	int err = result && series && machine ? 0 : -ENOMEM;

	json_object_set_new(machine, "qemu_line", json_string(qemu_line));
	err = err ?: vmmio_result_write_json(r, "result.json", result);
	err = err ?: vmmio_result_write_array(r, "series.json", series);
	err = err ?: vmmio_result_write_json(r, "machine.json", machine);
	err = err ?: vmmio_result_write_json(r, "boots.json", infos);
	err = err ?: vmmio_rounds_write(vmmio_result_path(r, "rounds.jsonl.gz", path), rows);
	json_decref(result);
	json_decref(series);
	json_decref(machine);
	return err;
}

/* The process id tells whose it is; a killed run's folder may have the same in a container. */
static int make_part(struct vmmio_result *r)
{
	for (int n = 1; n < 1000; n++) {
		if (n == 1)
			snprintf(r->part, sizeof(r->part), "%s/.part-%ld", r->out, (long)getpid());
		else
			snprintf(r->part, sizeof(r->part), "%s/.part-%ld-%d", r->out,
				 (long)getpid(), n);
		if (!mkdir(r->part, 0777))
			return 0;
		if (errno != EEXIST)
			break;
	}
	r->part[0] = '\0';
	return -errno;
}

int vmmio_result_open(struct vmmio_result *r, const char *out)
{
	static const char zeroes[65536];
	struct statvfs vfs;
	char probe[PATH_MAX];
	int err;

	memset(r, 0, sizeof(*r));
	if (strlen(out) >= sizeof(r->out))
		return -ENAMETOOLONG;
	snprintf(r->out, sizeof(r->out), "%s", out);
	err = make_dirs(out, &r->had);
	err = err ?: make_part(r);
	if (err) {
		remove_dirs(r->out, r->had);
		return err;
	}
	if (!statvfs(r->part, &vfs) && (double)vfs.f_bavail * vfs.f_frsize < VMMIO_RESULT_ROOM)
		err = -ENOSPC;
	/* quotas and odd file systems: only writing proves it */
	if (!err)
		err = vmmio_result_write(r, "probe", zeroes, sizeof(zeroes));
	unlink(vmmio_result_path(r, "probe", probe));
	if (err)
		vmmio_result_abandon(r);
	return err;
}

static int remove_flat(const char *path)
{
	DIR *d = opendir(path);
	struct dirent *e;

	if (!d)
		return -errno;
	while ((e = readdir(d)))
		if (strcmp(e->d_name, ".") && strcmp(e->d_name, ".."))
			unlinkat(dirfd(d), e->d_name, 0);
	closedir(d);
	return rmdir(path) ? -errno : 0;
}

void vmmio_result_abandon(struct vmmio_result *r)
{
	if (r->part[0]) {
		remove_flat(r->part);
		remove_dirs(r->out, r->had);
	}
	r->part[0] = '\0';
}

int vmmio_result_sum(const char *path, long long *bytes, unsigned long *crc)
{
	unsigned char buf[65536];
	FILE *f = fopen(path, "rbe");
	int err = 0;
	size_t n;

	if (!f)
		return -errno;
	*bytes = 0;
	*crc = crc32(0, NULL, 0);
	while ((n = fread(buf, 1, sizeof(buf), f))) {
		*crc = crc32(*crc, buf, n);
		*bytes += n;
	}
	if (ferror(f))
		err = -EIO;
	fclose(f);
	return err;
}

static int by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static int seal(const struct vmmio_result *r, const char *kind)
{
	char path[PATH_MAX], sum[16], *name[256];
	json_t *files = json_array(), *m;
	size_t n = 0, i;
	struct dirent *e;
	int err = 0;
	DIR *d = opendir(r->part);

	if (!d) {
		json_decref(files);
		return -errno;
	}
	while ((e = readdir(d)) && n < sizeof(name) / sizeof(name[0]))
		if (e->d_name[0] != '.' && strcmp(e->d_name, MANIFEST))
			name[n++] = strdup(e->d_name);
	closedir(d);
	qsort(name, n, sizeof(name[0]), by_name);
	for (i = 0; i < n; i++) {
		unsigned long crc;
		long long bytes;

		if (!err)
			err = vmmio_result_sum(vmmio_result_path(r, name[i], path), &bytes, &crc);
		if (!err) {
			snprintf(sum, sizeof(sum), "%08lx", crc);
			json_array_append_new(files,
					      json_pack("{s:s, s:I, s:s}", "name", name[i], "bytes",
							(json_int_t)bytes, "crc32", sum));
		}
		free(name[i]);
	}
	m = json_pack("{s:i, s:s, s:s, s:o}", "schema", VMMIO_RESULT_SCHEMA, "tool", "vmmio-bench",
		      "kind", kind, "files", files);
	if (!err)
		err = m ? vmmio_result_write_json(r, MANIFEST, m) : -ENOMEM;
	json_decref(m);
	return err;
}

int vmmio_result_commit(struct vmmio_result *r, const char *set, const char *name, const char *kind,
			char *final)
{
	char dir[PATH_MAX / 2 + 256];
	int err, n = 1;

	err = seal(r, kind);
	if (err)
		return err;
	snprintf(dir, sizeof(dir), "%s%s%s", r->out, set[0] ? "/" : "", set);
	err = make_dirs(dir, &(size_t){0});
	if (err)
		return err;
	do {
		if (n == 1)
			snprintf(final, PATH_MAX, "%s/%s", dir, name);
		else
			snprintf(final, PATH_MAX, "%s/%s-%d", dir, name, n);
		/* an empty folder would be replaced: never one with files in it */
		if (!rename(r->part, final)) {
			r->part[0] = '\0';
			return 0;
		}
		err = -errno;
	} while ((err == -EEXIST || err == -ENOTEMPTY || err == -ENOTDIR) && ++n < 1000);
	return err;
}

int vmmio_result_replace(struct vmmio_result *r, const char *path, const char *kind)
{
	int err = seal(r, kind);

	/* in one step, so that there is a whole folder at any time; the old one is abandoned */
	if (!err && renameat2(AT_FDCWD, r->part, AT_FDCWD, path, RENAME_EXCHANGE))
		err = -errno;
	return err;
}

int vmmio_result_copy(const struct vmmio_result *r, const char *from, const char *name)
{
	char path[PATH_MAX], *data = NULL, buf[65536];
	size_t size = 0, n;
	FILE *in, *out;
	int err = 0;

	if (snprintf(path, sizeof(path), "%s/%s", from, name) >= (int)sizeof(path))
		return -ENAMETOOLONG;
	in = fopen(path, "rbe");
	if (!in)
		return -errno;
	out = open_memstream(&data, &size);
	while (out && (n = fread(buf, 1, sizeof(buf), in)))
		fwrite(buf, 1, n, out);
	if (ferror(in))
		err = -EIO;
	fclose(in);
	if (!out || fclose(out))
		err = -ENOMEM;
	if (!err)
		err = vmmio_result_write(r, name, data, size);
	free(data);
	return err;
}

static json_t *load_json(const char *dir, const char *name, char *why, size_t len)
{
	char path[PATH_MAX];
	json_error_t e;
	json_t *j;

	if (snprintf(path, sizeof(path), "%s/%s", dir, name) >= (int)sizeof(path)) {
		snprintf(why, len, "name too long");
		return NULL;
	}
	j = json_load_file(path, JSON_REJECT_DUPLICATES, &e);
	if (!j && access(path, R_OK))
		snprintf(why, len, "no %s: %s", name, strerror(errno));
	else if (!j)
		snprintf(why, len, "%s is not JSON (line %d)", name, e.line);
	return j;
}

static int check_files(const char *dir, const json_t *manifest, char *why, size_t len)
{
	const json_t *files = json_object_get(manifest, "files");
	size_t i;
	json_t *f;

	if (!json_array_size(files)) {
		snprintf(why, len, "%s lists no files", MANIFEST);
		return -EPROTO;
	}
	json_array_foreach(files, i, f) {
		const char *name, *sum;
		char path[PATH_MAX], have[16];
		unsigned long crc = 0;
		json_int_t want;
		long long bytes = 0;
		int err;

		if (json_unpack(f, "{s:s, s:I, s:s}", "name", &name, "bytes", &want, "crc32",
				&sum) ||
		    strchr(name, '/')) {
			snprintf(why, len, "%s is malformed", MANIFEST);
			return -EPROTO;
		}
		snprintf(path, sizeof(path), "%s/%s", dir, name);
		err = vmmio_result_sum(path, &bytes, &crc);
		if (err) {
			snprintf(why, len, "%s is missing: %s", name, strerror(-err));
			return err;
		}
		snprintf(have, sizeof(have), "%08lx", crc);
		if (bytes != want) {
			snprintf(why, len, "%s has %lld bytes, %lld were written", name, bytes,
				 (long long)want);
			return -EPROTO;
		}
		if (strcmp(have, sum)) {
			snprintf(why, len, "%s was changed since it was written", name);
			return -EPROTO;
		}
	}
	return 0;
}

int vmmio_result_load(const char *path, struct vmmio_loaded *out, char *why, size_t len)
{
	const char *tool = NULL, *kind = NULL, *accel = NULL;
	json_t *manifest, *series = NULL;
	int schema = 0, err = -EPROTO;
	struct stat st;

	memset(out, 0, sizeof(*out));
	if (stat(path, &st) || !S_ISDIR(st.st_mode)) {
		snprintf(why, len, "not a folder");
		return -ENOTDIR;
	}
	snprintf(out->path, sizeof(out->path), "%s", path);
	manifest = out->manifest = load_json(path, MANIFEST, why, len);
	if (!manifest)
		return -EPROTO;
	if (json_unpack(manifest, "{s:i, s:s, s:s}", "schema", &schema, "tool", &tool, "kind",
			&kind) ||
	    strcmp(tool, "vmmio-bench")) {
		snprintf(why, len, "not written by vmmio-bench");
		goto out;
	}
	if (schema != VMMIO_RESULT_SCHEMA) {
		snprintf(why, len, "schema %d, this vmmio-bench reads %d", schema,
			 VMMIO_RESULT_SCHEMA);
		goto out;
	}
	snprintf(out->kind, sizeof(out->kind), "%s", kind);
	err = check_files(path, manifest, why, len);
	if (err)
		goto out;
	err = -EPROTO;
	out->result = load_json(path, "result.json", why, len);
	if (!out->result)
		goto out;
	if (json_unpack(out->result, "{s:s}", "accel", &accel) ||
	    !vmmio_accel_find(accel, &out->accel)) {
		snprintf(why, len, "result.json names no accelerator");
		goto out;
	}
	out->machine = load_json(path, "machine.json", why, len);
	if (!out->machine)
		goto out;
	series = load_json(path, "series.json", why, len);
	if (!series)
		goto out;
	err = vmmio_series_from_json(&out->series, series, why, len);
out:
	json_decref(series);
	if (err)
		vmmio_result_unload(out);
	return err;
}

void vmmio_result_unload(struct vmmio_loaded *l)
{
	json_decref(l->result);
	json_decref(l->machine);
	json_decref(l->manifest);
	vmmio_series_free(&l->series);
	memset(l, 0, sizeof(*l));
}
