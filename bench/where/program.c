// SPDX-License-Identifier: GPL-2.0-only
/*
 * Functions of mapped programs (program.h), by elfutils' libelf.
 */
#include <errno.h>
#include <gelf.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lines.h"
#include "program.h"

struct mapped {
	uint64_t first, end; /* addresses */
	uint64_t offset;     /* in the file */
	char path[256];	     /* in the image */
};

/* A file that is being read. */
struct program {
	struct vmmio_symbols *s;
	const struct mapped *m;
	const char *module;
	Elf *elf;
	uint64_t bias; /* from addresses in the file to those of the process */
};

static bool inside(const struct program *p, uint64_t addr)
{
	return addr + p->bias >= p->m->first && addr + p->bias < p->m->end;
}

static int add(struct program *p, uint64_t addr, const char *name)
{
	return inside(p, addr) ? vmmio_symbols_add(p->s, addr + p->bias, name, p->module) : 0;
}

/* The segment that is mapped says what the difference is. */
static bool find_bias(struct program *p)
{
	GElf_Phdr ph;
	size_t n;

	if (elf_getphdrnum(p->elf, &n))
		return false;
	for (size_t i = 0; i < n; i++)
		if (gelf_getphdr(p->elf, (int)i, &ph) && ph.p_type == PT_LOAD &&
		    ph.p_flags & PF_X && ph.p_offset + ph.p_filesz > p->m->offset &&
		    ph.p_offset < p->m->offset + (p->m->end - p->m->first)) {
			p->bias = p->m->first - p->m->offset + ph.p_offset - ph.p_vaddr;
			return true;
		}
	return false;
}

/*
 * The table of .eh_frame_hdr, in the one form that linkers write: pairs of 32 bits, a
 * function's beginning first, both against the section's own address (LSB, 10.6.2).
 */
static int add_starts(struct program *p, const GElf_Shdr *shdr, Elf_Data *data)
{
	static const unsigned char form[] = {1, 0x1b, 0x03, 0x3b};
	uint32_t n;
	int32_t at;
	int err = 0;

	if (!data || data->d_size < 12 || memcmp(data->d_buf, form, sizeof(form)))
		return 0;
	memcpy(&n, (char *)data->d_buf + 8, sizeof(n));
	for (uint32_t i = 0; i < n && 12 + 8 * (size_t)i + 8 <= data->d_size && !err; i++) {
		char name[40];

		memcpy(&at, (char *)data->d_buf + 12 + 8 * (size_t)i, sizeof(at));
		snprintf(name, sizeof(name), "(static 0x%" PRIx64 ")", shdr->sh_addr + (int64_t)at);
		err = add(p, shdr->sh_addr + (int64_t)at, name);
	}
	return err;
}

static int add_functions(struct program *p, const GElf_Shdr *shdr, Elf_Data *data)
{
	GElf_Sym sym;
	int err = 0;

	for (size_t i = 0; data && shdr->sh_entsize && i < shdr->sh_size / shdr->sh_entsize && !err;
	     i++) {
		const char *name = gelf_getsym(data, (int)i, &sym)
					   ? elf_strptr(p->elf, shdr->sh_link, sym.st_name)
					   : NULL;
		char text[128];

		if (!name || !*name || GELF_ST_TYPE(sym.st_info) != STT_FUNC ||
		    sym.st_shndx == SHN_UNDEF)
			continue;
		snprintf(text, sizeof(text), "%s", name);
		/* what a compiler or a linker appended is no other function */
		text[1 + strcspn(text + 1, ".@")] = '\0';
		err = add(p, sym.st_value, text);
	}
	return err;
}

static int add_section(struct program *p, const char *name, uint64_t addr)
{
	struct vmmio_symbols *s = p->s;
	struct vmmio_section *all = realloc(s->sections, (s->nsections + 1) * sizeof(*all));

	if (!all)
		return -ENOMEM;
	s->sections = all;
	all += s->nsections++;
	snprintf(all->module, sizeof(all->module), "%s", p->module);
	snprintf(all->name, sizeof(all->name), "%s", name);
	all->addr = addr + p->bias;
	return 0;
}

static int add_all(struct program *p)
{
	Elf_Scn *scn = NULL;
	GElf_Shdr shdr;
	size_t names;
	int err = 0;

	if (elf_getshdrstrndx(p->elf, &names))
		return -EINVAL;
	while (!err && (scn = elf_nextscn(p->elf, scn))) {
		const char *name =
			gelf_getshdr(scn, &shdr) ? elf_strptr(p->elf, names, shdr.sh_name) : NULL;

		if (!name)
			continue;
		if (shdr.sh_type == SHT_SYMTAB || shdr.sh_type == SHT_DYNSYM)
			err = add_functions(p, &shdr, elf_getdata(scn, NULL));
		else if (!strcmp(name, ".eh_frame_hdr"))
			err = add_starts(p, &shdr, elf_rawdata(scn, NULL));
		else if (!strncmp(name, ".plt", 4))
			err = add(p, shdr.sh_addr, VMMIO_SYMBOL_PLT);
		else if (!strcmp(name, ".text"))
			err = add_section(p, name, shdr.sh_addr);
	}
	/* behind it is something else */
	return err ?: vmmio_symbols_add(p->s, p->m->end, "(elsewhere)", "-");
}

static int add_program(struct vmmio_symbols *s, const struct mapped *m, const char *module,
		       const char *initrd, char *why, size_t len)
{
	struct program p = {.s = s, .m = m, .module = module};
	int fd = vmmio_lines_image(initrd, m->path), err;

	if (fd < 0) {
		snprintf(why, len, "%s is not in the host's image", m->path);
		return -ENOENT;
	}
	elf_version(EV_CURRENT);
	p.elf = elf_begin(fd, ELF_C_READ, NULL);
	err = p.elf && find_bias(&p) ? add_all(&p) : -EINVAL;
	if (err == -EINVAL)
		snprintf(why, len, "%s in the host's image is no such program", m->path);
	elf_end(p.elf);
	close(fd);
	return err;
}

/* "@host-map FIRST-END r-xp OFFSET DEV INODE PATH", a line of its own. */
static bool take_map(const char *line, struct mapped *m)
{
	char text[512], x[2];

	snprintf(text, sizeof(text), "%.*s", (int)strcspn(line, "\n"), line);
	return sscanf(text,
		      "%" SCNx64 "-%" SCNx64 " %*c%*c%1[x]%*c %" SCNx64
		      " %*s %*s %255[/a-zA-Z0-9_.+-]",
		      &m->first, &m->end, x, &m->offset, m->path) == 5 &&
	       m->end > m->first && m->path[0] == '/';
}

int vmmio_symbols_programs(struct vmmio_symbols *s, const char *output, const char *initrd,
			   char *why, size_t len)
{
	static const char mark[] = "@host-map ";
	const char *p = output;
	int err = 0, n = 0;

	s->room = s->n;
	for (; !err && (p = strstr(p, mark)); n++) {
		struct mapped m;
		const char *module;

		p += strlen(mark);
		if (!take_map(p, &m)) {
			snprintf(why, len, "a line of the host's mappings is damaged: %.*s",
				 (int)strcspn(p, "\n"), p);
			return -EPROTO;
		}
		module = vmmio_symbols_own(s, strrchr(m.path, '/') + 1);
		err = module ? add_program(s, &m, module, initrd, why, len) : -ENOMEM;
	}
	if (!err && !n) {
		snprintf(why, len, "the host told no program of its monitor");
		return -EPROTO;
	}
	vmmio_symbols_settle(s);
	return err;
}
