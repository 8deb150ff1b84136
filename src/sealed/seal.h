/* SPDX-License-Identifier: Apache-2.0 */
/* Sealing and opening whole files: streams in flat memory, all cores, no partial output.
 *
 * Sealing has two steps so that a deposit can be made between them: begin() makes K, id and core;
 * the caller wraps K into slots; run() writes header and payload to a descriptor that nobody sees
 * yet.
 *
 *     struct spk_seal     one file's key, slots and payload while they are written (here)
 *     struct spk_sealing  a spk_seal with its deposits (client/sealing.h)
 *     struct spk_sealed   the finished file, read at any place (here, below) */
#ifndef SPK_SEALED_SEAL_H
#define SPK_SEALED_SEAL_H

#include "sealed/header.h"

struct spk_progress { /* called from one thread at a time, after each 8 MiB read, and at the end */
    void (*tick)(void *ctx, uint64_t done, uint64_t total_or_0);
    void *ctx;
    const volatile int
        *stop; /* set (by a signal handler) to end with SPK_CODE_STOPPED; may be NULL */
};

struct spk_seal_opts {
    uint32_t seg_len;  /* 0: default */
    uint32_t area_len; /* 0: what the slots need with room for a receipt and one 4096-bit slot */
    unsigned threads;  /* 0: what affinity mask and cgroup quota allow */
    int compact;       /* -1: below SPK_COMPACT_BELOW (known size), 0: never, 1: always */
    const struct spk_progress *progress;
};

struct spk_seal; /* a sealing in the making */
/** size_or_unknown: UINT64_MAX for a pipe. tlvs: raw TLV bytes for the core (authorities), may be
 * empty. */
SPK_MUST_USE spk_err spk_seal_begin(uint64_t size_or_unknown, struct spk_span tlvs,
                                    const struct spk_seal_opts *opts, struct spk_seal **ret_s);
void spk_seal_free(struct spk_seal *s);
SPK_DEFINE_AUTO(spk_seal)
const struct spk_secret *spk_seal_key(const struct spk_seal *s); /* borrowed */
const struct spk_file_id *spk_seal_id(const struct spk_seal *s);
const struct spk_hash *spk_seal_commitment(const struct spk_seal *s);
/** The slots to fill before spk_seal_core(). Order matters for nothing. */
struct spk_slots *spk_seal_slots(struct spk_seal *s);
/** How many more slot bytes will be added after spk_seal_core() (deposit records): counted into
 * area_len. */
void spk_seal_reserve(struct spk_seal *s, size_t bytes);
/** Bytes of slots that still go into the area, once area_len is fixed. */
size_t spk_seal_room(const struct spk_seal *s);
/** Fix area_len and give the core's bytes (borrowed). The slots may still change within the
 * reserve. */
SPK_MUST_USE spk_err spk_seal_core(struct spk_seal *s, struct spk_span *ret_core);
/** Read all of in (file or pipe), write the sealed file to out (a regular file or a pipe).
 * A regular input that changes while it is read (size, mtime, ctime): SPK_CODE_CHANGED. */
SPK_MUST_USE spk_err spk_seal_run(struct spk_seal *s, int in, int out);
/** Plaintext bytes read. */
uint64_t spk_seal_bytes(const struct spk_seal *s);
/** After run(): write the areas again with the slots as they are now (in place, for out regular).
 */
SPK_MUST_USE spk_err spk_seal_rewrite_areas(struct spk_seal *s, int out);

struct spk_open_opts {
    unsigned threads;
    uint32_t max_seg_len; /* 0: SPK_SEG_MAX */
    const struct spk_progress *progress;
    uint64_t *bad_segment; /* set to the number of the segment that failed, when not NULL */
};
/** Decrypt the payload that follows the header at in's start (regular file: by offset; pipe: what
 * remains after spk_header_read()). To a regular out: nothing is final before the last segment
 * verified (the caller renames). To a pipe: verified segments leave in order. SPK_CODE_TRUNC: ends
 * before the final segment; SPK_CODE_FORMAT: bytes behind it; SPK_CODE_AUTH: altered. */
SPK_MUST_USE spk_err spk_open_run(const struct spk_header *h, const struct spk_secret *key, int in,
                                  int out, const struct spk_open_opts *opts, uint64_t *ret_bytes);

/** Without a key: does this regular file end where its last segment says? Two small reads; only the
 * key tells whether what stands there is right. SPK_CODE_TRUNC: it is cut short; SPK_CODE_FORMAT:
 * bytes behind the end; SPK_CODE_AUTH: altered there. */
SPK_MUST_USE spk_err spk_open_check_end(const struct spk_header *h, int in);

/* Random access for libraries: any thread may call. */
struct spk_sealed;
SPK_MUST_USE spk_err spk_sealed_open(int fd, const struct spk_header *h,
                                     const struct spk_secret *key, struct spk_sealed **ret_f);
uint64_t
spk_sealed_size(const struct spk_sealed *f); /* verified: the last segment was opened as final */
SPK_MUST_USE spk_err spk_sealed_read_at(struct spk_sealed *f, uint64_t off, struct spk_mut ret_dst,
                                        size_t *ret_n);
void spk_sealed_free(struct spk_sealed *f);
SPK_DEFINE_AUTO(spk_sealed)

#endif
