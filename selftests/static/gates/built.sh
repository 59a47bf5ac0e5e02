# SPDX-License-Identifier: GPL-2.0-only
# Gates about what is built: build, symbols, exports, abi, sparse.
# Sourced by lint, after lib.sh.
# shellcheck shell=bash disable=SC2016,SC2317 # awk's $; gates are called by their names

LIBRARY=$STRICT/libipcx/libipcx.so.0

strict_make() {
	make --no-print-directory BUILD="$TOP/$STRICT" W=1 WERROR=1 "$@"
}

# quietly COMMAND...: shows its warnings; when it fails, which it tells
# gate_build, its errors or all.
quietly() {
	local log

	log=$(mktemp -p "$WORK")
	if "$@" >"$log" 2>&1; then
		grep -iE 'warning:' "$log"
	else
		echo "failed: $*"
		grep -E 'warning:|error:|undefined' "$log" || cat "$log"
		FAILED=1
	fi
}

gate_build() {
	local kernel FAILED=

	mkdir -p "$STRICT"
	touch "$WORK/began"
	for kernel in "${GATE_KERNELS[@]}"; do
		[[ -e $(kernel_headers "$kernel")/Makefile ]] || {
			echo "no kernel $kernel in $CACHE; selftests/qemu/setup" \
				"lint gets it"
			continue
		}
		quietly strict_make -j"$(nproc)" module \
			KDIR="$(kernel_headers "$kernel")"
	done
	quietly strict_make -j"$(nproc)" lib tools selftests
	find_32_bit_tests
	[[ $FAILED ]] || touch -r "$WORK/began" "$BUILT_STAMP"
}

# The makefile leaves them out where the compiler cannot build them.
find_32_bit_tests() {
	[[ ! -e $STRICT/selftests/abi_test || -e $STRICT/selftests/abi_test_32 ]] ||
		echo "selftests/abi_test.c: no 32-bit program was built of it;" \
			"selftests/qemu/setup vm installs gcc-multilib"
}

# -------------------------------------------------------- the library's names

# Names of the map, of the library, and of the functions that the headers
# declare and describe; each sorted, one a line.
map_names() {
	sed -nE 's/^[[:space:]]*([a-z_0-9]+);.*/\1/p' libipcx/libipcx.map |
		LC_ALL=C sort -u
}

exported_names() {
	nm -D --defined-only "$LIBRARY" | awk '$2 != "A" { print $3 }' |
		sed 's/@.*//' | LC_ALL=C sort -u
}

# From the end of one declaration to the next, without inline functions.
declared_names() {
	list_files libipcx/include -name '*.h' | xargs -r cat |
		sed -nE '/^(static|#)/!s/^([a-z].*[ *])?(ipcx_[a-z0-9_]+)\(.*/\2/p' |
		LC_ALL=C sort -u
}

described_names() {
	list_files libipcx/include -name '*.h' | xargs -r cat |
		sed -nE 's/^ \* (ipcx_[a-z0-9_]+)\(\) - .*/\1/p' |
		LC_ALL=C sort -u
}

# only_in A B TEXT...: names that A prints and B does not.
only_in() {
	local a=$1 b=$2

	shift 2
	LC_ALL=C comm -23 <("$a") <("$b") | sed "s|^|libipcx/libipcx.map: |
		s|\$|: $*|"
}

gate_symbols() {
	built "$LIBRARY" || return
	only_in map_names exported_names 'in the map, but not defined'
	only_in exported_names map_names 'exported, but not in the map'
	only_in map_names declared_names 'no public header declares it'
	only_in declared_names map_names 'declared in a header, not in the map'
	only_in map_names described_names 'no kernel-doc in a public header'
	# A program that links with the archive sees what "local" hides.
	nm -g --defined-only "${LIBRARY%/*}/libipcx.a" |
		awk 'NF == 3 && $3 !~ /^ipcx_/ {
			print "libipcx.a: " $3 ": global, and not ipcx_" }'
}

# ----------------------------------------------------------- the library's ABI

gate_abi() {
	need abidiff || return
	built "$LIBRARY" || return
	selftests/static/abi "$LIBRARY" || true
}

# ------------------------------------------------------ symbols of the kernel

ALLOWED=selftests/static/kernel_symbols
DENIED=selftests/static/kernel_symbols.denied

symbols_in() {
	grep -v '^#' "$1"
}

gate_exports() {
	local kernel module

	symbols_in "$ALLOWED" | LC_ALL=C sort -uc 2>&1 |
		sed "s|^sort: -|$ALLOWED|"
	symbols_in "$ALLOWED" | grep -Fx -f <(symbols_in "$DENIED") |
		sed "s|.*|$ALLOWED: & stands in $DENIED|"
	for kernel in "${GATE_KERNELS[@]}"; do
		module=$(built_module_dir "$kernel")/ipcx.ko
		built "$module" || continue
		nm -u "$module" | awk '{ print $2 }' | LC_ALL=C sort -u |
			grep -vFx -f <(symbols_in "$ALLOWED") |
			sed "s|.*|$module: needs &, which is not in $ALLOWED|"
	done
}

# -------------------------------------------------------------------- sparse

# sparse 0.6.4 does not know that refcount_dec_and_lock() takes the lock when
# it says true.
SPARSE_KNOWN="context imbalance in 'ipcx_user_put'"

# It reports an imbalance where the function ends, which may be in a header of
# the kernel; everything else there is the kernel's.
sparse_findings() {
	grep -E '(warning|error):' | grep -E "/kmod/|context imbalance" |
		grep -vF "$SPARSE_KNOWN" | sed "s|$TOP/$STRICT/kmod-[^/]*/||"
}

gate_sparse() {
	local kernel log

	need sparse || return
	for kernel in "${GATE_KERNELS[@]}"; do
		built "$(built_module_dir "$kernel")/ipcx.ko" || continue
		log=$WORK/sparse.$kernel
		# C=2 looks at what is built already; __has_include() is
		# unknown to it, and no kernel here has what is asked for.
		strict_make -j"$(nproc)" module KDIR="$(kernel_headers "$kernel")" \
			C=2 CF="-D'__has_include(x)=0'" >"$log" 2>&1 ||
			tail -n 5 "$log"
		grep -q '  CHECK ' "$log" || echo "sparse did not run on $kernel"
		sparse_findings <"$log" | sed "s|^|[$kernel] |"
	done
}
