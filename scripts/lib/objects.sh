# SPDX-License-Identifier: MIT
# shellcheck shell=bash
#
# Compiling a few objects of a kernel, with and without patches, and comparing
# what the compiler says. Needs common.sh and series.sh, and $SCRATCH.

# What the series touches that a compiler reads.
# shellcheck disable=SC2034 # used by the scripts that source this file
{
    OBJECTS=(kernel/seccomp.o fs/proc/base.o)
    EMULATOR=kernel/seccomp_emu.o
}

# make_tree SOURCE TREE [PATCH...]: TREE is SOURCE with the patches applied. One
# that is so already is left alone.
make_tree() {
    local source=$1 tree=$2 how=-a id
    shift 2
    id="$(cat "$source/.source-id" 2>/dev/null || date +%s) $(patch_digest "$@")"
    if [[ -f $tree.id && $(<"$tree.id") == "$id" ]]; then
        return
    fi
    # A source we fetched ourselves need not be there twice: nothing writes into
    # the files of a tree, apply_to_tree puts new ones in their place.
    if [[ $source == "$BUILD_DIR"/src/* ]]; then
        how=-al
    fi
    rm -rf "$tree" "$tree.id"
    with_status "making ${tree#"$BUILD_DIR"/}" cp "$how" -T "$(realpath "$source")" "$tree" ||
        die "$EX_BUILD" "copying $source failed ($(head -n 1 "$SCRATCH/status.log"))"
    apply_to_tree "$source" "$tree" "$@"
    printf '%s\n' "$id" >"$tree.id"
}

# apply_to_tree SOURCE TREE PATCH...: what the patches touch becomes what they
# make of SOURCE's files. Files that are so already keep their times, and make
# has nothing to do for them.
apply_to_tree() {
    local source=$1 tree=$2 why
    shift 2
    rm -rf "$SCRATCH/touched"
    copy_touched "$source" "$SCRATCH/touched" "$@"
    why=$(try_patches "$SCRATCH/touched" "$@") || die "$EX_NOT_FIT" "a patch does not fit: $why"
    # rsync never writes into a file: it makes a new one.
    rsync -a --checksum --no-times "$SCRATCH/touched/" "$tree/"
}

# complaints LOG: what compilers and checkers said, without what depends on the
# place of the tree or the line, and without kconfig's remarks on fragments.
complaints() {
    grep -iE '(warning|error): ' "$1" | grep -v '^\.config:' |
        sed -E 's,^[^ ]*/src-[a-z]+/,,; s,:[0-9]+(:[0-9]+)?: ,: ,' | sort -u || true
}

# new_complaints BEFORE AFTER: two logs.
new_complaints() {
    comm -13 <(complaints "$1") <(complaints "$2")
}

# configure_objects FRAGMENT... -- MAKE...: the smallest config there is, and the
# fragments on top of it. MAKE is the command, with its -C TREE and O=$OBJ.
configure_objects() {
    local fragments=()
    while [[ $1 != -- ]]; do
        fragments+=("$1")
        shift
    done
    shift
    "$@" tinyconfig && cat "${fragments[@]}" >>"$OBJ/.config" && "$@" olddefconfig
}
