#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# vmmio.ko against mainline in instructions per I/O, small but with the limits
# that are promised: 1 % with tracing off, 27 % traced; one more here, since a few
# rounds may not contain the shortest path. The folder holds what it says.
set -eu

bench=$VMMIO_BUILD/vmmio-bench
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT

# its first boot fails, and is run again; without --retries that is the end
cat >"$tmp/flaky" <<'END'
#!/bin/sh
case "$*" in
*-kernel*)
	[ -e "${0%/*}/failed" ] || { : >"${0%/*}/failed"; echo "not today" >&2; exit 1; }
	;;
esac
exec qemu-system-x86_64 "$@"
END
chmod +x "$tmp/flaky"
for retries in 0 1; do
	rm -f "$tmp/failed"
	status=0
	"$bench" compare --versus mainline --boots 1 --count 400 --limit-traced 28 \
		--qemu "$tmp/flaky" --retries "$retries" --out "$tmp/results" >"$tmp/out" 2>"$tmp/err" ||
		status=$?
	cat "$tmp/out"
	if [ "$status" != "$((1 - retries))" ] || ! grep -q 'not today' "$tmp/err"; then
		cat "$tmp/err"
		echo "a boot that fails once, --retries $retries: status $status"
		exit 1
	fi
done
grep -q '^1 boots failed and were run again' "$tmp/out"
grep -q '"boots_repeated": 1' "$tmp"/results/*-tcg/versus/result.json
set -- "$tmp"/results/*-tcg/versus
for file in manifest.json result.json series.json machine.json boots.json rounds.jsonl.gz versus.csv \
	versus.txt; do
	[ -s "$1/$file" ] || {
		echo "$file is missing or empty"
		exit 1
	}
done
grep -q '^on both sides: ring mmio 1024, pci-intx 256, pci-msix 256; max_segments mmio 254' "$1/versus.txt"
[ "$(grep -c 'within +1.00 %; traced' "$1/versus.txt")" = 3 ]
if grep -l -F -e "$tmp" -e "$VMMIO_BUILD" "$1"/*; then
	echo "these name a path of this machine"
	exit 1
fi
