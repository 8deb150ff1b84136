/* SPDX-License-Identifier: Apache-2.0 */
#include "logworld.h"

#include <string.h>

#include "base/clock.h"
#include "crypto/rng.h"

struct logworld logs;

/* -- trees ------------------------------------------------------------------------------------- */

static spk_err
leaves_get(void *ctx, unsigned level, uint64_t index, struct spk_hash *ret_h)
{
    const struct leaves *l = ctx;

    return spk_tree_root(l->h + (index << level), (uint64_t)1 << level, ret_h);
}

static struct spk_nodes
nodes(const struct leaves *l)
{
    static struct leaves copy;

    copy = *l;
    return (struct spk_nodes){.ctx = &copy, .get = leaves_get};
}

void
leaves_root(const struct leaves *l, size_t n, struct spk_hash *ret_root)
{
    assert_spk_ok(spk_tree_root(l->h, n, ret_root));
}

static void
put_hashes(const struct spk_hash *h, size_t n, struct spk_buf *out)
{
    for (size_t i = 0; i < n; i++) {
        assert_spk_ok(spk_buf_add(out, spk_hash_span(&h[i])));
    }
}

void
leaves_path(const struct leaves *l, size_t n, size_t i, struct spk_buf *path)
{
    struct spk_hash h[SPK_PATH_MAX];
    size_t len = 0;

    assert_spk_ok(spk_tree_path(l->h, n, i, h, &len));
    put_hashes(h, len, path);
}

void
leaves_growth(const struct leaves *l, size_t m, size_t n, struct spk_buf *proof)
{
    const struct spk_nodes s = nodes(l);
    struct spk_hash h[SPK_PATH_MAX];
    size_t len = 0;

    assert_spk_ok(spk_nodes_growth(&s, m, n, h, &len));
    put_hashes(h, len, proof);
}

void
leaves_edge(const struct leaves *l, size_t n, struct spk_buf *edge)
{
    const struct spk_nodes s = nodes(l);
    struct spk_edge e;

    assert_spk_ok(spk_edge_load(&s, n, &e));
    for (unsigned i = 0; i < SPK_PATH_MAX; i++) {
        if ((n >> i & 1) != 0) {
            put_hashes(&e.part[i], 1, edge);
        }
    }
}

/* -- the logs ---------------------------------------------------------------------------------- */

void
logs_begin(struct world *w)
{
    struct spk_span note;

    memset(&logs, 0, sizeof(logs));
    logs.note = SPK_BUF(SPK_NOTE_MAX);
    w->s.greeted = false;
    assert_int_equal(say_hello(w), SPK_FRAME_OK);
    assert_spk_ok(spk_attrs_get(&w->out, SPK_FA_LOGS, SPK_NOTE_MAX, &note));
    assert_spk_ok(spk_logs_verify(note, &w->keys->vkey, &w->policy.hash, &logs.names));
}

void
logs_end(void)
{
    spk_buf_free(&logs.note);
}

void
logs_deposits(struct world *w, size_t n)
{
    uint8_t entry[SPK_ENTRY_LEN];

    for (; logs.dep.n < n; logs.dep.n++) {
        assert_spk_ok(spk_random(SPK_MUT_OF(entry)));
        for (size_t i = 0; i < WORLD_DEPOSITS; i++) {
            if (w->dep[i].index == logs.dep.n) {
                spk_deposit_entry(&w->dep[i].d.rpub, &w->dep[i].oc, entry);
            }
        }
        assert_spk_ok(spk_leaf_hash(SPK_SPAN_OF(entry), &logs.dep.h[logs.dep.n]));
    }
}

void
assert_checkpoint(const struct world *w, enum spk_log_id log, uint64_t size,
                  const struct spk_hash *root)
{
    struct spk_span bytes;
    struct spk_note note;
    struct spk_checkpoint c;

    assert_spk_ok(spk_attrs_get(&w->out, SPK_FA_NOTE, SPK_NOTE_MAX, &bytes));
    assert_spk_ok(spk_note_parse(bytes, false, &note));
    assert_spk_ok(spk_checkpoint_verify(&note, spk_logs_key(&logs.names, log), &c));
    assert_int_equal(c.size, size);
    assert_true(spk_hash_eq(&c.root, root));
}

unsigned
say_deposits(struct world *w, size_t size, const struct spk_hash *root, struct spk_span proof)
{
    struct msg m = {.n = 0};

    msg_u64(&m, SPK_FA_LOG, SPK_LOG_DEPOSITS);
    msg_u64(&m, SPK_FA_SIZE, size);
    msg_add(&m, SPK_FA_ROOT, spk_hash_span(root));
    msg_add(&m, SPK_FA_PROOF, proof);
    return world_send(w, SPK_MSG_ADVANCE, &m);
}

unsigned
advance_deposits(struct world *w, size_t m, size_t n)
{
    SPK_AUTO_BUF struct spk_buf proof = SPK_BUF(SPK_FRAME_MAX);
    struct spk_hash root;

    logs_deposits(w, n);
    leaves_root(&logs.dep, n, &root);
    leaves_growth(&logs.dep, m, n, &proof);
    unsigned st = say_deposits(w, n, &root, spk_buf_span(&proof));
    if (st == SPK_FRAME_OK) {
        assert_checkpoint(w, SPK_LOG_DEPOSITS, n, &root);
    }
    return st;
}

/* -- entries ----------------------------------------------------------------------------------- */

void
ent_seal(struct ent *x)
{
    assert_spk_ok(spk_entry_or_of(x->salt, &x->request, &x->detail, &x->e.hash));
}

static uint64_t
entry_of(const struct world *w, const struct ask_ *a)
{
    const struct spk_hreq *q = spk_state_request(w->h->state, &a->hash);

    return q != NULL && q->logged ? q->entry : logs.rec.n;
}

struct ent
ent_of(struct world *w, const struct ask_ *a, enum spk_entry_kind kind)
{
    struct ent x = {.request = a->hash};

    x.e.kind = kind;
    x.e.number = 1;
    x.e.time_ms = spk_now() * 1000;
    x.e.deposit = w->dep[0].index;
    x.e.request = entry_of(w, a);
    assert_spk_ok(spk_random(SPK_MUT_OF(x.salt)));
    bool noted = kind == SPK_ENTRY_APPROVAL || kind == SPK_ENTRY_DENIED || kind == SPK_ENTRY_VETO;
    assert_spk_ok(spk_sha256(noted ? SPK_SPAN_LIT("the note's bytes") : SPK_SPAN_EMPTY, &x.detail));
    ent_seal(&x);
    return x;
}

struct ent
ent_policy(struct world *w)
{
    struct ent x = {.e = {.kind = SPK_ENTRY_POLICY,
                          .number = w->policy.number,
                          .time_ms = spk_now() * 1000,
                          .hash = w->policy.hash}};

    return x;
}

unsigned
say_recoveries(struct world *w, uint64_t size, const struct ent *x, size_t n)
{
    SPK_AUTO_BUF struct spk_buf entries = SPK_BUF(SPK_FRAME_MAX);
    SPK_AUTO_BUF struct spk_buf salts = SPK_BUF(SPK_FRAME_MAX);
    SPK_AUTO_BUF struct spk_buf requests = SPK_BUF(SPK_FRAME_MAX);
    SPK_AUTO_BUF struct spk_buf details = SPK_BUF(SPK_FRAME_MAX);
    struct msg m = {.n = 0};

    msg_u64(&m, SPK_FA_LOG, SPK_LOG_RECOVERIES);
    msg_u64(&m, SPK_FA_SIZE, size);
    for (size_t i = 0; i < n; i++) {
        uint8_t bytes[SPK_LOG_ENTRY_LEN_MAX];
        size_t len;
        spk_entry_build(&x[i].e, bytes, &len);
        assert_spk_ok(spk_buf_u16(&entries, (uint16_t)len));
        assert_spk_ok(spk_buf_add(&entries, spk_span(bytes, len)));
        if (spk_entry_is_of_request(x[i].e.kind)) {
            assert_spk_ok(spk_buf_add(&salts, SPK_SPAN_OF(x[i].salt)));
            assert_spk_ok(spk_buf_add(&requests, spk_hash_span(&x[i].request)));
            assert_spk_ok(spk_buf_add(&details, spk_hash_span(&x[i].detail)));
        }
    }
    if (n > 0) {
        msg_add(&m, SPK_FA_ENTRIES, spk_buf_span(&entries));
    }
    if (salts.len > 0) {
        msg_add(&m, SPK_FA_SALTS, spk_buf_span(&salts));
        msg_add(&m, SPK_FA_REQUESTS, spk_buf_span(&requests));
        msg_add(&m, SPK_FA_DETAILS, spk_buf_span(&details));
    }
    return world_send(w, SPK_MSG_ADVANCE, &m);
}

unsigned
log_entries(struct world *w, const struct ent *x, size_t n)
{
    struct spk_hash root;
    struct spk_span note;
    unsigned st = say_recoveries(w, logs.rec.n, x, n);

    if (st != SPK_FRAME_OK) {
        return st;
    }
    for (size_t i = 0; i < n; i++) {
        uint8_t bytes[SPK_LOG_ENTRY_LEN_MAX];
        size_t len;
        spk_entry_build(&x[i].e, bytes, &len);
        assert_spk_ok(spk_leaf_hash(spk_span(bytes, len), &logs.rec.h[logs.rec.n++]));
    }
    w->log = logs.rec.n > 0 ? spk_logs_key(&logs.names, SPK_LOG_RECOVERIES)->name : NULL;
    leaves_root(&logs.rec, logs.rec.n, &root);
    assert_checkpoint(w, SPK_LOG_RECOVERIES, logs.rec.n, &root);
    assert_spk_ok(spk_attrs_get(&w->out, SPK_FA_NOTE, SPK_NOTE_MAX, &note));
    spk_buf_reset(&logs.note);
    assert_spk_ok(spk_buf_add(&logs.note, note));
    return st;
}

unsigned
log_entry(struct world *w, struct ent x)
{
    return log_entries(w, &x, 1);
}

/* -- other messages ---------------------------------------------------------------------------- */

unsigned
say_open_first(struct world *w, const struct ask_ *a)
{
    SPK_AUTO_BUF struct spk_buf path = SPK_BUF(SPK_FRAME_MAX);
    struct msg m = {.n = 0};

    msg_add(&m, SPK_FA_RECORD, spk_buf_span(&a->record));
    msg_add(&m, SPK_FA_SIG_SIGN, spk_buf_span(&a->sig_sign));
    msg_add(&m, SPK_FA_SIG_KEYX, spk_buf_span(&a->sig_keyx));
    msg_u64(&m, SPK_FA_SCOPE_COUNT, a->count);
    msg_add(&m, SPK_FA_SCOPE_ROOT, spk_hash_span(&a->root));
    msg_u64(&m, SPK_FA_FIRST, w->dep[0].index);
    msg_add(&m, SPK_FA_FIRST_OC, spk_hash_span(&w->dep[0].oc));
    scope_path(w->dep, WORLD_DEPOSITS, 0, &path);
    msg_add(&m, SPK_FA_PATH, spk_buf_span(&path));
    return world_send(w, SPK_MSG_OPEN, &m);
}

uint64_t
counter(struct world *w, uint16_t id)
{
    struct msg m = {.n = 0};
    struct spk_span v;

    assert_int_equal(world_send(w, SPK_MSG_STATUS, &m), SPK_FRAME_OK);
    for (size_t i = 0; spk_attrs_nth(&w->out, SPK_FA_COUNTER, i, &v); i++) {
        if (spk_get_u16(v.ptr) == id) {
            return spk_get_u64(v.ptr + 2);
        }
    }
    fail();
    return 0;
}

void
proof_make(struct world *w, const struct ent *x, uint64_t index, size_t dep, struct proof *ret_p)
{
    *ret_p = (struct proof){
        .deposit = SPK_BUF(SPK_FRAME_MAX), .path = SPK_BUF(SPK_FRAME_MAX), .index = index};
    spk_entry_build(&x->e, ret_p->entry, &ret_p->entry_len);
    leaves_path(&logs.dep, logs.dep.n, w->dep[dep].index, &ret_p->deposit);
    leaves_path(&logs.rec, logs.rec.n, index, &ret_p->path);
}

void
proof_free(struct proof *p)
{
    spk_buf_free(&p->deposit);
    spk_buf_free(&p->path);
}

unsigned
say_release_logged(struct world *w, const struct ask_ *a, size_t i, const struct proof *p)
{
    SPK_AUTO_BUF struct spk_buf path = SPK_BUF(SPK_FRAME_MAX);
    struct msg m = {.n = 0};

    scope_path(w->dep, WORLD_DEPOSITS, i, &path);
    msg_release(&m, a, &w->dep[i], i, spk_buf_span(&path));
    msg_add(&m, SPK_FA_LOG_PATH, spk_buf_span(&p->deposit));
    msg_add(&m, SPK_FA_ENTRY, spk_span(p->entry, p->entry_len));
    msg_u64(&m, SPK_FA_ENTRY_INDEX, p->index);
    msg_add(&m, SPK_FA_ENTRY_PATH, spk_buf_span(&p->path));
    return world_send(w, SPK_MSG_RELEASE, &m);
}

/* -- stories ----------------------------------------------------------------------------------- */

void
logs_restart(struct world *w)
{
    world_stop(w);
    world_start(w);
}

void
logs_with_request(struct world *w)
{
    assert_int_equal(advance_deposits(w, 0, 30), SPK_FRAME_OK);
    assert_int_equal(log_entry(w, ent_policy(w)), SPK_FRAME_OK);
    assert_int_equal(say_open_first(w, &w->ask), SPK_FRAME_OK);
    assert_int_equal(log_entry(w, ent_of(w, &w->ask, SPK_ENTRY_REQUESTED)), SPK_FRAME_OK);
}

void
approve(struct world *w, const struct ask_ *a)
{
    assert_int_equal(say_vote(w, a, ALICE, true, NULL), SPK_FRAME_OK);
    assert_int_equal(say_vote(w, a, BOB, true, NULL), SPK_FRAME_OK);
}

struct ent
authorised(struct world *w, const struct ask_ *a, size_t dep)
{
    struct ent x = ent_of(w, a, SPK_ENTRY_AUTHORISED);

    x.e.deposit = w->dep[dep].index;
    return x;
}

void
assert_untrue(struct world *w, struct ent x)
{
    uint64_t n = counter(w, SPK_COUNT_ADVANCE_REFUSED), end = w->h->journal.end;

    assert_int_equal(log_entry(w, x), SPK_FRAME_REFUSED);
    assert_int_equal(counter(w, SPK_COUNT_ADVANCE_REFUSED), n + 1);
    assert_int_equal(w->h->journal.end, end);
}
