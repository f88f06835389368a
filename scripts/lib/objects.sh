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
    # Of architectures with the generic entry code.
    ENTRY=kernel/entry/common.o
}

# make_tree SOURCE TREE COUNT PATCH...: TREE becomes SOURCE with the first COUNT
# of the patches. One that is there for another COUNT is changed, and only in
# files whose text is another, so that make has no more to do than it must.
make_tree() {
    local source=$1 tree=$2 how=-a id
    id=$(cat "$source/.source-id" 2>/dev/null || date +%s)
    if [[ ! -f $tree.id || $(<"$tree.id") != "$id" ]]; then
        # A source we fetched ourselves need not be there twice: nothing writes
        # into the files of a tree, rsync puts new ones in their place.
        if [[ $source == "$BUILD_DIR"/src/* ]]; then
            how=-al
        fi
        rm -rf "$tree" "$tree.id"
        with_status "making ${tree#"$BUILD_DIR"/}" cp "$how" -T "$(realpath "$source")" "$tree" ||
            die "$EX_BUILD" "copying $source failed ($(head -n 1 "$SCRATCH/status.log"))"
        printf '%s\n' "$id" >"$tree.id"
    fi
    set_patches "$@"
}

set_patches() {
    local source=$1 tree=$2 count=$3 file why
    shift 3
    rm -rf "$SCRATCH/touched"
    copy_touched "$source" "$SCRATCH/touched" "$@"
    why=$(try_patches "$SCRATCH/touched" "${@:1:count}") ||
        die "$EX_NOT_FIT" "a patch does not fit: $why"
    rsync -a --checksum --no-times "$SCRATCH/touched/" "$tree/"
    touched_files "$@" | while read -r file; do
        [[ -f $SCRATCH/touched/$file ]] || rm -f "$tree/$file"
    done
}

# complaints LOG: what compilers and checkers said, without what depends on the
# place of the tree or the line, and without kconfig's remarks on fragments.
complaints() {
    grep -iE '(warning|error): ' "$1" | grep -v '^\.config:' |
        sed -E 's,[^ ]*/src-[a-z]+/,,g; s,:[0-9]+(:[0-9]+)?: ,: ,' | sort -u || true
}

# new_complaints BEFORE AFTER: two logs.
new_complaints() {
    comm -13 <(complaints "$1") <(complaints "$2")
}

# count TEXT: its lines.
count() {
    if [[ -z $1 ]]; then
        echo 0
    else
        wc -l <<<"$1"
    fi
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
