/* SPDX-License-Identifier: MIT */
/*
 * The two ELF notes by which Solo5's tools know an image: for which target it was linked, and which devices it wants.
 * DEVICES adds a network and a block device to the second. We declare them, but have no driver for either.
 */
#include "../bare.h"

#define OWNER "Solo5"

enum { ABI_NOTE = 0x31494241, MANIFEST_NOTE = 0x3154464d }; /* "ABI1", "MFT1" */
enum { BLOCK = 1, NET = 2, RESERVED = 0x40000000 };

struct note {
    uint32_t owner_size, content_size, type;
    char owner[8];
};

#define NOTE(whole, number) { sizeof OWNER, sizeof(whole) - sizeof(struct note), number, OWNER }

struct abi_note {
    struct note note;
    uint32_t target, version, reserved[2];
};

struct manifest_entry {
    char name[68];
    uint32_t type;
    uint32_t at_run_time[8];
};

#ifdef DEVICES
enum { ENTRIES = 3 };
#else
enum { ENTRIES = 1 };
#endif

struct manifest_note {
    struct note note;
    uint32_t padding, version, entries;
    struct manifest_entry entry[ENTRIES];
};

_Static_assert(sizeof(struct manifest_entry) == 104, "entries are 104 bytes apart");
_Static_assert(offsetof(struct manifest_note, entry) == 32, "the first entry is 12 bytes into the content");

static const struct abi_note abi __attribute__((used, section(".note.solo5.abi"), aligned(4))) = {
    .note = NOTE(struct abi_note, ABI_NOTE),
    .target = ABI_TARGET,
    .version = ABI_VERSION,
};

static const struct manifest_note manifest __attribute__((used, section(".note.solo5.manifest"), aligned(4))) = {
    .note = NOTE(struct manifest_note, MANIFEST_NOTE),
    .version = 1,
    .entries = ENTRIES,
    .entry = {
        { .name = "", .type = RESERVED },
#ifdef DEVICES
        { .name = "service", .type = NET },
        { .name = "storage", .type = BLOCK },
#endif
    },
};
