/* SPDX-License-Identifier: Apache-2.0 */
#include "client/keyfile.h"

#include <string.h>

#include "base/rd.h"
#include "crypto/dsa.h"
#include "crypto/pem.h"
#include "keyblob/ffblob.h"
#include "keyblob/pvk.h"

#define L_PRIVATE "PRIVATE KEY"
#define L_ENCRYPTED "ENCRYPTED PRIVATE KEY"
#define L_PUBLIC "PUBLIC KEY"
#define BLOB_HEAD ((size_t)20)
#define DER_SEQUENCE 0x30
#define WRONG_MAX 3u

static const char *const words[] = {"blob", "pem", "der", "pvk"};

bool
spk_key_form_parse(const char *word, enum spk_key_form *ret_form)
{
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        if (strcmp(word, words[i]) == 0) {
            *ret_form = (enum spk_key_form)i;
            return true;
        }
    }
    return false;
}

void
spk_keyfile_clear(struct spk_keyfile *k)
{
    spk_rsa_free(k->rsa);
    spk_keyder_clear(&k->key);
    memset(k, 0, sizeof(*k));
}

/* -- reading -- */

/* The same key as one of ours, where its kind and size allow it. */
static spk_err
set_key(struct spk_keyfile *k, const struct spk_keyder *take)
{
    struct spk_rsa_parts parts;
    spk_err e;

    k->key = *take;
    if (take->ff != NULL) {
        k->pair = spk_ffkey_is_pair(take->ff);
        k->has_spec = true;
        k->spec = take->dsa ? SPK_AT_SIGNATURE : SPK_AT_KEYEXCHANGE;
        SPK_CHECK(!take->dsa || spk_dsa_fits(take->ff), LIMIT);
        return SPK_OK;
    }
    k->pair = spk_anyrsa_is_pair(take->rsa);
    spk_anyrsa_parts(take->rsa, &parts);
    e = spk_rsa_from_parts(&parts, &k->rsa);
    return e.code == SPK_CODE_LIMIT ? SPK_OK : e;
}

/* Nothing missing, nothing behind: a key is not taken from half a file. */
static bool
length_fits(const struct spk_anyrsa *key, struct spk_span b)
{
    size_t k = spk_anyrsa_len(key);

    return b.len ==
           (spk_anyrsa_is_pair(key) ? BLOB_HEAD + 2 * k + 5 * ((k + 1) / 2) : BLOB_HEAD + k);
}

static spk_err
parse_rsa_blob(struct spk_span b, struct spk_keyfile *k)
{
    struct spk_keyder key = {.rsa = NULL};
    uint32_t alg = 0;

    SPK_TRY(b.ptr[0] == SPK_BLOB_PRIVATE ? spk_anyblob_parse_private(b, &alg, &key.rsa)
                                         : spk_anyblob_parse_public(b, &alg, &key.rsa));
    SPK_TRY(set_key(k, &key));
    SPK_CHECK(length_fits(key.rsa, b), FORMAT);
    SPK_CHECK(alg == SPK_CALG_RSA_KEYX || alg == SPK_CALG_RSA_SIGN, FORMAT);
    k->has_spec = true;
    k->spec = alg == SPK_CALG_RSA_SIGN ? SPK_AT_SIGNATURE : SPK_AT_KEYEXCHANGE;
    return SPK_OK;
}

static spk_err
parse_ff_blob(struct spk_span b, struct spk_keyfile *k)
{
    SPK_AUTO_FFBLOB f = {0};
    struct spk_keyder key = {.rsa = NULL};

    SPK_TRY(spk_ffblob_parse(b, &f));
    SPK_CHECK(f.parts.p.len != 0, VERSION); /* y alone */
    SPK_TRY(spk_ffkey_from_parts(&f.parts, &key.ff));
    key.dsa = f.alg == SPK_CALG_DSS_SIGN;
    return set_key(k, &key);
}

static spk_err
parse_blob(struct spk_span b, struct spk_keyfile *k)
{
    struct spk_rd r = spk_rd(b);
    struct spk_span head;
    uint32_t alg = 0;

    SPK_TRY(spk_rd_span(&r, sizeof(uint32_t), &head));
    SPK_TRY(spk_rd_u32le(&r, &alg));
    k->form = SPK_FORM_BLOB;
    return spk_ffblob_alg_ok(alg) ? parse_ff_blob(b, k) : parse_rsa_blob(b, k);
}

struct asker {
    const char *name;
    spk_pass_fn fn;
    void *ctx;
};

static spk_err
parse_pvk(struct spk_span b, const struct asker *ask, struct spk_keyfile *k)
{
    SPK_AUTO(spk_secret) blob = NULL;
    struct spk_pvk pvk;
    spk_err e;

    SPK_TRY(spk_pvk_parse(b, &pvk));
    e = spk_pvk_open(&pvk, NULL, &blob);
    for (unsigned wrong = 0; e.code == SPK_CODE_PASS && wrong < WRONG_MAX; wrong++) {
        SPK_AUTO(spk_secret) pass = NULL;

        SPK_CHECK(ask->fn != NULL, PASS);
        SPK_TRY(ask->fn(ask->ctx, ask->name, wrong, &pass));
        e = spk_pvk_open(&pvk, pass, &blob);
    }
    SPK_TRY(e);
    SPK_CHECK(spk_secret_span(blob).ptr[0] == SPK_BLOB_PRIVATE, FORMAT);
    SPK_TRY(parse_blob(spk_secret_span(blob), k));
    SPK_CHECK(k->key.ff == NULL || k->key.dsa, FORMAT); /* nobody writes such a file */
    k->form = SPK_FORM_PVK;
    return SPK_OK;
}

static spk_err
parse_pkcs8(struct spk_span der, const struct asker *ask, struct spk_keyfile *k)
{
    struct spk_keyder key = {.rsa = NULL};
    spk_err e = spk_keyder_get_pair(der, NULL, &key);

    for (unsigned wrong = 0; e.code == SPK_CODE_PASS && wrong < WRONG_MAX; wrong++) {
        SPK_AUTO(spk_secret) pass = NULL;

        SPK_CHECK(ask->fn != NULL, PASS);
        SPK_TRY(ask->fn(ask->ctx, ask->name, wrong, &pass));
        e = spk_keyder_get_pair(der, pass, &key);
    }
    SPK_TRY(e);
    return set_key(k, &key);
}

/* PrivateKeyInfo begins with a version, EncryptedPrivateKeyInfo and SubjectPublicKeyInfo with an
 * algorithm: the last is tried first. */
static spk_err
parse_der(struct spk_span der, const struct asker *ask, struct spk_keyfile *k)
{
    struct spk_keyder key = {.rsa = NULL};
    spk_err e = spk_keyder_get_public(der, &key);

    k->form = SPK_FORM_DER;
    if (spk_ok(e)) {
        return set_key(k, &key);
    }
    return e.code == SPK_CODE_LIMIT ? e : parse_pkcs8(der, ask, k);
}

static spk_err
parse_pem(struct spk_span text, const struct asker *ask, struct spk_keyfile *k)
{
    SPK_AUTO_BUF struct spk_buf der = SPK_BUF(SPK_KEYFILE_MAX);
    static const char *const labels[] = {L_PRIVATE, L_ENCRYPTED, L_PUBLIC};

    for (size_t i = 0; i < sizeof(labels) / sizeof(labels[0]); i++) {
        spk_buf_reset(&der);
        if (spk_ok(spk_pem_get(text, labels[i], &der))) {
            SPK_TRY(parse_der(spk_buf_span(&der), ask, k));
            k->form = SPK_FORM_PEM;
            return SPK_OK;
        }
    }
    return SPK_ERR(FORMAT);
}

static spk_err
parse(struct spk_span b, const struct asker *ask, struct spk_keyfile *k)
{
    SPK_CHECK(b.len >= 2, FORMAT);
    if (b.ptr[0] == SPK_BLOB_PRIVATE || b.ptr[0] == SPK_BLOB_PUBLIC) {
        return parse_blob(b, k);
    }
    if (spk_pvk_looks(b)) {
        return parse_pvk(b, ask, k);
    }
    return b.ptr[0] == DER_SEQUENCE ? parse_der(b, ask, k) : parse_pem(b, ask, k);
}

spk_err
spk_keyfile_parse(struct spk_span bytes, const char *name, spk_pass_fn ask, void *ask_ctx,
                  struct spk_keyfile *ret_k)
{
    const struct asker a = {name, ask, ask_ctx};
    struct spk_keyfile k = {.pair = false};
    spk_err e = parse(bytes, &a, &k);

    if (spk_ok(e)) {
        *ret_k = k;
    } else {
        spk_keyfile_clear(&k);
    }
    return e;
}

/* -- writing -- */

spk_err
spk_keyfile_take(struct spk_keyder *take, enum spk_key_spec spec, struct spk_keyfile *ret_k)
{
    struct spk_keyfile k = {.spec = spec};
    spk_err e = set_key(&k, take);

    *take = (struct spk_keyder){.rsa = NULL};
    k.has_spec = true;
    if (spk_ok(e)) {
        *ret_k = k;
    } else {
        spk_keyfile_clear(&k);
    }
    return e;
}

spk_err
spk_keyfile_own(struct spk_rsa *key, enum spk_key_spec spec, struct spk_keyfile *ret_k)
{
    struct spk_keyder any = {.rsa = NULL};
    struct spk_rsa_parts parts;

    spk_rsa_parts(key, &parts);
    SPK_TRY(spk_anyrsa_from_parts(&parts, &any.rsa));
    return spk_keyfile_take(&any, spec, ret_k);
}

static uint32_t
alg_of(const struct spk_keyfile *k)
{
    if (k->key.ff != NULL) {
        return k->key.dsa ? SPK_CALG_DSS_SIGN : SPK_CALG_DH_SF;
    }
    return k->spec == SPK_AT_SIGNATURE ? SPK_CALG_RSA_SIGN : SPK_CALG_RSA_KEYX;
}

/* Version 2 of DSS is what everybody reads; of a Diffie-Hellman key it would lack p and g. */
static uint8_t
version_of(const struct spk_keyfile *k)
{
    return k->key.dsa ? SPK_BLOB_VERSION : SPK_FFBLOB_VERSION;
}

static spk_err
private_blob(const struct spk_keyfile *k, struct spk_secret **ret_blob)
{
    return k->key.ff != NULL ? spk_ffblob_private(k->key.ff, alg_of(k), version_of(k), ret_blob)
                             : spk_anyblob_private(k->key.rsa, alg_of(k), ret_blob);
}

spk_err
spk_keyfile_public(const struct spk_keyfile *k, enum spk_key_form form, struct spk_buf *out)
{
    SPK_AUTO_BUF struct spk_buf der = SPK_BUF(SPK_KEYFILE_MAX);

    if (form == SPK_FORM_BLOB) {
        return k->key.ff != NULL ? spk_ffblob_public(k->key.ff, alg_of(k), version_of(k), out)
                                 : spk_anyblob_public(k->key.rsa, alg_of(k), out);
    }
    SPK_CHECK(form != SPK_FORM_PVK, USAGE);
    SPK_TRY(spk_keyder_put_public(&k->key, &der));
    return form == SPK_FORM_DER ? spk_buf_add(out, spk_buf_span(&der))
                                : spk_pem_put(out, L_PUBLIC, spk_buf_span(&der));
}

spk_err
spk_keyfile_private(const struct spk_keyfile *k, enum spk_key_form form,
                    const struct spk_secret *pass, struct spk_buf *out)
{
    SPK_AUTO(spk_secret) bytes = NULL;

    SPK_CHECK(pass == NULL || form != SPK_FORM_BLOB, USAGE);
    SPK_CHECK(form != SPK_FORM_PVK || k->key.ff == NULL || k->key.dsa, USAGE);
    if (form == SPK_FORM_BLOB || form == SPK_FORM_PVK) {
        SPK_TRY(private_blob(k, &bytes));
        return form == SPK_FORM_BLOB
                   ? spk_buf_add(out, spk_secret_span(bytes))
                   : spk_pvk_build(spk_secret_span(bytes), (uint32_t)k->spec, pass, out);
    }
    SPK_TRY(spk_keyder_put_pair(&k->key, pass, &bytes));
    return form == SPK_FORM_DER
               ? spk_buf_add(out, spk_secret_span(bytes))
               : spk_pem_put(out, pass == NULL ? L_PRIVATE : L_ENCRYPTED, spk_secret_span(bytes));
}
