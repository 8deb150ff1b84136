/* SPDX-License-Identifier: Apache-2.0 */
/* The header of a sealed file on disk or in memory: core and key areas together; reading it,
 * opening it with a key, replacing its slots crash-safe (doc/spec/sealed-file.md, "Procedures"). */
#ifndef SPK_SEALED_HEADER_H
#define SPK_SEALED_HEADER_H

#include "keyblob/wrap.h"
#include "sealed/core.h"
#include "sealed/slots.h"

#define SPK_HEADER_MAX (SPK_CORE_MAX + 2 * SPK_AREA_MAX)

struct spk_header;
/** Read core and areas from a regular file or the front of a pipe (then exactly the header is
 * consumed). A damaged area is no error here (see _area_state); an unusable core is. */
SPK_MUST_USE spk_err spk_header_read(int fd, struct spk_header **ret_h);
/** The same from bytes (as long as the header or longer). */
SPK_MUST_USE spk_err spk_header_parse(struct spk_span bytes, struct spk_header **ret_h);
void spk_header_free(struct spk_header *h);
SPK_DEFINE_AUTO(spk_header)

const struct spk_core *spk_header_core(const struct spk_header *h);
/** The core verbatim, as it goes into R_priv, and its hash. */
struct spk_span spk_header_core_bytes(const struct spk_header *h);
const struct spk_hash *spk_header_core_hash(const struct spk_header *h);
/** Offset of the payload: core_len + areas * area_len. */
uint64_t spk_header_payload_off(const struct spk_header *h);

/** Length of the whole file when there are plain_len bytes in it. */
uint64_t spk_header_file_len(const struct spk_header *h, uint64_t plain_len);

enum spk_area_state { SPK_AREA_GOOD, SPK_AREA_BAD, SPK_AREA_ABSENT };
/** State of area 0 (A) or 1 (B) by structure and SUM; says nothing about the MAC. */
enum spk_area_state spk_header_area_state(const struct spk_header *h, unsigned area,
                                          uint64_t *ret_generation);
/** Why no area is readable: written by a later version, cut short, or damaged. */
SPK_MUST_USE spk_err spk_header_fault(const struct spk_header *h);
/** True when some readable area has a user or authority slot for this key: a claim, like all that
 * is read before opening. */
bool spk_header_meets(const struct spk_header *h, const struct spk_hash *spki);
/** Slots of the best area (highest generation with right SUM; after opening, the one whose MAC
 * holds). Before opening they are claims. NULL when no area is readable. */
struct spk_slots *spk_header_slots(struct spk_header *h);
/** Opened, and the MAC over these slots has held: they are no claims. */
bool spk_header_slots_hold(const struct spk_header *h);

/** Open with a pair: tries its slots in every readable area; on success K is given, the MAC has
 * held, and spk_header_slots() are verified. SPK_CODE_NOKEY: no slot for this pair. SPK_CODE_AUTH:
 * there is one but it does not open or the MAC fails - one code for all cryptographic causes. */
SPK_MUST_USE spk_err spk_header_open(struct spk_header *h, const struct spk_rsa *pair,
                                     struct spk_secret **ret_key);
/** Open with K itself (recovered): the commitment must hold; areas may be damaged (then *ret_mac_ok
 * is false and the slots are claims to be rebuilt). SPK_CODE_AUTH when C does not match. */
SPK_MUST_USE spk_err spk_header_open_key(struct spk_header *h, const struct spk_secret *key,
                                         bool *ret_mac_ok);
/** Build one area's bytes (area_len) for these slots. SPK_CODE_LIMIT when they do not fit. */
SPK_MUST_USE spk_err spk_area_build(const struct spk_core *core, const struct spk_hash *core_hash,
                                    const struct spk_secret *key, uint64_t generation,
                                    const struct spk_slots *slots, struct spk_buf *out);

/** The header of a regular file whose core is damaged, with core_bytes (verbatim, from R_priv) in
 * its place, and area_len as a rewrite may have changed it since. SPK_CODE_AUTH when core_bytes is
 * not of key or not of this file's payload. Nothing is written; areas, and so the slots, may be
 * whole. */
SPK_MUST_USE spk_err spk_header_read_with_core(int fd, struct spk_span core_bytes,
                                               const struct spk_secret *key,
                                               struct spk_header **ret_h);

/** Is this deposited core the header's? But for area_len: a rewrite of the slots may have changed
 * that (doc/spec/sealed-file.md, "Rebuilding"). SPK_CODE_AUTH: it is another. */
SPK_MUST_USE spk_err spk_header_check_core(const struct spk_header *h, struct spk_span deposited);

/** Slots of the first whole key area (by SUM) in front of a regular file whose core says nothing
 * any more: claims. SPK_CODE_NOTFOUND: there is none. */
SPK_MUST_USE spk_err spk_header_find_slots(int fd, struct spk_slots **ret_slots);

/** Replace the slots of the file dirfd/path under key. Two-area form in place: the copy that is not
 * the newest valid one, fdatasync, then the other, fdatasync. Compact form (or slots that outgrow
 * the area, or a file that may be read but not written): a rewrite through a temporary and rename,
 * the payload re-encrypted with a fresh FLOE IV when area_len must change. The file's owner, mode
 * and times of modification are kept. SPK_CODE_BUSY: another replacer holds the file for too long.
 */
SPK_MUST_USE spk_err spk_sealed_replace_slots(int dirfd, const char *path,
                                              const struct spk_secret *key,
                                              const struct spk_slots *slots);
/** As above for a file whose core is damaged: write core_bytes (verbatim, from R_priv) first. The
 * file must be at least as long as the header. key must match the commitment in core_bytes. */
SPK_MUST_USE spk_err spk_sealed_rebuild(int dirfd, const char *path, struct spk_span core_bytes,
                                        const struct spk_secret *key,
                                        const struct spk_slots *slots);

#endif
