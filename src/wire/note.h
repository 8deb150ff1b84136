/* SPDX-License-Identifier: Apache-2.0 */
/* C2SP signed notes with Ed25519 keys (doc/spec/notes.md).  Every note of ours carries its kind in
 * the first line and every verifier insists on it. */
#ifndef SPK_WIRE_NOTE_H
#define SPK_WIRE_NOTE_H

#include "base/buf.h"
#include "base/secret.h"
#include "crypto/ed25519.h"
#include "crypto/hash.h"

#define SPK_NOTE_MAX 65536
#define SPK_NOTE_SIGS_MAX 32
#define SPK_NOTE_NAME_MAX 128 /* no spaces, no '+', no control characters */

struct spk_vkey { /* a verifier key: name+hex(keyid)+base64(type||key) */
    char name[SPK_NOTE_NAME_MAX + 1];
    uint8_t keyid[4];
    uint8_t type; /* 1: Ed25519; 4: a witness's */
    uint8_t key[SPK_ED25519_LEN];
};
SPK_MUST_USE spk_err spk_vkey_make(const char *name, const uint8_t key[SPK_ED25519_LEN],
                                   struct spk_vkey *ret_v);
SPK_MUST_USE spk_err spk_vkey_parse(struct spk_span text, struct spk_vkey *ret_v);
/** Keys of witnesses, whose signatures under a note are of another kind: neither of the two takes
 * the other's for its own (SPK_CODE_VERSION), and spk_note_verify() takes no witness's. */
SPK_MUST_USE spk_err spk_vkey_make_witness(const char *name, const uint8_t key[SPK_ED25519_LEN],
                                           struct spk_vkey *ret_v);
SPK_MUST_USE spk_err spk_vkey_parse_witness(struct spk_span text, struct spk_vkey *ret_v);
SPK_MUST_USE spk_err spk_vkey_format(const struct spk_vkey *v, struct spk_buf *out);

struct spk_note_sig {
    struct spk_span name; /* borrowed */
    uint8_t keyid[4];
    uint8_t sig[SPK_ED25519_SIG_LEN];
    bool usable;          /* 64-byte signature; others (unknown types) are kept but never verify */
    struct spk_span line; /* borrowed: the whole line with its '\n', to be passed on as it came */
};
struct spk_note {
    struct spk_span text; /* borrowed; ends with '\n' */
    size_t n;
    struct spk_note_sig sigs[SPK_NOTE_SIGS_MAX];
};
/** Strict C2SP parse; the signature part may be missing only with allow_unsigned, and then the text
 * may not hold an empty line. More than SPK_NOTE_MAX bytes or SPK_NOTE_SIGS_MAX lines:
 * SPK_CODE_LIMIT. */
SPK_MUST_USE spk_err spk_note_parse(struct spk_span bytes, bool allow_unsigned,
                                    struct spk_note *ret_n);
/** n as a note again: text, empty line, signature lines as they came. */
SPK_MUST_USE spk_err spk_note_format(const struct spk_note *n, struct spk_buf *out);
/** First line equals kind, e.g. "sparekey/1 policy"; *ret_body gets the rest of the text. */
SPK_MUST_USE spk_err spk_note_kind(const struct spk_note *n, const char *kind,
                                   struct spk_span *ret_body);
/** H(text): what others name this note by. */
SPK_MUST_USE spk_err spk_note_hash(const struct spk_note *n, struct spk_hash *ret_h);
/** SPK_OK when v has signed; SPK_CODE_NOTFOUND when there is no line of v; SPK_CODE_AUTH when there
 * is one that does not hold (the note is to be rejected then). */
SPK_MUST_USE spk_err spk_note_verify(const struct spk_note *n, const struct spk_vkey *v);
/** text (ends with '\n') plus the signature lines already in prior (may be NULL; its text must be
 * the same) plus one by name/seed, appended. A line of the same key in prior is replaced. */
SPK_MUST_USE spk_err spk_note_sign(struct spk_span text, const struct spk_note *prior,
                                   const char *name, const struct spk_secret *seed,
                                   struct spk_buf *out);

#endif
