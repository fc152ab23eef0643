# SPDX-License-Identifier: GPL-2.0-only
#
# Booting guests: what vmmio-boot, vmmio-bench and the tests share.
find_library(LIBJANSSON_A libjansson.a)
if(NOT LIBJANSSON_A)
	message(FATAL_ERROR "no static jansson: package libjansson-dev is needed")
endif()
add_library(
	vmmio_guest STATIC
	bench/guest/cpio.c
	bench/guest/guest.c
	bench/guest/probe.c
	bench/guest/qemu.c
	bench/guest/qmp.c
	bench/guest/target.c
	bench/guest/vmm.c
	bench/plot/quote.c
)
target_compile_definitions(vmmio_guest PRIVATE VMMIO_IMAGE_DIR="${CMAKE_BINARY_DIR}/image")
target_link_libraries(vmmio_guest PUBLIC vmmio_lib ${LIBJANSSON_A})

add_executable(vmmio-boot bench/guest/boot.c)
target_link_libraries(vmmio-boot PRIVATE vmmio_guest)
if(VMMIO_STAT_FOR)
	vmmio_static(vmmio-boot) # for a guest without the libraries of its architecture
endif()
