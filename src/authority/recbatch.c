/* SPDX-License-Identifier: Apache-2.0 */
#include "authority/recbatch.h"

#include <string.h>

#define TIME_AT 8 /* in every entry */

struct line {
    struct spk_log_entry_row row; /* its spans point at what follows */
    uint8_t entry[SPK_LOG_ENTRY_LEN_MAX];
    struct spk_hash request;
    uint8_t salt[32];
    struct spk_buf detail;
};
struct spk_recbatch {
    size_t n;
    struct line line[SPK_RECBATCH_MAX];
};

spk_err
spk_recbatch_new(struct spk_recbatch **ret_b)
{
    struct spk_recbatch *b = spk_calloc(1, sizeof(*b));

    SPK_CHECK(b != NULL, NOMEM);
    *ret_b = b;
    return SPK_OK;
}

void
spk_recbatch_free(struct spk_recbatch *b)
{
    if (b == NULL) {
        return;
    }
    for (size_t i = 0; i < b->n; i++) {
        spk_buf_free(&b->line[i].detail);
    }
    spk_mem_free(b);
}

size_t
spk_recbatch_count(const struct spk_recbatch *b)
{
    return b->n;
}

/* row is as the store hands it over, or will get it. */
static spk_err
add(struct spk_recbatch *b, const struct spk_log_entry_row *row)
{
    SPK_CHECK(b->n < SPK_RECBATCH_MAX && row->entry.len <= SPK_LOG_ENTRY_LEN_MAX, LIMIT);
    struct line *l = &b->line[b->n];

    *l = (struct line){.row = *row, .detail = SPK_BUF(SPK_NOTE_MAX)};
    memcpy(l->entry, row->entry.ptr, row->entry.len);
    l->row.entry = spk_span(l->entry, row->entry.len);
    if (row->request != NULL) {
        SPK_CHECK(row->salt.len == sizeof(l->salt), CHANGED);
        l->request = *row->request;
        memcpy(l->salt, row->salt.ptr, row->salt.len);
        l->row.request = &l->request;
        l->row.salt = SPK_SPAN_OF(l->salt);
    }
    SPK_TRY(spk_buf_add(&l->detail, row->detail));
    l->row.detail = spk_buf_span(&l->detail);
    b->n++;
    return SPK_OK;
}

spk_err
spk_recbatch_add(struct spk_recbatch *b, const struct spk_entry *e, const struct spk_hash *request,
                 const uint8_t salt[32], struct spk_span detail)
{
    struct spk_entry x = *e;
    uint8_t bytes[SPK_LOG_ENTRY_LEN_MAX];
    struct spk_log_entry_row row = {.request = request, .detail = detail};
    size_t len = 0;

    if (request != NULL) {
        SPK_TRY(spk_entry_or(salt, request, detail, &x.hash));
        row.salt = spk_span(salt, 32);
    }
    spk_entry_build(&x, bytes, &len);
    row.entry = spk_span(bytes, len);
    return add(b, &row);
}

static spk_err
load_one(void *arg, const struct spk_log_entry_row *row)
{
    return add(arg, row);
}

spk_err
spk_recbatch_load(struct spk_recbatch *b, struct spk_store *store, uint64_t from)
{
    return spk_store_log_entries(store, from, UINT64_MAX, load_one, b);
}

void
spk_recbatch_time(struct spk_recbatch *b, uint64_t time_ms)
{
    for (size_t i = 0; i < b->n; i++) {
        b->line[i].row.time_ms = time_ms;
        spk_put_u64(b->line[i].entry + TIME_AT, time_ms);
    }
}

spk_err
spk_recbatch_put(const struct spk_recbatch *b, struct spk_store *store)
{
    uint64_t index = 0;

    for (size_t i = 0; i < b->n; i++) {
        SPK_TRY(spk_store_put_log_entry(store, &b->line[i].row, &index));
    }
    return SPK_OK;
}

/* -- the message */

void
spk_recsent_clear(struct spk_recsent *m)
{
    spk_buf_free(&m->entries);
    spk_buf_free(&m->salts);
    spk_buf_free(&m->requests);
    spk_buf_free(&m->details);
}

static spk_err
send_line(const struct line *l, struct spk_recsent *m)
{
    struct spk_hash detail;

    SPK_TRY(spk_buf_u16(&m->entries, (uint16_t)l->row.entry.len));
    SPK_TRY(spk_buf_add(&m->entries, l->row.entry));
    if (l->row.request == NULL) {
        return SPK_OK;
    }
    SPK_TRY(spk_sha256(l->row.detail, &detail));
    SPK_TRY(spk_buf_add(&m->salts, l->row.salt));
    SPK_TRY(spk_buf_add(&m->requests, spk_hash_span(&l->request)));
    return spk_buf_add(&m->details, spk_hash_span(&detail));
}

spk_err
spk_recbatch_attrs(const struct spk_recbatch *b, struct spk_recsent *m, struct spk_attrs *in)
{
    *m = (struct spk_recsent){.entries = SPK_BUF(SPK_FRAME_MAX),
                              .salts = SPK_BUF(SPK_FRAME_MAX),
                              .requests = SPK_BUF(SPK_FRAME_MAX),
                              .details = SPK_BUF(SPK_FRAME_MAX)};
    for (size_t i = 0; i < b->n; i++) {
        SPK_TRY(send_line(&b->line[i], m));
    }
    SPK_TRY(spk_attrs_add(in, SPK_FA_ENTRIES, spk_buf_span(&m->entries)));
    if (m->salts.len == 0) {
        return SPK_OK;
    }
    SPK_TRY(spk_attrs_add(in, SPK_FA_SALTS, spk_buf_span(&m->salts)));
    SPK_TRY(spk_attrs_add(in, SPK_FA_REQUESTS, spk_buf_span(&m->requests)));
    return spk_attrs_add(in, SPK_FA_DETAILS, spk_buf_span(&m->details));
}
