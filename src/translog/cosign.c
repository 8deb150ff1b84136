/* SPDX-License-Identifier: Apache-2.0 */
#include "translog/cosign.h"

#include <inttypes.h>
#include <string.h>

#include "base/rd.h"
#include "base/text.h"

#define DASH "\xe2\x80\x94 " /* U+2014 SPACE, as every signature line begins */
#define WITNESS 4            /* type of the key: doc/spec/witness.md §2 */
#define RAW_LEN (4 + 8 + SPK_ED25519_SIG_LEN)
#define SIGNED_MAX (SPK_NOTE_MAX + 64)

static spk_err
signed_text(uint64_t time, struct spk_span text, struct spk_buf *out)
{
    SPK_TRY(spk_buf_printf(out, "cosignature/v1\ntime %" PRIu64 "\n", time));
    return spk_buf_add(out, text);
}

spk_err
spk_cosign(struct spk_span text, const char *name, const struct spk_secret *seed, uint64_t time,
           struct spk_buf *out)
{
    SPK_AUTO_BUF struct spk_buf msg = SPK_BUF(SIGNED_MAX);
    uint8_t pub[SPK_ED25519_LEN];
    uint8_t raw[RAW_LEN];
    struct spk_vkey v;

    SPK_CHECK(time > 0 && time <= INT64_MAX, USAGE);
    SPK_TRY(spk_ed25519_public(seed, pub));
    SPK_TRY(spk_vkey_make_witness(name, pub, &v));
    SPK_TRY(signed_text(time, text, &msg));
    memcpy(raw, v.keyid, sizeof(v.keyid));
    spk_put_u64(raw + 4, time);
    SPK_TRY(spk_ed25519_sign(seed, spk_buf_span(&msg), raw + 12));
    SPK_TRY(spk_buf_str(out, DASH));
    SPK_TRY(spk_buf_str(out, v.name));
    SPK_TRY(spk_buf_u8(out, ' '));
    SPK_TRY(spk_buf_base64(out, SPK_SPAN_OF(raw)));
    return spk_buf_u8(out, '\n');
}

static bool
is_by(const struct spk_note_sig *s, const struct spk_vkey *v)
{
    return spk_span_eq(s->name, spk_span_str(v->name)) &&
           spk_span_eq(SPK_SPAN_OF(s->keyid), SPK_SPAN_OF(v->keyid));
}

static spk_err
verify_line(struct spk_span text, const struct spk_note_sig *s, const struct spk_vkey *v,
            uint64_t *ret_time)
{
    SPK_AUTO_BUF struct spk_buf raw = SPK_BUF((size_t)RAW_LEN);
    SPK_AUTO_BUF struct spk_buf msg = SPK_BUF(SIGNED_MAX);
    size_t skip = strlen(DASH) + s->name.len + 1;

    SPK_CHECK(s->line.len > skip, AUTH);
    spk_err e = spk_base64_parse(spk_span(s->line.ptr + skip, s->line.len - skip - 1), &raw);
    SPK_CHECK(e.code != SPK_CODE_NOMEM, NOMEM);
    SPK_CHECK(spk_ok(e) && raw.len == RAW_LEN, AUTH);
    uint64_t time = spk_get_u64(raw.ptr + 4);
    SPK_CHECK(time > 0 && time <= INT64_MAX, AUTH);
    SPK_TRY(signed_text(time, text, &msg));
    SPK_TRY(spk_ed25519_verify(v->key, spk_buf_span(&msg), spk_span(raw.ptr + 12, RAW_LEN - 12)));
    *ret_time = time;
    return SPK_OK;
}

spk_err
spk_cosign_verify(const struct spk_note *note, const struct spk_vkey *witness, uint64_t *ret_time)
{
    uint64_t newest = 0;

    SPK_CHECK(witness->type == WITNESS, USAGE);
    for (size_t i = 0; i < note->n; i++) {
        uint64_t time = 0;
        if (!is_by(&note->sigs[i], witness)) {
            continue;
        }
        SPK_TRY(verify_line(note->text, &note->sigs[i], witness, &time));
        newest = time > newest ? time : newest;
    }
    SPK_CHECK(newest > 0, NOTFOUND);
    if (ret_time != NULL) {
        *ret_time = newest;
    }
    return SPK_OK;
}

static bool
counted(const struct spk_vkey *witnesses, const bool *good, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (good[i] && spk_span_eq(SPK_SPAN_OF(witnesses[i].key), SPK_SPAN_OF(witnesses[n].key))) {
            return true;
        }
    }
    return false;
}

spk_err
spk_cosign_count(const struct spk_note *note, const struct spk_vkey *witnesses, size_t n,
                 size_t *ret_good)
{
    bool good[SPK_WITNESSES_MAX] = {false};
    size_t count = 0;

    SPK_CHECK(n <= SPK_WITNESSES_MAX, LIMIT);
    for (size_t i = 0; i < n; i++) {
        spk_err e = spk_cosign_verify(note, &witnesses[i], NULL);
        if (e.code == SPK_CODE_NOTFOUND) {
            continue;
        }
        SPK_TRY(e);
        count += !counted(witnesses, good, i);
        good[i] = true;
    }
    *ret_good = count;
    return SPK_OK;
}
