/* SPDX-License-Identifier: Apache-2.0 */
#include "client/owner.h"

#include "base/clock.h"
#include "base/text.h"
#include "crypto/kdf.h"
#include "crypto/rng.h"

spk_err
spk_veto_seed(const struct spk_secret *code, struct spk_secret **ret_seed)
{
    SPK_AUTO(spk_secret) seed = NULL;

    SPK_CHECK(spk_secret_len(code) == SPK_VETO_CODE_LEN, USAGE);
    SPK_TRY(spk_secret_new(SPK_ED25519_LEN, &seed));
    SPK_TRY(spk_hkdf_sha256(spk_secret_span(code), SPK_SPAN_EMPTY,
                            SPK_SPAN_LIT("sparekey/1 veto code"), spk_secret_mut(seed)));
    *ret_seed = SPK_STEAL(seed);
    return SPK_OK;
}

spk_err
spk_veto_code_parse(struct spk_span typed, struct spk_secret **ret_code)
{
    SPK_AUTO(spk_secret) code = NULL;

    SPK_TRY(spk_secret_new(SPK_VETO_CODE_LEN, &code));
    SPK_TRY(spk_code_parse(typed, spk_secret_mut(code).ptr, SPK_VETO_CODE_LEN));
    *ret_code = SPK_STEAL(code);
    return SPK_OK;
}

spk_err
spk_owner_renew(struct spk_span old, struct spk_rsa *keyx, struct spk_rsa *sign,
                struct spk_buf *record)
{
    SPK_AUTO_ENROLMENT e = {.n_contacts = 0};

    SPK_TRY(spk_enrolment_parse(old, &e));
    struct spk_enrolment now = e;
    now.keyx = keyx; /* borrowed: _clear() is not called */
    now.sign = sign;
    now.time = spk_now();
    SPK_TRY(spk_random(SPK_MUT_OF(now.nonce)));
    return spk_enrolment_build(&now, record);
}

spk_err
spk_owner_record(const struct spk_owner_new *o, struct spk_buf *record)
{
    struct spk_enrolment e = {.name = spk_span_str(o->name),
                              .n_contacts = o->n_contacts,
                              .keyx = o->keyx, /* borrowed: _clear() is not called */
                              .sign = o->sign,
                              .time = spk_now()};
    SPK_AUTO(spk_secret) seed = NULL;

    SPK_CHECK(o->n_contacts <= SPK_CONTACTS_MAX, LIMIT);
    for (size_t i = 0; i < o->n_contacts; i++) {
        e.contacts[i] = spk_span_str(o->contacts[i]);
    }
    SPK_TRY(spk_veto_seed(o->veto_code, &seed));
    SPK_TRY(spk_ed25519_public(seed, e.veto));
    SPK_TRY(spk_random(SPK_MUT_OF(e.nonce)));
    return spk_enrolment_build(&e, record);
}
