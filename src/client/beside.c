/* SPDX-License-Identifier: Apache-2.0 */
#include "client/beside.h"

#include "keyblob/anyblob.h"
#include "keyblob/ffblob.h"
#include "keystore/extra.h"

static spk_err
parse_ff(struct spk_span blob, enum spk_key_spec spec, struct spk_keyder *ret_k)
{
    SPK_AUTO_FFBLOB b = {0};
    bool dsa = spec == SPK_AT_SIGNATURE;

    SPK_TRY(spk_ffblob_parse(blob, &b));
    SPK_CHECK(b.pair && b.alg == (dsa ? SPK_CALG_DSS_SIGN : SPK_CALG_DH_SF), FORMAT);
    SPK_TRY(spk_ffkey_from_parts(&b.parts, &ret_k->ff));
    ret_k->dsa = dsa;
    return SPK_OK;
}

static spk_err
load(struct spk_keystore *ks, const char *name, enum spk_key_spec spec, bool ff,
     struct spk_keyder *ret_k)
{
    SPK_AUTO_EXTRA x = {.flags = 0};
    uint32_t alg = 0;

    SPK_TRY(spk_extra_load(ks, name, spec, &x));
    SPK_CHECK(x.blob != NULL, NOTFOUND);
    return ff ? parse_ff(spk_secret_span(x.blob), spec, ret_k)
              : spk_anyblob_parse_private(spk_secret_span(x.blob), &alg, &ret_k->rsa);
}

spk_err
spk_beside_get(struct spk_session *s, enum spk_key_spec spec, bool ff, struct spk_keyder *ret_k)
{
    SPK_AUTO(spk_keystore) user = NULL;
    SPK_AUTO(spk_keystore) dss = NULL;
    struct spk_keyder k = {.rsa = NULL};
    spk_err e = spk_keystore_user_there(&user);

    if (spk_ok(e) && ff) {
        e = spk_keystore_dss(user, false, &dss);
    }
    e = spk_ok(e) ? load(ff ? dss : user, s->profile->container, spec, ff, &k) : e;
    SPK_CHECK(e.code != SPK_CODE_NOTFOUND, NOKEY);
    SPK_TRY(e);
    *ret_k = k;
    return SPK_OK;
}

/* -- putting -- */

static spk_err
container_for(struct spk_keystore *ks, const char *name, struct spk_container **ret_c)
{
    SPK_AUTO(spk_container) c = NULL;
    spk_err e = spk_container_open(ks, name, &c);

    if (e.code == SPK_CODE_NOTFOUND) {
        SPK_TRY(spk_container_create(ks, name, &c));
        e = spk_container_save(c);
    }
    SPK_TRY(e);
    *ret_c = SPK_STEAL(c);
    return SPK_OK;
}

static spk_err
build(const struct spk_keyder *k, enum spk_key_spec spec, struct spk_secret **ret_blob)
{
    if (k->ff != NULL) {
        return spk_ffblob_private(k->ff, k->dsa ? SPK_CALG_DSS_SIGN : SPK_CALG_DH_SF,
                                  SPK_FFBLOB_VERSION, ret_blob);
    }
    return spk_anyblob_private(
        k->rsa, spec == SPK_AT_SIGNATURE ? SPK_CALG_RSA_SIGN : SPK_CALG_RSA_KEYX, ret_blob);
}

spk_err
spk_beside_put(struct spk_session *s, enum spk_key_spec spec, const struct spk_keyder *k,
               bool replace, struct spk_container **ret_c)
{
    SPK_AUTO(spk_keystore) user = NULL;
    SPK_AUTO(spk_keystore) dss = NULL;
    SPK_AUTO(spk_container) c = NULL;
    SPK_AUTO_EXTRA x = {.flags = 0};
    SPK_AUTO_EXTRA have = {.flags = 0};
    struct spk_keystore *ks = NULL;
    spk_err e;

    SPK_TRY(build(k, spec, &x.blob));
    SPK_TRY(spk_keystore_user(&user));
    if (k->ff != NULL) {
        SPK_TRY(spk_keystore_dss(user, true, &dss));
    }
    ks = k->ff != NULL ? dss : user;
    SPK_TRY(container_for(ks, s->profile->container, &c));
    SPK_CHECK(!spk_container_has_pass(c), PASS);
    SPK_CHECK(spk_container_key(c, spec) == NULL, EXISTS);
    e = spk_extra_load(ks, s->profile->container, spec, &have);
    SPK_CHECK(replace || e.code == SPK_CODE_NOTFOUND || (spk_ok(e) && have.blob == NULL), EXISTS);
    SPK_TRY(spk_container_save_beside(c, spec, &x));
    *ret_c = SPK_STEAL(c);
    return SPK_OK;
}
