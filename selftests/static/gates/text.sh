# SPDX-License-Identifier: GPL-2.0-only
# Gates of the documentation: kernel_doc, documented, headers, names, man.
# Sourced by lint.
# shellcheck shell=bash disable=SC2016,SC2317 # awk's $; gates are called by their names

public_headers() {
	echo "$UAPI/linux/ipcx.h"
	list_files libipcx/include -name '*.h'
}

gate_kernel_doc() {
	need_kscript kernel-doc || return
	public_headers | xargs -r perl "$KSCRIPTS/kernel-doc" -none -Werror 2>&1
	c_files kmod | grep -v /uapi/ |
		xargs -r perl "$KSCRIPTS/kernel-doc" -none -Werror 2>&1
}

# kernel-doc is silent about what has no comment at all.
gate_documented() {
	local header file

	for header in $(public_headers); do
		awk -v file="$header" '
			/^ \* (struct|enum) [a-z0-9_]+ - / { doc[$2 " " $3] }
			/^ \* [a-z0-9_]+\(\) - / { doc[$2] }
			/^(struct|enum) [a-z0-9_]+ \{/ {
				if (!(($1 " " $2) in doc))
					print file ":" FNR ": no kernel-doc: " \
						$1 " " $2
			}
			/^[a-z].*[ *](ipcx_[a-z0-9_]+)\(.*/ {
				name = $0
				sub(/\(.*/, "", name)
				sub(/.*[ *]/, "", name)
				if (!((name "()") in doc))
					print file ":" FNR ": no kernel-doc: " \
						name "()"
			}' "$header"
	done
	for file in $(list_files kmod -name '*.c'); do
		undocumented_functions "$file"
	done
}

# Functions of the module that other files can call.
undocumented_functions() {
	awk -v file="$1" '
		/^ \* [a-z0-9_]+\(\) - / { doc[$2] }
		/^[a-z].*[ *]ipcx_[a-z0-9_]+\(/ && !/^(static|extern|typedef)/ \
			&& !/;$/ && !/^(module_|late_|subsys_)/ {
			name = $0
			sub(/\(.*/, "", name)
			sub(/.*[ *]/, "", name)
			line = FNR
		}
		/^\{/ && name != "" {
			if (!((name "()") in doc))
				print file ":" line ": no kernel-doc: " name "()"
			name = ""
		}
		/;$/ { name = "" }' "$1"
}

# A program in any dialect can include what we install.
gate_headers() {
	local header dialect compiler language standard

	for header in $(public_headers); do
		header=${header#"$UAPI/"}
		header=${header#libipcx/include/}
		for dialect in gcc:c:c89 gcc:c:c11 g++:c++:c++98 g++:c++:c++17; do
			IFS=: read -r compiler language standard <<<"$dialect"
			need "$compiler" || return
			printf '#include <%s>\n#include <%s>\nint dummy;\n' \
				"$header" "$header" |
				"$compiler" -x "$language" -std="$standard" \
				-pedantic -Wall -Wextra -Werror -fsyntax-only \
				-Ilibipcx/include -I"$UAPI" - 2>&1 |
				sed "s/^/[$standard] /"
		done
	done
}

# ------------------------------------------------------------ names that drift

INTERFACE=$UAPI/linux/ipcx.h

# What a user reads.
guides() {
	[[ ! -e README.md ]] || echo README.md
	list_files Documentation -name '*.rst' -o -name '*.[1-9]'
}

# A macro is explained above it, above the ones it stands with, or where the
# text names it; an ioctl by its structure, in the words of the house.
undocumented_macros() {
	awk '
		/\*\/$/ { explained = 1 }
		/^ ?\*|^\/\*/ {
			for (i = 1; i <= NF; i++) {
				word = $i
				gsub(/[^A-Z0-9_]/, "", word)
				named[word] = 1
			}
		}
		/^ \* struct ipcx_[a-z_]+ - IPCX_IOC_[A-Z_]+: / {
			ioctl = $5
			sub(/:$/, "", ioctl)
			of_ioctl[ioctl] = $3
		}
		/^#define IPCX_IOC_[A-Z_]+ / && $2 != "IPCX_IOC_TYPE" {
			want = tolower($2)
			sub(/ipcx_ioc_/, "ipcx_", want)
			if (of_ioctl[$2] != want)
				print FILENAME ":" FNR ": no kernel-doc as " \
					"\"struct " want " - " $2 ": ...\""
			explained = 0
			next
		}
		/^#define IPCX_/ && !explained { silent[$2] = FNR }
		!/^#define|^ ?\*|^\/\*|\*\/$|^$/ { explained = 0 }
		END {
			for (name in silent)
				if (!(name in named))
					print FILENAME ":" silent[name] \
						": no comment: " name
		}' "$INTERFACE"
}

ioctl_names() {
	sed -nE 's/^#define (IPCX_IOC_[A-Z_]+) .*/\1/p' "$INTERFACE" |
		grep -vx IPCX_IOC_TYPE
}

# Each ioctl is a row of a table, and its number is its own.
misplaced_ioctls() {
	local name

	for name in $(ioctl_names); do
		grep -qE "^	IPCX_CALL(_FD)?\($name," kmod/*.c ||
			echo "$INTERFACE: $name: in no table of kmod/"
	done
	sed -nE 's/.*_IOWR?\(IPCX_IOC_TYPE, (0x[0-9a-f]+),.*/\1/p' \
		"$INTERFACE" | sort | uniq -d |
		sed "s|^|$INTERFACE: two ioctls have the number |"
}

# Text that stands in the header, and that no page shows.
unpulled_sections() {
	local page=Documentation/uapi.rst title

	sed -nE 's/^ \* DOC: (.*)/\1/p' "$INTERFACE" | while read -r title; do
		grep -qxF "   :doc: $title" "$page" ||
			echo "$page: does not show \"DOC: $title\""
	done
	grep -qx '   :no-doc-sections:' "$page" ||
		echo "$page: does not show the structures"
}

# Names in the headers, and the variables of the environment that programs
# and scripts look at.
existing_names() {
	public_headers | xargs -r grep -ohE '\<(ipcx|IPCX)_[A-Za-z0-9_]+'
	{
		[[ ! -e Makefile ]] || echo Makefile
		shell_files
	} | xargs -r grep -ohE '\$[({]IPCX_[A-Z_]+' | tr -d '${('
	c_files tools | xargs -r grep -ohE '"IPCX_[A-Z_]+[="]' | tr -d '"='
}

# "ipcx_sem_*" stands for all that begin so.
names_of_nothing() {
	local file line name names

	names=$(existing_names | sort -u)
	guides | xargs -r grep -noHE '\<(ipcx|IPCX)_[A-Za-z0-9_]+\*?' |
		while IFS=: read -r file line name; do
			if [[ $name == *'*' || $name == *_ ]]; then
				grep -q "^${name%\*}" <<<"$names"
			else
				grep -qx "$name" <<<"$names"
			fi || echo "$file:$line: there is no $name"
		done
}

# Since which release a call is there: ioctls and functions.
undated_calls() {
	local header

	for header in $(public_headers); do
		awk -v file="$header" '
			/^\/\*\*$/ { call = ""; since = 0; line = FNR + 1 }
			/^ \* ipcx_[a-z0-9_]+\(\) - / { call = $2 }
			/^ \* struct ipcx_[a-z_]+ - IPCX_IOC_/ { call = $3 }
			/Since:? [0-9]/ { since = 1 }
			/^ \*\/$/ {
				if (call != "" && !since)
					print file ":" line ": " call \
						": not said since when"
				call = ""
			}' "$header"
	done
}

gate_names() {
	undocumented_macros
	misplaced_ioctls
	unpulled_sections
	names_of_nothing
	undated_calls
}

# ---------------------------------------------------------------- man pages

# Not for us: pages that are not installed here, or that the host's index does
# not know, cannot be looked up; the date of a page is written by hand.
MANDOC_HARMLESS='referenced manual not found|outdated mandoc.db'

# The program's name stands before a command's --help.
long_options() {
	grep -oE -- '(^|[^-[:alnum:]])--[a-z][a-z-]*' | grep -oE -- '--.*' |
		LC_ALL=C sort -u
}

page_options() {
	sed 's/\\-/-/g; s/\\f[A-Z]/ /g' "$1" | long_options
}

# A tool's own --help, and that of each of its commands.
help_options() {
	local program=$1 command words

	{
		"$program" --help
		"$program" --help | sed -nE 's/^  ([a-z]+( [a-z]+)?)[ A-Z|.].*/\1/p' |
			while read -r command; do
				read -ra words <<<"$command"
				"$program" "${words[@]}" --help 2>/dev/null
			done
	} </dev/null | long_options
}

# Options of the tool and of its page must be the same.
wrong_options() {
	local page=$1 program=$2 option

	for option in $(LC_ALL=C comm -3 \
		<(LD_LIBRARY_PATH=$STRICT/libipcx help_options "$program") \
		<(page_options "$page")); do
		if page_options "$page" | grep -qxe "$option"; then
			echo "$page: $option: --help does not know it"
		else
			echo "$page: $option of --help is missing"
		fi
	done
}

installed_tools() {
	sed -n 's/^INSTALLED := //p' tools/Makefile
}

gate_man() {
	local page tool

	need mandoc || return
	need man || return
	for page in $(list_files Documentation/man -name '*.[1-9]'); do
		mandoc -T lint -W style "$page" 2>&1 |
			grep -vE "$MANDOC_HARMLESS" | sed 's/^mandoc: //'
		MANWIDTH=80 man --warnings -l "$page" 2>&1 >/dev/null |
			sed "s|^|$page: |"
	done
	for tool in $(installed_tools); do
		page=Documentation/man/$tool.1
		if [[ ! -e $page ]]; then
			echo "tools/Makefile: $tool has no $page"
			continue
		fi
		built "$STRICT/tools/$tool" || continue
		wrong_options "$page" "$STRICT/tools/$tool"
	done
}
