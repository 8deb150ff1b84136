/* SPDX-License-Identifier: Apache-2.0 */
/* use.log: what has been done with the keys while the holder was not running - a sealed copy made
 * or opened, a new epoch - as a chain of notes signed by the holder's key
 * (doc/spec/holder-state.md, "use.log"). */
#ifndef SPK_HOLDER_USELOG_H
#define SPK_HOLDER_USELOG_H

#include "holder/keyfile.h"

#define SPK_USELOG_NAME "use.log"
#define SPK_USELOG_MAX ((size_t)4 << 20)
#define SPK_USE_KIND "sparekey/1 key-use"
#define SPK_USE_DETAIL_MAX 512
/* Entries in all: what the holder remembers of them at each start is bounded. The last ones are for
 * opening a copy, which must never fail for lack of room. */
#define SPK_USES_MAX 4096
#define SPK_USES_FOR_RESTORE 64
#define SPK_USE_RESTORE "restore"

struct spk_use {
    uint64_t number, time;
    struct spk_span what, detail; /* borrowed */
    struct spk_hash hash;         /* H(text) */
};
typedef spk_err spk_use_visit(void *arg, const struct spk_use *u);
/** Every entry in order; numbers, chain and signatures are checked: SPK_CODE_AUTH or
 * SPK_CODE_FORMAT when one does not hold. bytes may be empty: no entry. */
SPK_MUST_USE spk_err spk_uselog_walk(struct spk_span bytes, const struct spk_keys *k,
                                     spk_use_visit *visit, void *arg);
/** The file's bytes; none when there is no file yet. */
SPK_MUST_USE spk_err spk_uselog_read(int dirfd, struct spk_buf *bytes);
/** One more entry at the end of bytes. what: one word; detail: one line of plain UTF-8, not empty.
 * SPK_CODE_LIMIT, told in the log, when there is no room for it any more. */
SPK_MUST_USE spk_err spk_uselog_add(struct spk_buf *bytes, const struct spk_keys *k,
                                    const char *what, const char *detail, uint64_t time);
SPK_MUST_USE spk_err spk_uselog_write(int dirfd, const struct spk_buf *bytes);

#endif
