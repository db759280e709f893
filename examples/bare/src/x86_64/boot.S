/* SPDX-License-Identifier: MIT */
/* From a multiboot 1 loader (32 bits, no paging), or from Firecracker (64 bits), to C in long mode. */

#include "loaders.h"

#define MAGIC       0x1badb002
#define FLAGS       0x00010002      /* give memory sizes; use the addresses below and not the ELF header */

#define PRESENT     0x1
#define WRITABLE    0x2
#define LARGE       0x80            /* a page of 2 MiB */
#define NO_EXECUTE  0x80000000      /* in the upper half of an entry */

#define CR0_PE      0x00000001
#define CR0_WP      0x00010000
#define CR0_PG      0x80000000
#define CR4_PAE     0x00000020
#define EFER        0xc0000080
#define EFER_LME    0x00000100
#define EFER_NXE    0x00000800
#define CPUID_LM    (1 << 29)
#define CPUID_NX    (1 << 20)

    .section .multiboot, "ax"
    .balign 4
header:
    .long MAGIC, FLAGS, -(MAGIC + FLAGS)
    .long header, image_start, file_end, image_end, start

    .text
    /*
     * From Firecracker, as it starts Linux: %rsi is at the zero page. Back to 32 bits, where everybody else begins.
     * https://docs.kernel.org/arch/x86/boot.html#id1 (the 64-bit boot protocol)
     */
    .code64
    .globl start_linux
start_linux:
    cli
    mov  %esi, %ebx
    lgdt descriptors_pointer
    ljmp *leave_64_bits

    .code32
in_32_bits:
    mov  $16, %eax
    mov  %eax, %ds
    mov  %eax, %es
    mov  %eax, %ss
    mov  %cr0, %eax
    and  $~CR0_PG, %eax
    mov  %eax, %cr0
    mov  $EFER, %ecx
    rdmsr
    and  $~EFER_LME, %eax
    wrmsr
    mov  $FROM_LINUX_LOADER, %eax

    /* From a multiboot loader: who it is in %eax, its information in %ebx. */
    .globl start
start:
    cli
    cld
    mov  $boot_stack_end, %esp
    mov  %eax, %esi                 /* who started us */
    mov  %ebx, %ebp                 /* its information */

    mov  $file_end, %edi            /* memory behind the file may hold anything */
    mov  $image_end, %ecx
    sub  %edi, %ecx
    xor  %eax, %eax
    rep stosb

    mov  $0x80000000, %eax
    cpuid
    cmp  $0x80000001, %eax
    jb   unfit
    mov  $0x80000001, %eax
    cpuid
    and  $(CPUID_LM | CPUID_NX), %edx
    cmp  $(CPUID_LM | CPUID_NX), %edx
    jne  unfit

    /* Map the first GiB to itself, with pages of 2 MiB. C refines the first of them. */
    movl $(page_directories + PRESENT + WRITABLE), page_root
    movl $(page_directory + PRESENT + WRITABLE), page_directories
    mov  $page_directory, %edi
    mov  $(PRESENT | WRITABLE | LARGE), %eax
1:  mov  %eax, (%edi)
    cmp  $(PRESENT | WRITABLE | LARGE), %eax
    je   2f                         /* we run in the first: executable */
    movl $NO_EXECUTE, 4(%edi)
2:  add  $8, %edi
    add  $0x200000, %eax
    cmp  $(page_directory + 4096), %edi
    jb   1b

    mov  $page_root, %eax
    mov  %eax, %cr3
    mov  %cr4, %eax
    or   $CR4_PAE, %eax
    mov  %eax, %cr4
    mov  $EFER, %ecx
    rdmsr
    or   $(EFER_LME | EFER_NXE), %eax
    wrmsr
    mov  %cr0, %eax
    or   $(CR0_PG | CR0_WP | CR0_PE), %eax
    mov  %eax, %cr0
    lgdt descriptors_pointer
    ljmp $8, $long_mode

/* Says so on the serial port, and stops. */
unfit:
    mov  $0x3f8, %edx
    mov  $complaint, %esi
    mov  $(complaint_end - complaint), %ecx
    rep outsb
    mov  $0x501, %edx
    mov  $41, %eax
    out  %ax, %dx
3:  hlt
    jmp  3b

    .code64
long_mode:
    mov  $16, %eax
    mov  %eax, %ds
    mov  %eax, %es
    mov  %eax, %ss
    xor  %eax, %eax
    mov  %eax, %fs
    mov  %eax, %gs
    mov  $boot_stack_end, %esp
    mov  %ebp, %edi
    call x86_start                  /* %esi is who started us */

/* void call_on_stack(uintptr_t top, void (*function)(void)) */
    .globl call_on_stack
call_on_stack:
    mov  %rdi, %rsp
    xor  %ebp, %ebp
    call *%rsi
    ud2

    .section .rodata
complaint:
    .ascii "bare: this CPU has no 64-bit mode with no-execute pages\r\n"
complaint_end:
    .balign 8
descriptors:
    .quad 0
    .quad 0x00af9b000000ffff        /* 8: code, 64 bits, marked accessed since this page is read-only */
    .quad 0x00cf93000000ffff        /* 16: data, likewise */
    .quad 0x00cf9b000000ffff        /* 24: code, 32 bits */
descriptors_pointer:
    .word . - descriptors - 1
    .quad descriptors               /* 32 bits take the lower half */
leave_64_bits:
    .long in_32_bits
    .word 24

    .bss
    .balign 4096
page_root:
    .skip 4096
    .globl page_directories
page_directories:
    .skip 4096
    .globl page_directory
page_directory:
    .skip 4096
    .skip 4096
boot_stack_end:

    .section .note.GNU-stack, "", @progbits
