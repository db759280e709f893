/* SPDX-License-Identifier: MIT */
/* Finds Xen, and the ways to stop a domain: each has a reason that Xen's tools see. */
#include "hypercall.h"

extern const char hypercall_page[];

enum { FIRST_LEAF = 0x40000000, STEP = 0x100, LAST_LEAF = 0x40010000 };

/* Another hypervisor's leaves may come first. */
uint32_t xen_leaves(void)
{
    for (uint32_t leaf = FIRST_LEAF; leaf < LAST_LEAF; leaf += STEP) {
        uint32_t most, name[3];
        xen_cpuid(leaf, &most, &name[0], &name[1], &name[2]);
        if (memcmp(name, "XenVMMXenVMM", sizeof name) == 0)
            return leaf;
    }
    machine_reset();
}

void xen_start(void)
{
    uint32_t pages, msr, unused;
    xen_cpuid(xen_leaves() + 2, &pages, &msr, &unused, &unused);
    uintptr_t page = (uintptr_t)hypercall_page;
    __asm__ volatile("wrmsr" : : "c"(msr), "a"((uint32_t)page), "d"((uint32_t)(page >> 32)) : "memory");
}

static _Noreturn void shut_down(uint32_t reason)
{
    hypercall(SCHED_OP, SHUTDOWN, &reason);
    machine_halt();
}

_Noreturn void machine_off(bool crashed)
{
    shut_down(crashed ? CRASH : POWER_OFF);
}

/* Halting without interrupts would switch the domain off. Waiting for no event and without a time never returns. */
_Noreturn void machine_halt(void)
{
    const struct {
        uint64_t ports;
        uint32_t count;
        uint64_t until;
    } never = { 0, 0, 0 };
    for (;;)
        hypercall(SCHED_OP, POLL, &never);
}
