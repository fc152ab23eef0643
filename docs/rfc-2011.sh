#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# The figures of rfc-2011.md: lines of code of the driver's parts, comments and
# blank lines left out. Prints them as a table, or, with --update, writes them
# into the document; --check fails where the document's conclusions no longer
# hold for the tree (not where a figure moved).
set -eu

cd "$(dirname "$0")/../kmod"

# Lines that are neither blank nor comment, in all files given.
code()
{
	awk '
		{
			line = $0
			while (1) {
				if (comment) {
					if (!match(line, /\*\//)) { line = ""; break }
					line = substr(line, RSTART + 2)
					comment = 0
				}
				if (!match(line, /\/\*/)) break
				rest = substr(line, RSTART + 2)
				line = substr(line, 1, RSTART - 1)
				if (match(rest, /\*\//)) line = line " " substr(rest, RSTART + 2)
				else comment = 1
				if (comment) break
			}
			sub(/\/\/.*/, "", line)
			if (line ~ /[^ \t]/) n++
		}
		END { print n + 0 }' "$@"
}

# A file that is in no group must not go unnoticed.
core='core.c reset.c vanish.c queue.c irq.c nudge.c slots.c main.c regs/common.c vmmio.h index.h counts.h sums.h regs/regs.h compat.h'
trace='events.c events.h trace.h'
options=$(find . -maxdepth 1 -name 'options.[ch]' | sed 's,^\./,,' | sort | tr '\n' ' ')
mmio='mmio.c mmio.h regs/mmio.c'
platform='platform.c'
cmdline='cmdline.c'
amba='amba.c'
pci=$(find . -maxdepth 1 -name 'pci*.[ch]' | sed 's,^\./,,' | sort | tr '\n' ' ')regs/pci.c
for file in $(find . -name '*.[ch]' | sed 's,^\./,,'); do
	case " $core $trace $options $mmio $platform $cmdline $amba $pci " in
	*" $file "*) ;;
	*)
		echo "rfc-2011.sh: kmod/$file is in no group" >&2
		exit 1
		;;
	esac
done

# shellcheck disable=SC2086 # lists of words
{
	n_core=$(code $core)
	n_trace=$(code $trace)
	n_options=0
	[ -z "$options" ] || n_options=$(code $options)
	n_mmio=$(code $mmio)
	n_platform=$(code $platform)
	n_cmdline=$(code $cmdline)
	n_amba=$(code $amba)
	n_pci=$(code $pci)
}
shared=$((n_core + n_trace + n_options))
total=$((shared + n_mmio + n_platform + n_cmdline + n_amba + n_pci))
permille()
{
	echo "$((($1 * 1000 / total + 5) / 10)) %"
}

table()
{
	echo '| part | lines | share | files |'
	echo '|---|---:|---:|---|'
	echo "| shared: virtio device, queues, interrupts, slots, checks | $n_core | $(permille "$n_core") | \`$core\` |"
	echo "| shared: tracepoints and pairing | $n_trace | $(permille "$n_trace") | \`$trace\` |"
	[ "$n_options" = 0 ] || echo "| shared: settings per device | $n_options | $(permille "$n_options") | \`${options% }\` |"
	echo "| MMIO registers, any bus | $n_mmio | $(permille "$n_mmio") | \`$mmio\` |"
	echo "| binding: platform bus (ACPI, device tree) | $n_platform | $(permille "$n_platform") | \`$platform\` |"
	echo "| binding: \`device=\` parameter | $n_cmdline | $(permille "$n_cmdline") | \`$cmdline\` |"
	echo "| binding: AMBA bus | $n_amba | $(permille "$n_amba") | \`$amba\` |"
	echo "| PCI: capabilities, registers, vectors | $n_pci | $(permille "$n_pci") | \`$pci\` |"
	echo "| all | $total | 100 % | |"
}

case ${1-} in
'') table ;;
--update)
	new=$(mktemp)
	trap 'rm -f "$new"' EXIT
	awk -v table="$(table)" '
		/<!-- figures -->/ { print; print table; skip = 1; next }
		/<!-- end of figures -->/ { skip = 0 }
		!skip' ../docs/rfc-2011.md >"$new"
	cat "$new" >../docs/rfc-2011.md
	;;
--check)
	status=0
	claim()
	{
		[ "$1" -gt "$2" ] || {
			echo "docs/rfc-2011.md says that $3; now it is $1 against $2 lines" >&2
			status=1
		}
	}
	claim "$shared" "$((total - shared))" "more is shared than not"
	claim "$n_pci" "$((n_mmio + n_platform))" "PCI takes more code than MMIO on the platform bus"
	claim "$n_mmio" "$n_amba" "the AMBA binding is smaller than what it shares with the platform one"
	claim 100 "$n_amba" "the AMBA binding takes less than 100 lines"
	claim 100 "$n_platform" "the platform binding takes less than 100 lines"
	table | while read -r row; do
		grep -qxF -e "$row" ../docs/rfc-2011.md || exit 1
	done || {
		echo "the figures of docs/rfc-2011.md are not today's: docs/rfc-2011.sh --update" >&2
		status=1
	}
	exit "$status"
	;;
*)
	echo "usage: rfc-2011.sh [--update | --check]" >&2
	exit 2
	;;
esac
