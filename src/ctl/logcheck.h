/* SPDX-License-Identifier: Apache-2.0 */
/* Both logs of a store computed anew from their entries, and compared with everything that the
 * store says of them (doc/spec/log.md). */
#ifndef SPK_CTL_LOGCHECK_H
#define SPK_CTL_LOGCHECK_H

#include "store/store.h"
#include "wire/statement.h"

struct ctl_log_fault {
    const char *table; /* of the store */
    enum spk_log_id log;
    unsigned level; /* of a hash in log_tile; else 0 */
    uint64_t index;
    const char *what; /* an untranslated sentence: what is wrong with it */
};
struct ctl_log_ear { /* who listens */
    void (*fault)(void *ctx, const struct ctl_log_fault *f);
    void *ctx;
    volatile int *stop; /* set by a signal: SPK_CODE_STOPPED */
};

struct ctl_log_check { /* what was found */
    uint64_t entries;
    uint64_t hashes; /* of tiles, compared */
    uint64_t noted;  /* entries that the newest checkpoint covers; those behind it wait for one */
    uint64_t lost;   /* entries without a row */
    uint64_t faults;
    bool has_note;
    bool signed_well;     /* the checkpoint's signature was checked, and holds */
    struct spk_hash root; /* of the entries below `noted`, when there are so many */
};
/** The server may run meanwhile: what is added while this runs is not looked at.
 * @param key  The log's, or NULL when it is not known: signatures are not checked then. */
SPK_MUST_USE spk_err ctl_log_check(struct spk_store *store, enum spk_log_id log,
                                   const struct spk_vkey *key, const struct ctl_log_ear *ear,
                                   struct ctl_log_check *ret_k);
/** The logs' keys as the store has them, signed by the holder that the statement names.
 * SPK_CODE_NOTFOUND: there are none yet; SPK_CODE_AUTH, SPK_CODE_CHANGED: not this authority's. */
SPK_MUST_USE spk_err ctl_log_keys(struct spk_store *store, const struct spk_authority *a,
                                  struct spk_logs *ret_l);

/* One entry of a log in its order, made from its row. */
struct ctl_log_leaf {
    uint64_t index;
    struct spk_hash leaf; /* as stored */
    bool fits;            /* the row still is the one that its leaf stands for */
    bool lost;            /* it has no row any more: spk_store_put_lost() */
    size_t len;
    uint8_t entry[SPK_LOG_ENTRY_LEN_MAX];
};
#define CTL_LOG_PAGE 256
struct ctl_log_page {
    size_t n;
    struct ctl_log_leaf at[CTL_LOG_PAGE];
};
/** Entries from `from` on that are there, of the next `n`, which is CTL_LOG_PAGE at most. */
SPK_MUST_USE spk_err ctl_log_read(struct spk_store *store, enum spk_log_id log, uint64_t from,
                                  size_t n, struct ctl_log_page *ret_p);

/** Hashes of the tiles of a log made anew from its leaves, in one transaction, in the place of
 * those that are there. Leaves and checkpoint are not touched. SPK_CODE_CHANGED: the leaves are not
 * those that were signed, and nothing was changed. */
SPK_MUST_USE spk_err ctl_log_rebuild(struct spk_store *store, enum spk_log_id log,
                                     uint64_t *ret_hashes);

#endif
