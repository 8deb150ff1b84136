/* SPDX-License-Identifier: Apache-2.0 */
/* RSA keys that only keep their numbers, so that the codec of key BLOBs can be built for a machine
 * that there is no OpenSSL for. */
#include "standin.h"

#include <stdatomic.h>
#include <string.h>

#define NUMBERS 8
#define KEPT_MAX (5 * 512)

struct kept {
    uint8_t bytes[KEPT_MAX];
    struct spk_span number[NUMBERS];
};
struct spk_rsa {
    struct kept k;
};
struct spk_anyrsa {
    struct kept k;
};

static spk_err
keep(const struct spk_rsa_parts *parts, struct kept **ret_k)
{
    const struct spk_span in[NUMBERS] = {parts->n, parts->e,  parts->d,  parts->p,
                                         parts->q, parts->dp, parts->dq, parts->qinv};
    struct kept *k = spk_calloc(1, sizeof *k);
    size_t used = 0;
    SPK_CHECK(k != NULL, NOMEM);
    for (size_t i = 0; i < NUMBERS; i++) {
        if (in[i].len > KEPT_MAX - used) {
            spk_mem_free(k);
            return SPK_ERR(LIMIT);
        }
        memcpy(k->bytes + used, in[i].ptr, in[i].len);
        k->number[i] = spk_span(k->bytes + used, in[i].len);
        used += in[i].len;
    }
    *ret_k = k;
    return SPK_OK;
}

static void
give(const struct kept *k, struct spk_rsa_parts *p)
{
    *p = (struct spk_rsa_parts){k->number[0], k->number[1], k->number[2], k->number[3],
                                k->number[4], k->number[5], k->number[6], k->number[7]};
}

spk_err
spk_rsa_from_parts(const struct spk_rsa_parts *parts, struct spk_rsa **ret_key)
{
    return keep(parts, (struct kept **)(void *)ret_key);
}
spk_err
spk_anyrsa_from_parts(const struct spk_rsa_parts *parts, struct spk_anyrsa **ret_key)
{
    return keep(parts, (struct kept **)(void *)ret_key);
}
void
spk_rsa_parts(const struct spk_rsa *key, struct spk_rsa_parts *ret_parts)
{
    give(&key->k, ret_parts);
}
void
spk_anyrsa_parts(const struct spk_anyrsa *key, struct spk_rsa_parts *ret_parts)
{
    give(&key->k, ret_parts);
}
bool
spk_rsa_is_pair(const struct spk_rsa *key)
{
    return key->k.number[2].len != 0;
}
bool
spk_anyrsa_is_pair(const struct spk_anyrsa *key)
{
    return key->k.number[2].len != 0;
}
void
spk_rsa_free(struct spk_rsa *key)
{
    spk_mem_free(key);
}
void
spk_anyrsa_free(struct spk_anyrsa *key)
{
    spk_mem_free(key);
}
