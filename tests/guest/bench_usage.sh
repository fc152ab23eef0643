#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# Bad input to vmmio-bench: exit status 2 and one line that names the option,
# or 1 and one line that says what is missing; nothing has run by then.
set -eu

bench=$VMMIO_BUILD/vmmio-bench
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT

# refuse STATUS WORD ARGUMENTS...
refuse()
{
	want=$1
	word=$2
	shift 2
	status=0
	(cd "$tmp" && timeout 20 "$bench" "$@" >out 2>err) || status=$?
	if [ "$status" != "$want" ] || [ "$(wc -l <"$tmp/err")" != 1 ] || [ -s "$tmp/out" ] ||
		! grep -q -e "$word" "$tmp/err"; then
		echo "vmmio-bench $*: status $status instead of $want, or not one line with '$word':"
		cat "$tmp/err" "$tmp/out"
		exit 1
	fi
}

refuse 2 'nonsense: no such command' nonsense
refuse 2 '--nonsense: no such option' compare --nonsense
refuse 2 '-x: no such option' compare -x
refuse 2 'extra: one operand too many' compare extra
refuse 2 '--boots 0' compare --boots 0
refuse 2 '--boots -1' compare --boots -1
refuse 2 '--boots 2x' compare --boots 2x
refuse 2 '--boots 99999999999999999999' compare --boots 99999999999999999999
refuse 2 '--boots needs a value' compare --boots
refuse 2 '--rounds' compare --rounds ''
refuse 2 '--depth 1,,2' compare --depth 1,,2
refuse 2 '--depth 1,1: a value is there twice' compare --depth 1,1
refuse 2 '--depth' compare --depth 0
refuse 2 '--count 10: fewer' compare --count 10 --depth 16
refuse 2 '--rw trim' compare --rw trim
refuse 2 '--block-size 1000' compare --block-size 1000
refuse 2 '--accel xen: not one of' compare --accel xen
refuse 2 '--json takes no value' compare --json=yes
refuse 2 '--emulated-time: contradicts --accel kvm' compare --emulated-time --accel kvm
refuse 2 '--kernel: needs --initrd' compare --kernel x
refuse 2 '--versus xen: not one of' compare --versus xen
refuse 2 '--accel kvm: only emulation' compare --versus mainline --accel kvm
refuse 2 '--depth: no such option' compare --versus mainline --depth 1
refuse 2 '--json: not with --published' predict x --published y --json
refuse 2 '--explain: not with --published' predict x --explain 5 --published y
refuse 2 'under KVM' witness -- qemu-system-x86_64 -machine q35,accel=kvm:tcg
refuse 2 'no command' witness
refuse 1 'not one access' witness -- /bin/true
refuse 1 '/nonexistent: ' witness -- /nonexistent
refuse 2 '--allow-soft: not with --published' predict x --published y --allow-soft

refuse 1 'package qemu-system-x86' compare --qemu /nonexistent/qemu
: >"$tmp/file"
refuse 1 '--out .*Not a directory' compare --out "$tmp/file/results" --accel tcg
refuse 1 '--out /proc/results' compare --out /proc/results --accel tcg
[ ! -e "$tmp/results" ] || {
	echo "a refused run left a folder"
	exit 1
}
