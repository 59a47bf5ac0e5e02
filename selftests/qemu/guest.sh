# SPDX-License-Identifier: GPL-2.0-only
# What the guest's root file system is made of: cpio archives that are laid
# one over the other.  Sourced by vm.
# shellcheck shell=bash

# Programs of the machine that the guest has besides busybox's.  Its sh is
# dash: busybox's own shell would not look for programs in PATH first.
GUEST_PROGRAMS=(bash dash setpriv unshare nsenter prlimit)

# Libraries that programs of the project may be linked with; the 32-bit ones
# are there where 32-bit programs can be built.
GUEST_LIBRARIES=(
	/lib64/ld-linux-x86-64.so.2
	/lib/x86_64-linux-gnu/{libc,libm}.so.6
	/lib/x86_64-linux-gnu/lib{pthread,rt,dl}.so.*
	/lib/x86_64-linux-gnu/libgcc_s.so.1
	/lib/x86_64-linux-gnu/libnl-{3,genl-3}.so.200
	/usr/lib/x86_64-linux-gnu/libnl-{3,genl-3}.so.200
	/lib/ld-linux.so.2 /lib32/lib{c,m}.so.6 /lib32/lib{pthread,rt}.so.*
)

GUEST_USERS=(alice:1000 bob:1001 carol:1002)

# archive DIR [OWNER [DEPTH]] >FILE: DIR's content, owned by root unless told;
# without the first levels of folders when DEPTH is more than 1.
archive() {
	(cd "$1" && find . -mindepth "${3:-1}" -print0 | LC_ALL=C sort -z |
		cpio --quiet --reproducible --null -o -H newc -R "${2:-0:0}")
}

# The same, of files of our own: from the same content the same archive.
dateless_archive() {
	find "$1" -exec touch --no-dereference --date=@0 {} + && archive "$@"
}

# The kernel walks through the headers of the first archive, in search of
# tables for ACPI, and takes longer over some digits than over others. What is
# compressed it does not look at; here is such an archive, of nothing, and as
# long as an archive must be.
empty_archive() {
	cpio --quiet -o -H newc </dev/null | gzip -n |
		dd bs=512 conv=sync status=none
}

# Copies a file of the machine to the same place in the guest.
copy_file() {
	mkdir -p "$1$(dirname "$2")"
	cp -L "$2" "$1$2"
}

copy_libraries() {
	local root=$1 file

	for file in "${GUEST_LIBRARIES[@]}"; do
		[[ ! -e $file ]] || copy_file "$root" "$file"
	done
}

# A program and, where the list above lacks them, its libraries.
copy_program() {
	local root=$1 path library

	path=$(command -v "$2") || die 125 "no program $2 on this machine"
	cp -L "$path" "$root/bin/$2"
	ln -s "/bin/$2" "$root/usr/bin/$2"
	for library in $(ldd "$path" | grep -o '/[^ ]*'); do
		[[ -e $root$library ]] || copy_file "$root" "$library"
	done
}

install_busybox() {
	local root=$1 applet

	while read -r applet; do
		ln -sf /bin/busybox "$root/$applet"
	done < <(/bin/busybox --list-full)
	rm -f "$root/bin/busybox"
	cp /bin/busybox "$root/bin/busybox"
}

write_etc() {
	local root=$1 user

	{
		echo "root:x:0:0:root:/root:/bin/bash"
		for user in "${GUEST_USERS[@]}"; do
			echo "${user/:/:x:}:${user#*:}::/home/${user%:*}:/bin/bash"
		done
		echo "nobody:x:65534:65534:nobody:/:/bin/sh"
	} >"$root/etc/passwd"
	{
		printf '%s\n' root:x:0: tty:x:5: users:x:100:alice,bob
		for user in "${GUEST_USERS[@]}"; do
			echo "${user/:/:x:}:"
		done
		echo "nogroup:x:65534:"
	} >"$root/etc/group"
	sed 's/:.*/:*:19000:0:99999:7:::/' "$root/etc/passwd" >"$root/etc/shadow"
	echo "127.0.0.1 localhost ipcx" >"$root/etc/hosts"
	echo ipcx >"$root/etc/hostname"
	cat >"$root/etc/profile" <<'END'
PS1='\u@\h:\w\$ '
alias ll='ls -l'
END
	ln -s /etc/profile "$root/root/.bashrc"
	ln -s /proc/self/mounts "$root/etc/mtab"
}

build_base() {
	local root=$1/root homes=$1/homes file user

	mkdir -p "$root"/{bin,sbin,lib,lib64,etc,root,home,mnt,var/tmp,boot} \
		"$root"/{usr/{bin,sbin,lib,libexec,local/bin},dev,proc,sys,tmp,run}
	install_busybox "$root"
	copy_libraries "$root"
	rm -f "${GUEST_PROGRAMS[@]/#/$root/bin/}" \
		"${GUEST_PROGRAMS[@]/#/$root/usr/bin/}"
	for file in "${GUEST_PROGRAMS[@]}"; do
		copy_program "$root" "$file"
	done
	ln -sf /bin/dash "$root/bin/sh"
	cp -r --parents /lib/terminfo "$root"
	write_etc "$root"
	gcc -static -O2 -Wall -Wextra -Werror -o "$root/init" \
		"$TOP/selftests/qemu/init.c"
	chmod -R go-w,a+rX "$root"
	chmod 700 "$root/root"
	chmod 1777 "$root/tmp" "$root/var/tmp"
	dateless_archive "$root"
	for user in "${GUEST_USERS[@]}"; do
		mkdir -p "$homes/home/${user%:*}"
		dateless_archive "$homes" "${user#*:}:${user#*:}" 2 &&
			rm -rf "$homes"
	done
}

# Prints what the base image depends on: its recipe and its ingredients.
base_ingredients() {
	local program

	cat "$TOP/selftests/qemu/guest.sh" "$TOP/selftests/qemu/init.c"
	for program in busybox "${GUEST_PROGRAMS[@]}"; do
		stat -L -c '%n %s %Y' "$(command -v "$program")"
	done
	stat -L -c '%n %s %Y' "${GUEST_LIBRARIES[@]}" 2>/dev/null || true
}

# cached NAME FUNCTION...: prints the path of the archive that FUNCTION
# DIR... writes to its standard output; made only where it is missing.
cached() {
	local file=$INITRAMFS_CACHE/$1.cpio work

	shift
	if [[ ! -e $file ]]; then
		mkdir -p "$INITRAMFS_CACHE"
		work=$(mktemp -d "$INITRAMFS_CACHE/.work.XXXXXX")
		(set -e; "$@" "$work") >"$work/archive" ||
			{ rm -rf "$work"; return 1; }
		mv "$work/archive" "$file"
		rm -rf "$work"
	fi
	printf '%s\n' "$file"
}

base_archive() {
	cached "base-$(base_ingredients | sha256sum | cut -c 1-16)" build_base
}

build_kernel_files() {
	mkdir "$2/boot"
	cp "$1" "$2/boot/vmlinuz"
	(cd "$2" && echo boot/vmlinuz | cpio --quiet -o -H newc -R 0:0)
}

# The guest's own kernel, as a file of a few megabytes to move around.
kernel_archive() {
	cached "kernel-$(stat -L -c '%n %s %Y' "$1" | sha256sum | cut -c 1-16)" \
		build_kernel_files "$1"
}

# stage_project ROOT MODULE: the project's files as the guest has them.
stage_project() {
	local root=$1 module=$2 file

	mkdir -p "$root/usr/bin" "$root$GUEST_TESTS" "$root$GUEST_MODULE_DIR"
	[[ -z $module ]] || cp "$module" "$root$GUEST_MODULE_DIR/ipcx.ko"
	[[ -z $WITH_USER ]] || project_make install DESTDIR="$root" PREFIX=/usr
	for file in "$BUILD"/tools/*; do
		[[ -z $WITH_USER || ! -f $file || ! -x $file ]] ||
			cp -u "$file" "$root/usr/bin/"
	done
	if [[ $WITH_TESTS ]]; then
		project_make -C selftests install OUTPUT="$BUILD/selftests" \
			KSELFTESTS="$KSELFTESTS" LIBIPCX="$BUILD/libipcx" \
			INSTALL_PATH="$root$GUEST_TESTS"
	fi
	for file in run_tests with_gcov; do
		[[ ! -e $TOP/selftests/$file ]] ||
			cp "$TOP/selftests/$file" "$root$GUEST_TESTS/"
	done
}

# Puts the kernel's module NAME below ROOT, after those that it needs, and
# appends the guest's names of their files, each with a NUL, to LIST.
stage_kernel_module() {
	local root=$1 list=$2 name=${3//[-_]/[-_]} packed needed
	local file=$GUEST_KERNEL_MODULES/$3.ko

	! grep -qsE "/$name\.ko$" "$MODULES/modules.builtin" || return 0
	[[ ! -e $root$file ]] || return 0
	packed=$(find "$MODULES/" -name "$name.ko" -o -name "$name.ko.xz" |
		head -n 1)
	[[ -n $packed ]] ||
		die "$EXIT_USAGE" "--load $3: kernel $KERNEL has no such module"
	needed=$(modinfo -F depends "$packed") || return
	for needed in ${needed//,/ }; do
		stage_kernel_module "$root" "$list" "$needed" || return
	done
	case $packed in
	*.xz) xz -dc "$packed" ;;
	*) cat "$packed" ;;
	esac >"$root$file" || return
	printf '%s\0' "$file" >>"$list"
}

# stage_kernel_modules ROOT LIST: the modules of the kernel itself to load.
stage_kernel_modules() {
	local name

	((${#LOAD[@]})) || return 0
	[[ -n $MODULES ]] || die "$EXIT_USAGE" \
		"--load: where kernel $KERNEL has its modules is not known"
	mkdir -p "$1$GUEST_KERNEL_MODULES"
	for name in "${LOAD[@]}"; do
		stage_kernel_module "$1" "$2" "$name" ||
			broken "cannot read the module $name"
	done
}

# write_job ROOT: what init is to do, for it alone.
write_job() {
	local dir=$1/.vm

	mkdir -m 700 "$dir"
	echo "$NONCE" >"$dir/nonce"
	echo "$STDIN_KIND" >"$dir/stdin"
	printf '%s\0' "${COMMAND[@]}" >"$dir/argv"
	printf '%s\0' "PATH=$GUEST_PATH" HOME=/root USER=root LOGNAME=root \
		SHELL=/bin/bash LANG=C.UTF-8 "TERM=${TERM:-dumb}" \
		${ICOUNT:+IPCX_CLOCK=instructions} \
		"${KERNEL_ENV[@]}" "${GUEST_ENV[@]}" >"$dir/env"
	stage_kernel_modules "$1" "$dir/load"
	[[ $STDIN_KIND != tty ]] || stty size <&0 >"$dir/window"
	if [[ $WITH_MODULE ]]; then
		echo "$GUEST_MODULE_DIR/ipcx.ko" >"$dir/module"
		echo "${MODULE_PARAMS[*]}" >"$dir/params"
	fi
}
