// SPDX-License-Identifier: GPL-2.0-only
/*
 * The parser of command lines (lib/opts.h): forms of options and values, and
 * that each mistake is one line behind the program's name.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>
#include <linux/types.h>

#include "lib/opts.h"

static struct {
	bool flag, other;
	unsigned int number, calls;
	__u64 big, ns;
	const char *text, *word;
} got;

static int call(void *target, const char *value, char why[VMMIO_OPT_WHY])
{
	if (value && !strcmp(value, "bad")) {
		snprintf(why, VMMIO_OPT_WHY, "no good");
		return -EINVAL;
	}
	got.calls++;
	got.word = value ? value : "none";
	return value && !strcmp(value, "ask");
}

static const char *operands[2];
static struct vmmio_cmdline c;

/* The words of @line, parsed; what was said on stderr goes to @said. */
static int parse(const char *line, char *said, size_t len)
{
	static char copy[256];
	static struct vmmio_opt opts[] = {
		{"flag", VMMIO_OPT_FLAG, &got.flag, .help = "a flag", .letter = 'f'},
		{"other", VMMIO_OPT_FLAG, &got.other, .help = "another", .letter = '1'},
		{"number", VMMIO_OPT_NUMBER, &got.number, 1, 9, .arg = "N", .help = "a number",
		 .letter = 'n'},
		{"big", VMMIO_OPT_U64, &got.big, 1, .arg = "N", .help = "a number"},
		{"for", VMMIO_OPT_SECONDS, &got.ns, 0.001, 60, .arg = "S", .help = "a time"},
		{"text", VMMIO_OPT_STRING, &got.text, .arg = "T", .help = "a text"},
		{"call", VMMIO_OPT_CALL, NULL, .arg = "=full", .help = "a call", .take = call},
	};
	char *argv[16] = {"prog"}, *save = NULL;
	int argc = 1, err, fd[2], old;
	ssize_t n;

	memset(&got, 0, sizeof(got));
	snprintf(copy, sizeof(copy), "%s", line);
	for (char *w = strtok_r(copy, " ", &save); w; w = strtok_r(NULL, " ", &save))
		argv[argc++] = w;
	c = (struct vmmio_cmdline){.program = "prog sub",
				   .usage = "[options]",
				   VMMIO_OPTS_OF(opts),
				   .operands = operands,
				   .max_operands = 2,
				   .rest = true};
	assert_int_equal(pipe(fd), 0);
	fflush(stderr);
	old = dup(2);
	dup2(fd[1], 2);
	err = vmmio_cmdline_parse(&c, argc, argv);
	fflush(stderr);
	dup2(old, 2);
	close(old);
	close(fd[1]);
	n = read(fd[0], said, len - 1);
	close(fd[0]);
	said[n > 0 ? n : 0] = '\0';
	return err;
}

static void forms(void **state)
{
	char said[256];

	assert_int_equal(parse("-f1n5 x --big=7 --for 0.5 - --text= y", said, sizeof(said)),
			 -EINVAL);
	assert_string_equal(said, "prog sub: --text '': empty\n");
	assert_int_equal(parse("-f1n5 x --big=7 --for 0.5 - --text y", said, sizeof(said)), 0);
	assert_string_equal(said, "");
	assert_true(got.flag && got.other);
	assert_int_equal(got.number, 5);
	assert_int_equal(got.big, 7);
	assert_int_equal(got.ns, 500000000);
	assert_string_equal(got.text, "y");
	assert_int_equal(c.n, 2);
	assert_string_equal(operands[1], "-");
	assert_null(c.left);
	assert_int_equal(parse("-n 3 -- -f --nonsense", said, sizeof(said)), 0);
	assert_false(got.flag);
	assert_string_equal(c.left[1], "--nonsense");
	/* a value that may be left out is never the next word */
	assert_int_equal(parse("--call x --call=y", said, sizeof(said)), 0);
	assert_int_equal(got.calls, 2);
	assert_string_equal(got.word, "y");
	assert_string_equal(operands[0], "x");
	assert_int_equal(parse("--call=ask --nonsense", said, sizeof(said)), 1);
}

static void mistakes(void **state)
{
	static const char *const rows[][2] = {
		{"--nu 3", "prog sub: --nu: no such option (try --help)\n"},
		{"--", ""},
		{"--=3", "prog sub: --: no such option (try --help)\n"},
		{"-x", "prog sub: -x: no such option (try --help)\n"},
		{"-fx", "prog sub: -x: no such option (try --help)\n"},
		{"-n", "prog sub: -n needs a value\n"},
		{"-fn", "prog sub: -n needs a value\n"},
		{"--number", "prog sub: --number needs a value\n"},
		{"--number 0", "prog sub: --number 0: not a number from 1 to 9\n"},
		{"-n3x", "prog sub: --number 3x: not a number from 1 to 9\n"},
		{"--big 0", "prog sub: --big 0: not a number from 1 on\n"},
		{"--for -1", "prog sub: --for -1: not a number of seconds from 0.001 to 60\n"},
		{"--flag=1", "prog sub: --flag takes no value\n"},
		{"--call=bad", "prog sub: --call bad: no good\n"},
		{"a b c", "prog sub: c: one operand too many\n"},
	};
	char said[256];

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		int err = parse(rows[i][0], said, sizeof(said));

		assert_string_equal(said, rows[i][1]);
		assert_int_equal(err, *rows[i][1] ? -EINVAL : 0);
	}
}

static void help(void **state)
{
	char *text = NULL, said[256];
	size_t len;
	FILE *f = open_memstream(&text, &len);

	assert_int_equal(parse("", said, sizeof(said)), 0);
	c.usage = "[options]\nDIR";
	c.after = "Last.\n";
	vmmio_cmdline_help(&c, f);
	fclose(f);
	assert_int_equal(strncmp(text,
				 "usage: prog sub [options]\n       prog sub DIR\n"
				 "  -f, --flag                 a flag\n",
				 80),
			 0);
	assert_non_null(strstr(text, "\n      --call[=full]          a call\n"));
	assert_non_null(strstr(text, "\n  -h, --help                 this text\n\nLast.\n"));
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(forms),
		cmocka_unit_test(mistakes),
		cmocka_unit_test(help),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
