# SPDX-License-Identifier: MIT
# shellcheck shell=bash
#
# What is known about a folder of patches: their order, the files they touch,
# how they are applied and how they are written. Needs common.sh.

# series_patches DIR: the patches in order, one path a line.
series_patches() {
    local dir=$1 name
    [[ -f $dir/series ]] || die "$EX_NOT_FIT" "$dir has no 'series' file"
    while read -r name _; do
        if [[ -z $name || $name == \#* ]]; then
            continue
        fi
        [[ -f $dir/$name ]] || die "$EX_NOT_FIT" "$dir/series names $name, which is not there"
        printf '%s\n' "$dir/$name"
    done <"$dir/series"
}

# series_base DIR: the version the patches were made from.
series_base() {
    sed -n 's/^# Base: *//p' "$1/series" | head -n 1
}

# touched_files PATCH...: every file any of them changes, makes or removes.
touched_files() {
    if (($#)); then
        sed -n -E 's,^(---|\+\+\+) [ab]/([^[:space:]]+).*,\2,p' "$@" | sort -u
    fi
}

# copy_touched TREE OUT PATCH...: the touched files as they are in TREE.
copy_touched() {
    local tree=$1 out=$2 file
    shift 2
    mkdir -p "$out"
    touched_files "$@" | while read -r file; do
        mkdir -p "$out/$(dirname "$file")"
        if [[ -f $tree/$file ]]; then
            cp -p "$tree/$file" "$out/$file"
        fi
    done
}

# try_patches [-R] DIR PATCH...: applies to a scratch copy, without fuzz. On
# failure prints which patch and hunk did not fit, and returns 1.
try_patches() {
    local reverse=() dir patch out
    if [[ $1 == -R ]]; then
        reverse=(-R)
        shift
    fi
    dir=$1
    shift
    for patch in "$@"; do
        if ! out=$(cd "$dir" && patch -p1 -F0 -f -s -E --no-backup-if-mismatch -r - "${reverse[@]}" <"$patch" 2>&1); then
            printf '%s: %s\n' "${patch##*/}" "$(summarise_rejects <<<"$out")"
            return 1
        fi
    done
}

# patch(1) is wordy: keep the file and the first complaint about it.
summarise_rejects() {
    awk '
        /^(patching file|checking file) / { file = $3 }
        /FAILED|malformed|can.t find file|No file to patch|already exists/ { print (file == "" ? "" : file ": ") $0; exit }
        { last = $0 }
        END { if (NR && last != "") print last }
    ' | head -n 1
}

# patch_digest PATCH...: what the patches do. The text of a message changes no kernel.
patch_digest() {
    local patch
    for patch in "$@"; do
        sed -n '/^diff --git /,$p' "$patch"
    done | sha256sum | cut -c 1-64
}

# --- git ---

# plain_git ...: git as if the user had configured nothing, and always the same
# committer, so that the same series gives the same commits and the same files.
plain_git() {
    env GIT_CONFIG_GLOBAL=/dev/null GIT_CONFIG_NOSYSTEM=1 TZ=UTC \
        GIT_COMMITTER_NAME='seccomp-cache' GIT_COMMITTER_EMAIL='seccomp-cache@localhost' \
        GIT_COMMITTER_DATE='1600000000 +0000' \
        git "$@"
}

# new_repository DIR NAME: a git tree whose first commit, tagged `base`, is what
# is in DIR now.
new_repository() {
    plain_git -C "$1" init -q -b main
    printf '/.source-id\n' >>"$1/.git/info/exclude"
    plain_git -C "$1" -c core.autocrlf=false add -A -f -- . ':(exclude).source-id'
    GIT_AUTHOR_NAME='seccomp-cache' GIT_AUTHOR_EMAIL='seccomp-cache@localhost' \
        GIT_AUTHOR_DATE='1600000000 +0000' \
        plain_git -C "$1" commit -q --no-verify -m "$2"
    plain_git -C "$1" tag base
}

# commit_series TREE PATCH...: the patches as commits.
commit_series() {
    local tree=$1
    shift
    (($#)) || return 0
    if ! plain_git -C "$tree" am -q --no-3way --no-scissors --no-keep-cr "$@" >"$SCRATCH/am.log" 2>&1; then
        plain_git -C "$tree" am --abort >/dev/null 2>&1 || true
        return 1
    fi
}

# format_series TREE OUT: the commits after `base` as patch files. Every option
# that a user's configuration could change is given.
format_series() {
    plain_git -C "$1" format-patch -q --numbered --subject-prefix='PATCH 5.10' \
        --zero-commit --no-signature --abbrev=12 --no-renames \
        --diff-algorithm=myers --unified=3 --no-thread --no-base \
        --output-directory "$2" base..HEAD
}
