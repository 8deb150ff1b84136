/* SPDX-License-Identifier: Apache-2.0 */
/* Key files: their secrecy on disk, and that none of them can be moved under another policy, seed
 * or number. */
#include "spk_test.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "holder/keyfile.h"

static char *dir;
static int dirfd = -1;
static struct spk_keys *keys;
static const struct spk_hash genesis = {{1, 2, 3}};

static int
setup(void **state)
{
    (void)state;
    dir = spk_test_dir();
    dirfd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    assert_true(dirfd >= 0);
    if (keys == NULL) {
        assert_spk_ok(spk_keys_new("authority.example", &genesis, 2048, &keys));
        assert_spk_ok(spk_keys_rotate(keys, 2048));
    }
    return 0;
}

static int
teardown(void **state)
{
    (void)state;
    spk_fd_auto_(&dirfd);
    spk_test_dir_remove(dir);
    return 0;
}

static void
write_all(const struct spk_secret *pass)
{
    for (size_t i = 0; i < keys->n; i++) {
        assert_spk_ok(spk_keys_write_epoch(dirfd, keys, &keys->epoch[i]));
    }
    assert_spk_ok(spk_keys_write_seed(dirfd, keys, pass));
}

static void
assert_same(const struct spk_keys *k)
{
    assert_int_equal(k->n, keys->n);
    for (size_t i = 0; i < k->n; i++) {
        assert_true(spk_hash_eq(spk_rsa_id(k->epoch[i].pair), spk_rsa_id(keys->epoch[i].pair)));
        assert_true(spk_hash_eq(&k->epoch[i].previous, &keys->epoch[i].previous));
    }
    assert_string_equal(k->name, keys->name);
    assert_string_equal(k->vkey.name, "authority.example/holder");
    assert_memory_equal(k->vkey.key, keys->vkey.key, SPK_ED25519_LEN);
    assert_true(spk_secret_eq(k->seed, keys->seed));
    assert_true(spk_hash_eq(&k->genesis, &genesis));
}

static void
test_comes_back(void **state)
{
    SPK_AUTO(spk_keys) k = NULL;
    bool locked = true;

    (void)state;
    write_all(NULL);
    assert_spk_ok(spk_keys_read(dirfd, NULL, &k));
    assert_same(k);
    assert_spk_ok(spk_keys_locked(dirfd, &locked));
    assert_false(locked);
    assert_true(spk_keys_find(k, spk_rsa_id(keys->epoch[1].pair)) == spk_keys_newest(k));
    assert_null(spk_keys_find(k, &genesis));
}

static void
test_nobody_else_can_read_them(void **state)
{
    static const char *const names[] = {"holder.key", "epoch-1.key", "epoch-2.key"};
    mode_t old = umask(0);
    struct stat st;

    (void)state;
    write_all(NULL);
    (void)umask(old);
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(fstatat(dirfd, names[i], &st, 0), 0);
        assert_int_equal(st.st_mode & 07777, 0600);
    }
    /* and none is ever written over */
    assert_spk_code(spk_keys_write_seed(dirfd, keys, NULL), EXISTS);
    assert_spk_code(spk_keys_write_epoch(dirfd, keys, &keys->epoch[0]), EXISTS);
}

static void
test_passphrase(void **state)
{
    SPK_AUTO(spk_keys) k = NULL;
    SPK_AUTO(spk_secret) pass = NULL;
    SPK_AUTO(spk_secret) wrong = NULL;
    SPK_AUTO_BUF struct spk_buf b = SPK_BUF(SPK_KEYFILE_MAX);
    bool locked = false;

    (void)state;
    assert_spk_ok(spk_secret_from(SPK_SPAN_LIT("correct horse"), &pass));
    assert_spk_ok(spk_secret_from(SPK_SPAN_LIT("battery staple"), &wrong));
    write_all(pass);
    assert_spk_ok(spk_keys_locked(dirfd, &locked));
    assert_true(locked);
    assert_spk_code(spk_keys_read(dirfd, NULL, &k), PASS);
    assert_spk_code(spk_keys_read(dirfd, wrong, &k), PASS);
    assert_spk_ok(spk_keys_read(dirfd, pass, &k));
    assert_same(k);
    assert_spk_ok(spk_file_read(dirfd, SPK_SEED_FILE, &b));
    assert_null(memmem(b.ptr, b.len, spk_secret_span(keys->seed).ptr, SPK_ED25519_LEN));
}

static void
test_every_byte_counts(void **state)
{
    static const char *const names[] = {"holder.key", "epoch-1.key"};

    (void)state;
    write_all(NULL);
    for (size_t f = 0; f < 2; f++) {
        SPK_AUTO_BUF struct spk_buf b = SPK_BUF(SPK_KEYFILE_MAX);
        assert_spk_ok(spk_file_read(dirfd, names[f], &b));
        for (size_t i = 0; i < b.len; i++) {
            SPK_AUTO(spk_keys) k = NULL;
            b.ptr[i] ^= 1;
            assert_spk_ok(spk_file_write(dirfd, names[f], spk_buf_span(&b), 0600, true));
            assert_true(spk_keys_read(dirfd, NULL, &k).code != SPK_CODE_OK);
            assert_null(k);
            b.ptr[i] ^= 1;
        }
        assert_spk_ok(spk_file_write(dirfd, names[f], spk_buf_span(&b), 0600, true));
    }
}

static void
test_cut_anywhere(void **state)
{
    static const char *const names[] = {"holder.key", "epoch-1.key"};

    (void)state;
    write_all(NULL);
    for (size_t f = 0; f < 2; f++) {
        SPK_AUTO_BUF struct spk_buf b = SPK_BUF(SPK_KEYFILE_MAX);
        assert_spk_ok(spk_file_read(dirfd, names[f], &b));
        for (size_t i = 0; i < b.len; i += 7) {
            SPK_AUTO(spk_keys) k = NULL;
            assert_spk_ok(spk_file_write(dirfd, names[f], spk_span(b.ptr, i), 0600, true));
            assert_true(spk_keys_read(dirfd, NULL, &k).code != SPK_CODE_OK);
        }
        assert_spk_ok(spk_file_write(dirfd, names[f], spk_buf_span(&b), 0600, true));
    }
}

/* What somebody who can write the folder would like: the same pair under a policy of his own. */
static void
test_not_under_another_policy(void **state)
{
    SPK_AUTO(spk_keys) mine = spk_calloc(1, sizeof(*mine));
    SPK_AUTO_BUF struct spk_buf b = SPK_BUF(SPK_KEYFILE_MAX);
    const struct spk_hash other = {{9}};

    (void)state;
    assert_non_null(mine);
    write_all(NULL);
    assert_spk_ok(spk_file_read(dirfd, "epoch-1.key", &b));
    assert_spk_ok(spk_keys_identity(mine, SPK_SPAN_LIT("authority.example"), &other, keys->seed));
    assert_spk_code(spk_epoch_parse(mine, spk_buf_span(&b), 1), AUTH);
    /* with the hash in its head changed as well */
    memcpy(b.ptr + 16, other.b, SPK_HASH_LEN);
    assert_spk_code(spk_epoch_parse(mine, spk_buf_span(&b), 1), AUTH);
}

static void
test_not_under_another_number(void **state)
{
    SPK_AUTO_BUF struct spk_buf b = SPK_BUF(SPK_KEYFILE_MAX);
    SPK_AUTO(spk_keys) k = NULL;

    (void)state;
    write_all(NULL);
    assert_spk_ok(spk_file_read(dirfd, "epoch-2.key", &b));
    assert_spk_ok(spk_file_write(dirfd, "epoch-1.key", spk_buf_span(&b), 0600, true));
    assert_spk_code(spk_keys_read(dirfd, NULL, &k), AUTH);
}

static void
test_not_of_another_seed(void **state)
{
    SPK_AUTO(spk_keys) other = NULL;
    SPK_AUTO(spk_keys) k = NULL;

    (void)state;
    write_all(NULL);
    assert_spk_ok(spk_keys_new("authority.example", &genesis, 2048, &other));
    assert_int_equal(unlinkat(dirfd, SPK_SEED_FILE, 0), 0);
    assert_spk_ok(spk_keys_write_seed(dirfd, other, NULL));
    assert_spk_code(spk_keys_read(dirfd, NULL, &k), AUTH);
}

static void
test_names(void **state)
{
    SPK_AUTO(spk_keys) k = NULL;
    char name[SPK_NOTE_NAME_MAX + 1];

    (void)state;
    assert_spk_code(spk_keys_new("", &genesis, 2048, &k), LIMIT);
    assert_true(spk_keys_new("two words", &genesis, 2048, &k).code != SPK_CODE_OK);
    memset(name, 'a', sizeof(name));
    name[SPK_HOLDER_NAME_MAX + 1] = '\0';
    assert_spk_code(spk_keys_new(name, &genesis, 2048, &k), LIMIT);
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        T(test_comes_back),
        T(test_nobody_else_can_read_them),
        T(test_passphrase),
        T(test_every_byte_counts),
        T(test_cut_anywhere),
        T(test_not_under_another_policy),
        T(test_not_under_another_number),
        T(test_not_of_another_seed),
        T(test_names),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);

    spk_keys_free(keys);
    return failed;
}
