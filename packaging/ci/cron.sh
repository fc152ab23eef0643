#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# For cron: the newest commit of a clone against the last one that passed. One line and gate.md on
# standard output unless there is nothing new or nothing to say, so that cron mails it.
# usage: cron.sh CLONE STATE-FOLDER [options of vmmio-bench regress]
set -eu

[ $# -ge 2 ] || {
	echo "usage: cron.sh CLONE STATE-FOLDER [options]" >&2
	exit 2
}
clone=$(cd "$1" && pwd) state=$2
shift 2
mkdir -p "$state"
state=$(cd "$state" && pwd)
git -C "$clone" fetch -q origin 2>/dev/null || :
new=$(git -C "$clone" rev-parse -q --verify origin/HEAD || git -C "$clone" rev-parse HEAD)
good=$(cat "$state/good" 2>/dev/null || :)
[ "$new" != "$good" ] || exit 0

# build COMMIT: once each
build()
{
	[ -e "$state/$1/built" ] && return
	[ -e "$state/$1" ] || git -C "$clone" worktree add -q --detach "$state/$1" "$1"
	(cd "$state/$1" && cmake --preset release && cmake --build build --target comparison) >"$state/build.log" 2>&1 || {
		echo "$1: does not build:"
		tail -n 5 "$state/build.log"
		return 1
	}
	: >"$state/$1/built"
}
build "$new" || exit 4
[ -n "$good" ] || {
	echo "$new" >"$state/good"
	exit 0
}
build "$good" || exit 4
status=0
"$state/$new/packaging/ci/gate.sh" "$state/$good/build" "$state/$new/build" "$state/gate-$new" "$@" \
	>"$state/gate.log" 2>&1 || status=$?
if [ "$status" = 0 ]; then
	rm -rf "${state:?}/$good"
	git -C "$clone" worktree prune
	echo "$new" >"$state/good"
else
	echo "gate: status $status, $good -> $new"
	cat "$state/gate-$new/gate.md" 2>/dev/null || tail -n 5 "$state/gate.log"
fi
exit "$status"
