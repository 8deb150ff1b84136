/* SPDX-License-Identifier: Apache-2.0 */
#include "authority/scope.h"

#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "wire/logs.h"

#define SCOPES_KEPT 4
#define GROW_MIN ((size_t)256)

/* -- serials */

static struct spk_span
serial_at(struct spk_span serials, uint64_t i)
{
    return spk_span(serials.ptr + i * SPK_FILE_ID_LEN, SPK_FILE_ID_LEN);
}

bool
spk_serial_find(struct spk_span serials, const struct spk_file_id *id, uint64_t *ret_i)
{
    uint64_t low = 0, high = serials.len / SPK_FILE_ID_LEN;

    while (low < high) {
        uint64_t mid = low + (high - low) / 2;
        int c = spk_span_cmp(serial_at(serials, mid), SPK_SPAN_OF(id->b));
        if (c == 0) {
            *ret_i = mid;
            return true;
        }
        if (c < 0) {
            low = mid + 1;
        } else {
            high = mid;
        }
    }
    return false;
}

spk_err
spk_serials_tree(struct spk_span serials, struct spk_tree **ret_t)
{
    size_t n = serials.len / SPK_FILE_ID_LEN;

    SPK_CHECK(n > 0 && serials.len % SPK_FILE_ID_LEN == 0, FORMAT);
    struct spk_hash *leaves = spk_calloc(n, sizeof(*leaves));
    SPK_CHECK(leaves != NULL, NOMEM);
    spk_err e = SPK_OK;
    for (size_t i = 0; spk_ok(e) && i < n; i++) {
        struct spk_span at = serial_at(serials, i);
        bool sorted = i == 0 || spk_span_cmp(serial_at(serials, i - 1), at) < 0;
        e = sorted ? spk_leaf_hash(at, &leaves[i]) : SPK_ERR(FORMAT);
    }
    if (spk_ok(e)) {
        e = spk_tree_new(leaves, n, ret_t);
    }
    spk_mem_free(leaves);
    return e;
}

/* -- scopes */

void
spk_scope_free(struct spk_scope *s)
{
    if (s != NULL) {
        spk_mem_free(s->index);
        spk_tree_free(s->tree);
        spk_tree_free(s->listed);
        spk_mem_free(s);
    }
}

struct item {
    uint64_t index;
    struct spk_hash leaf;
};
struct gather {
    struct item *items;
    size_t n, cap;
    struct spk_scope *s; /* whose policies are noted */
};

static void
note_policy(struct spk_scope *s, uint32_t number)
{
    size_t at = s->n_policies;

    while (at > 0 && s->policies[at - 1] > number) {
        at--;
    }
    if ((at > 0 && s->policies[at - 1] == number) || s->n_policies == SPK_SCOPE_POLICIES_MAX) {
        return;
    }
    memmove(&s->policies[at + 1], &s->policies[at], (s->n_policies - at) * sizeof(s->policies[0]));
    s->policies[at] = number;
    s->n_policies++;
}

static spk_err
gather_one(void *arg, const struct spk_deposit_row *row)
{
    struct gather *g = arg;
    uint8_t entry[40];

    spk_err e = spk_deposit_row_verify(row);
    if (e.code == SPK_CODE_CHANGED) {
        spk_log(SPK_LOG_ERROR, "deposit %llu was altered in the database: left out of a request",
                (unsigned long long)row->index);
        return SPK_OK;
    }
    SPK_TRY(e);
    if (g->n == g->cap) {
        size_t cap = g->cap < GROW_MIN ? GROW_MIN : g->cap * 2;
        struct item *grown = spk_reallocarray(g->items, cap, sizeof(*grown));
        SPK_CHECK(grown != NULL, NOMEM);
        g->items = grown;
        g->cap = cap;
    }
    note_policy(g->s, row->policy);
    spk_scope_entry(row->index, &row->oc, entry);
    g->items[g->n].index = row->index;
    SPK_TRY(spk_leaf_hash(SPK_SPAN_OF(entry), &g->items[g->n].leaf));
    g->n++;
    return SPK_OK;
}

static int
by_index(const void *a, const void *b)
{
    const struct item *x = a, *y = b;

    return x->index < y->index ? -1 : x->index > y->index ? 1 : 0;
}

static spk_err
gather_all(struct spk_store *store, uint64_t owner_key, struct spk_span serials, uint64_t end,
           struct gather *g)
{
    struct spk_deposit_query q = {.owner_key = owner_key, .end = end, .limit = UINT64_MAX};
    struct spk_deposit_page page;
    struct spk_file_id id;

    if (end == 0) {
        return SPK_OK; /* nothing was there yet; an end of 0 would mean no end */
    }
    if (serials.len == 0) {
        return spk_store_deposits(store, &q, gather_one, g, &page);
    }
    for (size_t i = 0; i < serials.len; i += SPK_FILE_ID_LEN) {
        memcpy(id.b, serials.ptr + i, SPK_FILE_ID_LEN);
        q.serial = &id;
        SPK_TRY(spk_store_deposits(store, &q, gather_one, g, &page));
    }
    if (g->n > 1) {
        qsort(g->items, g->n, sizeof(*g->items), by_index);
    }
    return SPK_OK;
}

static spk_err
arrange(struct spk_scope *s, const struct gather *g)
{
    if (g->n == 0) {
        return spk_tree_new(NULL, 0, &s->tree);
    }
    struct spk_hash *leaves = spk_calloc(g->n, sizeof(*leaves));
    s->index = spk_calloc(g->n, sizeof(*s->index));
    spk_err e = leaves != NULL && s->index != NULL ? SPK_OK : SPK_ERR(NOMEM);
    for (size_t i = 0; spk_ok(e) && i < g->n; i++) {
        s->index[i] = g->items[i].index;
        leaves[i] = g->items[i].leaf;
    }
    if (spk_ok(e)) {
        s->n = g->n;
        e = spk_tree_new(leaves, g->n, &s->tree);
    }
    spk_mem_free(leaves);
    return e;
}

spk_err
spk_scope_build(struct spk_store *store, uint64_t owner_key, struct spk_span serials, uint64_t end,
                struct spk_scope **ret_s)
{
    SPK_AUTO(spk_scope) s = spk_calloc(1, sizeof(*s));
    struct gather g = {.s = s};

    SPK_CHECK(s != NULL, NOMEM);
    spk_err e = gather_all(store, owner_key, serials, end, &g);
    if (spk_ok(e)) {
        e = arrange(s, &g);
    }
    spk_mem_free(g.items);
    SPK_TRY(e);
    if (serials.len > 0) {
        SPK_TRY(spk_serials_tree(serials, &s->listed));
    }
    *ret_s = SPK_STEAL(s);
    return SPK_OK;
}

uint64_t
spk_scope_first(const struct spk_scope *s)
{
    return s->n > 0 ? s->index[0] : SPK_NO_DEPOSIT;
}

uint64_t
spk_scope_from(const struct spk_scope *s, uint64_t from)
{
    uint64_t low = 0, high = s->n;

    while (low < high) {
        uint64_t mid = low + (high - low) / 2;
        if (s->index[mid] < from) {
            low = mid + 1;
        } else {
            high = mid;
        }
    }
    return low;
}

/* -- a few at hand */

struct spk_scopes {
    struct spk_scope *kept[SCOPES_KEPT];
    uint64_t clock;
};

spk_err
spk_scopes_new(struct spk_scopes **ret_c)
{
    *ret_c = spk_calloc(1, sizeof(**ret_c));
    return *ret_c != NULL ? SPK_OK : SPK_ERR(NOMEM);
}

void
spk_scopes_free(struct spk_scopes *c)
{
    for (size_t i = 0; c != NULL && i < SCOPES_KEPT; i++) {
        spk_scope_free(c->kept[i]);
    }
    spk_mem_free(c);
}

static struct spk_scope **
place(struct spk_scopes *c, const struct spk_hash *request)
{
    struct spk_scope **oldest = &c->kept[0];

    for (size_t i = 0; i < SCOPES_KEPT; i++) {
        struct spk_scope **k = &c->kept[i];
        if (*k != NULL && spk_hash_eq(&(*k)->request, request)) {
            return k;
        }
        if (*oldest != NULL && (*k == NULL || (*k)->used < (*oldest)->used)) {
            oldest = k;
        }
    }
    return oldest;
}

static spk_err
still_frozen(const struct spk_scope *s, const struct spk_request_row *row)
{
    struct spk_hash root;

    spk_tree_get_root(s->tree, &root);
    SPK_CHECK(s->n == row->scope_count && spk_hash_eq(&root, &row->scope_root), CHANGED);
    return SPK_OK;
}

spk_err
spk_scopes_get(struct spk_scopes *c, struct spk_store *store, const struct spk_request_row *row,
               const struct spk_scope **ret_s)
{
    struct spk_scope **k = place(c, &row->hash);

    if (*k == NULL || !spk_hash_eq(&(*k)->request, &row->hash)) {
        SPK_AUTO(spk_scope) s = NULL;
        SPK_TRY(spk_scope_build(store, row->owner_key, row->serials, row->scope_end, &s));
        SPK_TRY(still_frozen(s, row));
        s->request = row->hash;
        spk_scope_free(*k);
        *k = SPK_STEAL(s);
    }
    (*k)->used = ++c->clock;
    *ret_s = *k;
    return SPK_OK;
}
