# SPDX-License-Identifier: GPL-2.0-only
#
# The manual pages: their lists come from the tables of fields, settings and
# options that the programs themselves use.
add_executable(mkman tools/vmmio-stat/cmd/mkman.c)
target_include_directories(mkman PRIVATE ${CMAKE_SOURCE_DIR})
target_link_libraries(mkman PRIVATE vmmio_flags)
set(manuals "")

# vmmio_manual(PAGE MARK... [OPTIONS PROGRAM]): docs/PAGE.in with its marks filled in; @OPTIONS@
# is what the program says to --help=table.
function(vmmio_manual page)
	cmake_parse_arguments(arg "" "OPTIONS" "" ${ARGN})
	set(made ${CMAKE_BINARY_DIR}/docs/${page})
	set(marks ${arg_UNPARSED_ARGUMENTS})
	set(table "")
	if(arg_OPTIONS)
		set(table ${CMAKE_BINARY_DIR}/docs/${arg_OPTIONS}.options)
		add_custom_command(
			OUTPUT ${table}
			COMMAND ${CMAKE_COMMAND} -E make_directory ${CMAKE_BINARY_DIR}/docs
			COMMAND ${arg_OPTIONS} --help=table > ${table}
			DEPENDS ${arg_OPTIONS}
			COMMENT "Options of ${arg_OPTIONS}"
			VERBATIM
		)
		list(APPEND marks OPTIONS=${table})
	endif()
	add_custom_command(
		OUTPUT ${made}
		COMMAND ${CMAKE_COMMAND} -E make_directory ${CMAKE_BINARY_DIR}/docs
		COMMAND mkman ${marks} < ${CMAKE_SOURCE_DIR}/docs/${page}.in > ${made}
		DEPENDS mkman ${table} ${CMAKE_SOURCE_DIR}/docs/${page}.in
		COMMENT "Manual ${page}"
		VERBATIM
	)
	list(APPEND manuals ${made})
	set(manuals ${manuals} PARENT_SCOPE)
endfunction()
vmmio_manual(vmmio-stat.8 FIELDS HISTS)
vmmio_manual(vmmio-ctl.8 SETTINGS)
vmmio_manual(vmmio-bench.1 OPTIONS vmmio-bench)
vmmio_manual(vmmio-boot.1 OPTIONS vmmio-boot)
add_custom_target(manual ALL DEPENDS ${manuals})
vmmio_script_test(tree tests/tree/manpages.sh)
