/* SPDX-License-Identifier: Apache-2.0 */
/* The holder without its socket: one message in, at most one answer out (doc/spec/holder.md,
 * "Messages"). Everything that a message says is checked again here, whoever has sent it. */
#ifndef SPK_HOLDER_CORE_H
#define SPK_HOLDER_CORE_H

#include "holder/hclock.h"
#include "holder/journal.h"
#include "holder/keyfile.h"
#include "holder/logkeys.h"
#include "holder/logsfile.h"
#include "holder/state.h"
#include "wire/deposit.h"
#include "wire/frame.h"

#define SPK_HOLDER_VERSION 1
/* Proofs of deposits a second, beside the releases: one core makes about 300 private operations
 * (RSA-3072). */
#define SPK_CHECK_RATE 100
#define SPK_CHECK_BURST 100
#define SPK_OPEN_RATE 5
#define SPK_OPEN_BURST 200
/* How far a request's own time may be from the holder's. Less than SPK_FORGET_AFTER, so that a
 * request that was denied and forgotten cannot be opened again. */
#define SPK_OPEN_SKEW ((uint64_t)7 * 86400)
/* Releases that one durable record announces: a recovery in order waits for the disk once in so
 * many. */
#define SPK_RESERVE 64
#define SPK_TICK_MS                                                                                \
    ((uint64_t)60 * 1000) /* running time is written down this often while a request waits */

enum spk_counter { /* ids in the answer to STATUS */
                   SPK_COUNT_RELEASED = 1,
                   SPK_COUNT_REFUSED = 2,
                   SPK_COUNT_CHECKED = 3,
                   SPK_COUNT_BAD = 4,
                   SPK_COUNT_REQUESTS = 5, /* known now */
                   SPK_COUNT_POLICIES = 6,
                   SPK_COUNT_SUCCESSORS = 7,
                   SPK_COUNT_JOURNAL = 8, /* bytes */
                   SPK_COUNT_UNLOCKED =
                       9,               /* bytes of secrets that could not be locked into memory */
                   SPK_COUNT_WALL = 10, /* highest wall time seen */
                   SPK_COUNT_RUNNING = 11, /* running time, milliseconds */
                   SPK_COUNT_ADVANCE_REFUSED = 12,
                   SPK_COUNT_DEPOSITS = 13,   /* entries of the deposits log */
                   SPK_COUNT_RECOVERIES = 14, /* entries of the recoveries log */
                   SPK_COUNT_MAX_
};

struct spk_bucket {
    uint64_t left;  /* thousandths of a message */
    uint64_t since; /* running ms */
};
struct spk_hdrill;
struct spk_holder {
    struct spk_keys *keys;
    struct spk_logkeys *logkeys;
    struct spk_journal journal;
    struct spk_logsfile logsfile;
    struct spk_hstate *state;
    struct spk_hclock clock;
    struct spk_bucket checks, opens;
    struct spk_hdrill *drill; /* NULL: none since the start */
    uint64_t count[SPK_COUNT_MAX_];
    int lock;          /* descriptor of the folder's lock, or -1 */
    uint64_t tick;     /* running ms of the last journal record */
    unsigned unmarked; /* steps of the deposits log since the journal's last mark */
    bool stop;
};
void spk_holder_free(struct spk_holder *h);
SPK_DEFINE_AUTO(spk_holder)

/** Keys, journal and use.log of the folder, checked against each other; the journal is compacted
 * when that pays. Problems are logged in words. The folder is locked until spk_holder_free(). */
SPK_MUST_USE spk_err spk_holder_open(int dirfd, const struct spk_secret *pass_or_null,
                                     struct spk_holder **ret_h);
/** A holder on keys and a journal that are there already (both taken over); it has no logsfile
 * yet. */
SPK_MUST_USE spk_err spk_holder_on(struct spk_keys *keys, struct spk_journal *journal,
                                   struct spk_hstate *state, struct spk_holder **ret_h);

struct spk_hsession {
    bool greeted;  /* HELLO was answered */
    bool may_stop; /* the peer runs under the holder's own uid */
};
/** One packet. True: reply holds the answer. False: there is no answer and the session must end; a
 * SPK_FRAME_BAD answer also ends it (*ret_end). */
bool spk_holder_serve(struct spk_holder *h, struct spk_hsession *s, struct spk_span packet,
                      struct spk_buf *reply, bool *ret_end);

/** Write a record, then let the state follow. */
SPK_MUST_USE spk_err spk_holder_commit(struct spk_holder *h, uint16_t type,
                                       const struct spk_span *parts, size_t n);
/** The same without waiting for the disk: what a durable record has announced already. */
SPK_MUST_USE spk_err spk_holder_commit_late(struct spk_holder *h, uint16_t type,
                                            const struct spk_span *parts, size_t n);
/** Write the running time down when it is due, and make late records durable. */
void spk_holder_tick(struct spk_holder *h);
/** True while a request waits, so that ticks are needed. */
bool spk_holder_waiting(const struct spk_holder *h);

#endif
