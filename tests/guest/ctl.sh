#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# vmmio-ctl in a guest: devices go to vmmio.ko and back on both buses with I/O
# before, between and after; one that is in use stays where it is; a driver
# that refuses leaves the device to its former one. One boot for all of it.
set -eu

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM
truncate -s 16M "$work/disk"

cp "$(dirname "$0")/expect.guest" "$work/run.sh"
cat >>"$work/run.sh" <<'END'
io() { dd if="/dev/$1" of=/dev/null bs=4k count=64 iflag=direct 2>/dev/null || fail "I/O on $1"; }
driver() { basename "$(readlink "$1/driver" 2>/dev/null)"; }
disk() { basename "$(ls -d "$1"/virtio*/block/vd*)"; }

load_mainline
load_blk
load_net
load_rng
wait_blk 4
mmio='' pci='' scratch=''
for b in /sys/block/vd*; do
	dev=$(readlink -f "$b/device/..")
	if [ "$(cat "$b/size")" = 32768 ]; then
		scratch=$dev
	elif [ "$(transport_of "$b/device")" = mmio ]; then
		mmio=$dev
	else
		pci=$dev # one of the two
	fi
done
net=$(readlink -f /sys/class/net/e*/device/..)

# without the module
expect 1 'load vmmio.ko first' vmmio-ctl bind "$(basename "$mmio")"
[ "$(driver "$mmio")" = virtio-mmio ] || fail 'a bind without the module moved the device'

load_vmmio
vmmio-ctl show

# A rule for each start: only after the bind, and gone with unbind --persist.
name=$(basename "$pci")
rule="/etc/udev/rules.d/70-vmmio-$name.rules"
expect 1 'binds persist by udev only' vmmio-ctl bind "$name" --persist
mkdir -p /etc/udev/rules.d
expect 0 'has it already' vmmio-ctl bind "$name" --persist
line=$(tail -n 1 "$rule")
want="ACTION==\"add\", SUBSYSTEM==\"pci\", KERNEL==\"$name\", RUN{builtin}+=\"kmod load vmmio\", RUN+=\"/bin/vmmio-ctl bind $name\""
[ "$line" = "$want" ] || fail "the rule is: $line"
expect 0 "set for $name: bound whenever it appears" vmmio-ctl show "$name"
expect 0 'goes to vmmio.ko again when it next appears' vmmio-ctl unbind "$name"
expect 1 'not vmmio.ko' vmmio-ctl unbind "$name" --persist
[ -z "$(ls /etc/udev/rules.d)" ] || fail 'unbind --persist leaves the rule'
expect 2 'no such option' vmmio-ctl show --persist

# both buses, there and back, by each kind of name
for dev in "$mmio" "$pci"; do
	name=$(basename "$dev")
	was=$(driver "$dev")
	io "$(disk "$dev")"
	expect 0 "$was -> vmmio-" vmmio-ctl bind "/dev/$(disk "$dev")"
	case $(driver "$dev") in vmmio-*) ;; *) fail "$name is with $(driver "$dev")" ;; esac
	io "$(disk "$dev")"
	expect 0 'has it already' vmmio-ctl bind "$name"
	expect 0 vmmio- vmmio-ctl show "$(disk "$dev")"
	expect 0 "-> $was" vmmio-ctl unbind "$(basename "$dev"/virtio*)"
	[ "$(driver "$dev")" = "$was" ] || fail "$name did not go back"
	[ "$(cat "$dev/driver_override")" = '(null)' ] || fail "$name keeps a driver_override"
	io "$(disk "$dev")"
	expect 1 'not vmmio.ko' vmmio-ctl unbind "$name"
done

# in use: refused, and untouched
stays()
{
	[ "$(driver "$1")" = "$2" ] || fail "a refused bind moved $1"
}
d=$(disk "$scratch")
was=$(driver "$scratch")
mke2fs -q "/dev/$d" >/dev/null 2>&1
mount -t ext4 "/dev/$d" /root || mount -t ext2 "/dev/$d" /root || fail 'no mount'
expect 1 'is mounted on /root' vmmio-ctl bind "$d"
expect 0 'is mounted on /root' vmmio-ctl show "$d"
stays "$scratch" "$was"
umount /root
mkswap "/dev/$d" >/dev/null
swapon "/dev/$d"
expect 1 'is swap space' vmmio-ctl bind "$d"
stays "$scratch" "$was"
swapoff "/dev/$d"
exec 9<"/dev/$d"
expect 1 'is open in sh (pid' vmmio-ctl bind "$d"
stays "$scratch" "$was"
expect 0 '-> vmmio-' vmmio-ctl bind --force "$d"
exec 9<&-
expect 0 "-> $was" vmmio-ctl unbind "$(basename "$scratch")"

eth=$(basename "$net"/virtio*/net/*)
ip link set "$eth" up
expect 1 "$eth is up" vmmio-ctl bind "$eth"
ip link set "$eth" down
expect 0 '-> vmmio-pci' vmmio-ctl bind "$eth"
eth=$(basename "$net"/virtio*/net/*)
ip link set "$eth" up
expect 1 "$eth is up" vmmio-ctl unbind "$eth"
ip link set "$eth" down
expect 0 '-> virtio-pci' vmmio-ctl unbind "$eth"

# a driver that takes the device and makes nothing of it: its disk would be lost
name=$(basename "$mmio")
v=$(basename "$mmio"/virtio*)
echo 0 >/sys/bus/virtio/drivers_autoprobe
expect 1 'it is with virtio-mmio as before' vmmio-ctl bind "$name"
echo 1 >/sys/bus/virtio/drivers_autoprobe
stays "$mmio" virtio-mmio
[ "$(cat "$mmio/driver_override")" = '(null)' ] || fail 'a failed bind left a driver_override'
v=$(basename "$mmio"/virtio*)
echo "$v" >/sys/bus/virtio/drivers/virtio_blk/bind
io "$(disk "$mmio")"

# names
expect 1 "no device is named 'nosuch'" vmmio-ctl bind nosuch
expect 1 "no device is named 'virtio99'" vmmio-ctl unbind virtio99
expect 1 'is no device name' vmmio-ctl bind ../../etc
expect 1 'is no device name' vmmio-ctl bind ''
expect 1 'not behind virtio' vmmio-ctl bind lo
expect 1 'is not a virtio device' vmmio-ctl bind 0000:00:00.0
expect 2 'which device?' vmmio-ctl bind
expect 2 'one operand too many' vmmio-ctl bind a b
expect 2 'no such option' vmmio-ctl show --force
expect 2 'unknown subcommand' vmmio-ctl frob

# no mainline driver to go back to
expect 0 '-> vmmio-mmio' vmmio-ctl bind "$name"
until_unhooked
rmmod virtio_mmio
expect 0 'stays without a driver' vmmio-ctl unbind "$name"
[ ! -e "$mmio/driver" ] || fail 'it has a driver'
expect 0 'no driver -> vmmio-mmio' vmmio-ctl bind "$name"
io "$(disk "$mmio")"
echo ctl-done
END

status=0
"$VMMIO_BUILD/vmmio-boot" --script "$work/run.sh" --columns mmio,pci-intx,pci-msix -- \
	-blockdev "driver=raw,node-name=scratch,file.driver=file,file.filename=$work/disk" \
	-device virtio-blk-device,drive=scratch \
	-netdev hubport,id=hub,hubid=0 -device virtio-net-pci,netdev=hub,disable-legacy=on,romfile= \
	>"$work/out" || status=$?
cat "$work/out"
[ "$status" = 0 ] || exit 1
grep -qx ctl-done "$work/out"
