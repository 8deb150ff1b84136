/* SPDX-License-Identifier: Apache-2.0 */
/* The slots of a key area, as a list in memory (doc/spec/sealed-file.md, "Key area"; type numbers
 * in doc/spec/registry.md). */
#ifndef SPK_SEALED_SLOTS_H
#define SPK_SEALED_SLOTS_H

#include "base/buf.h"
#include "crypto/hash.h"

#define SPK_SLOT_USER 1      /* SIMPLEBLOB for an owner or another recipient */
#define SPK_SLOT_AUTHORITY 2 /* SIMPLEBLOB for an authority */
#define SPK_SLOT_RECEIPT 3   /* receipt of one authority; recipient = H(authority SPKI) */
#define SPK_SLOT_METADATA 4  /* encrypted metadata */
#define SPK_SLOT_RECORD 5    /* deposit record of one authority; recipient = H(authority SPKI) */
#define SPK_SLOT_ACCEPTED 6  /* index and time given by one authority, before there are receipts */
#define SPK_SLOTS_MAX 256
#define SPK_SLOT_HEAD 40 /* of every slot, before its body */

struct spk_slot {
    uint16_t type;
    uint16_t flags; /* SPK_WRAP_* for types 1 and 2 */
    struct spk_hash recipient;
    struct spk_span body; /* borrowed from the list */
};

struct spk_slots;
SPK_MUST_USE spk_err spk_slots_new(struct spk_slots **ret_s);
void spk_slots_free(struct spk_slots *s);
SPK_DEFINE_AUTO(spk_slots)
size_t spk_slots_count(const struct spk_slots *s);
const struct spk_slot *spk_slots_at(const struct spk_slots *s, size_t i);
/** First slot of type (and recipient, when not NULL) at or after index from; NULL when none. */
const struct spk_slot *spk_slots_find(const struct spk_slots *s, uint16_t type,
                                      const struct spk_hash *recipient, size_t from);
/** Append a copy. */
SPK_MUST_USE spk_err spk_slots_add(struct spk_slots *s, const struct spk_slot *slot);
/** Replace the first slot of the same type and recipient, or append. */
SPK_MUST_USE spk_err spk_slots_put(struct spk_slots *s, const struct spk_slot *slot);
/** Bytes that the area needs for these slots: header, slots, MAC, SUM. */
size_t spk_slots_area_need(const struct spk_slots *s);

#endif
