/* SPDX-License-Identifier: MIT */
/* Xen's console: a ring of bytes that we fill and the control domain empties (public/io/console.h). */
#include "hypercall.h"

/* boot.S */
extern uint64_t page_directories[512];

enum { IN_SIZE = 1024, OUT_SIZE = 2048, SELF = 0x7ff0 };

static volatile struct {
    char in[IN_SIZE], out[OUT_SIZE];
    uint32_t in_taken, in_put, out_taken, out_put;
} *ring;
static uint32_t channel;

static uint64_t parameter(uint32_t index)
{
    struct {
        uint16_t domain;
        uint32_t index;
        uint64_t value;
    } asked = { SELF, index, 0 };
    if (hypercall(HVM_OP, GET_PARAMETER, &asked) != 0)
        machine_reset();
    return asked.value;
}

/* Xen puts the ring right below 4 GiB, where boot.S maps nothing. */
static void map(uintptr_t address)
{
    static uint64_t directory[512] __attribute__((aligned(4096)));
    enum { PRESENT_WRITABLE = 3, LARGE = 0x80 };
    directory[address >> 21 & 511] = (address & ~0x1ffffful) | 1ul << 63 | LARGE | PRESENT_WRITABLE;
    page_directories[address >> 30] = (uintptr_t)directory | PRESENT_WRITABLE;
}

void uart_start(void)
{
    xen_start();
    channel = (uint32_t)parameter(CONSOLE_CHANNEL);
    uintptr_t address = parameter(CONSOLE_PAGE) << 12;
    map(address);
    ring = (void *)address;
}

static void notify(void)
{
    hypercall(EVENT_CHANNEL_OP, SEND, &channel);
}

void uart_write(const char *bytes, size_t length)
{
    while (length > 0) {
        uint32_t put = ring->out_put;
        for (; length > 0 && put - ring->out_taken < OUT_SIZE; length--)
            ring->out[put++ % OUT_SIZE] = *bytes++;
        __atomic_thread_fence(__ATOMIC_RELEASE);
        ring->out_put = put;
        notify();
        while (length > 0 && put - ring->out_taken == OUT_SIZE)
            xen_yield();
    }
}

void uart_drain(void)
{
    while (ring->out_taken != ring->out_put)
        xen_yield();
}
