/* SPDX-License-Identifier: MIT */
#ifndef MODEL_EMULATION_H
#define MODEL_EMULATION_H

struct seccomp_emu;

/* Memory for an emulation of LENGTH instructions, of any content; always the same. */
struct seccomp_emu *any_emulation(void);

#endif
