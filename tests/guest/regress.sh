#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# diff, regress and plot on real results: a run against itself and against a
# new one shows nothing structural; one planted access per I/O is a regression
# and exit status 3, each time; broken folders and commands give one line.
set -eu

# shellcheck source=tests/bench.sh
. "$VMMIO_SOURCE/tests/bench.sh"

# says WORD: on standard error, one line
says()
{
	if [ "$(wc -l <"$tmp/err")" != 1 ] || ! grep -q -e "$1" "$tmp/err"; then
		fail "not one line with '$1'"
	fi
}

run 0 compare --boots 1 --rounds 1 --count 100 --depth 1 --accel tcg --json --no-plots \
	--out "$tmp/results"
cp "$tmp/out" "$tmp/a.json"
set -- "$tmp"/results/*-tcg/compare
base=$1
mkdir "$tmp/here"

run 0 diff "$base" "$base"
grep -q '^no regression: 0 of ' "$tmp/out" || fail "different from itself"
# a kernel of one's own reaches the new run
run 4 regress "$base" --out "$tmp/again" --retries 0 --kernel "$tmp/none" --initrd "$tmp/none"
grep -q "$tmp/none" "$tmp/err" || fail "the new run has not the kernel that was given"
run 2 regress --a true --b true --kernel "$tmp/none"
says '--kernel: '
for side in a b; do
	mkdir "$tmp/kernel-$side"
	ln -s "$VMMIO_BUILD/image/initrd.cpio" "$VMMIO_BUILD/image/vmlinuz" "$tmp/kernel-$side/"
done
cd "$tmp/here"
run 2 regress "$base" --kernel "$tmp/kernel-a" --kernel "$tmp/kernel-b"
says '--kernel: twice contradicts a baseline'
run 2 regress --a true --b true --qemu x --qemu y
says '--qemu: twice contradicts --a'
run 2 regress --qemu x --qemu y --qemu z
says '--qemu z: there are two sides'
run 2 regress --qemu x --qemu y -- --modules z
says '--modules: belongs before --'
run 1 regress --qemu x --qemu y -- --bogus
grep -q 'compare of A: wrong usage' "$tmp/err" || fail "a wrong option of compare is tried again"
run 1 regress --kernel "$tmp/kernel-a" --kernel "$tmp" --retries 0 --pairs 1 -- --accel tcg --count 100
grep -q "compare: --kernel $tmp: no vmlinuz in it" "$tmp/err" || fail "an empty folder is a kernel"
run 0 regress --kernel "$tmp/kernel-a" --kernel "$tmp/kernel-b" --resolution 0.02 -- --accel tcg --count 200
[ ! -e results ] || fail "builds of two sides left results"
head -n 1 "$tmp/out" | grep -q '^no regression: 0 of ' || fail "two folders of one kernel differ"
sed -n 2p "$tmp/out" | grep -q '^after 1 pair' || fail "200 I/Os a boot do not resolve 1 in 50"
run 0 regress "$base" --out "$tmp/again"
grep -q '^no regression: 0 of ' "$tmp/out" || fail "two runs differ in structure"

# one InterruptStatus read more per I/O, as a driver that does it would show
awk '/"labels"/ { here = /transport=mmio depth=1"/ }
	/"key"/ { key = /"accesses_per_io"/ }
	here && key { sub(/^ *3\.0$/, "4.0"); sub(/^ *300,$/, "400,") }
	{ print }' "$tmp/a.json" >"$tmp/b.json"
cmp -s "$tmp/a.json" "$tmp/b.json" && fail "nothing was planted"
for pairs in 1 2 3 4 5; do
	run 3 regress --a "cat '$tmp/a.json'" --b "cat '$tmp/b.json'" --pairs "$pairs"
	grep -q '^REGRESSION .*transport=mmio depth=1, accesses per I/O: 3 -> 4 (structural' "$tmp/out" ||
		fail "the planted access was not found"
	head -n 1 "$tmp/out" | grep -q '^REGRESSION: 1 of ' || fail "the verdict does not come first"
done
run 0 regress --a "cat '$tmp/b.json'" --b "cat '$tmp/a.json'" --pairs 2
grep -q '^DIFFERENT .*4 -> 3' "$tmp/out" || fail "an improvement is not shown"

# grows until it is decided: two boots for one access an I/O, exactness for none, and a limit that
# the code's own file allows
run 3 regress --a "cat '$tmp/a.json'" --b "cat '$tmp/b.json'"
sed -n 2p "$tmp/out" | grep -q '^after 1 pair, look 1 of 8; alpha 0.05' || fail "not found at once"
run 0 regress --a "cat '$tmp/a.json'" --b "cat '$tmp/a.json'"
sed -n 2p "$tmp/out" | grep -q '^after 3 pairs, look 3 of 8' || fail "300 I/Os resolve 1 in 100"
grep -q '^could still hide.*: fewer than 1 event in 100 I/Os' "$tmp/out" || fail "what hides is not said"
run 0 regress --a "cat '$tmp/a.json'" --b "cat '$tmp/a.json'" --resolution 0.02
sed -n 2p "$tmp/out" | grep -q '^after 2 pairs' || fail "200 I/Os resolve 1 in 50"
run 4 regress --a "cat '$tmp/a.json'" --b "cat '$tmp/a.json'" --max-pairs 2
grep -q '^not decided: .* could be worse than their limit unseen' "$tmp/out" || fail "no reason given"
printf '[accesses_per_io transport=mmio]\nsoft = 0.5\nhard = 1.5\n' >"$tmp/limits.ini"
run 0 regress --a "cat '$tmp/a.json'" --b "cat '$tmp/b.json'" --limits "$tmp/limits.ini"
grep -q '^WARNING .*accesses per I/O: 3 -> 4' "$tmp/out" || fail "the soft limit is not said"
printf '[accesses_per_io]\nhard = 10 %%\n' >"$tmp/limits.ini"
run 3 regress --a "cat '$tmp/a.json'" --b "cat '$tmp/b.json'" --limits "$tmp/limits.ini"
printf '[accesses_per_io]\nhard = 1,5\n' >"$tmp/limits.ini"
run 2 regress --a true --b true --limits "$tmp/limits.ini"
says 'limits.ini: line 2: 1,5: not a number'

# for CI: the verdict first, what was not decided is an error, also where nothing was compared
ci="--markdown $tmp/c.md --junit $tmp/c.xml --github"
# shellcheck disable=SC2086
run 3 regress --a "cat '$tmp/a.json'" --b "cat '$tmp/b.json'" $ci
head -n 1 "$tmp/c.md" | grep -q '^\*\*REGRESSION: accesses per I/O 3 -> 4 (.*transport=mmio depth=1)' ||
	fail "no verdict in Markdown: $(cat "$tmp/c.md")"
grep -q '^| :x: regression | accesses per I/O |.*| 3 | 4 | p .*events' "$tmp/c.md" || fail "no row"
grep -q '^::error title=vmmio-bench regression::accesses per I/O: 3 -> 4' "$tmp/err" || fail "no annotation"
grep -q '^<testsuite name="vmmio-bench" tests="30" failures="1" errors="0">' "$tmp/c.xml" || fail "no JUnit"
grep -q 'name="accesses_per_io"><failure message="3 -&gt; 4' "$tmp/c.xml" || fail "no case in JUnit"
sed 's/transport=pci-msix depth=1"/transport=other depth=1"/' "$tmp/a.json" >"$tmp/c.json"
# shellcheck disable=SC2086
run 4 regress --a "cat '$tmp/a.json'" --b "cat '$tmp/c.json'" $ci
head -n 1 "$tmp/c.md" | grep -q '^\*\*UNDECIDED' || fail "what vanished was passed in Markdown"
grep -q '<error message="1 -&gt; - (vanished)"/>' "$tmp/c.xml" || fail "what vanished is no error"
# shellcheck disable=SC2086
run 4 regress --a "cat '$tmp/a.json'" --b 'echo "{<x>"' --retries 0 $ci
grep -q '^\*\*UNDECIDED: .*not the JSON' "$tmp/c.md" || fail "nothing compared: no Markdown"
grep -q 'errors="1">' "$tmp/c.xml" || fail "nothing compared: no JUnit"
grep -q '&lt;x&gt;' "$tmp/c.xml" || fail "no reason in JUnit"
perl -0777 -ne 'exit !(s/<\?xml.*?\?>\s*// && m{^<testsuite [^<>]*>(\s*<testcase [^<>]*>(<error [^<>]*/>)?</testcase>)*\s*</testsuite>\s*$})' \
	"$tmp/c.xml" || fail "no XML"
run 1 diff "$base" "$base" --junit /dev/full
# what CI calls: two builds, and for cron a clone whose commits are built already
cd "$tmp"
git init -q clone
for commit in one two; do
	git -C clone -c user.name=n -c user.email=e commit -q --allow-empty -m "$commit"
	id=$(git -C clone rev-parse HEAD)
	mkdir -p "state/$id"
	ln -s "$VMMIO_BUILD" "state/$id/build"
	: >"state/$id/built"
	ln -s "$VMMIO_SOURCE/packaging" "state/$id/packaging"
	"$VMMIO_SOURCE/packaging/ci/cron.sh" clone state --pairs 1 >out 2>err || fail "cron.sh, commit $commit"
	[ ! -s out ] || fail "cron.sh prints good news"
	[ "$(cat state/good)" = "$id" ] || fail "cron.sh did not note commit $commit"
done
head -n 1 "state/gate-$id/gate.md" | grep -q '^\*\*no regression' || fail "gate.sh wrote no comment"
[ -s "state/gate-$id/gate.xml" ] || fail "gate.sh wrote no JUnit"
git -C clone -c user.name=n -c user.email=e commit -q --allow-empty -m three
id=$(git -C clone rev-parse HEAD)
mkdir -p "state/$id/build" && printf '#!/bin/sh\nexit 1\n' >"state/$id/build/vmmio-bench"
chmod +x "state/$id/build/vmmio-bench"
: >"state/$id/built"
ln -s "$VMMIO_SOURCE/packaging" "state/$id/packaging"
status=0
"$VMMIO_SOURCE/packaging/ci/cron.sh" clone state --pairs 1 >out 2>err || status=$?
[ "$status" = 1 ] || fail "cron.sh: a bench that fails ends with $status"
[ "$(cat state/good)" != "$id" ] || fail "cron.sh passed what it could not run"
cd - >/dev/null
run 2 regress --a true --b true --repeat 2 --github
says '--github: of one repetition'

# many repetitions, each judged by itself, and their values kept
run 3 regress --a "cat '$tmp/a.json'" --b "cat '$tmp/b.json'" --pairs 2 --repeat 3 --save kept \
	--out "$tmp/kept"
grep -q '^3 of 3 repetitions found something different' "$tmp/out" || fail "no count of repetitions"
set -- "$tmp"/kept/*-tcg/kept
grep -q '"repeats_different": 3' "$1/result.json" || fail "the conclusions were not kept"
grep -q '"labels":"repeat=3 side=b .*"accesses_per_io".*"values":\[4.0,4.0\]' "$1/series.json" ||
	fail "the values were not kept"
run 3 regress --a "cat '$tmp/a.json'" --b "cat '$tmp/b.json'" --pairs 2 --save once --out "$tmp/kept"
grep -q 'repetition' "$tmp/out" && fail "one is called many"
for key in '"repeat": 1' '"repeats_different": 1' '"regressions": 1'; do
	grep -q "$key" "$tmp"/kept/*-tcg/once/result.json || fail "one verdict was not kept: $key"
done
# JSON is one document, whatever is kept and however often it is done
for more in "--save json --out $tmp/kept" "--repeat 2" "--repeat 2 --save json2 --out $tmp/kept"; do
	# shellcheck disable=SC2086
	run 3 regress --a "cat '$tmp/a.json'" --b "cat '$tmp/b.json'" --pairs 2 --json $more
	perl -MJSON::PP -0777 -ne 'decode_json($_)' "$tmp/out" || fail "no JSON: --json $more"
done
# a run that fails is repeated and said, one that fails again and again is nobody's regression
echo 0 >"$tmp/turn"
run 3 regress --a "cat '$tmp/a.json'" --pairs 2 --b "
	echo x >>'$tmp/turn'; [ \$(wc -l <'$tmp/turn') != 2 ] && cat '$tmp/b.json'"
grep -q '^1 runs failed and were repeated' "$tmp/out" || fail "a failed run is not said"
# the second repetition cannot be judged: a regression that was found stays one
echo 0 >"$tmp/turn"
run 3 regress --a "cat '$tmp/a.json'" --pairs 1 --repeat 2 --b "
	echo x >>'$tmp/turn'; [ \$(wc -l <'$tmp/turn') -lt 3 ] && cat '$tmp/b.json'"
run 1 plot "$1" --out "$tmp/plots"
says 'a result of pairs: nothing to draw'
run 1 report "$1"
says 'a result of pairs: only a sweep has a page'
run 2 regress "$base" --save x
says '--pairs, --save and --repeat: need --a'
run 2 regress --a true --b true --save a/b
says '--save a/b: not the plain name'

run 0 plot "$base" --out "$tmp/plots"
for form in svg png; do
	[ -s "$tmp/plots/compare/accesses.$form" ] || fail "no plot"
done
# emulated times only on demand, and then they say what they are
[ ! -e "$tmp/plots/compare/cdf.svg" ] || fail "emulated times were drawn unasked"
run 0 plot "$base" --emulated-time --out "$tmp/times"
grep -q 'EMULATED TIME' "$tmp/times/compare/cdf.svg" ||
	fail "no distributions, or no mark on them: $(gzip -dc "$base/rounds.jsonl.gz" | grep -o '"hist":{[^}]*}' | sort | uniq -c)"

# intervals of two: the stored set of many boots against itself
set -- "$VMMIO_SOURCE"/results/*/aa
run 0 plot "$1" "$1" --emulated-time --out "$tmp/ab"
grep -q 'EMULATED TIME' "$tmp/ab/ab/intervals.svg" || fail "no intervals, or no mark on them"
[ "$(grep -c '^[0-9]' "$tmp/ab/ab/intervals.tsv")" -gt 10 ] || fail "no rows of intervals"
run 1 plot "$base" "$base" --out "$tmp/ab"
says 'nothing to draw'

run 2 diff "$base"
says 'two result folders'
run 2 regress
says 'a baseline is needed'
run 2 regress "$base" --a true --b true
says '--a: contradicts'
run 2 regress --a true
says '--a: needs --b'
run 2 diff "$base" "$base" --threshold x
says '--threshold x'
run 1 diff "$base" /nonexistent
says '/nonexistent: not a folder'
run 4 regress --a false --b false
says 'false: .*not the JSON.*3 times'
run 4 regress --a false --b false --retries 0
says 'false: .*not the JSON.*1 time$'
run 4 regress --a 'echo {}' --b 'echo {}'
says 'echo {}: '
# another load is another question; what was withheld says nothing
sed 's/"count": 100/"count": 101/' "$tmp/a.json" >"$tmp/c.json"
run 4 regress --a "cat '$tmp/a.json'" --b "cat '$tmp/c.json'" --pairs 1
says 'another count: 100 -> 101'
run 0 regress --a "cat '$tmp/a.json'" --b "cat '$tmp/c.json'" --pairs 1 --allow count
grep -q '^changed: count: 100 -> 101' "$tmp/out" || fail "what changed is not said"
sed 's/"qemu": "[0-9.]*"/"qemu": "1.2.3"/; s/"kernel": "[^"]*cloud[^"]*"/"kernel": "other"/' \
	"$tmp/a.json" >"$tmp/c.json"
run 4 regress --a "cat '$tmp/a.json'" --b "cat '$tmp/c.json'" --pairs 1
says 'more than one thing changed: kernel, qemu'
sed 's/"withheld": false/"withheld": true/' "$tmp/a.json" >"$tmp/c.json"
run 4 regress --a "cat '$tmp/a.json'" --b "cat '$tmp/c.json'" --pairs 1
says 'withheld'
# what vanished is not passed
sed 's/transport=pci-msix depth=1"/transport=other depth=1"/' "$tmp/a.json" >"$tmp/c.json"
run 4 regress --a "cat '$tmp/a.json'" --b "cat '$tmp/c.json'" --pairs 1
head -n 1 "$tmp/out" | grep -q '^UNDECIDED: ' || fail "what vanished was passed"
grep -q '^vanished .*transport=pci-msix depth=1, kicks per I/O' "$tmp/out" || fail "it is not named"
grep -q '^new in B: .*transport=other' "$tmp/out" || fail "what is new is not named"
run 2 regress --a true --b true --allow kernel,colour
says '--allow colour'
for command in "diff $base $base" "predict --help" "compare --help"; do
	# shellcheck disable=SC2086
	if "$bench" $command >/dev/full 2>"$tmp/err"; then fail "$command: a full disk is success"; fi
	grep -q 'standard output' "$tmp/err" || fail "$command: a full disk is not said"
	# shellcheck disable=SC2086
	if "$bench" $command >&- 2>"$tmp/err"; then fail "$command: no standard output is success"; fi
done
cp -r "$base" "$tmp/cut"
head -c 1000 "$base/series.json" >"$tmp/cut/series.json"
run 1 diff "$base" "$tmp/cut"
says 'series.json has 1000 bytes'
cp -r "$base" "$tmp/edited"
sed 's/"values":\[3/"values":[2/' "$base/series.json" >"$tmp/edited/series.json"
run 1 plot "$tmp/edited"
says 'series.json was changed since it was written'
