/* SPDX-License-Identifier: Apache-2.0 */
/* Which files a run is sealing just now, so that two runs over one tree do not seal a file twice
 * (doc/spec/client-files.md, "Claims"). Gone with the process, however it ends. */
#ifndef SPK_CLIENT_CLAIM_H
#define SPK_CLIENT_CLAIM_H

#include "client/profile.h"

/** The descriptor that claims are made on, to be closed; -1 where there can be none: then nothing
 * is claimed, and nobody is in the way. */
int spk_claims_open(const struct spk_profile *p);
/** Claim the file behind fd. SPK_CODE_BUSY: another process has. */
SPK_MUST_USE spk_err spk_claim(int claims, int fd, uint64_t *ret_claim);
void spk_claim_end(int claims, uint64_t claim);

#endif
