#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# shellcheck disable=SC2317 # check calls functions by their names
# Loading and removing the module: refused while it is in use, clean when it is
# not, twenty times over; at the end it is loaded as it was.  KTAP.
# Rows: H9, bug classes V7 V8.

MODULE=${IPCX_MODULE:-/lib/modules/ipcx/ipcx.ko}
KSFT_SKIP=4
RELOADS=20
NUMBER=0
FAILED=0

[[ -e $MODULE ]] || MODULE=$(modinfo -n ipcx 2>/dev/null)

skip_all() {
	echo "TAP version 13"
	echo "1..0 # SKIP $*"
	exit "$KSFT_SKIP"
}

# result STATUS NAME
result() {
	NUMBER=$((NUMBER + 1))
	if (($1)); then
		FAILED=1
		echo "not ok $NUMBER $2"
	else
		echo "ok $NUMBER $2"
	fi
}

# check NAME COMMAND...: the command must succeed.
check() {
	local name=$1 status=0

	shift
	"$@" || status=1
	result "$status" "$name"
}

is_loaded() {
	[[ -d /sys/module/ipcx ]]
}

load() {
	is_loaded || insmod "$MODULE"
}

# Removing is refused, and nothing else has happened.
is_refused() {
	! rmmod ipcx 2>/dev/null && is_loaded && [[ -c /dev/ipcx ]]
}

# What a closed descriptor had pinned may need a moment.
remove() {
	local i

	for ((i = 0; i < 50; i++)); do
		! rmmod ipcx 2>/dev/null || break
		sleep 0.1
	done
	! is_loaded
}

counter_is_zero() {
	[[ $(<"/sys/class/misc/ipcx/$1") == 0 ]]
}

# Each process below holds the descriptor 9 and runs until it is killed.
open_device() {
	exec 9<>/dev/ipcx && exec sleep 60
}

refused_while_device_is_open() {
	local pid status=0

	(open_device) &
	pid=$!
	while [[ ! -e /proc/$pid/fd/9 ]]; do
		kill -0 "$pid" || return 1
		sleep 0.02
	done
	is_refused || status=1
	kill -KILL "$pid"
	wait "$pid" 2>/dev/null
	return "$status"
}

# refused_while WORD: as the helper program does what WORD says.
refused_while() {
	local line status=0

	coproc HOLDER { exec module_holder "$1"; }
	# shellcheck disable=SC2154 # set by coproc
	local pid=$HOLDER_PID
	read -r -t 20 line <&"${HOLDER[0]}" || line=
	[[ $line == ready ]] && is_refused || status=1
	kill -KILL "$pid" 2>/dev/null
	wait "$pid" 2>/dev/null
	return "$status"
}

reloads() {
	local i

	for ((i = 0; i < RELOADS; i++)); do
		remove && insmod "$MODULE" && [[ -c /dev/ipcx ]] || return 1
		true <>/dev/ipcx || return 1
	done
}

# Persistent objects go with the module, whatever is in them.
removed_with_persistent_objects() {
	module_holder leave || return 1
	! counter_is_zero objects || return 1
	remove && insmod "$MODULE" && counter_is_zero objects &&
		counter_is_zero bytes
}

# A lease runs at the moment of removal.
removed_with_leases_running() {
	local i

	for ((i = 0; i < 5; i++)); do
		module_holder lease || return 1
		remove && insmod "$MODULE" || return 1
	done
}

[[ $EUID == 0 ]] || skip_all "needs root"
[[ -e $MODULE ]] || skip_all "ipcx.ko was not found; say where by IPCX_MODULE"
is_loaded || skip_all "the module is not loaded"
PATH=$(cd "$(dirname "$0")" && pwd):$PATH
# Whoever had it before: nothing may be in use now.
PARAMETERS=()
for file in /sys/module/ipcx/parameters/*; do
	[[ -r $file ]] && PARAMETERS+=("${file##*/}=$(<"$file")")
done

echo "TAP version 13"
echo "1..10"
check "removed_while_nothing_is_open" remove
check "device_goes_with_the_module" test ! -e /dev/ipcx
check "loads_again" load
check "refused_while_the_device_is_open" refused_while_device_is_open
check "refused_while_an_object_is_open" refused_while object
check "refused_while_only_a_mapping_is_left" refused_while mapping
check "refused_while_a_call_sleeps" refused_while sleep
check "reloads_${RELOADS}_times" reloads
check "removal_frees_persistent_objects" removed_with_persistent_objects
check "removal_stops_running_leases" removed_with_leases_running

# The following tests find it as this one did.
((FAILED == 0)) || module_holder tidy
if remove; then
	insmod "$MODULE" "${PARAMETERS[@]}" || FAILED=1
fi
is_loaded || FAILED=1
((FAILED == 0)) || echo "# the module: $MODULE"
exit "$FAILED"
