#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# What no hook saw is not 0: functions of the same name elsewhere, function
# tracing and kprobes switched off before and while vmmio-stat looks, a CPU that
# goes offline with its count of interrupts, a queue before its first interrupt.
set -eu

here=$(dirname "$0")
out=$(cat "$here/check.guest" "$here/blind.guest" | "${VMMIO_BUILD:?}/vmmio-boot" --script - \
	--columns mmio,pci-msix --smp 2 --timeout 150 \
	--file "$VMMIO_BUILD/twin/twin.ko:/lib/modules/twin.ko") || {
	echo "$out"
	exit 1
}
echo "$out"
case $(echo "$out" | tail -n 1) in
"CHECKS "[1-9]*" FAILED 0") ;;
*) exit 1 ;;
esac
