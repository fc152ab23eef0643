#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# vmmio-stat where something is wrong: no module, no privilege, another ABI, a
# device that vanishes, a closed pipe, a full disk, signals, lost events. One
# clear line each, the documented status, nothing left attached.
set -eu

# shellcheck source=tests/guest/checks.sh
. "$(dirname "$0")/checks.sh"
checked "$here/behaviour.guest" \
	--columns mmio,pci-intx,pci-msix --timeout 100
