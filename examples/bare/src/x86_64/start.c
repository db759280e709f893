/* SPDX-License-Identifier: MIT */
/* Memory, the command line, and the ways to stop. */
#include "x86.h"

/* boot.S */
_Noreturn void call_on_stack(uintptr_t top, void (*function)(void));
extern uint64_t page_directory[512];

struct multiboot_info {
    uint32_t flags;
    uint32_t memory_below_1_mib, memory_above_1_mib; /* in KiB */
    uint32_t boot_device;
    uint32_t command_line;
};

enum { HAS_MEMORY = 1 << 0, HAS_COMMAND_LINE = 1 << 2 };

#define MIB (1ul << 20)
#define MAPPED (1024 * MIB) /* by boot.S */

#define PRESENT 0x1ul
#define WRITABLE 0x2ul
#define NO_EXECUTE (1ul << 63)

/* Pages of 4 KiB for the first 2 MiB: nothing at 0, code that cannot be written, data that cannot be run. */
static void protect_memory(void)
{
    static uint64_t page_table[512] __attribute__((aligned(4096)));
    for (uintptr_t page = 4096; page < 2 * MIB; page += 4096) {
        uint64_t rights = WRITABLE | NO_EXECUTE;
        if (page >= (uintptr_t)image_start && page < (uintptr_t)text_end)
            rights = 0;
        else if (page >= (uintptr_t)text_end && page < (uintptr_t)rodata_end)
            rights = NO_EXECUTE;
        page_table[page / 4096] = page | rights | PRESENT;
    }
    page_directory[0] = (uintptr_t)page_table | WRITABLE | PRESENT;
    uint64_t root;
    __asm__ volatile("mov %%cr3, %0\n\tmov %0, %%cr3" : "=r"(root) : : "memory");
}

static uintptr_t memory_end(const struct multiboot_info *info)
{
    uintptr_t end = 2 * MIB;
    if (info != NULL && (info->flags & HAS_MEMORY) != 0)
        end = MIB + ((uintptr_t)info->memory_above_1_mib << 10);
    if (end < 2 * MIB)
        FATAL("Not enough memory");
    return (end < MAPPED ? end : MAPPED) & ~4095ul;
}

/* QEMU's command line begins with the kernel's file name. */
static void read_command_line(const struct multiboot_info *info)
{
    if (info == NULL || (info->flags & HAS_COMMAND_LINE) == 0)
        return;
    const char *line = (const char *)(uintptr_t)info->command_line;
    while (*line == ' ')
        line++;
    while (*line != ' ' && *line != '\0')
        line++;
    machine_keep_command_line(line, strlen(line));
}

_Noreturn void x86_start(const struct multiboot_info *info)
{
    uart_start();
    traps_start();
    protect_memory();
    machine.ram_end = memory_end(info);
    read_command_line(info);
    clock_start();
    call_on_stack(machine.ram_end, bare_main);
}

_Noreturn void machine_halt(void)
{
    for (;;)
        __asm__ volatile("cli; hlt");
}

_Noreturn void machine_off(void)
{
    out16(0x501, 41);      /* isa-debug-exit: QEMU's exit status is 2 * 41 + 1 */
    out16(0x604, 0x2000);  /* ACPI power off where SeaBIOS puts it: q35 and pc */
    out16(0xb004, 0x2000); /* and on pc before QEMU 2 */
    machine_halt();
}

/* Without an interrupt table a trap is a double and then a triple fault, which resets. */
_Noreturn void machine_reset(void)
{
    struct __attribute__((packed)) {
        uint16_t limit;
        uint64_t base;
    } none = { 0, 0 };
    __asm__ volatile("lidt %0; int3" : : "m"(none));
    machine_halt();
}
