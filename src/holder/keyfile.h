/* SPDX-License-Identifier: Apache-2.0 */
/* The holder's key files: holder.key (its Ed25519 seed) and epoch-N.key (an authority pair each),
 * bound to the genesis policy (doc/spec/holder-state.md, "Key files").  The seed is in the clear or
 * under a passphrase; the pairs are under a key derived from the seed, so one passphrase guards
 * them all. */
#ifndef SPK_HOLDER_KEYFILE_H
#define SPK_HOLDER_KEYFILE_H

#include "crypto/rsa.h"
#include "wire/note.h"

#define SPK_SEED_FILE "holder.key"
#define SPK_HOLDER_SUFFIX "/holder" /* the key name of the holder is NAME/holder */
/* The longest of the names that are made of it is that of the recoveries log. */
#define SPK_HOLDER_NAME_MAX (SPK_NOTE_NAME_MAX - sizeof("/recoveries"))
#define SPK_EPOCHS_MAX 16
#define SPK_KEYFILE_MAX 8192

struct spk_epoch {
    uint32_t number;
    struct spk_rsa *pair;
    struct spk_hash previous; /* H(SPKI) of the epoch before; zero for the first */
};
struct spk_keys {
    char name[SPK_NOTE_NAME_MAX + 1]; /* the authority's */
    struct spk_hash genesis;
    struct spk_secret *seed;
    struct spk_vkey vkey; /* of seed, named NAME/holder */
    size_t n;
    struct spk_epoch epoch[SPK_EPOCHS_MAX]; /* ascending, without gaps, from 1 */
};
void spk_keys_free(struct spk_keys *k);
SPK_DEFINE_AUTO(spk_keys)

/** New seed and first pair, in memory. name: as a note's key name, at most SPK_HOLDER_NAME_MAX
 * bytes. */
SPK_MUST_USE spk_err spk_keys_new(const char *name, const struct spk_hash *genesis, unsigned bits,
                                  struct spk_keys **ret_k);
/** One more pair at the end. */
SPK_MUST_USE spk_err spk_keys_rotate(struct spk_keys *k, unsigned bits);
/** Give k its name, genesis and seed (copied); the verifier key follows from them. */
SPK_MUST_USE spk_err spk_keys_identity(struct spk_keys *k, struct spk_span name,
                                       const struct spk_hash *genesis,
                                       const struct spk_secret *seed);
/** Put one pair at the end; number and previous must continue the row. Takes a reference. */
SPK_MUST_USE spk_err spk_keys_add(struct spk_keys *k, uint32_t number, struct spk_rsa *pair);

const struct spk_epoch *spk_keys_newest(const struct spk_keys *k);
/** The epoch whose pair has this H(SPKI); NULL when there is none. */
const struct spk_epoch *spk_keys_find(const struct spk_keys *k, const struct spk_hash *id);

/** holder.key: 0600, never over an existing one. */
SPK_MUST_USE spk_err spk_keys_write_seed(int dirfd, const struct spk_keys *k,
                                         const struct spk_secret *pass_or_null);
SPK_MUST_USE spk_err spk_keys_write_epoch(int dirfd, const struct spk_keys *k,
                                          const struct spk_epoch *e);
/** True when holder.key wants a passphrase. */
SPK_MUST_USE spk_err spk_keys_locked(int dirfd, bool *ret_locked);
/** All of them. A key file of another seed, policy or epoch: SPK_CODE_AUTH; wrong passphrase:
 * SPK_CODE_PASS. */
SPK_MUST_USE spk_err spk_keys_read(int dirfd, const struct spk_secret *pass_or_null,
                                   struct spk_keys **ret_k);

/* The two formats alone, for tests of hostile bytes. */
SPK_MUST_USE spk_err spk_seed_parse(struct spk_span file, const struct spk_secret *pass_or_null,
                                    struct spk_keys *ret_k);
SPK_MUST_USE spk_err spk_epoch_parse(struct spk_keys *k, struct spk_span file, uint32_t number);

#endif
