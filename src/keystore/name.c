/* SPDX-License-Identifier: Apache-2.0 */
#include "keystore/name.h"

#include <string.h>

#include "base/text.h"

bool
spk_container_name_ok(struct spk_span name)
{
    return name.len > 0 && name.len <= SPK_CONTAINER_NAME_MAX && spk_utf8_plain(name);
}

/** A to Z alone: folding the rest of Unicode would depend on locale and library version, and a key
 * must be found again by both. */
static uint8_t
fold(uint8_t c)
{
    return c >= 'A' && c <= 'Z' ? (uint8_t)(c + ('a' - 'A')) : c;
}

spk_err
spk_container_fname(const char *name, struct spk_container_fname *ret_fname)
{
    uint8_t folded[SPK_CONTAINER_NAME_MAX];
    struct spk_span s = spk_span_str(name);
    SPK_CHECK(s.len > 0, USAGE);
    SPK_CHECK(s.len <= SPK_CONTAINER_NAME_MAX, LIMIT);
    SPK_CHECK(spk_utf8_plain(s), USAGE);
    for (size_t i = 0; i < s.len; i++) {
        folded[i] = fold(s.ptr[i]);
    }
    (void)spk_hex(spk_span(folded, s.len), ret_fname->s);
    return SPK_OK;
}

spk_err
spk_container_fname_parse(const char *fname, char ret_name[SPK_CONTAINER_NAME_MAX + 1])
{
    char name[SPK_CONTAINER_NAME_MAX + 1] = {0};
    struct spk_container_fname again;
    struct spk_span text = spk_span_str(fname);
    SPK_CHECK(text.len > 0 && text.len <= 2 * SPK_CONTAINER_NAME_MAX, FORMAT);
    SPK_CHECK(text.len % 2 == 0, FORMAT);
    SPK_TRY(spk_hex_parse(text, name, text.len / 2));
    /* Only what we would write ourselves: no capital hex, no unfolded letter, no NUL inside. */
    SPK_CHECK(spk_container_name_ok(spk_span(name, text.len / 2)), FORMAT);
    SPK_CHECK(spk_ok(spk_container_fname(name, &again)) && strcmp(again.s, fname) == 0, FORMAT);
    memcpy(ret_name, name, sizeof name);
    return SPK_OK;
}
