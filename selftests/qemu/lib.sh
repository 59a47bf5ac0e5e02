# SPDX-License-Identifier: GPL-2.0-only
# Paths and small helpers of the VM scripts; the one place that knows where
# things lie.  Sourced by setup, vm, ../check, ../cost and ../bench.
# shellcheck shell=bash disable=SC2034

TOP=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd -P)
CACHE=${IPCX_CACHE:-${XDG_CACHE_HOME:-${HOME:?HOME is not set}/.cache}/ipcx}
BUILD=$TOP/build

# The kernels of the distribution to run on, by short name.
DISTRO_KERNELS=(6.1 6.12)
DEFAULT_KERNEL=6.12
# The newest kernel there is, which the distribution after ours builds for
# itself with a compiler that ours does not have.
NEW_KERNEL=new
# Those that are built here, of the distribution's source, to find bugs.
DEBUG_KERNELS=(debug kcsan)

# Each unpacked kernel has: release, vmlinuz, modules/, build/ (headers).
KERNELS=$CACHE/kernels
# A part of the source, unpacked; source.tar.xz, all of it; version.
KERNEL_SOURCE=$CACHE/linux-source-6.12
KSELFTESTS=$KERNEL_SOURCE/tools/testing/selftests
INITRAMFS_CACHE=$CACHE/initramfs

ME=${0##*/}

say() {
	[[ -n ${QUIET:-} ]] || printf '%s: %s\n' "$ME" "$*" >&2
}

warn() {
	printf '%s: %s\n' "$ME" "$*" >&2
}

# die STATUS TEXT...
die() {
	local status=$1

	shift
	warn "$*"
	exit "$status"
}

is_debug_kernel() {
	[[ " ${DEBUG_KERNELS[*]} " == *" $1 "* ]]
}

debug_config() {
	printf '%s\n' "$TOP/selftests/qemu/configs/$1.config"
}

# Where the kernel NAME is; one that we build has in its name what it is
# built from.
kernel_dir() {
	local key

	if is_debug_kernel "$1"; then
		key=$(cat "$(debug_config base)" "$(debug_config "$1")" \
			"$TOP/selftests/qemu/debug_kernel.sh" \
			"$KERNEL_SOURCE/version" 2>/dev/null | sha256sum)
		printf '%s\n' "$KERNELS/$1-${key:0:12}"
	else
		printf '%s\n' "$KERNELS/$1"
	fi
}

# The headers' directory NAME (KDIR) of an unpacked kernel.
kernel_build_dir() {
	printf '%s\n' "$(kernel_dir "$1")/build"
}

# An unpacked thing is whole when its stamp names the place it was unpacked
# for; a cache that was moved holds paths that no longer fit.
is_complete() {
	[[ -f $1/.complete && $(<"$1/.complete") == "$1" ]]
}

kernel_is_ready() {
	is_complete "$(kernel_dir "$1")"
}

kernel_source_is_ready() {
	is_complete "$KERNEL_SOURCE" && [[ -s $KERNEL_SOURCE/version ]]
}

can_use_kvm() {
	grep -qwE 'svm|vmx' /proc/cpuinfo && [[ -r /dev/kvm && -w /dev/kvm ]]
}
