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

tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
list=$tmp/list code=$tmp/code text=$tmp/text scripts=$tmp/scripts found=$tmp/found
git ls-files -co --exclude-standard | grep -v -e '^results/' -e '^docs/machines/' >"$list"

while read -r file; do
	[ -f "$file" ] || continue
	case $file in
	LICENSE | .gitignore | *.json | *.md | *.png | tests/data/* | tests/*/data/*) continue ;;
	packaging/packages | tests/may-skip) continue ;;
	patches/*.patch) continue ;; # in the kernel's form: its checkpatch.pl looks at them (matrix.patches)
	kmod/trace.h) ;; # the layout of the tracepoint macros is a language of its own
	*.c | *.h) echo "$file" >>"$code" ;;
	esac
	echo "$file"
done <"$list" >"$text"

# All files in one process: a few for each take longer than all else here.
xargs awk -f tests/tree/style.awk scripts="$scripts" <"$text" >"$found" || complain "the files cannot be read"
if [ -s "$found" ]; then
	cat "$found"
	bad=1
fi
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
