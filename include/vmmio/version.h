/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The version, for module, programs and packages alike: this is its only
 * place (the build reads it from here). MAJOR.MINOR.PATCH as SemVer has it;
 * what is promised by it stands in docs/release.md. The layouts that
 * module and tools share have a number of their own, VMMIO_ABI.
 */
#ifndef VMMIO_VERSION_H
#define VMMIO_VERSION_H

#ifndef VMMIO_VERSION
#define VMMIO_VERSION "0.1.0"
#endif

#endif
