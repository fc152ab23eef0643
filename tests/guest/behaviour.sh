#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# vmmio-stat where something is wrong: no module, no privilege, another ABI, a
# device that vanishes, a closed pipe, a full disk, signals, lost events. One
# clear line each, the documented status, nothing left attached.
set -eu

here=$(dirname "$0")
out=$(cat "$here/check.guest" "$here/behaviour.guest" | "${VMMIO_BUILD:?}/vmmio-boot" \
	--columns mmio,pci-intx,pci-msix --script - --timeout 100) || {
	echo "$out"
	exit 1
}
echo "$out"
case $(echo "$out" | tail -n 1) in
"CHECKS "[1-9]*" FAILED 0") ;;
*) exit 1 ;;
esac
