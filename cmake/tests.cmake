# SPDX-License-Identifier: GPL-2.0-only
#
# All tests, by label: unit, guest, host, tree.
