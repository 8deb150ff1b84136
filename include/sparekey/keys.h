/* SPDX-License-Identifier: Apache-2.0 */
/* libsparekey: session keys of CryptoAPI programs.
 *
 * A program that keeps its session keys as simple key BLOBs beside its files (SIMPLEBLOB, exported
 * under its own key exchange key) hands a second copy of each to a backup authority:
 *
 *     sparekey_authority_blob()     the authority's public key, for CryptImportKey
 *     sparekey_deposit_key()        the session key goes to the authority, with a description;
 *                                   back comes its serial number
 *
 * When the key container is lost, the session keys come back, once the recovery officers have
 * established whose they are:
 *
 *     sparekey_recovery_begin()     new key pairs, and a request; read its code to the officers
 *     sparekey_recovery_status()    how it stands
 *     sparekey_recovery_finish()    keys come back, the new pairs become the container
 *     sparekey_renew_blob()         the old BLOB of a file into one that the new key opens
 *
 * examples/backup_authority/ is a whole program. Such a key never seals a Sparekey file, and comes
 * back to nothing but a key BLOB. */

#ifndef SPAREKEY_KEYS_H
#define SPAREKEY_KEYS_H

#include <sparekey/sparekey.h>

#ifdef __cplusplus
extern "C" {
#endif

#define SPAREKEY_SERIAL_LEN 16
#define SPAREKEY_OAEP 0x40u  /**< a SIMPLEBLOB has OAEP padding: the number of CRYPT_OAEP */
#define SPAREKEY_PLAIN 0x80u /**< give the key in the clear */

/** The name of the key container that the handle uses, for CryptAcquireContext; valid until close.
 */
SPAREKEY_API const char *sparekey_container(const struct sparekey *s);

/** The authority's public key as PUBLICKEYBLOB.
 * @param authority  Its name among the pinned ones; NULL: the only one.
 * @param buf   NULL: only *len is set. Shorter than needed: SPAREKEY_LIMIT, and *len is set. */
SPAREKEY_API int sparekey_authority_blob(struct sparekey *s, const char *authority, void *buf,
                                         size_t *len);

struct sparekey_key {
    const void *blob; /**< SIMPLEBLOB under your own key exchange key, as it stands with the file;
                           or PLAINTEXTKEYBLOB, or OPAQUEKEYBLOB, which keeps IV, mode and salt */
    size_t blob_len;
    unsigned blob_flags;       /**< SPAREKEY_OAEP or 0: how the SIMPLEBLOB is padded */
    const char *description;   /**< for you and the officers, up to 1024 bytes of UTF-8; NULL: "" */
    const char *name;          /**< of the file, for you alone; or NULL */
    const char *authority;     /**< with for_authority: whose key it is under; NULL: the only one */
    const void *for_authority; /**< NULL, or the same session key as SIMPLEBLOB under that key */
    size_t for_authority_len;
    unsigned for_authority_flags; /**< SPAREKEY_OAEP or 0 */
};

/** Deposit a session key. SPAREKEY_OK: the authority has it durably.
 *
 * Without for_authority: a key of any algorithm, with every pinned authority, enclosed in an
 * AES-256 key of its own, so that nobody there learns anything by which a short or guessable key
 * could be tried. This is the way for imported, derived and short keys.
 *
 * With for_authority: that very BLOB goes to that one authority. Only for AES-256 keys that
 * CryptGenKey has made (others: SPAREKEY_USAGE), since what the authority keeps would tell a
 * guessed key from a wrong one. Whether the BLOB holds the key is proven when it is released, not
 * before: export it under the key of sparekey_authority_blob() and no other. An authority whose
 * policy insists on padding that can be checked refuses it (SPAREKEY_DENIED).
 *
 * @param ret_serial  The serial number; also given with some failures, when one of several
 *                    authorities has it. May be NULL. */
SPAREKEY_API int sparekey_deposit_key(struct sparekey *s, const struct sparekey_key *key,
                                      unsigned char ret_serial[SPAREKEY_SERIAL_LEN]);

enum sparekey_recovery_state {
    SPAREKEY_REC_UNKNOWN = 0, /**< the authority does not, or not yet, know the request */
    SPAREKEY_REC_OPEN = 1,
    SPAREKEY_REC_WAITING = 2, /**< approved; a waiting time runs */
    SPAREKEY_REC_CONFIRM = 3, /**< the officers confirm once more */
    SPAREKEY_REC_APPROVED = 4,
    SPAREKEY_REC_DENIED = 5,
    SPAREKEY_REC_VETOED = 6,
    SPAREKEY_REC_EXPIRED = 7,
    SPAREKEY_REC_DONE = 8
};
struct sparekey_recovery {
    const char *authority; /**< which one to ask; NULL: the only one */
    const char *reason;    /**< for the officers; may be NULL */
    const char *contact;   /**< how they reach you now; may be NULL */
    unsigned bits;         /**< of the new key pairs: 0 (3072), 2048, 3072 or 4096 */
};
struct sparekey_recovery_status {
    enum sparekey_recovery_state state;
    unsigned persons, needed; /**< officers who have approved, and who must */
    char code[32];            /**< to be read to the officers, not sent by mail */
    char request[65];         /**< its hash in hex: what officers see */
};

/** Ask for everything of yours that this authority has. New key pairs are made and kept aside; the
 * key container changes in sparekey_recovery_finish() only. SPAREKEY_EXISTS: a request is under way
 * at this authority; go on with it. */
SPAREKEY_API int sparekey_recovery_begin(struct sparekey *s, const struct sparekey_recovery *r);
/** SPAREKEY_NOT_FOUND: no request is under way at this authority. */
SPAREKEY_API int sparekey_recovery_status(struct sparekey *s, const char *authority,
                                          struct sparekey_recovery_status *ret_status);
/** Once approved: fetch the session keys, and make the new pairs the container's; an old container
 * is kept under another name. SPAREKEY_WAIT: not decided yet. SPAREKEY_DENIED: it was denied,
 * vetoed or has expired; drop it. May be called again when it was interrupted.
 * @param ret_keys, ret_refused  How many came, and how many were not released; may be NULL. */
SPAREKEY_API int sparekey_recovery_finish(struct sparekey *s, const char *authority,
                                          size_t *ret_keys, size_t *ret_refused);
/** Give the request up; its new pairs are destroyed. */
SPAREKEY_API int sparekey_recovery_drop(struct sparekey *s, const char *authority);

/** The SIMPLEBLOB that stands with a file into one for your present key exchange key, out of what
 * recoveries have brought back. SPAREKEY_NOT_FOUND: its key has not come back.
 * @param flags  SPAREKEY_OAEP: that padding. SPAREKEY_PLAIN: the key BLOB in the clear, as it was
 *               deposited or as PLAINTEXTKEYBLOB.
 * @param buf    As in sparekey_authority_blob(). */
SPAREKEY_API int sparekey_renew_blob(struct sparekey *s, const void *old_blob, size_t old_len,
                                     unsigned flags, void *buf, size_t *len);
/** The same by serial number. */
SPAREKEY_API int sparekey_take_key(struct sparekey *s,
                                   const unsigned char serial[SPAREKEY_SERIAL_LEN], unsigned flags,
                                   void *buf, size_t *len);

struct sparekey_taken {
    unsigned char serial[SPAREKEY_SERIAL_LEN];
    const char *description, *name; /**< "" when there is none; valid during the call */
};
/** Call each for every key of a CryptoAPI program that has come back; another answer than 0 ends
 * the walk, and is the answer. Do not call into the library from it. */
SPAREKEY_API int sparekey_each_taken(struct sparekey *s,
                                     int (*each)(void *ctx, const struct sparekey_taken *key),
                                     void *ctx);

#ifdef __cplusplus
}
#endif

#endif
