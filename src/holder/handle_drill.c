/* SPDX-License-Identifier: Apache-2.0 */
/* DRILL and REPORT: a recovery tried out on deposits, and what came of it, signed
 * (doc/spec/holder.md §5.1). The key stays in here: only a word leaves for each deposit. */
#include "holder/deposit_in.h"
#include "holder/drill.h"
#include "holder/logproof.h"
#include "holder/logstate.h"
#include "holder/reply.h"
#include "keyblob/wrap.h"

#define DRILL_BITS 2048 /* of a pair that lives as long as the drill, and is given to nobody */

struct spk_hdrill {
    struct spk_rsa *pair;
    struct spk_drill d;
    bool reported;
    struct spk_hash report;
};

void
spk_hdrill_free(struct spk_hdrill *x)
{
    if (x != NULL) {
        spk_rsa_free(x->pair);
        spk_mem_free(x);
    }
}

bool
spk_hdrill_has(const struct spk_hdrill *x, const struct spk_hash *report, uint64_t deposit)
{
    if (x == NULL || !x->reported || !spk_hash_eq(&x->report, report)) {
        return false;
    }
    for (size_t i = 0; i < x->d.n; i++) {
        if (x->d.of[i].index == deposit) {
            return true;
        }
    }
    return false;
}

/* POSITION 0 begins one; whatever another one has left is gone. */
static spk_err
take_place(struct spk_holder *h, uint64_t index, uint64_t position, struct spk_hdrill **ret_x)
{
    if (position == 0) {
        spk_hdrill_free(h->drill);
        h->drill = spk_calloc(1, sizeof(*h->drill));
        SPK_CHECK(h->drill != NULL, NOMEM);
    }
    struct spk_hdrill *x = h->drill;
    SPK_CHECK(x != NULL && !x->reported && position == x->d.n && position < SPK_DRILL_MAX, DENIED);
    SPK_CHECK(position == 0 || index > x->d.of[position - 1].index, DENIED);
    SPK_CHECK(index < h->state->logs.deposits, DENIED);
    *ret_x = x;
    return SPK_OK;
}

/* As for a release, but under a pair that was made here, and opened again: the same key must come
 * out, which is the one that C stands for. */
static spk_err
there_and_back(const struct spk_holder *h, struct spk_hdrill *x, const struct spk_hdeposit *hd)
{
    SPK_AUTO(spk_secret) key = NULL;
    SPK_AUTO(spk_secret) again = NULL;
    SPK_AUTO_BUF struct spk_buf blob = SPK_BUF(SPK_FRAME_MAX);
    struct spk_hdeposit back = *hd;

    SPK_TRY(spk_hdeposit_open(h, hd, &key));
    if (x->pair == NULL) {
        SPK_TRY(spk_rsa_generate(DRILL_BITS, &x->pair));
    }
    SPK_TRY(spk_wrap(key, x->pair, NULL, SPK_WRAP_OAEP, &blob));
    SPK_TRY(spk_unwrap(spk_buf_span(&blob), x->pair, SPK_WRAP_OAEP, &again));
    SPK_CHECK(spk_secret_eq(key, again), DENIED);
    SPK_TRY(spk_rpub_parse(SPK_SPAN_OF(hd->rpub), &back.d.rpub));
    const struct spk_epoch *e = spk_keys_find(h->keys, &back.d.rpub.authority);
    SPK_CHECK(e != NULL, DENIED);
    return spk_deposit_prove(&back.d, again, e->pair);
}

struct shown { /* nothing, when the server has nothing to show */
    uint64_t index, position;
    bool given;
    struct spk_hdeposit hd;
    struct spk_hpath path;
};

static spk_err
shown_take(const struct spk_attrs *in, struct shown *ret_s)
{
    SPK_TRY(spk_attrs_u64(in, SPK_FA_INDEX, &ret_s->index));
    SPK_TRY(spk_attrs_u64(in, SPK_FA_POSITION, &ret_s->position));
    ret_s->given = in->n > 2;
    if (!ret_s->given) {
        return SPK_OK;
    }
    SPK_TRY(spk_hpath_take(in, SPK_FA_LOG_PATH, &ret_s->path));
    return spk_hdeposit_take(in, &ret_s->hd);
}

static spk_err
drill(struct spk_holder *h, const struct shown *s)
{
    struct spk_hdrill *x = NULL;
    spk_err e = SPK_ERR(DENIED);

    SPK_TRY(take_place(h, s->index, s->position, &x));
    if (s->given) {
        e = spk_log_deposit_check(h->state, &s->hd, s->index, &s->path);
        e = spk_ok(e) ? there_and_back(h, x, &s->hd) : e;
        SPK_CHECK(e.code != SPK_CODE_NOMEM, NOMEM); /* says nothing about the deposit */
    }
    x->d.of[x->d.n++] = (struct spk_drilled){s->index, spk_ok(e)};
    return spk_ok(e) ? e : SPK_ERR(DENIED);
}

enum spk_frame_status
spk_on_drill(struct spk_holder *h, const struct spk_hsession *s, const struct spk_attrs *in,
             struct spk_reply *out)
{
    struct shown w = {.given = false};

    (void)s;
    (void)out;
    if (!spk_ok(shown_take(in, &w))) {
        return SPK_FRAME_BAD;
    }
    if (!spk_may_check(h)) {
        return SPK_FRAME_BUSY;
    }
    return spk_status_of(drill(h, &w));
}

/* -- REPORT ------------------------------------------------------------------------------------ */

struct backup { /* what the signed log has grown out of */
    bool given;
    uint64_t size, made;
    struct spk_hash root;
    struct spk_hpath proof;
};

static spk_err
backup_take(const struct spk_attrs *in, struct backup *ret_b)
{
    ret_b->given = in->n > 0;
    if (!ret_b->given) {
        return SPK_OK;
    }
    SPK_TRY(spk_attrs_u64(in, SPK_FA_SIZE, &ret_b->size));
    SPK_TRY(spk_attrs_fixed(in, SPK_FA_ROOT, ret_b->root.b, SPK_HASH_LEN));
    SPK_TRY(spk_hpath_take(in, SPK_FA_PROOF, &ret_b->proof));
    return spk_attrs_u64(in, SPK_FA_OPENED, &ret_b->made);
}

static spk_err
add_backup(const struct spk_holder *h, const struct backup *b, struct spk_drill *d)
{
    struct spk_hash root;

    SPK_CHECK(b->size > 0 && b->size <= h->state->logs.deposits, DENIED);
    SPK_TRY(spk_logs_root(h->state, SPK_LOG_DEPOSITS, &root));
    SPK_TRY(spk_tree_verify_growth(b->size, &b->root, h->state->logs.deposits, &root, b->proof.hash,
                                   b->proof.len));
    d->backup = b->size;
    d->root = b->root;
    d->made = b->made;
    return SPK_OK;
}

static spk_err
report(struct spk_holder *h, const struct backup *b, struct spk_reply *out)
{
    SPK_AUTO_BUF struct spk_buf text = SPK_BUF(SPK_DRILL_TEXT_MAX);
    struct spk_hdrill *x = h->drill;

    SPK_CHECK(x != NULL && !x->reported && x->d.n > 0, DENIED);
    if (b->given) {
        SPK_TRY(add_backup(h, b, &x->d));
    }
    x->d.genesis = h->keys->genesis;
    x->d.time = spk_hclock_wall(&h->clock);
    x->d.deposits = spk_logs_size(h->state, SPK_LOG_DEPOSITS);
    x->d.recoveries = spk_logs_size(h->state, SPK_LOG_RECOVERIES);
    SPK_TRY(spk_drill_format(&x->d, &text));
    SPK_TRY(spk_sha256(spk_buf_span(&text), &x->report));
    SPK_TRY(spk_note_sign(spk_buf_span(&text), NULL, h->keys->vkey.name, h->keys->seed, &out->mem));
    spk_rsa_free(x->pair);
    x->pair = NULL;
    x->reported = true;
    return spk_attrs_add(&out->l, SPK_FA_NOTE, spk_buf_span(&out->mem));
}

enum spk_frame_status
spk_on_report(struct spk_holder *h, const struct spk_hsession *s, const struct spk_attrs *in,
              struct spk_reply *out)
{
    struct backup b = {.given = false};

    (void)s;
    if (!spk_ok(backup_take(in, &b))) {
        return SPK_FRAME_BAD;
    }
    return spk_status_of(report(h, &b, out));
}
