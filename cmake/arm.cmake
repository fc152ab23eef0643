# SPDX-License-Identifier: GPL-2.0-only
#
# Other architectures and other kernels: the device tree tool, and the tests
# that boot guests which guest-image.sh makes. The images are made by a test of
# their own, on first use: a build that never tests them downloads nothing.
find_library(LIBFDT_A libfdt.a)
if(LIBFDT_A)
	add_executable(vmmio-dtb-amba bench/dtb-amba.c tools/vmmio-stat/num.c)
	target_include_directories(vmmio-dtb-amba PRIVATE ${CMAKE_SOURCE_DIR})
	target_link_libraries(vmmio-dtb-amba PRIVATE vmmio_flags ${LIBFDT_A})
else()
	message(WARNING "no static libfdt (package libfdt-dev): no vmmio-dtb-amba, its tests are skipped")
endif()

# vmmio_arch_test(<name> <label> <image> <script> [TIMEOUT <s>] [ARGS ...])
function(vmmio_arch_test name label image script)
	cmake_parse_arguments(arg "" "TIMEOUT" "ARGS" ${ARGN})
	if(NOT arg_TIMEOUT)
		set(arg_TIMEOUT 120)
	endif()
	add_test(NAME ${label}.${name} COMMAND ${CMAKE_SOURCE_DIR}/tests/run
					       ${CMAKE_SOURCE_DIR}/${script} ${image} ${arg_ARGS})
	vmmio_test_properties(${label}.${name} ${label} ${arg_TIMEOUT})
	set_tests_properties(${label}.${name} PROPERTIES FIXTURES_REQUIRED ${label}_${image})
endfunction()

# vmmio_arch_image(<label> <image> [guest-image.sh arguments...])
function(vmmio_arch_image label image)
	add_test(NAME ${label}.image-${image}
		 COMMAND ${CMAKE_SOURCE_DIR}/tests/run ${CMAKE_SOURCE_DIR}/cmake/guest-image.sh --out
			 ${CMAKE_BINARY_DIR}/arch/${image} ${ARGN}
	)
	vmmio_test_properties(${label}.image-${image} ${label} 600)
	set_tests_properties(${label}.image-${image} PROPERTIES FIXTURES_SETUP ${label}_${image})
endfunction()

vmmio_arch_image(arm arm64 --arch arm64)
vmmio_arch_test(bindings-arm64 arm arm64 tests/arm/bindings.sh)
vmmio_arch_image(arm armhf --arch armhf)
vmmio_arch_test(bindings-armhf arm armhf tests/arm/bindings.sh)

# The driver's counts as text, also for guests of this build's own kernel.
add_executable(counts tests/guest/counts.c)
target_link_libraries(counts PRIVATE vmmio_flags)
vmmio_static(counts)
vmmio_script_test(guest tests/guest/device_param.sh)
vmmio_script_test(guest tests/guest/legacy.sh)

# Every kernel, every binding: on demand (tests/matrix/record.sh), not in CI.
option(VMMIO_MATRIX "Add the tests of label matrix, which fetch many kernels" OFF)
if(VMMIO_MATRIX)
	foreach(kernel IN ITEMS 5.10:bullseye 6.1:bookworm 6.12:bookworm-backports)
		string(REPLACE ":" ";" kernel ${kernel})
		list(GET kernel 0 version)
		list(GET kernel 1 suite)
		foreach(arch IN ITEMS amd64 arm64 armhf)
			set(image ${arch}-${version})
			vmmio_arch_image(matrix ${image} --arch ${arch} --suite ${suite})
			foreach(ring IN ITEMS split packed)
				vmmio_arch_test(${image}-${ring} matrix ${image} tests/matrix/kernel.sh ARGS ${ring})
			endforeach()
			if(NOT arch STREQUAL amd64)
				vmmio_arch_test(${image}-bindings matrix ${image} tests/arm/bindings.sh)
			endif()
		endforeach()
	endforeach()
	add_test(NAME matrix.builtin COMMAND ${CMAKE_SOURCE_DIR}/tests/run
					   ${CMAKE_SOURCE_DIR}/tests/matrix/builtin.sh ${CMAKE_BINARY_DIR}/arch/builtin)
	vmmio_test_properties(matrix.builtin matrix 1800)
	vmmio_script_test(matrix tests/matrix/fio.sh TIMEOUT 900)

	# vmmio-stat where virtio and PCI are built in, against every witness of label guest's.
	set(image amd64-6.12)
	foreach(script IN ITEMS truth requests)
		vmmio_arch_test(stat-${script} matrix ${image} tests/matrix/stat.sh ARGS ${script}.sh)
	endforeach()
	foreach(driver IN ITEMS stock ours)
		foreach(types IN ITEMS "net rng" "blk serial")
			string(REPLACE " " "-" name "stat-${driver}-${types}")
			vmmio_arch_test(${name} matrix ${image} tests/matrix/stat.sh TIMEOUT 240
					ARGS matrix.sh ${driver} ${types})
		endforeach()
	endforeach()
endif()

# What docs/rfc-2011.md concludes from line counts must stay true.
vmmio_script_test(tree docs/rfc-2011.sh ARGS --check)
