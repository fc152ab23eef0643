#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# Two counters at the same time: vmmio-stat and bpftrace hook the same functions
# of mainline's drivers (or, with "ours", our tracepoints) while disks, networks
# and consoles on all transports are loaded. Every virtqueue's kicks, kick
# opportunities and interrupts, and every handler's runs, must be the same. With
# a folder of results/ as second argument the table is kept there.
# usage: bpftrace.sh mainline|ours [DIR]   (results/<date>-<cpu>-tcg)
set -eu

driver=$1 keep=${2:-}
if ! command -v bpftrace >/dev/null; then
	echo "no bpftrace (package bpftrace): skipped"
	exit 77
fi
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT

# bpftrace is dynamically linked: the loader and its libraries go along
set --
for file in $(ldd "$(command -v bpftrace)" | sed -n 's/.*\( \|\t\)\(\/[^ ]*\) (0x.*/\2/p'); do
	case $file in
	*/ld-linux*) set -- "$@" --file "$(readlink -f "$file"):$file" ;;
	*) set -- "$@" --file "$(readlink -f "$file"):/lib/$(basename "$file")" ;;
	esac
done

# what is counted, by virtqueue (or by device, where there is none)
case $driver in
mainline)
	cat >"$dir/count.bt" <<-'END'
		BEGIN { printf("READY\n"); }
		kprobe:vm_notify, kprobe:vp_notify { @kick[arg0] = count(); }
		kprobe:virtqueue_kick_prepare { @opportunity[arg0] = count(); }
		kprobe:vring_interrupt { @interrupt[arg1] = count(); }
		kprobe:vm_interrupt { @handler[arg1] = count(); }
		kprobe:vp_interrupt { @handler[arg1] = count(); }
	END
	load='load_mainline' source=mainline
	;;
ours)
	cat >"$dir/count.bt" <<-'END'
		BEGIN { printf("READY\n"); }
		tracepoint:vmmio:vmmio_kick { @kick[args->slot] = count(); }
		kprobe:virtqueue_kick_prepare { @opportunity[arg0] = count(); }
		tracepoint:vmmio:vmmio_vq_irq { @interrupt[args->slot] = count(); }
		tracepoint:vmmio:vmmio_irq { @handler[args->slot] = count(); }
	END
	load='load_vmmio claim=all' source=auto
	;;
*)
	echo "usage: bpftrace.sh mainline|ours [DIR]" >&2
	exit 2
	;;
esac

cat >"$dir/script" <<END
set -e
$load
load_blk
load_net
load_console
wait_blk 4
cat >/tmp/load.sh <<'EOS'
for disk in /dev/vd*; do
	blkload --depth 1 --count 100 "\$disk" >/dev/null
	blkload --depth 16 --count 500 --rw 50 "\$disk" >/dev/null
done
for net in eth0 eth1 eth2; do
	ip addr add 10.0.2.15/24 dev "\$net"
	ip link set "\$net" up
	ping -c 5 -i 0.1 -W 1 10.0.2.2 >/dev/null
	ip link set "\$net" down
	ip addr flush dev "\$net"
done
for port in /dev/hvc*; do
	for i in 1 2 3 4 5 6 7 8 9; do echo "line \$i" >"\$port"; done
done
sleep 1
EOS
LD_LIBRARY_PATH=/lib bpftrace /root/count.bt >/tmp/counted 2>/tmp/complaint &
pid=\$!
tries=900
until grep -q READY /tmp/counted; do
	tries=\$((tries - 1))
	if [ "\$tries" = 0 ] || [ ! -d "/proc/\$pid" ]; then
		cat /tmp/complaint
		exit 1
	fi
	sleep 0.1
done
vmmio-stat --source $source --json -- sh /tmp/load.sh
kill -INT \$pid
wait \$pid || :
cat /tmp/complaint
sed 's/^@/BT /' /tmp/counted
END

pci=',disable-legacy=on,ioeventfd=off'
"${VMMIO_BUILD:?}/vmmio-boot" --memory 2048 --timeout 300 --columns mmio,pci-intx,pci-msix --script "$dir/script" \
	--file "$(command -v bpftrace):/bin/bpftrace" --file "$dir/count.bt:/root/count.bt" "$@" -- \
	-blockdev null-co,node-name=slow,size=1073741824,read-zeroes=on,latency-ns=300000 \
	-device "virtio-blk-pci,drive=slow,packed=on$pci" \
	-netdev user,id=h0,restrict=on -device virtio-net-device,netdev=h0 \
	-netdev user,id=h1,restrict=on -device "virtio-net-pci,netdev=h1,vectors=0$pci" \
	-netdev user,id=h2,restrict=on -device "virtio-net-pci,netdev=h2$pci" \
	-device virtio-serial-device,id=s0,max_ports=1 -chardev null,id=c0 -device virtconsole,bus=s0.0,chardev=c0 \
	-device "virtio-serial-pci,id=s1,max_ports=1,vectors=0$pci" -chardev null,id=c1 -device virtconsole,bus=s1.0,chardev=c1 \
	-device "virtio-serial-pci,id=s2,max_ports=1$pci" -chardev null,id=c2 -device virtconsole,bus=s2.0,chardev=c2 >"$dir/out" || {
	grep -v "^{" "$dir/out"
	exit 1
}

# Which of bpftrace's keys is which virtqueue is not known: the counts are, in order.
awk '
	function counter(row, key)
	{
		if (!match(row, "\"" key "\":[0-9]+"))
			return ""
		return substr(row, RSTART + length(key) + 3, RLENGTH - length(key) - 3)
	}
	function say(witness, what, n) { if (n + 0) print what, witness, n }
	$1 == "BT" {
		sub("\\[.*", "", $2)
		say("bpftrace", $2, $NF)
	}
	/"tool":"vmmio-stat"/ {
		match($0, "\"events_lost\":[0-9a-z]+")
		print "lost vmmio-stat", substr($0, RSTART + 14, RLENGTH - 14)
		count = split($0, rows, "{\"device\":\"")
		for (i = 2; i <= count; i++) {
			if (rows[i] !~ /"counters":/)
				continue
			if (rows[i] ~ /"queue":null/) {
				# mainline has a handler for each line, none for each device with MSI-X
				if (driver == "ours" || rows[i] !~ /"irq_mode":"msix/)
					say("vmmio-stat", "handler", counter(rows[i], "irqs"))
			} else {
				say("vmmio-stat", "kick", counter(rows[i], "kicks"))
				say("vmmio-stat", "opportunity", counter(rows[i], "opportunities"))
				say("vmmio-stat", "interrupt", counter(rows[i], "irqs"))
			}
		}
	}' driver="$driver" "$dir/out" | sort -k1,1 -k2,2 -k3,3n >"$dir/counts"

{
	echo "# Counts by virtqueue (handler: by device), in order of size; made by tests/matrix/bpftrace.sh."
	echo "# $(bpftrace --version), vmmio-stat on $driver, $(qemu-system-x86_64 --version | head -n 1), accelerator tcg"
	awk '
		{ list[$1, $2] = list[$1, $2] " " $3; sum[$1, $2] += $3 }
		END {
			n = split("kick opportunity interrupt handler", what, " ")
			for (i = 1; i <= n; i++) {
				w = what[i]
				a = list[w, "bpftrace"]
				b = list[w, "vmmio-stat"]
				same = a == b && a != ""
				bad = bad || !same
				printf "%-11s bpftrace  %5d:%s\n", w, sum[w, "bpftrace"], a
				printf "%-11s vmmio-stat%5d:%s  %s\n", w, sum[w, "vmmio-stat"], b, same ? "equal" : "DIFFERENT"
			}
			printf "events lost vmmio-stat %s\n", list["lost", "vmmio-stat"]
			exit bad || list["lost", "vmmio-stat"] != " 0"
		}' "$dir/counts" || touch "$dir/differ"
} >"$dir/table"
cat "$dir/table"
if [ -n "$keep" ]; then
	mkdir -p "$keep/bpftrace"
	cp "$dir/table" "$keep/bpftrace/$driver.txt"
fi
[ ! -e "$dir/differ" ]
