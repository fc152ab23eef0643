#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Is the fuzzer of the register logic worth its time? Plants bugs, one at a time, in a
# copy of the driver, and lets it run from nothing: each must be found. Prints one line
# of each: executions and seconds (of the build, too) until then, and what was said.
# usage: planted.sh [FILE]   (the lines with a head, to FILE too)
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
limit=600 # seconds; the best of a machine that has other work to do

# name ~ file ~ text ~ text with the bug
bugs='
ring limit unchecked~regs/common.c~n > VMMIO_QUEUE_SIZE_LIMIT~0
MMIO queue size unchecked~regs/mmio.c~if (n > VMMIO_QUEUE_SIZE_LIMIT)~if (0)
PCI queue size unchecked~regs/pci.c~if (n > VMMIO_QUEUE_SIZE_LIMIT)~if (0)
reach of configuration wraps~regs/common.c~len <= r->config_len && offset <= r->config_len - len~offset + len <= r->config_len
wait without end~regs/common.c~if (waited >= VMMIO_RESET_TIMEOUT_US)~if (0)
configuration read without end~regs/common.c~if (++passes >= VMMIO_CONFIG_PASSES_MAX)~if (0)
stop believed~regs/mmio.c~return RD(r, QUEUE_READY) ? -EIO : 0;~return 0;
PCI queue reset believed~regs/pci.c~return RD(r, QUEUE_ENABLE) ? -EIO : 0;~return 0;
refused vector believed~regs/pci.c~RD(r, QUEUE_MSIX_VECTOR) != q->vector~0
shared memory wraps~regs/common.c~if (base + len < base)~if (0)
absent device read on~regs/mmio.c~if (!id->device_id)~if (RD(r, VENDOR_ID) && !id->device_id)
end of a structure wraps~pci_caps.c~(u64)c->offset + c->length~c->offset + c->length
BAR unchecked~pci_caps.c~c->bar >= PCI_STD_NUM_BARS ||~
list of capabilities without end~pci_caps.c~pos > 0 && left--~pos > 0
BARs not given back~pci_caps.c~if (pv->bars)~if (0)
index fetched twice~index.h~delta = *idx - (u16)old;~delta = vmmio_index(q, from) - (u16)old;
turn of an index unseen~index.h~) & 0x8000;~) & 0x8000 & 0x4000;
'

say()
{
	printf '%s\n' "$*"
	[ -z "$file" ] || printf '%s\n' "$*" >>"$file"
}
file=${1-}
[ -z "$file" ] || : >"$file"
say "# Bugs planted in kmod, found by tests/fuzz/regs.c from an empty corpus (tests/fuzz/planted.sh)."
say "# $(clang --version | head -n 1); $(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -n 1), one CPU"
say "bug,executions,seconds,said"

status=0
while IFS='~' read -r name where old new; do
	[ -n "$name" ] || continue
	rm -rf "$work/tree" "$work/corpus"
	mkdir -p "$work/tree" "$work/corpus"
	cp -r "$VMMIO_SOURCE/kmod" "$VMMIO_SOURCE/include" "$work/tree/"
	text=$(cat "$work/tree/kmod/$where"; printf .)
	case $text in
	*"$old"*) ;;
	*)
		say "$name: $where has no text to put it in" >&2
		exit 1
		;;
	esac
	text=${text/"$old"/"$new"}
	printf %s "${text%.}" >"$work/tree/kmod/$where"
	SECONDS=0
	VMMIO_FUZZ_FLAGS=-Wno-error "$VMMIO_SOURCE/tests/fuzz/build.sh" "$work/tree" "$VMMIO_BUILD/fuzz/shim" "$work/regs" 2>/dev/null
	if "$work/regs" -seed=1 -max_len=300 -max_total_time=$limit -artifact_prefix="$work/" \
		-print_final_stats=1 "$work/corpus" >"$work/log" 2>&1; then
		say "$name,$(sed -n 's/^stat::number_of_executed_units: *//p' "$work/log"),$limit,not found"
		status=1
		continue
	fi
	said=$(grep -m 1 -E '^fuzz:|runtime error:|ERROR: (AddressSanitizer|libFuzzer)' "$work/log" |
		sed 's/.*\(fuzz\|error\|ERROR\): //; s/,/;/g; s/ on unknown.*//; s/0x[0-9a-f]*/X/g')
	say "$name,$(sed -n 's/^stat::number_of_executed_units: *//p' "$work/log"),$SECONDS,$said"
done <<<"$bugs"
exit $status
