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
	echo "Need to get 12.3 MB of archives."
	echo "After this operation, 45.6 MB of additional disk space will be used."
	exit 1
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
