/* SPDX-License-Identifier: Apache-2.0 */
#include "keystore/extra.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/rd.h"
#include "keystore/format.h"
#include "kit.h"

#define FILE_LEN (80 + 5) /* with a pair of five bytes */

static char *
beside(const struct kit *k, const char *name, unsigned spec)
{
    char *file = kit_container_file(k, name), *path = NULL;
    assert_true(asprintf(&path, "%s.%u", file, spec) > 0);
    free(file);
    return path;
}

static void
save_pair(struct kit *k, const char *name, enum spk_key_spec spec, const char *bytes)
{
    SPK_AUTO_EXTRA x = {.flags = SPK_EXTRA_EXPORTABLE, .blob = kit_secret(bytes)};
    assert_spk_ok(spk_extra_save(k->ks, name, spec, &x));
}

static spk_err
load_code(struct kit *k, const char *name, enum spk_key_spec spec)
{
    SPK_AUTO_EXTRA x = {0};
    return spk_extra_load(k->ks, name, spec, &x);
}

/* The bytes, field by field as the specification has them. */
static void
file_as_specified(void **state)
{
    struct kit *k = *state;
    SPK_AUTO_BUF struct spk_buf got = SPK_BUF(1000);
    SPK_AUTO_BUF struct spk_buf want = SPK_BUF(1000);
    struct spk_hash h, id = {{0}};
    struct stat st;
    kit_save(k, "a", kit_pair(0), kit_pair(1), NULL);
    save_pair(k, "a", SPK_AT_SIGNATURE, "bytes");
    char *path = beside(k, "a", 2);
    assert_spk_ok(spk_file_read(AT_FDCWD, path, &got));
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 07777, 0600);
    free(path);
    assert_spk_ok(spk_buf_add(&want, SPK_SPAN_LIT("\x89SPX\r\n\x1a\n\0\1\0\1\2\1")));
    assert_spk_ok(spk_buf_add(&want, spk_hash_span(&id)));
    assert_spk_ok(spk_buf_add(&want, SPK_SPAN_LIT("\0\5bytes")));
    assert_spk_ok(spk_sha256(spk_buf_span(&want), &h));
    assert_spk_ok(spk_buf_add(&want, spk_hash_span(&h)));
    assert_int_equal(spk_buf_span(&want).len, FILE_LEN);
    assert_span_equal(spk_buf_span(&got), spk_buf_span(&want));
}

static void
flags_and_pairs_come_back(void **state)
{
    struct kit *k = *state;
    SPK_AUTO_EXTRA got = {0};
    struct spk_extra flags = {.flags = SPK_EXTRA_EXPORTABLE, .id = *spk_rsa_id(kit_pair(0))};
    kit_save(k, "a", kit_pair(0), kit_pair(1), NULL);
    assert_spk_code(load_code(k, "a", SPK_AT_KEYEXCHANGE), NOTFOUND);
    assert_spk_ok(spk_extra_save(k->ks, "a", SPK_AT_KEYEXCHANGE, &flags));
    assert_spk_ok(spk_extra_load(k->ks, "A", SPK_AT_KEYEXCHANGE, &got));
    assert_int_equal(got.flags, SPK_EXTRA_EXPORTABLE);
    assert_true(spk_hash_eq(&got.id, spk_rsa_id(kit_pair(0))));
    assert_null(got.blob);
    assert_spk_code(load_code(k, "a", SPK_AT_SIGNATURE), NOTFOUND);
    save_pair(k, "a", SPK_AT_KEYEXCHANGE, "a pair");
    assert_spk_ok(spk_extra_load(k->ks, "a", SPK_AT_KEYEXCHANGE, &got));
    assert_span_equal(spk_secret_span(got.blob), SPK_SPAN_LIT("a pair"));
    assert_spk_ok(spk_extra_remove(k->ks, "a", SPK_AT_KEYEXCHANGE));
    assert_spk_ok(spk_extra_remove(k->ks, "a", SPK_AT_KEYEXCHANGE));
    assert_spk_code(load_code(k, "a", SPK_AT_KEYEXCHANGE), NOTFOUND);
}

/* Another program's pair is not written over by flags for one that it has replaced. */
static void
flags_do_not_replace_a_pair(void **state)
{
    struct kit *k = *state;
    SPK_AUTO_EXTRA got = {0};
    const struct spk_extra flags = {.flags = 0};
    kit_save(k, "a", kit_pair(0), kit_pair(1), NULL);
    save_pair(k, "a", SPK_AT_KEYEXCHANGE, "pair");
    assert_spk_ok(spk_extra_save(k->ks, "a", SPK_AT_KEYEXCHANGE, &flags));
    assert_spk_ok(spk_extra_load(k->ks, "a", SPK_AT_KEYEXCHANGE, &got));
    assert_non_null(got.blob);
    save_pair(k, "a", SPK_AT_KEYEXCHANGE, "next");
    spk_extra_clear(&got);
    assert_spk_ok(spk_extra_load(k->ks, "a", SPK_AT_KEYEXCHANGE, &got));
    assert_span_equal(spk_secret_span(got.blob), SPK_SPAN_LIT("next"));
}

static void
nothing_without_a_container(void **state)
{
    struct kit *k = *state;
    const struct spk_extra flags = {.flags = 0};
    assert_spk_code(spk_extra_save(k->ks, "gone", SPK_AT_KEYEXCHANGE, &flags), NOTFOUND);
    assert_int_equal(kit_count(k), 0);
    kit_save(k, "a", kit_pair(0), kit_pair(1), NULL);
    save_pair(k, "a", SPK_AT_KEYEXCHANGE, "pair");
    save_pair(k, "a", SPK_AT_SIGNATURE, "pair");
    assert_int_equal(kit_count(k), 3);
    assert_spk_ok(spk_container_delete(k->ks, "a"));
    assert_int_equal(kit_count(k), 0);
}

/* A container that somebody removed with rm leaves its pairs to nobody of the same name. */
static void
a_new_container_inherits_nothing(void **state)
{
    struct kit *k = *state;
    kit_save(k, "a", kit_pair(0), kit_pair(1), NULL);
    save_pair(k, "a", SPK_AT_KEYEXCHANGE, "pair");
    char *file = kit_container_file(k, "a");
    assert_int_equal(unlink(file), 0);
    free(file);
    kit_save(k, "a", kit_pair(2), kit_pair(3), NULL);
    assert_spk_code(load_code(k, "a", SPK_AT_KEYEXCHANGE), NOTFOUND);
    assert_int_equal(kit_count(k), 1);
}

static void
assert_beside(struct kit *k, const char *name, enum spk_key_spec spec, const char *bytes)
{
    SPK_AUTO_EXTRA x = {0};
    assert_spk_ok(spk_extra_load(k->ks, name, spec, &x));
    assert_span_equal(spk_secret_span(x.blob), spk_span_str(bytes));
}

/* Cut short before the old name went, or between the two files beside it: done again, it ends with
 * what the first one had moved. */
static void
a_rename_goes_on_where_it_broke(void **state)
{
    struct kit *k = *state;
    for (unsigned moved = 0; moved < 2; moved++) {
        SPK_AUTO_BUF struct spk_buf old = SPK_BUF(SPK_CONTAINER_FILE_MAX);
        kit_save(k, "a", kit_pair(0), kit_pair(1), NULL);
        save_pair(k, "a", SPK_AT_KEYEXCHANGE, "first");
        save_pair(k, "a", SPK_AT_SIGNATURE, "second");
        kit_bytes(k, "a", &old);
        assert_spk_ok(spk_container_rename(k->ks, "a", "b"));
        kit_plant(k, "a", spk_buf_span(&old), false);
        if (moved == 1) {
            char *from = beside(k, "b", 2), *to = beside(k, "a", 2);
            assert_int_equal(rename(from, to), 0);
            free(from);
            free(to);
        }
        assert_spk_ok(spk_container_rename(k->ks, "a", "b"));
        assert_beside(k, "b", SPK_AT_KEYEXCHANGE, "first");
        assert_beside(k, "b", SPK_AT_SIGNATURE, "second");
        assert_int_equal(kit_count(k), 3);
        assert_spk_ok(spk_container_delete(k->ks, "b"));
    }
}

static void
write_raw(const char *path, struct spk_span bytes)
{
    FILE *f = fopen(path, "wb");
    assert_non_null(f);
    assert_int_equal(fwrite(bytes.ptr, 1, bytes.len, f), bytes.len);
    assert_int_equal(fclose(f), 0);
}

/* Every byte changed, every length cut: damaged, and left on disk. */
static void
damage_is_seen(void **state)
{
    struct kit *k = *state;
    SPK_AUTO_BUF struct spk_buf good = SPK_BUF(1000);
    kit_save(k, "a", kit_pair(0), kit_pair(1), NULL);
    save_pair(k, "a", SPK_AT_KEYEXCHANGE, "bytes");
    char *path = beside(k, "a", 1);
    assert_spk_ok(spk_file_read(AT_FDCWD, path, &good));
    uint8_t bad[FILE_LEN + 1] = {0};
    size_t len = spk_buf_span(&good).len;
    assert_int_equal(len, FILE_LEN);
    for (size_t i = 0; i < len; i++) {
        memcpy(bad, spk_buf_span(&good).ptr, len);
        bad[i] ^= 0x10;
        write_raw(path, spk_span(bad, len));
        assert_spk_code(load_code(k, "a", SPK_AT_KEYEXCHANGE), FORMAT);
        bad[i] ^= 0x10;
        write_raw(path, spk_span(bad, i));
        assert_spk_code(load_code(k, "a", SPK_AT_KEYEXCHANGE), FORMAT);
    }
    write_raw(path, spk_span(bad, len + 1));
    assert_spk_code(load_code(k, "a", SPK_AT_KEYEXCHANGE), FORMAT);
    assert_int_equal(access(path, F_OK), 0);
    free(path);
}

struct field {
    size_t at;
    uint8_t value;
    enum spk_code code;
};

/* With a hash that is right: each field out of its bounds. */
static void
fields_out_of_bounds(void **state)
{
    static const struct field fields[] = {{0, 'x', SPK_CODE_FORMAT}, {9, 2, SPK_CODE_VERSION},
                                          {11, 2, SPK_CODE_VERSION}, {10, 1, SPK_CODE_VERSION},
                                          {12, 2, SPK_CODE_FORMAT},  {13, 0, SPK_CODE_FORMAT},
                                          {13, 2, SPK_CODE_VERSION}, {47, 4, SPK_CODE_FORMAT},
                                          {47, 6, SPK_CODE_FORMAT},  {46, 1, SPK_CODE_FORMAT}};
    struct kit *k = *state;
    SPK_AUTO_BUF struct spk_buf good = SPK_BUF(1000);
    kit_save(k, "a", kit_pair(0), kit_pair(1), NULL);
    save_pair(k, "a", SPK_AT_KEYEXCHANGE, "bytes");
    char *path = beside(k, "a", 1);
    assert_spk_ok(spk_file_read(AT_FDCWD, path, &good));
    for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++) {
        uint8_t bad[FILE_LEN];
        struct spk_hash h;
        memcpy(bad, spk_buf_span(&good).ptr, sizeof bad);
        bad[fields[i].at] = fields[i].value;
        assert_spk_ok(spk_sha256(spk_span(bad, sizeof bad - SPK_HASH_LEN), &h));
        memcpy(bad + sizeof bad - SPK_HASH_LEN, h.b, SPK_HASH_LEN);
        write_raw(path, SPK_SPAN_OF(bad));
        assert_int_equal(load_code(k, "a", SPK_AT_KEYEXCHANGE).code, fields[i].code);
    }
    free(path);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(file_as_specified, kit_setup, kit_teardown),
        cmocka_unit_test_setup_teardown(flags_and_pairs_come_back, kit_setup, kit_teardown),
        cmocka_unit_test_setup_teardown(flags_do_not_replace_a_pair, kit_setup, kit_teardown),
        cmocka_unit_test_setup_teardown(nothing_without_a_container, kit_setup, kit_teardown),
        cmocka_unit_test_setup_teardown(a_new_container_inherits_nothing, kit_setup, kit_teardown),
        cmocka_unit_test_setup_teardown(a_rename_goes_on_where_it_broke, kit_setup, kit_teardown),
        cmocka_unit_test_setup_teardown(damage_is_seen, kit_setup, kit_teardown),
        cmocka_unit_test_setup_teardown(fields_out_of_bounds, kit_setup, kit_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
