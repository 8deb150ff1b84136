/* SPDX-License-Identifier: Apache-2.0 */
/* ADVANCE: a log has grown, and the holder signs how far (doc/spec/holder.md §6). Whatever it has
 * once signed can only be continued. */
#include <inttypes.h>
#include <string.h>

#include "base/log.h"
#include "holder/depositlog.h"
#include "holder/hpath.h"
#include "holder/logentries.h"
#include "holder/logstate.h"
#include "holder/reply.h"
#include "translog/checkpoint.h"

/* A fork, a rollback, an entry that is not true: somebody has changed the database or speaks in the
 * server's place. */
static spk_err
refuse(enum spk_log_id log, const char *why)
{
    spk_log(SPK_LOG_ERROR, "the %s log is not signed: %s", spk_log_word(log), why);
    return SPK_ERR(DENIED);
}

static spk_err
reply_note(struct spk_holder *h, enum spk_log_id log, struct spk_reply *out)
{
    struct spk_hash root;

    SPK_CHECK(!h->journal.broken, IO);
    SPK_TRY(spk_logs_root(h->state, log, &root));
    SPK_TRY(spk_logkeys_sign(h->logkeys, log, spk_logs_size(h->state, log), &root, &out->mem));
    return spk_attrs_add(&out->l, SPK_FA_NOTE, spk_buf_span(&out->mem));
}

/* -- deposits ---------------------------------------------------------------------------------- */

struct growth {
    struct spk_logat to;
    struct spk_hpath proof;
};

static spk_err
growth_take(const struct spk_attrs *in, struct growth *ret_g)
{
    SPK_CHECK(in->n == 4, FORMAT);
    SPK_TRY(spk_attrs_u64(in, SPK_FA_SIZE, &ret_g->to.size));
    SPK_TRY(spk_attrs_fixed(in, SPK_FA_ROOT, ret_g->to.root.b, SPK_HASH_LEN));
    return spk_hpath_take(in, SPK_FA_PROOF, &ret_g->proof);
}

/* The tree of size leaves under root begins with all that was signed. */
static spk_err
growth_check(struct spk_holder *h, enum spk_log_id log, uint64_t size, const struct spk_hash *root,
             const struct spk_hpath *proof)
{
    uint64_t old = spk_logs_size(h->state, log);
    struct spk_hash old_root;

    if (size < old || size > SPK_LOG_MAX) {
        return refuse(log, "it is shorter than what was signed before");
    }
    SPK_TRY(spk_logs_root(h->state, log, &old_root));
    spk_err e = spk_tree_verify_growth(old, &old_root, size, root, proof->hash, proof->len);
    SPK_CHECK(spk_ok(e) || e.code != SPK_CODE_NOMEM, NOMEM);
    return spk_ok(e) ? e : refuse(log, "it does not continue what was signed before");
}

static spk_err
advance_deposits(struct spk_holder *h, const struct growth *g, struct spk_reply *out)
{
    SPK_TRY(growth_check(h, SPK_LOG_DEPOSITS, g->to.size, &g->to.root, &g->proof));
    if (g->to.size > h->state->logs.deposits) {
        SPK_TRY(spk_depositlog_advance(h, &g->to));
    }
    return reply_note(h, SPK_LOG_DEPOSITS, out);
}

/* -- recoveries -------------------------------------------------------------------------------- */

static spk_err
recoveries_commit(struct spk_holder *h, const struct spk_edge *e, uint64_t last_ms,
                  struct spk_span logged)
{
    SPK_AUTO_BUF struct spk_buf body = SPK_BUF(SPK_JOURNAL_BODY_MAX - SPK_JREC_TIMES);

    SPK_TRY(spk_logs_recoveries_body(e, last_ms, logged, &body));
    const struct spk_span part = spk_buf_span(&body);
    return spk_holder_commit(h, SPK_JREC_RECOVERIES, &part, 1);
}

struct more {
    uint64_t size; /* before */
    struct spk_span entries;
    struct spk_log_extra extra;
};

static spk_err
more_take(const struct spk_attrs *in, struct more *ret_m)
{
    SPK_TRY(spk_attrs_u64(in, SPK_FA_SIZE, &ret_m->size));
    if (in->n == 2) {
        return SPK_OK; /* the present note again */
    }
    SPK_TRY(spk_attrs_get(in, SPK_FA_ENTRIES, SPK_FRAME_MAX, &ret_m->entries));
    SPK_CHECK(ret_m->entries.len > 0, FORMAT);
    if (in->n == 3) {
        return SPK_OK;
    }
    SPK_CHECK(in->n == 6, FORMAT);
    SPK_TRY(spk_attrs_get(in, SPK_FA_SALTS, SPK_FRAME_MAX, &ret_m->extra.salts));
    SPK_TRY(spk_attrs_get(in, SPK_FA_REQUESTS, SPK_FRAME_MAX, &ret_m->extra.requests));
    return spk_attrs_get(in, SPK_FA_DETAILS, SPK_FRAME_MAX, &ret_m->extra.details);
}

static spk_err
advance_recoveries(struct spk_holder *h, const struct more *m, struct spk_reply *out)
{
    SPK_AUTO_LOG_ADDING struct spk_log_adding a = {.why = NULL};

    if (m->size != h->state->logs.edge.n) {
        return refuse(SPK_LOG_RECOVERIES, "it is not as long as what was signed before");
    }
    if (m->entries.len > 0) {
        spk_log_adding_begin(h, &m->extra, &a);
        spk_err e = spk_log_adding_all(&a, m->entries);
        if (!spk_ok(e)) {
            return e.code == SPK_CODE_NOMEM ? e : refuse(SPK_LOG_RECOVERIES, a.why);
        }
        SPK_TRY(recoveries_commit(h, &a.edge, a.last_ms, spk_buf_span(&a.logged)));
    }
    return reply_note(h, SPK_LOG_RECOVERIES, out);
}

/* -- after a restore --------------------------------------------------------------------------- */

struct signed_before {
    struct spk_note note;
    struct spk_span edge;
    struct spk_hpath proof;
};

static spk_err
before_take(const struct spk_attrs *in, struct signed_before *ret_b)
{
    struct spk_span note;

    SPK_CHECK(in->n == 4, FORMAT);
    SPK_TRY(spk_attrs_get(in, SPK_FA_NOTE, SPK_NOTE_MAX, &note));
    SPK_TRY(spk_attrs_get(in, SPK_FA_EDGE, (size_t)SPK_PATH_MAX * SPK_HASH_LEN, &ret_b->edge));
    SPK_TRY(spk_hpath_take(in, SPK_FA_PROOF, &ret_b->proof));
    return spk_note_parse(note, false, &ret_b->note);
}

static spk_err
before_check(struct spk_holder *h, const struct signed_before *b, struct spk_edge *ret_e)
{
    const struct spk_vkey *key = spk_logs_key(&h->logkeys->names, SPK_LOG_RECOVERIES);
    struct spk_checkpoint c;
    struct spk_hash root;

    if (!spk_ok(spk_checkpoint_verify(&b->note, key, &c))) {
        return refuse(SPK_LOG_RECOVERIES, "a checkpoint that this holder never signed");
    }
    SPK_TRY(growth_check(h, SPK_LOG_RECOVERIES, c.size, &c.root, &b->proof));
    if (!spk_ok(spk_logs_edge(c.size, b->edge, ret_e))) {
        return refuse(SPK_LOG_RECOVERIES, "not the edge of a tree of that size");
    }
    SPK_TRY(spk_edge_root(ret_e, &root));
    return spk_hash_eq(&root, &c.root) ? SPK_OK
                                       : refuse(SPK_LOG_RECOVERIES, "the edge of another tree");
}

/* A holder whose journal is older than the log takes up where its own signature says it was. */
static spk_err
catch_up(struct spk_holder *h, const struct signed_before *b, struct spk_reply *out)
{
    struct spk_edge e;

    SPK_TRY(before_check(h, b, &e));
    if (e.n > h->state->logs.edge.n) {
        SPK_TRY(recoveries_commit(h, &e, h->state->logs.last_ms, SPK_SPAN_EMPTY));
        spk_log(SPK_LOG_WARN, "the recoveries log had %" PRIu64 " entries that this journal lacks",
                e.n);
    }
    return reply_note(h, SPK_LOG_RECOVERIES, out);
}

/* -- the message ------------------------------------------------------------------------------- */

static enum spk_frame_status
counted(struct spk_holder *h, spk_err e)
{
    enum spk_frame_status st = spk_status_of(e);

    h->count[SPK_COUNT_ADVANCE_REFUSED] += st == SPK_FRAME_REFUSED;
    return st;
}

static enum spk_frame_status
on_deposits(struct spk_holder *h, const struct spk_attrs *in, struct spk_reply *out)
{
    struct growth g;

    if (!spk_ok(growth_take(in, &g))) {
        return SPK_FRAME_BAD;
    }
    return counted(h, advance_deposits(h, &g, out));
}

static enum spk_frame_status
on_recoveries(struct spk_holder *h, const struct spk_attrs *in, struct spk_reply *out)
{
    struct more m = {.size = 0};

    if (spk_attrs_has(in, SPK_FA_NOTE)) {
        struct signed_before b;
        return spk_ok(before_take(in, &b)) ? counted(h, catch_up(h, &b, out)) : SPK_FRAME_BAD;
    }
    return spk_ok(more_take(in, &m)) ? counted(h, advance_recoveries(h, &m, out)) : SPK_FRAME_BAD;
}

enum spk_frame_status
spk_on_advance(struct spk_holder *h, const struct spk_hsession *s, const struct spk_attrs *in,
               struct spk_reply *out)
{
    uint64_t log;

    (void)s;
    if (!spk_ok(spk_attrs_u64(in, SPK_FA_LOG, &log))) {
        return SPK_FRAME_BAD;
    }
    switch (log) {
    case SPK_LOG_DEPOSITS:
        return on_deposits(h, in, out);
    case SPK_LOG_RECOVERIES:
        return on_recoveries(h, in, out);
    default:
        return SPK_FRAME_BAD;
    }
}
