#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# Builds tests/fuzz/dat.c with the reader of recordings for libFuzzer, with address and
# undefined behaviour checked. Arguments: the tree, the program, include folders of
# libtracefs and libtraceevent, static libraries.
set -eu
tree=$1 out=$2 tracefs=$3 traceevent=$4
shift 4
stat=$tree/tools/vmmio-stat
# unaligned: pages have 8-byte stamps at multiples of 4, as the kernel writes them
exec clang -std=gnu11 -O2 -g -D_GNU_SOURCE -Wall -Wextra -Werror -Wno-unused-parameter -Wno-sign-compare \
	-Wno-missing-field-initializers \
	-fsanitize=fuzzer,address,undefined -fno-sanitize=alignment -fno-sanitize-recover=all \
	-I "$tree" -I "$tree/include" -I "$tree/bpf" -isystem "$tracefs" -isystem "$traceevent" -o "$out" \
	"$tree/tests/fuzz/dat.c" "$stat"/source/dat*.c "$stat"/source/trace*_*.c "$stat"/source/identity.c \
	"$stat"/source/mem_rows.c "$stat"/source/bpf_rows.c "$stat"/core/irqs.c "$stat"/core/irqnames.c \
	"$stat"/core/snapshot.c "$stat"/core/probing.c "$stat"/core/rights.c "$tree/lib/num.c" "$tree/lib/clock.c" \
	"$@" -lm
