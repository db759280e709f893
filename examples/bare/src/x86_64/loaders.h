/* SPDX-License-Identifier: MIT */
/* Who started us, as boot.S tells C. The first is what multiboot says itself; the others are ours. */
#ifndef LOADERS_H
#define LOADERS_H

#define FROM_MULTIBOOT_LOADER 0x2badb002
#define FROM_LINUX_LOADER     0x53726448
#define FROM_XEN              0x006e6558

#endif
