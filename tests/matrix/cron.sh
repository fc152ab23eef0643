#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# packaging/ci/cron.sh as cron calls it, in a clone with an origin: the first commit is taken as
# good, one that changes nothing passes without a word, nothing new costs nothing, and one with a
# register read more in each kick is mailed. Three builds, some minutes each.
set -eu

tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT

fail()
{
	echo "FAILED: $*"
	exit 1
}

export GIT_AUTHOR_NAME=test GIT_AUTHOR_EMAIL=test@localhost
export GIT_COMMITTER_NAME=test GIT_COMMITTER_EMAIL=test@localhost
git clone -q --depth 1 "file://$VMMIO_SOURCE" "$tmp/origin"
git clone -q "$tmp/origin" "$tmp/clone"

# night STATUS WHAT: what cron mails is in $tmp/mail
night()
{
	status=0
	begin=$(date +%s)
	"$tmp/clone/packaging/ci/cron.sh" "$tmp/clone" "$tmp/state" >"$tmp/mail" 2>&1 || status=$?
	echo "$2: exit status $status after $(($(date +%s) - begin)) s, $(wc -l <"$tmp/mail") lines of mail"
	[ "$status" = "$1" ] || fail "exit status $status instead of $1: $(cat "$tmp/mail" "$tmp"/state/*.log)"
}

night 0 'first commit'
[ ! -s "$tmp/mail" ] || fail "a first commit is news: $(cat "$tmp/mail")"
night 0 'nothing new'
[ ! -s "$tmp/mail" ] || fail "nothing new is news: $(cat "$tmp/mail")"
echo '/* nothing */' >>"$tmp/origin/kmod/queue.c"
git -C "$tmp/origin" commit -qam 'a comment'
night 0 'a comment'
[ ! -s "$tmp/mail" ] || fail "a comment is news: $(cat "$tmp/mail")"
sed -i '/^static bool kick_mmio/,/^}/s/^{$/{\
	struct vmmio_queue *q = vq->priv;\
\
	vmmio_read(q->vd, VMMIO_REG_STATUS, q->vd->common + 0x070, VMMIO_SPACE_MEMORY, 0x070, 4);/' \
	"$tmp/origin/kmod/queue.c"
git -C "$tmp/origin" commit -qam 'a read'
night 3 'a read more in each kick'
cat "$tmp/mail"
grep -q REGRESSION "$tmp/mail" || fail 'no regression in the mail'
grep -q 'accesses per I/O' "$tmp/mail" || fail 'the mail does not say what'
# it stays bad until it is undone: the good one is not moved
night 3 'the next night'
git -C "$tmp/origin" revert --no-edit HEAD >"$tmp/git"
night 0 'reverted'
[ ! -s "$tmp/mail" ] || fail "a revert is news: $(cat "$tmp/mail")"
