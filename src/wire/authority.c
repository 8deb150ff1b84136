/* SPDX-License-Identifier: Apache-2.0 */
/* The authority statement and the address that carries its hash (doc/spec/statements.md §4). */
#include <string.h>

#include "base/text.h"
#include "wire/lines.h"
#include "wire/statement.h"
#include "wire/vkey.h"

#define AUTHORITY_TEXT_MAX 4096
#define ADDRESS_MAX 512

void
spk_authority_clear(struct spk_authority *a)
{
    spk_rsa_free(a->key);
    a->key = NULL;
}

static spk_err
authority_check(const struct spk_authority *a)
{
    SPK_CHECK(spk_note_name_ok(spk_span_str(a->name)), FORMAT);
    SPK_CHECK(a->epoch >= 1, FORMAT);
    SPK_CHECK((a->epoch == 1) == spk_hash_zero(&a->previous), FORMAT);
    /* One key, one role. */
    SPK_CHECK(!spk_hash_eq(spk_rsa_id(a->key), &a->previous), FORMAT);
    SPK_CHECK(!spk_hash_eq(spk_rsa_id(a->key), &a->tls), FORMAT);
    SPK_CHECK(!spk_hash_eq(&a->previous, &a->tls), FORMAT);
    return SPK_OK;
}

static spk_err
put_vkey(struct spk_buf *b, const char *key, const struct spk_vkey *v)
{
    SPK_TRY(spk_buf_str(b, key));
    SPK_TRY(spk_buf_u8(b, ' '));
    SPK_TRY(spk_vkey_format(v, b));
    return spk_buf_u8(b, '\n');
}

spk_err
spk_authority_format(const struct spk_authority *a, struct spk_buf *text)
{
    SPK_TRY(authority_check(a));
    SPK_TRY(spk_buf_str(text, SPK_AUTHORITY_KIND "\n"));
    SPK_TRY(spk_lines_put(text, "name", a->name));
    SPK_TRY(spk_lines_put_u64(text, "epoch", a->epoch));
    SPK_TRY(spk_lines_put_rsa(text, "key", a->key));
    SPK_TRY(spk_lines_put_hash_none(text, "previous", &a->previous));
    SPK_TRY(put_vkey(text, "holder", &a->holder));
    SPK_TRY(spk_lines_put_hash(text, "tls", &a->tls));
    SPK_TRY(spk_lines_put_hash(text, "policy", &a->policy));
    return spk_hash_zero(&a->follows) ? SPK_OK : spk_lines_put_hash(text, "follows", &a->follows);
}

static spk_err
authority_lines(struct spk_rd *r, struct spk_authority *a)
{
    struct spk_span v;

    SPK_TRY(spk_lines_get(r, "name", &v));
    SPK_CHECK(spk_note_name_ok(v), FORMAT);
    memcpy(a->name, v.ptr, v.len);
    SPK_TRY(spk_lines_u32(r, "epoch", &a->epoch));
    SPK_TRY(spk_lines_rsa(r, "key", &a->key));
    SPK_TRY(spk_lines_hash_none(r, "previous", &a->previous));
    SPK_TRY(spk_lines_get(r, "holder", &v));
    SPK_TRY(spk_vkey_parse(v, &a->holder));
    SPK_TRY(spk_lines_hash(r, "tls", &a->tls));
    SPK_TRY(spk_lines_hash(r, "policy", &a->policy));
    return r->left > 0 ? spk_lines_hash(r, "follows", &a->follows) : SPK_OK;
}

spk_err
spk_authority_parse(struct spk_span text, struct spk_authority *ret_a)
{
    SPK_AUTO_AUTHORITY a = {.epoch = 0};
    SPK_AUTO_BUF struct spk_buf again = SPK_BUF(AUTHORITY_TEXT_MAX);
    struct spk_rd r;

    SPK_TRY(spk_lines_begin(text, SPK_AUTHORITY_KIND, &r));
    SPK_TRY(authority_lines(&r, &a));
    SPK_TRY(spk_authority_format(&a, &again));
    SPK_TRY(spk_lines_end(&r, text, spk_buf_span(&again)));
    SPK_TRY(spk_sha256(text, &a.hash));
    *ret_a = a;
    a.key = NULL;
    return SPK_OK;
}

static bool
same_vkey(const struct spk_vkey *a, const struct spk_vkey *b)
{
    return strcmp(a->name, b->name) == 0 && spk_span_eq(SPK_SPAN_OF(a->key), SPK_SPAN_OF(b->key));
}

/* It names the very text before it, so that of several TLS keys none comes back. */
static bool
changes_tls_only(const struct spk_authority *a, const struct spk_authority *prev)
{
    return spk_hash_eq(&a->follows, &prev->hash) && a->epoch == prev->epoch &&
           spk_hash_eq(spk_rsa_id(a->key), spk_rsa_id(prev->key)) &&
           spk_hash_eq(&a->previous, &prev->previous) && same_vkey(&a->holder, &prev->holder) &&
           !spk_hash_eq(&a->tls, &prev->tls);
}

bool
spk_authority_continues(const struct spk_authority *a, const struct spk_authority *prev)
{
    if (strcmp(a->name, prev->name) != 0 || !spk_hash_eq(&a->policy, &prev->policy)) {
        return false;
    }
    if (!spk_hash_zero(&a->follows)) {
        return changes_tls_only(a, prev);
    }
    return a->epoch > prev->epoch && spk_hash_eq(&a->previous, spk_rsa_id(prev->key));
}

/* host or host:port: no user names, paths, queries, nor anything that a shell or a log would trip
 * over. */
static bool
host_ok(struct spk_span s)
{
    for (size_t i = 0; i < s.len; i++) {
        uint8_t c = s.ptr[i];
        bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
        if (!letter && memchr(".-:[]_", c, 6) == NULL) {
            return false;
        }
    }
    return s.len > 0;
}

spk_err
spk_authority_address(struct spk_span address, struct spk_buf *url, bool *ret_has_hash,
                      struct spk_hash *ret_hash)
{
    struct spk_span rest = address, head, host;
    struct spk_hash h = {{0}};

    SPK_CHECK(address.len <= ADDRESS_MAX, LIMIT);
    bool has_hash = spk_split(&rest, '#', &head);
    if (has_hash) {
        SPK_TRY(spk_hex_parse(rest, h.b, SPK_HASH_LEN));
    } else {
        head = rest;
    }
    if (head.len > 0 && head.ptr[head.len - 1] == '/') {
        head.len--;
    }
    host = head;
    SPK_CHECK(spk_skip_prefix(&host, "https://"), FORMAT);
    SPK_CHECK(host_ok(host), FORMAT);
    SPK_TRY(spk_buf_add(url, head));
    *ret_has_hash = has_hash;
    *ret_hash = h;
    return SPK_OK;
}

void
spk_authority_fingerprint(const struct spk_hash *hash, char ret_code[SPK_REQ_CODE_LEN])
{
    spk_request_code(hash, ret_code);
}
