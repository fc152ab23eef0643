// SPDX-License-Identifier: GPL-2.0-only
/*
 * Option parser (opts.h). "--name value" and "--name=value", "-n value" and
 * "-nvalue", "-xz"; "--" ends the options.
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

static int set_value(struct vmmio_opt *o, const char *value, char why[VMMIO_OPT_WHY])
{
	if (!value && o->kind != VMMIO_OPT_FLAG && o->kind != VMMIO_OPT_CALL)
		return -EINVAL;
	switch (o->kind) {
	case VMMIO_OPT_FLAG:
		*(bool *)o->target = true;
		return 0;
	case VMMIO_OPT_NUMBER:
		return parse_number(value, o, o->target);
	case VMMIO_OPT_U64:
		return vmmio_parse_u64(value, o->min, o->max ? o->max : ~0ull, o->target);
	case VMMIO_OPT_DOUBLE:
		return parse_double(value, o->min, o->max, o->target);
	case VMMIO_OPT_SECONDS:
		return vmmio_parse_seconds(value, o->min * 1e9, o->max * 1e9, o->target);
	case VMMIO_OPT_LIST:
		return parse_list(value, o, o->target);
	case VMMIO_OPT_CALL:
		return o->take(o->target, value, why);
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

static void complain(const struct vmmio_cmdline *c, const struct vmmio_opt *o, const char *value,
		     int err, const char *why)
{
	static const char *const what[] = {
		[VMMIO_OPT_LIST] = "a list of numbers",
		[VMMIO_OPT_SECONDS] = "a number of seconds",
	};
	size_t n = sizeof(what) / sizeof(what[0]);

	fprintf(stderr, "%s: --%s%s%s: ", c->program, o->name, value ? " " : "",
		!value	 ? ""
		: *value ? value
			 : "''");
	if (o->kind == VMMIO_OPT_CALL)
		fprintf(stderr, "%s\n", why);
	else if (err == -EEXIST)
		fprintf(stderr, "a value is there twice\n");
	else if (o->kind == VMMIO_OPT_CHOICE)
		fprintf(stderr, "not one of %s\n", o->choices);
	else if (o->kind == VMMIO_OPT_STRING)
		fprintf(stderr, "empty\n");
	else if (o->kind == VMMIO_OPT_U64 && !o->max)
		fprintf(stderr, "not a number from %.12g on\n", o->min);
	else
		fprintf(stderr, "not %s from %.12g to %.12g\n",
			o->kind < n && what[o->kind] ? what[o->kind] : "a number", o->min, o->max);
}

/* Words of @text from column @at on, broken before column 80; ends the line. */
static void wrapped(FILE *f, const char *text, int at)
{
	int column = at;

	while (*text) {
		int len = (int)strcspn(text, " ");

		if (column > at && column + 1 + len > 80) {
			fprintf(f, "\n%*s", at, "");
			column = at;
		}
		column += fprintf(f, "%s%.*s", column > at ? " " : "", len, text);
		text += len + strspn(text + len, " ");
	}
	fputc('\n', f);
}

static void help_row(FILE *f, const struct vmmio_opt *o, bool letters, int width)
{
	bool optional = o->arg && *o->arg == '=';
	char letter[5] = "", left[80];

	if (!o->help)
		return;
	if (letters)
		snprintf(letter, sizeof(letter), o->letter ? "-%c, " : "    ", o->letter);
	snprintf(left, sizeof(left), "%s--%s%s%s%s", letter, o->name,
		 optional ? "["
		 : o->arg ? " "
			  : "",
		 o->arg ? o->arg : "", optional ? "]" : "");
	if ((int)strlen(left) > width)
		fprintf(f, "  %s\n  %*s ", left, width, "");
	else
		fprintf(f, "  %-*s ", width, left);
	wrapped(f, o->help, width + 3);
}

static const struct vmmio_opt help_opt = {
	.name = "help", .help = "this text", .letter = 'h', .kind = VMMIO_OPT_FLAG};

static const struct vmmio_opt version_opt = {
	.name = "version", .help = "the version", .kind = VMMIO_OPT_FLAG};

/* The @i-th option of both tables and of those that each program has; NULL behind the last. */
static const struct vmmio_opt *opt_at(const struct vmmio_cmdline *c, size_t i)
{
	if (i < c->nopts)
		return &c->opts[i];
	i -= c->nopts;
	if (i < c->nmore)
		return &c->more[i];
	i -= c->nmore;
	return !i ? &help_opt : i == 1 && c->version ? &version_opt : NULL;
}

void vmmio_cmdline_help(const struct vmmio_cmdline *c, FILE *f)
{
	const struct vmmio_opt *o;
	const char *form = c->usage;
	bool letters = false;

	for (const char *word = "usage: "; form; word = "       ") {
		size_t len = strcspn(form, "\n");

		fprintf(f, "%s%s%s%.*s\n", word, c->program, len ? " " : "", (int)len, form);
		form = form[len] ? form + len + 1 : NULL;
	}
	if (c->about)
		fprintf(f, "\n%s\n", c->about);
	for (size_t i = 0; (o = opt_at(c, i)) && o != &help_opt; i++)
		letters = letters || o->letter;
	for (size_t i = 0; (o = opt_at(c, i)); i++)
		help_row(f, o, letters, 26);
	if (c->after)
		fprintf(f, "\n%s", c->after);
}

static void print_table(const struct vmmio_cmdline *c)
{
	const struct vmmio_opt *o;

	printf("%s\t", c->program);
	for (const char *p = c->usage; *p; p++)
		putchar(*p == '\n' ? '\t' : *p);
	putchar('\n');
	for (size_t i = 0; (o = opt_at(c, i)); i++)
		if (o->help)
			printf("%c\t%s\t%s\t%s\n", o->letter ? o->letter : '-', o->name,
			       o->arg ? o->arg : "-", o->help);
}

static struct vmmio_opt *find(const struct vmmio_cmdline *c, const char *name, size_t n)
{
	const struct vmmio_opt *o;

	for (size_t i = 0; (o = opt_at(c, i)) && o != &help_opt; i++)
		if (n ? strlen(o->name) == n && !strncmp(o->name, name, n) : o->letter == *name)
			return (struct vmmio_opt *)o;
	return NULL;
}

bool vmmio_opts_ask(const char *what, int argc, char **argv)
{
	size_t len = strlen(what);

	for (int i = 1; i < argc && strcmp(argv[i], "--"); i++)
		if (!strncmp(argv[i], what, len) && (!argv[i][len] || argv[i][len] == '='))
			return true;
	return false;
}

/* Returns 0, 1 if it was a question, or -EINVAL after the one line. */
static int take(const struct vmmio_cmdline *c, struct vmmio_opt *o, const char *value)
{
	char why[VMMIO_OPT_WHY] = "";
	int err = set_value(o, value, why);

	if (err < 0)
		complain(c, o, value, err, why);
	o->given = true;
	return err < 0 ? -EINVAL : err;
}

static int wrong(const struct vmmio_cmdline *c, const char *arg, int len, const char *what)
{
	fprintf(stderr, "%s: %.*s%s\n", c->program, len, arg, what);
	return -EINVAL;
}

/* "--name", "--name=value", and "--name" with @next. *@used: was that taken? */
static int take_long(const struct vmmio_cmdline *c, const char *arg, const char *next, bool *used)
{
	int name = (int)strcspn(arg, "=");
	struct vmmio_opt *o = name > 2 ? find(c, arg + 2, name - 2) : NULL;
	const char *value = arg[name] ? arg + name + 1 : NULL;

	if (!o)
		return wrong(c, arg, name, ": no such option (try --help)");
	if (!o->arg && value)
		return wrong(c, arg, name, " takes no value");
	if (o->arg && *o->arg != '=' && !value) {
		if (!next)
			return wrong(c, arg, name, " needs a value");
		value = next;
		*used = true;
	}
	return take(c, o, value);
}

/* "-x", "-xz", "-nvalue", and "-n" with @next. */
static int take_letters(const struct vmmio_cmdline *c, const char *arg, const char *next,
			bool *used)
{
	char shown[3] = "-?";
	int err = 0;

	for (const char *p = arg + 1; *p && !err; p++) {
		struct vmmio_opt *o = find(c, p, 0);
		bool wants = o && o->arg && *o->arg != '=';

		shown[1] = *p;
		if (!o)
			return wrong(c, shown, 2, ": no such option (try --help)");
		if (wants && !p[1] && !next)
			return wrong(c, shown, 2, " needs a value");
		if (wants)
			*used = !p[1];
		err = take(c, o, !wants ? NULL : p[1] ? p + 1 : next);
		if (wants)
			break;
	}
	return err;
}

int vmmio_cmdline_parse(struct vmmio_cmdline *c, int argc, char **argv)
{
	bool ended = false;
	int err = 0;

	c->n = 0;
	c->left = NULL;
	for (int i = 1; i < argc && !err; i++) {
		const char *arg = argv[i];
		bool used = false;

		if (ended || arg[0] != '-' || !arg[1]) {
			if (c->n == c->max_operands)
				return wrong(c, arg, (int)strlen(arg), ": one operand too many");
			c->operands[c->n++] = arg;
		} else if (!strcmp(arg, "--")) {
			ended = true;
			if (c->rest) {
				c->left = argv + i + 1;
				break;
			}
		} else if (!strcmp(arg, "--help") || !strcmp(arg, "-h")) {
			vmmio_cmdline_help(c, stdout);
			return 1;
		} else if (c->version && !strcmp(arg, "--version")) {
			puts(c->version);
			return 1;
		} else if (!strcmp(arg, "--help=table")) {
			print_table(c);
			return 1;
		} else {
			err = (arg[1] == '-' ? take_long : take_letters)(
				c, arg, i + 1 < argc ? argv[i + 1] : NULL, &used);
			i += used;
		}
	}
	return err;
}

int vmmio_opts_parse(const char *program, const char *usage, struct vmmio_opt *opts, size_t nopts,
		     int argc, char **argv, const char **operands, size_t max_operands, size_t *n)
{
	struct vmmio_cmdline c = {
		.program = program,
		.usage = usage,
		.opts = opts,
		.nopts = nopts,
		.operands = operands,
		.max_operands = max_operands,
	};
	int err = vmmio_cmdline_parse(&c, argc, argv);

	*n = c.n;
	return err;
}
