/* SPDX-License-Identifier: Apache-2.0 */
#include "authority/recover.h"

#include <string.h>

#include "authority/advance.h"
#include "authority/reclog.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/text.h"

static spk_err
write_row(struct spk_store *store, void *arg)
{
    return spk_store_set_request(store, arg);
}

static spk_err
save(struct spk_server *s, struct spk_request_row *row)
{
    return spk_store_write(s->store, write_row, row);
}

/* -- state */

static spk_err
read_state(const struct spk_attrs *l, struct spk_request_row *row)
{
    uint64_t state = 0;

    SPK_TRY(spk_attrs_u64(l, SPK_FA_STATE, &state));
    SPK_TRY(spk_attrs_u64(l, SPK_FA_OPENED, &row->opened));
    SPK_TRY(spk_attrs_u64(l, SPK_FA_DUE, &row->due));
    SPK_TRY(spk_attrs_u64(l, SPK_FA_EXPIRES, &row->expires));
    SPK_TRY(spk_attrs_u64(l, SPK_FA_PERSONS, &row->persons));
    SPK_TRY(spk_attrs_u64(l, SPK_FA_PERSONS2, &row->persons2));
    SPK_TRY(spk_attrs_u64(l, SPK_FA_NEEDED, &row->needed));
    SPK_TRY(spk_attrs_u64(l, SPK_FA_RELEASED, &row->released));
    SPK_CHECK(state >= SPK_STATE_OPEN && state <= SPK_STATE_DONE, PROTO);
    row->state = (uint32_t)state;
    return SPK_OK;
}

const char *
spk_recover_shown(const struct spk_request_row *row)
{
    bool over = row->state == SPK_STATE_EXPIRED || row->released >= row->scope_count;

    return spk_request_state_name(
        row->successor.len > 0 && over ? SPK_STATE_DONE : (enum spk_request_state)row->state);
}

static bool
state_differs(const struct spk_request_row *a, const struct spk_request_row *b)
{
    return a->stage != b->stage || a->state != b->state || a->opened != b->opened ||
           a->due != b->due || a->expires != b->expires || a->persons != b->persons ||
           a->persons2 != b->persons2 || a->needed != b->needed || a->released != b->released;
}

spk_err
spk_recover_tell(struct spk_server *s, enum spk_frame_type type, struct spk_attrs *in,
                 struct spk_request_row *row)
{
    SPK_AUTO_ANSWER a = {0};
    struct spk_request_row before = *row;

    SPK_TRY(spk_link_call(s->link, type, in, &a));
    SPK_TRY(read_state(&a.l, row));
    row->stage = SPK_STAGE_TOLD;
    return state_differs(&before, row) ? save(s, row) : SPK_OK;
}

static spk_err
ask_state(struct spk_server *s, struct spk_request_row *row)
{
    struct spk_attrs in = {0};

    SPK_TRY(spk_attrs_add(&in, SPK_FA_REQUEST, spk_hash_span(&row->hash)));
    return spk_recover_tell(s, SPK_MSG_STATE, &in, row);
}

/* What a request looks like before the holder knows it, and for ever when it never will. */
static void
pretend(struct spk_server *s, struct spk_request_row *row)
{
    const struct spk_policy *p = spk_books_today(s->books);

    row->opened = row->created;
    row->due = p->wait > 0 ? row->created + p->wait : 0;
    row->expires = row->created + p->request_life;
    row->persons = 0;
    row->persons2 = 0;
    row->needed = p->quorum;
    row->released = 0;
    row->state = spk_now() >= row->expires ? SPK_STATE_EXPIRED : SPK_STATE_OPEN;
}

/* The holder knows nothing of it: it ended long ago, gave way to others, or was lost with the
 * holder's journal. It may be opened again, but not once its time was over: nobody who was told so
 * would look at it any more. */
static spk_err
forgotten(struct spk_server *s, struct spk_request_row *row)
{
    if (row->state > SPK_STATE_APPROVED) {
        return SPK_OK; /* denied, vetoed, expired, done: so it stays */
    }
    if (spk_now() >= row->expires) {
        row->state = SPK_STATE_EXPIRED;
        return save(s, row);
    }
    row->stage = SPK_STAGE_SCOPED; /* until its new entry stands in the log */
    SPK_TRY(save(s, row));
    return spk_recover_open(s, row);
}

/* One that was opened before the log had begun, and may still lead to something. */
static bool
lacks_entry(struct spk_server *s, const struct spk_request_row *row)
{
    struct spk_logged x;

    return spk_reclog_is_on(s->reclog) && row->state != SPK_STATE_DENIED &&
           row->state != SPK_STATE_VETOED && row->state != SPK_STATE_EXPIRED &&
           spk_reclog_find(s->reclog, &row->hash, &x).code == SPK_CODE_NOTFOUND;
}

spk_err
spk_recover_enter(struct spk_server *s, struct spk_request_row *row)
{
    return lacks_entry(s, row) ? spk_recover_open(s, row) : SPK_OK;
}

static spk_err
note_end(struct spk_server *s, const struct spk_request_row *row)
{
    const struct spk_news news = {.kind = SPK_ENTRY_ENDED, .request = &row->hash, .n = 1};
    struct spk_logged x;

    if (strcmp(spk_recover_shown(row), spk_request_state_name(SPK_STATE_EXPIRED)) != 0 ||
        !spk_reclog_is_on(s->reclog) || !spk_ok(spk_reclog_find(s->reclog, &row->hash, &x)) ||
        x.ended) {
        return SPK_OK;
    }
    spk_err e = spk_reclog_add(s->reclog, &news);
    return e.code == SPK_CODE_DENIED ? SPK_OK : e;
}

spk_err
spk_recover_refresh(struct spk_server *s, struct spk_request_row *row)
{
    struct spk_attrs in = {0};
    SPK_AUTO_ANSWER a = {0};
    struct spk_request_row before = *row;

    SPK_TRY(spk_attrs_add(&in, SPK_FA_REQUEST, spk_hash_span(&row->hash)));
    spk_err e = spk_link_call(s->link, SPK_MSG_STATE, &in, &a);
    if (row->stage != SPK_STAGE_TOLD) {
        if (spk_ok(e) || e.code == SPK_CODE_DENIED) {
            pretend(s, row);
            return SPK_OK;
        }
        return e;
    }
    if (e.code == SPK_CODE_DENIED) {
        return forgotten(s, row);
    }
    SPK_TRY(e);
    SPK_TRY(read_state(&a.l, row));
    SPK_TRY(state_differs(&before, row) ? save(s, row) : SPK_OK);
    SPK_TRY(note_end(s, row));
    return spk_recover_enter(s, row);
}

/* -- opening */

/* Where the scope ends: deposits only add and their indices have no gaps, so this number freezes
 * it. Who asks for new pairs only gets no session keys, so there is nothing to count. */
static spk_err
scope_end(struct spk_server *s, const struct spk_request_row *row, uint64_t *ret_end)
{
    SPK_AUTO_REQUEST q = {.kind = 0};

    SPK_TRY(spk_request_parse(row->record, &q));
    *ret_end = 0;
    return q.kind == SPK_REQ_KIND_PAIRS ? SPK_OK : spk_store_deposit_count(s->store, ret_end);
}

/* Without a scope when there is no such owner. */
static spk_err
freeze(struct spk_server *s, struct spk_request_row *row, struct spk_scope **ret_scope)
{
    struct spk_owner_row owner = {0};
    SPK_AUTO(spk_scope) scope = NULL;

    spk_err e = spk_store_owner(s->store, &row->owner, &owner);
    bool known = spk_ok(e) && owner.state == SPK_OWNER_ENROLLED;
    row->owner_key = owner.key;
    spk_owner_row_clear(&owner);
    if (!known) {
        if (!spk_ok(e) && e.code != SPK_CODE_NOTFOUND) {
            return e;
        }
        row->owner_key = 0;
        row->stage = SPK_STAGE_UNKNOWN;
        return save(s, row);
    }
    SPK_TRY(scope_end(s, row, &row->scope_end));
    SPK_TRY(spk_scope_build(s->store, row->owner_key, row->serials, row->scope_end, &scope));
    row->scope_count = scope->n;
    spk_tree_get_root(scope->tree, &row->scope_root);
    row->stage = SPK_STAGE_SCOPED;
    SPK_TRY(save(s, row));
    *ret_scope = SPK_STEAL(scope);
    return SPK_OK;
}

/* The policies under which the deposits were made: the holder calls a request approved when all of
 * them are content. */
static spk_err
add_policies(const struct spk_scope *scope, struct spk_attrs *in, struct spk_buf *list)
{
    for (size_t i = 0; i < scope->n_policies; i++) {
        SPK_TRY(spk_buf_u32(list, scope->policies[i]));
    }
    return list->len > 0 ? spk_attrs_add(in, SPK_FA_POLICIES, spk_buf_span(list)) : SPK_OK;
}

spk_err
spk_recover_add_last(const struct spk_owner_row *owner, struct spk_attrs *in)
{
    return owner->successor.len > 0 ? spk_attrs_add(in, SPK_FA_LAST, owner->successor) : SPK_OK;
}

/* What the attributes of OPEN borrow from until it is sent. */
struct opening {
    struct spk_buf policies;
    struct spk_hash oc, path[SPK_PATH_MAX];
    uint8_t count[8], first[8];
};

/* FIRST: the deposit that the request's entry in the log will point at. */
static spk_err
add_first(struct spk_server *s, const struct spk_scope *scope, struct opening *x,
          struct spk_attrs *in)
{
    struct spk_deposit_row d = {0};
    size_t n = 0;

    if (!spk_reclog_is_on(s->reclog)) {
        return SPK_OK;
    }
    SPK_TRY(spk_attrs_add_u64(in, SPK_FA_FIRST, spk_scope_first(scope), x->first));
    if (scope->n == 0) {
        return SPK_OK;
    }
    SPK_TRY(spk_store_deposit_at(s->store, scope->index[0], &d));
    x->oc = d.oc;
    spk_deposit_row_clear(&d);
    SPK_TRY(spk_tree_get_path(scope->tree, 0, x->path, &n));
    SPK_TRY(spk_attrs_add(in, SPK_FA_FIRST_OC, spk_hash_span(&x->oc)));
    return spk_attrs_add(in, SPK_FA_PATH, spk_span(x->path, n * sizeof(x->path[0])));
}

static spk_err
send_open(struct spk_server *s, struct spk_request_row *row, const struct spk_scope *scope,
          struct opening *x)
{
    struct spk_owner_row owner = {0};
    SPK_AUTO_ANSWER a = {0};
    struct spk_attrs in = {0};

    SPK_TRY(add_policies(scope, &in, &x->policies));
    SPK_TRY(add_first(s, scope, x, &in));
    SPK_TRY(spk_attrs_add(&in, SPK_FA_RECORD, row->record));
    SPK_TRY(spk_attrs_add(&in, SPK_FA_SIG_SIGN, row->sig_sign));
    SPK_TRY(spk_attrs_add(&in, SPK_FA_SIG_KEYX, row->sig_keyx));
    SPK_TRY(spk_attrs_add_u64(&in, SPK_FA_SCOPE_COUNT, row->scope_count, x->count));
    SPK_TRY(spk_attrs_add(&in, SPK_FA_SCOPE_ROOT, spk_hash_span(&row->scope_root)));
    SPK_TRY(spk_store_owner(s->store, &row->owner, &owner));
    spk_err e = spk_recover_add_last(&owner, &in);
    if (spk_ok(e)) {
        e = spk_link_call(s->link, SPK_MSG_OPEN, &in, &a);
    }
    spk_owner_row_clear(&owner);
    SPK_TRY(e);
    return read_state(&a.l, row);
}

/* Officers see it once it stands in the log: from there it waits, and there its owner finds it. */
static spk_err
enter(struct spk_server *s, struct spk_request_row *row, const struct spk_scope *scope)
{
    const uint64_t first = spk_scope_first(scope);
    const struct spk_news news = {.kind = SPK_ENTRY_REQUESTED,
                                  .request = &row->hash,
                                  .n = 1,
                                  .deposits = &first,
                                  .record = row->record,
                                  .also = write_row,
                                  .arg = row};

    row->stage = SPK_STAGE_TOLD;
    spk_err e = spk_reclog_add(s->reclog, &news);
    if (e.code == SPK_CODE_DENIED || !spk_reclog_is_on(s->reclog)) {
        return e.code == SPK_CODE_DENIED ? SPK_OK : e;
    }
    SPK_TRY(e);
    return ask_state(s, row);
}

static spk_err
tell_open(struct spk_server *s, struct spk_request_row *row, const struct spk_scope *scope)
{
    struct opening x = {.policies = SPK_BUF(sizeof(scope->policies))};
    char hex[2 * SPK_HASH_LEN + 1];

    spk_err e = send_open(s, row, scope, &x);
    spk_buf_free(&x.policies);
    if (e.code == SPK_CODE_DENIED) {
        spk_log(SPK_LOG_WARN, "the holder refuses to open request %.16s",
                spk_hex(spk_hash_span(&row->hash), hex));
        row->stage = SPK_STAGE_REFUSED;
        return save(s, row);
    }
    SPK_TRY(e);
    return enter(s, row, scope);
}

spk_err
spk_recover_open(struct spk_server *s, struct spk_request_row *row)
{
    SPK_AUTO(spk_scope) scope = NULL;

    if (row->stage == SPK_STAGE_FILED) {
        SPK_TRY(freeze(s, row, &scope));
    }
    if (row->stage != SPK_STAGE_SCOPED && row->stage != SPK_STAGE_TOLD) {
        return SPK_OK;
    }
    if (scope == NULL) { /* frozen in an earlier try */
        SPK_TRY(spk_scope_build(s->store, row->owner_key, row->serials, row->scope_end, &scope));
    }
    return tell_open(s, row, scope);
}

/* -- the end of the old keys */

/* The note must be the holder's, for this owner and request. */
static spk_err
read_successor(struct spk_server *s, const struct spk_request_row *row, struct spk_span bytes,
               struct spk_successor *ret_u)
{
    struct spk_note note;

    SPK_TRY(spk_note_parse(bytes, false, &note));
    SPK_TRY(spk_note_verify(&note, &spk_books_newest(s->books)->holder));
    SPK_TRY(spk_successor_parse(note.text, ret_u));
    SPK_CHECK(spk_hash_eq(&ret_u->owner, &row->owner) && spk_hash_eq(&ret_u->request, &row->hash),
              PROTO);
    return SPK_OK;
}

struct succession {
    struct spk_server *srv;
    struct spk_request_row *row;
    const struct spk_successor *u;
};

static spk_err
write_successor(struct spk_store *store, void *arg)
{
    const struct succession *d = arg;
    struct spk_request_row *row = d->row;
    char id[2 * SPK_HASH_LEN + 1];

    row->state = SPK_STATE_DONE;
    SPK_TRY(spk_store_put_successor(store, row->owner_key, d->u->number, spk_rsa_id(d->u->sign),
                                    row->successor));
    SPK_TRY(spk_store_set_request(store, row));
    return spk_server_event(d->srv, "succeeded", "owner %.16s number %u",
                            spk_hex(spk_hash_span(&row->owner), id), d->u->number);
}

/* Copy the note into the row's own memory, from which row->successor may borrow. */
static spk_err
adopt(struct spk_request_row *row, struct spk_span note)
{
    struct spk_span *const spans[] = {&row->record, &row->sig_sign, &row->sig_keyx, &row->serials};
    ptrdiff_t at[4] = {0};
    uint8_t *dst = NULL;

    for (size_t i = 0; i < 4; i++) {
        at[i] = spans[i]->len > 0 ? spans[i]->ptr - row->mem.ptr : 0;
    }
    row->mem.max += note.len;
    SPK_TRY(spk_buf_grow(&row->mem, note.len, &dst)); /* may move what is there */
    memcpy(dst, note.ptr, note.len);
    for (size_t i = 0; i < 4; i++) {
        spans[i]->ptr = spans[i]->len > 0 ? row->mem.ptr + at[i] : NULL;
    }
    row->successor = spk_span(dst, note.len);
    return SPK_OK;
}

spk_err
spk_recover_succeed(struct spk_server *s, struct spk_request_row *row)
{
    SPK_AUTO_ANSWER a = {0};
    SPK_AUTO_SUCCESSOR u = {.number = 0};
    struct spk_attrs in = {0};
    struct spk_owner_row owner = {0};
    struct spk_span note;

    if (row->successor.len > 0) {
        return SPK_OK;
    }
    SPK_TRY(spk_store_owner(s->store, &row->owner, &owner));
    spk_err e = spk_attrs_add(&in, SPK_FA_REQUEST, spk_hash_span(&row->hash));
    if (spk_ok(e)) {
        e = spk_attrs_add(&in, SPK_FA_ENROL, owner.record);
    }
    if (spk_ok(e)) {
        e = spk_recover_add_last(&owner, &in);
    }
    if (spk_ok(e)) {
        e = spk_link_call(s->link, SPK_MSG_SUCCESSOR, &in, &a);
    }
    spk_owner_row_clear(&owner);
    SPK_TRY(e);
    SPK_TRY(spk_attrs_get(&a.l, SPK_FA_NOTE, SPK_NOTE_MAX, &note));
    SPK_TRY(read_successor(s, row, note, &u));
    SPK_TRY(adopt(row, note));
    struct succession d = {.srv = s, .row = row, .u = &u};
    e = spk_store_write(s->store, write_successor, &d);
    if (!spk_ok(e)) {
        row->successor = SPK_SPAN_EMPTY;
    }
    return e;
}

/* -- deposits shown to the holder */

spk_err
spk_recover_add_deposit(struct spk_attrs *in, const struct spk_deposit_row *d)
{
    SPK_TRY(spk_attrs_add(in, SPK_FA_RPUB, d->rpub));
    SPK_TRY(spk_attrs_add(in, SPK_FA_OWNER, spk_hash_span(&d->owner)));
    SPK_TRY(spk_attrs_add(in, SPK_FA_BLOB, d->blob));
    SPK_TRY(spk_attrs_add(in, SPK_FA_P, spk_hash_span(&d->p)));
    if (d->rpriv.len > 0) {
        SPK_TRY(spk_attrs_add(in, SPK_FA_SALT, d->salt));
        return spk_attrs_add(in, SPK_FA_RPRIV, d->rpriv);
    }
    return spk_attrs_add(in, SPK_FA_SEALED, d->sealed);
}

bool
spk_err_passes(spk_err e)
{
    return e.code == SPK_CODE_NET || e.code == SPK_CODE_BUSY || e.code == SPK_CODE_NOMEM ||
           e.code == SPK_CODE_IO;
}

spk_err
spk_recover_check(struct spk_server *s, const struct spk_deposit_row *d)
{
    SPK_AUTO_ANSWER a = {0};
    struct spk_attrs in = {0};

    SPK_TRY(spk_recover_add_deposit(&in, d));
    return spk_link_call(s->link, SPK_MSG_CHECK, &in, &a);
}

/* What the attributes of a release borrow from until it is sent. */
struct shown {
    struct spk_hash path[SPK_PATH_MAX], listed[SPK_PATH_MAX];
    uint8_t scratch[3][8];
};

/* Keeps the path in path, which the attribute borrows. */
static spk_err
add_tree_path(struct spk_attrs *in, uint16_t tag, const struct spk_tree *t, uint64_t i,
              struct spk_hash path[SPK_PATH_MAX])
{
    size_t n = 0;

    SPK_TRY(spk_tree_get_path(t, i, path, &n));
    return spk_attrs_add(in, tag, spk_span((const uint8_t *)path, n * SPK_HASH_LEN));
}

static spk_err
add_path(struct spk_attrs *in, const struct spk_scope *scope, uint64_t position, struct shown *x)
{
    SPK_TRY(spk_attrs_add_u64(in, SPK_FA_INDEX, scope->index[position], x->scratch[0]));
    SPK_TRY(spk_attrs_add_u64(in, SPK_FA_POSITION, position, x->scratch[1]));
    return add_tree_path(in, SPK_FA_PATH, scope->tree, position, x->path);
}

static spk_err
add_listed(struct spk_attrs *in, const struct spk_request_row *row, const struct spk_scope *scope,
           const struct spk_file_id *serial, struct shown *x)
{
    uint64_t i = 0;

    if (row->serials.len == 0) {
        return SPK_OK;
    }
    SPK_CHECK(spk_serial_find(row->serials, serial, &i), CHANGED);
    SPK_TRY(spk_attrs_add_u64(in, SPK_FA_SELECT_INDEX, i, x->scratch[2]));
    return add_tree_path(in, SPK_FA_SELECT_PATH, scope->listed, i, x->listed);
}

/* Both logs as they are now: the deposit stands in the one, the leave to give it in the other. */
struct proofs {
    uint64_t size; /* of the deposits log */
    struct spk_hash path[SPK_PATH_MAX];
    struct spk_log_proven entry;
    uint8_t scratch[8];
};

static spk_err
add_proofs(struct spk_server *s, const struct spk_release *what, struct proofs *p,
           struct spk_attrs *in)
{
    struct spk_logbook *deposits = s->log[SPK_LOG_DEPOSITS - 1];
    size_t n = 0;

    if (what->entry == SPK_NO_ENTRY) {
        return SPK_OK;
    }
    SPK_TRY(spk_reclog_prove(s->reclog, what->entry, &p->entry));
    SPK_TRY(spk_logbook_path(deposits, what->deposit->index, p->size, p->path, &n));
    SPK_TRY(spk_attrs_add(in, SPK_FA_LOG_PATH, spk_span(p->path, n * sizeof(p->path[0]))));
    SPK_TRY(spk_attrs_add(in, SPK_FA_ENTRY, spk_span(p->entry.entry, p->entry.entry_len)));
    SPK_TRY(spk_attrs_add_u64(in, SPK_FA_ENTRY_INDEX, what->entry, p->scratch));
    return spk_attrs_add(in, SPK_FA_ENTRY_PATH,
                         spk_span(p->entry.path, p->entry.path_len * sizeof(p->entry.path[0])));
}

spk_err
spk_recover_release(struct spk_server *s, const struct spk_release *what, struct spk_answer *ret_a)
{
    struct spk_attrs in = {0};
    struct spk_signed deposits;
    struct proofs p;
    struct shown x;

    SPK_TRY(spk_deposit_row_verify(what->deposit));
    SPK_TRY(spk_attrs_add(&in, SPK_FA_REQUEST, spk_hash_span(&what->row->hash)));
    SPK_TRY(add_path(&in, what->scope, what->position, &x));
    SPK_TRY(add_listed(&in, what->row, what->scope, &what->deposit->serial, &x));
    SPK_TRY(spk_recover_add_deposit(&in, what->deposit));
    SPK_TRY(spk_advance_hold(s->advance, &deposits));
    p.size = deposits.size;
    spk_err e = add_proofs(s, what, &p, &in);
    if (spk_ok(e)) {
        e = spk_link_call(s->link, SPK_MSG_RELEASE, &in, ret_a);
    }
    spk_advance_let(s->advance);
    return e;
}

spk_err
spk_request_list_add(void *arg, const struct spk_request_row *row)
{
    struct spk_request_list *l = arg;

    SPK_CHECK(l->n < SPK_REQUEST_LIST_MAX, LIMIT);
    l->h[l->n++] = row->hash;
    l->last = row->key;
    return SPK_OK;
}
