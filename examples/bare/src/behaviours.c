/* SPDX-License-Identifier: MIT */
/* What this unikernel can be asked to do. One that returns ends with exit status 0. */
#include "bare.h"

static void wait_a_second(void)
{
    clock_wait_until(clock_now() + machine.clock_hz);
}

static void hello(struct arguments *arguments)
{
    (void)arguments;
    print("Hello from a bare unikernel: C and assembly, no OCaml inside.\n");
}

static void exit_with(struct arguments *arguments)
{
    print("exiting %lu\n", arguments->number);
    solo5_exit((int)arguments->number);
}

static void abort_now(struct arguments *arguments)
{
    (void)arguments;
    print("about to abort\n");
    solo5_abort();
}

/* The first page is mapped on no architecture. */
static void write_to_unmapped_page(void)
{
    uintptr_t address = 0x10;
    __asm__("" : "+r"(address)); /* or gcc sees a bug and warns */
    *(volatile uint32_t *)address = 1;
}

static void trap(struct arguments *arguments)
{
    (void)arguments;
    print("about to fault\n");
    write_to_unmapped_page();
}

static void print_exception(void)
{
    print("before\n");
    print("Fatal error: exception Failure(\"raised on purpose by a bare unikernel\")\n");
}

static void exception(struct arguments *arguments)
{
    (void)arguments;
    print_exception();
    solo5_exit(2);
}

static void exception_hang(struct arguments *arguments)
{
    (void)arguments;
    print_exception();
    machine_halt();
}

static void exception_logged(struct arguments *arguments)
{
    (void)arguments;
    print("2026-01-02T03:04:05-00:00: [WARNING] [application] worker 2 said "
          "\"Fatal error: exception Not_found\"; started another\n");
    print("all done\n");
}

static void hang(struct arguments *arguments)
{
    (void)arguments;
    print("about to hang\n");
    machine_halt();
}

static void silent(struct arguments *arguments)
{
    (void)arguments;
    machine_halt();
}

static void tick(struct arguments *arguments)
{
    for (unsigned long i = 1; !arguments->has_number || i <= arguments->number; i++) {
        if (i > 1)
            wait_a_second();
        print("tick %lu\n", i);
    }
}

/* Numbered lines of 64 bytes with their CR LF, so that a reader can tell what is missing. */
static void flood(struct arguments *arguments)
{
    const unsigned long lines_in_a_mib = (1 << 20) / 64;
    for (unsigned long i = 1; !arguments->has_number || i <= arguments->number * lines_in_a_mib; i++)
        print("flood %012lu abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG\n", i);
}

/* Everything that a log reader could take for its own: none of it may have an effect. */
static void commands(struct arguments *arguments)
{
    (void)arguments;
    static const char bytes[] =
        "::set-env name=BARE_PWNED::yes\r\n"
        "::set-output name=verdict::passed\r\n"
        "::save-state name=bare::yes\r\n"
        "::add-path::/tmp/bare-pwned\r\n"
        "::add-mask::bare\r\n"
        "::add-matcher::/tmp/bare-matcher.json\r\n"
        "::error file=bare.c,line=1,title=Not ours::an error that a guest printed\r\n"
        "::warning::a warning%0Aof two lines%0D\r\n"
        "::notice::a notice\r\n"
        "::debug::a debug line\r\n"
        "::group::a group that is never closed\r\n"
        "::echo::on\r\n"
        "::stop-commands::x\r\n"
        "::error::printed after stop-commands\r\n"
        "::x::\r\n"
        "::error::printed after its token\r\n"
        "##[error]an old error\r\n"
        "##[group]an old group\r\n"
        "##[add-mask]bare\r\n"
        "##[set-env name=BARE_PWNED;]yes\r\n"
        "##vso[task.setvariable variable=BARE_PWNED]yes\r\n"
        "   ::error::behind blanks\r\n"
        "text before ::error::in the middle\r\n"
        "progress 10%\rprogress 20%\r::error::behind CR only\r\n"
        "\x1b[31mred\x1b[0m \x1b[2J\x1b[H\x1b]0;title\x07 escape codes\r\n"
        "\x1b[32m::error::behind an escape code\r\n"
        "\0::error::behind NUL\0\r\n"
        "invalid UTF-8: \xff\xfe \xc3\x28 \xe2\x82 \xed\xa0\x80 \xf5\x80\x80\x80 end\r\n"
        "\xef\xbb\xbf::error::behind a byte order mark\r\n"
        "\v\f\b\x7f::error::behind other controls\r\n"
        "\xe2\x80\xa8::error::behind a line separator\r\n"
        "LF only\n::error::behind LF only\r\n"
        "<script>alert(1)</script> ![x](https://example.invalid/x) ``` | a | b |\r\n"
        "commands printed\r\n";
    console_raw(bytes, sizeof bytes - 1);
}

static void partial(struct arguments *arguments)
{
    (void)arguments;
    print("a whole line\n");
    print("a last line without its end");
}

static void reboot(struct arguments *arguments)
{
    (void)arguments;
    print("about to reboot\n");
    uart_drain();
    machine_reset();
}

static void print_ready(void)
{
    print("listening on port 80\n");
}

static void ready(struct arguments *arguments)
{
    (void)arguments;
    print_ready();
    machine_halt();
}

static void ready_then_trap(struct arguments *arguments)
{
    (void)arguments;
    print_ready();
    wait_a_second();
    write_to_unmapped_page();
}

static void echo(struct arguments *arguments)
{
    char *word;
    for (unsigned i = 1; (word = next_word(&arguments->rest)) != NULL; i++)
        print("argv[%u] = %s\n", i, word);
}

static void say(struct arguments *arguments)
{
    print("%s\n", arguments->rest);
}

/* By the clock's lowest bits: no two boots read the same. Multiplied, because a clock can be slower than its unit. */
static void flaky(struct arguments *arguments)
{
    uint64_t drawn = (clock_now() * 0x9e3779b97f4a7c15u) >> 32;
    print("drawing\n");
    if (drawn % 100 < arguments->number) {
        print("bad luck\n");
        write_to_unmapped_page();
    }
    print("good luck\n");
}

const struct behaviour behaviours[] = {
    { .word = "hello", .run = hello, .help = "hello              greet, exit 0 (the default)" },
    { .word = "exit", .takes = A_NUMBER, .most = 255, .run = exit_with,
      .help = "exit N             exit N (0 to 255)" },
    { .word = "abort", .run = abort_now, .help = "abort              end as C's abort() does" },
    { .word = "trap", .run = trap, .help = "trap               write to an unmapped page" },
    { .word = "flaky", .takes = A_NUMBER, .most = 100, .run = flaky,
      .help = "flaky PERCENT      trap that often, or exit 0" },
    { .word = "exception", .run = exception, .help = "exception          print an uncaught exception, exit 2" },
    { .word = "exception-hang", .run = exception_hang, .help = "exception-hang     print it, then halt for ever" },
    { .word = "exception-logged", .run = exception_logged,
      .help = "exception-logged   mention one in a log line, exit 0" },
    { .word = "hang", .run = hang, .help = "hang               print a line, then halt for ever" },
    { .word = "silent", .silent = true, .run = silent, .help = "silent             print nothing, halt for ever" },
    { .word = "tick", .takes = MAYBE_A_NUMBER, .most = 1000000000, .run = tick,
      .help = "tick [N]           print `tick I` every second, N times or for ever, exit 0" },
    { .word = "flood", .takes = MAYBE_A_NUMBER, .most = 1000000, .run = flood,
      .help = "flood [MIB]        print that much, or without end, exit 0" },
    { .word = "commands", .run = commands, .help = "commands           print what must not be obeyed, exit 0" },
    { .word = "partial", .run = partial, .help = "partial            leave the last line open, exit 0" },
    { .word = "reboot", .run = reboot, .help = "reboot             reset the machine" },
    { .word = "ready", .run = ready, .help = "ready              print `listening on port 80`, idle for ever" },
    { .word = "ready-then-trap", .run = ready_then_trap,
      .help = "ready-then-trap    print it, trap a second later" },
    { .word = "echo", .takes = WORDS, .run = echo, .help = "echo WORDS...      print each word, exit 0" },
    { .word = "say", .takes = WORDS, .run = say, .help = "say TEXT           print it on one line, exit 0" },
};

const size_t behaviour_count = sizeof behaviours / sizeof behaviours[0];
