/* SPDX-License-Identifier: Apache-2.0 */
#include "holder/logproof.h"

#include "holder/logstate.h"

spk_err
spk_log_proof_take(const struct spk_attrs *in, struct spk_log_proof *ret_p)
{
    ret_p->given = spk_attrs_has(in, SPK_FA_ENTRY);
    if (!ret_p->given) {
        SPK_CHECK(!spk_attrs_has(in, SPK_FA_LOG_PATH) && !spk_attrs_has(in, SPK_FA_ENTRY_INDEX) &&
                      !spk_attrs_has(in, SPK_FA_ENTRY_PATH),
                  FORMAT);
        return SPK_OK;
    }
    SPK_TRY(spk_hpath_take(in, SPK_FA_LOG_PATH, &ret_p->deposit));
    SPK_TRY(spk_attrs_get(in, SPK_FA_ENTRY, SPK_LOG_ENTRY_LEN_MAX, &ret_p->entry));
    SPK_TRY(spk_attrs_u64(in, SPK_FA_ENTRY_INDEX, &ret_p->index));
    return spk_hpath_take(in, SPK_FA_ENTRY_PATH, &ret_p->path);
}

spk_err
spk_log_deposit_check(const struct spk_hstate *s, const struct spk_hdeposit *hd, uint64_t index,
                      const struct spk_hpath *path)
{
    uint8_t entry[SPK_ENTRY_LEN];
    struct spk_rpub rpub;
    struct spk_hash root;

    SPK_TRY(spk_rpub_parse(SPK_SPAN_OF(hd->rpub), &rpub));
    spk_deposit_entry(&rpub, &hd->oc, entry);
    SPK_TRY(spk_logs_root(s, SPK_LOG_DEPOSITS, &root));
    return spk_hpath_verify(path, SPK_SPAN_OF(entry), index, s->logs.deposits, &root);
}

/* Its release is in the other one: behind the request itself, so among the entries that this holder
 * has checked one by one. */
static spk_err
release_logged(const struct spk_hstate *s, const struct spk_hreq *q, uint64_t deposit,
               const struct spk_log_proof *p)
{
    struct spk_entry e;
    struct spk_hash root;

    SPK_TRY(spk_entry_parse(p->entry, &e));
    SPK_CHECK(e.kind == SPK_ENTRY_AUTHORISED, DENIED);
    SPK_CHECK(e.deposit == deposit && e.request == q->entry, DENIED);
    SPK_CHECK(p->index > q->entry, DENIED);
    SPK_TRY(spk_logs_root(s, SPK_LOG_RECOVERIES, &root));
    return spk_hpath_verify(&p->path, p->entry, p->index, s->logs.edge.n, &root);
}

spk_err
spk_log_proof_check(const struct spk_hstate *s, const struct spk_hreq *q,
                    const struct spk_hdeposit *hd, uint64_t index, const struct spk_log_proof *p)
{
    if (!spk_logs_begun(s)) {
        return SPK_OK;
    }
    SPK_CHECK(q->logged && p->given, DENIED);
    SPK_TRY(spk_log_deposit_check(s, hd, index, &p->deposit));
    return release_logged(s, q, index, p);
}
