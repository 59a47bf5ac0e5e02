# SPDX-License-Identifier: GPL-2.0-only
# Gates of style: format, checkpatch, length, spelling, shell, spdx.
# Sourced by lint.
# shellcheck shell=bash disable=SC2016,SC2317 # awk's $; gates are called by their names

MAX_FUNCTION_LINES=100

# Line breaks and spaces are for clang-format to decide.
# Not for us: MAINTAINERS and a Kconfig are for files in the kernel's tree;
# the kernel's rules for its own API do not bind a program.
CHECKPATCH_IGNORE=FILE_PATH_CHANGES,CONFIG_DESCRIPTION,LINUX_VERSION_CODE
CHECKPATCH_IGNORE+=,OPEN_ENDED_LINE,PARENTHESIS_ALIGNMENT,SPACING
# Rows of tables repeat constant arguments; KERNEL_VERSION() looks constant;
# locks are explained in the kernel-doc of their structure; a table that is
# filled at run time cannot be const.
CHECKPATCH_IGNORE+=,MACRO_ARG_REUSE,CONSTANT_COMPARISON,UNCOMMENTED_DEFINITION
CHECKPATCH_IGNORE+=,CONST_STRUCT
# const_structs, strscpy and friends do not exist in user space; kselftest's
# macros and the C library's headers look wrong to a check for kernel code.
CHECKPATCH_IGNORE_USER=$CHECKPATCH_IGNORE,PREFER_KERNEL_TYPES,STRCPY,STRLCPY
CHECKPATCH_IGNORE_USER+=,STRNCPY,SSCANF_TO_KSTRTO,VOLATILE
CHECKPATCH_IGNORE_USER+=,CONSIDER_KSTRTO,NAKED_SSCANF,MEMSET,ENOSYS
CHECKPATCH_IGNORE_USER+=,CAMELCASE,PREFER_DEFINED_ATTRIBUTE_MACRO
CHECKPATCH_IGNORE_USER+=,ARRAY_SIZE,MISSING_SPACE,SPLIT_STRING,USLEEP_RANGE,USE_NEGATIVE_ERRNO
CHECKPATCH_IGNORE_USER+=,MACRO_ARG_PRECEDENCE
CHECKPATCH_IGNORE_USER+=,PREFER_IS_ENABLED,WEAK_DECLARATION,BIT_MACRO,ARCH_DEFINES,EMBEDDED_FUNCTION_NAME
# A macro for the fields of many rows of a table is a list, not an expression.
CHECKPATCH_IGNORE_USER+=,COMPLEX_MACRO

gate_format() {
	need "$CLANG_FORMAT" || return
	c_files | xargs -r "$CLANG_FORMAT" --style=file --dry-run -Werror 2>&1
}

# It leaves a file behind in its working folder, and needs an include there.
checkpatch() {
	local ignore=$1 tree=$WORK/tree

	mkdir -p "$tree/include"
	ln -sfn "$TOP"/* "$tree/"
	cd "$tree" || return
	xargs -r -n 4 -P "$(nproc)" perl "$KSCRIPTS/checkpatch.pl" \
		--no-tree --root="$tree" --strict --show-types \
		--quiet --terse --no-summary --ignore "$ignore" -f 2>&1
}

gate_checkpatch() {
	need_kscript checkpatch.pl || return
	c_files kmod | grep -v "^$UAPI/" | grep -v '^kmod/wait\.c$' |
		(checkpatch "$CHECKPATCH_IGNORE")
	# There a yield is a guess that costs little, and learns.
	c_files kmod | grep '^kmod/wait\.c$' | (checkpatch "$CHECKPATCH_IGNORE,YIELD")
	# There each ioctl's number follows its structure.
	c_files "$UAPI" | (checkpatch "$CHECKPATCH_IGNORE,LINE_SPACING")
	{
		c_files libipcx
		c_files tools
		c_files selftests
	} | (checkpatch "$CHECKPATCH_IGNORE_USER")
}

# A function's opening brace stands alone in column 0; so does its last one.
gate_length() {
	c_files | grep '\.c$' | xargs -r awk -v max="$MAX_FUNCTION_LINES" '
		FNR == 1 { start = 0 }
		/^[A-Za-z_].*\(/ { name = $0 }
		/^\{/ || /^[A-Za-z_].*\) *\{$/ { start = FNR }
		/^\}/ && start {
			if (FNR - start + 1 > max)
				print FILENAME ":" start ": " \
					FNR - start + 1 " lines: " name
			start = 0
		}'
}

gate_spelling() {
	need codespell || return
	list_files . -name '*' | xargs -r codespell --quiet-level=2 \
		--ignore-words=selftests/static/spelling.txt 2>&1
}

gate_shell() {
	need shellcheck || return
	shell_files | xargs -r shellcheck --external-sources \
		--source-path=SCRIPTDIR --format=gcc 2>&1
}

# Prints the licence that a file must state; COPYING says so too.
licence_of() {
	case $1 in
	"$UAPI"/*) echo 'GPL-2.0-only WITH Linux-syscall-note' ;;
	libipcx/*) echo LGPL-2.1-or-later ;;
	tools/*) echo GPL-2.0-or-later ;;
	*) echo GPL-2.0-only ;;
	esac
}

# Kinds of file that have no comments, or are the licence itself.
has_no_licence_line() {
	case $1 in
	LICENSES/* | COPYING | *.md | *.json | *.png | *.svg | *.abi | \
		selftests/fuzz/corpus/* | selftests/static/spelling.txt) return 0 ;;
	esac
	return 1
}

gate_spdx() {
	local file want have

	while read -r file; do
		! has_no_licence_line "$file" || continue
		want=$(licence_of "$file")
		have=$(head -n 3 "$file" | grep -a SPDX-License-Identifier: |
			sed -E 's/.*SPDX-License-Identifier: *//; s| *\*/$||' |
			head -n 1)
		[[ $have == "$want" ]] ||
			echo "$file: '${have:-no licence line}', not '$want'"
	done < <(list_files . -name '*')
}
