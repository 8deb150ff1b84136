/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/rsapad.h"

#include <string.h>

#include "crypto/anyrsa.h"
#include "crypto/ct.h"
#include "crypto/digest.h"
#include "crypto/ossl.h"
#include "crypto/rng.h"

#define PS_MIN 8 /* RFC 8017 section 7.2.1 */
#define SHA1_LEN 20
#define SPARE ((size_t)16)

/* A question to the kernel takes longer than the padding itself, so what stands in for zeros is
 * asked for along with it. */
static spk_err
random_nonzero(struct spk_mut ps)
{
    uint8_t r[SPK_ANYRSA_MAX_LEN + SPARE];
    SPK_WIPE_ON_EXIT(r);
    size_t spare = ps.len, all = ps.len + SPARE;
    SPK_CHECK(all <= sizeof r, LIMIT);
    SPK_TRY(spk_random(spk_mut(r, all)));
    for (size_t i = 0; i < ps.len; i++) {
        while (r[i] == 0) {
            if (spare == all) {
                SPK_TRY(spk_random(spk_mut(r + ps.len, SPARE)));
                spare = ps.len;
            }
            r[i] = r[spare++];
        }
    }
    memcpy(ps.ptr, r, ps.len);
    return SPK_OK;
}

spk_err
spk_type2_encode(struct spk_span msg, struct spk_mut ret_em)
{
    SPK_CHECK(ret_em.len >= SPK_V15_OVERHEAD && msg.len <= ret_em.len - SPK_V15_OVERHEAD, LIMIT);
    struct spk_mut ps = spk_mut(ret_em.ptr + 2, ret_em.len - 3 - msg.len);
    SPK_TRY(random_nonzero(ps));
    ret_em.ptr[0] = 0;
    ret_em.ptr[1] = 2;
    ps.ptr[ps.len] = 0;
    if (msg.len != 0) {
        memcpy(ps.ptr + ps.len + 1, msg.ptr, msg.len);
    }
    return SPK_OK;
}

/* All ones when a < b; both below 2^31. */
static uint32_t
ct_less(size_t a, size_t b)
{
    return (uint32_t)0 - (((uint32_t)a - (uint32_t)b) >> 31);
}

static uint32_t
ct_pick32(uint32_t mask, uint32_t a, uint32_t b)
{
    mask = spk_ct_barrier(mask);
    return (a & mask) | (b & ~mask);
}

/* All ones for a good padding; the message's length, if so. Looks at every byte. */
static uint32_t
type2_scan(struct spk_span em, size_t *ret_len)
{
    uint32_t bad = em.ptr[0] | (uint32_t)(em.ptr[1] ^ 2);
    uint32_t searching = UINT32_MAX, zero_at = 0;
    for (size_t i = 2; i < em.len; i++) {
        uint32_t here = spk_ct_is_zero(em.ptr[i]) & searching;
        zero_at = ct_pick32(here, (uint32_t)i, zero_at);
        searching &= ~here;
    }
    bad |= searching | ct_less(zero_at, 2 + PS_MIN);
    *ret_len = em.len - 1 - zero_at;
    return spk_ct_is_zero(bad);
}

spk_err
spk_type2_decode(struct spk_span em, uint8_t *ret_msg, size_t *ret_len)
{
    size_t len = 0;
    SPK_CHECK(em.len >= SPK_V15_OVERHEAD, AUTH);
    SPK_CHECK(type2_scan(em, &len) != 0, AUTH); /* the final yes or no */
    memcpy(ret_msg, em.ptr + em.len - len, len);
    *ret_len = len;
    return SPK_OK;
}

void
spk_type2_pick(struct spk_span em, const struct spk_type2_want *want, uint8_t *ret_msg,
               size_t *ret_len)
{
    size_t len = 0;
    uint32_t good = type2_scan(em, &len);
    good &= ~ct_less(len, want->min) & ~ct_less(want->max, len);
    len = ct_pick32(good, (uint32_t)len, (uint32_t)want->alt_len);
    memcpy(ret_msg, want->alt.ptr, want->max);
    /* Every length that could be is copied, and at most one of the copies is kept. */
    for (size_t n = want->min; n <= want->max && n <= em.len; n++) {
        uint32_t this_one = good & spk_ct_is_zero((uint32_t)(n ^ len));
        for (size_t i = 0; i < n; i++) {
            ret_msg[i] = spk_ct_pick(this_one, em.ptr[em.len - n + i], ret_msg[i]);
        }
    }
    *ret_len = len;
}

/* dst ^= MGF1-SHA-1(seed) (RFC 8017 appendix B.2.1); d is a new SHA-1, and so it is left. */
static spk_err
mgf1_xor(struct spk_digest *d, struct spk_span seed, struct spk_mut dst)
{
    uint8_t block[SPK_DIGEST_LEN_MAX], counter[4];
    SPK_WIPE_ON_EXIT(block);
    for (size_t done = 0; done < dst.len; done += SHA1_LEN) {
        spk_put_u32(counter, (uint32_t)(done / SHA1_LEN));
        SPK_TRY(spk_digest_add(d, seed));
        SPK_TRY(spk_digest_add(d, SPK_SPAN_OF(counter)));
        SPK_TRY(spk_digest_final(d, block));
        SPK_TRY(spk_digest_restart(d));
        for (size_t i = 0; i < SHA1_LEN && done + i < dst.len; i++) {
            dst.ptr[done + i] ^= block[i];
        }
    }
    return SPK_OK;
}

/* Nearly always there is no label. */
static spk_err
hash_label(struct spk_span label, uint8_t ret_hash[SPK_DIGEST_LEN_MAX])
{
    static const uint8_t of_none[SHA1_LEN] = {0xda, 0x39, 0xa3, 0xee, 0x5e, 0x6b, 0x4b,
                                              0x0d, 0x32, 0x55, 0xbf, 0xef, 0x95, 0x60,
                                              0x18, 0x90, 0xaf, 0xd8, 0x07, 0x09};
    if (label.len == 0) {
        memcpy(ret_hash, of_none, sizeof of_none);
        return SPK_OK;
    }
    return spk_digest_parts(SPK_DIGEST_SHA1, &label, 1, ret_hash);
}

spk_err
spk_oaep_label_encode(struct spk_span msg, struct spk_span label, struct spk_mut ret_em)
{
    SPK_OSSL_SCOPE;
    SPK_AUTO(spk_digest) d = NULL;
    uint8_t l_hash[SPK_DIGEST_LEN_MAX];
    SPK_CHECK(ret_em.len >= SPK_OAEP_OVERHEAD && msg.len <= ret_em.len - SPK_OAEP_OVERHEAD, LIMIT);
    SPK_TRY(hash_label(label, l_hash));
    SPK_TRY(spk_digest_new(SPK_DIGEST_SHA1, &d));
    struct spk_mut seed = spk_mut(ret_em.ptr + 1, SHA1_LEN);
    struct spk_mut db = spk_mut(ret_em.ptr + 1 + SHA1_LEN, ret_em.len - 1 - SHA1_LEN);
    memset(ret_em.ptr, 0, ret_em.len);
    memcpy(db.ptr, l_hash, SHA1_LEN);
    db.ptr[db.len - msg.len - 1] = 1;
    if (msg.len != 0) {
        memcpy(db.ptr + db.len - msg.len, msg.ptr, msg.len);
    }
    SPK_TRY(spk_random(seed));
    SPK_TRY(mgf1_xor(d, spk_span(seed.ptr, seed.len), db));
    return mgf1_xor(d, spk_span(db.ptr, db.len), seed);
}

/* All ones for a block that decodes; the place of the message in db, if so. */
static uint32_t
oaep_scan(uint8_t first, const uint8_t *l_hash, struct spk_span db, size_t *ret_at)
{
    uint32_t bad = first, searching = UINT32_MAX, one_at = 0;
    for (size_t i = 0; i < SHA1_LEN; i++) {
        bad |= (uint32_t)(db.ptr[i] ^ l_hash[i]);
    }
    for (size_t i = SHA1_LEN; i < db.len; i++) {
        uint32_t one = spk_ct_is_zero((uint32_t)(db.ptr[i] ^ 1)) & searching;
        uint32_t zero = spk_ct_is_zero(db.ptr[i]);
        one_at = ct_pick32(one, (uint32_t)i, one_at);
        bad |= searching & ~one & ~zero;
        searching &= ~one;
    }
    *ret_at = one_at + 1;
    return spk_ct_is_zero(bad | searching);
}

spk_err
spk_oaep_label_decode(struct spk_span em, struct spk_span label, uint8_t *ret_msg, size_t *ret_len)
{
    SPK_OSSL_SCOPE;
    SPK_AUTO(spk_digest) d = NULL;
    uint8_t l_hash[SPK_DIGEST_LEN_MAX], seed[SHA1_LEN], db[SPK_ANYRSA_MAX_LEN];
    SPK_WIPE_ON_EXIT(seed);
    SPK_WIPE_ON_EXIT(db);
    size_t at = 0, db_len = em.len - 1 - SHA1_LEN;
    SPK_CHECK(em.len >= SPK_OAEP_OVERHEAD && em.len <= SPK_ANYRSA_MAX_LEN, AUTH);
    memcpy(seed, em.ptr + 1, SHA1_LEN);
    memcpy(db, em.ptr + 1 + SHA1_LEN, db_len);
    SPK_TRY(hash_label(label, l_hash));
    SPK_TRY(spk_digest_new(SPK_DIGEST_SHA1, &d));
    SPK_TRY(mgf1_xor(d, spk_span(db, db_len), SPK_MUT_OF(seed)));
    SPK_TRY(mgf1_xor(d, SPK_SPAN_OF(seed), spk_mut(db, db_len)));
    uint32_t good = oaep_scan(em.ptr[0], l_hash, spk_span(db, db_len), &at);
    SPK_CHECK(good != 0, AUTH); /* the final yes or no */
    memcpy(ret_msg, db + at, db_len - at);
    *ret_len = db_len - at;
    return SPK_OK;
}

spk_err
spk_type1_encode(struct spk_span prefix, struct spk_span msg, struct spk_mut ret_em)
{
    size_t len = prefix.len + msg.len;
    SPK_CHECK(ret_em.len >= SPK_V15_OVERHEAD && len <= ret_em.len - SPK_V15_OVERHEAD, LIMIT);
    size_t at = ret_em.len - len;
    memset(ret_em.ptr, 0xff, at);
    ret_em.ptr[0] = 0;
    ret_em.ptr[1] = 1;
    ret_em.ptr[at - 1] = 0;
    if (prefix.len != 0) {
        memcpy(ret_em.ptr + at, prefix.ptr, prefix.len);
    }
    memcpy(ret_em.ptr + at + prefix.len, msg.ptr, msg.len);
    return SPK_OK;
}

spk_err
spk_x931_encode(struct spk_span msg, uint8_t trailer, struct spk_mut ret_em)
{
    SPK_CHECK(msg.len + 4 <= ret_em.len, LIMIT);
    size_t at = ret_em.len - msg.len - 2;
    memset(ret_em.ptr, 0xbb, at);
    ret_em.ptr[0] = 0x6b;
    ret_em.ptr[at - 1] = 0xba;
    memcpy(ret_em.ptr + at, msg.ptr, msg.len);
    ret_em.ptr[ret_em.len - 2] = trailer;
    ret_em.ptr[ret_em.len - 1] = 0xcc;
    return SPK_OK;
}
