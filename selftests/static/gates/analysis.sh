# SPDX-License-Identifier: GPL-2.0-only
# Gates that look for bugs in the source: cppcheck, analyzer, tidy.
# Sourced by lint, after lib.sh.
# shellcheck shell=bash disable=SC2016,SC2317 # awk's $; gates are called by their names

# Results of the two dear ones, by what they looked at.
SEEN=build/lint

CLANG_TIDY=${CLANG_TIDY:-clang-tidy-14}
TIDY_CONFIG=selftests/static/clang-tidy.yaml

user_sources() {
	list_files libipcx -name '*.c'
	list_files tools -name '*.c'
}

user_flags() {
	echo -std=gnu11 -D_GNU_SOURCE -D_FILE_OFFSET_BITS=64 \
		-DLIBIPCX_VERSION=0 -Ilibipcx/include -I"$UAPI"
	pkg-config --cflags libnl-genl-3.0
}

# --------------------------------------------------------------- cppcheck

cppcheck_on() {
	cppcheck --quiet -j "$(nproc)" --std=c11 \
		--enable=warning,performance,portability \
		--suppressions-list=selftests/static/cppcheck.txt \
		--template='{file}:{line}: {severity}: {message} [{id}]' \
		-I "$UAPI" "$@" 2>&1
}

# It must be told what the kernel's macros are, or it gives a file up; with a
# semicolon in one of them it gives up all.
gate_cppcheck() {
	need cppcheck || return
	cppcheck_on -I kmod -D__KERNEL__ -DLINUX_VERSION_CODE=0x060c00 \
		'-DKERNEL_VERSION(a,b,c)=(((a)<<16)+((b)<<8)+(c))' \
		'-Dguard(name)=(void)' '-Dscoped_guard(name,arg)=if(1)' \
		'-D__free(name)=' \
		'-Dlist_for_each_entry(p,h,m)=while((p=next_of(h)))' \
		'-Dlist_for_each_entry_safe(p,n,h,m)=while((p=next_of(h)))' kmod
	cppcheck_on -D_GNU_SOURCE -I libipcx/include libipcx tools
}

# ------------------------------------------------------ gcc and clang-tidy

run_analyzer() {
	gcc -fanalyzer -O2 -S -o /dev/null "${USER_FLAGS[@]}" "$1" 2>&1 |
		grep -E '(warning|error):'
}

run_tidy() {
	"$CLANG_TIDY" --quiet --config-file="$TIDY_CONFIG" "$1" -- \
		"${USER_FLAGS[@]}" 2>/dev/null | grep -E '(warning|error):' |
		sed "s|^$TOP/||"
}

# analyse TOOL FILE: what it finds, unless it found nothing in the same text
# before.
analyse() {
	local tool=$1 file=$2 seen found

	seen=$SEEN/$tool.$({
		gcc -E "${USER_FLAGS[@]}" "$file" 2>&1
		declare -f "run_$tool"
		cat "$TIDY_CONFIG"
	} | sha256sum | cut -c 1-32)
	[[ ! -e $seen ]] || return 0
	found=$("run_$tool" "$file")
	if [[ -n $found ]]; then
		printf '%s\n' "$found"
	else
		touch "$seen"
	fi
}

analyse_all() {
	local tool=$1 file USER_FLAGS

	read -ra USER_FLAGS <<<"$(user_flags | tr '\n' ' ')"
	mkdir -p "$SEEN"
	find "$SEEN" -type f -mtime +30 -delete
	for file in $(user_sources); do
		while (($(jobs -pr | wc -l) >= $(nproc))); do
			wait -n
		done
		analyse "$tool" "$file" &
	done
	wait
}

# gcc 12 knows what malloc() and open() promise, and nothing of the kernel.
gate_analyzer() {
	need gcc || return
	analyse_all analyzer
}

gate_tidy() {
	need "$CLANG_TIDY" || return
	analyse_all tidy
}
