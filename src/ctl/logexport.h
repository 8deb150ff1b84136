/* SPDX-License-Identifier: Apache-2.0 */
/* A log as the static files that other people's verifiers read (doc/spec/log.md §3). */
#ifndef SPK_CTL_LOGEXPORT_H
#define SPK_CTL_LOGEXPORT_H

#include "store/store.h"

/** Brings the folder up to the newest checkpoint of the store, which is written last. Full tiles
 * that are there stay as they are.
 * SPK_CODE_NOTFOUND: there is no checkpoint; SPK_CODE_EXISTS: the folder is ahead of the store;
 * SPK_CODE_CHANGED: it is that of another log, or a row is not what its leaf stands for. */
SPK_MUST_USE spk_err ctl_log_export(struct spk_store *store, enum spk_log_id log,
                                    const char *folder, uint64_t *ret_size);

#endif
