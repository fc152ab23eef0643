# SPDX-License-Identifier: GPL-2.0-only
#
# Tests of vmmio.ko: its register logic in userspace, the rest in guests.
vmmio_unit_test(ack)
vmmio_unit_test(regs tests/unit/fake_regs.c kmod/regs/common.c kmod/regs/mmio.c kmod/regs/pci.c)
vmmio_script_test(guest tests/guest/devices.sh TIMEOUT 240)

# asks a network driver for another ring size, which resets the virtqueue
add_executable(ringparam tests/guest/ringparam.c)
target_link_libraries(ringparam PRIVATE vmmio_flags)
vmmio_static(ringparam)
vmmio_script_test(guest tests/guest/options.sh)
vmmio_script_test(guest tests/guest/accesses.sh)
vmmio_script_test(guest tests/guest/wiring.sh)
