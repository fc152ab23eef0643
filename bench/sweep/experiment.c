// SPDX-License-Identifier: GPL-2.0-only
/*
 * Experiment files (experiment.h): what their sections, keys and lists mean. Unknown
 * sections, keys and values are errors: a misspelt setting must not silently
 * measure something else. What the lists multiply to: plan.c.
 */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "experiment.h"
#include "plan.h"
#include "lib/num.h"
#include "lib/ini.h"
#include "lib/text.h"

static const struct {
	const char *name;
	const char *words; /* allowed words, or NULL for a number within min .. max */
	unsigned int min, max;
	const char *fallback;
} keys[KEYS] = {
	[K_LOAD] = {"load", "block|fio|scsi|udp_rr|tcp_rr|tcp_stream|rng|console", 0, 0, "block"},
	[K_ARCH] = {"arch", "x86|arm64", 0, 0, "x86"},
	[K_TRANSPORT] = {"transport", "mmio|mmio-legacy|pci-intx|pci-msix", 0, 0,
			 "mmio, pci-intx, pci-msix"},
	[K_DRIVER] = {"driver", "vmmio|mainline", 0, 0, "vmmio"},
	[K_RW] = {"rw", "read|write", 0, 0, "read"},
	[K_DEPTH] = {"depth", NULL, 1, 1024, "1"},
	[K_QUEUE_SIZE] = {"queue_size", NULL, 16, 1024, "256"},
	[K_QUEUES] = {"queues", NULL, 1, 16, "1"},
	[K_VECTORS] = {"vectors", "queue|shared", 0, 0, "queue"},
	[K_VCPUS] = {"vcpus", NULL, 1, 16, "1"},
	[K_BLOCK_SIZE] = {"block_size", NULL, 1, 1 << 20, "4096"},
	[K_REQUEST] = {"request", NULL, 1, 1472, "32"},
	[K_RESPONSE] = {"response", NULL, 1, 1472, "1024"},
	[K_LATENCY_US] = {"latency_us", NULL, 0, 1000000, "0"},
	[K_EVENT_IDX] = {"event_idx", "on|off", 0, 0, "on"},
	[K_INDIRECT] = {"indirect", "on|off", 0, 0, "on"},
	[K_PACKED] = {"packed", "on|off", 0, 0, "off"},
	[K_LAZY_STATUS] = {"lazy_status", "on|off", 0, 0, "off"},
	[K_ICOUNT] = {"icount", "on|off", 0, 0, "off"},
	[K_IOEVENTFD] = {"ioeventfd", "on|off", 0, 0, "off"},
	[K_IOTHREAD] = {"iothread", "on|off", 0, 0, "off"},
	[K_VHOST] = {"vhost", "on|off", 0, 0, "off"},
	[K_IRQCHIP] = {"irqchip", "split|on|off", 0, 0, "split"},
	[K_HOST] = {"host", "on|off", 0, 0, "off"},
	[K_UNDER] = {"under", "build|linux-6.12|linux-7|qemu-10", 0, 0, "build"},
	[K_COUNT] = {"count", NULL, 1, 100000000, "500"},
};

struct parser {
	struct vmmio_experiment *e;
	struct grid base, *grids;
	size_t ngrids;
	bool given[KEYS]; /* anywhere in the file */
	bool quick, skip;
	bool ends;	   /* of a list of numbers the first and the last only */
	struct grid *grid; /* being read */
	int line;
	char *why;
	size_t len;
};

static int wrong(struct parser *p, const char *what, const char *which)
{
	snprintf(p->why, p->len, "line %d: %s: %s", p->line, which, what);
	return -EINVAL;
}

static bool is_word(const char *words, const char *text)
{
	size_t n = strlen(text);

	while (*words) {
		size_t w = strcspn(words, "|");

		if (w == n && !strncmp(words, text, n))
			return true;
		words += w + (words[w] == '|');
	}
	return false;
}

static int set_list(struct parser *p, struct grid *g, enum key k, const char *text)
{
	char copy[256];
	size_t n = 0;

	if (snprintf(copy, sizeof(copy), "%s", text) >= (int)sizeof(copy))
		return wrong(p, "too long", keys[k].name);
	for (char *rest = copy, *w; (w = strsep(&rest, ","));) {
		__u64 v;

		w = vmmio_trim(w);
		if (!*w)
			return wrong(p, "a value is missing", keys[k].name);
		if (n == VALUES_MAX || strlen(w) >= sizeof(g->value[0][0]))
			return wrong(p, "too many or too long values", keys[k].name);
		if (keys[k].words ? !is_word(keys[k].words, w)
				  : vmmio_parse_u64(w, keys[k].min, keys[k].max, &v) != 0)
			return wrong(p, "a value that is not allowed", w[0] ? w : keys[k].name);
		for (size_t i = 0; i < n; i++)
			if (!strcmp(g->value[k][i], w))
				return wrong(p, "the value is there twice", w);
		snprintf(g->value[k][n++], sizeof(g->value[0][0]), "%s", w);
	}
	if (!n)
		return wrong(p, "no value", keys[k].name);
	if (p->ends && !keys[k].words && n > 2) {
		memmove(g->value[k][1], g->value[k][n - 1], sizeof(g->value[0][0]));
		n = 2;
	}
	g->n[k] = n;
	return 0;
}

static int number(struct parser *p, const char *key, const char *text, unsigned int min,
		  unsigned int max, unsigned int *out)
{
	__u64 v;

	if (vmmio_parse_u64(text, min, max, &v))
		return wrong(p, "a value that is not allowed", key);
	*out = v;
	return 0;
}

static int text_of(struct parser *p, const char *key, const char *value, char *out, size_t len)
{
	if (!*value)
		return wrong(p, "no value", key);
	return snprintf(out, len, "%s", value) < (int)len ? 0 : wrong(p, "too long", key);
}

/* A key of [experiment] or [quick] that is not a setting. */
static int set_global(struct parser *p, const char *key, const char *value)
{
	struct vmmio_experiment *e = p->e;

	if (!strcmp(key, "title"))
		return text_of(p, key, value, e->title, sizeof(e->title));
	if (!strcmp(key, "costs"))
		return text_of(p, key, value, e->costs, sizeof(e->costs));
	if (!strcmp(key, "vmm"))
		return text_of(p, key, value, e->vmm, sizeof(e->vmm));
	if (!strcmp(key, "boots"))
		return number(p, key, value, 1, 1000, &e->boots);
	if (!strcmp(key, "rounds"))
		return number(p, key, value, 1, 60, &e->rounds);
	if (!strcmp(key, "timeout"))
		return number(p, key, value, 5, 86400, &e->timeout);
	if (!strcmp(key, "seed"))
		return number(p, key, value, 1, 0xffffffff, &e->seed);
	if (!strcmp(key, "ends") && is_word("yes|no", value)) {
		p->ends = !strcmp(value, "yes");
		return 0;
	}
	if (!strcmp(key, "times") && is_word("yes|no", value)) {
		e->times = !strcmp(value, "yes");
		return 0;
	}
	if (!strcmp(key, "allow_soft") && is_word("yes|no", value)) {
		e->allow_soft = !strcmp(value, "yes");
		return 0;
	}
	return wrong(p, "no such key, or not a value of it", key);
}

static int set_key(struct parser *p, struct grid *g, const char *key, const char *value)
{
	for (int k = 0; k < KEYS; k++) {
		if (!strcmp(keys[k].name, key)) {
			g->given[k] = p->given[k] = true;
			return set_list(p, g, k, value);
		}
	}
	if (g != &p->base)
		return wrong(p, "no such key in a grid", key);
	return set_global(p, key, value);
}

static int open_section(struct parser *p, const char *name)
{
	struct grid *more;

	p->skip = false;
	p->grid = &p->base;
	if (!strcmp(name, "experiment"))
		return p->ngrids ? wrong(p, "must come before the grids", name) : 0;
	if (!strcmp(name, "quick")) {
		p->skip = !p->quick;
		return p->ngrids ? wrong(p, "must come before the grids", name) : 0;
	}
	if (strncmp(name, "grid ", 5) || !name[5] || strlen(name + 5) >= sizeof(more->name))
		return wrong(p, "no such section", name);
	for (size_t i = 0; i < p->ngrids; i++)
		if (!strcmp(p->grids[i].name, name + 5))
			return wrong(p, "the grid is there twice", name);
	more = realloc(p->grids, (p->ngrids + 1) * sizeof(*more));
	if (!more)
		return -ENOMEM;
	p->grids = more;
	p->grid = &more[p->ngrids++];
	*p->grid = p->base;
	p->grid->line = p->line;
	snprintf(p->grid->name, sizeof(p->grid->name), "%s", name + 5);
	return 0;
}

static int take(void *arg, int line, char *section, char *key, char *value)
{
	struct parser *p = arg;
	struct vmmio_experiment keep = *p->e;
	struct grid unused = p->base;
	bool ends = p->ends;
	int err;

	p->line = line;
	if (!key)
		return open_section(p, section);
	err = set_key(p, p->grid, key, value);
	if (p->skip) { /* checked, not used */
		p->base = unused;
		*p->e = keep;
		p->ends = ends;
	}
	return err;
}

/* What holds where the file says nothing. */
static int set_fallbacks(struct parser *p)
{
	int err = 0;

	for (int k = 0; k < KEYS && !err; k++)
		err = set_list(p, &p->base, k, keys[k].fallback);
	return err;
}

int vmmio_experiment_load(const char *path, bool quick, struct vmmio_experiment *e, char *why,
			  size_t len)
{
	struct parser p = {.e = e, .quick = quick, .why = why, .len = len};
	const char *slash = strrchr(path, '/'), *dot;
	int err;

	memset(e, 0, sizeof(*e));
	e->boots = 4;
	e->rounds = 2;
	e->timeout = 120;
	e->seed = 1;
	err = set_fallbacks(&p);
	err = err ?: vmmio_ini_load(path, take, &p, &e->text, why, len);
	if (!err && !p.ngrids) {
		snprintf(why, len, "no [grid NAME] section");
		err = -EINVAL;
	}
	if (err)
		goto fail;
	slash = slash ? slash + 1 : path;
	dot = strrchr(slash, '.');
	snprintf(e->name, sizeof(e->name), "%.*s%s", dot ? (int)(dot - slash) : (int)strlen(slash),
		 slash, quick ? "-quick" : "");
	e->crc = crc32(crc32(0, NULL, 0), (const unsigned char *)e->text, strlen(e->text));
	for (size_t i = 0; i < p.ngrids && !err; i++)
		err = vmmio_grid_expand(e, &p.grids[i], p.given, why, len);
	if (!err)
		err = vmmio_plan_shuffle(e);
	if (err && !why[0])
		snprintf(why, len, "%s", strerror(-err));
fail:
	free(p.grids);
	if (err)
		vmmio_experiment_free(e);
	return err;
}

void vmmio_experiment_free(struct vmmio_experiment *e)
{
	free(e->runs);
	free(e->text);
	memset(e, 0, sizeof(*e));
}
