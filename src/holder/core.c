/* SPDX-License-Identifier: Apache-2.0 */
#include "holder/core.h"
#include "holder/drill.h"

#include "base/log.h"
#include "holder/reply.h"
#include "holder/tally.h"

#define BODY_MAX SPK_JOURNAL_BODY_MAX

void
spk_holder_free(struct spk_holder *h)
{
    if (h == NULL) {
        return;
    }
    spk_hdrill_free(h->drill);
    spk_keys_free(h->keys);
    spk_logkeys_free(h->logkeys);
    spk_hstate_free(h->state);
    if (h->journal.fd >= 0) {
        (void)spk_journal_sync(&h->journal).code; /* late records; their announcement is durable */
    }
    spk_journal_close(&h->journal);
    spk_logsfile_close(&h->logsfile);
    spk_fd_auto_(&h->lock);
    spk_mem_free(h);
}

spk_err
spk_holder_on(struct spk_keys *keys, struct spk_journal *journal, struct spk_hstate *state,
              struct spk_holder **ret_h)
{
    SPK_AUTO(spk_logkeys) logkeys = NULL;

    SPK_TRY(spk_logkeys_new(keys, &logkeys));
    struct spk_holder *h = spk_calloc(1, sizeof(*h));
    SPK_CHECK(h != NULL, NOMEM);
    h->lock = -1;
    h->logsfile = SPK_LOGSFILE_NONE;
    h->logkeys = SPK_STEAL(logkeys);
    h->keys = keys;
    h->journal = *journal;
    *journal = SPK_JOURNAL_NONE;
    h->state = state;
    spk_hclock_init(&h->clock, state->wall, state->running);
    h->tick = state->running;
    h->checks = (struct spk_bucket){.left = SPK_CHECK_BURST * 1000, .since = state->running};
    h->opens = (struct spk_bucket){.left = SPK_OPEN_BURST * 1000, .since = state->running};
    *ret_h = h;
    return SPK_OK;
}

/* -- Writing down --------------------------------------------------------------------------------
 */

static spk_err
commit(struct spk_holder *h, uint16_t type, const struct spk_span *parts, size_t n, bool late)
{
    SPK_AUTO_BUF struct spk_buf body = SPK_BUF(BODY_MAX);

    SPK_TRY(spk_jrec_begin(&body, spk_hclock_wall(&h->clock), spk_hclock_running(&h->clock)));
    for (size_t i = 0; i < n; i++) {
        SPK_TRY(spk_buf_add(&body, parts[i]));
    }
    SPK_TRY(late ? spk_journal_add(&h->journal, type, spk_buf_span(&body))
                 : spk_journal_append(&h->journal, type, spk_buf_span(&body)));
    h->tick = spk_get_u64(body.ptr + 8);
    spk_err e = spk_state_apply(h->state, type, spk_buf_span(&body));
    if (!spk_ok(e)) {
        /* it is written, but not in force here: go on only after a restart has read it */
        h->journal.broken = true;
        spk_log(SPK_LOG_ERROR, "a journal record cannot be taken up (%s): restart the holder",
                spk_code_name(e.code));
        return SPK_ERR(NOMEM);
    }
    return SPK_OK;
}

spk_err
spk_holder_commit(struct spk_holder *h, uint16_t type, const struct spk_span *parts, size_t n)
{
    return commit(h, type, parts, n, false);
}

spk_err
spk_holder_commit_late(struct spk_holder *h, uint16_t type, const struct spk_span *parts, size_t n)
{
    return commit(h, type, parts, n, true);
}

bool
spk_holder_waiting(const struct spk_holder *h)
{
    for (size_t i = 0; i < h->state->n_requests; i++) {
        const struct spk_hreq *q = h->state->requests[i];
        if (!q->done && spk_state_latest_end(h->state, q) >= h->clock.high) {
            return true;
        }
    }
    return false;
}

void
spk_holder_tick(struct spk_holder *h)
{
    spk_err e = SPK_OK;

    (void)spk_hclock_wall(&h->clock);
    if (h->journal.broken || spk_hclock_running(&h->clock) < h->tick + SPK_TICK_MS) {
        return;
    }
    if (spk_holder_waiting(h)) {
        e = spk_holder_commit(h, SPK_JREC_TICK, NULL, 0);
    } else {
        e = spk_journal_sync(&h->journal);
    }
    if (!spk_ok(e)) {
        spk_log(SPK_LOG_ERROR,
                "the journal cannot be written (%s): nothing is released until it can",
                spk_code_name(e.code));
    }
}

/* -- Answering -----------------------------------------------------------------------------------
 */

bool
spk_bucket_take(struct spk_bucket *b, uint64_t now_ms, unsigned rate, unsigned burst)
{
    uint64_t passed = now_ms > b->since ? now_ms - b->since : 0;
    uint64_t full = (uint64_t)burst * 1000;

    passed = passed > full ? full : passed; /* rate is at least 1: it is full again by then */
    b->left = b->left + passed * rate > full ? full : b->left + passed * rate;
    b->since = now_ms;
    if (b->left < 1000) {
        return false;
    }
    b->left -= 1000;
    return true;
}

enum spk_frame_status
spk_status_of(spk_err e)
{
    switch (e.code) {
    case SPK_CODE_OK:
        return SPK_FRAME_OK;
    case SPK_CODE_BUSY:
        return SPK_FRAME_BUSY;
    case SPK_CODE_IO:
    case SPK_CODE_NOMEM:
        return SPK_FRAME_FAILED;
    default:
        return SPK_FRAME_REFUSED;
    }
}

spk_err
spk_reply_u64(struct spk_reply *r, uint16_t type, uint64_t v)
{
    SPK_CHECK(r->n_ints < SPK_REPLY_INTS, LIMIT);
    return spk_attrs_add_u64(&r->l, type, v, r->ints[r->n_ints++]);
}

spk_err
spk_reply_state(struct spk_holder *h, const struct spk_hreq *q, struct spk_reply *r)
{
    struct spk_decision v;

    SPK_TRY(spk_tally(h, q, &v));
    SPK_TRY(spk_reply_u64(r, SPK_FA_STATE, v.state));
    SPK_TRY(spk_reply_u64(r, SPK_FA_OPENED, q->opened));
    SPK_TRY(spk_reply_u64(r, SPK_FA_DUE, v.due));
    SPK_TRY(spk_reply_u64(r, SPK_FA_EXPIRES, v.expires));
    SPK_TRY(spk_reply_u64(r, SPK_FA_PERSONS, v.persons));
    SPK_TRY(spk_reply_u64(r, SPK_FA_PERSONS2, v.persons2));
    SPK_TRY(spk_reply_u64(r, SPK_FA_NEEDED, v.needed));
    return spk_reply_u64(r, SPK_FA_RELEASED, q->released);
}

#define DEPOSIT_ATTRS                                                                              \
    SPK_FA_RPUB, SPK_FA_OWNER, SPK_FA_BLOB, SPK_FA_P, SPK_FA_SALT, SPK_FA_RPRIV, SPK_FA_SEALED

static const uint16_t in_hello[] = {SPK_FA_VERSION};
static const uint16_t in_deposit[] = {DEPOSIT_ATTRS};
static const uint16_t in_advance[] = {SPK_FA_LOG,     SPK_FA_SIZE,  SPK_FA_ROOT,     SPK_FA_PROOF,
                                      SPK_FA_ENTRIES, SPK_FA_SALTS, SPK_FA_REQUESTS, SPK_FA_DETAILS,
                                      SPK_FA_NOTE,    SPK_FA_EDGE};
static const uint16_t in_release[] = {DEPOSIT_ATTRS,      SPK_FA_REQUEST,   SPK_FA_INDEX,
                                      SPK_FA_POSITION,    SPK_FA_PATH,      SPK_FA_SELECT_INDEX,
                                      SPK_FA_SELECT_PATH, SPK_FA_LOG_PATH,  SPK_FA_ENTRY,
                                      SPK_FA_ENTRY_INDEX, SPK_FA_ENTRY_PATH};
static const uint16_t in_drill[] = {DEPOSIT_ATTRS, SPK_FA_INDEX, SPK_FA_POSITION, SPK_FA_LOG_PATH};
static const uint16_t in_report[] = {SPK_FA_SIZE, SPK_FA_ROOT, SPK_FA_PROOF, SPK_FA_OPENED};
static const uint16_t in_note[] = {SPK_FA_NOTE};
static const uint16_t in_open[] = {
    SPK_FA_RECORD,   SPK_FA_SIG_SIGN, SPK_FA_SIG_KEYX, SPK_FA_SCOPE_COUNT, SPK_FA_SCOPE_ROOT,
    SPK_FA_POLICIES, SPK_FA_FIRST,    SPK_FA_FIRST_OC, SPK_FA_PATH,        SPK_FA_LAST};
static const uint16_t in_veto[] = {SPK_FA_REQUEST, SPK_FA_ENROL, SPK_FA_NOTE, SPK_FA_SIG,
                                   SPK_FA_LAST};
static const uint16_t in_successor[] = {SPK_FA_REQUEST, SPK_FA_ENROL, SPK_FA_LAST};
static const uint16_t in_request[] = {SPK_FA_REQUEST};

#define ATTRS(list) (list), sizeof(list) / sizeof((list)[0])

/* Every message there is, and whether it is allowed before or after HELLO. None of them decrypts on
 * demand. */
static const struct {
    uint16_t type;
    bool after_hello;
    spk_handler *handler;
    const uint16_t *attrs;
    size_t n_attrs;
} ops[] = {
    {SPK_MSG_HELLO, false, spk_on_hello, ATTRS(in_hello)},
    {SPK_MSG_ADVANCE, true, spk_on_advance, ATTRS(in_advance)},
    {SPK_MSG_CHECK, true, spk_on_check, ATTRS(in_deposit)},
    {SPK_MSG_RELEASE, true, spk_on_release, ATTRS(in_release)},
    {SPK_MSG_STATUS, true, spk_on_health, NULL, 0},
    {SPK_MSG_STOP, true, spk_on_stop, NULL, 0},
    {SPK_MSG_POLICY, true, spk_on_policy, ATTRS(in_note)},
    {SPK_MSG_OPEN, true, spk_on_open, ATTRS(in_open)},
    {SPK_MSG_DENY, true, spk_on_deny, ATTRS(in_note)},
    {SPK_MSG_VETO, true, spk_on_veto, ATTRS(in_veto)},
    {SPK_MSG_SUCCESSOR, true, spk_on_successor, ATTRS(in_successor)},
    {SPK_MSG_REWRAP, true, spk_on_rewrap, ATTRS(in_deposit)},
    {SPK_MSG_APPROVE, true, spk_on_approve, ATTRS(in_note)},
    {SPK_MSG_STATE, true, spk_on_state, ATTRS(in_request)},
    {SPK_MSG_DRILL, true, spk_on_drill, ATTRS(in_drill)},
    {SPK_MSG_REPORT, true, spk_on_report, ATTRS(in_report)},
};

static enum spk_frame_status
dispatch(struct spk_holder *h, struct spk_hsession *s, const struct spk_frame *f,
         struct spk_reply *out)
{
    struct spk_attrs in;

    for (size_t i = 0; i < sizeof(ops) / sizeof(ops[0]); i++) {
        if (ops[i].type != f->type) {
            continue;
        }
        if (ops[i].after_hello != s->greeted || f->status != 0 ||
            !spk_ok(spk_attrs_parse_known(f->body, ops[i].attrs, ops[i].n_attrs, &in))) {
            return SPK_FRAME_BAD;
        }
        enum spk_frame_status st = ops[i].handler(h, s, &in, out);
        s->greeted = s->greeted || (f->type == SPK_MSG_HELLO && st == SPK_FRAME_OK);
        return st;
    }
    return SPK_FRAME_BAD;
}

static bool
answer(const struct spk_frame *f, enum spk_frame_status st, struct spk_reply *out,
       struct spk_buf *reply)
{
    SPK_AUTO_BUF struct spk_buf body = SPK_BUF(SPK_FRAME_MAX - SPK_FRAME_HEAD);

    if (st != SPK_FRAME_OK) {
        out->l.n = 0; /* a refusal carries nothing but its status */
    }
    return spk_ok(spk_attrs_build(&out->l, &body)) &&
           spk_ok(spk_frame_build(f->type, (uint16_t)st, f->seq, spk_buf_span(&body), reply));
}

bool
spk_holder_serve(struct spk_holder *h, struct spk_hsession *s, struct spk_span packet,
                 struct spk_buf *reply, bool *ret_end)
{
    SPK_AUTO_STR struct spk_reply *out = spk_calloc(1, sizeof(*out));
    struct spk_frame f;

    *ret_end = true;
    if (out == NULL || !spk_ok(spk_frame_parse(packet, &f))) {
        h->count[SPK_COUNT_BAD]++;
        return false;
    }
    out->mem = SPK_BUF(SPK_FRAME_MAX);
    (void)spk_hclock_wall(&h->clock);
    enum spk_frame_status st = dispatch(h, s, &f, out);
    h->count[SPK_COUNT_BAD] += st == SPK_FRAME_BAD;
    h->count[SPK_COUNT_REFUSED] += st == SPK_FRAME_REFUSED;
    bool has = answer(&f, st, out, reply);
    spk_buf_free(&out->mem);
    *ret_end = !has || st == SPK_FRAME_BAD;
    return has;
}
