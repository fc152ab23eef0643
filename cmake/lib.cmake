# SPDX-License-Identifier: GPL-2.0-only
#
# vmmio_lib: what tools and bench share (lib/). It includes nothing of either.
add_library(
	vmmio_lib STATIC
	lib/accel.c
	lib/args.c
	lib/ioline.c
	lib/clock.c
	lib/patience.c
	lib/csv.c
	lib/json.c
	lib/num.c
	lib/opts.c
	lib/qmp.c
	lib/ini.c
	lib/text.c
)
target_include_directories(vmmio_lib PUBLIC ${CMAKE_SOURCE_DIR})
target_link_libraries(vmmio_lib PUBLIC vmmio_flags)
