# SPDX-License-Identifier: GPL-2.0-only
#
# vmmio-bench, vmmio-boot and the load generator.
