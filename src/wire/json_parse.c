/* SPDX-License-Identifier: Apache-2.0 */
/* One pass, no recursion, RFC 8259 to the letter: what another reader might take in two ways is
 * refused.
 *
 * Values wait on a stack until their container closes; then they move into a block of their own, so
 * that items are found by index and members by bisection. Strings are unescaped into one piece of
 * memory, which the text can never outgrow. */
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "wire/json_tree.h"

struct block { /* the items of one container */
    struct block *next;
    struct spk_json items[];
};

struct doc {
    struct spk_json root; /* first: a pointer to it is a pointer to the document */
    struct block *blocks;
    char *strings;
};

struct level {
    bool object;
    const char *key; /* of the container itself, in the one around it */
    size_t first;    /* its first value on the stack */
};

struct parser {
    const uint8_t *p, *end;
    char *str; /* where the next string goes */
    struct doc *doc;
    struct spk_json *stack;
    size_t n, cap, values;
    struct level level[SPK_JSON_DEPTH_MAX];
    unsigned depth;
    const char *key; /* read, waiting for its value */
};

static void
doc_free(struct doc *d)
{
    while (d != NULL && d->blocks != NULL) {
        struct block *next = d->blocks->next;
        spk_mem_free(d->blocks);
        d->blocks = next;
    }
    if (d != NULL) {
        spk_mem_free(d->strings);
    }
    spk_mem_free(d);
}

void
spk_json_free(struct spk_json *j)
{
    doc_free((struct doc *)j);
}

static void
parser_clear(struct parser *q)
{
    spk_mem_free(q->stack);
    doc_free(q->doc);
}

static void
skip_space(struct parser *q)
{
    while (q->p < q->end && (*q->p == ' ' || *q->p == '\n' || *q->p == '\t' || *q->p == '\r')) {
        q->p++;
    }
}

/* The next byte that is not white space; 0 at the end. A NUL in the text is no token either way. */
static uint8_t
peek(struct parser *q)
{
    skip_space(q);
    return q->p < q->end ? *q->p : 0;
}

static spk_err
hex4(struct parser *q, uint32_t *ret_v)
{
    uint8_t b[2];

    SPK_CHECK(q->end - q->p >= 4, FORMAT);
    SPK_TRY(spk_hex_parse(spk_span(q->p, 4), b, 2));
    q->p += 4;
    *ret_v = spk_get_u16(b);
    return SPK_OK;
}

static void
put_utf8(struct parser *q, uint32_t cp)
{
    if (cp < 0x80) {
        *q->str++ = (char)cp;
        return;
    }
    if (cp < 0x800) {
        *q->str++ = (char)(0xc0 | (cp >> 6));
    } else {
        if (cp < 0x10000) {
            *q->str++ = (char)(0xe0 | (cp >> 12));
        } else {
            *q->str++ = (char)(0xf0 | (cp >> 18));
            *q->str++ = (char)(0x80 | ((cp >> 12) & 63));
        }
        *q->str++ = (char)(0x80 | ((cp >> 6) & 63));
    }
    *q->str++ = (char)(0x80 | (cp & 63));
}

/* \uXXXX, a surrogate only together with its other half. NUL would end a C string early: refused.
 */
static spk_err
unicode_escape(struct parser *q)
{
    uint32_t cp, low;

    SPK_TRY(hex4(q, &cp));
    SPK_CHECK(cp != 0 && (cp < 0xdc00 || cp > 0xdfff), FORMAT);
    if (cp >= 0xd800 && cp <= 0xdbff) {
        SPK_CHECK(q->end - q->p >= 2 && q->p[0] == '\\' && q->p[1] == 'u', FORMAT);
        q->p += 2;
        SPK_TRY(hex4(q, &low));
        SPK_CHECK(low >= 0xdc00 && low <= 0xdfff, FORMAT);
        cp = 0x10000 + ((cp - 0xd800) << 10) + (low - 0xdc00);
    }
    put_utf8(q, cp);
    return SPK_OK;
}

static spk_err
escape(struct parser *q)
{
    static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";

    SPK_CHECK(q->p < q->end, FORMAT);
    uint8_t c = *q->p++;
    if (c == 'u') {
        return unicode_escape(q);
    }
    const char *at = c == 0 ? NULL : strchr(from, c);
    SPK_CHECK(at != NULL, FORMAT);
    *q->str++ = to[at - from];
    return SPK_OK;
}

/* A string that q->p stands behind the opening quote of. */
static spk_err
string(struct parser *q, const char **ret_s)
{
    const char *start = q->str;
    uint8_t high = 0;

    for (;;) {
        const uint8_t *run = q->p;
        while (q->p < q->end && *q->p >= 0x20 && *q->p != '"' && *q->p != '\\') {
            high |= *q->p++;
        }
        memcpy(q->str, run, (size_t)(q->p - run));
        q->str += q->p - run;
        SPK_CHECK(q->p < q->end && *q->p >= 0x20, FORMAT);
        if (*q->p++ == '"') {
            break;
        }
        SPK_TRY(escape(q));
    }
    SPK_CHECK(high < 0x80 || spk_utf8_ok(spk_span(start, (size_t)(q->str - start))), FORMAT);
    *q->str++ = 0;
    *ret_s = start;
    return SPK_OK;
}

static size_t
digits(struct parser *q)
{
    const uint8_t *start = q->p;

    while (q->p < q->end && *q->p >= '0' && *q->p <= '9') {
        q->p++;
    }
    return (size_t)(q->p - start);
}

static bool
take(struct parser *q, char a, char b)
{
    if (q->p < q->end && (*q->p == a || *q->p == b)) {
        q->p++;
        return true;
    }
    return false;
}

static spk_err
number(struct parser *q, struct spk_json *ret_v)
{
    const uint8_t *start = q->p;

    (void)take(q, '-', '-');
    const uint8_t *whole = q->p;
    size_t n = digits(q);
    SPK_CHECK(n == 1 || (n > 1 && *whole != '0'), FORMAT);
    bool plain = whole == start;
    if (take(q, '.', '.')) {
        SPK_CHECK(digits(q) > 0, FORMAT);
        plain = false;
    }
    if (take(q, 'e', 'E')) {
        (void)take(q, '+', '-');
        SPK_CHECK(digits(q) > 0, FORMAT);
        plain = false;
    }
    uint64_t u = 0;
    plain = plain && spk_ok(spk_dec_parse(spk_span(start, n), SPK_JSON_U64_MAX, &u));
    ret_v->type = plain ? JSON_U64 : JSON_NUMBER;
    ret_v->v.u = u;
    return SPK_OK;
}

static spk_err
word(struct parser *q, struct spk_json *ret_v)
{
    static const struct {
        const char *text;
        enum json_type type;
        bool b;
    } words[] = {
        {"true", JSON_BOOL, true}, {"false", JSON_BOOL, false}, {"null", JSON_NULL, false}};

    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        struct spk_span rest = spk_span(q->p, (size_t)(q->end - q->p));
        if (spk_skip_prefix(&rest, words[i].text)) {
            q->p = rest.ptr;
            ret_v->type = words[i].type;
            ret_v->v.b = words[i].b;
            return SPK_OK;
        }
    }
    return SPK_ERR(FORMAT);
}

/* Puts a finished value on the stack, under the key that waits for it. */
static spk_err
push(struct parser *q, struct spk_json v, const char *key)
{
    SPK_CHECK(q->values < SPK_JSON_VALUES_MAX, LIMIT);
    q->values++;
    if (q->n == q->cap) {
        size_t cap = q->cap == 0 ? 16 : 2 * q->cap;
        struct spk_json *grown = spk_reallocarray(q->stack, cap, sizeof(*grown));
        SPK_CHECK(grown != NULL, NOMEM);
        q->stack = grown;
        q->cap = cap;
    }
    v.key = key;
    q->stack[q->n++] = v;
    return SPK_OK;
}

static spk_err
member_key(struct parser *q)
{
    SPK_CHECK(peek(q) == '"', FORMAT);
    q->p++;
    SPK_TRY(string(q, &q->key));
    SPK_CHECK(peek(q) == ':', FORMAT);
    q->p++;
    return SPK_OK;
}

static int
member_cmp(const void *a, const void *b)
{
    return strcmp(((const struct spk_json *)a)->key, ((const struct spk_json *)b)->key);
}

static spk_err
members_sort(struct spk_json *items, size_t n)
{
    qsort(items, n, sizeof(*items), member_cmp);
    for (size_t i = 1; i < n; i++) {
        SPK_CHECK(member_cmp(&items[i - 1], &items[i]) != 0, FORMAT); /* the same key twice */
    }
    return SPK_OK;
}

/* The innermost container is complete: its values leave the stack, it takes their place. */
static spk_err
close_level(struct parser *q)
{
    struct level l = q->level[--q->depth];
    size_t n = q->n - l.first;
    struct spk_json v = {.type = l.object ? JSON_OBJECT : JSON_ARRAY, .n = (uint32_t)n};

    if (n > 0) {
        struct block *b = spk_calloc(1, sizeof(*b) + n * sizeof(b->items[0]));
        SPK_CHECK(b != NULL, NOMEM);
        memcpy(b->items, q->stack + l.first, n * sizeof(b->items[0]));
        b->next = q->doc->blocks;
        q->doc->blocks = b;
        v.v.items = b->items;
        q->n = l.first;
        if (l.object) {
            SPK_TRY(members_sort(b->items, n));
        }
    }
    return push(q, v, l.key);
}

static spk_err
open_level(struct parser *q, bool object)
{
    SPK_CHECK(q->depth < SPK_JSON_DEPTH_MAX, LIMIT);
    q->level[q->depth++] = (struct level){object, q->key, q->n};
    q->key = NULL;
    return SPK_OK;
}

static spk_err
scalar(struct parser *q, uint8_t c)
{
    struct spk_json v = {.n = 0};
    const char *key = q->key;

    q->key = NULL;
    if (c == '"') {
        q->p++;
        v.type = JSON_STR;
        SPK_TRY(string(q, &v.v.s));
    } else if (c == '-' || (c >= '0' && c <= '9')) {
        SPK_TRY(number(q, &v));
    } else {
        SPK_TRY(word(q, &v));
    }
    return push(q, v, key);
}

/* Behind a value: closes what ends here. *ret_more: another value must follow. */
static spk_err
after_value(struct parser *q, bool *ret_more)
{
    while (q->depth > 0) {
        const struct level *l = &q->level[q->depth - 1];
        uint8_t c = peek(q);
        SPK_CHECK(c == ',' || c == (l->object ? '}' : ']'), FORMAT);
        q->p++;
        if (c == ',') {
            if (l->object) {
                SPK_TRY(member_key(q));
            }
            *ret_more = true;
            return SPK_OK;
        }
        SPK_TRY(close_level(q));
    }
    *ret_more = false;
    return SPK_OK;
}

/* One value, or the opening of one: *ret_done when something is complete. */
static spk_err
value(struct parser *q, bool *ret_done)
{
    uint8_t c = peek(q);

    *ret_done = true;
    if (c != '{' && c != '[') {
        return scalar(q, c);
    }
    q->p++;
    SPK_TRY(open_level(q, c == '{'));
    if (peek(q) == (c == '{' ? '}' : ']')) {
        q->p++;
        return close_level(q);
    }
    *ret_done = false;
    return c == '{' ? member_key(q) : SPK_OK;
}

static spk_err
parse(struct parser *q)
{
    bool more = true;

    while (more) {
        bool done;
        SPK_TRY(value(q, &done));
        if (done) {
            SPK_TRY(after_value(q, &more));
        }
    }
    skip_space(q);
    SPK_CHECK(q->p == q->end, FORMAT);
    return SPK_OK;
}

spk_err
spk_json_parse(struct spk_span text, struct spk_json **ret_j)
{
    __attribute__((cleanup(parser_clear))) struct parser q = {.p = text.ptr};

    SPK_CHECK(text.len <= SPK_JSON_MAX, LIMIT);
    SPK_CHECK(text.len > 0, FORMAT);
    q.end = text.ptr + text.len;
    q.doc = spk_calloc(1, sizeof(*q.doc));
    SPK_CHECK(q.doc != NULL, NOMEM);
    q.doc->strings = spk_calloc(text.len + 1, 1);
    SPK_CHECK(q.doc->strings != NULL, NOMEM);
    q.str = q.doc->strings;
    SPK_TRY(parse(&q));
    q.doc->root = q.stack[0];
    *ret_j = &q.doc->root;
    q.doc = NULL;
    return SPK_OK;
}
