/* SPDX-License-Identifier: MIT */
/* The few C library functions that we (and gcc, even when freestanding) need. */
#include "bare.h"

void *memcpy(void *to, const void *from, size_t length)
{
    char *target = to;
    const char *source = from;
    while (length-- > 0)
        *target++ = *source++;
    return to;
}

void *memset(void *to, int byte, size_t length)
{
    char *target = to;
    while (length-- > 0)
        *target++ = (char)byte;
    return to;
}

int memcmp(const void *a, const void *b, size_t length)
{
    const unsigned char *left = a, *right = b;
    for (; length > 0; length--, left++, right++)
        if (*left != *right)
            return *left - *right;
    return 0;
}

size_t strlen(const char *text)
{
    size_t length = 0;
    while (text[length] != '\0')
        length++;
    return length;
}

bool same_text(const char *a, const char *b)
{
    size_t length = strlen(a);
    return length == strlen(b) && memcmp(a, b, length) == 0;
}

char *next_word(char **line)
{
    char *word = *line;
    while (*word == ' ')
        word++;
    char *end = word;
    while (*end != ' ' && *end != '\0')
        end++;
    *line = *end == '\0' ? end : end + 1;
    *end = '\0';
    return *word == '\0' ? NULL : word;
}

bool parse_number(const char *text, unsigned long most, unsigned long *number)
{
    unsigned long value = 0;
    if (*text == '\0')
        return false;
    for (; *text != '\0'; text++) {
        if (*text < '0' || *text > '9')
            return false;
        unsigned long digit = (unsigned long)(*text - '0');
        if (digit > most || value > (most - digit) / 10)
            return false;
        value = value * 10 + digit;
    }
    *number = value;
    return true;
}
