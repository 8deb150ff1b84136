/* SPDX-License-Identifier: Apache-2.0 */
/* Answers: a JSON object, or one error code with one sentence. */
#include "authority/http.h"
#include "base/log.h"

#define RETRY_HOLDER_S 5
#define RETRY_BUSY_S 1

const char *
spk_status_code(enum spk_status s)
{
    static const struct {
        enum spk_status status;
        const char *code;
    } codes[] = {
        {SPK_HTTP_BAD_REQUEST, "bad-request"}, {SPK_HTTP_UNAUTHORIZED, "unauthorized"},
        {SPK_HTTP_FORBIDDEN, "forbidden"},     {SPK_HTTP_NOT_FOUND, "not-found"},
        {SPK_HTTP_CONFLICT, "conflict"},       {SPK_HTTP_TOO_LARGE, "too-large"},
        {SPK_HTTP_UNSUPPORTED, "unsupported"}, {SPK_HTTP_UNPROCESSABLE, "unprocessable"},
        {SPK_HTTP_TOO_MANY, "too-many"},       {SPK_HTTP_UNAVAILABLE, "unavailable"},
    };

    for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++) {
        if (codes[i].status == s) {
            return codes[i].code;
        }
    }
    return "internal";
}

struct spk_jw *
spk_exchange_json(struct spk_exchange *r, enum spk_status status)
{
    spk_buf_reset(&r->out);
    r->status = status;
    r->answered = true;
    r->w = (struct spk_jw){.b = &r->out};
    spk_jw_open(&r->w, NULL, '{');
    return &r->w;
}

void
spk_exchange_json_end(struct spk_exchange *r)
{
    spk_jw_close(&r->w, '}');
    spk_err e = spk_jw_end(&r->w);
    if (!spk_ok(e)) {
        spk_exchange_failed(r, e, "writing an answer");
    }
}

static void
error_body(struct spk_exchange *r, unsigned status, const char *code, const char *message)
{
    r->status = status;
    r->answered = true;
    r->type = NULL;
    r->cache = NULL;
    r->render = NULL;
    spk_buf_reset(&r->out);
    r->w = (struct spk_jw){.b = &r->out};
    spk_jw_open(&r->w, NULL, '{');
    spk_jw_cstr(&r->w, "error", code);
    spk_jw_cstr(&r->w, "message", message);
    spk_jw_close(&r->w, '}');
    if (!spk_ok(spk_jw_end(&r->w))) {
        spk_buf_reset(&r->out);
    }
}

void
spk_exchange_error(struct spk_exchange *r, enum spk_status status, const char *message)
{
    error_body(r, status, spk_status_code(status), message);
}

void
spk_exchange_busy(struct spk_exchange *r, enum spk_status status, unsigned retry,
                  const char *message)
{
    r->retry_after = retry;
    spk_exchange_error(r, status, message);
}

void
spk_exchange_damaged(struct spk_exchange *r, const char *message)
{
    error_body(r, SPK_HTTP_INTERNAL, "damaged", message);
}

void
spk_exchange_replaced(struct spk_exchange *r, const char *message)
{
    error_body(r, SPK_HTTP_FORBIDDEN, "replaced", message);
}

void
spk_exchange_failed(struct spk_exchange *r, spk_err e, const char *what)
{
    switch (e.code) {
    case SPK_CODE_NET:
    case SPK_CODE_PROTO:
        spk_exchange_busy(r, SPK_HTTP_UNAVAILABLE, RETRY_HOLDER_S,
                          "The key holder of this authority is not there at the moment.");
        return;
    case SPK_CODE_BUSY:
        spk_exchange_busy(r, SPK_HTTP_UNAVAILABLE, RETRY_BUSY_S, "The server is busy; try again.");
        return;
    default:
        spk_log(SPK_LOG_ERROR, "%s: %s (%d)", what, spk_code_name(e.code), e.sys);
        spk_exchange_error(
            r, SPK_HTTP_INTERNAL,
            "The server could not do this; its operator finds the reason in its log.");
    }
}
