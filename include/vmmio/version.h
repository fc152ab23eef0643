/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The version of module, programs and packages. This is its only place; the build reads it from
 * here. MAJOR.MINOR.PATCH follow SemVer; docs/release.md says what they promise. The layouts that
 * module and tools share have a separate number, VMMIO_ABI.
 */
#ifndef VMMIO_VERSION_H
#define VMMIO_VERSION_H

#ifndef VMMIO_VERSION
#define VMMIO_VERSION "0.1.0"
#endif

#endif
