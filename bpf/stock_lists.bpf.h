/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Lengths of scatterlists, as few calls for most of them as can be, and in short
 * turns for the others.
 */
#ifndef VMMIO_BPF_STOCK_LISTS_H
#define VMMIO_BPF_STOCK_LISTS_H

#define SGS_TURN 4   /* entries of one list that are looked at in a turn */
#define SGS_TURNS 40 /* of one list */

/* What a list that its driver has mapped says of its lengths. */
static __always_inline __u32 mapped_length(struct scatterlist *sg)
{
	if (bpf_core_field_exists(sg->dma_length))
		return BPF_CORE_READ(sg, dma_length);
	return BPF_CORE_READ(sg, length);
}

/* Of an entry: where its page is, with the marks of lists, and its length. */
static __always_inline unsigned long sg_entry(__u64 at, __u32 *length)
{
	struct scatterlist *sg = (void *)at;
	__u32 size = bpf_core_field_offset(sg->length) + sizeof(sg->length);
	char entry[32]; /* the read fills it, with zeroes where it fails */

	if (size > sizeof(entry) || bpf_core_field_offset(sg->page_link)) {
		*length = BPF_CORE_READ(sg, length);
		return BPF_CORE_READ(sg, page_link);
	}
	bpf_probe_read_kernel(entry, size, sg);
	*length = *(__u32 *)(entry + size - sizeof(sg->length));
	return *(unsigned long *)entry;
}

#define SG_CHAIN 1 /* it leads to the next table */
#define SG_END 2

/*
 * Bytes of some entries in the low 48 bits, entries in the high 16; and the entry behind
 * them, 0: the list is at its end. Functions of their own, and global: the verifier goes
 * through each turn of a loop, and once through what is called in it. The length of all
 * turns in one was half of the time to load a program.
 */
__noinline __u64 sg_some(__u64 list, bool mapped)
{
	__u64 bytes = 0, n = 0;
	__u32 i, length;

	for (i = 0; i < SGS_TURN && list; i++) {
		unsigned long link = sg_entry(list, &length);

		if (link & SG_CHAIN) {
			list = link & ~3ul;
			continue;
		}
		bytes += mapped ? mapped_length((void *)list) : length;
		n++;
		if (link & SG_END)
			break;
		list += bpf_core_type_size(struct scatterlist);
	}
	return (n << 48) | (bytes & ((1ull << 48) - 1));
}

__noinline __u64 sg_behind(__u64 list)
{
	__u32 i, length;

	for (i = 0; i < SGS_TURN && list; i++) {
		unsigned long link = sg_entry(list, &length);

		if (!(link & SG_CHAIN) && (link & SG_END))
			return 0;
		list = link & SG_CHAIN ? link & ~3ul
				       : list + bpf_core_type_size(struct scatterlist);
	}
	return list;
}

/* The same of a list. Neither half of a sum overflows. */
__noinline __u64 sg_sum(__u64 list, bool mapped)
{
	__u64 sum = 0;
	__u32 i;

	for (i = 0; i < SGS_TURNS && list; i++) {
		sum += sg_some(list, mapped);
		list = sg_behind(list);
	}
	return sum;
}

#define SG_SIZE bpf_core_type_size(struct scatterlist)
/* Of an entry: as much as is looked at, in one piece. */
#define SG_READ (bpf_core_field_offset(struct scatterlist, length) + sizeof(__u32))

/* Of one that was read: its length where its list has no other, else -1. */
static __always_inline __s64 sg_only(const char *entry)
{
	if ((*(unsigned long *)entry & (SG_CHAIN | SG_END)) != SG_END)
		return -1;
	return *(__u32 *)(entry + SG_READ - sizeof(__u32));
}

/* Most lists have one entry: its length, -1: it has more. */
static __always_inline __s64 sg_short(__u64 list)
{
	char entry[32]; /* the read fills it, with zeroes where it fails */

	if (SG_READ > sizeof(entry) || bpf_core_field_offset(struct scatterlist, page_link))
		return -1;
	bpf_probe_read_kernel(entry, SG_READ, (void *)list);
	return sg_only(entry);
}

/* The sum of two that lie side by side, by one read; @first: of the lower one. */
static __always_inline __s64 sg_twins(__u64 list, __s64 *first)
{
	char entries[80];
	__s64 second;

	if (SG_SIZE + SG_READ > sizeof(entries) ||
	    bpf_core_field_offset(struct scatterlist, page_link))
		return -1;
	bpf_probe_read_kernel(entries, SG_SIZE + SG_READ, (void *)list);
	*first = sg_only(entries);
	second = sg_only(entries + SG_SIZE);
	return *first < 0 || second < 0 ? -1 : *first + second;
}

#endif
