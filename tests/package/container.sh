#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# packaging/Containerfile, as its first lines say to use it: the image is made by
# buildah, from a debian:12 that debootstrap has made here, since no registry is asked;
# in it a user who is not root builds the committed tree and runs "quickstart compare".
# Steps are run in a chroot (buildah's isolation "chroot"): neither an engine's own
# isolation nor SELinux' labels (:Z) are seen here. Needs root.
# usage: container.sh [OUT]; OUT gets what was said.
set -eu
build=$VMMIO_BUILD/package
here=$VMMIO_SOURCE/tests/package
mkdir -p "$build"
out=${1:-$build/container.txt}
[ "$(id -u)" = 0 ] || {
	echo "not root"
	exit 77
}
for tool in debootstrap buildah; do
	command -v $tool >/dev/null || {
		echo "no $tool"
		exit 77
	}
done
work=$(mktemp -d "$build/container.XXXXXX")
trap 'rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM

fail()
{
	tail -n 30 "$work/log" 2>/dev/null || true
	echo "FAILED: $*, after what is above"
	exit 1
}
# images COMMAND...: of a store that goes with the folder
images()
{
	buildah --root "$work/store" --runroot "$work/run" --storage-driver vfs "$@"
}
# said COMMAND...: what the user does in the container
said()
{
	echo "\$ $*" | tee -a "$out"
	images run --isolation chroot --user 1234:1234 --workingdir /src -v "$work/src:/src" "$container" -- \
		env HOME=/tmp "$@" </dev/null >"$work/log" 2>&1 || fail "$*"
	grep -v '^\[[0-9]*/[0-9]*\]\|^-- \|^$' "$work/log" | tee -a "$out"
}

echo "# packaging/Containerfile of $(git -C "$VMMIO_SOURCE" describe --always --dirty), by $(buildah --version | cut -d ' ' -f 1-3); made by tests/package/container.sh." >"$out"
"$here/root.sh" make "$build/system-base" bookworm ca-certificates
base=$(images from scratch)
images add -q "$base" "$build/system-base/root" / >/dev/null
images commit -q "$base" debian:12 >/dev/null
images rm "$base" >/dev/null
mkdir "$work/src"
git -C "$VMMIO_SOURCE" archive HEAD | tar -x -C "$work/src"
images bud --isolation chroot --pull-never -t vmmio -f "$work/src/packaging/Containerfile" "$work/src" >"$work/log" 2>&1 ||
	fail "buildah bud"
echo "image made, $(images images --format '{{.Size}}' vmmio)" | tee -a "$out"
container=$(images from --pull-never vmmio)
chown -R 1234:1234 "$work/src"
said id
said cmake --preset release
said cmake --build build --target comparison
said ./quickstart compare --no-stack
[ "$(find "$work/src" ! -uid 1234 | wc -l)" = 0 ] || fail "what was built is not all that user's"
echo "built and run by that user, all files in the tree are its own" | tee -a "$out"
