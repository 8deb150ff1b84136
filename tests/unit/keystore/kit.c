/* SPDX-License-Identifier: Apache-2.0 */
#include "kit.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/text.h"

#define PAIRS 4

int
kit_setup(void **state)
{
    struct kit *k = calloc(1, sizeof *k);
    assert_non_null(k);
    k->dir = spk_test_dir();
    assert_true(asprintf(&k->path, "%s/containers", k->dir) > 0);
    assert_spk_ok(spk_keystore_at(k->path, &k->ks));
    *state = k;
    return 0;
}

int
kit_teardown(void **state)
{
    struct kit *k = *state;
    spk_keystore_free(k->ks);
    spk_test_dir_remove(k->dir);
    free(k->path);
    free(k);
    return 0;
}

struct spk_rsa *
kit_pair(unsigned i)
{
    static struct spk_rsa *pair[PAIRS];
    assert_true(i < PAIRS);
    if (pair[i] == NULL) {
        assert_spk_ok(spk_rsa_generate(SPK_RSA_MIN_BITS, &pair[i]));
    }
    return pair[i];
}

char *
kit_file(const struct kit *k, const char *name)
{
    char *path = NULL;
    assert_true(asprintf(&path, "%s/%s", k->path, name) > 0);
    return path;
}

char *
kit_container_file(const struct kit *k, const char *name)
{
    char hex[2 * SPK_CONTAINER_NAME_MAX + 1];
    assert_true(strlen(name) <= SPK_CONTAINER_NAME_MAX);
    return kit_file(k, spk_hex(spk_span_str(name), hex));
}

struct spk_secret *
kit_secret(const char *text)
{
    struct spk_secret *s = NULL;
    assert_spk_ok(spk_secret_from(spk_span_str(text), &s));
    return s;
}

void
kit_save(struct kit *k, const char *name, struct spk_rsa *kx, struct spk_rsa *sig, const char *pass)
{
    SPK_AUTO(spk_container) c = NULL;
    assert_spk_ok(spk_container_create(k->ks, name, &c));
    assert_spk_ok(spk_container_set(c, SPK_AT_KEYEXCHANGE, kx));
    assert_spk_ok(spk_container_set(c, SPK_AT_SIGNATURE, sig));
    if (pass != NULL) {
        SPK_AUTO(spk_secret) s = kit_secret(pass);
        assert_spk_ok(spk_container_set_pass(c, s));
    }
    assert_spk_ok(spk_container_save(c));
}

size_t
kit_count(const struct kit *k)
{
    const struct dirent *entry = NULL;
    size_t n = 0;
    DIR *dir = opendir(k->path);
    assert_non_null(dir);
    while ((entry = readdir(dir)) != NULL) {
        const char *name = entry->d_name;
        n += strcmp(name, ".") != 0 && strcmp(name, "..") != 0 && strcmp(name, ".lock") != 0;
    }
    closedir(dir);
    return n;
}

void
kit_plant(const struct kit *k, const char *name, struct spk_span bytes, bool fix)
{
    SPK_AUTO_BUF struct spk_buf b = SPK_BUF(1 << 20);
    char *path = kit_container_file(k, name);
    assert_spk_ok(spk_buf_add(&b, bytes));
    if (fix) {
        struct spk_hash h;
        assert_true(b.len >= SPK_HASH_LEN);
        assert_spk_ok(spk_sha256(spk_span(b.ptr, b.len - SPK_HASH_LEN), &h));
        memcpy(b.ptr + b.len - SPK_HASH_LEN, h.b, SPK_HASH_LEN);
    }
    assert_spk_ok(spk_file_write(AT_FDCWD, path, spk_buf_span(&b), 0600, true));
    free(path);
}

void
kit_bytes(const struct kit *k, const char *name, struct spk_buf *b)
{
    char *path = kit_container_file(k, name);
    assert_spk_ok(spk_file_read(AT_FDCWD, path, b));
    free(path);
}

spk_err
kit_ask(void *ctx, const char *container, unsigned wrong, struct spk_secret **ret_pass)
{
    struct asker *a = ctx;
    assert_true(a->calls < 8);
    const char *text = a->tries[a->calls];
    (void)snprintf(a->container, sizeof a->container, "%s", container);
    a->wrong[a->calls++] = wrong;
    if (text == NULL) {
        return SPK_ERR(PASS);
    }
    *ret_pass = kit_secret(text);
    return SPK_OK;
}
