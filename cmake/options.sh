# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=sh
#
# The options of the scripts that make images. Sourced; wants usage, which prints the text.

# options "--NAME ..." "$@": sets the variable NAME of each option that is given, all of which
# take a value. $left: how many words are behind them; it is for the caller to shift the others.
# shellcheck disable=SC2034
options()
{
	_known=$1
	shift
	left=$#
	while [ $# -gt 0 ]; do
		case $1 in
		-h | --help)
			usage
			exit 0
			;;
		-*)
			case " $_known " in
			*" $1 "*) ;;
			*)
				usage >&2
				exit 2
				;;
			esac
			if [ $# -lt 2 ] || [ -z "$2" ]; then
				echo "$(basename "$0" .sh): $1 needs a value" >&2
				exit 2
			fi
			eval "${1#--}=\$2"
			shift 2
			;;
		*) break ;;
		esac
		left=$#
	done
}
