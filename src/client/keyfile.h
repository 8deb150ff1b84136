/* SPDX-License-Identifier: Apache-2.0 */
/* RSA, DSS and Diffie-Hellman keys in the forms that other programs write: PRIVATEKEYBLOB and
 * PUBLICKEYBLOB, PVK, PKCS #8 and SubjectPublicKeyInfo, the latter two as PEM or DER. What a file
 * is, it says itself. */
#ifndef SPK_CLIENT_KEYFILE_H
#define SPK_CLIENT_KEYFILE_H

#include "crypto/keyder.h"
#include "keyblob/anyblob.h"
#include "keystore/container.h"

#define SPK_KEYFILE_MAX ((size_t)65536)

enum spk_key_form { SPK_FORM_BLOB, SPK_FORM_PEM, SPK_FORM_DER, SPK_FORM_PVK };
/** "blob", "pem", "der", "pvk"; false for another word. */
bool spk_key_form_parse(const char *word, enum spk_key_form *ret_form);

struct spk_keyfile {
    bool pair;
    bool has_spec; /* a BLOB says which of the two keys it is */
    enum spk_key_spec spec;
    enum spk_key_form form;
    struct spk_keyder key; /* RSA, or key.ff: a key that only CryptoAPI programs use */
    struct spk_rsa *rsa;   /* NULL: none that Sparekey's own keys could be */
};
void spk_keyfile_clear(struct spk_keyfile *k);
/** Asks for the passphrase of `name` when there is one. SPK_CODE_FORMAT: none of these; _VERSION:
 * another algorithm, or an encryption that is not known; _LIMIT: a size out of bounds;
 * _NOTFOUND: a PVK file under a password, and OpenSSL has no RC4. */
SPK_MUST_USE spk_err spk_keyfile_parse(struct spk_span bytes, const char *name, spk_pass_fn ask,
                                       void *ask_ctx, struct spk_keyfile *ret_k);

/** A reference to our own key, or to one of a CryptoAPI program. */
SPK_MUST_USE spk_err spk_keyfile_own(struct spk_rsa *key, enum spk_key_spec spec,
                                     struct spk_keyfile *ret_k);
SPK_MUST_USE spk_err spk_keyfile_take(struct spk_keyder *take, enum spk_key_spec spec,
                                      struct spk_keyfile *ret_k);
/** A PVK file holds pairs only (SPK_CODE_USAGE), and none of Diffie-Hellman. */
SPK_MUST_USE spk_err spk_keyfile_public(const struct spk_keyfile *k, enum spk_key_form form,
                                        struct spk_buf *out);
/** pass (may be NULL) goes with PEM, DER and PVK: a BLOB is always in the clear (SPK_CODE_USAGE).
 */
SPK_MUST_USE spk_err spk_keyfile_private(const struct spk_keyfile *k, enum spk_key_form form,
                                         const struct spk_secret *pass, struct spk_buf *out);

#endif
