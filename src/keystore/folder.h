/* SPDX-License-Identifier: Apache-2.0 */
/* The folder that holds the containers: its lock, and files in it as bytes. Inside this folder
 * only. */
#ifndef SPK_KEYSTORE_FOLDER_H
#define SPK_KEYSTORE_FOLDER_H

#include "keystore/name.h"

/* How long a lock is waited for; what is done under one takes milliseconds. */
#define SPK_KEYSTORE_LOCK_MS 5000
/* File names looked at in one folder. */
#define SPK_KEYSTORE_ENTRIES_MAX 65536

/** Descriptor of the folder, borrowed. */
int spk_keystore_fd(const struct spk_keystore *ks);

/** Take the folder's lock, held until *ret_lock is closed, and clear away what writers that were
 * killed have left. Others hold it for too long: SPK_CODE_BUSY. */
SPK_MUST_USE spk_err spk_folder_lock(int dirfd, int *ret_lock);
/** Something (a file, a link, anything) has this name. */
SPK_MUST_USE spk_err spk_folder_has(int dirfd, const char *fname, bool *ret_has);
/** A whole container file, after the checks of owner and mode. SPK_CODE_NOTFOUND, SPK_CODE_DENIED
 * (a symbolic link too), SPK_CODE_FORMAT (not a regular file, or not of a container's size). */
SPK_MUST_USE spk_err spk_folder_read(int dirfd, const char *fname, struct spk_secret **ret_bytes);
/** Durable, 0600 from its first byte. */
SPK_MUST_USE spk_err spk_folder_write(int dirfd, const char *fname, const struct spk_secret *bytes,
                                      bool replace);
/** Durable; SPK_CODE_NOTFOUND when there is none. */
SPK_MUST_USE spk_err spk_folder_remove(int dirfd, const char *fname);
/** Every name in the folder but . and .., until each() fails. */
SPK_MUST_USE spk_err spk_folder_each(int dirfd, spk_err (*each)(void *, const char *), void *ctx);

#endif
