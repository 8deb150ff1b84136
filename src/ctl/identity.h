/* SPDX-License-Identifier: Apache-2.0 */
/* A recovery officer's identity: an Ed25519 signing key and an X25519 key that shares are sealed
 * to, in one file of mode 0600, optionally under a passphrase (doc/spec/officer-identity.md). */
#ifndef SPK_CTL_IDENTITY_H
#define SPK_CTL_IDENTITY_H

#include "wire/policy.h"

#define SPK_OFFICER_NAME_MAX 40 /* letters, digits, '.', '_', '-' */

struct spk_identity {
    char name[SPK_OFFICER_NAME_MAX + 1];
    char person[65];
    bool locked;                /* the keys are not known: only the public half */
    struct spk_secret *sign;    /* Ed25519 seed; NULL while locked */
    struct spk_secret *seal;    /* X25519 private key; NULL while locked */
    struct spk_officer officer; /* public half, as it stands in a policy */
};
void spk_identity_free(struct spk_identity *id);
SPK_DEFINE_AUTO(spk_identity)

/** Letters, digits, '.', '_', '-'; not starting with '.' or '-'. */
bool spk_officer_name_ok(const char *name);
SPK_MUST_USE spk_err spk_identity_new(const char *name, const char *person,
                                      struct spk_identity **ret_id);
/** Write to path, which must not exist; pass may be NULL. */
SPK_MUST_USE spk_err spk_identity_save(const struct spk_identity *id, const char *path,
                                       const struct spk_secret *pass);
/** Read the file; under a passphrase it comes back locked. SPK_CODE_DENIED when others may read it.
 */
SPK_MUST_USE spk_err spk_identity_load(const char *path, struct spk_buf *raw,
                                       struct spk_identity **ret_id);
/** The same from the bytes of such a file. */
SPK_MUST_USE spk_err spk_identity_parse(struct spk_span raw, struct spk_identity **ret_id);
/** Unlock with the bytes that load() read. SPK_CODE_PASS when the passphrase is wrong. */
SPK_MUST_USE spk_err spk_identity_unlock(struct spk_identity *id, struct spk_span raw,
                                         const struct spk_secret *pass);

#endif
