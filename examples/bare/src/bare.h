/* SPDX-License-Identifier: MIT */
/* What the files share: a few C library functions, the console, Solo5's words, and what an architecture provides. */
#ifndef BARE_H
#define BARE_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* lib.c */

void *memcpy(void *to, const void *from, size_t length);
void *memset(void *to, int byte, size_t length);
int memcmp(const void *a, const void *b, size_t length);
size_t strlen(const char *text);
bool same_text(const char *a, const char *b);

/* Cuts the next word off `*line` (in place) and returns it, or NULL when there is none. */
char *next_word(char **line);

/* Reads a whole decimal number no greater than `most`. */
bool parse_number(const char *text, unsigned long most, unsigned long *number);

/* console.c */

/* Takes %s %c %d %u %x, `l` before a number, and a width with or without a leading 0. A newline becomes CR LF. */
void print(const char *format, ...) __attribute__((format(printf, 1, 2)));
void print_list(const char *format, va_list list);

/* Writes bytes as they are. */
void console_raw(const char *bytes, size_t length);
void console_flush(void);

/* solo5.c: the lines that Solo5 itself prints, and the two ways to end. */

enum { EXIT_USAGE = 64 };

void solo5_quiet(void);
void solo5_log(const char *format, ...) __attribute__((format(printf, 1, 2)));
void solo5_banner(void);
_Noreturn void solo5_exit(int status);
_Noreturn void solo5_abort(void);
_Noreturn void solo5_fatal(const char *file, int line, const char *why);
#define FATAL(why) solo5_fatal(__FILE__, __LINE__, why)

/* main.c and behaviours.c */

/* What follows a behaviour's word on the command line. */
struct arguments {
    bool has_number;
    unsigned long number;
    char *rest;
};

struct behaviour {
    const char *word;
    enum { NOTHING, A_NUMBER, MAYBE_A_NUMBER, WORDS } takes;
    unsigned long most; /* the greatest number it takes */
    bool silent;        /* not even a banner */
    void (*run)(struct arguments *arguments);
    const char *help;
};

extern const struct behaviour behaviours[];
extern const size_t behaviour_count;

_Noreturn void bare_main(void);

/* Provided by each architecture: <architecture>/ */

enum { COMMAND_LINE_SIZE = 4096 };

struct machine {
    uintptr_t ram_start, ram_end; /* the part of RAM that is mapped */
    const char *clock_name;
    uint64_t clock_hz;
    bool command_line_cut;
    char command_line[COMMAND_LINE_SIZE]; /* without the kernel's name */
};

extern struct machine machine;

/* Keeps what fits of a command line of `length` bytes. */
void machine_keep_command_line(const char *text, size_t length);

void uart_write(const char *bytes, size_t length);
void uart_drain(void);
uint64_t clock_now(void);
void clock_wait_until(uint64_t then);
_Noreturn void machine_off(bool crashed); /* only Xen is told whether it crashed */
_Noreturn void machine_reset(void);
_Noreturn void machine_halt(void);

/* From the linker scripts. */
extern char image_start[], text_end[], rodata_end[], image_end[];

#endif
