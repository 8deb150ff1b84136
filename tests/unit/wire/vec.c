/* SPDX-License-Identifier: Apache-2.0 */
#include "vec.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"

#define NAMES_MAX 64

struct entry {
    struct spk_span name;
    struct spk_span bytes;
};

static struct spk_buf file = {.max = 1 << 20};
static struct entry entries[NAMES_MAX];
static size_t n_entries;

static void
load(void)
{
    spk_test_vector("wire/wire.txt", &file);
    struct spk_span rest = spk_buf_span(&file), line, name;
    while (spk_split(&rest, '\n', &line)) {
        if (line.len == 0 || line.ptr[0] == '#') {
            continue;
        }
        assert_true(spk_split(&line, ':', &name));
        assert_true(spk_skip_prefix(&line, " "));
        assert_in_range(n_entries, 0, NAMES_MAX - 1);
        uint8_t *bytes = malloc(line.len / 2 + 1);
        assert_non_null(bytes);
        assert_spk_ok(spk_hex_parse(line, bytes, line.len / 2));
        entries[n_entries++] = (struct entry){name, spk_span(bytes, line.len / 2)};
    }
}

struct spk_span
vec(const char *name)
{
    if (n_entries == 0) {
        load();
    }
    for (size_t i = 0; i < n_entries; i++) {
        if (spk_span_eq(entries[i].name, spk_span_str(name))) {
            return entries[i].bytes;
        }
    }
    fail_msg("no vector %s", name);
    return SPK_SPAN_EMPTY;
}

struct spk_hash
vec_hash(const char *name)
{
    struct spk_span s = vec(name);
    struct spk_hash h;

    assert_int_equal(s.len, SPK_HASH_LEN);
    memcpy(h.b, s.ptr, SPK_HASH_LEN);
    return h;
}

struct spk_rsa *
vec_pair(const char *name)
{
    SPK_AUTO_BUF struct spk_buf pem = SPK_BUF(8192);
    SPK_AUTO_BUF struct spk_buf der = SPK_BUF(8192);
    SPK_AUTO_BUF struct spk_buf b64 = SPK_BUF(8192);
    struct spk_span rest, line;
    struct spk_rsa *pair = NULL;
    char path[128];

    (void)snprintf(path, sizeof(path), "wire/%s.pem", name);
    spk_test_vector(path, &pem);
    rest = spk_buf_span(&pem);
    while (spk_split(&rest, '\n', &line)) {
        if (line.len > 0 && line.ptr[0] != '-') {
            assert_spk_ok(spk_buf_add(&b64, line));
        }
    }
    assert_spk_ok(spk_base64_parse(spk_buf_span(&b64), &der));
    assert_spk_ok(spk_rsa_from_pkcs8(spk_buf_span(&der), NULL, &pair));
    return pair;
}

struct spk_secret *
vec_seed(uint8_t byte)
{
    uint8_t raw[32];
    struct spk_secret *s = NULL;

    memset(raw, byte, sizeof(raw));
    assert_spk_ok(spk_secret_from(SPK_SPAN_OF(raw), &s));
    return s;
}

uint8_t *
vec_copy(struct spk_span s, size_t extra)
{
    uint8_t *p = calloc(1, s.len + extra + 1);

    assert_non_null(p);
    memcpy(p, s.ptr, s.len);
    return p;
}

void
vec_replace(struct spk_span text, const char *from, const char *to, struct spk_buf *b)
{
    const uint8_t *at = memmem(text.ptr, text.len, from, strlen(from));

    assert_non_null(at);
    assert_spk_ok(spk_buf_add(b, spk_span(text.ptr, (size_t)(at - text.ptr))));
    assert_spk_ok(spk_buf_str(b, to));
    at += strlen(from);
    assert_spk_ok(spk_buf_add(b, spk_span(at, (size_t)(text.ptr + text.len - at))));
}
