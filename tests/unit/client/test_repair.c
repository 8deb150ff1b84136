/* SPDX-License-Identifier: Apache-2.0 */
/* Headers after a recovery: what of the old one stays, and that the file opens with the present
 * key. */
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "client/kept.h"
#include "client/recover.h"
#include "fixture.h"
#include "keyblob/wrap.h"
#include "sealed/seal.h"
#include "spk_test.h"

#define DAMAGE 132 /* fixed part of a core, and one authority */

static struct fix f;
static char *dir;
static struct spk_session *s;
static struct spk_seal *seal; /* of the file that each test makes */
static uint8_t core_bytes[256];
static size_t core_len;
static char *path;

static struct spk_container *
add_container(const char *name, struct spk_rsa *keyx)
{
    struct spk_container *c = NULL;

    assert_spk_ok(spk_container_create(s->keystore, name, &c));
    assert_spk_ok(spk_container_set(c, SPK_AT_KEYEXCHANGE, keyx));
    assert_spk_ok(spk_container_save(c));
    return c;
}

static int
set_up(void **state)
{
    SPK_AUTO_STR char *keys = NULL;

    (void)state;
    fix_make(&f);
    dir = spk_test_dir();
    assert_spk_ok(spk_path_join(dir, "keys", &keys));
    assert_spk_ok(spk_path_join(dir, "f.spk", &path));
    assert_spk_ok(spk_mkdirs(keys, 0700));
    s = spk_calloc(1, sizeof(*s));
    assert_non_null(s);
    s->profile = fix_profile(&f, dir);
    assert_spk_ok(spk_keystore_at(keys, &s->keystore));
    return 0;
}

static int
clear(void **state)
{
    (void)state;
    spk_seal_free(seal);
    seal = NULL;
    spk_session_free(s);
    spk_mem_free(path);
    path = NULL;
    spk_test_dir_remove(dir);
    fix_clear(&f);
    return 0;
}

static void
add_user(const struct spk_rsa *key)
{
    SPK_AUTO_BUF struct spk_buf blob = SPK_BUF(SPK_SIMPLEBLOB_MAX);
    struct spk_slot slot = {SPK_SLOT_USER, SPK_WRAP_OAEP, *spk_rsa_id(key), SPK_SPAN_EMPTY};

    assert_spk_ok(spk_wrap(spk_seal_key(seal), key, NULL, SPK_WRAP_OAEP, &blob));
    slot.body = spk_buf_span(&blob);
    assert_spk_ok(spk_slots_add(spk_seal_slots(seal), &slot));
}

/* A two-area file for these keys. */
static void
make_file(const struct spk_rsa *one, const struct spk_rsa *two)
{
    const struct spk_seal_opts o = {.compact = 0, .area_len = SPK_AREA_MIN};
    SPK_AUTO_FD int in = open("/dev/null", O_RDONLY | O_CLOEXEC);
    SPK_AUTO_FD int out = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    struct spk_span core;

    assert_true(in >= 0 && out >= 0);
    assert_spk_ok(spk_seal_begin(UINT64_MAX, SPK_SPAN_EMPTY, &o, &seal));
    add_user(one);
    if (two != NULL) {
        add_user(two);
    }
    assert_spk_ok(spk_seal_core(seal, &core));
    assert_true(core.len <= sizeof(core_bytes));
    memcpy(core_bytes, core.ptr, core.len);
    core_len = core.len;
    assert_spk_ok(spk_seal_run(seal, in, out));
}

/* What a recovery has left of the file's deposit, under this key. */
static void
keep_recovered(const struct spk_rsa *keyx)
{
    struct spk_recovered r = {.blob = SPK_BUF(SPK_SIMPLEBLOB_MAX), .rpriv = SPK_BUF(SPK_RPRIV_MAX)};
    const struct spk_rpriv priv = {.owner = s->profile->owner,
                                   .id = *spk_seal_id(seal),
                                   .core = spk_span(core_bytes, core_len)};

    r.rpub.id = *spk_seal_id(seal);
    r.rpub.commitment = *spk_seal_commitment(seal);
    r.rpub.authority = *spk_rsa_id(f.keys[0]);
    r.rpub.flags = SPK_WRAP_OAEP | SPK_WRAP_DERIVED;
    r.rpub.epoch = 1;
    r.rpub.policy = 1;
    assert_spk_ok(spk_rpriv_build(&priv, &r.rpriv));
    assert_spk_ok(spk_wrap(spk_seal_key(seal), keyx, NULL, SPK_WRAP_OAEP, &r.blob));
    assert_spk_ok(spk_recovered_put(s->profile, &r));
    spk_recovered_clear(&r);
}

static void
must_open_with(const struct spk_rsa *pair, size_t users)
{
    SPK_AUTO_FD int fd = open(path, O_RDONLY | O_CLOEXEC);
    SPK_AUTO(spk_header) h = NULL;
    SPK_AUTO(spk_secret) key = NULL;
    size_t n = 0;

    assert_spk_ok(spk_header_read(fd, &h));
    assert_spk_ok(spk_header_open(h, pair, &key));
    for (size_t i = 0; i < spk_slots_count(spk_header_slots(h)); i++) {
        n += spk_slots_at(spk_header_slots(h), i)->type == SPK_SLOT_USER;
    }
    assert_int_equal(n, users);
}

/* Nothing was recovered: the old container still opens the file, and its slot is replaced. */
static void
key_of_an_old_container(void **state)
{
    struct spk_repair r;

    (void)state;
    spk_container_free(add_container("default", f.owner[0]));
    spk_container_free(add_container("default (old 2026-01-02T03:04:05Z)", f.owner[1]));
    make_file(f.owner[1], NULL);
    assert_spk_ok(spk_repair_file(s, path, &r));
    assert_false(r.header_rebuilt);
    assert_true(memcmp(r.id.b, spk_seal_id(seal)->b, sizeof(r.id.b)) == 0);
    must_open_with(f.owner[0], 1);
}

static void
key_that_came_back(void **state)
{
    struct spk_repair r;

    (void)state;
    spk_container_free(add_container("default", f.owner[0]));
    make_file(f.owner[1], NULL);
    keep_recovered(f.owner[0]);
    assert_spk_ok(spk_repair_file(s, path, &r));
    assert_false(r.header_rebuilt);
    must_open_with(f.owner[0], 1);
}

/* A slot too many for the areas as they were made: the file is written anew with wider ones, which
 * the core in the deposit does not know of. */
static void
grow(void)
{
    static uint8_t big[2000];
    const struct spk_slot slot = {SPK_SLOT_USER, 0, {{1}}, SPK_SPAN_OF(big)};

    assert_spk_ok(spk_slots_add(spk_seal_slots(seal), &slot));
    assert_spk_ok(
        spk_sealed_replace_slots(AT_FDCWD, path, spk_seal_key(seal), spk_seal_slots(seal)));
}

static void
others_stay_when_the_core_is_gone(void **state)
{
    uint8_t junk[DAMAGE];
    struct spk_repair r;
    SPK_AUTO_FD int fd = -1;

    (void)state;
    spk_container_free(add_container("default", f.owner[0]));
    make_file(f.owner[1], NULL);
    grow();
    keep_recovered(f.owner[0]);
    memset(junk, 7, sizeof(junk));
    fd = open(path, O_RDWR | O_CLOEXEC);
    assert_spk_ok(spk_pwrite_full(fd, spk_span(junk, core_len), 0));
    assert_spk_ok(spk_repair_file(s, path, &r));
    assert_true(r.header_rebuilt);
    must_open_with(f.owner[0], 3);
}

static spk_err
interrupted(void *ctx, const char *container, unsigned wrong, struct spk_secret **ret_pass)
{
    (void)ctx;
    (void)container;
    (void)wrong;
    (void)ret_pass;
    return SPK_ERR(STOPPED);
}

/* The reason is told, and no other recovered key is tried. */
static void
passphrase_that_is_not_to_be_had(void **state)
{
    SPK_AUTO(spk_secret) pass = NULL;
    struct spk_container *c = NULL;
    struct spk_repair r;

    (void)state;
    assert_spk_ok(spk_secret_from(SPK_SPAN_LIT("right"), &pass));
    spk_container_free(add_container("default", f.owner[0]));
    c = add_container("default (old 2026-01-02T03:04:05Z)", f.owner[1]);
    assert_spk_ok(spk_container_set_pass(c, pass));
    assert_spk_ok(spk_container_save(c));
    spk_container_free(c);
    make_file(f.owner[1], NULL);
    assert_spk_code(spk_repair_file(s, path, &r), PASS);
    s->ask = interrupted;
    spk_kept_free(s->kept);
    s->kept = NULL;
    assert_spk_code(spk_repair_file(s, path, &r), STOPPED);
}

static void
no_key_for_it(void **state)
{
    SPK_AUTO_BUF struct spk_buf before = SPK_BUF((size_t)1 << 20);
    SPK_AUTO_BUF struct spk_buf after = SPK_BUF((size_t)1 << 20);
    struct spk_repair r;

    (void)state;
    spk_container_free(add_container("default", f.owner[0]));
    make_file(f.owner[1], NULL);
    assert_spk_ok(spk_file_read(AT_FDCWD, path, &before));
    assert_spk_code(spk_repair_file(s, path, &r), NOTFOUND);
    assert_spk_ok(spk_file_read(AT_FDCWD, path, &after));
    assert_span_equal(spk_buf_span(&before), spk_buf_span(&after));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(key_of_an_old_container, set_up, clear),
        cmocka_unit_test_setup_teardown(key_that_came_back, set_up, clear),
        cmocka_unit_test_setup_teardown(others_stay_when_the_core_is_gone, set_up, clear),
        cmocka_unit_test_setup_teardown(passphrase_that_is_not_to_be_had, set_up, clear),
        cmocka_unit_test_setup_teardown(no_key_for_it, set_up, clear),
    };

    return cmocka_run_group_tests_name("repair", tests, NULL, NULL);
}
