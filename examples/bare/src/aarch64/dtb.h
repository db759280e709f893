/* SPDX-License-Identifier: MIT */
#ifndef DTB_H
#define DTB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A flattened device tree. Every read is checked against these ends. */
struct dtb {
    const uint8_t *structure, *structure_end;
    const uint8_t *strings, *strings_end;
};

struct property {
    const uint8_t *bytes;
    size_t length;
};

/* False unless there is a sound header at `address`. */
bool dtb_open(struct dtb *dtb, const void *address);

/* A property of a node just below the root; `node` is its name without the unit address. */
bool dtb_find(const struct dtb *dtb, const char *node, const char *name, struct property *found);

/* Whether a string property, or the first of its strings, is `text`. */
bool property_is(const struct property *property, const char *text);

/* A big-endian number of 8 bytes. */
bool property_number(const struct property *property, size_t offset, uint64_t *number);

#endif
