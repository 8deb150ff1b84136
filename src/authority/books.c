/* SPDX-License-Identifier: Apache-2.0 */
#include "authority/books.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>

#include "base/file.h"

#define EPOCHS_MAX 1024
#define POLICIES_MAX 1024

struct epoch {
    struct spk_authority a;
    struct spk_buf note;
};
struct policy {
    struct spk_policy p;
    struct spk_buf note;
};
struct spk_books {
    size_t n_epochs;
    struct epoch *epochs[EPOCHS_MAX];
    pthread_mutex_t lock; /* of the policies, which may grow */
    size_t n_policies;
    struct policy *policies[POLICIES_MAX];
};

static void
policy_free(struct policy *p)
{
    if (p != NULL) {
        spk_buf_free(&p->note);
        spk_mem_free(p);
    }
}

void
spk_books_free(struct spk_books *b)
{
    if (b == NULL) {
        return;
    }
    for (size_t i = 0; i < b->n_epochs; i++) {
        spk_authority_clear(&b->epochs[i]->a);
        spk_buf_free(&b->epochs[i]->note);
        spk_mem_free(b->epochs[i]);
    }
    for (size_t i = 0; i < b->n_policies; i++) {
        policy_free(b->policies[i]);
    }
    pthread_mutex_destroy(&b->lock);
    spk_mem_free(b);
}

size_t
spk_books_epochs(const struct spk_books *b)
{
    return b->n_epochs;
}

const struct spk_authority *
spk_books_epoch(const struct spk_books *b, size_t i, struct spk_span *ret_note)
{
    *ret_note = spk_buf_span(&b->epochs[i]->note);
    return &b->epochs[i]->a;
}

const struct spk_authority *
spk_books_by_key(const struct spk_books *b, const struct spk_hash *id)
{
    for (size_t i = 0; i < b->n_epochs; i++) {
        if (spk_hash_eq(spk_rsa_id(b->epochs[i]->a.key), id)) {
            return &b->epochs[i]->a;
        }
    }
    return NULL;
}

const struct spk_authority *
spk_books_newest(const struct spk_books *b)
{
    return &b->epochs[b->n_epochs - 1]->a;
}

const struct spk_policy *
spk_books_policy(struct spk_books *b, uint32_t number, struct spk_span *ret_note)
{
    const struct policy *p = NULL;

    pthread_mutex_lock(&b->lock);
    if (number >= 1 && number <= b->n_policies) {
        p = b->policies[number - 1];
    }
    pthread_mutex_unlock(&b->lock);
    if (p == NULL) {
        return NULL;
    }
    if (ret_note != NULL) {
        *ret_note = spk_buf_span(&p->note);
    }
    return &p->p;
}

const struct spk_policy *
spk_books_today(struct spk_books *b)
{
    pthread_mutex_lock(&b->lock);
    const struct policy *p = b->policies[b->n_policies - 1];
    pthread_mutex_unlock(&b->lock);
    return &p->p;
}

/* The holder never takes a policy with its own key as an officer's. One that is taken here and not
 * there would block all later ones. */
static bool
names_holder(const struct spk_books *b, const struct spk_policy *p)
{
    for (size_t i = 0; i < p->n_officers; i++) {
        for (size_t k = 0; k < b->n_epochs; k++) {
            if (spk_span_eq(SPK_SPAN_OF(p->officers[i].key.key),
                            SPK_SPAN_OF(b->epochs[k]->a.holder.key))) {
                return true;
            }
        }
    }
    return false;
}

static spk_err
policy_make(const struct spk_books *b, struct spk_span bytes, struct policy *p)
{
    struct spk_note note;

    p->note = SPK_BUF(SPK_NOTE_MAX);
    SPK_TRY(spk_buf_add(&p->note, bytes));
    SPK_TRY(spk_note_parse(spk_buf_span(&p->note), false, &note));
    if (b->n_policies == 0) {
        return spk_policy_verify_genesis(&note, &b->epochs[0]->a.policy, &p->p);
    }
    SPK_TRY(spk_policy_verify_next(&note, &b->policies[b->n_policies - 1]->p, &p->p));
    return names_holder(b, &p->p) ? SPK_ERR(DENIED) : SPK_OK;
}

static spk_err
make_locked(struct spk_books *b, struct spk_span bytes, struct policy **ret_p)
{
    SPK_CHECK(b->n_policies < POLICIES_MAX, LIMIT);
    struct policy *p = spk_calloc(1, sizeof(*p));
    SPK_CHECK(p != NULL, NOMEM);
    spk_err e = policy_make(b, bytes, p);
    if (!spk_ok(e)) {
        policy_free(p);
        return e;
    }
    *ret_p = p;
    return SPK_OK;
}

static spk_err
add_locked(struct spk_books *b, struct spk_span bytes)
{
    SPK_TRY(make_locked(b, bytes, &b->policies[b->n_policies]));
    b->n_policies++;
    return SPK_OK;
}

static spk_err
check_locked(struct spk_books *b, struct spk_span bytes, uint32_t *ret_number)
{
    const struct policy *today = b->policies[b->n_policies - 1];
    struct policy *p = NULL;

    if (spk_span_eq(spk_buf_span(&today->note), bytes)) {
        *ret_number = today->p.number;
        return SPK_OK;
    }
    SPK_TRY(make_locked(b, bytes, &p));
    *ret_number = p->p.number;
    policy_free(p);
    return SPK_OK;
}

spk_err
spk_books_check_policy(struct spk_books *b, struct spk_span note, uint32_t *ret_number)
{
    pthread_mutex_lock(&b->lock);
    spk_err e = check_locked(b, note, ret_number);
    pthread_mutex_unlock(&b->lock);
    return e;
}

spk_err
spk_books_add_policy(struct spk_books *b, struct spk_span note)
{
    pthread_mutex_lock(&b->lock);
    spk_err e = add_locked(b, note);
    pthread_mutex_unlock(&b->lock);
    return e;
}

static spk_err
read_note(const char *folder, const char *name, struct spk_buf *b)
{
    SPK_AUTO_STR char *path = NULL;

    SPK_TRY(spk_path_join(folder, name, &path));
    return spk_file_read(AT_FDCWD, path, b);
}

static spk_err
read_numbered(const char *folder, const char *kind, size_t n, struct spk_buf *b)
{
    SPK_AUTO_BUF struct spk_buf name = SPK_BUF(64);
    const char *text = NULL;

    SPK_TRY(spk_buf_printf(&name, "%s-%zu.note", kind, n));
    SPK_TRY(spk_buf_cstr(&name, &text));
    return read_note(folder, text, b);
}

/* One after the other, as clients take them; no key epoch is left out. */
static spk_err
epoch_fits(const struct spk_books *b, const struct spk_authority *a)
{
    if (b->n_epochs == 0) {
        SPK_CHECK(a->epoch == 1, FORMAT);
        return SPK_OK;
    }
    const struct spk_authority *last = &b->epochs[b->n_epochs - 1]->a;
    SPK_CHECK(a->epoch <= last->epoch + 1, FORMAT);
    SPK_CHECK(spk_authority_continues(a, last), FORMAT);
    return SPK_OK;
}

static spk_err
add_epoch(struct spk_books *b, struct spk_span bytes)
{
    struct spk_note note;

    SPK_CHECK(b->n_epochs < EPOCHS_MAX, LIMIT);
    struct epoch *e = spk_calloc(1, sizeof(*e));
    SPK_CHECK(e != NULL, NOMEM);
    e->note = SPK_BUF(SPK_NOTE_MAX);
    spk_err err = spk_buf_add(&e->note, bytes);
    if (spk_ok(err)) {
        err = spk_note_parse(spk_buf_span(&e->note), true, &note);
    }
    if (spk_ok(err)) {
        err = spk_authority_parse(note.text, &e->a);
    }
    if (spk_ok(err)) {
        err = epoch_fits(b, &e->a);
    }
    if (!spk_ok(err)) {
        spk_authority_clear(&e->a);
        spk_buf_free(&e->note);
        spk_mem_free(e);
        return err;
    }
    b->epochs[b->n_epochs++] = e;
    return SPK_OK;
}

static spk_err
load_epochs(struct spk_books *b, const char *folder, char why[SPK_WHY_MAX])
{
    for (;;) {
        SPK_AUTO_BUF struct spk_buf note = SPK_BUF(SPK_NOTE_MAX);
        spk_err e = read_numbered(folder, "statement", b->n_epochs + 1, &note);
        if (e.code == SPK_CODE_NOTFOUND && b->n_epochs == 0) {
            e = read_note(folder, "statement.note", &note);
        }
        if (e.code == SPK_CODE_NOTFOUND && b->n_epochs > 0) {
            return SPK_OK;
        }
        if (spk_ok(e)) {
            e = add_epoch(b, spk_buf_span(&note));
        }
        if (!spk_ok(e)) {
            (void)snprintf(why, SPK_WHY_MAX, "authority statement %zu in %s is %s", b->n_epochs + 1,
                           folder, e.code == SPK_CODE_NOTFOUND ? "missing" : "not a good one");
            return e;
        }
    }
}

static spk_err
load_policies(struct spk_books *b, const char *folder, char why[SPK_WHY_MAX])
{
    for (;;) {
        SPK_AUTO_BUF struct spk_buf note = SPK_BUF(SPK_NOTE_MAX);
        spk_err e = read_numbered(folder, "policy", b->n_policies + 1, &note);
        if (e.code == SPK_CODE_NOTFOUND && b->n_policies > 0) {
            return SPK_OK;
        }
        if (spk_ok(e)) {
            e = spk_books_add_policy(b, spk_buf_span(&note));
        }
        if (!spk_ok(e)) {
            (void)snprintf(why, SPK_WHY_MAX, "policy %zu in %s is %s", b->n_policies + 1, folder,
                           e.code == SPK_CODE_NOTFOUND ? "missing"
                                                       : "not the one that may stand there");
            return e;
        }
    }
}

/* A policy of the store is either one that is known already, byte for byte, or the next one. */
static spk_err
take_stored(void *arg, uint64_t number, struct spk_span note)
{
    struct spk_books *b = arg;
    struct spk_span have;

    if (number <= b->n_policies) {
        have = spk_buf_span(&b->policies[number - 1]->note);
        return spk_span_eq(have, note) ? SPK_OK : SPK_ERR(CHANGED);
    }
    return spk_books_add_policy(b, note);
}

static spk_err
write_all(struct spk_store *store, void *arg)
{
    const struct spk_books *b = arg;

    for (size_t i = 0; i < b->n_policies; i++) {
        SPK_TRY(spk_store_put_policy(store, b->policies[i]->p.number,
                                     spk_buf_span(&b->policies[i]->note)));
    }
    return SPK_OK;
}

static spk_err
load(struct spk_books *b, const char *folder, struct spk_store *store, char why[SPK_WHY_MAX])
{
    SPK_TRY(load_epochs(b, folder, why));
    SPK_TRY(load_policies(b, folder, why));
    spk_err e = spk_store_policies(store, take_stored, b);
    if (!spk_ok(e)) {
        (void)snprintf(why, SPK_WHY_MAX, "%s",
                       "the policies in the database do not follow from the genesis "
                       "policy of the authority statement");
        return e;
    }
    return spk_store_write(store, write_all, b);
}

spk_err
spk_books_load(const char *folder, struct spk_store *store, char why[SPK_WHY_MAX],
               struct spk_books **ret_b)
{
    struct spk_books *b = spk_calloc(1, sizeof(*b));

    SPK_CHECK(b != NULL, NOMEM);
    pthread_mutex_init(&b->lock, NULL);
    spk_err e = load(b, folder, store, why);
    if (!spk_ok(e)) {
        spk_books_free(b);
        return e;
    }
    *ret_b = b;
    return SPK_OK;
}
