#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# cmake --install into a folder: what is there runs from there and says one
# version, the module too; the completions know each subcommand and option; the
# source for DKMS builds the module. Nothing is written outside the folder.
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

fail()
{
	echo "FAILED: $*"
	exit 1
}

version=$(sed -n 's/^#define VMMIO_VERSION "\(.*\)"$/\1/p' "$VMMIO_SOURCE/include/vmmio/version.h")
DESTDIR=$work/root cmake --install "$VMMIO_BUILD" --prefix /usr >"$work/log" 2>&1 || {
	cat "$work/log"
	exit 1
}
root=$work/root/usr
[ "$(find "$work/root" -maxdepth 1 -mindepth 1)" = "$root" ] || fail "there is more than /usr: $(ls "$work/root")"
link=$(find "$root" -type l)
[ -z "$link" ] || fail "a link into the build: $link"

# Each says the version that has one place, and has what it needs beside it.
for program in bin/vmmio-stat sbin/vmmio-ctl bin/vmmio-bench bin/vmmio-boot; do
	name=${program#*/}
	[ "$("$root/$program" --version | sed 's/,.*//')" = "$name $version" ] ||
		fail "$program --version: $("$root/$program" --version)"
done
[ "$("$VMMIO_SOURCE/quickstart" --version)" = "quickstart $version" ] || fail "quickstart --version"
for ko in "$VMMIO_BUILD"/kmod/*/vmmio.ko; do
	[ "$(tr '\0' '\n' <"$ko" | sed -n 's/^version=//p')" = "$version" ] || fail "$ko is of another version"
done
for page in vmmio-stat.8 vmmio-ctl.8; do
	gzip -dc "$root/share/man/man8/$page.gz" | cmp -s - "$VMMIO_BUILD/docs/$page" || fail "$page is not the built one"
done
"$root/bin/vmmio-bench" predict --help >"$work/out" || fail "vmmio-bench predict --help"

# A guest boots from the installed images: the build's are hidden by the path.
(cd / && unset VMMIO_IMAGE_DIR && "$root/bin/vmmio-boot" --tries 3 --command 'echo from the installed image') >"$work/out" 2>&1 ||
	fail "vmmio-boot: $(tail -n 3 "$work/out")"
grep -qx 'from the installed image' "$work/out" || fail "the guest said: $(cat "$work/out")"

# words PROGRAM: its subcommands, and the long options of its help
words()
{
	"$1" --help | sed -n 's/^  \([a-z][a-z-]*\)  *[^ ].*$/\1/p'
	"$1" --help | grep -o -e '--[a-z][a-z-]*' | sort -u
}

for shell in zsh fish; do
	command -v $shell >/dev/null || {
		echo "no $shell here"
		exit 77
	}
done

# What a shell offers: bash and fish are asked themselves, zsh by a stand-in for _describe.
mkdir "$work/home" # fish makes a folder of its own name in it
for program in bin/vmmio-stat sbin/vmmio-ctl bin/vmmio-bench bin/vmmio-boot; do
	name=${program#*/}
	words "$root/$program" >"$work/words"
	[ -s "$work/words" ] || fail "$name --help has no words"
	bash -c '. "$1"; COMP_WORDS=("$2" ""); COMP_CWORD=1; "_${2//-/_}"; printf "%s\n" "${COMPREPLY[@]}"' \
		bash "$root/share/bash-completion/completions/$name" "$name" >"$work/bash"
	zsh -f -c '_describe() { print -l -- ${(P)@[-1]%%:*} }; _files() { :; }
		words=($2 ""); CURRENT=2; PREFIX=--; source $1; PREFIX=; source $1' \
		zsh "$(find "$root/share/zsh" -name "_$name")" "$name" >"$work/zsh"
	for line in "$name " "$name --"; do
		# shellcheck disable=SC2016 # for fish to expand
		HOME=$work/home XDG_CONFIG_HOME=$work/home fish --no-config -c 'source $argv[1]; complete -C $argv[2]' \
			"$root/share/fish/vendor_completions.d/$name.fish" "$line"
	done | cut -f 1 >"$work/fish"
	for shell in bash zsh fish; do
		missing=$(grep -vxF -f "$work/$shell" "$work/words") || true
		[ -z "$missing" ] || fail "$shell does not offer for $name: $missing"
	done
done
bash -c '. "$1"; COMP_WORDS=(vmmio-stat hist req); COMP_CWORD=2; _vmmio_stat; echo "${COMPREPLY[*]}"' \
	bash "$root/share/bash-completion/completions/vmmio-stat" >"$work/bash"
[ "$(cat "$work/bash")" = request ] || fail "bash offers '$(cat "$work/bash")' for 'hist req'"

# The source for DKMS, by the command that dkms.conf has.
tree=$root/src/vmmio-$version
headers=$(find "$VMMIO_BUILD/kernel" -maxdepth 2 -name headers | head -n 1)
mkdir -p "$work/dkms/vmmio/$version"
cp -r "$tree" "$work/dkms/vmmio/$version/build"
bash -c 'kernel_source_dir=$1 dkms_tree=$2; . "$3"; [ "$PACKAGE_VERSION" = "$4" ] && eval "${MAKE[0]}" && ls -l "$dkms_tree/vmmio/$PACKAGE_VERSION/build/${BUILT_MODULE_LOCATION[0]}/${BUILT_MODULE_NAME[0]}.ko"' \
	bash "$headers" "$work/dkms" "$tree/dkms.conf" "$version" >"$work/out" 2>&1 || fail "DKMS' build: $(tail -n 5 "$work/out")"
