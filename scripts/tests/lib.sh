# SPDX-License-Identifier: MIT
# shellcheck shell=bash
#
# A test is a function that is given an empty directory, $T, as its working
# directory and says what it expects. The scripts under test get a build
# directory of their own in it and no cache, so that no test can see what
# another did, or touch the real build/.

TESTS_PASSED=0
TESTS_FAILED=0

# it SENTENCE FUNCTION: runs a test.
it() {
    local dir log
    dir=$(mktemp -d)
    log=$(mktemp)
    if (run_isolated "$dir" "$2") >"$log" 2>&1 </dev/null; then
        printf 'ok    %s\n' "$1"
        TESTS_PASSED=$((TESTS_PASSED + 1))
    else
        printf 'FAIL  %s\n' "$1"
        sed 's/^/      /' "$log"
        TESTS_FAILED=$((TESTS_FAILED + 1))
    fi
    chmod -R u+w "$dir"
    rm -rf "$dir" "$log"
}

run_isolated() {
    set -e
    export T=$1 BUILD_DIR=$1/build SECCOMP_CACHE_DIR=none HOME=$1
    export GIT_CONFIG_GLOBAL=$1/gitconfig GIT_CONFIG_NOSYSTEM=1
    unset KERNEL_SRC KERNEL_VERSION
    git config --global user.name Tester
    git config --global user.email tester@localhost
    cd "$T"
    "$2"
}

fail() {
    printf '%s\n' "$*"
    exit 1
}

# run COMMAND...: leaves stdout in $OUT, stderr in $ERR and the status in $STATUS.
run() {
    STATUS=0
    "$@" >"$T/.out" 2>"$T/.err" || STATUS=$?
    OUT=$(<"$T/.out")
    ERR=$(<"$T/.err")
}

expect_status() {
    [[ $STATUS == "$1" ]] || fail "status $STATUS instead of $1; stdout: $OUT; stderr: $ERR"
}

expect_out() {
    [[ $OUT == "$1" ]] || fail "stdout is '$OUT' instead of '$1'"
}

# One line that names the program and the reason: `prog: error: ...`.
expect_error() {
    local lines
    lines=$(grep -c '^[a-z-]*: error: ' <<<"$ERR" || true)
    ((lines == 1)) || fail "$lines error lines instead of one: $ERR"
    [[ $ERR == *": error: "*"$1"* ]] || fail "the error does not say '$1': $ERR"
}

expect_said() {
    [[ $ERR == *"$1"* ]] || fail "'$1' was not said: $ERR"
}

# expect_absent PATTERN FILE...: grep, as `! grep` would never end a test.
expect_absent() {
    if grep -rn -- "$@"; then
        fail "'$1' should not be there"
    fi
}

# Nothing half-made: no source, no kernel, no scratch directory.
expect_nothing_left() {
    local left
    left=$(find "$BUILD_DIR"/{src,kernels,tmp} -mindepth 1 2>/dev/null | head -n 5)
    [[ -z $left ]] || fail "left behind: $left"
}

expect_same() {
    diff -r "$1" "$2" || fail "$1 and $2 differ"
}

# --- fixtures ---

# A kernel tree, as far as the scripts look: make_kernel DIR [VERSION]
make_kernel() {
    local dir=$1 version=${2:-5.10.262} v p s
    IFS=. read -r v p s <<<"$version"
    mkdir -p "$dir/kernel"
    printf '# SPDX-License-Identifier: GPL-2.0\nVERSION = %s\nPATCHLEVEL = %s\nSUBLEVEL = %s\n' "$v" "$p" "$s" >"$dir/Makefile"
    : >"$dir/Kbuild"
    printf '*.c diff=cpp\n' >"$dir/.gitattributes"
    seq -f 'int line_%g;' 40 >"$dir/kernel/seccomp.c"
    printf 'obj-y += seccomp.o\n' >"$dir/kernel/Makefile"
}

# make_tarball NAME [VERSION]: NAME.tar.xz with a kernel in linux-source/.
make_tarball() {
    make_kernel "$T/pack/linux-source" "${2:-5.10.262}"
    tar -C "$T/pack" -cJf "$T/$1.tar.xz" linux-source
    rm -rf "$T/pack"
}

# make_series DIR: two patches, the second on top of the first, with a new file.
make_series() {
    local out=$1
    make_kernel upstream
    (
        cd upstream || exit
        git init -q -b main
        git add -A
        git commit -qm 'Linux 5.10.262'
        git tag base
        sed -i '20i int ours_1;' kernel/seccomp.c
        git commit -qam 'seccomp: First'
        sed -i '21i int ours_2;' kernel/seccomp.c
        echo 'int emulate;' >kernel/emu.c
        git add -A
        git commit -qm 'seccomp: Second'
    )
    PATCH_DIR=$T/$out "$ROOT/scripts/format-patches" "$T/upstream" >/dev/null
}

# fake_program NAME: a program of that name, the script on stdin, first in PATH.
fake_program() {
    mkdir -p "$T/bin"
    {
        printf '#!/bin/bash\n'
        cat
    } >"$T/bin/$1"
    chmod +x "$T/bin/$1"
    export PATH=$T/bin:${PATH#"$T/bin:"}
}
