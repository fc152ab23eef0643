# SPDX-License-Identifier: GPL-2.0-only
#
# Run by cpack when the components lie in its folder and are not packed yet: adds
# what Debian wants of a package and an installation has no use for.
#
#   SOURCE_DATE_EPOCH  the date in the changelog; else that of CHANGELOG.md
if(DEFINED ENV{SOURCE_DATE_EPOCH})
	set(when $ENV{SOURCE_DATE_EPOCH})
else()
	file(TIMESTAMP ${CPACK_VMMIO_SOURCE}/CHANGELOG.md when "%s" UTC)
endif()
set(ENV{LC_ALL} C)
execute_process(COMMAND date -u -R -d @${when} OUTPUT_VARIABLE date OUTPUT_STRIP_TRAILING_WHITESPACE)

foreach(component IN LISTS CPACK_COMPONENTS_ALL)
	set(root ${CPACK_TEMPORARY_DIRECTORY}/${component}/usr/share)
	set(package vmmio-${component})
	set(doc ${root}/doc/${package})
	file(WRITE ${doc}/changelog.Debian
	     "vmmio (${CPACK_PACKAGE_VERSION}-${CPACK_DEBIAN_PACKAGE_RELEASE}) unstable; urgency=medium\n\n"
	     "  * What changed is in changelog.gz.\n\n -- ${CPACK_PACKAGE_CONTACT}  ${date}\n"
	)
	file(COPY_FILE ${CPACK_VMMIO_SOURCE}/CHANGELOG.md ${doc}/changelog)
	file(COPY_FILE ${CPACK_VMMIO_SOURCE}/packaging/debian/copyright ${doc}/copyright)
	execute_process(COMMAND gzip -9nf ${doc}/changelog.Debian ${doc}/changelog COMMAND_ERROR_IS_FATAL ANY)
	set(overrides ${CPACK_VMMIO_SOURCE}/packaging/debian/${component}.lintian-overrides)
	if(EXISTS ${overrides})
		file(MAKE_DIRECTORY ${root}/lintian/overrides)
		file(COPY_FILE ${overrides} ${root}/lintian/overrides/${package})
	endif()
	execute_process(COMMAND chmod -R u=rwX,go=rX ${CPACK_TEMPORARY_DIRECTORY}/${component})
endforeach()
