/* SPDX-License-Identifier: MIT */
/* Memory and the command line, both from the device tree, and the ways to stop. */
#include "aarch64.h"
#include "dtb.h"

/* boot.S */
_Noreturn void call_on_stack(uintptr_t top, void (*function)(void));

#define MIB_2 (1ul << 21)
#define GIB (1ul << 30)

/* Calls to the firmware (PSCI). */
enum { SYSTEM_OFF = 0x84000008, SYSTEM_RESET = 0x84000009 };

static bool firmware_is_at_el3; /* called by `smc`, and otherwise by `hvc` */

static void call_firmware(uint64_t function)
{
    register uint64_t x0 __asm__("x0") = function;
    if (firmware_is_at_el3)
        __asm__ volatile("smc #0" : "+r"(x0) : : "x1", "x2", "x3", "memory");
    else
        __asm__ volatile("hvc #0" : "+r"(x0) : : "x1", "x2", "x3", "memory");
}

_Noreturn void machine_halt(void)
{
    for (;;)
        __asm__ volatile("wfi");
}

_Noreturn void machine_off(bool crashed)
{
    (void)crashed;
    call_firmware(SYSTEM_OFF);
    machine_halt();
}

_Noreturn void machine_reset(void)
{
    call_firmware(SYSTEM_RESET);
    machine_halt();
}

/* The part that is in our GiB; just the 2 MiB around us when the device tree does not tell. */
static void find_memory(const struct dtb *dtb, uintptr_t *start, uintptr_t *end)
{
    uintptr_t us = (uintptr_t)image_start, our_gib = us & ~(GIB - 1);
    struct property reg;
    uint64_t from, size;
    *start = us & ~(MIB_2 - 1);
    *end = *start + MIB_2;
    if (!dtb_find(dtb, "memory", "reg", &reg) || !property_number(&reg, 0, &from) || !property_number(&reg, 8, &size))
        return;
    uint64_t to = from + size;
    if (to < from || from > us || to < *end)
        return;
    *start = from > our_gib ? from : our_gib;
    *end = to < our_gib + GIB ? to & ~(MIB_2 - 1) : our_gib + GIB;
}

static void read_command_line(const struct dtb *dtb)
{
    struct property line;
    if (!dtb_find(dtb, "chosen", "bootargs", &line))
        return;
    size_t length = 0;
    while (length < line.length && line.bytes[length] != '\0')
        length++;
    machine_keep_command_line((const char *)line.bytes, length);
}

_Noreturn void aarch64_start(const void *device_tree, uint64_t exception_level)
{
    struct dtb dtb = { 0 };
    struct property found;

    firmware_is_at_el3 = exception_level == 2;
    uart_start();
    dtb_open(&dtb, device_tree);
    if (dtb_find(&dtb, "psci", "method", &found))
        firmware_is_at_el3 = property_is(&found, "smc");
    bool has_gic_v2 = dtb_find(&dtb, "intc", "compatible", &found) && property_is(&found, "arm,cortex-a15-gic");
    find_memory(&dtb, &machine.ram_start, &machine.ram_end);
    read_command_line(&dtb);

    mmu_start(machine.ram_start, machine.ram_end);
    clock_start(has_gic_v2);
    call_on_stack(machine.ram_end, bare_main);
}
