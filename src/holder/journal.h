/* SPDX-License-Identifier: Apache-2.0 */
/* The holder's memory: one append-only file whose records are chained by MACs under a key that only
 * the holder has (doc/spec/holder-state.md, "Journal").  A record is durable before anything is
 * done because of it. */
#ifndef SPK_HOLDER_JOURNAL_H
#define SPK_HOLDER_JOURNAL_H

#include "base/buf.h"
#include "base/secret.h"
#include "crypto/hash.h"

#define SPK_JOURNAL_NAME "journal"
#define SPK_JOURNAL_HEAD_LEN 88 /* magic 8, genesis 32, nonce 16, MAC 32 */
#define SPK_JOURNAL_REC_HEAD 14 /* u32 length, u16 type, 8 bytes of MAC over them */
#define SPK_JOURNAL_REC_MAC 32
#define SPK_JOURNAL_BODY_MAX 70000

struct spk_journal {
    int fd;
    uint64_t end;          /* where the next record goes */
    uint64_t torn;         /* bytes behind it that were there at opening: never finished */
    struct spk_hash chain; /* MAC of the last record */
    struct spk_secret *key;
    bool dirty;  /* records were added since the last sync */
    bool broken; /* a write could not be undone or made durable: nothing more may be promised */
};
void spk_journal_close(struct spk_journal *j);
#define SPK_AUTO_JOURNAL __attribute__((cleanup(spk_journal_close))) struct spk_journal
#define SPK_JOURNAL_NONE ((struct spk_journal){.fd = -1})

/** Why a journal was not taken, for people. */
struct spk_journal_fault {
    uint64_t offset;
    const char *what; /* static; NULL when there is nothing to add to the code */
};

/** Begin one in an empty file; fd is taken over in any case. Not synced: the file gets its name
 * later. */
SPK_MUST_USE spk_err spk_journal_start(int fd, const struct spk_secret *seed,
                                       const struct spk_hash *genesis, struct spk_journal *ret_j);

typedef spk_err spk_journal_visit(void *arg, uint16_t type, struct spk_span body);
struct spk_journal_how {
    const struct spk_secret *seed;
    const struct spk_hash *genesis;
    bool repair; /* cut an unfinished last record off; else it is skipped, and the file stays as it
                    is */
    spk_journal_visit *visit; /* called for each record in order */
    void *arg;
};
/** Check the whole file and stand at its end. A last record that was never finished does not count:
 * it was never acted upon. Anything else that does not fit is SPK_CODE_AUTH with *ret_fault set; an
 * error of visit is passed on. fd is taken over in any case. */
SPK_MUST_USE spk_err spk_journal_open(int fd, const struct spk_journal_how *how,
                                      struct spk_journal *ret_j,
                                      struct spk_journal_fault *ret_fault);

/** Append one record and make it durable. After a failure the file is as before, or j->broken is
 * set. */
SPK_MUST_USE spk_err spk_journal_append(struct spk_journal *j, uint16_t type, struct spk_span body);
/** Make durable what was added. */
SPK_MUST_USE spk_err spk_journal_sync(struct spk_journal *j);
/** Append without making it durable: for a file in the making, and for what an earlier record
 * announces. */
SPK_MUST_USE spk_err spk_journal_add(struct spk_journal *j, uint16_t type, struct spk_span body);

#endif
