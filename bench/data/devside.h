/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Register accesses counted where they arrive: QEMU's trace of a boot, divided into rounds. The
 * trace contains the guest's result channel byte by byte, so its "@round" and "@end" delimit the
 * rounds. This is the only count of a driver that keeps none, and a second one of ours.
 */
#ifndef VMMIO_BENCH_DEVSIDE_H
#define VMMIO_BENCH_DEVSIDE_H

#include <stdbool.h>
#include <stddef.h>
#include <jansson.h>

/*
 * Put "device_side" {"accesses", "registers": [{"register", "reads", "writes"}]} into each
 * counting round of @boot in @rows. Only the loaded device may be busy in a round. -EPROTO
 * with one line in @why if the rounds of the trace are not those of @rows; then none has any.
 */
int vmmio_devside_take(const char *trace, int boot, json_t *rows, char *why, size_t len);

/*
 * In every round that has it: as many doorbells as vmmio-stat counted kicks, and, where it
 * counts accesses, as many of each register. @text says what was found; true if there is
 * no such round, with @text empty.
 */
bool vmmio_devside_agree(const json_t *rows, char *text, size_t len);

#endif
