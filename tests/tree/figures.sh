#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# docs/figures: what README and docs say is what the results say. And it would
# see it: a copy with a figure changed, in the document and in the result, fails.
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

"$VMMIO_SOURCE/docs/figures"

mkdir "$work/tree"
cd "$VMMIO_SOURCE"
stack=results/2026-11-29-amd-epyc-kvm-svm-on-tcg/stack
native=results/2026-11-25-amd-epyc-native/stat-cost
mkdir -p "$work/tree/docs" "$work/tree/tests/unit" "$work/tree/bench"
cp -r README.md kmod "$work/tree/"
cp docs/figures docs/rfc-2011.sh docs/rfc-2011.md docs/troubleshooting.md docs/cost.md docs/acknowledge.md \
	docs/measuring.md "$work/tree/docs"
cp tests/unit/test_ack.c tests/unit/test_bench_looks.c tests/unit/test_bench_aa.c "$work/tree/tests/unit"
cp -r bench/published "$work/tree/bench"
cp -rs "$VMMIO_SOURCE/results" "$work/tree/results"
for file in "$stack/stack.txt" "$stack/result.json" "$native/events.tsv" "$native/load-stock.tsv"; do
	cp --remove-destination "$file" "$work/tree/$file"
done

# finds WORDS FILE SCRIPT [DOCUMENT]: after the change docs/figures ends with 1 and says so
finds()
{
	cp "$work/tree/$2" "$work/kept"
	sed "$3" "$work/kept" >"$work/tree/$2"
	if cmp -s "$work/kept" "$work/tree/$2"; then
		echo "nothing to change in $2 by $3: the check would prove nothing"
		exit 1
	fi
	status=0
	"$work/tree/docs/figures" "${4:-README.md}" >"$work/out" 2>&1 || status=$?
	if [ $status != 1 ] || ! grep -qF -e "$1" "$work/out"; then
		echo "$2 changed by $3: status $status, said: $(cat "$work/out")"
		exit 1
	fi
	cp "$work/kept" "$work/tree/$2"
}
"$work/tree/docs/figures" README.md
finds 'is not what the file says' README.md 's/^\(    exits that the host sees  *\)5/\16/'
finds 'is not what the file says' "$stack/stack.txt" 's/^\(  to userspace  *\)3/\12/'
finds 'does not say "1.58 times' "$stack/stack.txt" 's/takes 1.58 times/takes 1.59 times/'
finds 'there is no results/2026-11-25-amd-epyc-tcg/gone' README.md 's,2026-11-25-amd-epyc-tcg/compare,2026-11-25-amd-epyc-tcg/gone,'
finds 'is not what the file says' docs/cost.md 's/: kick, alone | 119/: kick, alone | 118/' docs/cost.md
finds 'not a mark' docs/cost.md 's/figures: events /figures: event-s /' docs/cost.md
finds 'is not what the file says' docs/cost.md 's/^| default columns | 0.66 s/| default columns | 0.65 s/' docs/cost.md
finds 'is not what the file says' docs/cost.md 's/^| mmio | +3.5 %/| mmio | +3.4 %/' docs/cost.md
finds 'is not what the file says' "$native/load-stock.tsv" 's/^63/73/' docs/cost.md
finds 'eventsums' "$native/events.tsv" 's/^\(bpftrace: kick\t.*\)395.8/\1295.8/' docs/cost.md
finds 'is not what the file says' docs/acknowledge.md 's/27 of 594/28 of 594/' docs/acknowledge.md
# measuring.md asks slow tests: by its cheap part only
sed '/counted by \(looks\|draws\)/d' "$work/tree/docs/measuring.md" >"$work/quick.md"
mv "$work/quick.md" "$work/tree/docs/measuring.md"
finds 'is not in it' docs/measuring.md '/counted by/!s/26 more to 406 less/26 more to 416 less/' docs/measuring.md
finds 'layers of' "$stack/result.json" 's/"around_a_probe": 163.22226873168688/"around_a_probe": 165.2/' docs/measuring.md
finds 'layers of' "$stack/result.json" 's/"vmm": 54767.676581638909/"vmm": 54868/' docs/measuring.md
finds 'is not what the file says' docs/measuring.md 's/17.2 exits, 5.7/17.2 exits, 5.6/' docs/measuring.md
