/* SPDX-License-Identifier: MIT */
/* The TSC tells the time, and Xen tells how fast it is. */
#include "hypercall.h"

uint64_t clock_now(void)
{
    uint32_t low, high;
    __asm__ volatile("rdtsc" : "=a"(low), "=d"(high));
    return (uint64_t)high << 32 | low;
}

void clock_start(void)
{
    uint32_t flags, mode, khz, unused;
    xen_cpuid(xen_leaves() + 3, &flags, &mode, &khz, &unused);
    machine.clock_name = "TSC, frequency from Xen";
    machine.clock_hz = khz * 1000ul;
}

/* Nothing interrupts us. */
void clock_interrupt(void)
{
}

void clock_wait_until(uint64_t then)
{
    while (clock_now() < then)
        xen_yield();
}
