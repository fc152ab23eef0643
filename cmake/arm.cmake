# SPDX-License-Identifier: GPL-2.0-only
#
# Other architectures and other kernels: the device tree tool, and the tests
# that boot guests which guest-image.sh makes. The images are made by a test of
# their own, on first use: a build that never tests them downloads nothing.
find_library(LIBFDT_A libfdt.a)
if(LIBFDT_A)
	add_executable(vmmio-dtb-amba bench/guest/dtb-amba.c lib/num.c lib/opts.c)
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
	set_tests_properties(${label}.${name} PROPERTIES FIXTURES_REQUIRED image_${image})
endfunction()

# vmmio_arch_image(<label> <image> [guest-image.sh arguments...]), once for each image
function(vmmio_arch_image label image)
	get_property(known GLOBAL PROPERTY VMMIO_ARCH_IMAGES)
	if(image IN_LIST known)
		return()
	endif()
	set_property(GLOBAL APPEND PROPERTY VMMIO_ARCH_IMAGES ${image})
	add_test(NAME ${label}.image-${image}
		 COMMAND ${CMAKE_SOURCE_DIR}/tests/run ${CMAKE_SOURCE_DIR}/cmake/guest-image.sh --out
			 ${CMAKE_BINARY_DIR}/arch/${image} ${ARGN}
	)
	vmmio_test_properties(${label}.image-${image} ${label} 600)
	set_tests_properties(${label}.image-${image} PROPERTIES FIXTURES_SETUP image_${image})
endfunction()

# vmmio_stat_tests(<label> <image> <script and arguments, by colons>...): what label
# guest holds vmmio-stat against, on another kernel.
function(vmmio_stat_tests label image)
	foreach(words IN LISTS ARGN)
		string(REGEX REPLACE "[: ]" "-" name "${image}-stat-${words}")
		string(REPLACE "matrix-" "" name ${name})
		string(REPLACE ":" ";" words ${words})
		list(POP_FRONT words script)
		vmmio_arch_test(${name} ${label} ${image} tests/matrix/stat.sh TIMEOUT 400
				ARGS ${script}.sh ${words})
		if(image MATCHES "^arm64")
			set_property(TEST ${label}.${name} APPEND PROPERTY FIXTURES_REQUIRED stat_arm64)
		endif()
	endforeach()
endfunction()

vmmio_arch_image(arm arm64 --arch arm64)
vmmio_arch_test(bindings-arm64 arm arm64 tests/arm/bindings.sh)
vmmio_arch_image(arm armhf --arch armhf)
vmmio_arch_test(bindings-armhf arm armhf tests/arm/bindings.sh)

# vmmio-stat for arm64: one program for all its kernels. That of 6.1 has no fentry.
add_test(NAME arm.stat-arm64 COMMAND ${CMAKE_SOURCE_DIR}/tests/run
				     ${CMAKE_SOURCE_DIR}/cmake/cross-stat.sh --out
				     ${CMAKE_BINARY_DIR}/arch/stat-arm64 --arch arm64 --btf
				     ${CMAKE_BINARY_DIR}/arch/arm64/kernel/btf)
vmmio_test_properties(arm.stat-arm64 arm 600)
set_tests_properties(arm.stat-arm64 PROPERTIES FIXTURES_REQUIRED image_arm64 FIXTURES_SETUP stat_arm64)
vmmio_stat_tests(arm arm64 truth "matrix:mainline:blk serial")

# vmmio-stat as one file for each architecture: cmake --build build --target dist
set(dist ${CMAKE_SOURCE_DIR}/cmake/dist.sh ${CMAKE_BINARY_DIR} ${CMAKE_BINARY_DIR}/dist ${VMMIO_KERNEL_VMLINUX})
add_custom_target(dist COMMAND ${dist} DEPENDS vmmio-stat VERBATIM)
add_test(NAME arm.dist COMMAND ${CMAKE_SOURCE_DIR}/tests/run ${CMAKE_SOURCE_DIR}/tests/arm/dist.sh ${dist})
vmmio_test_properties(arm.dist arm 600)
set_tests_properties(arm.dist PROPERTIES FIXTURES_REQUIRED stat_arm64 FIXTURES_SETUP dist)
vmmio_arch_test(narrow arm armhf tests/arm/narrow.sh)
set_property(TEST arm.narrow APPEND PROPERTY FIXTURES_REQUIRED dist)

# Guests under a KVM of arm64, in an emulated machine.
add_test(NAME arm.host-arm64
	 COMMAND ${CMAKE_SOURCE_DIR}/tests/run ${CMAKE_SOURCE_DIR}/cmake/cross-host.sh --out
		 ${CMAKE_BINARY_DIR}/arch/host-arm64 --image ${CMAKE_BINARY_DIR}/arch/arm64 --programs
		 ${CMAKE_BINARY_DIR}/arch/stat-arm64
)
vmmio_test_properties(arm.host-arm64 arm 600)
set_tests_properties(arm.host-arm64 PROPERTIES FIXTURES_REQUIRED stat_arm64 FIXTURES_SETUP host_arm64)
vmmio_arch_test(stack arm arm64 tests/arm/stack.sh TIMEOUT 900)
set_property(TEST arm.stack APPEND PROPERTY FIXTURES_REQUIRED host_arm64)
vmmio_arch_test(join arm arm64 tests/arm/join.sh TIMEOUT 900)
set_property(TEST arm.join APPEND PROPERTY FIXTURES_REQUIRED host_arm64)

vmmio_arch_test(compare_stack arm arm64 tests/guest/compare_stack.sh TIMEOUT 900)
set_property(TEST arm.compare_stack APPEND PROPERTY FIXTURES_REQUIRED host_arm64)

# The newest kernel that Debian has for this release, where virtio and PCI are built in.
# (All kinds of device under both drivers: label matrix.)
vmmio_arch_image(kernels amd64-6.12 --arch amd64 --suite bookworm-backports)
vmmio_arch_test(amd64-6.12-packed kernels amd64-6.12 tests/matrix/kernel.sh ARGS packed)
vmmio_arch_test(amd64-6.12-data kernels amd64-6.12 tests/matrix/data.sh)
vmmio_stat_tests(kernels amd64-6.12 truth requests "matrix:mainline:blk serial" "matrix:ours:net rng")

# The driver's counts as text, also for guests of this build's own kernel.
add_executable(counts tests/guest/counts.c)
target_link_libraries(counts PRIVATE vmmio_flags)
vmmio_static(counts)
vmmio_script_test(guest tests/guest/device_param.sh)
vmmio_script_test(guest tests/guest/legacy.sh)

# Bench hosts with another kernel and another QEMU, for sweeps (under = ...): on demand.
set(arch ${CMAKE_BINARY_DIR}/arch)
set(within ${CMAKE_COMMAND} -E env VMMIO_BUILD=${CMAKE_BINARY_DIR})
add_custom_target(
	other-hosts
	COMMAND ${within} ${CMAKE_SOURCE_DIR}/cmake/guest-image.sh --out ${arch}/amd64-6.12 --arch amd64 --suite bookworm-backports
	COMMAND ${within} ${CMAKE_SOURCE_DIR}/cmake/other-host.sh --out ${arch}/host-linux-6.12 --image ${arch}/amd64-6.12
	COMMAND ${within} ${CMAKE_SOURCE_DIR}/cmake/guest-image.sh --out ${arch}/amd64-7.x --arch amd64 --suite trixie-backports
		--tools trixie
	COMMAND ${within} ${CMAKE_SOURCE_DIR}/cmake/other-host.sh --out ${arch}/host-linux-7 --image ${arch}/amd64-7.x
	COMMAND ${within} ${CMAKE_SOURCE_DIR}/cmake/other-host.sh --out ${arch}/host-qemu-10 --qemu bookworm-backports
	VERBATIM
)
if(TARGET host-image)
	add_dependencies(other-hosts host-image)
endif()

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
	# The kernel of patches/, and vmmio-stat on its tracepoints.
	set(traced ${CMAKE_BINARY_DIR}/traced-kernel)
	add_test(NAME matrix.traced-kernel
		 COMMAND ${CMAKE_SOURCE_DIR}/tests/run ${CMAKE_SOURCE_DIR}/cmake/source-kernel.sh --out ${traced} --config
			 ${CMAKE_SOURCE_DIR}/cmake/traced-kernel.config --version 7.3 --suite trixie-backports
			 --tools trixie --patches ${CMAKE_SOURCE_DIR}/patches/trace
	)
	vmmio_test_properties(matrix.traced-kernel matrix 3600)
	set_tests_properties(matrix.traced-kernel PROPERTIES FIXTURES_SETUP traced_kernel)
	foreach(script IN ITEMS traced patches)
		vmmio_script_test(matrix tests/matrix/${script}.sh TIMEOUT 900 ARGS ${traced})
		set_tests_properties(matrix.${script} PROPERTIES FIXTURES_REQUIRED traced_kernel)
	endforeach()
	# Without a helper that vmmio-stat's hooks take where it is there.
	set(nofuncarg ${CMAKE_BINARY_DIR}/nofuncarg-kernel)
	add_test(NAME matrix.nofuncarg-kernel
		 COMMAND ${CMAKE_SOURCE_DIR}/tests/run ${CMAKE_SOURCE_DIR}/cmake/source-kernel.sh --out ${nofuncarg}
			 --config ${CMAKE_SOURCE_DIR}/cmake/traced-kernel.config --version 6.1 --patches
			 ${CMAKE_SOURCE_DIR}/tests/matrix/nofuncarg
	)
	vmmio_test_properties(matrix.nofuncarg-kernel matrix 3600)
	set_tests_properties(matrix.nofuncarg-kernel PROPERTIES FIXTURES_SETUP nofuncarg_kernel)
	vmmio_script_test(matrix tests/matrix/nofuncarg.sh TIMEOUT 300 ARGS ${nofuncarg})
	set_tests_properties(matrix.nofuncarg PROPERTIES FIXTURES_REQUIRED nofuncarg_kernel)
	vmmio_script_test(matrix tests/matrix/cross.sh TIMEOUT 3600 ARGS ${CMAKE_BINARY_DIR}/cross)
	vmmio_script_test(matrix tests/matrix/fio.sh TIMEOUT 900)
	vmmio_script_test(matrix tests/matrix/planted.sh TIMEOUT 900)
	vmmio_script_test(matrix tests/matrix/path.sh TIMEOUT 5400)
	vmmio_script_test(matrix tests/matrix/wherehost.sh TIMEOUT 3600)
	vmmio_script_test(matrix tests/matrix/cron.sh TIMEOUT 3600)
	vmmio_script_test(matrix tests/matrix/recipes.sh TIMEOUT 7200)
	foreach(driver IN ITEMS mainline ours)
		vmmio_script_test(matrix tests/matrix/bpftrace.sh NAME bpftrace-${driver} TIMEOUT 600 ARGS ${driver})
	endforeach()
	# Blocks that fio verifies, over the device tree's binding and over AMBA.
	foreach(arch IN ITEMS arm64 armhf)
		add_test(NAME matrix.fetch-fio-${arch}
			 COMMAND ${CMAKE_SOURCE_DIR}/tests/run ${CMAKE_SOURCE_DIR}/cmake/fetch-root.sh --out
				 ${CMAKE_BINARY_DIR}/arch/fio-${arch} --arch ${arch} --suite bookworm fio
		)
		vmmio_test_properties(matrix.fetch-fio-${arch} matrix 600)
		set_tests_properties(matrix.fetch-fio-${arch} PROPERTIES FIXTURES_SETUP fio_${arch})
		vmmio_arch_test(fio-${arch} matrix ${arch} tests/arm/fio.sh TIMEOUT 600
				ARGS ${CMAKE_BINARY_DIR}/arch/fio-${arch})
		set_property(TEST matrix.fio-${arch} APPEND PROPERTY FIXTURES_REQUIRED fio_${arch})
	endforeach()

	# The newest kernel that Debian builds, whose headers want a newer compiler.
	# requests.sh wants fentry, too, which arm64 6.1 has not.
	set(kinds "")
	foreach(types IN ITEMS "net rng" "blk serial" "scsi keyboard")
		list(APPEND kinds "matrix:mainline:${types}" "matrix:ours:${types}")
	endforeach()
	vmmio_arch_image(matrix amd64-7.x --arch amd64 --suite trixie-backports --tools trixie)
	foreach(ring IN ITEMS split packed)
		vmmio_arch_test(amd64-7.x-${ring} matrix amd64-7.x tests/matrix/kernel.sh ARGS ${ring})
		vmmio_arch_test(amd64-7.x-${ring}-in-order matrix amd64-7.x tests/matrix/inorder.sh TIMEOUT 600
				ARGS ${ring})
	endforeach()
	vmmio_stat_tests(matrix amd64-7.x truth requests flight netbytes ${kinds})
	# Modules of 5.10 have no BTF: mainline's drivers through tracefs there.
	set(kinds_traced "")
	foreach(kind IN LISTS kinds)
		if(kind MATCHES ":mainline:")
			string(APPEND kind ":tracefs")
		endif()
		list(APPEND kinds_traced ${kind})
	endforeach()
	vmmio_stat_tests(matrix amd64-5.10 truth ${kinds_traced})
	vmmio_stat_tests(matrix amd64-6.12 truth requests flight stallfix ${kinds})
	# Whose handlers are threads.
	vmmio_arch_image(matrix amd64-6.1-rt --arch amd64 --flavour rt-amd64)
	vmmio_stat_tests(matrix amd64-6.1-rt verified attach requests flight)
	vmmio_stat_tests(matrix arm64-6.1 truth ${kinds})
	vmmio_stat_tests(matrix arm64-6.12 truth requests flight ${kinds})
endif()

# What docs/rfc-2011.md concludes from line counts must stay true.
vmmio_script_test(tree docs/rfc-2011.sh ARGS --check)
