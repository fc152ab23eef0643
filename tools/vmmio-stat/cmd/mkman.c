// SPDX-License-Identifier: GPL-2.0-only
/*
 * Part of the build: fills lists into the manual page on standard input, from the tables that the
 * programs use. Fails unless each mark named as an argument occurs there once. OPTIONS=FILE is a
 * mark whose list is in a file: the program's output of --help=table (lib/opts.h).
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "vmmio/fields.h"
#include "vmmio/settings.h"

static const char *const classes[] = VMMIO_CLASS_NAMES;

/* Escapes what roff would interpret. */
static void word(const char *s, int len)
{
	for (; len--; s++) {
		if (*s == '\\')
			fputs("\\e", stdout);
		else if (*s == '-')
			fputs("\\-", stdout);
		else
			putchar(*s);
	}
}

/* In lines that mandoc likes; function() is marked up. */
static void text(const char *s)
{
	int column = 0;

	while (*s) {
		int len = (int)strcspn(s, " ");
		int bare = len > 2 && s[len - 2] == '(' && s[len - 1] == ')' ? len - 2 : 0;

		if (!len) {
			s++;
			continue;
		}
		if (bare) {
			printf("%s.Fn %.*s\n", column ? "\n" : "", bare, s);
			column = 0;
		} else {
			if (column && column + len > 60) {
				putchar('\n');
				column = 0;
			} else if (column) {
				putchar(' ');
			}
			word(s, len);
			column += len + 1;
			/* a sentence ends its line */
			if (s[len - 1] == '.' && s[len]) {
				putchar('\n');
				column = 0;
			}
		}
		s += len + strspn(s + len, " ");
	}
	if (column)
		putchar('\n');
}

static void item(const char *key, const char *heading, const char *unit, const char *cls,
		 const char *meaning)
{
	printf(".It Va %s\n", key);
	text(meaning);
	printf(".Pq ");
	if (heading) {
		printf("heading \\&");
		word(heading, (int)strlen(heading));
		printf(" , ");
	}
	printf("\\&");
	word(unit, (int)strlen(unit));
	if (cls)
		printf(" , %s", cls);
	printf(" .\n");
}

static void fields(void)
{
	puts(".Bl -tag -width kick_to_irq_empty_mean_ns -compact");
#define FIELD(id, key, heading, unit, cls, op, a, b, meaning) \
	item(key, heading, unit, classes[VMMIO_##cls], meaning);
	VMMIO_FIELDS(FIELD)
#undef FIELD
	puts(".El");
}

static void hists(void)
{
	puts(".Bl -tag -width occupancy -compact");
#define HIST(id, key, unit, meaning) item(key, NULL, unit, NULL, meaning);
	VMMIO_HISTS(HIST)
#undef HIST
	puts(".El");
}

#define WHERE_ANY ""
#define WHERE_PCI "On PCI. "
#define WHERE_LINE "Not on PCI. "

static void settings(void)
{
	puts(".Bl -tag -width reread_status");
#define SETTING(id, key, where, values, error, meaning)   \
	printf(".It Va %s Ns = Ns Ar %s\n", key, values); \
	text(WHERE_##where meaning);
	VMMIO_SETTINGS(SETTING)
#undef SETTING
	puts(".El");
}

static const char *table; /* of OPTIONS=FILE */

/* ".It Fl s , -script Ar FILE" and the help of the option. */
static void option(char *const field[4])
{
	const char *arg = field[2];

	printf(".It ");
	if (strcmp(field[0], "-"))
		printf("Fl %s , ", field[0]);
	printf("Fl \\-");
	word(field[1], (int)strlen(field[1]));
	if (*arg == '=') {
		printf(" Ns Op = Ns Cm ");
		word(arg + 1, (int)strlen(arg + 1));
	} else if (strcmp(arg, "-")) {
		printf(" Ar ");
		word(arg, (int)strlen(arg));
	}
	putchar('\n');
	text(field[3]);
}

static void options(void)
{
	FILE *in = table ? fopen(table, "re") : NULL;
	char line[1024], *field[6], *at;
	int open = 0, n;

	while (in && fgets(line, sizeof(line), in)) {
		line[strcspn(line, "\n")] = '\0';
		for (at = line, n = 0; at && n < 6;)
			field[n++] = strsep(&at, "\t");
		if (n == 4 && !field[0][1] && field[0][0] != '#') {
			option(field);
			continue;
		}
		if (open)
			puts(".El");
		open = 0;
		if (n == 3 && !strcmp(field[0], "#")) {
			printf(".Ss %s\n", field[1]);
			text(field[2]);
			continue;
		}
		puts(".Bd -literal -offset indent");
		for (int i = 1; i < n; i++) {
			word(field[0], (int)strlen(field[0]));
			putchar(' ');
			word(field[i], (int)strlen(field[i]));
			putchar('\n');
		}
		puts(".Ed\n.Bl -tag -width Ds");
		open = 1;
	}
	if (!in || ferror(in) || !open) {
		fprintf(stderr, "mkman: OPTIONS=%s: no table of options\n", table ? table : "");
		exit(EXIT_FAILURE);
	}
	puts(".El");
	fclose(in);
}

static const struct {
	const char *mark;
	void (*list)(void);
} lists[] = {
	{"FIELDS", fields},
	{"HISTS", hists},
	{"SETTINGS", settings},
	{"OPTIONS", options},
};

/* Is it a mark? Then its list, and where it stands in @lists; else -1. */
static int list_of(const char *line)
{
	for (int i = 0; i < (int)(sizeof(lists) / sizeof(lists[0])); i++) {
		size_t n = strlen(lists[i].mark);

		if (line[0] == '@' && !strncmp(line + 1, lists[i].mark, n) &&
		    !strcmp(line + 1 + n, "@\n"))
			return i;
	}
	return -1;
}

int main(int argc, char **argv)
{
	int found[sizeof(lists) / sizeof(lists[0])] = {0};
	char line[1024], mark[32];

	for (int k = 1; k < argc; k++) {
		char *value = strchr(argv[k], '=');

		if (value) {
			*value = '\0';
			table = value + 1;
		}
	}
	while (fgets(line, sizeof(line), stdin)) {
		int i = list_of(line);

		if (i < 0) {
			fputs(line, stdout);
			continue;
		}
		lists[i].list();
		found[i]++;
	}
	for (int k = 1; k < argc; k++) {
		snprintf(mark, sizeof(mark), "@%s@\n", argv[k]);
		if (list_of(mark) < 0 || found[list_of(mark)] != 1) {
			fprintf(stderr, "mkman: @%s@ must stand there once\n", argv[k]);
			return EXIT_FAILURE;
		}
	}
	return fflush(stdout) || ferror(stdout) ? EXIT_FAILURE : EXIT_SUCCESS;
}
