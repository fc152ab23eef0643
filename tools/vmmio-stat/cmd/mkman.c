// SPDX-License-Identifier: GPL-2.0-only
/*
 * Part of the build: fills the lists of fields and distributions into the
 * manual page on standard input, from the tables that the program itself is
 * made of. Fails if a mark that it knows is not there.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "vmmio/fields.h"

static const char *const classes[] = VMMIO_CLASS_NAMES;

/* What roff would take for its own. */
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

int main(void)
{
	int found_fields = 0, found_hists = 0;
	char line[1024];

	while (fgets(line, sizeof(line), stdin)) {
		if (!strcmp(line, "@FIELDS@\n")) {
			fields();
			found_fields++;
		} else if (!strcmp(line, "@HISTS@\n")) {
			hists();
			found_hists++;
		} else {
			fputs(line, stdout);
		}
	}
	if (found_fields != 1 || found_hists != 1) {
		fprintf(stderr, "mkman: @FIELDS@ and @HISTS@ must stand there once each\n");
		return EXIT_FAILURE;
	}
	return fflush(stdout) || ferror(stdout) ? EXIT_FAILURE : EXIT_SUCCESS;
}
