# SPDX-License-Identifier: MIT
# shellcheck shell=bash
#
# fetch-cbmc with an archive that is two small packages and two fake programs.

fake_cbmc_archive() {
    local package
    for package in cbmc minisat; do
        mkdir -p deb/DEBIAN deb/usr/bin deb/usr/lib
        printf 'Package: %s\nVersion: 5-1\nArchitecture: all\nMaintainer: nobody\nDescription: test\n' \
            "$package" >deb/DEBIAN/control
        if [[ $package == cbmc ]]; then
            cat >deb/usr/bin/cbmc <<'SH'
#!/bin/sh
echo "checking $*, library in $LD_LIBRARY_PATH"
SH
            chmod +x deb/usr/bin/cbmc
        else
            : >deb/usr/lib/libminisat.so.2
        fi
        dpkg-deb -b deb "${package}_5-1.deb" >/dev/null
        rm -rf deb
    done
    export KEYRING=$T/keyring.gpg
    : >"$KEYRING"

    fake_program apt-get <<'SH'
case " $* " in
*' indextargets '*) echo 'http://archive.invalid/debian/|http://archive.invalid/debian/dists/bookworm/|Debian' ;;
*' update '*)
    cp "$APT_CONFIG" "$T/apt.conf.seen"
    cp "$BUILD_DIR/apt/sources.list" "$T/sources.seen"
    [ ! -e "$T/NETWORK_DOWN" ] || { echo 'E: Could not resolve the name of the archive'; exit 100; }
    ;;
*' download '*)
    package=${*: -1}
    cp "$T/${package%=*}_5-1.deb" .
    [ ! -e "$T/DAMAGED" ] || truncate -s -100 ./*.deb
    ;;
esac
SH
    fake_program apt-cache <<'SH'
[ ! -e "$T/NETWORK_DOWN" ] || exit 0
case $1 in
madison) echo "$2 | 5-1 | somewhere bullseye/main amd64 Packages" ;;
show) echo "SHA256: $(sha256sum <"$T/${2%=*}_5-1.deb" | cut -d ' ' -f 1)" ;;
esac
SH
}

fetch_cbmc() {
    run "$ROOT/scripts/fetch-cbmc"
}

cbmc_runs() {
    fake_cbmc_archive
    fetch_cbmc
    expect_status 0
    expect_out "$BUILD_DIR/cbmc/cbmc"
    run "$OUT" something
    expect_out "checking something, library in $BUILD_DIR/cbmc/usr/lib"
    grep -q 'bullseye main$' sources.seen || fail "$(<sources.seen)"
    touch NETWORK_DOWN
    fetch_cbmc
    expect_status 0
    [[ -z $ERR ]] || fail "the second time it said: $ERR"
}

cbmc_without_network() {
    fake_cbmc_archive
    touch NETWORK_DOWN
    fetch_cbmc
    expect_status 11
    expect_error 'put a cbmc of your own into PATH'
    [[ ! -e $BUILD_DIR/cbmc ]] || fail 'something is left'
}

cbmc_damaged() {
    fake_cbmc_archive
    touch DAMAGED
    fetch_cbmc
    expect_status 13
    expect_error 'the downloaded cbmc 5-1 is damaged'
    [[ ! -e $BUILD_DIR/cbmc ]] || fail 'something is left'
}

cbmc_from_shared_cache() {
    fake_cbmc_archive
    export SECCOMP_CACHE_DIR=$T/cache
    fetch_cbmc
    expect_status 0
    rm -rf "$BUILD_DIR"
    touch DAMAGED # a new download would be noticed
    fetch_cbmc
    expect_status 0
}

cbmc_of_the_users() {
    fake_program cbmc </dev/null
    fetch_cbmc
    expect_status 0
    expect_out "$T/bin/cbmc"
}

it 'fetch-cbmc: a checker that runs, fetched once' cbmc_runs
it 'fetch-cbmc: no network' cbmc_without_network
it 'fetch-cbmc: the download is damaged' cbmc_damaged
it 'fetch-cbmc: takes the downloads from the shared cache' cbmc_from_shared_cache
it 'fetch-cbmc: one that is installed will do' cbmc_of_the_users
