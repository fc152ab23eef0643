# SPDX-License-Identifier: GPL-2.0-only
#
# BPF programs and the libraries of their loaders.
#
#   vmmio_bpf_object(<name> <source>)   makes bpf/<name>.bpf.o and, from it,
#                                       bpf/<name>.skel.h; link a program to
#                                       vmmio_bpf_<name> to include it as
#                                       <name>.skel.h
#   VMMIO_BPF_FLAGS                     more flags for all of them (release.sh)
#   vmmio_libbpf                        libbpf and what it needs, static
find_program(CLANG clang)
if(NOT CLANG)
	message(FATAL_ERROR "no clang: package clang is needed")
endif()

# libbpf's name of the architecture, for registers that hold arguments
if(CMAKE_SYSTEM_PROCESSOR STREQUAL aarch64)
	set(bpf_arch arm64)
else()
	set(bpf_arch x86)
endif()

find_library(LIBBPF_A libbpf.a)
find_library(LIBELF_A libelf.a)
find_library(LIBZ_A libz.a)
foreach(lib IN ITEMS LIBBPF:libbpf-dev LIBELF:libelf-dev LIBZ:zlib1g-dev)
	string(REPLACE ":" ";" lib ${lib})
	list(GET lib 0 variable)
	list(GET lib 1 package)
	if(NOT ${variable}_A)
		message(FATAL_ERROR "no static ${variable}: package ${package} is needed")
	endif()
endforeach()
# What the static libelf wants besides differs by its version: VMMIO_ELF_LIBS has all of it.
set(VMMIO_ELF_LIBS ${LIBELF_A})
execute_process(COMMAND ${CMAKE_NM} ${LIBELF_A} OUTPUT_VARIABLE symbols ERROR_QUIET)
if(symbols MATCHES " U eu_" AND NOT symbols MATCHES " T eu_")
	add_library(vmmio_elfsearch STATIC lib/elfsearch.c)
	target_link_libraries(vmmio_elfsearch PRIVATE vmmio_flags)
	list(APPEND VMMIO_ELF_LIBS $<TARGET_FILE:vmmio_elfsearch>)
endif()
if(symbols MATCHES " U ZSTD_")
	find_library(LIBZSTD_A libzstd.a)
	if(NOT LIBZSTD_A)
		message(FATAL_ERROR "no static libzstd, which libelf needs: package libzstd-dev is needed")
	endif()
	list(APPEND VMMIO_ELF_LIBS ${LIBZSTD_A})
endif()
list(APPEND VMMIO_ELF_LIBS ${LIBZ_A})
add_library(vmmio_libbpf INTERFACE)
target_link_libraries(vmmio_libbpf INTERFACE ${LIBBPF_A} ${VMMIO_ELF_LIBS})
if(TARGET vmmio_elfsearch)
	add_dependencies(vmmio_libbpf vmmio_elfsearch)
endif()

function(vmmio_bpf_object name source)
	set(dir ${CMAKE_BINARY_DIR}/bpf)
	cmake_path(ABSOLUTE_PATH source BASE_DIRECTORY ${CMAKE_SOURCE_DIR})
	add_custom_command(
		OUTPUT ${dir}/${name}.bpf.o
		COMMAND ${CLANG} -g -O2 -target bpf -mcpu=v3 -D__TARGET_ARCH_${bpf_arch} -std=gnu11 -Wall
			-Wextra -Werror -Wno-unused-parameter -Wno-unused-function -Wno-missing-declarations
			-Wno-sign-compare ${VMMIO_BPF_FLAGS} -I${dir} -I${CMAKE_SOURCE_DIR}/include
			-I${CMAKE_SOURCE_DIR}/bpf -MD -MT ${dir}/${name}.bpf.o -MF
			${dir}/${name}.bpf.d -c ${source} -o ${dir}/${name}.full.o
		# Linking drops the debug info that clang needs to make BTF: half of the size.
		COMMAND ${BPFTOOL} gen object ${dir}/${name}.bpf.o ${dir}/${name}.full.o
		DEPENDS ${source} ${dir}/vmlinux.h vmlinux_h
		DEPFILE ${dir}/${name}.bpf.d
		COMMENT "BPF ${name}"
		VERBATIM
	)
	# never built: its line in compile_commands.json tells clangd the flags
	add_library(vmmio_bpf_${name}_flags OBJECT EXCLUDE_FROM_ALL ${source})
	target_compile_options(vmmio_bpf_${name}_flags PRIVATE -target bpf -mcpu=v3 -std=gnu11)
	target_compile_definitions(vmmio_bpf_${name}_flags PRIVATE __TARGET_ARCH_${bpf_arch})
	target_include_directories(
		vmmio_bpf_${name}_flags PRIVATE ${dir} ${CMAKE_SOURCE_DIR}/include ${CMAKE_SOURCE_DIR}/bpf
	)
	add_custom_command(
		OUTPUT ${dir}/${name}.skel.h
		# not ours: clang-tidy leaves it alone
		COMMAND ${CMAKE_COMMAND} -E echo "/* NOLINTBEGIN */" > ${dir}/${name}.skel.h
		COMMAND ${BPFTOOL} gen skeleton ${dir}/${name}.bpf.o name ${name}_bpf >>
			${dir}/${name}.skel.h
		COMMAND ${CMAKE_COMMAND} -E echo "/* NOLINTEND */" >> ${dir}/${name}.skel.h
		DEPENDS ${dir}/${name}.bpf.o
		COMMENT "BPF ${name}.skel.h"
		VERBATIM
	)
	add_custom_target(bpf_${name} ALL DEPENDS ${dir}/${name}.skel.h)
	add_library(vmmio_bpf_${name} INTERFACE)
	add_dependencies(vmmio_bpf_${name} bpf_${name})
	target_sources(vmmio_bpf_${name} INTERFACE ${dir}/${name}.skel.h)
	target_include_directories(vmmio_bpf_${name} SYSTEM INTERFACE ${dir})
endfunction()
