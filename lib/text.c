// SPDX-License-Identifier: GPL-2.0-only
/*
 * Lines of text (text.h).
 */
#include <ctype.h>
#include <string.h>

#include "text.h"

char *vmmio_trim(char *s)
{
	char *end;

	while (isspace((unsigned char)*s))
		s++;
	end = s + strlen(s);
	while (end > s && isspace((unsigned char)end[-1]))
		*--end = '\0';
	return s;
}
