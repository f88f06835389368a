# SPDX-License-Identifier: MIT
# shellcheck shell=bash
#
# fetch-kernel against an archive that is two files and two fake programs: what
# matters is how each thing that can go wrong is told and cleaned up.

fetch() {
    run "$ROOT/scripts/fetch-kernel" "$@"
}

# An archive that offers 5.10.262 and 5.10.223. Tests change single answers by
# files: NETWORK_DOWN, NO_ARCHIVE, DAMAGED.
fake_archive() {
    local version
    for version in 5.10.262 5.10.223; do
        mkdir -p "deb/DEBIAN" deb/usr/src
        printf 'Package: linux-source-5.10\nVersion: %s-1\nArchitecture: all\nMaintainer: nobody\nDescription: test\n' \
            "$version" >deb/DEBIAN/control
        make_tarball source "$version"
        mv source.tar.xz deb/usr/src/linux-source-5.10.tar.xz
        dpkg-deb -b deb "linux-source-5.10_$version-1_all.deb" >/dev/null
    done
    rm -rf deb
    export KEYRING=$T/keyring.gpg
    : >"$KEYRING"

    fake_program apt-get <<'SH'
case " $* " in
*' indextargets '*)
    [ -e "$T/NO_ARCHIVE" ] || echo 'http://archive.invalid/debian/|http://archive.invalid/debian/dists/bookworm/|Debian'
    [ ! -e "$T/OTHER_ARCHIVE" ] || echo 'http://other.invalid/apt/|http://other.invalid/apt/dists/bookworm/|Somebody'
    ;;
*' update '*)
    cp "$APT_CONFIG" "$T/apt.conf.seen"
    echo "update" >>"$T/apt.log"
    [ ! -e "$T/NETWORK_DOWN" ] || { echo 'E: Could not resolve the name of the archive'; exit 100; }
    ;;
*' download '*)
    version=${*: -1}
    version=${version#*=}
    [ ! -e "$T/DOWNLOAD_FAILS" ] || { echo 'E: Connection timed out'; exit 100; }
    [ ! -e "$T/FILE_GONE" ] || { echo 'Err:1 somewhere'; echo '  404  Not Found [IP: ::1]'; echo 'E: Failed to fetch http://archive.invalid/x  404  Not Found'; exit 100; }
    cp "$T/linux-source-5.10_${version}_all.deb" .
    [ ! -e "$T/DAMAGED" ] || truncate -s -100 ./*.deb
    ;;
esac
SH
    fake_program apt-cache <<'SH'
[ ! -e "$T/NETWORK_DOWN" ] || exit 0
case $1 in
madison)
    [ "$2" = linux-source-5.10 ] || exit 0
    echo 'linux-source-5.10 | 5.10.223-1 | somewhere bullseye/main amd64 Packages'
    echo 'linux-source-5.10 | 5.10.262-1 | somewhere bullseye-security/main amd64 Packages'
    ;;
show)
    echo "SHA256: $(sha256sum <"$T/linux-source-5.10_${2#*=}_all.deb" | cut -d ' ' -f 1)"
    ;;
esac
SH
}

newest_version() {
    fake_archive
    fetch
    expect_status 0
    expect_out "$BUILD_DIR/src/linux-5.10.262"
    grep -q 'SUBLEVEL = 262' "$OUT/Makefile"
    grep -q '^debian 5.10.262-1 ' "$OUT/.source-id"
    [[ -z $(ls "$BUILD_DIR/tmp") ]] || fail 'the scratch directory is still there'
}

second_time_is_quiet() {
    fake_archive
    fetch
    : >apt.log
    touch NETWORK_DOWN
    fetch
    expect_status 0
    expect_out "$BUILD_DIR/src/linux-5.10.262"
    [[ ! -s apt.log ]] || fail 'the archive was asked again'
}

given_version() {
    fake_archive
    fetch --version 5.10.223
    expect_status 0
    expect_out "$BUILD_DIR/src/linux-5.10.223"
    KERNEL_VERSION=5.10.262 fetch
    expect_out "$BUILD_DIR/src/linux-5.10.262"
}

asked_version_is_not_default() {
    fake_archive
    fetch --version 5.10.223
    fetch
    expect_out "$BUILD_DIR/src/linux-5.10.262"
}

listing() {
    fake_archive
    fetch --list
    expect_status 0
    expect_out $'5.10.262\n5.10.223'
}

unknown_version() {
    fake_archive
    fetch --version 5.10.1
    expect_status 12
    expect_error 'does not offer Linux 5.10.1; it has: 5.10.262 5.10.223'
    expect_nothing_left
}

unknown_base() {
    fetch linux-4.4
    expect_status 12
    expect_error "no suite of the archive is known for the base 'linux-4.4'"
}

no_network() {
    fake_archive
    touch NETWORK_DOWN
    fetch
    expect_status 11
    expect_error 'cannot be read (Could not resolve the name of the archive)'
    expect_nothing_left
}

download_breaks_off() {
    fake_archive
    touch DOWNLOAD_FAILS
    fetch
    expect_status 11
    expect_error 'Connection timed out'
    expect_nothing_left
}

listed_but_gone() {
    fake_archive
    touch FILE_GONE
    fetch
    expect_status 12
    expect_error 'does not have the file any more'
    expect_nothing_left
}

truncated_download() {
    fake_archive
    touch DAMAGED
    fetch
    expect_status 13
    expect_error 'is damaged'
    expect_nothing_left
}

damaged_cache_copy() {
    fake_archive
    export SECCOMP_CACHE_DIR=$T/cache
    fetch
    expect_status 0
    truncate -s 100 cache/downloads/*.deb
    rm -rf "$BUILD_DIR"
    fetch
    expect_status 0
    [[ $(find cache/downloads -size -2b) == '' ]] || fail 'the damaged copy is still there'
}

cached_download() {
    fake_archive
    export SECCOMP_CACHE_DIR=$T/cache
    fetch
    rm -rf "$BUILD_DIR"
    touch DOWNLOAD_FAILS
    fetch
    expect_status 0
}

disk_full_before() {
    fake_archive
    fake_program df <<'SH'
echo 'Filesystem 1M-blocks Used Available Capacity Mounted on'
echo 'disk 100 90 10 90% /'
SH
    fetch
    expect_status 14
    expect_error '3000 MB needed, 10 MB free'
    expect_nothing_left
}

disk_full_meanwhile() {
    fake_archive
    fake_program tar <<'SH'
case "$*" in
*--strip-components*) mkdir -p "$4/kernel"; echo 'tar: kernel/seccomp.c: Cannot write: No space left on device' >&2; exit 2 ;;
*) exec /bin/tar "$@" ;;
esac
SH
    fetch
    expect_status 14
    expect_error 'no disk space left'
    expect_nothing_left
}

interrupted() {
    fake_archive
    fake_program tar <<'SH'
case "$*" in
*--strip-components*) mkdir -p "$4/kernel"; touch "$T/unpacking"; exec sleep 30 ;;
*) exec /bin/tar "$@" ;;
esac
SH
    "$ROOT/scripts/fetch-kernel" >.out 2>.err &
    for _ in {1..100}; do
        [[ ! -e unpacking ]] || break
        sleep 0.1
    done
    kill -TERM $!
    wait $! && fail 'it went on'
    expect_nothing_left
}

no_archive() {
    fake_archive
    touch NO_ARCHIVE
    fetch
    expect_status 10
    expect_error 'set KERNEL_SRC='
}

somebody_elses_archive() {
    fake_archive
    touch NO_ARCHIVE OTHER_ARCHIVE
    fetch
    expect_status 10
}

no_keyring() {
    fake_archive
    rm "$KEYRING"
    fetch
    expect_status 17
    expect_error 'install debian-archive-keyring'
}

signature_is_checked() {
    fake_archive
    fetch
    grep -q "signed-by=$KEYRING" "$BUILD_DIR/apt/sources.list"
    expect_absent '[Aa]llow-[Ii]nsecure\|[Tt]rusted' "$BUILD_DIR/apt/sources.list" apt.conf.seen
    grep -q 'Dir::State::Lists "'"$BUILD_DIR" apt.conf.seen
}

has_action_cache() {
    make_kernel mine
    echo 'struct action_cache { };' >>mine/kernel/seccomp.c
    KERNEL_SRC=mine fetch
    expect_status 16
    expect_error 'already has a seccomp action cache'
    expect_nothing_left
}

tarball_with_action_cache() {
    make_kernel pack/linux
    echo 'struct action_cache { };' >>pack/linux/kernel/seccomp.c
    tar -C pack -czf mine.tar.gz linux
    KERNEL_SRC=mine.tar.gz fetch
    expect_status 16
    expect_nothing_left
}

users_directory() {
    make_kernel mine
    cp -r mine before
    chmod -R a-w mine
    KERNEL_SRC=mine fetch
    expect_status 0
    expect_out "$T/mine"
    expect_same before mine
}

users_tarball() {
    make_tarball mine
    KERNEL_SRC=mine.tar.xz fetch
    expect_status 0
    grep -q 'SUBLEVEL = 262' "$OUT/Makefile"
    local first=$OUT
    KERNEL_SRC=mine.tar.xz fetch
    expect_out "$first"
}

truncated_tarball() {
    make_tarball mine
    truncate -s -60 mine.tar.xz
    KERNEL_SRC=mine.tar.xz fetch
    expect_status 13
    expect_error 'is truncated or not an archive'
    expect_nothing_left
}

not_an_archive() {
    echo hello >mine.txt
    KERNEL_SRC=mine.txt fetch
    expect_status 13
    expect_nothing_left
}

not_a_kernel() {
    mkdir mine
    KERNEL_SRC=mine fetch
    expect_status 15
    expect_error 'is not a kernel source tree'
    KERNEL_SRC=nowhere fetch
    expect_status 15
    expect_error 'no such file'
}

other_kernel() {
    make_kernel mine 6.1.7
    KERNEL_SRC=mine fetch
    expect_status 12
    expect_error 'is Linux 6.1.7'
}

# A base that there are no patches for may have a cache, and is the archive's own
# whatever the user's tree for the patches is.
other_base() {
    make_kernel mine
    make_kernel deb/usr/src/other 6.12.7
    echo 'struct action_cache { };' >>deb/usr/src/other/kernel/seccomp.c
    tar -C deb/usr/src -cJf linux-source-6.12.tar.xz other
    rm -rf deb
    mkdir -p deb/DEBIAN deb/usr/src
    mv linux-source-6.12.tar.xz deb/usr/src/
    printf 'Package: linux-source-6.12\nVersion: 6.12.7-1\nArchitecture: all\nMaintainer: nobody\nDescription: test\n' >deb/DEBIAN/control
    fake_bookworm
    KERNEL_SRC=mine KERNEL_VERSION=5.10.223 fetch linux-6.12
    expect_status 0
    expect_out "$BUILD_DIR/src/linux-6.12.7"
    grep -q ' bookworm-security main' "$BUILD_DIR/apt/sources.list"
}

fake_bookworm() {
    local made=$T/linux-source-6.12_6.12.7-1_all.deb
    dpkg-deb -b deb "$made" >/dev/null
    rm -rf deb
    fake_archive
    fake_program apt-cache <<'SH'
case $1 in
madison) echo "$2 | 6.12.7-1 | somewhere bookworm-security/main amd64 Packages" ;;
show) echo "SHA256: $(sha256sum <"$T/linux-source-6.12_6.12.7-1_all.deb" | cut -d ' ' -f 1)" ;;
esac
SH
    fake_program apt-get <<'SH'
case " $* " in
*' indextargets '*)
    echo 'http://archive.invalid/debian/|http://archive.invalid/debian/dists/bookworm/|Debian'
    echo 'http://archive.invalid/security/|http://archive.invalid/security/dists/bookworm-security/|Debian'
    ;;
*' download '*) cp "$T/linux-source-6.12_6.12.7-1_all.deb" . ;;
esac
SH
}

# sid has no security archive.
newest_suite() {
    fake_archive
    fake_sid
    fetch --list linux-7.2
    expect_status 0
    expect_out 7.2.1
    expect_absent security "$BUILD_DIR/apt/sources.list"
    grep -q ' sid main' "$BUILD_DIR/apt/sources.list"
}

fake_sid() {
    fake_program apt-cache <<'SH'
echo "linux-source-7.2 | 7.2.1-1 | somewhere sid/main amd64 Packages"
SH
    fake_program apt-get <<'SH'
case " $* " in
*' indextargets '*)
    echo 'http://archive.invalid/debian/|http://archive.invalid/debian/dists/bookworm/|Debian'
    echo 'http://archive.invalid/security/|http://archive.invalid/security/dists/bookworm-security/|Debian'
    ;;
esac
SH
}

it 'fetch-kernel: gets the newest version' newest_version
it 'fetch-kernel: asks nobody the second time' second_time_is_quiet
it 'fetch-kernel: gets the version it is told to' given_version
it 'fetch-kernel: a version asked for once does not become the default' asked_version_is_not_default
it 'fetch-kernel: lists the versions on offer' listing
it 'fetch-kernel: unknown version' unknown_version
it 'fetch-kernel: unknown base' unknown_base
it 'fetch-kernel: no network' no_network
it 'fetch-kernel: the download breaks off' download_breaks_off
it 'fetch-kernel: a version that is listed, and its file gone' listed_but_gone
it 'fetch-kernel: the download is damaged' truncated_download
it 'fetch-kernel: takes the download from the shared cache' cached_download
it 'fetch-kernel: does not trust a damaged copy in the shared cache' damaged_cache_copy
it 'fetch-kernel: not enough disk space to start with' disk_full_before
it 'fetch-kernel: the disk fills up meanwhile' disk_full_meanwhile
it 'fetch-kernel: leaves nothing behind when terminated' interrupted
it 'fetch-kernel: no Debian archive configured' no_archive
it 'fetch-kernel: somebody else'\''s archive is not Debian'\''s' somebody_elses_archive
it 'fetch-kernel: no archive keyring' no_keyring
it 'fetch-kernel: the archive'\''s signature is checked, in a private state' signature_is_checked
it 'fetch-kernel: a source that has an action cache' has_action_cache
it 'fetch-kernel: a tarball of a source that has an action cache' tarball_with_action_cache
it 'fetch-kernel: KERNEL_SRC is a directory, not modified' users_directory
it 'fetch-kernel: KERNEL_SRC is a tarball' users_tarball
it 'fetch-kernel: KERNEL_SRC is a truncated tarball' truncated_tarball
it 'fetch-kernel: KERNEL_SRC is no archive' not_an_archive
it 'fetch-kernel: KERNEL_SRC is no kernel' not_a_kernel
it 'fetch-kernel: KERNEL_SRC is another kernel' other_kernel
it 'fetch-kernel: a base without patches' other_base
it 'fetch-kernel: the newest suite has no security archive' newest_suite
