#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# cpack makes the Debian packages, lintian finds no error in them, and they hold
# what they promise: nothing that loads the driver or binds a device by itself.
# That they work is asked of a booted system by tests/package/debian.sh.
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

fail()
{
	echo "FAILED: $*"
	exit 1
}

for tool in cpack lintian dpkg-deb dpkg-shlibdeps file; do
	command -v $tool >/dev/null || {
		echo "no $tool here"
		exit 77
	}
done
version=$(sed -n 's/^#define VMMIO_VERSION "\(.*\)"$/\1/p' "$VMMIO_SOURCE/include/vmmio/version.h")
cpack --config "$VMMIO_BUILD/CPackConfig.cmake" -B "$work/stage" -D CPACK_OUTPUT_FILE_PREFIX="$work/dist" \
	>"$work/log" 2>&1 || {
	tail -n 20 "$work/log"
	exit 1
}
for package in vmmio-tools vmmio-bench vmmio-dkms; do
	set -- "$work/dist/${package}_$version"-*.deb
	[ -f "$1" ] || fail "no $package of version $version: $(ls "$work/dist")"
	lintian --allow-root --fail-on error "$1" >"$work/lintian" 2>&1 || {
		cat "$work/lintian"
		fail "lintian has errors"
	}
	dpkg-deb -c "$1" >"$work/$package"
	dpkg-deb -e "$1" "$work/control-$package"
	grep -qv '^.\{10\} root/root ' "$work/$package" && fail "$package holds a file that is not root's"
	# What would load the driver, bind a device or start something, without being asked.
	if grep -E ' \./(etc|lib|usr/lib)/(modules|modules-load\.d|udev|initramfs-tools|modprobe\.d)/' "$work/$package"; then
		fail "$package brings this"
	fi
	if grep -lE 'modprobe|insmod|vmmio-ctl|systemctl (enable|start)' "$work/control-$package"/p*; then
		fail "$package acts by itself"
	fi
done

# holds PACKAGE FILE...
holds()
{
	package=$1
	shift
	for file; do
		grep -q " \./$file\$" "$work/$package" || fail "$package lacks $file"
	done
}
holds vmmio-tools usr/lib/systemd/system/vmmio-stat.service usr/lib/systemd/system/vmmio-stat-textfile.service \
	usr/bin/vmmio-stat usr/sbin/vmmio-ctl usr/share/man/man8/vmmio-stat.8.gz \
	usr/share/man/man8/vmmio-ctl.8.gz usr/share/bash-completion/completions/vmmio-ctl \
	usr/share/zsh/vendor-completions/_vmmio-stat usr/share/fish/vendor_completions.d/vmmio-stat.fish
holds vmmio-bench usr/bin/vmmio-bench usr/bin/vmmio-boot usr/lib/vmmio/image/vmlinuz usr/lib/vmmio/image/initrd.cpio \
	usr/share/vmmio/experiments/study.ini usr/share/man/man1/vmmio-bench.1.gz
holds vmmio-dkms "usr/src/vmmio-$version/dkms.conf" "usr/src/vmmio-$version/kmod/Kbuild" \
	"usr/src/vmmio-$version/include/vmmio/slots.h"
grep '^Depends: ' "$work/control-vmmio-bench/control" | grep -q libgsl || fail "vmmio-bench depends on no libgsl"
