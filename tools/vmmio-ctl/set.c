// SPDX-License-Identifier: GPL-2.0-only
/*
 * vmmio-ctl set: settings of one device, for its next bind or, with --rebind, now. If the device
 * cannot be served with them, the former ones are restored, and the reason is taken from the
 * kernel's log.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "settings.h"

static int trouble(const char *text)
{
	fprintf(stderr, "vmmio-ctl: %s\n", text);
	return CTL_EXIT_TROUBLE;
}

/* The kernel's log from here on; -1 if it may not be read. */
static int log_open(void)
{
	char path[PATH_MAX];
	int fd;

	snprintf(path, sizeof(path), "%s/kmsg", ctl_paths.dev);
	fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	if (fd >= 0)
		lseek(fd, 0, SEEK_END);
	return fd;
}

/* The first line since that names @device and tells of trouble, without its head. */
static void log_reason(int fd, const char *device, struct ctl_text *out)
{
	char record[1024], *text;
	unsigned int level;
	ssize_t n;

	out->s[0] = '\0';
	while (fd >= 0 && ((n = read(fd, record, sizeof(record) - 1)) > 0 || errno == EPIPE)) {
		if (n <= 0)
			continue; /* overwritten meanwhile: the next one */
		record[n] = '\0';
		text = strchr(record, ';');
		if (!text || sscanf(record, "%u", &level) != 1 || (level & 7) > 6 ||
		    !strstr(text, device))
			continue;
		text++;
		text[strcspn(text, "\n")] = '\0';
		/* "vmmio-mmio LNRO0005:00: what" */
		if (strstr(text, ": "))
			text = strstr(strstr(text, device), ": ")
				       ? strstr(strstr(text, device), ": ") + 2
				       : text;
		ctl_say(out, "%.180s", text);
		return;
	}
}

struct former {
	const char *device, *line;
};

static int restore(void *arg)
{
	const struct former *f = arg;
	struct ctl_text why;

	return ctl_settings_write(f->device, f->line, &why);
}

int ctl_settings_rebind(struct ctl_device *d, const char *former, struct ctl_text *why)
{
	struct former f = {d->name, former};
	struct ctl_text reason = {};
	int log = log_open(), err;
	size_t used;

	err = ctl_device_rebind(d, restore, &f, why);
	if (err)
		log_reason(log, d->name, &reason);
	if (log >= 0)
		close(log);
	if (err && reason.s[0]) {
		used = strlen(why->s);
		snprintf(why->s + used, sizeof(why->s) - used, ": %s", reason.s);
	}
	return err;
}

int ctl_cmd_set(const char *device, const char *const *words, int n, bool clear, bool now,
		bool force)
{
	char line[CTL_SETTINGS_MAX], former[CTL_SETTINGS_MAX];
	struct ctl_text why, busy;
	struct ctl_device d;

	if (ctl_settings_parse(words, n, line, &why)) {
		trouble(why.s);
		return CTL_EXIT_USAGE;
	}
	if (ctl_device_find(&d, device, &why) || ctl_settings_read(d.name, former, &why) ||
	    (!clear && ctl_settings_fit(&d, line, &why)))
		return trouble(why.s);
	if (now && strcmp(d.driver, ctl_our_driver(&d))) {
		ctl_say(&why, "%s: %s has it, not vmmio.ko: nothing to rebind (vmmio-ctl bind)",
			d.name, d.driver[0] ? d.driver : "no driver");
		return trouble(why.s);
	}
	if (now && !force && ctl_device_busy(&d, &busy)) {
		ctl_say(&why, "%s: %.150s (--force rebinds it all the same)", d.name, busy.s);
		return trouble(why.s);
	}
	if (ctl_settings_write(d.name, line, &why))
		return trouble(why.s);
	if (now && ctl_settings_rebind(&d, former, &why))
		return trouble(why.s);
	printf("%s: %s (%s)\n", d.name, line[0] ? line : "no settings",
	       now ? "in force" : "from its next bind on");
	return CTL_EXIT_OK;
}
