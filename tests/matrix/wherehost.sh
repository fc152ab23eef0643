#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# diff --where on the host's side: KVM is built twice from Debian's source of the kernel of the
# guests, once with a loop planted where a nested page fault is handled, which each access of a device's
# register is, and a bench host runs a guest on each. The first row must name that function and one of
# the planted lines, over each transport.
# With --keep FILE what was said is written there.
set -eu

keep=''
case $#${1-} in
0) ;;
2--keep) keep=$2 ;;
*)
	echo "usage: wherehost.sh [--keep FILE]" >&2
	exit 2
	;;
esac
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
bench=$VMMIO_BUILD/vmmio-bench
headers=$VMMIO_BUILD/kernel/cloud-amd64/headers

"$VMMIO_SOURCE/cmake/fetch-deb.sh" --out "$tmp/package" linux-source-6.1 >"$tmp/log" 2>&1 || {
	tail -n 3 "$tmp/log"
	exit 1
}
mkdir "$tmp/a" "$tmp/results"
tar -xJf "$tmp/package/usr/src/linux-source-6.1.tar.xz" -C "$tmp/a" --strip-components=1 \
	--wildcards '*/arch/x86/kvm' '*/virt' '*/Makefile'
# what is outside of the headers is beside it
# shellcheck disable=SC2016 # variables of make
sed -i 's,$(srctree)/virt/kvm,$(src)/../../../virt/kvm,
	s,-I $(srctree)/arch/x86/kvm,-I $(src) -I $(src)/../../../virt/kvm,' "$tmp/a/arch/x86/kvm/Makefile"
cp -r "$tmp/a" "$tmp/b"
sed -i '/^static int npf_interception(/,/^}/s/^\ttrace_kvm_page_fault(.*;$/\tfor (int planted = 0; planted < 25; planted++)\n\t\tbarrier();\n&/' \
	"$tmp/b/arch/x86/kvm/svm/svm.c"
line=$(grep -n 'int planted' "$tmp/b/arch/x86/kvm/svm/svm.c" | cut -d: -f1)
[ -n "$line" ] || {
	echo "nothing was planted: npf_interception() is not what it was"
	exit 1
}

for side in a b; do
	env --unset=MAKEFLAGS make -s -j2 -C "$headers" "M=$tmp/$side/arch/x86/kvm" CONFIG_KVM_INTEL=n \
		modules >"$tmp/log" 2>&1 || {
		tail -n 20 "$tmp/log"
		exit 1
	}
	mkdir "$tmp/$side.ko"
	cp "$tmp/$side"/arch/x86/kvm/*.ko "$tmp/$side.ko"
	"$bench" compare --where --stack --host-modules "$tmp/$side.ko" --name $side \
		--out "$tmp/results" >"$tmp/out" 2>&1 || {
		cat "$tmp/out"
		exit 1
	}
done
"$bench" diff --where "$tmp"/results/*/a "$tmp"/results/*/b >"$tmp/out"
cat "$tmp/out"
planted="npf_interception \[host/kvm_amd\] *,* *svm/svm.c:\($line\|$((line + 1))\)"
head -n 1 "$tmp/out" | grep -q "$planted, in host over mmio: +" || {
	echo "not the function and line ($line) that were planted"
	exit 1
}
[ "$(grep -c " host  *$planted" "$tmp/out")" -ge 3 ] || {
	echo "not over each transport"
	exit 1
}
[ -z "$keep" ] || {
	echo "# tests/matrix/wherehost.sh: $(date -u +%Y-%m-%d), QEMU $(qemu-system-x86_64 --version | sed -n 's/.*version \([0-9.]*\).*/\1/p'), commit $(git -C "$VMMIO_SOURCE" describe --always --dirty)"
	echo "# 25 turns of an empty loop, planted at svm/svm.c:$line and the line behind it"
	grep -v "^changed:" "$tmp/out"
} >"$keep"
