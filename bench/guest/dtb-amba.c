// SPDX-License-Identifier: GPL-2.0-only
/*
 * vmmio-dtb-amba: makes AMBA devices of a machine's virtio-mmio nodes. Reads a
 * flattened device tree, for example one that QEMU dumped, and writes an
 * edited copy: each chosen "virtio,mmio" node becomes an "arm,primecell" with
 * our peripheral id and the clock that the bus insists on, taken from a
 * PrimeCell that the tree already has. Changes nothing else.
 */
#include <errno.h>
#include <inttypes.h>
#include <libfdt.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/num.h"
#include "lib/opts.h"

/* kmod/amba.c has the reasons for this number. */
#define AMBA_ID 0x000ffaf4
#define NODES_MAX 64
#define TREE_MAX (4u << 20)

struct edit {
	__u64 nodes[NODES_MAX];
	bool found[NODES_MAX];
	unsigned int nnodes;
	__u64 id, size;
	bool no_id;
};

static int take_node(void *target, const char *value, char why[VMMIO_OPT_WHY])
{
	struct edit *e = target;

	if (e->nnodes < NODES_MAX && !vmmio_parse_u64(value, 0, UINT64_MAX, &e->nodes[e->nnodes])) {
		e->nnodes++;
		return 0;
	}
	snprintf(why, VMMIO_OPT_WHY, "must be an address, at most %d of them", NODES_MAX);
	return -EINVAL;
}

static int take_id(void *target, const char *value, char why[VMMIO_OPT_WHY])
{
	struct edit *e = target;

	e->no_id = !strcmp(value, "none");
	if (e->no_id || !vmmio_parse_u64(value, 1, UINT32_MAX, &e->id))
		return 0;
	snprintf(why, VMMIO_OPT_WHY, "must be none or a 32-bit number above 0");
	return -EINVAL;
}

/* 0, 1 if a question was answered, or -EINVAL after the one line. */
static int parse(struct edit *e, int argc, char **argv, const char *files[2])
{
	struct vmmio_opt opts[] = {
		{"node", VMMIO_OPT_CALL, e, .arg = "ADDRESS", .letter = 'n', .take = take_node,
		 .help = "only the node at this address, any number of times (all virtio,mmio "
			 "nodes)"},
		{"id", VMMIO_OPT_CALL, e, .arg = "ID", .letter = 'i', .take = take_id,
		 .help = "peripheral id (0x000ffaf4); none = the device has ID words"},
		{"size", VMMIO_OPT_U64, &e->size, 0x120, 1u << 20, .arg = "BYTES", .letter = 's',
		 .help = "of the register window (as it is)"},
	};
	struct vmmio_cmdline c = {
		.program = "vmmio-dtb-amba",
		.usage = "[options] IN OUT",
		.after = "Exit status: 0 ok, 1 the tree cannot be read, edited or written, 2 wrong "
			 "usage.\n",
		VMMIO_OPTS_OF(opts),
		.operands = files,
		.max_operands = 2,
	};
	int err = vmmio_cmdline_parse(&c, argc, argv);

	if (err || c.n == 2)
		return err;
	fprintf(stderr, "vmmio-dtb-amba: two files are needed, IN and OUT\n");
	return -EINVAL;
}

/* The phandle of the clock that an existing PrimeCell calls apb_pclk. */
static int find_clock(const void *fdt, __u32 *phandle)
{
	int node = -1;

	while ((node = fdt_node_offset_by_compatible(fdt, node, "arm,primecell")) >= 0) {
		int len, index = fdt_stringlist_search(fdt, node, "clock-names", "apb_pclk");
		const fdt32_t *clocks = fdt_getprop(fdt, node, "clocks", &len);
		const fdt32_t *cells;
		int clock;

		if (index < 0 || !clocks || len < (index + 1) * 4)
			continue;
		/* positions are only known as long as each clock is one cell */
		*phandle = fdt32_to_cpu(clocks[index]);
		clock = fdt_node_offset_by_phandle(fdt, *phandle);
		cells = clock < 0 ? NULL : fdt_getprop(fdt, clock, "#clock-cells", &len);
		if (cells && len == 4 && !fdt32_to_cpu(*cells))
			return 0;
	}
	return -FDT_ERR_NOTFOUND;
}

static bool wanted(struct edit *e, __u64 base)
{
	unsigned int i;

	for (i = 0; i < e->nnodes; i++)
		if (e->nodes[i] == base)
			return e->found[i] = true;
	return !e->nnodes;
}

static int edit_node(void *fdt, int node, const struct edit *e, __u32 clock)
{
	static const char compatible[] = "virtio,amba\0arm,primecell";
	fdt64_t reg[2];
	int err;

	/* a property that grows moves what follows it, never what precedes: node stays valid */
	err = fdt_setprop(fdt, node, "compatible", compatible, sizeof(compatible));
	if (!err && !e->no_id)
		err = fdt_setprop_u32(fdt, node, "arm,primecell-periphid", e->id);
	if (!err)
		err = fdt_setprop_u32(fdt, node, "clocks", clock);
	if (!err)
		err = fdt_setprop_string(fdt, node, "clock-names", "apb_pclk");
	if (!err && e->size) {
		memcpy(reg, fdt_getprop(fdt, node, "reg", NULL), sizeof(reg));
		reg[1] = cpu_to_fdt64(e->size);
		err = fdt_setprop(fdt, node, "reg", reg, sizeof(reg));
	}
	return err;
}

/* Returns the number of nodes edited or a negative libfdt error. */
static int edit_tree(void *fdt, struct edit *e)
{
	int node = -1, edited = 0, err;
	__u32 clock;

	err = find_clock(fdt, &clock);
	if (err) {
		fprintf(stderr,
			"vmmio-dtb-amba: the tree has no PrimeCell with a clock named apb_pclk\n");
		return err;
	}
	while ((node = fdt_node_offset_by_compatible(fdt, node, "virtio,mmio")) >= 0) {
		int len, parent = fdt_parent_offset(fdt, node);
		const fdt64_t *reg = fdt_getprop(fdt, node, "reg", &len);

		if (!reg || len != 16 || fdt_address_cells(fdt, parent) != 2 ||
		    fdt_size_cells(fdt, parent) != 2) {
			fprintf(stderr,
				"vmmio-dtb-amba: node %s: address and size must have two cells "
				"each\n",
				fdt_get_name(fdt, node, NULL));
			return -FDT_ERR_BADNCELLS;
		}
		if (!wanted(e, fdt64_to_cpu(reg[0])))
			continue;
		err = edit_node(fdt, node, e, clock);
		if (err) {
			fprintf(stderr, "vmmio-dtb-amba: node %s: %s\n",
				fdt_get_name(fdt, node, NULL), fdt_strerror(err));
			return err;
		}
		edited++;
	}
	return edited;
}

/* The tree with room to grow, to be freed; NULL after saying why. */
static void *read_tree(const char *path)
{
	char *raw = malloc(TREE_MAX), *fdt = NULL;
	FILE *in = fopen(path, "re");
	size_t len = 0;
	int err;

	if (!in || !raw) {
		fprintf(stderr, "vmmio-dtb-amba: %s: %s\n", path, strerror(errno));
		goto out;
	}
	len = fread(raw, 1, TREE_MAX, in);
	err = len < sizeof(struct fdt_header) || len == TREE_MAX ? -FDT_ERR_TRUNCATED
								 : fdt_check_full(raw, len);
	if (!err) {
		fdt = malloc(len + 65536);
		err = fdt ? fdt_open_into(raw, fdt, len + 65536) : -FDT_ERR_NOSPACE;
	}
	if (err) {
		fprintf(stderr, "vmmio-dtb-amba: %s: not a device tree that can be edited: %s\n",
			path, fdt_strerror(err));
		free(fdt);
		fdt = NULL;
	}
out:
	if (in)
		fclose(in);
	free(raw);
	return fdt;
}

int main(int argc, char **argv)
{
	struct edit e = {.id = AMBA_ID};
	const char *files[2];
	int err = parse(&e, argc, argv, files), edited;
	unsigned int i;
	FILE *out;
	char *fdt;

	if (err)
		return err > 0 ? 0 : 2;
	fdt = read_tree(files[0]);
	if (!fdt)
		return 1;
	edited = edit_tree(fdt, &e);
	if (edited < 0)
		goto fail;
	for (i = 0; i < e.nnodes; i++)
		if (!e.found[i]) {
			fprintf(stderr, "vmmio-dtb-amba: no virtio,mmio node at 0x%" PRIx64 "\n",
				(uint64_t)e.nodes[i]);
			goto fail;
		}
	if (!edited) {
		fprintf(stderr, "vmmio-dtb-amba: %s has no virtio,mmio node\n", files[0]);
		goto fail;
	}
	fdt_pack(fdt);
	out = fopen(files[1], "we");
	if (!out || fwrite(fdt, 1, fdt_totalsize(fdt), out) != fdt_totalsize(fdt) || fclose(out)) {
		fprintf(stderr, "vmmio-dtb-amba: %s: %s\n", files[1], strerror(errno));
		goto fail;
	}
	printf("%d nodes are AMBA devices\n", edited);
	free(fdt);
	return 0;
fail:
	free(fdt);
	return 1;
}
