// SPDX-License-Identifier: GPL-2.0-only
/*
 * Option parser of the bench (opts.h). "--name value" and "--name=value";
 * "--" ends the options.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "opts.h"
#include "num.h"

static int parse_number(const char *text, const struct vmmio_opt *o, unsigned int *out)
{
	__u64 v;
	int err = vmmio_parse_u64(text, o->min, o->max, &v);

	if (!err)
		*out = v;
	return err;
}

static int parse_double(const char *text, double min, double max, double *out)
{
	char *end;
	double v;

	if ((*text < '0' || *text > '9') && *text != '.')
		return -EINVAL;
	errno = 0;
	v = strtod(text, &end);
	if (*end || errno || !(v == v))
		return -EINVAL;
	if (v < min || v > max)
		return -ERANGE;
	*out = v;
	return 0;
}

static bool is_choice(const char *choices, const char *text)
{
	size_t n = strlen(text);

	for (const char *p = choices; n; p++) {
		size_t word = strcspn(p, "|");

		if (word == n && !strncmp(p, text, n))
			return true;
		p += word;
		if (!*p)
			break;
	}
	return false;
}

static int parse_list(const char *text, const struct vmmio_opt *o, struct vmmio_list *out)
{
	char word[16];

	out->n = 0;
	for (const char *p = text;; p++) {
		size_t n = strcspn(p, ",");
		unsigned int v;
		int err;

		if (n >= sizeof(word) || out->n == VMMIO_LIST_MAX)
			return -ERANGE;
		memcpy(word, p, n);
		word[n] = '\0';
		err = parse_number(word, o, &v);
		if (err)
			return err;
		for (size_t i = 0; i < out->n; i++)
			if (out->v[i] == v)
				return -EEXIST;
		out->v[out->n++] = v;
		p += n;
		if (!*p)
			return 0;
	}
}

static int set_value(struct vmmio_opt *o, const char *value)
{
	switch (o->kind) {
	case VMMIO_OPT_FLAG:
		*(bool *)o->target = true;
		return 0;
	case VMMIO_OPT_NUMBER:
		return parse_number(value, o, o->target);
	case VMMIO_OPT_DOUBLE:
		return parse_double(value, o->min, o->max, o->target);
	case VMMIO_OPT_LIST:
		return parse_list(value, o, o->target);
	case VMMIO_OPT_CHOICE:
		if (!is_choice(o->choices, value))
			return -EINVAL;
		break;
	case VMMIO_OPT_STRING:
		if (!*value)
			return -EINVAL;
		break;
	}
	*(const char **)o->target = value;
	return 0;
}

static void complain(const char *command, const struct vmmio_opt *o, const char *value, int err)
{
	fprintf(stderr, "vmmio-bench %s: --%s %s: ", command, o->name, value);
	if (err == -EEXIST)
		fprintf(stderr, "a value is there twice\n");
	else if (o->kind == VMMIO_OPT_CHOICE)
		fprintf(stderr, "not one of %s\n", o->choices);
	else if (o->kind == VMMIO_OPT_STRING)
		fprintf(stderr, "empty\n");
	else
		fprintf(stderr, "not %s from %.12g to %.12g\n",
			o->kind == VMMIO_OPT_LIST ? "a list of numbers" : "a number", o->min,
			o->max);
}

static void print_help(const char *command, const char *usage, const struct vmmio_opt *opts,
		       size_t nopts)
{
	printf("usage: vmmio-bench %s %s\n", command, usage);
	for (size_t i = 0; i < nopts; i++) {
		char left[64];

		snprintf(left, sizeof(left), "--%s%s%s", opts[i].name, opts[i].arg ? " " : "",
			 opts[i].arg ? opts[i].arg : "");
		printf("  %-26s %s\n", left, opts[i].help);
	}
}

static struct vmmio_opt *find(struct vmmio_opt *opts, size_t nopts, const char *name, size_t n)
{
	for (size_t i = 0; i < nopts; i++)
		if (strlen(opts[i].name) == n && !strncmp(opts[i].name, name, n))
			return &opts[i];
	return NULL;
}

int vmmio_opts_parse(const char *command, const char *usage, struct vmmio_opt *opts, size_t nopts,
		     int argc, char **argv, const char **operands, size_t max_operands, size_t *n)
{
	bool ended = false;

	*n = 0;
	for (int i = 1; i < argc; i++) {
		const char *arg = argv[i], *value;
		struct vmmio_opt *o;
		size_t name;
		int err;

		if (ended || arg[0] != '-' || !arg[1]) {
			if (*n == max_operands) {
				fprintf(stderr, "vmmio-bench %s: %s: one operand too many\n",
					command, arg);
				return -EINVAL;
			}
			operands[(*n)++] = arg;
			continue;
		}
		if (!strcmp(arg, "--")) {
			ended = true;
			continue;
		}
		if (!strcmp(arg, "--help") || !strcmp(arg, "-h")) {
			print_help(command, usage, opts, nopts);
			return 1;
		}
		name = strcspn(arg, "=");
		o = !strncmp(arg, "--", 2) ? find(opts, nopts, arg + 2, name - 2) : NULL;
		if (!o) {
			fprintf(stderr, "vmmio-bench %s: %.*s: no such option (try --help)\n",
				command, (int)name, arg);
			return -EINVAL;
		}
		value = arg[name] ? arg + name + 1 : NULL;
		if (o->kind == VMMIO_OPT_FLAG ? !!value : !value && i + 1 == argc) {
			fprintf(stderr, "vmmio-bench %s: --%s %s\n", command, o->name,
				value ? "takes no value" : "needs a value");
			return -EINVAL;
		}
		if (o->kind != VMMIO_OPT_FLAG && !value)
			value = argv[++i];
		err = set_value(o, value);
		if (err) {
			complain(command, o, value, err);
			return -EINVAL;
		}
		o->given = true;
	}
	return 0;
}
