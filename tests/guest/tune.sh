#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# tune and predict. A planted optimum must be found, wherever it lies; emulated
# time must be refused; the structural objective must find MSI-X in real guests;
# a prediction must be the sum it says it is and refuse costs that are none.
set -eu

# shellcheck source=tests/bench.sh
. "$VMMIO_SOURCE/tests/bench.sh"

# the optimum at $1 $2 $3; the further off, the worse, and noise by boot
cat >"$tmp/planted" <<'END'
cost=100
[ "$VMMIO_QUEUE_SIZE" = "$1" ] || cost=$((cost + 20))
[ "$VMMIO_EVENT_IDX" = "$2" ] || cost=$((cost + 15))
[ "$VMMIO_TRANSPORT" = "$3" ] || cost=$((cost + 30))
echo $((cost + (VMMIO_BOOT * 7 + VMMIO_QUEUE_SIZE) % 5))
END
for plant in '64 on mmio' '128 off pci-msix' '256 on pci-intx'; do
	run 0 tune --measure "sh '$tmp/planted' $plant"
	# shellcheck disable=SC2086
	set -- $plant
	head -n 2 "$tmp/out" | grep -q "^recommended (${3%%-*}), n = 9 boots: $3, queue_size $1, event_idx $2: " ||
		fail "the optimum planted at $plant was not found"
	grep -q "^  vmmio-ctl set DEVICE queue_size=$1.* --rebind$" "$tmp/out" || fail "no line to set it"
	run 0 tune --measure "sh '$tmp/planted' $plant" --transport "${3%%-*}"
	[ "$(grep -c '^[ *] queue_size=' "$tmp/out")" = "$([ "$3" = mmio ] && echo 6 || echo 12)" ] ||
		fail "--transport ${3%%-*}: other settings"
	if [ "$2" = off ]; then
		grep -q '^  echo 29 >/sys/kernel/debug/virtio/virtioN/filter_feature_add' "$tmp/out" ||
			fail "no line for mainline"
	elif grep -q filter_feature "$tmp/out"; then
		fail "a filter for a feature that is to stay"
	fi
done

# what says nothing recommends nothing: a constant, and a number that knows of no setting
run 0 tune --measure 'echo 7'
[ "$(head -n 2 "$tmp/out" | grep -c '^nothing to gain (.*), n = 1 boots: ')" = 2 ] || fail "a tie is a gain"
grep -q 'vmmio-ctl' "$tmp/out" && fail "a line to set nothing"
# shellcheck disable=SC2016 # for the command to expand
run 0 tune --measure 'echo $((VMMIO_BOOT * 7919 % 13))'
head -n 1 "$tmp/out" | grep -q '^nothing to gain (mmio).*could be hidden' || fail "noise is a gain"
run 2 tune --measure 'echo 7' --boots 5
grep -q 'too few to show anything of 16 settings, which takes 9' "$tmp/err" || fail "too few boots"

# each depth is asked for itself: the optimum at depth 16 is another
cat >"$tmp/deep" <<'END'
[ "$VMMIO_DEPTH" = 1 ] && set -- 64 on mmio
sh "$0.one" "$@"
END
cp "$tmp/planted" "$tmp/deep.one"
run 0 tune --measure "sh '$tmp/deep' 128 off mmio" --depth 1,16 --transport mmio
head -n 1 "$tmp/out" | grep -q '^recommended (mmio, depth 1), .* mmio, queue_size 64, event_idx on: ' ||
	fail "the optimum at depth 1"
sed -n 2p "$tmp/out" | grep -q '^recommended (mmio, depth 16), .* mmio, queue_size 128, event_idx off: ' ||
	fail "the optimum at depth 16"
grep -q '^\* queue_size=128 .* mmio  *depth=16 ' "$tmp/out" || fail "no depth in the table"
# twice the questions, twice the settings to be wrong with
run 2 tune --measure 'echo 7' --boots 9 --depth 1,16
grep -q 'too few to show anything of 32 settings, which takes 10' "$tmp/err" || fail "depths are not of the family"

run 3 tune --accel tcg
grep -q 'no advice under tcg: its time is emulated' "$tmp/err" || fail "no refusal"
run 3 tune --accel tcg --objective kicks --depth 16
run 2 tune --objective beauty
run 1 tune --measure false
run 2 tune --measure 'echo 7' --load fio
run 2 tune --measure 'echo 7' --count 100
run 1 tune --measure 'echo fast'

# counts of real guests: MSI-X is the default and has nothing to gain, a ring is a ring
run 0 tune --accel tcg --objective accesses --queue-size 64,128 --boots 8 --count 50
[ "$(head -n 2 "$tmp/out" | grep -c '^nothing to gain (.*), n = 1 boots')" = 2 ] ||
	fail "accesses depend on the ring"
grep -q '^\* queue_size=128 .* pci-msix .* 1 accesses per I/O' "$tmp/out" || fail "MSI-X is not 1"

# and of a NIC, whose rings are not larger than QEMU makes them
run 0 tune --accel tcg --objective accesses --load udp_rr --queue-size 64,128 --boots 8 --count 50 --transport pci
head -n 1 "$tmp/out" | grep -q '^nothing to gain (pci), n = 1 boots' || fail "accesses of a NIC depend on the ring"
run 2 tune --accel tcg --objective accesses --load udp_rr --queue-size 1024
grep -q 'load udp_rr has rings of at most 256' "$tmp/err" || fail "a ring that QEMU does not make"
run 3 tune --accel tcg --objective accesses --load tcp_rr

run 0 compare --boots 1 --rounds 1 --count 50 --depth 1,16 --accel tcg --no-plots --out "$tmp/results"
set -- "$tmp"/results/*-tcg/compare
cat >"$tmp/costs.json" <<'END'
{"schema":1,"accel":"kvm-vmx","cpu":"a made-up one","rows":[
 {"key":"mmio_write_user","net_ns":2000},{"key":"mmio_read_user","net_ns":3000},
 {"key":"mmio_write_ioeventfd_match","net_ns":500},{"key":"mmio_write_ioeventfd_len0","net_ns":400}]}
END
run 0 predict "$1" --costs "$tmp/costs.json" --explain 39.6
head -n 1 "$tmp/out" | grep -q '^mmio: predicted [0-9]* to [0-9]* ns per I/O' || fail 'no answer first'
grep -q '^PREDICTION: .* a made-up one (kvm-vmx)' "$tmp/out" || fail "no label"
grep -q 'transport=mmio depth=1, doorbell to the VMM: 7000 ns' "$tmp/out" || fail "2000 + 3000 + 2000"
grep -q 'transport=mmio depth=1, doorbell by ioeventfd: 5500 ns' "$tmp/out" || fail "500 + 3000 + 2000"
grep -q 'transport=pci-intx depth=1, doorbell by ioeventfd: 3400 ns' "$tmp/out" || fail "400 + 3000"
grep -q 'transport=pci-msix depth=1, doorbell by ioeventfd: 400 ns' "$tmp/out" || fail "400"
grep -q 'left out: 3 settings' "$tmp/out" || fail "depth 16 is no ground of a prediction"
grep -q '39.6 us are 13.2 accesses of 3000 ns' "$tmp/out" || fail "--explain"
sed 's/kvm-vmx/kvm-soft/' "$tmp/costs.json" >"$tmp/soft.json"
run 1 predict "$1" --costs "$tmp/soft.json"
grep -q 'allow-soft' "$tmp/err" || fail "soft costs taken"
run 0 predict "$1" --costs "$tmp/soft.json" --allow-soft
grep -q '^WARNING: that is a KVM without hardware support' "$tmp/out" || fail "soft costs without a warning"
# of the processor that counted it is shown without being asked for
sed "s/a made-up one/$(sed -n 's/^ "cpu": "\(.*\)",$/\1/p' "$1/machine.json" | sed 's,/,\\/,g')/" "$tmp/soft.json" >"$tmp/own.json"
run 0 predict "$1" --costs "$tmp/own.json"
grep -q '^WARNING: that is a KVM without hardware support' "$tmp/out" || fail "its own soft costs without a warning"
sed 's/kvm-vmx/tcg/' "$tmp/costs.json" >"$tmp/tcg.json"
run 1 predict "$1" --costs "$tmp/tcg.json" --allow-soft
run 1 predict "$1" --costs "$1/result.json"
run 1 predict "$1" --costs /nonexistent
run 2 predict "$1"
