# SPDX-License-Identifier: GPL-2.0-only
#
# vmmio-ctl.
add_executable(
	vmmio-ctl tools/vmmio-ctl/main.c tools/vmmio-ctl/device.c tools/vmmio-ctl/busy.c
		  tools/vmmio-ctl/move.c tools/vmmio-ctl/persist.c tools/vmmio-ctl/set.c tools/vmmio-ctl/settings.c
		  tools/vmmio-ctl/try.c tools/vmmio-ctl/legs.c
)
target_link_libraries(vmmio-ctl PRIVATE vmmio_lib ${LIBJANSSON_A} m)
vmmio_static(vmmio-ctl)
vmmio_unit_test(legs tools/vmmio-ctl/legs.c tools/vmmio-ctl/device.c LIBS vmmio_lib ${LIBJANSSON_A} m)
vmmio_script_test(guest tests/guest/ctl.sh TIMEOUT 120)
vmmio_script_test(guest tests/guest/settings.sh TIMEOUT 120)
