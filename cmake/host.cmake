# SPDX-License-Identifier: GPL-2.0-only
#
# The host side: BPF on KVM, the micro benches.
