#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# The driver built into a kernel, by the recipe of docs/in-tree.md: Debian's
# linux-source-6.1, a configuration with little more than this driver and
# virtio_blk, no modules, no PCI, no ACPI. The device comes from the command
# line, a disk works, and the counts are the device side's.
# Argument: a folder of the build tree, which keeps source and objects.
set -eu
here=$(dirname "$0")
folder=$1
set -- native
# shellcheck source=tests/arm/lib.sh
. "$VMMIO_SOURCE/tests/arm/lib.sh"
machine=microvm-noacpi

for tool in bc flex bison gcc make; do
	if ! command -v "$tool" >/dev/null; then
		echo "no $tool: skipped"
		exit 77
	fi
done
mkdir -p "$folder"
if [ ! -d "$folder/linux-source-6.1" ]; then
	"$VMMIO_SOURCE/cmake/fetch-deb.sh" --out "$folder/package" linux-source-6.1 >"$work/log" 2>&1 || {
		echo "linux-source-6.1: $(tail -n 1 "$work/log"): skipped"
		exit 77
	}
	tar -C "$folder" -xf "$folder/package/usr/src/linux-source-6.1.tar.xz"
	(
		cd "$folder/linux-source-6.1/drivers/virtio"
		mkdir vmmio
		echo 'obj-y += vmmio/kmod/' >>Makefile
		echo 'source "drivers/virtio/vmmio/kmod/Kconfig"' >>Kconfig
	)
fi
cd "$folder/linux-source-6.1"
cp -ru "$VMMIO_SOURCE/kmod" "$VMMIO_SOURCE/include" drivers/virtio/vmmio/

env -u MAKEFLAGS -u MFLAGS make -s tinyconfig >"$work/log" 2>&1
cat >>.config <<-'END'
	CONFIG_64BIT=y
	CONFIG_BLK_DEV_INITRD=y
	CONFIG_PRINTK=y
	CONFIG_TTY=y
	CONFIG_SERIAL_8250=y
	CONFIG_SERIAL_8250_CONSOLE=y
	CONFIG_BINFMT_ELF=y
	CONFIG_BINFMT_SCRIPT=y
	CONFIG_PROC_FS=y
	CONFIG_SYSFS=y
	CONFIG_DEVTMPFS=y
	CONFIG_SHMEM=y
	CONFIG_TMPFS=y
	CONFIG_FUTEX=y
	CONFIG_AIO=y
	CONFIG_POSIX_TIMERS=y
	CONFIG_MULTIUSER=y
	CONFIG_BLOCK=y
	CONFIG_BLK_DEV=y
	CONFIG_VIRTIO_MENU=y
	CONFIG_VIRTIO_BLK=y
	CONFIG_VIRTIO_VMMIO=y
	CONFIG_FTRACE=y
	CONFIG_ENABLE_DEFAULT_TRACERS=y
	CONFIG_X86_LOCAL_APIC=y
	CONFIG_HIGH_RES_TIMERS=y
END
env -u MAKEFLAGS -u MFLAGS make -s olddefconfig >"$work/log" 2>&1
grep -qx CONFIG_VIRTIO_VMMIO=y .config || fail "the configuration did not take the driver"
env -u MAKEFLAGS -u MFLAGS make -s -j2 bzImage >"$work/log" 2>&1 ||
	fail "the kernel does not build: $(tail -n 5 "$work/log")"

"$VMMIO_BUILD/vmmio-boot" -M "$machine" --kernel arch/x86/boot/bzImage \
	--file "$VMMIO_BUILD/counts:/bin/counts" --script "$here/builtin.guest" \
	--append 'vmmio.device=512@0xfeb00e00:12' \
	--trace-events memory_region_ops_read,memory_region_ops_write --trace-log "$work/trace" \
	-- -blockdev null-co,node-name=n0,size=16777216,read-zeroes=on \
	-device virtio-blk-device,drive=n0 >"$work/out" || {
	cat "$work/out"
	fail "see above"
}
line=$(grep '^dev .* mmio ' "$work/out") || fail "no device: $(cat "$work/out")"
check_device "$line" "$work/out" "$work/trace" feb00e00
echo "$(grep -c =y .config) options, $(stat -c %s arch/x86/boot/bzImage) bytes: built in, and its disk works"
