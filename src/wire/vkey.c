/* SPDX-License-Identifier: Apache-2.0 */
/* Verifier keys of notes: name+hex(keyid)+base64(type || key) (doc/spec/notes.md §2). */
#include "wire/vkey.h"

#include <string.h>

#include "base/text.h"

/* The white space of Unicode beyond ASCII, as UTF-8; the controls among it are refused before. */
static const char *const spaces[] = {
    " ",
    "+",
    "\xc2\xa0",
    "\xe1\x9a\x80",
    "\xe2\x80\x80",
    "\xe2\x80\x81",
    "\xe2\x80\x82",
    "\xe2\x80\x83",
    "\xe2\x80\x84",
    "\xe2\x80\x85",
    "\xe2\x80\x86",
    "\xe2\x80\x87",
    "\xe2\x80\x88",
    "\xe2\x80\x89",
    "\xe2\x80\x8a",
    "\xe2\x80\xa8",
    "\xe2\x80\xa9",
    "\xe2\x80\xaf",
    "\xe2\x81\x9f",
    "\xe3\x80\x80",
};

bool
spk_note_name_ok(struct spk_span name)
{
    if (name.len == 0 || name.len > SPK_NOTE_NAME_MAX || !spk_utf8_plain(name)) {
        return false;
    }
    for (size_t i = 0; i < sizeof(spaces) / sizeof(spaces[0]); i++) {
        if (memmem(name.ptr, name.len, spaces[i], strlen(spaces[i])) != NULL) {
            return false;
        }
    }
    return true;
}

/* keyid = the first bytes of H(name || 0x0A || type || key) */
static spk_err
vkey_id(const struct spk_vkey *v, uint8_t ret_id[4])
{
    const uint8_t mid[] = {'\n', v->type};
    const struct spk_span parts[] = {spk_span_str(v->name), SPK_SPAN_OF(mid), SPK_SPAN_OF(v->key)};
    struct spk_hash h;

    SPK_TRY(spk_sha256_parts(parts, 3, &h));
    memcpy(ret_id, h.b, 4);
    return SPK_OK;
}

static spk_err
vkey_make(uint8_t type, struct spk_span name, const uint8_t key[SPK_ED25519_LEN],
          struct spk_vkey *ret_v)
{
    struct spk_vkey v = {.type = type};

    SPK_CHECK(spk_note_name_ok(name), FORMAT);
    memcpy(v.name, name.ptr, name.len);
    memcpy(v.key, key, SPK_ED25519_LEN);
    SPK_TRY(vkey_id(&v, v.keyid));
    *ret_v = v;
    return SPK_OK;
}

spk_err
spk_vkey_make(const char *name, const uint8_t key[SPK_ED25519_LEN], struct spk_vkey *ret_v)
{
    return vkey_make(SPK_VKEY_ED25519, spk_span_str(name), key, ret_v);
}

spk_err
spk_vkey_make_witness(const char *name, const uint8_t key[SPK_ED25519_LEN], struct spk_vkey *ret_v)
{
    return vkey_make(SPK_VKEY_WITNESS, spk_span_str(name), key, ret_v);
}

spk_err
spk_vkey_format(const struct spk_vkey *v, struct spk_buf *out)
{
    uint8_t raw[1 + SPK_ED25519_LEN];

    raw[0] = v->type;
    memcpy(raw + 1, v->key, SPK_ED25519_LEN);
    SPK_TRY(spk_buf_str(out, v->name));
    SPK_TRY(spk_buf_u8(out, '+'));
    SPK_TRY(spk_buf_hex(out, SPK_SPAN_OF(v->keyid)));
    SPK_TRY(spk_buf_u8(out, '+'));
    return spk_buf_base64(out, SPK_SPAN_OF(raw));
}

static spk_err
vkey_parse(uint8_t type, struct spk_span text, struct spk_vkey *ret_v)
{
    SPK_AUTO_BUF struct spk_buf raw = SPK_BUF(SPK_NOTE_NAME_MAX);
    SPK_AUTO_BUF struct spk_buf again = SPK_BUF(2 * SPK_NOTE_NAME_MAX);
    struct spk_span rest = text, name, id;
    struct spk_vkey v;

    SPK_CHECK(spk_split(&rest, '+', &name), FORMAT);
    SPK_CHECK(spk_split(&rest, '+', &id), FORMAT);
    SPK_TRY(spk_base64_parse(rest, &raw));
    SPK_CHECK(raw.len > 1, FORMAT);
    SPK_CHECK(raw.ptr[0] == type, VERSION);
    SPK_CHECK(raw.len == 1 + SPK_ED25519_LEN, FORMAT);
    SPK_TRY(vkey_make(type, name, raw.ptr + 1, &v));
    /* The key id in the text is redundant: it must be the one that the name and the key give. */
    SPK_TRY(spk_vkey_format(&v, &again));
    SPK_CHECK(spk_span_eq(spk_buf_span(&again), text), FORMAT);
    *ret_v = v;
    return SPK_OK;
}

spk_err
spk_vkey_parse(struct spk_span text, struct spk_vkey *ret_v)
{
    return vkey_parse(SPK_VKEY_ED25519, text, ret_v);
}

spk_err
spk_vkey_parse_witness(struct spk_span text, struct spk_vkey *ret_v)
{
    return vkey_parse(SPK_VKEY_WITNESS, text, ret_v);
}
