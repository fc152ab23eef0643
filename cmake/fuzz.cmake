# SPDX-License-Identifier: GPL-2.0-only
#
# The fuzzers: of kmod, tests/fuzz/regs.c as a process under libFuzzer (unit.fuzz;
# planted bugs with label fuzz); of recordings, tests/fuzz/dat.c (unit.fuzz-dat).
if(VMMIO_STAT_FOR)
	return() # for programs that do not run here
endif()

# A build does without them where clang has no sanitizers; their tests say so.
set(fuzzers ALL)
execute_process(COMMAND clang -print-file-name=libclang_rt.fuzzer-${CMAKE_SYSTEM_PROCESSOR}.a OUTPUT_VARIABLE runtime
		OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET
)
if(NOT EXISTS "${runtime}")
	execute_process(COMMAND clang -print-file-name=libclang_rt.fuzzer.a OUTPUT_VARIABLE runtime
			OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET
	)
endif()
if(NOT EXISTS "${runtime}")
	message(WARNING "no sanitizers for clang (package libclang-rt-dev): no fuzzers, their tests are skipped")
	set(fuzzers "")
endif()

# kernel.h stands for every header of the kernel; some have the user API's beside it.
set(shim ${CMAKE_BINARY_DIR}/fuzz/shim)
foreach(header IN ITEMS atomic device interrupt io irqflags jump_label kobject pci percpu spinlock
			u64_stats_sync virtio
)
	file(CONFIGURE OUTPUT ${shim}/linux/${header}.h CONTENT "#include \"kernel.h\"\n")
endforeach()
foreach(header IN ITEMS virtio_config virtio_ring)
	file(CONFIGURE OUTPUT ${shim}/linux/${header}.h CONTENT "#include \"kernel.h\"\n#include_next <linux/${header}.h>\n")
endforeach()
foreach(header IN ITEMS virtio_config virtio_pci)
	file(CONFIGURE OUTPUT ${shim}/uapi/linux/${header}.h CONTENT "#include <linux/${header}.h>\n")
endforeach()

file(GLOB driver CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/kmod/*.h ${CMAKE_SOURCE_DIR}/kmod/pci_caps.c
     ${CMAKE_SOURCE_DIR}/kmod/regs/* ${CMAKE_SOURCE_DIR}/include/vmmio/*.h
)
add_custom_command(
	OUTPUT ${CMAKE_BINARY_DIR}/fuzz/regs
	COMMAND ${CMAKE_SOURCE_DIR}/tests/fuzz/build.sh ${CMAKE_SOURCE_DIR} ${shim} ${CMAKE_BINARY_DIR}/fuzz/regs
	DEPENDS ${driver} ${CMAKE_SOURCE_DIR}/tests/fuzz/build.sh ${CMAKE_SOURCE_DIR}/tests/fuzz/regs.c
		${CMAKE_SOURCE_DIR}/tests/fuzz/shim/kernel.h
	COMMENT "fuzz/regs"
	VERBATIM
)
add_custom_target(fuzz_regs ${fuzzers} DEPENDS ${CMAKE_BINARY_DIR}/fuzz/regs)
add_test(NAME unit.fuzz COMMAND ${CMAKE_SOURCE_DIR}/tests/run ${CMAKE_SOURCE_DIR}/tests/fuzz/regs.sh)
vmmio_test_properties(unit.fuzz unit 120)

# The reader of recordings, with what it hands the records to.
file(GLOB reader CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/tools/vmmio-stat/source/*.[ch] ${CMAKE_SOURCE_DIR}/tools/vmmio-stat/core/*.[ch])
add_custom_command(
	OUTPUT ${CMAKE_BINARY_DIR}/fuzz/dat
	COMMAND ${CMAKE_SOURCE_DIR}/tests/fuzz/build-dat.sh ${CMAKE_SOURCE_DIR} ${CMAKE_BINARY_DIR}/fuzz/dat ${LIBTRACEFS_H}
		${LIBTRACEEVENT_H} ${LIBTRACEFS_A} ${LIBTRACEEVENT_A} ${LIBJANSSON_A} ${LIBBPF_A} ${VMMIO_ELF_LIBS}
	DEPENDS ${reader} ${CMAKE_SOURCE_DIR}/tests/fuzz/build-dat.sh ${CMAKE_SOURCE_DIR}/tests/fuzz/dat.c
	COMMENT "fuzz/dat"
	VERBATIM
)
add_custom_target(fuzz_dat ${fuzzers} DEPENDS ${CMAKE_BINARY_DIR}/fuzz/dat)
add_test(NAME unit.fuzz-dat COMMAND ${CMAKE_SOURCE_DIR}/tests/run ${CMAKE_SOURCE_DIR}/tests/fuzz/dat.sh)
vmmio_test_properties(unit.fuzz-dat unit 120)

# What takes longer than a test may: on demand.
option(VMMIO_FUZZ "Add the tests of label fuzz: planted bugs, drivers in user-mode Linux" OFF)
if(VMMIO_FUZZ)
	add_test(NAME fuzz.planted COMMAND ${CMAKE_SOURCE_DIR}/tests/run ${CMAKE_SOURCE_DIR}/tests/fuzz/planted.sh)
	vmmio_test_properties(fuzz.planted fuzz 7200)
	foreach(driver IN ITEMS vmmio vmmio_pci virtio_mmio virtio_pci)
		add_test(NAME fuzz.uml-${driver} COMMAND ${CMAKE_SOURCE_DIR}/tests/run
							 ${CMAKE_SOURCE_DIR}/tests/fuzz/uml/run.sh --driver ${driver})
		vmmio_test_properties(fuzz.uml-${driver} fuzz 7200)
	endforeach()
	add_test(NAME fuzz.uml-planted COMMAND ${CMAKE_SOURCE_DIR}/tests/run ${CMAKE_SOURCE_DIR}/tests/fuzz/uml/planted.sh)
	vmmio_test_properties(fuzz.uml-planted fuzz 14400)
endif()
