#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# The target "dist": three files, each of its architecture, static, stripped, and the
# sums are theirs. That of x86-64 runs here; arm.narrow runs that of armhf, and that
# of arm64 is the one with which the tests of arm64 guests count. What was linked into
# those of arm64 and armhf can be told, in the versions of their own architecture.
# Arguments: the target's command.
set -eu
for cross in aarch64-linux-gnu arm-linux-gnueabihf; do
	command -v $cross-gcc >/dev/null || {
		echo "no $cross-gcc: skipped"
		exit 77
	}
done
fail()
{
	echo "FAILED: $*"
	exit 1
}
"$@"
cd "$VMMIO_BUILD/dist"
version=$(sed -n 's/^#define VMMIO_VERSION "\(.*\)"$/\1/p' "$VMMIO_SOURCE/include/vmmio/version.h")
for arch in 'x86-64 X86-64' 'arm64 AArch64' 'armhf ARM'; do
	file=vmmio-stat-$version-${arch% *}
	LC_ALL=C readelf -Wh "$file" | grep -q "Machine:.*${arch#* }\$" || fail "$file is not of ${arch% *}"
	LC_ALL=C readelf -Wl "$file" | grep -q INTERP && fail "$file is not static"
	readelf -WS "$file" | grep -qF .debug_info && fail "$file is not stripped"
	# what holds no BPF program does not carry one along
	objects=$(strings -a "$file" | grep -c 'vmmio_vms' || true)
	[ "${arch% *}" != armhf ] || [ "$objects" = 0 ] || fail "$file carries BPF objects"
	[ "${arch% *}" = armhf ] || [ "$objects" != 0 ] || fail "$file has no BPF objects"
done
[ "$(wc -l <SHA256SUMS)" = 3 ] || fail "not three sums: $(cat SHA256SUMS)"
sha256sum --quiet -c SHA256SUMS
cmp -s "vmmio-stat-$version-arm64" "$VMMIO_BUILD/arch/stat-arm64/vmmio-stat" || fail "arm64 guests run another file"
[ "$("./vmmio-stat-$version-x86-64" --version | sed 's/,.*//')" = "vmmio-stat $version" ] || fail "its --version"
for arch in arm64 armhf; do
	linked=$("$VMMIO_SOURCE/packaging/linked.sh" "$VMMIO_BUILD/arch/stat-$arch/build" "$VMMIO_BUILD/arch/stat-$arch/libraries") ||
		fail "what is linked for $arch is not known"
	for package in "zlib1g-dev .* $arch" "libelf-dev .* $arch" "libc6-dev-$arch-cross .* all"; do
		echo "$linked" | grep -q "^$package\$" || fail "$arch: no $package in: $linked"
	done
done
