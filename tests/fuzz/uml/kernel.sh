#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# Builds user-mode Linux for fuzzing from Debian's source package: DIR/kernel with KASAN,
# KCOV over drivers/virtio, lockdep; with --fast DIR/fast, with what is worth its time
# (fast.config): no lockdep, and KASAN looks at accesses of drivers/virtio, kernel/irq, the
# driver core and modules only, while it guards all allocations. With fuzz_stacks=0
# either saves no stacks with KASAN's records, which is four fifths of the time (UML has no
# unwinder and scans the stack word by word), and prints none with a WARNING, which a
# lying device gets by the thousand. Needs no root; about 10 minutes each.
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

kind=kernel
case $#${1-}${3-} in
2--out) ;;
3--out--fast) kind=fast ;;
*)
	echo "usage: kernel.sh --out DIR [--fast]" >&2
	exit 2
	;;
esac
here=$(cd "$(dirname "$0")" && pwd)
mkdir -p "$2"
out=$(cd "$2" && pwd)
for tool in gcc make flex bison bc xz; do
	command -v "$tool" >/dev/null || skip "no $tool"
done

exec 9>"$out/lock"
flock 9
# made NAME: is it made as it is wanted now? Else it is to be
made()
{
	! cmp -s "$out/want.$1" "$out/made.$1" || return 0
	rm -f "$out/made.$1"
	return 1
}

# what comes after the mark does not change the sources
sed '/^# the kernel$/,$d' "$0" >"$out/want.source"
if ! made source; then
	"$here/../../../cmake/fetch-deb.sh" --out "$out/package" linux-source-6.1 >"$out/log" 2>&1 ||
		skip "$(tail -n 1 "$out/log")"
	rm -rf "$out/source"
	mkdir -p "$out/source"
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
	# a system call of the host at each switch to the one process there is: not twice the same
	sed -i '/^void arch_switch_to/,/^}/s/^{$/{\n\tstatic unsigned long was;\n/
		/^void arch_switch_to/,/^}/s/(to->thread.arch.fs == 0)/&|| to->thread.arch.fs == was/
		/^void arch_switch_to/,/^}/s/^\tarch_prctl/\twas = to->thread.arch.fs;\n&/' arch/x86/um/syscalls_64.c
	[ "$(grep -c 'arch.fs == was\|was = to' arch/x86/um/syscalls_64.c)" = 2 ] || die "syscalls_64.c is another one"
	# whose accesses KASAN looks at where KASAN_REST=n
	# shellcheck disable=SC2016 # make's variables
	sed -i 's/\$(KASAN_SANITIZE)y)/$(KASAN_SANITIZE)$(or $(KASAN_REST),y))/' scripts/Makefile.lib
	grep -q KASAN_REST scripts/Makefile.lib || die "scripts/Makefile.lib is another one"
	printf 'KCOV_INSTRUMENT := y\nKASAN_SANITIZE := y\n' >>drivers/virtio/Makefile
	echo 'KASAN_SANITIZE := y' >>kernel/irq/Makefile
	echo 'KASAN_SANITIZE := y' >>drivers/base/Makefile
	printf 'KASAN_SANITIZE_%s.o := y\n' kobject refcount kref >>lib/Makefile
	cp "$out/want.source" "$out/made.source"
fi

# the kernel
cat "$here/kernel.config" >"$out/config"
[ $kind = kernel ] || cat "$here/fast.config" >>"$out/config"
cat "$out/config" "$0" >"$out/want.$kind"
! made $kind || exit 0
mkdir -p "$out/$kind"
cd "$out/source"
unset MAKEFLAGS MFLAGS
make -s ARCH=um "O=$out/$kind" defconfig >"$out/log" 2>&1 || die "$(tail -n 1 "$out/log")"
cat "$out/config" >>"$out/$kind/.config"
make -s ARCH=um "O=$out/$kind" olddefconfig >"$out/log" 2>&1 || die "$(tail -n 1 "$out/log")"
# of an option that is named twice the last counts
sed -n 's/^# \(CONFIG_[A-Z0-9_]*\) is not set$/\1 &/p; s/^\(CONFIG_[A-Z0-9_]*\)=.*/\1 &/p' "$out/config" |
	awk '{ name = $1; sub(/^[^ ]* /, ""); last[name] = $0 } END { for (n in last) print last[n] }' |
	grep '^CONFIG' | while read -r line; do
	grep -qxF "$line" "$out/$kind/.config" || die "this kernel does not take $line"
done
rest=y
[ $kind = kernel ] || rest=n
make -s ARCH=um "O=$out/$kind" KASAN_REST=$rest -j"$(nproc)" linux modules >"$out/log" 2>&1 ||
	die "the kernel does not build, see $out/log"
cp "$out/want.$kind" "$out/made.$kind"
