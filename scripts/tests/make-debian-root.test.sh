# SPDX-License-Identifier: MIT
# shellcheck shell=bash
#
# make-debian-root with an mmdebstrap that fetches nothing.

fake_debian() {
    export OS_RELEASE=$T/os-release KEYRING=$T/keyring.gpg
    printf 'PRETTY_NAME="Debian"\nID=debian\nVERSION_CODENAME=bookworm\n' >"$OS_RELEASE"
    : >"$KEYRING"
    fake_program apt-get <<'SH'
[ -e "$T/NO_ARCHIVE" ] || echo 'http://archive.invalid/debian/|http://archive.invalid/debian/dists/bookworm/|Debian'
SH
    fake_program mmdebstrap <<'SH'
echo "$*" >>"$T/mmdebstrap.log"
[ ! -e "$T/NETWORK_DOWN" ] || { echo 'E: Failed to fetch http://archive.invalid/x Connection refused'; exit 25; }
suite=${*: -3:1} out=${*: -2:1} sources=${*: -1}
cp "$sources" "$T/sources.seen"
mkdir -p root/etc root/dev
echo "$suite" >root/etc/suite
tar -C root --zstd -cf "$out" .
SH
    printf 'int main(void) { return 0; }\n' >tool.c
    gcc -static -o tool tool.c
}

make_root() {
    run "$ROOT/scripts/make-debian-root" "$@"
}

fetches() {
    wc -l <mmdebstrap.log
}

# in_image IMAGE PATH: the content of a file in it.
in_image() {
    in_debugfs "$1" "cat $2"
}

in_debugfs() {
    PATH=$PATH:/usr/sbin:/sbin debugfs -R "$2" "$1" 2>/dev/null
}

makes_an_image() {
    fake_debian
    make_root --bin tool
    expect_status 0
    [[ $OUT == "$BUILD_DIR"/debian/root-*.ext4 ]] || fail "$OUT"
    [[ $(in_image "$OUT" /etc/suite) == bookworm ]] || fail 'the packages are not in it'
    [[ $(in_image "$OUT" /etc/systemd/system/sc-agent.service) == *ExecStart=* ]] || fail 'no agent unit'
    in_debugfs "$OUT" 'stat /opt/seccomp-cache/bin/agent' | grep -q 'Mode:  0755.*' || fail 'no agent'
    in_debugfs "$OUT" 'stat /opt/seccomp-cache/bin/tool' | grep -q 'User:     0 ' || fail 'not of root'
    [[ -z $(ls "$BUILD_DIR/tmp") ]] || fail 'the scratch directory is still there'
}

takes_the_machines_archive() {
    fake_debian
    make_root
    grep -q "^deb \[signed-by=$KEYRING\] http://archive.invalid/debian/ bookworm main\$" sources.seen || fail "$(<sources.seen)"
}

nothing_twice() {
    local first
    fake_debian
    make_root
    first=$OUT
    make_root
    expect_out "$first"
    [[ $(fetches) == 1 && -z $ERR ]] || fail "it did something: $ERR"
}

a_program_changes_the_image_only() {
    local first
    fake_debian
    make_root --bin tool
    first=$OUT
    echo >>tool
    make_root --bin tool
    [[ $OUT != "$first" && $(fetches) == 1 ]] || fail "$OUT"
    [[ ! -e $first ]] || fail 'the old image is still there'
}

other_clones_need_not_fetch() {
    fake_debian
    export SECCOMP_CACHE_DIR=$T/cache
    make_root
    BUILD_DIR=$T/other make_root
    expect_status 0
    [[ $(fetches) == 1 ]] || fail 'it fetched again'
    make_root --update
    [[ $(fetches) == 2 ]] || fail '--update did not fetch'
}

no_network() {
    fake_debian
    touch NETWORK_DOWN
    make_root
    expect_status 11
    expect_error 'Connection refused'
    expect_absent archive.invalid .err
    [[ -z $(ls "$BUILD_DIR/debian") ]] || fail 'something is left'
}

no_archive() {
    fake_debian
    touch NO_ARCHIVE
    make_root
    expect_status 10
    expect_error 'no Debian archive'
}

not_debian() {
    fake_debian
    printf 'ID="ubuntu"\nVERSION_CODENAME=noble\n' >"$OS_RELEASE"
    make_root
    expect_status 10
    expect_error 'this machine runs ubuntu'
}

no_keyring() {
    fake_debian
    rm "$KEYRING"
    make_root
    expect_status 17
    expect_error 'install debian-archive-keyring'
}

bad_arguments() {
    make_root --bin
    expect_status 2
    make_root --bin no-such-file
    expect_status 2
    expect_error 'no such file'
    make_root x
    expect_status 2
}

it 'make-debian-root: makes an image of packages, overlay and programs' makes_an_image
it 'make-debian-root: takes the archive this machine uses' takes_the_machines_archive
it 'make-debian-root: makes nothing twice' nothing_twice
it 'make-debian-root: another program makes another image, and fetches nothing' a_program_changes_the_image_only
it 'make-debian-root: keeps the packages for other clones' other_clones_need_not_fetch
it 'make-debian-root: says that the archive cannot be reached, and leaves nothing' no_network
it 'make-debian-root: says that there is no archive' no_archive
it 'make-debian-root: says that the machine is not Debian' not_debian
it 'make-debian-root: says that the keyring is missing' no_keyring
it 'make-debian-root: refuses bad arguments' bad_arguments
