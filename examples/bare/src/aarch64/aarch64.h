/* SPDX-License-Identifier: MIT */
#ifndef AARCH64_H
#define AARCH64_H

#include "../bare.h"

#define READ_REGISTER(name)                               \
    ({                                                    \
        uint64_t value_;                                  \
        __asm__ volatile("mrs %0, " name : "=r"(value_)); \
        value_;                                           \
    })

#define WRITE_REGISTER(name, value) __asm__ volatile("msr " name ", %0" : : "r"((uint64_t)(value)) : "memory")

static inline void write32(uintptr_t address, uint32_t value)
{
    *(volatile uint32_t *)address = value;
}

static inline uint32_t read32(uintptr_t address)
{
    return *(volatile uint32_t *)address;
}

/* What QEMU's machine `virt` has at fixed places. */
enum { GIC_DISTRIBUTOR = 0x08000000, GIC_CPU_INTERFACE = 0x08010000, PL011 = 0x09000000 };

/* mmu.c: maps the above, and RAM of the GiB that we are in up to `ram_end`. */
void mmu_start(uintptr_t ram_start, uintptr_t ram_end);

/* clock.c */
void clock_start(bool has_gic_v2);

/* uart.c */
void uart_start(void);

#endif
