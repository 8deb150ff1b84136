/* SPDX-License-Identifier: Apache-2.0 */
#include "spk_test.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/file.h"
#include "ctl/identity.h"

static char *
path_in(const char *dir, const char *name)
{
    char *path = NULL;

    assert_spk_ok(spk_path_join(dir, name, &path));
    return path;
}

static struct spk_secret *
pass(const char *text)
{
    struct spk_secret *s = NULL;

    assert_spk_ok(spk_secret_from(spk_span_str(text), &s));
    return s;
}

static void
assert_same_officer(const struct spk_officer *a, const struct spk_officer *b)
{
    assert_string_equal(a->key.name, b->key.name);
    assert_memory_equal(a->key.key, b->key.key, sizeof(a->key.key));
    assert_memory_equal(a->seal, b->seal, sizeof(a->seal));
    assert_string_equal(a->person, b->person);
    assert_int_equal(a->n_owners, b->n_owners);
    assert_memory_equal(a->owners, b->owners, a->n_owners * sizeof(a->owners[0]));
}

static void
names(void **state)
{
    (void)state;
    assert_true(spk_officer_name_ok("alice"));
    assert_true(spk_officer_name_ok("A.b_c-9"));
    assert_true(spk_officer_name_ok("0123456789012345678901234567890123456789"));
    assert_false(spk_officer_name_ok("01234567890123456789012345678901234567890"));
    assert_false(spk_officer_name_ok(""));
    assert_false(spk_officer_name_ok(".hidden"));
    assert_false(spk_officer_name_ok("-x"));
    assert_false(spk_officer_name_ok("a/b"));
    assert_false(spk_officer_name_ok("a b"));
    assert_false(spk_officer_name_ok("j\xc3\xb6rg"));
}

static void
goes_to_disk_and_back(void **state)
{
    char *dir = spk_test_dir();
    char *path = path_in(dir, "alice.key");
    struct spk_identity *id = NULL;
    struct spk_identity *back = NULL;
    struct spk_buf raw = SPK_BUF(4096);
    struct stat st;

    (void)state;
    assert_spk_ok(spk_identity_new("alice", "alice.smith", &id));
    id->officer.n_owners = 2;
    memset(id->officer.owners[0].b, 1, SPK_HASH_LEN);
    memset(id->officer.owners[1].b, 2, SPK_HASH_LEN);
    assert_spk_ok(spk_identity_save(id, path, NULL));
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    assert_spk_ok(spk_identity_load(path, &raw, &back));
    assert_false(back->locked);
    assert_same_officer(&back->officer, &id->officer);
    assert_true(spk_secret_eq(back->sign, id->sign));
    assert_true(spk_secret_eq(back->seal, id->seal));
    /* it never replaces another */
    assert_spk_code(spk_identity_save(id, path, NULL), EXISTS);
    spk_buf_free(&raw);
    spk_identity_free(id);
    spk_identity_free(back);
    spk_mem_free(path);
    spk_test_dir_remove(dir);
}

static void
passphrase(void **state)
{
    char *dir = spk_test_dir();
    char *path = path_in(dir, "bob.key");
    struct spk_secret *right = pass("correct horse");
    struct spk_secret *wrong = pass("correct hors");
    struct spk_identity *id = NULL;
    struct spk_identity *back = NULL;
    struct spk_buf raw = SPK_BUF(4096);

    (void)state;
    assert_spk_ok(spk_identity_new("bob", "bob", &id));
    assert_spk_ok(spk_identity_save(id, path, right));
    assert_spk_ok(spk_identity_load(path, &raw, &back));
    /* the public half is there, the keys are not, not even in the file */
    assert_true(back->locked);
    assert_null(back->sign);
    assert_same_officer(&back->officer, &id->officer);
    assert_null(memmem(raw.ptr, raw.len, spk_secret_span(id->sign).ptr, 32));
    assert_null(memmem(raw.ptr, raw.len, spk_secret_span(id->seal).ptr, 32));
    assert_spk_code(spk_identity_unlock(back, spk_buf_span(&raw), wrong), PASS);
    assert_true(back->locked);
    /* a locked one cannot be written anywhere */
    assert_spk_code(spk_identity_save(back, "elsewhere", NULL), USAGE);
    assert_spk_ok(spk_identity_unlock(back, spk_buf_span(&raw), right));
    assert_true(spk_secret_eq(back->sign, id->sign));
    spk_buf_free(&raw);
    spk_identity_free(id);
    spk_identity_free(back);
    spk_secret_free(right);
    spk_secret_free(wrong);
    spk_mem_free(path);
    spk_test_dir_remove(dir);
}

static void
others_may_not_read_it(void **state)
{
    char *dir = spk_test_dir();
    char *path = path_in(dir, "c.key");
    struct spk_identity *id = NULL;
    struct spk_identity *back = NULL;
    struct spk_buf raw = SPK_BUF(4096);

    (void)state;
    assert_spk_ok(spk_identity_new("c", "c", &id));
    assert_spk_ok(spk_identity_save(id, path, NULL));
    assert_int_equal(chmod(path, 0640), 0);
    assert_spk_code(spk_identity_load(path, &raw, &back), DENIED);
    spk_identity_free(id);
    spk_mem_free(path);
    spk_test_dir_remove(dir);
}

/* Whatever byte is changed: the file is refused, or the identity is the very same (X25519 has bits
 * that do not count, RFC 7748 §5). */
static void
every_byte_counts(void **state)
{
    char *dir = spk_test_dir();
    char *path = path_in(dir, "d.key");
    char *bad = path_in(dir, "bad.key");
    struct spk_identity *id = NULL;
    struct spk_buf raw = SPK_BUF(4096);
    unsigned same = 0;

    (void)state;
    assert_spk_ok(spk_identity_new("d", "d", &id));
    assert_spk_ok(spk_identity_save(id, path, NULL));
    assert_spk_ok(spk_file_read(AT_FDCWD, path, &raw));
    for (size_t i = 0; i < raw.len; i++) {
        struct spk_identity *back = NULL;
        struct spk_buf again = SPK_BUF(4096);
        spk_err e;

        raw.ptr[i] ^= 0x80;
        assert_spk_ok(spk_file_write(AT_FDCWD, bad, spk_buf_span(&raw), 0600, true));
        e = spk_identity_load(bad, &again, &back);
        if (spk_ok(e)) {
            assert_same_officer(&back->officer, &id->officer);
            assert_true(spk_secret_eq(back->sign, id->sign));
            same++;
        }
        spk_identity_free(back);
        raw.ptr[i] ^= 0x80;
        spk_buf_free(&again);
    }
    assert_true(same <= 1);
    spk_buf_free(&raw);
    spk_identity_free(id);
    spk_mem_free(path);
    spk_mem_free(bad);
    spk_test_dir_remove(dir);
}

static void
cut_short_or_too_long(void **state)
{
    char *dir = spk_test_dir();
    char *path = path_in(dir, "e.key");
    char *bad = path_in(dir, "bad.key");
    struct spk_identity *id = NULL;
    struct spk_buf raw = SPK_BUF(4096);

    (void)state;
    assert_spk_ok(spk_identity_new("e", "e", &id));
    assert_spk_ok(spk_identity_save(id, path, NULL));
    assert_spk_ok(spk_file_read(AT_FDCWD, path, &raw));
    for (size_t len = 0; len < raw.len; len += 7) {
        struct spk_identity *back = NULL;
        struct spk_buf again = SPK_BUF(4096);

        assert_spk_ok(spk_file_write(AT_FDCWD, bad, spk_span(raw.ptr, len), 0600, true));
        assert_false(spk_ok(spk_identity_load(bad, &again, &back)));
        spk_buf_free(&again);
    }
    assert_spk_ok(spk_buf_u8(&raw, 0));
    {
        struct spk_identity *back = NULL;
        struct spk_buf again = SPK_BUF(4096);

        assert_spk_ok(spk_file_write(AT_FDCWD, bad, spk_buf_span(&raw), 0600, true));
        assert_spk_code(spk_identity_load(bad, &again, &back), FORMAT);
        spk_buf_free(&again);
    }
    spk_buf_free(&raw);
    spk_identity_free(id);
    spk_mem_free(path);
    spk_mem_free(bad);
    spk_test_dir_remove(dir);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names),
        cmocka_unit_test(goes_to_disk_and_back),
        cmocka_unit_test(passphrase),
        cmocka_unit_test(others_may_not_read_it),
        cmocka_unit_test(every_byte_counts),
        cmocka_unit_test(cut_short_or_too_long),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
