/* SPDX-License-Identifier: Apache-2.0 */
/* Private metadata of a sealed file (slot type 4): name, mode, mtime ... encrypted under K with a
 * fresh 16-byte r on every write (doc/spec/sealed-file.md, "Metadata"). */
#ifndef SPK_SEALED_METADATA_H
#define SPK_SEALED_METADATA_H

#include "crypto/derive.h"
#include "sealed/slots.h"

#define SPK_META_NAME_MAX 255

struct spk_metadata {
    char name[SPK_META_NAME_MAX +
              1];  /* base name, any bytes but '/' and NUL; "" when there was none */
    uint32_t mode; /* permission bits */
    uint64_t mtime_ns;
    uint64_t size; /* UINT64_MAX when not known at sealing */
};
/** Length of the body that spk_metadata_seal() makes of m, for spk_seal_reserve(). */
size_t spk_metadata_body_len(const struct spk_metadata *m);
/** Body of a metadata slot. */
SPK_MUST_USE spk_err spk_metadata_seal(const struct spk_secret *key, const struct spk_file_id *id,
                                       const struct spk_hash *core_hash,
                                       const struct spk_metadata *m, struct spk_buf *body);
SPK_MUST_USE spk_err spk_metadata_open(const struct spk_secret *key, const struct spk_file_id *id,
                                       const struct spk_hash *core_hash, struct spk_span body,
                                       struct spk_metadata *ret_m);

#endif
