// SPDX-License-Identifier: GPL-2.0-only
/*
 * Settings per device: their syntax, and the driver's file that keeps them. The driver checks them
 * again; the error texts for people are made here.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <vmmio/features.h>
#include <vmmio/settings.h>
#include "settings.h"
#include "lib/num.h"

static const struct {
	unsigned int bit;
	const char *name;
} features[] = {
#define FEATURE(bit, name) {bit, name},
	VMMIO_FEATURES(FEATURE)};

static bool is_number(const char *text, unsigned int min, unsigned int max)
{
	__u64 v;

	return !vmmio_parse_u64(text, min, max, &v);
}

static int check_withhold(char *value, struct ctl_text *why)
{
	char *save = NULL, *name;

	for (name = strtok_r(value, ",", &save); name; name = strtok_r(NULL, ",", &save)) {
		__u64 bit = 64;
		size_t i;

		for (i = 0; i < sizeof(features) / sizeof(features[0]); i++)
			if (!strcmp(name, features[i].name))
				bit = features[i].bit;
		if (bit == 64 && vmmio_parse_u64(name, 0, 63, &bit)) {
			size_t used;

			ctl_say(why, "%.40s is no feature: a bit number, 0 to 63, or one of", name);
			for (i = 0; i < sizeof(features) / sizeof(features[0]); i++) {
				used = strlen(why->s);
				if (features[i].bit != 32 && features[i].bit != 33)
					snprintf(why->s + used, sizeof(why->s) - used, " %s",
						 features[i].name);
			}
			return -EINVAL;
		}
		if (bit == 32 || bit == 33) {
			ctl_say(why,
				"%s cannot be withheld: the device would be another one, or "
				"reach memory it must not",
				bit == 32 ? "version_1" : "access_platform");
			return -EINVAL;
		}
	}
	return 0;
}

static int check_affinity(char *value, struct ctl_text *why)
{
	long cpus = sysconf(_SC_NPROCESSORS_CONF);
	char *save = NULL, *pair;
	int n = 0;

	for (pair = strtok_r(value, ",", &save); pair; pair = strtok_r(NULL, ",", &save)) {
		char *cpu = strchr(pair, ':');

		if (cpu)
			*cpu++ = '\0';
		if (!cpu || !is_number(pair, 0, 65535) || !is_number(cpu, 0, cpus - 1)) {
			ctl_say(why, "must be QUEUE:CPU,..., a CPU 0 to %ld", cpus - 1);
			return -EINVAL;
		}
		if (n++ == VMMIO_SETTING_AFFINITIES) {
			ctl_say(why, "more than %d queues", VMMIO_SETTING_AFFINITIES);
			return -EINVAL;
		}
	}
	return 0;
}

static bool is_irq(const char *value)
{
#define IS_IRQ(id, word)          \
	if (!strcmp(value, word)) \
		return true;
	VMMIO_SETTING_IRQS(IS_IRQ)
	return false;
}

/* May cut up @value. @why is set where the setting's own words do not say enough. */
static int check(enum vmmio_setting setting, char *value, struct ctl_text *why)
{
	bool good = false;

	switch (setting) {
#define CHECK_NUMBER(X, id, key, where, min, max, meaning) \
	case VMMIO_SETTING_##id:                           \
		good = is_number(value, min, max);         \
		break;
#define CHECK_SWITCH(X, id, key, where, meaning)                   \
	case VMMIO_SETTING_##id:                                   \
		good = !strcmp(value, "0") || !strcmp(value, "1"); \
		break;
		VMMIO_SETTING_NUMBERS(CHECK_NUMBER, )
		VMMIO_SETTING_SWITCHES(CHECK_SWITCH, )
	case VMMIO_SETTING_WITHHOLD:
		return check_withhold(value, why);
	case VMMIO_SETTING_IRQ:
		good = is_irq(value);
		break;
	case VMMIO_SETTING_AFFINITY:
		return check_affinity(value, why);
	case VMMIO_SETTING_COUNT:
		break;
	}
	return good ? 0 : -EINVAL;
}

enum where {
	ANY,
	PCI,
	LINE, /* everywhere but on PCI */
};

static const struct key {
	const char *name;
	const char *error;
	enum where where;
} keys[] = {
#define KEY(id, key, where, values, error, meaning) {key, error, where},
	VMMIO_SETTINGS(KEY)};

#define NAME(id, key, where, values, error, meaning) " " key "="
#define NAMES VMMIO_SETTINGS(NAME)
#define KEYS (sizeof(keys) / sizeof(keys[0]))

static int find_key(const char *word, size_t len)
{
	for (size_t i = 0; i < KEYS; i++)
		if (strlen(keys[i].name) == len && !strncmp(keys[i].name, word, len))
			return i;
	return -ENOENT;
}

int ctl_settings_parse(const char *const *words, int n, char *line, struct ctl_text *why)
{
	unsigned int seen = 0;
	size_t used = 0;
	int i;

	line[0] = '\0';
	for (i = 0; i < n; i++) {
		const char *value = strchr(words[i], '=');
		size_t len = value ? (size_t)(value - words[i]) : strlen(words[i]);
		int k = find_key(words[i], len);
		char copy[CTL_SETTINGS_MAX];
		struct ctl_text wrong = {};

		if (k < 0) {
			ctl_say(why, "%.60s: no such setting:" NAMES, words[i]);
			return -EINVAL;
		}
		if (!value || !value[1] || strpbrk(value, " \t\n")) {
			ctl_say(why, "%.60s: must be %s=VALUE, without blanks", words[i],
				keys[k].name);
			return -EINVAL;
		}
		if (seen & 1u << k) {
			ctl_say(why, "%s: given twice", keys[k].name);
			return -EINVAL;
		}
		seen |= 1u << k;
		if (used + strlen(words[i]) + 2 > CTL_SETTINGS_MAX) {
			ctl_say(why, "%.40s...: more than %d bytes of settings", words[i],
				CTL_SETTINGS_MAX - 1);
			return -EINVAL;
		}
		snprintf(copy, sizeof(copy), "%s", value + 1);
		if (check(k, copy, &wrong)) {
			ctl_say(why, "%.60s: %.170s", words[i], *wrong.s ? wrong.s : keys[k].error);
			return -EINVAL;
		}
		used += snprintf(line + used, CTL_SETTINGS_MAX - used, "%s%s", used ? " " : "",
				 words[i]);
	}
	return 0;
}

int ctl_settings_fit(const struct ctl_device *d, const char *line, struct ctl_text *why)
{
	bool pci = !strcmp(d->bus, "pci");
	const char *word = line;

	while (*word) {
		size_t len = strcspn(word, " ");
		int k = find_key(word, strcspn(word, "="));

		if (k >= 0 && keys[k].where == PCI && !pci) {
			ctl_say(why, "%s: %s= has no meaning: a device on the %s bus has one line",
				d->name, keys[k].name, d->bus);
			return -EINVAL;
		}
		if (k >= 0 && keys[k].where == LINE && pci) {
			ctl_say(why,
				"%s: %s= has no meaning on the pci bus: its status is read or "
				"not needed",
				d->name, keys[k].name);
			return -EINVAL;
		}
		word += len;
		word += strspn(word, " ");
	}
	return 0;
}

static const char *options_file(char *path, size_t size)
{
	snprintf(path, size, "%s/kernel/vmmio/options", ctl_paths.sys);
	return path;
}

int ctl_settings_each(void (*f)(const char *device, const char *line, void *arg), void *arg)
{
	char path[PATH_MAX], *line = NULL, *rest;
	size_t room = 0;
	FILE *in = fopen(options_file(path, sizeof(path)), "re");

	if (!in)
		return -errno;
	while (getline(&line, &room, in) > 0) {
		line[strcspn(line, "\n")] = '\0';
		rest = line + strcspn(line, " ");
		if (*rest)
			*rest++ = '\0';
		f(line, rest, arg);
	}
	free(line);
	fclose(in);
	return 0;
}

struct wanted {
	const char *device;
	char *line;
};

static void pick(const char *device, const char *line, void *arg)
{
	struct wanted *w = arg;

	if (!strcmp(device, w->device))
		snprintf(w->line, CTL_SETTINGS_MAX, "%s", line);
}

int ctl_settings_read(const char *device, char *line, struct ctl_text *why)
{
	struct wanted w = {device, line};
	char path[PATH_MAX];
	int err;

	line[0] = '\0';
	err = ctl_settings_each(pick, &w);
	if (err == -ENOENT)
		ctl_say(why, "there is no %s: load vmmio.ko first (modprobe vmmio)",
			options_file(path, sizeof(path)));
	else if (err)
		ctl_say(why, "%s: %s", options_file(path, sizeof(path)), strerror(-err));
	return err;
}

int ctl_settings_write(const char *device, const char *line, struct ctl_text *why)
{
	char path[PATH_MAX], text[CTL_SETTINGS_MAX + 80], back[CTL_SETTINGS_MAX];
	int err = 0, fd, len;

	len = snprintf(text, sizeof(text), "%s%s%s\n", device, line[0] ? " " : "", line);
	fd = open(options_file(path, sizeof(path)), O_WRONLY | O_CLOEXEC);
	if (fd < 0 || write(fd, text, len) != len)
		err = errno ? -errno : -EIO;
	if (fd >= 0)
		close(fd);
	if (err) {
		ctl_say(why, "%s: the driver does not take '%.100s': %s%s", device, line,
			strerror(-err), err == -EACCES ? " (root is needed)" : "");
		return err;
	}
	err = ctl_settings_read(device, back, why);
	if (!err && strcmp(back, line)) {
		ctl_say(why, "%s: the driver keeps '%.90s', not '%.90s'", device, back, line);
		err = -EIO;
	}
	return err;
}
