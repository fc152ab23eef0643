#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# What the subcommands of vmmio-stat print of a recording, and what they say
# to wrong usage: no kernel needed.
set -eu

# shellcheck source=tests/stat.sh
. "$VMMIO_SOURCE/tests/stat.sh"

expect 0 '~buffers            : count    distribution' hist batch --source "$recording"
expect 0 'virtio3, virtqueue 0:req.0: buffers made available' hist batch --source "$recording"
expect 0 '     ~nsecs ' hist kick --source "$recording" --emulated-time
expect 0 'virtio2, device virtio_blk: cost of one register access' \
	hist access --source "$recording" --emulated-time
expect 0 ', p99.9 ' hist irq --source "$recording" --emulated-time -n virtio3
! grep -q virtio2 "$work/out" || fail 'hist -n shows another device'
for kind in kick irq access; do
	expect 1 '--emulated-time shows them' hist "$kind" --source "$recording"
done
expect 1 'does not measure it' hist request --source "$recording" --emulated-time
expect 2 "'rain' is no distribution" hist rain
expect 2 'of what' hist
expect 2 '--json: no such option' hist kick --json
expect 0 'usage: vmmio-stat hist KIND' hist --help
# --per and --self
expect 0 ', counts per operation, of 10' --source "$recording" --per 10 -n virtio3 -- true
grep -q '^virtio3   0:req.0  *59.3 ' "$work/out" || fail '--per 10: not a tenth of 593 kicks'
expect 0 '"per_operation":{"buffers":59.3,' --source "$recording" --per 10 -n virtio3 -q 0 --json -- true
expect 2 'goes with -- command' --per 10
expect 2 'goes with the table' --per 10 --csv -- true
expect 2 '--per 0: not a number' --per 0 -- true
expect 0 'self: CPU 0.' --source "$recording" --self -1 -i 0.001
expect 0 '"bpf_run_s":null' --source "$recording" --self --json -1 -i 0.001
# the times of a recording are those at which it was made, or not known
sed 's/"interval_s"/"time_ms":1795900000007,&/' "$VMMIO_SOURCE/tests/data/guest.jsonl" >"$work/timed"
expect 0 '"time_ms":1795900000007' --source "file:$work/timed" --json -1 -i 0.001
expect 0 '1795900000.007,' --source "file:$work/timed" --csv -1 -i 0.001
expect 0 '"time_ms":null' --source "$recording" --json -1 -i 0.001
# what was not seen when it was recorded is not 0 when it is shown
for what in 7:0:0:'"queues_unplaced":7,"unseen_devices":0,' 0:2:1:'"queues_unplaced":0,"unseen_devices":2,' \
	0:2:1:'2 devices worked unseen when this was recorded'; do
	rest=${what#*:*:*:}
	sed "s/\"interval_s\"/\"queues_unplaced\":${what%%:*},\"unseen_devices\":$(echo "$what" | cut -d: -f2),&/" \
		"$VMMIO_SOURCE/tests/data/guest.jsonl" >"$work/unseen"
	expect "$(echo "$what" | cut -d: -f3)" "$rest" --source "file:$work/unseen" --json -1 -i 0.001
done
expect 0 '"queues_unplaced":null,"unseen_devices":null,' --source "$recording" --json -1 -i 0.001
expect 2 'a recording has no other side' --source "$recording" --verify -1 -i 0.001
"$stat" regs --source "$recording" >"$work/out" 2>"$work/err" && fail 'regs of a recording without an interval'
grep -q 'a recording has intervals' "$work/err" || fail 'regs of a recording: no reason'
# interval by interval: the recording has five
"$stat" hist batch --source "$recording" -n virtio3 -q 0 0.001 >"$work/out" 2>"$work/err"
[ "$(grep -c 'virtio3\|no samples' "$work/out")" = 5 ] || fail 'hist: not five intervals'

# the rules of advise, as its page has them; a recording is judged as a whole
expect 0 '| rule |' advise --rules
sed -n '/^<!-- rules:/,/^<!-- end of rules/p' "$VMMIO_SOURCE/docs/advise.md" | grep '^|' >"$work/page"
diff "$work/page" "$work/out" || fail 'docs/advise.md: put there what vmmio-stat advise --rules prints'
expect 0 'vmmio-stat advise:' advise --source "$recording"
expect 0 '"tool":"vmmio-stat advise"' advise --json --source "$recording"
expect 2 'one operand too many' advise --source "$recording" 1 2

# the page of fields is the table that the program has
expect 0 'suppressed_pct' -f help
awk '
	BEGIN { print "| key | heading | unit | class | meaning |\n|---|---|---|---|---|" }
	NR > 1 {
		head = "| `" $1 "` | `" $2 "` | " $3 " | " $4 " | "
		$1 = $2 = $3 = $4 = ""
		sub(/^ */, "")
		print head $0 " |"
	}' "$work/out" >"$work/fields"
sed -n '/^<!-- fields:/,/^<!-- end of fields/p' "$VMMIO_SOURCE/docs/fields.md" | grep '^|' >"$work/page" || true
diff "$work/page" "$work/fields" || fail 'docs/fields.md: not what vmmio-stat -f help says'
