/* SPDX-License-Identifier: Apache-2.0 */
/* C2SP signed notes: https://c2sp.org/signed-note, and doc/spec/notes.md. */
#include "wire/note.h"

#include <string.h>

#include "base/rd.h"
#include "base/text.h"
#include "wire/vkey.h"

#define SIG_PREFIX "\xe2\x80\x94 " /* U+2014 SPACE */
#define SIG_RAW_MAX 8192           /* keyid and signature: room for types to come */

/* UTF-8 without control characters other than '\n', ending with one. */
static spk_err
text_check(struct spk_span t)
{
    SPK_CHECK(t.len > 0 && t.ptr[t.len - 1] == '\n', FORMAT);
    for (size_t i = 0; i < t.len; i++) {
        SPK_CHECK(t.ptr[i] >= 0x20 || t.ptr[i] == '\n', FORMAT);
    }
    SPK_CHECK(spk_utf8_ok(t), FORMAT);
    return SPK_OK;
}

/* Offset of the last "\n\n"; false when there is none. */
static bool
last_blank(struct spk_span s, size_t *ret_at)
{
    for (size_t i = s.len; i >= 2; i--) {
        if (s.ptr[i - 1] == '\n' && s.ptr[i - 2] == '\n') {
            *ret_at = i - 2;
            return true;
        }
    }
    return false;
}

/* "— name base64(keyid || signature)" */
static spk_err
sig_line(struct spk_span line, struct spk_note_sig *ret_sig)
{
    SPK_AUTO_BUF struct spk_buf raw = SPK_BUF(SIG_RAW_MAX);
    struct spk_span rest = line, name;

    SPK_CHECK(spk_skip_prefix(&rest, SIG_PREFIX), FORMAT);
    SPK_CHECK(spk_split(&rest, ' ', &name), FORMAT);
    SPK_CHECK(spk_note_name_ok(name), FORMAT);
    SPK_TRY(spk_base64_parse(rest, &raw));
    SPK_CHECK(raw.len > sizeof(ret_sig->keyid), FORMAT);
    ret_sig->name = name;
    memcpy(ret_sig->keyid, raw.ptr, sizeof(ret_sig->keyid));
    ret_sig->usable = raw.len == sizeof(ret_sig->keyid) + SPK_ED25519_SIG_LEN;
    memset(ret_sig->sig, 0, sizeof(ret_sig->sig));
    if (ret_sig->usable) {
        memcpy(ret_sig->sig, raw.ptr + sizeof(ret_sig->keyid), SPK_ED25519_SIG_LEN);
    }
    ret_sig->line = spk_span(line.ptr, line.len + 1);
    return SPK_OK;
}

static spk_err
sig_lines(struct spk_span part, struct spk_note *n)
{
    struct spk_rd r = spk_rd(part);

    SPK_CHECK(part.len > 0, FORMAT);
    for (n->n = 0; r.left > 0; n->n++) {
        struct spk_span line;
        SPK_CHECK(n->n < SPK_NOTE_SIGS_MAX, LIMIT);
        SPK_TRY(spk_rd_line(&r, part.len, &line));
        SPK_TRY(sig_line(line, &n->sigs[n->n]));
    }
    return SPK_OK;
}

spk_err
spk_note_parse(struct spk_span bytes, bool allow_unsigned, struct spk_note *ret_n)
{
    struct spk_note n = {.n = 0};
    size_t at;

    SPK_CHECK(bytes.len <= SPK_NOTE_MAX, LIMIT);
    SPK_TRY(text_check(bytes));
    if (last_blank(bytes, &at)) {
        n.text = spk_span(bytes.ptr, at + 1);
        SPK_TRY(sig_lines(spk_span(bytes.ptr + at + 2, bytes.len - at - 2), &n));
    } else {
        SPK_CHECK(allow_unsigned, FORMAT);
        n.text = bytes;
    }
    *ret_n = n;
    return SPK_OK;
}

spk_err
spk_note_format(const struct spk_note *n, struct spk_buf *out)
{
    SPK_TRY(spk_buf_add(out, n->text));
    if (n->n > 0) {
        SPK_TRY(spk_buf_u8(out, '\n'));
    }
    for (size_t i = 0; i < n->n; i++) {
        SPK_TRY(spk_buf_add(out, n->sigs[i].line));
    }
    return SPK_OK;
}

spk_err
spk_note_kind(const struct spk_note *n, const char *kind, struct spk_span *ret_body)
{
    struct spk_span rest = n->text, first;

    SPK_CHECK(spk_split(&rest, '\n', &first), FORMAT);
    SPK_CHECK(spk_span_eq(first, spk_span_str(kind)), FORMAT);
    *ret_body = rest;
    return SPK_OK;
}

spk_err
spk_note_hash(const struct spk_note *n, struct spk_hash *ret_h)
{
    return spk_sha256(n->text, ret_h);
}

static bool
is_by(const struct spk_note_sig *s, const struct spk_vkey *v)
{
    return spk_span_eq(s->name, spk_span_str(v->name)) &&
           spk_span_eq(SPK_SPAN_OF(s->keyid), SPK_SPAN_OF(v->keyid));
}

spk_err
spk_note_verify(const struct spk_note *n, const struct spk_vkey *v)
{
    bool found = false;

    for (size_t i = 0; i < n->n; i++) {
        if (!is_by(&n->sigs[i], v)) {
            continue;
        }
        SPK_CHECK(n->sigs[i].usable && v->type == SPK_VKEY_ED25519, AUTH);
        SPK_TRY(spk_ed25519_verify(v->key, n->text, SPK_SPAN_OF(n->sigs[i].sig)));
        found = true;
    }
    SPK_CHECK(found, NOTFOUND);
    return SPK_OK;
}

/* The lines of prior but those of v, whose new signature takes their place. */
static spk_err
prior_lines(const struct spk_note *prior, struct spk_span text, const struct spk_vkey *v,
            struct spk_buf *out)
{
    if (prior == NULL) {
        return SPK_OK;
    }
    SPK_CHECK(spk_span_eq(prior->text, text), USAGE);
    for (size_t i = 0; i < prior->n; i++) {
        if (!is_by(&prior->sigs[i], v)) {
            SPK_TRY(spk_buf_add(out, prior->sigs[i].line));
        }
    }
    return SPK_OK;
}

static spk_err
own_line(struct spk_span text, const struct spk_vkey *v, const struct spk_secret *seed,
         struct spk_buf *out)
{
    uint8_t raw[sizeof(v->keyid) + SPK_ED25519_SIG_LEN];

    memcpy(raw, v->keyid, sizeof(v->keyid));
    SPK_TRY(spk_ed25519_sign(seed, text, raw + sizeof(v->keyid)));
    SPK_TRY(spk_buf_str(out, SIG_PREFIX));
    SPK_TRY(spk_buf_str(out, v->name));
    SPK_TRY(spk_buf_u8(out, ' '));
    SPK_TRY(spk_buf_base64(out, SPK_SPAN_OF(raw)));
    return spk_buf_u8(out, '\n');
}

spk_err
spk_note_sign(struct spk_span text, const struct spk_note *prior, const char *name,
              const struct spk_secret *seed, struct spk_buf *out)
{
    SPK_AUTO_BUF struct spk_buf made = SPK_BUF(SPK_NOTE_MAX);
    uint8_t pub[SPK_ED25519_LEN];
    struct spk_vkey v;
    struct spk_note check;

    SPK_TRY(text_check(text));
    SPK_TRY(spk_ed25519_public(seed, pub));
    SPK_TRY(spk_vkey_make(name, pub, &v));
    SPK_TRY(spk_buf_add(&made, text));
    SPK_TRY(spk_buf_u8(&made, '\n'));
    SPK_TRY(prior_lines(prior, text, &v, &made));
    SPK_TRY(own_line(text, &v, seed, &made));
    SPK_TRY(
        spk_note_parse(spk_buf_span(&made), false, &check)); /* no more lines than a reader takes */
    return spk_buf_add(out, spk_buf_span(&made));
}
