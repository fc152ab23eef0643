#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# What a new user does, on systems where nothing is installed: a Debian of each suite by
# debootstrap, the committed tree in it, then "quickstart compare" and "quickstart test
# -L unit". Needs root. usage: systems.sh [OUT [SUITE...]]; OUT gets what quickstart said.
set -eu
build=$VMMIO_BUILD/package
here=$VMMIO_SOURCE/tests/package
mkdir -p "$build"
out=${1:-$build/systems.txt}
[ $# = 0 ] || shift
[ $# -gt 0 ] || set -- bookworm trixie
[ "$(id -u)" = 0 ] || {
	echo "not root"
	exit 77
}
command -v debootstrap >/dev/null || {
	echo "no debootstrap"
	exit 77
}

# said SUITE COMMAND...: of quickstart, in that system; it must end with 0
said()
{
	root=$build/system-$1
	shift
	echo "\$ $*" >>"$out"
	# shellcheck disable=SC2016 # for the inner shell
	"$here/root.sh" in "$root" sh -c 'cd /src && "$@" </dev/null' sh "$@" >"$root/said" 2>&1 || {
		tail -n 40 "$root/said"
		echo "FAILED: $*: in $root, after what is above"
		exit 1
	}
	grep -v '^ *Start \|^ *[0-9]*/[0-9]* Test\|^$' "$root/said" | tee -a "$out"
}

commit=$(git -C "$VMMIO_SOURCE" rev-parse HEAD)
echo "# quickstart of $(git -C "$VMMIO_SOURCE" describe --always --dirty) on fresh systems; made by tests/package/systems.sh." >"$out"
for suite; do
	root=$build/system-$suite
	"$here/root.sh" make "$root" "$suite" ca-certificates
	rm -rf "$root/root/src"
	mkdir "$root/root/src"
	# as a clone has it: some tests ask git
	git -C "$VMMIO_SOURCE" archive "$commit" | tar -x -C "$root/root/src"
	echo "## $suite: $(sed -n 's/^PRETTY_NAME="\(.*\)"$/\1/p' "$root/root/etc/os-release")" | tee -a "$out"
	said "$suite" env CI=true ./quickstart compare
	said "$suite" env CI=true ./quickstart test -L unit
done
