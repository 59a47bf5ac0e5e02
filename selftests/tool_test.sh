#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# shellcheck disable=SC2317 # check calls functions by their names
# ipcxctl: exit statuses, what it prints, how strictly it reads.  KTAP.
# Rows: J1 A10 T5 T6 T7 T8 T9 T14 T15 C1 C2 L1.

KSFT_SKIP=4
NUMBER=0
FAILED=0
NAME=/tool-$$
SLOWER=${IPCX_SLOWER:-1} # than a usual kernel

# The exit statuses of ipcxctl(1).
declare -A EXIT=([OK]=0 [ERROR]=1 [USAGE]=2 [GONE]=3 [WAIT]=4 [DENIED]=5
	[TAKEN]=6 [LIMIT]=7 [NO_IPCX]=8)

skip_all() {
	echo "TAP version 13"
	echo "1..0 # SKIP $*"
	exit "$KSFT_SKIP"
}

result() {
	NUMBER=$((NUMBER + 1))
	if (($1)); then
		FAILED=1
		echo "not ok $NUMBER $2"
	else
		echo "ok $NUMBER $2"
	fi
}

check() {
	local name=$1 status=0

	shift
	"$@" || status=1
	result "$status" "$name"
}

# status WANTED ARGUMENT...: runs ipcxctl and looks at its exit status, which is
# a name from above or a number; what it says goes to $WORK/out and $WORK/err.
status() {
	local wanted=${EXIT[$1]:-$1} have=0

	shift
	timeout 20 ipcxctl "$@" >"$WORK/out" 2>"$WORK/err" </dev/null || have=$?
	((have == wanted)) && return 0
	echo "# ipcxctl $*: exit status $have, not $wanted"
	sed 's/^/#   /' "$WORK/err"
	return 1
}

as_alice() {
	setpriv --reuid 1000 --regid 1000 --clear-groups "$@"
}

# --------------------------------------------------------------- cases

usage_is_strict() {
	status USAGE &&
		status USAGE nonsense &&
		status USAGE sem &&
		status USAGE sem nonsense &&
		status USAGE sem create &&
		status USAGE sem create noslash &&
		status USAGE sem create "$NAME" one-too-many &&
		status USAGE sem create "$NAME" --nonsense &&
		status USAGE sem p "$NAME" 0 &&
		status USAGE sem p "$NAME" 1x &&
		status USAGE sem p "$NAME" -1 &&
		status USAGE sem p "$NAME" 99999999999999999999 &&
		status USAGE sem create "$NAME" --max 1e3 &&
		status USAGE sem create "$NAME" --mode 888 &&
		status USAGE sem create "$NAME" --mode 01777 &&
		status USAGE sem create "$NAME" --kind other &&
		status USAGE sem p "$NAME" --timeout 5 &&
		status USAGE sem p "$NAME" --timeout 5x &&
		status USAGE mailbox &&
		status USAGE mailbox nonsense &&
		status USAGE mailbox send &&
		status USAGE mailbox create noslash &&
		status USAGE mailbox recv "$NAME" --count 0 &&
		status USAGE mailbox recv "$NAME" --count 2 --follow &&
		status USAGE channel &&
		status USAGE channel nonsense &&
		status USAGE channel create noslash &&
		status USAGE channel create "$NAME" --capacity 0 &&
		status USAGE channel create "$NAME" --capacity 2G &&
		status USAGE channel create "$NAME" --read-mark 65537 &&
		status USAGE channel cat "$NAME" one-too-many &&
		status USAGE channel cat "$NAME" --nowait --timeout 1s &&
		status USAGE channel turn "$NAME" --end first &&
		status USAGE channel turn "$NAME" pass &&
		status USAGE channel turn "$NAME" ask --end first &&
		status USAGE region create "$NAME" &&
		status USAGE region create "$NAME" 4Q &&
		status USAGE region create "$NAME" '' &&
		status USAGE sem run "$NAME" &&
		status GONE show "$NAME"
}

errors_name_the_tool_and_the_reason() {
	status GONE sem value "$NAME" && [[ ! -s $WORK/out ]] &&
		grep -q '^ipcxctl: ' "$WORK/err" &&
		grep -q "$NAME" "$WORK/err"
}

help_and_version_are_there() {
	status OK --help && grep -q 'sem create' "$WORK/out" &&
		status OK sem create --help && grep -q -- --max "$WORK/out" &&
		status OK --version && grep -q '^ipcxctl [0-9]' "$WORK/out"
}

semaphore_counts() {
	status OK sem create "$NAME" --initial 2 --max 3 &&
		status OK sem value "$NAME" && [[ $(<"$WORK/out") == 2 ]] &&
		status OK sem p "$NAME" 2 &&
		status WAIT sem p "$NAME" --nowait &&
		status WAIT sem p "$NAME" --timeout 50ms &&
		status OK sem v "$NAME" 3 &&
		status LIMIT sem v "$NAME" &&
		status OK sem value "$NAME" && [[ $(<"$WORK/out") == 3 ]] &&
		status OK rm "$NAME" &&
		status GONE sem value "$NAME"
}

names_are_taken_or_of_another_type() {
	status OK sem create "$NAME" &&
		status TAKEN sem create "$NAME" --excl &&
		status TAKEN region create "$NAME" 4K &&
		status TAKEN region read "$NAME" &&
		status OK rm "$NAME"
}

strangers_are_refused() {
	local have=0

	status OK sem create "$NAME" --initial 1 || return 1
	as_alice ipcxctl sem p "$NAME" 2>/dev/null || have=$?
	((have == EXIT[DENIED])) || return 1
	have=0
	as_alice ipcxctl rm "$NAME" 2>/dev/null || have=$?
	((have == EXIT[DENIED])) || return 1
	# What may not be read is not shown.
	! as_alice ipcxctl list | grep -q "$NAME" &&
		status OK rm "$NAME"
}

missing_device_is_said() {
	# A process that sees another /dev.
	unshare -m sh -c 'mount -t tmpfs none /dev && ipcxctl info' \
		>/dev/null 2>&1
	(($? == EXIT[NO_IPCX]))
}

region_keeps_what_was_written() {
	status OK region create "$NAME" 8K &&
		printf 'hello, region' | ipcxctl region write "$NAME" &&
		[[ $(ipcxctl region read --length 13 "$NAME") == \
			'hello, region' ]] &&
		printf 'X' | ipcxctl region write --offset 8191 "$NAME" &&
		[[ $(ipcxctl region read --offset 8191 "$NAME") == X ]] &&
		[[ $(ipcxctl region read "$NAME" | wc -c) == 8192 ]] &&
		! head -c 8193 /dev/zero |
			ipcxctl region write "$NAME" 2>/dev/null &&
		[[ $(ipcxctl region read --length 5 "$NAME") == hello ]] &&
		status OK rm "$NAME"
}

# Rows: T15: one at a time.
run_holds_the_lock_while_the_command_runs() {
	status OK sem create "$NAME" --kind lock &&
		status 42 sem run "$NAME" -- sh -c 'exit 42' &&
		status $((128 + 15)) sem run "$NAME" -- sh -c 'kill $$' &&
		status 127 sem run "$NAME" -- /no/such/program &&
		status OK sem run "$NAME" -- \
			ipcxctl list &&
		ipcxctl sem run "$NAME" -- \
			sh -c "ipcxctl sem run --nowait $NAME -- true" \
			2>/dev/null
	(($? == EXIT[WAIT])) && status OK sem run --nowait "$NAME" -- true &&
		status OK rm "$NAME"
}

# Rows: A5: whoever is killed gives back what it had.
killed_run_gives_its_units_back() {
	local pid i

	status OK sem create "$NAME" --kind owned --max 1 --initial 1 ||
		return 1
	ipcxctl sem run "$NAME" -- sleep 60 &
	pid=$!
	for ((i = 0; i < 200; i++)); do
		[[ $(ipcxctl sem value "$NAME") == 0 ]] && break
		sleep 0.05
	done
	# Who holds it, for how long: seen from outside.
	status OK show "$NAME" && grep -qw "$pid" "$WORK/out" || return 1
	kill -KILL "$pid"
	wait "$pid" 2>/dev/null
	status OK sem run --timeout 10s "$NAME" -- true &&
		status OK rm "$NAME"
}

list_shows_objects() {
	status OK sem create "$NAME" --kind owned --max 4 --initial 4 &&
		status OK list && grep -q "$NAME" "$WORK/out" &&
		status OK rm "$NAME" &&
		status OK list && ! grep -q "$NAME" "$WORK/out"
}

is_json() {
	status OK "$@" --json || return 1
	json_check <"$WORK/out" && return 0
	echo "# not JSON: ipcxctl $* --json"
	return 1
}

json_is_valid_everywhere() {
	is_json list &&
		status OK sem create "$NAME" --kind owned --max 4 \
			--initial 4 &&
		status OK region create "$NAME-r" 64K &&
		is_json list && grep -q "\"$NAME\"" "$WORK/out" &&
		is_json show "$NAME" && is_json show "$NAME-r" &&
		is_json quota && is_json info &&
		status OK rm "$NAME" "$NAME-r"
}

destroyed_objects_are_gone() {
	local pid i have=0

	status OK sem create "$NAME" || return 1
	timeout 20 ipcxctl sem p "$NAME" 2>/dev/null &
	pid=$!
	for ((i = 0; i < 200; i++)); do
		[[ $(</sys/class/misc/ipcx/waiters) != 0 ]] && break
		sleep 0.05
	done
	status OK destroy "$NAME" || return 1
	wait "$pid" || have=$?
	((have == EXIT[GONE])) && status GONE show "$NAME"
}

says() {
	grep -Eq -- "$1" "$WORK/out" && return 0
	echo "# ipcxctl did not say '$1', but:"
	sed 's/^/#   /' "$WORK/out"
	return 1
}

mailbox_is_listed_and_shown() {
	local line pid status=0

	coproc HOLDER { exec module_holder mailbox; }
	# shellcheck disable=SC2154 # set by coproc
	pid=$HOLDER_PID
	read -r -t 20 line <&"${HOLDER[0]}" || line=
	[[ $line == ready ]] && status OK list --type mailbox &&
		says '/holder-mailbox .*2/3 messages, 8 bytes, oldest ' &&
		status OK show /holder-mailbox &&
		says '^messages +2 of 3$' &&
		says '^payload +8 of 30, 10 in one message$' &&
		says '^so far +2 sent, 0 received, 0 dropped, 0 expired, 0 refused$' &&
		status OK show --json /holder-mailbox &&
		json_check <"$WORK/out" && says '"payload_bytes": *8' ||
		status=1
	kill -KILL "$pid" 2>/dev/null
	wait "$pid" 2>/dev/null
	return "$status"
}

# The descriptors are closed, and are in nobody's way.
mailbox_messages_with_descriptors_are_received() {
	local line pid status=0

	coproc HOLDER { exec module_holder files; }
	# shellcheck disable=SC2154 # set by coproc
	pid=$HOLDER_PID
	read -r -t 20 line <&"${HOLDER[0]}" || line=
	[[ $line == ready ]] &&
		status OK mailbox peek --json /holder-files && says '"fds": 2' &&
		status OK mailbox recv --nowait --json /holder-files &&
		says '"fds": 2' && json_check <"$WORK/out" &&
		status OK mailbox recv --nowait --json /holder-files &&
		says '"fds": 0' ||
		status=1
	kill -KILL "$pid" 2>/dev/null
	wait "$pid" 2>/dev/null
	return "$status"
}

# said_exactly FILE: what ipcxctl printed is what stands in it.
said_exactly() {
	cmp -s "$1" "$WORK/out" && return 0
	echo "# ipcxctl printed something else than $1"
	return 1
}

# recv_says TEXT ARGUMENT...: what is received is TEXT, to the byte.
recv_says() {
	printf %s "$1" >"$WORK/want"
	shift
	status OK mailbox recv --nowait "$@" && said_exactly "$WORK/want"
}

mailbox_keeps_every_byte() {
	local box=$NAME-bytes

	status OK mailbox create "$box" || return
	printf 'a\0b\n\377c\n' >"$WORK/binary"
	ipcxctl mailbox send "$box" <"$WORK/binary" &&
		status OK mailbox send "$box" two  words &&
		status OK mailbox send "$box" &&
		head -c 300000 /dev/urandom >"$WORK/long" || return
	status LIMIT mailbox send "$box" "$(seq 20000)" || return
	grep -q '65536 bytes at most' "$WORK/err" || return
	! ipcxctl mailbox send "$box" <"$WORK/long" 2>/dev/null || return
	status OK mailbox recv "$box" && said_exactly "$WORK/binary" &&
		recv_says 'two words' "$box" && recv_says '' "$box" &&
		status WAIT mailbox recv --nowait "$box" || return
	status OK mailbox create "$box-long" --max-size 1M &&
		ipcxctl mailbox send "$box-long" <"$WORK/long" &&
		status OK mailbox peek "$box-long" &&
		said_exactly "$WORK/long" &&
		status OK mailbox recv "$box-long" &&
		said_exactly "$WORK/long" && status OK rm "$box" "$box-long"
}

mailbox_serves_by_priority_and_tag() {
	local box=$NAME-order text

	status OK mailbox create "$box" || return
	for text in low:0:1 high:7:2 mask:0:0x21 other:0:9; do
		status OK mailbox send "$box" "${text%%:*}" \
			--priority "$(cut -d: -f2 <<<"$text")" \
			--tag "${text##*:}" || return
	done
	status OK mailbox peek "$box" --index 1 --count 9 --lines &&
		printf 'low\nmask\nother\n' >"$WORK/want" &&
		said_exactly "$WORK/want" &&
		recv_says mask "$box" --tag 0x20/0xf0 &&
		recv_says other "$box" --tag 8-10 &&
		recv_says high "$box" && recv_says low "$box" --tag 1 &&
		status WAIT mailbox peek "$box" &&
		status USAGE mailbox recv "$box" --tag 9-8 &&
		status USAGE mailbox recv "$box" --tag 0x1/2 &&
		status USAGE mailbox recv "$box" --tag 1- &&
		status USAGE mailbox send "$box" x --tag 1-2 &&
		status USAGE mailbox send "$box" x --priority 32768 &&
		status OK rm "$box"
}

mailbox_takes_lines() {
	local box=$NAME-lines

	status OK mailbox create "$box" --messages 200 || return
	{ seq 100; printf '\nlast'; } >"$WORK/lines"
	ipcxctl mailbox send "$box" --lines <"$WORK/lines" || return
	{ cat "$WORK/lines"; echo; } >"$WORK/want"
	status OK mailbox recv "$box" --count 1000 --lines &&
		said_exactly "$WORK/want" || return
	# What does not fit is not sent, and it is said how much was.
	! seq 300 | ipcxctl mailbox send "$box" --lines --nowait \
		2>"$WORK/err" && grep -q ': 200 lines were sent' "$WORK/err" &&
		status OK rm "$box"
}

mailbox_says_why_it_refuses() {
	local box=$NAME-full

	umask 0
	status OK mailbox create "$box" --messages 2 --max-size 4 --bytes 8 \
		--mode 666 || return
	umask 022
	status LIMIT mailbox send "$box" 12345 || return
	as_alice ipcxctl mailbox send --nowait "$box" a 2>/dev/null || return
	as_alice ipcxctl mailbox send --nowait "$box" b 2>"$WORK/err"
	(($? == EXIT[LIMIT])) &&
		grep -q "share is used up: 1 of 1 messages" "$WORK/err" ||
		return
	status OK mailbox send "$box" 2 &&
		status WAIT mailbox send "$box" 4 --nowait &&
		status WAIT mailbox send "$box" 4 --timeout 5ms &&
		status WAIT mailbox send "$box" 4 --when-full fail &&
		status OK mailbox send "$box" 4 --when-full drop &&
		recv_says 2 "$box" && status OK mailbox stat "$box" &&
		says '^messages +1 of 2$' &&
		says ' 3 sent, 1 received, 1 dropped' || return
	status OK mailbox create "$box-none" --need-receiver &&
		status ERROR mailbox send "$box-none" x &&
		status USAGE mailbox create "$box" --messages 0 &&
		status USAGE mailbox create "$box" --messages 65537 &&
		status USAGE mailbox create "$box" --max-size 2 --bytes 1 &&
		status USAGE mailbox create "$box" --when-full never &&
		status USAGE mailbox send "$box" x --lifetime 0 &&
		status USAGE mailbox send "$box" x --lines &&
		status GONE mailbox send "$NAME-nothing" x &&
		status OK rm "$box" "$box-none"
}

mailbox_tells_programs() {
	local box=$NAME-json

	status OK mailbox create "$box" &&
		status OK mailbox send "$box" 'say "hi"' --tag 7 &&
		printf 'a\0' | ipcxctl mailbox send "$box" &&
		printf 'cut \342\202' | ipcxctl mailbox send "$box" &&
		status OK mailbox stat --json "$box" && json_check <"$WORK/out" &&
		says '"messages": 3' &&
		status OK mailbox recv --json --count 5 "$box" &&
		json_check <"$WORK/out" && says '"text": "say \\"hi\\""' &&
		says '"tag": 7' && says '"hex": "6100"' &&
		says '"hex": "63757420e282"' && says '"sender_gone": true' &&
		status OK rm "$box"
}

# What was received and cannot be written is an error.
mailbox_output_is_not_lost_silently() {
	local box=$NAME-devfull

	status OK mailbox create "$box" &&
		status OK mailbox send "$box" precious || return
	ipcxctl mailbox recv "$box" >/dev/full 2>"$WORK/err"
	(($? == EXIT[ERROR])) && grep -q 'could not be written' "$WORK/err" &&
		status OK rm "$box"
}

message_reaches_a_process() {
	local line pid result=0

	coproc HOLDER { exec module_holder inbox; }
	pid=$HOLDER_PID
	read -r -t 20 line <&"${HOLDER[0]}" || line=
	[[ $line == ready ]] && status OK send "$pid" hello &&
		printf 'a\nb\n' | ipcxctl send "$pid" --lines &&
		status OK list --type mailbox &&
		says 'inbox, 3/4096 messages, 7 bytes' || result=1
	kill -KILL "$pid" 2>/dev/null
	wait "$pid" 2>/dev/null
	((result == 0)) && status GONE send "$pid" hello &&
		status GONE send $$ hello && status USAGE send 0 hello &&
		status USAGE send /name hello && status USAGE send
}

# until_stat CHANNEL TEXT: until ipcxctl says so of it.
until_stat() {
	local i

	for ((i = 0; i < 200 * SLOWER; i++)); do
		ipcxctl channel stat "$1" >"$WORK/out" 2>&1
		grep -Eq -- "$2" "$WORK/out" && return 0
		sleep 0.05
	done
	says "$2"
}

# ended STATUS PID: it ends with this status.
ended() {
	local have=0

	wait "$2" 2>/dev/null || have=$?
	((have == ${EXIT[$1]:-$1})) && return 0
	echo "# process $2: exit status $have, not ${EXIT[$1]:-$1}"
	return 1
}

# error_says TEXT: the error message that $WORK/err has.
error_says() {
	grep -Eq -- "$1" "$WORK/err" && return 0
	echo "# no error message says '$1':"
	sed 's/^/#   /' "$WORK/err"
	return 1
}

# Rows: T7 C1. Whoever comes first waits for the other; every byte arrives, in files and pipes.
channel_is_a_pipe_with_a_name() {
	local ch=$NAME-pipe pid

	head -c 300000 /dev/urandom >"$WORK/want" &&
		status OK channel create "$ch" &&
		status TAKEN channel create "$ch" --excl || return
	timeout 20 ipcxctl channel write "$ch" <"$WORK/want" &
	pid=$!
	until_stat "$ch" '^writer +1 ' && status OK channel cat "$ch" &&
		said_exactly "$WORK/want" && ended OK "$pid" || return
	timeout 20 ipcxctl channel cat "$ch" | cat >"$WORK/out" &
	pid=$!
	head -c 1000000 "$WORK/want" | timeout 20 ipcxctl channel write "$ch" &&
		ended OK "$pid" && said_exactly "$WORK/want" &&
		status GONE channel cat "$NAME-nothing" &&
		status GONE channel write "$NAME-nothing" &&
		status GONE channel stat "$NAME-nothing" || return
	status OK mailbox create "$NAME-r" &&
		status TAKEN channel cat "$NAME-r" &&
		status TAKEN channel create "$NAME-r" &&
		status OK rm "$ch" "$NAME-r"
}

channel_waits_no_longer_than_told() {
	local ch=$NAME-time

	status OK channel create "$ch" &&
		status WAIT channel cat --timeout 50ms "$ch" &&
		error_says 'nobody opens the other end' &&
		status WAIT channel write --timeout 50ms "$ch" || return
	# What fits stays for a reader to come, who need not wait for a writer.
	head -c 70000 /dev/zero |
		ipcxctl channel write --nowait "$ch" 2>"$WORK/err"
	((PIPESTATUS[1] == EXIT[WAIT])) &&
		error_says ': 65536 bytes were written before' &&
		status OK channel cat "$ch" &&
		(($(wc -c <"$WORK/out") == 65536)) &&
		status OK channel cat --nowait "$ch" || return
	# Each piece is waited for; what came is not lost.
	{ echo early; sleep $((2 * SLOWER)); } |
		ipcxctl channel write "$ch" 2>/dev/null &
	status WAIT channel cat --timeout 500ms "$ch" && says '^early$' &&
		error_says 'the time is up' || return
	wait $!
	status OK rm "$ch"
}

# Rows: T9.
channel_refuses_a_second_reader() {
	local ch=$NAME-second pid

	status OK channel create "$ch" || return
	ipcxctl channel cat "$ch" >"$WORK/first" &
	pid=$!
	until_stat "$ch" "^reader +1 handles; process $pid has it" &&
		status TAKEN channel cat "$ch" &&
		error_says ": process $pid has this end" &&
		status TAKEN channel cat --nowait "$ch" &&
		seq 1000 >"$WORK/want" &&
		ipcxctl channel write "$ch" <"$WORK/want" &&
		ended OK "$pid" && cmp "$WORK/first" "$WORK/want" &&
		status OK rm "$ch"
}

# open_slowly: fd 7 is what a writer reads; WRITER is its pid.
open_slowly() {
	rm -f "$WORK/slow"
	mkfifo "$WORK/slow"
	ipcxctl channel write "$@" <"$WORK/slow" 2>"$WORK/err" &
	WRITER=$!
	exec 7>"$WORK/slow"
}

channel_tells_of_the_dead() {
	local ch=$NAME-dead pid

	status OK channel create "$ch" || return
	open_slowly "$ch"
	ipcxctl channel cat "$ch" >"$WORK/first" 2>"$WORK/second" 7>&- &
	pid=$!
	echo last words >&7
	until_stat "$ch" ' 11 bytes written, 11 read' &&
		kill -KILL "$WRITER" || return
	exec 7>&-
	ended 137 "$WRITER" && ended ERROR "$pid" &&
		[[ $(<"$WORK/first") == 'last words' ]] &&
		grep -q 'who wrote was killed' "$WORK/second" || return
	# The same to who writes.
	ipcxctl channel cat "$ch" >/dev/null &
	pid=$!
	open_slowly "$ch"
	until_stat "$ch" '^writer +1 ' && kill -KILL "$pid" &&
		ended 137 "$pid" || return
	echo nobody >&7
	ended ERROR "$WRITER" && error_says 'who read was killed'
	exec 7>&-
	status OK rm "$ch"
}

channel_tells_of_who_leaves() {
	local ch=$NAME-leave pid

	status OK channel create "$ch" || return
	{ ipcxctl channel cat "$ch" || echo "$?" >"$WORK/second"; } |
		head -c 5 >"$WORK/first" &
	pid=$!
	head -c 1000000 /dev/zero | ipcxctl channel write "$ch" 2>"$WORK/err"
	((PIPESTATUS[1] == EXIT[ERROR])) && ended OK "$pid" &&
		error_says ': nobody reads any more' &&
		error_says 'bytes were written before' &&
		(($(<"$WORK/second") == EXIT[ERROR])) || return
	# In the first one there may be something left.
	status OK channel create "$ch-2" || return
	ipcxctl channel cat "$ch-2" >/dev/full 2>"$WORK/err" &
	pid=$!
	until_stat "$ch-2" '^waiting +1 to write' || return
	echo precious | ipcxctl channel write "$ch-2" && ended ERROR "$pid" &&
		grep -q 'could not be written' "$WORK/err" &&
		status OK rm "$ch" "$ch-2"
}

# Rows: T8.
channel_batches_end_where_told() {
	local ch=$NAME-strict pid

	status OK channel create "$ch" --strict --capacity 4K || return
	open_slowly "$ch" --lines
	ipcxctl channel cat "$ch" 7>&- | cat >"$WORK/first" 7>&- &
	pid=$!
	echo early >&7
	until_stat "$ch" ' 6 in a batch not ended' && [[ ! -s $WORK/first ]] ||
		return
	exec 7>&-
	ended OK "$WRITER" && ended OK "$pid" &&
		[[ $(<"$WORK/first") == early ]] || return
	open_slowly "$ch" --flush
	ipcxctl channel cat "$ch" 7>&- | cat >"$WORK/first" 7>&- &
	pid=$!
	echo at once >&7
	until_stat "$ch" ' 14 read; 2 batches' &&
		until_says "$WORK/first" 'at once' || return
	exec 7>&-
	ended OK "$WRITER" && ended OK "$pid" && status OK rm "$ch"
}

# until_says FILE TEXT: until a file that grows has it.
until_says() {
	local i

	for ((i = 0; i < 200 * SLOWER; i++)); do
		grep -q -- "$2" "$1" && return 0
		sleep 0.05
	done
	echo "# '$2' did not come"
	return 1
}

# Rows: C2.
channel_keeps_packets_whole() {
	local ch=$NAME-packet

	status OK channel create "$ch" --packet --capacity 4K &&
		printf 'a\nbb\n\nlast' >"$WORK/want" &&
		ipcxctl channel write --lines --nowait "$ch" <"$WORK/want" &&
		status OK channel stat "$ch" && says '^bytes +64 of 4.0K' &&
		status OK channel cat --nowait "$ch" &&
		said_exactly "$WORK/want" && status OK rm "$ch" || return
	# Without --lines all of it is one.
	status OK channel create "$ch" --packet --capacity 4K &&
		ipcxctl channel write --nowait "$ch" <"$WORK/want" &&
		status OK channel stat "$ch" && says '^bytes +24 of 4.0K' &&
		status OK channel cat "$ch" &&
		said_exactly "$WORK/want" || return
	head -c 4089 /dev/zero | ipcxctl channel write --nowait "$ch" \
		2>"$WORK/err"
	((PIPESTATUS[1] == EXIT[LIMIT])) && error_says 'cannot fit into 4096' &&
		status OK rm "$ch"
}

# Rows: T6. Of several writers, each of whose lines is longer than what fits.
channel_lines_are_not_mixed() {
	local ch=$NAME-lines line pids=() each i

	status OK channel create "$ch" --capacity 4K || return
	ipcxctl channel cat "$ch" | sort | uniq -c >"$WORK/first" &
	pids+=($!)
	# Somebody is there all the while.
	open_slowly "$ch"
	for each in a b c; do
		line=$(head -c 6000 /dev/zero | tr '\0' "$each")
		for ((i = 0; i < 20; i++)); do
			echo "$line"
		done | ipcxctl channel write --lines "$ch" 7>&- &
		pids+=($!)
	done
	for each in "${pids[@]:1}"; do
		ended OK "$each" || return
	done
	exec 7>&-
	ended OK "$WRITER" && ended OK "${pids[0]}" &&
		(($(grep -Ec '^ *20 (a{6000}|b{6000}|c{6000})$' \
			"$WORK/first") == 3)) &&
		(($(wc -l <"$WORK/first") == 3)) && status OK rm "$ch"
}

# Rows: T5.
channel_ends_write_in_turn() {
	local ch=$NAME-turn pid

	status OK channel create "$ch" --turn &&
		status USAGE channel cat "$ch" &&
		status USAGE channel write "$ch" --end third &&
		status WAIT channel turn "$ch" pass --end second &&
		error_says 'the second end does not have the turn' || return
	# Who reads hands over the turn to who wants to write.
	ipcxctl channel cat --end first "$ch" >"$WORK/first" &
	pid=$!
	echo answer | timeout 20 ipcxctl channel write --end second "$ch" &&
		ended OK "$pid" && [[ $(<"$WORK/first") == answer ]] || return
	# Who writes does not read, and says so.
	status OK channel create "$ch-2" --turn &&
		echo unread | ipcxctl channel write --nowait --end first "$ch-2" &&
		status ERROR channel write --nowait --end second "$ch-2" &&
		error_says 'has to be read before' &&
		status OK channel turn "$ch-2" take --end second &&
		says '^unread$' && status OK channel stat "$ch-2" &&
		says '^turn +second end$' &&
		status OK channel turn "$ch-2" pass --end second &&
		status OK channel stat "$ch-2" && says '^turn +first end$' ||
		return
	status OK channel create "$ch-3" &&
		status USAGE channel cat "$ch-3" --end first &&
		status USAGE channel turn "$ch-3" take --end first &&
		error_says 'has no turns' && status OK rm "$ch" "$ch-2" "$ch-3"
}

channel_turn_is_waited_for() {
	local ch=$NAME-take pid

	status OK channel create "$ch" --turn || return
	open_slowly "$ch" --end first
	status WAIT channel turn "$ch" take --end second --nowait &&
		until_stat "$ch" '^first end +1 ' || return
	ipcxctl channel turn "$ch" take --end second --timeout 20s \
		>"$WORK/first" 2>"$WORK/second" 7>&- &
	pid=$!
	until_stat "$ch" "^second end +1 handles; process $pid has it" || return
	echo question >&7
	until_says "$WORK/first" question &&
		status TAKEN channel cat "$ch" --end second &&
		until_stat "$ch" 'first end; the other end asks for it' &&
		kill -KILL "$WRITER" && ended 137 "$WRITER" || return
	exec 7>&-
	ended OK "$pid" &&
		grep -q "process $WRITER died with the turn" "$WORK/second" &&
		status OK rm "$ch"
}

channel_tells_programs() {
	local ch=$NAME-json

	status OK channel create "$ch" --strict --packet --capacity 8K \
		--read-mark 10 --write-mark 20 &&
		echo 1234567 | ipcxctl channel write --nowait "$ch" &&
		is_json channel stat "$ch" && says '"capacity": *8192' &&
		says '"queued": *16' && says '"read_mark": *10' &&
		says '"write_mark": *20' && says '"strict": *true' &&
		says '"packets": *true' && says '"turns": *false' &&
		says '"batch_count": *1' && says '"written": *8' || return
	as_alice ipcxctl channel stat "$ch" 2>"$WORK/err"
	(($? == EXIT[DENIED])) || return
	as_alice ipcxctl channel cat --nowait "$ch" 2>"$WORK/err"
	(($? == EXIT[DENIED])) && status OK rm "$ch"
}

# many_bytes N: N times 4 MiB, with a number before each, so that none is like
# another one.
many_bytes() {
	local i parts=()

	mkdir -p "$WORK/parts"
	seq 700000 | head -c 4194304 >"$WORK/parts/all"
	for ((i = 0; i < $1; i++)); do
		echo "$i" >"$WORK/parts/$i"
		parts+=("$WORK/parts/$i" "$WORK/parts/all")
	done
	cat "${parts[@]}"
}

# digest_is WANTED: of the standard input.
digest_is() {
	local have

	have=$(sha256sum | cut -d ' ' -f 1)
	[[ $have == "$1" ]] && return 0
	echo "# SHA-256 is $have, not $1"
	return 1
}

# To compute the digest of so much takes longer than all the rest, so that of what
# goes in is known: it is what many_bytes prints anywhere.
declare -A MANY_DIGEST=(
	[8]=7dede2a66af5cbb71af0509df55e65400efa9e71e519c352326bc534d12494b9
	[256]=ff676477cb3f3e2217891a2b9f6279eab6ef8689c05a5f0733e9ca9f7a6c4ab2)

channel_passes_a_gibibyte() {
	local ch=$NAME-many pid n=256

	((SLOWER == 1)) || n=8
	many_bytes 8 | digest_is "${MANY_DIGEST[8]}" &&
		status OK channel create "$ch" || return
	many_bytes "$n" | ipcxctl channel write "$ch" &
	pid=$!
	ipcxctl channel cat "$ch" | dd bs=64k 2>/dev/null |
		digest_is "${MANY_DIGEST[$n]}" && ended OK "$pid" &&
		(($(ipcxctl channel stat --json "$ch" |
			sed -n 's/.*"read": *\([0-9]*\).*/\1/p') >= n << 22)) &&
		status OK rm "$ch"
}

full_output_is_an_error() {
	ipcxctl info >/dev/full 2>/dev/null
	(($? == EXIT[ERROR]))
}

# ----------------------------------------------------------------- main

[[ -c /dev/ipcx ]] || skip_all "the module is not loaded"
command -v ipcxctl >/dev/null || skip_all "ipcxctl is not installed"
PATH=$(cd "$(dirname "$0")" && pwd):$PATH
WORK=$(mktemp -d)
# shellcheck disable=SC2154
trap 'rm -rf "$WORK"; ipcxctl rm "$NAME" "$NAME-r" 2>/dev/null' EXIT

CASES=(usage_is_strict errors_name_the_tool_and_the_reason
	help_and_version_are_there semaphore_counts
	names_are_taken_or_of_another_type strangers_are_refused
	missing_device_is_said region_keeps_what_was_written
	run_holds_the_lock_while_the_command_runs
	killed_run_gives_its_units_back list_shows_objects
	json_is_valid_everywhere destroyed_objects_are_gone
	mailbox_is_listed_and_shown mailbox_keeps_every_byte
	mailbox_messages_with_descriptors_are_received
	mailbox_serves_by_priority_and_tag mailbox_takes_lines
	mailbox_says_why_it_refuses mailbox_tells_programs
	mailbox_output_is_not_lost_silently message_reaches_a_process
	channel_is_a_pipe_with_a_name channel_waits_no_longer_than_told
	channel_refuses_a_second_reader channel_tells_of_the_dead
	channel_tells_of_who_leaves channel_batches_end_where_told
	channel_keeps_packets_whole channel_lines_are_not_mixed
	channel_ends_write_in_turn channel_turn_is_waited_for
	channel_tells_programs channel_passes_a_gibibyte
	full_output_is_an_error)

echo "TAP version 13"
echo "1..${#CASES[@]}"
for each in "${CASES[@]}"; do
	check "$each" "$each"
done
exit "$FAILED"
