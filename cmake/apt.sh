# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=sh
#
# Downloading Debian packages without installing them; sourced by the fetch-*.sh
# scripts, which define die() and again(): the latter starts them anew with
# VMMIO_FRESH_LISTS=1, that is with a private root from the beginning.
#
# Uses this machine's apt as it is, or a private apt root in the build folder, with
# this machine's mirrors and keys, for what that does not follow: other suites,
# other architectures, no lists at all, or lists that are too old.

# Set once the private root is in use; the sourcing script reads it.
# shellcheck disable=SC2034
apt_private=''

# apt_use_private FOLDER ARCH SUITE: from here on apt works on a root of its own
apt_use_private()
{
	apt_root=$1/apt
	apt_codename=$(sed -n 's/^VERSION_CODENAME=//p' /etc/os-release)
	mkdir -p "$apt_root/lists/partial" "$apt_root/cache/archives/partial"
	: >"$apt_root/status"
	# shellcheck disable=SC2016 # the names are for apt, not for the shell
	apt_uris=$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' | sort -u)
	for apt_uri in $(echo "$apt_uris" | grep '/debian/$'); do
		echo "deb $apt_uri $apt_codename main"
		if [ -n "$3" ] && [ "$3" != "$apt_codename" ]; then
			echo "deb $apt_uri $3 main"
		fi
	done >"$apt_root/sources.list"
	for apt_uri in $(echo "$apt_uris" | grep '/debian-security/$'); do
		echo "deb $apt_uri $apt_codename-security main"
		case $3 in
		'' | "$apt_codename" | *-*) ;;
		*) echo "deb $apt_uri $3-security main" ;;
		esac
	done >>"$apt_root/sources.list"
	[ -s "$apt_root/sources.list" ] || die "apt follows no Debian mirror: see sources.list(5)"
	cat >"$apt_root/apt.conf" <<-END
		Dir::State "$apt_root";
		Dir::State::lists "$apt_root/lists";
		Dir::State::status "$apt_root/status";
		Dir::Cache "$apt_root/cache";
		Dir::Etc::sourcelist "$apt_root/sources.list";
		Dir::Etc::sourceparts "/dev/null";
		Dir::Etc::preferencesparts "/dev/null";
		APT::Architecture "$(dpkg --print-architecture)";
		APT::Architectures { "$(dpkg --print-architecture)"; "$2"; };
		Acquire::Languages "none";
		Acquire::Retries "3";
		APT::Sandbox::User "";
	END
	export APT_CONFIG="$apt_root/apt.conf"
	# shellcheck disable=SC2034
	apt_private=1
	if apt-get -qq update >"$apt_root/update.log" 2>&1; then
		return
	fi
	# A mirror in the middle of its own update: the older kernel of the suite will do.
	sed -i "/-security main/d" "$apt_root/sources.list"
	apt-get -qq update >"$apt_root/update.log" 2>&1 ||
		die "apt-get update in a private root: $(tail -n 1 "$apt_root/update.log")"
}

# apt_has PACKAGE[:ARCH]
apt_has()
{
	[ -n "$(apt-cache show "$1" 2>/dev/null)" ]
}

# apt_field PACKAGE FIELD SUITE: of the version that would be taken
apt_field()
{
	apt-cache ${3:+-t "$3"} show --no-all-versions "$1" 2>/dev/null | sed -n "s/^$2: //p"
}

# apt_fetch FOLDER SUITE PACKAGE...: the .deb files, into FOLDER
apt_fetch()
{
	apt_folder=$1 apt_suite=$2
	shift 2
	for apt_package in "$@"; do
		if ! (cd "$apt_folder" && apt-get -qq -o APT::Sandbox::User= ${apt_suite:+-t "$apt_suite"} \
			download "$apt_package") >"$apt_folder/log" 2>&1; then
			# Lists that are too old name files that are gone: once more with fresh ones.
			[ -n "$apt_private" ] || again
			die "cannot download package ${apt_package%:*}: $(grep -m 1 '^E:' "$apt_folder/log" || tail -n 1 "$apt_folder/log")"
		fi
	done
}

# merge_usr DIR: packages of Debian 13 have all in /usr. What reads a tree of them finds
# /bin, /lib and /sbin as it does in an installed system.
merge_usr()
{
	for folder in bin lib sbin; do
		if [ -d "$1/usr/$folder" ] && [ ! -e "$1/$folder" ]; then
			ln -s "usr/$folder" "$1/$folder"
		fi
	done
}
