// SPDX-License-Identifier: GPL-2.0-only
/*
 * See fix.h.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "fix.h"
#include "lib/json.h"

static int nudge(const char *sysfs, const char *device, __u32 queue, const char *how)
{
	char path[160], line[64];
	int fd, len, err = 0;

	snprintf(path, sizeof(path), "%s/nudge", sysfs);
	len = snprintf(line, sizeof(line), "%s %u %s\n", device, queue, how);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	if (write(fd, line, len) < 0)
		err = -errno;
	close(fd);
	return err;
}

void vmmio_stall_fix_do(struct vmmio_stall_fix *f, const char *sysfs, bool poll,
			const struct vmmio_stall_queue *q)
{
	*f = (struct vmmio_stall_fix){
		.info = q->info,
		.cause = q->cause,
		.poll = poll,
		.found = true,
		.before = q->now,
		.after = q->now,
	};
	if (q->info.kind == VMMIO_SLOT_DEVICE || q->cause == VMMIO_STALL_SPURIOUS ||
	    q->cause == VMMIO_STALL_FULL)
		f->err = -ENOTBLK;
	else if (!q->ours)
		f->err = -EXDEV;
	else
		f->err = nudge(sysfs, q->info.device, q->info.queue, poll ? "poll" : "kick");
	if (f->err == -ENODATA) {
		f->err = 0;
		f->found = false;
	}
}

bool vmmio_stall_fix_seen(struct vmmio_stall_fix *f, const struct vmmio_stall_watch *w)
{
	size_t i;

	if (f->err || f->moved || f->gone)
		return true;
	f->gone = true;
	for (i = 0; i < w->n; i++) {
		const struct vmmio_stall_queue *q = &w->list[i];

		if (q->now.vq != f->before.vq || strcmp(q->info.device, f->info.device))
			continue;
		f->gone = false;
		f->after = q->now;
		f->waited_ns = q->now.time_ns - f->before.time_ns;
		f->moved = f->poll ? q->now.seen != f->before.seen : q->now.used != f->before.used;
	}
	return f->moved || f->gone;
}

static const char *why_not(const struct vmmio_stall_fix *f)
{
	switch (-f->err) {
	case EXDEV:
		return "vmmio.ko does not serve it, and nobody else can be asked";
	case ENOTBLK:
		return f->info.kind == VMMIO_SLOT_DEVICE ? "it is no virtqueue"
							 : "it waits for neither side";
	case ENODEV:
		return "it is gone";
	case ENOLINK:
		return "its device does not run";
	case EIO:
		return "the kernel gave the virtqueue up";
	case EOPNOTSUPP:
		return "it has no callback that an interrupt would run";
	case ENOENT:
		return "this vmmio.ko has no file nudge, it is older";
	default:
		return strerror(-f->err);
	}
}

static void table_row(const struct vmmio_stall_fix *f, FILE *out)
{
	char queue[48] = "*";
	__u32 moved = f->poll ? vmmio_stall_ahead(&f->after, f->after.seen, f->before.seen)
			      : vmmio_stall_ahead(&f->after, f->after.used, f->before.used);

	if (f->info.kind != VMMIO_SLOT_DEVICE)
		snprintf(queue, sizeof(queue), "%u:%s", f->info.queue, f->info.queue_name);
	fprintf(out, "%-9s %-14s ", f->info.device, queue);
	if (f->err) {
		fprintf(out, "not %s: %s\n", f->poll ? "polled" : "kicked", why_not(f));
		return;
	}
	fprintf(out, "%s once%s; ", f->poll ? "polled" : "kicked",
		f->found ? "" : ", which found nothing used");
	if (f->gone)
		fputs("then it was gone\n", out);
	else if (!f->moved && f->cut)
		fprintf(out, "nothing moved in %.1f s, in which the wait was ended\n",
			f->waited_ns / 1e9);
	else if (!f->moved)
		fprintf(out, "nothing moved in %.1f s\n", f->waited_ns / 1e9);
	else if (f->poll)
		fprintf(out, "the driver has taken %u back\n", moved);
	else
		fprintf(out, "the device has used %u\n", moved);
}

void vmmio_stall_fix_table(const struct vmmio_stall_fix *f, size_t n, FILE *out)
{
	size_t i;

	if (!n)
		fputs("nothing is stalled, nothing was done\n", out);
	for (i = 0; i < n; i++)
		table_row(&f[i], out);
}

/* A device has no ring. */
static void json_index(struct vmmio_json *j, const char *key, const struct vmmio_stall_fix *f,
		       __u64 index)
{
	if (f->info.kind == VMMIO_SLOT_DEVICE)
		vmmio_json_null(j, key);
	else
		vmmio_json_u64(j, key, index);
}

static void json_row(struct vmmio_json *j, const struct vmmio_stall_fix *f)
{
	vmmio_json_open(j, NULL, '{');
	vmmio_json_text(j, "device", f->info.device);
	vmmio_json_text(j, "bus_device", f->info.parent);
	if (f->info.kind == VMMIO_SLOT_DEVICE) {
		vmmio_json_null(j, "queue");
		vmmio_json_null(j, "queue_name");
	} else {
		vmmio_json_u64(j, "queue", f->info.queue);
		vmmio_json_text(j, "queue_name", f->info.queue_name);
	}
	vmmio_json_text(j, "cause", vmmio_stall_causes[f->cause]);
	vmmio_json_bool(j, "done", !f->err);
	if (f->err)
		vmmio_json_text(j, "why_not", why_not(f));
	else
		vmmio_json_null(j, "why_not");
	if (f->err || !f->poll)
		vmmio_json_null(j, "found");
	else
		vmmio_json_bool(j, "found", f->found);
	if (f->err || f->gone || (f->cut && !f->moved))
		vmmio_json_null(j, "moved");
	else
		vmmio_json_bool(j, "moved", f->moved);
	if (f->err)
		vmmio_json_null(j, "waited_ms");
	else
		vmmio_json_double(j, "waited_ms", f->waited_ns / 1e6);
	json_index(j, "used_before", f, f->before.used);
	json_index(j, "used", f, f->after.used);
	json_index(j, "taken_back_before", f, f->before.seen);
	json_index(j, "taken_back", f, f->after.seen);
	vmmio_json_close(j, '}');
}

void vmmio_stall_fix_json(const struct vmmio_stall_fix *f, size_t n, bool poll, FILE *out)
{
	struct vmmio_json j = {.out = out};
	size_t i;

	vmmio_json_open(&j, NULL, '{');
	vmmio_json_u64(&j, "schema", 1);
	vmmio_json_text(&j, "tool", "vmmio-stat stalls");
	vmmio_json_text(&j, "fix", poll ? "poll" : "kick");
	vmmio_json_open(&j, "rows", '[');
	for (i = 0; i < n; i++)
		json_row(&j, &f[i]);
	vmmio_json_close(&j, ']');
	vmmio_json_close(&j, '}');
	fputc('\n', out);
}
