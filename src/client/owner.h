/* SPDX-License-Identifier: Apache-2.0 */
/* Becoming an owner: the enrolment record and the veto code. */
#ifndef SPK_CLIENT_OWNER_H
#define SPK_CLIENT_OWNER_H

#include "client/profile.h"

/* A veto code is 160 random bits, printed as 32 letters; the Ed25519 seed is derived from it
 * (doc/spec/client-files.md, "Veto code"). */
#define SPK_VETO_CODE_LEN 20

SPK_MUST_USE spk_err spk_veto_seed(const struct spk_secret *code, struct spk_secret **ret_seed);
/** A typed code into its 20 bytes: case, spaces and dashes do not matter. */
SPK_MUST_USE spk_err spk_veto_code_parse(struct spk_span typed, struct spk_secret **ret_code);

struct spk_owner_new {
    const char *name;
    char *const *contacts;
    size_t n_contacts;
    struct spk_rsa *keyx, *sign;
    const struct spk_secret *veto_code;
};
/** The record for these keys, with a fresh nonce and the present time. */
SPK_MUST_USE spk_err spk_owner_record(const struct spk_owner_new *o, struct spk_buf *record);
/** The same person's record for other keys: name, contacts and veto key of an older one. */
SPK_MUST_USE spk_err spk_owner_renew(struct spk_span old, struct spk_rsa *keyx,
                                     struct spk_rsa *sign, struct spk_buf *record);

#endif
