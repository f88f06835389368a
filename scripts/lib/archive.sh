# SPDX-License-Identifier: MIT
# shellcheck shell=bash
#
# Reading suites of the Debian archive that this machine is not configured for,
# through a private apt state: the user's own configuration is read, to learn
# where the archive is and how to reach it, and never touched.
# Needs common.sh and a scratch directory, and what to advise where it fails:
#   ARCHIVE_ADVICE  there is no archive, or no way to it
#   MISSING_ADVICE  it does not have a file that it lists

OS_RELEASE=${OS_RELEASE:-/etc/os-release}
KEYRING=${KEYRING:-/usr/share/keyrings/debian-archive-keyring.gpg}

# The suites that have each base: SUITE in the main archive, SUITE-security in
# the security archive.
suite_of_base() {
    case $1 in
    linux-5.10) echo bullseye ;;
    linux-6.12) echo bookworm ;;
    linux-7.2) echo sid ;;
    *) die "$EX_UNKNOWN_VERSION" "no suite of the archive is known for the base '$1'" ;;
    esac
}

# archive_uri main|security: the address this machine itself uses. An archive of
# someone else's may have a component `main` too: go by the origin where apt
# knows it, and by the name of the suite where it has never fetched a list.
# shellcheck disable=SC2016 # the names in the format are apt's, not the shell's
archive_uri() {
    local kind=$1 uri base origin suite
    while IFS='|' read -r uri base origin; do
        suite=${base#"$uri"dists/}
        suite=${suite%/}
        [[ $origin == Debian || $origin != *[!\$\(\)A-Z_]* ]] || continue
        case $kind:$suite in
        security:*-security | security:*/updates) ;;
        main:*-security | main:*/updates | main:*-backports* | security:*) continue ;;
        esac
        if [[ $origin != Debian ]] && ! is_debian_suite "$suite"; then
            continue
        fi
        printf '%s\n' "$uri"
        return
    done < <(apt-get indextargets --format '$(REPO_URI)|$(BASE_URI)|$(ORIGIN)' \
        'Created-By: Packages' 'Component: main' 2>/dev/null)
}

# os_release NAME: what this machine runs, see os-release(5).
os_release() {
    sed -n -E "s/^$1=[\"']?([^\"']*)[\"']?\$/\1/p" "$OS_RELEASE"
}

is_debian_suite() {
    local name=${1%%[-/]*} codename
    [[ $(os_release ID) == debian ]] || return 1
    codename=$(os_release VERSION_CODENAME)
    case $name in
    "$codename" | oldoldstable | oldstable | stable | testing | unstable | sid) return 0 ;;
    *) return 1 ;;
    esac
}

# archive_sources SUITE: the lines of a sources.list for the suite and its
# security updates; nothing where no Debian archive is configured.
archive_sources() {
    local main security
    main=$(archive_uri main)
    security=$(archive_uri security)
    if [[ -n $main ]]; then
        printf 'deb [signed-by=%s] %s %s main\n' "$KEYRING" "$main" "$1"
    fi
    # The newest packages there are have no security archive of their own.
    if [[ -n $security && $1 != sid ]]; then
        printf 'deb [signed-by=%s] %s %s-security main\n' "$KEYRING" "$security" "$1"
    fi
}

need_keyring() {
    [[ -r $KEYRING ]] ||
        die "$EX_NO_KEYRING" "the archive's signature cannot be checked without $KEYRING: install debian-archive-keyring"
}

# private_apt SUITE: writes the private configuration and points APT_CONFIG to it.
private_apt() {
    local dir=$BUILD_DIR/apt sources
    command -v apt-get >/dev/null ||
        die "$EX_NO_ARCHIVE" "this is not a Debian machine, so there is no archive to take packages from: $ARCHIVE_ADVICE"
    sources=$(archive_sources "$1")
    [[ -n $sources ]] ||
        die "$EX_NO_ARCHIVE" "apt has no Debian archive configured here: $ARCHIVE_ADVICE"
    need_keyring

    mkdir -p "$dir/state/lists/partial" "$dir/cache/archives/partial"
    printf '%s\n' "$sources" >"$dir/sources.list"

    # The hooks are cleared because they belong to the system's own state;
    # the validity date because old suites are signed no more.
    cat >"$dir/apt.conf" <<CONF
Dir::Etc::SourceList "$dir/sources.list";
Dir::Etc::SourceParts "/dev/null";
Dir::Etc::Preferences "/dev/null";
Dir::Etc::PreferencesParts "/dev/null";
Dir::State "$dir/state";
Dir::State::Lists "$dir/state/lists";
Dir::State::Status "/dev/null";
Dir::Cache "$dir/cache";
APT::Architecture "amd64";
#clear APT::Architectures;
APT::Architectures "amd64";
APT::Sandbox::User "";
APT::Get::List-Cleanup "false";
APT::Update::Error-Mode "any";
#clear APT::Update::Pre-Invoke;
#clear APT::Update::Post-Invoke;
#clear APT::Update::Post-Invoke-Success;
#clear DPkg::Post-Invoke;
Acquire::Check-Valid-Until "false";
Acquire::Languages "none";
Acquire::Retries "3";
Acquire::http::Timeout "30";
#clear Acquire::IndexTargets::deb::DEP-11;
#clear Acquire::IndexTargets::deb::Contents-deb;
CONF
    export APT_CONFIG=$dir/apt.conf
}

# refresh_lists PACKAGE: asks the archive what it has. One suite of two may be gone
# (old suites move): that is for the list of versions to show.
refresh_lists() {
    if with_status 'reading the package lists' apt-get -q update; then
        return
    fi
    if offered_versions "$1" | grep -q .; then
        say "warning: not all of the archive could be read ($(last_apt_error))"
        return
    fi
    die "$EX_NETWORK" "the Debian archive cannot be read ($(last_apt_error)): check the network, or $ARCHIVE_ADVICE"
}

# Without addresses: they are long, and the reason is what helps.
last_apt_error() {
    local line
    line=$(sed -n -E 's/^E: //; T; s,[a-z]+://[^ ]* *,,g; p' "$SCRATCH/status.log" | head -n 1)
    printf '%s' "${line:-no answer}"
}

# offered_versions PACKAGE: newest first. (madison, because `policy` hides what has
# no candidate.)
offered_versions() {
    apt-cache madison "$1" 2>/dev/null |
        awk -F '|' '{ gsub(/ /, "", $2); print $2 }' | sort -rV | uniq
}

# package_digest PACKAGE VERSION: the SHA256 of the .deb, from the signed lists.
package_digest() {
    apt-cache show "$1=$2" 2>/dev/null |
        awk '$1 == "SHA256:" { print $2; exit }'
}

# download PACKAGE VERSION FILE: from the shared cache if it is there and whole.
download() {
    local package=$1 full=$2 file=$3 digest cache kept=''
    digest=$(package_digest "$package" "$full")
    cache=$(shared_cache)
    if [[ -n $cache ]]; then
        kept=$cache/downloads/${package}_$full.deb
        if [[ -f $kept ]] && [[ $(sha256sum <"$kept") == "$digest "* ]]; then
            ln -s "$kept" "$file"
            return
        fi
    fi

    mkdir "$SCRATCH/download"
    (cd "$SCRATCH/download" && with_status "downloading $package $full" apt-get -q download "$package=$full") ||
        download_failed "$package $full"
    mv "$SCRATCH"/download/*.deb "$file"
    rmdir "$SCRATCH/download"
    [[ $(sha256sum <"$file") == "$digest "* ]] ||
        die "$EX_TRUNCATED" "the downloaded $package $full is damaged: try again"
    if [[ -n $kept ]]; then
        keep "$file" "$kept"
    fi
}

download_failed() {
    local code=$EX_NETWORK
    if grep -q ' 404 ' "$SCRATCH/status.log"; then
        die "$EX_UNKNOWN_VERSION" "the archive lists $1 but does not have the file any more: $MISSING_ADVICE"
    elif grep -qi 'no space left' "$SCRATCH/status.log"; then
        code=$EX_NO_SPACE
    elif grep -qi 'hash sum\|size mismatch\|unexpected size' "$SCRATCH/status.log"; then
        code=$EX_TRUNCATED
    fi
    die "$code" "downloading $1 failed ($(last_apt_error))"
}

# keep FILE PLACE: for the next clone; not being able to is no failure.
keep() {
    if ! { mkdir -p "${2%/*}" && cp "$1" "$2.$$" && mv "$2.$$" "$2"; } 2>/dev/null; then
        rm -f "$2.$$"
        say "warning: cannot keep a copy in ${2%/*}"
    fi
}
