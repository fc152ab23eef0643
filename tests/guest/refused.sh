#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# vmmio-stat on a kernel that gives less (no BTF, no tracefs, no capability,
# lockdown), and what it leaves behind when it is ended, its module unloaded or
# its device unplugged by QEMU: one clear line each, nothing attached.
set -eu

here=$(dirname "$0")
work=$(mktemp -d)
started=''
# shellcheck disable=SC2086 # a list
trap '[ -z "$started" ] || kill $started 2>/dev/null || true; rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM
mkfifo "$work/line.in" "$work/line.out" "$work/qmp.in" "$work/qmp.out"
: >"$work/asked"

cat "$here/check.guest" "$here/refused.guest" >"$work/script"
"${VMMIO_BUILD:?}/vmmio-boot" --script "$work/script" --timeout 220 \
	--columns mmio,pci-intx,pci-msix --file "$VMMIO_BUILD/withcaps:/bin/withcaps" \
	--append pcie_ports=native -- \
	-chardev "pipe,id=line,path=$work/line" -device isa-serial,chardev=line,index=2,irq=5 \
	-chardev "pipe,id=monitor,path=$work/qmp" -mon chardev=monitor,mode=control \
	-device pcie-root-port,id=slot1,chassis=1,slot=1 \
	-blockdev null-co,node-name=unplug,size=1073741824,read-zeroes=on \
	-device virtio-blk-pci,drive=unplug,id=unplug,bus=slot1,disable-legacy=on,ioeventfd=off,num-queues=1 \
	>"$work/out" &
boot=$!
started=$boot
exec 8<>"$work/qmp.in" 9<>"$work/line.in"
# each waits for QEMU to open its pipe, for ever if that never does
cat "$work/qmp.out" >"$work/qmp" &
started="$started $!"
cat "$work/line.out" >"$work/asked" &
started="$started $!"
while kill -0 "$boot" 2>/dev/null && ! grep -aq unplug "$work/asked"; do
	sleep 0.2
done
echo '{"execute":"qmp_capabilities"}{"execute":"device_del","arguments":{"id":"unplug"}}' >&8
status=0
wait "$boot" || status=$?
cat "$work/out"
[ "$status" = 0 ] || exit 1
last=$(tail -n 1 "$work/out")

# lockdown to confidentiality: mainline's modules are signed, ours is not
cat "$here/check.guest" "$here/lockdown.guest" | "$VMMIO_BUILD/vmmio-boot" --script - \
	--columns mmio,pci-msix --append lockdown=confidentiality >"$work/out"
cat "$work/out"
for last in "$last" "$(tail -n 1 "$work/out")"; do
	case $last in
	"CHECKS "[1-9]*" FAILED 0") ;;
	*) exit 1 ;;
	esac
done
