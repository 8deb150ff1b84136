/* SPDX-License-Identifier: Apache-2.0 */
#include "client/keyfile.h"

#include <string.h>

#include "crypto/pem.h"
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
    spk_anyrsa_free(k->any);
    memset(k, 0, sizeof(*k));
}

/* -- reading -- */

static spk_err
set_rsa(struct spk_keyfile *k, struct spk_rsa *take)
{
    struct spk_rsa_parts parts;

    k->rsa = take;
    k->pair = spk_rsa_is_pair(take);
    spk_rsa_parts(take, &parts);
    return spk_anyrsa_from_parts(&parts, &k->any);
}

/* The same key as one of ours, where its size allows it. */
static spk_err
set_any(struct spk_keyfile *k, struct spk_anyrsa *take)
{
    struct spk_rsa_parts parts;
    spk_err e;

    k->any = take;
    k->pair = spk_anyrsa_is_pair(take);
    spk_anyrsa_parts(take, &parts);
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
parse_blob(struct spk_span b, struct spk_keyfile *k)
{
    struct spk_anyrsa *any = NULL;
    uint32_t alg = 0;

    SPK_TRY(b.ptr[0] == SPK_BLOB_PRIVATE ? spk_anyblob_parse_private(b, &alg, &any)
                                         : spk_anyblob_parse_public(b, &alg, &any));
    SPK_TRY(set_any(k, any));
    SPK_CHECK(length_fits(any, b), FORMAT);
    SPK_CHECK(alg == SPK_CALG_RSA_KEYX || alg == SPK_CALG_RSA_SIGN, FORMAT);
    k->form = SPK_FORM_BLOB;
    k->has_spec = true;
    k->spec = alg == SPK_CALG_RSA_SIGN ? SPK_AT_SIGNATURE : SPK_AT_KEYEXCHANGE;
    return SPK_OK;
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
    k->form = SPK_FORM_PVK;
    return SPK_OK;
}

static spk_err
parse_pkcs8(struct spk_span der, const struct asker *ask, struct spk_keyfile *k)
{
    struct spk_rsa *rsa = NULL;
    spk_err e = spk_rsa_from_pkcs8(der, NULL, &rsa);

    for (unsigned wrong = 0; e.code == SPK_CODE_PASS && wrong < WRONG_MAX; wrong++) {
        SPK_AUTO(spk_secret) pass = NULL;

        SPK_CHECK(ask->fn != NULL, PASS);
        SPK_TRY(ask->fn(ask->ctx, ask->name, wrong, &pass));
        e = spk_rsa_from_pkcs8(der, pass, &rsa);
    }
    SPK_TRY(e);
    return set_rsa(k, rsa);
}

/* PrivateKeyInfo begins with a version, EncryptedPrivateKeyInfo and SubjectPublicKeyInfo with an
 * algorithm: the last is tried first. */
static spk_err
parse_der(struct spk_span der, const struct asker *ask, struct spk_keyfile *k)
{
    struct spk_rsa *rsa = NULL;
    spk_err e = spk_rsa_from_spki(der, &rsa);

    k->form = SPK_FORM_DER;
    if (spk_ok(e)) {
        return set_rsa(k, rsa);
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
spk_keyfile_public(const struct spk_rsa *key, enum spk_key_spec spec, enum spk_key_form form,
                   struct spk_buf *out)
{
    switch (form) {
    case SPK_FORM_BLOB:
        return spk_pubblob_build(key, spec, out);
    case SPK_FORM_PEM:
        return spk_pem_put(out, L_PUBLIC, spk_rsa_spki(key));
    case SPK_FORM_DER:
        return spk_buf_add(out, spk_rsa_spki(key));
    case SPK_FORM_PVK:
        break;
    }
    return SPK_ERR(USAGE);
}

spk_err
spk_keyfile_private(const struct spk_rsa *pair, enum spk_key_spec spec, enum spk_key_form form,
                    const struct spk_secret *pass, struct spk_buf *out)
{
    SPK_AUTO(spk_secret) bytes = NULL;

    if (form == SPK_FORM_BLOB) {
        SPK_CHECK(pass == NULL, USAGE);
        SPK_TRY(spk_privblob_build(pair, spec, &bytes));
        return spk_buf_add(out, spk_secret_span(bytes));
    }
    if (form == SPK_FORM_PVK) {
        SPK_TRY(spk_privblob_build(pair, spec, &bytes));
        return spk_pvk_build(spk_secret_span(bytes), (uint32_t)spec, pass, out);
    }
    SPK_TRY(spk_rsa_to_pkcs8(pair, pass, &bytes));
    return form == SPK_FORM_DER
               ? spk_buf_add(out, spk_secret_span(bytes))
               : spk_pem_put(out, pass == NULL ? L_PRIVATE : L_ENCRYPTED, spk_secret_span(bytes));
}
