#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# Builds tests/fuzz/regs.c with the driver's files under a tree (the source tree, or a
# copy with a bug planted) for libFuzzer, with address and undefined behaviour checked.
# Arguments: the tree, the folder of shim headers (cmake/fuzz.cmake), the program.
set -eu
tree=$1 shim=$2 out=$3
fuzz=$(cd "$(dirname "$0")" && pwd)
# shellcheck disable=SC2086 # flags are words
exec clang -std=gnu11 -O1 -g -Wall -Wextra -Werror -Wno-unused-parameter -Wno-sign-compare ${VMMIO_FUZZ_FLAGS-} \
	-fsanitize=fuzzer,address,undefined -fno-sanitize-recover=all \
	-I "$shim" -I "$fuzz/shim" -I "$tree" -I "$tree/kmod" -I "$tree/include" -o "$out" \
	"$fuzz/regs.c" "$tree/kmod/regs/common.c" "$tree/kmod/regs/mmio.c" "$tree/kmod/regs/pci.c" \
	"$tree/kmod/pci_caps.c"
