/* SPDX-License-Identifier: MIT */
/* Maps memory to itself, with pages of 4 KiB where we are, so that the first page is nowhere and code is read-only. */
#include "aarch64.h"

#define KIB_4 (1ul << 12)
#define MIB_2 (1ul << 21)
#define GIB (1ul << 30)

/* Entries of the tables. */
#define BLOCK 1ul
#define TABLE 3ul /* and a page, in the last level */
#define DEVICE (0ul << 2 | NO_EXECUTE | USED)
#define NORMAL (1ul << 2 | SHARED | USED)
#define READ_ONLY (1ul << 7)
#define SHARED (3ul << 8)
#define USED (1ul << 10)
#define NO_EXECUTE (3ul << 53)

#define ATTRIBUTES 0xff00ul /* 0: device, strictly in order. 1: memory, cached */

/* Addresses of 39 bits, so that a table of GiBs is the root; cached walks; nothing in the upper half. */
#define TRANSLATION (25ul | 1ul << 8 | 1ul << 10 | 3ul << 12 | 1ul << 23)
#define PHYSICAL_SIZE(code) ((code) << 32)

enum { MMU_ON = 1 << 0, DATA_CACHE_ON = 1 << 2, CODE_CACHE_ON = 1 << 12 };

typedef uint64_t table[512] __attribute__((aligned(4096)));

static table gibs, devices, ram, image;

static uint64_t rights_of_image_page(uintptr_t page)
{
    if (page < (uintptr_t)image_start || page >= (uintptr_t)rodata_end)
        return NO_EXECUTE;
    return page < (uintptr_t)text_end ? READ_ONLY : READ_ONLY | NO_EXECUTE;
}

static void map_device(uintptr_t address)
{
    uintptr_t block = address & ~(MIB_2 - 1);
    devices[block / MIB_2] = block | DEVICE | BLOCK;
}

static void fill_tables(uintptr_t ram_start, uintptr_t ram_end)
{
    uintptr_t image_block = (uintptr_t)image_start & ~(MIB_2 - 1);
    uintptr_t our_gib = image_block & ~(GIB - 1);

    gibs[0] = (uintptr_t)devices | TABLE;
    map_device(GIC_DISTRIBUTOR);
    map_device(PL011);

    gibs[our_gib / GIB % 512] = (uintptr_t)ram | TABLE;
    for (uintptr_t block = ram_start & ~(MIB_2 - 1); block < ram_end; block += MIB_2)
        ram[(block - our_gib) / MIB_2] = block | NORMAL | NO_EXECUTE | BLOCK;
    ram[(image_block - our_gib) / MIB_2] = (uintptr_t)image | TABLE;
    for (size_t i = 0; i < 512; i++) {
        uintptr_t page = image_block + i * KIB_4;
        image[i] = page | NORMAL | rights_of_image_page(page) | TABLE;
    }
}

/* What we wrote went past the caches: drop what they may hold of the same memory. */
static void forget_cached_image(void)
{
    uintptr_t line = 4ul << (READ_REGISTER("ctr_el0") >> 16 & 0xf);
    for (uintptr_t at = (uintptr_t)image_start; at < (uintptr_t)image_end; at += line)
        __asm__ volatile("dc ivac, %0" : : "r"(at) : "memory");
    __asm__ volatile("dsb sy; ic iallu; tlbi vmalle1; dsb sy; isb" : : : "memory");
}

void mmu_start(uintptr_t ram_start, uintptr_t ram_end)
{
    fill_tables(ram_start, ram_end);
    uint64_t size = READ_REGISTER("id_aa64mmfr0_el1") & 0xf;
    WRITE_REGISTER("mair_el1", ATTRIBUTES);
    WRITE_REGISTER("tcr_el1", TRANSLATION | PHYSICAL_SIZE(size < 5 ? size : 5));
    WRITE_REGISTER("ttbr0_el1", (uintptr_t)gibs);
    forget_cached_image();
    WRITE_REGISTER("sctlr_el1", READ_REGISTER("sctlr_el1") | MMU_ON | DATA_CACHE_ON | CODE_CACHE_ON);
    __asm__ volatile("isb");
}
