/* SPDX-License-Identifier: Apache-2.0 */
#include "authority/target.h"

#include <string.h>

#include "base/text.h"

static spk_err
decode(struct spk_span raw, bool query, uint8_t **mem, struct spk_span *ret_s)
{
    uint8_t *out = *mem;

    for (size_t i = 0; i < raw.len; i++) {
        uint8_t c = raw.ptr[i];
        if (c == '%') {
            SPK_CHECK(raw.len - i >= 3, FORMAT);
            SPK_TRY(spk_hex_parse(spk_span(raw.ptr + i + 1, 2), &c, 1));
            SPK_CHECK(c != 0, FORMAT);
            i += 2;
        } else if (c == '+' && query) {
            c = ' ';
        } else {
            SPK_CHECK(c > ' ' && c < 0x7f && c != '#', FORMAT);
        }
        *out++ = c;
    }
    *ret_s = spk_span(*mem, (size_t)(out - *mem));
    *mem = out;
    return SPK_OK;
}

static spk_err
parse_path(struct spk_span path, uint8_t **mem, struct spk_target *t)
{
    SPK_CHECK(path.len > 1 && path.ptr[0] == '/', FORMAT);
    struct spk_span rest = spk_span(path.ptr + 1, path.len - 1);
    for (bool more = true; more;) {
        struct spk_span part = rest;
        more = spk_split(&rest, '/', &part);
        if (!more) {
            part = rest;
        }
        SPK_CHECK(part.len > 0, FORMAT);
        SPK_CHECK(t->n_segments < SPK_TARGET_SEGMENTS, LIMIT);
        SPK_TRY(decode(part, false, mem, &t->segments[t->n_segments]));
        t->n_segments++;
    }
    return SPK_OK;
}

static spk_err
add_param(struct spk_span part, uint8_t **mem, struct spk_target *t)
{
    struct spk_span name = part, value = part, had;
    struct spk_param *p = &t->params[t->n_params];

    SPK_CHECK(spk_split(&value, '=', &name) && name.len > 0, FORMAT);
    SPK_CHECK(t->n_params < SPK_TARGET_PARAMS, LIMIT);
    SPK_TRY(decode(name, true, mem, &p->name));
    SPK_TRY(decode(value, true, mem, &p->value));
    for (size_t i = 0; i < t->n_params; i++) {
        had = t->params[i].name;
        SPK_CHECK(!spk_span_eq(had, p->name), FORMAT);
    }
    t->n_params++;
    return SPK_OK;
}

static spk_err
parse_query(struct spk_span query, uint8_t **mem, struct spk_target *t)
{
    for (bool more = true; more;) {
        struct spk_span part = query;
        more = spk_split(&query, '&', &part);
        SPK_TRY(add_param(more ? part : query, mem, t));
    }
    return SPK_OK;
}

spk_err
spk_target_parse(struct spk_span raw, struct spk_target *ret_t)
{
    struct spk_span path = raw, query = raw;
    uint8_t *mem = ret_t->mem;

    ret_t->n_segments = 0;
    ret_t->n_params = 0;
    SPK_CHECK(raw.len <= SPK_TARGET_MAX, LIMIT);
    if (!spk_split(&query, '?', &path)) {
        return parse_path(raw, &mem, ret_t);
    }
    SPK_TRY(parse_path(path, &mem, ret_t));
    return query.len == 0 ? SPK_OK : parse_query(query, &mem, ret_t);
}

bool
spk_target_param(const struct spk_target *t, const char *name, struct spk_span *ret_v)
{
    for (size_t i = 0; i < t->n_params; i++) {
        if (spk_span_eq(t->params[i].name, spk_span_str(name))) {
            *ret_v = t->params[i].value;
            return true;
        }
    }
    return false;
}
