#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# vmmio.ko on architectures that have no guest here: riscv64, ppc64el, and s390x, which
# is big-endian. It compiles against the headers of Debian's linux-source-6.1 for each,
# without a warning, and the file is one for that machine. Nothing is run; symbols of
# the kernel are not looked up, since none is built.
# Argument: a folder of the build tree.
set -eu
folder=$1
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

fail()
{
	echo "cross: $*"
	exit 1
}

for tool in bc flex bison gcc make file riscv64-linux-gnu-gcc powerpc64le-linux-gnu-gcc s390x-linux-gnu-gcc; do
	if ! command -v "$tool" >/dev/null; then
		echo "no $tool: skipped"
		exit 77
	fi
done
mkdir -p "$folder"
folder=$(cd "$folder" && pwd)
if [ ! -e "$folder/source/Makefile" ]; then
	"$VMMIO_SOURCE/cmake/fetch-deb.sh" --out "$folder/package" linux-source-6.1 >"$work/log" 2>&1 || {
		echo "linux-source-6.1: $(tail -n 1 "$work/log"): skipped"
		exit 77
	}
	mkdir -p "$folder/source"
	# what is no header, no configuration and not needed to prepare a build of modules
	tar -C "$folder/source" --strip-components=1 -xf "$folder/package/usr/src/linux-source-6.1.tar.xz" \
		--exclude='*/drivers/*.[ch]' --exclude='*/sound/*.[ch]' --exclude='*/fs/*.c' --exclude='*/net/*.c' \
		--exclude='*/Documentation/*.rst' --exclude='*/tools/testing/*'
fi
rm -rf "$folder/src"
mkdir -p "$folder/src"
cp -r "$VMMIO_SOURCE/kmod" "$VMMIO_SOURCE/include" "$folder/src/"
cat >"$work/config" <<'END'
CONFIG_64BIT=y
CONFIG_SMP=y
CONFIG_MODULES=y
CONFIG_PCI=y
CONFIG_PCI_MSI=y
CONFIG_OF=y
CONFIG_BLOCK=y
CONFIG_SYSFS=y
CONFIG_PRINTK=y
CONFIG_PM=y
CONFIG_SUSPEND=y
CONFIG_PERF_EVENTS=y
CONFIG_FTRACE=y
CONFIG_ENABLE_DEFAULT_TRACERS=y
CONFIG_VIRTIO_MENU=y
CONFIG_VIRTIO_MMIO=m
CONFIG_VIRTIO_PCI=m
END

# one ARCH COMPILER MACHINE [OPTION...]: the kernel's name, gcc's prefix, file's words
one()
{
	arch=$1 prefix=$2 machine=$3
	shift 3
	out=$folder/$arch
	mkdir -p "$out"
	{
		cat "$work/config"
		[ $# = 0 ] || printf '%s\n' "$@"
	} >"$work/of-$arch"
	kbuild="env -u MAKEFLAGS -u MFLAGS make -s ARCH=$arch CROSS_COMPILE=$prefix"
	if ! cmp -s "$work/of-$arch" "$out/made"; then
		$kbuild -C "$folder/source" "O=$out" "KCONFIG_ALLCONFIG=$work/of-$arch" allnoconfig >"$work/log" 2>&1 ||
			fail "$arch: configuration: $(tail -n 1 "$work/log")"
		$kbuild -C "$folder/source" "O=$out" modules_prepare >"$work/log" 2>&1 ||
			fail "$arch: $(tail -n 5 "$work/log")"
		cp "$work/of-$arch" "$out/made"
	fi
	for option in PCI VIRTIO TRACEPOINTS; do
		grep -q "^CONFIG_$option=[ym]" "$out/.config" || fail "$arch: the configuration lacks $option"
	done
	rm -rf "$out/vmmio"
	cp -r "$folder/src" "$out/vmmio"
	$kbuild -C "$out" "M=$out/vmmio/kmod" KBUILD_MODPOST_WARN=1 modules >"$work/log" 2>&1 ||
		fail "$arch: $(grep -m 5 -E 'error|Error' "$work/log")"
	if grep -E 'warning:' "$work/log" | grep -v 'Symbol version dump'; then
		fail "$arch: warnings"
	fi
	file "$out/vmmio/kmod/vmmio.ko" | grep -q "$machine" || fail "$(file "$out/vmmio/kmod/vmmio.ko")"
	objects=$(find "$out/vmmio/kmod" -name '*.o' ! -name 'vmmio*.o' | wc -l)
	[ "$objects" -ge 12 ] || fail "$arch: only $objects files were compiled"
	echo "$arch: vmmio.ko of $objects files, $machine"
}

one riscv riscv64-linux-gnu- 'LSB.*RISC-V' CONFIG_ARCH_RV64I=y
one powerpc powerpc64le-linux-gnu- 'LSB.*64-bit PowerPC' CONFIG_PPC64=y CONFIG_PPC_BOOK3S_64=y CONFIG_PPC_PSERIES=y CONFIG_CPU_LITTLE_ENDIAN=y
one s390 s390x-linux-gnu- 'MSB.*IBM S/390'
