/* SPDX-License-Identifier: MIT */
/* The interrupt table; reports traps in Solo5's words. */
#include "x86.h"

enum { TRAPS = 32, VECTORS = 48, STUB_SIZE = 16, PAGE_FAULT = 14 };

extern const char vectors[VECTORS * STUB_SIZE];

struct gate {
    uint16_t address_0;
    uint16_t code_segment;
    uint16_t kind;
    uint16_t address_16;
    uint32_t address_32;
    uint32_t unused;
};

/* What vectors.S and the CPU leave on the stack. */
struct frame {
    uint64_t r15, r14, r13, r12, r11, r10, r9, r8, rdi, rsi, rbp, rbx, rdx, rcx, rax;
    uint64_t vector, error;
    uint64_t rip, cs, rflags, rsp, ss;
};

static const char names[TRAPS][5] = {
    "#DE", "#DB", "#NMI", "#BP", "#OF", "#BR", "#UD", "#NM", "#DF", "#9",  "#TS", "#NP", "#SS", "#GP", "#PF", "#15",
    "#MF", "#AC", "#MC",  "#XM", "#VE", "#CP", "#22", "#23", "#24", "#25", "#26", "#27", "#HV", "#VC", "#SX", "#31",
};

void traps_start(void)
{
    static struct gate table[VECTORS];
    for (int i = 0; i < VECTORS; i++) {
        uintptr_t address = (uintptr_t)&vectors[i * STUB_SIZE];
        table[i] = (struct gate){
            .address_0 = (uint16_t)address,
            .address_16 = (uint16_t)(address >> 16),
            .address_32 = (uint32_t)(address >> 32),
            .code_segment = 8,
            .kind = 0x8e00, /* present, interrupt gate */
        };
    }
    struct __attribute__((packed)) {
        uint16_t limit;
        uint64_t base;
    } pointer = { sizeof table - 1, (uintptr_t)table };
    __asm__ volatile("lidt %0" : : "m"(pointer));
}

void x86_vector(const struct frame *frame)
{
    if (frame->vector >= TRAPS) {
        clock_interrupt();
        return;
    }
    static bool reporting;
    if (reporting)
        machine_halt();
    reporting = true;
    solo5_log("Solo5: trap: type=%s ec=0x%lx rip=0x%lx rsp=0x%lx rflags=0x%lx\n", names[frame->vector], frame->error,
              frame->rip, frame->rsp, frame->rflags);
    if (frame->vector == PAGE_FAULT) {
        uint64_t address;
        __asm__ volatile("mov %%cr2, %0" : "=r"(address));
        solo5_log("Solo5: trap: cr2=0x%lx\n", address);
    }
    FATAL("Fatal trap");
}
