#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Settings per device (/sys/kernel/vmmio/options): they reach the device at the
# next bind, are read back, survive rebinds, and what is wrong changes nothing.
# lazy_status saves one access per interrupt and loses no configuration change;
# a ring reset works where the device does it and is refused where it does not.
set -euo pipefail

dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT

cat >"$dir/run.sh" <<'EOF'
set -e
fail() { say "options: $*"; exit 1; }
options=/sys/kernel/vmmio/options

load_vmmio claim=all
load_blk; load_net; load_console
wait_blk 2
mmio=$(basename "$(dirname "$(readlink -f "/sys/block/$(basename "$(blk_on mmio)")/device")")")
pci=$(basename "$(dirname "$(readlink -f "/sys/block/$(basename "$(blk_on pci-msix)")/device")")")

rebind() { # BUS-DEVICE: away and back; fails when the bind does
	_d=$(readlink -f /sys/bus/*/devices/"$1"/driver)
	echo "$1" >"$_d/unbind"
	echo "$1" >"$_d/bind" 2>/dev/null
}
# field BUS-DEVICE KEY: from the device's one queue
field() {
	vmmio-stat --source sysfs --json -n "$1" -q 0 -- true | tr '{' '\n' |
		sed -n "/\"queue\":0/s/.*\"$2\":\"\{0,1\}\([^,\"]*\).*/\1/p"
}
# accesses BUS-DEVICE REGISTER: in 100 reads at depth 1, through the driver's counters
accesses() {
	_disk=/dev/$(ls /sys/bus/*/devices/"$1"/virtio*/block)
	vmmio-stat --source sysfs --json -n "$1" -- \
		blkload --count 100 --depth 1 "$_disk" >/tmp/json 2>/dev/null
	tr '{' '\n' </tmp/json | awk -F'[:,]' -v r="\"$2\"" '
		$3 == "\"register\"" && $4 == r { n = $8 + $10; sub("}.*", "", n) }
		END { print n + 0 }'
}
refused() { # LINE: the options file does not take it and stays as it was
	_before=$(cat $options)
	if echo "$1" >$options 2>/dev/null; then fail "'$1' was taken"; fi
	[ "$(cat $options)" = "$_before" ] || fail "'$1' changed something"
}

# sizes, features, interrupt modes
[ "$(field "$mmio" ring_size)" -gt 64 ] || fail "ring before: $(field "$mmio" ring_size)"
echo "$mmio queue_size=64 withhold=event_idx,ring_reset" >$options
echo "$pci queue_size=32 irq=shared" >$options
[ "$(cat $options)" = "$mmio queue_size=64 withhold=event_idx,ring_reset
$pci queue_size=32 irq=shared" ] || fail "read back: $(cat $options)"
for turn in 1 2; do
	rebind "$mmio"; rebind "$pci"; wait_blk 2
	[ "$(field "$mmio" ring_size)" = 64 ] || fail "ring $(field "$mmio" ring_size) on turn $turn"
	[ "$(field "$pci" ring_size)" = 32 ] || fail "pci ring $(field "$pci" ring_size)"
	[ "$(field "$pci" irq_mode)" = msix-shared ] || fail "mode $(field "$pci" irq_mode)"
done
features=$(field "$mmio" features)
[ $((features >> 29 & 1)) = 0 ] && [ $((features >> 40 & 1)) = 0 ] || fail "features $features"
features=$(field "$pci" features)
[ $((features >> 29 & 1)) = 1 ] || fail "features $features"
blkload --count 200 --depth 16 "$(blk_on mmio)" >/dev/null
blkload --count 200 --depth 16 "$(blk_on pci-msix)" >/dev/null
echo "$pci irq=intx" >$options
rebind "$pci"; wait_blk 2
[ "$(field "$pci" irq_mode)" = intx ] || fail "mode $(field "$pci" irq_mode)"
blkload --count 200 --depth 16 "$(blk_on pci-intx)" >/dev/null
echo "$pci irq=msix affinity=0:1" >$options
rebind "$pci"; wait_blk 2
blkload --count 200 --depth 4 "$(blk_on pci-msix)" >/dev/null
# (x86 moves a live vector at its next interrupt: one may still come to the old place)
awk '/-req.0/ { exit !($2 <= 1 && $3 > 10) }' /proc/interrupts ||
	fail "affinity: $(grep -- -req.0 /proc/interrupts)"

# refused, with everything left as it was
for line in "$mmio queue_size=0" "$mmio queue_size=32769" "$mmio queue_size=-1" \
	"$mmio queue_size=12x" "$mmio withhold=version_1" "$mmio withhold=64" \
	"$mmio withhold=nonsense" "$mmio irq=edge" "$mmio affinity=0" "$mmio affinity=0:99" \
	"$mmio lazy_status=2x" "$mmio unknown=1" "$mmio queue_size" "$mmio =1" \
	"$mmio force=1 force=0" "$(printf '%040d' 0) force=1"; do
	dmesg -c >/dev/null
	refused "$line"
	[ "$(dmesg | grep -c 'vmmio: options: ')" = 1 ] || fail "'$line': the log says $(dmesg)"
done
# more than a page of them, all of which are read back
before=$(cat $options)
for i in $(seq 1 62); do
	echo "device-with-a-long-name-for-test.$i affinity=0:0,1:1,2:0,3:1,4:0,5:1,6:0,7:1 queue_size=$i" >$options
done
[ "$(wc -c <$options)" -gt 4096 ] || fail "the options are $(wc -c <$options) bytes"
[ "$(grep -c '^device-with.* queue_size=[0-9]*$' $options)" = 62 ] || fail "not 62 lines: $(cat $options)"
dd if=$options bs=7 2>/dev/null | cmp - $options || fail "read in small pieces it differs"
refused "d65 force=1" # the table has 64 places, two of them taken before
dmesg | grep -q '64 devices have settings' || fail "no word of a full table: $(dmesg)"
for i in $(seq 1 62); do echo "device-with-a-long-name-for-test.$i" >$options; done
[ "$(cat $options)" = "$before" ] || fail "not as before: $(cat $options)"
# taken, but not by this device: it stays without a driver, and the log says why
not_served() { # BUS-DEVICE LINE WORDS
	echo "$1 $2" >$options
	dmesg -c >/dev/null
	rebind "$1" || true
	[ -z "$(ls /sys/bus/*/devices/"$1"/virtio*/block 2>/dev/null)" ] || fail "'$2' was served"
	dmesg | grep -q "$3" || fail "'$2': the log says $(dmesg)"
	echo "$1" >$options
	[ ! -e /sys/bus/*/devices/"$1"/driver ] || echo "$1" >"$_d/unbind"
	echo "$1" >"$_d/bind"
	wait_blk 2
}
not_served "$mmio" "irq=intx" "irq= and affinity= have no meaning"
not_served "$mmio" "affinity=0:1" "irq= and affinity= have no meaning"
not_served "$pci" "lazy_status=1" "lazy_status=1 has no meaning"
not_served "$pci" "reread_status=1" "reread_status=1 has no meaning"
not_served "$mmio" "lazy_status=1 reread_status=1" "contradict each other"
not_served "$mmio" "queue_size=2" "at least 4, or force=1"
not_served "$pci" "queue_size=16 withhold=indirect_desc" "at least 256, or force=1"
echo "$mmio queue_size=2 force=1" >$options
rebind "$mmio"; wait_blk 2
[ "$(field "$mmio" ring_size)" = 2 ] || fail "force: ring $(field "$mmio" ring_size)"
echo "$mmio" >$options
[ -z "$(cat $options)" ] || fail "not forgotten: $(cat $options)"
rebind "$mmio"; wait_blk 2

# accesses per interrupt: one read and one write, or with lazy_status one write
[ "$(accesses "$mmio" InterruptStatus)" = 100 ] || fail "status reads: $(accesses "$mmio" InterruptStatus)"
[ "$(accesses "$mmio" InterruptACK)" = 100 ] || fail "acks: $(accesses "$mmio" InterruptACK)"
echo "$mmio lazy_status=1" >$options
rebind "$mmio"; wait_blk 2
[ "$(accesses "$mmio" InterruptStatus)" = 0 ] || fail "lazy: $(accesses "$mmio" InterruptStatus) status reads"
[ "$(accesses "$mmio" InterruptACK)" = 100 ] || fail "lazy: $(accesses "$mmio" InterruptACK) acks"
[ "$(accesses "$mmio" QueueNotify)" = 100 ] || fail "lazy: $(accesses "$mmio" QueueNotify) kicks"
# a configuration change comes through although the status is not read first
wait_for 1 '/dev/vport*'
echo resize >"$(ls /dev/vport*)" # the host resizes the disk now
blkload --count 3000 --depth 4 "$(blk_on mmio)" >/dev/null &
for try in $(seq 100); do
	[ "$(cat /sys/block/"$(basename "$(blk_on mmio)")"/size)" = 65536 ] && break
	usleep 100000
done
wait $!
[ "$(cat /sys/block/"$(basename "$(blk_on mmio)")"/size)" = 65536 ] ||
	fail "the configuration change was lost: $(cat /sys/block/"$(basename "$(blk_on mmio)")"/size)"

# buffers, with nothing traced: indices are looked at each half turn only, and wrap here
counted() # BUS-DEVICE COUNT
{
	_disk=$(ls /sys/bus/*/devices/"$1"/virtio*/block)
	_reads=$(awk '{ print $1 }' "/sys/block/$_disk/stat")
	vmmio-stat --source sysfs --json -n "$1" -q 0 -- \
		blkload --count "$2" --depth 16 "/dev/$_disk" >/tmp/json 2>/dev/null
	_reads=$(($(awk '{ print $1 }' "/sys/block/$_disk/stat") - _reads)) # some were merged
	[ "$_reads" -gt $(($2 * 9 / 10)) ] || fail "$_reads of $2 reads reached the disk"
	for key in kick_buffers used_buffers; do
		n=$(tr '{' '\n' </tmp/json | sed -n "s/.*\"$key\":\([0-9]*\).*/\1/p" | head -n 1)
		[ "$n" = "$_reads" ] || fail "$key: $n in $_reads reads"
	done
}
for count in 100 80000; do counted "$pci" $count; done

# ring reset: PCI does it; a device that only says so is found out
for eth in eth0 eth1; do
	ip link set $eth up
	ip addr add 10.0.$((2 + ${eth#eth})).15/24 dev $eth
	ping -q -c 3 -i 0.01 10.0.$((2 + ${eth#eth})).2 >/dev/null || fail "$eth is dead"
done
[ "$(ringparam eth1 64)" = 0 ] || fail "the PCI queue was not reset: $(dmesg | tail -3)"
[ "$(vmmio-stat --source sysfs --json -D virtio_net -q 0 -- true | tr '{' '\n' |
	sed -n 's/.*"transport":"pci".*"queue":0,.*"ring_size":\([0-9]*\).*/\1/p')" = 64 ] ||
	fail "the ring was not resized"
ping -q -c 20 -i 0.01 10.0.3.2 >/dev/null || fail "eth1 is dead after its ring was reset"
dmesg -c >/dev/null
[ "$(ringparam eth0 64)" != 0 ] || fail "a reset that did not happen was believed"
dmesg | grep -q 'offers reset but does not do it' || fail "no word of it: $(dmesg)"
echo "options hold"
EOF

# resizes the disk over QEMU's monitor when the guest says so on its virtio console
resizer() {
	exec 3>"$dir/mon.in"
	cat "$dir/mon.out" >"$dir/mon.log" &
	while [ ! -s "$dir/signal" ]; do sleep 0.1; done
	echo '{"execute":"qmp_capabilities"}' >&3
	echo '{"execute":"block_resize","arguments":{"node-name":"d0","size":33554432}}' >&3
	sleep 60
}

truncate -s 16M "$dir/disk"
mkfifo "$dir/mon.in" "$dir/mon.out"
set -m
resizer &
resizer=$!
trap 'kill -- -$resizer 2>/dev/null; rm -rf "$dir"' EXIT
status=0
"$VMMIO_BUILD/vmmio-boot" -n 2 -t 120 -s "$dir/run.sh" \
	-f "$VMMIO_BUILD/ringparam:/bin/ringparam" -- \
	-chardev "pipe,id=mon,path=$dir/mon" -mon chardev=mon,mode=control \
	-chardev "file,id=signal,path=$dir/signal" -device virtio-serial-pci,disable-legacy=on,max_ports=2 \
	-device virtserialport,chardev=signal,nr=1 \
	-blockdev "file,node-name=d0,filename=$dir/disk" \
	-blockdev null-co,node-name=d1,size=16777216,read-zeroes=on \
	-device virtio-blk-device,drive=d0,queue-size=256,num-queues=1 \
	-device virtio-blk-pci,drive=d1,disable-legacy=on,ioeventfd=off,queue-size=256,num-queues=1 \
	-netdev user,id=u0,restrict=on -netdev user,id=u1,net=10.0.3.0/24,restrict=on \
	-device virtio-net-device,netdev=u0 \
	-device virtio-net-pci,netdev=u1,disable-legacy=on,ioeventfd=off,romfile= >"$dir/out" || status=$?
cat "$dir/out"
[ "$status" = 0 ] || exit "$status"
grep -qx 'options hold' "$dir/out"
