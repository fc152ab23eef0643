/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Settings of one device (settings.c, set.c): checked here before the driver sees them. The driver
 * keeps them under the device's name on its bus.
 */
#ifndef VMMIO_CTL_SETTINGS_H
#define VMMIO_CTL_SETTINGS_H

#include <vmmio/settings.h>
#include "ctl.h"

#define CTL_SETTINGS_MAX VMMIO_SETTINGS_MAX

/*
 * Joins "key=value" words to one line in @line (CTL_SETTINGS_MAX bytes). -EINVAL with @why: what is
 * wrong and what is allowed. The device is not known yet.
 */
int ctl_settings_parse(const char *const *words, int n, char *line, struct ctl_text *why);

/* Has each setting in @line a meaning on the bus of @d? -EINVAL with @why. */
int ctl_settings_fit(const struct ctl_device *d, const char *line, struct ctl_text *why);

/* What is set for @device, "" for nothing. -ENOENT with @why: vmmio.ko is not loaded. */
int ctl_settings_read(const char *device, char *line, struct ctl_text *why);

/* Sets or, with "", forgets; read back. @why has the driver's reason. */
int ctl_settings_write(const char *device, const char *line, struct ctl_text *why);

/* Calls @f for each device that has settings, present or not. */
int ctl_settings_each(void (*f)(const char *device, const char *line, void *arg), void *arg);

/*
 * set.c: takes @d from vmmio.ko and gives it back, with the settings that are written. If that
 * fails, @former are written and the driver tried once more; -errno, and @why with the driver's
 * reason.
 */
int ctl_settings_rebind(struct ctl_device *d, const char *former, struct ctl_text *why);

/* set.c: the subcommand. */
int ctl_cmd_set(const char *device, const char *const *words, int n, bool clear, bool rebind,
		bool force);

#endif
