// SPDX-License-Identifier: GPL-2.0-only
/*
 * See btf_id.h. The kernel made these types; they are checked all the same.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>

#include "btf_id.h"

#define PLACES "/sys/kernel/btf/"

static const char *const modules[] = {"virtio_ring", "virtio", "virtio_mmio", "virtio_pci"};
#define MODULES (sizeof(modules) / sizeof(modules[0]))

/* The parts of it: types and strings, inside. */
struct parts {
	const unsigned char *types, *strings;
	size_t types_len, strings_len;
};

static bool take_apart(const struct vmmio_btf *b, struct parts *p)
{
	struct btf_header h;

	if (b->size < sizeof(h))
		return false;
	memcpy(&h, b->data, sizeof(h));
	if (h.magic != BTF_MAGIC || h.hdr_len < sizeof(h) || h.hdr_len > b->size)
		return false;
	if ((size_t)h.type_off + h.type_len > b->size - h.hdr_len ||
	    (size_t)h.str_off + h.str_len > b->size - h.hdr_len || !h.str_len)
		return false;
	p->types = b->data + h.hdr_len + h.type_off;
	p->types_len = h.type_len;
	p->strings = b->data + h.hdr_len + h.str_off;
	p->strings_len = h.str_len;
	return !p->strings[h.str_len - 1];
}

/* What follows a type of @kind with @n members; -1: no such kind. */
static long behind(unsigned int kind, unsigned int n)
{
	switch (kind) {
	case BTF_KIND_INT:
	case BTF_KIND_VAR:
	case BTF_KIND_DECL_TAG:
		return 4;
	case BTF_KIND_ARRAY:
		return 12;
	case BTF_KIND_STRUCT:
	case BTF_KIND_UNION:
	case BTF_KIND_DATASEC:
	case BTF_KIND_ENUM64:
		return 12L * n;
	case BTF_KIND_ENUM:
	case BTF_KIND_FUNC_PROTO:
		return 8L * n;
	case BTF_KIND_PTR:
	case BTF_KIND_FWD:
	case BTF_KIND_TYPEDEF:
	case BTF_KIND_VOLATILE:
	case BTF_KIND_CONST:
	case BTF_KIND_RESTRICT:
	case BTF_KIND_FUNC:
	case BTF_KIND_FLOAT:
	case BTF_KIND_TYPE_TAG:
		return 0;
	default:
		return -1;
	}
}

/* Position of the function @name among the types, or with NULL how many there are; 0: none. */
static unsigned int count_to(const struct parts *p, size_t strings_at, const char *name)
{
	unsigned int n = 0;
	struct btf_type t;
	size_t at = 0;
	long more;

	while (at < p->types_len) {
		if (p->types_len - at < sizeof(t))
			return 0;
		memcpy(&t, p->types + at, sizeof(t));
		more = behind(BTF_INFO_KIND(t.info), BTF_INFO_VLEN(t.info));
		if (more < 0 || p->types_len - at - sizeof(t) < (size_t)more)
			return 0;
		n++;
		at += sizeof(t) + more;
		if (!name || BTF_INFO_KIND(t.info) != BTF_KIND_FUNC || t.name_off < strings_at ||
		    t.name_off - strings_at >= p->strings_len)
			continue;
		if (!strcmp((const char *)p->strings + (t.name_off - strings_at), name))
			return n;
	}
	return name ? 0 : n;
}

unsigned int vmmio_btf_count(struct vmmio_btf *b)
{
	struct parts p;

	b->types = take_apart(b, &p) ? count_to(&p, 0, NULL) : 0;
	return b->types;
}

unsigned int vmmio_btf_function(const struct vmmio_btf *own, const struct vmmio_btf *base,
				const char *name)
{
	struct parts mine, theirs = {};
	unsigned int n;

	if (!take_apart(own, &mine) || (base && (!base->types || !take_apart(base, &theirs))))
		return 0;
	n = count_to(&mine, theirs.strings_len, name);
	return n && base ? base->types + n : n;
}

/* A file of sysfs, whole; empty if it cannot be had. */
static struct vmmio_btf read_btf(const char *name)
{
	struct vmmio_btf b = {};
	unsigned char *data = NULL;
	char path[64];
	struct stat st;
	ssize_t n = 1;
	int fd;

	snprintf(path, sizeof(path), PLACES "%s", name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return b;
	if (!fstat(fd, &st) && st.st_size > 0)
		data = malloc(st.st_size);
	while (data && n > 0 && b.size < (size_t)st.st_size) {
		n = read(fd, data + b.size, st.st_size - b.size);
		if (n > 0)
			b.size += n;
	}
	close(fd);
	b.data = data;
	return b;
}

/* The kernel's object of a module's types; -1: none. */
static int object_of(const char *module)
{
	__u32 id = 0;

	while (!bpf_btf_get_next_id(id, &id)) {
		int fd = bpf_btf_get_fd_by_id(id);
		char name[64] = "";
		struct bpf_btf_info info = {.name = (__u64)(unsigned long)name,
					    .name_len = sizeof(name)};
		__u32 len = sizeof(info);

		if (fd < 0)
			continue; /* it is gone */
		if (!bpf_obj_get_info_by_fd(fd, &info, &len) && !strcmp(name, module))
			return fd;
		close(fd);
	}
	return -1;
}

/* Kept for all programs and never freed: the process ends soon. */
static struct known {
	struct vmmio_btf kernel, module[MODULES];
	int fd[MODULES];
	bool taken;
} known;

static void take_all(void)
{
	size_t i;

	if (known.taken)
		return;
	known.taken = true;
	known.kernel = read_btf("vmlinux");
	vmmio_btf_count(&known.kernel);
	for (i = 0; i < MODULES; i++) {
		known.fd[i] = -1;
		known.module[i] = read_btf(modules[i]);
		if (known.module[i].data)
			known.fd[i] = object_of(modules[i]);
	}
}

static int prepare(struct bpf_program *prog, struct bpf_prog_load_opts *opts, long cookie)
{
	const char *function = strchr(bpf_program__section_name(prog), '/');
	unsigned int id = 0;
	size_t i;

	if (!function++)
		return -EINVAL;
	take_all();
	for (i = 0; i < MODULES && !id; i++) {
		if (known.fd[i] < 0)
			continue;
		id = vmmio_btf_function(&known.module[i], &known.kernel, function);
		if (id)
			opts->attach_btf_obj_fd = known.fd[i];
	}
	if (!id && known.kernel.data)
		id = vmmio_btf_function(&known.kernel, NULL, function);
	if (!id)
		return -ESRCH;
	opts->attach_btf_id = id;
	return 0;
}

static int attach(const struct bpf_program *prog, long cookie, struct bpf_link **link)
{
	*link = bpf_program__attach_trace(prog);
	return *link ? 0 : -errno;
}

void vmmio_btf_register(void)
{
	LIBBPF_OPTS(libbpf_prog_handler_opts, opts, .prog_prepare_load_fn = prepare,
		    .prog_attach_fn = attach);
	static bool done;

	if (done)
		return;
	/* where that fails, libbpf's own is as good, and slower */
	libbpf_register_prog_handler("fentry+", BPF_PROG_TYPE_TRACING, BPF_TRACE_FENTRY, &opts);
	libbpf_register_prog_handler("fexit+", BPF_PROG_TYPE_TRACING, BPF_TRACE_FEXIT, &opts);
	done = true;
}
