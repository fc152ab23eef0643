#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# Two INTx devices on one line: each interrupt of one runs the handler of the
# other, which finds a status of 0. Such runs are counted as spurious, by the
# tracepoints (BPF) and by the driver alike, and with the runs that found buffers
# make up all handler runs, as many as /proc/interrupts has for the line. The same
# under mainline's driver, by the hooks of the unpatched kernel.
set -eu
here=$(dirname "$0")

dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT

cp "$here/shared.guest" "$dir/common"
# the slot's number modulo 4 picks the line
set --
for addr in 1 5; do
	set -- "$@" -blockdev "null-co,node-name=d$addr,size=1073741824,read-zeroes=on" -device \
		"virtio-blk-pci,drive=d$addr,addr=$addr,vectors=0,disable-legacy=on,ioeventfd=off,num-queues=1"
done
check()
{
	{
		echo "load='$2' stat='$3'"
		cat "$dir/common"
	} >"$dir/script"
	reports=$1
	shift 3
	"${VMMIO_BUILD:?}/vmmio-boot" --timeout 60 --script "$dir/script" -- "$@" >"$dir/out"

	awk -v reports="$reports" '
		function counter(device, queue, key, row)
		{
			if (!match($0, "\"device\":\"" device "\",[^}]*\"queue\":" queue ",[^}]*\"counters\":\\{[^}]*\\}"))
				return "?"
			row = substr($0, RSTART, RLENGTH)
			if (!match(row, "\"" key "\":[0-9]+"))
				return "?"
			return substr(row, RSTART + length(key) + 3, RLENGTH - length(key) - 3)
		}
		function expect(what, got, want)
		{
			if (got "" != want "") {
				print "shared: " run ": " what ": " got ", not " want
				bad = 1
			}
		}
		$1 == "RUN" { run = $2; n = 0; next }
		/"tool":"vmmio-stat"/ {
			source[n] = $0 ~ /"source":"sysfs"/ ? "driver" : "BPF"
			for (i = 0; i < 2; i++) {
				runs[n, i] = counter("virtio" i, "null", "irqs")
				spurious[n, i] = counter("virtio" i, "null", "irqs_spurious")
				found[n, i] = counter("virtio" i, 0, "irqs_found")
			}
			n++
		}
		$1 == "IRQS" {
			expect("reports", n, reports)
			expect("the line has one count", $3, $4)
			for (s = 0; s < n; s++)
				for (i = 0; i < 2; i++) {
					name = source[s] ", virtio" i ": "
					expect(name "handler runs", runs[s, i], $2)
					expect(name "runs with and without a find", found[s, i] + spurious[s, i], $2)
					if (run == "both") {
						if (spurious[s, i] + 0 >= $2 + 0)
							expect(name "spurious", spurious[s, i], "less than " $2)
					} else {
						busy = (run == "one") == (i == 0)
						expect(name "spurious", spurious[s, i], busy ? 0 : $2)
						expect(name "interrupts of 300 requests", $2, 300)
					}
				}
			printf "%-5s %d interrupts; spurious %s and %s\n", run, $2, spurious[0, 0], spurious[0, 1]
			done++
		}
		END {
			expect("runs", done + 0, 3)
			exit bad
		}' "$dir/out" || {
		cat "$dir/out"
		exit 1
	}
}

echo ours
check 2 "load_vmmio claim=pci" "vmmio-stat --source sysfs --json -- vmmio-stat --source bpf" "$@"
echo mainline
check 1 load_mainline "vmmio-stat --source mainline" "$@"
