/* SPDX-License-Identifier: Apache-2.0 */
#include "holder/logstate.h"

#include <string.h>

bool
spk_logs_begun(const struct spk_hstate *s)
{
    return s->logs.begins;
}

uint64_t
spk_logs_size(const struct spk_hstate *s, enum spk_log_id log)
{
    return log == SPK_LOG_DEPOSITS ? s->logs.deposits : s->logs.edge.n;
}

spk_err
spk_logs_root(const struct spk_hstate *s, enum spk_log_id log, struct spk_hash *ret_root)
{
    if (log == SPK_LOG_RECOVERIES) {
        return spk_edge_root(&s->logs.edge, ret_root);
    }
    if (s->logs.deposits == 0) {
        return spk_sha256(SPK_SPAN_EMPTY, ret_root);
    }
    *ret_root = s->logs.deposits_root;
    return SPK_OK;
}

spk_err
spk_logs_edge(uint64_t n, struct spk_span hashes, struct spk_edge *ret_e)
{
    struct spk_rd r = spk_rd(hashes);
    struct spk_edge e = {.n = n};

    SPK_CHECK(n <= SPK_LOG_MAX, FORMAT);
    for (unsigned l = 0; l < SPK_PATH_MAX; l++) {
        if ((n >> l & 1) != 0) {
            SPK_TRY(spk_rd_copy(&r, e.part[l].b, SPK_HASH_LEN));
        }
    }
    SPK_TRY(spk_rd_end(&r));
    *ret_e = e;
    return SPK_OK;
}

spk_err
spk_logs_recoveries_body(const struct spk_edge *e, uint64_t last_ms, struct spk_span logged,
                         struct spk_buf *body)
{
    SPK_TRY(spk_buf_u64(body, e->n));
    SPK_TRY(spk_buf_u64(body, last_ms));
    for (unsigned l = 0; l < SPK_PATH_MAX; l++) {
        if ((e->n >> l & 1) != 0) {
            SPK_TRY(spk_buf_add(body, spk_hash_span(&e->part[l])));
        }
    }
    SPK_TRY(spk_buf_u16(body, (uint16_t)(logged.len / SPK_LOGGED_LEN)));
    return spk_buf_add(body, logged);
}

/* -- applying ---------------------------------------------------------------------------------- */

static spk_err
rd_deposits(struct spk_rd *r, uint64_t *ret_size, struct spk_hash *ret_root)
{
    SPK_TRY(spk_rd_u64(r, ret_size));
    SPK_TRY(spk_rd_copy(r, ret_root->b, SPK_HASH_LEN));
    SPK_TRY(spk_rd_end(r));
    SPK_CHECK(*ret_size <= SPK_LOG_MAX, FORMAT);
    return SPK_OK;
}

static void
take_deposits(struct spk_hstate *s, uint64_t size, const struct spk_hash *root)
{
    s->ballast += s->logs.deposits > 0 || s->logs.marked; /* the one before says nothing any more */
    s->logs.deposits = size;
    s->logs.deposits_root = *root;
}

spk_err
spk_logs_apply_deposits(struct spk_hstate *s, struct spk_rd *r)
{
    struct spk_hash root;
    uint64_t size;

    SPK_TRY(rd_deposits(r, &size, &root));
    SPK_CHECK(size > s->logs.deposits && !s->logs.marked, FORMAT);
    take_deposits(s, size, &root);
    return SPK_OK;
}

/* In a running holder the file is ahead, and the mark says what is known already. */
spk_err
spk_logs_apply_mark(struct spk_hstate *s, struct spk_rd *r)
{
    struct spk_hash root;
    uint64_t size;

    SPK_TRY(rd_deposits(r, &size, &root));
    SPK_CHECK(size >= s->logs.deposits, FORMAT);
    SPK_CHECK(size == 0 || size > s->logs.deposits || spk_hash_eq(&root, &s->logs.deposits_root),
              FORMAT);
    take_deposits(s, size, &root);
    s->logs.marked = true;
    return SPK_OK;
}

static spk_err
rd_recoveries(struct spk_rd *r, struct spk_edge *ret_e, uint64_t *ret_last, struct spk_rd *ret_list)
{
    struct spk_span hashes, list;
    uint64_t n;
    uint16_t logged;

    SPK_TRY(spk_rd_u64(r, &n));
    SPK_TRY(spk_rd_u64(r, ret_last));
    SPK_TRY(spk_rd_span(r, (size_t)__builtin_popcountll(n) * SPK_HASH_LEN, &hashes));
    SPK_TRY(spk_logs_edge(n, hashes, ret_e));
    SPK_TRY(spk_rd_u16(r, &logged));
    SPK_TRY(spk_rd_span(r, (size_t)logged * SPK_LOGGED_LEN, &list));
    SPK_TRY(spk_rd_end(r));
    *ret_list = spk_rd(list);
    return SPK_OK;
}

struct logged {
    struct spk_hash request;
    uint64_t index;
    bool waits;
};

static spk_err
rd_logged(struct spk_rd *r, struct logged *ret_l)
{
    uint8_t waits;

    SPK_TRY(spk_rd_copy(r, ret_l->request.b, SPK_HASH_LEN));
    SPK_TRY(spk_rd_u64(r, &ret_l->index));
    SPK_TRY(spk_rd_u8(r, &waits));
    SPK_CHECK(waits <= 1, FORMAT);
    ret_l->waits = waits == 1;
    return SPK_OK;
}

/* What its owner can see from now on: from now on it waits. */
static void
take_logged(struct spk_hstate *s, const struct logged *l)
{
    struct spk_hreq *q = spk_state_request(s, &l->request);

    if (q == NULL) { /* forgotten; what is left of it is the entry */
        return;
    }
    q->logged = true;
    q->entry = l->index;
    if (l->waits) {
        q->opened = s->wall;
        q->opened_run = s->running;
    }
}

spk_err
spk_logs_apply_recoveries(struct spk_hstate *s, struct spk_rd *r)
{
    struct spk_edge e;
    struct spk_rd list;
    struct logged l;
    uint64_t last;

    SPK_TRY(rd_recoveries(r, &e, &last, &list));
    SPK_CHECK(e.n > s->logs.edge.n || (e.n == 0 && !s->logs.begins), FORMAT);
    SPK_CHECK(last >= s->logs.last_ms, FORMAT);
    for (struct spk_rd look = list; look.left > 0;) {
        SPK_TRY(rd_logged(&look, &l));
        SPK_CHECK(l.index < e.n, FORMAT);
    }
    while (list.left > 0) {
        SPK_TRY(rd_logged(&list, &l));
        take_logged(s, &l);
    }
    s->ballast += s->logs.edge.n > s->logs.begun;
    s->logs.edge = e;
    s->logs.last_ms = last;
    s->logs.begins = true;
    s->logs.begun = s->logs.begun > 0 ? s->logs.begun : e.n;
    return SPK_OK;
}

spk_err
spk_logs_apply_first(struct spk_hstate *s, struct spk_rd *r)
{
    struct spk_hash request;
    uint64_t first;

    SPK_TRY(spk_rd_copy(r, request.b, SPK_HASH_LEN));
    SPK_TRY(spk_rd_u64(r, &first));
    SPK_TRY(spk_rd_end(r));
    struct spk_hreq *q = spk_state_request(s, &request);
    if (q != NULL) { /* one that was forgotten and opened again has an older record of this kind */
        q->has_first = true;
        q->first = first;
    }
    return SPK_OK;
}

/* -- compaction -------------------------------------------------------------------------------- */

static bool
keeps_recoveries(const struct spk_hstate *s, struct spk_rd *r)
{
    struct spk_edge e;
    struct spk_rd list;
    struct logged l;
    uint64_t last;

    if (!spk_ok(rd_recoveries(r, &e, &last, &list))) {
        return true; /* when in doubt: as for the others */
    }
    /* the first one tells which requests were opened before the log */
    bool keep = e.n == 0 || e.n == s->logs.edge.n || e.n == s->logs.begun;
    while (!keep && spk_ok(rd_logged(&list, &l))) {
        const struct spk_hreq *q = spk_state_request(s, &l.request);
        keep = q != NULL && q->logged && q->entry == l.index;
    }
    return keep;
}

bool
spk_logs_keeps(const struct spk_hstate *s, uint16_t type, struct spk_span body)
{
    struct spk_rd r = spk_rd(body);
    struct spk_span times;
    uint64_t size;

    if (!spk_ok(spk_rd_span(&r, SPK_JREC_TIMES, &times))) {
        return true;
    }
    if (type == SPK_JREC_RECOVERIES) {
        return keeps_recoveries(s, &r);
    }
    if (!spk_ok(spk_rd_u64(&r, &size))) {
        return true;
    }
    return size == s->logs.deposits && (type == SPK_JREC_DEPOSITS_MARK) == s->logs.marked;
}
