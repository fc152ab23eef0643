#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# IN_ORDER, which Linux's virtio_ring has from 7.x on and QEMU from 9.2 on: kernel.sh with
# devices that use buffers in order, under the QEMU of trixie, unpacked in the build tree.
# Arguments: image, split or packed.
set -eu
out=$VMMIO_BUILD/arch/qemu-trixie
mkdir -p "$out"
exec 9>"$out.lock"
flock 9
"$VMMIO_SOURCE/cmake/fetch-root.sh" --out "$out" --arch amd64 --suite trixie \
	qemu-system-x86 qemu-system-data seabios ipxe-qemu >"$out.log" 2>&1 || {
	echo "QEMU of trixie: $(tail -n 1 "$out.log"): skipped"
	exit 77
}
mkdir -p "$out/bin"
# with its own libraries and data
cat >"$out/bin/qemu-system-x86_64" <<END
#!/bin/sh
exec "$out/root/lib64/ld-linux-x86-64.so.2" \\
	--library-path "$out/root/usr/lib/x86_64-linux-gnu:$out/root/usr/lib/x86_64-linux-gnu/pulseaudio" \\
	--argv0 qemu-system-x86_64 "$out/root/usr/bin/qemu-system-x86_64" -L "$out/root/usr/share/qemu" \\
	-L "$out/root/usr/share/seabios" -L "$out/root/usr/lib/ipxe/qemu" "\$@"
END
chmod +x "$out/bin/qemu-system-x86_64"
exec 9>&-
PATH=$out/bin:$PATH exec "$VMMIO_SOURCE/tests/matrix/kernel.sh" "$1" "$2" in_order
