#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# --textfile as node_exporter's user meets it: promtool accepts it, the file is
# whole at every moment, an error leaves the former one alone.
set -eu

# shellcheck source=tests/stat.sh
. "$VMMIO_SOURCE/tests/stat.sh"

# Unpacked, not installed: the package would start a server on this machine.
command -v promtool >/dev/null ||
	"$VMMIO_SOURCE/cmake/fetch-deb.sh" --out "$VMMIO_BUILD/packages/prometheus" prometheus || {
	echo "no promtool (package prometheus)"
	exit 77
}

PATH=$PATH:$VMMIO_BUILD/packages/prometheus/usr/bin

"$stat" --source "$recording" --emulated-time --textfile "$work/vmmio.prom" -i 0.001 >"$work/out"
[ ! -s "$work/out" ] || fail '--textfile prints on stdout'
[ "$(ls "$work")" = 'err
out
vmmio.prom' ] || fail "something is left beside the file: $(ls "$work")"
[ "$(stat -c %a "$work/vmmio.prom")" = 644 ] || fail 'node_exporter could not read the file'
promtool check metrics <"$work/vmmio.prom" >"$work/lint" 2>&1 || {
	cat "$work/lint"
	fail 'promtool does not accept it'
}
[ ! -s "$work/lint" ] || fail "promtool says: $(cat "$work/lint")"
grep -q '^vmmio_kick_duration_seconds_bucket{device="virtio3",queue="0",transport="pci",driver="virtio_blk",le="+Inf"}' \
	"$work/vmmio.prom" || fail 'no histogram'

# each has its line in the documentation, and none falls: no quotient, no difference
for name in $(sed -n 's/^# TYPE \([a-z_]*\) .*/\1/p' "$work/vmmio.prom") \
	$(grep -o '"vmmio_[a-z_]*"' "$VMMIO_SOURCE/tools/vmmio-stat/view/metrics.c" | tr -d '"' | sort -u); do
	grep -q "^| \`$name\` |" "$VMMIO_SOURCE/docs/metrics.md" || fail "$name is not in docs/metrics.md"
done
! grep -q suppressed "$work/vmmio.prom" || fail 'a difference of two counters may fall'

# idle rows stay, or their counters would start anew
"$stat" --source "$recording" --textfile "$work/idle.prom" -z -i 0.001
"$stat" --source "$recording" --textfile "$work/all.prom" -i 0.001
cmp "$work/idle.prom" "$work/all.prom" || fail '-z drops something'
rm "$work/idle.prom" "$work/all.prom"

# promtool does see what is wrong
sed 's/^# TYPE vmmio_kicks_total counter/# TYPE vmmio_kicks_total gauge/' "$work/vmmio.prom" >"$work/bad"
! promtool check metrics <"$work/bad" >/dev/null 2>&1 || fail 'promtool accepts anything'

# replaced as a whole: whoever has the old one open keeps it
cp "$work/vmmio.prom" "$work/copy"
exec 9<"$work/vmmio.prom"
"$stat" --source "$recording" --textfile "$work/vmmio.prom" -i 0.001 -1
cmp -s - "$work/copy" <&9 || fail 'the file was written in place'
! cmp -s "$work/vmmio.prom" "$work/copy" || fail 'the file was not replaced'

# no place to write: one line, and the status says so
status=0
"$stat" --source "$recording" --textfile "$work/none/vmmio.prom" -i 0.001 2>"$work/err" || status=$?
[ "$status" = 1 ] || fail "exit $status without a folder to write to"
[ "$(wc -l <"$work/err")" = 1 ] || fail "not one line: $(cat "$work/err")"
cp "$work/vmmio.prom" "$work/copy"
status=0
(
	ulimit -f 1
	trap '' XFSZ
	exec "$stat" --source "$recording" --emulated-time --textfile "$work/vmmio.prom" -i 0.001
) 2>"$work/err" || status=$?
[ "$status" = 1 ] || fail "exit $status on a full disk"
cmp -s "$work/vmmio.prom" "$work/copy" || fail 'an error spoiled the former file'
[ -z "$(find "$work" -name 'vmmio.prom.*')" ] || fail 'an error left a part behind'
status=0
"$stat" --source "$recording" --textfile "$work/x" --json 2>"$work/err" || status=$?
[ "$status" = 2 ] || fail "exit $status for --textfile with --json"
