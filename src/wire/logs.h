/* SPDX-License-Identifier: Apache-2.0 */
/* What stands in the logs beside deposits, and the note that names their keys (doc/spec/log.md). */
#ifndef SPK_WIRE_LOGS_H
#define SPK_WIRE_LOGS_H

#include "crypto/hash.h"
#include "wire/note.h"

/* The two logs of an authority. */
enum spk_log_id { SPK_LOG_DEPOSITS = 1, SPK_LOG_RECOVERIES = 2 };
#define SPK_LOG_IDS 2
/** "deposits", "recoveries"; the origin of a log is NAME/ and this word. */
const char *spk_log_word(enum spk_log_id log);
/** The seed of a log's key: HKDF-SHA-256 of the holder's seed. */
SPK_MUST_USE spk_err spk_log_seed(const struct spk_secret *holder_seed,
                                  const struct spk_hash *genesis, enum spk_log_id log,
                                  struct spk_secret **ret_seed);

/* -- The logs note: signed by the holder, it says which keys sign the checkpoints. */
#define SPK_LOGS_KIND "sparekey/1 logs"
struct spk_logs {
    struct spk_hash genesis;          /* H(text) of the genesis policy */
    struct spk_vkey key[SPK_LOG_IDS]; /* [log - 1]; different from each other */
};
SPK_MUST_USE spk_err spk_logs_format(const struct spk_logs *l, struct spk_buf *text);
SPK_MUST_USE spk_err spk_logs_parse(struct spk_span text, struct spk_logs *ret_l);
/** A signed logs note of this holder and genesis policy. SPK_CODE_AUTH: not signed by it, or its
 * key stands in a second role; SPK_CODE_CHANGED: another genesis policy. */
SPK_MUST_USE spk_err spk_logs_verify(struct spk_span note, const struct spk_vkey *holder,
                                     const struct spk_hash *genesis, struct spk_logs *ret_l);
const struct spk_vkey *spk_logs_key(const struct spk_logs *l, enum spk_log_id log);

/* -- Entries of the recoveries log. */
enum spk_entry_kind {
    SPK_ENTRY_DEPOSIT = 1, /* of the deposits log: wire/deposit.h */
    SPK_ENTRY_REQUESTED = 16,
    SPK_ENTRY_AUTHORISED = 17,
    SPK_ENTRY_DENIED = 18,
    SPK_ENTRY_ENDED = 19, /* expired or withdrawn */
    SPK_ENTRY_DRILL = 20,
    SPK_ENTRY_APPROVAL = 22,
    SPK_ENTRY_VETO = 23,
    SPK_ENTRY_RELEASED = 24,
    SPK_ENTRY_REWRAPPED = 25,
    SPK_ENTRY_EPOCH = 32,
    SPK_ENTRY_POLICY = 34,
};
#define SPK_REQUEST_ENTRY_LEN 64
#define SPK_REWRAP_ENTRY_LEN 80
#define SPK_ADMIN_ENTRY_LEN 48
#define SPK_LOG_ENTRY_LEN_MAX 80
#define SPK_NO_REQUEST UINT64_MAX /* request index of a drill */
#define SPK_NO_DEPOSIT UINT64_MAX /* deposit index of a request without deposits */

struct spk_entry {
    enum spk_entry_kind kind;
    uint32_t number; /* key epoch; of EPOCH and POLICY: the new number */
    uint64_t time_ms;
    struct spk_hash hash;      /* OR; REWRAPPED: old OC; EPOCH, POLICY: H(text) */
    struct spk_hash other;     /* REWRAPPED: new OC */
    uint64_t deposit, request; /* indices, of entries about a request */
};
/** Kinds 16 to 24: such an entry names a request; a drill names its report instead. */
bool spk_entry_is_of_request(enum spk_entry_kind kind);
/** ret_bytes gets *ret_len bytes. */
void spk_entry_build(const struct spk_entry *e, uint8_t ret_bytes[SPK_LOG_ENTRY_LEN_MAX],
                     size_t *ret_len);
/** Of the recoveries log only. Another version or kind: SPK_CODE_VERSION. */
SPK_MUST_USE spk_err spk_entry_parse(struct spk_span bytes, struct spk_entry *ret_e);
/** The salt of a request's entries, as whoever has its record makes it. */
SPK_MUST_USE spk_err spk_entry_salt(struct spk_span record, uint8_t ret_salt[32]);
/** OR = H("sparekey/1 request\0" || salt || request hash || H(detail)). */
SPK_MUST_USE spk_err spk_entry_or(const uint8_t salt[32], const struct spk_hash *request,
                                  struct spk_span detail, struct spk_hash *ret_or);
/** The same from H(detail). */
SPK_MUST_USE spk_err spk_entry_or_of(const uint8_t salt[32], const struct spk_hash *request,
                                     const struct spk_hash *detail, struct spk_hash *ret_or);

#endif
