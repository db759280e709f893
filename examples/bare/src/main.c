/* SPDX-License-Identifier: MIT */
/* Reads the command line and runs the one behaviour that it names. */
#include "bare.h"

#ifndef DEFAULT_COMMAND
#define DEFAULT_COMMAND ""
#endif

struct machine machine;

static char default_line[] = DEFAULT_COMMAND;
static char hello_line[] = "hello";

void machine_keep_command_line(const char *text, size_t length)
{
    machine.command_line_cut = length >= COMMAND_LINE_SIZE;
    if (machine.command_line_cut)
        length = COMMAND_LINE_SIZE - 1;
    memcpy(machine.command_line, text, length);
    machine.command_line[length] = '\0';
}

/* The first word that is not about being quiet. */
static char *behaviour_word(char **line)
{
    char *word = next_word(line);
    while (word != NULL && (same_text(word, "quiet") || same_text(word, "--solo5:quiet"))) {
        solo5_quiet();
        word = next_word(line);
    }
    return word;
}

static const struct behaviour *find_behaviour(const char *word)
{
    for (size_t i = 0; i < behaviour_count; i++)
        if (same_text(behaviours[i].word, word))
            return &behaviours[i];
    return NULL;
}

static bool parse_arguments(const struct behaviour *behaviour, char *line, struct arguments *arguments)
{
    *arguments = (struct arguments){ .rest = line };
    if (behaviour->takes == WORDS)
        return true;
    char *word = next_word(&line);
    if (word == NULL)
        return behaviour->takes != A_NUMBER;
    if (behaviour->takes == NOTHING)
        return false;
    arguments->has_number = true;
    return parse_number(word, behaviour->most, &arguments->number) && next_word(&line) == NULL;
}

static _Noreturn void usage(const char *word)
{
    print("bare: cannot do `%s` as asked. The command line is [quiet] and one of:\n", word);
    for (size_t i = 0; i < behaviour_count; i++)
        print("  %s\n", behaviours[i].help);
    solo5_exit(EXIT_USAGE);
}

_Noreturn void bare_main(void)
{
    char *line = machine.command_line;
    char *word = behaviour_word(&line);
    if (word == NULL) {
        line = default_line;
        word = behaviour_word(&line);
    }
    if (word == NULL)
        word = hello_line;

    const struct behaviour *behaviour = find_behaviour(word);
    if (behaviour == NULL || !behaviour->silent)
        solo5_banner();

    struct arguments arguments;
    if (behaviour == NULL || !parse_arguments(behaviour, line, &arguments))
        usage(word);
    behaviour->run(&arguments);
    solo5_exit(0);
}
