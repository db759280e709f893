/* SPDX-License-Identifier: MIT */
/* Calls to Xen, by their numbers in its public headers: https://xenbits.xen.org/docs/unstable/hypercall/x86_64/ */
#ifndef HYPERCALL_H
#define HYPERCALL_H

#include "../x86.h"

enum { SCHED_OP = 29, EVENT_CHANNEL_OP = 32, HVM_OP = 34 };
enum { YIELD = 0, SHUTDOWN = 2, POLL = 3 }; /* of SCHED_OP */
enum { POWER_OFF = 0, CRASH = 3 };          /* reasons of SHUTDOWN */
enum { SEND = 4 };                          /* of EVENT_CHANNEL_OP */
enum { GET_PARAMETER = 1 };                 /* of HVM_OP */
enum { CONSOLE_PAGE = 17, CONSOLE_CHANNEL = 18 };

/* hypercall.S */
long hypercall(long number, long operation, const void *argument);

/* The first of Xen's leaves of CPUID, and the place of the calls. */
uint32_t xen_leaves(void);
void xen_start(void);

static inline void xen_cpuid(uint32_t leaf, uint32_t *a, uint32_t *b, uint32_t *c, uint32_t *d)
{
    __asm__ volatile("cpuid" : "=a"(*a), "=b"(*b), "=c"(*c), "=d"(*d) : "a"(leaf), "c"(0));
}

static inline void xen_yield(void)
{
    hypercall(SCHED_OP, YIELD, NULL);
}

#endif
