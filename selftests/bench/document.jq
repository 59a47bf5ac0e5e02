# SPDX-License-Identifier: GPL-2.0-only
# The tables of Documentation/performance.rst.  $about, $kernels, $time and
# $ntsync are arrays of what build/bench has; the kernels from old to new.
include "names";

def padded($width): . + (($width - length) * " " // "");
def indented($width): (($width - length) * " " // "") + .;

# A simple table of reStructuredText from an array of rows, the first of which
# is the head; text to the left in the first column, figures to the right.
def table:
	(transpose | map(map(length) | max)) as $widths |
	def line: [$widths[] | . * "="] | join("  ");
	def row: [., $widths] | transpose | to_entries |
		map(.value[1] as $width | if .key == 0
			then .value[0] | padded($width)
			else .value[0] | indented($width) end) |
		join("  ") | sub(" +$"; "");
	line, (.[0] | row), line, (.[1:][] | row), line, "";

# The short name of a kernel: 6.12 of 6.12.1-cloud.
def series: .kernel | capture("^(?<s>[0-9]+\\.[0-9]+)").s;

# A mechanism's figure in a run, or null; between two processes, on two CPUs
# where there are two.
def row_of($run; $row):
	[$run.rows[] | select(.mechanism == $row.mechanism and
		.measure == $row.measure and .size == $row.size and
		has("value"))] |
	(map(select(.place == "apart")) + .) | first;

def instructions($run; $row): row_of($run; $row) |
	if . then .value | figure else "" end;

# What time is compared with: the same of a pipe, with 64 bytes beside what has
# no payload; a mutex; and the cheapest system call beside what is alone.
def reference:
	if .measure == "contended" then {mechanism: "mutex"}
	elif .measure == "create" then {mechanism: "pipe"}
	elif .measure == "op" and .size == null then {mechanism: "syscall"}
	else {mechanism: "pipe", size: (.size // 64)} end;

# Time says nothing on a machine that does other things, nor where an idle
# processor that is emulated wakes up when it likes.
def is_timed: $about[0].load < 0.3 and $about[0].accelerator == "KVM";

# 1.25, or 0.0025.
def part:
	(if . < 0.1 then 4 else 2 end) as $digits |
	(. * pow(10; $digits) | round | tostring |
		(($digits + 1 - length) * "0" // "") + .) |
	.[:-$digits] + "." + .[-$digits:];

# "1.25 (8 %)": against the reference, and the range of the repetitions.
def ratio($row): row_of($time[0]; $row) |
	if . then
		.value as $value | .min as $min | .max as $max |
		row_of($time[0]; $row + ($row | reference)) |
		if . and .value > 0 and $value > 0 then
			"\($value / .value | part) (\(100 * ($max - $min) / $value | round) %)"
		else "" end
	else "" end;

# The rows of a measure, one for each mechanism and size; ipcx first, then from
# cheap to dear by the smallest size.
def rows_of($groups; $measure):
	[$kernels[-1].rows[] | select(.measure == $measure and
		(.group as $g | $groups | index($g)))] |
	unique_by([.mechanism, .size]) |
	group_by([.mechanism]) |
	sort_by([(.[0].group != "ipcx"), .[0].value == null, .[0].value]) |
	map(.[] | {group, mechanism, measure, size});

# Mechanisms down, kernels and time across; of what has no size.
def plain($groups; $measure):
	rows_of($groups; $measure) | map(select(.size == null)) |
	map(select([row_of($kernels[]; .) // empty] != [])) as $rows |
	[["mechanism"] +
		[$kernels[] | "Linux \(series)"] +
		(if is_timed then ["time"] else [] end)] +
	[$rows[] | . as $row | [.mechanism | name] +
		[$kernels[] | instructions(.; $row)] +
		(if is_timed then [ratio($row)] else [] end)] |
	if length > 1 then table else "(nothing was measured)", "" end;

# Mechanisms down, sizes across; HEAD makes text of a size, CELL of a row.
def by_size($groups; $measure; head; cell):
	rows_of($groups; $measure) | map(select(.size)) |
	(map(.size) | unique) as $sizes |
	[["mechanism"] + [$sizes[] | head]] + (
	reduce .[] as $row ([]; if any(.[]; .mechanism == $row.mechanism)
		then . else . + [$row] end) |
	map(. as $row | [.mechanism | name] +
		[$sizes[] as $size | $row + {size: $size} | cell]) |
	map(select(.[1:] | any(. != "")))) |
	if length > 1 then table else "(nothing was measured)", "" end;

# Mechanisms down, measures across; of what has no size, in one run.
def measures($run; $measures):
	[$run.rows[] | select(.size == null and has("value")) |
		.mechanism] | unique as $mechanisms |
	[["mechanism"] + [$measures[] | name_of_measure]] +
	[$mechanisms[] as $mechanism | [$mechanism | name] +
		[$measures[] as $measure |
			instructions($run; {$mechanism, $measure})]] |
	table;

def heading($text): $text, ($text | length * "-"), "";

def users: ["ipcx", "peers"];

def beside($what):
	if is_timed then "Time is beside \($what).", "" else empty end;

def carried($measure; $what):
	"Without payload:", "",
	plain(users; $measure),
	beside($what),
	($kernels[] | . as $run | "Instructions on Linux \(series):", "",
		by_size(users; $measure; bytes;
			. as $row | instructions($run; $row))),
	if is_timed then
		"Time, beside a pipe with the same payload:", "",
		by_size(users; $measure; bytes; ratio(.))
	else empty end;

# Nanoseconds, three digits: "1.57 us".
def duration:
	def digits: if . < 10 then . * 100 | round | . / 100
		elif . < 100 then . * 10 | round | . / 10
		else round end | tostring;
	if . < 1000 then "\(digits) ns"
	elif . < 1000000 then "\(. / 1000 | digits) us"
	else "\(. / 1000000 | digits) ms" end;

# "1.57 us (8 %)": with the range of the repetitions.
def timed($row): row_of($time[0]; $row) |
	if . and .value > 0 then
		"\(.value | duration) (\(100 * (.max - .min) / .value | round) %)"
	else "" end;

# What carries bytes from one process to another, beside a pipe.
def streams: ["ipcx-channel", "ipcx-channel-1M", "ipcx-channel-map",
	"ipcx-channel-view", "pipe", "pipe-1M", "unix-stream",
	"shm-ring-futex"];

# Mechanisms down, sizes across: a pipe's time, and the others' beside it.
def streams_in_time($measure):
	(rows_of(users; $measure) | map(select((.size // 0) > 0 and
		(.mechanism as $m | streams | index($m))))) as $rows |
	($rows | map(.size) | unique) as $sizes |
	[["mechanism"] + [$sizes[] | bytes]] +
	[streams[] as $mechanism | select($rows | any(.mechanism == $mechanism)) |
		[$mechanism | name] + [$sizes[] as $size |
			{mechanism: $mechanism, measure: $measure, size: $size} |
			if $mechanism == "pipe" then timed(.) else ratio(.) end]] |
	table;

"Figures of \($about[0].date), made by ``make bench``: Linux",
"\([$kernels[].kernel] | join(" and ")), QEMU \($about[0].qemu).",
if is_timed then
	"Time was taken on Linux \($time[0] | series) with two CPUs, under",
	"\($about[0].accelerator)."
else
	"Time was taken under \($about[0].accelerator). It is in",
	"``build/bench/time.txt``, and but for streams not here: on a machine that does other",
	"things it says nothing, and an emulated processor that is idle may sleep on until its",
	"next tick when it is woken, so that some mechanisms take 4 ms and others 40 us",
	"for the same."
end, "",
heading("Alone"),
carried("op"; "``getppid()``"),
heading("Two processes that want the same"),
plain(users; "contended"),
beside("a mutex that is not robust"),
heading("There and back"),
carried("round-trip"; "a pipe with 64 bytes"),
heading("One way"),
carried("one-way"; "a pipe with 64 bytes"),
heading("Create and destroy"),
plain(users; "create"),
beside("a pipe"),
heading("Growth"),
($kernels[] | . as $run |
	"Instructions on Linux \(series), by the number of objects:", "",
	by_size(users; "growth"; thousands;
		. as $row | instructions($run; $row))),
heading("Streams in time"),
"On Linux \($time[0] | series), two CPUs, under \($about[0].accelerator): a pipe's time,",
"and that of the others as a part of it in the same run; with the range of the",
"repetitions, which says how far to trust it. Where somebody sleeps, \"there and back\"",
"is the time of an emulated processor to wake up.", "",
("op", "round-trip", "one-way" | "\(name_of_measure | .[:1] |
	ascii_upcase)\(name_of_measure | .[1:]):", "", streams_in_time(.)),
heading("Floors"),
plain(["floors"]; "op"),
beside("``getppid()``"),
plain(["floors"]; "round-trip"),
"Instructions on Linux \($kernels[-1] | series):", "",
by_size(["floors"]; "op"; bytes;
	. as $row | instructions($kernels[-1]; $row)),
heading("Beside ntsync"),
"Instructions on Linux \($ntsync[0].kernel):", "",
measures($ntsync[0]; ["op", "round-trip", "one-way", "contended", "create"]),
([$kernels[], $time[0] | .rows[] | select(has("missing")) |
	"\(.mechanism | name): \(.missing)"] | unique |
	if . == [] then empty else
		heading("Not measured"), (.[] | "- \(.)"), "" end)
