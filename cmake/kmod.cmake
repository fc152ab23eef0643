# SPDX-License-Identifier: GPL-2.0-only
#
# vmmio.ko through Kbuild, out of tree: the build folder holds links to the
# sources, laid out as in the source tree (kmod/ beside include/), so Kbuild
# leaves its files there and still sees each edit, of the shared headers too.
#
#   VMMIO_KO  the finished module, with BTF of its own if pahole is there
if(NOT EXISTS ${CMAKE_SOURCE_DIR}/kmod/Kbuild)
	return()
endif()

find_program(PAHOLE pahole)
if(NOT PAHOLE)
	message(WARNING "no pahole (package dwarves): vmmio.ko gets no BTF, tp_btf programs will not load")
endif()

# vmmio_kmod(<target> <output variable> <release> <headers> <vmlinux> [make arguments...])
function(vmmio_kmod target result release headers vmlinux)
	set(dir ${CMAKE_BINARY_DIR}/kmod/${release})
	file(GLOB_RECURSE sources CONFIGURE_DEPENDS RELATIVE ${CMAKE_SOURCE_DIR}
	     ${CMAKE_SOURCE_DIR}/kmod/*.[ch] ${CMAKE_SOURCE_DIR}/kmod/Kbuild
	     ${CMAKE_SOURCE_DIR}/include/vmmio/*.h
	)

	# Links whose source is gone would still be found by the wildcard of a Kbuild.
	file(GLOB_RECURSE links RELATIVE ${dir}/src ${dir}/src/*.[ch] ${dir}/src/*/Kbuild)
	foreach(link IN LISTS links)
		if(IS_SYMLINK ${dir}/src/${link} AND NOT EXISTS ${dir}/src/${link})
			file(REMOVE ${dir}/src/${link})
		endif()
	endforeach()
	set(depends "")
	foreach(source IN LISTS sources)
		get_filename_component(parent ${dir}/src/${source} DIRECTORY)
		file(MAKE_DIRECTORY ${parent})
		file(CREATE_LINK ${CMAKE_SOURCE_DIR}/${source} ${dir}/src/${source} SYMBOLIC)
		list(APPEND depends ${CMAKE_SOURCE_DIR}/${source})
	endforeach()

	set(btf "")
	if(PAHOLE AND EXISTS ${vmlinux})
		# pahole hands the section to llvm-objcopy unless told of another one.
		set(btf COMMAND ${CMAKE_COMMAND} -E env LLVM_OBJCOPY=${CMAKE_OBJCOPY} ${PAHOLE} -J
			--btf_base ${vmlinux} ${dir}/vmmio.ko.part
		)
	endif()
	add_custom_command(
		OUTPUT ${dir}/vmmio.ko
		COMMAND ${CMAKE_COMMAND} -E env --unset=MAKEFLAGS --unset=MFLAGS make -s -j2 -C ${headers}
			M=${dir}/src/kmod ${ARGN} modules
		COMMAND ${CMAKE_COMMAND} -E copy ${dir}/src/kmod/vmmio.ko ${dir}/vmmio.ko.part
		${btf}
		COMMAND ${CMAKE_STRIP} -g ${dir}/vmmio.ko.part
		COMMAND ${CMAKE_COMMAND} -E rename ${dir}/vmmio.ko.part ${dir}/vmmio.ko
		DEPENDS ${depends} ${headers}/Module.symvers
		COMMENT "vmmio.ko for ${release}"
		VERBATIM
	)
	add_custom_target(${target} ALL DEPENDS ${dir}/vmmio.ko)
	set(${result} ${dir}/vmmio.ko PARENT_SCOPE)
endfunction()

vmmio_kmod(kmod VMMIO_KO ${VMMIO_KERNEL_RELEASE} ${VMMIO_KERNEL_HEADERS} ${VMMIO_KERNEL_VMLINUX})
