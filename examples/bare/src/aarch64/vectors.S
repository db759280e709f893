/* SPDX-License-Identifier: MIT */
/* The exception vectors. No exception is ever returned from, so the registers go to a fixed place, whatever sp is. */

    .text
    .balign 2048
    .globl vectors
vectors:
    .set kind, 0
    .rept 16
    .balign 128
    msr  tpidr_el1, x30
    mov  x30, #kind
    b    enter
    .set kind, kind + 1
    .endr

enter:
    msr  tpidr_el0, x29
    adrp x29, registers
    add  x29, x29, :lo12:registers
    stp  x0, x1, [x29, #16 * 0]
    stp  x2, x3, [x29, #16 * 1]
    stp  x4, x5, [x29, #16 * 2]
    stp  x6, x7, [x29, #16 * 3]
    stp  x8, x9, [x29, #16 * 4]
    stp  x10, x11, [x29, #16 * 5]
    stp  x12, x13, [x29, #16 * 6]
    stp  x14, x15, [x29, #16 * 7]
    stp  x16, x17, [x29, #16 * 8]
    stp  x18, x19, [x29, #16 * 9]
    stp  x20, x21, [x29, #16 * 10]
    stp  x22, x23, [x29, #16 * 11]
    stp  x24, x25, [x29, #16 * 12]
    stp  x26, x27, [x29, #16 * 13]
    mrs  x0, tpidr_el0
    mrs  x1, tpidr_el1
    stp  x28, x0, [x29, #16 * 14]
    str  x1, [x29, #16 * 15]
    mov  x0, x30
    mov  x1, x29
    adrp x2, trap_stack_end
    add  sp, x2, :lo12:trap_stack_end
    bl   aarch64_trap

    .bss
    .balign 16
registers:
    .skip 16 * 16
    .skip 4096
trap_stack_end:

    .section .note.GNU-stack, "", @progbits
