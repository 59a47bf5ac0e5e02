#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# shellcheck disable=SC2317 # cases are called by their names
# The tour of ipcx and, where it was built, the README's example.  KTAP.
# Rows: T1 T2 T14 T15.

KSFT_SKIP=4
NUMBER=0
FAILED=0

# case_of NAME PROGRAM COMMAND...: one case; skipped where PROGRAM is missing.
case_of() {
	local name=$1 program=$2 log

	shift 2
	NUMBER=$((NUMBER + 1))
	if ! command -v "$program" >/dev/null; then
		echo "ok $NUMBER $name # SKIP $program is not installed"
	elif log=$("$@" 2>&1); then
		echo "ok $NUMBER $name"
	else
		printf '# %s\n' "${log//$'\n'/$'\n'# }"
		echo "not ok $NUMBER $name"
		FAILED=1
	fi
}

# Starts the README's example; PID is its process, $WORK/NAME what it prints.
start_example() {
	readme_example <"$WORK/enter" >"$WORK/$1" 8>&- &
	PID=$!
}

# Whether ipcxctl shows PID among the "holders" or the "waiters".
is_among() {
	ipcxctl show /hello 2>/dev/null | awk -v who="$1" -v pid="$2" '
		/^(holders|waiters)/ { list = $1 }
		index(list, who) == 1 && $1 == pid { found = 1 }
		END { exit !found }'
}

until_true() {
	local i

	for ((i = 0; i < 200; i++)); do
		! "$@" || return 0
		sleep 0.05
	done
	echo "this did not come about: $*"
	ipcxctl show /hello
	return 1
}

# As the README has its reader do it: the third waits, one of the others is
# killed, and the third is told.
three_and_a_kill() {
	local first second third

	mkfifo "$WORK/enter"
	exec 8<>"$WORK/enter"
	start_example first
	first=$PID
	until_true is_among holders "$first" || return
	start_example second
	second=$PID
	until_true is_among holders "$second" || return
	start_example third
	third=$PID
	until_true is_among waiters "$third" || return
	kill -KILL "$first"
	until_true is_among holders "$third" || return
	# Enter for one of them, the end of input for the other.
	echo >&8
	exec 8>&-
	wait "$second" && wait "$third" || return
	cat "$WORK/third"
	grep -q "^process $first died with my unit" "$WORK/third"
}

[[ -c /dev/ipcx ]] || {
	echo "TAP version 13"
	echo "1..0 # SKIP the module is not loaded"
	exit "$KSFT_SKIP"
}
PATH=$(cd "$(dirname "$0")" && pwd):$PATH
WORK=$(mktemp -d)
trap 'rm -rf "$WORK"' EXIT

echo "TAP version 13"
echo "1..2"
case_of "the_tour_runs_to_its_end" ipcx-demo timeout 280 ipcx-demo
case_of "the_example_of_the_readme_tells_of_a_death" readme_example \
	three_and_a_kill
exit "$FAILED"
