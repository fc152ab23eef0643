# SPDX-License-Identifier: GPL-2.0-only
#
# vmmio-bench, vmmio-boot and the load generator.
add_executable(blkload bench/blkload.c tools/vmmio-stat/num.c)
target_include_directories(blkload PRIVATE ${CMAKE_SOURCE_DIR})
target_link_libraries(blkload PRIVATE vmmio_flags)
vmmio_static(blkload)
