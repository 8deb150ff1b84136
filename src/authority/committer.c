/* SPDX-License-Identifier: Apache-2.0 */
#include "authority/committer.h"

#include <pthread.h>

#include "base/log.h"

/* Rows of one transaction: more would make the first of them wait too long. */
#define TRANSACTION_MAX ((size_t)1000)

struct queue {
    struct spk_commit *first, **last;
    pthread_cond_t more;
    bool stopping; /* nothing comes any more */
    pthread_t thread;
};
struct spk_committer {
    struct spk_store *store;
    struct spk_logbook *book;
    struct spk_advance *advance;
    size_t max;
    pthread_mutex_t lock;
    struct queue in, written; /* to be written; to be signed for and answered */
    size_t waiting;           /* deposits in the first */
    uint64_t time_ms;         /* of the transaction that is open */
    bool told;                /* that it is ahead of the clock */
};

static void
queue_put(struct queue *q, struct spk_commit *list)
{
    *q->last = list;
    while (*q->last != NULL) {
        q->last = &(*q->last)->next;
    }
    pthread_cond_signal(&q->more);
}

/* Under the lock: false when nothing will come. */
static bool
queue_wait(struct spk_committer *c, struct queue *q)
{
    while (q->first == NULL && !q->stopping) {
        pthread_cond_wait(&q->more, &c->lock);
    }
    return q->first != NULL;
}

/* Up to TRANSACTION_MAX deposits off the queue, at least one item. */
static struct spk_commit *
take(struct spk_committer *c)
{
    struct queue *q = &c->in;
    struct spk_commit *list = q->first, *end = NULL;
    size_t rows = 0;

    while (q->first != NULL && (end == NULL || rows + q->first->n <= TRANSACTION_MAX)) {
        end = q->first;
        rows += end->n;
        q->first = end->next;
    }
    if (end != NULL) {
        end->next = NULL;
    }
    if (q->first == NULL) {
        q->last = &q->first;
    }
    c->waiting -= rows;
    return list;
}

/* -- writing */

static spk_err
write_item(struct spk_committer *c, struct spk_commit *item)
{
    for (size_t i = 0; i < item->n; i++) {
        struct spk_intake *in = &item->in[i];
        if (in->status != SPK_HTTP_OK) {
            continue;
        }
        SPK_TRY(spk_intake_stamp(in, c->time_ms));
        SPK_TRY(spk_store_put_deposit(c->store, &in->row, &in->result));
        if (in->result.what == SPK_PUT_CONFLICT) {
            in->status = SPK_HTTP_CONFLICT;
            in->message = "There is another deposit of yours with this serial.";
        }
    }
    return SPK_OK;
}

struct commit_work {
    struct spk_committer *c;
    struct spk_commit *list;
    struct spk_growth g;
};

/* The deposits and what they add to the log. */
static spk_err
write_rows(struct spk_store *store, void *arg)
{
    struct commit_work *w = arg;

    SPK_TRY(spk_intake_time(store, &w->c->time_ms));
    spk_intake_tell_clock(w->c->time_ms, &w->c->told);
    for (struct spk_commit *item = w->list; item != NULL; item = item->next) {
        SPK_TRY(write_item(w->c, item));
    }
    return spk_logbook_grow(w->c->book, UINT64_MAX, &w->g);
}

static spk_err
write_list(struct spk_committer *c, struct spk_commit *list)
{
    struct commit_work w = {.c = c, .list = list};
    spk_err e = spk_store_write(c->store, write_rows, &w);

    if (spk_ok(e)) {
        spk_logbook_grown(c->book, &w.g);
    } else {
        spk_logbook_undo(c->book);
    }
    return e;
}

static void
finish_list(struct spk_commit *list, spk_err e)
{
    while (list != NULL) {
        struct spk_commit *next = list->next;
        list->done(list, e); /* list may be gone afterwards */
        list = next;
    }
}

static void *
write_main(void *arg)
{
    struct spk_committer *c = arg;

    pthread_mutex_lock(&c->lock);
    while (queue_wait(c, &c->in)) {
        struct spk_commit *list = take(c);
        pthread_mutex_unlock(&c->lock);
        spk_err e = write_list(c, list);
        if (!spk_ok(e)) {
            spk_log(SPK_LOG_ERROR, "deposits could not be written: %s (%d)", spk_code_name(e.code),
                    e.sys);
            finish_list(list, e);
        }
        pthread_mutex_lock(&c->lock);
        if (spk_ok(e)) {
            queue_put(&c->written, list);
        }
    }
    pthread_mutex_unlock(&c->lock);
    return NULL;
}

/* -- answering */

static void
sign(struct spk_committer *c)
{
    spk_err e = c->advance != NULL ? spk_advance_run(c->advance) : SPK_OK;

    if (e.code == SPK_CODE_DENIED || e.code == SPK_CODE_PROTO || e.code == SPK_CODE_IO) {
        spk_log(SPK_LOG_WARN, "the holder did not sign the deposits log: %s",
                spk_code_name(e.code));
    }
}

static void *
answer_main(void *arg)
{
    struct spk_committer *c = arg;

    pthread_mutex_lock(&c->lock);
    while (queue_wait(c, &c->written)) {
        struct spk_commit *list = c->written.first;
        c->written.first = NULL;
        c->written.last = &c->written.first;
        pthread_mutex_unlock(&c->lock);
        sign(c);
        finish_list(list, SPK_OK); /* what is written is accepted, signed for or not */
        pthread_mutex_lock(&c->lock);
    }
    pthread_mutex_unlock(&c->lock);
    return NULL;
}

/* -- start and end */

static spk_err
queue_start(struct spk_committer *c, struct queue *q, void *(*run)(void *))
{
    q->last = &q->first;
    pthread_cond_init(&q->more, NULL);
    if (pthread_create(&q->thread, NULL, run, c) != 0) {
        pthread_cond_destroy(&q->more);
        return SPK_ERR(NOMEM);
    }
    return SPK_OK;
}

static void
queue_end(struct spk_committer *c, struct queue *q)
{
    pthread_mutex_lock(&c->lock);
    q->stopping = true;
    pthread_cond_signal(&q->more);
    pthread_mutex_unlock(&c->lock);
    pthread_join(q->thread, NULL);
    pthread_cond_destroy(&q->more);
}

static spk_err
start(struct spk_committer *c)
{
    SPK_TRY(queue_start(c, &c->written, answer_main));
    spk_err e = queue_start(c, &c->in, write_main);
    if (!spk_ok(e)) {
        queue_end(c, &c->written);
    }
    return e;
}

spk_err
spk_committer_new(struct spk_store *store, struct spk_logbook *deposits,
                  struct spk_advance *advance, size_t max_waiting, struct spk_committer **ret_c)
{
    struct spk_committer *c = spk_calloc(1, sizeof(*c));

    SPK_CHECK(c != NULL, NOMEM);
    c->store = store;
    c->book = deposits;
    c->advance = advance;
    c->max = max_waiting;
    pthread_mutex_init(&c->lock, NULL);
    spk_err e = spk_intake_time(store, &c->time_ms);
    if (spk_ok(e)) {
        spk_intake_tell_clock(c->time_ms, &c->told);
        e = start(c);
    }
    if (!spk_ok(e)) {
        pthread_mutex_destroy(&c->lock);
        spk_mem_free(c);
        return e;
    }
    *ret_c = c;
    return SPK_OK;
}

void
spk_committer_free(struct spk_committer *c)
{
    if (c == NULL) {
        return;
    }
    queue_end(c, &c->in);
    queue_end(c, &c->written);
    pthread_mutex_destroy(&c->lock);
    spk_mem_free(c);
}

spk_err
spk_committer_push(struct spk_committer *c, struct spk_commit *item)
{
    spk_err e = SPK_ERR(BUSY);

    pthread_mutex_lock(&c->lock);
    if (!c->in.stopping && (c->waiting == 0 || c->waiting + item->n <= c->max)) {
        item->next = NULL;
        c->waiting += item->n;
        queue_put(&c->in, item);
        e = SPK_OK;
    }
    pthread_mutex_unlock(&c->lock);
    return e;
}
