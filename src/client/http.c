/* SPDX-License-Identifier: Apache-2.0 */
#include "client/http.h"

#include <curl/curl.h>
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/text.h"

#define TIMEOUT_S 60L
#define CONNECT_TIMEOUT_S 10L
#define URL_MAX ((size_t)4096)
#define PIN_TEXT_MAX 80
#define RETRY_AFTER_MAX 3600
#define HEADER_MAX ((size_t)65536) /* of an answer, all lines together */

struct spk_https {
    CURL *curl;
    char *url;
    char pin[PIN_TEXT_MAX];
    struct spk_buf cert;
    struct spk_secret *key;
    char reason[CURL_ERROR_SIZE];
};

/* What the callbacks of one call share. */
struct call_state {
    struct spk_buf *body;
    size_t head_len;
    unsigned retry_after;
    bool too_long;
    bool https; /* the URL is one, so that "unsupported protocol" speaks of the answer */
    bool head;  /* the header has come, with the empty line that ends it */
};

static pthread_once_t curl_once = PTHREAD_ONCE_INIT;
static CURLcode curl_state = CURLE_OK;
static const volatile int *stop_flag;

static void
curl_setup(void)
{
    curl_state = curl_global_init(CURL_GLOBAL_DEFAULT);
}

void
spk_https_set_stop(const volatile int *stop)
{
    stop_flag = stop;
}

static size_t
on_body(char *data, size_t size, size_t n, void *ctx)
{
    struct call_state *s = ctx;

    if (!spk_ok(spk_buf_add(s->body, spk_span(data, size * n)))) {
        s->too_long = true;
        return 0;
    }
    return n * size;
}

static size_t
on_header(char *data, size_t size, size_t n, void *ctx)
{
    static const char name[] = "retry-after:";
    struct call_state *s = ctx;
    struct spk_span line = spk_span(data, size * n);
    uint64_t v = 0;

    s->head_len += line.len;
    if (s->head_len > HEADER_MAX) {
        s->too_long = true;
        return 0;
    }
    s->head = s->head || (line.len > 0 && (line.ptr[0] == '\r' || line.ptr[0] == '\n'));
    if (line.len > sizeof(name) && strncasecmp(data, name, sizeof(name) - 1) == 0) {
        line = spk_span(data + sizeof(name) - 1, line.len - (sizeof(name) - 1));
        while (line.len > 0 && line.ptr[0] == ' ') {
            line = spk_span(line.ptr + 1, line.len - 1);
        }
        while (line.len > 0 && line.ptr[line.len - 1] <= ' ') {
            line.len--;
        }
        if (spk_ok(spk_dec_parse(line, RETRY_AFTER_MAX, &v))) {
            s->retry_after = (unsigned)v;
        }
    }
    return n * size;
}

static int
on_progress(void *ctx, curl_off_t dt, curl_off_t dn, curl_off_t ut, curl_off_t un)
{
    (void)ctx;
    (void)dt;
    (void)dn;
    (void)ut;
    (void)un;
    return stop_flag != NULL && *stop_flag != 0;
}

/* The first failure sticks. */
#define SET(h, failed, opt, value)                                                                 \
    ((failed) = (failed) || curl_easy_setopt((h)->curl, (opt), (value)) != CURLE_OK)

static spk_err
set_common(struct spk_https *h, unsigned timeout_s)
{
    bool bad = false;

    SET(h, bad, CURLOPT_ERRORBUFFER, h->reason);
    SET(h, bad, CURLOPT_NOSIGNAL, 1L);
    SET(h, bad, CURLOPT_PROTOCOLS_STR, "https");
    SET(h, bad, CURLOPT_FOLLOWLOCATION, 0L);
    SET(h, bad, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    SET(h, bad, CURLOPT_TCP_NODELAY, 1L);
    SET(h, bad, CURLOPT_TCP_KEEPALIVE, 1L);
    SET(h, bad, CURLOPT_CONNECTTIMEOUT, CONNECT_TIMEOUT_S);
    SET(h, bad, CURLOPT_TIMEOUT, timeout_s == 0 ? TIMEOUT_S : (long)timeout_s);
    SET(h, bad, CURLOPT_SSLVERSION, (long)(CURL_SSLVERSION_TLSv1_3 | CURL_SSLVERSION_MAX_TLSv1_3));
    /* Whom we speak to is decided by the pinned key alone: neither the name nor a chain of
     * certificates adds to it, and a self-signed certificate has no chain. */
    SET(h, bad, CURLOPT_SSL_VERIFYPEER, 0L);
    SET(h, bad, CURLOPT_SSL_VERIFYHOST, 0L);
    SET(h, bad, CURLOPT_USERAGENT, "sparekey/1");
    SET(h, bad, CURLOPT_NOPROGRESS, 0L);
    SET(h, bad, CURLOPT_XFERINFOFUNCTION, on_progress);
    SET(h, bad, CURLOPT_WRITEFUNCTION, on_body);
    SET(h, bad, CURLOPT_HEADERFUNCTION, on_header);
    SPK_CHECK(!bad, NOMEM);
    return SPK_OK;
}

static spk_err
set_pin(struct spk_https *h, const struct spk_hash *pin)
{
    SPK_AUTO_BUF struct spk_buf b = SPK_BUF(PIN_TEXT_MAX - 1);
    const char *text = NULL;
    bool bad = false;

    SPK_TRY(spk_buf_str(&b, "sha256//"));
    SPK_TRY(spk_buf_base64(&b, spk_hash_span(pin)));
    SPK_TRY(spk_buf_cstr(&b, &text));
    (void)snprintf(h->pin, sizeof(h->pin), "%s", text);
    SET(h, bad, CURLOPT_PINNEDPUBLICKEY, h->pin);
    SPK_CHECK(!bad, NOMEM);
    return SPK_OK;
}

static spk_err
set_login(struct spk_https *h, struct spk_span cert_pem, const struct spk_secret *key_pem)
{
    struct curl_blob cert, key;
    struct spk_mut m;
    bool bad = false;

    SPK_TRY(spk_buf_add(&h->cert, cert_pem));
    SPK_TRY(spk_secret_dup(key_pem, &h->key));
    m = spk_secret_mut(h->key);
    cert = (struct curl_blob){h->cert.ptr, h->cert.len, CURL_BLOB_NOCOPY};
    key = (struct curl_blob){m.ptr, m.len, CURL_BLOB_NOCOPY};
    SET(h, bad, CURLOPT_SSLCERTTYPE, "PEM");
    SET(h, bad, CURLOPT_SSLCERT_BLOB, &cert);
    SET(h, bad, CURLOPT_SSLKEYTYPE, "PEM");
    SET(h, bad, CURLOPT_SSLKEY_BLOB, &key);
    SPK_CHECK(!bad, NOMEM);
    return SPK_OK;
}

spk_err
spk_https_new(const struct spk_https_opts *o, struct spk_https **ret_h)
{
    SPK_AUTO(spk_https) h = spk_calloc(1, sizeof(*h));

    SPK_CHECK(h != NULL, NOMEM);
    (void)pthread_once(&curl_once, curl_setup);
    SPK_CHECK(curl_state == CURLE_OK, CRYPTO);
    h->cert = SPK_BUF((size_t)65536);
    h->url = spk_strdup(o->url);
    h->curl = curl_easy_init();
    SPK_CHECK(h->url != NULL && h->curl != NULL, NOMEM);
    SPK_TRY(set_common(h, o->timeout_s));
    if (o->pin != NULL) {
        SPK_TRY(set_pin(h, o->pin));
    }
    if (o->key_pem != NULL) {
        SPK_TRY(set_login(h, o->cert_pem, o->key_pem));
    }
    *ret_h = SPK_STEAL(h);
    return SPK_OK;
}

void
spk_https_free(struct spk_https *h)
{
    if (h == NULL) {
        return;
    }
    if (h->curl != NULL) {
        curl_easy_cleanup(h->curl);
    }
    spk_buf_free(&h->cert);
    spk_secret_free(h->key);
    spk_mem_free(h->url);
    spk_mem_free(h);
}

const char *
spk_https_reason(const struct spk_https *h)
{
    return h->reason;
}

void
spk_https_answer_clear(struct spk_https_answer *a)
{
    spk_buf_free(&a->body);
    memset(a, 0, sizeof(*a));
}

/* Has a byte of an answer come? */
static bool
has_begun(const struct spk_https *h, CURLcode c)
{
    curl_off_t us = 0;

    return c != CURLE_GOT_NOTHING &&
           curl_easy_getinfo(h->curl, CURLINFO_STARTTRANSFER_TIME_T, &us) == CURLE_OK && us > 0;
}

static spk_err
curl_to_err(const struct spk_https *h, CURLcode c, const struct call_state *s)
{
    if (s->too_long) {
        return SPK_ERR(LIMIT);
    }
    switch (c) {
    case CURLE_OK: /* libcurl takes a header without an end, too */
        return s->head ? SPK_OK : (spk_err){SPK_CODE_NET, ECONNRESET};
    case CURLE_SSL_PINNEDPUBKEYNOTMATCH:
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_SSL_INVALIDCERTSTATUS:
        return SPK_ERR(TLS);
    case CURLE_OUT_OF_MEMORY: /* libcurl says so of a line of a header that it finds too long */
        return has_begun(h, c) ? SPK_ERR(LIMIT) : SPK_ERR(NOMEM);
    case CURLE_URL_MALFORMAT:
        return SPK_ERR(USAGE);
    case CURLE_UNSUPPORTED_PROTOCOL: /* of the URL, or of an answer that is no HTTP */
        return s->https ? SPK_ERR(PROTO) : SPK_ERR(USAGE);
    case CURLE_SSL_CERTPROBLEM:
    case CURLE_SSL_CIPHER:
    case CURLE_SSL_ENGINE_INITFAILED:
        return SPK_ERR(CRYPTO);
    case CURLE_WEIRD_SERVER_REPLY:
    case CURLE_BAD_CONTENT_ENCODING:
        return SPK_ERR(PROTO);
    case CURLE_ABORTED_BY_CALLBACK:
        return SPK_ERR(STOPPED);
    default:
        return has_begun(h, c) ? (spk_err){SPK_CODE_NET, ECONNRESET} : SPK_ERR(NET);
    }
}

/* In our words, where libcurl's speak of its settings, or are none. */
static void
give_reason(struct spk_https *h, spk_err e)
{
    if (e.code == SPK_CODE_LIMIT) {
        (void)snprintf(h->reason, sizeof(h->reason), "header or body too long");
    } else if (e.code == SPK_CODE_PROTO) {
        (void)snprintf(h->reason, sizeof(h->reason), "not HTTP");
    }
}

static spk_err
prepare(struct spk_https *h, const struct spk_https_call *c, struct call_state *s,
        struct curl_slist **ret_headers)
{
    SPK_AUTO_BUF struct spk_buf b = SPK_BUF(URL_MAX);
    struct curl_slist *headers = NULL;
    const char *text = NULL;
    bool post = strcmp(c->method, "POST") == 0;
    bool bad = false;

    SPK_TRY(spk_buf_printf(&b, "%s%s", h->url, c->path));
    SPK_TRY(spk_buf_cstr(&b, &text));
    SET(h, bad, CURLOPT_URL, text);
    if (c->header != NULL) {
        *ret_headers = curl_slist_append(NULL, c->header);
        bad = *ret_headers == NULL;
    }
    if (post) {
        SET(h, bad, CURLOPT_POST, 1L);
        SET(h, bad, CURLOPT_POSTFIELDS, c->body.len > 0 ? (const char *)c->body.ptr : "");
        SET(h, bad, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)c->body.len);
        spk_buf_reset(&b);
        SPK_TRY(spk_buf_printf(&b, "Content-Type: %s", c->content_type));
        SPK_TRY(spk_buf_cstr(&b, &text));
        headers = curl_slist_append(*ret_headers, text);
        /* without it libcurl waits for a "100 Continue" before a body of more than 1 MiB */
        *ret_headers = curl_slist_append(headers, "Expect:");
        bad = bad || headers == NULL;
    } else {
        SET(h, bad, CURLOPT_HTTPGET, 1L);
    }
    SET(h, bad, CURLOPT_HTTPHEADER, *ret_headers);
    SET(h, bad, CURLOPT_WRITEDATA, s);
    SET(h, bad, CURLOPT_HEADERDATA, s);
    SPK_CHECK(!bad, NOMEM);
    return SPK_OK;
}

spk_err
spk_https_call(struct spk_https *h, const struct spk_https_call *c, struct spk_https_answer *ret_a)
{
    struct spk_https_answer a = {0};
    struct call_state s = {.body = &a.body, .https = strncmp(h->url, "https://", 8) == 0};
    struct curl_slist *headers = NULL;
    spk_err e;

    a.body = SPK_BUF(c->answer_max == 0 ? SPK_HTTP_ANSWER_MAX : c->answer_max);
    h->reason[0] = '\0';
    e = prepare(h, c, &s, &headers);
    if (spk_ok(e)) {
        e = curl_to_err(h, curl_easy_perform(h->curl), &s);
    }
    (void)curl_easy_setopt(h->curl, CURLOPT_HTTPHEADER, NULL);
    curl_slist_free_all(headers);
    if (spk_ok(e) && curl_easy_getinfo(h->curl, CURLINFO_RESPONSE_CODE, &a.status) != CURLE_OK) {
        e = SPK_ERR(PROTO);
    }
    if (!spk_ok(e)) {
        give_reason(h, e);
        spk_https_answer_clear(&a);
        return e;
    }
    a.retry_after = s.retry_after;
    *ret_a = a;
    return SPK_OK;
}
