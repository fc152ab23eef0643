# SPDX-License-Identifier: GPL-2.0-only
#
# Includes as arrows. Input: docs/architecture.md for the directions (lines
# "folder -> folder..." of its block that begins "```arrows"), then every source. Prints
# "bad ..." for an arrow that no direction allows, "pair A B" for each arrow
# between two units: a unit is a source with the header of its name.
function folder(path)
{
	sub(/\/[^\/]*$/, "", path)
	return path
}

function unit(path)
{
	sub(/(\.bpf)?\.[chS]$/, "", path)
	return path
}

# "a/../b" without its "..".
function plain(path)
{
	while (path ~ /[^\/]+\/\.\.\//)
		sub(/[^\/]+\/\.\.\//, "", path)
	return path
}

function find(from, name,    i, path)
{
	for (i = 0; i < nroots; i++) {
		path = plain((i ? roots[i] : folder(from) "/") name)
		if (path in known)
			return path
	}
	return ""
}

BEGIN {
	nroots = split("./ ./ include/ bpf/ kmod/", all, " ")
	for (i = 1; i <= nroots; i++)
		roots[i - 1] = all[i] == "./" ? "" : all[i]
	for (i = 1; i < ARGC; i++)
		known[ARGV[i]] = 1
}

FILENAME ~ /\.md$/ {
	if ($0 ~ /^```arrows/)
		inside = 1
	else if ($0 ~ /^```/)
		inside = 0
	else if (inside && $2 == "->") {
		room[$1] = 1
		for (i = 3; i <= NF; i++)
			may[$1, $i] = 1
	}
	next
}

/^[ \t]*#[ \t]*include[ \t]*["<]/ {
	name = $0
	sub(/^[^"<]*["<]/, "", name)
	sub(/[">].*$/, "", name)
	to = find(FILENAME, name)
	if (to == "")
		next
	a = folder(FILENAME)
	b = folder(to)
	arrows++
	if (!(a in room))
		print "bad " FILENAME ": docs/architecture.md knows no folder " a
	else if (a != b && !((a, b) in may))
		print "bad " FILENAME " includes " to ": " a " -> " b " is against docs/architecture.md"
	if (unit(FILENAME) != unit(to))
		print "pair " unit(FILENAME) " " unit(to)
}

END {
	print "arrows " arrows + 0
}
