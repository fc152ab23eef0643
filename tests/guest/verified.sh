#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# --verify holds while CPUs come and go and while handlers are threads, with nothing lost and
# no false difference: mainline's drivers under load, interval by interval, and over a command
# to the kick. Handlers are threads by the kernel's command line; a kernel that is PREEMPT_RT
# has them anyway.
set -eu
here=$(dirname "$0")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"${VMMIO_BUILD:?}/vmmio-boot" --columns mmio,pci-intx,pci-msix --smp 2 --append threadirqs --script "$here/verified.guest" \
	--timeout 100 >"$work/out" || {
	cat "$work/out"
	exit 1
}
grep '^verified on' "$work/out"
