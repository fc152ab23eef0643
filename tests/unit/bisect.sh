#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# regress --bisect on a repository of 64 commits whose measurements are made up: the first bad one
# is named, what does not build, does not end or says nothing is skipped and never blamed, the user's
# tree stays as it was, also when it is interrupted. tests/guest/bisect.sh has real guests.
set -eu

# shellcheck source=tests/bench.sh
. "$VMMIO_SOURCE/tests/bench.sh"

# result NAME ACCESSES: of 500 I/Os on each transport
result()
{
	series=
	for row in "mmio $2" "pci-msix 1"; do
		series="$series${series:+,}
		{\"labels\": \"load=randread transport=${row% *} depth=1\", \"key\": \"accesses_per_io\",
		\"heading\": \"accesses per I/O\", \"unit\": \"accesses\", \"class\": \"structural\",
		\"values\": [${row#* }.0], \"counts\": [[$((${row#* } * 500)), 500]]}"
	done
	echo "{\"schema\": 1, \"kind\": \"compare\", \"accel\": \"tcg\", \"withheld\": false, \"series\": [$series]}" \
		>"$tmp/$1.json"
}
result good 3
result bad 4

# The first of 64 commits that is worse is the 41st; what "state" says is what comes of a commit.
git init -q "$tmp/repo"
cd "$tmp/repo"
git config user.name n
git config user.email e
# repository SCRIPT: 65 commits, whose state the lines of SCRIPT set from a number on
repository()
{
	git checkout -q --orphan "$1"
	shift
	for i in $(seq 0 64); do
		echo "$i" >number
		for at in "$@"; do
			[ "${at%:*}" != "$i" ] || echo "${at#*:}" >state
		done
		git add .
		git commit -qm "commit $i"
	done
}
repository plain 0:good 41:bad
# git asks for the 32nd first; where it goes from a skipped one depends on the commits' ids
repository silent 0:good 32:silent 33:good 41:bad
repository dead 0:good 32:dead 33:good 41:bad
repository hidden 0:good 40:broken 41:bad
repository fixed 0:good 20:bad 30:good
git checkout -q plain
echo mine >>number
echo mine >mine
git bisect start -q HEAD HEAD~2 >/dev/null 2>&1 || :
git checkout -q -f plain
before=$(git rev-parse HEAD && git symbolic-ref HEAD && git bisect log && git status --short)

# a build that changes and adds files, which the next checkout must not trip over
# shellcheck disable=SC2016 # for the shell that builds
build='if grep -q broken state; then echo "no such thing: broken" >&2; exit 7; fi
	cp state "$OUT"; echo built >>number; echo built >junk; [ -e other ] || echo built >state'
measure="case \$(cat \"\$OUT/state\") in
	silent) exit 1;; dead) kill -9 \$\$;; *) cat '$tmp/'\$(cat \"\$OUT/state\").json;; esac"

# run STATUS BRANCH ARGUMENTS...
run()
{
	want=$1 branch=$2
	shift 2
	status=0
	"$bench" regress --bisect "$branch~64" "$branch" --measure "$measure" --cache "$tmp/cache" \
		"$@" -- "$build" >"$tmp/out" 2>"$tmp/err" || status=$?
	[ "$status" = "$want" ] || fail "$branch $*: status $status instead of $want"
	now=$(git rev-parse HEAD && git symbolic-ref HEAD && git bisect log && git status --short)
	[ "$now" = "$before" ] || fail "$branch: the user's tree is not what it was: $now"
	[ "$(git worktree list | wc -l)" = 1 ] || fail "$branch: a worktree was left"
	[ -z "$(find "${TMPDIR:-/tmp}" -maxdepth 1 -name 'vmmio-bisect.*' -newer "$tmp/bad.json")" ] ||
		fail "$branch: files were left"
	[ -z "$(find "$tmp/cache" -name '*.log' -o -name '*.done' -empty)" ] || fail "$branch: half a build was left"
	[ "$(find "$tmp/cache" -maxdepth 1 -name '*.done' | wc -l)" = \
		"$(find "$tmp/cache" -mindepth 1 -maxdepth 1 -type d | wc -l)" ] || fail "$branch: half a build was left"
}

run 3 plain
head -n 1 "$tmp/out" | grep -q '^first bad commit: [0-9a-f]* commit 41$' || fail "not found"
sed -n 2p "$tmp/out" | grep -q '^worse: load=randread transport=mmio depth=1, accesses per I/O: 3 -> 4$' ||
	fail "not said in what"
grep -q ' 8 built, 0 from the cache, ' "$tmp/out" || fail "64 commits are six steps and two ends"
run 3 plain
grep -q ' 0 built, 8 from the cache, ' "$tmp/out" || fail "builds were not kept"
run 3 plain --json
perl -MJSON::PP -0777 -ne '$j = decode_json($_); exit !($j->{first_bad}{name} =~ / commit 41$/ &&
	$j->{verdict} eq "first bad commit" && @{$j->{steps}} == 7 && $j->{cached} == 8)' "$tmp/out" ||
	fail "no JSON"
# what could not be decided is skipped, and said why
for what in silent dead; do
	run 3 "$what" --retries 0
	head -n 1 "$tmp/out" | grep -q '^first bad commit: [0-9a-f]* commit 41$' || fail "not found beside a $what one"
	grep -q '^skip  [0-9a-f]* commit 32 (not measured: .*not the JSON' "$tmp/out" || fail "a $what one was decided"
done
run 4 hidden
head -n 1 "$tmp/out" | grep -q '^UNDECIDED: ' || fail "a broken build was blamed or passed"
[ "$(grep -c '^could be: ' "$tmp/out")" = 2 ] || fail "two are left"
grep -q '^skip  [0-9a-f]* commit 40 (does not build (status 7): no such thing: broken)' "$tmp/out" ||
	fail "it is not said why"
# no worse at its end, whatever was in between
run 0 fixed
head -n 1 "$tmp/out" | grep -q '^no regression' || fail "a regression that there is not"
git branch -q -f ends hidden~24
status=0
"$bench" regress --bisect hidden~64 ends --measure "$measure" --cache "$tmp/cache" -- "$build" \
	>"$tmp/out" 2>"$tmp/err" || status=$?
[ "$status" = 4 ] || fail "an end that does not build: status $status"
head -n 1 "$tmp/out" | grep -q '^UNDECIDED: it is not shown' || fail "an end that does not build"
git branch -q -D ends
# without the good one nothing can be told, and that is about the good one
run_good()
{
	status=0 good=$1 bad=$2
	shift 2
	"$bench" regress --bisect "$good" "$bad" --measure "$measure" --cache "$tmp/cache" --retries 0 "$@" \
		>"$tmp/out" 2>"$tmp/err" || status=$?
	[ "$status" = 4 ] || fail "a good one that $good is: status $status"
}
run_good hidden~24 hidden -- "$build"
head -n 1 "$tmp/out" | grep -q '^UNDECIDED: good cannot be built$' || fail "a good one that does not build"
run_good hidden~24 hidden --json -- "$build"
perl -MJSON::PP -0777 -ne '$j = decode_json($_); exit !($j->{verdict} =~ /^UNDECIDED: / && !$j->{first_bad} &&
	@{$j->{steps}} == 1 && $j->{steps}[0]{name} =~ /commit 40$/ && $j->{steps}[0]{what} =~ /broken/)' "$tmp/out" ||
	fail "no JSON of a good one that does not build"
run_good dead~32 dead -- "$build"
head -n 1 "$tmp/out" | grep -q '^UNDECIDED: good cannot be measured$' || fail "a good one that does not end"
grep -q '^skip  [0-9a-f]* commit 32 ([0-9a-f]* commit 32: .*, 1 time)$' "$tmp/out" || fail "it is not named"
! grep -q 'commit 64' "$tmp/out" || fail "another one is blamed for it"
run_good plain~3 plain -- 'exit 7'
grep -q '^skip  [0-9a-f]* commit 61 (does not build (status 7))$' "$tmp/out" || fail "a build that says nothing"

# says STATUS WORD ARGUMENTS...
says()
{
	want=$1 word=$2
	shift 2
	status=0
	"$bench" regress "$@" >"$tmp/out" 2>"$tmp/err" || status=$?
	if [ "$status" != "$want" ] || [ "$(wc -l <"$tmp/err")" != 1 ] || ! grep -q -e "$word" "$tmp/err"; then
		fail "regress $*: status $status, not one line with '$word'"
	fi
}
says 1 'nowhere: no such commit' --bisect nowhere plain -- true
says 1 'has nothing that' --bisect plain plain~3 -- true
says 4 'put nothing into' --bisect plain~3 plain --cache "$tmp/cache" -- true
says 2 'needs GOOD, BAD and' --bisect plain~3 plain
says 2 '--junit: contradicts --bisect' --bisect plain~3 plain --junit x -- true
says 2 'need --bisect' results --cache x
says 1 '--cache /dev/null/x' --bisect plain~3 plain --cache /dev/null/x -- true

# what there is goes to compare, and nothing that there is not
status=0
# shellcheck disable=SC2016 # for the shell that builds
"$bench" regress --bisect plain~3 plain --retries 0 --cache "$tmp/cache" -- ': >"$OUT/bzImage"' \
	>"$tmp/out" 2>"$tmp/err" || status=$?
if [ "$status" != 4 ] || ! grep -q -e '--kernel: needs --initrd' "$tmp/err"; then
	fail "a kernel without modules: status $status"
fi

# interrupted while it builds: what builds ends, and nothing stays
for signal in INT TERM; do
	: >"$tmp/pid"
	"$bench" regress --bisect plain~64 plain --cache "$tmp/other" -- \
		"echo \$\$ >'$tmp/pid'; sleep 1000 & echo \$! >>'$tmp/pid'; wait" >"$tmp/out" 2>"$tmp/err" &
	pid=$!
	tries=600
	until [ "$(wc -l <"$tmp/pid")" = 2 ]; do
		tries=$((tries - 1))
		[ "$tries" -gt 0 ] || fail "the build did not begin"
		sleep 0.1
	done
	kill "-$signal" "$pid"
	status=0
	wait "$pid" || status=$?
	[ "$status" -gt 128 ] || fail "$signal: status $status"
	while read -r left; do
		! grep -q '^State:.[^ZX]' "/proc/$left/status" 2>/dev/null || fail "$signal: process $left was left"
	done <"$tmp/pid"
	[ -z "$(ls "$tmp/other")" ] || fail "$signal: half a build was left"
	[ "$(git worktree list | wc -l)" = 1 ] || fail "$signal: a worktree was left"
done
