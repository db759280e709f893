/* SPDX-License-Identifier: MIT */
/* Reads a flattened device tree, byte by byte: nothing in it is trusted, and nothing in it need be aligned. */
#include "dtb.h"

#include "../bare.h"

enum { MAGIC = 0xd00dfeed, HEADER_SIZE = 40, GREATEST_SIZE = 2 << 20, VERSION = 17 };
enum { BEGIN_NODE = 1, END_NODE = 2, PROPERTY = 3, NOP = 4 };

static uint32_t number_at(const uint8_t *at)
{
    return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
}

bool dtb_open(struct dtb *dtb, const void *address)
{
    const uint8_t *header = address;
    if (header == NULL || number_at(header) != MAGIC)
        return false;
    uint32_t size = number_at(header + 4);
    uint32_t structure = number_at(header + 8), strings = number_at(header + 12);
    uint32_t version = number_at(header + 20), last_compatible = number_at(header + 24);
    if (size < HEADER_SIZE || size > GREATEST_SIZE || version < VERSION || last_compatible > VERSION)
        return false;
    uint32_t strings_size = number_at(header + 32), structure_size = number_at(header + 36);
    if (structure > size || structure_size > size - structure || strings > size || strings_size > size - strings)
        return false;
    *dtb = (struct dtb){
        .structure = header + structure,
        .structure_end = header + structure + structure_size,
        .strings = header + strings,
        .strings_end = header + strings + strings_size,
    };
    return true;
}

/* The length of the string at `at`, or -1 when it does not end before `end`. */
static long text_length(const uint8_t *at, const uint8_t *end)
{
    for (const uint8_t *byte = at; byte < end; byte++)
        if (*byte == '\0')
            return byte - at;
    return -1;
}

static bool begins_with(const uint8_t *bytes, size_t length, const char *text)
{
    size_t text_size = strlen(text);
    return length >= text_size && memcmp(bytes, text, text_size) == 0;
}

/* `memory@40000000` is the node `memory`. */
static bool is_node(const uint8_t *name, size_t length, const char *node)
{
    size_t node_size = strlen(node);
    return begins_with(name, length, node) && (length == node_size || name[node_size] == '@');
}

static bool is_name(const struct dtb *dtb, uint32_t offset, const char *name)
{
    if (offset >= (size_t)(dtb->strings_end - dtb->strings))
        return false;
    const uint8_t *text = dtb->strings + offset;
    long length = text_length(text, dtb->strings_end);
    return length >= 0 && (size_t)length == strlen(name) && begins_with(text, (size_t)length, name);
}

bool dtb_find(const struct dtb *dtb, const char *node, const char *name, struct property *found)
{
    const uint8_t *at = dtb->structure, *end = dtb->structure_end;
    unsigned depth = 0;
    bool inside = false;

    while (end - at >= 4) {
        uint32_t token = number_at(at);
        size_t left = (size_t)(end - at) - 4, size = 0;
        at += 4;
        if (token == BEGIN_NODE) {
            long length = text_length(at, end);
            if (length < 0)
                return false;
            if (++depth == 2)
                inside = is_node(at, (size_t)length, node);
            size = (size_t)length + 1;
        } else if (token == END_NODE) {
            if (depth == 0)
                return false;
            if (depth-- == 2)
                inside = false;
        } else if (token == PROPERTY) {
            if (left < 8 || number_at(at) > left - 8)
                return false;
            uint32_t length = number_at(at);
            if (inside && depth == 2 && is_name(dtb, number_at(at + 4), name)) {
                *found = (struct property){ at + 8, length };
                return true;
            }
            size = 8 + (size_t)length;
        } else if (token != NOP) {
            return false; /* the end, or nothing that we know */
        }
        size_t step = (size + 3) & ~(size_t)3;
        if (step > left)
            return false;
        at += step;
    }
    return false;
}

bool property_is(const struct property *property, const char *text)
{
    return begins_with(property->bytes, property->length, text) && property->length > strlen(text) &&
           property->bytes[strlen(text)] == '\0';
}

bool property_number(const struct property *property, size_t offset, uint64_t *number)
{
    if (property->length < 8 || offset > property->length - 8)
        return false;
    *number = (uint64_t)number_at(property->bytes + offset) << 32 | number_at(property->bytes + offset + 4);
    return true;
}
