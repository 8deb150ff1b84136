/* SPDX-License-Identifier: Apache-2.0 */
/* Sending what waited in the spool. The person is long gone from the keyboard, so nothing is
 * believed: the authority has to show what it keeps, and it must be what the file says. */
#include <stdio.h>
#include <string.h>

#include "base/text.h"
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

#define RPUB_TIME_AT 16 /* u64, the authority's own */
#define RPUB_TIME_LEN 8

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
    SPK_TRY(same_field(j, "r_pub", SPK_SPAN_OF(rpub), RPUB_TIME_AT, RPUB_TIME_LEN));
    SPK_TRY(same_field(j, "salt", SPK_SPAN_OF(p->d.salt), 0, 0));
    SPK_TRY(same_field(j, "r_priv", p->d.rpriv, 0, 0));
    return same_field(j, "blob", p->d.blob, 0, 0);
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
