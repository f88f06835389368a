# SPDX-License-Identifier: MIT
# shellcheck shell=bash
#
# lib/objects.sh, on which build-matrix and bisect-check stand: trees with some
# of the patches, and what is new among the complaints about them.

# The functions, in this very shell: they are no program.
use_objects() {
    # shellcheck source=../lib/common.sh
    . "$ROOT/scripts/lib/common.sh"
    # shellcheck source=../lib/series.sh
    . "$ROOT/scripts/lib/series.sh"
    # shellcheck source=../lib/objects.sh
    . "$ROOT/scripts/lib/objects.sh"
    make_scratch
}

tree_with() {
    make_tree "$T/build/src/linux" "$T/build/tree" "$1" "$T"/series/000[12]*.patch
}

trees() {
    use_objects
    make_series series
    make_kernel build/src/linux
    echo fetched >build/src/linux/.source-id
    cp -a build/src/linux pristine
    tree_with 0
    expect_absent ours_ build/tree
    tree_with 2
    grep -q ours_2 build/tree/kernel/seccomp.c
    [[ -f build/tree/kernel/emu.c ]]
    tree_with 1
    grep -q ours_1 build/tree/kernel/seccomp.c
    expect_absent ours_2 build/tree
    [[ ! -e build/tree/kernel/emu.c ]] || fail 'a file of the second patch is still there'
    # They share their files with the source.
    expect_same pristine build/src/linux
}

times() {
    use_objects
    make_series series
    make_kernel build/src/linux
    echo fetched >build/src/linux/.source-id
    tree_with 1
    touch -d '2020-01-01' build/tree/kernel/seccomp.c build/tree/Makefile
    tree_with 1
    [[ build/tree/kernel/seccomp.c -ot series ]] || fail 'written although nothing changed'
    tree_with 2
    [[ build/tree/kernel/seccomp.c -nt series ]] || fail 'not written although it changed'
    [[ build/tree/Makefile -ot series ]] || fail 'written although no patch touches it'
}

complaint_lines() {
    use_objects
    cat >before <<'LOG'
  CC      kernel/seccomp.o
/somewhere/src-stock/kernel/seccomp.c:10:5: warning: old complaint
.config:12:warning: override: reassigning to symbol NET
cc1: warning: ../src-stock/arch/um/include/uapi: No such file
../src-stock/fs/proc/base.c:863:65: error: incompatible types (sparse)
LOG
    sed 's/src-stock/src-full/; s/:10:5:/:20:7:/; s/:863:65/:870:65/; s/^.config:12/.config:13/' before >after
    [[ -z $(new_complaints before after) ]] || fail "$(new_complaints before after)"
    echo '/somewhere/src-full/kernel/seccomp.c:30:1: warning: new complaint' >>after
    echo 'WARNING: unmet direct dependencies' >>after
    [[ $(count "$(new_complaints before after)") == 2 ]] || fail "$(new_complaints before after)"
    new_complaints before after | grep -qx 'kernel/seccomp.c: warning: new complaint'
    # One less is no matter.
    [[ -z $(new_complaints after before) ]]
    [[ $(count '') == 0 ]]
}

usage_errors() {
    run "$ROOT/scripts/build-matrix" nothing
    expect_status 2
    expect_error 'unknown configuration nothing'
    run "$ROOT/scripts/vm-matrix" nothing
    expect_status 2
    expect_error 'kernel-config/nothing.config'
    run "$ROOT/scripts/bisect-check" nothing
    expect_status 2
    expect_error 'unknown argument nothing'
    local script
    for script in build-matrix vm-matrix bisect-check; do
        run "$ROOT/scripts/$script" --help
        expect_status 0
    done
    # The configurations that vm-matrix names are there.
    local names
    read -ra names < <(sed -n 's/^NAMES=(\(.*\))$/\1/p' "$ROOT/scripts/vm-matrix")
    for script in "${names[@]}"; do
        [[ -f $ROOT/kernel-config/$script.config ]] || fail "no kernel-config/$script.config"
    done
}

it 'objects: trees with some of the patches, to and fro' trees
it 'objects: only files that change are written' times
it 'objects: complaints that are new, wherever they moved' complaint_lines
it 'objects: build-matrix, vm-matrix, bisect-check: bad usage and --help' usage_errors
