# SPDX-License-Identifier: GPL-2.0-only
# How the kernels that find bugs are built from the distribution's source.
# Sourced by setup; what stands here is part of the name under which lib.sh
# looks for the built kernel, so a change of it builds anew.
# shellcheck shell=bash

# The compiler of the distribution's own kernels of that release.
DEBUG_CC=gcc-12

unpack_source() {
	local tree=$1

	tar -xJ -C "$tree" --strip-components=1 --exclude='*/Documentation/*/*' \
		-f "$KERNEL_SOURCE/source.tar.xz"
	# A module that is built for this kernel later is to find the compiler
	# without being told.
	sed -i "s/^\(CC\|HOSTCC\)\(\s*=.*\)gcc$/\1\2$DEBUG_CC/" "$tree/Makefile"
}

# What was asked for and is not: an option that has another name now, or that
# waits for another one, would be lost without a word.
check_config() {
	local line wrong=()

	while IFS= read -r line; do
		if [[ $line == *=n ]]; then
			! grep -q "^${line%=n}=" "$2" || wrong+=("$line")
		else
			grep -qxF "$line" "$2" || wrong+=("$line")
		fi
	done < <(grep '^CONFIG_' "$1")
	((${#wrong[@]} == 0)) ||
		die 1 "the kernel's configuration refuses ${wrong[*]}"
}

configure_kernel() {
	local name=$1 tree=$2 wanted=$2/.wanted

	cat "$(debug_config base)" "$(debug_config "$name")" >"$wanted"
	echo "CONFIG_LOCALVERSION=\"-ipcx-$name\"" >>"$wanted"
	make -s -C "$tree" KCONFIG_ALLCONFIG="$wanted" allnoconfig >"$LOG" 2>&1 ||
		die 1 "cannot configure the kernel $name:" \
			"$(grep -m 1 -E 'Error|error|open' "$LOG")"
	check_config "$wanted" "$tree/.config"
}

# A data race has two sides; those that are ours to mend are in the module, so
# that alone is instrumented, and the kernel itself keeps its speed.
compile_kernel() {
	local name=$1 tree=$2 flags=()

	[[ $name != kcsan ]] || flags=(KCSAN_SANITIZE=n)
	make -s -C "$tree" -j"$(($(nproc) + 1))" "${flags[@]}" \
		bzImage modules >"$LOG" 2>&1 ||
		die 1 "the kernel $name does not build:" \
			"$(grep -m 1 -iE 'error|\*\*\*' "$LOG")"
}

# Leaves what it takes to build a module, and gives it the names that lib.sh
# promises.
arrange_debug_kernel() {
	local built=$1 tree=$2

	cp "$built/arch/x86/boot/bzImage" "$tree/vmlinuz"
	cp "$built/include/config/kernel.release" "$tree/release"
	mkdir -p "$tree"/{build/{arch/x86,tools/objtool},modules}
	cp "$built"/{.config,Makefile,Module.symvers,System.map} "$tree/build/"
	cp -a "$built"/{include,scripts} "$tree/build/"
	cp -a "$built"/arch/x86/{include,Makefile*} "$tree/build/arch/x86/"
	cp "$built/tools/objtool/objtool" "$tree/build/tools/objtool/"
	find "$tree/build/scripts" -name '*.o' -delete
	cp "$built/.config" "$tree/config"
}

# build_debug_kernel NAME FINAL
build_debug_kernel() {
	local name=$1 final=$2 work start=$SECONDS

	say "building the kernel $name (13 minutes on two processors)"
	work=$(mktemp -d "$KERNELS/.build.XXXXXX")
	WORK+=("$work")
	mkdir "$work/source" "$work/tree"
	unpack_source "$work/source"
	configure_kernel "$name" "$work/source"
	compile_kernel "$name" "$work/source"
	arrange_debug_kernel "$work/source" "$work/tree"
	publish "$work/tree" "$final"
	rm -rf "$work"
	say "kernel $name is $(<"$final/release"), built in $((SECONDS - start)) s"
}
