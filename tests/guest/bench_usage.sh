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

refuse 2 "--only nothing: no row begins with 'nothing'" micro --only nothing
refuse 2 "--only loop,: no row begins with ''" micro --only loop,
refuse 1 '/bin/true: no QEMU: it does not say its version' compare --qemu /bin/true --accel tcg
mkdir "$tmp/a,b" "$tmp/a%d"
export TMPDIR="$tmp/a%d"
refuse 2 'TMPDIR has a comma or a percent' witness -- qemu-system-x86_64
refuse 1 "QEMU takes no '%' in the name of its trace" compare --boots 1 --accel tcg
export TMPDIR="$tmp/full"
mkdir "$tmp/full"
if unshare -m true 2>/dev/null; then
	for size in 1M "$(($(stat -c %s "$VMMIO_BUILD/image/initrd.cpio") / 1024 + 64))k"; do
		# shellcheck disable=SC2016
		unshare -m sh -c 'mount -t tmpfs -o size="$1" tmpfs "$2" && shift 2 && exec "$@"' sh \
			"$size" "$tmp/full" "$bench" compare --boots 1 --depth 1 --accel tcg \
			--out "$tmp/results" >"$tmp/out" 2>"$tmp/err" && status=0 || status=$?
		if [ "$status" != 1 ] || ! head -n 1 "$tmp/err" |
			grep -q -e 'No space left on device' -e '/full is full: what the guest said is cut'; then
			echo "a full TMPDIR of $size: status $status"
			cat "$tmp/err"
			exit 1
		fi
		rm -rf "$tmp/results"
	done
fi
# a comma in a path is no end of an option of QEMU's
export TMPDIR="$tmp/a,b"
"$bench" compare --boots 1 --rounds 1 --count 20 --depth 1 --accel tcg --no-plots \
	--out "$tmp/a,b/out%s" >"$tmp/out" 2>"$tmp/err" || {
	echo "a comma in TMPDIR:"
	cat "$tmp/err"
	exit 1
}
unset TMPDIR
# a boot that fails is run again and counted, and those that did not fail stay
cat >"$tmp/flaky" <<'END'
#!/bin/sh
# ends at once the second time that it should boot a guest
case "$*" in
*-kernel*)
	echo x >>"${0%/*}/turns"
	[ "$(wc -l <"${0%/*}/turns")" != 2 ] || { echo "not today" >&2; exit 1; }
	;;
esac
exec qemu-system-x86_64 "$@"
END
chmod +x "$tmp/flaky"
for retries in 1 0; do
	status=0
	rm -f "$tmp/turns"
	"$bench" compare --boots 2 --rounds 1 --count 20 --depth 1 --accel tcg --no-plots --jobs 1 \
		--qemu "$tmp/flaky" --retries "$retries" --out "$tmp/again" >"$tmp/out" 2>"$tmp/err" ||
		status=$?
	if [ "$status" != "$((1 - retries))" ] || ! grep -q 'not today' "$tmp/err"; then
		echo "a boot that fails once, --retries $retries: status $status"
		cat "$tmp/out" "$tmp/err"
		exit 1
	fi
done
grep -q '"boots_repeated": 1' "$tmp"/again/*/compare/result.json || {
	echo "the boot that failed is not counted"
	exit 1
}

refuse 1 'package qemu-system-x86' compare --qemu /nonexistent/qemu
: >"$tmp/file"
refuse 1 '--out .*Not a directory' compare --out "$tmp/file/results" --accel tcg
refuse 1 '--out /proc/results' compare --out /proc/results --accel tcg
[ ! -e "$tmp/results" ] || {
	echo "a refused run left a folder"
	exit 1
}
