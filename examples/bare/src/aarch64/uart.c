/* SPDX-License-Identifier: MIT */
/* A PL011. */
#include "aarch64.h"

enum { DATA = 0x00, FLAGS = 0x18, LINE = 0x2c, CONTROL = 0x30 };
enum { BUSY = 1 << 3, FIFO_FULL = 1 << 5, FIFO_EMPTY = 1 << 7 };

void uart_start(void)
{
    write32(PL011 + CONTROL, 0);
    write32(PL011 + LINE, 0x70);     /* 8 bits, FIFO on */
    write32(PL011 + CONTROL, 0x101); /* on, sending */
}

void uart_write(const char *bytes, size_t length)
{
    while (length-- > 0) {
        while ((read32(PL011 + FLAGS) & FIFO_FULL) != 0)
            ;
        write32(PL011 + DATA, (uint8_t)*bytes++);
    }
}

void uart_drain(void)
{
    while ((read32(PL011 + FLAGS) & (FIFO_EMPTY | BUSY)) != FIFO_EMPTY)
        ;
}
