/* SPDX-License-Identifier: Apache-2.0 */
/* The tree behind json.h, shared by reader and accessors. Inside this folder only. */
#ifndef SPK_WIRE_JSON_TREE_H
#define SPK_WIRE_JSON_TREE_H

#include "wire/json.h"

enum json_type {
    JSON_NULL,
    JSON_BOOL,
    JSON_U64,    /* a plain decimal integer up to SPK_JSON_U64_MAX */
    JSON_NUMBER, /* any other number: correct, but never asked for */
    JSON_STR,
    JSON_ARRAY,
    JSON_OBJECT, /* members in ascending order of their keys */
};

struct spk_json {
    enum json_type type;
    uint32_t n;      /* items or members */
    const char *key; /* of a member; NULL elsewhere */
    union {
        bool b;
        uint64_t u;
        const char *s;
        struct spk_json *items;
    } v;
};

#endif
