/* SPDX-License-Identifier: Apache-2.0 */
#include "authority/receipts.h"

#include <string.h>

#include "authority/cosigners.h"
#include "authority/handle.h"
#include "base/log.h"
#include "translog/proof.h"

#define RETRY_S 1

bool
spk_receipt_is_due(const struct spk_signed *s, const struct spk_intake *in)
{
    return s->len > 0 && in->status == SPK_HTTP_OK && in->result.index < s->size;
}

/* What the deposit's entry is made of, as it stands in the store. */
struct extra {
    uint8_t b[SPK_RPUB_LEN + SPK_HASH_LEN];
};

static void
extra_make(const uint8_t rpub[SPK_RPUB_LEN], const struct spk_hash *p, struct extra *ret_x)
{
    memcpy(ret_x->b, rpub, SPK_RPUB_LEN);
    memcpy(ret_x->b + SPK_RPUB_LEN, p->b, SPK_HASH_LEN);
}

static spk_err
format(struct spk_logbook *l, const struct spk_signed *s, uint64_t index, const struct extra *x,
       struct spk_buf *out)
{
    struct spk_proof p = {.index = index, .checkpoint = spk_span(s->note, s->len)};

    memcpy(p.extra, x->b, sizeof(x->b));
    p.extra_len = sizeof(x->b);
    SPK_TRY(spk_logbook_path(l, index, s->size, p.path, &p.len));
    return spk_proof_format(&p, out);
}

/* A deposit is accepted whether or not its proof can be made; it can be asked for again. */
static bool
made(spk_err e, uint64_t index)
{
    if (!spk_ok(e)) {
        spk_log(SPK_LOG_ERROR, "no receipt for deposit %llu: %s (%d)", (unsigned long long)index,
                spk_code_name(e.code), e.sys);
    }
    return spk_ok(e);
}

void
spk_receipt_answer(struct spk_logbook *l, const struct spk_signed *s, const struct spk_intake *in,
                   struct spk_jw *w)
{
    SPK_AUTO_BUF struct spk_buf text = SPK_BUF(SPK_PROOF_MAX);
    struct spk_rpub r = in->r;
    uint8_t rpub[SPK_RPUB_LEN];
    struct extra x;

    r.time_ms = in->result.time_ms; /* of a deposit that was there before: the first one's */
    spk_rpub_build(&r, rpub);
    extra_make(rpub, &in->row.p, &x);
    if (made(format(l, s, in->result.index, &x, &text), in->result.index)) {
        spk_jw_str(w, "receipt", spk_buf_span(&text));
    }
}

void
spk_receipt_path(struct spk_logbook *l, const struct spk_signed *s, const struct spk_intake *in,
                 struct spk_jw *w)
{
    struct spk_hash path[SPK_PATH_MAX];
    size_t n = 0;

    if (made(spk_logbook_path(l, in->result.index, s->size, path, &n), in->result.index)) {
        spk_jw_base64(w, "path", spk_span(path, n * sizeof(path[0])));
    }
}

/* -- of an older deposit */

/* Made of the row and the tiles, and tried: neither may have been altered since. */
static spk_err
make_checked(struct spk_logbook *l, const struct spk_signed *s, const struct spk_deposit_row *row,
             struct spk_buf *text)
{
    struct spk_hash path[SPK_PATH_MAX];
    struct extra x;
    size_t n = 0;

    SPK_TRY(spk_deposit_row_verify(row));
    SPK_TRY(spk_logbook_path(l, row->index, s->size, path, &n));
    SPK_CHECK(spk_ok(spk_tree_verify(&row->leaf, row->index, s->size, path, n, &s->root)), CHANGED);
    extra_make(row->rpub.ptr, &row->p, &x);
    return format(l, s, row->index, &x, text);
}

static void
answer_receipt(struct spk_exchange *r, const struct spk_deposit_row *row)
{
    SPK_AUTO_BUF struct spk_buf text = SPK_BUF(SPK_PROOF_MAX);
    struct spk_logbook *l = r->srv->log[SPK_LOG_DEPOSITS - 1];
    struct spk_signed s;

    spk_cosigners_newest(r->srv->cosigners, l, SPK_LOG_DEPOSITS, &s);
    if (row->index >= s.size) {
        spk_logbook_signed(l, &s); /* no witness has seen it yet */
    }
    if (s.len == 0 || row->index >= s.size) {
        spk_exchange_busy(r, SPK_HTTP_UNAVAILABLE, RETRY_S,
                          "The key holder has not signed for this deposit yet.");
        return;
    }
    spk_err e = make_checked(l, &s, row, &text);
    if (e.code == SPK_CODE_CHANGED) {
        spk_exchange_damaged(r, "This deposit or its log was altered in the authority's database.");
        return;
    }
    if (!spk_ok(e)) {
        spk_exchange_failed(r, e, "making a receipt");
        return;
    }
    struct spk_jw *w = spk_exchange_json(r, SPK_HTTP_OK);
    spk_jw_hex(w, "serial", spk_span(row->serial.b, SPK_FILE_ID_LEN));
    spk_jw_u64(w, "index", row->index);
    spk_jw_str(w, "receipt", spk_buf_span(&text));
    spk_exchange_json_end(r);
}

enum spk_after
spk_on_deposit_receipt(struct spk_exchange *r)
{
    struct spk_deposit_row row = {0};
    spk_err e = spk_store_deposit(r->srv->store, r->owner_key, &r->serial, &row);

    if (e.code == SPK_CODE_NOTFOUND) {
        spk_exchange_error(r, SPK_HTTP_NOT_FOUND, "You have no deposit with this serial.");
    } else if (!spk_ok(e)) {
        spk_exchange_failed(r, e, "reading a deposit");
    } else {
        answer_receipt(r, &row);
    }
    spk_deposit_row_clear(&row);
    return SPK_DONE;
}
