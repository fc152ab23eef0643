#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# packaging/ci's recipes for GitHub and GitLab, step by step as their runners do it, in a bare
# Debian 12 root: what they install, build and call, and what they leave. To GitHub goes a
# change with a register read more in each kick, to GitLab a comment. Not the services
# themselves: checking out, uploading and showing are theirs. Needs root; four builds.
set -eu
build=$VMMIO_BUILD/package
here=$VMMIO_SOURCE/tests/package
root=$build/recipes
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT

fail()
{
	echo "FAILED: $*"
	exit 1
}

for tool in yq debootstrap; do
	command -v "$tool" >/dev/null || {
		echo "no $tool"
		exit 77
	}
done
[ "$(id -u)" = 0 ] || {
	echo "not root"
	exit 77
}
export GIT_AUTHOR_NAME=test GIT_AUTHOR_EMAIL=test@localhost
export GIT_COMMITTER_NAME=test GIT_COMMITTER_EMAIL=test@localhost
"$here/root.sh" make "$root" bookworm

# workspace: a clone with the change in its last commit, where runners put it
workspace()
{
	rm -rf "$root/root/ws"
	mkdir -p "$root/root/ws"
	git clone -q "file://$VMMIO_SOURCE" "$root/root/ws/src"
	base=$(git -C "$root/root/ws/src" rev-parse HEAD)
}

# in STATUS FILE: a script of steps in the workspace, by the shell that the runner takes
in_root()
{
	cp "$2" "$root/root/ws/step"
	status=0
	begin=$(date +%s)
	"$here/root.sh" in "$root" env CI=true CI_MERGE_REQUEST_DIFF_BASE_SHA="$base" GIT_DEPTH=0 \
		GITHUB_STEP_SUMMARY=/ws/summary sh -c 'cd /ws/src && sh -e /ws/step' >"$tmp/log" 2>&1 || status=$?
	echo "  status $status after $(($(date +%s) - begin)) s: $(grep -v '^ *#' "$2" | tr '\n' ' ' | cut -c1-90)"
	[ "$status" = "$1" ] || fail "status $status, not $1: $(tail -n 30 "$tmp/log")"
}

recipe=$VMMIO_SOURCE/packaging/ci/github.yml
echo "github.yml: a read more in each kick"
workspace
sed -i '/^static bool kick_mmio/,/^}/s/^{$/{\
	struct vmmio_queue *q = vq->priv;\
\
	vmmio_read(q->vd, VMMIO_REG_STATUS, q->vd->common + 0x070, VMMIO_SPACE_MEMORY, 0x070, 4);/' \
	"$root/root/ws/src/kmod/queue.c"
git -C "$root/root/ws/src" commit -qam 'a read'
[ "$(yq -r .jobs.gate.container "$recipe")" = debian:12 ] || fail 'not the root that it asks for'
steps=$(yq -r '.jobs.gate.steps | length' "$recipe")
failed=false
step=0
while [ "$step" -lt "$steps" ]; do
	run=$(yq -r ".jobs.gate.steps[$step].run // empty" "$recipe")
	when=$(yq -r ".jobs.gate.steps[$step].if // empty" "$recipe")
	step=$((step + 1))
	[ -n "$run" ] || continue # an action of GitHub's
	if $failed && [ "$when" != 'always()' ]; then continue; fi
	echo "$run" | sed "s/\${{ *github.event.pull_request.base.sha *}}/$base/" >"$tmp/step"
	# shellcheck disable=SC2016 # an expression of GitHub's
	grep -qF '${{' "$tmp/step" && fail "a step has an expression that is not known here: $run"
	case $run in
	*gate.sh*)
		in_root 3 "$tmp/step"
		failed=true
		grep -q '^::error title=vmmio-bench regression::.*accesses per I/O: 3 -> 4' "$tmp/log" ||
			fail "no annotation: $(cat "$tmp/log")"
		;;
	*) in_root 0 "$tmp/step" ;;
	esac
done
$failed || fail 'no step called the gate'
head -n 1 "$root/root/ws/summary" | tee "$tmp/first"
grep -q '^\*\*REGRESSION: ' "$tmp/first" || fail 'the summary does not begin with the verdict'

recipe=$VMMIO_SOURCE/packaging/ci/gitlab.yml
echo "gitlab.yml: a comment"
workspace
echo '/* nothing */' >>"$root/root/ws/src/kmod/queue.c"
git -C "$root/root/ws/src" commit -qam 'a comment'
[ "$(yq -r .gate.image "$recipe")" = debian:12 ] || fail 'not the root that it asks for'
yq -r '.gate.script[]' "$recipe" >"$tmp/step"
in_root 0 "$tmp/step"
report=$(yq -r .gate.artifacts.reports.junit "$recipe")
sed -n 2p "$root/root/ws/src/$report" | tee "$tmp/first"
grep -q 'failures="0" errors="0"' "$tmp/first" || fail 'the test report is not clean'
rm -rf "$root/root/ws"
