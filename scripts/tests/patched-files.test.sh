# SPDX-License-Identifier: MIT
# shellcheck shell=bash
#
# patched-files with a series of the test's own.

patched_files_project() {
    mkdir -p project/patches
    cp -r "$ROOT/scripts" project/scripts
    make_series linux-5.10
    mv linux-5.10 project/patches/
    make_kernel source
    export KERNEL_SRC=$T/source
}

patched_files() {
    run project/scripts/patched-files "$@"
}

gets_patched_files() {
    patched_files_project
    patched_files out kernel/emu.c kernel/seccomp.c kernel/Makefile
    expect_status 0
    expect_same upstream/kernel/emu.c out/kernel/emu.c
    expect_same upstream/kernel/seccomp.c out/kernel/seccomp.c
    expect_same source/kernel/Makefile out/kernel/Makefile
    expect_absent ours_ source
    [[ $(find out -type f | wc -l) == 3 ]] || fail "more files: $(find out)"
}

keeps_time_stamps() {
    patched_files_project
    patched_files out kernel/emu.c kernel/seccomp.c
    touch -d '2001-01-01' out/kernel/emu.c out/kernel/seccomp.c
    echo 'not what it was' >out/kernel/seccomp.c
    patched_files out kernel/emu.c kernel/seccomp.c
    expect_status 0
    [[ $(stat -c %y out/kernel/emu.c) == 2001-01-01* ]] || fail 'written again without need'
    expect_same upstream/kernel/seccomp.c out/kernel/seccomp.c
}

no_such_patched_file() {
    patched_files_project
    patched_files out kernel/nothing.c
    expect_status 30
    expect_error 'there is no kernel/nothing.c in Linux 5.10.262 with the series applied'
    [[ ! -e out ]] || fail 'something was written'
}

patches_that_do_not_fit() {
    patched_files_project
    sed -i 's/line_19/other/' source/kernel/seccomp.c
    patched_files out kernel/emu.c
    expect_status 30
    expect_error 'a patch does not fit Linux 5.10.262: 0001-seccomp-First.patch'
    expect_nothing_left
}

it 'patched-files: gets files as they are with the series' gets_patched_files
it 'patched-files: writes only what has changed' keeps_time_stamps
it 'patched-files: a file that is not there' no_such_patched_file
it 'patched-files: a series that does not fit' patches_that_do_not_fit
