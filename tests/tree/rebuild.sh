#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# A copy of the tree is built as far as the guest's image goes (module, BPF,
# programs); git sees nothing new in it afterwards. Then an edit
# of a shared header rebuilds all that includes it, and an untouched tree nothing.
set -eu
copy=$VMMIO_BUILD/test-rebuild
cd "$VMMIO_SOURCE"
if ! git rev-parse --git-dir >/dev/null 2>&1; then
	echo "rebuild: not a git work tree"
	exit 77
fi
rm -rf "$copy"
mkdir "$copy"
trap 'rm -rf "$copy"' EXIT
git ls-files -co --exclude-standard | while read -r file; do
	[ ! -e "$file" ] || echo "$file"
done | tar -cf - -T - | tar -xf - -C "$copy"

cd "$copy"
git init -q .
git add -A
git -c user.name=test -c user.email=test@localhost commit -q -m test

# What was downloaded is taken over (as links), not downloaded again.
mkdir build
cp -al "$VMMIO_BUILD/kernel" "$VMMIO_BUILD/packages" build/
cmake --preset release >build/out
cmake --build build --target image >>build/out || {
	tail -n 30 build/out
	exit 1
}

unclean=$(git status --porcelain)
if [ -n "$unclean" ]; then
	echo "the build left something in the source tree:"
	echo "$unclean"
	exit 1
fi

cmake --build build --target image >build/out
if ! grep -qx 'ninja: no work to do.' build/out; then
	echo "an untouched tree is built again:"
	cat build/out
	exit 1
fi

# outputs: what must be made anew when each shared header changes
outputs()
{
	find build/kmod -name core.o
	find build/kmod -maxdepth 2 -name vmmio.ko
	echo build/bpf/guest.bpf.o
	echo build/vmmio-stat
	echo build/image/initrd.cpio
}

for header in include/vmmio/types.h include/vmmio/slots.h; do
	sleep 0.1
	touch "$header" build/marker
	cmake --build build --target image >build/out
	outputs | while read -r file; do
		if [ -z "$(find "$file" -newer build/marker)" ]; then
			echo "$header was edited and $file is not newer"
			exit 1
		fi
	done
done
