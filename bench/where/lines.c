// SPDX-License-Identifier: GPL-2.0-only
/*
 * Lines of modules (lines.h), by elfutils' libdw. A line is named by the last two
 * parts of its file's path, so that two build folders give the same name, and
 * carries a hash of its text, where the source is at hand: lines move.
 */
#include <dwarf.h>
#include <elfutils/libdw.h>
#include <elfutils/libdwfl.h>
#include <errno.h>
#include <fcntl.h>
#include <search.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "lines.h"

struct source {
	char *path;
	uint32_t *hash; /* of line 1 at [0]; NULL: not at hand */
	size_t n;
};

/* What was found for an instruction: looking it up takes long. */
struct known {
	char section[64];
	uint64_t offset;
	size_t n;
	struct vmmio_frame *frames;
};

struct vmmio_lines {
	void *known; /* of struct known, a tree */
	Dwfl *dwfl;
	Dwfl_Module *module;
	struct source *sources;
	size_t nsources;
};

static const Dwfl_Callbacks callbacks = {
	.find_elf = dwfl_build_id_find_elf,
	.find_debuginfo = dwfl_standard_find_debuginfo,
	.section_address = dwfl_offline_section_address,
};

/* Takes the descriptor. */
static struct vmmio_lines *open_fd(int fd)
{
	struct vmmio_lines *l = calloc(1, sizeof(*l));
	Dwarf_Addr bias;

	if (l)
		l->dwfl = dwfl_begin(&callbacks);
	if (l && l->dwfl) {
		dwfl_report_begin(l->dwfl);
		/* takes the descriptor if it succeeds */
		l->module = dwfl_report_offline(l->dwfl, "module", "module", fd);
		if (l->module)
			fd = -1;
		dwfl_report_end(l->dwfl, NULL, NULL);
	}
	if (fd >= 0)
		close(fd);
	if (l && l->module && dwfl_module_getdwarf(l->module, &bias))
		return l;
	vmmio_lines_close(l);
	return NULL;
}

/* Eight hex digits. */
static unsigned long field(const char *header, int i)
{
	char text[9];

	memcpy(text, header + 6 + 8 * i, 8);
	text[8] = '\0';
	return strtoul(text, NULL, 16);
}

/* Of the file at @path of the archive: its path, a module's name, or another file's. */
static bool same_name(const char *path, const char *name)
{
	static const char folder[] = "lib/modules/";
	const char *last = strrchr(path, '/');

	path += *path == '/';
	if (*name == '/')
		return !strcmp(path, name + 1);
	if (strncmp(path, folder, sizeof(folder) - 1))
		return last && !strcmp(last + 1, name);
	for (path += sizeof(folder) - 1; *name; path++, name++)
		if (*path != *name && !(*path == '-' && *name == '_'))
			return false;
	return !strcmp(path, ".ko");
}

/* A copy of the next @n bytes in memory, or -1. */
static int copy_out(FILE *f, unsigned long n)
{
	int fd = memfd_create("module", MFD_CLOEXEC);
	char buf[65536];
	size_t got;

	while (fd >= 0 && n) {
		got = fread(buf, 1, n < sizeof(buf) ? n : sizeof(buf), f);
		if (!got || write(fd, buf, got) != (ssize_t)got) {
			close(fd);
			return -1;
		}
		n -= got;
	}
	return fd;
}

int vmmio_lines_image(const char *initrd, const char *name)
{
	FILE *f = fopen(initrd, "re");
	char header[110], path[4096];
	int fd = -1;

	while (f && fread(header, sizeof(header), 1, f) == 1 && !memcmp(header, "070701", 6)) {
		unsigned long size = field(header, 6), n = field(header, 11);

		if (!n || n >= sizeof(path) || fread(path, n, 1, f) != 1 || path[n - 1] ||
		    fseek(f, -(long)(sizeof(header) + n) & 3, SEEK_CUR))
			break;
		if (!strcmp(path, "TRAILER!!!"))
			break;
		if (same_name(path, name)) {
			fd = copy_out(f, size);
			break;
		}
		if (fseek(f, (long)((size + 3) & ~3ul), SEEK_CUR))
			break;
	}
	if (f)
		fclose(f);
	return fd;
}

/* The code of a module, or NULL. */
static Elf_Data *text_section(Elf *elf)
{
	Elf_Scn *scn = NULL;
	GElf_Shdr shdr;
	size_t names;

	if (!elf || elf_getshdrstrndx(elf, &names))
		return NULL;
	while ((scn = elf_nextscn(elf, scn))) {
		const char *name =
			gelf_getshdr(scn, &shdr) ? elf_strptr(elf, names, shdr.sh_name) : NULL;

		if (name && !strcmp(name, ".text"))
			return elf_rawdata(scn, NULL);
	}
	return NULL;
}

/* Is it the same code? Calls are filled in when it is loaded, so the bytes are alike. */
static bool same_code(int a, int b)
{
	Elf *x = elf_begin(a, ELF_C_READ, NULL), *y = elf_begin(b, ELF_C_READ, NULL);
	Elf_Data *p = text_section(x), *q = text_section(y);
	bool same = p && q && p->d_size && p->d_size == q->d_size &&
		    !memcmp(p->d_buf, q->d_buf, p->d_size);

	elf_end(x);
	elf_end(y);
	return same;
}

/* The file of that name, a dash for an underscore if need be, or -1. */
static int from_folder(const char *dir, const char *name)
{
	char path[4096];
	int fd;

	if (snprintf(path, sizeof(path), "%s/%s.ko", dir, name) >= (int)sizeof(path))
		return -1;
	fd = open(path, O_RDONLY | O_CLOEXEC);
	for (char *p = path + strlen(dir); *p; p++)
		if (*p == '_')
			*p = '-';
	return fd >= 0 ? fd : open(path, O_RDONLY | O_CLOEXEC);
}

struct vmmio_lines *vmmio_lines_open(const struct vmmio_lines_where *where, const char *name,
				     const char *path)
{
	int fd = path ? open(path, O_RDONLY | O_CLOEXEC) : vmmio_lines_image(where->initrd, name),
	    other;
	struct vmmio_lines *l;

	elf_version(EV_CURRENT);
	if (fd < 0)
		return NULL;
	l = open_fd(dup(fd));
	other = l || !where->debug ? -1 : from_folder(where->debug, name);
	if (other >= 0 && same_code(fd, other))
		l = open_fd(other);
	else if (other >= 0)
		close(other);
	close(fd);
	return l;
}

static void free_known(void *p)
{
	free(((struct known *)p)->frames);
	free(p);
}

void vmmio_lines_close(struct vmmio_lines *l)
{
	if (!l)
		return;
	tdestroy(l->known, free_known);
	for (size_t i = 0; i < l->nsources; i++) {
		free(l->sources[i].path);
		free(l->sources[i].hash);
	}
	free(l->sources);
	if (l->dwfl)
		dwfl_end(l->dwfl);
	free(l);
}

/* Of the text of a line without the blanks around it; never 0. */
static uint32_t hash_of(const char *p)
{
	uint32_t h = 2166136261u;

	for (; *p; p++)
		if (*p != ' ' && *p != '\t' && *p != '\n')
			h = (h ^ (unsigned char)*p) * 16777619u;
	return h ? h : 1;
}

static void read_source(struct source *s)
{
	FILE *f = fopen(s->path, "re");
	char *line = NULL;
	size_t room = 0;

	while (f && getline(&line, &room, f) > 0) {
		uint32_t *all = realloc(s->hash, (s->n + 1) * sizeof(*all));

		if (!all)
			break;
		s->hash = all;
		all[s->n++] = hash_of(line);
	}
	free(line);
	if (f)
		fclose(f);
}

static uint32_t text_of(struct vmmio_lines *l, const char *path, int line)
{
	struct source *all, *s = NULL;

	for (size_t i = 0; i < l->nsources && !s; i++)
		if (!strcmp(l->sources[i].path, path))
			s = &l->sources[i];
	if (!s) {
		all = realloc(l->sources, (l->nsources + 1) * sizeof(*all));
		if (!all)
			return 0;
		l->sources = all;
		s = &all[l->nsources];
		*s = (struct source){.path = strdup(path)};
		if (!s->path)
			return 0;
		l->nsources++;
		read_source(s);
	}
	return line > 0 && (size_t)line <= s->n ? s->hash[line - 1] : 0;
}

/* A header of the kernel, which no one who changes a driver looks at. */
static bool is_header(const char *path)
{
	size_t len = strlen(path);

	if (len < 2 || strcmp(path + len - 2, ".h"))
		return false;
	return strstr(path, "/linux-headers") || strstr(path, "/include/linux/") ||
	       strstr(path, "/include/asm") || strstr(path, "/include/uapi/") ||
	       strstr(path, "/arch/") || strstr(path, "/include/trace/") || path[0] == '.';
}

/* False: of a header. */
static bool name_line(struct vmmio_lines *l, const char *path, int line, char *out, size_t len)
{
	const char *p = path + strlen(path);
	uint32_t hash;

	if (is_header(path))
		return false;
	for (int parts = 0; p > path; p--)
		if (p[-1] == '/' && ++parts == 2)
			break;
	hash = text_of(l, path, line);
	if (hash)
		snprintf(out, len, "%.80s:%d #%08x", p, line, hash);
	else
		snprintf(out, len, "%.80s:%d", p, line);
	return true;
}

/* Where the section was laid out, or false. */
static bool section_base(struct vmmio_lines *l, const char *name, Dwarf_Addr *base)
{
	GElf_Addr bias;
	Elf *elf = dwfl_module_getelf(l->module, &bias);
	Elf_Scn *scn = NULL;
	GElf_Shdr shdr;
	size_t names;

	if (!elf || elf_getshdrstrndx(elf, &names))
		return false;
	while ((scn = elf_nextscn(elf, scn))) {
		const char *has =
			gelf_getshdr(scn, &shdr) ? elf_strptr(elf, names, shdr.sh_name) : NULL;

		if (!has || strcmp(has, name))
			continue;
		*base = shdr.sh_addr + bias;
		return true;
	}
	return false;
}

/* The line that calls an inlined function: into @out, "" of a header or unknown. */
static void call_line(struct vmmio_lines *l, Dwarf_Die *cu, Dwarf_Die *die, char *out, size_t len)
{
	Dwarf_Attribute attr;
	Dwarf_Word file = 0, line = 0;
	Dwarf_Files *files;
	const char *path;
	size_t n;

	*out = '\0';
	if (dwarf_formudata(dwarf_attr(die, DW_AT_call_file, &attr), &file) ||
	    dwarf_formudata(dwarf_attr(die, DW_AT_call_line, &attr), &line) ||
	    dwarf_getsrcfiles(cu, &files, &n))
		return;
	path = dwarf_filesrc(files, file, NULL, NULL);
	if (path)
		name_line(l, path, (int)line, out, len);
}

static size_t look_up(struct vmmio_lines *l, const char *section, uint64_t offset,
		      struct vmmio_frame out[VMMIO_FRAMES])
{
	Dwarf_Die *scopes = NULL, *around = NULL, *cu;
	Dwarf_Addr base, addr, bias;
	Dwfl_Line *at;
	const char *path;
	int n, m, line = 0;
	size_t frames = 0;
	bool known = false;

	if (!section_base(l, section, &base))
		return 0;
	addr = base + offset;
	cu = dwfl_module_addrdie(l->module, addr, &bias);
	at = dwfl_module_getsrc(l->module, addr);
	path = at ? dwfl_lineinfo(at, NULL, &line, NULL, NULL, NULL) : NULL;
	if (!cu || !path || line <= 0)
		return 0;
	n = dwarf_getscopes(cu, addr - bias, &scopes);
	m = n > 0 ? dwarf_getscopes_die(&scopes[0], &around) : 0;
	/* from the function inward */
	for (int i = m - 1; i >= 0; i--) {
		int tag = dwarf_tag(&around[i]);
		const char *name;

		if (tag != DW_TAG_subprogram && tag != DW_TAG_inlined_subroutine)
			continue;
		if (frames == VMMIO_FRAMES)
			break;
		if (tag == DW_TAG_inlined_subroutine && frames) {
			call_line(l, cu, &around[i], out[frames - 1].line, sizeof(out[0].line));
			if (!out[frames - 1].line[0]) {
				/* called from within a header: what calls that is the frame */
				frames--;
				known = frames > 0;
				break;
			}
		}
		name = dwarf_diename(&around[i]);
		snprintf(out[frames].function, sizeof(out[0].function), "%s",
			 frames ? name ? name : "?" : "");
		out[frames].line[0] = '\0';
		frames++;
	}
	free(scopes);
	free(around);
	if (!frames)
		return 0;
	if (known)
		return frames;
	if (!name_line(l, path, line, out[frames - 1].line, sizeof(out[0].line))) {
		/* an inlined function of a header: the line that calls it stands for it */
		if (frames == 1)
			return 0;
		frames--;
	}
	return frames;
}

static int by_place(const void *a, const void *b)
{
	const struct known *x = a, *y = b;

	if (x->offset != y->offset)
		return x->offset < y->offset ? -1 : 1;
	return strcmp(x->section, y->section);
}

size_t vmmio_lines_of(struct vmmio_lines *l, const char *section, uint64_t offset,
		      struct vmmio_frame out[VMMIO_FRAMES])
{
	struct known like = {.offset = offset}, *one, **at;
	size_t n;

	snprintf(like.section, sizeof(like.section), "%s", section);
	at = tfind(&like, &l->known, by_place);
	if (at) {
		if ((*at)->n)
			memcpy(out, (*at)->frames, (*at)->n * sizeof(*out));
		return (*at)->n;
	}
	n = look_up(l, section, offset, out);
	/* without memory it is looked up again */
	one = malloc(sizeof(*one));
	if (!one)
		return n;
	*one = like;
	one->n = n;
	one->frames = n ? malloc(n * sizeof(*out)) : NULL;
	if (one->frames)
		memcpy(one->frames, out, n * sizeof(*out));
	if ((n && !one->frames) || !tsearch(one, &l->known, by_place))
		free_known(one);
	return n;
}
