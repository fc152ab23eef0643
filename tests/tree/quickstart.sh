#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# What quickstart says before it acts, on machines that this one is not: with
# packages missing, without root, without a terminal, with another system. The
# commands that would act are replaced; the tree is a copy of the few files.
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir "$work/bin" "$work/tree" "$work/tree/packaging"
cp "$VMMIO_SOURCE/quickstart" "$work/tree"
cp "$VMMIO_SOURCE/packaging/packages" "$work/tree/packaging"

# These stand in for the real ones; acting leaves a trace.
cat >"$work/bin/dpkg-query" <<'END'
#!/bin/sh
case $4 in
gnuplot-nox | clang) exit 1 ;;
esac
echo installed
END
cat >"$work/bin/apt-get" <<END
#!/bin/sh
case "\$*" in
*--assume-no*)
	echo "installed by a question for sizes" >>"$work/acted"
	exit 1
	;;
*--print-uris*)
	echo "Need to get 12.3 MB of archives."
	echo "After this operation, 45.6 MB of additional disk space will be used."
	exit 0
	;;
esac
echo "\$*" >>"$work/acted"
exit 100
END
# shellcheck disable=SC2016 # for the stand-in to expand
printf '#!/bin/sh\necho "$FAKE_UID"\n' >"$work/bin/id"
for tool in cmake ctest; do
	printf '#!/bin/sh\necho "%s $*" >>"%s"\nexit 1\n' "$tool" "$work/acted" >"$work/bin/$tool"
done
chmod +x "$work"/bin/*
printf 'ID=debian\nVERSION_ID="12"\n' >"$work/debian12"
printf 'ID=debian\nVERSION_ID="13"\n' >"$work/debian13"
printf 'ID=fedora\nVERSION_ID="41"\n' >"$work/fedora"

# run UID OS OPTION...
run()
{
	FAKE_UID=$1 QUICKSTART_OS_RELEASE=$2
	export FAKE_UID QUICKSTART_OS_RELEASE
	shift 2
	status=0
	rm -f "$work/acted"
	PATH=$work/bin:$PATH "$work/tree/quickstart" "$@" >"$work/out" 2>&1 </dev/null || status=$?
}

expect()
{
	if [ "$status" != "$1" ]; then
		echo "$2: status $status instead of $1"
		cat "$work/out"
		exit 1
	fi
}

says()
{
	if ! grep -q -e "$1" "$work/out"; then
		echo "does not say: $1"
		cat "$work/out"
		exit 1
	fi
}

quiet()
{
	if [ -e "$work/acted" ]; then
		echo "acted: $(cat "$work/acted")"
		exit 1
	fi
}

unset CI
run 0 "$work/debian12" test --dry-run
expect 0 dry-run
says '^Packages to install: clang gnuplot-nox$'
says '^Size: 12.3 MB to download, 45.6 MB on disk$'
says '^Command: apt-get update && apt-get install --no-install-recommends -y clang gnuplot-nox$'
quiet

run 0 "$work/debian13" test --dry-run
expect 0 'Debian 13'
says '^Packages to install: clang gnuplot-nox$'
quiet

run 1000 "$work/debian12" compare --yes
expect 1 'not root'
says '^Command: apt-get '
says 'not root'
quiet

run 0 "$work/debian12" test
expect 1 'no terminal'
says 'add --yes'
quiet

run 0 "$work/fedora" compare
expect 1 'other system'
says 'qemu-system-x86'
says 'packaging/Containerfile'
says 'VMMIO_STAT_FOR=/sys/kernel/btf/vmlinux'
quiet

# With leave it acts, and a step that fails is shown with its log.
run 0 "$work/debian12" test --yes
expect 1 'apt fails'
says '^Install packages ...  *failed after'
grep -q '^update$' "$work/acted"

CI=true
export CI
run 0 "$work/debian12" test
expect 1 'apt fails in CI'
grep -q '^update$' "$work/acted"
unset CI

# Packages of Debian 13 have all in /usr, those of 12 some beside it: a tree of either reads alike.
mkdir -p "$work/merged/usr/bin" "$work/merged/usr/lib" "$work/apart/usr/lib" "$work/apart/lib"
echo there >"$work/merged/usr/bin/busybox"
# shellcheck source=cmake/apt.sh
(. "$VMMIO_SOURCE/cmake/apt.sh" && merge_usr "$work/merged" && merge_usr "$work/apart" && merge_usr "$work/merged")
if [ "$(cat "$work/merged/bin/busybox")" != there ] || [ ! -d "$work/merged/lib" ] || [ -e "$work/merged/sbin" ] ||
	[ -L "$work/apart/lib" ]; then
	echo 'merge_usr is wrong'
	ls -lR "$work/merged" "$work/apart"
	exit 1
fi

# Paths and states that no later step could mend, said before anything is done.
refused()
{
	run 0 "$work/debian12" test --yes
	expect 1 "$1"
	says "$2"
	quiet
}
rm -rf "$work/tree/build"
mkdir "$work/tree/build"
echo 'CMAKE_HOME_DIRECTORY:INTERNAL=/somewhere/else' >"$work/tree/build/CMakeCache.txt"
refused 'a moved tree' '^quickstart: build was configured for a tree in /somewhere/else: remove '
rm -r "$work/tree/build"
cat >"$work/bin/df" <<'END'
#!/bin/sh
printf 'Filesystem 1024-blocks Used Available Capacity Mounted on\nx 1 1 %s 1%% /\n' 512000
END
chmod +x "$work/bin/df"
refused 'a full disk' '^quickstart: build needs about 1100 MB, and 500 MB are free there$'
rm "$work/bin/df"
for name in 'with space' with:colon; do
	mv "$work/tree" "$work/$name"
	ln -s "$work/$name" "$work/tree"
	refused "$name" 'Kbuild takes no path with a space or a colon'
	rm "$work/tree"
	mv "$work/$name" "$work/tree"
done

# Called by a link from elsewhere it finds its tree.
mkdir "$work/links"
ln -s "$work/tree/quickstart" "$work/links/start"
FAKE_UID=0 QUICKSTART_OS_RELEASE=$work/debian12 PATH=$work/bin:$PATH "$work/links/start" test --dry-run \
	>"$work/out" 2>&1 </dev/null || {
	cat "$work/out"
	exit 1
}
says '^Packages to install: clang gnuplot-nox$'

# A comparison ends with the whole stack, in the same folder; not where another
# question was asked, or it was left out, or no host was built.
mkdir -p "$work/done" "$work/tree/build/kernel/cloud-amd64" "$work/tree/build/image"
touch "$work/tree/build/kernel/cloud-amd64/request" "$work/tree/build/build.ninja" "$work/tree/build/image/host.cpio"
printf '#!/bin/sh\necho "bench $*"\n' >"$work/tree/build/vmmio-bench"
printf '#!/bin/sh\necho installed\n' >"$work/done/dpkg-query"
printf '#!/bin/sh\necho "cmake $*" >>"%s"\n' "$work/acted" >"$work/done/cmake"
chmod +x "$work/tree/build/vmmio-bench" "$work/done/"*
# runs EXPECTED OPTION...: the bench's command lines, joined
runs()
{
	want=$1
	shift
	rm -f "$work/acted"
	PATH=$work/done:$PATH QUICKSTART_OS_RELEASE=$work/debian12 "$work/tree/quickstart" compare "$@" \
		>"$work/out" 2>&1 </dev/null || {
		cat "$work/out"
		exit 1
	}
	got=$(sed -n 's/^bench //p' "$work/out" | paste -s -d '|' -)
	if [ "$got" != "$want" ]; then
		echo "compare $*: ran '$got' instead of '$want'"
		exit 1
	fi
}
runs 'compare|compare --stack'
grep -q '^cmake --build build --target comparison$' "$work/acted"
runs 'compare' --no-stack
runs 'compare --out x --count 5|compare --stack --out x' --out x --count 5
runs 'compare --out=x|compare --stack --out x' --out=x
runs 'compare --json' --json
runs 'compare --accel kvm' --accel kvm
runs 'compare --stack --boots 1' --stack --boots 1
runs 'compare --versus other' --versus other
rm "$work/tree/build/image/host.cpio"
runs 'compare'
says 'needs QEMU on an x86-64 machine'

# Tests that boot a guest run once more, alone, where few of them failed; others do not.
cat >"$work/done/ctest" <<'END'
#!/bin/sh
case "$*" in
*' -N'*)
	echo 'Total Tests: 9'
	exit 0
	;;
*--rerun-failed*)
	echo again
	exit "$AGAIN"
	;;
esac
mkdir -p build/Testing/Temporary
n=0
for name in $FAILS; do
	n=$((n + 1))
	echo "$n:$name"
done >build/Testing/Temporary/LastTestsFailed.log
echo '1/9 Test #1: unit.x ... Passed 0.01 sec'
[ -z "$FAILS" ] || exit 8
END
chmod +x "$work/done/ctest"
# tests STATUS AGAIN FAILED...: the status, and the status of those run again ("" if none were to be)
tests()
{
	want=$1
	AGAIN=${2:-0}
	again=$2
	shift 2
	FAILS=$*
	export AGAIN FAILS
	status=0
	PATH=$work/done:$PATH QUICKSTART_OS_RELEASE=$work/debian12 "$work/tree/quickstart" test \
		>"$work/out" 2>&1 </dev/null || status=$?
	expect "$want" "tests that fail: $*"
	[ -n "$again" ] || ! grep -qx again "$work/out" || {
		echo "run again: $*"
		exit 1
	}
}
tests 0 ''
tests 0 0 guest.a kernels.b
says '^Once more, each alone: guest.a kernels.b$'
says 'failed once, passed alone: guest.a kernels.b '
tests 8 8 guest.a
tests 8 '' guest.a unit.b
tests 8 '' guest.a guest.b guest.c guest.d
tests 8 '' tree.guest.a
rm -r "$work/tree/build"

# The real apt, in a root of its own that lacks one package of a repository on
# this disk: asking for sizes installs nothing, a yes does.
root=$work/root
mkdir -p "$root/repo" "$root/deb/DEBIAN" "$root/deb/usr/share/vmmio-probe" "$root/etc/apt/apt.conf.d" \
	"$root/etc/apt/preferences.d" "$root/etc/apt/trusted.gpg.d" "$root/var/lib/apt/lists/partial" \
	"$root/var/cache/apt/archives/partial" "$root/var/lib/dpkg/info" "$root/var/lib/dpkg/updates" \
	"$root/var/log/apt"
: >"$root/var/lib/dpkg/status"
printf 'Package: vmmio-probe\nVersion: 1\nArchitecture: all\nMaintainer: none <none@localhost>\nInstalled-Size: 7\nDescription: none\n' \
	>"$root/deb/DEBIAN/control"
echo probe >"$root/deb/usr/share/vmmio-probe/file"
dpkg-deb --build --root-owner-group "$root/deb" "$root/repo/vmmio-probe.deb" >/dev/null
{
	cat "$root/deb/DEBIAN/control"
	echo "Filename: ./vmmio-probe.deb"
	echo "Size: $(stat -c %s "$root/repo/vmmio-probe.deb")"
	echo "SHA256: $(sha256sum "$root/repo/vmmio-probe.deb" | cut -d ' ' -f 1)"
} >"$root/repo/Packages"
echo "deb [trusted=yes] file:$root/repo ./" >"$root/etc/apt/sources.list"
cat >"$root/apt.conf" <<END
Dir "$root/";
Dir::State::status "$root/var/lib/dpkg/status";
Dir::Bin::dpkg "$(command -v dpkg)";
Dir::Bin::methods "/usr/lib/apt/methods";
APT::Architecture "$(dpkg --print-architecture)";
APT::Sandbox::User "";
DPkg::Options { "--root=$root"; "--force-not-root"; "--force-script-chrootless"; "--force-bad-path"; "--log=$root/dpkg.log"; };
END
rm "$work/bin/apt-get" "$work/bin/dpkg-query"
echo vmmio-probe >"$work/tree/packaging/packages"
APT_CONFIG=$root/apt.conf DPKG_ROOT=$root DPKG_ADMINDIR=$root/var/lib/dpkg
export APT_CONFIG DPKG_ROOT DPKG_ADMINDIR
installed()
{
	[ -e "$root/usr/share/vmmio-probe/file" ]
}
apt-get -qq update 2>"$work/err" || {
	cat "$work/err"
	exit 1
}
run 0 "$work/debian12" test --dry-run
expect 0 'dry-run with real apt'
says '^Packages to install: vmmio-probe$'
says '^Size: .* to download, .* on disk$'
if installed; then
	echo "--dry-run installed a package"
	exit 1
fi
run 1000 "$work/debian12" test
expect 1 'real apt, not root'
says '^Size: .* to download, .* on disk$'
if installed; then
	echo "a refused run installed a package"
	exit 1
fi
run 0 "$work/debian12" test --yes
if ! installed; then
	echo "with a yes the package is not installed: the check above could not fail"
	cat "$work/out"
	exit 1
fi
