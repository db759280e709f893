/* SPDX-License-Identifier: MIT */
/*
 * The lines that Solo5's bindings print around a program, in the same words, so that whoever reads the console needs
 * no special case for us. The code is our own.
 */
#include "bare.h"

/* Solo5 cannot tell this status from an abort (SOLO5_EXIT_ABORT). */
enum { ABORT_STATUS = 255 };

static bool quiet;

void solo5_quiet(void)
{
    quiet = true;
}

void solo5_log(const char *format, ...)
{
    if (quiet)
        return;
    va_list list;
    va_start(list, format);
    print_list(format, list);
    va_end(list);
    console_flush();
}

static void log_range(const char *name, const char *from, const char *to)
{
    if (from < to)
        solo5_log("Solo5: %10s @ (0x%lx - 0x%lx)\n", name, (uintptr_t)from, (uintptr_t)to - 1);
}

void solo5_banner(void)
{
    solo5_log("Solo5: Bindings version bare-1\n");
    solo5_log("Solo5: Memory map: %lu MB addressable:\n", (machine.ram_end - machine.ram_start) >> 20);
    log_range("reserved", (const char *)machine.ram_start, image_start);
    log_range("text", image_start, text_end);
    log_range("rodata", text_end, rodata_end);
    log_range("data", rodata_end, image_end);
    solo5_log("Solo5:       heap >= 0x%lx < stack < 0x%lx\n", (uintptr_t)image_end, machine.ram_end);
    solo5_log("Solo5: Clock source: %s is %lu Hz\n", machine.clock_name, machine.clock_hz);
    if (machine.command_line_cut)
        solo5_log("Solo5: warning: command line too long, truncated\n");
}

static _Noreturn void off(bool crashed)
{
    console_flush();
    uart_drain();
    machine_off(crashed);
}

_Noreturn void solo5_exit(int status)
{
    solo5_log("Solo5: solo5_exit(%d) called\n", status);
    off(status == ABORT_STATUS);
}

_Noreturn void solo5_abort(void)
{
    solo5_log("Solo5: solo5_abort() called\n");
    off(true);
}

/* As in Solo5, this line comes even when we are told to be quiet. */
_Noreturn void solo5_fatal(const char *file, int line, const char *why)
{
    print("Solo5: ABORT: %s:%d: %s\n", file, line, why);
    off(true);
}
