/* SPDX-License-Identifier: Apache-2.0 */
/* Session keys that a recovery has brought back, kept as SIMPLEBLOBs under the new key exchange key
 * until the headers of their files are repaired (doc/spec/client-files.md, "Recovered keys"). */
#ifndef SPK_CLIENT_RECOVERED_H
#define SPK_CLIENT_RECOVERED_H

#include "client/parcel.h"
#include "sealed/core.h"

struct spk_recovered {
    struct spk_rpub rpub; /* the deposit's, with the authority's time */
    uint64_t index;
    struct spk_buf blob; /* under the new key, OAEP */
    uint8_t salt[SPK_SALT_LEN];
    struct spk_buf rpriv;
};
void spk_recovered_clear(struct spk_recovered *r);
SPK_MUST_USE spk_err spk_recovered_build(const struct spk_recovered *r, struct spk_buf *out);
SPK_MUST_USE spk_err spk_recovered_parse(struct spk_span bytes, struct spk_recovered *ret_r);

/** Keep one, durably; the same serial number again replaces it, but for another session key: two
 * authorities that disagree are both kept, since only the sealed file tells which is right. */
SPK_MUST_USE spk_err spk_recovered_put(const struct spk_profile *p, const struct spk_recovered *r);
bool spk_recovered_has(const struct spk_profile *p, const struct spk_file_id *id);
/** The one of this core where there are several; without a core the first. */
SPK_MUST_USE spk_err spk_recovered_get(const struct spk_profile *p, const struct spk_file_id *id,
                                       const struct spk_core *core, struct spk_recovered *ret_r);
/** Call each for every one that is kept. */
SPK_MUST_USE spk_err spk_recovered_each(const struct spk_profile *p,
                                        spk_err (*each)(void *, const struct spk_file_id *),
                                        void *ctx);
/** K, checked against the commitment in R_pub. */
SPK_MUST_USE spk_err spk_recovered_unwrap(const struct spk_recovered *r, const struct spk_rsa *pair,
                                          struct spk_secret **ret_key);
SPK_MUST_USE spk_err spk_recovered_key(const struct spk_profile *p, const struct spk_core *core,
                                       const struct spk_rsa *pair, struct spk_secret **ret_key);

#endif
