/* SPDX-License-Identifier: Apache-2.0 */
/* Sending what waited in the spool. The person is long gone from the keyboard, so nothing is
 * believed: the authority has to show what it keeps, and it must be what the file says. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "client/decrypt.h"
#include "client/ledger.h"
#include "client/receipts.h"
#include "client/send.h"
#include "client/spool.h"

static spk_err
same_field(const struct spk_json *j, const char *key, struct spk_span want, size_t skip_at,
           size_t skip_len)
{
    SPK_AUTO_BUF struct spk_buf b = SPK_BUF(SPK_RPRIV_MAX);

    SPK_TRY(spk_json_base64(j, key, &b));
    SPK_CHECK(b.len == want.len, CHANGED);
    if (skip_len > 0) {
        memset(b.ptr + skip_at, 0, skip_len);
    }
    SPK_CHECK(spk_span_eq(spk_buf_span(&b), want), CHANGED);
    return SPK_OK;
}

static spk_err
compare(struct spk_api *api, const struct spk_parcel *p)
{
    SPK_AUTO(spk_json) j = NULL;
    uint8_t rpub[SPK_RPUB_LEN];
    char path[80];
    char id[2 * SPK_FILE_ID_LEN + 1];

    (void)snprintf(path, sizeof(path), "/v1/deposits/%s", spk_hex(SPK_SPAN_OF(p->d.rpub.id.b), id));
    SPK_TRY(spk_api_get(api, path, &j));
    spk_parcel_rpub(p, rpub);
    SPK_TRY(same_field(j, "r_pub", SPK_SPAN_OF(rpub), SPK_RPUB_TIME_OFF,
                       SPK_RPUB_TIME_END - SPK_RPUB_TIME_OFF));
    SPK_TRY(same_field(j, "blob", p->d.blob, 0, 0));
    if (!spk_json_has(j, "r_priv")) { /* it was filed from the file meanwhile: P binds the rest */
        return same_field(j, "p", spk_hash_span(&p->d.p), 0, 0);
    }
    SPK_TRY(same_field(j, "salt", SPK_SPAN_OF(p->d.salt), 0, 0));
    return same_field(j, "r_priv", p->d.rpriv, 0, 0);
}

spk_err
spk_spool_send(struct spk_api *api, struct spk_spool_entry *e)
{
    struct spk_parcel *list[] = {&e->parcel};
    spk_err err;

    SPK_TRY(spk_send(api, NULL, list, 1));
    if (e->parcel.state != SPK_PARCEL_ACCEPTED) {
        return e->parcel.err;
    }
    err = compare(api, &e->parcel);
    if (err.code == SPK_CODE_FORMAT) {
        err = SPK_ERR(PROTO);
    }
    if (!spk_ok(err)) {
        spk_parcel_fail(&e->parcel, err, spk_api_trouble(api));
    }
    return err;
}

/* The file must hold the deposit that was accepted, not one of a later sealing. */
static spk_err
check_same(const struct spk_slots *slots, const struct spk_parcel *p)
{
    const struct spk_slot *slot = spk_slots_find(slots, SPK_SLOT_RECORD, &p->d.rpub.authority, 0);
    struct spk_parcel in_file = {.pin = NULL};
    uint8_t a[SPK_RPUB_LEN];
    uint8_t b[SPK_RPUB_LEN];

    SPK_CHECK(slot != NULL, CHANGED);
    SPK_TRY(spk_record_parse(slot->body, &in_file.d));
    spk_parcel_rpub(&in_file, a);
    spk_parcel_rpub(p, b);
    SPK_CHECK(spk_span_eq(SPK_SPAN_OF(a), SPK_SPAN_OF(b)), CHANGED);
    return SPK_OK;
}

static spk_err
fold(struct spk_session *s, const struct spk_spool_entry *e)
{
    SPK_AUTO_BUF struct spk_buf path = SPK_BUF(e->path.max);
    SPK_AUTO_FD int fd = -1;
    SPK_AUTO(spk_header) h = NULL;
    SPK_AUTO(spk_secret) key = NULL;
    const char *name = NULL;

    SPK_CHECK(e->path.len > 0, NOTFOUND);
    SPK_TRY(spk_buf_add(&path, spk_buf_span(&e->path)));
    SPK_TRY(spk_buf_cstr(&path, &name));
    fd = open(name, O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        return errno == ENOENT ? SPK_ERR(NOTFOUND) : spk_err_errno();
    }
    SPK_TRY(spk_header_read(fd, &h));
    SPK_TRY(spk_unlock_header(s, h, &key));
    SPK_TRY(check_same(spk_header_slots(h), &e->parcel));
    SPK_TRY(spk_accepted_put(spk_header_slots(h), &e->parcel.d.rpub.authority, e->parcel.index,
                             e->parcel.time_ms));
    if (e->parcel.receipt.len > 0) {
        SPK_TRY(spk_receipt_put(spk_header_slots(h), &e->parcel.d.rpub.authority,
                                spk_buf_span(&e->parcel.receipt)));
    }
    return spk_sealed_replace_slots(AT_FDCWD, name, key, spk_header_slots(h));
}

spk_err
spk_spool_settle(struct spk_session *s, const struct spk_spool_entry *e, bool *ret_folded)
{
    SPK_AUTO_BUF struct spk_buf path = SPK_BUF(e->path.max + 1);
    const char *name = "";

    if (e->parcel.receipt.len > 0) {
        SPK_TRY(spk_ledger_add_deposit(s->profile, &e->parcel.d.rpub, e->parcel.index));
    }
    *ret_folded = spk_ok(fold(s, e));
    if (*ret_folded) {
        return SPK_OK;
    }
    SPK_TRY(spk_buf_add(&path, spk_buf_span(&e->path)));
    SPK_TRY(spk_buf_cstr(&path, &name));
    SPK_TRY(spk_spool_note_accepted(s->profile, &e->parcel));
    return e->parcel.receipt.len == 0 ? SPK_OK
                                      : spk_receipts_keep(s->profile, name, &e->parcel.d,
                                                          spk_buf_span(&e->parcel.receipt));
}
