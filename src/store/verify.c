/* SPDX-License-Identifier: Apache-2.0 */
/* What a stored deposit says of itself, recomputed: a database edited by hand is noticed before
 * anything in the row is believed (doc/spec/deposit.md §5). */
#include <string.h>

#include "store/ops.h"

static struct spk_span
after_time(struct spk_span rpub)
{
    return spk_span(rpub.ptr + SPK_RPUB_TIME_END, SPK_RPUB_LEN - SPK_RPUB_TIME_END);
}

static bool
id_eq(const struct spk_file_id *a, const struct spk_file_id *b)
{
    return spk_span_eq(SPK_SPAN_OF(a->b), SPK_SPAN_OF(b->b));
}

bool
spk_deposit_row_same(struct spk_span rpub_a, const struct spk_hash *p_a, struct spk_span rpub_b,
                     const struct spk_hash *p_b)
{
    if (rpub_a.len != SPK_RPUB_LEN || rpub_b.len != SPK_RPUB_LEN) {
        return false;
    }
    return spk_span_eq(spk_span(rpub_a.ptr, SPK_RPUB_TIME_OFF),
                       spk_span(rpub_b.ptr, SPK_RPUB_TIME_OFF)) &&
           spk_span_eq(after_time(rpub_a), after_time(rpub_b)) && spk_hash_eq(p_a, p_b);
}

static bool
contains(struct spk_span text, struct spk_span part)
{
    return part.len == 0 ||
           (part.len <= text.len && memmem(text.ptr, text.len, part.ptr, part.len) != NULL);
}

bool
spk_deposit_row_fits(const struct spk_deposit_row *row, const struct spk_deposit_query *q)
{
    return (q->owner_key == 0 || row->owner_key == q->owner_key) &&
           (q->serial == NULL || id_eq(&row->serial, q->serial)) && row->time_ms >= q->since_ms &&
           (q->until_ms == 0 || row->time_ms <= q->until_ms) &&
           contains(row->description, q->description);
}

static uint8_t
lower(uint8_t c)
{
    return c >= 'A' && c <= 'Z' ? (uint8_t)(c + ('a' - 'A')) : c;
}

bool
spk_name_fits(struct spk_span name, struct spk_span part)
{
    for (size_t at = 0; part.len <= name.len && at <= name.len - part.len; at++) {
        size_t i = 0;
        while (i < part.len && lower(name.ptr[at + i]) == lower(part.ptr[i])) {
            i++;
        }
        if (i == part.len) {
            return true;
        }
    }
    return false;
}

static spk_err
leaf_hash(const struct spk_rpub *rpub, const struct spk_hash *oc, struct spk_hash *ret_leaf)
{
    static const uint8_t zero[1] = {0};
    uint8_t entry[SPK_ENTRY_LEN];

    spk_deposit_entry(rpub, oc, entry);
    const struct spk_span parts[] = {SPK_SPAN_OF(zero), SPK_SPAN_OF(entry)};
    return spk_sha256_parts(parts, 2, ret_leaf);
}

spk_err
spk_deposit_row_leaf(struct spk_deposit_row *row)
{
    struct spk_rpub rpub;

    SPK_TRY(spk_rpub_parse(row->rpub, &rpub));
    SPK_TRY(spk_deposit_oc(row->rpub.ptr, &row->p, &row->oc));
    return leaf_hash(&rpub, &row->oc, &row->leaf);
}

/* The columns that are searched by are copies of what stands in R_pub. */
static bool
columns_fit(const struct spk_deposit_row *row, const struct spk_rpub *rpub)
{
    return id_eq(&rpub->id, &row->serial) && rpub->epoch == row->epoch &&
           rpub->policy == row->policy && rpub->time_ms == row->time_ms;
}

/* R_priv must hash to P and be of the owner and serial under which the row stands. What is sealed
 * cannot be read here: such a row has no description, for nothing would vouch for it. */
static bool
private_fits(const struct spk_deposit_row *row)
{
    struct spk_hash p;
    struct spk_rpriv priv;

    if (row->rpriv.len == 0) {
        return row->sealed.len > 0 && row->description.len == 0;
    }
    if (row->salt.len != SPK_SALT_LEN || !spk_ok(spk_deposit_p(row->salt.ptr, row->rpriv, &p)) ||
        !spk_hash_eq(&p, &row->p) || !spk_ok(spk_rpriv_parse(row->rpriv, &priv))) {
        return false;
    }
    return spk_hash_eq(&priv.owner, &row->owner) && id_eq(&priv.id, &row->serial) &&
           spk_span_eq(priv.description, row->description);
}

spk_err
spk_deposit_row_verify(const struct spk_deposit_row *row)
{
    struct spk_rpub rpub;
    struct spk_hash oc, leaf, blob;

    SPK_CHECK(row->rpub.len == SPK_RPUB_LEN && spk_ok(spk_rpub_parse(row->rpub, &rpub)), CHANGED);
    SPK_CHECK(columns_fit(row, &rpub), CHANGED);
    SPK_TRY(spk_sha256(row->blob, &blob));
    SPK_CHECK(spk_hash_eq(&blob, &rpub.blob) && private_fits(row), CHANGED);
    SPK_TRY(spk_deposit_oc(row->rpub.ptr, &row->p, &oc));
    SPK_TRY(leaf_hash(&rpub, &oc, &leaf));
    SPK_CHECK(spk_hash_eq(&oc, &row->oc) && spk_hash_eq(&leaf, &row->leaf), CHANGED);
    return SPK_OK;
}
