#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# vmmio-ctl set in a guest: settings reach the driver at the next bind or at
# once, wrong ones are refused in one line that says what is allowed, a busy
# device stays, and one that is not served comes back as it was with the
# driver's reason.
set -eu
here=$(dirname "$0")

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

cp "$(dirname "$0")/expect.guest" "$work/run.sh"
cat "$here/settings.guest" >>"$work/run.sh"

status=0
"$VMMIO_BUILD/vmmio-boot" --script "$work/run.sh" --columns mmio,pci-msix >"$work/out" || status=$?
cat "$work/out"
[ "$status" = 0 ] || exit 1
grep -qx settings-done "$work/out"
