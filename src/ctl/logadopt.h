/* SPDX-License-Identifier: Apache-2.0 */
/* Entries that the holder has signed for and an older database lacks, taken from a log's files. */
#ifndef SPK_CTL_LOGADOPT_H
#define SPK_CTL_LOGADOPT_H

#include "store/store.h"

struct ctl_adopted {
    uint64_t had, has; /* entries before and after */
    uint64_t
        differs; /* with SPK_CODE_CHANGED: the first entry that is not the database's, or has */
};
/** folder: checkpoint and tile/entries/ as log export writes them, or a mirror has them. All of it
 * is checked up to the checkpoint's root before anything is written, in one transaction.
 * SPK_CODE_NOTFOUND: there is no checkpoint; SPK_CODE_AUTH: the log's key has not signed it;
 * SPK_CODE_FORMAT: files are missing or spoiled; SPK_CODE_CHANGED: the database does not begin this
 * log; SPK_CODE_EXISTS: it has as much already. */
SPK_MUST_USE spk_err ctl_log_adopt(struct spk_store *store, enum spk_log_id log,
                                   const struct spk_vkey *key, const char *folder,
                                   struct ctl_adopted *ret_a);

#endif
