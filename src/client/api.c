/* SPDX-License-Identifier: Apache-2.0 */
#include "client/api.h"

#include <string.h>
#include <time.h>

#include "crypto/cert.h"

#define PATH_MAX_LEN ((size_t)4096)
#define PAGES_MAX 10000u
#define TRIES 4          /* of a call that is answered "busy" */
#define BUSY_WAIT_MAX 5u /* seconds; a longer Retry-After is the caller's business */
#define BATCH_FALLBACK 100u
#define BODY_FALLBACK ((uint64_t)1 << 20)
#define HEADER_MAX 8192u
#define BATCH_CAP 10000u
#define BODY_CAP ((uint64_t)64 << 20)

struct spk_api {
    struct spk_https *http;
    struct spk_trouble *t;
    struct spk_trouble own;
    spk_api_header_fn header;
    void *header_ctx;
    char peer[SPK_PIN_URL_MAX + 1];
};

static spk_err
api_new(const struct spk_https_opts *o, const char *peer, struct spk_trouble *t,
        struct spk_api **ret_a)
{
    SPK_AUTO(spk_api) a = spk_calloc(1, sizeof(*a));

    SPK_CHECK(a != NULL, NOMEM);
    SPK_CHECK(strlen(peer) < sizeof(a->peer), LIMIT);
    memcpy(a->peer, peer, strlen(peer) + 1);
    a->t = t != NULL ? t : &a->own;
    SPK_TRY(spk_https_new(o, &a->http));
    *ret_a = SPK_STEAL(a);
    return SPK_OK;
}

spk_err
spk_api_open(const struct spk_pin *pin, const struct spk_rsa *login, struct spk_trouble *t,
             struct spk_api **ret_a)
{
    SPK_AUTO_BUF struct spk_buf cert = SPK_BUF((size_t)65536);
    SPK_AUTO(spk_secret) key = NULL;
    struct spk_https_opts o = {
        .url = pin->url, .pin = &spk_pin_now(pin)->tls, .timeout_s = pin->timeout_s};

    if (login != NULL) {
        SPK_TRY(spk_cert_client(login, "sparekey", &cert));
        SPK_TRY(spk_rsa_to_pem(login, &key));
        o.cert_pem = spk_buf_span(&cert);
        o.key_pem = key;
    }
    return api_new(&o, pin->name, t, ret_a);
}

spk_err
spk_api_first_contact(const char *url, struct spk_trouble *t, struct spk_api **ret_a)
{
    struct spk_https_opts o = {.url = url};

    return api_new(&o, url, t, ret_a);
}

void
spk_api_free(struct spk_api *a)
{
    if (a != NULL) {
        spk_https_free(a->http);
        spk_mem_free(a);
    }
}

struct spk_trouble *
spk_api_trouble(struct spk_api *a)
{
    return a->t;
}

void
spk_api_set_header(struct spk_api *a, spk_api_header_fn fn, void *ctx)
{
    a->header = fn;
    a->header_ctx = ctx;
}

/* One exchange, with the header line of this call if it gets one. */
static spk_err
exchange(struct spk_api *a, const struct spk_https_call *c, struct spk_https_answer *ret_ans)
{
    SPK_AUTO_BUF struct spk_buf line = SPK_BUF((size_t)HEADER_MAX);
    struct spk_https_call with = *c;

    if (a->header != NULL) {
        SPK_TRY(a->header(a->header_ctx, c, &line));
        SPK_TRY(spk_buf_cstr(&line, &with.header));
    }
    return spk_https_call(a->http, &with, ret_ans);
}

static spk_err
status_to_err(long status)
{
    switch (status) {
    case 400:
    case 413:
    case 415:
    case 422:
        return SPK_ERR(USAGE);
    case 401:
    case 403:
        return SPK_ERR(DENIED);
    case 404:
    case 410:
        return SPK_ERR(NOTFOUND);
    case 409:
        return SPK_ERR(EXISTS);
    case 429:
    case 503:
        return SPK_ERR(BUSY);
    default:
        return SPK_ERR(PROTO);
    }
}

/* The sentence of an error answer, if it is one. */
static void
note_message(struct spk_api *a, const struct spk_https_answer *ans)
{
    SPK_AUTO(spk_json) j = NULL;
    const char *message = "";
    const char *code = "";

    if (spk_ok(spk_json_parse(spk_buf_span(&ans->body), &j))) {
        spk_err e = spk_json_str(j, "message", &message);
        if (!spk_ok(e)) {
            message = "";
        }
        e = spk_json_str(j, "error", &code);
        if (!spk_ok(e)) {
            code = "";
        }
    }
    spk_trouble_said(a->t, ans->status, message);
    if (a->t != NULL) {
        a->t->replaced = ans->status == 403 && strcmp(code, "replaced") == 0;
    }
}

static void
pause_for(unsigned seconds, unsigned attempt)
{
    unsigned ms = seconds > 0 ? seconds * 1000u : 100u << attempt;
    struct timespec ts = {(time_t)(ms / 1000u), (long)(ms % 1000u) * 1000000L};

    (void)nanosleep(&ts, NULL);
}

/* Call until the answer is something else than "busy", a few times. */
static spk_err
call(struct spk_api *a, const struct spk_https_call *c, struct spk_https_answer *ret_ans)
{
    for (unsigned attempt = 0;; attempt++) {
        struct spk_https_answer ans = {0};
        spk_err e = exchange(a, c, &ans);

        spk_trouble_peer(a->t, a->peer);
        if (!spk_ok(e)) {
            spk_trouble_said(a->t, 0, spk_https_reason(a->http));
            return e;
        }
        if (ans.status >= 200 && ans.status < 300) {
            *ret_ans = ans;
            return SPK_OK;
        }
        note_message(a, &ans);
        e = status_to_err(ans.status);
        if (e.code != SPK_CODE_BUSY || attempt + 1 >= TRIES || ans.retry_after > BUSY_WAIT_MAX) {
            spk_https_answer_clear(&ans);
            return e;
        }
        pause_for(ans.retry_after, attempt);
        spk_https_answer_clear(&ans);
    }
}

static spk_err
answer_json(struct spk_https_answer *ans, struct spk_json **ret_j)
{
    spk_err e = spk_json_parse(spk_buf_span(&ans->body), ret_j);

    spk_https_answer_clear(ans);
    return spk_ok(e) || e.code == SPK_CODE_NOMEM ? e : SPK_ERR(PROTO);
}

spk_err
spk_api_get(struct spk_api *a, const char *path, struct spk_json **ret_j)
{
    const struct spk_https_call c = {.method = "GET", .path = path};
    struct spk_https_answer ans = {0};

    SPK_TRY(call(a, &c, &ans));
    return answer_json(&ans, ret_j);
}

struct list {
    const char *path, *member;
    spk_api_row_fn fn;
    void *ctx;
    bool more;      /* this is not the first page, or not the last one */
    uint64_t after; /* then: where it begins */
};

static spk_err
get_page(struct spk_api *a, struct list *l)
{
    SPK_AUTO_BUF struct spk_buf b = SPK_BUF(PATH_MAX_LEN);
    SPK_AUTO(spk_json) j = NULL;
    const struct spk_json *list = NULL;
    const char *target = NULL;
    uint64_t next = 0;
    size_t n = 0;

    SPK_TRY(spk_buf_str(&b, l->path));
    if (l->more) {
        SPK_TRY(spk_buf_printf(&b, "%cafter=%llu", strchr(l->path, '?') == NULL ? '?' : '&',
                               (unsigned long long)l->after));
    }
    SPK_TRY(spk_buf_cstr(&b, &target));
    SPK_TRY(spk_api_get(a, target, &j));
    SPK_CHECK(spk_ok(spk_json_array(j, l->member, &list, &n)), PROTO);
    for (size_t i = 0; i < n; i++) {
        SPK_TRY(l->fn(l->ctx, spk_json_at(list, i)));
    }
    if (!spk_json_has(j, "next") || spk_json_is_null(j, "next")) { /* this was the last page */
        l->more = false;
        return SPK_OK;
    }
    SPK_CHECK(spk_ok(spk_json_u64(j, "next", &next)), PROTO);
    SPK_CHECK(!l->more || next > l->after, PROTO);
    l->more = true;
    l->after = next;
    return SPK_OK;
}

spk_err
spk_api_get_list(struct spk_api *a, const char *path, const char *member, spk_api_row_fn fn,
                 void *ctx)
{
    struct list l = {.path = path, .member = member, .fn = fn, .ctx = ctx};

    for (unsigned i = 0; i < PAGES_MAX; i++) {
        SPK_TRY(get_page(a, &l));
        if (!l.more) {
            return SPK_OK;
        }
    }
    return SPK_ERR(LIMIT); /* or a list without an end would never end */
}

spk_err
spk_api_post(struct spk_api *a, const char *path, struct spk_span json, long *ret_status,
             struct spk_json **ret_j)
{
    const struct spk_https_call c = {
        .method = "POST", .path = path, .content_type = "application/json", .body = json};
    struct spk_https_answer ans = {0};

    SPK_TRY(call(a, &c, &ans));
    if (ret_status != NULL) {
        *ret_status = ans.status;
    }
    return answer_json(&ans, ret_j);
}

spk_err
spk_api_get_bytes(struct spk_api *a, const char *path, size_t max, struct spk_buf *b)
{
    const struct spk_https_call c = {.method = "GET", .path = path, .answer_max = max};
    struct spk_https_answer ans = {0};
    spk_err e;

    SPK_TRY(call(a, &c, &ans));
    e = spk_buf_add(b, spk_buf_span(&ans.body));
    spk_https_answer_clear(&ans);
    return e;
}

spk_err
spk_api_post_lines(struct spk_api *a, const char *path, struct spk_span lines,
                   struct spk_buf *ret_lines)
{
    const struct spk_https_call c = {
        .method = "POST", .path = path, .content_type = "application/x-ndjson", .body = lines};
    struct spk_https_answer ans = {0};
    spk_err e;

    SPK_TRY(call(a, &c, &ans));
    e = spk_buf_add(ret_lines, spk_buf_span(&ans.body));
    spk_https_answer_clear(&ans);
    return e;
}

static spk_err
add_texts(const struct spk_json *j, const char *key,
          spk_err (*add)(struct spk_chain *, struct spk_span), struct spk_chain *c)
{
    const struct spk_json *list = NULL;
    size_t n = 0;

    SPK_TRY(spk_json_array(j, key, &list, &n));
    for (size_t i = 0; i < n; i++) {
        const char *text = spk_json_text(spk_json_at(list, i));

        SPK_CHECK(text != NULL, PROTO);
        SPK_TRY(add(c, spk_span_str(text)));
    }
    return SPK_OK;
}

/* The logs note, if it names one: an authority of a former release has no logs. */
static spk_err
read_logs(const struct spk_json *j, struct spk_chain *c)
{
    const char *text = NULL;

    if (!spk_json_has(j, "logs")) {
        return SPK_OK;
    }
    SPK_TRY(spk_json_str(j, "logs", &text));
    return spk_chain_set_logs(c, spk_span_str(text));
}

static spk_err
read_chain(const struct spk_json *j, struct spk_chain **ret_chain)
{
    SPK_AUTO(spk_chain) c = NULL;

    SPK_TRY(spk_chain_new(&c));
    SPK_TRY(add_texts(j, "policies", spk_chain_add_policy, c));
    if (spk_json_has(j, "statements")) {
        SPK_TRY(add_texts(j, "statements", spk_chain_add_statement, c));
    } else {
        const char *text = NULL;

        SPK_TRY(spk_json_str(j, "statement", &text));
        SPK_TRY(spk_chain_add_statement(c, spk_span_str(text)));
    }
    SPK_TRY(read_logs(j, c));
    *ret_chain = SPK_STEAL(c);
    return SPK_OK;
}

/* What the authority says it takes, kept within what we are ready to send. */
static void
read_limits(const struct spk_json *j, struct spk_api_limits *ret_limits)
{
    struct spk_api_limits l = {BATCH_FALLBACK, BODY_FALLBACK};
    const struct spk_json *o = NULL;
    uint64_t v = 0;

    if (spk_ok(spk_json_obj(j, "limits", &o))) {
        if (spk_ok(spk_json_u64(o, "batch", &v)) && v > 0) {
            l.batch = v < BATCH_CAP ? v : BATCH_CAP;
        }
        if (spk_ok(spk_json_u64(o, "body", &v)) && v > 0) {
            l.body = v < BODY_CAP ? v : BODY_CAP;
        }
    }
    *ret_limits = l;
}

spk_err
spk_api_authority(struct spk_api *a, struct spk_chain **ret_chain,
                  struct spk_api_limits *ret_limits)
{
    SPK_AUTO(spk_json) j = NULL;

    SPK_TRY(spk_api_get(a, "/v1/authority", &j));
    if (ret_chain != NULL) {
        spk_err e = read_chain(j, ret_chain);

        if (!spk_ok(e)) {
            return e.code == SPK_CODE_NOMEM ? e : SPK_ERR(PROTO);
        }
    }
    if (ret_limits != NULL) {
        read_limits(j, ret_limits);
    }
    return SPK_OK;
}
