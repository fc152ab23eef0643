// SPDX-License-Identifier: GPL-2.0-only
/*
 * Dimensions of results (dims.h): taken from result.json and machine.json, and
 * compared as texts. What only one of the two says is a difference, as far as anybody knows.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dims.h"
#include "lib/text.h"

/* What a dimension's change means. */
enum change {
	ASKED,	  /* one of these may differ */
	QUESTION, /* none of these may */
};

static const struct {
	const char *name;
	enum change change;
} dims[] = {
	{"kind", QUESTION}, {"load", QUESTION},	 {"count", QUESTION}, {"rounds", QUESTION},
	{"driver", ASKED},  {"settings", ASKED}, {"kernel", ASKED},   {"image", ASKED},
	{"qemu", ASKED},    {"vmmio", ASKED},	 {"machine", ASKED},  {"host", ASKED},
};

#define DIMS (sizeof(dims) / sizeof(dims[0]))

static void set(json_t *all, const char *name, const json_t *value)
{
	char *text;

	if (!value || json_is_null(value))
		return;
	if (json_is_string(value)) {
		json_object_set(all, name, (json_t *)value);
		return;
	}
	text = json_dumps(value, JSON_ENCODE_ANY | JSON_SORT_KEYS | JSON_COMPACT);
	json_object_set_new(all, name, json_string(text ? text : "?"));
	free(text);
}

/* The options that say what an I/O is: all but how often and where it was run; of a sweep, which.
 */
static void set_load(json_t *all, const json_t *result, const json_t *options)
{
	static const char *const others[] = {"boots",  "rounds", "count",   "depths", "times",
					     "driver", "images", "retries", "windows"};
	static const char *const said[] = {"load", "experiment", "title", "quick"};
	json_t *load = options ? json_copy((json_t *)options) : json_object();

	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		json_object_del(load, others[i]);
	for (size_t i = 0; i < sizeof(said) / sizeof(said[0]); i++)
		if (json_object_get(result, said[i]))
			json_object_set(load, said[i], json_object_get(result, said[i]));
	if (json_object_size(load))
		set(all, "load", load);
	json_decref(load);
}

/* The modules that took the place of the image's are part of it. */
static void set_image(json_t *all, const json_t *images)
{
	json_t *list = json_array();

	json_array_append(list, json_object_get(images, "initrd"));
	json_array_append(list, json_object_get(images, "modules"));
	if (json_array_size(list))
		set(all, "image", list);
	json_decref(list);
}

json_t *vmmio_dims_of(const json_t *result, const json_t *machine)
{
	const json_t *options = json_object_get(result, "options");
	const json_t *images = json_object_get(options, "images");
	json_t *all = json_object(), *kernel = json_array(), *below = json_array();
	static const char *const of_machine[] = {"cpu", "kernel"};

	set(all, "kind", json_object_get(result, "kind"));
	set_load(all, result, options);
	set(all, "count", json_object_get(options, "count"));
	set(all, "rounds", json_object_get(options, "rounds"));
	set(all, "driver", json_object_get(options, "driver"));
	set(all, "settings", json_object_get(result, "equal"));
	set(all, "qemu", json_object_get(machine, "qemu"));
	/* kernel and monitor of the bench host, or of each in a sweep */
	set(all, "host", json_object_get(result, "under"));
	set(all, "host", json_object_get(result, "hosts"));
	set(all, "vmmio", json_object_get(machine, "vmmio"));
	set_image(all, images);
	json_array_append(kernel, json_object_get(json_object_get(result, "guest"), "kernel"));
	json_array_append(kernel, json_object_get(images, "kernel"));
	json_array_append(below, json_object_get(result, "accel"));
	for (size_t i = 0; i < sizeof(of_machine) / sizeof(of_machine[0]); i++)
		json_array_append(below, json_object_get(machine, of_machine[i]));
	if (json_array_size(kernel))
		set(all, "kernel", kernel);
	if (machine)
		set(all, "machine", below);
	json_decref(kernel);
	json_decref(below);
	return all;
}

char *vmmio_dims_question(const json_t *all)
{
	char *text = NULL;
	size_t size;
	FILE *f = open_memstream(&text, &size);

	if (!f)
		return NULL;
	for (size_t i = 0; i < DIMS; i++) {
		const char *value = json_string_value(json_object_get(all, dims[i].name));

		if (dims[i].change == QUESTION)
			fprintf(f, "%s%s %s", i ? ", " : "", dims[i].name, value ? value : "-");
	}
	return fclose(f) ? NULL : text;
}

/* Is @name among the words of @list, parted by commas? */
static bool named(const char *list, const char *name)
{
	size_t n = strlen(name);

	for (const char *p = list; p && *p; p += strcspn(p, ","), p += *p == ',')
		if (strcspn(p, ",") == n && !strncmp(p, name, n))
			return true;
	return false;
}

bool vmmio_dims_are(const char *allow, char *bad, size_t len)
{
	for (const char *p = allow; p && *p; p += *p == ',') {
		size_t n = strcspn(p, ","), i;

		for (i = 0; i < DIMS; i++)
			if (strlen(dims[i].name) == n && !strncmp(p, dims[i].name, n))
				break;
		if (i == DIMS) {
			snprintf(bad, len, "%.*s", (int)n, p);
			return false;
		}
		p += n;
	}
	return true;
}

int vmmio_dims_compare(const json_t *a, const json_t *b, const char *allow, struct vmmio_dims *out)
{
	bool kernel = false;
	size_t asked = 0;
	char names[160] = "";

	memset(out, 0, sizeof(*out));
	out->changed = json_array();
	if (!out->changed)
		return -ENOMEM;
	for (size_t i = 0; i < DIMS; i++) {
		const char *x = json_string_value(json_object_get(a, dims[i].name));
		const char *y = json_string_value(json_object_get(b, dims[i].name));

		if (x == y || (x && y && !strcmp(x, y)))
			continue; /* both alike, or neither says it */
		x = x ? x : "not said";
		y = y ? y : "not said";
		json_array_append_new(out->changed,
				      json_sprintf("%s: %s -> %s", dims[i].name, x, y));
		out->machine |= !strcmp(dims[i].name, "machine");
		if (named(allow, dims[i].name))
			continue;
		if (dims[i].change == QUESTION && !out->refused[0])
			vmmio_say(out->refused, sizeof(out->refused),
				  "another %s: %s -> %s (--allow %s takes it)", dims[i].name, x, y,
				  dims[i].name);
		kernel |= !strcmp(dims[i].name, "kernel");
		/* modules must fit their kernel: another kernel brings another image */
		if (dims[i].change != ASKED || (kernel && !strcmp(dims[i].name, "image")))
			continue;
		asked++;
		snprintf(names + strlen(names), sizeof(names) - strlen(names), "%s%s",
			 names[0] ? ", " : "", dims[i].name);
	}
	if (asked > 1 && !out->refused[0])
		snprintf(out->refused, sizeof(out->refused),
			 "more than one thing changed: %s (--allow takes those that do not matter)",
			 names);
	return 0;
}
