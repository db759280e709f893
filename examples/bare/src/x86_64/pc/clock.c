/* SPDX-License-Identifier: MIT */
/* The TSC tells the time; the PIT tells how fast the TSC is, and then wakes us while we wait. */
#include "../x86.h"

enum { PIT_HZ = 1193182, WAKE_HZ = 100, MEASURES = 3 };
enum { PIT_CHANNEL_0 = 0x40, PIT_COMMAND = 0x43, PIT_LATCH = 0x00, PIT_PERIODIC = 0x34 };
enum { PIC_1 = 0x20, PIC_2 = 0xa0, END_OF_INTERRUPT = 0x20 };

uint64_t clock_now(void)
{
    uint32_t low, high;
    __asm__ volatile("rdtsc" : "=a"(low), "=d"(high));
    return (uint64_t)high << 32 | low;
}

/* Lets it count down from `count` (0: from 65536), over and over. */
static void pit_set(uint16_t count)
{
    out8(PIT_COMMAND, PIT_PERIODIC);
    out8(PIT_CHANNEL_0, (uint8_t)count);
    out8(PIT_CHANNEL_0, (uint8_t)(count >> 8));
}

static uint16_t pit_count(void)
{
    out8(PIT_COMMAND, PIT_LATCH);
    uint16_t low = in8(PIT_CHANNEL_0);
    return (uint16_t)(in8(PIT_CHANNEL_0) << 8 | low);
}

/* How much the TSC counts while the PIT counts down a hundredth of a second. */
static uint64_t measure(void)
{
    uint16_t start = pit_count();
    uint64_t before = clock_now();
    while ((uint16_t)(start - pit_count()) < PIT_HZ / 100)
        ;
    return clock_now() - before;
}

/* The interrupt controllers to vectors 32 to 47, with only the PIT let through. */
static void pic_start(void)
{
    out8(PIC_1, 0x11);
    out8(PIC_2, 0x11);
    out8(PIC_1 + 1, 32);
    out8(PIC_2 + 1, 40);
    out8(PIC_1 + 1, 4);
    out8(PIC_2 + 1, 2);
    out8(PIC_1 + 1, 1);
    out8(PIC_2 + 1, 1);
    out8(PIC_1 + 1, 0xfe);
    out8(PIC_2 + 1, 0xff);
}

void clock_start(void)
{
    pit_set(0);
    uint64_t least = measure(); /* the host being busy only makes it more */
    for (int i = 1; i < MEASURES; i++) {
        uint64_t again = measure();
        if (again < least)
            least = again;
    }
    machine.clock_name = "TSC, frequency estimate";
    machine.clock_hz = least * 100;
    pic_start();
    pit_set(PIT_HZ / WAKE_HZ);
}

void clock_interrupt(void)
{
    out8(PIC_1, END_OF_INTERRUPT);
}

void clock_wait_until(uint64_t then)
{
    while (clock_now() < then)
        __asm__ volatile("sti; hlt; cli" : : : "memory");
}
