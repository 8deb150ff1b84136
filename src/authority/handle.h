/* SPDX-License-Identifier: Apache-2.0 */
/* What the handlers of operations share. */
#ifndef SPK_AUTHORITY_HANDLE_H
#define SPK_AUTHORITY_HANDLE_H

#include "authority/http.h"
#include "authority/routes.h"
#include "authority/server.h"

/** Number in the query: fallback when it is not there; above max or not a number: r is answered and
 * false returned. */
bool spk_param_u64(struct spk_exchange *r, const char *name, uint64_t max, uint64_t fallback,
                   uint64_t *ret_v);
/** `after` (exclusive) and `limit`: from which index on, and how many. */
bool spk_param_page(struct spk_exchange *r, uint64_t max_limit, uint64_t *ret_from,
                    uint64_t *ret_limit);
/** The same for a list with keys from 1 on: what `after` says (0: from the first one), and how
 * many. */
bool spk_param_keys(struct spk_exchange *r, uint64_t max_limit, uint64_t *ret_after,
                    uint64_t *ret_limit);
/** limits.list, or less when a list cannot be as long. */
uint64_t spk_list_max(const struct spk_exchange *r, uint64_t most);
/** "next" of such a list: null unless there may be more behind last. */
void spk_write_next(struct spk_jw *w, bool more, uint64_t last);
/** The same for a list that begins with the highest key: what is passed on rises in it, too. */
uint64_t spk_newest_first(uint64_t key_or_after);
/** The body as a JSON object with no keys but these. False: r is answered. */
bool spk_body_json(struct spk_exchange *r, const char *const *keys, struct spk_json **ret_j);
/** A request that officers may see: the holder has been told of it. False: r is answered. */
bool spk_find_told(struct spk_exchange *r, const struct spk_hash *hash,
                   struct spk_request_row *row);
/** "entries": what stands in the recoveries log about a request, but for its releases, of which
 * each names the request's own entry in clear. */
SPK_MUST_USE spk_err spk_write_entries(struct spk_jw *w, struct spk_store *store,
                                       const struct spk_hash *request);
/** Take n from the bucket of key. False: r is answered with 429. */
bool spk_rate_ok(struct spk_exchange *r, struct spk_rate *rate, struct spk_span key, uint64_t n,
                 const char *message);

#endif
