# SPDX-License-Identifier: GPL-2.0-only
# Planted bugs: where they lie, and what stands in their heads.  Sourced by
# run and apply_check.
# shellcheck shell=bash disable=SC2034

# shellcheck source=../qemu/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/../qemu/lib.sh"

MUTANTS=$TOP/selftests/mutants

# A bug stays where it was planted: what stands around it must be as it was.
PATCH=(patch -p1 --fuzz=0 --silent --no-backup-if-mismatch)

mutant_names() {
	local file

	for file in "$MUTANTS"/*.patch; do
		file=${file##*/}
		echo "${file%.patch}"
	done
}

# field FIELD NAME: what the head of the mutant NAME says.
field() {
	local line

	while IFS= read -r line; do
		case $line in
		'--- '*) return ;;
		"$1: "*) echo "${line#"$1: "}"; return ;;
		esac
	done <"$MUTANTS/$2.patch"
}

# The files that the mutant NAME changes.
changed_files() {
	sed -n 's|^+++ b/\([^[:space:]]*\).*|\1|p' "$MUTANTS/$1.patch"
}
