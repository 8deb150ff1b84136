/* SPDX-License-Identifier: Apache-2.0 */
/* Whose entries of the recoveries log are: by this computer's own notes first, for these cannot be
 * kept back by a server. */
#include <stdio.h>

#include "base/text.h"
#include "client/ledger.h"
#include "client/pending.h"
#include "client/veto.h"
#include "client/watch_int.h"

bool
spk_watch_in_ledger(const struct spk_look *l, uint64_t index)
{
    size_t lo = 0, hi = l->n_mine;

    while (lo < hi) {
        size_t mid = lo + (hi - lo) / 2;

        if (l->mine[mid] < index) {
            lo = mid + 1;
        } else {
            hi = mid;
        }
    }
    return lo < l->n_mine && l->mine[lo] == index;
}

static struct spk_api *
logged_in(struct spk_look *l)
{
    if (!l->tried_login) {
        l->tried_login = true;
        if (!spk_ok(spk_session_api(l->s, spk_session_index(l->s, l->pin), &l->login))) {
            l->login = NULL;
        }
    }
    return l->login;
}

struct wanted {
    uint64_t index;
    bool answered, found;
};

static spk_err
same_index(void *ctx, const struct spk_json *row)
{
    struct wanted *w = ctx;
    uint64_t index = 0;

    SPK_CHECK(spk_ok(spk_json_u64(row, "index", &index)) && index >= w->index, PROTO);
    w->found = index == w->index;
    w->answered = true;
    return SPK_ERR(EXISTS); /* no more pages */
}

/* A deposit that another computer of the owner has made, or one from before there were receipts.
 * Only a list that was shown says that it is not his. */
static spk_err
on_his_list(struct spk_look *l, uint64_t index, bool *ret_his)
{
    struct wanted w = {.index = index};
    char path[64];

    SPK_CHECK(logged_in(l) != NULL, NET);
    if (index == 0) {
        (void)snprintf(path, sizeof(path), "/v1/deposits?limit=1");
    } else {
        (void)snprintf(path, sizeof(path), "/v1/deposits?limit=1&after=%llu",
                       (unsigned long long)(index - 1));
    }
    spk_err e = spk_api_get_list(l->login, path, "deposits", same_index, &w);
    *ret_his = w.found;
    return w.answered ? SPK_OK : e;
}

/* -- which requests were opened here */

struct search {
    struct spk_look *l;
    uint64_t index; /* of the entry of kind 16 */
    const struct spk_hash *or_hash;
    bool mine, asked;
};

/* The request's first entry, made again from its hash and salt, is the one in the log. */
static bool
entry_fits(const struct search *f, const struct spk_json *entry, const struct spk_hash *request)
{
    const char *salt_text = NULL;
    uint64_t index = 0;
    uint8_t salt[32];
    struct spk_hash h;

    return spk_ok(spk_json_u64(entry, "index", &index)) && index == f->index &&
           spk_ok(spk_json_str(entry, "salt", &salt_text)) &&
           spk_ok(spk_hex_parse(spk_span_str(salt_text), salt, sizeof(salt))) &&
           spk_ok(spk_entry_or(salt, request, spk_span("", 0), &h)) && spk_hash_eq(&h, f->or_hash);
}

static spk_err
one_request(void *ctx, const struct spk_json *row)
{
    struct search *f = ctx;
    const struct spk_json *list = NULL;
    const char *hex = NULL;
    struct spk_hash request;
    size_t n = 0;

    if (!spk_ok(spk_json_str(row, "request", &hex)) ||
        !spk_ok(spk_hex_parse(spk_span_str(hex), request.b, SPK_HASH_LEN)) ||
        !spk_ok(spk_json_array(row, "entries", &list, &n))) {
        return SPK_OK;
    }
    for (size_t i = 0; i < n; i++) {
        if (entry_fits(f, spk_json_at(list, i), &request)) {
            f->mine = true;
            return spk_ledger_has_request(f->l->s->profile, f->l->pin, &request, &f->asked);
        }
    }
    return SPK_OK;
}

/* One that this computer waits for: its record is here, and with it the salt. */
static spk_err
search_pending(struct search *f)
{
    SPK_AUTO(spk_pending) p = NULL;
    uint8_t salt[32];
    struct spk_hash h;

    SPK_TRY(spk_pending_load(f->l->s, f->l->pin, &p));
    SPK_CHECK(p->submitted, NOTFOUND);
    SPK_TRY(spk_entry_salt(spk_buf_span(&p->record), salt));
    SPK_TRY(spk_entry_or(salt, &p->request.hash, SPK_SPAN_EMPTY, &h));
    if (!spk_hash_eq(&h, f->or_hash)) {
        return SPK_OK;
    }
    f->mine = true;
    return spk_ledger_has_request(f->l->s->profile, f->l->pin, &p->request.hash, &f->asked);
}

static spk_err
find_request(struct spk_look *l, uint64_t index, const struct spk_entry *e, struct search *f)
{
    *f = (struct search){.l = l, .index = index, .or_hash = &e->hash};
    spk_err done = search_pending(f);

    if (spk_ok(done) && f->mine) {
        return SPK_OK;
    }
    SPK_CHECK(logged_in(l) != NULL, NET);
    return spk_requests_each(l->s, l->pin, one_request, f);
}

/* The deposit tells whose it is; where there is none, the authority's list of the owner's requests
 * is all there is. */
struct spk_watch_whose
spk_watch_whose(struct spk_look *l, uint64_t index, const struct spk_entry *e)
{
    struct search f = {0};
    bool none = e->deposit == SPK_NO_DEPOSIT;
    bool mine = !none && spk_watch_in_ledger(l, e->deposit);
    spk_err said = none || mine ? SPK_OK : on_his_list(l, e->deposit, &mine);

    if (mine || none) {
        said = find_request(l, index, e, &f);
    }
    mine |= f.mine;
    return (struct spk_watch_whose){
        .mine = mine, .asked = f.asked, .undecided = !mine && !spk_ok(said)};
}
