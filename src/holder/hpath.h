/* SPDX-License-Identifier: Apache-2.0 */
/* Inclusion paths and proofs of growth as they stand in a message: hashes, one after the other. */
#ifndef SPK_HOLDER_HPATH_H
#define SPK_HOLDER_HPATH_H

#include "translog/merkle.h"
#include "wire/attrs.h"

struct spk_hpath {
    size_t len;
    struct spk_hash hash[SPK_PATH_MAX];
};
/** SPK_CODE_FORMAT: no such attribute, or not so many whole hashes. */
SPK_MUST_USE spk_err spk_hpath_take(const struct spk_attrs *in, uint16_t type,
                                    struct spk_hpath *ret_p);
/** SPK_CODE_AUTH unless entry is leaf i of n under root. */
SPK_MUST_USE spk_err spk_hpath_verify(const struct spk_hpath *p, struct spk_span entry, uint64_t i,
                                      uint64_t n, const struct spk_hash *root);

#endif
