# SPDX-License-Identifier: MIT
# shellcheck shell=bash
#
# mutants: our own mutants fit the kernel; and, on a kernel that is never built
# and tests that only pretend, what counts as noticed and what does not.

# What run_isolated() takes away: the only test of a real thing here needs it.
MUTANTS_KERNEL_SRC=${KERNEL_SRC:-} MUTANTS_KERNEL_VERSION=${KERNEL_VERSION:-}
MUTANTS_CACHE=${SECCOMP_CACHE_DIR:-${XDG_CACHE_HOME:-${HOME:-}/.cache}/seccomp-cache}

our_mutants() {
    local source
    # The source that the kernels are built from: there in `make test`.
    source=$(BUILD_DIR=$ROOT/build SECCOMP_CACHE_DIR=$MUTANTS_CACHE KERNEL_SRC=$MUTANTS_KERNEL_SRC \
        KERNEL_VERSION=$MUTANTS_KERNEL_VERSION "$ROOT/scripts/fetch-kernel")
    export KERNEL_SRC=$source
    run "$ROOT/scripts/mutants" --check
    expect_status 0
    local count
    count=$(find "$ROOT/harness/mutants/linux-5.10" -name '*.patch' | wc -l)
    ((count >= 36)) || fail "only $count mutants"
    expect_said "$count mutants fit"
}

# A project whose mutants change one line each, a build-kernel that prints the
# mutant's name as the kernel, and a vm_tests that does what `behaviour` says:
#   behaviour KERNEL FILTER STATUS <<< OUTPUT
make_project() {
    mkdir -p project/kernel-config project/patches project/harness/mutants/linux-5.10 acts
    cp -r "$ROOT/scripts" project/scripts
    : >project/kernel-config/base.config
    : >project/kernel-config/debug.config
    make_series linux-5.10
    mv linux-5.10 project/patches/
    make_kernel source
    export KERNEL_SRC=$T/source SECCOMP_CACHE_KERNEL=no-mutant
    export VM_TESTS=$T/bin/fake_tests BUILD_KERNEL=$T/bin/fake_build
    fake_program fake_build <<'SH'
while [ "$1" != --mutant ]; do shift; done
name=$(basename "$2" .patch)
[ "$name" != no-build ] || { echo 'build-kernel: error: the compiler says no' >&2; exit 21; }
echo "$name"
SH
    fake_program fake_tests <<'SH'
for option; do
    case $option in
    --kernel=*) kernel=${option#*=} ;;
    --gtest_filter=*) filter=${option#*=} ;;
    --gtest_list_tests) list=1 ;;
    esac
done
if [ -n "$list" ]; then
    case $filter in
    No.*) ;;
    *) printf 'Suite.\n  test\n' ;;
    esac
    exit
fi
echo "$kernel $filter" >>"$T/ran"
act=$T/acts/$kernel.$filter
[ -f "$act" ] || act=$T/acts/$kernel
[ -f "$act" ] || exit 0
status=$(head -n 1 "$act")
tail -n +2 "$act"
[ ! -f "$act.next" ] || mv "$act.next" "$act"
exit "$status"
SH
}

behaviour() {
    {
        echo "$3"
        cat
    } >"acts/$1${2:+.$2}"
}

fails_in() {
    printf '[  FAILED  ] %s (12 ms)\n' "$1"
}

# machine_fails REASON TEST
machine_fails() {
    printf 'Failed\n%s\n--- last lines of the console (some.log) ---\n' "$1"
    fails_in "$2"
}

# mutant NAME LINE HEADER...: changes a line of the source.
mutant() {
    local name=$1 line=$2 file
    shift 2
    file=project/harness/mutants/linux-5.10/$name.patch
    {
        printf '%s\n' 'SPDX-License-Identifier: GPL-2.0-only' "$@" ''
        printf 'diff --git a/kernel/seccomp.c b/kernel/seccomp.c\n--- a/kernel/seccomp.c\n+++ b/kernel/seccomp.c\n'
        printf '@@ -%d,3 +%d,3 @@\n int line_%d;\n-int line_%d;\n+long line_%d;\n int line_%d;\n' \
            $((line - 1)) $((line - 1)) $((line - 1)) "$line" "$line" $((line + 1))
    } >"$file"
}

mutants() {
    run project/scripts/mutants "$@"
}

# row NAME RESULT TEST: a line of the table.
expect_row() {
    grep -qF "| $1 |" <<<"$OUT" || fail "no row for $1: $OUT"
    grep -F "| $1 |" <<<"$OUT" | grep -qF "| $2 | $3 |" || fail "not '$2', '$3': $(grep -F "| $1 |" <<<"$OUT")"
}

killed() {
    make_project
    mutant one 5 'Breaks: the first thing' 'Killed-by: A.b:C.*'
    behaviour one 'A.b:C.*' 1 < <(fails_in A.b)
    mutants
    expect_status 0
    expect_row one killed A.b
    grep -qF '| one | the first thing |' <<<"$OUT"
    expect_said '1 mutants: 1 killed, 0 argued exceptions, 0 bad'
    # Enough is enough.
    expect_absent '-HarnessSelfCheck' ran
    grep -qF '"name": "one", "breaks": "the first thing", "result": "killed", "test": "A.b"' "$BUILD_DIR/mutants/base/results.json"
    cmp -s "$BUILD_DIR/mutants/base/results.md" .out || fail 'another table'
}

killed_by_the_rest() {
    make_project
    mutant one 5 'Breaks: a' 'Killed-by: A.b'
    mutant two 9 'Breaks: b'
    behaviour one '-HarnessSelfCheck.*' 1 < <(fails_in D.e/f)
    behaviour two '' 1 < <(fails_in D.e)
    mutants
    expect_status 0
    expect_row one killed D.e/f
    expect_row two killed D.e
}

survivor() {
    make_project
    mutant one 5 'Breaks: a' 'Killed-by: A.b'
    mutant two 9 'Breaks: b'
    behaviour two '' 1 < <(fails_in D.e)
    mutants
    expect_status 1
    expect_row one SURVIVED -
    expect_row two killed D.e
    expect_error 'not as it should be: one'
}

argued() {
    make_project
    mutant one 5 'Breaks: a' 'Survives: because of' ' this "and" that'
    mutants
    expect_status 0
    expect_row one 'survived (argued)' -
    expect_said '0 killed, 1 argued exceptions, 0 bad'
    behaviour one '' 1 < <(fails_in D.e)
    mutants
    expect_status 1
    expect_row one 'KILLED IN SPITE OF ITS REASON' D.e
}

argued_last() {
    make_project
    mutant one 5 'Breaks: a' 'Survives: because'
    mutant two 9 'Breaks: b' 'Killed-by: A.b'
    behaviour two 'A.b' 1 < <(fails_in A.b)
    mutants
    expect_status 0
    grep -oE '^\| (one|two) ' .out | paste -sd ' ' >order
    [[ $(<order) == '| two  | one ' ]] || fail "the order is $(<order)"
}

not_built() {
    make_project
    mutant no-build 5 'Breaks: a'
    mutants
    expect_status 1
    expect_row no-build 'DOES NOT BUILD' '- (build-kernel: error: the compiler says no)'
}

no_change() {
    make_project
    mutant one 5 'Breaks: a'
    mutant two 9 'Breaks: b' 'Survives: it is the same'
    mkdir no-mutant one two
    tee no-mutant/bzImage one/bzImage two/bzImage <<<code >/dev/null
    mutants
    expect_status 1
    expect_row one SURVIVED '- (the same kernel, to the byte)'
    expect_row two 'survived (argued)' '- (the same kernel, to the byte)'
    expect_absent 'one\|two' ran
}

red_without_mutant() {
    make_project
    mutant one 5 'Breaks: a' 'Killed-by: A.b'
    behaviour no-mutant A.b 1 < <(fails_in A.b)
    behaviour one A.b 1 < <(fails_in A.b)
    mutants
    expect_status 1
    expect_error 'A.b fails without any mutant'
    # The same if only the rest of the tests is red.
    rm acts/*
    behaviour no-mutant '-HarnessSelfCheck.*' 1 < <(fails_in D.e)
    behaviour one '-HarnessSelfCheck.*' 1 < <(fails_in D.e)
    mutants
    expect_status 1
    expect_error 'D.e fails without any mutant'
}

no_such_test() {
    make_project
    mutant one 5 'Breaks: a' 'Killed-by: A.b:No.test'
    mutants
    expect_status 30
    expect_error 'no test is called No.test'
    [[ ! -e ran ]] || fail 'tests were run'
}

crash_with_a_reason() {
    make_project
    mutant one 5 'Breaks: a'
    mutant two 9 'Breaks: b'
    behaviour one '' 1 < <(machine_fails 'kernel oops on the console: Oops: 0000' A.b)
    behaviour two '' 1 < <(printf 'Failed\nafter the last test: patched-boot1: memory leaks:\nunreferenced object 0x1\n\n--- last lines of the console (l) ---\n')
    mutants
    expect_status 0
    expect_row one killed 'A.b (kernel oops on the console: Oops: 0000)'
    expect_row two killed '(after the last test) (after the last test: patched-boot1: memory leaks)'
}

crash_without_a_reason() {
    make_project
    mutant one 5 'Breaks: a'
    behaviour one '' 1 <<<'nothing of use'
    mutants
    expect_status 1
    expect_error 'failed without a failed test'
}

out_of_time() {
    make_project
    mutant one 5 'Breaks: a'
    behaviour one '' 1 < <(machine_fails 'the command did not end within 60 s and was killed' A.b)
    mutants
    expect_status 0
    expect_said 'A.b ran out of time, trying again'
    expect_row one killed 'A.b (the command did not end within 60 s and was killed)'
    # Once is an accident.
    behaviour one '' 1 < <(machine_fails 'the guest hangs: no answer' A.b)
    echo 0 >acts/one.next
    mutants
    expect_status 1
    expect_row one SURVIVED -
}

host_trouble() {
    make_project
    mutant one 5 'Breaks: a'
    behaviour one '' 2 <<<'vm_tests: no test has that name'
    mutants
    expect_status 1
    expect_error 'ended with status 2'
    behaviour one '' 1 < <(machine_fails 'QEMU was killed by signal 9' A.b)
    mutants
    expect_status 1
    expect_error 'the virtual machine cannot be run: QEMU was killed by signal 9'
}

some_of_them() {
    make_project
    mutant one 5 'Breaks: a'
    mutant other 9 'Breaks: b' 'Config: debug'
    mutant third 12 'Breaks: c'
    behaviour one '' 1 < <(fails_in A.b)
    behaviour third '' 1 < <(fails_in A.b)
    behaviour other '' 1 < <(fails_in E.f)
    mutants
    expect_status 0
    expect_row one killed A.b
    expect_absent '| other |' .out
    expect_said '1 mutants show with another config only'
    mutants --config debug
    expect_status 0
    expect_row other killed E.f
    expect_absent '| one |' .out
    # The other table is still there.
    grep -qF '| one |' "$BUILD_DIR/mutants/base/results.md"
    mutants --only 't*'
    expect_row third killed A.b
    expect_absent '| one |' .out
    mutants --only 'x*'
    expect_status 2
}

by_tests_of_ones_own() {
    make_project
    mutant one 5 'Breaks: a' 'Killed-by: A.b'
    mutant two 9 'Breaks: b'
    behaviour one A.b 1 < <(fails_in A.b)
    behaviour two 'E.*' 1 < <(fails_in E.f)
    mutants --tests 'E.*'
    expect_status 1
    expect_row one SURVIVED -
    expect_row two killed E.f
    expect_absent 'A.b\|-HarnessSelfCheck' ran
}

malformed() {
    make_project
    mutant one 5 'Breaks: a'
    mutants --check
    expect_status 0
    expect_said '1 mutants fit Linux 5.10.262 with the series'

    mutant no-words 9 'Survives: a'
    mutant elsewhere 19 'Breaks: b' # line 20 is the series' own
    mutant again 5 'Breaks: c'
    mutant no-git 11 'Breaks: d'
    mutant no-config 13 'Breaks: e' 'Config: strange'
    sed -i '/^diff --git/d' project/harness/mutants/linux-5.10/no-git.patch
    mutants --check
    expect_status 30
    expect_error '5 of 6 mutants are not as they should be'
    expect_said "no-words.patch: no line 'Breaks:'"
    expect_said 'elsewhere.patch: 1 out of 1 hunk FAILED'
    expect_said 'the same change more than once: again.patch one.patch'
    expect_said "no-git.patch: no line 'diff --git'"
    expect_said 'no-config.patch: there is no kernel-config/strange.config'
}

it 'mutants: ours fit the kernel with the series' our_mutants
it 'mutants: killed by the tests that were to do it' killed
it 'mutants: killed by another test' killed_by_the_rest
it 'mutants: a survivor is a failure' survivor
it 'mutants: an argued survivor is none, until it is killed' argued
it 'mutants: argued ones, which take all tests, come last' argued_last
it 'mutants: a kernel that does not build is no kill' not_built
it 'mutants: a change that changes nothing needs no tests' no_change
it 'mutants: nothing is learned from tests that fail anyway' red_without_mutant
it 'mutants: tests that do not exist kill nothing' no_such_test
it 'mutants: what chosen tests notice alone' by_tests_of_ones_own
it 'mutants: a crash is a kill if the harness says why' crash_with_a_reason
it 'mutants: a failure without a test or a reason is none' crash_without_a_reason
it 'mutants: running out of time once proves nothing' out_of_time
it "mutants: the host's trouble is no kill" host_trouble
it 'mutants: some of them, by name and by config' some_of_them
it 'mutants: those that are not as they should be' malformed
