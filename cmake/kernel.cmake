# SPDX-License-Identifier: GPL-2.0-only
#
# The guest kernel: fetched at configure time (cached in the build folder), and
# where its parts lie. Also its types for BPF programs, vmlinux.h.
#
#   VMMIO_KERNEL_DIR      unpacked packages, see fetch-kernel.sh
#   VMMIO_KERNEL_RELEASE  for example 6.1.0-30-cloud-amd64
#   VMMIO_KERNEL_IMAGE    vmlinuz
#   VMMIO_KERNEL_VMLINUX  ELF with BTF
#   VMMIO_KERNEL_HEADERS  for make -C
#   VMMIO_KERNEL_MODULES  lib/modules/<release>
set(VMMIO_KERNEL_FLAVOUR "cloud-amd64" CACHE STRING "Debian flavour of the guest kernel")
set(VMMIO_KERNEL_NAME "" CACHE STRING "Concrete guest kernel release (default: the flavour's newest)")

# vmmio_fetch_kernel(<prefix> <folder name> <fetch-kernel.sh arguments>...)
# sets <prefix>_DIR, _RELEASE, _IMAGE, _VMLINUX, _HEADERS and _MODULES.
function(vmmio_fetch_kernel prefix folder)
	set(dir ${CMAKE_BINARY_DIR}/kernel/${folder})
	execute_process(
		COMMAND ${CMAKE_SOURCE_DIR}/cmake/fetch-kernel.sh --out ${dir} ${ARGN}
		OUTPUT_VARIABLE release
		OUTPUT_STRIP_TRAILING_WHITESPACE
		RESULT_VARIABLE failed
	)
	if(failed)
		message(FATAL_ERROR "no guest kernel in ${dir}")
	endif()
	set(${prefix}_DIR ${dir} PARENT_SCOPE)
	set(${prefix}_RELEASE ${release} PARENT_SCOPE)
	set(${prefix}_IMAGE ${dir}/vmlinuz PARENT_SCOPE)
	set(${prefix}_VMLINUX ${dir}/vmlinux PARENT_SCOPE)
	set(${prefix}_HEADERS ${dir}/headers PARENT_SCOPE)
	set(${prefix}_MODULES ${dir}/root/lib/modules/${release} PARENT_SCOPE)
endfunction()

if(VMMIO_STAT_FOR)
	set(VMMIO_KERNEL_RELEASE "another architecture")
	set(VMMIO_KERNEL_VMLINUX ${VMMIO_STAT_FOR})
else()
	set(request --flavour ${VMMIO_KERNEL_FLAVOUR})
	set(folder ${VMMIO_KERNEL_FLAVOUR})
	if(VMMIO_KERNEL_NAME)
		list(APPEND request --release ${VMMIO_KERNEL_NAME})
		set(folder ${VMMIO_KERNEL_NAME})
	endif()
	vmmio_fetch_kernel(VMMIO_KERNEL ${folder} ${request})
	message(STATUS "Guest kernel: ${VMMIO_KERNEL_RELEASE}")
endif()

find_program(BPFTOOL bpftool)
if(NOT BPFTOOL)
	message(FATAL_ERROR "no bpftool: package bpftool is needed")
endif()

add_custom_command(
	OUTPUT ${CMAKE_BINARY_DIR}/bpf/vmlinux.h
	COMMAND ${CMAKE_COMMAND} -E make_directory ${CMAKE_BINARY_DIR}/bpf
	COMMAND ${BPFTOOL} btf dump file ${VMMIO_KERNEL_VMLINUX} format c >
		${CMAKE_BINARY_DIR}/bpf/vmlinux.h
	DEPENDS ${VMMIO_KERNEL_VMLINUX}
	COMMENT "vmlinux.h of ${VMMIO_KERNEL_RELEASE}"
	VERBATIM
)
add_custom_target(vmlinux_h DEPENDS ${CMAKE_BINARY_DIR}/bpf/vmlinux.h)
