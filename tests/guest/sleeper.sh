#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# A driver whose probe does not come to its end holds its device's lock: no view may wait for
# it, each shows the other devices, and stalls and doctor name the one that is stuck. Once with
# the transport's module still loading because of it, once with all loaded.
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

cat >"$work/run.sh" <<'END'
set -e
release=/sys/module/sleeper/parameters/release
fail()
{
	say "sleeper: $*"
	[ ! -e /tmp/out ] || cat /tmp/out /tmp/err >&2
	echo 1 >$release || true # or nobody ends
	exit 1
}
# ends WHAT STATUS COMMAND...: in time; what is stuck in the kernel is not waited for
ends()
{
	what=$1 want=$2
	shift 2
	"$@" >/tmp/out 2>/tmp/err &
	pid=$! tries=300
	while kill -0 $pid 2>/dev/null && [ $tries != 0 ]; do
		usleep 100000
		tries=$((tries - 1))
	done
	[ $tries != 0 ] || fail "$what does not end: $(cat /proc/$pid/stack)"
	status=0
	wait $pid || status=$?
	[ $status = "$want" ] || fail "$what: status $status"
}
# until_probing N
until_probing()
{
	tries=300
	until [ "$(cat /sys/module/sleeper/parameters/probing 2>/dev/null)" = "$1" ]; do
		[ $tries != 0 ] || fail "it does not come to probe $1"
		tries=$((tries - 1))
		usleep 100000
	done
}
# all of them see 40 requests of the disk that is there, and no other row is in the way
views()
{
	node=$1
	name=$(virtio_of "$node")
	ends "$2 live" 0 vmmio-stat $3 -n "$name" --json -- blkload --count 40 "$node"
	grep -q "\"device\":\"$name\",.*\"kicks\":40,\"" /tmp/out || fail "$2: not 40 kicks"
	ends "$2 list" 0 vmmio-stat list
	grep -q "^$name " /tmp/out || fail "$2: list lacks $name"
	ends "$2 hist" 0 vmmio-stat hist batch 0.2 1
	ends "$2 record" 0 vmmio-stat record -o /tmp/rec.dat -- blkload --count 5 "$node"
	ends "$2 report" 0 vmmio-stat report /tmp/rec.dat
	ends "$2 devices" 0 vmmio-ctl show
}
# stuck DEVICE WHO: stalls and doctor name it, with the thread that is at it
stuck()
{
	ends 'stalls' 3 vmmio-stat stalls -1 --bound 500
	grep -q "^$1 .* in-probe for" /tmp/out || fail "stalls does not name $1"
	grep -q "^ *driver sleeper, probing; thread [0-9]* ($2) is at it: /proc/[0-9]*/stack" /tmp/out ||
		fail "no evidence for $1"
	thread=$(sed -n 's,.*: /proc/\([0-9]*\)/stack$,\1,p' /tmp/out)
	grep -q sleeper_probe "/proc/$thread/stack" || fail "thread $thread is not at it"
	ends 'stalls of the others' 3 vmmio-stat stalls -1 --bound 500 --json
	tr '{' '\n' </tmp/out | grep -q "\"device\":\"$1\",.*\"queue\":null,.*\"in_flight\":null,.*\"cause\":\"in-probe\"" ||
		fail "JSON of $1"
	ends 'doctor' 1 vmmio-stat doctor
	grep -q "^BAD .*$1: the driver sleeper does not come back from its probe: thread $thread " /tmp/out ||
		fail "doctor does not name $1"
}

load_base
mod virtio_blk
insmod /lib/modules/sleeper.ko
# the first device of the first transport: its module is not loaded to the end
mod virtio_mmio &
until_probing 1
[ "$(cat /sys/module/virtio_mmio/initstate)" = coming ] || fail 'virtio_mmio is loaded'
part virtio_pci_legacy_dev
part virtio_pci_modern_dev
mod virtio_pci
wait_blk 1
views /dev/vda 'while the module loads'
stuck virtio0 insmod
echo "while the module loads: $(sed -n 's/^BAD *[^ ]* *//p' /tmp/out)"

# what comes behind it is seen by those who watched already
ifconfig lo up
vmmio-stat serve 0.2 2>/tmp/serve.err &
serve=$!
metric()
{
	tries=300
	until wget -q -O /tmp/got http://127.0.0.1:9847/metrics 2>/dev/null && grep -q "^$1" /tmp/got; do
		[ $tries != 0 ] || fail "serve has no $1: $(cat /tmp/serve.err) $(cat /tmp/got)"
		tries=$((tries - 1))
		usleep 100000
	done
}
metric 'vmmio_device_stall_cause{device="virtio0",transport="mmio",driver="sleeper",cause="in-probe"} 1'
grep -q '^vmmio_stalls_unseen 0' /tmp/got || fail 'what is in its probe counts as unseen'
echo 1 >$release
wait_blk 2
metric 'vmmio_virtqueue_stalled{device="virtio[0-9]*",queue="0",transport="mmio",driver="virtio_blk"} 0'
! grep -q '^vmmio_device_stall_cause' /tmp/got || fail "it is over: $(cat /tmp/got)"
kill $serve
wait $serve || fail 'serve'
rmmod sleeper

# again, with all transports there, by the kprobe flavour of the hooks
insmod /lib/modules/sleeper.ko &
until_probing 1
export VMMIO_KPROBE=1
views /dev/vdb 'beside it, kprobes' --source=stock
stuck virtio0 insmod
echo 1 >$release
wait
ends 'stalls, when it is over' 0 vmmio-stat stalls -1 --bound 500
ends 'doctor, when it is over' 0 vmmio-stat doctor
echo views-done
END
"$VMMIO_BUILD/vmmio-boot" --script "$work/run.sh" --timeout 150 \
	--file "$VMMIO_BUILD/sleeper/sleeper.ko:/lib/modules/sleeper.ko" -- \
	-blockdev null-co,node-name=mmio,size=2097152,read-zeroes=on \
	-blockdev null-co,node-name=pci,size=2097152,read-zeroes=on \
	-device virtio-rng-device \
	-device virtio-rng-device \
	-device virtio-blk-device,drive=mmio \
	-device virtio-blk-pci,drive=pci >"$work/out" 2>&1 || {
	cat "$work/out"
	exit 1
}
cat "$work/out"
grep -qx views-done "$work/out"
