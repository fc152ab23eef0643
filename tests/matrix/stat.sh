#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# A test of vmmio-stat as tests/guest/ has it, in the guest of another kernel:
# the one program of this build, which finds its way by that kernel's BTF.
# Arguments: image, a script of tests/guest/, its arguments.
set -eu
# shellcheck source=tests/arm/lib.sh
. "$VMMIO_SOURCE/tests/arm/lib.sh"
script=$VMMIO_SOURCE/tests/guest/$2
shift 2

# What the scripts know of the build is its vmmio-boot: here, with the other image.
cat >"$work/vmmio-boot" <<END
#!/bin/sh
set -eu
more=--
for arg in "\$@"; do
	[ "\$arg" != -- ] || more=''
done
# no cmpxchg16b: see kernel.sh
exec "$VMMIO_BUILD/vmmio-boot" --kernel "$image/vmlinuz" --initrd "$image/initrd.cpio" \\
	--file "$VMMIO_BUILD/vmmio-stat:/bin/vmmio-stat" "\$@" \$more -cpu qemu64,-cx16
END
chmod +x "$work/vmmio-boot"
VMMIO_BUILD=$work "$script" "$@"
echo "all of that on $(cat "$image/release")"
