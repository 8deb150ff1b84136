/* SPDX-License-Identifier: Apache-2.0 */
/* Key containers that a recovery has set aside: no authority honours their keys any more, but files
 * that nobody has repaired still open with them (doc/spec/client-files.md, "Recovery"). */
#ifndef SPK_CLIENT_KEPT_H
#define SPK_CLIENT_KEPT_H

#include "client/recovered.h"
#include "client/session.h"
#include "sealed/header.h"

#define SPK_KEPT_MAX 64 /* the newest ones; older ones are opened by --container */

/** The name under which a container is kept: "NAME (old TIME)". */
SPK_MUST_USE spk_err spk_kept_name(const char *container, uint64_t unix_seconds,
                                   struct spk_buf *out);
/** How many there are of the session's container, and the name of number i, the newest first. */
SPK_MUST_USE spk_err spk_kept_count(struct spk_session *s, size_t *ret_n);
const char *spk_kept_at(const struct spk_session *s, size_t i);
void spk_kept_free(struct spk_kept *k);

/** K of a header, by a slot for one of them or by what an earlier recovery has left under one of
 * them. s->opened_by then names the container. SPK_CODE_NOKEY: none opens it; SPK_CODE_PASS: one
 * may, but stays locked; SPK_CODE_AUTH: one has a slot, and it or the header is damaged. */
SPK_MUST_USE spk_err spk_kept_open(struct spk_session *s, struct spk_header *h,
                                   struct spk_secret **ret_key);
/** K of a recovered key, by the present pair or by one of them; asks for no passphrase of a kept
 * container. SPK_CODE_NOKEY: none opens it. */
SPK_MUST_USE spk_err spk_kept_unwrap(struct spk_session *s, const struct spk_recovered *r,
                                     struct spk_secret **ret_key);

#endif
