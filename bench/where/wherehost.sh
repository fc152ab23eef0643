# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=sh disable=SC2154
#
# The bench host of "compare --where --stack", behind where.sh and the definition of guest
# (script.c): its guest is loaded while nothing else runs here.
load_kvm
host_info
# one processor for all, see load/hosted.sh: the monitor waits until the guest halts
mkdir -p /sys/kernel/debug
grep -q ' /sys/kernel/debug ' /proc/mounts || mount -t debugfs debugfs /sys/kernel/debug
echo NO_WAKEUP_PREEMPTION >/sys/kernel/debug/sched/features
# another beginning for each boot, for the same reason as there
usleep "$(od -An -N2 -tu2 /dev/urandom | tr -d ' ')"
sed -i "s/^like=.*/like=$(kernel_sum)/" /tmp/l2.sh
guest >/tmp/guest &
guest=$!
# once the guest has told its symbols it sleeps until this is over
until grep -qs '^@told' /tmp/vmmio-*/result; do
	kill -0 "$guest" || {
		cat /tmp/guest
		exit 1
	}
	sleep 1
done
cat "/proc/$(pidof qemu-system-x86_64)/maps" >/tmp/maps
status=0
wait "$guest" || status=$?
cat /tmp/guest
[ $status = 0 ] || exit $status
symbols host-
sed -n 's,^.* r-xp .* /.*,@host-map &,p' /tmp/maps
