# SPDX-License-Identifier: MIT
# shellcheck shell=bash
#
# What the scripts around the fuzzer and the model check share. Needs common.sh.
#
# PATCHED= and FUZZ_DIR= in the environment are for planted-mistakes: where the
# source of the emulator is, and where everything goes that is made.

PATCHED=${PATCHED:-$BUILD_DIR/patched}
FUZZ_DIR=${FUZZ_DIR:-$BUILD_DIR/fuzz}
# shellcheck disable=SC2034 # used by the scripts that source this file
{
    SEEDS=$ROOT/harness/fuzz/corpus
    # What make test runs of both, some ten seconds each: so many executions, and
    # programs of so many instructions.
    SHORT_RUNS=40000
    SHORT_LENGTH=6
}

# build_with_clang NAME TARGET -DOPTION...: in $FUZZ_DIR/NAME.
build_with_clang() {
    local dir=$FUZZ_DIR/$1 target=$2
    shift 2
    need_tool clang clang++
    [[ -f $PATCHED/kernel/seccomp_emu.c ]] ||
        die "$EX_NO_TOOL" "$PATCHED does not have the kernel's emulator: run 'make harness'"
    mkdir -p "$FUZZ_DIR/corpus" "$FUZZ_DIR/findings"
    "$ROOT/scripts/build-harness" "$dir" -DCMAKE_C_COMPILER=clang -DCMAKE_CXX_COMPILER=clang++ \
        -DSC_GUEST=OFF -DSC_OCI=OFF -DSC_PATCHED="$(realpath "$PATCHED")" "$@" "$target"
}
