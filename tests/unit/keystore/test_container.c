/* SPDX-License-Identifier: Apache-2.0 */
/* One container: made, opened, unlocked, changed; and the bytes of its file against the vectors. */
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "keystore/format.h"
#include "kit.h"

#define ROOM (1 << 16)
#define KX SPK_AT_KEYEXCHANGE
#define SIG SPK_AT_SIGNATURE
#define VECTOR_NAME "Vector \xc3\x84 1"
#define VECTOR_FOLDED "vector \xc3\x84 1"

static void
plant_vector(struct kit *k, const char *vector)
{
    SPK_AUTO_BUF struct spk_buf b = SPK_BUF(ROOM);
    spk_test_vector(vector, &b);
    kit_plant(k, VECTOR_FOLDED, spk_buf_span(&b), false);
}

static void
assert_same_key(struct spk_rsa *a, struct spk_rsa *b)
{
    assert_non_null(a);
    assert_span_equal(spk_rsa_spki(a), spk_rsa_spki(b));
}

static spk_err
open_it(struct kit *k, const char *name)
{
    struct spk_container *const untouched = (struct spk_container *)(uintptr_t)0x5aa5;
    struct spk_container *c = untouched;
    spk_err e = spk_container_open(k->ks, name, &c);
    if (spk_ok(e)) {
        spk_container_free(c);
    } else {
        assert_ptr_equal(c, untouched);
    }
    return e;
}

static void
test_vector_plain(void **state)
{
    struct kit *k = *state;
    SPK_AUTO(spk_container) c = NULL;
    plant_vector(k, "keystore/plain.spc");
    assert_spk_ok(spk_container_open(k->ks, VECTOR_NAME, &c));
    assert_string_equal(spk_container_name(c), VECTOR_NAME);
    assert_false(spk_container_has_pass(c));
    assert_false(spk_rsa_is_pair(spk_container_key(c, KX)));
    assert_int_equal(spk_rsa_len(spk_container_key(c, KX)), 384);
    assert_int_equal(spk_rsa_len(spk_container_key(c, SIG)), 256);
    assert_spk_ok(spk_container_unlock(c, NULL, NULL));
    assert_true(spk_rsa_is_pair(spk_container_key(c, KX)));
    assert_true(spk_rsa_is_pair(spk_container_key(c, SIG)));
}

/* Saved again it is the same file, but for encodings of PKCS#8 that a writer may choose: none here.
 */
static void
test_vector_again(void **state)
{
    struct kit *k = *state;
    SPK_AUTO(spk_container) c = NULL;
    SPK_AUTO_BUF struct spk_buf before = SPK_BUF(ROOM);
    SPK_AUTO_BUF struct spk_buf after = SPK_BUF(ROOM);
    plant_vector(k, "keystore/plain.spc");
    kit_bytes(k, VECTOR_FOLDED, &before);
    assert_spk_ok(spk_container_open(k->ks, "VECTOR \xc3\x84 1", &c));
    assert_spk_ok(spk_container_unlock(c, NULL, NULL));
    assert_spk_ok(spk_container_save(c));
    kit_bytes(k, VECTOR_FOLDED, &after);
    assert_span_equal(spk_buf_span(&after), spk_buf_span(&before));
}

static void
test_vector_passphrase(void **state)
{
    struct kit *k = *state;
    SPK_AUTO(spk_container) c = NULL;
    struct asker a = {.tries = {"correct horse"}};
    plant_vector(k, "keystore/passphrase.spc");
    assert_spk_ok(spk_container_open(k->ks, VECTOR_NAME, &c));
    assert_true(spk_container_has_pass(c));
    assert_false(spk_rsa_is_pair(spk_container_key(c, SIG)));
    assert_spk_ok(spk_container_unlock(c, kit_ask, &a));
    assert_int_equal(a.calls, 1);
    assert_int_equal(a.wrong[0], 0);
    assert_string_equal(a.container, VECTOR_NAME);
    assert_true(spk_rsa_is_pair(spk_container_key(c, KX)));
    assert_true(spk_rsa_is_pair(spk_container_key(c, SIG)));
}

static void
test_vector_few_keys(void **state)
{
    struct kit *k = *state;
    SPK_AUTO(spk_container) one = NULL;
    SPK_AUTO(spk_container) none = NULL;
    plant_vector(k, "keystore/signature.spc");
    assert_spk_ok(spk_container_open(k->ks, VECTOR_NAME, &one));
    assert_null(spk_container_key(one, KX));
    assert_non_null(spk_container_key(one, SIG));
    plant_vector(k, "keystore/empty.spc");
    assert_spk_ok(spk_container_open(k->ks, VECTOR_NAME, &none));
    assert_null(spk_container_key(none, KX));
    assert_null(spk_container_key(none, SIG));
    assert_spk_ok(spk_container_unlock(none, NULL, NULL));
}

static void
test_create_save_open(void **state)
{
    struct kit *k = *state;
    SPK_AUTO(spk_container) c = NULL;
    SPK_AUTO(spk_container) again = NULL;
    struct stat st;
    char *path = kit_container_file(k, "default");
    assert_spk_code(open_it(k, SPK_CONTAINER_DEFAULT), NOTFOUND);
    assert_spk_ok(spk_container_create(k->ks, "Default", &c));
    assert_string_equal(spk_container_path(c), path);
    assert_null(spk_container_key(c, KX));
    assert_int_equal(kit_count(k), 0); /* nothing on disk before it is saved */
    assert_spk_ok(spk_container_set(c, KX, kit_pair(0)));
    assert_spk_ok(spk_container_set(c, SIG, kit_pair(1)));
    assert_spk_ok(spk_container_save(c));
    assert_spk_code(spk_container_create(k->ks, "DEFAULT", &again), EXISTS);
    assert_null(again);
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode, S_IFREG | 0600);
    assert_spk_ok(spk_container_open(k->ks, "dEFAULT", &again));
    assert_string_equal(spk_container_name(again), "Default");
    assert_same_key(spk_container_key(again, KX), kit_pair(0));
    assert_same_key(spk_container_key(again, SIG), kit_pair(1));
    assert_null(spk_container_key(again, (enum spk_key_spec)0));
    assert_null(spk_container_key(again, (enum spk_key_spec)3));
    assert_spk_ok(spk_container_unlock(again, NULL, NULL));
    assert_true(spk_rsa_is_pair(spk_container_key(again, KX)));
    assert_int_equal(kit_count(k), 1);
    free(path);
}

/* Whatever the umask, and for the file that replaces another too. */
static void
test_mode(void **state)
{
    static const mode_t masks[] = {0, 0022, 0077, 0177};
    struct kit *k = *state;
    char *path = kit_container_file(k, "m");
    SPK_AUTO(spk_container) c = NULL;
    assert_spk_ok(spk_container_create(k->ks, "m", &c));
    for (size_t i = 0; i < sizeof masks / sizeof masks[0]; i++) {
        struct stat st;
        mode_t old = umask(masks[i]);
        assert_spk_ok(spk_container_save(c));
        (void)umask(old);
        assert_int_equal(stat(path, &st), 0);
        assert_int_equal(st.st_mode, S_IFREG | 0600);
    }
    free(path);
}

/* A container outlives the keystore it came from. */
static void
test_keystore_freed(void **state)
{
    struct kit *k = *state;
    SPK_AUTO(spk_container) c = NULL;
    struct spk_keystore *ks = NULL;
    assert_spk_ok(spk_keystore_at(k->path, &ks));
    assert_spk_ok(spk_container_create(ks, "x", &c));
    spk_keystore_free(ks);
    assert_spk_ok(spk_container_set(c, KX, kit_pair(0)));
    assert_spk_ok(spk_container_save(c));
    assert_spk_ok(open_it(k, "x"));
}

static void
test_passphrase(void **state)
{
    struct kit *k = *state;
    SPK_AUTO(spk_container) c = NULL;
    SPK_AUTO_BUF struct spk_buf b = SPK_BUF(ROOM);
    SPK_AUTO(spk_secret) plain = NULL;
    struct asker a = {.tries = {"wrong", "tr\xc3\xb6tz"}};
    kit_save(k, "p", kit_pair(0), kit_pair(1), "tr\xc3\xb6tz");
    kit_bytes(k, "p", &b);
    assert_spk_ok(spk_rsa_to_pkcs8(kit_pair(0), NULL, &plain));
    struct spk_span d = spk_secret_span(plain);
    assert_null(
        memmem(b.ptr, b.len, d.ptr + d.len - 64, 64)); /* nothing of the pair in the clear */
    assert_spk_ok(spk_container_open(k->ks, "p", &c));
    assert_true(spk_container_has_pass(c));
    assert_same_key(spk_container_key(c, KX), kit_pair(0));
    assert_spk_code(spk_container_unlock(c, NULL, NULL), PASS);
    assert_false(spk_rsa_is_pair(spk_container_key(c, KX)));
    assert_spk_ok(spk_container_unlock(c, kit_ask, &a));
    assert_int_equal(a.calls, 2);
    assert_int_equal(a.wrong[1], 1);
    assert_true(spk_rsa_is_pair(spk_container_key(c, KX)));
    assert_true(spk_rsa_is_pair(spk_container_key(c, SIG)));
    assert_spk_ok(spk_container_unlock(c, kit_ask, &a)); /* not asked again */
    assert_int_equal(a.calls, 2);
}

static void
test_three_tries(void **state)
{
    struct kit *k = *state;
    SPK_AUTO(spk_container) c = NULL;
    struct asker wrong = {.tries = {"a", "b", "c", "right"}};
    struct asker gives_up = {.tries = {"a", NULL, "right"}};
    kit_save(k, "p", kit_pair(0), kit_pair(1), "right");
    assert_spk_ok(spk_container_open(k->ks, "p", &c));
    assert_spk_code(spk_container_unlock(c, kit_ask, &wrong), PASS);
    assert_int_equal(wrong.calls, 3);
    assert_int_equal(wrong.wrong[0], 0);
    assert_int_equal(wrong.wrong[1], 1);
    assert_int_equal(wrong.wrong[2], 2);
    assert_spk_code(spk_container_unlock(c, kit_ask, &gives_up), PASS);
    assert_int_equal(gives_up.calls, 2);
    assert_false(spk_rsa_is_pair(spk_container_key(c, KX)));
    assert_spk_ok(spk_container_unlock(c, kit_ask, &(struct asker){.tries = {"right"}}));
}

static spk_err
ask_stopped(void *ctx, const char *container, unsigned wrong, struct spk_secret **ret_pass)
{
    (void)container;
    (void)wrong;
    (void)ret_pass;
    ++*(unsigned *)ctx;
    return SPK_ERR(STOPPED);
}

static void
test_ask_fails(void **state)
{
    struct kit *k = *state;
    SPK_AUTO(spk_container) c = NULL;
    unsigned calls = 0;
    kit_save(k, "p", kit_pair(0), kit_pair(1), "right");
    assert_spk_ok(spk_container_open(k->ks, "p", &c));
    assert_spk_code(spk_container_unlock(c, ask_stopped, &calls), STOPPED);
    assert_int_equal(calls, 1);
}

/* Unlocked and saved again it is still under the passphrase, encrypted anew. */
static void
test_passphrase_stays(void **state)
{
    struct kit *k = *state;
    SPK_AUTO(spk_container) c = NULL;
    SPK_AUTO(spk_container) again = NULL;
    SPK_AUTO_BUF struct spk_buf before = SPK_BUF(ROOM);
    SPK_AUTO_BUF struct spk_buf after = SPK_BUF(ROOM);
    kit_save(k, "p", kit_pair(0), kit_pair(1), "right");
    kit_bytes(k, "p", &before);
    assert_spk_ok(spk_container_open(k->ks, "p", &c));
    assert_spk_ok(spk_container_unlock(c, kit_ask, &(struct asker){.tries = {"right"}}));
    assert_spk_ok(spk_container_set(c, SIG, kit_pair(2)));
    assert_spk_ok(spk_container_save(c));
    kit_bytes(k, "p", &after);
    assert_false(spk_span_eq(spk_buf_span(&before), spk_buf_span(&after)));
    assert_spk_ok(spk_container_open(k->ks, "p", &again));
    assert_true(spk_container_has_pass(again));
    assert_same_key(spk_container_key(again, KX), kit_pair(0));
    assert_same_key(spk_container_key(again, SIG), kit_pair(2));
    assert_spk_ok(spk_container_unlock(again, kit_ask, &(struct asker){.tries = {"right"}}));
}

static void
test_change_passphrase(void **state)
{
    struct kit *k = *state;
    SPK_AUTO(spk_container) c = NULL;
    SPK_AUTO(spk_container) again = NULL;
    SPK_AUTO(spk_container) plain = NULL;
    SPK_AUTO(spk_secret) new_pass = kit_secret("new");
    kit_save(k, "p", kit_pair(0), kit_pair(1), "old");
    assert_spk_ok(spk_container_open(k->ks, "p", &c));
    assert_spk_code(spk_container_set_pass(c, new_pass), PASS); /* still locked */
    assert_spk_code(spk_container_set_pass(c, NULL), PASS);
    assert_spk_ok(spk_container_unlock(c, kit_ask, &(struct asker){.tries = {"old"}}));
    assert_spk_ok(spk_container_set_pass(c, new_pass));
    assert_spk_ok(spk_container_save(c));
    assert_spk_ok(spk_container_open(k->ks, "p", &again));
    struct asker a = {.tries = {"old", "new"}};
    assert_spk_ok(spk_container_unlock(again, kit_ask, &a));
    assert_int_equal(a.calls, 2);
    assert_spk_ok(spk_container_set_pass(again, NULL));
    assert_spk_ok(spk_container_save(again));
    assert_spk_ok(spk_container_open(k->ks, "p", &plain));
    assert_false(spk_container_has_pass(plain));
    assert_spk_ok(spk_container_unlock(plain, NULL, NULL));
}

/* A locked container keeps its pairs as they are, under the passphrase that nobody was asked for.
 */
static void
test_save_locked(void **state)
{
    struct kit *k = *state;
    SPK_AUTO(spk_container) c = NULL;
    SPK_AUTO_BUF struct spk_buf before = SPK_BUF(ROOM);
    SPK_AUTO_BUF struct spk_buf after = SPK_BUF(ROOM);
    kit_save(k, "p", kit_pair(0), kit_pair(1), "right");
    kit_bytes(k, "p", &before);
    assert_spk_ok(spk_container_open(k->ks, "p", &c));
    assert_spk_code(spk_container_set(c, SIG, kit_pair(2)), PASS);
    assert_same_key(spk_container_key(c, SIG), kit_pair(1));
    assert_spk_ok(spk_container_save(c));
    kit_bytes(k, "p", &after);
    assert_span_equal(spk_buf_span(&before), spk_buf_span(&after));
}

static void
test_set(void **state)
{
    struct kit *k = *state;
    SPK_AUTO(spk_container) c = NULL;
    SPK_AUTO(spk_rsa) pub = NULL;
    kit_save(k, "s", kit_pair(0), kit_pair(1), NULL);
    assert_spk_ok(spk_rsa_public(kit_pair(2), &pub));
    assert_spk_ok(spk_container_open(k->ks, "s", &c));
    assert_spk_code(spk_container_set(c, KX, pub), USAGE);
    assert_spk_code(spk_container_set(c, (enum spk_key_spec)3, kit_pair(2)), USAGE);
    assert_spk_ok(spk_container_set(c, KX, kit_pair(2)));
    assert_spk_ok(spk_container_set(c, KX, spk_container_key(c, KX))); /* by itself */
    assert_same_key(spk_container_key(c, KX), kit_pair(2));
    assert_same_key(spk_container_key(c, SIG), kit_pair(1));
    assert_true(spk_rsa_is_pair(spk_container_key(c, SIG)));
}

static void
test_passphrase_bounds(void **state)
{
    struct kit *k = *state;
    char text[SPK_CONTAINER_PASS_MAX + 2];
    SPK_AUTO(spk_container) c = NULL;
    memset(text, 'x', sizeof text);
    text[SPK_CONTAINER_PASS_MAX + 1] = 0;
    SPK_AUTO(spk_secret) too_long = kit_secret(text);
    text[SPK_CONTAINER_PASS_MAX] = 0;
    SPK_AUTO(spk_secret) longest = kit_secret(text);
    assert_spk_ok(spk_container_create(k->ks, "p", &c));
    assert_spk_code(spk_container_set_pass(c, too_long), LIMIT);
    assert_false(spk_container_has_pass(c));
    assert_spk_ok(spk_container_set_pass(c, longest));
    /* Nothing to protect: it would be silently forgotten. */
    assert_spk_code(spk_container_save(c), USAGE);
    assert_spk_ok(spk_container_set(c, KX, kit_pair(0)));
    assert_spk_ok(spk_container_save(c));
    spk_container_free(SPK_STEAL(c));
    assert_spk_ok(spk_container_open(k->ks, "p", &c));
    assert_spk_ok(spk_container_unlock(c, kit_ask, &(struct asker){.tries = {text}}));
}

static void
test_names(void **state)
{
    struct kit *k = *state;
    char longest[SPK_CONTAINER_NAME_MAX + 2];
    SPK_AUTO(spk_container) c = NULL;
    memset(longest, 'n', sizeof longest);
    longest[SPK_CONTAINER_NAME_MAX + 1] = 0;
    assert_spk_code(spk_container_create(k->ks, longest, &c), LIMIT);
    assert_spk_code(open_it(k, longest), LIMIT);
    longest[SPK_CONTAINER_NAME_MAX] = 0;
    assert_spk_ok(spk_container_create(k->ks, longest, &c));
    assert_spk_ok(spk_container_save(c));
    assert_spk_ok(spk_container_save(c)); /* replaces: the temporary has a long name too */
    assert_spk_ok(open_it(k, longest));
    assert_spk_code(open_it(k, ""), USAGE);
    assert_spk_code(open_it(k, "a\nb"), USAGE);
    assert_spk_code(open_it(k, "a\x7f"), USAGE);
    assert_spk_code(open_it(k, "a\xc2\x85"), USAGE);
    assert_spk_code(open_it(k, "\xff"), USAGE);
    assert_spk_code(open_it(k, "../x"), NOTFOUND); /* hex: no way out of the folder */
    assert_spk_code(open_it(k, "/"), NOTFOUND);
}

/* Two letters that differ only in case outside ASCII are two names. */
/* The passphrase went with the last key: what comes into the container then is in the clear. */
static void
test_drop_all_then_set(void **state)
{
    struct kit *k = *state;
    SPK_AUTO(spk_container) c = NULL;
    SPK_AUTO(spk_container) again = NULL;
    struct asker a = {.tries = {"open sesame"}};
    kit_save(k, "box", kit_pair(0), kit_pair(1), "open sesame");
    assert_spk_ok(spk_container_open(k->ks, "box", &c));
    assert_spk_ok(spk_container_unlock(c, kit_ask, &a));
    assert_spk_ok(spk_container_drop(c, KX));
    assert_true(spk_container_has_pass(c));
    assert_spk_ok(spk_container_drop(c, SIG));
    assert_false(spk_container_has_pass(c));
    assert_spk_ok(spk_container_set(c, KX, kit_pair(2)));
    assert_spk_ok(spk_container_save(c));
    assert_spk_ok(spk_container_open(k->ks, "box", &again));
    assert_spk_ok(spk_container_unlock(again, NULL, NULL));
    assert_same_key(spk_container_key(again, KX), kit_pair(2));
}

static void
test_ascii_folding(void **state)
{
    struct kit *k = *state;
    SPK_AUTO(spk_container) upper = NULL;
    SPK_AUTO(spk_container) lower = NULL;
    assert_spk_ok(spk_container_create(k->ks, "\xc3\x89", &upper));
    assert_spk_ok(spk_container_save(upper));
    assert_spk_ok(spk_container_create(k->ks, "\xc3\xa9", &lower));
    assert_spk_ok(spk_container_save(lower));
    assert_int_equal(kit_count(k), 2);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, kit_setup, kit_teardown)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_vector_plain),      TEST(test_vector_again),
        TEST(test_vector_passphrase), TEST(test_vector_few_keys),
        TEST(test_create_save_open),  TEST(test_mode),
        TEST(test_keystore_freed),    TEST(test_passphrase),
        TEST(test_three_tries),       TEST(test_ask_fails),
        TEST(test_passphrase_stays),  TEST(test_change_passphrase),
        TEST(test_save_locked),       TEST(test_set),
        TEST(test_passphrase_bounds), TEST(test_names),
        TEST(test_ascii_folding),     TEST(test_drop_all_then_set),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
