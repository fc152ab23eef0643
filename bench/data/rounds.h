/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What one boot wrote to the result channel, as rows of JSON, and series made
 * from such rows. A row is one round: who was loaded (labels), what the load
 * generator said, and, in counting rounds, what the two witnesses counted;
 * counters they did not know are left out.
 *
 * In the channel a round is
 *     @round
 * {"kind":"count"|"time"|"layers"|"calls","round":0,"depth":1,"column":"mmio","ios":500,"labels":"...","device":"virtio0"}
 *     one line of JSON from the load; if it counts, two more: the driver's own
 *     counters ("driver") and then what vmmio-stat saw with its best source ("stat");
 *     after @info {"second_witness":"host"} the former alone, kept as "stat"
 *     @end STATUS
 * and beside the rounds "@info {...}" tells of the guest (merged into one).
 */
#ifndef VMMIO_BENCH_ROUNDS_H
#define VMMIO_BENCH_ROUNDS_H

#include <stdbool.h>
#include <stddef.h>
#include <jansson.h>

#include "series.h"

/*
 * Append the rounds in @text to the array @rows, each with "boot" and "seq",
 * and merge what the guest told of itself into the object @info. -EPROTO with
 * one line in @why if the text is not as above, -EIO if a round failed in the
 * guest.
 */
int vmmio_rounds_parse(const char *text, int boot, json_t *rows, json_t *info, char *why,
		       size_t len);

/*
 * Series over boots 0 .. @boots-1 from all rows; a boot that lacks a value
 * gives NAN. Times are left out unless @with_times. -E2BIG: more registers or rounds than
 * there can be.
 */
int vmmio_rounds_series(const json_t *rows, int boots, bool with_times,
			struct vmmio_series_set *set);

/*
 * The rounds of a stored result, from its rounds.jsonl or rounds.jsonl.gz; NULL
 * with one line in @why.
 */
json_t *vmmio_rounds_load(const char *folder, char *why, size_t len);

/*
 * Does a row of vmmio-stat belong to the loaded device of a round? By the name of
 * that device, or, where the round does not say it, by transport and interrupt mode.
 */
bool vmmio_rounds_row_of(const json_t *round, const json_t *stat_row);

/*
 * Events lost in all counting rounds; -1 if a round does not say: counters of the driver are not
 * fed by events, and no second witness.
 */
long long vmmio_rounds_lost(const json_t *rows);

/*
 * Do vmmio-stat and the driver's own counters agree on kicks, interrupts and
 * accesses of every counting round? @text says what was found either way.
 */
bool vmmio_rounds_agree(const json_t *rows, char *text, size_t len);

/* One object a line into @path, compressed, since there are thousands. 0 or -errno. */
int vmmio_rounds_write(const char *path, const json_t *rows);

#endif
