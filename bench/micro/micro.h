/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * `vmmio-bench micro`: its rows and results, as the workloads fill them and
 * the writers print them. A row is one way an access is served, one way an
 * interrupt is sent, or one firmware read loop.
 */
#ifndef VMMIO_BENCH_MICRO_H
#define VMMIO_BENCH_MICRO_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <jansson.h>

#include "bench/data/series.h"
#include "lib/accel.h"
#include "lib/clock.h"

#define MICRO_MAX_ROUNDS 201
#define MICRO_MAX_ROWS 48

enum micro_kind {
	MICRO_ACCESS,	 /* one guest instruction, in a loop */
	MICRO_INTERRUPT, /* send to handler, guest halted */
	MICRO_FIRMWARE,	 /* one INT 13h read under SeaBIOS in QEMU */
};

struct micro_row {
	const char *key;
	const char *title;
	enum micro_kind kind;
	const char *bus;       /* "mmio", "pio", "none", "irqchip", "msi", "pci" */
	const char *direction; /* "write", "read", "deliver", … */
	const char *path;      /* "userspace", "ioeventfd", "coalesced", "in-kernel", … */
	int width;	       /* bytes; 0 = does not apply */
	bool baseline;	       /* taken off the other rows of its kind */

	char note[96]; /* why there is no figure; empty when there is one */
	uint64_t per_round;
	int rounds;
	double wall[MICRO_MAX_ROUNDS]; /* ns per access, one value a round */
	double cpu[MICRO_MAX_ROUNDS];  /* of all threads that serve it; NaN: not known */
	double send[MICRO_MAX_ROUNDS]; /* interrupts: wall ns of sending alone; else NaN */
	double wait[MICRO_MAX_ROUNDS]; /* % of the round without a CPU; NaN: not known */
	uint64_t expected;	       /* accesses made in all */
	uint64_t seen;		       /* and counted by the side that served them */
};

/*
 * Order statistics over the rounds; NaN where there are none. Wall times are of
 * the undisturbed rounds where there are enough, else of all; the minimum and
 * CPU times are of all.
 */
struct micro_summary {
	double median, min, p25, p75;
	double net; /* median less the baseline's median; NaN for baselines */
};

/* In between, where a round or a run was: what it had to wait, in per cent. */
struct micro_noise {
	double own;   /* this thread, for a CPU */
	double any;   /* any task of the machine */
	double steal; /* all CPUs, for a hypervisor below */
	double stolen, total;
	uint64_t start;
};

enum micro_value {
	MICRO_WALL,
	MICRO_CPU,
	MICRO_SEND,
};

struct micro_result {
	char cpu[128];
	char kernel[160];
	char date[32]; /* 2026-01-31 */
	enum vmmio_accel accel;
	int cpus;
	long halt_poll_ns;	  /* -1: not known */
	bool polls;		  /* it cannot be turned off for the interrupt rows */
	struct micro_noise noise; /* of the whole run */
	int nr_rows;
	struct micro_row rows[MICRO_MAX_ROWS];
};

struct micro_options {
	int rounds;
	double target_ns; /* of one run of one row */
	int irq_samples;  /* interrupts per round */
	int bios_reads;	  /* reads per run; 0: no firmware workload */
	const char *only; /* comma-separated keys or prefixes; NULL: all */
};

/* Is @key wanted by @only? */
bool micro_wanted(const char *only, const char *key);

/* Each appends its rows; 0 or -errno. A row that cannot run has a note. */
int micro_run_access(const struct micro_options *o, struct micro_result *r);
int micro_run_interrupt(const struct micro_options *o, struct micro_result *r);
int micro_run_firmware(const struct micro_options *o, struct micro_result *r);

/* Does each word of @only begin a line of @keys? The one that does not in @bad. */
bool micro_named(const char *only, const char *keys, char *bad, size_t len);

/* The keys and titles of all rows, for --list. */
void micro_keys_access(FILE *f);
void micro_keys_interrupt(FILE *f);
void micro_keys_firmware(FILE *f);

/* Appends a row copied from @tmpl; NULL when the table is full. */
struct micro_row *micro_add(struct micro_result *r, const struct micro_row *tmpl);

struct micro_summary micro_summarise(const struct micro_result *r, const struct micro_row *row,
				     enum micro_value what);

/* What is NaN afterwards could not be learned. */
void micro_noise_start(struct micro_noise *n);
void micro_noise_end(struct micro_noise *n);

/* A disturbed round is tried again so often; the least disturbed one is kept. */
#define MICRO_TRIES 3

/* Keeps these values of @round unless better ones are there. True: clean, no need to try again. */
bool micro_round_keep(struct micro_row *row, int round, double wall, double cpu, double send,
		      double wait);

/* Was the machine busy with something else? */
bool micro_round_clean(const struct micro_row *row, int round);
int micro_clean_rounds(const struct micro_row *row);
bool micro_row_noisy(const struct micro_row *row); /* too few clean rounds */
int micro_noisy_rows(const struct micro_result *r);
bool micro_noisy(const struct micro_result *r);

void micro_print_table(FILE *f, const struct micro_result *r);
void micro_print_csv(FILE *f, const struct micro_result *r);

/* What is stored: the rows, their samples round by round, and their medians as series. */
json_t *micro_json(const struct micro_result *r);
json_t *micro_rounds(const struct micro_result *r);
int micro_series(const struct micro_result *r, struct vmmio_series_set *set);

/* Per-thread watchdog: from now on, every 10 ms after @ms, *flag = 1 and a
 * signal that interrupts KVM_RUN on this thread. 0 ms disarms. */
int micro_watchdog(unsigned int ms, volatile int **flag);

uint64_t micro_thread_cpu(void); /* CLOCK_THREAD_CPUTIME_ID, ns */

#endif
