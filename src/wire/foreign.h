/* SPDX-License-Identifier: Apache-2.0 */
/* What a deposit says of a key that another program made (doc/spec/deposit.md §2.1): for its owner
 * alone, under K. */
#ifndef SPK_WIRE_FOREIGN_H
#define SPK_WIRE_FOREIGN_H

#include "wire/deposit.h"

#define SPK_FOREIGN_BLOB_MAX 4096
#define SPK_FOREIGN_NAME_MAX 255

struct spk_foreign {
    struct spk_span key;  /* key BLOB in the clear; empty: K is the key itself */
    struct spk_span name; /* of the file that it is for, any bytes; may be empty */
    bool has_blob;
    struct spk_hash blob; /* H(SIMPLEBLOB) that stands with the file: how it is found again */
};
/** Appends the value of R_priv's attribute 5. */
SPK_MUST_USE spk_err spk_foreign_seal(const struct spk_secret *key, const struct spk_file_id *id,
                                      const struct spk_foreign *f, struct spk_buf *out);
/** The spans of *ret_f are borrowed from *ret_plain. SPK_CODE_AUTH when it does not open. */
SPK_MUST_USE spk_err spk_foreign_open(const struct spk_secret *key, const struct spk_file_id *id,
                                      struct spk_span sealed, struct spk_secret **ret_plain,
                                      struct spk_foreign *ret_f);

#endif
