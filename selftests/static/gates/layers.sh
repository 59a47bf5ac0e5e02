# SPDX-License-Identifier: GPL-2.0-only
# Gates of who may use whom, and for how long: layers, lifetime, rooms, versions,
# users.
# Sourced by lint.
# shellcheck shell=bash disable=SC2016,SC2317 # awk's $; gates are called by their names

# What each file of the module may use: what stands to the left of it.  Rooms
# stand side by side, between the core and the faces.
# The two last of the core are headers: what an ioctl is to a room, and what
# the faces know of a room.
CORE=(compat ucopy tick spare trace access quota wait holder word notify chunk msg mailq table object handle call rooms)
ROOMS=(sem region mailbox channel signal service)
FACES=(ioctl file netlink main)

# A room of several files names all but the first ROOM_PART.
room_of() {
	local each

	for each in "${ROOMS[@]}"; do
		[[ $1 != "${each}"_* ]] || { echo "$each"; return; }
	done
	echo "$1"
}

# Prints the rank of a file of the module by its base name; rooms share one.
layer_of() {
	local name rank=0 each

	name=$(room_of "$1")

	for each in "${CORE[@]}"; do
		rank=$((rank + 1))
		[[ $each != "$name" ]] || { echo "$rank"; return; }
	done
	rank=$((rank + 1))
	for each in "${ROOMS[@]}"; do
		[[ $each != "$name" ]] || { echo "$rank"; return; }
	done
	for each in "${FACES[@]}"; do
		rank=$((rank + 1))
		[[ $each != "$name" ]] || { echo "$rank"; return; }
	done
	return 1
}

# may_use USER USED: both are base names without suffix.
may_use() {
	local user used

	[[ $(room_of "$1") != "$(room_of "$2")" ]] || return 0
	user=$(layer_of "$1") && used=$(layer_of "$2") && ((used < user))
}

gate_layers() {
	local file user used

	for file in $(list_files kmod -name '*.[ch]' | grep -v /uapi/); do
		user=$(basename "${file%.*}")
		layer_of "$user" >/dev/null ||
			echo "$file: has no place in the list of layers"
		while read -r used; do
			may_use "$user" "$used" ||
				echo "$file: $user must not include $used.h"
		done < <(sed -nE \
			's|^# *include "([^"]*/)?([^"/]*)\.h"|\2|p' "$file")
	done
}

gate_lifetime() {
	c_files kmod | xargs -r "$TOP/selftests/static/lifetime"
}

# By names, which needs nothing built: a room's ipcx_<room>_* is its own.
rooms_by_identifier() {
	local user room pattern file

	for user in "${ROOMS[@]}" "${CORE[@]}"; do
		pattern=
		for room in "${ROOMS[@]}"; do
			[[ $room == "$user" ]] || pattern+=${pattern:+|}$room
		done
		for file in kmod/"$user".[ch] kmod/"$user"_*.[ch]; do
			[[ -e $file ]] || continue
			# Calls and operation tables; structs of the interface
			# and enums are data, not calls.
			grep -nHE "(\<|&)ipcx_($pattern)_[a-z0-9_]+ *[(,;)]" \
				"$file" | grep -v 'struct ipcx_'
		done
	done
}

# By symbols: what one object needs and another one has.
layers_by_symbol() {
	local dir=$1 object user used

	for object in "$dir"/*.o; do
		user=$(basename "${object%.o}")
		layer_of "$user" >/dev/null || continue
		nm --defined-only -g "$object" | awk -v u="$user" \
			'$2 ~ /[A-Z]/ && $3 !~ /^__(SCT|SCK|tracepoint|pfx)/ {
				print $3, u }'
	done | LC_ALL=C sort >"$WORK/defined"
	for object in "$dir"/*.o; do
		user=$(basename "${object%.o}")
		layer_of "$user" >/dev/null || continue
		nm -u "$object" | awk '{ print $2 }' | LC_ALL=C sort |
			LC_ALL=C join - "$WORK/defined" |
			while read -r symbol used; do
				may_use "$user" "$used" || echo "kmod/$user.c:" \
					"uses $symbol of kmod/$used.c"
			done
	done
}

gate_rooms() {
	local kernel dir

	rooms_by_identifier
	for kernel in "${GATE_KERNELS[@]}"; do
		dir=$(built_module_dir "$kernel")
		built "$dir/ipcx.ko" || continue
		layers_by_symbol "$dir/kmod"
	done
}

# ------------------------------------------------------- library and tools

# compiled_from FOLDER LIST: what an object was made of, by the .d file that
# the compiler wrote beside it when it ran in the folder.
compiled_from() {
	sed -n '1,/[^\\]$/{s/^[^ ]*: //;s/\\$//;p}' "$2" | tr -s ' ' '\n' |
		grep . | (cd "$1" && xargs -r realpath -m) | sed "s|^$TOP/||"
}

# may_use_file ROOM FILE
may_use_file() {
	case $1:$2 in
	*:"$UAPI"/linux/ipcx.h | *:libipcx/include/*) ;;
	libipcx:libipcx/src/*) ;;
	ipcxctl:tools/ipcxctl/* | ipcx-bench:tools/ipcx-bench/*) ;;
	ipcx-demo:tools/ipcx-demo*) ;;
	netlink:tools/ipcxctl/* | netlink:/usr/include/libnl3/*) ;;
	*:/usr/include/libnl3/*) return 1 ;;
	*:/usr/*) ;;
	*) return 1 ;;
	esac
}

# included_by ROOM FOLDER LIST...
included_by() {
	local room=$1 folder=$2 list file who

	shift 2
	for list; do
		[[ -e $list ]] || continue
		who=$room
		# The one file that speaks netlink.
		[[ $list != */ipcxctl/netlink.d ]] || who=netlink
		for file in $(compiled_from "$folder" "$list"); do
			may_use_file "$who" "$file" ||
				echo "$list: $room must not include $file"
		done
	done
}

# needed_libraries FILE PATTERN: what it is linked with beside the C library.
needed_libraries() {
	readelf -d "$1" | sed -n 's/.*(NEEDED).*\[\(.*\)\]/\1/p' |
		grep -vE "^(libc|ld-linux-x86-64)\.so|^($2)\.so" |
		sed "s|^|$1: must not need |"
}

# The library knows the interface and itself; a tool the library and itself.
gate_users() {
	local tool may

	built "$STRICT/libipcx/libipcx.so.0" || return
	included_by libipcx libipcx "$STRICT"/libipcx/*.d
	needed_libraries "$STRICT/libipcx/libipcx.so.0" none
	for tool in ipcxctl ipcx-bench ipcx-demo; do
		compgen -G "tools/$tool*" >/dev/null || continue
		built "$STRICT/tools/$tool" || continue
		included_by "$tool" tools "$STRICT/tools/obj/$tool"/*.d \
			"$STRICT/tools/obj/$tool"*.d
		may=libipcx
		[[ $tool != ipcxctl ]] || may+='|libnl-3|libnl-genl-3'
		needed_libraries "$STRICT/tools/$tool" "$may"
	done
}

gate_versions() {
	c_files | grep -vx kmod/compat.h | xargs -r grep -nHE \
		'\<(LINUX_VERSION_CODE|KERNEL_VERSION|LINUX_VERSION_MAJOR)\>'
}
