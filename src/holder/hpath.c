/* SPDX-License-Identifier: Apache-2.0 */
#include "holder/hpath.h"

#include <string.h>

spk_err
spk_hpath_take(const struct spk_attrs *in, uint16_t type, struct spk_hpath *ret_p)
{
    struct spk_span v;

    SPK_TRY(spk_attrs_get(in, type, sizeof(ret_p->hash), &v));
    SPK_CHECK(v.len % SPK_HASH_LEN == 0, FORMAT);
    ret_p->len = v.len / SPK_HASH_LEN;
    for (size_t i = 0; i < ret_p->len; i++) {
        memcpy(ret_p->hash[i].b, v.ptr + i * SPK_HASH_LEN, SPK_HASH_LEN);
    }
    return SPK_OK;
}

spk_err
spk_hpath_verify(const struct spk_hpath *p, struct spk_span entry, uint64_t i, uint64_t n,
                 const struct spk_hash *root)
{
    struct spk_hash leaf;

    SPK_CHECK(i < n, AUTH);
    SPK_TRY(spk_leaf_hash(entry, &leaf));
    return spk_tree_verify(&leaf, i, n, p->hash, p->len, root);
}
