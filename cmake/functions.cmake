# SPDX-License-Identifier: GPL-2.0-only
#
# What the areas' files call: tests by label and files for the guest image.
#
#   vmmio_unit_test(<name> [<source>...] [LIBS <library>...])
#       tests/unit/test_<name>.c and the sources, with cmocka; label unit
#   vmmio_script_test(<label> <script> [NAME <name>] [TIMEOUT <s>] [ARGS <argument>...])
#       a shell test under tests/, named after its file or <name>; label guest, host
#       or tree. It finds
#       VMMIO_SOURCE and VMMIO_BUILD in its environment and skips with 77
#   vmmio_image_file(<path in the guest> <path here> [<target>...])
#       one more file in the base image, made by these targets
function(vmmio_unit_test name)
	if(VMMIO_STAT_FOR)
		return() # for programs that do not run here
	endif()
	cmake_parse_arguments(arg "" "" "LIBS" ${ARGN})
	find_library(CMOCKA cmocka)
	if(NOT CMOCKA)
		message(FATAL_ERROR "no cmocka: package libcmocka-dev is needed")
	endif()
	add_executable(test_${name} tests/unit/test_${name}.c ${arg_UNPARSED_ARGUMENTS})
	target_include_directories(test_${name} PRIVATE ${CMAKE_SOURCE_DIR})
	target_link_libraries(test_${name} PRIVATE vmmio_flags ${arg_LIBS} ${CMOCKA})
	add_test(NAME unit.${name} COMMAND ${CMAKE_SOURCE_DIR}/tests/run $<TARGET_FILE:test_${name}>)
	vmmio_test_properties(unit.${name} unit 60)
endfunction()

function(vmmio_script_test label script)
	cmake_parse_arguments(arg "" "NAME;TIMEOUT" "ARGS" ${ARGN})
	set(name ${arg_NAME})
	if(NOT name)
		cmake_path(GET script STEM name)
	endif()
	if(NOT arg_TIMEOUT)
		set(arg_TIMEOUT 120)
	endif()
	add_test(NAME ${label}.${name} COMMAND ${CMAKE_SOURCE_DIR}/tests/run
					       ${CMAKE_SOURCE_DIR}/${script} ${arg_ARGS})
	vmmio_test_properties(${label}.${name} ${label} ${arg_TIMEOUT})
endfunction()

function(vmmio_test_properties test label timeout)
	# of a free machine; the guests within stretch their own limits on a busy one (lib/patience.h)
	math(EXPR timeout "4 * ${timeout}")
	set_tests_properties(
		${test}
		PROPERTIES LABELS ${label} TIMEOUT ${timeout} SKIP_RETURN_CODE 77 ENVIRONMENT
			   "VMMIO_SOURCE=${CMAKE_SOURCE_DIR};VMMIO_BUILD=${CMAKE_BINARY_DIR};VMMIO_TEST=${test}"
	)
	# They count what this machine does: other guests would disturb.
	if(label STREQUAL "host")
		set_tests_properties(${test} PROPERTIES RUN_SERIAL TRUE)
	endif()
endfunction()

set_property(GLOBAL PROPERTY VMMIO_IMAGE_SPEC "")
set_property(GLOBAL PROPERTY VMMIO_IMAGE_DEPENDS "")

function(vmmio_image_file guest host)
	set_property(GLOBAL APPEND PROPERTY VMMIO_IMAGE_SPEC "file ${guest} ${host}")
	set_property(GLOBAL APPEND PROPERTY VMMIO_IMAGE_DEPENDS ${host} ${ARGN})
endfunction()

# vmmio_embed(SOURCE FILE...): the source has VMMIO_EMBED() of files, named from its own folder.
function(vmmio_embed source)
	cmake_path(GET source PARENT_PATH folder)
	set(files ${ARGN})
	list(TRANSFORM files PREPEND ${CMAKE_SOURCE_DIR}/ REGEX "^[^/]")
	set_source_files_properties(
		${source} PROPERTIES COMPILE_OPTIONS "-Wa,-I${CMAKE_SOURCE_DIR}/${folder}" OBJECT_DEPENDS "${files}"
	)
endfunction()
