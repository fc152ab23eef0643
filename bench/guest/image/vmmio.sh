# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=sh
#
# Helpers for scripts that run in the guest; sourced before /run.sh. Nothing
# here decides what is measured. A helper that fails says why on the console
# and returns 1; under `set -e` that ends the script.

say()
{
	echo "$*" >&2
}

# mod NAME [PARAMETER=VALUE...]: load a module, unless it is there or built in
mod()
{
	if [ -d "/sys/module/$1" ] || grep -qx "$1" /lib/modules/builtin; then
		return 0
	fi
	if [ ! -f "/lib/modules/$1.ko" ]; then
		say "mod: this image has no module $1"
		return 1
	fi
	_mod=$1
	shift
	insmod "/lib/modules/$_mod.ko" "$@" >&2 || {
		say "mod: cannot load $_mod $*"
		return 1
	}
}

# part NAME: one that older kernels have within another module
part()
{
	[ ! -f "/lib/modules/$1.ko" ] || mod "$1"
}

load_base()
{
	mod virtio_ring && mod virtio
}

# Kernels with virtio_pci built in have bound all PCI devices before /init runs.
release_pci()
{
	for _dev in /sys/bus/pci/drivers/virtio-pci/0*; do
		[ ! -e "$_dev" ] || basename "$_dev" >/sys/bus/pci/drivers/virtio-pci/unbind
	done
}

# load_vmmio [PARAMETER=VALUE...]: our driver, for example claim=all intx=0
load_vmmio()
{
	case " $* " in
	*" claim=all "* | *" claim=pci "*) release_pci ;;
	esac
	load_base && mod vmmio "$@"
}

# mainline's transports
load_mainline()
{
	load_base && mod virtio_mmio && part virtio_pci_legacy_dev &&
		part virtio_pci_modern_dev && mod virtio_pci
}

load_blk()
{
	load_base && mod virtio_blk
}

load_net()
{
	load_base && mod failover && mod net_failover && mod virtio_net
}

load_rng()
{
	load_base && mod rng_core && mod virtio_rng
}

load_console()
{
	load_base && mod virtio_console
}

load_balloon()
{
	load_base && mod virtio_balloon
}

load_scsi()
{
	# part of scsi_mod until 5.14
	load_base && { [ ! -f /lib/modules/scsi_common.ko ] || mod scsi_common; } &&
		mod scsi_mod && mod virtio_scsi && mod sd_mod
}

load_input()
{
	load_base && mod virtio_input && mod evdev
}

# load_kvm: in a bench host, until /dev/kvm is there
load_kvm()
{
	part irqbypass && mod kvm || return 1
	if grep -qw svm /proc/cpuinfo; then
		mod kvm_amd
	elif grep -qw vmx /proc/cpuinfo; then
		mod kvm_intel
	fi
	if [ ! -c /dev/kvm ]; then
		say "load_kvm: KVM finds nothing to run on (a processor with SVM: vmmio-boot --host)"
		return 1
	fi
}

# host_info: a bench host's kernel and QEMU, for a report: its guest's, not this machine's
host_info()
{
	printf '@info {"host":{"kernel":"%s","qemu":"%s"}}\n' "$(uname -r)" \
		"$(for q in /bin/qemu-system-*; do $q --version; done |
			sed -n 's/^QEMU emulator version \([0-9.]*\).*/\1/p')"
}

# load_vhost: what sends and receives for a guest from the host's kernel
load_vhost()
{
	part vhost_iotlb && mod vhost && mod tun && part tap && mod vhost_net
}

# load_vhost_scsi: the same for disks, which are LUNs of the host's kernel
load_vhost_scsi()
{
	part configfs && { [ ! -f /lib/modules/scsi_common.ko ] || mod scsi_common; } &&
		part vhost_iotlb && mod vhost && mod target_core_mod && mod vhost_scsi || return 1
	mkdir -p /sys/kernel/config
	grep -q ' /sys/kernel/config ' /proc/mounts ||
		mount -t configfs configfs /sys/kernel/config
}

# null_lun WWPN PAGES: a target with one disk of so many pages, which reads and writes nothing
null_lun()
{
	_target=/sys/kernel/config/target
	_disk=$_target/core/rd_mcp_0/$1
	_port=$_target/vhost/$1/tpgt_1
	mkdir -p "$_disk" "$_port/lun/lun_0" &&
		echo "rd_pages=$2,rd_nullio=1" >"$_disk/control" && echo 1 >"$_disk/enable" &&
		echo "${1%??}ff" >"$_port/nexus" && ln -s "$_disk" "$_port/lun/lun_0/disk"
}

# l2 OPTION...: in a bench host, vmmio-boot under the KVM here; the limit of the
# bench host itself is what ends a hang
l2()
{
	load_kvm || return 1
	VMMIO_IMAGE_DIR=/l2 vmmio-boot --accel kvm --timeout 3600 "$@"
}

# wait_for N PATTERN: until N such paths are there, 10 s at most
wait_for()
{
	_tries=100
	while :; do
		_have=0
		for _path in $2; do
			[ ! -e "$_path" ] || _have=$((_have + 1))
		done
		[ "$_have" -lt "$1" ] || return 0
		_tries=$((_tries - 1))
		if [ "$_tries" = 0 ]; then
			say "wait_for: $_have of $2 instead of $1"
			return 1
		fi
		usleep 100000
	done
}

# What vmmio-stat hooks is taken off behind its back, and keeps the modules until then.
until_unhooked()
{
	_tries=200
	while grep -q bpf_trampoline /sys/kernel/tracing/enabled_functions; do
		_tries=$((_tries - 1))
		[ $_tries != 0 ] || {
			say "still hooked: $(cat /sys/kernel/tracing/enabled_functions)"
			return 1
		}
		usleep 50000
	done
}

# wait_blk N: until N virtio disks are there
wait_blk()
{
	wait_for "$1" '/sys/block/vd*'
}

# transport_of DEVICE: mmio, pci-msix or pci-intx, of a virtio device's sysfs folder
transport_of()
{
	_parent=$(dirname "$(readlink -f "$1")")
	case $(basename "$(readlink -f "$_parent/subsystem")") in
	pci)
		if [ -n "$(ls "$_parent/msi_irqs" 2>/dev/null)" ]; then
			echo pci-msix
		else
			echo pci-intx
		fi
		;;
	platform | amba) echo mmio ;;
	*) return 1 ;;
	esac
}

# blk_on TRANSPORT: the device nodes of the disks behind it
blk_on()
{
	_found=''
	for _disk in /sys/block/vd*; do
		[ -e "$_disk" ] || continue
		if [ "$(transport_of "$_disk/device")" = "$1" ]; then
			echo "/dev/$(basename "$_disk")"
			_found=1
		fi
	done
	if [ -z "$_found" ]; then
		say "blk_on: no virtio disk behind $1"
		return 1
	fi
}

# scsi_on TRANSPORT: the node of the first disk of a virtio-scsi host behind it
scsi_on()
{
	for _disk in /sys/block/sd*; do
		[ -e "$_disk" ] || continue
		if [ "$(transport_of "$(virtio_above "$_disk")")" = "$1" ]; then
			echo "/dev/$(basename "$_disk")"
			return 0
		fi
	done
	say "scsi_on: no disk of virtio-scsi behind $1"
	return 1
}

# virtio_above FOLDER: the folder of the virtio device that a node of sysfs belongs to
virtio_above()
{
	readlink -f "$1/device" | sed 's,\(.*/virtio[0-9]*\)/.*,\1,'
}

# net_on TRANSPORT [N]: the Nth interface behind it, the first if not given
net_on()
{
	_n=${2:-1}
	for _if in /sys/class/net/*; do
		[ -e "$_if/device" ] || continue
		[ "$(transport_of "$_if/device")" = "$1" ] || continue
		_n=$((_n - 1))
		if [ "$_n" = 0 ]; then
			basename "$_if"
			return 0
		fi
	done
	say "net_on: no interface ${2:-1} behind $1"
	return 1
}

# port_on TRANSPORT: the node of the virtio port behind it
port_on()
{
	for _port in /sys/class/virtio-ports/*; do
		if [ "$(transport_of "$_port/device")" = "$1" ]; then
			echo "/dev/$(basename "$_port")"
			return 0
		fi
	done
	say "port_on: no port behind $1"
	return 1
}

# The kernel's own reader of entropy takes from the current source at times of its
# own, on 6.1 whatever rng_quality says. It is a thread, made whenever a source becomes
# the current one: rng_quietly COMMAND runs a builtin, or what a process becomes,
# while no thread can be made.
rng_quietly()
{
	_max=$(cat /proc/sys/kernel/threads-max)
	_st=0
	(
		echo 20 >/proc/sys/kernel/threads-max
		"$@"
	) || _st=$?
	echo "$_max" >/proc/sys/kernel/threads-max
	return "$_st"
}

rng_select()
{
	echo "$1" >/sys/class/misc/hw_random/rng_current
}

# load_quiet_rng: virtio_rng, with no other reader than /dev/hwrng's
load_quiet_rng()
{
	load_base && mod rng_core && rng_quietly exec insmod /lib/modules/virtio_rng.ko >&2
}

# rng_use SOURCE: /dev/hwrng reads from this one (virtio_rng.0, or one of rng_on)
rng_use()
{
	rng_quietly rng_select "${1%%:*}"
	_now=$(cat /sys/class/misc/hw_random/rng_current)
	if [ "$_now" != "${1%%:*}" ]; then
		say "rng_use: the kernel reads from $_now instead of $1"
		return 1
	fi
	if grep -qsx hwrng /proc/[0-9]*/comm; then
		say "rng_use: the kernel reads entropy too"
		return 1
	fi
	# one read ahead of the load, as it will be in its middle
	dd if=/dev/hwrng of=/dev/null bs=64 count=1 2>/dev/null
	usleep 20000
}

# rng_on TRANSPORT: the entropy source behind it as SOURCE:DEVICE. The kernel
# numbers its sources and does not say of which device: reading from each shows
# whose interrupts rise.
rng_on()
{
	_sources=$(cat /sys/class/misc/hw_random/rng_available)
	for _source in $_sources; do
		rng_use "$_source" || return 1
		for _dev in /sys/bus/virtio/drivers/virtio_rng/virtio*; do
			[ "$(transport_of "$_dev")" = "$1" ] || continue
			_dev=$(basename "$_dev")
			_before=$(irqs_of "$_dev")
			dd if=/dev/hwrng of=/dev/null bs=256 count=1 2>/dev/null
			usleep 20000
			if [ "$(irqs_of "$_dev")" -gt "$_before" ]; then
				echo "$_source:$_dev"
				return 0
			fi
		done
	done
	say "rng_on: no entropy source behind $1"
	return 1
}

# virtio_of NODE: the virtio device ("virtio0") behind a disk (/dev/vda), an
# interface (eth0), a port (/dev/vport0p1) or an entropy source (of rng_on)
virtio_of()
{
	case $1 in
	virtio_rng.*:*)
		echo "${1#*:}"
		return 0
		;;
	esac
	_name=$(basename "$1")
	for _class in block net virtio-ports; do
		if [ -e "/sys/class/$_class/$_name/device" ]; then
			basename "$(virtio_above "/sys/class/$_class/$_name")"
			return 0
		fi
	done
	say "virtio_of: nothing known as $1"
	return 1
}

# irqs_of VIRTIO: interrupts so far of a device ("virtio0"), all CPUs and vectors,
# by their names in /proc/interrupts
irqs_of()
{
	awk -v name="$1" '
		NR == 1 { cpus = NF; next }
		{
			for (i = cpus + 2; i <= NF; i++)
				if ($i == name || $i == name "," || index($i, name "-") == 1) {
					for (c = 2; c <= cpus + 1; c++)
						sum += $c
					break
				}
		}
		END { printf "%d\n", sum }' /proc/interrupts
}
