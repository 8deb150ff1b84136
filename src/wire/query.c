/* SPDX-License-Identifier: Apache-2.0 */
/* The officer's query: one note authenticates one HTTPS request (doc/spec/statements.md §8). */
#include <string.h>

#include "base/text.h"
#include "wire/lines.h"
#include "wire/statement.h"

#define QUERY_TEXT_MAX 2048

static bool
method_ok(const char *s)
{
    for (const char *p = s; *p != 0; p++) {
        if (*p < 'A' || *p > 'Z') {
            return false;
        }
    }
    return *s != 0;
}

/* As it stands in the request line: printable ASCII without spaces. */
static bool
path_ok(const char *s)
{
    for (const char *p = s; *p != 0; p++) {
        if (*p <= ' ' || *p > '~') {
            return false;
        }
    }
    return *s == '/';
}

static spk_err
query_check(const struct spk_officer_query *q)
{
    SPK_CHECK(memchr(q->method, 0, sizeof(q->method)) != NULL, LIMIT);
    SPK_CHECK(memchr(q->path, 0, sizeof(q->path)) != NULL, LIMIT);
    SPK_CHECK(method_ok(q->method) && path_ok(q->path), FORMAT);
    return SPK_OK;
}

spk_err
spk_officer_query_format(const struct spk_officer_query *q, struct spk_buf *text)
{
    char nonce[2 * sizeof(q->nonce) + 1];

    SPK_TRY(query_check(q));
    SPK_TRY(spk_buf_str(text, SPK_OFFICER_QUERY_KIND "\n"));
    SPK_TRY(spk_lines_put_hash(text, "authority", &q->authority));
    SPK_TRY(spk_lines_put(text, "method", q->method));
    SPK_TRY(spk_lines_put(text, "path", q->path));
    SPK_TRY(spk_lines_put_hash(text, "body", &q->body));
    SPK_TRY(spk_lines_put_u64(text, "time", q->time));
    return spk_lines_put(text, "nonce", spk_hex(SPK_SPAN_OF(q->nonce), nonce));
}

static spk_err
word(struct spk_rd *r, const char *key, char *ret_s, size_t size)
{
    struct spk_span v;

    SPK_TRY(spk_lines_get(r, key, &v));
    SPK_CHECK(v.len < size, LIMIT);
    memcpy(ret_s, v.ptr, v.len);
    ret_s[v.len] = 0;
    return SPK_OK;
}

spk_err
spk_officer_query_parse(struct spk_span text, struct spk_officer_query *ret_q)
{
    SPK_AUTO_BUF struct spk_buf again = SPK_BUF(QUERY_TEXT_MAX);
    struct spk_officer_query q;
    struct spk_span v;
    struct spk_rd r;

    SPK_TRY(spk_lines_begin(text, SPK_OFFICER_QUERY_KIND, &r));
    SPK_TRY(spk_lines_hash(&r, "authority", &q.authority));
    SPK_TRY(word(&r, "method", q.method, sizeof(q.method)));
    SPK_TRY(word(&r, "path", q.path, sizeof(q.path)));
    SPK_TRY(spk_lines_hash(&r, "body", &q.body));
    SPK_TRY(spk_lines_u64(&r, "time", &q.time));
    SPK_TRY(spk_lines_get(&r, "nonce", &v));
    SPK_TRY(spk_hex_parse(v, q.nonce, sizeof(q.nonce)));
    SPK_TRY(spk_officer_query_format(&q, &again));
    SPK_TRY(spk_lines_end(&r, text, spk_buf_span(&again)));
    *ret_q = q;
    return SPK_OK;
}
