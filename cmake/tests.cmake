# SPDX-License-Identifier: GPL-2.0-only
#
# All tests, by label: unit, guest, host, tree.
vmmio_script_test(guest tests/guest/smoke.sh)
vmmio_script_test(guest tests/guest/endings.sh TIMEOUT 240)
vmmio_script_test(tree tests/tree/style.sh)
vmmio_script_test(tree tests/tree/arrows.sh)
vmmio_script_test(tree tests/tree/cppcheck.sh)
vmmio_script_test(tree tests/tree/tidy.sh TIMEOUT 200)
vmmio_script_test(tree tests/tree/options.sh)
vmmio_script_test(tree tests/tree/quickstart.sh)
vmmio_script_test(guest tests/guest/truth.sh)
add_test(NAME guest.truth-tracefs COMMAND ${CMAKE_SOURCE_DIR}/tests/run
					  ${CMAKE_SOURCE_DIR}/tests/guest/truth.sh tracefs)
vmmio_test_properties(guest.truth-tracefs guest 120)
vmmio_script_test(guest tests/guest/probe.sh)
vmmio_script_test(guest tests/guest/behaviour.sh)
vmmio_script_test(guest tests/guest/refused.sh TIMEOUT 300)
vmmio_script_test(guest tests/guest/beside.sh)
vmmio_script_test(guest tests/guest/requests.sh TIMEOUT 180)
vmmio_script_test(guest tests/guest/netbytes.sh TIMEOUT 180)
vmmio_script_test(guest tests/guest/follow.sh TIMEOUT 180)
vmmio_script_test(tree tests/tree/rebuild.sh TIMEOUT 300)
vmmio_script_test(tree tests/tree/install.sh TIMEOUT 200)
vmmio_script_test(tree tests/tree/figures.sh)
vmmio_script_test(tree tests/tree/pages.sh)
vmmio_script_test(tree tests/tree/sbom.sh)
vmmio_script_test(tree tests/tree/package.sh TIMEOUT 200)

# Jansson reads back what the JSON view wrote (found in bench.cmake).
vmmio_unit_test(stat_num LIBS vmmio_stat_core)
vmmio_unit_test(opts LIBS vmmio_lib)
vmmio_unit_test(text LIBS vmmio_lib)
vmmio_unit_test(stat_hist LIBS vmmio_stat_core)
vmmio_unit_test(stock_bpf LIBS vmmio_stat_core)
vmmio_unit_test(stat_tables LIBS vmmio_stat_core)
vmmio_unit_test(stat_delta LIBS vmmio_stat_core)
vmmio_unit_test(stat_views LIBS vmmio_stat_core ${LIBJANSSON_A})
vmmio_unit_test(guest LIBS vmmio_guest)

# Every kind of device under both drivers; mainline's without BPF, too.
foreach(types IN ITEMS "net rng" "blk serial" "scsi keyboard")
	string(REPLACE " " "-" name ${types})
	foreach(driver IN ITEMS mainline ours)
		vmmio_script_test(guest tests/guest/matrix.sh NAME matrix-${driver}-${name} TIMEOUT 240
				  ARGS ${driver} ${types})
	endforeach()
	vmmio_script_test(guest tests/guest/matrix.sh NAME matrix-tracefs-${name} TIMEOUT 240
			  ARGS mainline ${types} tracefs)
endforeach()

# format: every C file as .clang-format has it. lint: what tests/tree says of style and
# structure, at once and without ctest.
add_custom_target(
	format
	COMMAND sh -c "git ls-files '*.c' '*.h' | grep -v '^kmod/trace.h$' | xargs clang-format -i"
	WORKING_DIRECTORY ${CMAKE_SOURCE_DIR}
	VERBATIM
)
add_custom_target(
	lint
	COMMAND ${CMAKE_COMMAND} -E env VMMIO_SOURCE=${CMAKE_SOURCE_DIR} VMMIO_BUILD=${CMAKE_BINARY_DIR} sh -c
		"for check in style arrows cppcheck tidy; do tests/tree/$check.sh || exit; done"
	WORKING_DIRECTORY ${CMAKE_SOURCE_DIR}
	VERBATIM
)

# On demand: the packages in a booted Debian, a release made twice.
option(VMMIO_PACKAGE "Add the tests of label package (root, debootstrap, half an hour)" OFF)
if(VMMIO_PACKAGE)
	vmmio_script_test(package tests/package/debian.sh TIMEOUT 3000)
	vmmio_script_test(package tests/package/systems.sh TIMEOUT 3000)
	vmmio_script_test(package tests/package/container.sh TIMEOUT 3000)
	vmmio_script_test(package packaging/release.sh ARGS ${CMAKE_BINARY_DIR}/package/release TIMEOUT 1200)
endif()
