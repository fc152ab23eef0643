# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=sh
#
# What the tests on other machines share: their image, and the device side's
# counts against the driver's own. Sourced; sets up a temporary folder.

image=$VMMIO_BUILD/arch/$1
[ "$1" != native ] || image=$VMMIO_BUILD/image # the build's own
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM

fail()
{
	echo "FAIL: $*" >&2
	exit 1
}

if [ ! -f "$image/initrd.cpio" ]; then
	echo "no image $1 (see the test that makes it): skipped"
	exit 77
fi
case $(cat "$image/arch" 2>/dev/null || echo native) in
native | amd64) machine=microvm ;;
*) machine=virt-$(cat "$image/arch") ;;
esac

# boot OPTION...: the image on its machine
boot()
{
	"$VMMIO_BUILD/vmmio-boot" -M "$machine" --kernel "$image/vmlinuz" \
		--initrd "$image/initrd.cpio" "$@"
}

# device_counts BASE TRACE: accesses to the window at BASE (hex, no 0x), as the
# device saw them: "OFFSET READS WRITES" sorted. The trace ends where counts
# left its mark, 20 reads of Status in a row, and begins with the last probe.
# Configuration space is one line.
device_counts()
{
	awk -v base="$1" -f "$VMMIO_SOURCE/tests/hex.awk" -f "$VMMIO_SOURCE/tests/arm/device.awk" "$2"
}

# driver_counts DEVICE OUTPUT: the same, from what counts printed
driver_counts()
{
	awk -v dev="$1" '$1 == "reg" && $2 == dev {
		sub(/reads=/, "", $5)
		sub(/writes=/, "", $6)
		print $3, $5, $6
	}' "$2"
}

# field KEY LINE
field()
{
	echo "$2" | tr ' ' '\n' | sed -n "s/^$1=//p"
}

# check_device LINE OUTPUT TRACE [BASE]: one "dev" line against the device side and
# against the kernel's own count of its interrupt
check_device()
{
	dev=$(echo "$1" | cut -d ' ' -f 2)
	base=${4:-$(echo "$1" | cut -d ' ' -f 3 | sed 's/\..*//')}
	driver_counts "$dev" "$2" >"$work/driver"
	device_counts "$base" "$3" >"$work/device"
	[ -s "$work/driver" ] || fail "$dev: the driver counted nothing"
	if ! diff "$work/driver" "$work/device" >"$work/diff"; then
		echo "register accesses of $dev at 0x$base, driver (<) against device (>):"
		cat "$work/diff"
		fail "$dev: the counts differ"
	fi
	irqs=$(sed -n "s/^irqs $dev //p" "$2")
	kicks=$(awk '$1 == "0x050" { print $3 }' "$work/device")
	acks=$(awk '$1 == "0x064" { print $3 }' "$work/device")
	status=$(awk '$1 == "0x060" { print $2 }' "$work/device")
	[ "$(field irqs "$1")" = "$irqs" ] || fail "$dev: $irqs in /proc/interrupts, the driver says $(field irqs "$1")"
	# reread_status=1 was set for the devices named in $reread
	reads=$irqs
	case " ${reread-} " in *" $dev "*) reads=$((irqs + acks)) ;; esac
	[ "$status" = "$reads" ] || fail "$dev: $irqs interrupts, $acks acknowledges, $status reads of InterruptStatus instead of $reads"
	[ "$acks" -le "$irqs" ] || fail "$dev: $irqs interrupts, $acks acknowledges"
	[ "$(field kicks "$1")" = "$kicks" ] || fail "$dev: $kicks doorbell writes, the driver says $(field kicks "$1")"
	echo "$dev at 0x$base: $(wc -l <"$work/device") registers agree; $kicks kicks, $irqs interrupts, $acks acknowledges"
}
