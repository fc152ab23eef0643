# SPDX-License-Identifier: GPL-2.0-only
#
# The guest image: build/image/vmlinuz and build/image/initrd.cpio (busybox,
# mainline's virtio modules, ours, the tools). Uncompressed: unpacking costs
# more under emulation than reading.
set(VMMIO_IMAGE_DIR ${CMAKE_BINARY_DIR}/image)
file(MAKE_DIRECTORY ${VMMIO_IMAGE_DIR})

# busybox comes as a package of its own, unpacked here: installing
# busybox-static would replace the busybox of the machine.
execute_process(
	COMMAND ${CMAKE_SOURCE_DIR}/cmake/fetch-deb.sh --out ${CMAKE_BINARY_DIR}/packages/busybox
		busybox-static
	RESULT_VARIABLE failed
)
if(failed)
	message(FATAL_ERROR "no busybox for the guest image")
endif()
set(busybox ${CMAKE_BINARY_DIR}/packages/busybox/bin/busybox)
execute_process(COMMAND ${busybox} --list OUTPUT_FILE ${CMAKE_BINARY_DIR}/packages/busybox/applets
		COMMAND_ERROR_IS_FATAL ANY
)

add_executable(mkcpio bench/guest/mkcpio.c bench/guest/cpio.c)
target_link_libraries(mkcpio PRIVATE vmmio_flags)

# What the kernel has built in is listed, so that a guest script can tell it from what is missing.
file(STRINGS cmake/guest-modules modules REGEX "^[a-z]")
set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS cmake/guest-modules)
set(spec "")
set(depends ${busybox})
file(GLOB_RECURSE present ${VMMIO_KERNEL_MODULES}/kernel/*.ko ${VMMIO_KERNEL_MODULES}/kernel/*.ko.xz)
foreach(path IN LISTS present)
	cmake_path(GET path FILENAME file)
	string(REGEX REPLACE "\\.ko(\\.xz)?$" "" name ${file})
	string(REPLACE "-" "_" name ${name})
	if(NOT name IN_LIST modules)
		continue()
	endif()
	list(REMOVE_ITEM modules ${name})
	if(file MATCHES "\\.xz$")
		set(unpacked ${VMMIO_IMAGE_DIR}/modules/${name}.ko)
		add_custom_command(
			OUTPUT ${unpacked}
			COMMAND ${CMAKE_COMMAND} -E make_directory ${VMMIO_IMAGE_DIR}/modules
			COMMAND xz -dc ${path} > ${unpacked}
			DEPENDS ${path}
			VERBATIM
		)
		set(path ${unpacked})
	endif()
	list(APPEND spec "file /lib/modules/${name}.ko ${path}")
	list(APPEND depends ${path})
endforeach()
set(builtin "")
file(STRINGS ${VMMIO_KERNEL_MODULES}/modules.builtin lines)
foreach(line IN LISTS lines)
	cmake_path(GET line STEM name)
	string(REPLACE "-" "_" name ${name})
	string(APPEND builtin "${name}\n")
	list(REMOVE_ITEM modules ${name})
endforeach()
# Some kernels have no module, built in or not, for these.
list(REMOVE_ITEM modules virtio_pci_legacy_dev virtio_pci_modern_dev rng_core scsi_common)
if(modules)
	message(FATAL_ERROR "kernel ${VMMIO_KERNEL_RELEASE} has no module ${modules}")
endif()
file(GENERATE OUTPUT ${VMMIO_IMAGE_DIR}/builtin CONTENT "${builtin}")

foreach(tool IN ITEMS vmmio-stat vmmio-ctl blkload netload charload)
	if(TARGET ${tool})
		list(APPEND spec "file /bin/${tool} $<TARGET_FILE:${tool}>")
		list(APPEND depends ${tool})
	endif()
endforeach()
if(VMMIO_KO)
	list(APPEND spec "file /lib/modules/vmmio.ko ${VMMIO_KO}")
	list(APPEND depends kmod ${VMMIO_KO})
endif()
get_property(more GLOBAL PROPERTY VMMIO_IMAGE_SPEC)
list(APPEND spec ${more})
get_property(more GLOBAL PROPERTY VMMIO_IMAGE_DEPENDS)
list(APPEND depends ${more})

list(
	PREPEND
	spec
	"dir /dev 755"
	"node /dev/console 600 5 1"
	"node /dev/null 666 1 3"
	"dir /proc 755"
	"dir /sys 755"
	"dir /tmp 1777"
	"dir /root 700"
	"dir /etc 755"
	"dir /lib 755"
	"dir /lib/modules 755"
	"dir /bin 755"
	"link /sbin bin"
	"link /usr /"
	"file /bin/busybox ${busybox}"
	"links /bin /bin/busybox ${CMAKE_BINARY_DIR}/packages/busybox/applets"
	"file /init ${CMAKE_SOURCE_DIR}/bench/guest/image/init"
	"file /lib/vmmio.sh ${CMAKE_SOURCE_DIR}/bench/guest/image/vmmio.sh"
	"file /lib/modules/builtin ${VMMIO_IMAGE_DIR}/builtin"
)
list(JOIN spec "\n" spec)
file(GENERATE OUTPUT ${VMMIO_IMAGE_DIR}/list CONTENT "${spec}\n")

add_custom_command(
	OUTPUT ${VMMIO_IMAGE_DIR}/initrd.cpio
	COMMAND mkcpio ${VMMIO_IMAGE_DIR}/initrd.cpio < ${VMMIO_IMAGE_DIR}/list
	DEPENDS mkcpio
		${depends}
		${VMMIO_IMAGE_DIR}/list
		${VMMIO_IMAGE_DIR}/builtin
		${CMAKE_SOURCE_DIR}/bench/guest/image/init
		${CMAKE_SOURCE_DIR}/bench/guest/image/vmmio.sh
	COMMENT "Guest image"
	VERBATIM
)
file(CREATE_LINK ${VMMIO_KERNEL_IMAGE} ${VMMIO_IMAGE_DIR}/vmlinuz SYMBOLIC)
add_custom_target(image ALL DEPENDS ${VMMIO_IMAGE_DIR}/initrd.cpio)
# for compare --where: the plugins, and vmmio.ko as it was before it was stripped
if(TARGET where-1)
	add_dependencies(image where-1 where-2)
endif()
if(VMMIO_KO)
	cmake_path(GET VMMIO_KO PARENT_PATH dir)
	file(MAKE_DIRECTORY ${VMMIO_IMAGE_DIR}/debug)
	file(CREATE_LINK ${dir}/src/kmod/vmmio.ko ${VMMIO_IMAGE_DIR}/debug/vmmio.ko SYMBOLIC)
endif()

# The bench host's image, where this machine has what goes into it.
find_program(QEMU_X86 qemu-system-x86_64)
if(QEMU_X86 AND CMAKE_SYSTEM_PROCESSOR STREQUAL "x86_64")
	set(programs vmmio-boot vmmio-bench vmmio-layers kvmload hosttool)
	find_program(SETPRIV setpriv) # busybox has less of one
	list(TRANSFORM programs REPLACE "(.+)" "$<TARGET_FILE:\\1>" OUTPUT_VARIABLE files)
	add_custom_command(
		OUTPUT ${VMMIO_IMAGE_DIR}/host.cpio
		COMMAND
			${CMAKE_SOURCE_DIR}/cmake/host-image.sh --out ${VMMIO_IMAGE_DIR}/host.cpio --list
			${VMMIO_IMAGE_DIR}/list --mkcpio $<TARGET_FILE:mkcpio> --modules
			${VMMIO_KERNEL_MODULES} --kernel ${VMMIO_KERNEL_IMAGE} --initrd
			${VMMIO_IMAGE_DIR}/initrd.cpio --qemu ${QEMU_X86} ${files}
			${SETPRIV}
		DEPENDS mkcpio
			${programs}
			${QEMU_X86}
			${VMMIO_IMAGE_DIR}/initrd.cpio
			${CMAKE_SOURCE_DIR}/cmake/host-image.sh
		COMMENT "Bench host's image"
		VERBATIM
	)
	add_custom_target(host-image ALL DEPENDS ${VMMIO_IMAGE_DIR}/host.cpio)
endif()

# What `quickstart compare` needs: no tests, and nothing that only they drive.
add_custom_target(comparison)
add_dependencies(comparison vmmio-bench image)
if(TARGET host-image)
	add_dependencies(comparison host-image)
endif()

# The guest with fio, for load = fio: on demand.
add_custom_target(
	fio-image
	COMMAND ${CMAKE_COMMAND} -E env VMMIO_BUILD=${CMAKE_BINARY_DIR} ${CMAKE_SOURCE_DIR}/cmake/fio-image.sh --out
		${CMAKE_BINARY_DIR}/arch/fio --base ${VMMIO_IMAGE_DIR}/initrd.cpio
	DEPENDS image mkcpio
	VERBATIM
)
