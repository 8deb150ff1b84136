/* SPDX-License-Identifier: Apache-2.0 */
/* Whom a person trusts beside an authority to say that its logs were never rewritten
 * (doc/spec/client-files.md §1, doc/spec/witness.md). */
#ifndef SPK_CLIENT_WITNESSES_H
#define SPK_CLIENT_WITNESSES_H

#include "translog/cosign.h"

struct spk_witnesses {
    size_t n;
    size_t need; /* of these must have signed; 0: none */
    struct spk_vkey keys[SPK_WITNESSES_MAX];
};

/** From lines of the configuration.
 * @param keys  NULL-terminated, may be NULL. The same key or name twice: SPK_CODE_EXISTS.
 * @param need  "all", a number up to that of the keys, or NULL: all.
 * @param ret_at  On an error: which of the keys it is about, counted from 0; their number when it
 *                is need. */
SPK_MUST_USE spk_err spk_witnesses_parse(char *const *keys, const char *need, size_t *ret_at,
                                         struct spk_witnesses *ret_w);
/** Enough of them have signed the checkpoint, whose own signature is not looked at.
 * SPK_CODE_NOTFOUND: too few; SPK_CODE_AUTH: a line of theirs does not hold.
 * @param ret_good  How many; may be NULL. Set with SPK_CODE_NOTFOUND, too. */
SPK_MUST_USE spk_err spk_witnesses_check(const struct spk_witnesses *w, const struct spk_note *note,
                                         size_t *ret_good);

#endif
