#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# What no hook saw is not 0: functions of the same name elsewhere, function
# tracing and kprobes switched off before and while vmmio-stat looks, a CPU that
# goes offline with its count of interrupts, a queue before its first interrupt.
set -eu

# shellcheck source=tests/guest/checks.sh
. "$(dirname "$0")/checks.sh"
checked "$here/blind.guest" \
	--columns mmio,pci-msix --smp 2 --timeout 150 \
	--file "$VMMIO_BUILD/twin/twin.ko:/lib/modules/twin.ko"
