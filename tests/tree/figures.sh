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
cp -r docs/figures docs/rfc-2011.sh docs/rfc-2011.md docs/troubleshooting.md docs/cost.md docs/acknowledge.md \
	docs/measuring.md docs/host.md docs/record.md docs/hardening.md docs/whole-stack.md docs/machines "$work/tree/docs"
cp tests/unit/test_ack.c tests/unit/test_bench_looks.c tests/unit/test_bench_aa.c "$work/tree/tests/unit"
cp -r bench/published "$work/tree/bench"
cp -rs "$VMMIO_SOURCE/results" "$work/tree/results"
hostcost=results/2026-11-25-amd-epyc-kvm-soft/host-cost.json
late=results/2026-11-30-amd-epyc-native
guest=results/2026-11-30-amd-epyc-tcg/record-guest/cost.tsv
journey=results/2026-11-29-amd-epyc-kvm-svm-on-tcg/journey
study=results/2026-11-25-amd-epyc-tcg/study/README.md
sweep=results/2026-11-30-amd-epyc-kvm-svm-on-tcg/stack/README.md
micro=docs/machines/2026-11-25-amd-epyc-kvm-soft/micro.txt
for file in "$stack/stack.txt" "$stack/result.json" "$native/events.tsv" "$native/load-stock.tsv" \
	$hostcost $late/record-cost/cost.tsv $late/record-cost/rounds.tsv $late/dat-cost/dat-cost.csv $late/fuzz-dat.txt \
	$guest $journey/journey.txt $journey/machine.txt $study $sweep "${sweep%README.md}tables.md" results/2026-11-25-amd-epyc-tcg/compare/compare.txt \
	results/2026-11-29-systems-tcg/trixie.txt results/2026-11-29-systems-tcg/bookworm.txt results/2026-11-25-kernels-tcg/summary.txt; do
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
finds 'is not what the file says' docs/cost.md 's/^| default columns | 0.40 s/| default columns | 0.41 s/' docs/cost.md
finds 'is not what the file says' docs/cost.md 's/^| mmio | +3.3 %/| mmio | +3.4 %/' docs/cost.md
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

# says DOCUMENT WORDS OTHERS: other words in the text, the mark left as it is
says()
{
	finds 'is not in it' "$1" "/counted by/!s/$2/$3/" "$1"
}

# what the host side costs
finds 'is not what the file says' docs/host.md 's/5\.3, 10\.9 ms/5.3, 10.8 ms/' docs/host.md
finds 'is not what the file says' $hostcost 's/"over_empty_ns":{"median":17/"over_empty_ns":{"median":18/' docs/host.md
finds 'after ? s' $hostcost 's/"start_cpu_s"/"started_cpu_s"/' docs/host.md # what is not there is no 0
finds 'does not say' $hostcost 's/"pressure_pct":99/"pressure_pct":9/' docs/host.md
finds 'micro of' $micro 's|21/21|20/21|' docs/host.md
says docs/host.md 'costs 0\.8 us' 'costs 0.9 us'

# what recording costs
finds 'recording of' $late/record-cost/cost.tsv 's/121\.6/128.6/' docs/cost.md
finds 'recording of' $late/record-cost/rounds.tsv 's/^\(3	record	\)5000000/\14999999/' docs/cost.md
finds 'recording of' $late/record-cost/cost.tsv 's/	1\.38	/	1.48	/' docs/record.md
finds 'is not what the file says' docs/cost.md 's/| 8,848 |/| 8,847 |/' docs/cost.md
finds 'is not what the file says' $guest 's/	10661	/	10662	/' docs/cost.md
finds 'slower of' $guest 's/	2952	/	3252	/' docs/cost.md
finds 'slower of' $guest 's/	15017	/	16017	/' docs/record.md
finds 'reading of' $late/dat-cost/dat-cost.csv 's/0\.507/0.527/' docs/cost.md
finds 'reading of' $late/dat-cost/dat-cost.csv 's/0\.507/0.607/' docs/record.md
says docs/cost.md '122 ns while' '123 ns while'
says docs/cost.md 'adds 29 and 23 %' 'adds 28 and 23 %'
says docs/cost.md '71 for the caller' '72 for the caller'
says docs/cost.md '12 and 7 % less' '12 and 6 % less'
says docs/cost.md '23 to 28 times' '23 to 29 times'
says docs/record.md '1\.4 times what' '1.5 times what'
says docs/record.md '12 and 7 %' '12 and 8 %'
says docs/record.md 'than 20 times' 'than 30 times'
says docs/hardening.md 'ten million 8\.2' 'ten million 8.3'
finds 'fuzzed of' $late/fuzz-dat.txt 's/^no report/a report/' docs/hardening.md
finds 'does not say "virtio1: 500 kicks' $journey/journey.txt 's/^virtio1: 500/virtio1: 499/' docs/record.md
finds 'does not say' $journey/machine.txt 's/shift=0/shift=1/' docs/record.md

# README's
finds 'does not say "virtio0: 500 kicks' $journey/journey.txt 's/^virtio0: 500/virtio0: 499/'
finds 'does not say "(load udp_rr)' $study 's/mmio 5, mmio-legacy 5/mmio 5, mmio-legacy 6/'
finds 'does not say' results/2026-11-25-amd-epyc-tcg/compare/compare.txt 's/pci-intx 2, pci-msix 1 (exact, n = 4/pci-intx 2, pci-msix 1 (exact, n = 3/'
finds 'does not say' results/2026-11-29-systems-tcg/trixie.txt 's/quickstart test/quickstart tests/;s/guest kernel 6\.12/guest kernel 6.11/'
finds 'does not say' results/2026-11-29-systems-tcg/bookworm.txt 's/(bookworm)/(sid)/'
finds 'does not say' results/2026-11-25-kernels-tcg/summary.txt 's/passed matrix.amd64-7.x-stat-truth/failed matrix.amd64-7.x-stat-truth/'

# the whole stack's
says docs/whole-stack.md 'where 41\.1 were' 'where 41.2 were'
says docs/whole-stack.md 'The rest, 11\.1' 'The rest, 11.2'
finds 'explained of' "$stack/result.json" 's/"vmm": 54767.676581638909/"vmm": 154767.676581638909/;s/"guest": 2[0-9]*\./"guest": 99999./' docs/whole-stack.md
for change in 's/101460      94890/101461      94890/' 's/20792      20170/20793      20170/' 's/26916      23887/26917      23887/' \
	's/54757      51688/54758      51688/' 's/5472       6106/5473       6106/'; do
	finds 'does not say' "$stack/stack.txt" "$change" docs/whole-stack.md
done
for change in 's/5, 3, 101479/5, 3, 101478/' 's/93639/93638/' 's/39751/39752/' 's/24690/24691/' 's/109622/109623/' \
	's/25865/25866/' 's/101499/101498/' 's/101996/101997/' 's/100825/100826/' 's/87883/87884/' 's/97416/97417/' \
	's/132868/132869/' 's/109534/109535/'; do
	finds 'does not say' $sweep "$change" docs/whole-stack.md
done
finds 'depth of' "${sweep%README.md}tables.md" 's/102863 \[102531-103196\] | 39751/105863 [102531-103196] | 39751/' docs/whole-stack.md
