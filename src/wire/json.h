/* SPDX-License-Identifier: Apache-2.0 */
/* JSON of the HTTP API, in and out.  Reading goes through one strict door: size, depth and number
 * of values are bounded, duplicate keys, bad UTF-8 and trailing bytes are errors.  Writing builds
 * text in a spk_buf. */
#ifndef SPK_WIRE_JSON_H
#define SPK_WIRE_JSON_H

#include "base/buf.h"

#define SPK_JSON_DEPTH_MAX 8
#define SPK_JSON_MAX ((size_t)8 << 20)
#define SPK_JSON_VALUES_MAX ((size_t)1 << 18) /* values in one text, containers included */
#define SPK_JSON_U64_MAX ((uint64_t)1 << 53)  /* what every reader of JSON takes exactly */

struct spk_json; /* a parsed value tree */
/** SPK_CODE_LIMIT: larger or deeper than allowed. SPK_CODE_FORMAT: not strict JSON. */
SPK_MUST_USE spk_err spk_json_parse(struct spk_span text, struct spk_json **ret_j);
void spk_json_free(struct spk_json *j);
SPK_DEFINE_AUTO(spk_json)

/* Members of an object; borrowed from the tree. Missing or of another type: SPK_CODE_FORMAT. */
SPK_MUST_USE spk_err spk_json_str(const struct spk_json *obj, const char *key, const char **ret_s);
SPK_MUST_USE spk_err spk_json_u64(const struct spk_json *obj, const char *key,
                                  uint64_t *ret_v); /* <= 2^53 */
SPK_MUST_USE spk_err spk_json_bool(const struct spk_json *obj, const char *key, bool *ret_v);
SPK_MUST_USE spk_err spk_json_hex(const struct spk_json *obj, const char *key, void *ret,
                                  size_t len);
SPK_MUST_USE spk_err spk_json_base64(const struct spk_json *obj, const char *key,
                                     struct spk_buf *b);
SPK_MUST_USE spk_err spk_json_obj(const struct spk_json *obj, const char *key,
                                  const struct spk_json **ret_o);
/** Array member: count, then items. */
SPK_MUST_USE spk_err spk_json_array(const struct spk_json *obj, const char *key,
                                    const struct spk_json **ret_a, size_t *ret_n);
const struct spk_json *spk_json_at(const struct spk_json *array, size_t i);
SPK_MUST_USE spk_err spk_json_u64_at(const struct spk_json *array, size_t i, uint64_t *ret_v);
const char *spk_json_text(const struct spk_json *string_value); /* NULL when not a string */
/** True when the member is there and is null. */
bool spk_json_is_null(const struct spk_json *obj, const char *key);
bool spk_json_has(const struct spk_json *obj, const char *key);
/** Every key of obj must be in the NULL-terminated list, else SPK_CODE_FORMAT. */
SPK_MUST_USE spk_err spk_json_only(const struct spk_json *obj, const char *const *keys);

/* Writer: commas and quotes are its business. w = {.b = &buf}. */
struct spk_jw {
    struct spk_buf *b;
    unsigned depth;
    uint32_t comma; /* bit a level */
    spk_err err;    /* first failure; later calls do nothing. Check with spk_jw_end(). */
};
void spk_jw_open(struct spk_jw *w, const char *key_or_null, char brace); /* '{' or '[' */
void spk_jw_close(struct spk_jw *w, char brace);                         /* '}' or ']' */
void spk_jw_str(struct spk_jw *w, const char *key_or_null,
                struct spk_span s); /* bad UTF-8 as U+FFFD */
void spk_jw_cstr(struct spk_jw *w, const char *key_or_null, const char *s);
void spk_jw_u64(struct spk_jw *w, const char *key_or_null, uint64_t v);
void spk_jw_bool(struct spk_jw *w, const char *key_or_null, bool v);
void spk_jw_null(struct spk_jw *w, const char *key_or_null);
void spk_jw_hex(struct spk_jw *w, const char *key_or_null, struct spk_span s);
void spk_jw_base64(struct spk_jw *w, const char *key_or_null, struct spk_span s);
SPK_MUST_USE spk_err spk_jw_end(struct spk_jw *w);

#endif
