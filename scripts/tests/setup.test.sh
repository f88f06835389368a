# SPDX-License-Identifier: MIT
# shellcheck shell=bash
#
# setup, with a dpkg-query that knows what the file `have` says.

fake_packages() {
    grep -v '^#\|^$' "$ROOT/scripts/packages.txt" >have
    fake_program dpkg-query <<'SH'
status=1
while read -r name; do echo "installed $name"; done <"$T/have"
echo 'config-files shellcheck-old'
exit $status
SH
    fake_program apt-get <<'SH'
echo "$*" >>"$T/apt.log"
[ ! -e "$T/APT_FAILS" ] || { echo 'E: Unable to locate package flex'; exit 100; }
case " $* " in *' install '*) printf 'flex\nqemu-system-x86\n' >>"$T/have" ;; esac
SH
    : >apt.log
}

setup() {
    run "$ROOT/scripts/setup" "$@"
}

nothing_missing() {
    fake_packages
    setup
    expect_status 0
    [[ -z $OUT$ERR && ! -s apt.log ]] || fail "it did something: $ERR $(<apt.log)"
}

installs_missing() {
    fake_packages
    sed -i '/^flex$/d; /^qemu-system-x86$/d' have
    fake_program sudo <<'SH'
[ "$1" != -n ] || shift
exec "$@"
SH
    setup
    expect_status 0
    grep -q 'install -y --no-install-recommends flex qemu-system-x86$' apt.log || fail "$(<apt.log)"
    setup
    [[ $(grep -c install apt.log) == 1 ]] || fail 'it installed again'
}

cannot_install() {
    fake_packages
    sed -i '/^flex$/d' have
    touch APT_FAILS
    fake_program sudo <<'SH'
[ "$1" != -n ] || shift
exec "$@"
SH
    setup
    expect_status 18
    expect_error 'apt-get could not install: flex'
    expect_said 'Unable to locate package flex'
}

prints_missing() {
    fake_packages
    sed -i '/^flex$/d' have
    setup --print
    expect_status 0
    expect_out flex
    [[ ! -s apt.log ]]
}

each_package_once() {
    local twice
    twice=$(grep -v '^#\|^$' "$ROOT/scripts/packages.txt" | sort | uniq -d)
    [[ -z $twice ]] || fail "twice: $twice"
}

it 'setup: does nothing when nothing is missing' nothing_missing
it 'setup: installs what is missing, once' installs_missing
it 'setup: says what could not be installed' cannot_install
it 'setup: prints what is missing' prints_missing
it 'setup: the list has each package once' each_package_once
