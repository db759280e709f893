/* SPDX-License-Identifier: MIT */
/* A Linux arm64 boot Image: its header, and the way from its entry (EL2 or EL1, MMU off, x0: device tree) to C. */

#define SCTLR_RESET 0x30d00800      /* the bits that are always 1: no MMU, no caches, little endian */
#define HCR_EL1_IS_64 (1 << 31)
#define SPSR_EL1H_MASKED 0x3c5
#define RELATIVE 1027               /* R_AARCH64_RELATIVE */

    .section .head, "ax"
    .globl image_start
image_start:
    add  x13, x18, #0x16            /* does nothing, but its bytes begin with "MZ" */
    b    start
    .quad 0                         /* from a multiple of 2 MiB */
    .long image_size, 0             /* with the memory behind the file */
    .quad 0xa                       /* little endian, pages of 4 KiB, anywhere in memory */
    .quad 0, 0, 0
    .ascii "ARMd"
    .long 0

    .text
start:
    mov  x19, x0
    mrs  x20, CurrentEL
    lsr  x20, x20, #2
    ldr  w1, =SCTLR_RESET
    msr  sctlr_el1, x1
    cmp  x20, #2
    b.ne 1f

    mov  x1, #HCR_EL1_IS_64         /* from EL2 to EL1 */
    msr  hcr_el2, x1
    mov  x1, #3
    msr  cnthctl_el2, x1            /* EL1 may use the counter and the timer */
    msr  cntvoff_el2, xzr
    mov  x1, #SPSR_EL1H_MASKED
    msr  spsr_el2, x1
    adr  x1, 1f
    msr  elr_el2, x1
    eret

1:  isb
    msr  daifset, #0xf
    msr  spsel, #1
    adrp x1, boot_stack_end
    add  sp, x1, :lo12:boot_stack_end
    adrp x1, vectors
    add  x1, x1, :lo12:vectors
    msr  vbar_el1, x1

    adrp x1, file_end               /* memory behind the file may hold anything */
    add  x1, x1, :lo12:file_end
    adrp x2, image_end
2:  stp  xzr, xzr, [x1], #16
    cmp  x1, x2
    b.lo 2b

    adrp x0, image_start            /* add where we are to every pointer in our data */
    adrp x1, moves
    add  x1, x1, :lo12:moves
    adrp x2, moves_end
    add  x2, x2, :lo12:moves_end
3:  cmp  x1, x2
    b.hs 4f
    ldp  x3, x4, [x1], #16
    ldr  x5, [x1], #8
    cmp  w4, #RELATIVE
    b.ne 3b
    add  x5, x5, x0
    str  x5, [x0, x3]
    b    3b

4:  mov  x0, x19
    mov  x1, x20
    bl   aarch64_start

/* void call_on_stack(uintptr_t top, void (*function)(void)) */
    .globl call_on_stack
call_on_stack:
    mov  sp, x0
    mov  x29, xzr
    mov  x30, xzr
    br   x1

    .bss
    .balign 16
    .skip 4096
boot_stack_end:

    .section .note.GNU-stack, "", @progbits
