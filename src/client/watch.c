/* SPDX-License-Identifier: Apache-2.0 */
#include "client/watch.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/text.h"
#include "client/ledger.h"
#include "client/logread.h"
#include "client/watch_int.h"

#define EVIDENCE_FOLDER "watch-evidence"
#define LATE_MS ((uint64_t)10 * 60 * 1000)
#define EVIDENCE_MAX ((size_t)4 * SPK_NOTE_MAX)

void
spk_watch_result_clear(struct spk_watch_result *r)
{
    for (size_t i = 0; i < SPK_LOG_IDS; i++) {
        spk_mem_free(r->log[i].evidence);
    }
    *r = (struct spk_watch_result){0};
}

/* -- faults */

/* What was seen and what is shown, side by side: the two together are the proof. */
static spk_err
keep_evidence(struct spk_look *l, enum spk_log_id log, struct spk_span shown)
{
    SPK_AUTO_BUF struct spk_buf b = SPK_BUF(EVIDENCE_MAX);
    SPK_AUTO_STR char *dir = NULL;
    SPK_AUTO_STR char *path = NULL;
    struct spk_hash h;
    char hex[2 * SPK_HASH_LEN + 1];
    char name[SPK_PIN_NAME_MAX + sizeof(hex) + 16];

    SPK_TRY(spk_sha256(shown, &h));
    (void)snprintf(name, sizeof(name), "%s-%s-%.16s", l->pin->name, spk_log_word(log),
                   spk_hex(spk_hash_span(&h), hex));
    SPK_TRY(spk_buf_str(&b, "seen before:\n\n"));
    SPK_TRY(spk_buf_add(&b, spk_buf_span(&l->old->note[log - 1])));
    SPK_TRY(spk_buf_str(&b, "\nshown now:\n\n"));
    SPK_TRY(spk_buf_add(&b, shown));
    SPK_TRY(spk_profile_data_path(l->s->profile, EVIDENCE_FOLDER, &dir));
    SPK_TRY(spk_mkdirs(dir, 0700));
    SPK_TRY(spk_path_join(dir, name, &path));
    SPK_TRY(spk_file_write(AT_FDCWD, path, spk_buf_span(&b), 0600, true));
    l->r->log[log - 1].evidence = SPK_STEAL(path);
    return SPK_OK;
}

/* A fault ends the look at this log; it is no error of ours. */
static spk_err
fault(struct spk_look *l, enum spk_log_id log, enum spk_watch_fault what, struct spk_span shown)
{
    l->r->log[log - 1].fault = what;
    if (shown.len > 0) {
        (void)keep_evidence(l, log, shown); /* a full disk does not hide a lie */
    }
    return SPK_ERR(CHANGED);
}

/* Trouble of this computer is no lie of the authority's. */
static bool
is_ours(spk_err e)
{
    return e.code == SPK_CODE_NOMEM || e.code == SPK_CODE_IO || e.code == SPK_CODE_CRYPTO;
}

/* -- checkpoints */

static spk_err
read_checkpoint(struct spk_look *l, enum spk_log_id log, struct spk_span bytes,
                struct spk_checkpoint *ret_c)
{
    struct spk_note note;

    spk_err e = spk_note_parse(bytes, false, &note);
    if (spk_ok(e)) {
        e = spk_checkpoint_verify(&note, spk_logs_key(&l->pin->logs, log), ret_c);
    }
    if (!spk_ok(e)) {
        return is_ours(e) ? e : fault(l, log, SPK_WATCH_UNSIGNED, bytes);
    }
    e = spk_witnesses_check(&l->s->profile->witnesses, &note, NULL);
    if (!spk_ok(e)) {
        return is_ours(e) ? e : fault(l, log, SPK_WATCH_UNWITNESSED, bytes);
    }
    return SPK_OK;
}

/* The one seen before; none: an empty log. It was checked when it was kept. */
static spk_err
seen_checkpoint(const struct spk_look *l, enum spk_log_id log, struct spk_checkpoint *ret_c)
{
    const struct spk_buf *b = &l->old->note[log - 1];
    struct spk_note note;

    *ret_c = (struct spk_checkpoint){0};
    if (b->len == 0) {
        return SPK_OK;
    }
    SPK_TRY(spk_note_parse(spk_buf_span(b), false, &note));
    return spk_checkpoint_parse(note.text, ret_c);
}

/* The text of a log's checkpoint in the answer, empty when there is none. */
static struct spk_span
shown_note(const struct spk_json *j, enum spk_log_id log)
{
    const char *text = NULL;

    return spk_ok(spk_json_str(j, spk_log_word(log), &text)) ? spk_span_str(text) : spk_span("", 0);
}

/* What can be said without a proof; *ret_grown: there is more to see. */
static spk_err
compare(struct spk_look *l, enum spk_log_id log, struct spk_span shown,
        struct spk_checkpoint *ret_seen, struct spk_checkpoint *ret_now)
{
    SPK_TRY(seen_checkpoint(l, log, ret_seen));
    *ret_now = (struct spk_checkpoint){0};
    if (shown.len == 0) {
        bool before = l->old->note[log - 1].len > 0;
        return before ? fault(l, log, SPK_WATCH_GONE, spk_span("", 0)) : SPK_OK;
    }
    SPK_TRY(read_checkpoint(l, log, shown, ret_now));
    if (ret_now->size < ret_seen->size) {
        return fault(l, log, SPK_WATCH_SHRUNK, shown);
    }
    if (ret_now->size == ret_seen->size && ret_seen->origin.len > 0 &&
        !spk_hash_eq(&ret_now->root, &ret_seen->root)) {
        return fault(l, log, SPK_WATCH_FORKED, shown);
    }
    spk_buf_reset(&l->next->note[log - 1]);
    return spk_buf_add(&l->next->note[log - 1], shown);
}

/* A receipt may be under a newer checkpoint than the one that is shown, which waits for its
 * witnesses: that is no lie for LATE_MS. */
static bool
is_missing(struct spk_look *l, uint64_t size)
{
    struct spk_watchstate *w = l->next;
    uint64_t now = spk_now_ms();
    size_t i = 0;

    while (i < l->n_mine && l->mine[i] < size) {
        i++;
    }
    if (i == l->n_mine) {
        w->late_index = w->late_ms = 0;
        return false;
    }
    if (w->late_ms == 0 || w->late_index != l->mine[i] || w->late_ms > now) {
        w->late_index = l->mine[i];
        w->late_ms = now;
    }
    return now - w->late_ms > LATE_MS || !spk_ledger_is_fresh(l->s->profile, l->pin, LATE_MS);
}

static spk_err
look_at_deposits(struct spk_look *l, struct spk_span shown)
{
    const enum spk_log_id log = SPK_LOG_DEPOSITS;
    SPK_AUTO(spk_logread) reader = NULL;
    struct spk_checkpoint seen, now;
    struct spk_hash proof[SPK_PATH_MAX];
    size_t len = 0;

    SPK_TRY(compare(l, log, shown, &seen, &now));
    l->r->deposits = now.size;
    if (is_missing(l, now.size)) {
        return fault(l, log, SPK_WATCH_MISSING, shown);
    }
    if (now.size == seen.size || seen.size == 0) {
        return SPK_OK;
    }
    SPK_TRY(spk_logread_new(l->api, log, now.size, &reader));
    const struct spk_nodes nodes = spk_logread_nodes(reader);
    SPK_TRY(spk_nodes_growth(&nodes, seen.size, now.size, proof, &len));
    spk_err e = spk_tree_verify_growth(seen.size, &seen.root, now.size, &now.root, proof, len);
    return e.code == SPK_CODE_AUTH ? fault(l, log, SPK_WATCH_FORKED, shown) : e;
}

/* -- the recoveries log */

static void
new_request(struct spk_look *l, uint64_t index, const struct spk_entry *e)
{
    struct spk_watch_whose f = spk_watch_whose(l, index, e);

    if (f.mine || f.undecided) {
        const struct spk_watch_request q = {index, f.asked, f.undecided};

        spk_watchstate_add_request(l->next, &q);
    }
}

static spk_err
of_request(struct spk_look *l, uint64_t index, const struct spk_entry *e)
{
    bool in_ledger = e->deposit != SPK_NO_DEPOSIT && spk_watch_in_ledger(l, e->deposit);

    if (e->kind == SPK_ENTRY_REQUESTED) {
        SPK_CHECK(e->request == index, FORMAT);
        new_request(l, index, e);
    }
    const struct spk_watch_request *q = spk_watchstate_request(l->next, e->request);
    if (q != NULL || in_ledger) {
        const struct spk_watch_event event = {.index = index,
                                              .entry = *e,
                                              .asked = q != NULL && q->asked,
                                              .undecided = q != NULL && q->undecided && !in_ledger};

        spk_watchstate_add_event(l->next, &event);
    }
    return SPK_OK;
}

/* An authority that refuses to say whose a request is gains nothing but time. */
static void
ask_again(struct spk_look *l)
{
    struct spk_watchstate *w = l->next;

    for (size_t i = w->n_events; i-- > 0;) { /* from the end: events go */
        const struct spk_watch_event e = w->events[i];

        if (e.undecided && e.entry.kind == SPK_ENTRY_REQUESTED) {
            struct spk_watch_whose f = spk_watch_whose(l, e.index, &e.entry);

            if (!f.undecided) {
                spk_watchstate_decide(w, e.index, f.mine, f.asked);
            }
        }
    }
}

/* What the log says of keys and policies is what this client was shown, where it knows them. */
static bool
admin_fits(const struct spk_pin *pin, const struct spk_entry *e)
{
    if (e->kind == SPK_ENTRY_EPOCH) {
        for (size_t i = 0; i < pin->n; i++) {
            if (pin->statements[i].epoch == e->number) {
                return spk_hash_eq(&pin->statements[i].hash, &e->hash);
            }
        }
    }
    if (e->kind == SPK_ENTRY_POLICY && e->number >= 1 && e->number <= pin->chain->n_policies) {
        struct spk_note note;
        struct spk_hash h;

        return spk_ok(spk_note_parse(spk_buf_span(&pin->chain->policies[e->number - 1]), false,
                                     &note)) &&
               spk_ok(spk_note_hash(&note, &h)) && spk_hash_eq(&h, &e->hash);
    }
    return true;
}

struct reading {
    struct spk_look *l;
    enum spk_watch_fault bad;
};

static spk_err
one_entry(void *ctx, uint64_t index, struct spk_span bytes)
{
    struct reading *g = ctx;
    struct spk_hash leaf;
    struct spk_entry e;

    SPK_TRY(spk_leaf_hash(bytes, &leaf));
    SPK_TRY(spk_edge_add(&g->l->next->edge, &leaf, NULL, NULL));
    if (!spk_ok(spk_entry_parse(bytes, &e))) {
        g->bad = SPK_WATCH_BAD_ENTRY;
        return SPK_OK;
    }
    if (spk_entry_is_of_request(e.kind)) {
        spk_err err = of_request(g->l, index, &e);

        g->bad = err.code == SPK_CODE_FORMAT ? SPK_WATCH_BAD_ENTRY : g->bad;
        return err.code == SPK_CODE_FORMAT ? SPK_OK : err;
    }
    if (!admin_fits(g->l->pin, &e)) {
        g->bad = SPK_WATCH_OTHER_KEY;
    }
    return SPK_OK;
}

static spk_err
look_at_recoveries(struct spk_look *l, struct spk_span shown)
{
    const enum spk_log_id log = SPK_LOG_RECOVERIES;
    SPK_AUTO(spk_logread) reader = NULL;
    struct reading g = {.l = l};
    struct spk_checkpoint seen, now;
    struct spk_hash root;

    SPK_TRY(compare(l, log, shown, &seen, &now));
    l->r->recoveries = now.size;
    l->r->fresh = now.size - seen.size;
    if (now.size == seen.size) {
        return SPK_OK;
    }
    SPK_CHECK(l->next->edge.n == seen.size, FORMAT);
    SPK_TRY(spk_logread_new(l->api, log, now.size, &reader));
    SPK_TRY(spk_logread_entries(reader, seen.size, one_entry, &g));
    SPK_TRY(spk_edge_root(&l->next->edge, &root));
    if (!spk_hash_eq(&root, &now.root)) {
        return fault(l, log, SPK_WATCH_FORKED, shown);
    }
    return g.bad == SPK_WATCH_FINE ? SPK_OK : fault(l, log, g.bad, shown);
}

/* -- the whole */

static spk_err
copy_state(const struct spk_watchstate *w, struct spk_watchstate **ret_copy)
{
    SPK_AUTO(spk_watchstate) c = NULL;

    SPK_TRY(spk_watchstate_new(&c));
    for (size_t i = 0; i < SPK_LOG_IDS; i++) {
        SPK_TRY(spk_buf_add(&c->note[i], spk_buf_span(&w->note[i])));
    }
    c->edge = w->edge;
    c->n_requests = w->n_requests;
    memcpy(c->requests, w->requests, sizeof(c->requests));
    c->n_events = w->n_events;
    memcpy(c->events, w->events, sizeof(c->events));
    c->unlisted = w->unlisted;
    c->unlisted_alarms = w->unlisted_alarms;
    c->late_index = w->late_index;
    c->late_ms = w->late_ms;
    *ret_copy = SPK_STEAL(c);
    return SPK_OK;
}

/* What was kept of one log stays; what was seen of the other counts. */
static spk_err
as_it_was(struct spk_look *l, enum spk_log_id log)
{
    const enum spk_log_id other = log == SPK_LOG_DEPOSITS ? SPK_LOG_RECOVERIES : SPK_LOG_DEPOSITS;
    SPK_AUTO(spk_watchstate) old = NULL;
    struct spk_watchstate *now = l->next;

    SPK_TRY(copy_state(l->old, &old));
    spk_buf_reset(&now->note[log - 1]);
    SPK_TRY(spk_buf_add(&now->note[log - 1], spk_buf_span(&old->note[log - 1])));
    if (log == SPK_LOG_DEPOSITS) {
        now->late_index = old->late_index;
        now->late_ms = old->late_ms;
        return SPK_OK;
    }
    spk_buf_reset(&old->note[other - 1]);
    SPK_TRY(spk_buf_add(&old->note[other - 1], spk_buf_span(&now->note[other - 1])));
    old->late_index = now->late_index;
    old->late_ms = now->late_ms;
    l->next = SPK_STEAL(old);
    spk_watchstate_free(now);
    return SPK_OK;
}

/* Neither a fault of one log nor a server that does not show it hides the other. */
static spk_err
after(struct spk_look *l, enum spk_log_id log, spk_err e)
{
    if (spk_ok(e)) {
        return SPK_OK;
    }
    if (l->r->log[log - 1].fault == SPK_WATCH_FINE && spk_ok(l->r->trouble)) {
        l->r->trouble = e;
    }
    return as_it_was(l, log);
}

static spk_err
look_at_both(struct spk_look *l)
{
    const char *const names[] = {spk_log_word(SPK_LOG_DEPOSITS), spk_log_word(SPK_LOG_RECOVERIES),
                                 NULL};
    SPK_AUTO(spk_json) j = NULL;

    SPK_TRY(spk_api_get(l->api, "/v1/checkpoints", &j));
    SPK_CHECK(spk_ok(spk_json_only(j, names)), PROTO);
    struct spk_span deposits = shown_note(j, SPK_LOG_DEPOSITS);
    struct spk_span recoveries = shown_note(j, SPK_LOG_RECOVERIES);
    SPK_TRY(after(l, SPK_LOG_DEPOSITS, look_at_deposits(l, deposits)));
    return after(l, SPK_LOG_RECOVERIES, look_at_recoveries(l, recoveries));
}

spk_err
spk_watch_look(struct spk_session *s, struct spk_pin *pin, struct spk_watchstate **io_w,
               struct spk_watch_result *ret_r)
{
    SPK_AUTO(spk_watchstate) next = NULL;
    SPK_AUTO(spk_api) api = NULL;
    SPK_AUTO_STR uint64_t *mine = NULL;
    struct spk_watch_result r = {0};
    struct spk_look l = {.s = s, .pin = pin, .old = *io_w, .r = &r};

    SPK_TRY(spk_api_open(pin, NULL, &s->trouble, &api));
    SPK_TRY(spk_session_logs(s, pin, api));
    if (!pin->has_logs) {
        ret_r->log[0].fault = SPK_WATCH_NO_LOGS;
        return SPK_OK;
    }
    SPK_TRY(copy_state(*io_w, &next));
    SPK_TRY(spk_ledger_indices(s->profile, pin, &mine, &l.n_mine));
    l.api = api;
    l.next = SPK_STEAL(next);
    l.mine = mine;
    ask_again(&l);
    spk_err e = look_at_both(&l);
    next = l.next;
    if (spk_ok(e)) {
        e = spk_watchstate_save(s->profile, pin, next);
    }
    if (!spk_ok(e)) {
        spk_watch_result_clear(&r);
        return e;
    }
    struct spk_watchstate *old = *io_w;
    *io_w = next;
    next = old;
    *ret_r = r;
    return SPK_OK;
}
