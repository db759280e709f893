/* SPDX-License-Identifier: MIT */
/* The generic timer tells the time. Through a GICv2 it also wakes us; with any other GIC we wait awake. */
#include "aarch64.h"

enum { CONTROL = 0x000, PRIORITY_MASK = 0x004, SET_ENABLE = 0x100, VIRTUAL_TIMER = 1 << 27 };

static bool timer_wakes;

uint64_t clock_now(void)
{
    __asm__ volatile("isb");
    return READ_REGISTER("cntvct_el0");
}

void clock_start(bool has_gic_v2)
{
    machine.clock_name = "generic timer, frequency";
    machine.clock_hz = READ_REGISTER("cntfrq_el0");
    timer_wakes = has_gic_v2;
    if (has_gic_v2) {
        write32(GIC_DISTRIBUTOR + SET_ENABLE, VIRTUAL_TIMER);
        write32(GIC_DISTRIBUTOR + CONTROL, 1);
        write32(GIC_CPU_INTERFACE + PRIORITY_MASK, 0xff);
        write32(GIC_CPU_INTERFACE + CONTROL, 1);
    }
}

/* Interrupts stay masked: a pending one ends `wfi` all the same. */
void clock_wait_until(uint64_t then)
{
    WRITE_REGISTER("cntv_cval_el0", then);
    WRITE_REGISTER("cntv_ctl_el0", 1);
    while (clock_now() < then)
        if (timer_wakes)
            __asm__ volatile("wfi");
        else
            __asm__ volatile("yield");
    WRITE_REGISTER("cntv_ctl_el0", 0);
}
