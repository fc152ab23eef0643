// SPDX-License-Identifier: GPL-2.0-only
/*
 * Settings per device, kept by the bus device's name so that they survive a
 * rebind, and read by the next probe: /sys/kernel/vmmio/options.
 *
 * Reading gives one line per device that has any. Writing takes one line:
 *
 *   DEVICE key=value...   replaces what was set for DEVICE
 *   DEVICE                forgets it
 *
 *   queue_size=N          largest ring, 1 to 32768
 *   withhold=NAME[,...]   features to hide: a name of features.h or a bit number
 *   irq=auto|msix|shared|intx   PCI only
 *   affinity=QUEUE:CPU[,...]    MSI-X only
 *   lazy_status=0|1       MMIO, level-triggered line only; see docs
 *   reread_status=0|1     MMIO, for edge-triggered lines; see docs
 *   force=0|1             allow rings that are known to hang
 *
 * What is wrong with a line is said in the kernel log, and nothing changes.
 */
#include <linux/cpumask.h>
#include <linux/kernel.h>
#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/sysfs.h>
#include <uapi/linux/virtio_config.h>
#include <vmmio/features.h>
#include "compat.h"
#include "options.h"
#include "regs/regs.h"

#define ENTRIES_MAX 64

struct entry {
	struct list_head list;
	char device[40];
	char line[VMMIO_SETTINGS_MAX]; /* as it was written, for reading back */
	struct vmmio_options options;
};

static LIST_HEAD(entries);
static unsigned int entries_count;
static DEFINE_MUTEX(entries_lock);

static const struct {
	u8 bit;
	const char *name;
} feature_names[] = {
#define FEATURE_NAME(bit, name) {bit, name},
	VMMIO_FEATURES(FEATURE_NAME)};

static int parse_withhold(char *value, struct vmmio_options *o)
{
	char *name;

	while ((name = strsep(&value, ","))) {
		unsigned int bit = 64, i;

		for (i = 0; i < ARRAY_SIZE(feature_names); i++)
			if (!strcmp(name, feature_names[i].name))
				bit = feature_names[i].bit;
		if (bit == 64 && (kstrtouint(name, 10, &bit) || bit > 63))
			return -EINVAL;
		/* without it the device would have another interface, or reach too much memory */
		if (bit == VIRTIO_F_VERSION_1 || bit == VIRTIO_F_ACCESS_PLATFORM)
			return -EPERM;
		o->withhold |= BIT_ULL(bit);
	}
	return 0;
}

static int parse_affinity(char *value, struct vmmio_options *o)
{
	char *pair;

	while ((pair = strsep(&value, ","))) {
		char *cpu = strchr(pair, ':');
		u16 queue, n;

		if (!cpu || o->affinities == VMMIO_SETTING_AFFINITIES)
			return -EINVAL;
		*cpu++ = 0;
		if (kstrtou16(pair, 10, &queue) || kstrtou16(cpu, 10, &n) || n >= nr_cpu_ids ||
		    !cpu_possible(n))
			return -EINVAL;
		o->affinity[o->affinities].queue = queue;
		o->affinity[o->affinities++].cpu = n;
	}
	return 0;
}

static const char *const setting_keys[VMMIO_SETTING_COUNT] = {
#define SETTING_KEY(id, key, where, values, error, meaning) key,
	VMMIO_SETTINGS(SETTING_KEY)};

static int parse_option(const char *key, char *value, struct vmmio_options *o)
{
	static const char *const irqs[] = {
#define IRQ_WORD(id, word) word,
		VMMIO_SETTING_IRQS(IRQ_WORD)};
	int n;

	switch (match_string(setting_keys, VMMIO_SETTING_COUNT, key)) {
#define PARSE_NUMBER(X, id, key, where, min, max, meaning)                                \
	case VMMIO_SETTING_##id:                                                          \
		return kstrtouint(value, 10, &o->key) || o->key < (min) || o->key > (max) \
			       ? -EINVAL                                                  \
			       : 0;
#define PARSE_SWITCH(X, id, key, where, meaning) \
	case VMMIO_SETTING_##id:                 \
		return kstrtobool(value, &o->key);
		VMMIO_SETTING_NUMBERS(PARSE_NUMBER, )
		VMMIO_SETTING_SWITCHES(PARSE_SWITCH, )
	case VMMIO_SETTING_WITHHOLD:
		return parse_withhold(value, o);
	case VMMIO_SETTING_IRQ:
		n = match_string(irqs, ARRAY_SIZE(irqs), value);
		if (n < 0)
			return -EINVAL;
		o->irq = n;
		return 0;
	case VMMIO_SETTING_AFFINITY:
		return parse_affinity(value, o);
	default:
		return -ENOENT;
	}
}

/* @line up to @key, a later word of it, is cut into strings already. */
static bool given_before(const char *line, const char *key)
{
	for (; line < key; line += strlen(line) + 1)
		if (!strcmp(line, key))
			return true;
	return false;
}

#define KNOWN_SETTING(id, key, where, values, error, meaning) " " key "=" values
#define KNOWN VMMIO_SETTINGS(KNOWN_SETTING)

static int parse_line(char *line, struct vmmio_options *o)
{
	const char *first = line;
	char *word;
	int err;

	while ((word = strsep(&line, " \t"))) {
		char *value = strchr(word, '=');

		if (!*word)
			continue;
		if (value)
			*value++ = 0;
		err = given_before(first, word) ? -EEXIST
		      : value && *value		? parse_option(word, value, o)
						: -EINVAL;
		if (err) {
			pr_err("vmmio: options: %s: %s; known are" KNOWN "\n", word,
			       err == -ENOENT	? "no such key"
			       : err == -EPERM	? "not a feature that may be withheld"
			       : err == -EEXIST ? "given twice"
						: "value out of range or not understood");
			return err == -EPERM ? err : -EINVAL;
		}
	}
	return 0;
}

static struct entry *find(const char *device)
{
	struct entry *e;

	list_for_each_entry(e, &entries, list)
		if (!strcmp(e->device, device))
			return e;
	return NULL;
}

static void forget(struct entry *e)
{
	list_del(&e->list);
	entries_count--;
	kfree(e);
}

static int store_line(char *line)
{
	struct vmmio_options options = {};
	struct entry *e, *old;
	char *device, *rest;
	int err;

	rest = strim(line);
	device = strsep(&rest, " \t");
	if (!*device || strlen(device) >= sizeof(e->device)) {
		pr_err("vmmio: options: a device's name has 1 to %zu bytes: DEVICE "
		       "[key=value...]\n",
		       sizeof(e->device) - 1);
		return -EINVAL;
	}
	e = kzalloc(sizeof(*e), GFP_KERNEL);
	if (!e)
		return -ENOMEM;
	strscpy(e->device, device, sizeof(e->device));
	if (rest && strscpy(e->line, strim(rest), sizeof(e->line)) < 0) {
		pr_err("vmmio: options: %s: more than %zu bytes of settings\n", device,
		       sizeof(e->line) - 1);
		err = -E2BIG;
		goto err_free;
	}
	err = rest ? parse_line(rest, &options) : 0;
	if (err)
		goto err_free;
	e->options = options;

	mutex_lock(&entries_lock);
	old = find(device);
	if (old)
		forget(old);
	if (!e->line[0]) {
		kfree(e);
	} else if (entries_count == ENTRIES_MAX) {
		pr_err("vmmio: options: %s: %u devices have settings, no more are kept\n", device,
		       ENTRIES_MAX);
		err = -ENOSPC;
		kfree(e);
	} else {
		list_add_tail(&e->list, &entries);
		entries_count++;
	}
	mutex_unlock(&entries_lock);
	return err;

err_free:
	kfree(e);
	return err;
}

static ssize_t options_write(struct file *file, struct kobject *kobj,
			     VMMIO_BIN_ATTR_CONST struct bin_attribute *attr, char *buf, loff_t pos,
			     size_t count)
{
	char *line = kstrndup(buf, count, GFP_KERNEL);
	int err;

	if (!line)
		return -ENOMEM;
	err = store_line(line);
	kfree(line);
	return err ?: count;
}

/* Returns the file's contents from byte @pos on. */
static ssize_t options_read(struct file *file, struct kobject *kobj,
			    VMMIO_BIN_ATTR_CONST struct bin_attribute *attr, char *buf, loff_t pos,
			    size_t count)
{
	char line[sizeof_field(struct entry, device) + sizeof_field(struct entry, line) + 2];
	struct entry *e;
	size_t done = 0;
	loff_t at = 0; /* where the line begins in the file */

	mutex_lock(&entries_lock);
	list_for_each_entry(e, &entries, list) {
		size_t len = scnprintf(line, sizeof(line), "%s %s\n", e->device, e->line);

		if (pos < at + len && done < count) {
			size_t skip = pos > at ? pos - at : 0;
			size_t n = min(len - skip, count - done);

			memcpy(buf + done, line + skip, n);
			done += n;
		}
		at += len;
	}
	mutex_unlock(&entries_lock);
	return done;
}

/* A binary file, because all entries together exceed the page of a text file. */
static VMMIO_BIN_ATTR_CONST struct bin_attribute options_attr = {
	.attr = {.name = "options", .mode = 0644},
	.read = options_read,
	.write = options_write,
};

/* Settings for the next probe of @device: defaults where nothing was set. */
void vmmio_options_get(const char *device, struct vmmio_options *options)
{
	struct entry *e;

	*options = (struct vmmio_options){.queue_size = vmmio_queue_size};
	mutex_lock(&entries_lock);
	e = find(device);
	if (e) {
		u16 size = e->options.queue_size ?: options->queue_size;

		*options = e->options;
		options->queue_size = size;
	}
	mutex_unlock(&entries_lock);
}

int vmmio_options_init(struct kobject *parent)
{
	return sysfs_create_bin_file(parent, &options_attr);
}

void vmmio_options_exit(struct kobject *parent)
{
	struct entry *e, *next;

	sysfs_remove_bin_file(parent, &options_attr);
	list_for_each_entry_safe(e, next, &entries, list)
		forget(e);
}
