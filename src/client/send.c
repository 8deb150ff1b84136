/* SPDX-License-Identifier: Apache-2.0 */
#include "client/send.h"

#include "base/clock.h"
#include "base/rd.h"
#include "base/text.h"

#define ANSWER_LINE_MAX ((size_t)65536)
#define LINES_MAX ((size_t)64 << 20)
#define RETRY_WITHIN_MS 5000u /* a call that failed later than that was a timeout */

static void
fail_all(struct spk_parcel **parcels, size_t n, spk_err why, const struct spk_trouble *t)
{
    for (size_t i = 0; i < n; i++) {
        spk_parcel_fail(parcels[i], why, t);
    }
}

static spk_err
send_one(struct spk_api *api, struct spk_parcel *p)
{
    SPK_AUTO_BUF struct spk_buf b = SPK_BUF(LINES_MAX);
    SPK_AUTO(spk_json) j = NULL;
    spk_err e;

    SPK_TRY(spk_parcel_json(p, &b));
    SPK_TRY(spk_api_post(api, "/v1/deposits", spk_buf_span(&b), NULL, &j));
    e = spk_parcel_answer(p, j);
    return e.code == SPK_CODE_FORMAT ? SPK_ERR(PROTO) : e;
}

/* As many parcels as fit: at least one. */
static spk_err
build_lines(struct spk_parcel **parcels, size_t n, const struct spk_api_limits *l,
            struct spk_buf *out, size_t *ret_count)
{
    size_t count = 0;

    while (count < n && count < l->batch) {
        size_t before = out->len;

        SPK_TRY(spk_parcel_json(parcels[count], out));
        SPK_TRY(spk_buf_str(out, "\n"));
        if (out->len > l->body && count > 0) {
            out->len = before;
            break;
        }
        count++;
    }
    *ret_count = count;
    return SPK_OK;
}

static spk_err
take_line(struct spk_rd *r, struct spk_parcel *p)
{
    SPK_AUTO(spk_json) j = NULL;
    struct spk_span line;

    SPK_TRY(spk_rd_line(r, ANSWER_LINE_MAX, &line));
    SPK_TRY(spk_json_parse(line, &j));
    return spk_parcel_answer(p, j);
}

/* Each path leads to the checkpoint in the last line (doc/spec/receipt.md §3). */
static spk_err
take_checkpoint(struct spk_rd *r, struct spk_parcel **parcels, size_t n)
{
    SPK_AUTO(spk_json) j = NULL;
    const struct spk_vkey *log = spk_parcel_log(parcels[0]);
    enum spk_log_fault fault = SPK_LOG_FAULT_NONE;
    struct spk_receipt_head head;
    const char *note = NULL;
    struct spk_span line;
    spk_err e = SPK_OK;

    if (r->left == 0 || log == NULL) {
        fault = SPK_LOG_FAULT_MISSING; /* of those that have a path */
    } else {
        SPK_TRY(spk_rd_line(r, ANSWER_LINE_MAX, &line));
        SPK_TRY(spk_json_parse(line, &j));
        SPK_TRY(spk_json_str(j, "checkpoint", &note));
        e = spk_receipt_head(spk_span_str(note), log, &head, &fault);
        if (fault == SPK_LOG_FAULT_NONE) {
            SPK_TRY(e);
        }
    }
    for (size_t i = 0; i < n; i++) {
        SPK_TRY(
            spk_parcel_seal_receipt(parcels[i], fault == SPK_LOG_FAULT_NONE ? &head : NULL, fault));
    }
    return SPK_OK;
}

static spk_err
send_lines(struct spk_api *api, struct spk_span lines, struct spk_parcel **parcels, size_t n)
{
    SPK_AUTO_BUF struct spk_buf answer = SPK_BUF(SPK_HTTP_ANSWER_MAX);
    struct spk_rd r;

    SPK_TRY(spk_api_post_lines(api, "/v1/deposits", lines, &answer));
    r = spk_rd(spk_buf_span(&answer));
    for (size_t i = 0; i < n; i++) {
        spk_err e = take_line(&r, parcels[i]);

        if (!spk_ok(e)) {
            fail_all(parcels + i, n - i, SPK_ERR(PROTO), NULL);
            return SPK_OK; /* the lines before it stand */
        }
    }
    if (!spk_ok(take_checkpoint(&r, parcels, n))) {
        fail_all(parcels, n, SPK_ERR(PROTO), NULL);
    }
    return SPK_OK;
}

static spk_err
send_chunk(struct spk_api *api, const struct spk_api_limits *l, struct spk_parcel **parcels,
           size_t n, size_t *ret_count)
{
    SPK_AUTO_BUF struct spk_buf lines = SPK_BUF(LINES_MAX);

    if (n == 1 || l == NULL) {
        *ret_count = 1;
        return send_one(api, parcels[0]);
    }
    SPK_TRY(build_lines(parcels, n, l, &lines, ret_count));
    return send_lines(api, spk_buf_span(&lines), parcels, *ret_count);
}

static spk_err
send_with_retry(struct spk_api *api, const struct spk_api_limits *l, struct spk_parcel **parcels,
                size_t n, size_t *ret_count)
{
    uint64_t start = spk_running_ms();
    spk_err e = send_chunk(api, l, parcels, n, ret_count);

    if (e.code == SPK_CODE_NET && spk_running_ms() - start < RETRY_WITHIN_MS) {
        e = send_chunk(api, l, parcels, n, ret_count);
    }
    return e;
}

spk_err
spk_send(struct spk_api *api, const struct spk_api_limits *limits, struct spk_parcel **parcels,
         size_t n)
{
    size_t done = 0;

    while (done < n) {
        size_t count = 1;
        spk_err e = send_with_retry(api, limits, parcels + done, n - done, &count);

        if (!spk_ok(e)) {
            fail_all(parcels + done, n - done, e, spk_api_trouble(api));
            return e;
        }
        done += count;
    }
    return SPK_OK;
}

void
spk_send_all(struct spk_session *s, struct spk_parcel *parcels, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        struct spk_parcel *one[] = {&parcels[i]};
        struct spk_api *api = NULL;
        spk_err e;

        spk_trouble_clear(&s->trouble);
        e = spk_session_api(s, spk_session_index(s, one[0]->pin), &api);
        if (spk_ok(e)) {
            e = spk_send(api, NULL, one, 1);
        } else {
            spk_parcel_fail(one[0], e, &s->trouble);
        }
    }
}
