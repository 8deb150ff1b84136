/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/derive.h"

#include "crypto/hmac.h"
#include "crypto/rsa.h"

/* Every label is under this prefix, so that no derivation of another protocol can meet ours
 * (doc/spec/sealed-file.md, "Derivation"). */
static const char prefix[] = "sparekey/1 ";

#define V15_OVERHEAD 3 /* 00 02 and the 00 that ends PS */

static spk_err
sub(const struct spk_secret *key, const char *label, struct spk_span ctx, struct spk_span more,
    struct spk_mut out)
{
    SPK_CHECK(spk_secret_len(key) == SPK_KEY_LEN, USAGE);
    struct spk_span text = spk_span_str(label);
    text.len++; /* the 0x00 after the label is its NUL */
    const struct spk_span info[] = {SPK_SPAN_LIT(prefix), text, ctx, more};
    return spk_hkdf_expand_parts(SPK_MD_SHA384, spk_secret_span(key), info, 4, out);
}

static struct spk_span
id_span(const struct spk_file_id *id)
{
    return spk_span(id->b, SPK_FILE_ID_LEN);
}

spk_err
spk_sub(const struct spk_secret *key, const char *label, struct spk_span ctx,
        struct spk_mut ret_out)
{
    return sub(key, label, ctx, SPK_SPAN_EMPTY, ret_out);
}

spk_err
spk_commitment(const struct spk_secret *key, const struct spk_file_id *id, struct spk_hash *ret_c)
{
    return spk_sub(key, "commitment", id_span(id), SPK_MUT_OF(ret_c->b));
}

spk_err
spk_oaep_seed(const struct spk_secret *key, const struct spk_hash *spki,
              const struct spk_file_id *id, uint8_t ret_seed[20])
{
    return sub(key, "oaep seed", spk_hash_span(spki), id_span(id), spk_mut(ret_seed, 20));
}

spk_err
spk_v15_padding(const struct spk_secret *key, const struct spk_hash *spki,
                const struct spk_file_id *id, size_t k, struct spk_mut ret_ps)
{
    SPK_CHECK(k >= SPK_RSA_MIN_BITS / 8 && k <= SPK_RSA_MAX_LEN, USAGE);
    SPK_CHECK(ret_ps.len == k - V15_OVERHEAD - SPK_KEY_LEN, USAGE);
    uint8_t stream[2 * SPK_RSA_MAX_LEN];
    SPK_WIPE_ON_EXIT(stream);
    SPK_TRY(sub(key, "v15 padding", spk_hash_span(spki), id_span(id), spk_mut(stream, 2 * k)));
    size_t n = 0;
    for (size_t i = 0; i < 2 * k && n < ret_ps.len; i++) {
        ret_ps.ptr[n] = stream[i];
        n += stream[i] != 0;
    }
    SPK_CHECK(n == ret_ps.len, CRYPTO);
    return SPK_OK;
}
