# SPDX-License-Identifier: GPL-2.0-only
# Builds the module, the library, the tools and the selftests, all below
# build/, and nothing in the source folders.  `make help` lists the targets.
#
# kbuild reads the Kbuild file; should it ever read this one, it finds nothing.
ifeq ($(KERNELRELEASE),)

SHELL := /bin/bash
.SHELLFLAGS := -ec
.DELETE_ON_ERROR:
MAKEFLAGS += --no-print-directory

TOP := $(CURDIR)
BUILD := $(TOP)/build
CACHE := $(or $(IPCX_CACHE),$(or $(XDG_CACHE_HOME),$(HOME)/.cache)/ipcx)

# The kernel to build the module for: its headers or its build tree.
RUNNING_KDIR := /lib/modules/$(shell uname -r)/build
KDIR ?= $(RUNNING_KDIR)
KREL = $(shell sed -n 's/^\#define UTS_RELEASE "\(.*\)"/\1/p' \
	$(KDIR)/include/generated/utsrelease.h 2>/dev/null)
KMOD_BUILD = $(BUILD)/kmod-$(KREL)

KSELFTESTS ?= $(CACHE)/linux-source-6.12/tools/testing/selftests

PREFIX ?= /usr/local
MANDIR ?= $(PREFIX)/share/man
INCLUDEDIR ?= $(PREFIX)/include

# WERROR=1: warnings are errors, everywhere (make check uses it).
MODULE_FLAGS := $(if $(WERROR),KCFLAGS=-Werror)

# How long make check-debug fuzzes.
FUZZ_SECONDS ?= 600

QEMU := $(TOP)/selftests/qemu
TOOLS_MAKE = $(MAKE) -C tools O=$(BUILD)/tools LIBIPCX=$(BUILD)/libipcx
LIB_MAKE = $(MAKE) -C libipcx O=$(BUILD)/libipcx
TESTS_MAKE = $(MAKE) -C selftests OUTPUT=$(BUILD)/selftests \
	KSELFTESTS=$(KSELFTESTS) LIBIPCX=$(BUILD)/libipcx
INSTALL_ARGS = DESTDIR=$(if $(DESTDIR),$(abspath $(DESTDIR))) PREFIX=$(PREFIX)

.PHONY: all module lib tools selftests demo check check-new check-debug \
	check-kcsan coverage fuzz check-vm bench \
	bench-doc vm lint format models install uninstall install-module \
	uninstall-module setup clean help

all: lib tools
	@if [ -n "$(KREL)" ]; then $(MAKE) module; \
	else echo "module: not built: no kernel headers in $(KDIR);" \
		"install linux-headers-$$(uname -r) or give KDIR=DIR"; fi
	@if [ -e $(KSELFTESTS)/lib.mk ]; then $(MAKE) selftests; \
	else echo "selftests: not built: no kselftest headers in" \
		"$(KSELFTESTS); run selftests/qemu/setup vm"; fi

# The module's sources appear in its build folder as links, so that kbuild
# writes only there and sees which of them have changed.
module:
	@[ -n "$(KREL)" ] || { echo "module: no kernel headers in $(KDIR);" \
		"install linux-headers-$$(uname -r) or give KDIR=DIR" >&2; \
		exit 1; }
	@mkdir -p $(KMOD_BUILD)
	@cp -rsf $(TOP)/Kbuild $(TOP)/kmod $(KMOD_BUILD)/
	@find $(KMOD_BUILD) -xtype l -delete
	+$(MAKE) -C $(KDIR) M=$(KMOD_BUILD) $(MODULE_FLAGS) modules

lib:
	+@$(LIB_MAKE) all

tools: lib
	+@$(TOOLS_MAKE) all

selftests: lib
	@mkdir -p $(BUILD)/selftests
	+@$(TESTS_MAKE) all

install: lib tools
	+@$(LIB_MAKE) install $(INSTALL_ARGS)
	+@$(TOOLS_MAKE) install $(INSTALL_ARGS)
	install -d $(DESTDIR)$(INCLUDEDIR)/linux
	install -m 644 kmod/include/uapi/linux/ipcx.h \
		$(DESTDIR)$(INCLUDEDIR)/linux/ipcx.h
	@for page in $(wildcard Documentation/man/*.[1-9]); do \
		dir=$(DESTDIR)$(MANDIR)/man$${page##*.}; \
		install -d $$dir; \
		echo install -m 644 $$page $$dir; \
		install -m 644 $$page $$dir; \
	done

uninstall:
	+@$(LIB_MAKE) uninstall $(INSTALL_ARGS)
	+@$(TOOLS_MAKE) uninstall $(INSTALL_ARGS)
	rm -f $(DESTDIR)$(INCLUDEDIR)/linux/ipcx.h
	@for page in $(wildcard Documentation/man/*.[1-9]); do \
		rm -f $(DESTDIR)$(MANDIR)/man$${page##*.}/$${page##*/}; \
	done

install-module: module
	install -D -m 644 $(KMOD_BUILD)/ipcx.ko \
		$(DESTDIR)/lib/modules/$(KREL)/extra/ipcx.ko
	$(if $(DESTDIR),,depmod $(KREL))

uninstall-module:
	rm -f $(DESTDIR)/lib/modules/$(KREL)/extra/ipcx.ko
	$(if $(DESTDIR),,depmod $(KREL))

setup:
	@$(QEMU)/setup

demo:
	@$(QEMU)/setup demo
	@$(QEMU)/vm --no-tests --timeout 600 -- ipcx-demo

check:
	@$(QEMU)/setup
	@selftests/check

check-new:
	@$(QEMU)/setup --kernel new vm
	@selftests/check --tests --kernel new

check-debug:
	@$(QEMU)/setup debug
	@selftests/check --tests --kernel debug --shards 2 --fuzz $(FUZZ_SECONDS)

check-kcsan:
	@$(QEMU)/setup --kernel kcsan vm
	@selftests/check --tests --kernel kcsan --shards 2

coverage:
	@$(QEMU)/setup debug
	@selftests/coverage

fuzz:
	@selftests/fuzz/run $(if $(SECONDS),--seconds $(SECONDS),--hours \
		$(or $(HOURS),1)) $(ARGS)

check-vm:
	@$(QEMU)/setup demo
	@$(QEMU)/vm_selftest

.PHONY: check-mutants
check-mutants:
	@$(QEMU)/setup vm
	@selftests/mutants/run $(ARGS)

bench:
	@$(QEMU)/setup bench
	@selftests/bench/run $(ARGS)

bench-doc:
	@$(QEMU)/setup bench
	@selftests/bench/document

vm:
	@$(QEMU)/setup vm
	@$(QEMU)/vm --timeout 0

lint:
	@$(QEMU)/setup lint
	@selftests/static/lint

format:
	@selftests/static/format

models:
	@$(QEMU)/setup lint
	@selftests/models/run

clean:
	rm -rf $(BUILD)

help:
	@echo "all        library and tools; module and selftests where possible"
	@echo "module     the module for KDIR= (default: the running kernel)"
	@echo "lib, tools, selftests"
	@echo "demo       the tour of ipcx, in a VM"
	@echo "check      every gate and every test, in VMs; N passed, N failed"
	@echo "check-new  every test on the newest kernel that Debian has"
	@echo "check-debug  the same tests on a kernel that finds bugs: KASAN,"
	@echo "           lockdep, kmemleak, fault injection; builds it first;"
	@echo "           and fuzzes the module meanwhile, FUZZ_SECONDS=600"
	@echo "check-kcsan  the same on one that finds data races"
	@echo "coverage   how much of kmod/ the tests reach; to build/coverage"
	@echo "fuzz       fuzzes the module, HOURS=1 or SECONDS=; ARGS= for"
	@echo "           selftests/fuzz/run"
	@echo "check-vm   shows that the VM's verdict cannot be fooled"
	@echo "check-mutants  plants bugs, and shows which test finds each; ARGS="
	@echo "bench      ipcx and its peers measured, in VMs; to build/bench;"
	@echo "           ARGS= for ipcx-bench;  bench-doc  puts the figures into"
	@echo "           Documentation/performance.rst"
	@echo "vm         a shell in a VM with everything loaded"
	@echo "lint       the static gates;    format  the formatter"
	@echo "models     every state of the protocols, and mutants, with spin"
	@echo "install    library, headers, tools, man pages (DESTDIR, PREFIX)"
	@echo "install-module  the module, below /lib/modules; uninstall-module"
	@echo "uninstall, clean, setup"
	@echo "Variables: KDIR, DESTDIR, PREFIX, WERROR=1, W=1, V=1, IPCX_CACHE"

endif
