/* SPDX-License-Identifier: Apache-2.0 */
/* The folder of containers: where it is, who may use it, what is listed, deleted and renamed. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "keystore/extra.h"
#include "kit.h"

#define ROOM (1 << 16)
#define SOMEBODY 12345

static spk_err
open_it(struct kit *k, const char *name)
{
    SPK_AUTO(spk_container) c = NULL;
    return spk_container_open(k->ks, name, &c);
}

static void
save_empty(struct kit *k, const char *name)
{
    SPK_AUTO(spk_container) c = NULL;
    assert_spk_ok(spk_container_create(k->ks, name, &c));
    assert_spk_ok(spk_container_save(c));
}

struct names {
    char text[512];
    unsigned stop_after;
    unsigned calls;
};

static spk_err
note(void *ctx, const char *name)
{
    struct names *n = ctx;
    strncat(n->text, name, sizeof n->text - strlen(n->text) - 1);
    strncat(n->text, "|", sizeof n->text - strlen(n->text) - 1);
    return ++n->calls == n->stop_after ? SPK_ERR(STOPPED) : SPK_OK;
}

static void
assert_listed(struct kit *k, const char *want)
{
    struct names n = {0};
    assert_spk_ok(spk_container_list(k->ks, note, &n));
    assert_string_equal(n.text, want);
}

static void
test_folder_made(void **state)
{
    struct kit *k = *state;
    struct stat st;
    assert_string_equal(spk_keystore_path(k->ks), k->path);
    assert_int_equal(stat(k->path, &st), 0);
    assert_int_equal(st.st_mode, S_IFDIR | 0700);
}

static void
test_user_folder(void **state)
{
    struct kit *k = *state;
    SPK_AUTO(spk_keystore) xdg = NULL;
    SPK_AUTO(spk_keystore) home = NULL;
    SPK_AUTO(spk_keystore) relative = NULL;
    struct spk_keystore *none = NULL;
    struct stat st;
    char path[512];
    assert_int_equal(setenv("HOME", k->dir, 1), 0);
    assert_int_equal(setenv("XDG_DATA_HOME", k->path, 1), 0);
    assert_spk_ok(spk_keystore_user(&xdg));
    (void)snprintf(path, sizeof path, "%s/sparekey/containers", k->path);
    assert_string_equal(spk_keystore_path(xdg), path);
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode, S_IFDIR | 0700);
    (void)snprintf(path, sizeof path, "%s/.local/share/sparekey/containers", k->dir);
    assert_int_equal(setenv("XDG_DATA_HOME", "not/absolute", 1), 0);
    assert_spk_ok(spk_keystore_user(&relative));
    assert_string_equal(spk_keystore_path(relative), path);
    assert_int_equal(unsetenv("XDG_DATA_HOME"), 0);
    assert_spk_ok(spk_keystore_user(&home));
    assert_string_equal(spk_keystore_path(home), path);
    assert_int_equal(unsetenv("HOME"), 0);
    assert_spk_code(spk_keystore_user(&none), NOTFOUND);
    assert_null(none);
}

static void
test_folder_of_others(void **state)
{
    static const mode_t bad[] = {0770, 0720, 0707, 0702, 0777};
    struct kit *k = *state;
    SPK_AUTO(spk_keystore) readable = NULL;
    struct spk_keystore *ks = NULL;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        assert_int_equal(chmod(k->path, bad[i]), 0);
        assert_spk_code(spk_keystore_at(k->path, &ks), DENIED);
    }
    assert_int_equal(chmod(k->path, 0755), 0); /* names may be seen, files may not */
    assert_spk_ok(spk_keystore_at(k->path, &readable));
    if (geteuid() == 0) {
        assert_int_equal(chown(k->path, SOMEBODY, SOMEBODY), 0);
        assert_spk_code(spk_keystore_at(k->path, &ks), DENIED);
    }
    assert_null(ks);
}

static void
test_folder_is_file(void **state)
{
    struct kit *k = *state;
    struct spk_keystore *ks = NULL;
    char *path = kit_file(k, "f");
    assert_spk_ok(spk_file_write(AT_FDCWD, path, SPK_SPAN_LIT("x"), 0600, false));
    assert_false(spk_ok(spk_keystore_at(path, &ks)));
    assert_null(ks);
    free(path);
}

static void
test_file_modes(void **state)
{
    static const mode_t bad[] = {0640, 0620, 0610, 0604, 0602, 0601, 0666};
    struct kit *k = *state;
    char *path = kit_container_file(k, "a");
    kit_save(k, "a", kit_pair(0), kit_pair(1), NULL);
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        assert_int_equal(chmod(path, bad[i]), 0);
        assert_spk_code(open_it(k, "a"), DENIED);
    }
    assert_int_equal(chmod(path, 0400), 0);
    assert_spk_ok(open_it(k, "a"));
    if (geteuid() == 0) {
        assert_int_equal(chown(path, SOMEBODY, SOMEBODY), 0);
        assert_spk_code(open_it(k, "a"), DENIED);
    }
    assert_listed(k, "a|"); /* it is there, and opening it says what is wrong */
    free(path);
}

static void
test_link_refused(void **state)
{
    struct kit *k = *state;
    SPK_AUTO(spk_container) c = NULL;
    char *real = kit_container_file(k, "a");
    char *link = kit_container_file(k, "b");
    kit_save(k, "a", kit_pair(0), kit_pair(1), NULL);
    assert_int_equal(symlink(real, link), 0);
    assert_spk_code(open_it(k, "b"), DENIED);
    assert_spk_code(spk_container_create(k->ks, "b", &c), EXISTS);
    assert_listed(k, "a|");
    assert_spk_code(spk_container_rename(k->ks, "a", "b"), EXISTS);
    assert_spk_ok(spk_container_delete(k->ks, "b")); /* the link, not what it leads to */
    assert_spk_ok(open_it(k, "a"));
    free(real);
    free(link);
}

/* A link in the place of the lock must not make us open something else. */
static void
test_lock_link(void **state)
{
    struct kit *k = *state;
    SPK_AUTO(spk_container) c = NULL;
    char *lock = kit_file(k, ".lock");
    char *target = kit_file(k, "target");
    assert_int_equal(symlink(target, lock), 0);
    assert_spk_ok(spk_container_create(k->ks, "a", &c));
    assert_spk_code(spk_container_save(c), DENIED);
    assert_int_equal(access(target, F_OK), -1);
    free(lock);
    free(target);
}

static void
test_not_a_file(void **state)
{
    struct kit *k = *state;
    char *fifo = kit_container_file(k, "f");
    char *dir = kit_container_file(k, "d");
    assert_int_equal(mkfifo(fifo, 0600), 0);
    assert_int_equal(mkdir(dir, 0700), 0);
    assert_spk_code(open_it(k, "f"), FORMAT); /* at once: nobody writes into it */
    assert_spk_code(open_it(k, "d"), FORMAT);
    assert_listed(k, "");
    free(fifo);
    free(dir);
}

static void
test_list(void **state)
{
    struct kit *k = *state;
    char *foreign = kit_file(k, "README");
    char *capitals = kit_file(k, "6A6B");
    char *unfolded = kit_file(k, "4142");
    char *odd = kit_file(k, "616");
    struct names stops = {.stop_after = 2};
    assert_listed(k, "");
    save_empty(k, "b");
    save_empty(k, "Alice");
    save_empty(k, "a b");
    save_empty(k, "\xc3\xa9");
    assert_spk_ok(spk_file_write(AT_FDCWD, foreign, SPK_SPAN_LIT("x"), 0600, false));
    assert_spk_ok(spk_file_write(AT_FDCWD, capitals, SPK_SPAN_LIT("x"), 0600, false));
    assert_spk_ok(spk_file_write(AT_FDCWD, unfolded, SPK_SPAN_LIT("x"), 0600, false));
    assert_spk_ok(spk_file_write(AT_FDCWD, odd, SPK_SPAN_LIT("x"), 0600, false));
    kit_plant(k, "damaged", SPK_SPAN_LIT("x"), false);
    assert_listed(k, "Alice|a b|b|damaged|\xc3\xa9|");
    assert_spk_code(spk_container_list(k->ks, note, &stops), STOPPED);
    assert_string_equal(stops.text, "Alice|a b|");
    free(foreign);
    free(capitals);
    free(unfolded);
    free(odd);
}

static void
test_list_many(void **state)
{
    struct kit *k = *state;
    struct names n = {0};
    for (unsigned i = 0; i < 100; i++) {
        char name[8];
        (void)snprintf(name, sizeof name, "%02u", 99 - i);
        save_empty(k, name);
    }
    assert_spk_ok(spk_container_list(k->ks, note, &n));
    assert_int_equal(n.calls, 100);
    assert_int_equal(strncmp(n.text, "00|01|02|03|", 12), 0);
}

static void
test_delete(void **state)
{
    struct kit *k = *state;
    SPK_AUTO(spk_container) c = NULL;
    assert_spk_code(spk_container_delete(k->ks, "a"), NOTFOUND);
    kit_save(k, "A", kit_pair(0), kit_pair(1), NULL);
    assert_spk_ok(spk_container_open(k->ks, "a", &c));
    assert_spk_ok(spk_container_delete(k->ks, "a"));
    assert_spk_code(open_it(k, "a"), NOTFOUND);
    assert_int_equal(kit_count(k), 0);
    /* What is deleted stays deleted: one who had it open does not bring it back. */
    assert_spk_code(spk_container_save(c), CHANGED);
    assert_int_equal(kit_count(k), 0);
    kit_plant(k, "broken", SPK_SPAN_LIT("no container"), false);
    assert_spk_ok(spk_container_delete(k->ks, "broken"));
    assert_spk_code(spk_container_delete(k->ks, ""), USAGE);
}

/* A container that no one can read any more must not stand in the way of a new one. */
static void
test_damaged_aside(void **state)
{
    struct kit *k = *state;
    static const char *const bytes[] = {"no container", ""};

    kit_save(k, "taken", kit_pair(0), kit_pair(1), NULL);
    for (size_t i = 0; i < 2; i++) {
        kit_plant(k, "broken", spk_span_str(bytes[i]), false);
        assert_spk_code(spk_container_set_aside(k->ks, "broken", "taken"), EXISTS);
        assert_spk_ok(spk_container_set_aside(k->ks, "broken", "broken before"));
        assert_spk_code(open_it(k, "broken"), NOTFOUND);
        assert_spk_code(open_it(k, "broken before"), FORMAT);
        assert_spk_ok(spk_container_delete(k->ks, "broken before"));
    }
    assert_spk_ok(spk_container_set_aside(k->ks, "taken", "given"));
    assert_spk_ok(open_it(k, "given"));
    assert_spk_code(spk_container_set_aside(k->ks, "taken", "given"), NOTFOUND);
}

static void
test_rename(void **state)
{
    struct kit *k = *state;
    SPK_AUTO(spk_container) c = NULL;
    kit_save(k, "default", kit_pair(0), kit_pair(1), "right");
    assert_spk_ok(spk_container_rename(k->ks, "DEFAULT", "Default before"));
    assert_spk_code(open_it(k, "default"), NOTFOUND);
    assert_spk_ok(spk_container_open(k->ks, "default before", &c));
    assert_string_equal(spk_container_name(c), "Default before");
    assert_spk_ok(spk_container_unlock(c, kit_ask, &(struct asker){.tries = {"right"}}));
    assert_span_equal(spk_rsa_spki(spk_container_key(c, SPK_AT_KEYEXCHANGE)),
                      spk_rsa_spki(kit_pair(0)));
    assert_int_equal(kit_count(k), 1);
    assert_spk_ok(spk_container_rename(k->ks, "default before", "DEFAULT BEFORE"));
    assert_listed(k, "DEFAULT BEFORE|");
    assert_int_equal(kit_count(k), 1);
}

/* What CryptoAPI keeps beside a container belongs to its keys: it goes where they go. */
static void
test_rename_takes_what_is_beside(void **state)
{
    struct kit *k = *state;
    struct spk_extra x = {.flags = SPK_EXTRA_EXPORTABLE};
    SPK_AUTO_EXTRA got = {0};
    SPK_AUTO(spk_container) former = NULL;
    kit_save(k, "a", kit_pair(0), kit_pair(1), NULL);
    assert_spk_ok(spk_extra_save(k->ks, "a", SPK_AT_KEYEXCHANGE, &x));
    kit_save(k, "b", kit_pair(0), kit_pair(1), NULL);
    assert_spk_ok(spk_extra_save(k->ks, "b", SPK_AT_SIGNATURE, &x));
    assert_spk_ok(spk_container_open(k->ks, "b", &former));
    assert_int_equal(unlink(spk_container_path(former)), 0); /* not by us */
    assert_spk_ok(spk_container_rename(k->ks, "a", "b"));
    assert_int_equal(kit_count(k), 2);
    assert_spk_ok(spk_extra_load(k->ks, "b", SPK_AT_KEYEXCHANGE, &got));
    assert_int_equal(got.flags, SPK_EXTRA_EXPORTABLE);
    assert_spk_code(spk_extra_load(k->ks, "a", SPK_AT_KEYEXCHANGE, &got), NOTFOUND);
    assert_spk_code(spk_extra_load(k->ks, "b", SPK_AT_SIGNATURE, &got), NOTFOUND);
}

/* Reading keys makes no folder for them. */
static void
test_no_folder_for_reading(void **state)
{
    struct kit *k = *state;
    SPK_AUTO(spk_keystore) ks = NULL;
    SPK_AUTO_STR char *home = NULL;
    struct stat st;
    assert_spk_ok(spk_path_join(k->path, "home", &home));
    assert_int_equal(setenv("XDG_DATA_HOME", home, 1), 0);
    assert_spk_code(spk_keystore_user_there(&ks), NOTFOUND);
    assert_null(ks);
    assert_int_equal(stat(home, &st), -1);
    assert_spk_ok(spk_keystore_user(&ks));
    spk_keystore_free(ks);
    ks = NULL;
    assert_spk_ok(spk_keystore_user_there(&ks));
    assert_int_equal(unsetenv("XDG_DATA_HOME"), 0);
}

static void
test_rename_refused(void **state)
{
    struct kit *k = *state;
    SPK_AUTO_BUF struct spk_buf before = SPK_BUF(ROOM);
    SPK_AUTO_BUF struct spk_buf after = SPK_BUF(ROOM);
    assert_spk_code(spk_container_rename(k->ks, "a", "b"), NOTFOUND);
    kit_save(k, "a", kit_pair(0), kit_pair(1), NULL);
    kit_save(k, "b", kit_pair(2), kit_pair(3), NULL);
    kit_bytes(k, "b", &before);
    assert_spk_code(spk_container_rename(k->ks, "a", "B"), EXISTS);
    assert_spk_code(spk_container_rename(k->ks, "a", ""), USAGE);
    assert_spk_code(spk_container_rename(k->ks, "a", "x\n"), USAGE);
    kit_bytes(k, "b", &after);
    assert_span_equal(spk_buf_span(&before), spk_buf_span(&after));
    assert_spk_ok(open_it(k, "a"));
    kit_plant(k, "bad", SPK_SPAN_LIT("no container, but long enough to be one of them, perhaps"),
              false);
    assert_spk_code(spk_container_rename(k->ks, "bad", "c"), FORMAT);
    assert_spk_code(open_it(k, "c"), NOTFOUND);
}

/* Cut short between its two halves, a rename is finished by doing it again. */
static void
test_rename_again(void **state)
{
    struct kit *k = *state;
    SPK_AUTO_BUF struct spk_buf old = SPK_BUF(ROOM);
    kit_save(k, "a", kit_pair(0), kit_pair(1), NULL);
    kit_bytes(k, "a", &old);
    assert_spk_ok(spk_container_rename(k->ks, "a", "b"));
    kit_plant(k, "a", spk_buf_span(&old), false);
    assert_int_equal(kit_count(k), 2);
    assert_spk_ok(spk_container_rename(k->ks, "a", "b"));
    assert_int_equal(kit_count(k), 1);
    assert_spk_ok(open_it(k, "b"));
}

/* A copy under another container's name is not that container. */
static void
test_copied_file(void **state)
{
    struct kit *k = *state;
    SPK_AUTO_BUF struct spk_buf b = SPK_BUF(ROOM);
    kit_save(k, "a", kit_pair(0), kit_pair(1), NULL);
    kit_bytes(k, "a", &b);
    kit_plant(k, "c", spk_buf_span(&b), false);
    assert_spk_code(open_it(k, "c"), FORMAT);
    assert_listed(k, "a|c|");
}

/* Temporaries of killed writers hold keys: the next writer clears them away, and nothing else. */
static void
test_leftovers(void **state)
{
    struct kit *k = *state;
    char *left = kit_file(k, ".61.spk-0123456789ab");
    char *other = kit_file(k, ".61.spk-0123456789a");
    char *hidden = kit_file(k, ".profile");
    assert_spk_ok(spk_file_write(AT_FDCWD, left, SPK_SPAN_LIT("keys"), 0600, false));
    assert_spk_ok(spk_file_write(AT_FDCWD, other, SPK_SPAN_LIT("x"), 0600, false));
    assert_spk_ok(spk_file_write(AT_FDCWD, hidden, SPK_SPAN_LIT("x"), 0600, false));
    save_empty(k, "a");
    assert_int_equal(access(left, F_OK), -1);
    assert_int_equal(errno, ENOENT);
    assert_int_equal(access(other, F_OK), 0);
    assert_int_equal(access(hidden, F_OK), 0);
    free(left);
    free(other);
    free(hidden);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, kit_setup, kit_teardown)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_folder_made),
        TEST(test_user_folder),
        TEST(test_folder_of_others),
        TEST(test_folder_is_file),
        TEST(test_file_modes),
        TEST(test_link_refused),
        TEST(test_lock_link),
        TEST(test_not_a_file),
        TEST(test_list),
        TEST(test_list_many),
        TEST(test_delete),
        TEST(test_rename),
        TEST(test_damaged_aside),
        TEST(test_rename_takes_what_is_beside),
        TEST(test_no_folder_for_reading),
        TEST(test_rename_refused),
        TEST(test_rename_again),
        TEST(test_copied_file),
        TEST(test_leftovers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
