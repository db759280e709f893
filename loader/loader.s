# SPDX-License-Identifier: MIT
# Starts an ELF64 kernel as Firecracker does, on a machine that starts multiboot kernels only (QEMU): see README.md.
#
# The multiboot loader puts us at 1 MiB, where kernels want to be, and the kernel's file (the one module) behind us. We
# move to where we are linked (link.ld), the file to the end of memory, and then load its segments to where they belong.

    # Where things are, as in Firecracker's src/vmm/src/arch/x86_64/{layout,regs}.rs.
    .set GDT,           0x500
    .set IDT,           0x520
    .set ZERO_PAGE,     0x7000
    .set STACK,         0x8ff0
    .set PAGE_ROOT,     0x9000
    .set PAGE_POINTERS, 0xa000
    .set PAGES,         0xb000
    .set COMMAND_LINE,  0x20000
    .set COMMAND_LINE_SIZE, 2048        # with the NUL behind it
    .set HIGH,          0x100000        # the lowest address that a kernel may take
    .set MAPPED,        0x40000000      # the first GiB, mapped to itself

    # https://www.gnu.org/software/grub/manual/multiboot/multiboot.html
    .set MULTIBOOT,         0x1badb002
    .set FROM_MULTIBOOT,    0x2badb002
    .set FLAGS,             0x00010003  # modules on pages, memory wanted, addresses given
    .set INFO_FLAGS,        0
    .set INFO_MODULES,      20
    .set INFO_MODULE_LIST,  24
    .set INFO_MAP_LENGTH,   44
    .set INFO_MAP,          48
    .set HAS_MODULES,       1 << 3
    .set HAS_MAP,           1 << 6
    .set MODULE_START,      0
    .set MODULE_END,        4
    .set MODULE_STRING,     8
    .set MODULE_ENTRY,      16          # bytes

    # https://docs.kernel.org/arch/x86/boot.html and zero-page.html
    .set E820_ENTRIES,      0x1e8
    .set BOOT_FLAG,         0x1fe
    .set HEADER,            0x202
    .set TYPE_OF_LOADER,    0x210
    .set CMD_LINE_PTR,      0x228
    .set KERNEL_ALIGNMENT,  0x230
    .set CMDLINE_SIZE,      0x238
    .set E820_TABLE,        0x2d0
    .set E820_MOST,         128
    .set E820_ENTRY,        20          # bytes: u64 address, u64 size, u32 type
    .set E820_RAM,          1

    # https://gabi.xinuos.com/elf: the file's header, then a program header
    .set ELF_MAGIC,         0x464c457f
    .set ELF_FORM,          4           # u8 class, u8 byte order
    .set ELF_TYPE,          16
    .set ELF_MACHINE,       18
    .set ELF_ENTRY,         24
    .set ELF_SEGMENTS,      32          # offset of the program headers
    .set ELF_SEGMENT_SIZE,  54
    .set ELF_SEGMENT_COUNT, 56
    .set ELF_HEADER_SIZE,   64
    .set FORM_64_LITTLE,    0x0102
    .set TYPE_EXECUTABLE,   2
    .set TYPE_SHARED,       3           # position-independent executables too
    .set MACHINE_X86_64,    62
    .set SEGMENT_LOAD,      1
    .set SEGMENT_OFFSET,    8
    .set SEGMENT_ADDRESS,   24          # the physical one
    .set SEGMENT_FILE_SIZE, 32
    .set SEGMENT_SIZE,      40
    .set SEGMENT_HEADER,    56          # bytes

    .set EFER,              0xc0000080
    .set EFER_LME,          1 << 8
    .set CR0_PE_PG,         0x80000001
    .set CR4_PAE,           1 << 5
    .set CPUID_LONG_MODE,   1 << 29
    .set PRESENT_WRITABLE,  0x3
    .set LARGE,             0x80        # a page of 2 MiB
    .set CODE,              0x08
    .set DATA,              0x10

    # Local APIC: which interrupts its two pins stand for. interrupts.rs of Firecracker.
    .set APIC_LINT0,        0xfee00350
    .set APIC_LINT1,        0xfee00360
    .set EXTERNAL,          0x700       # the interrupt controllers' (8259)
    .set NMI,               0x400

    .set COM1,              0x3f8
    .set COM1_STATUS,       COM1 + 5
    .set COM1_FREE,         1 << 5
    .set COM1_SENT,         1 << 6
    # QEMU's isa-debug-exit where Firecracker's machine has its keyboard controller: ends QEMU with (value << 1) | 1.
    .set EXIT_PORT,         0x64
    .set EXIT_VALUE,        48

# Gives up with a message if the flags of the processor say so.
    .macro fail_if condition:req, message:req
    .subsection 1
.Lfail\@:
    mov  $.Lmessage\@, %esi
    jmp  fail
    .subsection 2
.Lmessage\@:
    .asciz "\message"
    .subsection 0
    j\condition .Lfail\@
    .endm

    .text
    .code32
header:
    .long MULTIBOOT, FLAGS, -(MULTIBOOT + FLAGS)
    .long loaded, loaded, loaded_end, 0, loaded_start

    .globl start
start:
    cli
    cld
    mov  %eax, %edx
    mov  %ebx, %ebp                     # the multiboot information, until the file has moved
    mov  $loaded, %esi
    mov  $header, %edi
    mov  $loader_size, %ecx
    rep movsb
    mov  $moved, %eax
    jmp  *%eax

moved:
    mov  $stack_end, %esp
    mov  $bss_start, %edi
    mov  $(bss_end - bss_start), %ecx
    call clear

    cmp  $FROM_MULTIBOOT, %edx
    fail_if ne, "was not started by a multiboot loader"
    testl $HAS_MODULES, INFO_FLAGS(%ebp)
    fail_if z, "there is no image: it is given as the one module (QEMU: -initrd)"
    cmpl $1, INFO_MODULES(%ebp)
    fail_if ne, "there must be one image, given as the one module"
    testl $HAS_MAP, INFO_FLAGS(%ebp)
    fail_if z, "the machine gives no memory map"

    mov  $0x80000001, %eax
    cpuid
    test $CPUID_LONG_MODE, %edx
    fail_if z, "the processor has no 64-bit mode"

    call read_memory_map
    call read_command_line
    call move_file
    call check_file

    mov  $check_segment, %eax
    call each_segment
    cmpb $0, entry_found
    fail_if e, "the entry point lies in no segment"
    cmpl $MAPPED, entry
    fail_if ae, "the entry point lies beyond the first GiB, which is all that is mapped"

    # Firecracker's memory is zero where nothing was loaded. All is cleared before anything is loaded: where segments
    # lie over each other, the later one counts.
    mov  $HIGH, %edi
    mov  dirty_end, %ecx
    sub  %edi, %ecx
    call clear
    mov  $clear_segment, %eax
    call each_segment
    mov  $load_segment, %eax
    call each_segment
    mov  file, %edi
    mov  file_size, %ecx
    call clear

    jmp  enter

# ---- What the multiboot loader tells. %ebp: its information ----

# Multiboot's memory map is e820's, with its own length before each entry. Some entries are empty.
read_memory_map:
    mov  INFO_MAP(%ebp), %esi
    mov  INFO_MAP_LENGTH(%ebp), %edx
    add  %esi, %edx
    mov  $(zero_page + E820_TABLE), %edi
    xor  %ebx, %ebx
1:  cmp  %edx, %esi
    jae  3f
    cmp  $E820_MOST, %ebx
    fail_if e, "the memory map has more than 128 entries"
    lodsl
    add  %esi, %eax                     # the next entry
    mov  8(%esi), %ecx
    or   12(%esi), %ecx
    jz   2f
    mov  $(E820_ENTRY / 4), %ecx
    rep movsl
    inc  %ebx
2:  mov  %eax, %esi
    jmp  1b
3:  mov  %bl, zero_page + E820_ENTRIES
    ret

# The module's string is `PATH ARGUMENTS`. The guest's name for itself is the last part of the path.
read_command_line:
    mov  INFO_MODULE_LIST(%ebp), %edx
    mov  MODULE_STRING(%edx), %esi
1:  mov  %esi, %edx
2:  lodsb
    cmp  $'/', %al
    je   1b
    cmp  $' ', %al
    je   3f
    test %al, %al
    jnz  2b
3:  mov  %edx, %esi
    mov  $command_line, %edi
    mov  $COMMAND_LINE_SIZE, %ecx
4:  lodsb
    stosb
    test %al, %al
    loopnz 4b
    fail_if nz, "the command line is longer than 2047 bytes"
    sub  $command_line, %edi
    mov  %edi, zero_page + CMDLINE_SIZE
    mov  %esi, dirty_end
    ret

# To the end of the memory that the file is in: the segments belong where the file is now.
move_file:
    mov  INFO_MODULE_LIST(%ebp), %edx
    lea  MODULE_ENTRY(%edx), %eax
    call make_dirty
    mov  MODULE_END(%edx), %eax
    call make_dirty
    mov  MODULE_START(%edx), %esi
    mov  %eax, %ecx
    sub  %esi, %ecx
    mov  %ecx, file_size

    mov  $(zero_page + E820_TABLE), %ebx
    movzbl zero_page + E820_ENTRIES, %ecx
1:  sub  $1, %ecx
    fail_if b, "the image does not lie in memory"
    mov  (%ebx), %eax
    add  8(%ebx), %eax
    mov  4(%ebx), %edx
    adc  12(%ebx), %edx
    jz   2f
    mov  $0xfffff000, %eax              # what is above 4 GiB we leave alone
2:  mov  %eax, ram_end
    cmpl $E820_RAM, 16(%ebx)
    jne  3f
    cmpl $0, 4(%ebx)
    jne  3f
    cmp  (%ebx), %esi
    jb   3f
    cmp  %eax, %esi
    jb   4f
3:  add  $E820_ENTRY, %ebx
    jmp  1b

4:  mov  file_size, %ecx
    add  $3, %ecx
    shr  $2, %ecx                       # words
    lea  (,%ecx,4), %edx
    mov  ram_end, %edi
    sub  %edx, %edi
    and  $~4095, %edi
    cmp  %esi, %edi
    fail_if b, "memory is too small for the image"
    mov  %edi, file
    cmp  %edi, dirty_end                # what lies there will be overwritten, and cleared in the end
    jbe  5f
    mov  %edi, dirty_end
5:  lea  -4(%esi,%edx), %esi            # backwards: the two places may overlap
    lea  -4(%edi,%edx), %edi
    std
    rep movsl
    cld
    ret

# Keeps in mind that the multiboot loader left something below %eax.
make_dirty:
    cmp  dirty_end, %eax
    jbe  1f
    mov  %eax, dirty_end
1:  ret

# ---- The image ----

check_file:
    mov  file, %ebx
    cmpl $ELF_HEADER_SIZE, file_size
    fail_if b, "the image is shorter than the header of an ELF file"
    cmpl $ELF_MAGIC, (%ebx)
    fail_if ne, "the image is not an ELF file"
    cmpw $FORM_64_LITTLE, ELF_FORM(%ebx)
    fail_if ne, "the image is not a 64-bit ELF file"
    cmpw $MACHINE_X86_64, ELF_MACHINE(%ebx)
    fail_if ne, "the image is not for x86_64"
    movzwl ELF_TYPE(%ebx), %eax
    sub  $TYPE_EXECUTABLE, %eax
    cmp  $(TYPE_SHARED - TYPE_EXECUTABLE), %eax
    fail_if a, "the image is not an executable"
    cmpw $SEGMENT_HEADER, ELF_SEGMENT_SIZE(%ebx)
    fail_if ne, "the image's program headers are not those of a 64-bit ELF file"

    cmpl $0, ELF_SEGMENTS + 4(%ebx)
    fail_if ne, "the image is cut off: its program headers lie behind its end"
    movzwl ELF_SEGMENT_COUNT(%ebx), %eax
    imul $SEGMENT_HEADER, %eax
    add  ELF_SEGMENTS(%ebx), %eax
    fail_if c, "the image is cut off: its program headers lie behind its end"
    cmp  file_size, %eax
    fail_if a, "the image is cut off: its program headers lie behind its end"

    cmpl $0, ELF_ENTRY + 4(%ebx)
    fail_if ne, "the entry point lies beyond the first GiB, which is all that is mapped"
    mov  ELF_ENTRY(%ebx), %eax
    mov  %eax, entry
    ret

# Calls %eax with %ebx at each program header of a segment that is loaded.
each_segment:
    mov  %eax, for_each
    mov  file, %ebx
    movzwl ELF_SEGMENT_COUNT(%ebx), %ecx
    add  ELF_SEGMENTS(%ebx), %ebx
1:  sub  $1, %ecx
    jb   3f
    cmpl $SEGMENT_LOAD, (%ebx)
    jne  2f
    mov  SEGMENT_SIZE(%ebx), %eax
    or   SEGMENT_SIZE + 4(%ebx), %eax
    jz   2f
    push %ecx
    call *for_each
    pop  %ecx
2:  add  $SEGMENT_HEADER, %ebx
    jmp  1b
3:  ret

check_segment:
    mov  SEGMENT_OFFSET + 4(%ebx), %eax
    or   SEGMENT_FILE_SIZE + 4(%ebx), %eax
    fail_if nz, "the image is cut off: a segment lies behind its end"
    mov  SEGMENT_OFFSET(%ebx), %eax
    add  SEGMENT_FILE_SIZE(%ebx), %eax
    fail_if c, "the image is cut off: a segment lies behind its end"
    cmp  file_size, %eax
    fail_if a, "the image is cut off: a segment lies behind its end"

    mov  SEGMENT_ADDRESS + 4(%ebx), %eax
    or   SEGMENT_SIZE + 4(%ebx), %eax
    fail_if nz, "a segment lies outside memory"
    mov  SEGMENT_ADDRESS(%ebx), %esi
    cmp  $HIGH, %esi
    fail_if b, "a segment lies below 1 MiB"
    mov  SEGMENT_SIZE(%ebx), %ecx
    cmp  SEGMENT_FILE_SIZE(%ebx), %ecx
    fail_if b, "a segment is longer in the file than in memory"
    mov  %esi, %eax
    add  %ecx, %eax
    fail_if c, "a segment lies outside memory"
    cmp  ram_end, %eax
    fail_if a, "a segment lies outside memory"
    cmp  file, %eax
    fail_if a, "memory is too small for the image's segments and its file"

    mov  entry, %eax
    sub  %esi, %eax
    cmp  %ecx, %eax
    jae  1f
    movb $1, entry_found
1:  ret

clear_segment:
    mov  SEGMENT_ADDRESS(%ebx), %edi
    mov  SEGMENT_SIZE(%ebx), %ecx
    jmp  clear

load_segment:
    mov  SEGMENT_OFFSET(%ebx), %esi
    add  file, %esi
    mov  SEGMENT_ADDRESS(%ebx), %edi
    mov  SEGMENT_FILE_SIZE(%ebx), %ecx
    jmp  copy

# ---- Into the kernel ----

enter:
    movw $0xaa55, zero_page + BOOT_FLAG
    movl $0x53726448, zero_page + HEADER            # HdrS
    movb $0xff, zero_page + TYPE_OF_LOADER          # one without a number
    movl $COMMAND_LINE, zero_page + CMD_LINE_PTR
    movl $0x01000000, zero_page + KERNEL_ALIGNMENT

    mov  $zero_page, %esi
    mov  $ZERO_PAGE, %edi
    mov  $4096, %ecx
    call copy
    mov  $command_line, %esi
    mov  $COMMAND_LINE, %edi
    mov  $COMMAND_LINE_SIZE, %ecx
    call copy
    mov  $tables, %esi
    mov  $GDT, %edi
    mov  $(tables_end - tables), %ecx
    call copy

    mov  $PAGE_ROOT, %edi
    mov  $(3 * 4096), %ecx
    call clear
    movl $(PAGE_POINTERS + PRESENT_WRITABLE), PAGE_ROOT
    movl $(PAGES + PRESENT_WRITABLE), PAGE_POINTERS
    mov  $PAGES, %edi
    mov  $(PRESENT_WRITABLE | LARGE), %eax
1:  mov  %eax, (%edi)
    add  $8, %edi
    add  $(2 << 20), %eax
    cmp  $MAPPED, %eax
    jb   1b

    movl $EXTERNAL, APIC_LINT0
    movl $NMI, APIC_LINT1

    lgdt gdt_pointer
    lidt idt_pointer
    mov  $CR4_PAE, %eax
    mov  %eax, %cr4
    mov  $PAGE_ROOT, %eax
    mov  %eax, %cr3
    mov  $EFER, %ecx
    rdmsr
    or   $EFER_LME, %eax
    wrmsr
    mov  %cr0, %eax
    or   $CR0_PE_PG, %eax
    mov  %eax, %cr0
    ljmp $CODE, $long_mode

    .code64
long_mode:
    mov  $DATA, %eax
    mov  %eax, %ds
    mov  %eax, %es
    mov  %eax, %fs
    mov  %eax, %gs
    mov  %eax, %ss
    fninit
    mov  $STACK, %esp
    xor  %eax, %eax
    xor  %ebx, %ebx
    xor  %ecx, %ecx
    xor  %edx, %edx
    xor  %edi, %edi
    xor  %r8d, %r8d
    xor  %r9d, %r9d
    xor  %r10d, %r10d
    xor  %r11d, %r11d
    xor  %r12d, %r12d
    xor  %r13d, %r13d
    xor  %r14d, %r14d
    xor  %r15d, %r15d
    mov  %esp, %ebp
    mov  $ZERO_PAGE, %esi
    pushq $2                            # no flag is set; bit 1 always is
    popfq
    jmp  *entry
    .code32

# ---- Small things ----

# Clears %ecx bytes at %edi. Changes %eax, %ecx, %edi.
clear:
    push %ecx
    xor  %eax, %eax
    shr  $2, %ecx
    rep stosl
    pop  %ecx
    and  $3, %ecx
    rep stosb
    ret

# Copies %ecx bytes from %esi to %edi, which do not overlap. Changes all three.
copy:
    push %ecx
    shr  $2, %ecx
    rep movsl
    pop  %ecx
    and  $3, %ecx
    rep movsb
    ret

# Prints the message at %esi on COM1 and ends QEMU.
fail:
    push %esi
    mov  $name, %esi
    call print
    pop  %esi
    call print
    mov  $line_end, %esi
    call print
    mov  $COM1_STATUS, %edx
1:  inb  %dx, %al
    test $COM1_SENT, %al
    jz   1b
    mov  $EXIT_VALUE, %al
    outb %al, $EXIT_PORT
2:  hlt
    jmp  2b

print:
    mov  $COM1_STATUS, %edx
1:  inb  %dx, %al
    test $COM1_FREE, %al
    jz   1b
    lodsb
    test %al, %al
    jz   2f
    mov  $COM1, %edx
    outb %al, %dx
    jmp  print
2:  ret

    .subsection 2
name:
    .asciz "loader: "
line_end:
    .asciz "\r\n"

    .balign 8, 0                        # the nops that gas would choose differ between its versions
tables:
    .quad 0
    .quad 0x00af9b000000ffff            # code, 64 bits
    .quad 0x00cf93000000ffff            # data
    .quad 0x008f8b000000ffff            # task state: never used, but in Firecracker's table
    .quad 0                             # at IDT: half of an interrupt's entry
tables_end:
gdt_pointer:
    .word IDT - GDT - 1
    .long GDT
idt_pointer:
    .word 7
    .long IDT

    .bss
    .balign 16
bss_start:
zero_page:
    .space 4096
command_line:
    .space COMMAND_LINE_SIZE
entry:                                  # of the kernel
    .space 8
file:                                   # where the image's file is
    .space 4
file_size:
    .space 4
ram_end:                                # of the memory that the file is in
    .space 4
dirty_end:                              # of what the multiboot loader left
    .space 4
for_each:
    .space 4
entry_found:
    .space 4
    .balign 16
bss_end:
    .space 1024                         # not cleared: in use from the start
stack_end:
