/* SPDX-License-Identifier: Apache-2.0 */
#include "authority/committer.h"

#include <pthread.h>

#include "base/clock.h"
#include "base/log.h"

/* Rows of one transaction: more would make the first of them wait too long. */
#define TRANSACTION_MAX ((size_t)1000)

struct spk_committer {
    struct spk_store *store;
    size_t max;
    pthread_mutex_t lock;
    pthread_cond_t more;
    struct spk_commit *first, **last;
    size_t waiting; /* deposits in the queue */
    bool stopping;
    uint64_t time_ms; /* of the last transaction: times never go back along the index */
    pthread_t thread;
};

/* Up to TRANSACTION_MAX deposits off the queue, at least one item. */
static struct spk_commit *
take(struct spk_committer *c)
{
    struct spk_commit *list = c->first, *end = NULL;
    size_t rows = 0;

    while (c->first != NULL && (end == NULL || rows + c->first->n <= TRANSACTION_MAX)) {
        end = c->first;
        rows += end->n;
        c->first = end->next;
    }
    if (end != NULL) {
        end->next = NULL;
    }
    if (c->first == NULL) {
        c->last = &c->first;
    }
    c->waiting -= rows;
    return list;
}

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

static spk_err
write_list(struct spk_committer *c, struct spk_commit *list)
{
    uint64_t now = spk_now_ms();

    c->time_ms = now > c->time_ms ? now : c->time_ms;
    SPK_TRY(spk_store_begin(c->store));
    for (struct spk_commit *item = list; item != NULL; item = item->next) {
        spk_err e = write_item(c, item);
        if (!spk_ok(e)) {
            spk_store_rollback(c->store);
            return e;
        }
    }
    return spk_store_commit(c->store);
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
committer_main(void *arg)
{
    struct spk_committer *c = arg;

    pthread_mutex_lock(&c->lock);
    for (;;) {
        while (c->first == NULL && !c->stopping) {
            pthread_cond_wait(&c->more, &c->lock);
        }
        if (c->first == NULL) {
            break;
        }
        struct spk_commit *list = take(c);
        pthread_mutex_unlock(&c->lock);
        spk_err e = write_list(c, list);
        if (!spk_ok(e)) {
            spk_log(SPK_LOG_ERROR, "deposits could not be written: %s (%d)", spk_code_name(e.code),
                    e.sys);
        }
        finish_list(list, e);
        pthread_mutex_lock(&c->lock);
    }
    pthread_mutex_unlock(&c->lock);
    return NULL;
}

spk_err
spk_committer_new(struct spk_store *store, size_t max_waiting, struct spk_committer **ret_c)
{
    struct spk_committer *c = spk_calloc(1, sizeof(*c));

    SPK_CHECK(c != NULL, NOMEM);
    c->store = store;
    c->max = max_waiting;
    c->last = &c->first;
    pthread_mutex_init(&c->lock, NULL);
    pthread_cond_init(&c->more, NULL);
    if (pthread_create(&c->thread, NULL, committer_main, c) != 0) {
        spk_mem_free(c);
        return SPK_ERR(NOMEM);
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
    pthread_mutex_lock(&c->lock);
    c->stopping = true;
    pthread_cond_signal(&c->more);
    pthread_mutex_unlock(&c->lock);
    pthread_join(c->thread, NULL);
    pthread_cond_destroy(&c->more);
    pthread_mutex_destroy(&c->lock);
    spk_mem_free(c);
}

spk_err
spk_committer_push(struct spk_committer *c, struct spk_commit *item)
{
    spk_err e = SPK_ERR(BUSY);

    pthread_mutex_lock(&c->lock);
    if (!c->stopping && (c->waiting == 0 || c->waiting + item->n <= c->max)) {
        item->next = NULL;
        *c->last = item;
        c->last = &item->next;
        c->waiting += item->n;
        pthread_cond_signal(&c->more);
        e = SPK_OK;
    }
    pthread_mutex_unlock(&c->lock);
    return e;
}
