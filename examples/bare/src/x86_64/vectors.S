/* SPDX-License-Identifier: MIT */
/* One stub of 16 bytes for each vector: evens out the frames (some traps push an error code) and calls C. */

    .text
    .balign 16
    .globl vectors
vectors:
    .set vector, 0
    .rept 48
    .balign 16
    .if !(vector == 8 || (vector >= 10 && vector <= 14) || vector == 17 || vector == 21 || vector == 29 || vector == 30)
    push $0
    .endif
    push $vector
    jmp  enter
    .set vector, vector + 1
    .endr

enter:
    push %rax
    push %rcx
    push %rdx
    push %rbx
    push %rbp
    push %rsi
    push %rdi
    push %r8
    push %r9
    push %r10
    push %r11
    push %r12
    push %r13
    push %r14
    push %r15
    cld
    mov  %rsp, %rdi
    call x86_vector
    pop  %r15
    pop  %r14
    pop  %r13
    pop  %r12
    pop  %r11
    pop  %r10
    pop  %r9
    pop  %r8
    pop  %rdi
    pop  %rsi
    pop  %rbp
    pop  %rbx
    pop  %rdx
    pop  %rcx
    pop  %rax
    add  $16, %rsp
    iretq

    .section .note.GNU-stack, "", @progbits
