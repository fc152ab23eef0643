#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# What report says of a recording that was made here, whole: what is asked of it and not
# in it, kicks of which a part was not seen, and a timeline that is there whole or not at all.
set -eu

# shellcheck source=tests/stat.sh
. "$VMMIO_SOURCE/tests/stat.sh"
"$VMMIO_BUILD/test_dat" "$work/a.dat"

# report STATUS WORDS ARGUMENT...: as expect, and no numbers where there is trouble
report()
{
	want=$1 words=$2
	shift 2
	expect "$want" "$words" report "$@"
	[ "$want" = 0 ] || [ ! -s "$work/out" ] || fail "$*: trouble, and numbers"
}

# json KEY VALUE: how often
json()
{
	grep -o "\"$1\":$2[,}]" "$work/out" | wc -l
}

report 0 '' "$work/a.dat"
grep -q '^virtio0 .*0:req.0 ' "$work/out" || fail 'no row'
report 2 "--cpu '': not numbers and ranges" --cpu '' "$work/a.dat"
report 2 '--cpu ,: not numbers and ranges' --cpu , "$work/a.dat"
report 2 '--to 0: not a number of seconds' --to 0 "$work/a.dat"
long=$work/$(printf '%0200d' 0)/$(printf '%0200d' 1) # is not cut
report 1 "cannot read $long: No such file or directory" "$long"
report 1 'none of these CPUs is in it: it has 2' --cpu 2,9 "$work/a.dat"
report 1 '--from is not before its end' --from 1000 "$work/a.dat"
report 1 '--from is not before its end' --from 0.011 --to 2000 "$work/a.dat"
report 0 '' --from 0.0109 --to 1000 "$work/a.dat"
# of two lists the last
report 0 '' --json -n virtio0 -q 0 --cpu 9 --cpu 1-9 "$work/a.dat"
[ "$(json kicks 20)" = 2 ] || fail 'not the kicks of CPU 1'

# kicks of CPU 1 are not seen: nor is how many were merged into them
report 0 '' --slowest 100 --json -n virtio0 --cpu 0 "$work/a.dat"
[ "$(json kick_cpu null)" = 20 ] || fail 'not 20 kicks that were not seen'
[ "$(json kicks_merged null) $(json kicks_merged 0)" = '20 20' ] ||
	fail 'kicks merged into those that were not seen'
report 0 '' --slowest 100 -n virtio0 --cpu 0 "$work/a.dat"
[ "$(grep -c '^virtio0 .* - *1$' "$work/out")" = 20 ] || fail 'table: kicks merged'
# nor is the end of the last handler in this part
report 0 '' --slowest 1 --json --to 0.0010205 "$work/a.dat"
[ "$(json kick_to_irq_ns 20000) $(json handler_ns null)" = '1 1' ] ||
	fail 'not up to the interrupt'
[ "$(json whole_ns null)" = 1 ] || fail 'a whole without its end'
report 0 '' --slowest 1 --to 0.0010205 "$work/a.dat"
grep -q '^virtio0 .* 0 *0 *- *20.0 ' "$work/out" || fail 'table: a whole without its end'

# the timeline: never over the recording, by whichever name; a former one stays until it is whole
cp "$work/a.dat" "$work/copy"
ln "$work/a.dat" "$work/hard"
ln -s a.dat "$work/soft"
for name in a.dat hard soft; do
	report 2 'would write over the recording' --perfetto "$work/$name" "$work/a.dat"
	cmp "$work/a.dat" "$work/copy" || fail "$name: the recording is gone"
done
report 0 '' --perfetto "$work/t" "$work/a.dat"
[ -s "$work/t" ] || fail 'no timeline'
report 0 '' --perfetto /dev/stdout "$work/a.dat"
cmp "$work/out" "$work/t" || fail 'another timeline by a pipe'
"$stat" report --perfetto /dev/stdout "$work/a.dat" | cmp - "$work/t" || fail 'another timeline by a pipe'
chmod 640 "$work/t"
ln -s t "$work/link"
echo old >"$work/t"
status=0
(
	trap '' XFSZ # a file has no room for it
	ulimit -f 1
	exec "$stat" report --perfetto "$work/t" "$work/a.dat" 2>/dev/null
) || status=$?
[ "$status" = 1 ] || fail "no room: status $status"
[ "$(cat "$work/t")" = old ] || fail 'no room: the former one is gone'
report 0 '' --perfetto "$work/link" "$work/a.dat"
[ -L "$work/link" ] || fail 'the link is none any more'
[ "$(stat -c %a "$work/t")" = 640 ] || fail 'another mode'
[ "$(wc -c <"$work/t")" -gt 1000 ] || fail 'not into the file that the link leads to'
for name in "$work"/t.*; do
	[ ! -e "$name" ] || fail "$name is left"
done
