/* SPDX-License-Identifier: Apache-2.0 */
/* A bounded queue with its threads: what may take longer than an I/O thread should. */
#ifndef SPK_AUTHORITY_JOBS_H
#define SPK_AUTHORITY_JOBS_H

#include "base/err.h"
#include "base/scope.h"

typedef void spk_job_fn(void *arg);

struct spk_jobs;
SPK_MUST_USE spk_err spk_jobs_new(unsigned threads, size_t max, struct spk_jobs **ret_j);
/** Ends the threads once the queue is empty. NULL allowed. */
void spk_jobs_free(struct spk_jobs *j);
SPK_DEFINE_AUTO(spk_jobs)
/** SPK_CODE_BUSY: the queue is full. */
SPK_MUST_USE spk_err spk_jobs_push(struct spk_jobs *j, spk_job_fn *fn, void *arg);

#endif
