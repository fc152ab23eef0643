#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# Names for addresses: from a running QEMU by --qmp, from its saved answers and
# from a file by hand; and maps that lie about what is there.
set -eu
# shellcheck source=tests/host/lib.sh
. "$(dirname "$0")/lib.sh"

need_kvm
need_host_bpf
command -v qemu-system-x86_64 >/dev/null || skip "QEMU is not installed"

qemu=
# shellcheck disable=SC2317 # the trap calls it
leave() {
	[ -z "$qemu" ] || kill "$qemu" 2>/dev/null || true
	clean_up
}
trap leave EXIT

# one line, in $dir/err, and this exit status
told() {
	want=$1 words=$2 status=0
	shift 2
	"$@" >"$dir/out.txt" 2>"$dir/err" || status=$?
	{ [ "$status" -eq "$want" ] && [ "$(wc -l <"$dir/err")" -eq 1 ] && grep -q -e "$words" "$dir/err"; } ||
		fail "$*: ended with $status, want $want and '$words': $(cat "$dir/err")"
}

# machine NAME OPTION…: QEMU under KVM, until the firmware has set up its disk
machine() {
	sock=$dir/$1
	shift
	truncate -s 1M "$dir/disk"
	qemu-system-x86_64 -nodefaults -no-user-config -display none -accel kvm -m 64 \
		-blockdev "file,node-name=d0,filename=$dir/disk" -qmp "unix:$sock,server=on,wait=off" "$@" 2>"$dir/qemu" &
	qemu=$!
	i=0
	until "$stat" vms -p "$qemu" 2>/dev/null | grep -q '^  [a-z-]*@[0-9a-f]* '; do
		i=$((i + 1))
		kill -0 "$qemu" 2>/dev/null || fail "QEMU ended: $(cat "$dir/qemu")"
		[ $i -lt 150 ] || skip "the firmware does not boot here"
		sleep 0.2
	done
}

machine pci -machine q35 -device virtio-blk-pci,drive=d0,id=red,disable-legacy=on,ioeventfd=on -device virtio-rng-pci
"$stat" vms --json -p "$qemu" --qmp "$sock" >"$dir/out.txt" 2>"$dir/err" || fail "vms --qmp: $(cat "$dir/err")"
has '"transport":"pci","device":"red","queue":0' "the disk's name over PCI"
has '"device":"kvm-ioapic@fec00000"' "the name of a device in the kernel"
[ ! -s "$dir/err" ] || fail "vms --qmp complains: $(cat "$dir/err")"
"$stat" vms --json -p "$qemu" >"$dir/out.txt"
has '"transport":"pci","device":"pci@[0-9a-f]*","queue":0' "the disk without a map"

# a map that says otherwise: its doorbell's form is believed, its name kept
at=$(sed -n 's/.*"address":"\(0x[0-9a-f]*\)",[^}]*"transport":"pci".*/\1/p' "$dir/out.txt")
page=$(printf '0x%x' $((at & ~0xfff)))
echo "$page 0x1000 blue mmio" >"$dir/map"
told 0 "blue is said to be mmio, but at $at it is pci, which is believed" "$stat" vms --json -p "$qemu" --map "$dir/map"
has '"transport":"pci","device":"blue","queue":0' "the form against the map"
told 0 "blue is said to be mmio, but at $at it is pci" "$stat" exits --map "$dir/map" 0.2 1
kill "$qemu"
wait "$qemu" 2>/dev/null || true

machine slots -machine microvm,x-option-roms=off,rtc=on -L /usr/share/seabios -bios bios-microvm.bin \
	-global virtio-mmio.force-legacy=false -global virtio-mmio.ioeventfd=on -device virtio-blk-device,drive=d0,id=green \
	-chardev "socket,id=mute,path=$dir/mute,server=on,wait=off"
"$stat" vms --json -p "$qemu" --qmp "$sock" >"$dir/out.txt" 2>"$dir/err" || fail "vms --qmp: $(cat "$dir/err")"
has '"transport":"mmio","device":"green","queue":0' "the disk's name in a slot"
"$stat" exits --json --qmp "$sock" 0.2 1 >"$dir/out.txt" 2>"$dir/err" || fail "exits --qmp: $(cat "$dir/err")"
[ ! -s "$dir/err" ] || fail "exits --qmp complains of what a machine has: $(cat "$dir/err")"
told 1 'mute: no answer in time: is another client connected' "$stat" vms --qmp "$dir/mute"
kill "$qemu"
wait "$qemu" 2>/dev/null || true
qemu=

# others that answer: events between all that is said, a line without an end, only events
false_qmp() { # HOW WORDS
	"$VMMIO_BUILD/hosttool" qmp "$dir/false-$1" "$1" &
	qemu=$!
	i=0
	until [ -S "$dir/false-$1" ]; do
		i=$((i + 1))
		[ $i -lt 100 ] || fail "no socket of hosttool"
		sleep 0.05
	done
	told 1 "$2" "$stat" vms --qmp "$dir/false-$1"
	wait "$qemu" || fail "hosttool ended with $?"
	qemu=
}
false_qmp events 'no answer to query-pci'
false_qmp endless 'an answer without an end'
false_qmp flood 'no answer in time'

told 1 "$sock.none: No such file" "$stat" vms --qmp "$sock.none"
told 1 "$sock: " "$stat" exits --qmp "$sock" 0.1 1
told 2 'map or --qmp, not both' "$stat" vms --map "$dir/map" --qmp "$sock"

# by hand: ranges that nobody has, and that cannot be
start_load
load vm 1
pid=$(echo "$answer" | cut -d' ' -f2)
load ioeventfd 0 0xfeb02e50 4 0 mmio
printf '0xfeb02e00 0x200 disk mmio\n0xe0000000 0x1000 odd\n0xd0000000 0x1000 nothere\n' >"$dir/map"
"$stat" exits --json -p "$pid" --map "$dir/map" 60 >"$dir/out.txt" 2>"$dir/err" &
watcher=$!
ready "$watcher" 12 link
load run 0 0 store32 0xfeb02e50 0 10
load run 0 0 load32 0xe0000040 0 11
kill -INT "$watcher"
wait "$watcher" || fail "exits --map ended with $?: $(cat "$dir/err")"
has '"device":"disk","transport":"mmio","queue":0,"register":"QueueNotify","samples":10,' "the kicks under the map's name"
has '"device":"odd","transport":null,"queue":null,"register":"+0x40","samples":11,' "an offset in a named range"
{ [ "$(wc -l <"$dir/err")" -eq 1 ] && grep -q 'map: nothing was seen at nothere (0xd0000000, 4096 bytes)' "$dir/err"; } ||
	fail "a range without traffic: $(cat "$dir/err")"
echo '0xfeb02000 0x1000 disk pci' >"$dir/map"
told 0 'disk is said to be pci, but at 0xfeb02e50 it is mmio, which is believed' "$stat" vms --json -p "$pid" --map "$dir/map"
has '"transport":"mmio","device":"disk","queue":0' "the form against the map"
for line in '0x10000000000000 4 a' '0xfffffffffffff000 0x100 a' '0x1000 0x100000 a mmio' '0x1000 0x10 a mmio' '0xfff0 0x20 a pio' '0x10000 4 a pio'; do
	echo "$line" >"$dir/map"
	told 2 'map:1: ' "$stat" vms --map "$dir/map"
done

# QEMU's answers in a file
cat >"$dir/map" <<'END'
{"QMP": {"version": {}, "capabilities": []}}
{"return": {}}
{"return": [{"bus": 0, "devices": []}]}
{"return": "bus: main-system-bus\r\n  dev: virtio-mmio, id \"\"\r\n    mmio 00000000feb02e00/0000000000000200\r\n    bus: virtio-mmio-bus.23\r\n      dev: virtio-net-device, id \"wire\"\r\n"}
END
"$stat" vms --json -p "$pid" --map "$dir/map" >"$dir/out.txt" 2>"$dir/err" || fail "saved answers: $(cat "$dir/err")"
has '"transport":"mmio","device":"wire","queue":0' "the name in a saved answer"
echo '{"return": [' >"$dir/map"
told 2 'answer that ends at line' "$stat" vms --map "$dir/map"
echo '{"return": {}}' >"$dir/map"
told 2 'no answer to query-pci or "info qtree"' "$stat" vms --map "$dir/map"
echo '{"error": {"class": "CommandNotFound", "desc": "no such thing"}}' >"$dir/map"
told 2 'QEMU refused: no such thing' "$stat" vms --map "$dir/map"
