/* SPDX-License-Identifier: Apache-2.0 */
#include "base/conf.h"

#include <string.h>

#include "base/rd.h"
#include "base/text.h"

static bool
is_blank(uint8_t c)
{
    return c == ' ' || c == '\t' || c == '\r';
}

static struct spk_span
trim(struct spk_span s)
{
    while (s.len > 0 && is_blank(s.ptr[0])) {
        s = spk_span(s.ptr + 1, s.len - 1);
    }
    while (s.len > 0 && is_blank(s.ptr[s.len - 1])) {
        s.len--;
    }
    return s;
}

static spk_err
str_new(struct spk_span v, char **ret_s)
{
    char *s = spk_calloc(v.len + 1, 1);

    SPK_CHECK(s != NULL, NOMEM);
    memcpy(s, v.ptr, v.len);
    *ret_s = s;
    return SPK_OK;
}

static spk_err
append(char ***list, struct spk_span v)
{
    size_t n = 0;

    while (*list != NULL && (*list)[n] != NULL) {
        n++;
    }
    SPK_CHECK(n < SPK_CONF_KEYS_MAX, LIMIT);
    char **grown = spk_reallocarray(*list, n + 2, sizeof(*grown));
    SPK_CHECK(grown != NULL, NOMEM);
    grown[n] = NULL;
    grown[n + 1] = NULL;
    *list = grown;
    return str_new(v, &grown[n]);
}

static spk_err
set_bool(bool *value, struct spk_span v)
{
    static const struct {
        const char *word;
        bool value;
    } words[] = {{"true", true},   {"yes", true}, {"on", true},
                 {"false", false}, {"no", false}, {"off", false}};

    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        if (spk_span_eq(v, spk_span_str(words[i].word))) {
            *value = words[i].value;
            return SPK_OK;
        }
    }
    return SPK_ERR(FORMAT);
}

static spk_err
set_u64(const struct spk_conf_key *k, struct spk_span v)
{
    uint64_t u;

    SPK_TRY(spk_dec_parse(v, k->max > 0 ? k->max : UINT64_MAX, &u));
    SPK_CHECK(u >= k->min, LIMIT);
    *(uint64_t *)k->value = u;
    return SPK_OK;
}

static spk_err
set_str(const struct spk_conf_key *k, struct spk_span v)
{
    SPK_CHECK(spk_utf8_plain(v), FORMAT);
    if (k->many) {
        return append(k->value, v);
    }
    char **value = k->value;
    spk_mem_free(*value);
    *value = NULL;
    return str_new(v, value);
}

static spk_err
set(const struct spk_conf_key *k, struct spk_span v)
{
    switch (k->kind) {
    case SPK_CONF_STR:
        return set_str(k, v);
    case SPK_CONF_U64:
        return set_u64(k, v);
    case SPK_CONF_BOOL:
        return set_bool(k->value, v);
    }
    return SPK_ERR(USAGE);
}

/* "key = value" */
static spk_err
split_line(struct spk_span line, struct spk_span *ret_name, struct spk_span *ret_value)
{
    struct spk_span name, rest = line;

    SPK_CHECK(spk_split(&rest, '=', &name), FORMAT);
    *ret_name = trim(name);
    *ret_value = trim(rest);
    SPK_CHECK(ret_value->len > 0, FORMAT);
    return SPK_OK;
}

static bool
is_empty_line(struct spk_span line)
{
    struct spk_span rest = trim(line);

    return rest.len == 0 || rest.ptr[0] == '#';
}

static spk_err
one_line(struct spk_span line, const struct spk_conf_key *keys, size_t n, bool *seen)
{
    struct spk_span name, rest;

    if (is_empty_line(line)) {
        return SPK_OK;
    }
    SPK_TRY(split_line(line, &name, &rest));
    for (size_t i = 0; i < n; i++) {
        if (spk_span_eq(name, spk_span_str(keys[i].name))) {
            SPK_CHECK(!seen[i] || keys[i].many, FORMAT);
            seen[i] = true;
            return set(&keys[i], rest);
        }
    }
    return SPK_ERR(FORMAT);
}

static spk_err
next_line(struct spk_rd *r, struct spk_span *ret_line)
{
    spk_err e = spk_rd_line(r, SPK_CONF_LINE_MAX, ret_line);

    if (e.code == SPK_CODE_TRUNC) { /* the last line may do without a line feed */
        SPK_CHECK(r->left <= SPK_CONF_LINE_MAX, LIMIT);
        return spk_rd_span(r, r->left, ret_line);
    }
    return e;
}

spk_err
spk_conf_parse(struct spk_span text, const struct spk_conf_key *keys, size_t n, unsigned *ret_line)
{
    struct spk_rd r = spk_rd(text);
    bool seen[SPK_CONF_KEYS_MAX] = {false};
    unsigned line_no = 0;
    spk_err e = n <= SPK_CONF_KEYS_MAX ? SPK_OK : SPK_ERR(USAGE);

    while (spk_ok(e) && r.left > 0) {
        struct spk_span line;
        line_no++;
        e = next_line(&r, &line);
        if (spk_ok(e)) {
            e = one_line(line, keys, n, seen);
        }
    }
    if (!spk_ok(e)) {
        *ret_line = line_no;
    }
    return e;
}

spk_err
spk_conf_get(struct spk_span text, const char *name, struct spk_span *ret_value)
{
    struct spk_rd r = spk_rd(text);

    while (r.left > 0) {
        struct spk_span line, key, value;

        SPK_TRY(next_line(&r, &line));
        if (!is_empty_line(line) && spk_ok(split_line(line, &key, &value)) &&
            spk_span_eq(key, spk_span_str(name))) {
            *ret_value = value;
            return SPK_OK;
        }
    }
    return SPK_ERR(NOTFOUND);
}
