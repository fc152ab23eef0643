#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# A sweep of bench hosts, small: without an ioeventfd a kick goes on to QEMU, so that
# exits to userspace are 4, 3 and 1 of 5, 4 and 1 (docs/whole-stack.md has the study). A bench
# host that nobody made is missed before anything runs, and so are machines of two kinds.
set -eu

bench=$VMMIO_BUILD/vmmio-bench
[ -f "$VMMIO_BUILD/image/host.cpio" ] || {
	echo "SKIP: no image of a bench host was built here (no QEMU, or not x86-64)"
	exit 77
}
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT

# experiment LINE...: its file
experiment()
{
	{
		printf '[experiment]\ntitle = t\nhost = on\nboots = 1\nrounds = 1\ncount = 50\nseed = 1\n'
		printf '[grid one]\n'
		printf '%s\n' "$@"
	} >"$tmp/hosted.ini"
}

# refused WORDS LINE...: such a sweep runs nothing and says why
refused()
{
	words=$1
	shift
	experiment "$@"
	status=0
	"$bench" sweep "$tmp/hosted.ini" --accel tcg --out "$tmp/none" >"$tmp/out" 2>"$tmp/err" || status=$?
	if [ $status = 0 ] || ! grep -q -e "$words" "$tmp/err" || [ "$(wc -l <"$tmp/err")" != 1 ]; then
		echo "status $status, not '$words' in one line:"
		cat "$tmp/out" "$tmp/err"
		exit 1
	fi
}
refused 'under: of host = on and arch = x86' 'arch = arm64' 'under = linux-7'
refused 'a value that is not allowed' 'under = linux-5'
[ -e "$VMMIO_BUILD/arch/host-qemu-10/host.cpio" ] || refused 'other-hosts makes it' 'under = qemu-10'
[ ! -e "$VMMIO_BUILD/arch/host-arm64/host.cpio" ] || refused 'one arch a sweep' 'arch = x86, arm64'

experiment 'ioeventfd = off' '[grid two]' 'load = udp_rr' 'vhost = on'
"$bench" sweep "$tmp/hosted.ini" --accel tcg --out "$tmp/results" >"$tmp/out" 2>"$tmp/err" || {
	cat "$tmp/out" "$tmp/err"
	exit 1
}
cp "$tmp"/results/*-kvm-svm-on-tcg/hosted/README.md "$tmp/page"
row=$(sed -n '/^| .*depth 1 | /{ /udp_rr/!s/^|[^|]*| \(.*\)/\1/p }' "$tmp/page" | head -n 1)
# what the emulated processor delivered twice is in it, some hundredths
echo "$row" | tr ',|' '  ' | awk '
	function at(v, want) { return v >= want && v < want + 0.5 }
	{ exit !(at($1, 5) && at($2, 4) && $3 > 0 && at($4, 4) && at($5, 3) && at($7, 1) && at($8, 1)) }' || {
	echo "exits, and those to userspace, are not 5 and 4, 4 and 3, 1 and 1: $row"
	exit 1
}
