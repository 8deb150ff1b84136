/* SPDX-License-Identifier: Apache-2.0 */
/* Replacing slots: for replace.c (in place) and rewrite.c (through a temporary), and for the test
 * that cuts the power. */
#ifndef SPK_SEALED_REPLACE_INT_H
#define SPK_SEALED_REPLACE_INT_H

#include <sys/stat.h>

#include "sealed/header_int.h"

/** All writes in place go through here; a test puts its own in to tear them. */
extern spk_err (*spk_replace_pwrite)(int fd, struct spk_span s, uint64_t off);

/** How long another replacer is waited for, before SPK_CODE_BUSY; a test is less patient. */
extern uint64_t spk_replace_wait_ms;

/* A sealed file that is locked against other replacers. */
struct spk_target {
    int fd;
    bool read_only;
    int dirfd;
    char *path; /* where the file really is, behind symbolic links */
    struct stat st;
};

/** Generation for the next record: one after that of the newest area whose MAC holds, which
 * *ret_newest names; 1 and no area (2) when there is none. */
SPK_MUST_USE spk_err spk_next_generation(const struct spk_header *h, const struct spk_secret *key,
                                         uint64_t *ret_generation, unsigned *ret_newest);

/** Write the file anew with these slots and areas of area_len, and put it in the old one's place. h
 * tells what the core is (or shall be); the payload moves as it is, or is sealed again under K when
 * area_len changes. */
SPK_MUST_USE spk_err spk_target_rewrite(const struct spk_target *t, const struct spk_header *h,
                                        const struct spk_secret *key, const struct spk_slots *slots,
                                        uint32_t area_len);

#endif
