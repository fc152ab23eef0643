#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# `vmmio-stat exits --engine perf` and the BPF engine at the same time, over
# the same accesses: equal on everything that vCPU threads do, and equal to
# what the loop around KVM_RUN saw. Mounts tracefs for itself if nobody has.
set -eu
# shellcheck source=tests/host/lib.sh
. "$(dirname "$0")/lib.sh"

need_kvm
need_host_bpf
mounted=
if ! [ -e /sys/kernel/tracing/events/kvm ] && ! [ -e /sys/kernel/debug/tracing/events/kvm ]; then
	"$stat" exits --engine perf 1 1 >"$dir/out.txt" 2>"$dir/err" && fail "no trouble without tracefs"
	{ [ "$(wc -l <"$dir/err")" -eq 1 ] && grep -q 'needs tracefs' "$dir/err"; } ||
		fail "without tracefs: $(cat "$dir/err")"
	mount -t tracefs tracefs /sys/kernel/tracing 2>/dev/null || skip "tracefs cannot be mounted"
	mounted=1
fi
# shellcheck disable=SC2317 # the trap calls it
leave() {
	clean_up
	[ -z "$mounted" ] || umount /sys/kernel/tracing 2>/dev/null || true
}
trap leave EXIT

start_load
load vm 2
pid=$(echo "$answer" | cut -d' ' -f2)
load vm 1
load vm 1
load ioeventfd 0 0xfeb02e50 4 0 mmio
load ioeventfd 0 0xfeb02e50 4 1 mmio
load ioeventfd 0 0xfebf9000 0 any mmio
load ioeventfd 1 0xc010 2 1 pio
load ioeventfd 2 0xfeb02e50 4 0 mmio
load coalesce 2 0xe0005000 64 mmio
# perf follows the threads it knows: they must have run once
for cpu in "0 0" "0 1" "1 0" "2 0"; do
	load run "$cpu" loop 0 0 1
done

"$stat" exits --json -p "$pid" --vcpu --engine perf 60 >"$dir/perf" 2>"$dir/err" &
perf=$!
"$stat" exits --json -p "$pid" --vcpu --engine bpf 60 >"$dir/bpf" 2>>"$dir/err" &
bpf=$!
ready "$perf" 36 perf
ready "$bpf" 12 link
load run 0 1 store32 0xfeb02e50 1 1001
load run 0 0 store32 0xfeb02e50 0 502
load run 0 0 store32 0xfeb02e50 3 203
load run 0 0 load32 0xfeb02e60 0 104
load run 0 0 store32 0xfebf9000 0 305
load run 1 0 load32 0xe0000000 0 106
load run 1 0 out16 0xc010 1 707
load run 1 0 load32 0xfee00020 0 308
# a third VM, with the same doorbell: it is dead when they are asked
load run 2 0 store32 0xfeb02e50 0 409
load run 2 0 store32 0xe0005000 1 60
load run 2 0 store32 0xe0000000 1 112
load close 2
kill -INT "$perf" "$bpf"
wait "$perf" || fail "perf ended with $?: $(cat "$dir/err")"
wait "$bpf" || fail "bpf ended with $?: $(cat "$dir/err")"

# VM, vCPU, bus and direction, path, device and queue of doorbells: sums
sums() {
	tr '{' '\n' <"$1" | grep '"samples"' | sed \
		-e 's/"exit":"\(mmio write\|ACK\)"/"exit":"mmio write"/' \
		-e 's/"exit":"\(mmio read\|status read\|config read\)"/"exit":"mmio read"/' \
		-e 's/"path":"coalesced"/"path":"kernel"/' \
		-e '/"path":"userspace"/s/"exit":"kick"/"exit":"mmio write"/' |
		sed -n 's/.*"nth":\([0-9]*\),.*"vcpu":\([0-9]*\),"exit":"\([^"]*\)","path":"\([^"]*\)","device":\([^,]*\),.*"queue":\([^,]*\),.*"samples":\([0-9]*\),.*/\1 \2 \3|\4|\5|\6 \7/p' |
		awk '{
			n = $NF
			$NF = ""
			if ($0 !~ /kick/) sub(/\|[^|]*\|[^|]*$/, "")
			sub(/ +$/, "")
			sum[$0] += n
		} END { for (k in sum) print k, sum[k] }' | sort
}
sums "$dir/perf" >"$dir/perf.sums"
# exits by their reason only one engine has
sums "$dir/bpf" | grep -v '|- ' >"$dir/bpf.sums"
diff "$dir/perf.sums" "$dir/bpf.sums" || fail "the engines differ (< perf, > bpf)"
for line in '1 1 kick|ioeventfd|"mmio@feb02e00"|1 1001' '1 0 kick|ioeventfd|"mmio@feb02e00"|0 502' \
	'1 0 mmio write|userspace 203' '1 0 mmio read|userspace 104' \
	'1 0 kick|ioeventfd|"pci@febf9000"|0 305' '2 0 mmio read|userspace 106' \
	'2 0 kick|ioeventfd|"pci-legacy@c000"|1 707' '2 0 mmio read|in-kernel 308' \
	'3 0 kick|ioeventfd|"mmio@feb02e00"|0 409' '3 0 mmio write|userspace 112' '3 0 mmio write|kernel 60'; do
	grep -qxF -e "$line" "$dir/bpf.sums" || {
		cat "$dir/bpf.sums"
		fail "no '$line'"
	}
done
# what an engine cannot see is not zero
grep -q '"times":null,"interrupts":null,"exits_per_interrupt":null' "$dir/perf" || fail "perf invents interrupts or times"
! grep -q '"interrupts":null' "$dir/bpf" || fail "bpf sees no interrupts"
grep -q '"events_lost":0,' "$dir/perf" || fail "counters could not be opened"
