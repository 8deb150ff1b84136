/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/pad.h"

#include <string.h>

#include "base/buf.h"
#include "crypto/ct.h"
#include "crypto/ossl.h"
#include "crypto/rsa.h"

#define SHA1_LEN SPK_OAEP_SEED_LEN
#define OAEP_OVERHEAD (2 * SHA1_LEN + 2)
#define V15_PS_MIN 8 /* RFC 8017 section 7.2.1 */
#define V15_OVERHEAD 3

/* SHA-1 of the empty label. */
static const uint8_t l_hash[SHA1_LEN] = {0xda, 0x39, 0xa3, 0xee, 0x5e, 0x6b, 0x4b,
                                         0x0d, 0x32, 0x55, 0xbf, 0xef, 0x95, 0x60,
                                         0x18, 0x90, 0xaf, 0xd8, 0x07, 0x09};

/* dst ^= MGF1-SHA-1(seed) (RFC 8017 appendix B.2.1); lengths are public. */
static spk_err
mgf1_xor(struct spk_span seed, struct spk_mut dst)
{
    SPK_OSSL_SCOPE;
    uint8_t block[SPK_MD_LEN_MAX], counter[4];
    SPK_WIPE_ON_EXIT(block);
    const EVP_MD *sha1 = NULL;
    SPK_TRY(spk_ossl_md(SPK_MD_SHA1, &sha1));
    SPK_AUTO_MD_CTX c = EVP_MD_CTX_new();
    SPK_OSSL(c != NULL);
    const struct spk_span parts[] = {seed, SPK_SPAN_OF(counter)};
    for (size_t done = 0; done < dst.len; done += SHA1_LEN) {
        spk_put_u32(counter, (uint32_t)(done / SHA1_LEN));
        SPK_TRY(spk_ossl_digest(c, sha1, parts, 2, block));
        for (size_t i = 0; i < SHA1_LEN && done + i < dst.len; i++) {
            dst.ptr[done + i] ^= block[i];
        }
    }
    return SPK_OK;
}

spk_err
spk_oaep_encode(struct spk_span msg, const uint8_t seed[SPK_OAEP_SEED_LEN], struct spk_mut ret_em)
{
    size_t k = ret_em.len;
    SPK_CHECK(k >= OAEP_OVERHEAD && k <= SPK_RSA_MAX_LEN && msg.len <= k - OAEP_OVERHEAD, LIMIT);
    uint8_t em[SPK_RSA_MAX_LEN] = {0};
    SPK_WIPE_ON_EXIT(em);
    uint8_t *masked_seed = em + 1, *db = em + 1 + SHA1_LEN;
    size_t db_len = k - 1 - SHA1_LEN;
    memcpy(db, l_hash, SHA1_LEN);
    db[db_len - msg.len - 1] = 1;
    if (msg.len != 0) {
        memcpy(db + db_len - msg.len, msg.ptr, msg.len);
    }
    memcpy(masked_seed, seed, SHA1_LEN);
    SPK_TRY(mgf1_xor(spk_span(seed, SHA1_LEN), spk_mut(db, db_len)));
    SPK_TRY(mgf1_xor(spk_span(db, db_len), spk_mut(masked_seed, SHA1_LEN)));
    memcpy(ret_em.ptr, em, k);
    return SPK_OK;
}

spk_err
spk_oaep_unmask(struct spk_span em, uint8_t *ret_msg, size_t msg_len, uint32_t *ret_bad)
{
    size_t k = em.len;
    SPK_CHECK(k >= OAEP_OVERHEAD && k <= SPK_RSA_MAX_LEN && msg_len <= k - OAEP_OVERHEAD, LIMIT);
    uint8_t seed[SHA1_LEN], db[SPK_RSA_MAX_LEN];
    SPK_WIPE_ON_EXIT(seed);
    SPK_WIPE_ON_EXIT(db);
    size_t db_len = k - 1 - SHA1_LEN, one = db_len - msg_len - 1;
    memcpy(seed, em.ptr + 1, SHA1_LEN);
    memcpy(db, em.ptr + 1 + SHA1_LEN, db_len);
    SPK_TRY(mgf1_xor(spk_span(db, db_len), SPK_MUT_OF(seed)));
    SPK_TRY(mgf1_xor(SPK_SPAN_OF(seed), spk_mut(db, db_len)));
    /* Manger's attack lives on telling the first byte from the rest, so everything goes into one
     * sum that nobody looks at before its end. */
    uint32_t bad = em.ptr[0];
    for (size_t i = 0; i < SHA1_LEN; i++) {
        bad |= (uint32_t)(db[i] ^ l_hash[i]);
    }
    for (size_t i = SHA1_LEN; i < one; i++) {
        bad |= db[i];
    }
    bad |= (uint32_t)(db[one] ^ 1);
    *ret_bad = ~spk_ct_is_zero(bad);
    memcpy(ret_msg, db + one + 1, msg_len);
    return SPK_OK;
}

spk_err
spk_oaep_decode(struct spk_span em, uint8_t *ret_msg, size_t msg_len)
{
    uint8_t msg[SPK_RSA_MAX_LEN];
    SPK_WIPE_ON_EXIT(msg);
    uint32_t bad = 0;
    SPK_CHECK(msg_len <= sizeof msg, LIMIT);
    SPK_TRY(spk_oaep_unmask(em, msg, msg_len, &bad));
    SPK_CHECK(bad == 0, AUTH); /* the final yes or no */
    memcpy(ret_msg, msg, msg_len);
    return SPK_OK;
}

spk_err
spk_v15_encode(struct spk_span msg, struct spk_span ps, struct spk_mut ret_em)
{
    size_t k = ret_em.len;
    SPK_CHECK(k >= V15_OVERHEAD + V15_PS_MIN && msg.len <= k - V15_OVERHEAD - V15_PS_MIN, LIMIT);
    SPK_CHECK(ps.len == k - V15_OVERHEAD - msg.len, USAGE);
    uint32_t zero = 0;
    for (size_t i = 0; i < ps.len; i++) {
        zero |= spk_ct_is_zero(ps.ptr[i]);
    }
    SPK_CHECK(zero == 0, USAGE);
    ret_em.ptr[0] = 0;
    ret_em.ptr[1] = 2;
    memcpy(ret_em.ptr + 2, ps.ptr, ps.len);
    ret_em.ptr[2 + ps.len] = 0;
    if (msg.len != 0) {
        memcpy(ret_em.ptr + V15_OVERHEAD + ps.len, msg.ptr, msg.len);
    }
    return SPK_OK;
}

void
spk_v15_decode(struct spk_span em, const uint8_t *alt, uint8_t *ret_msg, size_t n)
{
    size_t k = em.len;
    if (k < V15_OVERHEAD + V15_PS_MIN || n > k - V15_OVERHEAD - V15_PS_MIN) { /* public lengths */
        memcpy(ret_msg, alt, n);
        return;
    }
    uint32_t bad = em.ptr[0] | (uint32_t)(em.ptr[1] ^ 2) | em.ptr[k - n - 1];
    for (size_t i = 2; i < k - n - 1; i++) {
        bad |= spk_ct_is_zero(em.ptr[i]);
    }
    uint32_t good = spk_ct_is_zero(bad);
    for (size_t i = 0; i < n; i++) {
        ret_msg[i] = spk_ct_pick(good, em.ptr[k - n + i], alt[i]);
    }
}
