#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# A guest and its host of arm64 recorded in one boot of a bench host (EL2, GICv2, emulated),
# and joined here: every kick of the load makes a whole chain, over MMIO and over PCI, by
# offsets that are measured, since arm64's KVM says none, and its legs are together what
# the load says that its request took. The host's recording alone counts as exits does.
# Arguments: the image of the guest (arm64); a folder that is to have what was seen, with 500
# reads each instead of 100.
set -eu
here=$(dirname "$0")
# shellcheck source=tests/arm/lib.sh
. "$VMMIO_SOURCE/tests/arm/lib.sh"
host=$VMMIO_BUILD/arch/host-arm64/host.cpio
reads=100 folder=
[ $# = 1 ] || folder=$(mkdir -p "$2" && cd "$2" && pwd) reads=500
[ -f "$host" ] || {
	echo "no $host (arm.host-arm64 makes it): skipped"
	exit 77
}
command -v trace-cmd >/dev/null || {
	echo "no trace-cmd"
	exit 77
}
stat=$VMMIO_BUILD/vmmio-stat

cat >"$work/run.sh" <<END
reads=$reads
END
cat "$here/join.guest" >>"$work/run.sh"
boot --host --initrd "$host" --timeout 400 --tries 2 --script "$work/run.sh" >"$work/out" || {
	tail -n 5 "$work/out" | cut -c1-300
	fail "the bench host failed"
}
for file in GUEST:g.dat HOST:h.dat REQUESTS:requests; do
	sed -n "s/^${file%:*} //p" "$work/out" | base64 -d | gunzip >"$work/${file#*:}"
done
[ -z "$folder" ] || cp "$work"/g.dat "$work"/h.dat "$work/requests" "$folder"
cd "$work"

joined()
{
	"$stat" join --emulated-time "$@"
}

# values KEY: of all objects, one a line
values()
{
	grep -o "\"$1\":[0-9]*" json | sed 's/.*://'
}

joined --requests requests g.dat h.dat >journey.txt || fail 'join'
grep -q 'measured' journey.txt || fail 'the heading does not say that the offset was measured'
joined --json --requests requests g.dat h.dat >json
for key in kicks chains; do
	[ "$(values $key | tr '\n' ' ')" = "$reads $reads " ] || fail "not $reads $key each: $(cat journey.txt)"
done
for key in guest_lost host_lost doorbells_without_kick requests_without_kick; do
	[ "$(values $key)" = 0 ] || fail "$key is $(values $key)"
done
# shellcheck source=tests/joinlegs.sh
. "$VMMIO_SOURCE/tests/joinlegs.sh"
legs_seen json "$reads" || fail "legs that were not seen: $(cat json)"
joined --csv --requests requests g.dat h.dat >csv
legs_add_up csv requests "$reads" || fail 'the legs are not what the load says'

# another reader; no address of the guest's programs is in it
trace-cmd report -N h.dat >text 2>/dev/null || fail 'trace-cmd report'
grep -q 'kvm_exit: .* PC: 0x00' text || fail "an exit as it is not known: $(grep -m 1 kvm_exit text)"
! grep 'PC: 0x0*[1-9a-f]' text || fail 'a program counter is in it'
# the host's half alone: what exits has of a live run
"$stat" report --emulated-time --json h.dat | tr '{' '\n' >"$work/rows"
# shellcheck source=tests/exitrows.sh
. "$VMMIO_SOURCE/tests/exitrows.sh"
for t in mmio pci; do
	same "kicks over $t, reported" "$reads" "$(sum samples '"exit":"kick"' '"path":"ioeventfd"' "\"transport\":\"$t\"")"
done
same 'kvm_exit and all rows, reported' "$(sum kvm_exit '"kvm_exit":')" "$(sum exits '"exit":')"
if [ -n "$folder" ]; then
	cp journey.txt "$folder"
	{
		echo "# One read over MMIO beside one over PCI; made by tests/arm/join.sh arm64 FOLDER."
		echo "# $(date -u +%Y-%m-%d), $(qemu-system-aarch64 --version | head -n 1)"
		echo "# CPU $(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -n 1), accelerator kvm-arm on tcg"
	} >"$folder/machine.txt"
fi
echo "$reads reads over mmio and MSI-X under kvm-arm on tcg: as many chains, of all legs"
