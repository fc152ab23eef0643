# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=sh disable=SC2154 # lines in front of it set $kicks and $layers
#
# What a bench host runs, behind lines that set $kicks and $layers, write /tmp/l2.sh
# and define guest, and before and after: what its devices end in. What watches is at work in the guest's rounds
# that are for it and in no others: the guest says when a pass is over and sleeps,
# which costs nothing where idle time is skipped. That it did not go on too early is
# looked at. The host looks only while the guest sleeps: a look is a task of the host
# like any other, and would be in a round.
set -eu

said()
{
	grep -qs "$1" /tmp/vmmio-*/result
}

# until_said PATTERN: the guest said so, or is gone
until_said()
{
	while kill -0 "$guest" && ! said "$1"; do
		sleep 2
	done
	said "$1" || {
		say "the guest is gone before it said $1"
		return 0
	}
	say "the guest said $1" # on the console, where a boot that hangs shows how far it came
}

# not_yet KIND: no round of it began
not_yet()
{
	if said "\"kind\":\"$1\""; then
		say "the guest's $1 rounds began too early"
		exit 1
	fi
}

# layers KIND [ARGUMENT]: vmmio-layers through the guest's rounds of KIND
layers()
{
	vmmio-layers ${2+"$2"} >/tmp/layers 2>"/tmp/err.$1" &
	watcher=$!
	until grep -qs attached "/tmp/err.$1"; do
		kill -0 $watcher || {
			cat "/tmp/err.$1" >&2
			exit 1
		}
		usleep 100000
	done
	not_yet "$1"
	sleep 12
}

layers_end()
{
	kill -INT $watcher
	wait $watcher || {
		cat "/tmp/err.$1" >&2
		exit 1
	}
	sed 's/^/@layers /' /tmp/layers >>/tmp/all-layers
}

load_kvm
host_info
before
# One processor for all: left alone, the host's scheduler lets the backend interrupt the
# vCPU at a kick or not, by what both had before, and keeps to it for hundreds of I/Os.
# So the backend waits until the guest halts.
mkdir -p /sys/kernel/debug
grep -q ' /sys/kernel/debug ' /proc/mounts || mount -t debugfs debugfs /sys/kernel/debug
echo NO_WAKEUP_PREEMPTION >/sys/kernel/debug/sched/features
# QEMU delivers an interrupt of the guest twice where a timer of this host runs out just
# then (bench/guest/guest.c), which hardly differs between boots: a pause of its own for each
usleep "$(od -An -N2 -tu2 /dev/urandom | tr -d ' ')"
vmmio-stat exits --vcpu --time-all --json 0.25 >/tmp/exits 2>/tmp/err &
watcher=$!
guest >/tmp/guest &
guest=$!
until_said '^@counted'
kill -INT $watcher
wait $watcher || {
	cat /tmp/err >&2
	exit 1
}
[ -z "$kicks" ] || until_said '^@kicked'
not_yet time
: >/tmp/all-layers
if [ -n "$layers" ]; then
	sleep 12
	until_said '^@timed'
	layers layers
	until_said '^@layered'
	layers_end layers
	layers calls calls
	wait $guest
	layers_end calls
else
	wait $guest
fi
cat /tmp/guest /tmp/all-layers
after
# lines with kicks and the one after each; without an ioeventfd a PCI doorbell has no name
sed -n 's/^@doorbell \(.*\)/"register":"\1"/p' /tmp/guest >/tmp/kicks
echo '"exit":"kick"' >>/tmp/kicks
grep -A1 -F -f /tmp/kicks /tmp/exits | sed -n 's/^{/@host {/p'
