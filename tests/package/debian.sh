#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# The packages in a Debian 12 with systemd: installed, used, kept over a change of
# the kernel, upgraded, removed. Three starts of one disk (debian.guest has the
# stages), emulated and without a network; what compiles is done between them, in
# a chroot on the same disk, at the speed of this machine. Needs root.
# usage: debian.sh [OUT]; OUT gets what the system said.
set -eu
build=$VMMIO_BUILD/package
here=$VMMIO_SOURCE/tests/package
mkdir -p "$build"
out=${1:-$build/debian.txt}
[ "$(id -u)" = 0 ] || {
	echo "not root"
	exit 77
}
for tool in debootstrap cpack mke2fs debugfs qemu-system-x86_64; do
	command -v $tool >/dev/null || {
		echo "no $tool"
		exit 77
	}
done

fail()
{
	echo "FAILED: $*"
	exit 1
}

# The system, with two kernels: one installed, the other as packages.
"$here/root.sh" make "$build/guest" bookworm systemd-sysv dbus udev kmod dkms make gcc curl bash-completion \
	qemu-system-x86 libgsl27
base=$build/guest
if [ ! -f "$base/kernels" ]; then
	names=$("$here/root.sh" in "$base" apt-cache search --names-only '^linux-headers-6.*-cloud-amd64$' |
		sed -n 's/^linux-headers-\(6[^ ]*[0-9]-cloud-amd64\) .*/\1/p' | sort -V)
	first=$(echo "$names" | head -n 1) last=$(echo "$names" | tail -n 1)
	[ "$first" != "$last" ] || fail "there is one kernel only: $first"
	"$here/root.sh" in "$base" sh -c "
		apt-get -qy install --no-install-recommends linux-image-$first linux-headers-$first &&
		apt-get -qy install --download-only --no-install-recommends linux-image-$last linux-headers-$last" \
		>"$base/log" 2>&1 || fail "kernels: $(tail -n 2 "$base/log")"
	echo "$first $last" >"$base/kernels"
fi
read -r first last <"$base/kernels"

# The packages, and the same as a later version.
work=$(mktemp -d "$build/work.XXXXXX")
mkdir -p "$work/mnt/root"
trap 'rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM
cpack --config "$VMMIO_BUILD/CPackConfig.cmake" -B "$work/stage" -D CPACK_OUTPUT_FILE_PREFIX="$work/old" >/dev/null 2>&1
rm -rf "$work/old/_CPack_Packages" "$work/stage"
mkdir "$work/new" "$work/kernel" "$work/test"
for deb in "$work"/old/vmmio-tools_*.deb "$work"/old/vmmio-dkms_*.deb; do
	dpkg-deb -R "$deb" "$work/deb"
	sed -i 's/0\.1\.0/0.1.1/' "$work/deb/DEBIAN/"*
	[ ! -d "$work/deb/usr/src" ] || mv "$work/deb/usr/src/vmmio-0.1.0" "$work/deb/usr/src/vmmio-0.1.1"
	[ ! -d "$work/deb/usr/src" ] || sed -i 's/0\.1\.0/0.1.1/' "$work/deb/usr/src/vmmio-0.1.1/dkms.conf" \
		"$work/deb/usr/src/vmmio-0.1.1/include/vmmio/version.h"
	(cd "$work/deb" && find usr -type f -print0 | xargs -0 md5sum >DEBIAN/md5sums)
	dpkg-deb --root-owner-group -b "$work/deb" "$work/new" >/dev/null
	rm -rf "$work/deb"
done
cp "$base"/root/var/cache/apt/archives/linux-*"${last%-cloud-amd64}"*.deb "$work/kernel"

# The disk.
cp -a "$base/root" "$work/root"
rm -rf "$work/root/var/cache/apt/archives/"*.deb
mkdir "$work/root/test"
mv "$work/old" "$work/new" "$work/kernel" "$work/root/test"
cp "$here/debian.guest" "$work/root/test/run"
echo "$last" >"$work/root/test/next"
echo 1 >"$work/root/test/stage"
echo vmmio >"$work/root/etc/hostname"
echo '/dev/vda / ext4 defaults 0 1' >"$work/root/etc/fstab"
rm -f "$work/root/etc/resolv.conf"
cat >"$work/root/etc/systemd/system/vmmio-test.service" <<-'EOF'
	[Unit]
	Description=test
	After=multi-user.target
	[Service]
	Type=exec
	ExecStart=/test/run
	TimeoutStartSec=infinity
	[Install]
	WantedBy=multi-user.target
EOF
mkdir -p "$work/root/etc/systemd/system/multi-user.target.wants"
ln -s ../vmmio-test.service "$work/root/etc/systemd/system/multi-user.target.wants/"
mke2fs -q -t ext4 -E root_owner=0:0 >/dev/null -d "$work/root" "$work/disk" 4G
rm -rf "$work/root"
truncate -s 64M "$work/data"
cp "$base/root/boot/vmlinuz-$first" "$work/vmlinuz"
cp "$base/root/boot/initrd.img-$first" "$work/initrd"

# on_disk OPTION... COMMAND: of debugfs, which ends with 0 whatever it meets
on_disk()
{
	debugfs "$@" "$work/disk" >"$work/debugfs" 2>&1 || true
}

# at_rest COMMAND: in a chroot on the disk; what it says is the result's too. The mount is of a
# namespace of its own: in this one a namespace that somebody else makes meanwhile would keep it.
at_rest()
{
	# shellcheck disable=SC2016 # for the inner shell
	unshare --mount sh -euc '
		mount -o loop "$1/disk" "$1/mnt/root"
		"$2/root.sh" in "$1/mnt" sh -c "$3" >"$1/apt" 2>&1
		"$2/root.sh" in "$1/mnt" dkms status vmmio >"$1/dkms" 2>>"$1/apt"
		rm -f "$1/mnt/root/etc/resolv.conf"
		umount "$1/mnt/root"' sh "$work" "$here" "$1" || {
		tail -n 15 "$work/apt"
		fail "$1"
	}
	sed 's/^/dkms: /' "$work/dkms" | tee -a "$out"
}
is_built() # VERSION KERNEL
{
	grep -q "vmmio.*$1.*$2.*installed" "$work/dkms" || fail "not built: $1 for $2"
}

khz=$(awk '/^cpu MHz/ { printf "%d", $4 * 1000; exit }' /proc/cpuinfo)
echo "# Debian packages of $(git -C "$VMMIO_SOURCE" describe --always 2>/dev/null || echo unknown) in a booted Debian 12, tcg; made by tests/package/debian.sh." >"$out"
for stage in 1 2 3; do
	case $stage in
	1)
		at_rest 'apt-get install -qy --no-install-recommends /test/old/*.deb'
		is_built 0.1.0 "$first"
		;;
	2)
		at_rest 'apt-get install -qy --no-install-recommends /test/kernel/*.deb'
		is_built 0.1.0 "$last"
		;;
	3)
		at_rest 'apt-get install -qy --no-install-recommends /test/new/*.deb'
		is_built 0.1.1 "$last"
		! grep -q '0\.1\.0' "$work/dkms" || fail "the former version is still there"
		;;
	esac
	if [ $stage -gt 1 ]; then
		echo $stage >"$work/stage"
		on_disk -w -R "rm /test/stage"
		on_disk -w -R "write $work/stage /test/stage"
		for file in vmlinuz initrd; do
			name=$file
			[ $file = vmlinuz ] || name=initrd.img
			rm "$work/$file"
			on_disk -R "dump /boot/$name-$last $work/$file"
			[ -s "$work/$file" ] || fail "no /boot/$name-$last on the disk: $(cat "$work/debugfs")"
		done
	fi
	status=0
	timeout 1200 qemu-system-x86_64 -accel tcg,thread=multi -smp 2 -m 1536 -no-reboot -nodefaults -no-user-config \
		-M microvm,firmware=qboot.rom,x-option-roms=off,pic=off,pit=off,pcie=on,rtc=on,acpi=on -display none \
		-kernel "$work/vmlinuz" -initrd "$work/initrd" \
		-append "console=ttyS0 root=/dev/vda rw panic=-1 tsc_early_khz=$khz tsc=reliable systemd.mask=serial-getty@ttyS0" \
		-serial "file:$work/console" -device isa-serial,index=1,chardev=result \
		-chardev "file,id=result,path=$work/said" \
		-drive "if=none,id=d0,file=$work/disk,format=raw,cache=unsafe" -device virtio-blk-pci,drive=d0,disable-legacy=on \
		-drive "if=none,id=d1,file=$work/data,format=raw,cache=unsafe" -device virtio-blk-pci,drive=d1,disable-legacy=on \
		</dev/null >"$work/qemu" 2>&1 || status=$?
	tr -d '\r' <"$work/said" | tee -a "$out"
	grep -q "^STAGE $stage ok" "$work/said" || {
		tail -n 30 "$work/console"
		fail "stage $stage (QEMU ended with $status: $(head -n 1 "$work/qemu"))"
	}
done
