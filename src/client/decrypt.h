/* SPDX-License-Identifier: Apache-2.0 */
/* Decrypting one file: nothing has its name before the last segment has verified. */
#ifndef SPK_CLIENT_DECRYPT_H
#define SPK_CLIENT_DECRYPT_H

#include "client/session.h"
#include "sealed/metadata.h"
#include "sealed/seal.h"

struct spk_decrypt_opts {
    bool force; /* replace an existing target */
    const struct spk_progress *progress;
};
struct spk_decrypt_outcome {
    uint64_t bytes;
    uint64_t bad_segment; /* which one did not verify; UINT64_MAX when that was not it */
    char *path;           /* what was or would have been written; NULL for standard output */
    bool output;          /* what failed is the output, not the sealed file */
};
void spk_decrypt_outcome_clear(struct spk_decrypt_outcome *o);

/** in_path NULL: standard input. out_path NULL: the name in the metadata, beside in_path, with its
 * mode and time; "-": standard output. SPK_CODE_NOKEY: none of our keys fits. */
SPK_MUST_USE spk_err spk_decrypt_file(struct spk_session *s, const char *in_path,
                                      const char *out_path, const struct spk_decrypt_opts *o,
                                      struct spk_decrypt_outcome *ret_o);

/** K of a header: by our key exchange pair, by what a recovery has left for this serial number, or
 * by an old container that a recovery has set aside (s->opened_by names it then). */
SPK_MUST_USE spk_err spk_unlock_header(struct spk_session *s, struct spk_header *h,
                                       struct spk_secret **ret_key);
/** The private metadata; SPK_CODE_NOTFOUND when there is none. */
SPK_MUST_USE spk_err spk_header_metadata(struct spk_header *h, const struct spk_secret *key,
                                         struct spk_metadata *ret_m);

#endif
