/* SPDX-License-Identifier: Apache-2.0 */
#include "authority/jobs.h"

#include <pthread.h>

struct job {
    spk_job_fn *fn;
    void *arg;
};
struct spk_jobs {
    pthread_mutex_t lock;
    pthread_cond_t more;
    struct job *ring;
    size_t max, first, n;
    bool stopping;
    unsigned threads;
    pthread_t thread[];
};

static void *
jobs_main(void *arg)
{
    struct spk_jobs *j = arg;

    pthread_mutex_lock(&j->lock);
    for (;;) {
        while (j->n == 0 && !j->stopping) {
            pthread_cond_wait(&j->more, &j->lock);
        }
        if (j->n == 0) {
            break;
        }
        struct job job = j->ring[j->first];
        j->first = (j->first + 1) % j->max;
        j->n--;
        pthread_mutex_unlock(&j->lock);
        job.fn(job.arg);
        pthread_mutex_lock(&j->lock);
    }
    pthread_mutex_unlock(&j->lock);
    return NULL;
}

spk_err
spk_jobs_new(unsigned threads, size_t max, struct spk_jobs **ret_j)
{
    struct spk_jobs *j = spk_calloc(1, sizeof(*j) + threads * sizeof(j->thread[0]));

    SPK_CHECK(j != NULL, NOMEM);
    pthread_mutex_init(&j->lock, NULL);
    pthread_cond_init(&j->more, NULL);
    j->max = max;
    j->ring = spk_calloc(max, sizeof(*j->ring));
    while (j->ring != NULL && j->threads < threads &&
           pthread_create(&j->thread[j->threads], NULL, jobs_main, j) == 0) {
        j->threads++;
    }
    if (j->threads < threads) {
        spk_jobs_free(j);
        return SPK_ERR(NOMEM);
    }
    *ret_j = j;
    return SPK_OK;
}

void
spk_jobs_free(struct spk_jobs *j)
{
    if (j == NULL) {
        return;
    }
    pthread_mutex_lock(&j->lock);
    j->stopping = true;
    pthread_cond_broadcast(&j->more);
    pthread_mutex_unlock(&j->lock);
    for (unsigned i = 0; i < j->threads; i++) {
        pthread_join(j->thread[i], NULL);
    }
    pthread_cond_destroy(&j->more);
    pthread_mutex_destroy(&j->lock);
    spk_mem_free(j->ring);
    spk_mem_free(j);
}

spk_err
spk_jobs_push(struct spk_jobs *j, spk_job_fn *fn, void *arg)
{
    spk_err e = SPK_ERR(BUSY);

    pthread_mutex_lock(&j->lock);
    if (j->n < j->max && !j->stopping) {
        j->ring[(j->first + j->n) % j->max] = (struct job){fn, arg};
        j->n++;
        pthread_cond_signal(&j->more);
        e = SPK_OK;
    }
    pthread_mutex_unlock(&j->lock);
    return e;
}
