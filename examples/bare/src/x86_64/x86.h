/* SPDX-License-Identifier: MIT */
#ifndef X86_H
#define X86_H

#include "../bare.h"

static inline void out8(uint16_t port, uint8_t value)
{
    __asm__ volatile("outb %0, %1" : : "a"(value), "Nd"(port));
}

static inline void out16(uint16_t port, uint16_t value)
{
    __asm__ volatile("outw %0, %1" : : "a"(value), "Nd"(port));
}

static inline uint8_t in8(uint16_t port)
{
    uint8_t value;
    __asm__ volatile("inb %1, %0" : "=a"(value) : "Nd"(port));
    return value;
}

/* traps.c */
void traps_start(void);

/* clock.c */
void clock_start(void);
void clock_interrupt(void);

/* uart.c */
void uart_start(void);

#endif
