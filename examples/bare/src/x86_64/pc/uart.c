/* SPDX-License-Identifier: MIT */
/* COM1, a 16550. */
#include "../x86.h"

enum { COM1 = 0x3f8, INTERRUPTS = 1, FIFO = 2, LINE = 3, MODEM = 4, STATUS = 5 };
enum { FIFO_EMPTY = 0x20, ALL_SENT = 0x40, FIFO_SIZE = 16 };

void uart_start(void)
{
    out8(COM1 + INTERRUPTS, 0);
    out8(COM1 + LINE, 0x80); /* the next two are the divisor: 115200 baud */
    out8(COM1, 1);
    out8(COM1 + 1, 0);
    out8(COM1 + LINE, 0x03); /* 8 bits, no parity, 1 stop bit */
    out8(COM1 + FIFO, 0x07); /* on, and cleared */
    out8(COM1 + MODEM, 0x03);
}

static void wait_for(uint8_t status)
{
    while ((in8(COM1 + STATUS) & status) == 0)
        __asm__ volatile("pause");
}

void uart_write(const char *bytes, size_t length)
{
    while (length > 0) {
        size_t burst = length < FIFO_SIZE ? length : FIFO_SIZE;
        length -= burst;
        wait_for(FIFO_EMPTY);
        __asm__ volatile("rep outsb" : "+S"(bytes), "+c"(burst) : "d"((uint16_t)COM1) : "memory");
    }
}

void uart_drain(void)
{
    wait_for(ALL_SENT);
}
