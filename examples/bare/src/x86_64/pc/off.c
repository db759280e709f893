/* SPDX-License-Identifier: MIT */
/* The ways to stop a PC: none of them tells why. */
#include "../x86.h"

_Noreturn void machine_halt(void)
{
    for (;;)
        __asm__ volatile("cli; hlt");
}

_Noreturn void machine_off(bool crashed)
{
    (void)crashed;
    out16(0x501, 41);      /* isa-debug-exit: QEMU's exit status is 2 * 41 + 1 */
    out16(0x604, 0x2000);  /* ACPI power off where SeaBIOS puts it: q35 and pc */
    out16(0xb004, 0x2000); /* and on pc before QEMU 2 */
    out8(0x64, 0xfe);      /* the keyboard controller's reset: Firecracker's only way off */
    machine_halt();
}
