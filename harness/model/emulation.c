/* SPDX-License-Identifier: MIT */
/*
 * The kernel's emulator, with an emulation of it in memory of any content. Here because the
 * structure is known to its own file only, and cbmc takes very long where it has to see bytes
 * instead.
 */
#include "seccomp_emu.c"

#include "emulation.h"

struct seccomp_emu any_contents(void);

struct seccomp_emu *any_emulation(void)
{
    static struct seccomp_emu emulation;

    emulation = any_contents();
    return &emulation;
}
