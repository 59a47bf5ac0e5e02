# SPDX-License-Identifier: GPL-2.0-only
# What the static gates share: where things lie, and which files there are.
# Sourced by lint, abi, format and gates_selftest.
# shellcheck shell=bash disable=SC2034

TOP=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd -P)
CACHE=${IPCX_CACHE:-${XDG_CACHE_HOME:-${HOME:?HOME is not set}/.cache}/ipcx}
KSCRIPTS=${KSCRIPTS:-$CACHE/linux-source-6.12/scripts}
UAPI=kmod/include/uapi

# Other versions of clang-format disagree with this one about many lines.
CLANG_FORMAT=${CLANG_FORMAT:-clang-format-14}

# list_files DIR-OR-'.' FIND-TESTS...: files of the checkout that are not
# built ones, as paths from its top, one a line.
list_files() {
	local dir=$1

	shift
	[[ -e $dir ]] || return 0
	find "$dir" \( -path ./build -o -path ./.git \
		-o -name '.checkpatch-*' \) -prune \
		-o -type f \( "$@" \) -print | sed 's|^\./||' | LC_ALL=C sort
}

# c_files [DIR]
c_files() {
	list_files "${1:-.}" -name '*.[ch]'
}

# Shell scripts are known by their name or their first line.
shell_files() {
	{
		list_files . -name '*.sh'
		list_files . ! -name '*.*' | while read -r file; do
			head -n 1 "$file" | grep -qaE '^#!.*[/ ](ba|da)?sh( |$)' &&
				printf '%s\n' "$file"
		done
		[[ ! -e .ci/run ]] || echo .ci/run
	} | LC_ALL=C sort -u
}

need() {
	command -v "$1" >/dev/null || {
		echo "$1 is missing; selftests/qemu/setup lint installs it"
		return 1
	}
}

need_kscript() {
	[[ -e $KSCRIPTS/$1 ]] || {
		echo "no $1 in $KSCRIPTS; selftests/qemu/setup lint gets it"
		return 1
	}
}

# What the gates look at is built here, with warnings as errors, as by
# selftests/check.
STRICT=build/strict

# The kernels to build for, by short name.
read -ra GATE_KERNELS <<<"${LINT_KERNELS:-6.1 6.12}"

# The folder of the headers of kernel NAME, and of the module built for it.
kernel_headers() {
	echo "$CACHE/kernels/$1/build"
}

built_module_dir() {
	echo "$STRICT/kmod-$(cat "$CACHE/kernels/$1/release" 2>/dev/null)"
}

# Touched when a build began that came to its end.
BUILT_STAMP=$STRICT/.built

# built FILE: fails, and says so, when FILE is not there, or when a source has
# changed since the last build.
built() {
	local file=$1 newer

	if [[ ! -e $file || ! -e $BUILT_STAMP ]]; then
		echo "$file is not built; selftests/static/lint build does it"
		return 1
	fi
	newer=$(find Kbuild kmod libipcx tools -type f -newer "$BUILT_STAMP" \
		\( -name '*.[ch]' -o -name '*.map' -o -name Kbuild \) |
		head -n 1)
	[[ -z $newer ]] || {
		echo "$file: $newer has changed since it was built;" \
			"selftests/static/lint build renews it"
		return 1
	}
}
