# SPDX-License-Identifier: GPL-2.0-only
#
# Tests of vmmio.ko: its register logic in userspace, the rest in guests.
vmmio_unit_test(ack)
vmmio_unit_test(counts) # as where words have 32 bits
if(TARGET test_counts)
	target_include_directories(test_counts PRIVATE ${CMAKE_BINARY_DIR}/fuzz/shim ${CMAKE_SOURCE_DIR}/tests/unit/counts32)
endif()
vmmio_unit_test(regs tests/unit/fake_regs.c kmod/regs/common.c kmod/regs/mmio.c kmod/regs/pci.c)
vmmio_script_test(guest tests/guest/devices.sh TIMEOUT 240)

# asks a network driver for another ring size, which resets the virtqueue
add_executable(ringparam tests/guest/ringparam.c)
target_link_libraries(ringparam PRIVATE vmmio_flags)
vmmio_static(ringparam)
vmmio_script_test(guest tests/guest/options.sh)
vmmio_script_test(guest tests/guest/accesses.sh)
vmmio_script_test(guest tests/guest/wiring.sh)

# A kernel module for one test: tests/guest/<name>/<name>.c.
function(vmmio_test_module name)
	set(dir ${CMAKE_BINARY_DIR}/${name})
	file(MAKE_DIRECTORY ${dir}/src)
	foreach(file IN ITEMS Kbuild ${name}.c)
		file(CREATE_LINK ${CMAKE_SOURCE_DIR}/tests/guest/${name}/${file} ${dir}/src/${file} SYMBOLIC)
	endforeach()
	file(GLOB headers CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/include/vmmio/*.h ${CMAKE_SOURCE_DIR}/kmod/*.h
	     ${CMAKE_SOURCE_DIR}/kmod/regs/*.h
	)
	add_custom_command(
		OUTPUT ${dir}/${name}.ko
		COMMAND ${CMAKE_COMMAND} -E env --unset=MAKEFLAGS --unset=MFLAGS make -s -C ${VMMIO_KERNEL_HEADERS}
			M=${dir}/src VMMIO_INCLUDE=${CMAKE_SOURCE_DIR}/include modules
		COMMAND ${CMAKE_STRIP} -g -o ${dir}/${name}.ko ${dir}/src/${name}.ko
		DEPENDS ${CMAKE_SOURCE_DIR}/tests/guest/${name}/Kbuild ${CMAKE_SOURCE_DIR}/tests/guest/${name}/${name}.c
			${headers}
		COMMENT "${name}.ko"
		VERBATIM
	)
	add_custom_target(${name} ALL DEPENDS ${dir}/${name}.ko)
endfunction()

vmmio_test_module(lostmod) # events of vmmio's tracepoints inside one another
vmmio_test_module(twin) # names that functions of mainline have
vmmio_test_module(sleeper) # a probe that does not end
vmmio_test_module(waker) # a queue that is kept while the machine sleeps
vmmio_test_module(liar) # devices that say what no device at hand says
vmmio_script_test(guest tests/guest/liar.sh TIMEOUT 240)
vmmio_script_test(guest tests/guest/flr.sh)
vmmio_script_test(guest tests/guest/sleep.sh TIMEOUT 200)
vmmio_script_test(guest tests/guest/vanish.sh TIMEOUT 200)
vmmio_test_module(preempter) # kicks that another task comes between
vmmio_script_test(guest tests/guest/preempted.sh)
vmmio_test_module(strange) # a transport that is not known
vmmio_script_test(guest tests/guest/strange.sh TIMEOUT 200)
vmmio_test_module(stallfault) # virtqueues that stall
vmmio_script_test(guest tests/guest/stallmatrix.sh TIMEOUT 200)
vmmio_script_test(guest tests/guest/stalls.sh TIMEOUT 200)
vmmio_script_test(guest tests/guest/stallfix.sh TIMEOUT 200)
vmmio_script_test(guest tests/guest/sleeper.sh TIMEOUT 240)
vmmio_script_test(guest tests/guest/lost.sh)
vmmio_script_test(guest tests/guest/shared.sh)
vmmio_script_test(guest tests/guest/blind.sh TIMEOUT 240)
vmmio_script_test(guest tests/guest/room.sh TIMEOUT 240)
vmmio_script_test(guest tests/guest/far.sh TIMEOUT 200)
vmmio_script_test(guest tests/guest/again.sh TIMEOUT 200)
vmmio_script_test(guest tests/guest/flight.sh TIMEOUT 400)
vmmio_script_test(guest tests/guest/starved.sh TIMEOUT 240)

# On a kernel that watches its drivers: on demand, since it is built for it.
option(VMMIO_DEBUG_KERNEL "Add the tests of label debug, which build a kernel" OFF)
if(VMMIO_DEBUG_KERNEL)
	add_test(NAME debug.kernel COMMAND ${CMAKE_SOURCE_DIR}/tests/run
		 ${CMAKE_SOURCE_DIR}/cmake/source-kernel.sh --out ${CMAKE_BINARY_DIR}/debug-kernel
		 --config ${CMAKE_SOURCE_DIR}/cmake/debug-kernel.config
	)
	vmmio_test_properties(debug.kernel debug 7200)
	set_tests_properties(debug.kernel PROPERTIES FIXTURES_SETUP debug_kernel)
	foreach(what IN ITEMS life faults)
		add_test(NAME debug.${what} COMMAND ${CMAKE_SOURCE_DIR}/tests/run
			 ${CMAKE_SOURCE_DIR}/tests/guest/debug.sh ${what}
		)
		vmmio_test_properties(debug.${what} debug 600)
		set_tests_properties(debug.${what} PROPERTIES FIXTURES_REQUIRED debug_kernel)
	endforeach()
	add_test(NAME debug.planted COMMAND ${CMAKE_SOURCE_DIR}/tests/run ${CMAKE_SOURCE_DIR}/tests/guest/debugplanted.sh)
	vmmio_test_properties(debug.planted debug 3600)
	set_tests_properties(debug.planted PROPERTIES FIXTURES_REQUIRED debug_kernel)
endif()
