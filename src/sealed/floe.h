/* SPDX-License-Identifier: Apache-2.0 */
/* FLOE AES-256-GCM / HKDF-SHA-384 (C2SP FLOE, ePrint 2025/2275), segment by segment and in place
 * (doc/spec/sealed-file.md, "Payload").
 *
 * A struct spk_floe holds what all threads share and never changes once begun; each thread has a
 * worker of its own.  Both live where the caller puts them: on a stack under SPK_WIPE_ON_EXIT(), or
 * in a spk_secret. */
#ifndef SPK_SEALED_FLOE_H
#define SPK_SEALED_FLOE_H

#include "crypto/aead.h"

#define SPK_FLOE_HEADER_LEN 74
#define SPK_FLOE_PARAMS_LEN 10
#define SPK_FLOE_IV_LEN 32
#define SPK_FLOE_TAG_LEN 32
#define SPK_FLOE_OVERHEAD 32          /* of every segment: length field, IV, tag */
#define SPK_FLOE_SEG_HEAD 16          /* what stands before the ciphertext */
#define SPK_FLOE_INTERNAL 0xFFFFFFFFu /* length field of every segment but the last */
#define SPK_FLOE_AAD_MAX 256
#define SPK_FLOE_MESSAGE_KEY_LEN 48
#define SPK_FLOE_ROTATION 20 /* a new AEAD key every 2^20 segments */
#define SPK_FLOE_SEGMENTS_MAX ((uint64_t)1 << 40)

struct spk_floe {
    uint8_t message_key[SPK_FLOE_MESSAGE_KEY_LEN];
    uint8_t params_iv[SPK_FLOE_PARAMS_LEN + SPK_FLOE_IV_LEN];
    uint8_t aad[SPK_FLOE_AAD_MAX];
    size_t aad_len;
    uint32_t seg_len;
    unsigned rotation; /* SPK_FLOE_ROTATION; published test vectors lower it */
};

/** Begin to seal under a 32-byte file key with a fresh IV; gives the header that goes before
 * segment 0. */
SPK_MUST_USE spk_err spk_floe_seal_begin(struct spk_floe *f, struct spk_span key,
                                         struct spk_span aad, uint32_t seg_len,
                                         const uint8_t iv[SPK_FLOE_IV_LEN],
                                         uint8_t ret_header[SPK_FLOE_HEADER_LEN]);
/** Begin to open: parameters other than expected, a wrong key, wrong AAD or a changed header are
 * all SPK_CODE_AUTH. */
SPK_MUST_USE spk_err spk_floe_open_begin(struct spk_floe *f, struct spk_span key,
                                         struct spk_span aad, uint32_t seg_len,
                                         const uint8_t header[SPK_FLOE_HEADER_LEN]);

struct spk_floe_worker {
    const struct spk_floe *floe;
    struct spk_aead *aead;
    uint64_t key_of; /* first position of the run of segments that the AEAD's key is for */
    bool keyed;
};
/** f is borrowed until spk_floe_worker_end(). */
SPK_MUST_USE spk_err spk_floe_worker_begin(struct spk_floe_worker *w, const struct spk_floe *f);
void spk_floe_worker_end(struct spk_floe_worker *w);

/** Seal in place: seg has room for plain_len + SPK_FLOE_OVERHEAD bytes and the plaintext stands at
 * seg + SPK_FLOE_SEG_HEAD. An internal segment must be full; iv is fresh. */
SPK_MUST_USE spk_err spk_floe_seal(struct spk_floe_worker *w, uint64_t position, bool final,
                                   const uint8_t iv[SPK_AEAD_IV_LEN], uint8_t *seg,
                                   size_t plain_len);
/** Open in place the len bytes at seg; the plaintext (len - SPK_FLOE_OVERHEAD bytes) then stands at
 * seg + SPK_FLOE_SEG_HEAD. SPK_CODE_AUTH for whatever does not hold, the length field included. */
SPK_MUST_USE spk_err spk_floe_open(struct spk_floe_worker *w, uint64_t position, bool final,
                                   uint8_t *seg, size_t len);

#endif
