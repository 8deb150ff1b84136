/* SPDX-License-Identifier: Apache-2.0 */
/* What CryptoAPI keeps of a key beside its container: flags, and the whole pair where it is not one
 * that a container can hold (doc/spec/key-container.md, "Beside the container"). */
#ifndef SPK_KEYSTORE_EXTRA_H
#define SPK_KEYSTORE_EXTRA_H

#include "keystore/container.h"

#define SPK_EXTRA_EXPORTABLE 0x0001u
#define SPK_EXTRA_FLAGS SPK_EXTRA_EXPORTABLE

struct spk_extra {
    unsigned flags;
    struct spk_hash id;      /* of the container's pair that the flags are for; zeros with a blob */
    struct spk_secret *blob; /* PRIVATEKEYBLOB, or NULL: the pair is in the container */
};

/** SPK_CODE_NOTFOUND: nothing is kept; SPK_CODE_FORMAT: damaged. */
SPK_MUST_USE spk_err spk_extra_load(struct spk_keystore *ks, const char *name,
                                    enum spk_key_spec spec, struct spk_extra *ret_x);
/** Durable; SPK_CODE_NOTFOUND without a container of that name. Flags alone do not take the place
 * of a pair: one that is there was put there meanwhile, by another program. */
SPK_MUST_USE spk_err spk_extra_save(struct spk_keystore *ks, const char *name,
                                    enum spk_key_spec spec, const struct spk_extra *x);
/** Durable; nothing there is fine. */
SPK_MUST_USE spk_err spk_extra_remove(struct spk_keystore *ks, const char *name,
                                      enum spk_key_spec spec);
/** Under the folder's lock: x stands beside container file `base` from now on; with nothing to
 * say, no file does. Durable. */
SPK_MUST_USE spk_err spk_extra_put(int dirfd, const char *base, enum spk_key_spec spec,
                                   const struct spk_extra *x);
/** Save an open container and what stands beside it for one key, with no other program's change in
 * between. A pair in x counts from the moment it is written: the container, where the caller has
 * dropped its own, may then stay as it is. Without one the container is first. So a save that fails
 * leaves the pair that was there before. SPK_CODE_CHANGED as spk_container_save(). */
SPK_MUST_USE spk_err spk_container_save_beside(struct spk_container *c, enum spk_key_spec spec,
                                               const struct spk_extra *x);
/** Under the folder's lock: container file `base`, about to be written, is another one than any
 * that had the name before. Durable. */
SPK_MUST_USE spk_err spk_extra_mark(int dirfd, const char *base);
/** Which one it is; zeros for one without a mark. */
SPK_MUST_USE spk_err spk_extra_marked(int dirfd, const char *base, struct spk_hash *ret_mark);
/** Under the folder's lock: what is kept beside container file fname goes, all of it. Durable with
 * the next change of the folder that is. */
SPK_MUST_USE spk_err spk_extra_clean(int dirfd, const char *fname);
/** Under the folder's lock: what is kept beside container file `from` goes to `to`; what has gone
 * there already stays. Durable with the next change of the folder that is. */
SPK_MUST_USE spk_err spk_extra_move(int dirfd, const char *from, const char *to);
void spk_extra_clear(struct spk_extra *x);
#define SPK_AUTO_EXTRA __attribute__((cleanup(spk_extra_clear))) struct spk_extra

#endif
