# SPDX-License-Identifier: GPL-2.0-only
#
# cmake --install build [--prefix DIR] [--component NAME], and DESTDIR: what goes
# where. A component is a package (package.cmake):
#
#   tools   vmmio-stat, vmmio-ctl, their manuals and completions
#   bench   vmmio-bench, vmmio-boot, the guest images that they boot
#   dkms    the driver's source, for DKMS; nothing is loaded and no device bound
include(GNUInstallDirs)

# vmmio_install_program(<component> <folder> <target>...): program, manual, completions
function(vmmio_install_program component folder)
	foreach(target IN LISTS ARGN)
		install(TARGETS ${target} RUNTIME DESTINATION ${folder} COMPONENT ${component})
		foreach(page IN LISTS manuals)
			cmake_path(GET page FILENAME file)
			if(NOT file MATCHES "^${target}\\.([1-8])$")
				continue()
			endif()
			set(section ${CMAKE_MATCH_1})
			add_custom_command(
				OUTPUT ${page}.gz
				COMMAND gzip -9nc ${page} > ${page}.gz
				DEPENDS ${page}
				VERBATIM
			)
			add_custom_target(manual-${target} ALL DEPENDS ${page}.gz)
			install(FILES ${page}.gz DESTINATION ${CMAKE_INSTALL_MANDIR}/man${section}
				COMPONENT ${component}
			)
		endforeach()
		if(CMAKE_CROSSCOMPILING)
			continue() # they come from the program's own help
		endif()
		set(dir ${CMAKE_BINARY_DIR}/completions)
		add_custom_command(
			OUTPUT ${dir}/${target}.bash ${dir}/_${target} ${dir}/${target}.fish
			COMMAND ${CMAKE_SOURCE_DIR}/cmake/completions.sh --out ${dir} --program
				$<TARGET_FILE:${target}>
			DEPENDS ${target} ${CMAKE_SOURCE_DIR}/cmake/completions.sh
			COMMENT "Completions of ${target}"
			VERBATIM
		)
		add_custom_target(
			completions-${target} ALL DEPENDS ${dir}/${target}.bash ${dir}/_${target} ${dir}/${target}.fish
		)
		install(
			FILES ${dir}/${target}.bash
			DESTINATION ${CMAKE_INSTALL_DATADIR}/bash-completion/completions
			RENAME ${target}
			COMPONENT ${component}
		)
		install(FILES ${dir}/${target}.fish
			DESTINATION ${CMAKE_INSTALL_DATADIR}/fish/vendor_completions.d COMPONENT ${component}
		)
		# Debian's zsh looks elsewhere for what packages bring.
		install(
			CODE "
			set(zsh site-functions)
			if(CMAKE_INSTALL_PREFIX STREQUAL \"/usr\" AND EXISTS /etc/debian_version)
				set(zsh vendor-completions)
			endif()
			file(INSTALL \"${dir}/_${target}\" DESTINATION
			     \"\${CMAKE_INSTALL_PREFIX}/${CMAKE_INSTALL_DATADIR}/zsh/\${zsh}\"
			)"
			COMPONENT ${component}
		)
	endforeach()
endfunction()

vmmio_install_program(tools ${CMAKE_INSTALL_BINDIR} vmmio-stat)
if(VMMIO_STAT_FOR)
	return()
endif()
vmmio_install_program(tools ${CMAKE_INSTALL_SBINDIR} vmmio-ctl)

# Units, which nobody starts: the path in them is that of the prefix at the time of
# the installation.
foreach(unit IN ITEMS vmmio-stat vmmio-stat-textfile)
	install(
		CODE "
		file(READ \"${CMAKE_SOURCE_DIR}/packaging/systemd/hardened.in\" VMMIO_HARDENED)
		set(CMAKE_INSTALL_FULL_BINDIR \"\${CMAKE_INSTALL_PREFIX}/${CMAKE_INSTALL_BINDIR}\")
		configure_file(\"${CMAKE_SOURCE_DIR}/packaging/systemd/${unit}.service.in\"
			       \"${CMAKE_BINARY_DIR}/systemd/${unit}.service\" @ONLY)
		file(INSTALL \"${CMAKE_BINARY_DIR}/systemd/${unit}.service\" DESTINATION
		     \"\${CMAKE_INSTALL_PREFIX}/lib/systemd/system\")"
		COMPONENT tools
	)
endforeach()
vmmio_install_program(bench ${CMAKE_INSTALL_BINDIR} vmmio-bench vmmio-boot)

# Programs find it from where they are (vmmio_guest_image): always lib, never lib64.
file(REAL_PATH ${VMMIO_KERNEL_IMAGE} vmlinuz)
install(FILES ${vmlinuz} DESTINATION lib/vmmio/image RENAME vmlinuz COMPONENT bench)
install(FILES ${VMMIO_IMAGE_DIR}/initrd.cpio DESTINATION lib/vmmio/image COMPONENT bench)
if(TARGET host-image)
	install(FILES ${VMMIO_IMAGE_DIR}/host.cpio DESTINATION lib/vmmio/image COMPONENT bench)
endif()
install(FILES ${VMMIO_IMAGE_DIR}/where-1.so ${VMMIO_IMAGE_DIR}/where-2.so DESTINATION lib/vmmio/image COMPONENT bench)
install(DIRECTORY bench/experiments DESTINATION ${CMAKE_INSTALL_DATADIR}/vmmio COMPONENT bench FILES_MATCHING
	PATTERN "*.ini"
)
install(DIRECTORY docs/machines DESTINATION ${CMAKE_INSTALL_DATADIR}/vmmio COMPONENT bench)

# The tree that DKMS builds: kmod beside include, as in the source.
set(dkms src/vmmio-${PROJECT_VERSION})
configure_file(packaging/dkms/dkms.conf.in ${CMAKE_BINARY_DIR}/dkms/dkms.conf @ONLY)
install(FILES ${CMAKE_BINARY_DIR}/dkms/dkms.conf DESTINATION ${dkms} COMPONENT dkms)
install(DIRECTORY kmod DESTINATION ${dkms} COMPONENT dkms)
install(DIRECTORY include/vmmio DESTINATION ${dkms}/include COMPONENT dkms)
