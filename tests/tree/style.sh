#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# The tree's manners: licence line, formatting, shell scripts without findings,
# files of a readable length, nothing of a particular machine.
set -eu
cd "$VMMIO_SOURCE"
bad=0

complain()
{
	echo "$*"
	bad=1
}

for tool in git shellcheck clang-format; do
	if ! command -v "$tool" >/dev/null; then
		echo "style: package $tool is needed"
		exit 77
	fi
done
if ! git rev-parse --git-dir >/dev/null 2>&1; then
	echo "style: not a git work tree"
	exit 77
fi

list=$(mktemp)
code=$(mktemp)
scripts=$(mktemp)
trap 'rm -f "$list" "$code" "$scripts"' EXIT
git ls-files -co --exclude-standard | grep -v -e '^results/' -e '^docs/machines/' >"$list"

while read -r file; do
	[ -f "$file" ] || continue
	case $file in
	LICENSE | .gitignore | *.json | *.md | *.png | tests/data/* | tests/*/data/*) continue ;;
	packaging/packages | tests/may-skip) continue ;;
	patches/*.patch) continue ;; # in the kernel's form: its checkpatch.pl looks at them (matrix.patches)
	esac
	head -n 3 "$file" | grep -q 'SPDX-License-Identifier: GPL-2.0-only' ||
		complain "$file: no SPDX line"
	lines=$(wc -l <"$file")
	# a long file says why it is not two
	[ "$lines" -le 500 ] || head -n 20 "$file" | grep -q 'Long because ' ||
		complain "$file: $lines lines; past 500 its head says \"Long because ...\""
	case $file in
	kmod/trace.h) ;; # the layout of the tracepoint macros is a language of its own
	*.c | *.h)
		echo "$file" >>"$code"
		;;
	esac
	case $file in
	*.py | *.pl) complain "$file: C and shell only" ;;
	esac
	case $file in
	*.sh | *.guest | *.host) echo "$file" >>"$scripts" ;;
	*) ! head -n 1 "$file" | grep -q '^#!.*sh$' || echo "$file" >>"$scripts" ;;
	esac
	# an accelerator's name: more than one is emulated, vmmio_accel_name_emulated() knows
	case $file in
	bench/guest/boot.c) ;; # what was asked for
	bench/*.c | tools/*.c | lib/*.c)
		if grep -nE 'str(case)?cmp\([^,]*accel, "tcg"\)' "$file"; then
			complain "$file: asks for one emulator by name"
		fi
		;;
	esac
	case $file in
	bench/*.sh)
		if grep -qE '%\.[0-9]+f' "$file" && ! grep -q '^LC_ALL=C' "$file"; then
			complain "$file: its numbers have decimal commas in some countries: LC_ALL=C"
		fi
		;;
	esac
	if grep -nE '(^|[^a-z/])/(home|work)/[a-z]' "$file"; then
		complain "$file: a path of some machine"
	fi
done <"$list"
# Once for all: starting them for each file takes longer than what they do.
xargs clang-format --dry-run -Werror <"$code" ||
	complain "not as clang-format has it (clang-format -i FILE)"
xargs shellcheck -x <"$scripts" || complain "shellcheck has findings"
# clangd finds the flags of a source in there
for file in bpf/*.bpf.c; do
	grep -qF "/$file\"" "${VMMIO_BUILD:?}/compile_commands.json" ||
		complain "$file: not in compile_commands.json of the build"
done
exit "$bad"
