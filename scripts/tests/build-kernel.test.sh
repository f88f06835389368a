# SPDX-License-Identifier: MIT
# shellcheck shell=bash
#
# build-kernel on a "kernel" that make builds in no time: what makes a new key,
# what is built again, and what is told when something fails. The script and
# its libraries are copied, so that patches and fragments can be the test's own.

# A project (scripts, kernel-config, patches) and a source in $T.
make_project() {
    mkdir -p project/kernel-config project/patches
    cp -r "$ROOT/scripts" project/scripts
    printf '# A reason.\nCONFIG_SECCOMP=y\nCONFIG_X86_64=y\nCONFIG_COMPAT=y\n' >project/kernel-config/base.config
    printf 'CONFIG_KASAN=y\n' >project/kernel-config/debug.config
    printf '# Comes with the patches.\nCONFIG_OURS=y\n' >project/kernel-config/patched.config
    make_series linux-5.10
    mv linux-5.10 project/patches/
    make_source source
    export KERNEL_SRC=$T/source
}

make_source() {
    make_kernel "$1"
    mkdir -p "$1/scripts/kconfig" "$1/tools/testing/selftests/seccomp"
    cat >>"$1/Makefile" <<'MAKE'
tinyconfig:
	@echo '# CONFIG_NET is not set' > $(O)/.config; echo configured >> $(O)/../../configured
olddefconfig:
	@awk '{ n = $$0; sub(/^# /, "", n); sub(/[= ].*/, "", n); last[n] = $$0 } \
		END { for (n in last) if (n !~ /^CONFIG_NONSENSE/) print last[n] }' \
		$(O)/.config > $(O)/.config.new; mv $(O)/.config.new $(O)/.config
headers_install:
	@mkdir -p $(INSTALL_HDR_PATH)/include
bzImage: $(O)/seccomp.o
	@mkdir -p $(O)/arch/x86/boot $(O)/arch/x86/include/generated/uapi/asm $(O)/arch/x86/include/generated/asm
	@cp $(O)/seccomp.o $(O)/arch/x86/boot/bzImage
	@touch $(O)/System.map
	@echo '#define __NR_syscall_max 440' > $(O)/arch/x86/include/generated/uapi/asm/unistd_64.h
	@echo '#define __NR_syscall_max 438' > $(O)/arch/x86/include/generated/uapi/asm/unistd_32.h
	@echo $(ARCH) > $(O)/arch_of_make
	@echo '#define __NR_ia32_syscall_max 439' > $(O)/arch/x86/include/generated/asm/unistd_32_ia32.h
$(O)/seccomp.o: kernel/seccomp.c $(O)/.config
	@echo '  CC      kernel/seccomp.o'; echo compiled >> $(O)/../../compiled
	@! grep -n broken kernel/seccomp.c || { echo 'kernel/seccomp.c:1: error: broken'; exit 1; }
	@cp $< $@
MAKE
    cat >"$1/scripts/kconfig/merge_config.sh" <<'SH'
#!/bin/sh
# -m -O DIR .config FRAGMENT...
dir=$3
shift 4
cat "$@" >>"$dir/.config"
SH
    chmod +x "$1/scripts/kconfig/merge_config.sh"
    printf 'int main(void) { return 0; }\n' >"$1/tools/testing/selftests/seccomp/seccomp_bpf.c"
}

build() {
    run project/scripts/build-kernel "$@"
}

compiled() {
    wc -l <"$BUILD_DIR/work/compiled" 2>/dev/null || echo 0
}

whole_kernel() {
    make_project
    build
    expect_status 0
    [[ $OUT == "$BUILD_DIR"/kernels/* ]]
    for file in bzImage config System.map build.log buildinfo.json kselftest/seccomp_bpf; do
        [[ -f $OUT/$file ]] || fail "no $file"
    done
    grep -q ours_2 "$OUT/bzImage"
    grep -q '"version": "5.10.262", "base": "linux-5.10", "series": "full", "config": "base"' "$OUT/buildinfo.json"
    tr -d '\n' <"$OUT/buildinfo.json" | grep -q '"tables": \[{"name": "x86_64", "arch": 3221225534, "size": 441}, *{"name": "ia32", "arch": 1073741827, "size": 440}\]}'
    expect_absent ours_ source
}

never_twice() {
    make_project
    build
    local first=$OUT
    build
    expect_status 0
    expect_out "$first"
    [[ $(compiled) == 1 ]]
    [[ -z $ERR ]] || fail "it talks: $ERR"
}

series_choices() {
    make_project
    build --series none
    expect_status 0
    expect_absent ours_ "$OUT/bzImage"
    local stock=$OUT
    build --series 1
    expect_status 0
    grep -q ours_1 "$OUT/bzImage"
    expect_absent ours_2 "$OUT/bzImage"
    build --series 2
    grep -q ours_2 "$OUT/bzImage"
    local second=$OUT
    # The first two of two patches are the whole series.
    build --series full
    expect_out "$second"
    build --series 0
    expect_out "$stock"
    build --series 3
    expect_status 2
    build --series some
    expect_status 2
}

options_of_the_patches() {
    make_project
    build
    grep -q CONFIG_OURS=y "$OUT/config"
    build --series none
    expect_status 0
    expect_absent CONFIG_OURS "$OUT/config"
    # No Kconfig of the first patch has it.
    build --series 1
    expect_status 0
    expect_absent CONFIG_OURS "$OUT/config"
    printf 'config OURS\n\tbool\n' >source/Kconfig
    build --series 1
    expect_status 0
    grep -q CONFIG_OURS=y "$OUT/config"
}

every_input_counts() {
    make_project
    build
    local first=$OUT
    echo 'CONFIG_MORE=y' >>project/kernel-config/base.config
    build
    [[ $OUT != "$first" ]] || fail 'config'
    build --config debug
    [[ $OUT != "$first" ]] || fail 'fragment'
    first=$OUT
    sed -i 's/^+int ours_2/+long ours_2/' project/patches/linux-5.10/0002-*
    build --config debug
    expect_status 0
    [[ $OUT != "$first" ]] || fail 'patch'
    grep -q 'long ours_2' "$OUT/bzImage"
    first=$OUT
    echo 'int line_41;' >>source/kernel/seccomp.c
    build --config debug
    [[ $OUT != "$first" ]] || fail 'source'
    grep -q line_41 "$OUT/bzImage"
    first=$OUT
    fake_program gcc <<'SH'
[ "$*" != --version ] || { echo 'gcc 99'; exit; }
exec /usr/bin/gcc "$@"
SH
    build --config debug
    [[ $OUT != "$first" ]] || fail 'compiler'
}

words_do_not_count() {
    make_project
    build
    local first=$OUT
    sed -i 's/^Subject: .*/Subject: [PATCH] better words/' project/patches/linux-5.10/0001-*
    sed -i 's/A reason/A better reason/' project/kernel-config/base.config
    build
    expect_out "$first"
}

rebuilds_little() {
    make_project
    build
    touch -d '2020-01-01' "$BUILD_DIR"/work/full/src/kernel/Makefile
    sed -i 's/^+int emulate/+int emulate_more/' project/patches/linux-5.10/0002-*
    build
    expect_status 0
    # seccomp.c is as before: only the new emu.c may have a new time stamp.
    [[ $(find "$BUILD_DIR/work/full/src" -newer "$BUILD_DIR/work/full/src/Makefile" -name '*.c' | wc -l) -ge 1 ]]
    grep -q emulate_more "$BUILD_DIR/work/full/src/kernel/emu.c"
    [[ $(stat -c %y "$BUILD_DIR/work/full/src/kernel/Makefile") == 2020-01-01* ]] || fail 'an untouched file was written'
}

configured() {
    wc -l <"$BUILD_DIR/work/configured"
}

configures_when_needed() {
    make_project
    build
    sed -i 's/^+int emulate/+int emulate_more/' project/patches/linux-5.10/0002-*
    build
    expect_status 0
    [[ $(configured) == 1 ]] || fail 'code is no reason'
    echo 'CONFIG_MORE=y' >>project/kernel-config/base.config
    build
    grep -q CONFIG_MORE=y "$OUT/config"
    [[ $(configured) == 2 ]] || fail 'a fragment is'
    printf 'diff --git a/kernel/Kconfig.more b/kernel/Kconfig.more\n--- /dev/null\n+++ b/kernel/Kconfig.more\n@@ -0,0 +1 @@\n+config MORE\n' \
        >>project/patches/linux-5.10/0002-*
    build
    expect_status 0
    [[ $(configured) == 3 ]] || fail 'an option of the patches is'
    # One that failed is no good.
    echo 'CONFIG_NONSENSE=y' >>project/kernel-config/base.config
    build
    expect_status 20
    build
    expect_status 20
}

dropped_patch_is_undone() {
    make_project
    build --series 2
    build --series 1
    expect_status 0
    expect_absent ours_2 "$OUT/bzImage"
    [[ ! -e $BUILD_DIR/work/prefix/src/kernel/emu.c ]] || fail 'its new file is still there'
}

option_not_in_config() {
    make_project
    printf 'CONFIG_NONSENSE=y\nCONFIG_ALSO_NONSENSE=y\n' >>project/kernel-config/base.config
    sed -i 's/CONFIG_ALSO_NONSENSE/CONFIG_NONSENSE_TOO/' project/kernel-config/base.config
    build
    expect_status 20
    expect_error 'CONFIG_NONSENSE=y (is n), CONFIG_NONSENSE_TOO=y (is n)'
    expect_no_kernel
}

later_fragment_wins() {
    make_project
    printf '# CONFIG_SECCOMP is not set\n' >>project/kernel-config/debug.config
    sed -i '/^olddefconfig/,/^headers/s/NONSENSE/SECCOMP/' source/Makefile
    build --config debug
    expect_status 0
}

several_fragments() {
    make_project
    printf 'CONFIG_MORE=y\n' >project/kernel-config/more.config
    build --config debug+more
    expect_status 0
    grep -q CONFIG_MORE=y "$OUT/config"
    grep -q '"config": "debug+more"' "$OUT/buildinfo.json"
    build --config debug+nothing
    expect_status 2
    expect_error 'kernel-config/nothing.config'
}

machine_needs() {
    make_project
    build
    local first=$OUT
    grep -qF '"machine": {}' "$OUT/buildinfo.json"
    printf '# Machine: memory_mib=512 slowness=2\n' >>project/kernel-config/base.config
    printf '# Machine: memory_mib=1024 command_line=a.b=1,c=2\n' >>project/kernel-config/debug.config
    build --config debug
    expect_status 0
    [[ $OUT != "$first" ]] || fail 'the key'
    local need
    for need in '"memory_mib": 1024' '"slowness": 2' '"command_line": "a.b=1 c=2"'; do
        grep '"machine"' "$OUT/buildinfo.json" | grep -qF "$need" || fail "$need"
    done
    expect_absent 'memory_mib": 512' "$OUT/buildinfo.json"
}

compiler_error() {
    make_project
    echo 'broken' >>source/kernel/seccomp.c
    build
    expect_status 21
    expect_said 'kernel/seccomp.c:1: error: broken'
    expect_error 'the kernel build failed: see'
    expect_no_kernel
}

patch_does_not_fit() {
    make_project
    sed -i 's/^int line_19;/int other;/' source/kernel/seccomp.c
    build
    expect_status 30
    expect_error 'a patch does not fit Linux 5.10.262: 0001-seccomp-First.patch'
    expect_no_kernel
}

unknown_config() {
    make_project
    build --config nothing
    expect_status 2
    expect_error 'kernel-config/nothing.config'
}

other_clone() {
    make_project
    export SECCOMP_CACHE_DIR=$T/cache
    build
    expect_status 0
    local key=${OUT##*/}
    BUILD_DIR=$T/other build
    expect_status 0
    expect_out "$T/other/kernels/$key"
    [[ -f $OUT/bzImage && ! -d $T/other/work ]]
}

half_made_kernel() {
    make_project
    build
    rm "$OUT/buildinfo.json" "$OUT/config"
    local first=$OUT
    build
    expect_out "$first"
    [[ -f $OUT/config ]]
}

two_at_once() {
    make_project
    project/scripts/build-kernel >a 2>/dev/null &
    project/scripts/build-kernel >b 2>/dev/null
    wait $!
    cmp a b
    [[ $(compiled) == 1 ]]
}

tables_of() {
    sed -n 's/^ "tables": //; T; s/ *$//; p' "$OUT/buildinfo.json"
}

one_table() {
    make_project
    printf '# CONFIG_COMPAT is not set\n' >project/kernel-config/no-compat.config
    build --config no-compat
    expect_status 0
    [[ $(tables_of) == '[{"name": "x86_64", "arch": 3221225534, "size": 441}]}' ]] || fail "$(tables_of)"
}

other_word_size() {
    make_project
    printf 'CONFIG_64BIT=y\n' >>project/kernel-config/base.config
    printf '# CONFIG_64BIT is not set\n# CONFIG_X86_64 is not set\n' >project/kernel-config/x86-32.config
    build --config x86-32
    expect_status 0
    [[ $(tables_of) == '[{"name": "ia32", "arch": 1073741827, "size": 439}]}' ]] || fail "$(tables_of)"
    grep -qx i386 "$BUILD_DIR/work/full/x86-32/arch_of_make"
    readelf -h "$OUT/kselftest/seccomp_bpf" | grep -q 'Class: *ELF32'
    build
    expect_status 0
    grep -qx x86_64 "$BUILD_DIR/work/full/base/arch_of_make"
    readelf -h "$OUT/kselftest/seccomp_bpf" | grep -q 'Class: *ELF64'
}

# make_mutant LINE: in the place of one that the series has left as it was.
make_mutant() {
    printf 'Breaks: a line\n\ndiff --git a/kernel/seccomp.c b/kernel/seccomp.c\n' >mutant.patch
    printf '%s\n' '--- a/kernel/seccomp.c' '+++ b/kernel/seccomp.c' '@@ -21,3 +21,3 @@' \
        ' int ours_2;' '-int line_20;' "+$1" ' int line_21;' >>mutant.patch
}

mutant_on_top() {
    make_project
    export SECCOMP_CACHE_DIR=$T/cache
    build
    local first=$OUT
    make_mutant 'int mutant;'
    build --mutant mutant.patch
    expect_status 0
    [[ $OUT != "$first" ]] || fail 'the same kernel'
    grep -q 'int mutant' "$OUT/bzImage"
    grep -q ours_2 "$OUT/bzImage"
    [[ ! -e $OUT/kselftest ]] || fail 'it has tests of its own'
    grep -q '"series": "full and mutant"' "$OUT/buildinfo.json"
    # Neither the tree of the others nor other clones have seen it.
    expect_absent mutant "$BUILD_DIR"/work/full/src/kernel/seccomp.c
    [[ $(find cache/kernels -mindepth 1 -maxdepth 1 | wc -l) == 1 ]] || fail 'it is in the shared cache'
    # The next one starts from the series, and the words do not count.
    first=$OUT
    sed -i 's/Breaks: a line/Breaks: something/' mutant.patch
    build --mutant mutant.patch
    expect_out "$first"
    make_mutant 'int other;'
    build --mutant mutant.patch
    expect_absent mutant "$OUT/bzImage"
    grep -q 'int other' "$OUT/bzImage"
}

mutant_does_not_fit() {
    make_project
    make_mutant 'int mutant;'
    sed -i 's/-int line_20/-int line_30/' mutant.patch
    build --mutant mutant.patch
    expect_status 30
    expect_error 'mutant.patch'
    sed -i '/^diff/d' mutant.patch
    build --mutant mutant.patch
    expect_status 30
    expect_error "no line 'diff --git'"
    build --mutant nothing.patch
    expect_status 2
    build --series 1 --mutant mutant.patch
    expect_status 2
    expect_no_kernel
}

expect_no_kernel() {
    [[ -z $(find "$BUILD_DIR"/{kernels,tmp} -mindepth 1 2>/dev/null) ]] || fail 'something was left behind'
}

# A base without patches: an archive that needs no network, as the source is there.
other_base() {
    make_project
    printf 'CONFIG_OF_THIS_BASE=y\n' >project/kernel-config/linux-6.12.config
    make_source other
    sed -i 's/^VERSION = .*/VERSION = 6/; s/^PATCHLEVEL = .*/PATCHLEVEL = 12/' other/Makefile
    sed -i 's/__NR_syscall_max 440/__NR_syscalls 463/' other/Makefile
    mkdir -p "$BUILD_DIR/src"
    mv other "$BUILD_DIR/src/linux-6.12.7"
    echo 'debian 6.12.7-1 digest' >"$BUILD_DIR/src/linux-6.12.7/.source-id"
    echo 6.12.7 >"$BUILD_DIR/src/linux-6.12.newest"
    build
    local ours=$OUT
    build --base linux-6.12
    expect_status 0
    [[ $OUT != "$ours" ]] || fail 'the same kernel'
    grep -q '"base": "linux-6.12", "series": "none"' "$OUT/buildinfo.json"
    grep -q '"name": "x86_64", "arch": 3221225534, "size": 463' "$OUT/buildinfo.json"
    grep -q CONFIG_OF_THIS_BASE=y "$OUT/config"
    expect_absent ours "$OUT/bzImage"
    # Its version is part of the key.
    ours=$OUT
    echo 'debian 6.12.8-1 digest' >"$BUILD_DIR/src/linux-6.12.7/.source-id"
    build --base linux-6.12
    [[ $OUT != "$ours" ]] || fail 'the same kernel for another version'
}

other_base_has_no_patches() {
    make_project
    build --base linux-6.12 --series 1
    expect_status 2
    expect_error 'has no series'
}

it 'build-kernel: everything is there, and the source untouched' whole_kernel
it 'build-kernel: never builds the same kernel twice' never_twice
it 'build-kernel: all, none or some of the patches' series_choices
it 'build-kernel: options that come with the patches' options_of_the_patches
it 'build-kernel: config, patches, source and compiler make another kernel' every_input_counts
it 'build-kernel: commit messages and comments do not' words_do_not_count
it 'build-kernel: writes only the files that changed' rebuilds_little
it 'build-kernel: configures again only if it may make a difference' configures_when_needed
it 'build-kernel: undoes a patch that was taken away' dropped_patch_is_undone
it 'build-kernel: names the options that did not end up in .config' option_not_in_config
it 'build-kernel: the later fragment has the last word' later_fragment_wins
it 'build-kernel: several fragments' several_fragments
it 'build-kernel: what the fragments say of the machine' machine_needs
it 'build-kernel: shows what the compiler said' compiler_error
it 'build-kernel: a patch does not fit' patch_does_not_fit
it 'build-kernel: unknown config' unknown_config
it 'build-kernel: another clone takes it from the shared cache' other_clone
it 'build-kernel: half a kernel is made again' half_made_kernel
it 'build-kernel: a kernel with one syscall table' one_table
it 'build-kernel: a 32-bit kernel' other_word_size
it 'build-kernel: two at once build one' two_at_once
it 'build-kernel: a mutant, apart from the others' mutant_on_top
it 'build-kernel: a mutant that does not fit' mutant_does_not_fit
it 'build-kernel: another base, without patches' other_base
it 'build-kernel: another base has no series' other_base_has_no_patches
