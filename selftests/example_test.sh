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

# It waits for Enter while it has its unit; another process looks.
run_example() {
	local pid status=0 i

	mkfifo "$WORK/enter"
	readme_example <"$WORK/enter" >"$WORK/out" &
	pid=$!
	exec 8>"$WORK/enter"
	for ((i = 0; i < 200; i++)); do
		! ipcxctl show /hello 2>/dev/null | grep -qw "$pid" || break
		sleep 0.05
	done
	ipcxctl show /hello | grep -w "$pid" || status=1
	echo >&8
	exec 8>&-
	wait "$pid" || status=1
	cat "$WORK/out"
	return "$status"
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
case_of "the_tour_runs_to_its_end" ipcx-demo timeout 120 ipcx-demo
case_of "the_example_of_the_readme_holds_its_unit" readme_example run_example
exit "$FAILED"
