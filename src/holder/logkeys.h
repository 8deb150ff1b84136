/* SPDX-License-Identifier: Apache-2.0 */
/* The keys that sign the checkpoints. They follow from the holder's seed, so that every copy of the
 * holder has them (doc/spec/log.md §5). */
#ifndef SPK_HOLDER_LOGKEYS_H
#define SPK_HOLDER_LOGKEYS_H

#include "holder/keyfile.h"
#include "wire/logs.h"

struct spk_logkeys {
    struct spk_secret *seed[SPK_LOG_IDS]; /* [log - 1], as in names */
    struct spk_logs names;
    struct spk_buf note; /* the logs note, signed by the holder's key */
};
void spk_logkeys_free(struct spk_logkeys *k);
SPK_DEFINE_AUTO(spk_logkeys)
SPK_MUST_USE spk_err spk_logkeys_new(const struct spk_keys *holder, struct spk_logkeys **ret_k);
/** The checkpoint of a log, signed. The same size and root give the same bytes. */
SPK_MUST_USE spk_err spk_logkeys_sign(const struct spk_logkeys *k, enum spk_log_id log,
                                      uint64_t size, const struct spk_hash *root,
                                      struct spk_buf *note);
/** True when key is one of these: it can have no other role. */
bool spk_logkeys_has(const struct spk_logkeys *k, const uint8_t key[SPK_ED25519_LEN]);

#endif
