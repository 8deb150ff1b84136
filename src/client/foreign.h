/* SPDX-License-Identifier: Apache-2.0 */
/* Session keys of other CryptoAPI programs: handed to the authorities, and found again among what a
 * recovery has brought back (doc/spec/deposit.md §2.1). Such a key never seals a Sparekey file. */
#ifndef SPK_CLIENT_FOREIGN_H
#define SPK_CLIENT_FOREIGN_H

#include "client/encrypt.h"
#include "client/recovered.h"
#include "keyblob/anysimple.h"
#include "wire/foreign.h"

/** The key exchange key as one of any size: the container's, or what CryptoAPI keeps beside it.
 * SPK_CODE_NOKEY: there is none. */
SPK_MUST_USE spk_err spk_foreign_pair(struct spk_session *s, struct spk_anyrsa **ret_pair);
SPK_MUST_USE spk_err spk_foreign_public(struct spk_session *s, struct spk_anyrsa **ret_pub);
/** A pair or public key in the other form. */
SPK_MUST_USE spk_err spk_foreign_any(const struct spk_rsa *key, struct spk_anyrsa **ret_any);

/** The key BLOB in the clear of a SIMPLEBLOB, PLAINTEXTKEYBLOB or OPAQUEKEYBLOB. pair NULL: the
 * key exchange pair. PKCS#1 v1.5 with another's key gives a key that opens nothing. */
SPK_MUST_USE spk_err spk_foreign_open_blob(struct spk_session *s, struct spk_span blob, bool oaep,
                                           const struct spk_anyrsa *pair,
                                           struct spk_secret **ret_plain);

struct spk_foreign_deposit {
    struct spk_span key;    /* key BLOB in the clear */
    struct spk_span simple; /* the SIMPLEBLOB that stands with the file; may be empty */
    struct spk_span name;   /* of the file, for the owner alone; may be empty */
    const char *description;
};
/** To all authorities of the profile, inside an AES-256 key of its own, so that the authority
 * learns nothing by which a short or guessable key could be tried. Not enough of them: the first
 * error. */
SPK_MUST_USE spk_err spk_foreign_put(struct spk_session *s, const struct spk_foreign_deposit *d,
                                     struct spk_encrypt_outcome *ret_o);
/** To one authority, as the SIMPLEBLOB that the program has made under its key; flags as in R_pub.
 * The key must be AES-256 and random: what the authority keeps would tell a guessed one. */
SPK_MUST_USE spk_err spk_foreign_hand(struct spk_session *s, const struct spk_pin *pin,
                                      const struct spk_foreign_deposit *d, struct spk_span blob,
                                      uint16_t flags, struct spk_encrypt_outcome *ret_o);

struct spk_foreign_found { /* one that a recovery has brought back */
    struct spk_file_id serial;
    struct spk_secret *key; /* key BLOB in the clear */
    char name[SPK_FOREIGN_NAME_MAX + 1];
    char description[SPK_DESCRIPTION_MAX + 1];
    bool has_blob;
    struct spk_hash blob; /* of the SIMPLEBLOB that stands with the file */
};
void spk_foreign_found_clear(struct spk_foreign_found *f);
/** SPK_CODE_NOTFOUND: nothing of this serial number came back, or it is a sealed file's. */
SPK_MUST_USE spk_err spk_foreign_get(struct spk_session *s, const struct spk_file_id *serial,
                                     struct spk_foreign_found *ret_f);
/** By the SIMPLEBLOB that stands with the file. */
SPK_MUST_USE spk_err spk_foreign_find(struct spk_session *s, struct spk_span simple,
                                      struct spk_foreign_found *ret_f);
/** All of them, in no order. */
SPK_MUST_USE spk_err spk_foreign_each(struct spk_session *s,
                                      spk_err (*each)(void *, const struct spk_foreign_found *),
                                      void *ctx);

#endif
