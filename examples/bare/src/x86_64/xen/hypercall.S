/* SPDX-License-Identifier: MIT */
/* Where Xen starts a PVH guest, by the note, and the page that it fills with its calls. */

#include "../loaders.h"

#define PHYS32_ENTRY 18

    .section .note.xen, "a", @note
    .balign 4
    .long 4, 4, PHYS32_ENTRY
    .asciz "Xen"
    .long start_xen

    .text
    /* 32 bits, no paging: the start information is in %ebx. https://xenbits.xen.org/docs/unstable/misc/pvh.html */
    .code32
    .globl start_xen
start_xen:
    mov  $FROM_XEN, %eax
    jmp  start

    .code64
    .balign 4096
    .globl hypercall_page
hypercall_page:
    .skip 4096, 0xcc

/* long hypercall(long number, long operation, const void *argument): 32 bytes of the page for each number */
    .globl hypercall
hypercall:
    shl  $5, %edi
    lea  hypercall_page(%rdi), %rax
    mov  %rsi, %rdi
    mov  %rdx, %rsi
    jmp  *%rax

    .section .note.GNU-stack, "", @progbits
