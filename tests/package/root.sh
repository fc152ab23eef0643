#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# A Debian root in a folder of the build tree, by debootstrap from this machine's
# mirrors: for tests that ask what a fresh system does. What is made already is not
# made again. "in" runs a command there, with mounts that end with it.
# Exit status 77: debootstrap is not here.
set -eu

usage()
{
	echo "usage: root.sh make DIR SUITE [PACKAGE...]" >&2
	echo "       root.sh in DIR COMMAND...     in DIR/root, with proc, sys and dev" >&2
	exit 2
}

[ $# -ge 3 ] || usage
action=$1 out=$2
shift 2
case $action in
in)
	root=$(cd "$out/root" && pwd)
	# The mounts are of a namespace that ends with the command.
	# shellcheck disable=SC2016 # for the inner shell
	exec unshare --mount --pid --fork sh -c '
		root=$1
		shift
		mount -t proc proc "$root/proc"
		mount -t sysfs sysfs "$root/sys"
		mount --rbind /dev "$root/dev"
		mount -t tmpfs tmpfs "$root/tmp"
		cp /etc/resolv.conf "$root/etc/resolv.conf"
		exec chroot "$root" env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LC_ALL=C.UTF-8 \
			DEBIAN_FRONTEND=noninteractive "$@"' sh "$root" "$@"
	;;
make) ;;
*) usage ;;
esac

suite=$1
shift
request="$suite $*"
if [ -f "$out/request" ] && [ "$(cat "$out/request")" = "$request" ]; then
	exit 0
fi
command -v debootstrap >/dev/null || {
	echo "no debootstrap"
	exit 77
}
# shellcheck disable=SC2016 # the name is for apt
uris=$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' | sort -u)
mirror=$(echo "$uris" | grep '/debian/$' | head -n 1)
security=$(echo "$uris" | grep '/debian-security/$' | head -n 1)
[ -n "$mirror" ] || {
	echo "root: apt follows no Debian mirror" >&2
	exit 1
}
rm -rf "$out"
mkdir -p "$out"
out=$(cd "$out" && pwd)
debootstrap --variant=minbase --keyring=/usr/share/keyrings/debian-archive-keyring.gpg "$suite" "$out/root" \
	"$mirror" >"$out/log" 2>&1 || {
	tail -n 5 "$out/log" >&2
	exit 1
}
{
	echo "deb $mirror $suite main"
	[ -z "$security" ] || echo "deb $security $suite-security main"
} >"$out/root/etc/apt/sources.list"
if [ $# -gt 0 ]; then
	{ "$0" in "$out" apt-get -q update && "$0" in "$out" apt-get -qy install --no-install-recommends "$@"; } \
		>>"$out/log" 2>&1 || {
		tail -n 5 "$out/log" >&2
		exit 1
	}
fi
echo "$request" >"$out/request"
