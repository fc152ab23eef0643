#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# cppcheck over the C of programs and module: what it calls errors and warnings. It reads neither
# the system's headers nor the kernel's; cppcheck.cfg says what their macros are. BPF programs are
# clang-tidy's (tests/tree/tidy.sh).
set -eu
cd "$VMMIO_SOURCE"
command -v cppcheck >/dev/null || {
	echo "cppcheck: package cppcheck is needed"
	exit 77
}

# selfAssignment does not know "err = f() ?: err", comparePointers not the symbols at both ends
# of what is embedded; of what is uninitialized the compilers know more, and all its finds were
# wrong. internalAstError: "&(__u32){...}" is beyond its parser. accept4() may be asked for no address.
cppcheck --enable=warning --std=c11 --language=c --inline-suppr --library=gnu \
	--library=tests/tree/cppcheck.cfg -I . -I include -j "$(nproc)" --quiet --error-exitcode=1 \
	--suppress=selfAssignment --suppress=comparePointers --suppress=internalAstError \
	--suppress=uninitvar --suppress=legacyUninitvar --suppress=uninitdata \
	--suppress=nullPointer:bench/load/gen/netload_link.c \
	--template='{file}:{line}: {message} [{id}]' -i bench/cost/statcost.bpf.c bench kmod lib tools
