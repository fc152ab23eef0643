# SPDX-License-Identifier: GPL-2.0-only
#
# hex(): the number of a hexadecimal text, with or without 0x. mawk has no strtonum().
# For awk -f, before the script that calls it.
function hex(s, i, v)
{
	v = 0
	s = tolower(s)
	sub("^0x", "", s)
	for (i = 1; i <= length(s); i++)
		v = v * 16 + index("0123456789abcdef", substr(s, i, 1)) - 1
	return v
}
