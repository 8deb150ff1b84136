/* SPDX-License-Identifier: Apache-2.0 */
/* A copy of everything that the holder cannot lose, encrypted under a key that exists only in
 * shares (doc/spec/sealed-copy.md). */
#ifndef SPK_HOLDER_SEALEDCOPY_H
#define SPK_HOLDER_SEALEDCOPY_H

#include "holder/keyfile.h"
#include "holder/state.h"
#include "wire/share.h"

#define SPK_COPY_NAME "copy.skc"
#define SPK_COPY_MAX ((size_t)16 << 20)

struct spk_copy_head {
    uint8_t id[SPK_COPY_ID_LEN];
    struct spk_hash genesis;
    uint32_t policy; /* number and hash of the policy whose officers have the shares */
    struct spk_hash policy_hash;
    uint8_t k, n;
    struct spk_hash digest[SPK_OFFICERS_MAX]; /* of share x at x - 1 */
    struct spk_span aad, sealed;              /* borrowed */
    uint8_t tag[16];
};
SPK_MUST_USE spk_err spk_copy_parse(struct spk_span file, struct spk_copy_head *ret_h);

/* The officer entries that get a share: one of each person, in the policy's order. */
struct spk_copy_to {
    size_t n;
    const struct spk_officer *officer[SPK_OFFICERS_MAX];
};
void spk_copy_recipients(const struct spk_policy *p, struct spk_copy_to *ret_to);

struct spk_copy_from { /* what goes in */
    const struct spk_keys *keys;
    const struct spk_hstate *state;
    struct spk_span uselog;
};
/** The copy, and one SPK_SHARE_KEPT file for each recipient.
 * @param k     2 <= k <= to->n
 * @param shares  to->n empty buffers */
SPK_MUST_USE spk_err spk_copy_make(const struct spk_copy_from *from, const struct spk_copy_to *to,
                                   unsigned k, struct spk_buf *file, struct spk_buf *shares);

/** Whether an opened share is the one that the copy was made with: SPK_CODE_AUTH. */
SPK_MUST_USE spk_err spk_copy_share_fits(const struct spk_copy_head *h,
                                         const struct spk_secret *share);

struct spk_copied { /* what was inside */
    struct spk_keys *keys;
    size_t n_policies;
    struct spk_span *policies; /* notes, genesis first; in plain */
    struct spk_span uselog;
    struct spk_buf plain;
};
void spk_copied_free(struct spk_copied *c);
/** Join k shares and open. Everything inside is checked against the genesis hash. */
SPK_MUST_USE spk_err spk_copy_open(const struct spk_copy_head *h, struct spk_secret *const *shares,
                                   struct spk_copied *ret_c);

#endif
