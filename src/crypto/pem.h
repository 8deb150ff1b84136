/* SPDX-License-Identifier: Apache-2.0 */
/* PEM (RFC 7468): one block of base64 between two lines. */
#ifndef SPK_CRYPTO_PEM_H
#define SPK_CRYPTO_PEM_H

#include "base/buf.h"

/** Append `-----BEGIN label-----` and so on. */
SPK_MUST_USE spk_err spk_pem_put(struct spk_buf *b, const char *label, struct spk_span der);
/** The first block with this label, text before it ignored; appended to der. None: SPK_CODE_FORMAT.
 */
SPK_MUST_USE spk_err spk_pem_get(struct spk_span text, const char *label, struct spk_buf *der);

#endif
