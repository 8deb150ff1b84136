/* SPDX-License-Identifier: Apache-2.0 */
#include "authority/handle.h"

#include "base/clock.h"
#include "base/text.h"

bool
spk_param_u64(struct spk_exchange *r, const char *name, uint64_t max, uint64_t fallback,
              uint64_t *ret_v)
{
    struct spk_span text;

    if (!spk_target_param(&r->target, name, &text)) {
        *ret_v = fallback;
        return true;
    }
    if (spk_ok(spk_dec_parse(text, max, ret_v))) {
        return true;
    }
    spk_exchange_error(r, SPK_HTTP_BAD_REQUEST, "A number in the query is malformed or too large.");
    return false;
}

bool
spk_param_keys(struct spk_exchange *r, uint64_t max_limit, uint64_t *ret_after, uint64_t *ret_limit)
{
    uint64_t limit = 0;

    if (!spk_param_u64(r, "after", SPK_JSON_U64_MAX, 0, ret_after) ||
        !spk_param_u64(r, "limit", max_limit, max_limit, &limit)) {
        return false;
    }
    if (limit == 0) {
        spk_exchange_error(r, SPK_HTTP_BAD_REQUEST, "A limit of nothing makes no sense.");
        return false;
    }
    *ret_limit = limit;
    return true;
}

bool
spk_param_page(struct spk_exchange *r, uint64_t max_limit, uint64_t *ret_from, uint64_t *ret_limit)
{
    uint64_t after = 0;
    struct spk_span text;
    bool has_after = spk_target_param(&r->target, "after", &text);

    if (!spk_param_keys(r, max_limit, &after, ret_limit)) {
        return false;
    }
    *ret_from = has_after ? after + 1 : 0;
    return true;
}

uint64_t
spk_list_max(const struct spk_exchange *r, uint64_t most)
{
    return r->srv->cfg.max_list < most ? r->srv->cfg.max_list : most;
}

/* Its own inverse; 0, where a list begins, stays 0. */
uint64_t
spk_newest_first(uint64_t key_or_after)
{
    return key_or_after == 0 || key_or_after > SPK_JSON_U64_MAX ? 0
                                                                : SPK_JSON_U64_MAX - key_or_after;
}

void
spk_write_next(struct spk_jw *w, bool more, uint64_t last)
{
    if (more) {
        spk_jw_u64(w, "next", last);
    } else {
        spk_jw_null(w, "next");
    }
}

bool
spk_body_json(struct spk_exchange *r, const char *const *keys, struct spk_json **ret_j)
{
    SPK_AUTO(spk_json) j = NULL;
    spk_err e = spk_json_parse(spk_buf_span(&r->body), &j);

    if (spk_ok(e)) {
        e = spk_json_only(j, keys);
    }
    if (!spk_ok(e)) {
        spk_exchange_error(r, e.code == SPK_CODE_LIMIT ? SPK_HTTP_TOO_LARGE : SPK_HTTP_BAD_REQUEST,
                           "The body is not a JSON object with the members of this operation.");
        return false;
    }
    *ret_j = SPK_STEAL(j);
    return true;
}

bool
spk_rate_ok(struct spk_exchange *r, struct spk_rate *rate, struct spk_span key, uint64_t n,
            const char *message)
{
    uint64_t wait = spk_rate_take(rate, key, n, spk_running_ms());

    if (wait == 0) {
        return true;
    }
    spk_exchange_busy(r, SPK_HTTP_TOO_MANY, (unsigned)(wait > 86400 ? 86400 : wait), message);
    return false;
}

static spk_err
write_entry(void *arg, const struct spk_log_entry_row *row)
{
    struct spk_jw *w = arg;
    struct spk_entry e;

    SPK_TRY(spk_entry_parse(row->entry, &e));
    if (e.kind == SPK_ENTRY_AUTHORISED || e.kind == SPK_ENTRY_RELEASED) {
        return SPK_OK;
    }
    spk_jw_open(w, NULL, '{');
    spk_jw_u64(w, "index", row->index);
    spk_jw_u64(w, "kind", e.kind);
    spk_jw_u64(w, "time", row->time_ms);
    spk_jw_hex(w, "salt", row->salt);
    if (row->detail.len > 0) {
        spk_jw_str(w, "detail", row->detail);
    }
    spk_jw_close(w, '}');
    return SPK_OK;
}

spk_err
spk_write_entries(struct spk_jw *w, struct spk_store *store, const struct spk_hash *request)
{
    spk_jw_open(w, "entries", '[');
    SPK_TRY(spk_store_log_entries_of(store, request, write_entry, w));
    spk_jw_close(w, ']');
    return SPK_OK;
}
