# SPDX-License-Identifier: GPL-2.0-only
#
# The guest image: build/image/vmlinuz and build/image/initrd.cpio.
