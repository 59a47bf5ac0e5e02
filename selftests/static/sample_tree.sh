# SPDX-License-Identifier: GPL-2.0-only
# A small project in which every gate is green: a module, a library, tools and
# tests of a few lines each, built by the makefiles of this one.
# Sourced by gates_selftest; TREE is where it is made.
# shellcheck shell=bash

# put FILE: standard input with the file's licence line before it.
put() {
	local licence=GPL-2.0-only open='#' close=''

	mkdir -p "$TREE/$(dirname "$1")"
	case $1 in
	"$UAPI"/*) licence+=' WITH Linux-syscall-note' ;;
	libipcx/*) licence=LGPL-2.1-or-later ;;
	tools/*) licence=GPL-2.0-or-later ;;
	esac
	case $1 in
	*.c) open='//' ;;
	*.h | *.map) open='/*' close=' */' ;;
	*.[1-9]) open='.\"' ;;
	*.rst) open='..' close=$'\n' ;;
	*.sh) open=$'#!/bin/sh\n#' ;;
	esac
	{
		printf '%s SPDX-License-Identifier: %s%s\n' "$open" \
			"$licence" "$close"
		cat
	} >"$TREE/$1"
}

# The interface, which has one of each kind.
put_interface() {
	put "$UAPI/linux/ipcx.h" <<-'END'
		#ifndef _UAPI_LINUX_IPCX_H
		#define _UAPI_LINUX_IPCX_H

		#include <linux/ioctl.h>
		#include <linux/types.h>

		/**
		 * DOC: Overview
		 *
		 * What it is about.
		 */

		/* The type of all calls. */
		#define IPCX_IOC_TYPE 0xBB

		/**
		 * enum ipcx_kind - Kinds
		 * @IPCX_KIND_ONE: The only one
		 */
		enum ipcx_kind {
			IPCX_KIND_ONE = 1
		};

		/**
		 * struct ipcx_open - IPCX_IOC_OPEN: open it
		 * @kind: &enum ipcx_kind
		 * @out_fd: The descriptor
		 *
		 * Since 0.1.
		 */
		struct ipcx_open {
			__u32 kind;
			__s32 out_fd;
		};
		#define IPCX_IOC_OPEN _IOWR(IPCX_IOC_TYPE, 0x01, struct ipcx_open)

		#endif
	END
	put Documentation/uapi.rst <<-'END'
		.. kernel-doc:: kmod/include/uapi/linux/ipcx.h
		   :doc: Overview

		.. kernel-doc:: kmod/include/uapi/linux/ipcx.h
		   :no-doc-sections:
	END
}

put_module() {
	put Kbuild <<-'END'
		obj-m := ipcx.o
		ipcx-y += kmod/sem.o
		ipcx-y += kmod/region.o
		ipcx-y += kmod/main.o
		ccflags-y += -I$(src)/kmod -I$(src)/kmod/include/uapi
	END
	put kmod/object.h <<-'END'
		#include <linux/ipcx.h>

		struct ipcx_call {
			unsigned int number;
			unsigned long size;
		};

		/* clang-format off */
		#define IPCX_CALL(ioctl, name) \
			{ .number = ioctl, .size = sizeof(struct name) }
		/* clang-format on */
	END
	put kmod/sem.h <<<'int ipcx_sem_count(int n);'
	put kmod/sem.c <<-'END'
		#include "object.h"
		#include "sem.h"

		static const struct ipcx_call calls[] = {
			IPCX_CALL(IPCX_IOC_OPEN, ipcx_open),
		};

		/**
		 * ipcx_sem_count() - Count
		 * @n: A number
		 * Return: Another one.
		 */
		int ipcx_sem_count(int n)
		{
			return n + (int)calls[0].size;
		}
	END
	put kmod/region.c </dev/null
	put kmod/main.c <<-'END'
		#include <linux/module.h>

		#include "sem.h"

		static int __init sample_init(void)
		{
			return ipcx_sem_count(1) < 0;
		}
		module_init(sample_init);

		MODULE_LICENSE("GPL");
		MODULE_DESCRIPTION("A sample");
	END
}

put_library() {
	put libipcx/libipcx.map <<-'END'
		LIBIPCX_0.1 {
		global:
			ipcx_sample;
		local:
			*;
		};
	END
	put libipcx/include/ipcx.h <<-'END'
		#ifndef LIBIPCX_H
		#define LIBIPCX_H

		#include <ipcx/sample.h>

		#endif
	END
	put libipcx/include/ipcx/sample.h <<-'END'
		#ifndef LIBIPCX_SAMPLE_H
		#define LIBIPCX_SAMPLE_H

		#include <linux/ipcx.h>

		/**
		 * struct ipcx_point - A point
		 * @x: To the right
		 */
		struct ipcx_point {
			int x;
		};

		/**
		 * ipcx_sample() - Say a number
		 * @point: Where
		 * Return: The number.
		 * Since: 0.1
		 */
		int ipcx_sample(const struct ipcx_point *point);

		#endif
	END
	put libipcx/src/sample.c <<-'END'
		#include <ipcx/sample.h>

		__attribute__((visibility("default"))) int
		ipcx_sample(const struct ipcx_point *point)
		{
			return point->x;
		}
	END
}

# put_tool NAME FILE
put_tool() {
	put "$2" <<-'END'
		#include <ipcx.h>
		#include <stdio.h>

		int main(void)
		{
			struct ipcx_point point = { 1 };

			puts("  --help  this text");
			return ipcx_sample(&point) != 1;
		}
	END
	put "Documentation/man/$1.1" <<-END
		.TH ${1@U} 1 2026-01-01 "ipcx" "User Commands"
		.SH NAME
		$1 \\- a sample
		.SH OPTIONS
		.TP
		.B \\-\\-help
		Say what there is.
	END
}

put_tests() {
	local name

	for name in abi_test module_holder json_check; do
		put "selftests/$name.c" <<-'END'
			int main(void)
			{
				return 0;
			}
		END
	done
	put selftests/sample.sh <<-'END'
		echo "$1"
	END
	cat >"$TREE/README.md" <<-'END'
		<!-- example-begin -->
		```c
		#include <ipcx.h>

		int main(void)
		{
			struct ipcx_point point = { 0 };

			return ipcx_sample(&point);
		}
		```
		<!-- example-end -->
	END
}

# The sample, where nothing is built yet.
put_tree() {
	rm -rf "$TREE"
	mkdir -p "$TREE"
	(cd "$TOP" && cp --parents .clang-format Makefile libipcx/Makefile \
		libipcx/libipcx.pc.in tools/Makefile selftests/Makefile \
		selftests/static/{lint,lifetime,abi,lib.sh,spelling.txt,cppcheck.txt} \
		selftests/static/{clang-tidy.yaml,kernel_symbols*} \
		selftests/static/gates/*.sh "$TREE")
	put_interface
	put_module
	put_library
	put_tool ipcxctl tools/ipcxctl/main.c
	put_tool ipcx-bench tools/ipcx-bench/main.c
	put_tool ipcx-demo tools/ipcx-demo.c
	rm "$TREE/Documentation/man/ipcx-demo.1"
	put_tests
	find "$TREE" -name '*.[ch]' -exec "$CLANG_FORMAT" -i {} +
}
