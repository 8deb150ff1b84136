/* SPDX-License-Identifier: Apache-2.0 */
/* One key area as bytes: inside src/sealed only (doc/spec/sealed-file.md, "Key area"). */
#ifndef SPK_SEALED_AREA_H
#define SPK_SEALED_AREA_H

#include "sealed/header.h"

#define SPK_AREA_MAGIC "KSLT"
#define SPK_AREA_MAGIC_LEN 4
#define SPK_AREA_HEAD 20    /* before the first slot */
#define SPK_AREA_TRAILER 64 /* MAC and SUM, behind the last */
#define SPK_AREA_BODY_MAX (SPK_AREA_MAX - SPK_AREA_HEAD - SPK_SLOT_HEAD - SPK_AREA_TRAILER)

struct spk_area {
    enum spk_area_state state;
    bool unknown; /* SUM is right, but something critical in it is unknown to us */
    uint64_t generation;
    struct spk_span mac_over; /* borrowed from the area's bytes */
    struct spk_hash mac;
    struct spk_slots *slots; /* owned; NULL unless the state is GOOD */
};

/** Read an area. Damage is no error but a state; what fails is memory or the library. */
SPK_MUST_USE spk_err spk_area_parse(struct spk_span bytes, struct spk_area *ret_a);
void spk_area_end(struct spk_area *a);

/** MAC = HMAC-SHA-256(sub("key area", file_id, 32), "sparekey/1 area\0" || H(core) ||
 * area[0..used)). */
SPK_MUST_USE spk_err spk_area_mac(const struct spk_file_id *id, const struct spk_hash *core_hash,
                                  const struct spk_secret *key, struct spk_span mac_over,
                                  struct spk_hash *ret_mac);
/** Does the MAC of a parsed area hold under key? */
SPK_MUST_USE spk_err spk_area_mac_ok(const struct spk_area *a, const struct spk_file_id *id,
                                     const struct spk_hash *core_hash, const struct spk_secret *key,
                                     bool *ret_ok);

#endif
