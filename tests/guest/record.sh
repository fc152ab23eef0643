#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# record and report in a guest, one boot: the numbers of a live run beside it, to the
# event; what an interruption, a full disk and a small ring leave. Here trace-cmd reads
# the same file, report says the same as in the guest, and protoc counts its timeline.
set -eu

# shellcheck source=tests/guest/checks.sh
. "$(dirname "$0")/checks.sh"

fail()
{
	echo "FAILED: $*"
	exit 1
}

command -v trace-cmd >/dev/null || {
	echo "no trace-cmd"
	exit 77
}
command -v protoc >/dev/null || {
	echo "no protoc"
	exit 77
}
checked "$here/record.guest" --columns mmio,pci-msix,pci-intx --smp 2 --timeout 90
sed -n 's/^DAT //p' "$work/out" | base64 -d | gunzip >"$work/a.dat"
sed -n 's/^JSON //p' "$work/out" >"$work/guest.json"
"$VMMIO_BUILD/vmmio-stat" report --json=full --emulated-time "$work/a.dat" >"$work/here.json"
cmp "$work/guest.json" "$work/here.json" || fail 'the report is another one here'

grep -aq '"apic_ids":\[\[0,0\],\[1,1\]\]' "$work/a.dat" || fail 'APIC ids are not in it'
trace-cmd report "$work/a.dat" >"$work/text" 2>"$work/err" || fail 'trace-cmd report'
[ ! -s "$work/err" ] || fail "trace-cmd has something to say: $(cat "$work/err")"
! grep -q 'ffff[0-9a-f]\{8\}' "$work/text" || fail 'a kernel address is in it'
# the queues' rows come after their device's, which has their sum
kicks=$(grep -o '"queue":[0-9][0-9]*\|"kicks":[0-9]*' "$work/here.json" |
	awk -F: '/queue/ { q = 1; next } q { n += $2 } { q = 0 } END { print n }')
seen=$(grep -c -e ' vmmio_kick: ' -e ' vm_notify: ' -e ' vp_notify: ' "$work/text")
[ "$kicks" = "$seen" ] || fail "trace-cmd shows $seen kicks, report $kicks"

# of the task with most kicks, by name, as many as trace-cmd shows
grep -e ' vmmio_kick: ' -e ' vm_notify: ' -e ' vp_notify: ' "$work/text" |
	sed 's/^ *//; s/-[0-9]* *\[.*//' | grep -v '<' | sort | uniq -c | sort -rn | head -n 1 >"$work/task"
read -r seen task <"$work/task"
kicks=$("$VMMIO_BUILD/vmmio-stat" report --json=full --task "$task" "$work/a.dat" | grep -o '"queue":[0-9][0-9]*\|"kicks":[0-9]*' |
	awk -F: '/queue/ { q = 1; next } q { n += $2 } { q = 0 } END { print n }')
[ "$kicks" = "$seen" ] || fail "trace-cmd shows $seen kicks of $task, report --task $kicks"

# the timeline, by another decoder: as many kicks, interrupts and latencies
"$VMMIO_BUILD/vmmio-stat" report --emulated-time --perfetto "$work/a.pftrace" "$work/a.dat" || fail 'report --perfetto'
protoc --proto_path "$here" --decode Trace "$here/perfetto.proto" <"$work/a.pftrace" >"$work/packets" ||
	fail 'protoc cannot decode the timeline'
! grep -q '^ *[0-9][0-9]*[:{ ]' "$work/packets" || fail 'fields that the messages do not have'
# sum KEY: over the virtqueues
sum()
{
	grep -o "\"queue\":[0-9][0-9]*\|\"$1\":[0-9]*" "$work/here.json" |
		awk -F: '/"queue"/ { q = 1; next } q { n += $2 } { q = 0 } END { print n + 0 }'
}
for pair in kick:kicks interrupt:irqs; do
	seen=$(grep -c "^    name: \"${pair%:*}\"$" "$work/packets")
	[ "$seen" = "$(sum "${pair#*:}")" ] || fail "$seen ${pair%:*} events, ${pair#*:} of the report are $(sum "${pair#*:}")"
done
awk '
	/^packet/ { type = uuid = name = "" }
	/^    type: / { type = $2 }
	/^    track_uuid: / { uuid = $2 }
	/^    name: "kick"/ { kick = 1 }
	/^    flow_ids: / { flow[$2] = 1 }
	/^    terminating_flow_ids: / { if (!($2 in flow)) { print "a flow ends that never began"; bad = 1 }; ends++ }
	/^  }/ {
		if (type == "TYPE_SLICE_BEGIN") depth[uuid]++
		if (type == "TYPE_SLICE_END" && --depth[uuid] < 0) { print "an end without its beginning"; bad = 1 }
	}
	END {
		for (uuid in depth) if (depth[uuid]) { print "a slice without its end"; bad = 1 }
		for (f in flow) flows++
		print flows " flows, " ends " of them end in a handler"
		exit bad || !ends || flows < ends
	}' "$work/packets" || fail 'the timeline does not hold together'
