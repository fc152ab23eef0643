// SPDX-License-Identifier: GPL-2.0-only
/*
 * Strings for gnuplot's scripts: the only way that text of a result, of an
 * experiment or of the machine takes into one.
 */
#include <string.h>

#include "plot.h"

/*
 * gnuplot runs what stands between backticks, in double quotes too; in single
 * ones it takes all as it is, and a quote is written twice.
 */
void vmmio_plot_quote(const char *text, bool shown, char *buf, size_t len)
{
	size_t n = 0;

	buf[n++] = '\'';
	for (; *text && n + 4 < len; text++) {
		if (strchr("\"\\`", *text) || (unsigned char)*text < ' ' || *text == 0x7f)
			continue;
		/* "_" and the like would be markup of the enhanced terminals */
		if (shown && strchr("_^{}@&~", *text))
			buf[n++] = '\\';
		if (*text == '\'')
			buf[n++] = '\'';
		buf[n++] = *text;
	}
	buf[n++] = '\'';
	buf[n] = '\0';
}
