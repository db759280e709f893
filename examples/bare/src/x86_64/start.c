/* SPDX-License-Identifier: MIT */
/* Memory, the command line, and the reset. */
#include "loaders.h"
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

/* Offsets in Linux' zero page: https://docs.kernel.org/arch/x86/zero-page.html */
enum { E820_ENTRIES = 0x1e8, COMMAND_LINE = 0x228, E820_TABLE = 0x2d0 };

struct __attribute__((packed)) e820_entry {
    uint64_t address, size;
    uint32_t type;
};

enum { RAM = 1 };

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

static uintptr_t usable_end(uintptr_t end)
{
    if (end < 2 * MIB)
        FATAL("Not enough memory");
    return (end < MAPPED ? end : MAPPED) & ~4095ul;
}

/* The command line begins with the kernel's file name. */
static const char *behind_name(const char *line)
{
    while (*line == ' ')
        line++;
    while (*line != ' ' && *line != '\0')
        line++;
    return line;
}

static void read_multiboot(const struct multiboot_info *info)
{
    if ((info->flags & HAS_MEMORY) != 0)
        machine.ram_end = MIB + ((uintptr_t)info->memory_above_1_mib << 10);
    if ((info->flags & HAS_COMMAND_LINE) != 0) {
        const char *line = behind_name((const char *)(uintptr_t)info->command_line);
        machine_keep_command_line(line, strlen(line));
    }
}

/* Firecracker has words of its own in front of ` -- `. Behind it, two quotes are no words. */
static const char *behind_separator(const char *line)
{
    for (const char *at = line; *at != '\0'; at++)
        if (memcmp(at, " -- ", 4) == 0)
            return same_text(at + 4, "''") ? "" : at + 4;
    return line;
}

static void read_zero_page(const uint8_t *page)
{
    const struct e820_entry *entry = (const struct e820_entry *)(page + E820_TABLE);
    for (int i = 0; i < page[E820_ENTRIES]; i++)
        if (entry[i].type == RAM && entry[i].address == MIB)
            machine.ram_end = MIB + entry[i].size;
    uint32_t address;
    memcpy(&address, page + COMMAND_LINE, sizeof address);
    const char *line = behind_separator(behind_name((const char *)(uintptr_t)address));
    machine_keep_command_line(line, strlen(line));
}

/* What Xen gives a PVH guest: public/arch-x86/hvm/start_info.h. */
struct xen_start_info {
    uint32_t magic, version, flags, module_count;
    uint64_t modules, command_line, rsdp, memory_map;
    uint32_t memory_map_entries;
};

struct xen_memory {
    uint64_t address, size;
    uint32_t type, reserved;
};

static void read_xen(const struct xen_start_info *info)
{
    const struct xen_memory *memory = (const struct xen_memory *)info->memory_map;
    for (uint32_t i = 0; i < info->memory_map_entries; i++)
        if (memory[i].type == RAM && memory[i].address <= MIB && memory[i].address + memory[i].size > MIB)
            machine.ram_end = memory[i].address + memory[i].size;
    const char *line = (const char *)info->command_line;
    if (line != NULL)
        machine_keep_command_line(line, strlen(line));
}

_Noreturn void x86_start(const void *information, uint32_t loader)
{
    uart_start();
    traps_start();
    protect_memory();
    machine.ram_end = 2 * MIB;
    if (loader == FROM_MULTIBOOT_LOADER)
        read_multiboot(information);
    if (loader == FROM_LINUX_LOADER)
        read_zero_page(information);
    if (loader == FROM_XEN)
        read_xen(information);
    machine.ram_end = usable_end(machine.ram_end);
    clock_start();
    call_on_stack(machine.ram_end, bare_main);
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
