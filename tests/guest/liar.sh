#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# vmmio.ko against devices that say what QEMU's never do (tests/guest/liar):
# NOTIFICATION_DATA, with the values of the doorbells read in QEMU's trace; a reset
# that never completes; vectors refused, and interrupts for want of memory; interrupts
# before DRIVER_OK; odd ring sizes; shared memory regions, good and bad; features beyond 64.
set -euo pipefail

dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT

cat >"$dir/run.sh" <<'EOF'
set -e
fail() { say "liar: $*"; exit 1; }
lie=/sys/module/liar/parameters
options=/sys/kernel/vmmio/options

load_vmmio
insmod /lib/modules/liar.ko
load_blk
mmio=''; pci=''
for dev in /sys/bus/platform/devices/LNRO*; do mmio="$mmio $(basename "$dev")"; done
for dev in /sys/bus/pci/devices/*; do
	[ "$(cat "$dev/vendor")" != 0x1af4 ] || pci="$pci $(basename "$dev")"
done
bind() { for _b in "$@"; do vmmio-ctl bind "$_b" >/dev/null 2>/tmp/err || { cat /tmp/err; return 1; }; done; }
unbind() { for _b in "$@"; do vmmio-ctl unbind "$_b" >/dev/null 2>&1 || fail "unbind $_b"; done; }
disk() { ls /sys/bus/*/devices/"$1"/virtio*/block 2>/dev/null; }
virtio() { basename "$(ls -d /sys/bus/*/devices/"$1"/virtio*)"; }
# field BUS-DEVICE KEY: from the device's one queue
field() {
	vmmio-stat --source sysfs --json -n "$1" -q 0 -- true | tr '{' '\n' |
		sed -n "/\"queue\":0/s/.*\"$2\":\"\{0,1\}\([^,\"]*\).*/\1/p"
}
# counter SLOT OFFSET: one of the slot's record, since the slot was taken
counter() {
	dd if=/sys/kernel/vmmio/counters bs=120 skip="$1" count=1 2>/dev/null |
		od -An -t u8 -j "$2" -N 8 | tr -d ' '
}
# nothing of it: the device is bound by hand and makes no disk
no_disk() { # BUS-DEVICE WORDS-IN-THE-LOG...
	_dev=$1
	shift
	dmesg -c >/dev/null
	bind "$_dev" || true
	[ -z "$(disk "$_dev")" ] || fail "$_dev has a disk"
	for _words in "$@"; do logged "$_words"; done
	[ ! -e /sys/bus/*/devices/"$_dev"/driver ] ||
		echo "$_dev" >"$(readlink -f /sys/bus/*/devices/"$_dev"/driver)/unbind"
}
io() {
	blkload --count 100 "/dev/$(disk "$1")" >/tmp/load || fail "I/O on $1: $(cat /tmp/load)"
	grep -q '"errors":0' /tmp/load || fail "I/O on $1: $(cat /tmp/load)"
}
logged() { dmesg | grep -q -- "$1" || fail "the log lacks '$1': $(dmesg | tail -5)"; }

# NOTIFICATION_DATA: accepted with split rings, hidden from packed ones where the
# kernel does not say what the value would be
echo $((1 << 38)) >$lie/offer
bind $mmio $pci
wait_blk 4
for dev in $mmio $pci; do
	features=$(field "$dev" features)
	io "$dev"
	slot=$(field "$dev" slot)
	kind="$(field "$dev" transport) $((features >> 34 & 1))"
	echo "DATA $kind $((features >> 38 & 1)) $(counter "$slot" 8) $(counter "$slot" 16)"
	eval "$(echo "$kind" | tr ' ' _)=$dev"
done
unbind $mmio $pci
echo "$mmio_0 withhold=notification_data" >$options
bind $mmio_0
wait_blk 1
features=$(field "$mmio_0" features)
[ $((features >> 38 & 1)) = 0 ] || fail 'notification_data is not withheld'
unbind $mmio_0
echo "$mmio_0" >$options
# ADMIN_VQ, SR_IOV, NOTIF_CONFIG_DATA and what nobody knows: offered, not taken; nor
# IN_ORDER, which virtio_ring of this kernel does not know, nor anything beyond the 64th
echo $((1 << 41 | 1 << 37 | 1 << 39 | 1 << 50 | 1 << 35)) >$lie/offer
echo 1 >$lie/wide
dmesg -c >/dev/null
bind $mmio_0 $pci_0
wait_blk 2
for dev in $mmio_0 $pci_0; do
	features=$(field "$dev" features)
	[ $((features >> 35 & 1 | features >> 37 & 1 | features >> 39 & 1 | features >> 41)) = 0 ] ||
		fail "accepted $features"
	case $(cut -c 65- /sys/bus/virtio/devices/"$(virtio "$dev")"/features) in
	*1*) fail "accepted beyond 64: $(cat /sys/bus/virtio/devices/"$(virtio "$dev")"/features)" ;;
	esac
	logged "$dev: it offers an administration virtqueue, which is not used"
	io "$dev"
done
[ "$(cat $lie/far_selects)" = 0 ] || fail "$(cat $lie/far_selects) selections of features beyond 64"
unbind $mmio_0 $pci_0
echo 0 >$lie/wide
echo 0 >$lie/offer
# what is required
echo $((1 << 32)) >$lie/deny
for dev in $mmio_0 $pci_0; do no_disk "$dev" 'does not offer VIRTIO_F_VERSION_1'; done
echo 0 >$lie/deny

# a configuration that never settles does not hold up anybody
echo 1 >$lie/turning
dmesg -c >/dev/null
bind $mmio_0 $pci_0
wait_blk 2
[ "$(dmesg | grep -c 'the configuration never settles')" -ge 2 ] || fail "not said: $(dmesg)"
[ "$(cat $lie/turning)" -lt 1000 ] || fail "$(cat $lie/turning) reads of the generation"
io $mmio_0; io $pci_0
unbind $mmio_0 $pci_0
echo 0 >$lie/turning

# a reset that never completes: nothing is handed out, nothing is given back
echo 1 >$lie/stuck
for dev in $mmio_0 $pci_0; do
	no_disk "$dev" 'reset did not complete within 2000 ms' 'no queues for a device that does not reset'
done
echo 0 >$lie/stuck
bind $mmio_0 $pci_0
wait_blk 2
command=$(od -An -tu2 -j4 -N2 /sys/bus/pci/devices/"$pci_0"/config)
[ $((command >> 2 & 1)) = 1 ] || fail 'bus mastering is off in use'
dmesg -c >/dev/null
freed=$(cat $lie/rings_freed)
echo 1 >$lie/stuck
for dev in $mmio_0 $pci_0; do
	io "$dev"
	v=$(virtio "$dev")
	echo "$v" >/sys/bus/virtio/drivers/virtio_blk/unbind
	logged "queue 0: its ring of [0-9]* entries is kept for good"
	if echo "$v" >/sys/bus/virtio/drivers/virtio_blk/bind 2>/dev/null; then fail "$dev was used again"; fi
	logged "no queues for a device that does not reset"
done
command=$(od -An -tu2 -j4 -N2 /sys/bus/pci/devices/"$pci_0"/config)
[ $((command >> 2 & 1)) = 0 ] || fail 'a device that does not reset is still bus master'
[ "$(dmesg | grep -c 'kept for good')" = 2 ] || fail "not said once each: $(dmesg)"
[ "$(cat $lie/rings_freed)" = "$freed" ] || fail 'a ring was freed that the device may still use'
if dmesg | grep -q WARNING; then fail 'a warning'; fi
for path in /sys/bus/*/drivers/vmmio-*/[L0]*; do basename "$path" >"$path/driver/unbind"; done
echo 0 >$lie/stuck
bind $mmio_0 $pci_0
wait_blk 2
io $mmio_0; io $pci_0
unbind $mmio_0 $pci_0

[ "$(cat $lie/rings_freed)" = $((freed + 2)) ] || fail "$(($(cat $lie/rings_freed) - freed)) rings freed instead of 2"

# all ones in every register: the bus has the PCI device still, and of the MMIO one
# nobody knows, so both keep their rings and lose their access to memory
freed=$(cat $lie/rings_freed)
bind $mmio_0 $pci_0
wait_blk 2
io $mmio_0; io $pci_0
dmesg -c >/dev/null
echo 1 >$lie/gone
for dev in $mmio_0 $pci_0; do
	vmmio-ctl unbind --force "$dev" >/dev/null 2>&1 || true
	[ -z "$(disk "$dev")" ] || fail "$dev has its disk still"
	logged 'its registers read all ones, it may be gone'
done
[ "$(dmesg | grep -c 'kept for good')" = 2 ] || fail "rings of all-ones devices: $(dmesg)"
[ "$(cat $lie/rings_freed)" = "$freed" ] || fail 'a ring of an all-ones device was freed'
if dmesg | grep -q WARNING; then fail "a warning: $(dmesg)"; fi
command=$(od -An -tu2 -j4 -N2 /sys/bus/pci/devices/"$pci_0"/config)
[ $((command >> 2 & 1)) = 0 ] || fail 'an all-ones device is still bus master'
echo 0 >$lie/gone
for dev in $mmio_0 $pci_0; do
	[ ! -e /sys/bus/*/devices/"$dev"/driver ] ||
		echo "$dev" >"$(readlink -f /sys/bus/*/devices/"$dev"/driver)/unbind"
done
bind $mmio_0 $pci_0
wait_blk 2
io $mmio_0; io $pci_0

# a kick with nothing new, as of a CPU that comes late, is nobody's sample: not for
# our driver, and not for mainline's
unbind $mmio_0
mod virtio_mmio
wait_blk 3 # $mmio_1 too
for dev in $pci_0 $mmio_0; do
	name=$(disk "$dev") || true
	[ -n "$name" ] || fail "$dev has no disk"
	vmmio-stat --json -n "$(virtio "$dev")" -q 0 -- sh -c "
		blkload --count 1 /dev/$name >/dev/null
		echo $dev >$lie/notify
		sleep 0.2
		blkload --count 1 /dev/$name >/dev/null" >/tmp/late || fail "$dev: $(cat /tmp/late)"
	for want in kicks:3 kicks_merged:0 latencies:2; do
		grep -q "\"${want%:*}\":${want#*:}[,}]" /tmp/late || fail "a late kick of $dev: not $want: $(cat /tmp/late)"
	done
done
until_unhooked
rmmod virtio_mmio

# a line that stays up whatever is acknowledged ends as nobody's
unbind $pci_0
bind $mmio_0
wait_blk 1
io $mmio_0
irq=$(awk -v name="$(virtio $mmio_0)" '$NF == name { sub(":", "", $1); print $1 }' /proc/interrupts)
dmesg -c >/dev/null
echo 1 >$lie/jam
blkload --count 1 "/dev/$(disk $mmio_0)" >/dev/null
n=0
until dmesg | grep -q "irq $irq: nobody cared"; do
	n=$((n + 1))
	[ $n -lt 300 ] || fail "the storm of irq $irq does not end: $(grep " $irq:" /proc/interrupts)"
	sleep 0.1
done
dmesg -c >/dev/null
echo 0 >$lie/jam
unbind $mmio_0
bind $mmio_0 $pci_0
wait_blk 2
io $mmio_0; io $pci_0
unbind $mmio_0 $pci_0

# vectors refused (4.1.5.1.2.2): read back, believed, and the next wiring taken
for refuse in 1 2; do
	echo $refuse >$lie/refuse
	bind $pci_0
	wait_blk 1
	[ "$(field "$pci_0" irq_mode)" = intx ] || fail "refused vectors: $(field "$pci_0" irq_mode)"
	io $pci_0
	unbind $pci_0
done
echo "$pci_0 irq=msix" >$options
no_disk $pci_0
echo "$pci_0" >$options
echo 0 >$lie/refuse

# no memory for a handler: the next wiring, as after any other error; with none left nothing stays
for wiring in 1:msix-shared 2:intx; do
	echo "${wiring%:*}" >$lie/no_memory
	bind $pci_0
	wait_blk 1
	[ "$(field "$pci_0" irq_mode)" = "${wiring#*:}" ] ||
		fail "after ${wiring%:*} refusals: $(field "$pci_0" irq_mode)"
	[ "$(cat $lie/no_memory)" = 0 ] || fail "$(cat $lie/no_memory) refusals left of $wiring"
	io $pci_0
	unbind $pci_0
done
echo 3 >$lie/no_memory
no_disk $pci_0
[ "$(cat $lie/no_memory)" = 0 ] || fail "not tried to the last: $(cat $lie/no_memory)"
if grep virtio /proc/interrupts; then fail 'an interrupt is left'; fi

# capabilities that do not fit (4.1.4), doorbells outside their window
config=/sys/bus/pci/devices/$pci_0/config
byte() { od -An -tu1 -j"$1" -N1 $config | tr -d ' '; }
pos=$(byte 52)
while [ "$pos" != 0 ]; do
	[ "$(byte "$pos")" != 9 ] || eval "cap_$(byte $((pos + 3)))=$pos" # by its type
	pos=$(byte $((pos + 1)))
done
lie_at() { echo "$2" >$lie/config_value; echo "$1" >$lie/config_at; }
for wrong in $((cap_1 + 12)):0xfffffff0 $((cap_1 + 12)):0x20 $((cap_1 + 8)):2 $((cap_1 + 8)):0xfffffffc; do
	lie_at "${wrong%:*}" "${wrong#*:}"
	no_disk $pci_0 'capability of type 1 at .* does not fit BAR' 'no virtio 1.x capabilities'
done
lie_at $((cap_2 + 12)) 1
no_disk $pci_0 'capability of type 2 at .* does not fit BAR' 'no notification or no ISR capability'
lie_at -1 0
echo 2000 >$lie/notify_off
no_disk $pci_0 'doorbell offset 2000 is unaligned or outside'
echo 1 >$lie/notify_off
lie_at $((cap_2 + 16)) 1 # of width 2, at 1
no_disk $pci_0 'doorbell offset 1 is unaligned or outside'
lie_at $((cap_2 + 16)) 0 # all doorbells are one
bind $pci_0
wait_blk 1
io $pci_0
unbind $pci_0
echo -1 >$lie/notify_off
lie_at -1 0
# the same when a queue is started again: it is broken, and nobody rings at no address
bind $pci_0
wait_blk 1
io $pci_0
echo $pci_0 >$lie/resize || fail 'no resize'
io $pci_0
echo 2000 >$lie/notify_off
dmesg -c >/dev/null
if echo $pci_0 >$lie/resize 2>/dev/null; then fail 'a resize without a doorbell'; fi
logged 'doorbell offset 2000 is unaligned or outside'
blkload --count 1 "/dev/$(disk $pci_0)" >/tmp/load 2>&1 || true
grep -q '"errors":0' /tmp/load && fail "I/O on a queue that is not started: $(cat /tmp/load)"
if dmesg | grep -E 'BUG|WARNING|Oops'; then fail 'a complaint'; fi
echo -1 >$lie/notify_off
unbind $pci_0

# interrupts between queue_enable and DRIVER_OK: counted, held back, made up for
echo 1 >$lie/early
calls=$(cat $lie/config_calls)
bind $pci_0
wait_blk 1
[ "$(cat $lie/config_calls)" -gt "$calls" ] || fail 'the early interrupts were not made up for'
slot=$(vmmio-stat --source sysfs --json -n "$pci_0" -- true | sed 's/.*"queue":null[^}]*"slot":\([0-9]*\).*/\1/')
n=$(counter "$slot" 56)
[ "$n" -ge 1 ] && [ "$n" -le 2 ] || fail "$n early interrupts"
echo 0 >$lie/early
io $pci_0
[ "$(irqs_of "$(virtio "$pci_0")")" -ge $((100 + n)) ] || fail 'the early interrupts did not run'
unbind $pci_0

# ring sizes: no power of two, and beyond what is plausible
echo 1000 >$lie/queue_max
bind $mmio_0
wait_blk 1
[ "$(field "$mmio_0" ring_size)" = 512 ] || fail "of 1000 a ring of $(field "$mmio_0" ring_size)"
[ "$(field "$mmio_0" ring_max)" = 1000 ] || fail "maximum $(field "$mmio_0" ring_max)"
unbind $mmio_0
echo 32769 >$lie/queue_max
no_disk $mmio_0
echo 0 >$lie/queue_max

# shared memory: what the device says, unless it is none or wraps
region() # BASE LENGTH ANSWER
{
	echo "$1" >$lie/shm_base
	echo "$2" >$lie/shm_len
	echo 1 >$lie/region
	[ "$(cat $lie/region)" = "$3" ] || fail "region $1 $2: $(cat $lie/region)"
}
bind $mmio_0
wait_blk 1
region 0x100000000 0x2000 '0x100000000 0x2000'
dmesg -c >/dev/null
region 0xfffffffffffff000 0x2000 none
logged 'shared memory region 1 is not sane'
region 0x1000000 0x1000 none
logged 'shared memory region 1 lies in RAM'
region 0 0xffffffffffffffff none
region 0 0 none # what QEMU's device says itself
io $mmio_0
unbind $mmio_0
bind $pci_0
wait_blk 1
echo 1 >$lie/region
[ "$(cat $lie/region)" = none ] || fail 'a region without a capability'
unbind $pci_0

# wakeup-source: armed with the interrupt, and not left so
echo "$mmio_0" >$lie/wakeup
bind $mmio_0
wait_blk 1
irq=$(awk -v name="$(virtio $mmio_0)" '$NF == name { sub(":", "", $1); print $1 }' /proc/interrupts)
[ "$(cat /sys/kernel/irq/"$irq"/wakeup)" = enabled ] || fail "no wake-up by interrupt $irq"
unbind $mmio_0
[ "$(cat /sys/kernel/irq/"$irq"/wakeup)" = disabled ] || fail "interrupt $irq still wakes"
rmmod liar
echo "no lie was believed"
EOF

disk() { printf -- '-blockdev null-co,node-name=%s,size=16777216,read-zeroes=on ' "$1"; }
# shellcheck disable=SC2046 # a list of words
# Attaching probes on two processors at once can hang QEMU's emulation, mainline's as well:
# such a boot is said and made again.
"$VMMIO_BUILD/vmmio-boot" -n 2 -t 120 --tries 2 -s "$dir/run.sh" -f "$VMMIO_BUILD/liar/liar.ko:/lib/modules/liar.ko" \
	--trace-events memory_region_ops_write --trace-log "$dir/trace" -- \
	$(disk d0) $(disk d1) $(disk d2) $(disk d3) \
	-device virtio-blk-device,drive=d0 -device virtio-blk-device,drive=d1,packed=on \
	-device virtio-blk-pci,drive=d2,disable-legacy=on,ioeventfd=off,num-queues=1 \
	-device virtio-blk-pci,drive=d3,disable-legacy=on,ioeventfd=off,num-queues=1,packed=on >"$dir/out" || {
	cat "$dir/out"
	exit 1
}
cat "$dir/out"
grep -qx 'no lie was believed' "$dir/out"

# What the doorbells were given (2.9, 4.2.3.3, 4.1.5.2): queue 0 in the lower half, in
# the upper one the index where the next buffer will be, so each time as much
# more as was made available, from the first to all of them. Behind an MMIO
# doorbell with data comes the plain one that the lie needs.
grep '^DATA ' "$dir/out" >"$dir/data"
sed '/ value 0x[0-9a-f]* .*name .virtio-/!d; s/^memory_region_ops_write cpu [0-9]* mr [^ ]* //' "$dir/trace" |
	awk '
	function hex(s, i, v)
	{
		for (i = 3; i <= length(s); i++)
			v = v * 16 + index("0123456789abcdef", substr(s, i, 1)) - 1
		return v
	}
	FNR == NR {
		what = $2 " " $3
		accepted[what] = $4
		kicks[what] = $5
		buffers[what] = $6
		next
	}
	{ mmio = $NF ~ /virtio-mmio/; bell = mmio ? $2 ~ /50$/ : $NF ~ /virtio-pci-notify/ }
	!bell { next }
	{
		value = hex($4)
		device = mmio ? $2 : substr($2, 1, length($2) - 3)
		if (mmio && plain[device]) {
			plain[device] = 0
			if (value != 0) wrong("the plain doorbell is " $4)
			next
		}

		if (seen[device]++ == 0 && (mmio ? value == 0 : $6 == 2)) packed[device] = 1
		if (device in packed) {
			if (value != 0 || $6 != (mmio ? 4 : 2)) wrong("with a packed ring " $4)
			bells[(mmio ? "mmio" : "pci") " 1"]++
			next
		}
		kind = (mmio ? "mmio" : "pci") " 0"
		# bound again without the feature, when the counts of the first time are reached
		if (bells[kind] == kicks[kind]) next
		index_ = int(value / 65536)
		if (value % 65536 != 0) wrong("queue " value % 65536)
		if ($6 != 4) wrong("a doorbell of " $6 " bytes")
		if (index_ <= last[device]) wrong("index " index_ " after " last[device])
		ones += index_ == last[device] + 1
		last[device] = index_
		final[kind] = index_
		bells[kind]++
		plain[device] = mmio
	}
	function wrong(text) { print "doorbell " bells[kind] + 0 " of " device ": " text; bad = 1 }
	END {
		for (what in kicks) {
			want = what ~ /1$/ ? 0 : 1
			if (accepted[what] != want) { print what ": accepted " accepted[what]; bad = 1 }
			if (want && (bells[what] != kicks[what] || final[what] != buffers[what])) {
				print what ": " bells[what] " doorbells up to " final[what] ", the driver says " kicks[what] ", " buffers[what]
				bad = 1
			}
			n++
		}
		if (n != 4 || ones < 180) { print n " devices, " ones " single steps"; bad = 1 }
		print "doorbells with data: " bells["mmio 0"] " on mmio, " bells["pci 0"] " on pci, " ones " steps of one"
		exit bad
	}' "$dir/data" -
