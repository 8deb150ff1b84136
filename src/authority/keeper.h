/* SPDX-License-Identifier: Apache-2.0 */
/* What the server does without being asked, on the thread that talks to the holder: files records
 * that came with files, opens requests, proves new deposits at a low rate, keeps the holder in
 * reach. */
#ifndef SPK_AUTHORITY_KEEPER_H
#define SPK_AUTHORITY_KEEPER_H

#include "authority/server.h"

struct spk_keeper;
SPK_MUST_USE spk_err spk_keeper_new(struct spk_server *s, struct spk_keeper **ret_k);
/** NULL allowed. */
void spk_keeper_free(struct spk_keeper *k);
SPK_DEFINE_AUTO(spk_keeper)
/** There is something new to look at. */
void spk_keeper_poke(struct spk_keeper *k);

#endif
