#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# Builds user-mode Linux for fuzzing from Debian's source package: KASAN, KCOV over
# drivers/virtio, lockdep. One kernel serves both ways: fuzz_stacks=0 saves no
# stacks with KASAN's records, which is four fifths of the time (UML has no
# unwinder and scans the stack word by word), and prints none with a WARNING, which a
# lying device gets by the thousand. Needs no root; about 10 minutes.
set -eu

die()
{
	echo "uml kernel: $*" >&2
	exit 1
}

skip()
{
	echo "uml kernel: $*: skipped"
	exit 77
}

if [ $# != 2 ] || [ "$1" != --out ]; then
	echo "usage: kernel.sh --out DIR" >&2
	exit 2
fi
here=$(cd "$(dirname "$0")" && pwd)
mkdir -p "$2"
out=$(cd "$2" && pwd)
for tool in gcc make flex bison bc xz; do
	command -v "$tool" >/dev/null || skip "no $tool"
done

exec 9>"$out/lock"
flock 9
cat "$here/kernel.config" "$here/kernel.sh" >"$out/want"
! cmp -s "$out/want" "$out/made" || exit 0
rm -f "$out/made"
"$here/../../../cmake/fetch-deb.sh" --out "$out/package" linux-source-6.1 >"$out/log" 2>&1 ||
	skip "$(tail -n 1 "$out/log")"
rm -rf "$out/source" "$out/kernel"
mkdir -p "$out/source" "$out/kernel"
tar -xJf "$out/package/usr/src/linux-source-6.1.tar.xz" -C "$out/source" --strip-components=1 \
	--exclude='*/drivers/gpu/drm/amd/include/*'

cd "$out/source"
# libc runs constructors of instrumented code before there is a current task
sed -i '/^static notrace bool check_kcov_mode/,/^}/s/^\tunsigned int mode;$/&\n\n\tif (system_state < SYSTEM_RUNNING)\n\t\treturn false;/' kernel/kcov.c
grep -q 'system_state < SYSTEM_RUNNING' kernel/kcov.c || die "kernel/kcov.c is another one"
sed -i 's/^depot_stack_handle_t kasan_save_stack(/bool fuzz_stacks = true;\ncore_param(fuzz_stacks, fuzz_stacks, bool, 0644);\n\n&/
	s/^\tunsigned int nr_entries;$/&\n\n\tif (!fuzz_stacks)\n\t\treturn 0;/' mm/kasan/common.c
sed -i '0,/^#include/s//#include <linux\/moduleparam.h>\n&/' mm/kasan/common.c
[ "$(grep -c fuzz_stacks mm/kasan/common.c)" = 3 ] || die "mm/kasan/common.c is another one"
sed -i '/^void __warn(const char \*file/,/^}/s/^\tprint_modules();$/\tif (!fuzz_stacks) {\n\t\tadd_taint(taint, LOCKDEP_STILL_OK);\n\t\treturn;\n\t}\n\n&/
	s/^void __warn(const char \*file/extern bool fuzz_stacks;\n\n&/' kernel/panic.c
[ "$(grep -c fuzz_stacks kernel/panic.c)" = 2 ] || die "kernel/panic.c is another one"
echo 'KCOV_INSTRUMENT := y' >>drivers/virtio/Makefile

unset MAKEFLAGS MFLAGS
make -s ARCH=um "O=$out/kernel" defconfig >"$out/log" 2>&1 || die "$(tail -n 1 "$out/log")"
cat "$here/kernel.config" >>"$out/kernel/.config"
make -s ARCH=um "O=$out/kernel" olddefconfig >"$out/log" 2>&1 || die "$(tail -n 1 "$out/log")"
grep '^CONFIG' "$here/kernel.config" | while read -r line; do
	grep -qxF "$line" "$out/kernel/.config" || die "this kernel does not take $line"
done
make -s ARCH=um "O=$out/kernel" -j"$(nproc)" linux modules >"$out/log" 2>&1 ||
	die "the kernel does not build, see $out/log"
cp "$out/want" "$out/made"
