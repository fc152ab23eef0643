/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What this kernel allows vmmio-stat to do. A check looks at one thing and reports its finding and,
 * where something is missing, the remedy; it prints nothing and changes nothing. What no file shows
 * is tried (bpf.c) and undone at once.
 */
#ifndef VMMIO_DOCTOR_H
#define VMMIO_DOCTOR_H

#include <stdbool.h>
#include <stddef.h>

enum doctor_state {
	DOCTOR_OK,
	DOCTOR_NOTE,	/* works, with less; or not needed here */
	DOCTOR_PROBLEM, /* something that was asked for cannot be had */
};

struct doctor_finding {
	enum doctor_state state;
	const char *check; /* "kernel BTF" */
	char found[200];
	char remedy[240]; /* empty: none is needed */
};

#define DOCTOR_FINDINGS 32

/* The result of a trial of a program type: 0, or -errno. */
struct doctor_trials {
	bool done;
	bool none; /* this program holds no BPF object: nothing was tried */
	int raw_tp;
	int kprobe;
	int fentry;
	int perf_kprobe; /* the event that carries it */
};

struct doctor {
	const char *root; /* before every path: "" or, in tests, a folder */
	struct doctor_trials trials;
	struct doctor_finding list[DOCTOR_FINDINGS];
	int n;
	/* what the checks learn and the verdict needs */
	bool vmmio, vmmio_btf, vmlinux_btf, ring_btf, ring_builtin, clock_ok, emulated;
	bool admin;		      /* may use the types of modules */
	bool locked;		      /* down to confidentiality: no BPF that reads the kernel */
	bool signed_only;	      /* no unsigned module is loaded */
	bool tracefs;		      /* may be used */
	bool kprobe_events;	      /* in it */
	bool fentry_off, kprobes_off; /* switched off: attached, they would not fire */
};

/* Tries to load and attach, each program in turn; needs no files. */
void doctor_try(struct doctor_trials *t);

/* Runs all checks on d->root with d->trials. */
void doctor_examine(struct doctor *d);

/* No check found a problem. */
bool doctor_well(const struct doctor *d);

extern const char *const doctor_state_names[];

/* For the files that hold checks (doctor.c, rights.c). */
struct doctor_finding *doctor_add(struct doctor *d, enum doctor_state state, const char *check,
				  const char *format, ...) __attribute__((format(printf, 4, 5)));
void doctor_remedy(struct doctor_finding *f, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
bool doctor_there(const struct doctor *d, const char *path);
/* First line of a file; -errno if it cannot be read. */
int doctor_line(const struct doctor *d, const char *path, char *text, size_t size);

void doctor_check_lockdown(struct doctor *d);
void doctor_check_capabilities(struct doctor *d);
void doctor_check_files(struct doctor *d);

#endif
