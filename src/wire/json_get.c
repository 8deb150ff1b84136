/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/text.h"
#include "wire/json_tree.h"

static const struct spk_json *
member(const struct spk_json *obj, const char *key)
{
    size_t low = 0, high = obj->type == JSON_OBJECT ? obj->n : 0;

    while (low < high) {
        size_t mid = low + (high - low) / 2;
        int order = strcmp(key, obj->v.items[mid].key);
        if (order == 0) {
            return &obj->v.items[mid];
        }
        if (order < 0) {
            high = mid;
        } else {
            low = mid + 1;
        }
    }
    return NULL;
}

static spk_err
typed(const struct spk_json *obj, const char *key, enum json_type type,
      const struct spk_json **ret_v)
{
    const struct spk_json *v = member(obj, key);

    SPK_CHECK(v != NULL && v->type == type, FORMAT);
    *ret_v = v;
    return SPK_OK;
}

spk_err
spk_json_str(const struct spk_json *obj, const char *key, const char **ret_s)
{
    const struct spk_json *v;

    SPK_TRY(typed(obj, key, JSON_STR, &v));
    *ret_s = v->v.s;
    return SPK_OK;
}

spk_err
spk_json_u64(const struct spk_json *obj, const char *key, uint64_t *ret_v)
{
    const struct spk_json *v;

    SPK_TRY(typed(obj, key, JSON_U64, &v));
    *ret_v = v->v.u;
    return SPK_OK;
}

spk_err
spk_json_bool(const struct spk_json *obj, const char *key, bool *ret_v)
{
    const struct spk_json *v;

    SPK_TRY(typed(obj, key, JSON_BOOL, &v));
    *ret_v = v->v.b;
    return SPK_OK;
}

spk_err
spk_json_hex(const struct spk_json *obj, const char *key, void *ret, size_t len)
{
    const char *s;

    SPK_TRY(spk_json_str(obj, key, &s));
    for (const char *p = s; *p != 0; p++) {
        SPK_CHECK(*p < 'A' || *p > 'F', FORMAT); /* one spelling: these are keys of look-ups */
    }
    return spk_hex_parse(spk_span_str(s), ret, len);
}

spk_err
spk_json_base64(const struct spk_json *obj, const char *key, struct spk_buf *b)
{
    const char *s;

    SPK_TRY(spk_json_str(obj, key, &s));
    return spk_base64_parse(spk_span_str(s), b);
}

spk_err
spk_json_obj(const struct spk_json *obj, const char *key, const struct spk_json **ret_o)
{
    return typed(obj, key, JSON_OBJECT, ret_o);
}

spk_err
spk_json_array(const struct spk_json *obj, const char *key, const struct spk_json **ret_a,
               size_t *ret_n)
{
    const struct spk_json *v;

    SPK_TRY(typed(obj, key, JSON_ARRAY, &v));
    *ret_a = v;
    *ret_n = v->n;
    return SPK_OK;
}

spk_err
spk_json_u64_at(const struct spk_json *array, size_t i, uint64_t *ret_v)
{
    const struct spk_json *v = spk_json_at(array, i);

    SPK_CHECK(v != NULL && v->type == JSON_U64, FORMAT);
    *ret_v = v->v.u;
    return SPK_OK;
}

const struct spk_json *
spk_json_at(const struct spk_json *array, size_t i)
{
    return array->type == JSON_ARRAY && i < array->n ? &array->v.items[i] : NULL;
}

const char *
spk_json_text(const struct spk_json *string_value)
{
    return string_value != NULL && string_value->type == JSON_STR ? string_value->v.s : NULL;
}

bool
spk_json_is_null(const struct spk_json *obj, const char *key)
{
    const struct spk_json *v = member(obj, key);

    return v != NULL && v->type == JSON_NULL;
}

bool
spk_json_has(const struct spk_json *obj, const char *key)
{
    return member(obj, key) != NULL;
}

spk_err
spk_json_only(const struct spk_json *obj, const char *const *keys)
{
    SPK_CHECK(obj->type == JSON_OBJECT, FORMAT);
    for (size_t i = 0; i < obj->n; i++) {
        const char *const *k = keys;
        while (*k != NULL && strcmp(*k, obj->v.items[i].key) != 0) {
            k++;
        }
        SPK_CHECK(*k != NULL, FORMAT);
    }
    return SPK_OK;
}
