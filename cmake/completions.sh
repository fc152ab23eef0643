#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# Completions for bash, zsh and fish, made from what a program's --help says,
# which it writes from its own tables of options: nothing is said twice.
set -eu

if [ $# != 4 ] || [ "$1" != --out ] || [ "$3" != --program ]; then
	echo "usage: completions.sh --out DIR --program FILE" >&2
	echo "  DIR gets NAME.bash, _NAME and NAME.fish" >&2
	exit 2
fi
out=$2 program=$4
name=$(basename "$program")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir -p "$out"

# options SUBCOMMAND: of a help on standard input, a line each:
# SUBCOMMAND | -s | --long | none, value or file | what it does
options()
{
	awk -v sub_="$1" '
		function show(short, long, arg, text) {
			if ((short == "" && long == "") || seen[short long]++)
				return
			if (long != "")
				known[long] = 1
			if (short != "")
				known[short] = 1
			gsub(/[|`"$\\\\]/, "", text)
			printf "%s|%s|%s|%s|%s\n", sub_, short, long, arg, text
		}
		/^ +-/ {
			line = $0
			sub(/^ +/, "", line)
			text = ""
			if (match(line, /  +/)) {
				text = substr(line, RSTART + RLENGTH)
				line = substr(line, 1, RSTART - 1)
			}
			n = split(line, part, /, */)
			short = long = ""
			arg = "none"
			for (i = 1; i <= n; i++) {
				if (part[i] !~ /^-/)
					continue
				if (match(part[i], /^--?[A-Za-z0-9][A-Za-z0-9-]*/)) {
					word = substr(part[i], 1, RLENGTH)
					rest = substr(part[i], RLENGTH + 1)
				}
				if (rest ~ /^ (FILE|DIR|SOCKET|PATH|FOLDER)/)
					arg = "file"
				else if (rest ~ /^ [A-Z]/)
					arg = "value"
				if (n > 2) {
					if (word ~ /^--/)
						show("", word, "none", "")
					else
						show(word, "", "none", "")
					continue
				}
				if (word ~ /^--/)
					long = word
				else
					short = word
			}
			show(short, long, arg, text)
			next
		}
		{ usage = usage " " $0 }
		END {
			all = usage " "
			while (match(usage, /--[a-z][a-z-]*/)) {
				word = substr(usage, RSTART, RLENGTH)
				usage = substr(usage, RSTART + RLENGTH)
				if (!(word in known))
					show("", word, "none", "")
			}
			rest = all
			while (match(rest, /[ [|,]-[A-Za-z0-9][], |.]/)) {
				word = substr(rest, RSTART + 1, 2)
				rest = substr(rest, RSTART + 2)
				if (!(word in known))
					show(word, "", "none", "")
			}
		}'
}

"$program" --help >"$work/help"
# A subcommand, or a word that it takes, stands at the second column; what it does
# behind it, and behind its operands in capitals.
words()
{
	sed -n 's/^  \([a-z][a-z-]*\)  *\([^ ].*\)$/\1|\2/p' "$1" |
		sed -e 's/|.*  /|/' -e 's/|\([][A-Z=.]*[]A-Z=.] \)*/|/' -e 's/[`"$\\]//g'
}
words "$work/help" >"$work/commands"
options '' <"$work/help" >"$work/options"
cut -d '|' -f 1 "$work/commands" | tee "$work/names" >"$work/top"
while read -r command; do
	"$program" "$command" --help >"$work/one"
	options "$command" <"$work/one" >>"$work/options"
	words "$work/one" >"$work/words"
	# a general help once more?
	cut -d '|' -f 1 "$work/words" | grep -qxF -f "$work/top" || sed "s/^/$command|/" "$work/words"
done <"$work/names" >"$work/operands"
[ -s "$work/options" ] || {
	echo "completions: $name --help names no option" >&2
	exit 1
}

# operands SUBCOMMAND: the words that it takes
operands()
{
	awk -F '|' -v sub_="$1" '$1 == sub_ { printf " %s", $2 }' "$work/operands"
}

# pick SUBCOMMAND KIND: option words of a kind ("": all), joined by spaces
pick()
{
	awk -F '|' -v sub_="$1" -v kind="$2" '
		$1 == sub_ && (kind == "" || $4 == kind) {
			if ($2 != "") printf "%s%s", n++ ? " " : "", $2
			if ($3 != "") printf "%s%s", n++ ? " " : "", $3
		}' "$work/options"
}

head_line="made from \"$name --help\" by cmake/completions.sh"
function=_$(echo "$name" | tr - _)
{
	echo "# bash completion of $name; $head_line"
	echo "$function()"
	echo "{"
	echo "	local cur=\${COMP_WORDS[COMP_CWORD]} prev=\${COMP_WORDS[COMP_CWORD-1]}"
	echo "	local sub='' words='' values='' files='' i"
	echo "	for ((i = 1; i < COMP_CWORD; i++)); do"
	echo "		case \${COMP_WORDS[i]} in"
	echo "		--) return ;;"
	echo "		-*) ;;"
	echo "		*) sub=\${COMP_WORDS[1]}"
	echo "			break ;;"
	echo "		esac"
	echo "	done"
	echo "	case \$sub in"
	while read -r command; do
		echo "	$command)"
		echo "		words='$(pick "$command" '')$(operands "$command")'"
		echo "		values='$(pick "$command" value)'"
		echo "		files='$(pick "$command" file)' ;;"
	done <"$work/names"
	echo "	*)"
	echo "		words='$(pick '' '')'"
	echo "		[ -n \"\$sub\" ] || words+=' $(paste -s -d ' ' "$work/names")'"
	echo "		values='$(pick '' value)'"
	echo "		files='$(pick '' file)' ;;"
	echo "	esac"
	echo "	case \" \$files \" in"
	echo "	*\" \$prev \"*) return ;;"
	echo "	esac"
	echo "	case \" \$values \" in"
	echo "	*\" \$prev \"*) compopt +o default 2>/dev/null"
	echo "		return ;;"
	echo "	esac"
	echo "	COMPREPLY=(\$(compgen -W \"\$words\" -- \"\$cur\"))"
	echo "}"
	echo "complete -o default -F $function $name"
} >"$out/$name.bash"

# zsh_list SUBCOMMAND: 'option:text' words
zsh_list()
{
	awk -F '|' -v sub_="$1" '
		$1 == sub_ {
			gsub(/:/, "\\:", $5)
			gsub(/\047/, "\047\\\047\047", $5)
			for (i = 2; i <= 3; i++)
				if ($i != "") printf " \047%s:%s\047", $i, $5
		}' "$work/options"
}
# zsh_words FILE SUBCOMMAND: the same of words
zsh_words()
{
	awk -F '|' -v sub_="$2" '
		$1 == sub_ {
			gsub(/:/, "\\:", $3)
			gsub(/\047/, "\047\\\047\047", $3)
			printf " \047%s:%s\047", $2, $3
		}' "$1"
}
{
	echo "#compdef $name"
	echo "# $head_line"
	echo "local sub="
	echo "(( CURRENT > 2 )) && sub=\$words[2]"
	echo "local -a vmmio_words vmmio_options"
	echo "case \$sub in"
	while read -r command; do
		echo "$command) vmmio_options=($(zsh_list "$command"))"
		echo "	vmmio_words=($(zsh_words "$work/operands" "$command")) ;;"
	done <"$work/names"
	echo "*) vmmio_options=($(zsh_list ''))"
	echo "	[[ -n \$sub ]] || vmmio_words=($(sed 's/^/|/' "$work/commands" | zsh_words - '')) ;;"
	echo "esac"
	echo "if [[ \$PREFIX == -* ]]; then"
	echo "	_describe -o option vmmio_options"
	echo "else"
	echo "	(( \$#vmmio_words )) && _describe command vmmio_words"
	echo "	_files"
	echo "fi"
} >"$out/_$name"

{
	echo "# fish completion of $name; $head_line"
	sed "s/'/\\\\'/g" "$work/commands" | while IFS='|' read -r command text; do
		echo "complete -c $name -n __fish_use_subcommand -a $command -d '$text'"
	done
	sed "s/'/\\\\'/g" "$work/operands" | while IFS='|' read -r command word text; do
		echo "complete -c $name -n '__fish_seen_subcommand_from $command' -a $word -d '$text'"
	done
	sed "s/'/\\\\'/g" "$work/options" | while IFS='|' read -r command short long arg text; do
		when=__fish_use_subcommand
		[ -z "$command" ] || when="__fish_seen_subcommand_from $command"
		line="complete -c $name -n '$when'"
		[ -z "$short" ] || line="$line -s ${short#-}"
		[ -z "$long" ] || line="$line -l ${long#--}"
		case $arg in
		value) line="$line -x" ;;
		file) line="$line -r" ;;
		esac
		[ -z "$text" ] || line="$line -d '$text'"
		echo "$line"
	done
} >"$out/$name.fish"
