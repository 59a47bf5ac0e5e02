# SPDX-License-Identifier: GPL-2.0-only
# Running ipcx-bench in a VM, and reading what it wrote.  Sourced by run and
# ../cost, behind ../qemu/lib.sh.
# shellcheck shell=bash

# Figures have a point, wherever we are.
export LC_ALL=C

# What stands between the table and the JSON in the VM's output.
JSON_MARK='== the same in JSON =='

# measure JSON TABLE VM-OPTION... -- BENCH-OPTION...
# Runs ipcx-bench in a VM.  Its table goes to the file TABLE, its JSON to the
# file JSON, which is there only when all went well.
measure() {
	local json=$1 table=$2 vm=() status=0

	shift 2
	while [[ $1 != -- ]]; do
		vm+=("$1")
		shift
	done
	shift
	rm -f "$json"
	# shellcheck disable=SC2016 # for the guest's shell
	"$TOP/selftests/qemu/vm" "${vm[@]}" --no-tests --quiet -- \
		bash -o pipefail -c '
		ipcx-bench --output /tmp/bench.json "$@" 2>&1 | cat &&
		echo "$0" && cat /tmp/bench.json' "$JSON_MARK" "$@" \
		>"$table.all" </dev/null &
	VM_PID=$!
	wait "$VM_PID" || status=$?
	VM_PID=
	sed "/^$JSON_MARK/,\$d" "$table.all" >"$table"
	if ((status)); then
		cat "$table"
		warn "ipcx-bench has failed (status $status)"
	else
		sed "1,/^$JSON_MARK/d" "$table.all" >"$json"
		is_result "$json" || status=1
	fi
	rm -f "$table.all"
	return "$status"
}

# Ends the machine that measure has started; for traps.
stop_machine() {
	[[ -z ${VM_PID:-} ]] || kill -TERM "$VM_PID"
	wait
}

# is_result FILE: whether it is something that ipcx-bench has written; says
# what is wrong with it.
is_result() {
	local wrong

	wrong=$(jq -rs '
		# Time less that of the loop may be less than nothing.
		def wrong_row($unit):
			if type != "object" or (.id | type) != "string" then
				"a row without id"
			elif (.group | type) != "string" then
				"\(.id) has no group"
			elif has("missing") then
				if (.missing | type) == "string" then empty
				else "\(.id) is missing for no reason" end
			elif (.value | type) != "number" or
				($unit != "ns" and .value < 0) then
				"\(.id) has no value"
			else empty end;
		if length != 1 then "not one JSON value"
		elif (.[0] | type) != "object" or
			.[0].program != "ipcx-bench" then
			"not from ipcx-bench"
		elif .[0].format != 1 then "a format that is not known"
		elif (.[0].rows | type) != "array" or
			.[0].rows == [] then "no rows"
		else .[0].unit as $unit | .[0].rows |
			([.[] | wrong_row($unit)] +
			([.[].id?] | group_by(.) |
				map(select(length > 1) | "\(.[0]) twice"))) |
			first // empty
		end' "$1" 2>&1) || wrong="not JSON: ${wrong%%$'\n'*}"
	[[ -z $wrong ]] || warn "$1: $wrong"
	[[ -z $wrong ]]
}

# rows FILE: its rows as lines of id, group, value; tabs between them.  What is
# missing has the reason, in parentheses, for its value.
rows() {
	jq -r '.rows[] | [.id, .group,
		if has("missing") then "(\(.missing))" else .value end] | @tsv' \
		"$1"
}

qemu_version() {
	qemu-system-x86_64 --version |
		sed -n 's/.*version \([0-9.]*\).*/\1/p'
}
