#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# vmmio-layers in a bench host: what it gives to guest, KVM, monitor, the rest of
# the host, idle and itself adds up, to 1 %, to the time that the guest's load took
# for the same requests by its own clock; none of the requests but the first is
# missing. The guest's own share hardly differs between transports, KVM's and the
# monitor's is greatest over mmio and least over MSI-X.
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
[ -f "$VMMIO_BUILD/image/host.cpio" ] || {
	echo "SKIP: no image of a bench host was built here (no QEMU, or not x86-64)"
	exit 77
}

fail() {
	echo "layers: $*" >&2
	exit 1
}

cat >"$work/run.sh" <<'END'
set -e
load_kvm
vmmio-layers >/tmp/layers 2>/tmp/err &
watcher=$!
until grep -q attached /tmp/err; do
	kill -0 $watcher || { cat /tmp/err >&2; exit 1; }
	usleep 100000
done
l2 --ioeventfd --columns mmio,pci-intx,pci-msix --command '
	load_vmmio claim=all && load_blk && wait_blk 3
	for t in mmio pci-intx pci-msix; do
		node=$(blk_on $t)
		device=$(readlink -f /sys/block/${node#/dev/}/device/..)
		if [ $t = mmio ]; then
			echo "window $t 0 $((0xffffffff))" # the only virtio-mmio device
		else
			while read -r start end flags; do
				[ $((start)) = 0 ] || echo "window $t $((start)) $((end))"
			done <$device/resource
		fi
		sleep 1
		echo "load $t $(blkload --count 500 $node)"
	done'
kill -INT $watcher
wait $watcher || { cat /tmp/err >&2; exit 1; }
sed 's/{"address"/\n&/g' /tmp/layers | grep '^{"address"'
END
"$VMMIO_BUILD/vmmio-boot" --host --icount --tries 3 --timeout 120 --script "$work/run.sh" >"$work/out" 2>"$work/err" || {
	cat "$work/out" "$work/err" >&2
	fail "the bench host failed"
}

# a line a transport: its name, requests, time by the guest, and its doorbell's row
sed -n 's/^load \([a-z-]*\) .*"ios":\([0-9]*\),.*"elapsed_ns":\([0-9]*\),.*/load \1 \2 \3/p
	/^window/p
	/^{"address"/s/[^0-9]\{1,\}/ /gp' "$work/out" >"$work/numbers"
awk '
	$1 == "window" { n++; of[n] = $2; low[n] = $3; high[n] = $4; next }
	$1 == "load" { ios[$2] = $3; took[$2] = $4; next }
	{
		for (i = 1; i <= n; i++) {
			t = of[i]
			# of the registers of mmio it is the doorbell
			if ($1 < low[i] || $1 > high[i] || (t == "mmio" && $1 % 512 != 80) || $2 <= periods[t])
				continue
			periods[t] = $2
			for (k = 0; k < 6; k++)
				layer[t, k] = $(5 + k) / $2
		}
	}
	END {
		split("guest kvm vmm other idle probe", name)
		printf "%-10s", "per I/O"
		for (k = 0; k < 6; k++)
			printf " %9s", name[k + 1]
		printf " %9s %9s %9s\n", "sum", "guest saw", "residual"
		for (t in ios) {
			sum = 0
			printf "%-10s", t
			for (k = 0; k < 6; k++) {
				printf " %9.0f", layer[t, k]
				sum += layer[t, k]
			}
			seen = took[t] / ios[t]
			printf " %9.0f %9.0f %8.2f%%\n", sum, seen, 100 * (seen - sum) / seen
			if (periods[t] != ios[t] - 1 || sum > 1.01 * seen || sum < 0.99 * seen)
				bad = t ": " periods[t] " periods of " ios[t] " requests, or the layers do not add up"
			# the same driver and load: what the guest itself takes hardly differs
			if (layer[t, 0] > 1.3 * layer["pci-msix", 0] || layer[t, 0] < layer["pci-msix", 0])
				bad = t ": the guest takes another share than over MSI-X"
			seen_all++
		}
		for (k = 1; k <= 2; k++)
			if (!(layer["mmio", k] > layer["pci-intx", k] && layer["pci-intx", k] > layer["pci-msix", k]))
				bad = name[k + 1] ": mmio, INTx, MSI-X is not the order of its share"
		if (seen_all != 3)
			bad = "not all transports ran"
		if (bad)
			print bad
		exit bad != ""
	}' "$work/numbers" || fail "$(cat "$work/out")"
