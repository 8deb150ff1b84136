/* SPDX-License-Identifier: Apache-2.0 */
/* One officer's part of a sealed copy of an authority's keys (doc/spec/sealed-copy.md): the file
 * that the officer keeps, sealed to his own X25519 key, and the file that he makes of it for one
 * opening, sealed to the fresh transport key of the machine where the copy is opened. */
#ifndef SPK_WIRE_SHARE_H
#define SPK_WIRE_SHARE_H

#include "wire/attrs.h"
#include "wire/note.h"
#include "wire/statement.h"

#define SPK_SHARE_FILE_MAX 4096
#define SPK_COPY_ID_LEN 16
#define SPK_SHARE_LEN 33 /* x, then 32 bytes: what is sealed */

enum spk_share_kind {
    SPK_SHARE_KEPT = 1,      /* "SPKSHARE": sealed to the officer */
    SPK_SHARE_PASSED_ON = 2, /* "SPKSPASS": sealed to a transport key */
};
struct spk_share {
    enum spk_share_kind kind;
    uint8_t copy[SPK_COPY_ID_LEN]; /* names the copy */
    struct spk_hash genesis;
    uint64_t policy; /* number of the policy whose officers these are */
    uint8_t k, n, x; /* any k of n; this one is x */
    char officer[SPK_NOTE_NAME_MAX + 1];
    uint8_t to[32];         /* X25519 public key */
    struct spk_span sealed; /* borrowed; set by parse */
};

/** The file of this share: everything but `sealed` is given, and becomes part of what is
 * authenticated. */
SPK_MUST_USE spk_err spk_share_seal(const struct spk_share *s, const struct spk_secret *share,
                                    struct spk_buf *file);
SPK_MUST_USE spk_err spk_share_parse(struct spk_span file, struct spk_share *ret_s);
/** SPK_CODE_NOKEY: sealed to another key. SPK_CODE_AUTH: altered. */
SPK_MUST_USE spk_err spk_share_open(const struct spk_share *s, const struct spk_secret *x25519,
                                    struct spk_secret **ret_share);
/** What an officer does: open a SPK_SHARE_KEPT file and seal it to the transport key. */
SPK_MUST_USE spk_err spk_share_pass_on(struct spk_span kept, const struct spk_secret *x25519,
                                       const uint8_t transport[32], struct spk_buf *file);
/** What the two ends compare by voice before that: 100 bits of H(copy id, transport key). */
SPK_MUST_USE spk_err spk_transport_code(const uint8_t copy[SPK_COPY_ID_LEN],
                                        const uint8_t transport[32],
                                        char ret_code[SPK_REQ_CODE_LEN]);

#endif
