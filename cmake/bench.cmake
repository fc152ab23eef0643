# SPDX-License-Identifier: GPL-2.0-only
#
# vmmio-bench, vmmio-boot and the load generator.
add_executable(blkload bench/blkload.c tools/vmmio-stat/num.c)
target_include_directories(blkload PRIVATE ${CMAKE_SOURCE_DIR})
target_link_libraries(blkload PRIVATE vmmio_flags)
vmmio_static(blkload)

# Booting guests: what vmmio-boot, vmmio-bench and the tests share.
find_library(LIBJANSSON_A libjansson.a)
if(NOT LIBJANSSON_A)
	message(FATAL_ERROR "no static jansson: package libjansson-dev is needed")
endif()
add_library(vmmio_guest STATIC bench/accel.c bench/args.c bench/cpio.c bench/guest.c bench/probe.c
			       bench/qemu.c bench/qmp.c)
target_include_directories(vmmio_guest PUBLIC ${CMAKE_SOURCE_DIR} ${CMAKE_SOURCE_DIR}/bench)
target_compile_definitions(vmmio_guest PRIVATE VMMIO_IMAGE_DIR="${CMAKE_BINARY_DIR}/image")
target_link_libraries(vmmio_guest PUBLIC vmmio_flags ${LIBJANSSON_A})

add_executable(vmmio-boot bench/boot.c tools/vmmio-stat/num.c)
target_link_libraries(vmmio-boot PRIVATE vmmio_guest)
