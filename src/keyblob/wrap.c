/* SPDX-License-Identifier: Apache-2.0 */
#include "keyblob/wrap.h"

#include "crypto/mac.h"
#include "crypto/pad.h"
#include "crypto/rng.h"
#include "keyblob/header.h"
#include "keyblob/simple.h"

#define V15_OVERHEAD 3 /* 00 02 and the 00 before the key */

/** Random padding as PKCS#1 wants it: no byte of it zero. */
static spk_err
random_nonzero(struct spk_mut ret_ps)
{
    SPK_TRY(spk_random(ret_ps));
    for (size_t i = 0; i < ret_ps.len; i++) {
        while (ret_ps.ptr[i] == 0) {
            SPK_TRY(spk_random(spk_mut(ret_ps.ptr + i, 1)));
        }
    }
    return SPK_OK;
}

/** id is NULL for random padding. */
static spk_err
pad_oaep(const struct spk_secret *key, const struct spk_rsa *pub, const struct spk_file_id *id,
         struct spk_mut ret_em)
{
    uint8_t seed[SPK_OAEP_SEED_LEN];
    SPK_WIPE_ON_EXIT(seed);
    if (id != NULL) {
        SPK_TRY(spk_oaep_seed(key, spk_rsa_id(pub), id, seed));
    } else {
        SPK_TRY(spk_random(SPK_MUT_OF(seed)));
    }
    return spk_oaep_encode(spk_secret_span(key), seed, ret_em);
}

static spk_err
pad_v15(const struct spk_secret *key, const struct spk_rsa *pub, const struct spk_file_id *id,
        struct spk_mut ret_em)
{
    uint8_t room[SPK_RSA_MAX_LEN];
    SPK_WIPE_ON_EXIT(room);
    struct spk_mut ps = spk_mut(room, ret_em.len - V15_OVERHEAD - SPK_KEY_LEN);
    if (id != NULL) {
        SPK_TRY(spk_v15_padding(key, spk_rsa_id(pub), id, ret_em.len, ps));
    } else {
        SPK_TRY(random_nonzero(ps));
    }
    return spk_v15_encode(spk_secret_span(key), spk_span(ps.ptr, ps.len), ret_em);
}

static spk_err
check_wrap(const struct spk_secret *key, const struct spk_file_id *id, unsigned flags)
{
    SPK_CHECK((flags & ~SPK_WRAP_FLAGS) == 0, USAGE);
    SPK_CHECK(spk_secret_len(key) == SPK_KEY_LEN, USAGE);
    SPK_CHECK((flags & SPK_WRAP_DERIVED) == 0 || id != NULL, USAGE);
    return SPK_OK;
}

spk_err
spk_wrap(const struct spk_secret *key, const struct spk_rsa *pub, const struct spk_file_id *id,
         unsigned flags, struct spk_buf *out)
{
    uint8_t block[SPK_RSA_MAX_LEN];
    uint8_t cipher[SPK_RSA_MAX_LEN];
    SPK_WIPE_ON_EXIT(block);
    SPK_TRY(check_wrap(key, id, flags));
    struct spk_mut em = spk_mut(block, spk_rsa_len(pub));
    const struct spk_file_id *derive_from = (flags & SPK_WRAP_DERIVED) != 0 ? id : NULL;
    if ((flags & SPK_WRAP_OAEP) != 0) {
        SPK_TRY(pad_oaep(key, pub, derive_from, em));
    } else {
        SPK_TRY(pad_v15(key, pub, derive_from, em));
    }
    SPK_TRY(spk_rsa_raw_public(pub, spk_span(em.ptr, em.len), cipher));
    return spk_simpleblob_build(SPK_CALG_AES_256, spk_span(cipher, em.len), out);
}

/** What a badly padded PKCS#1 v1.5 block opens to: fixed for pair and ciphertext, so that asking
 * twice tells nothing, and unknown to who lacks d (doc/spec/key-blobs.md, "Unwrapping"). */
static spk_err
rejected_key(const struct spk_rsa *pair, struct spk_span c, struct spk_hash *ret_alt)
{
    struct spk_hash reject_secret;
    SPK_WIPE_ON_EXIT(reject_secret);
    struct spk_rsa_parts parts;
    spk_rsa_parts(pair, &parts);
    struct spk_span from[] = {SPK_SPAN_LIT("sparekey/1 reject"), parts.d};
    SPK_TRY(spk_sha256_parts(from, 2, &reject_secret));
    return spk_hmac_sha256(spk_hash_span(&reject_secret), &c, 1, ret_alt);
}

static spk_err
unpad(const struct spk_rsa *pair, struct spk_span c, struct spk_span em, unsigned flags,
      uint8_t ret_key[SPK_KEY_LEN])
{
    struct spk_hash alt;
    SPK_WIPE_ON_EXIT(alt);
    _Static_assert(sizeof alt.b >= SPK_KEY_LEN, "one HMAC makes a whole key");
    if ((flags & SPK_WRAP_OAEP) != 0) {
        return spk_oaep_decode(em, ret_key, SPK_KEY_LEN);
    }
    SPK_TRY(rejected_key(pair, c, &alt)); /* always, so that it takes no other time when used */
    spk_v15_decode(em, alt.b, ret_key, SPK_KEY_LEN);
    return SPK_OK;
}

/** Public checks; ret_c gets the ciphertext in natural order, k bytes. */
static spk_err
open_structure(struct spk_span blob, const struct spk_rsa *pair, uint8_t *ret_c)
{
    struct spk_simpleblob sb;
    struct spk_rsa_parts parts;
    SPK_TRY(spk_simpleblob_parse(blob, &sb));
    SPK_CHECK(sb.alg == SPK_CALG_AES_256, FORMAT);
    spk_rsa_parts(pair, &parts);
    SPK_CHECK(sb.cipher.len == parts.n.len, FORMAT);
    spk_reverse(sb.cipher, ret_c);
    /* c and c + N would be two BLOBs of one key. */
    SPK_CHECK(spk_span_cmp(spk_span(ret_c, parts.n.len), parts.n) < 0, FORMAT);
    return SPK_OK;
}

spk_err
spk_unwrap(struct spk_span blob, const struct spk_rsa *pair, unsigned flags,
           struct spk_secret **ret_key)
{
    SPK_AUTO(spk_secret) key = NULL;
    uint8_t cipher[SPK_RSA_MAX_LEN];
    uint8_t block[SPK_RSA_MAX_LEN];
    SPK_WIPE_ON_EXIT(block);
    SPK_CHECK((flags & ~SPK_WRAP_FLAGS) == 0, USAGE);
    SPK_CHECK(spk_rsa_is_pair(pair), USAGE);
    SPK_TRY(open_structure(blob, pair, cipher));
    struct spk_span c = spk_span(cipher, spk_rsa_len(pair));
    SPK_TRY(spk_secret_new(SPK_KEY_LEN, &key));
    SPK_TRY(spk_rsa_raw_private(pair, c, block));
    SPK_TRY(unpad(pair, c, spk_span(block, c.len), flags, spk_secret_mut(key).ptr));
    *ret_key = SPK_STEAL(key);
    return SPK_OK;
}

spk_err
spk_wrap_matches(struct spk_span blob, const struct spk_secret *key, const struct spk_rsa *pub,
                 const struct spk_file_id *id, unsigned flags)
{
    SPK_AUTO_BUF struct spk_buf again = SPK_BUF(SPK_SIMPLEBLOB_MAX);
    SPK_CHECK((flags & SPK_WRAP_DERIVED) != 0, USAGE);
    SPK_TRY(spk_wrap(key, pub, id, flags, &again));
    SPK_CHECK(blob.len == again.len && spk_ct_eq(blob.ptr, again.ptr, again.len), AUTH);
    return SPK_OK;
}
