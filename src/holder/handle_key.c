/* SPDX-License-Identifier: Apache-2.0 */
/* The three messages that touch an authority key: CHECK, RELEASE, REWRAP (doc/spec/holder.md §5).
 * The answer to all of them is a BLOB under some public key, or yes, or the one refusal. */
#include "holder/deposit_in.h"
#include "holder/logproof.h"
#include "holder/reply.h"
#include "holder/tally.h"
#include "keyblob/wrap.h"

bool
spk_may_check(struct spk_holder *h)
{
    return spk_bucket_take(&h->checks, spk_hclock_running(&h->clock), SPK_CHECK_RATE,
                           SPK_CHECK_BURST);
}

enum spk_frame_status
spk_on_check(struct spk_holder *h, const struct spk_hsession *s, const struct spk_attrs *in,
             struct spk_reply *out)
{
    struct spk_hdeposit hd;
    SPK_AUTO(spk_secret) key = NULL;

    (void)s;
    (void)out;
    if (!spk_ok(spk_hdeposit_take(in, &hd))) {
        return SPK_FRAME_BAD;
    }
    if (!spk_may_check(h)) {
        return SPK_FRAME_BUSY;
    }
    h->count[SPK_COUNT_CHECKED]++;
    return spk_status_of(spk_hdeposit_open(h, &hd, &key));
}

/* -- RELEASE -------------------------------------------------------------------------------------
 */

struct release {
    struct spk_hash request;
    uint64_t index, position;
    struct spk_hpath path;
    bool listed;
    uint64_t select_index;
    struct spk_hpath select_path;
    struct spk_hdeposit hd;
    struct spk_log_proof logs;
};

static spk_err
release_take(const struct spk_attrs *in, struct release *ret_r)
{
    SPK_TRY(spk_attrs_fixed(in, SPK_FA_REQUEST, ret_r->request.b, SPK_HASH_LEN));
    SPK_TRY(spk_attrs_u64(in, SPK_FA_INDEX, &ret_r->index));
    SPK_TRY(spk_attrs_u64(in, SPK_FA_POSITION, &ret_r->position));
    SPK_TRY(spk_hpath_take(in, SPK_FA_PATH, &ret_r->path));
    ret_r->listed = spk_attrs_has(in, SPK_FA_SELECT_INDEX);
    SPK_CHECK(ret_r->listed == spk_attrs_has(in, SPK_FA_SELECT_PATH), FORMAT);
    if (ret_r->listed) {
        SPK_TRY(spk_attrs_u64(in, SPK_FA_SELECT_INDEX, &ret_r->select_index));
        SPK_TRY(spk_hpath_take(in, SPK_FA_SELECT_PATH, &ret_r->select_path));
    }
    SPK_TRY(spk_log_proof_take(in, &ret_r->logs));
    return spk_hdeposit_take(in, &ret_r->hd);
}

/* The deposit is one of those that the officers have approved, and one of those that were asked
 * for. */
static spk_err
release_in_scope(const struct spk_hreq *q, const struct release *r)
{
    uint8_t entry[40];

    spk_scope_entry(r->index, &r->hd.oc, entry);
    SPK_TRY(spk_hpath_verify(&r->path, SPK_SPAN_OF(entry), r->position, q->scope_count,
                             &q->scope_root));
    SPK_CHECK(r->listed == (q->select == SPK_SELECT_LISTED), DENIED);
    if (r->listed) {
        /* the file_id as it stands in R_pub, of which OC was made */
        struct spk_rpub rpub;
        SPK_TRY(spk_rpub_parse(SPK_SPAN_OF(r->hd.rpub), &rpub));
        SPK_TRY(spk_hpath_verify(&r->select_path, SPK_SPAN_OF(rpub.id.b), r->select_index,
                                 q->select_count, &q->select_root));
    }
    return SPK_OK;
}

/* Quorum, waiting time, denials, veto, expiry: the stricter of today's policy and the deposit's. */
static spk_err
release_allowed(struct spk_holder *h, const struct spk_hreq *q, const struct release *r)
{
    struct spk_rpub rpub;
    struct spk_decision v;

    SPK_CHECK(q->kind == SPK_REQ_KIND_KEYS, DENIED);
    SPK_CHECK(spk_hash_eq(&r->hd.d.owner, &q->owner), DENIED);
    SPK_TRY(spk_rpub_parse(SPK_SPAN_OF(r->hd.rpub), &rpub));
    SPK_TRY(spk_tally_deposit(h, q, rpub.policy, &v));
    SPK_CHECK(spk_decision_releases(&v), DENIED);
    return SPK_OK;
}

static spk_err
recipient_key(struct spk_hreq *q)
{
    struct spk_request req = {0};

    if (q->keyx != NULL) {
        return SPK_OK;
    }
    SPK_TRY(spk_request_parse(spk_buf_span(&q->record), &req));
    q->keyx = spk_rsa_ref(req.keyx);
    spk_request_clear(&req);
    return SPK_OK;
}

/* Announces, durably, the next positions from this one on. */
static spk_err
release_reserve(struct spk_holder *h, const struct spk_hreq *q, uint64_t position)
{
    uint64_t rest = q->scope_count - position;
    uint8_t window[16];

    if (spk_state_reserved(q, position)) {
        return SPK_OK;
    }
    spk_put_u64(window, position);
    spk_put_u64(window + 8, rest < SPK_RESERVE ? rest : SPK_RESERVE);
    const struct spk_span parts[] = {spk_hash_span(&q->hash), SPK_SPAN_OF(window)};
    return spk_holder_commit(h, SPK_JREC_RESERVED, parts, 2);
}

static spk_err
release_journal(struct spk_holder *h, const struct spk_hreq *q, const struct release *r)
{
    uint8_t where[16];

    SPK_CHECK(!h->journal.broken, IO);
    if (spk_state_released(q, r->position)) {
        return SPK_OK; /* again, to the same recipient: a request has only one */
    }
    SPK_TRY(release_reserve(h, q, r->position));
    spk_put_u64(where, r->position);
    spk_put_u64(where + 8, r->index);
    const struct spk_span parts[] = {spk_hash_span(&q->hash), SPK_SPAN_OF(where),
                                     spk_hash_span(&q->recipient)};
    return spk_holder_commit_late(h, SPK_JREC_RELEASED, parts, 3);
}

static spk_err
release(struct spk_holder *h, const struct release *r, struct spk_reply *out)
{
    struct spk_hreq *q = spk_state_request(h->state, &r->request);
    SPK_AUTO(spk_secret) key = NULL;

    SPK_CHECK(q != NULL, DENIED);
    SPK_TRY(release_allowed(h, q, r));
    SPK_TRY(release_in_scope(q, r));
    SPK_TRY(spk_log_proof_check(h->state, q, &r->hd, r->index, &r->logs));
    SPK_TRY(spk_hdeposit_open(h, &r->hd, &key));
    SPK_TRY(recipient_key(q));
    /* written down before anything leaves: a release that nobody remembers must be impossible */
    SPK_TRY(release_journal(h, q, r));
    SPK_TRY(spk_wrap(key, q->keyx, NULL, SPK_WRAP_OAEP, &out->mem));
    h->count[SPK_COUNT_RELEASED]++;
    return spk_attrs_add(&out->l, SPK_FA_BLOB, spk_buf_span(&out->mem));
}

enum spk_frame_status
spk_on_release(struct spk_holder *h, const struct spk_hsession *s, const struct spk_attrs *in,
               struct spk_reply *out)
{
    struct release r = {.index = 0};

    (void)s;
    if (!spk_ok(release_take(in, &r))) {
        return SPK_FRAME_BAD;
    }
    return spk_status_of(release(h, &r, out));
}

/* -- REWRAP --------------------------------------------------------------------------------------
 */

/* What is proven about a deposit, now under another pair. */
static spk_err
rewrap_rpub(const struct spk_epoch *to, const struct spk_secret *key, struct spk_deposit *d,
            struct spk_buf *blob)
{
    unsigned flags = SPK_WRAP_OAEP | (d->rpub.flags & SPK_WRAP_DERIVED);

    SPK_TRY(spk_wrap(key, to->pair, &d->rpub.id, flags, blob));
    d->rpub.flags = (uint16_t)flags;
    d->rpub.epoch = to->number;
    d->rpub.authority = *spk_rsa_id(to->pair);
    SPK_TRY(spk_sha256(spk_buf_span(blob), &d->rpub.blob));
    return spk_deposit_tag(key, &d->rpub, &d->owner, d->rpriv, &d->rpub.tag);
}

/* All answers lie in out->mem, which must not move any more once they are named. */
static spk_err
rewrap_answer(const struct spk_secret *key, struct spk_deposit *d, bool sealed,
              struct spk_reply *out)
{
    SPK_AUTO_BUF struct spk_buf body = SPK_BUF(SPK_FRAME_MAX);
    struct spk_deposit again = {.rpriv = SPK_SPAN_EMPTY};
    uint8_t rpub[SPK_RPUB_LEN];
    size_t blob = out->mem.len;

    spk_rpub_build(&d->rpub, rpub);
    SPK_TRY(spk_buf_add(&out->mem, SPK_SPAN_OF(rpub)));
    if (sealed) { /* its seal names R_pub, which has changed */
        SPK_TRY(spk_record_build(key, d, &body));
        SPK_TRY(spk_record_parse(spk_buf_span(&body), &again));
        SPK_TRY(spk_buf_add(&out->mem, again.sealed));
    }
    const uint8_t *p = out->mem.ptr;
    SPK_TRY(spk_attrs_add(&out->l, SPK_FA_BLOB, spk_span(p, blob)));
    SPK_TRY(spk_attrs_add(&out->l, SPK_FA_RPUB, spk_span(p + blob, SPK_RPUB_LEN)));
    if (sealed) {
        return spk_attrs_add(&out->l, SPK_FA_SEALED,
                             spk_span(p + blob + SPK_RPUB_LEN, again.sealed.len));
    }
    return SPK_OK;
}

static spk_err
rewrap(struct spk_holder *h, const struct spk_hdeposit *hd, struct spk_reply *out)
{
    SPK_AUTO(spk_secret) key = NULL;
    SPK_AUTO_BUF struct spk_buf rpriv = SPK_BUF(SPK_RPRIV_MAX);
    const struct spk_epoch *to = spk_keys_newest(h->keys);
    struct spk_deposit d = hd->d;
    bool sealed = d.rpriv.len == 0;

    SPK_TRY(spk_hdeposit_open(h, hd, &key));
    SPK_TRY(spk_rpub_parse(SPK_SPAN_OF(hd->rpub), &d.rpub));
    SPK_CHECK(d.rpub.epoch < to->number, DENIED);
    if (sealed) {
        SPK_TRY(spk_record_open(key, &d, d.salt, &rpriv));
        d.rpriv = spk_buf_span(&rpriv);
    }
    SPK_TRY(rewrap_rpub(to, key, &d, &out->mem));
    return rewrap_answer(key, &d, sealed, out);
}

enum spk_frame_status
spk_on_rewrap(struct spk_holder *h, const struct spk_hsession *s, const struct spk_attrs *in,
              struct spk_reply *out)
{
    struct spk_hdeposit hd;

    (void)s;
    if (!spk_ok(spk_hdeposit_take(in, &hd))) {
        return SPK_FRAME_BAD;
    }
    if (!spk_may_check(h)) {
        return SPK_FRAME_BUSY;
    }
    return spk_status_of(rewrap(h, &hd, out));
}
