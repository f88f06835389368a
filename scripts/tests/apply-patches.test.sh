# SPDX-License-Identifier: MIT
# shellcheck shell=bash
#
# apply-patches and the way from commits to patches and back, on small trees.

apply() {
    run "$ROOT/scripts/apply-patches" "$@"
}

is_patched() {
    grep -q ours_1 "$1/kernel/seccomp.c" && grep -q ours_2 "$1/kernel/seccomp.c" && [[ -f $1/kernel/emu.c ]]
}

plain_tree() {
    make_series series
    make_kernel mine
    apply mine --series series
    expect_status 0
    is_patched mine
    [[ -z $(find mine -name '*.orig' -o -name '*.rej' -o -name '*.seccomp-cache') ]] || fail 'leftovers'
}

with_offset() {
    make_series series
    make_kernel mine
    sed -i '1i // another version' mine/kernel/seccomp.c
    apply mine --series series
    expect_status 0
    is_patched mine
}

git_tree() {
    make_series series
    make_kernel mine
    git -C mine init -q
    git -C mine add -A
    git -C mine commit -qm start
    apply mine --series series
    expect_status 0
    is_patched mine
    [[ $(git -C mine log --format=%s | head -n 2) == $'seccomp: Second\nseccomp: First' ]]
}

tree_inside_a_repository() {
    make_series series
    git init -q .
    make_kernel mine
    apply mine --series series
    expect_status 0
    is_patched mine
}

again() {
    make_series series
    make_kernel mine
    apply mine --series series
    cp -r mine before
    apply mine --series series
    expect_status 0
    expect_said 'already applied'
    expect_same before mine
}

second_does_not_fit() {
    make_series series
    sed -i 's/^ int line_22;/ int line_changed;/' series/0002-*.patch
    make_kernel mine
    cp -r mine before
    apply mine --series series
    expect_status 30
    expect_error 'do not fit'
    expect_error '0002-seccomp-Second.patch'
    expect_same before mine
}

no_fuzz() {
    make_series series
    make_kernel mine
    # Outer context differs: patch(1) would take it with fuzz 1.
    sed -i 's/^int line_17;/int line_other;/' mine/kernel/seccomp.c
    cp -r mine before
    apply mine --series series
    expect_status 30
    expect_same before mine
}

git_does_not_fit() {
    make_series series
    make_kernel mine
    sed -i 's/^int line_21;/int line_other;/' mine/kernel/seccomp.c
    git -C mine init -q
    git -C mine add -A
    git -C mine commit -qm start
    local head
    head=$(git -C mine rev-parse HEAD)
    apply mine --series series
    expect_status 30
    [[ $(git -C mine rev-parse HEAD) == "$head" && -z $(git -C mine status --porcelain) ]]
}

git_with_changes() {
    make_series series
    make_kernel mine
    git -C mine init -q
    git -C mine add -A
    git -C mine commit -qm start
    echo change >>mine/kernel/Makefile
    apply mine --series series
    expect_status 31
    expect_error 'not committed'
    [[ $(git -C mine log --oneline | wc -l) == 1 ]]
}

git_with_file_in_the_way() {
    make_series series
    make_kernel mine
    git -C mine init -q
    git -C mine add -A
    git -C mine commit -qm start
    echo precious >mine/kernel/emu.c
    apply mine --series series
    expect_status 30
    [[ $(<mine/kernel/emu.c) == precious ]]
    [[ $(git -C mine log --oneline | wc -l) == 1 ]]
}

cannot_write() {
    make_series series
    make_kernel mine
    cp -r mine before
    fake_program mv <<'SH'
case "${*: -1}" in
*/mine/kernel/seccomp.c) echo 'mv: cannot move: Read-only file system' >&2; exit 1 ;;
*) exec /bin/mv "$@" ;;
esac
SH
    apply mine --series series
    expect_status 30
    expect_error 'cannot write'
    expect_same before mine
}

upstream_cache() {
    make_series series
    make_kernel mine
    echo 'struct action_cache { };' >mine/kernel/seccomp.c
    cp -r mine before
    apply mine --series series
    expect_status 16
    expect_same before mine
}

not_a_tree() {
    mkdir mine
    apply mine
    expect_status 15
    expect_error 'is not a kernel source tree'
}

no_patches_for_version() {
    make_kernel mine 4.4.1
    apply mine
    expect_status 12
    expect_error 'Linux 4.4.1'
}

round_trip() {
    make_series series
    make_kernel pristine
    KERNEL_SRC=pristine PATCH_DIR=$T/series run "$ROOT/scripts/format-patches" --check
    expect_status 0
    expect_said '2 patches come back byte for byte'
}

round_trip_sees_edits() {
    make_series series
    make_kernel pristine
    # A blank line that git am eats.
    sed -i 's/^---$/\n\n---/' series/0001-*.patch
    KERNEL_SRC=pristine PATCH_DIR=$T/series run "$ROOT/scripts/format-patches" --check
    expect_status 32
}

round_trip_other_version() {
    make_series series
    make_kernel pristine 5.10.300
    sed -i '1i // line numbers move' pristine/kernel/seccomp.c
    KERNEL_SRC=pristine PATCH_DIR=$T/series run "$ROOT/scripts/format-patches" --check
    expect_status 0
    expect_said 'made from 5.10.262'
}

cover_letter_is_kept() {
    make_series series
    echo 'my words' >series/0000-cover-letter.txt
    PATCH_DIR=$T/series run "$ROOT/scripts/format-patches" upstream
    expect_status 0
    [[ $(<series/0000-cover-letter.txt) == 'my words' ]]
    [[ $(head -n 1 series/series) == '# Base: 5.10.262' ]]
}

user_configuration_does_not_matter() {
    make_series series
    cp -r series before
    git config --global format.signature 'my signature'
    git config --global diff.noprefix true
    git config --global diff.algorithm patience
    git config --global core.abbrev 40
    git config --global format.subjectPrefix RFC
    PATCH_DIR=$T/series run "$ROOT/scripts/format-patches" upstream
    expect_status 0
    expect_same before series
}

it 'apply-patches: a plain tree' plain_tree
it 'apply-patches: a plain tree of another version, with offsets' with_offset
it 'apply-patches: a git tree, as commits' git_tree
it 'apply-patches: a plain tree inside somebody'\''s repository' tree_inside_a_repository
it 'apply-patches: already applied' again
it 'apply-patches: the second patch does not fit, the tree stays as it was' second_does_not_fit
it 'apply-patches: never with fuzz' no_fuzz
it 'apply-patches: does not fit a git tree, which stays as it was' git_does_not_fit
it 'apply-patches: a git tree with changes of its own' git_with_changes
it 'apply-patches: a git tree with a file in the way of a new one' git_with_file_in_the_way
it 'apply-patches: goes back when it cannot write' cannot_write
it 'apply-patches: a tree with another action cache' upstream_cache
it 'apply-patches: not a kernel tree' not_a_tree
it 'apply-patches: a version there are no patches for' no_patches_for_version
it 'format-patches: the round trip is byte for byte' round_trip
it 'format-patches: the round trip notices an edit that git would lose' round_trip_sees_edits
it 'format-patches: the round trip on another version' round_trip_other_version
it 'format-patches: keeps the cover letter and writes the series' cover_letter_is_kept
it 'format-patches: the user'\''s git configuration does not matter' user_configuration_does_not_matter
