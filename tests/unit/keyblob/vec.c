/* SPDX-License-Identifier: Apache-2.0 */
#include "vec.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file.h"
#include "base/text.h"
#include "keyblob/blob.h"

#define LINE_MAX_LEN 8192

const char *const vec_keys[VEC_KEYS] = {"rsa-2048", "rsa-3072", "rsa-4096"};

static struct spk_buf file = {.max = 1 << 20};

struct cursor {
    struct spk_span rest;
    struct spk_span name;
    struct spk_span value;
};

static struct cursor
start(void)
{
    if (file.len == 0) {
        spk_test_vector("keyblob/blobs.txt", &file);
    }
    return (struct cursor){.rest = spk_buf_span(&file)};
}

/* Next "name: value" line; comments are passed over. */
static bool
next(struct cursor *c)
{
    struct spk_span line;
    while (spk_split(&c->rest, '\n', &line)) {
        if (line.len == 0 || line.ptr[0] == '#') {
            continue;
        }
        assert_true(spk_split(&line, ':', &c->name));
        assert_true(line.len > 1 && line.ptr[0] == ' ');
        c->value = spk_span(line.ptr + 1, line.len - 1);
        return true;
    }
    return false;
}

static bool
is(struct spk_span s, const char *text)
{
    return spk_span_eq(s, spk_span_str(text));
}

static void
add_hex(struct spk_buf *b, struct spk_span hex)
{
    uint8_t *dst = NULL;
    assert_int_equal(hex.len % 2, 0);
    assert_spk_ok(spk_buf_grow(b, hex.len / 2, &dst));
    assert_spk_ok(spk_hex_parse(hex, dst, hex.len / 2));
}

static struct cursor
at_key(const char *key)
{
    struct cursor c = start();
    while (key != NULL && next(&c)) {
        if (is(c.name, "key") && is(c.value, key)) {
            return c;
        }
    }
    assert_null(key);
    return c;
}

void
vec_get(const char *key, const char *name, struct spk_buf *b)
{
    struct cursor c = at_key(key);
    while (next(&c) && !is(c.name, "key")) {
        if (is(c.name, name)) {
            add_hex(b, c.value);
            return;
        }
    }
    fail_msg("no vector %s of %s", name, key != NULL ? key : "the head");
}

bool
vec_bad(const char *key, unsigned i, struct spk_buf *blob, struct spk_buf *opens_to)
{
    struct cursor c = at_key(key);
    unsigned seen = 0;
    while (next(&c) && !is(c.name, "key")) {
        if (!is(c.name, "bad_blob") || seen++ < i) {
            continue;
        }
        add_hex(blob, c.value);
        assert_true(next(&c) && is(c.name, "bad_opens_to"));
        add_hex(opens_to, c.value);
        return true;
    }
    return false;
}

struct spk_rsa *
vec_pair(const char *key)
{
    SPK_AUTO_BUF struct spk_buf blob = SPK_BUF(LINE_MAX_LEN);
    enum spk_key_spec spec;
    struct spk_rsa *pair = NULL;
    vec_get(key, "private_keyx", &blob);
    assert_spk_ok(spk_privblob_parse(spk_buf_span(&blob), &spec, &pair));
    return pair;
}

char *
in_dir(const char *dir, const char *name)
{
    char *path = NULL;
    assert_true(asprintf(&path, "%s/%s", dir, name) > 0);
    return path;
}

char *
vec_pem(const char *key)
{
    char *path = NULL;
    const char *vectors = getenv("SPK_VECTORS");
    assert_non_null(vectors);
    assert_true(asprintf(&path, "%s/keyblob/%s.pem", vectors, key) > 0);
    return path;
}

void
put_file(const char *path, struct spk_span s)
{
    assert_spk_ok(spk_file_write(AT_FDCWD, path, s, 0600, true));
}

void
get_file(const char *path, struct spk_buf *b)
{
    assert_spk_ok(spk_file_read(AT_FDCWD, path, b));
}

int
run(const char *const argv[])
{
    int status = 0;
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        int null = open("/dev/null", O_RDWR | O_CLOEXEC);
        if (null >= 0) {
            (void)dup2(null, STDOUT_FILENO);
            (void)dup2(null, STDERR_FILENO);
            execvp(argv[0], (char *const *)(uintptr_t)argv);
        }
        _exit(127);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}
