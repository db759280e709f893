/* SPDX-License-Identifier: MIT */
/*
 * The mark by which an image of Unikraft is known: where its boot information begins, with magic and version
 * (Unikraft's include/uk/plat/common/bootinfo.h). What follows there is for Unikraft itself.
 */
#include "../bare.h"

static const struct {
    uint32_t magic, version;
} boot_information __attribute__((used, section(".uk_bootinfo"), aligned(8))) = { 0xb007b0b0, 1 };
