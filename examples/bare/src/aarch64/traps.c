/* SPDX-License-Identifier: MIT */
/* Reports exceptions in Solo5's words. */
#include "aarch64.h"

enum { DATA_ABORT_LOWER = 0x24, DATA_ABORT = 0x25 };

static const char kinds[4][18] = { "Synchronous Abort", "IRQ", "FIQ", "Error" };

_Noreturn void aarch64_trap(unsigned vector, const uint64_t x[31])
{
    static bool reporting;
    if (reporting)
        machine_halt();
    reporting = true;

    uint64_t syndrome = READ_REGISTER("esr_el1");
    unsigned class = syndrome >> 26 & 0x3f;
    solo5_log("Solo5: Trap: EL1 %s caught\n", kinds[vector % 4]);
    if (class == DATA_ABORT || class == DATA_ABORT_LOWER)
        solo5_log("Data Abort Address: 0x%016lx\n", READ_REGISTER("far_el1"));
    solo5_log("Solo5: Dump registers:\n");
    solo5_log("\t ESR    : 0x%016lx\n", syndrome);
    solo5_log("\t PC     : 0x%016lx\n", READ_REGISTER("elr_el1"));
    solo5_log("\t LR     : 0x%016lx\n", x[30]);
    solo5_log("\t PSTATE : 0x%016lx\n", READ_REGISTER("spsr_el1"));
    for (int i = 0; i < 28; i += 4)
        solo5_log("\t x%02d ~ x%02d: 0x%016lx 0x%016lx 0x%016lx 0x%016lx\n", i, i + 3, x[i], x[i + 1], x[i + 2],
                  x[i + 3]);
    solo5_log("\t x28 ~ x29: 0x%016lx 0x%016lx\n", x[28], x[29]);
    FATAL("Fatal trap");
}
