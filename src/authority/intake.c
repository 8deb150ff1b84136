/* SPDX-License-Identifier: Apache-2.0 */
#include "authority/intake.h"

#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/text.h"

#define CLOCK_AHEAD_MS ((uint64_t)60000) /* less is no clock that somebody set */

#define DEPOSIT_BYTES_MAX                                                                          \
    ((size_t)SPK_RPUB_LEN + SPK_SALT_LEN + SPK_RPRIV_MAX + SPK_INTAKE_BLOB_MAX)

static void
refuse(struct spk_intake *in, enum spk_status status, const char *message)
{
    if (in->status == SPK_HTTP_OK) {
        in->status = status;
        in->message = message;
    }
}

void
spk_intake_clear(struct spk_intake *in)
{
    spk_buf_free(&in->mem);
    *in = (struct spk_intake){0};
}

struct parts {
    size_t rpub, salt, rpriv, blob; /* where each begins in mem; it ends where the next begins */
};

static spk_err
read_json(struct spk_span text, struct spk_buf *mem, struct parts *p)
{
    static const char *const keys[] = {"r_pub", "salt", "r_priv", "blob", NULL};
    SPK_AUTO(spk_json) j = NULL;

    SPK_TRY(spk_json_parse(text, &j));
    SPK_TRY(spk_json_only(j, keys));
    /* base64 only shrinks: one allocation holds all parts */
    SPK_TRY(spk_buf_reserve(mem, text.len < mem->max ? text.len : mem->max));
    SPK_TRY(spk_json_base64(j, "r_pub", mem));
    p->salt = mem->len;
    SPK_TRY(spk_json_base64(j, "salt", mem));
    p->rpriv = mem->len;
    SPK_TRY(spk_json_base64(j, "r_priv", mem));
    p->blob = mem->len;
    return spk_json_base64(j, "blob", mem);
}

/* R_pub by itself, and the serial as soon as it can be read. */
static void
check_rpub(struct spk_intake *in, struct spk_span rpub)
{
    if (rpub.len != SPK_RPUB_LEN || !spk_ok(spk_rpub_parse(rpub, &in->r))) {
        refuse(in, SPK_HTTP_UNPROCESSABLE, "r_pub is not a public record of version 1.");
        return;
    }
    in->has_serial = true;
    in->row.serial = in->r.id;
    in->row.epoch = in->r.epoch;
    in->row.policy = in->r.policy;
    memcpy(in->rpub, rpub.ptr, SPK_RPUB_LEN);
    in->row.rpub = SPK_SPAN_OF(in->rpub);
    if (in->r.time_ms != 0) {
        refuse(in, SPK_HTTP_UNPROCESSABLE, "The time in r_pub is the authority's to set.");
    }
}

/* Against what this authority is and was. */
static void
check_books(struct spk_books *books, struct spk_intake *in)
{
    const struct spk_authority *a = spk_books_by_key(books, &in->r.authority);
    const struct spk_policy *p = spk_books_policy(books, in->r.policy, NULL);

    if (a == NULL || a->epoch != in->r.epoch) {
        refuse(in, SPK_HTTP_UNPROCESSABLE,
               "The deposit is for a key that is not, and was not, this authority's.");
    } else if (p == NULL) {
        refuse(in, SPK_HTTP_UNPROCESSABLE, "The deposit names a policy that does not exist here.");
    } else if (p->need_derived && !spk_rpub_is_derived(&in->r)) {
        refuse(in, SPK_HTTP_UNPROCESSABLE,
               "The policy asks for padding that is derived from the key.");
    }
}

static void
check_public(struct spk_intake *in, const struct spk_hash *owner)
{
    struct spk_deposit d = {.rpub = in->r,
                            .rpriv = in->row.rpriv,
                            .blob = in->row.blob,
                            .p = in->row.p,
                            .owner = *owner,
                            .sealed = in->row.sealed};
    struct spk_rpriv priv;

    if (in->row.rpriv.len > 0) {
        if (in->row.salt.len != SPK_SALT_LEN) {
            refuse(in, SPK_HTTP_UNPROCESSABLE, "The salt is not 32 bytes long.");
            return;
        }
        memcpy(d.salt, in->row.salt.ptr, SPK_SALT_LEN);
        if (!spk_ok(spk_deposit_p(d.salt, d.rpriv, &d.p)) ||
            !spk_ok(spk_rpriv_parse(d.rpriv, &priv))) {
            refuse(in, SPK_HTTP_UNPROCESSABLE, "r_priv is not a canonical private record.");
            return;
        }
        in->row.p = d.p;
        in->row.description = priv.description;
        if (!spk_hash_eq(&priv.owner, owner)) {
            refuse(in, SPK_HTTP_UNPROCESSABLE,
                   "r_priv names another owner than the one logged in.");
        }
    }
    if (!spk_ok(spk_deposit_check_public(&d))) {
        refuse(in, SPK_HTTP_UNPROCESSABLE,
               "The parts of the deposit do not belong together: r_pub, r_priv and blob.");
    }
}

void
spk_intake_json(struct spk_books *books, const struct spk_hash *owner, uint64_t owner_key,
                struct spk_span text, struct spk_intake *in)
{
    struct parts p = {0};

    *in = (struct spk_intake){.status = SPK_HTTP_OK, .mem = SPK_BUF(DEPOSIT_BYTES_MAX)};
    if (text.len > SPK_DEPOSIT_JSON_MAX) {
        refuse(in, SPK_HTTP_TOO_LARGE, "One deposit is larger than any can be.");
        return;
    }
    spk_err e = read_json(text, &in->mem, &p);
    if (!spk_ok(e)) {
        refuse(in, e.code == SPK_CODE_LIMIT ? SPK_HTTP_TOO_LARGE : SPK_HTTP_BAD_REQUEST,
               "The deposit is not a JSON object of r_pub, salt, r_priv and blob in base64.");
        return;
    }
    const uint8_t *m = in->mem.ptr;
    in->row.salt = spk_span(m + p.salt, p.rpriv - p.salt);
    in->row.rpriv = spk_span(m + p.rpriv, p.blob - p.rpriv);
    in->row.blob = spk_span(m + p.blob, in->mem.len - p.blob);
    in->row.owner_key = owner_key;
    in->row.owner = *owner;
    check_rpub(in, spk_span(m, p.salt));
    if (in->status == SPK_HTTP_OK && in->row.rpriv.len == 0) {
        refuse(in, SPK_HTTP_UNPROCESSABLE, "r_priv is empty.");
    }
    if (in->status == SPK_HTTP_OK) {
        check_books(books, in);
    }
    if (in->status == SPK_HTTP_OK) {
        check_public(in, owner);
    }
}

void
spk_intake_record(struct spk_books *books, struct spk_span body, struct spk_span blob,
                  struct spk_intake *in)
{
    struct spk_deposit d = {0};
    uint8_t rpub[SPK_RPUB_LEN];

    *in = (struct spk_intake){.status = SPK_HTTP_OK, .mem = SPK_BUF(1)};
    if (!spk_ok(spk_record_parse(body, &d)) || d.sealed.len == 0) {
        refuse(in, SPK_HTTP_BAD_REQUEST, "The record is not one of a sealed file.");
        return;
    }
    spk_rpub_build(&d.rpub, rpub);
    in->row.blob = blob;
    in->row.sealed = d.sealed;
    in->row.p = d.p;
    in->row.owner = d.owner;
    check_rpub(in, SPK_SPAN_OF(rpub));
    if (in->status == SPK_HTTP_OK) {
        check_books(books, in);
    }
    if (in->status == SPK_HTTP_OK) {
        check_public(in, &d.owner);
    }
}

spk_err
spk_intake_time(struct spk_store *s, uint64_t *ret_ms)
{
    struct spk_deposit_row last = {0};
    uint64_t n = 0, now = spk_now_ms();

    SPK_TRY(spk_store_deposit_count(s, &n));
    spk_err e = n > 0 ? spk_store_deposit_at(s, n - 1, &last) : SPK_ERR(NOTFOUND);
    uint64_t least = spk_ok(e) ? last.time_ms : 0;
    spk_deposit_row_clear(&last);
    if (!spk_ok(e) && e.code != SPK_CODE_NOTFOUND) {
        return e;
    }
    *ret_ms = now > least ? now : least;
    return SPK_OK;
}

/* Times do not fall along the index, so a clock that was once far ahead decides them until it is
 * that late. */
void
spk_intake_tell_clock(uint64_t time_ms, bool *told)
{
    bool ahead = time_ms > spk_now_ms() + CLOCK_AHEAD_MS;
    char when[21];

    if (ahead && !*told) {
        spk_log(SPK_LOG_WARN,
                "the newest deposit was accepted at %s, which is ahead of this clock: all others "
                "get that time until then. Set the clock if it is behind; if it was ahead once, "
                "this passes by itself, and nothing is lost but the true times",
                spk_time_iso(time_ms / 1000, when));
    }
    *told = ahead;
}

spk_err
spk_intake_stamp(struct spk_intake *in, uint64_t time_ms)
{
    in->r.time_ms = time_ms;
    in->row.time_ms = time_ms;
    spk_rpub_build(&in->r, in->rpub);
    return spk_deposit_row_leaf(&in->row);
}

unsigned
spk_intake_status(const struct spk_intake *in)
{
    if (in->status != SPK_HTTP_OK) {
        return in->status;
    }
    return in->result.what == SPK_PUT_NEW ? SPK_HTTP_CREATED : SPK_HTTP_OK;
}

void
spk_intake_answer(const struct spk_intake *in, struct spk_jw *w)
{
    const struct spk_span serial = spk_span(in->row.serial.b, SPK_FILE_ID_LEN);

    if (in->status != SPK_HTTP_OK) {
        if (in->has_serial) {
            spk_jw_hex(w, "serial", serial);
        }
        spk_jw_cstr(w, "error", spk_status_code(in->status));
        spk_jw_cstr(w, "message", in->message);
        return;
    }
    spk_jw_hex(w, "serial", serial);
    spk_jw_u64(w, "index", in->result.index);
    spk_jw_u64(w, "time", in->result.time_ms);
    spk_jw_cstr(w, "state", "accepted");
    if (in->result.what == SPK_PUT_DUPLICATE) {
        spk_jw_bool(w, "duplicate", true);
    }
}
