// SPDX-License-Identifier: GPL-2.0-only
/*
 * record.bpf.c for Linux 6.2 and later, which have bpf_rdonly_cast(): the call that reads an
 * event is a quarter of what a record costs its caller.
 */
#define VMMIO_RECORD_CAST
#include "record.bpf.c"
