# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2154 # who sources it sets $source, $work and $file
#
# A bug in a copy of vmmio.ko, for the tests that plant some one at a time, and the line that
# they print of each. Sourced by bash.

# copy_tree: the driver's source as it is, to $work/tree
copy_tree()
{
	rm -rf "$work/tree"
	mkdir "$work/tree"
	cp -r "$source/kmod" "$source/include" "$work/tree/"
}

# plant NAME FILE TEXT BUG: the copy has BUG in place of the first TEXT of kmod/FILE
plant()
{
	local text

	text=$(cat "$work/tree/kmod/$2" && printf .)
	case $text in
	*"$3"*) ;;
	*)
		echo "$1: $2 has no text to put it in" >&2
		exit 1
		;;
	esac
	text=${text/"$3"/"$4"}
	printf %s "${text%.}" >"$work/tree/kmod/$2"
}

# say TEXT: to stdout, and to $file if there is one
say()
{
	printf '%s\n' "$*"
	[ -z "$file" ] || printf '%s\n' "$*" >>"$file"
}
