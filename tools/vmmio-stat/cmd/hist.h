/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Distributions as "hist" prints them, for other subcommands, too.
 */
#ifndef VMMIO_CMD_HIST_H
#define VMMIO_CMD_HIST_H

#include "tools/vmmio-stat/session/session.h"

/* May distribution @id be shown here, if it is a duration? If not, prints why. */
bool vmmio_hist_allowed(const struct vmmio_session *x, int id);

/*
 * Distribution @id of the @n rows selected of x->delta. Returns an exit status, or -1
 * to go on.
 */
int vmmio_hist_report(struct vmmio_session *x, int n, int id);

#endif
