#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# A guest and its host recorded in one boot of a bench host, and joined here: every kick of
# the load makes a whole chain, over MMIO and over PCI, and its legs are together what the
# load says that its request took, to the nanosecond. Then what is wrong with a recording
# on purpose: an exit that is gone, halves that are swapped, another guest's, a clock that
# jumps, a file that was cut. With a folder as argument it files there what it has seen.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
stat=${VMMIO_BUILD:?}/vmmio-stat
# over MSI-X each read is a chance that the emulated processor hangs (tests/benchhost.sh)
reads=500 folder=
[ $# = 0 ] || folder=$(mkdir -p "$1" && cd "$1" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

fail()
{
	echo "FAILED: $*"
	exit 1
}

[ -f "$VMMIO_BUILD/image/host.cpio" ] || {
	echo "SKIP: no image of a bench host was built here (no QEMU, or not x86-64)"
	exit 77
}
command -v trace-cmd >/dev/null || {
	echo "no trace-cmd"
	exit 77
}
# shellcheck source=tests/benchhost.sh
. "$VMMIO_SOURCE/tests/benchhost.sh"

{
	echo "reads=$reads"
	cat "$here/join.host"
} >"$work/run.sh"
host_boot "$work/out" "$work/err" --script "$work/run.sh"
for file in GUEST:g.dat HOST:h.dat HOST2:h2.dat REQUESTS:requests; do
	sed -n "s/^${file%:*} //p" "$work/out" | base64 -d | gunzip >"$work/${file#*:}"
done
cd "$work"
grep '^LOAD ' out | cut -c1-300

joined()
{
	"$stat" join --emulated-time "$@"
}

# value KEY [FILE]: of all objects, one a line
values()
{
	grep -o "\"$1\":[0-9]*" "${2:-json}" | sed 's/.*://'
}

joined g.dat h.dat || fail 'join'
joined --json --requests requests g.dat h.dat >json
for key in kicks chains; do
	[ "$(values $key | tr '\n' ' ')" = "$reads $reads " ] || fail "not $reads $key each: $(values $key)"
done
for key in guest_lost host_lost doorbells_without_kick requests_without_kick; do
	[ "$(values $key)" = 0 ] || fail "$key is $(values $key)"
done
# shellcheck source=tests/joinlegs.sh
. "$VMMIO_SOURCE/tests/joinlegs.sh"
legs_seen json $reads || fail "legs that were not seen: $(cat json)"
[ "$(grep -o '"ioeventfd":[0-9]*' json | sort -u)" = "\"ioeventfd\":$reads" ] || fail 'the path is another one'

joined --csv --requests requests g.dat h.dat >csv
legs_add_up csv requests $reads || fail 'the legs are not what the load says'
# and that is what the load printed itself: its means, to their last digit
grep '^LOAD' out | grep -o '"mean_ns":[0-9.]*' | sed 's/.*://' >means
awk -F, -v reads=$reads '{ s += $2 } NR % reads == 0 { printf "%.3f\n", s / reads; s = 0 }' requests >ours
paste means ours | awk '{ d = $1 - $2; if (d > 1 || d < -1) exit 1; n++ } END { exit n != 2 }' ||
	fail "the load's means: $(paste means ours)"

# another reader; nothing that must not be in it
trace-cmd report h.dat >text 2>err || fail 'trace-cmd report'
[ ! -s err ] || fail "trace-cmd has something to say: $(cat err)"
! grep -q 'ffff[0-9a-f]\{8\}' text || fail 'a kernel address is in it'
! grep 'kvm_pio: .* val 0x[1-9a-f]' text || fail 'what a guest sent is in it'
[ "$(grep -c 'kvm_mmio: *mmio write len 4 gpa 0xfeb02e50 ' text)" = $reads ] || fail 'not as many doorbell writes'

# report reads as exits does. Beside it: every row of what the load does is the same
"$stat" report --json h2.dat | tr '{' '\n' >rows2
sed -n 's/^EXITS //p' out | tr '{' '\n' >live
for what in '"exit":"kick"' '"exit":"status read"' '"exit":"ACK"'; do
	for f in rows2 live; do
		grep "$what" $f | sed 's/,"\(time\|share\|time_ns\|min\|max\|avg\)[^,]*//g' |
			grep -o "$what\|\"\(path\|device\|transport\)\":\"[^\"]*\"\|\"\(queue\|samples\|exits\|to_userspace\|events\)\":[0-9a-z]*" |
			paste -sd ' ' | sed 's/"exit"/\n&/g' | sort >"$f.some"
	done
	cmp -s rows2.some live.some || fail "$what: live and reported: $(cat live.some rows2.some)"
	[ "$(grep -c samples rows2.some)" -ge 1 ] || fail "$what is in no row: $(cat rows2)"
done
# and all of the first: its rows are all there was, as another reader counts
"$stat" report --json h.dat | tr '{' '\n' >rows
all=$(grep -c ' kvm_exit: ' text)
[ "$(grep -o '"kvm_exit":[0-9]*' rows | awk -F: '{ n += $2 } END { print n }')" = "$all" ] || fail "not $all exits: $(cat rows)"
[ "$(grep '"exit":' rows | grep -o '"exits":[0-9]*' | awk -F: '{ n += $2 } END { print n }')" = "$all" ] ||
	fail "the rows are not $all exits: $(cat rows)"
[ "$(grep '"exit":"kick","path":"ioeventfd"' rows | grep -o '"samples":[0-9]*' | tr '\n' ' ')" = "\"samples\":$reads \"samples\":$reads " ] ||
	fail "not $reads kicks each: $(cat rows)"
"$stat" report h.dat >table || fail 'no table of a host'
grep -q '^kick .* ioeventfd ' table || fail "no kicks in the table: $(cat table)"

# expect STATUS PATTERN COMMAND...: one line of it
expect()
{
	status=$1 pattern=$2
	shift 2
	got=0
	"$@" >got 2>err || got=$?
	[ "$got" = "$status" ] || fail "$*: status $got instead of $status: $(cat got err)"
	grep -q "$pattern" got err || fail "$*: no '$pattern': $(cat got err)"
	[ "$status" = 0 ] || [ "$(wc -l <err)" -le 1 ] || fail "$*: more than one line: $(cat err)"
}
# one exit less: that kick has no chain and the reason, the others have theirs
cp h.dat less.dat
at=$(LC_ALL=C grep -obUaP '\x50\x2e\xb0\xfe\x00\x00\x00\x00' less.dat | LC_ALL=C sed -n '100s/:.*//p')
printf '\124' | dd of=less.dat bs=1 seek="$at" conv=notrunc 2>/dev/null
joined --json g.dat less.dat >json
[ "$(values chains | tr '\n' ' ')" = "$((reads - 1)) $reads " ] || fail "an exit less: $(cat json)"
[ "$(grep -o '"why":"[^"]*"' json)" = '"why":"its exit has another address than those of its queue"' ] ||
	fail "an exit less: $(cat json)"
expect 0 '^1: its exit has another address' joined g.dat less.dat
expect 1 "h.dat: this is a host's recording: the guest's comes first" joined h.dat g.dat
expect 1 "g.dat: this is a guest's recording, and a host's is needed" joined g.dat g.dat
expect 1 'h.dat: a KVM host was recorded, no guest' "$stat" --source file:h.dat
expect 1 'durations are not real under emulation' "$stat" join g.dat h.dat
# another guest's: its counter is elsewhere
LC_ALL=C sed 's/"tsc_offset":[0-9]/"tsc_offset":9/' h.dat >other.dat
expect 1 'other.dat: .*not recorded at the same time' joined g.dat other.dat
off=$(strings h.dat | grep -o '"tsc_offset":[0-9]*' | head -n 1 | sed 's/.*://')
LC_ALL=C sed "s/\"tsc_offset\":$off/\"tsc_offset\":$((off - 5000000))/" h.dat >other.dat
expect 1 'other.dat: .* of different guests?' joined g.dat other.dat
# a clock that jumps: of the pairs the third
pair='\("ticks":[0-9]*,"window":[0-9]*},{"ns":[0-9]*,"ticks":[0-9]*,"window":[0-9]*},{"ns":\)'
LC_ALL=C sed "s/${pair}[2-9]/\\11/; t; s/${pair}1/\\12/" h.dat >jump.dat
expect 1 "the host's clock jumps" joined g.dat jump.dat
# cut: what is there is joined
head -c $(($(wc -c <h.dat) * 3 / 4)) h.dat >cut.dat
expect 1 "host's recording is not whole" joined g.dat cut.dat
grep -q 'recorded on the host meanwhile' got || fail "cut: no reason: $(cat got)"
# the host's half does not say by how much the counters differ: measured, and right to what it
# says of itself, by what KVM said
joined --json g.dat h.dat >told.json
grep -q '"clock_by":"kvm","vcpus_by":"apic_id"' told.json || fail "whence clock and vCPUs are: $(cut -c1-300 told.json)"
LC_ALL=C sed 's/"tsc_offset"/"xxx_offset"/' h.dat >untold.dat
joined --json g.dat untold.dat >measured.json || fail 'join without an offset'
grep -q '"clock_by":"doorbells"' measured.json || fail "not measured: $(cut -c1-300 measured.json)"
[ "$(values chains measured.json | tr '\n' ' ')" = "$reads $reads " ] || fail "measured: $(cat measured.json)"
error=$(values clock_error_ns measured.json)
for f in told measured; do
	grep -o '"kick_to_exit":{"n":[0-9]*,"p50_ns":[0-9]*' $f.json | sed 's/.*://' >$f.legs
done
paste told.legs measured.legs | awk -v error="$error" '
	{ d = $1 - $2; print "off by " d " ns, said to be right to " error; bad += d > error || -d > error }
	END { exit bad || NR != 2 || error > 20000 }' || fail 'the measured clock'
expect 0 'measured, by [0-9]* kicks and their exits' joined g.dat untold.dat
# nor does the guest's say which vCPU its CPU is
LC_ALL=C sed 's/"apic_ids"/"xxxx_ids"/' g.dat >nocpus.dat
joined --json nocpus.dat h.dat >json
grep -q '"vcpus_by":"doorbells"' json || fail "vCPUs: $(cut -c1-300 json)"
[ "$(values chains | tr '\n' ' ')" = "$reads $reads " ] || fail "vCPUs: $(cat json)"
# one that was not recorded: taken for none other
LC_ALL=C sed 's/"apic_ids":\[\[0,0\]/"apic_ids":[[0,9]/' g.dat >cpu9.dat
expect 1 'nothing of its vCPU was recorded on the host' joined cpu9.dat h.dat
# a load that was another one
sed 's/^/9/' requests >far
expect 1 "it is in none of the load's requests" joined --requests far g.dat h.dat
printf '5,7\n6,7\n' >far
expect 1 'line 2: begins before the one before has ended' joined --requests far g.dat h.dat

# the timeline, by another decoder: as many kicks, and each leg as often as --json has it
if command -v protoc >/dev/null; then
	joined --perfetto pftrace g.dat h.dat || fail 'join --perfetto'
	protoc --proto_path "$here" --decode Trace "$here/perfetto.proto" <pftrace >packets || fail 'protoc cannot decode it'
	! grep -q '^ *[0-9][0-9]*[:{ ]' packets || fail 'fields that the messages do not have'
	for pair in kick:kicks exit:chains backend:chains handler:chains injected:chains; do
		seen=$(grep -c "^    name: \"${pair%:*}\"$" packets)
		want=$(values "${pair#*:}" told.json | awk '{ n += $1 } END { print n }')
		[ "$seen" = "$want" ] || fail "$seen events '${pair%:*}' of $want in the timeline"
	done
	# each flow: begun, met by exit, backend and injection, ended once
	awk '
		/^    flow_ids: / { met[$2]++ }
		/^    terminating_flow_ids: / { ends[$2]++ }
		END {
			for (f in ends) { n++; if (met[f] != 4 || ends[f] != 1) { print "flow " f ": " met[f] ", " ends[f]; bad = 1 } }
			for (f in met) if (!(f in ends)) { print "flow " f " has no end"; bad = 1 }
			print n " flows"
			exit bad || n != want
		}' want=$((2 * reads)) packets || fail 'the flows of the timeline'
	for track in 'vCPU 0"' 'thread [0-9]* qemu'; do
		grep -q "name: \"$track" packets || fail "no track of $track"
	done
	expect 2 'would write over what is read' joined --perfetto h.dat g.dat h.dat
fi

# the drawing
if command -v gnuplot >/dev/null; then
	joined --gnuplot --requests requests g.dat h.dat | LC_ALL=C.UTF-8 gnuplot >svg 2>err || fail "gnuplot: $(cat err)"
	[ ! -s err ] || fail "gnuplot: $(cat err)"
	grep -q '<svg' svg || fail "no drawing: $(cat err)"
fi
[ $# -gt 0 ] || exit 0

# file FORM SUFFIX: once more, into the folder
file()
{
	joined --requests requests ${1:+"$1"} g.dat h.dat >"$folder/journey.$2"
}
file '' txt
file --json json
file --csv csv
file --gnuplot gp
for form in svg png; do
	{
		echo "form = \"$form\""
		cat "$folder/journey.gp"
	} | gnuplot >"$folder/journey.$form"
done
sed -n 's/^LOAD //p' out >"$folder/loads.json"
{
	echo "# One read over MMIO beside one over PCI; made by tests/guest/join.sh FOLDER."
	echo "# $(date -u +%Y-%m-%d), $(qemu-system-x86_64 --version | head -n 1)"
	echo "# CPU $(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -n 1), accelerator kvm-svm on tcg, -icount shift=0"
} >"$folder/machine.txt"
