# SPDX-License-Identifier: MIT
# shellcheck shell=bash
#
# What every script shares: where things are, how to say something, how to
# fail, and the exit codes. To be sourced.

set -euo pipefail
shopt -s inherit_errexit
# Sorting, globbing and the messages of tools must not depend on the user.
export LC_ALL=C
# Nor on the make that called us: the makes we call have flags of their own.
unset MAKEFLAGS MFLAGS MAKELEVEL MAKEOVERRIDES CDPATH

ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
# Another directory for all that is built: for the scripts alone, as their tests
# run them. The Makefile always builds in build/.
BUILD_DIR=${BUILD_DIR:-$ROOT/build}
PROG=${0##*/}

# Exit codes, one per kind of failure, so that a CI system can tell them apart.
# shellcheck disable=SC2034 # used by the scripts that source this file
{
    EX_USAGE=2
    EX_NO_ARCHIVE=10      # no Debian archive is configured on this machine
    EX_NETWORK=11         # the archive cannot be reached
    EX_UNKNOWN_VERSION=12 # the version is not offered, or we have no patches for it
    EX_TRUNCATED=13       # an archive is damaged
    EX_NO_SPACE=14        # the disk is full, or would be
    EX_NOT_KERNEL=15      # not a kernel source tree
    EX_HAS_CACHE=16       # the source already has an action cache
    EX_NO_KEYRING=17      # nothing to check the archive's signature with
    EX_NO_TOOL=18         # a program or package is missing
    EX_CONFIG=20          # a requested kernel option did not end up in .config
    EX_BUILD=21           # the compiler or make failed
    EX_NOT_FIT=30         # a patch does not apply
    EX_DIRTY=31           # the tree has changes of its own
    EX_DIFFERS=32         # a round trip did not give the same files
}

# say WORDS...: progress for a person, on stderr: stdout carries results only.
say() {
    printf '%s: %s\n' "$PROG" "$*" >&2
}

# die CODE WORDS...: one clear line, then the exit code that goes with it.
die() {
    local code=$1
    shift
    say "error: $*"
    exit "$code"
}

# usage TEXT: for --help (stdout, status 0).
usage() {
    printf '%s\n' "$1"
    exit 0
}

bad_usage() {
    die "$EX_USAGE" "$* (try $PROG --help)"
}

need_tool() {
    local tool
    for tool in "$@"; do
        command -v "$tool" >/dev/null ||
            die "$EX_NO_TOOL" "the program '$tool' is missing: run 'make setup'"
    done
}

# need_space DIR MEGABYTES: said before the work starts, not after minutes of it.
need_space() {
    local free
    mkdir -p "$1"
    free=$(df -Pm "$1" | awk 'NR == 2 { print $4 }')
    ((free >= $2)) ||
        die "$EX_NO_SPACE" "no disk space in $1: $2 MB needed, $free MB free"
}

# The scratch directory of this run: on the same file system as the results, so
# that a finished one can be renamed into place, and gone at exit in any case.
SCRATCH=
make_scratch() {
    mkdir -p "$BUILD_DIR/tmp"
    SCRATCH=$(mktemp -d "$BUILD_DIR/tmp/$PROG.XXXXXX")
    trap leave EXIT
    trap 'exit 129' HUP
    trap 'exit 130' INT
    trap 'exit 143' TERM
}

# A background command of a script does not hear Ctrl-C: end it ourselves, or a
# kernel build would go on alone.
leave() {
    local job
    for job in $(jobs -p); do
        kill "$job" 2>/dev/null || true
    done
    wait
    rm -rf "$SCRATCH"
}

# lock NAME: held until the script ends. Two builds at once would only fight
# over the processors and the same files.
lock() {
    mkdir -p "$BUILD_DIR"
    exec 9>"$BUILD_DIR/.$1.lock"
    if ! flock -n 9; then
        say "another $1 is under way, waiting for it"
        flock 9
    fi
}

# Where finished kernels and downloads are kept for the next clone on this
# machine; empty when switched off.
shared_cache() {
    local dir=${SECCOMP_CACHE_DIR:-${XDG_CACHE_HOME:-${HOME:-}/.cache}/seccomp-cache}
    if [[ $dir == none || $dir == /.cache/* ]]; then
        return 0
    fi
    printf '%s\n' "$dir"
}

# with_status CAPTION COMMAND...: runs a command whose output nobody reads and
# shows that time passes. The output is in $SCRATCH/status.log.
with_status() {
    local caption=$1 pid status=0
    shift
    "$@" >"$SCRATCH/status.log" 2>&1 </dev/null &
    pid=$!
    watch_process "$pid" "$caption" true
    wait "$pid" || status=$?
    return "$status"
}

# watch_process PID CAPTION DETAIL_COMMAND...: until the process ends, prints
# the caption, the detail and the time gone by: rewriting one line on a
# terminal, a line every 15 seconds elsewhere.
watch_process() {
    local pid=$1 caption=$2 start=$SECONDS last=$SECONDS line
    shift 2
    if [[ ! -t 2 ]]; then
        say "$caption"
    fi
    while kill -0 "$pid" 2>/dev/null; do
        if [[ -t 2 ]]; then
            line="$PROG: $caption $("$@") $((SECONDS - start)) s"
            printf '\r\033[K%.*s' "$((${COLUMNS:-80} - 1))" "$line" >&2
        elif ((SECONDS - last >= 15)); then
            last=$SECONDS
            say "$caption $("$@") $((SECONDS - start)) s"
        fi
        sleep 0.2
    done
    if [[ -t 2 ]]; then
        printf '\r\033[K%s: %s, %d s\n' "$PROG" "$caption" $((SECONDS - start)) >&2
    fi
}

# kernel_version TREE: 5.10.262, from the tree's own Makefile.
kernel_version() {
    awk -F ' *= *' '
        $1 == "VERSION" { v = $2 }
        $1 == "PATCHLEVEL" { p = $2 }
        $1 == "SUBLEVEL" { s = $2 }
        NR == 20 { exit }
        END { if (v != "") print v "." p "." s }' "$1/Makefile" 2>/dev/null || true
}
