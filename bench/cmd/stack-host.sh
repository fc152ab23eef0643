# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=sh disable=SC2154 # lines in front of it set $disks and $layers
#
# What a bench host runs for compare --stack, behind lines that set $disks and
# $layers and write /tmp/l2.sh. What watches is at work in the guest's rounds
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
		usleep 400000
	done
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
	sleep 5
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
# whether an emulated processor with SVM hangs depends on when an interrupt comes, which
# hardly differs between boots: a pause of its own for each
usleep "$(od -An -N2 -tu2 /dev/urandom | tr -d ' ')"
vmmio-stat exits --json 0.25 >/tmp/exits 2>/tmp/err &
watcher=$!
l2 --ioeventfd --columns "$disks" --script /tmp/l2.sh >/tmp/guest &
guest=$!
until_said '^@counted'
kill -INT $watcher
wait $watcher || {
	cat /tmp/err >&2
	exit 1
}
not_yet time
: >/tmp/all-layers
if [ -n "$layers" ]; then
	sleep 4
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
grep -A1 '"exit":"kick"' /tmp/exits | sed -n 's/^{/@host {/p'
