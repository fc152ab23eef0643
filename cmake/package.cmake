# SPDX-License-Identifier: GPL-2.0-only
#
# cpack in the build folder: Debian packages vmmio-tools, vmmio-bench and
# vmmio-dkms, one of each component of install.cmake. What only a package has
# (copyright, changelog, lintian's overrides) is added by
# packaging/debian/stage.cmake. -D CPACK_DEBIAN_COMPRESSION_TYPE=xz is smaller and
# takes minutes.
set(VMMIO_MAINTAINER "vmmio maintainers <maintainers@vmmio.example>"
    CACHE STRING "Who answers for the packages that cpack makes"
)
set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME vmmio)
set(CPACK_PACKAGE_VERSION ${PROJECT_VERSION})
set(CPACK_PACKAGE_CONTACT ${VMMIO_MAINTAINER})
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "costs of virtio transports")
set(CPACK_COMPONENTS_ALL tools bench dkms)
set(CPACK_COMPONENTS_GROUPING IGNORE)
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_STRIP_FILES ON)
set(CPACK_INSTALL_DEFAULT_DIRECTORY_PERMISSIONS
    OWNER_READ OWNER_WRITE OWNER_EXECUTE GROUP_READ GROUP_EXECUTE WORLD_READ WORLD_EXECUTE
)
set(CPACK_OUTPUT_FILE_PREFIX ${CMAKE_BINARY_DIR}/dist)
set(CPACK_PRE_BUILD_SCRIPTS ${CMAKE_SOURCE_DIR}/packaging/debian/stage.cmake)

set(CPACK_DEB_COMPONENT_INSTALL ON)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_RELEASE 1)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS OFF)
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)
set(CPACK_DEBIAN_COMPRESSION_TYPE gzip)

set(CPACK_COMPONENT_TOOLS_DESCRIPTION
    "watch what virtio devices cost a guest or a KVM host
vmmio-stat counts kicks, interrupts, register accesses and exits of virtio
devices, per virtqueue, with mainline's drivers or with vmmio.ko. vmmio-ctl
hands a device to vmmio.ko and back. Both are static, so that they run in a
bare guest as well."
)
set(CPACK_DEBIAN_TOOLS_PACKAGE_NAME vmmio-tools)
set(CPACK_DEBIAN_TOOLS_PACKAGE_SECTION admin)
set(CPACK_DEBIAN_TOOLS_PACKAGE_SUGGESTS "vmmio-dkms, vmmio-bench, prometheus-node-exporter")

set(CPACK_COMPONENT_BENCH_DESCRIPTION
    "compare virtio-mmio with virtio-pci in guests under QEMU
vmmio-bench boots guests, runs one load over several virtio transports and
gives a verdict with its evidence: accesses, exits, instructions and, where
the machine has KVM, times. The guest images are part of the package."
)
set(CPACK_DEBIAN_BENCH_PACKAGE_NAME vmmio-bench)
set(CPACK_DEBIAN_BENCH_PACKAGE_SECTION admin)
set(CPACK_DEBIAN_BENCH_PACKAGE_DEPENDS "qemu-system-x86")
set(CPACK_DEBIAN_BENCH_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_BENCH_PACKAGE_RECOMMENDS "gnuplot-nox | gnuplot")
set(CPACK_DEBIAN_BENCH_PACKAGE_SUGGESTS "vmmio-tools")

set(CPACK_COMPONENT_DKMS_DESCRIPTION
    "virtio transport driver with tracepoints on every access (DKMS)
vmmio.ko serves the kernel's own virtio drivers over MMIO and PCI and traces
each register access, kick and interrupt. It is loaded by nobody unless told,
and takes no device unless told. This package has the source, from which DKMS
builds the module for each kernel."
)
set(CPACK_DEBIAN_DKMS_PACKAGE_NAME vmmio-dkms)
set(CPACK_DEBIAN_DKMS_PACKAGE_SECTION kernel)
set(CPACK_DEBIAN_DKMS_PACKAGE_ARCHITECTURE all)
set(CPACK_DEBIAN_DKMS_PACKAGE_DEPENDS "dkms")
set(CPACK_DEBIAN_DKMS_PACKAGE_RECOMMENDS "vmmio-tools")

foreach(script IN ITEMS postinst prerm)
	foreach(component IN ITEMS tools dkms)
		set(from ${CMAKE_SOURCE_DIR}/packaging/debian/${component}.${script}.in)
		if(EXISTS ${from})
			set(to ${CMAKE_BINARY_DIR}/package/${component}/${script})
			configure_file(${from} ${to} @ONLY)
			string(TOUPPER ${component} upper)
			list(APPEND CPACK_DEBIAN_${upper}_PACKAGE_CONTROL_EXTRA ${to})
		endif()
	endforeach()
endforeach()
set(CPACK_VMMIO_SOURCE ${CMAKE_SOURCE_DIR})
include(CPack)
