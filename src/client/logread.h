/* SPDX-License-Identifier: Apache-2.0 */
/* A log of an authority, read from afar over its tiles (doc/spec/log.md §3). What the server says
 * is worth nothing before it has led to a signed checkpoint: that is the caller's to check. */
#ifndef SPK_CLIENT_LOGREAD_H
#define SPK_CLIENT_LOGREAD_H

#include "client/api.h"
#include "translog/tile.h"
#include "wire/logs.h"

struct spk_logread;
/** The first size entries of a log; api is borrowed. Nothing is sent yet. */
SPK_MUST_USE spk_err spk_logread_new(struct spk_api *api, enum spk_log_id log, uint64_t size,
                                     struct spk_logread **ret_l);
void spk_logread_free(struct spk_logread *l);
SPK_DEFINE_AUTO(spk_logread)

/** Its tree, for spk_nodes_growth() and its kin; borrowed from l. */
struct spk_nodes spk_logread_nodes(struct spk_logread *l);
/** Entries from .. size - 1 in their order, bytes borrowed for the call.
 * SPK_CODE_PROTO: a tile that is not one. */
typedef spk_err (*spk_logread_fn)(void *ctx, uint64_t index, struct spk_span entry);
SPK_MUST_USE spk_err spk_logread_entries(struct spk_logread *l, uint64_t from, spk_logread_fn fn,
                                         void *ctx);
/** One of the entries; appends to bytes. Neighbours are fetched with it and kept. */
SPK_MUST_USE spk_err spk_logread_entry(struct spk_logread *l, uint64_t index,
                                       struct spk_buf *bytes);

#endif
