// SPDX-License-Identifier: GPL-2.0-only
/*
 * "regs": accesses by register name, over an interval, a command, or (source sysfs, no interval
 * given) since the device was bound: the cost of its probe.
 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "tools/vmmio-stat/session/cmd.h"
#include "tools/vmmio-stat/core/regtable.h"
#include "tools/vmmio-stat/session/session.h"
#include "tools/vmmio-stat/session/parse.h"

static void per(char *buf, size_t size, __u64 n, const struct vmmio_row *r, int counter)
{
	if (vmmio_row_has(r, counter) && r->c[counter])
		snprintf(buf, size, "%.2f", (double)n / (double)r->c[counter]);
	else
		snprintf(buf, size, "-");
}

static void mean(char *buf, size_t size, const struct vmmio_session *x, const struct vmmio_row *r,
		 __u64 ns, __u64 n)
{
	if (n && ns && r->have_reg_ns && vmmio_env_times(&x->env))
		snprintf(buf, size, "%.0f", (double)ns / (double)n);
	else
		snprintf(buf, size, "-");
}

static void print_device(const struct vmmio_session *x, const struct vmmio_snapshot *d, size_t i)
{
	const struct vmmio_row *r = &d->rows[i];
	const struct vmmio_reg_counts *g = vmmio_row_regs(d, i);
	int k;

	if (!g || !r->have_regs)
		return;
	for (k = 0; k < VMMIO_REG_COUNT; k++) {
		char kick[16], irq[16], rns[16], wns[16];

		if (!g->reads[k] && !g->writes[k])
			continue;
		per(kick, sizeof(kick), g->reads[k] + g->writes[k], r, VMMIO_C_KICKS);
		per(irq, sizeof(irq), g->reads[k] + g->writes[k], r, VMMIO_C_IRQS);
		mean(rns, sizeof(rns), x, r, g->read_ns[k], g->reads[k]);
		mean(wns, sizeof(wns), x, r, g->write_ns[k], g->writes[k]);
		printf("%-9s %-24s 0x%03x %9llu %9llu %7s %7s %7s %7s\n", vmmio_row_device(r),
		       vmmio_regs[k].name, vmmio_regs[k].offset, (unsigned long long)g->reads[k],
		       (unsigned long long)g->writes[k], kick, irq, rns, wns);
	}
}

static int since_bound(struct vmmio_session *x, struct vmmio_moment *m)
{
	return vmmio_moment_take(x, &m[1]);
}

static int over_interval(struct vmmio_session *x, struct vmmio_moment *m)
{
	if (vmmio_moment_take(x, &m[0]))
		return -1;
	if (x->opt.interval_ns >= 1000000000)
		sleep((unsigned int)(x->opt.interval_ns / 1000000000));
	if (!vmmio_stop)
		usleep((useconds_t)(x->opt.interval_ns % 1000000000 / 1000));
	return vmmio_moment_take(x, &m[1]);
}

int vmmio_cmd_regs(int argc, char **argv)
{
	static const struct vmmio_form form = {
		.program = "vmmio-stat regs",
		.usage = "[options] [interval]",
		.about = "Accesses by register name; without an interval, and with the driver's "
			 "own\n"
			 "counters, those since the device was bound.\n",
		.after = "For a command, or other formats: vmmio-stat --json [-- command] has "
			 "\"registers\".\n",
		.takes = "i1TnDqSzoe",
	};
	struct vmmio_session x = {};
	struct vmmio_moment m[2];
	bool interval;
	int ret, i, n;

	ret = vmmio_options_parse(&x.opt, &form, argc, argv);
	if (ret)
		return ret - 1;
	interval = x.opt.argc > 0;
	ret = vmmio_options_interval(&x.opt);
	if (ret)
		return ret - 1;
	if (!interval && !strncmp(x.opt.source, "file:", 5)) {
		vmmio_complain("regs: a recording has intervals: ask for one, as in regs --source "
			       "%s 1",
			       x.opt.source);
		return VMMIO_EXIT_USAGE;
	}
	x.want.regs = true;
	x.want.counters = 1ull << VMMIO_C_KICKS | 1ull << VMMIO_C_IRQS | 1ull << VMMIO_C_REG_READS |
			  1ull << VMMIO_C_REG_WRITES |
			  1ull << VMMIO_C_IRQS_SPURIOUS; /* runs of handlers */
	if (!interval && !strcmp(x.opt.source, "auto"))
		x.opt.source = "sysfs";
	if (vmmio_session_open(&x))
		return VMMIO_EXIT_TROUBLE;
	for (i = 0; i < 2; i++)
		vmmio_moment_init(&m[i], &x);
	ret = interval ? over_interval(&x, m) : since_bound(&x, m);
	n = ret ? -1 : vmmio_session_compare(&x, &m[0], &m[1]);
	if (n >= 0) {
		printf("%-9s %-24s %5s %9s %9s %7s %7s %7s %7s\n", "DEVICE", "REGISTER", "OFF",
		       "READS", "WRITES", "acc/kck", "acc/irq", "read-ns", "writ-ns");
		for (i = 0; i < n; i++)
			print_device(&x, &x.delta, x.index[i]);
	}
	for (i = 0; i < 2; i++)
		vmmio_moment_free(&m[i]);
	vmmio_session_close(&x);
	return n < 0 || x.blind ? VMMIO_EXIT_TROUBLE : VMMIO_EXIT_OK;
}
