/* SPDX-License-Identifier: MIT */
/* The serial console: gathers bytes, so that the port gets them in long runs. */
#include "bare.h"

static char pending[512];
static size_t pending_length;

void console_flush(void)
{
    uart_write(pending, pending_length);
    pending_length = 0;
}

static void put(char byte)
{
    if (pending_length == sizeof pending)
        console_flush();
    pending[pending_length++] = byte;
}

static void put_text(char byte)
{
    if (byte == '\n')
        put('\r');
    put(byte);
}

void console_raw(const char *bytes, size_t length)
{
    while (length-- > 0)
        put(*bytes++);
    console_flush();
}

static void put_number(unsigned long value, unsigned base, int width, char fill)
{
    char digits[24];
    int count = 0;
    do
        digits[count++] = "0123456789abcdef"[value % base];
    while ((value /= base) > 0);
    for (; width > count; width--)
        put(fill);
    while (count > 0)
        put(digits[--count]);
}

void print_list(const char *format, va_list list)
{
    for (; *format != '\0'; format++) {
        if (*format != '%') {
            put_text(*format);
            continue;
        }
        char fill = ' ';
        int width = 0;
        bool is_long = false;
        if (*++format == '0') {
            fill = '0';
            format++;
        }
        for (; *format >= '0' && *format <= '9'; format++)
            width = width * 10 + (*format - '0');
        if (*format == 'l') {
            is_long = true;
            format++;
        }
        switch (*format) {
        case 's': {
            const char *text = va_arg(list, const char *);
            for (int length = (int)strlen(text); width > length; width--)
                put(' ');
            while (*text != '\0')
                put_text(*text++);
            break;
        }
        case 'c':
            put_text((char)va_arg(list, int));
            break;
        case 'd': {
            long value = is_long ? va_arg(list, long) : va_arg(list, int);
            if (value < 0)
                put('-');
            put_number(value < 0 ? 0 - (unsigned long)value : (unsigned long)value, 10, width, fill);
            break;
        }
        case 'u':
        case 'x': {
            unsigned long value = is_long ? va_arg(list, unsigned long) : va_arg(list, unsigned);
            put_number(value, *format == 'x' ? 16 : 10, width, fill);
            break;
        }
        default:
            put(*format);
        }
    }
}

void print(const char *format, ...)
{
    va_list list;
    va_start(list, format);
    print_list(format, list);
    va_end(list);
    console_flush();
}
