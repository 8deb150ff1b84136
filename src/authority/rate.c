/* SPDX-License-Identifier: Apache-2.0 */
#include "authority/rate.h"

#include <pthread.h>
#include <string.h>

#include "crypto/rng.h"

#define PROBES 8

struct bucket {
    uint8_t key[SPK_RATE_KEY_MAX];
    size_t len;
    bool used;
    double left;
    uint64_t at_ms;
};
struct spk_rate {
    pthread_mutex_t lock;
    double amount, per_ms;
    uint64_t salt; /* so that nobody can aim for the bucket of another */
    struct bucket b[SPK_RATE_BUCKETS];
};

spk_err
spk_rate_new(uint64_t amount, uint64_t period, struct spk_rate **ret_r)
{
    struct spk_rate *r = spk_calloc(1, sizeof(*r));

    SPK_CHECK(r != NULL, NOMEM);
    spk_err e = spk_random(spk_mut(&r->salt, sizeof(r->salt)));
    if (!spk_ok(e)) {
        spk_mem_free(r);
        return e;
    }
    pthread_mutex_init(&r->lock, NULL);
    r->amount = (double)amount;
    r->per_ms = (double)amount / ((double)period * 1000.0);
    *ret_r = r;
    return SPK_OK;
}

void
spk_rate_free(struct spk_rate *r)
{
    if (r != NULL) {
        pthread_mutex_destroy(&r->lock);
        spk_mem_free(r);
    }
}

static uint64_t
place(const struct spk_rate *r, struct spk_span key)
{
    uint64_t h = r->salt;

    for (size_t i = 0; i < key.len; i++) {
        h = (h ^ key.ptr[i]) * UINT64_C(0x9e3779b97f4a7c15);
        h ^= h >> 29;
    }
    return h;
}

static struct bucket *
find(struct spk_rate *r, struct spk_span key, uint64_t now_ms)
{
    struct bucket *oldest = NULL;
    uint64_t h = place(r, key);

    for (uint64_t i = 0; i < PROBES; i++) {
        struct bucket *b = &r->b[(h + i) % SPK_RATE_BUCKETS];
        if (b->used && spk_span_eq(spk_span(b->key, b->len), key)) {
            return b;
        }
        if (oldest == NULL || !b->used || (oldest->used && b->at_ms < oldest->at_ms)) {
            oldest = b;
        }
    }
    memcpy(oldest->key, key.ptr, key.len);
    oldest->len = key.len;
    oldest->used = true;
    oldest->left = r->amount;
    oldest->at_ms = now_ms;
    return oldest;
}

uint64_t
spk_rate_take(struct spk_rate *r, struct spk_span key, uint64_t n, uint64_t now_ms)
{
    uint64_t wait = 0;

    if (key.len > SPK_RATE_KEY_MAX) {
        key.len = SPK_RATE_KEY_MAX;
    }
    pthread_mutex_lock(&r->lock);
    struct bucket *b = find(r, key, now_ms);
    if (now_ms > b->at_ms) {
        b->left += (double)(now_ms - b->at_ms) * r->per_ms;
        b->left = b->left > r->amount ? r->amount : b->left;
        b->at_ms = now_ms;
    }
    /* more than a full bucket can hold must not wait for ever: it is taken from a full one */
    double need = (double)n > r->amount ? r->amount : (double)n;
    if (b->left >= need) {
        b->left -= need;
    } else {
        wait = (uint64_t)((need - b->left) / r->per_ms / 1000.0) + 1;
    }
    pthread_mutex_unlock(&r->lock);
    return wait;
}
