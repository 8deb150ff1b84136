/* SPDX-License-Identifier: Apache-2.0 */
/* Key containers on disk: one file each, holding an AT_KEYEXCHANGE and an AT_SIGNATURE pair
 * (doc/spec/key-container.md).  File name = hex of the lower-cased container name, mode 0600 from
 * its first byte, written to a temporary and renamed.  Under a passphrase the pairs are PKCS#8 with
 * scrypt. */
#ifndef SPK_KEYSTORE_CONTAINER_H
#define SPK_KEYSTORE_CONTAINER_H

#include "keyblob/blob.h"

#define SPK_CONTAINER_NAME_MAX 120 /* bytes of UTF-8, no control characters */
#define SPK_CONTAINER_DEFAULT "default"
#define SPK_CONTAINER_PASS_MAX 1024 /* bytes of a passphrase */

/** Asks for the passphrase of a container: only called when one is needed. `wrong` counts earlier
 * tries. Return SPK_CODE_PASS to give up. */
typedef spk_err (*spk_pass_fn)(void *ctx, const char *container, unsigned wrong,
                               struct spk_secret **ret_pass);

struct spk_keystore; /* a folder of containers */
/** The user's: $XDG_DATA_HOME/sparekey/containers (default ~/.local/share/...); neither variable
 * set: SPK_CODE_NOTFOUND. The machine's: /var/lib/sparekey/containers. Made (0700) when missing.
 * SPK_CODE_DENIED for a folder of another user, or one that others may write in. */
SPK_MUST_USE spk_err spk_keystore_user(struct spk_keystore **ret_ks);
/** The user's as it is, for who only reads: SPK_CODE_NOTFOUND when there is no folder. */
SPK_MUST_USE spk_err spk_keystore_user_there(struct spk_keystore **ret_ks);
SPK_MUST_USE spk_err spk_keystore_machine(struct spk_keystore **ret_ks);
SPK_MUST_USE spk_err spk_keystore_at(const char *dir, struct spk_keystore **ret_ks);
/** The containers of DSS and Diffie-Hellman providers, which stand beside these (a name space of
 * their own). Missing: made, or SPK_CODE_NOTFOUND. */
SPK_MUST_USE spk_err spk_keystore_dss(const struct spk_keystore *of, bool make,
                                      struct spk_keystore **ret_ks);
/** The folder, for messages. */
const char *spk_keystore_path(const struct spk_keystore *ks);
void spk_keystore_free(struct spk_keystore *ks);
SPK_DEFINE_AUTO(spk_keystore)

struct spk_container;
/* A name that is empty or not plain text is SPK_CODE_USAGE, one too long SPK_CODE_LIMIT, wherever a
 * name is given. What writes waits for the folder's lock: SPK_CODE_BUSY. */
/** A new one with no keys yet, in memory; refused (SPK_CODE_EXISTS) when its file is there. */
SPK_MUST_USE spk_err spk_container_create(struct spk_keystore *ks, const char *name,
                                          struct spk_container **ret_c);
/** Open an existing one; public halves are readable at once, pairs after spk_container_unlock().
 * SPK_CODE_NOTFOUND; SPK_CODE_FORMAT for a damaged or foreign file (it stays on disk);
 * SPK_CODE_DENIED when others than its owner may read or write the file. */
SPK_MUST_USE spk_err spk_container_open(struct spk_keystore *ks, const char *name,
                                        struct spk_container **ret_c);
const char *spk_container_name(const struct spk_container *c);
/** Tells a container from one that had its name before; zeros when it was made without. */
const struct spk_hash *spk_container_mark(const struct spk_container *c);
/** A new one gets a mark when it is saved. */
void spk_container_want_mark(struct spk_container *c);
/** Path of the file, for messages. */
const char *spk_container_path(const struct spk_container *c);
bool spk_container_has_pass(const struct spk_container *c);
/** Decrypt the pairs, all or none; without a passphrase set nothing is asked. ask may be NULL:
 * SPK_CODE_PASS then, as after three wrong answers. SPK_CODE_FORMAT for a pair that is not that of
 * the public half beside it. */
SPK_MUST_USE spk_err spk_container_unlock(struct spk_container *c, spk_pass_fn ask, void *ctx);
/** The key of one spec, borrowed: the pair when unlocked, else its public half. NULL when there is
 * none. */
struct spk_rsa *spk_container_key(const struct spk_container *c, enum spk_key_spec spec);
/** Put a pair (a new reference is taken). SPK_CODE_PASS while pairs under a passphrase are locked.
 */
SPK_MUST_USE spk_err spk_container_set(struct spk_container *c, enum spk_key_spec spec,
                                       struct spk_rsa *pair);
/** Take a key out; none there is fine. The last one of a container under a passphrase takes the
 * passphrase with it. */
SPK_MUST_USE spk_err spk_container_drop(struct spk_container *c, enum spk_key_spec spec);
/** Set or take away (NULL) the passphrase; takes effect at the next save. Needs unlocked pairs,
 * else SPK_CODE_PASS. */
SPK_MUST_USE spk_err spk_container_set_pass(struct spk_container *c, const struct spk_secret *pass);
/** Write durably: temporary, fsync, rename. A new container takes away what a former one of its
 * name has left beside it; SPK_CODE_EXISTS when another program was first. SPK_CODE_CHANGED when
 * the file is not the one that was opened. SPK_CODE_USAGE for a passphrase without a key. */
SPK_MUST_USE spk_err spk_container_save(struct spk_container *c);
void spk_container_free(struct spk_container *c);
SPK_DEFINE_AUTO(spk_container)

/** Delete the file for good, whatever is in it, and what is kept beside it. SPK_CODE_NOTFOUND. */
SPK_MUST_USE spk_err spk_container_delete(struct spk_keystore *ks, const char *name);
/** Rename one (used to keep old pairs aside after a recovery), with what is kept beside it; the
 * new name must be free (SPK_CODE_EXISTS), but for what an interrupted rename has put there. The
 * old one is read as by opening it. */
SPK_MUST_USE spk_err spk_container_rename(struct spk_keystore *ks, const char *from,
                                          const char *to);
/** The same for one that may be damaged: it then goes as it is, for there is no name in it to
 * change.
 */
SPK_MUST_USE spk_err spk_container_set_aside(struct spk_keystore *ks, const char *from,
                                             const char *to);
/** Names in byte order, as their owners wrote them; called once for each, until it fails. Files
 * that are no container by their name are left out; a damaged one is named in lower case. */
SPK_MUST_USE spk_err spk_container_list(struct spk_keystore *ks,
                                        spk_err (*each)(void *, const char *), void *ctx);

#endif
