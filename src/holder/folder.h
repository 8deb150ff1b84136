/* SPDX-License-Identifier: Apache-2.0 */
/* The holder's folder on disk: made once, opened at each start (doc/spec/holder-state.md). */
#ifndef SPK_HOLDER_FOLDER_H
#define SPK_HOLDER_FOLDER_H

#include "holder/core.h"
#include "holder/sealedcopy.h"

/** Take the folder's lock; SPK_CODE_BUSY when another process of this program has it. */
SPK_MUST_USE spk_err spk_holder_lock(int dirfd, int *ret_fd);

/** Key files and a journal that begins with the given policy notes (genesis first), in an empty
 * folder. */
SPK_MUST_USE spk_err spk_folder_make(int dirfd, const struct spk_keys *k,
                                     const struct spk_secret *pass_or_null,
                                     const struct spk_span *policies, size_t n);

/** The same from an opened copy, with one more entry in use.log. The seed is written last, so that
 * nobody can start on a folder whose use.log or denials were still to come.
 * @param old  folder of a backup, whose journal, logs and use.log are taken over when they
 *             are this holder's and no older than the copy; or -1 */
SPK_MUST_USE spk_err spk_folder_restore(int dirfd, const struct spk_copied *c, int old,
                                        const char *detail, const struct spk_secret *pass_or_null);

/** Journal into state, for programs that only look. Words about what is wrong are logged. */
SPK_MUST_USE spk_err spk_folder_state(int dirfd, const struct spk_keys *k,
                                      struct spk_hstate **ret_s);

#endif
