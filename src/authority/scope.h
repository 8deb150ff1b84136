/* SPDX-License-Identifier: Apache-2.0 */
/* The scope of a request: its deposits in the order of the index, and the trees over them from
 * which the holder is shown a path with each release (doc/spec/statements.md). */
#ifndef SPK_AUTHORITY_SCOPE_H
#define SPK_AUTHORITY_SCOPE_H

#include "store/store.h"
#include "translog/merkle.h"

#define SPK_SCOPE_POLICIES_MAX 1024 /* as many as there can be policies; more are not named */

struct spk_scope {
    struct spk_hash request;
    uint64_t n;
    uint64_t *index; /* ascending */
    struct spk_tree *tree;
    struct spk_tree *listed; /* over the sorted serials; NULL when all are meant */
    size_t n_policies;
    uint32_t policies[SPK_SCOPE_POLICIES_MAX]; /* under which its deposits were made; ascending */
    uint64_t used;                             /* for the cache */
};
/** Deposits of an owner below end, all or those listed (16 bytes each, sorted). A row that was
 * altered in the database is left out (and logged). */
SPK_MUST_USE spk_err spk_scope_build(struct spk_store *store, uint64_t owner_key,
                                     struct spk_span serials, uint64_t end,
                                     struct spk_scope **ret_s);
void spk_scope_free(struct spk_scope *s);
SPK_DEFINE_AUTO(spk_scope)
/** The lowest index, or SPK_NO_DEPOSIT. */
uint64_t spk_scope_first(const struct spk_scope *s);
/** Position of the first deposit with an index not below from; n when there is none. */
uint64_t spk_scope_from(const struct spk_scope *s, uint64_t from);
/** Position of a serial in a sorted list; false when it is not in it. */
bool spk_serial_find(struct spk_span serials, const struct spk_file_id *id, uint64_t *ret_i);
/** The tree over sorted serials; not strictly ascending: SPK_CODE_FORMAT. */
SPK_MUST_USE spk_err spk_serials_tree(struct spk_span serials, struct spk_tree **ret_t);

/* A few scopes kept at hand; one thread at a time. */
struct spk_scopes;
SPK_MUST_USE spk_err spk_scopes_new(struct spk_scopes **ret_c);
void spk_scopes_free(struct spk_scopes *c);
SPK_DEFINE_AUTO(spk_scopes)
/** The scope of a request, built when it is not at hand; borrowed until the next call.
 * SPK_CODE_CHANGED: its deposits are not what they were when it was frozen. */
SPK_MUST_USE spk_err spk_scopes_get(struct spk_scopes *c, struct spk_store *store,
                                    const struct spk_request_row *row,
                                    const struct spk_scope **ret_s);

#endif
