/* SPDX-License-Identifier: Apache-2.0 */
#include "holder/deposit_in.h"

#include "crypto/rng.h"
#include "keyblob/wrap.h"

spk_err
spk_hdeposit_take(const struct spk_attrs *in, struct spk_hdeposit *ret_d)
{
    struct spk_deposit *d = &ret_d->d;

    *d = (struct spk_deposit){.rpriv = SPK_SPAN_EMPTY};
    SPK_TRY(spk_attrs_fixed(in, SPK_FA_RPUB, ret_d->rpub, SPK_RPUB_LEN));
    SPK_TRY(spk_attrs_fixed(in, SPK_FA_OWNER, d->owner.b, SPK_HASH_LEN));
    SPK_TRY(spk_attrs_fixed(in, SPK_FA_P, d->p.b, SPK_HASH_LEN));
    SPK_TRY(spk_attrs_get(in, SPK_FA_BLOB, SPK_SIMPLEBLOB_MAX, &d->blob));
    if (spk_attrs_has(in, SPK_FA_SEALED)) {
        SPK_CHECK(!spk_attrs_has(in, SPK_FA_SALT) && !spk_attrs_has(in, SPK_FA_RPRIV), FORMAT);
        SPK_TRY(spk_attrs_get(in, SPK_FA_SEALED, SPK_FRAME_MAX, &d->sealed));
        SPK_CHECK(d->sealed.len > 0, FORMAT);
    } else {
        SPK_TRY(spk_attrs_fixed(in, SPK_FA_SALT, d->salt, SPK_SALT_LEN));
        SPK_TRY(spk_attrs_get(in, SPK_FA_RPRIV, SPK_RPRIV_MAX, &d->rpriv));
        SPK_CHECK(d->rpriv.len > 0, FORMAT);
    }
    return spk_deposit_oc(ret_d->rpub, &d->p, &ret_d->oc);
}

/* What the private operation gave, or a key that nobody knows when the padding did not decode: the
 * proof is then made all the same and fails by itself, so that neither answer nor time tells bad
 * padding from a wrong tag. */
static spk_err
unwrap_or_dummy(const struct spk_hdeposit *hd, const struct spk_rsa *pair,
                struct spk_secret **ret_key)
{
    spk_err e = spk_unwrap(hd->d.blob, pair, hd->d.rpub.flags, ret_key);

    if (e.code == SPK_CODE_AUTH) {
        return spk_secret_random(SPK_KEY_LEN, ret_key);
    }
    return e;
}

static spk_err
hdeposit_open(const struct spk_holder *h, const struct spk_hdeposit *hd,
              struct spk_secret **ret_key)
{
    struct spk_hdeposit w = *hd;
    SPK_AUTO(spk_secret) key = NULL;

    SPK_TRY(spk_rpub_parse(SPK_SPAN_OF(hd->rpub), &w.d.rpub));
    SPK_TRY(spk_deposit_check_public(&w.d));
    const struct spk_epoch *e = spk_keys_find(h->keys, &w.d.rpub.authority);
    SPK_CHECK(e != NULL && e->number == w.d.rpub.epoch, DENIED);
    SPK_TRY(unwrap_or_dummy(&w, e->pair, &key));
    SPK_TRY(spk_deposit_prove(&w.d, key, e->pair));
    *ret_key = SPK_STEAL(key);
    return SPK_OK;
}

spk_err
spk_hdeposit_open(const struct spk_holder *h, const struct spk_hdeposit *hd,
                  struct spk_secret **ret_key)
{
    spk_err e = hdeposit_open(h, hd, ret_key);

    SPK_CHECK(spk_ok(e) || e.code == SPK_CODE_NOMEM, DENIED);
    return e;
}
