#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# regress --history on made-up results: a planted step is named with the results before and after it,
# noise is none, what vanished, is too little or cannot be read is not passed, times of another machine
# are not held against each other, and counts are. The statistics are test_bench_history.c.
# shellcheck disable=SC2016 # it is Perl that expands them
set -eu

# shellcheck source=tests/bench.sh
. "$VMMIO_SOURCE/tests/bench.sh"

# make DIR PERL: 24 results, one a day, whose values PERL says for day $i: @mmio (accesses of 500 I/Os
# of each boot), $path, $time; $cpu, $count and $skip; $more{result} of result.json
make()
{
	rm -rf "${tmp:?}/$1"
	perl -MJSON::PP -MCompress::Zlib -e '
		my ($dir, $code) = @ARGV;
		my $json = JSON::PP->new->canonical;
		srand(5);
		for our $i (1 .. 24) {
			our (@mmio, $path, $time, $cpu, $count, $skip, %more) = ();
			our $noise = rand() + rand() + rand() - 1.5;
			@mmio = (1500, 1500), $path = 10000 + 20 * $noise, $time = 50 + $noise;
			$cpu = "A", $count = 500, $skip = 0;
			eval "$code; 1" or die $@;
			next if $skip;
			my $labels = "load=randread transport=mmio depth=1";
			my $series = sub { my ($key, $unit, $class, $v, $c) = @_;
				my $s = {labels => $labels, key => $key, heading => $key, unit => $unit,
					class => $class, values => [map { 0 + $_ } @$v]};
				$s->{counts} = $c if $c; $s };
			my @all;
			push @all, $series->("accesses_per_io", "accesses", "structural",
				[map { $_ / 500 } @mmio], [map { [$_, 500] } @mmio]) if @mmio;
			push @all, $series->("instructions_per_io", "instructions", "path", [$path]);
			push @all, $series->("latency_p50_us", "us", "time", [$time]);
			my %file = ("series.json" => \@all,
				"machine.json" => {cpu => $cpu, kernel => "k", qemu => "7.2.0", vmmio => "0.1.0",
					date => sprintf("2026-11-%02dT04:00:00Z", $i)},
				"result.json" => {schema => 1, kind => "compare", accel => $more{accel} // "kvm-vmx",
					withheld => $more{withheld} ? JSON::PP::true : JSON::PP::false,
					options => {boots => scalar(@mmio), count => $count, images => {initrd => "i$i"}}});
			my $said = $more{result} // {};
			$file{"result.json"}{$_} = $said->{$_} for keys %$said;
			delete $file{"result.json"}{options} if $said->{kind};
			my $to = sprintf("%s/set-%02d/compare", $dir, 30 - $i); # not in the order of names
			system("mkdir", "-p", $to);
			my @list;
			for my $name (sort keys %file) {
				my $text = $json->encode($file{$name}) . "\n";
				open(my $f, ">", "$to/$name") or die; print $f $text; close $f;
				push @list, {name => $name, bytes => length $text, crc32 => sprintf("%08x", crc32($text))};
			}
			open(my $f, ">", "$to/manifest.json") or die;
			print $f $json->encode({schema => 1, tool => "vmmio-bench", kind => $more{kind} // "compare",
				files => \@list});
			close $f;
		}' "$tmp/$1" "$2"
}

# run STATUS DIR ARGUMENTS...
run()
{
	want=$1 dir=$2
	shift 2
	status=0
	"$bench" regress --history "$tmp/$dir" "$@" >"$tmp/out" 2>"$tmp/err" || status=$?
	[ "$status" = "$want" ] || fail "$dir $*: status $status instead of $want"
}

# is PATTERN: the first line
is()
{
	head -n 1 "$tmp/out" | grep -q "$1" || fail "the first line is not '$1'"
}

make same ''
run 0 same
is '^no regression: 0 of 3 series worse than they were; 0 changes in 24 results, 2026-11-01 to 2026-11-24$'

# a read more from the 13th on, in one boot of the newest too; and less again
make step '@mmio = (2000, 2000) if $i >= 13'
run 3 step
is '^REGRESSION: 1 of 3 series'
grep -q '^REGRESSION load=.*transport=mmio depth=1, accesses_per_io: 3 -> 4 (structural, exact, p [0-9e.-]*) between .*/set-18/compare (2026-11-12T.*) and .*/set-17/compare (2026-11-13T' \
	"$tmp/out" || fail "the change is not named with its results"
grep -q '^ *with it: image: .*i12.* -> .*i13' "$tmp/out" || fail "what else changed is not said"
run 0 step --since 2026-11-13
grep -q '^12 results from before 2026-11-13' "$tmp/out" || fail "what was left out is not said"
make newest '@mmio = (2000) if $i == 24'
run 3 newest
grep -q '^REGRESSION .*accesses_per_io: 3 -> 4 (structural, .*set-06/compare' "$tmp/out" || fail "one boot of the newest"
make fixed '@mmio = (2000, 2000) if $i >= 9 && $i < 13'
run 0 fixed
grep -q '^worse .*accesses_per_io: 3 -> 4' "$tmp/out" || fail "a change that was undone is not shown"
grep -q '^better .*accesses_per_io: 4 -> 3' "$tmp/out" || fail "what undid it is not shown"
make lost '@mmio = (1000, 1000) if $i >= 9 && $i < 13'
run 3 lost
grep -q '^REGRESSION .*accesses_per_io: 2 -> 3' "$tmp/out" || fail "an improvement that was lost"

# exactness lost by too little is open; once in the past, with the rule back, it is over
make open '@mmio = (1500, 1501) if $i == 24'
run 4 open
is '^UNDECIDED: '
grep -q '^open .*accesses_per_io: 3 -> 3.001 since .*set-06/compare .*too few events' "$tmp/out" || fail "not open"
make once '@mmio = (1500, 1501) if $i == 12'
run 0 once
make rare '@mmio = map { 1500 + int(rand(9)) } 1 .. 2 if $i >= 13'
run 3 rare
grep -q '^REGRESSION .*accesses_per_io: 3 -> 3.00.* (structural, p ' "$tmp/out" || fail "rare events are not found"

# path and time: a step of some widths of the noise, and its day; not on another machine
make path '$path += 800 if $i >= 15'
run 3 path
grep -q '^REGRESSION .*instructions_per_io: .* (path, p .*set-16/compare.*set-15/compare' "$tmp/out" ||
	fail "a step of the path is not found"
run 0 path --threshold 10
grep -q '^WARNING\|^worse .*instructions_per_io' "$tmp/out" || fail "a small change is not shown"
printf '[path]\nsoft = 1 %%\nhard = 20 %%\n' >"$tmp/limits.ini"
run 0 path --limits "$tmp/limits.ini"
grep -q '^WARNING .*instructions_per_io' "$tmp/out" || fail "the soft limit is not said"
make moved '$time += 40, $cpu = "B", @mmio = (2000, 2000) if $i >= 13'
run 3 moved
grep -q 'latency_p50_us' "$tmp/out" && fail "times of two machines were held against each other"
grep -q '^REGRESSION .*accesses_per_io: 3 -> 4' "$tmp/out" || fail "counts transfer, and did not"
make emulated '$time += 40 if $i >= 13; $more{accel} = "tcg"'
run 0 emulated
run 0 emulated --emulated-time
grep -q '^worse .*~.*latency_p50_us' "$tmp/out" || fail "emulated times are not shown, or not as such"

# another question is another history; what is not seen is not passed
make asked '$count = 1000, @mmio = (2000, 2000) if $i >= 13'
run 0 asked
[ "$(grep -c '^12 results of kind compare, .*count ' "$tmp/out")" = 2 ] || fail "two questions are one"
sweep='$more{result} = {kind => "sweep", experiment => "a", title => "t", quick => JSON::PP::false}'
for asked in 'experiment} = "b"' 'title} = "u"' 'quick} = JSON::PP::true'; do
	make sweeps "$sweep; \$more{result}{$asked, @mmio = (2000, 2000) if \$i >= 13"
	run 0 sweeps
	[ "$(grep -c '^12 results of kind sweep, .*experiment' "$tmp/out")" = 2 ] || fail "two sweeps are one: $asked"
done
make accels '$more{accel} = "tcg", @mmio = (2000, 2000) if $i >= 13'
run 0 accels
[ "$(grep -c '^12 results of kind compare, .*, accel ' "$tmp/out")" = 2 ] || fail "two accelerators are one"
# the newest one, if it asks something new, was compared with nothing; an older one is over
make alone '$count = 1000 if $i == 24'
run 4 alone
is '^UNDECIDED: 0 of '
grep -q '^1 result of kind compare, .*count 1000' "$tmp/out" || fail "one result is not one"
grep -q '^one result, .*/set-06/compare, has no history: what is newest is compared with nothing' "$tmp/out" ||
	fail "it is not said what was compared with nothing"
make odd '$count = 1000 if $i == 12'
run 0 odd
make gone '@mmio = () if $i == 24'
run 4 gone
grep -q '^vanished .*accesses_per_io: last known in .*set-07/compare' "$tmp/out" || fail "it is not said what vanished"
make withheld '$more{withheld} = 1 if $i == 24'
run 4 withheld
grep -q '^not read: .*set-06/compare: withheld' "$tmp/out" || fail "a withheld result was taken"
make few '$skip = $i > 4'
run 4 few
grep -q '^2 series have too few results' "$tmp/out" || fail "four results tell nothing of a path"
run 0 few --structural
make cut ''
echo >>"$tmp/cut/set-20/compare/series.json"
run 4 cut
grep -q '^not read: .*set-20/compare: series.json has' "$tmp/out" || fail "a changed result was taken"
# a link is no second result, and no way around; what is not looked at is said
ln -s set-20 "$tmp/same/latest"
ln -s .. "$tmp/same/set-20/up"
run 0 same
is 'changes in 24 results'
ln -s nowhere "$tmp/same/dangling"
run 4 same
grep -q '^not read: .*/same/dangling: No such file' "$tmp/out" || fail "a link to nothing is not said"
rm "$tmp/same/latest" "$tmp/same/dangling" "$tmp/same/set-20/up"
mkdir -p "$tmp/same/1/2/3/4/5/6"
run 0 same
mkdir "$tmp/same/1/2/3/4/5/6/7"
run 4 same
grep -q '^not read: .*/6/7: more than 6 folders deep' "$tmp/out" || fail "what lies too deep is not said"
rm -r "$tmp/same/1"
for date in '' 1 foo 29.11.2026 2026-11 2026-29-11 2026-11-13x 2026-11-13Tnoon; do
	run 2 same --since "$date"
	[ "$(wc -l <"$tmp/err")" = 1 ] || fail "--since '$date': not one line"
done
run 0 same --since 2026-11-13T12:00
is 'changes in 11 results, 2026-11-14'
make single '$skip = $i > 1'
run 4 single
grep -q '^one result, .* has no history' "$tmp/out" || fail "one result is a history"
mkdir "$tmp/empty"
run 1 empty
grep -q 'no results in it' "$tmp/err" || fail "nothing is found, and not said"
run 1 nowhere

make pairs '$more{kind} = "pairs" if $i == 3'
run 0 pairs
grep -q '^1 result of pairs left out' "$tmp/out" || fail "what has two sides is one result"
# results of a KVM on an emulated processor are read as well
set -- "$VMMIO_SOURCE"/results/*/stack
"$bench" diff "$1" "$1" >"$tmp/out" 2>"$tmp/err" || fail "a stored stack is not read"
# drawn again, from the file alone, its pictures show the same numbers; and its counts times
# its costs are held against what was measured, no part without the others
stack=$VMMIO_SOURCE/results/2026-11-29-amd-epyc-kvm-svm-on-tcg/stack
"$bench" plot "$stack" --out "$tmp/drawn" >"$tmp/out" 2>"$tmp/err" || fail "a stored stack is not drawn"
for data in exits exits-totals instructions instructions-totals; do
	cmp "$stack/$data.tsv" "$tmp/drawn/stack/$data.tsv" || fail "$data drawn again is another"
done
"$bench" predict "$stack" >"$tmp/out" 2>"$tmp/err" || fail "no prediction of a stored stack"
# like with like: an exit's cost has the host's probes in it, so the whole has them
awk '
	NR == FNR && /^instructions, guest/ { for (c = 3; c <= 5; c++) mean[c] = $(NF - 6 + c) }
	NR == FNR && /with the host.s probes/ { for (c = 3; c <= 5; c++) cost[c] = $(NF - 6 + c) }
	NR > FNR && /^measured/ {
		for (c = 3; c <= 5; c++) {
			is = $(NF - 5 + c)
			if (is < 0.997 * mean[c] * cost[c] || is > 1.003 * mean[c] * cost[c]) exit 1
			n++
		}
	}
	END { exit n != 3 }' "$stack/stack.txt" "$tmp/out" || fail "what was measured is without the probes"
awk '
	function near(a, b) { return a - b <= 6 && b - a <= 6 } # each number is rounded
	/^exits, count/ { for (c = 1; c <= 3; c++) exits[c] = $(NF - 3 + c) }
	/^  / { for (c = 1; c <= 3; c++) kinds[c] += $(NF - 3 + c) }
	/^guest/ { for (c = 1; c <= 3; c++) guest[c] = $(NF - 3 + c) }
	/^measured/ { for (c = 1; c <= 3; c++) all[c] = $(NF - 3 + c) }
	/^residual/ { for (c = 1; c <= 3; c++) rest[c] = $(NF - 3 + c); n++ }
	/^mmio over pci-msix: [0-9]* predicted/ { n++ }
	END {
		for (c = 1; c <= 3; c++)
			if (!near(exits[c], kinds[c]) || !near(exits[c] + guest[c] + rest[c], all[c]) ||
			    exits[c] < 1000 || guest[c] < 1000)
				exit 1
		exit n != 2
	}' "$tmp/out" || fail "the parts of the prediction are not the measured whole"
status=0
"$bench" predict "$tmp/same/set-06/compare" >"$tmp/out" 2>"$tmp/err" || status=$?
[ $status = 2 ] || fail "a comparison is predicted without costs"
grep -q 'one is needed' "$tmp/err" || fail "what is missing is not said"

run 3 step --json
perl -MJSON::PP -0777 -ne '$j = decode_json($_); ($s) = grep { $_->{regression} } @{$j->{histories}[0]{series}};
	exit !($j->{verdict} eq "REGRESSION" && $s->{key} eq "accesses_per_io" && $s->{level} == 4 &&
	$s->{changes}[0]{after} =~ /set-17/ && $s->{changes}[0]{exact})' "$tmp/out" || fail "no JSON"
# says EXPRESSION: of the JSON $j
says()
{
	perl -MJSON::PP -0777 -e '$j = decode_json(<STDIN>); exit !eval shift' "$1" <"$tmp/out" || fail "not in the JSON: $1"
}
run 0 pairs --json --since 2026-11-02
says '$j->{before_since} == 1 && $j->{pairs_left_out} == 1 && !@{$j->{not_compared}}'
run 4 alone --json
says '@{$j->{not_compared}} == 1 && $j->{not_compared}[0] =~ /set-06/'
run 0 path --limits "$tmp/limits.ini" --json --plots "$tmp/one"
says '$j->{warnings} == 1 && $j->{pictures} == 1 && $j->{not_drawn} == 0'
run 3 step --plots "$tmp/plots"
[ "$(find "$tmp/plots/history" -name '*.svg' | wc -l)" = 1 ] || fail "not one picture of one change"
grep -q 'regression, 3 -> 4 on 2026-11-13' "$tmp/plots/history/history-01.svg" || fail "its title is not its verdict"
run 0 same --plots "$tmp/plots" --all
[ "$(find "$tmp/plots/history-2" -name '*.png' | wc -l)" = 3 ] || fail "not a picture of each"

# for CI: a comment and JUnit's XML, with the commits where results have them
commit='$more{result} = {commit => sprintf("c%02d", $i), kind => "sweep", experiment => "a"}'
make commits "$commit; @mmio = (2000, 2000) if \$i >= 13"
run 3 commits --markdown "$tmp/md" --junit "$tmp/xml"
grep -q '^ *commits: c12\.\.c13$' "$tmp/out" || fail "the commits are not said"
head -n 1 "$tmp/md" | grep -q '^\*\*REGRESSION: 1 of 3 series worse than they were; 1 change in 24 results' ||
	fail "a comment does not begin with the verdict"
grep -qF '| :x: regression | accesses_per_io | load=randread transport=mmio depth=1 | 3 | 4 | c12..c13 |' "$tmp/md" ||
	fail "the comment has no row of it"
[ "$(grep -c '^| :' "$tmp/md")" = 1 ] || fail "a comment of one change has another row"
junit() # ELEMENT COUNT: so many of it, and as many said
{
	n=$(grep -c "<$1[ >]" "$tmp/xml" || true)
	case $1 in
	testcase) said=$(sed -n 's/^<testsuite .* tests="\([0-9]*\)".*/\1/p' "$tmp/xml") ;;
	*) said=$(sed -n "s/^<testsuite .* ${1}s=\"\([0-9]*\)\".*/\1/p" "$tmp/xml") ;;
	esac
	if [ "$n" != "$2" ] || [ "$said" != "$2" ]; then
		fail "JUnit: $n of $1, said $said, not $2"
	fi
}
junit failure 1
junit error 0
junit testcase 3
run 4 open --markdown "$tmp/md" --junit "$tmp/xml"
junit failure 0
junit error 1
grep -q '^| :grey_question: not decided | .*since .*set-06/compare (2026-11-24), too few events to tell |$' "$tmp/md" ||
	fail "what is open has no row"
run 4 alone --markdown "$tmp/md" --junit "$tmp/xml"
junit error 1
grep -q '^- not judged: .*set-06/compare: compared with nothing$' "$tmp/md" || fail "what is alone is not in the comment"
run 4 withheld --junit "$tmp/xml"
junit error 1
run 0 same --markdown "$tmp/md" --junit "$tmp/xml"
junit failure 0
grep -q '^| ' "$tmp/md" && fail "a comment on nothing has a table"
run 1 empty --markdown "$tmp/md" --junit "$tmp/xml"
grep -q '^\*\*UNDECIDED: ' "$tmp/md" || fail "a comment of another day is left"
junit error 1
odd=$(printf 'a\377|<b\001')
rm -rf "$tmp/odd"
mkdir "$tmp/odd"
cp -r "$tmp/commits/set-10" "$tmp/odd/$odd"
run 4 odd --markdown "$tmp/md" --junit "$tmp/xml" --json
grep -q 'a?\\|\\<b?' "$tmp/md" || fail "an odd name is not told, or breaks the table: $(cat "$tmp/md")"
cp -r "$tmp/commits/set-12" "$tmp/odd/$odd.2"
run 4 odd --json
says '@{$j->{histories}[0]{results}} == 2'
rm -r "$tmp/odd/$odd.2"
grep -q 'a?|&lt;b?' "$tmp/xml" || fail "JUnit: an odd name"
run 4 odd --json
says '@{$j->{not_compared}} == 1'
run 1 same --markdown "$tmp/none/md"
[ "$(wc -l <"$tmp/err")" = 1 ] || fail "a comment that cannot be written: not one line"
run 1 same --junit /dev/full
