/* SPDX-License-Identifier: Apache-2.0 */
/* The core: the part of a sealed file that is written once (doc/spec/sealed-file.md, "Core"). */
#ifndef SPK_SEALED_CORE_H
#define SPK_SEALED_CORE_H

#include "base/buf.h"
#include "crypto/derive.h"

#define SPK_CORE_FIXED 88
#define SPK_CORE_ID_AT 16 /* of the file_id */
#define SPK_CORE_MAX 65536
#define SPK_CORE_FLAG_COMPACT 1u
#define SPK_AREA_MIN_COMPACT 256u
#define SPK_AREA_MIN 1024u
#define SPK_AREA_MAX 65536u
#define SPK_AREA_UNIT                                                                              \
    64u /* a compact area is a multiple of it; writers keep to it in both forms                    \
         */
#define SPK_AREA_DEFAULT 4096u
#define SPK_SEG_MIN 4096u
#define SPK_SEG_MAX 16777216u
#define SPK_SEG_DEFAULT 65536u
#define SPK_COMPACT_BELOW ((uint64_t)1 << 20)

/* TLVs of the core: public metadata only. All critical (< 0x8000). May repeat, one an authority, in
 * slot order. */
#define SPK_TLV_AUTHORITY 0x0001u /* H(authority SPKI) 32 || u32 key epoch || u32 policy number */

struct spk_core {
    struct spk_file_id id;
    uint64_t created; /* unix seconds */
    uint32_t area_len;
    uint32_t seg_len;
    uint32_t flags;
    struct spk_hash commitment;
    struct spk_span tlvs; /* borrowed: the raw TLV bytes, already checked */
};

/** Parse core bytes of exactly core_len (see spk_core_peek()). Unknown critical fields:
 * SPK_CODE_VERSION. */
SPK_MUST_USE spk_err spk_core_parse(struct spk_span bytes, struct spk_core *ret_core);
/** core_len of a file from its first 16 bytes: SPK_CODE_FORMAT when the magic is not ours. */
SPK_MUST_USE spk_err spk_core_peek(struct spk_span first16, uint32_t *ret_len);
SPK_MUST_USE spk_err spk_core_build(const struct spk_core *core, struct spk_buf *out);

struct spk_core_authority {
    struct spk_hash spki;
    uint32_t epoch;
    uint32_t policy;
};
/** Walk the TLVs: the i-th authority. SPK_CODE_NOTFOUND past the last. */
SPK_MUST_USE spk_err spk_core_authority(const struct spk_core *core, size_t i,
                                        struct spk_core_authority *ret_a);
SPK_MUST_USE spk_err spk_core_add_authority(struct spk_buf *tlvs,
                                            const struct spk_core_authority *a);

static inline unsigned
spk_core_areas(const struct spk_core *c)
{
    return (c->flags & SPK_CORE_FLAG_COMPACT) ? 1 : 2;
}

#endif
