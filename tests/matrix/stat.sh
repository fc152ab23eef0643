#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# A test of vmmio-stat as tests/guest/ has it, in the guest of another kernel or
# architecture: the one program of this build (arm64: of cross-stat.sh), which
# finds its way by that kernel's BTF.
# Arguments: image, a script of tests/guest/, its arguments.
set -eu
# shellcheck source=tests/arm/lib.sh
. "$VMMIO_SOURCE/tests/arm/lib.sh"
script=$VMMIO_SOURCE/tests/guest/$2
shift 2

case $(cat "$image/arch") in
amd64) stat=$VMMIO_BUILD/vmmio-stat ctl=$VMMIO_BUILD/vmmio-ctl cpu='-cpu qemu64,-cx16' ;; # no cmpxchg16b: see kernel.sh
arm64) stat=$VMMIO_BUILD/arch/stat-arm64/vmmio-stat ctl=$VMMIO_BUILD/arch/stat-arm64/vmmio-ctl cpu='' ;;
armhf) fail "vmmio-stat for armhf has a test of its own: tests/arm/narrow.sh" ;;
*) fail "no vmmio-stat for $(cat "$image/arch")" ;;
esac

# What the scripts know of the build is its vmmio-boot: here, with the other image.
cat >"$work/vmmio-boot" <<END
#!/bin/sh
set -eu
more=${cpu:+--}
for arg in "\$@"; do
	[ "\$arg" != -- ] || more=''
done
exec "$VMMIO_BUILD/vmmio-boot" -M "$machine" --kernel "$image/vmlinuz" --initrd "$image/initrd.cpio" \\
	--file "$stat:/bin/vmmio-stat" ${ctl:+--file "$ctl:/bin/vmmio-ctl"} "\$@" \$more $cpu
END
chmod +x "$work/vmmio-boot"

# A module that makes virtqueues stall, for this kernel. Its headers are the image's.
if grep -q '/stallfault.ko:' "$script"; then
	mkdir "$work/stallfault"
	cp -r "$VMMIO_SOURCE/tests/guest/stallfault" "$work/stallfault/"
	cross='' karch=x86_64
	[ "$(cat "$image/arch")" != arm64 ] || cross=aarch64-linux-gnu- karch=arm64
	env -u MAKEFLAGS -u MFLAGS make -s -C "$image/kernel/headers" "M=$work/stallfault/stallfault" "ARCH=$karch" \
		"CROSS_COMPILE=$cross" "CC=${cross}gcc" "VMMIO_INCLUDE=$VMMIO_SOURCE/include" modules >"$work/stallfault.log" 2>&1 || {
		cat "$work/stallfault.log"
		fail "stallfault.ko does not build for $(cat "$image/release")"
	}
	cp "$work/stallfault/stallfault/stallfault.ko" "$work/stallfault/"
fi
[ "$machine" = microvm ] || export VMMIO_MATRIX_BALLOON=off
VMMIO_BUILD=$work "$script" "$@"
echo "all of that on $(cat "$image/release")"
