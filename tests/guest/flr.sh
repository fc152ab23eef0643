#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# A function level reset of a device in use, asked for in sysfs: its disk works
# before and after, under load too, and each request is answered. QEMU has such a reset behind a PCIe port only.
set -euo pipefail

dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cat >"$dir/run.sh" <<'EOF'
set -e
fail() { say "flr: $*"; exit 1; }
load_vmmio claim=all
load_blk
wait_blk 1
dev=$(for d in /sys/bus/pci/devices/*; do [ ! -e "$d/reset" ] || [ "$(cat "$d/vendor")" != 0x1af4 ] || basename "$d"; done)
[ -n "$dev" ] || fail 'no device can be reset'
echo flr >/sys/bus/pci/devices/"$dev"/reset_method || fail "no function level reset: $(cat /sys/bus/pci/devices/"$dev"/reset_method)"
disk=$(ls /sys/bus/pci/devices/"$dev"/virtio*/block)
io() {
	blkload --count "$1" "/dev/$disk" >/tmp/load || fail "I/O: $(cat /tmp/load)"
	grep -q '"errors":0' /tmp/load || fail "I/O: $(cat /tmp/load)"
}
io 100
dmesg -c >/dev/null
echo 1 >/sys/bus/pci/devices/"$dev"/reset
io 100
blkload --count 20000 "/dev/$disk" >/tmp/under &
load=$!
for i in 1 2 3; do
	echo 1 >/sys/bus/pci/devices/"$dev"/reset
	kill -0 "$load" || fail "the load was over before reset $i was"
done
wait "$load" || fail "I/O under resets: $(cat /tmp/under)"
grep -q '"errors":0' /tmp/under || fail "I/O under resets: $(cat /tmp/under)"
io 100
if dmesg | grep -E 'WARNING|BUG|does not let go|does not come back'; then fail 'said in the log'; fi
echo "four resets, all requests answered"
EOF
"$VMMIO_BUILD/vmmio-boot" -n 2 -t 120 -s "$dir/run.sh" -- -blockdev null-co,node-name=d0,size=16777216,read-zeroes=on \
	-device pcie-root-port,id=slot1,chassis=1,slot=1 \
	-device virtio-blk-pci,bus=slot1,drive=d0,disable-legacy=on,ioeventfd=off,num-queues=1 >"$dir/out" || {
	cat "$dir/out"
	exit 1
}
cat "$dir/out"
grep -qx 'four resets, all requests answered' "$dir/out"
