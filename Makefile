# SPDX-License-Identifier: MIT
#
# The way in for people. Each target does what it needs first, and nothing
# twice; the work itself is in scripts/, which can be used without make.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
# The steps share a virtual machine and two processors at best; what is worth
# doing in parallel (the compilers) is run in parallel by the scripts.
.NOTPARALLEL:

# KERNEL_SRC, KERNEL_VERSION, ACCEL and SECCOMP_CACHE_DIR reach the scripts
# through the environment, where make puts what is set on its command line.
KCONFIG ?= base
JUNIT ?=
FILTER ?=
CHAINS ?=
SECONDS ?= 600
N ?= 7
ONLY ?=

BUILD := build
# The scripts must look where this looks.
unexport BUILD_DIR
HARNESS := $(BUILD)/harness
BIN := $(HARNESS)/bin
SELFTESTS := $(BUILD)/selftests
INITRAMFS := $(BUILD)/initramfs/$(KCONFIG).cpio
# Files of the patched kernel that are compiled for user space as they are.
PATCHED_FILES := kernel/seccomp_emu.c kernel/seccomp_emu.h
comma := ,
KTAP = $(subst $() ,$(comma),$(strip $(shell sed -n 's/^KTAP_PROGRAMS := //p' selftests/Makefile)))
# GoogleTest programs of the guest, whose cases are cases of vm_tests.
GUEST_TESTS := $(BIN)/guest_tests $(BIN)/differential
# What the caches of the differential run's stacks were, for the oracle.
GUEST_BITS := $(BUILD)/results/guest-bits.txt
PROFILE := /usr/share/containers/seccomp.json
# The limits of the benchmarks are for the kernel of base.config.
BENCH = $(if $(filter base,$(KCONFIG)),bench)

# Names for the kernels of this source, these patches and this config: links
# into build/kernels, set anew by every run.
PATCHED := $(BUILD)/current/patched-$(KCONFIG)
STOCK := $(BUILD)/current/stock-$(KCONFIG)

# What the programs on the host are told about the machines they boot.
VM_ENV = SECCOMP_CACHE_KERNEL=$(PATCHED) SECCOMP_CACHE_STOCK_KERNEL=$(STOCK) \
	SECCOMP_CACHE_INITRAMFS=$(INITRAMFS) SECCOMP_CACHE_GUEST_TESTS=$(subst $() ,$(comma),$(strip $(GUEST_TESTS))) \
	SECCOMP_CACHE_PROFILE=$(PROFILE) \
	SECCOMP_CACHE_KTAP=$(KTAP) SECCOMP_CACHE_LOGS=$(BUILD)/logs

##@ Using it

.PHONY: help
help: ## Show this text
	@awk 'BEGIN { FS = ":.*## " } \
	      /^##@/ { printf "\n%s\n", substr($$0, 5) } \
	      /^[a-z-]+:.*## / { printf "  %-16s %s\n", $$1, $$2 } \
	      /^#> / { print "  " substr($$0, 4) }' $(MAKEFILE_LIST)

.PHONY: demo
demo: kernel initramfs ## Boot the patched kernel and show a real profile's cache
	@$(VM_ENV) $(BIN)/vm_demo

.PHONY: test
test: kernel kernel-stock initramfs ## Run the tests (verify: all there is, hours)
	@$(VM_ENV) scripts/run-tests --junit '$(JUNIT)' --filter '$(FILTER)' scripts unit fuzz model $(BENCH) vm

.PHONY: shell
shell: kernel initramfs ## Open a shell in the virtual machine
	@$(VM_ENV) $(BIN)/vm_shell

##@ Steps

.PHONY: setup
setup: ## Install the missing packages
	@scripts/setup

.PHONY: kernel
kernel: setup ## Build the patched kernel
	@dir=$$(scripts/build-kernel --series full --config $(KCONFIG)); \
	mkdir -p $(BUILD)/current; ln -sfn "$$dir" $(PATCHED)

.PHONY: kernel-stock
kernel-stock: setup ## Build the same kernel without the patches
	@dir=$$(scripts/build-kernel --series none --config $(KCONFIG)); \
	mkdir -p $(BUILD)/current; ln -sfn "$$dir" $(STOCK)

.PHONY: harness
harness: setup ## Build the harness (C++)
	@scripts/patched-files $(BUILD)/patched $(PATCHED_FILES)
	@scripts/build-harness $(HARNESS)

.PHONY: selftests
selftests: setup ## Build the programs that run in the guest (C)
	@src=$$(scripts/fetch-kernel); \
	$(MAKE) --no-print-directory -s -C selftests OUT=$(CURDIR)/$(SELFTESTS) KSRC="$$src"

.PHONY: initramfs
initramfs: kernel harness selftests ## Make the guest's root file system
	@bins=$$(find $(SELFTESTS) -maxdepth 1 -type f -perm -u+x | sort); \
	kselftests=$$(find $(PATCHED)/kselftest -type f | sort); bits=; \
	if grep -qx CONFIG_X86_32=y $(PATCHED)/config; then \
		bits=--32; bins+=" $$(find $(SELFTESTS)/i386 -type f | sort)"; \
	fi; \
	qemu/make-initramfs $(INITRAMFS) $$bits \
		$$(printf -- '--bin %s ' $(GUEST_TESTS) $(addprefix $(BIN)/,cache_snapshot stress fault_injection) $$bins) \
		$$(printf -- '--kselftest %s ' $$kselftests) \
		--profile $(PROFILE) >/dev/null

##@ Testing

.PHONY: unit-test
unit-test: harness ## Test the scripts and the harness on the host
	@scripts/run-tests --junit '$(JUNIT)' --filter '$(FILTER)' scripts unit

.PHONY: vm-test
vm-test: kernel kernel-stock initramfs ## Test the kernel in the virtual machine
	@$(VM_ENV) scripts/run-tests --junit '$(JUNIT)' --filter '$(FILTER)' vm

# What tracers, signals and other threads see of a call must not depend on the patches.
ENTRY_TESTS := *Entry*:*Syscalls*:Sysenter*:SuspendSeccomp*:TraceRecheck*:*Vsyscall*-EntryCost*:CountingServed*
.PHONY: vm-test-stock
vm-test-stock: kernel-stock initramfs ## Run those tests on the unpatched kernel that must pass there, too
	@$(VM_ENV) SECCOMP_CACHE_KERNEL=$(STOCK) SECCOMP_CACHE_STOCK_KERNEL= \
		scripts/run-tests --junit '$(JUNIT)' --filter '$(or $(FILTER),$(ENTRY_TESTS))' vm

.PHONY: oracle
oracle: harness ## Ask a solver whether the cache is sound, and how complete
	@mkdir -p $(BUILD)/results
	@$(BIN)/oracle_report --profile $(PROFILE) --generated 100000 \
		$(if $(CHAINS),--chain $(CHAINS)) --json $(BUILD)/results/oracle.json

.PHONY: differential
differential: ## Compare 10000 filters and a million syscalls with the models and the oracle
	@$(MAKE) --no-print-directory differential-run KCONFIG=audit

# With audit, as nothing else tells SECCOMP_RET_LOG from SECCOMP_RET_ALLOW.
.PHONY: differential-run
differential-run: kernel initramfs
	@mkdir -p $(BUILD)/results; rm -f $(GUEST_BITS)
	@$(VM_ENV) SECCOMP_CACHE_STOCK_KERNEL= \
		SEED=$${SEED:-$$RANDOM} FILTERS=$${FILTERS:-10000} CALLS=$${CALLS:-1000000} \
		$(BIN)/vm_tests --gtest_filter='Differential*' --test-timeout 400 --guest-bits $(GUEST_BITS)
	@$(BIN)/oracle_report --guest-bits $(GUEST_BITS) --json $(BUILD)/results/oracle-guest.json

.PHONY: fuzz
fuzz: harness ## Fuzz the kernel's emulator (SECONDS=600)
	@scripts/fuzz --seconds '$(SECONDS)'

.PHONY: fuzz-coverage
fuzz-coverage: harness ## Show what of the emulator the fuzzer's inputs execute
	@scripts/fuzz-coverage

.PHONY: fuzz-seeds
fuzz-seeds: harness ## Write the fuzzer's seed corpus anew
	@rm -rf harness/fuzz/corpus; $(BIN)/fuzz_seeds harness/fuzz/corpus

.PHONY: model-check
model-check: harness ## Try all short programs on the emulator, prove its arithmetic (N=7)
	@scripts/model-check --length '$(N)'

.PHONY: planted-mistakes
planted-mistakes: harness ## Show that fuzzing and model check find mistakes in the emulator
	@scripts/planted-mistakes

.PHONY: vm-debian
vm-debian: harness ## Boot a Debian, check the cache of every task in it
	@kernel=$$(scripts/build-kernel --config debian); \
	root=$$(scripts/make-debian-root --bin $(BIN)/debian_guest); \
	$(BIN)/vm_debian --kernel "$$kernel" --root "$$root" --profile $(PROFILE) \
		--logs $(BUILD)/logs --chains $(BUILD)/debian/chains

.PHONY: vm-matrix
vm-matrix: setup ## Test kernels of other configurations (ONLY=NAME: that one)
	@FILTER='$(FILTER)' scripts/vm-matrix $(ONLY)

.PHONY: build-matrix
build-matrix: setup ## Compile what is not booted: without seccomp, um, arm64, mips
	@scripts/build-matrix $(ONLY)

.PHONY: bisect-check
bisect-check: kernel-stock initramfs ## Build and boot every prefix of the series, and lint it
	@$(VM_ENV) scripts/bisect-check

.PHONY: check-versions
check-versions: setup ## See to it that the patches apply to every 5.10.y of the archive
	@scripts/check-versions

# In the environment SECONDS would be bash's own clock.
.PHONY: stress
stress: kernel kernel-stock initramfs ## Attach, TSYNC, fork, exec, die, read and dump for SECONDS=60
	@unset SECONDS; export SECCOMP_CACHE_STRESS_SECONDS=$(if $(filter file,$(origin SECONDS)),60,$(SECONDS)); \
	$(VM_ENV) scripts/run-tests --junit '$(JUNIT)' --filter 'Stress.*' vm

.PHONY: fault-injection
fault-injection: ## Have each allocation of an attach fail, as stock and without CHECKPOINT_RESTORE
	@$(MAKE) --no-print-directory vm-test KCONFIG=debug FILTER='FaultInjection.*'
	@$(MAKE) --no-print-directory vm-test KCONFIG=debug+no-checkpoint-restore FILTER='FaultInjection.*'

.PHONY: mutants
mutants: kernel kernel-stock initramfs ## Break the kernel on purpose: does a test notice?
	@$(VM_ENV) scripts/mutants --config $(KCONFIG) --only '$(ONLY)' --tests '$(FILTER)'

# KERNELS, SETS and ACCEL reach the script through the environment.
.PHONY: bench
bench: kernel kernel-stock harness ## Count what seccomp costs: stock, published design, full series
	@scripts/bench

.PHONY: hostile-search
hostile-search: harness ## Look for filters that are expensive to attach (SEED=1)
	@$(BIN)/hostile_search --seed '$(or $(SEED),1)'

.PHONY: bench-check
bench-check: kernel kernel-stock harness ## The quick part of it, against harness/bench/limits.json
	@scripts/bench --quick --check

# Each goes on where the one before failed, and all that failed are named.
VERIFY := lint test vm-test-stock fuzz fuzz-coverage model-check planted-mistakes differential mutants \
	stress fault-injection vm-matrix build-matrix check-versions bisect-check bench
.PHONY: verify
verify: ## Run every check there is, also those that take hours
	@failed=; run() { printf '\n=== make %s ===\n' "$$*"; $(MAKE) --no-print-directory "$$@" || failed+=" $$1"; }; \
	rm -rf $(BUILD)/debian/chains; run vm-debian; run oracle CHAINS=$(BUILD)/debian/chains; \
	for target in $(VERIFY); do run "$$target"; done; \
	for config in no-checkpoint-restore audit trace debug debug+no-checkpoint-restore kcsan; do run mutants KCONFIG=$$config; done; \
	for config in debug kcsan; do run vm-test KCONFIG=$$config; run stress KCONFIG=$$config; done; \
	if [[ -n $$failed ]]; then echo "failed:$$failed" >&2; exit 1; fi

.PHONY: lint
lint: harness ## Check the style of scripts, C++ and patches
	@scripts/lint

##@ Working on the patches

.PHONY: dev-tree
dev-tree: setup ## Make a git tree with the patches as commits
	@scripts/dev-tree

.PHONY: format-patches
format-patches: setup ## Turn the commits of that tree into patch files
	@scripts/format-patches

##@ Cleaning

.PHONY: clean
clean: ## Remove build/ (other clones share SECCOMP_CACHE_DIR: it stays)
	@rm -rf $(BUILD)

##@ Variables
#> KERNEL_SRC=DIR|TARBALL  a kernel source of your own (a directory is not modified)
#> KERNEL_VERSION=X.Y.Z    another version of the archive's (scripts/fetch-kernel --list)
#> KCONFIG=NAME            add kernel-config/NAME.config to base.config (default: base alone):
#>                         debug, kcsan, ...; several as in debug+no-checkpoint-restore
#> ACCEL=kvm|tcg           how to run the virtual machine (default: kvm if it works)
#> FILTER=PATTERN          only these tests (as --gtest_filter)
#> CHAINS=DIR              more for the oracle: dumped filters (oracle_report --help)
#> SEED=N FILTERS=N CALLS=N  of make differential: where random begins, filters, syscalls
#>                         (SEED also of make hostile-search)
#> SECONDS=N               how long to fuzz (default: 600), or to stress (60, in the guest's time)
#> N=N                     how many instructions the model check goes up to (default: 7)
#> ONLY=PATTERN            only these mutants (a shell pattern), or this kernel of vm-matrix
#>                         or build-matrix (its name)
#> JUNIT=FILE              write the results of the tests in the guest as JUnit XML
#> KERNELS="5.10 6.12 7.2"  of make bench: also kernels of the archive that have a cache
#> SETS="mitigations audit"  of make bench: further rows, with the default mitigations, and with
#>                         audit enabled (SETS= for none)
#> SECCOMP_CACHE_DIR=DIR   where kernels and downloads are kept for other clones, or none
