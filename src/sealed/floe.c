/* SPDX-License-Identifier: Apache-2.0 */
#include "sealed/floe.h"

#include <string.h>

#include "base/buf.h"
#include "crypto/kdf.h"

#define FLOE_PURPOSE_MAX 16
#define FLOE_SEG_AAD_LEN 9

/* kdf(k, p, n) = HKDF-Expand-SHA-384(k, params || iv || p || aad, n) */
static spk_err
floe_kdf(const struct spk_floe *f, struct spk_span key, struct spk_span purpose,
         struct spk_mut ret_out)
{
    uint8_t info[sizeof f->params_iv + FLOE_PURPOSE_MAX + SPK_FLOE_AAD_MAX];
    SPK_CHECK(purpose.len <= FLOE_PURPOSE_MAX, USAGE);

    size_t n = sizeof f->params_iv;
    memcpy(info, f->params_iv, n);
    memcpy(info + n, purpose.ptr, purpose.len);
    n += purpose.len;
    memcpy(info + n, f->aad, f->aad_len);
    n += f->aad_len;
    return spk_hkdf_expand_sha384(key, spk_span(info, n), ret_out);
}

/* Fill in what the derivations need: parameters, IV, AAD. */
static spk_err
floe_set(struct spk_floe *f, struct spk_span key, struct spk_span aad, uint32_t seg_len,
         const uint8_t iv[SPK_FLOE_IV_LEN])
{
    SPK_CHECK(key.len == SPK_AEAD_KEY_LEN && aad.len <= SPK_FLOE_AAD_MAX, USAGE);
    SPK_CHECK(seg_len > SPK_FLOE_OVERHEAD && seg_len < SPK_FLOE_INTERNAL, USAGE);

    f->params_iv[0] = 0; /* AEAD: AES-256-GCM */
    f->params_iv[1] = 0; /* KDF: HKDF-Expand-SHA-384 */
    spk_put_u32(f->params_iv + 2, seg_len);
    spk_put_u32(f->params_iv + 6, SPK_FLOE_IV_LEN);
    memcpy(f->params_iv + SPK_FLOE_PARAMS_LEN, iv, SPK_FLOE_IV_LEN);
    if (aad.len > 0) {
        memcpy(f->aad, aad.ptr, aad.len);
    }
    f->aad_len = aad.len;
    f->seg_len = seg_len;
    f->rotation = SPK_FLOE_ROTATION;
    return SPK_OK;
}

static spk_err
floe_message_key(struct spk_floe *f, struct spk_span key)
{
    return floe_kdf(f, key, SPK_SPAN_LIT("MESSAGE_KEY:"), SPK_MUT_OF(f->message_key));
}

spk_err
spk_floe_seal_begin(struct spk_floe *f, struct spk_span key, struct spk_span aad, uint32_t seg_len,
                    const uint8_t iv[SPK_FLOE_IV_LEN], uint8_t ret_header[SPK_FLOE_HEADER_LEN])
{
    uint8_t tag[SPK_FLOE_TAG_LEN];
    SPK_TRY(floe_set(f, key, aad, seg_len, iv));
    SPK_TRY(floe_kdf(f, key, SPK_SPAN_LIT("HEADER_TAG:"), SPK_MUT_OF(tag)));
    SPK_TRY(floe_message_key(f, key));
    memcpy(ret_header, f->params_iv, sizeof f->params_iv);
    memcpy(ret_header + sizeof f->params_iv, tag, sizeof tag);
    return SPK_OK;
}

spk_err
spk_floe_open_begin(struct spk_floe *f, struct spk_span key, struct spk_span aad, uint32_t seg_len,
                    const uint8_t header[SPK_FLOE_HEADER_LEN])
{
    uint8_t tag[SPK_FLOE_TAG_LEN];
    SPK_TRY(floe_set(f, key, aad, seg_len, header + SPK_FLOE_PARAMS_LEN));
    SPK_TRY(floe_kdf(f, key, SPK_SPAN_LIT("HEADER_TAG:"), SPK_MUT_OF(tag)));

    bool params_ok = spk_ct_eq(header, f->params_iv, SPK_FLOE_PARAMS_LEN);
    bool tag_ok = spk_ct_eq(header + sizeof f->params_iv, tag, sizeof tag);
    SPK_CHECK(params_ok && tag_ok, AUTH);
    return floe_message_key(f, key);
}

spk_err
spk_floe_worker_begin(struct spk_floe_worker *w, const struct spk_floe *f)
{
    *w = (struct spk_floe_worker){.floe = f};
    return spk_aead_new(&w->aead);
}

void
spk_floe_worker_end(struct spk_floe_worker *w)
{
    spk_aead_free(w->aead);
    *w = (struct spk_floe_worker){0};
}

/* The AEAD key for a position; only one in 2^rotation segments needs a new one. */
static spk_err
floe_use_key(struct spk_floe_worker *w, uint64_t position)
{
    uint64_t of = position >> w->floe->rotation << w->floe->rotation;
    if (w->keyed && w->key_of == of) {
        return SPK_OK;
    }
    uint8_t key[SPK_AEAD_KEY_LEN];
    SPK_WIPE_ON_EXIT(key);
    uint8_t purpose[4 + 8] = "DEK:";
    spk_put_u64(purpose + 4, of);

    w->keyed = false;
    SPK_TRY(floe_kdf(w->floe, SPK_SPAN_OF(w->floe->message_key), SPK_SPAN_OF(purpose),
                     SPK_MUT_OF(key)));
    SPK_TRY(spk_aead_key(w->aead, SPK_SPAN_OF(key)));
    w->key_of = of;
    w->keyed = true;
    return SPK_OK;
}

static void
floe_seg_aad(uint8_t aad[FLOE_SEG_AAD_LEN], uint64_t position, bool final)
{
    spk_put_u64(aad, position);
    aad[8] = final ? 1 : 0;
}

spk_err
spk_floe_seal(struct spk_floe_worker *w, uint64_t position, bool final,
              const uint8_t iv[SPK_AEAD_IV_LEN], uint8_t *seg, size_t plain_len)
{
    size_t most = w->floe->seg_len - SPK_FLOE_OVERHEAD;
    SPK_CHECK(final ? plain_len <= most : plain_len == most, USAGE);
    SPK_CHECK(position < SPK_FLOE_SEGMENTS_MAX, LIMIT);
    SPK_TRY(floe_use_key(w, position));

    uint8_t aad[FLOE_SEG_AAD_LEN];
    floe_seg_aad(aad, position, final);
    uint8_t *text = seg + SPK_FLOE_SEG_HEAD;
    spk_put_u32(seg, final ? (uint32_t)(plain_len + SPK_FLOE_OVERHEAD) : SPK_FLOE_INTERNAL);
    memcpy(seg + 4, iv, SPK_AEAD_IV_LEN);
    return spk_aead_seal(w->aead, iv, SPK_SPAN_OF(aad), spk_span(text, plain_len), text,
                         text + plain_len);
}

spk_err
spk_floe_open(struct spk_floe_worker *w, uint64_t position, bool final, uint8_t *seg, size_t len)
{
    SPK_CHECK(len >= SPK_FLOE_OVERHEAD && len <= w->floe->seg_len, AUTH);
    SPK_CHECK(final || len == w->floe->seg_len, AUTH);
    SPK_CHECK(spk_get_u32(seg) == (final ? (uint32_t)len : SPK_FLOE_INTERNAL), AUTH);
    SPK_CHECK(position < SPK_FLOE_SEGMENTS_MAX, LIMIT);
    SPK_TRY(floe_use_key(w, position));

    uint8_t aad[FLOE_SEG_AAD_LEN];
    floe_seg_aad(aad, position, final);
    uint8_t *text = seg + SPK_FLOE_SEG_HEAD;
    size_t plain_len = len - SPK_FLOE_OVERHEAD;
    return spk_aead_open(w->aead, seg + 4, SPK_SPAN_OF(aad), spk_span(text, plain_len),
                         text + plain_len, text);
}
