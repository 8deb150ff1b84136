/* SPDX-License-Identifier: Apache-2.0 */
/* Settings and owner as they stand on disk. */
#include "client/profile.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "client/owner.h"
#include "client/pending.h"
#include "crypto/rng.h"
#include "fixture.h"
#include "spk_test.h"

static struct fix f;
static char *dir;

static void
write_file(const char *name, const char *text)
{
    SPK_AUTO_STR char *path = NULL;
    SPK_AUTO_STR char *parent = NULL;

    assert_spk_ok(spk_path_join(dir, "sparekey", &parent));
    assert_spk_ok(spk_mkdirs(parent, 0700));
    assert_spk_ok(spk_path_join(parent, name, &path));
    assert_spk_ok(spk_file_write(AT_FDCWD, path, spk_span_str(text), 0600, true));
}

static int
setup(void **state)
{
    (void)state;
    dir = spk_test_dir();
    (void)setenv("XDG_CONFIG_HOME", dir, 1);
    (void)setenv("XDG_DATA_HOME", dir, 1);
    return 0;
}

static int
teardown(void **state)
{
    (void)state;
    spk_test_dir_remove(dir);
    return 0;
}

static void
nothing_there(void **state)
{
    struct spk_trouble t;
    struct spk_profile *p = NULL;

    (void)state;
    assert_spk_ok(spk_profile_load(&t, &p));
    assert_int_equal(p->deposit_policy, SPK_DEPOSIT_REQUIRE);
    assert_int_equal(spk_profile_needed(p), 0);
    assert_string_equal(p->container, "default");
    assert_false(p->has_owner);
    assert_null(p->monitor);
    spk_profile_free(p);
}

static void
settings(void **state)
{
    struct spk_trouble t;
    struct spk_profile *p = NULL;

    (void)state;
    write_file("config", "# mine\npolicy = spool\nneed = 2\ncontainer = work\ntimeout = 5\n");
    assert_spk_ok(spk_profile_load(&t, &p));
    assert_int_equal(p->deposit_policy, SPK_DEPOSIT_SPOOL);
    assert_int_equal(spk_profile_needed(p), 2);
    assert_string_equal(p->container, "work");
    assert_int_equal(p->timeout_s, 5);
    spk_profile_free(p);
}

#define W1 "witness = witness.example/w1+df1c0a35+BIE5dw6ofRdfVqNUZsNMfszLjYqRtO43ol32D1uPybOU\n"

static void
witnesses(void **state)
{
    SPK_AUTO_BUF struct spk_buf bytes = SPK_BUF((size_t)65536);
    struct spk_trouble t;
    struct spk_note note;
    size_t good = 9;

    (void)state;
    spk_test_hex_vector("log/log.txt", "cosigned", &bytes);
    assert_spk_ok(spk_note_parse(spk_buf_span(&bytes), false, &note));
    for (unsigned i = 0; i < 4; i++) {
        static const char *const files[] = {"", W1, W1 "witnesses = 0\n", W1 "witnesses = all\n"};
        SPK_AUTO(spk_profile) p = NULL;

        write_file("config", files[i]);
        assert_spk_ok(spk_profile_load(&t, &p));
        assert_int_equal(p->witnesses.n, i > 0);
        assert_int_equal(p->witnesses.need, i % 2);
        assert_spk_ok(spk_witnesses_check(&p->witnesses, &note, &good));
        assert_int_equal(good, i > 0);
        note.n = 1; /* the log's own line alone */
        good = 9;
        if (i % 2 == 1) {
            assert_spk_code(spk_witnesses_check(&p->witnesses, &note, &good), NOTFOUND);
        } else {
            assert_spk_ok(spk_witnesses_check(&p->witnesses, &note, &good));
        }
        assert_int_equal(good, 0);
        note.n = 2;
    }
}

static void
bad_settings(void **state)
{
    static const struct {
        const char *text;
        unsigned line;
    } files[] = {
        {"policy = sometimes\n", 1},
        {"need = 0\n", 1},
        {"# hello\n\n  need = 9\n", 3},
        {"policy = spool\nneed = -1", 2},
        {"unknown = 1\n", 1},
        {"policy\n", 1},
        {"policy = require\npolicy = off\n", 2},
        {"timeout = 10\ntimeout_s = 10\n", 2},
        {"policy = off\ntimeout = 0\n", 2},
        {"witnesses = 1\n", 1},
        {"witness = nobody\n", 1},
        {W1 "witness = sparekey.example/deposits+cb663ed9"
            "+AYqI4910CfGV/VLbLTy6XXLKZwm/HZQSG/N0iAG0D29c\n",
         2},
        {"witnesses = 1\n" W1 "need = 1\n" W1, 4},
        {W1 "witnesses = 2\n", 2},
        {W1 "witnesses = some\n", 2},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
        struct spk_trouble t;
        struct spk_profile *p = NULL;

        write_file("config", files[i].text);
        assert_false(spk_ok(spk_profile_load(&t, &p)));
        assert_non_null(strstr(t.file, "config"));
        assert_int_equal(t.line, files[i].line);
        assert_null(p);
    }
}

static void
make_record(struct spk_buf *record)
{
    SPK_AUTO(spk_secret) code = NULL;
    char contact[] = "ring 42";
    char *contacts[] = {contact};
    struct spk_owner_new o = {.name = "Anna",
                              .contacts = contacts,
                              .n_contacts = 1,
                              .keyx = f.owner[0],
                              .sign = f.owner[1]};

    assert_spk_ok(spk_secret_random(SPK_VETO_CODE_LEN, &code));
    o.veto_code = code;
    assert_spk_ok(spk_owner_record(&o, record));
}

static void
owner_by_record(void **state)
{
    SPK_AUTO_BUF struct spk_buf record = SPK_BUF((size_t)SPK_ENROL_RECORD_MAX);
    struct spk_enrolment e = {0};
    struct spk_trouble t;
    struct spk_profile *p = NULL;
    struct spk_hash other;

    (void)state;
    make_record(&record);
    assert_spk_ok(spk_enrolment_parse(spk_buf_span(&record), &e));
    assert_int_equal(e.n_contacts, 1);
    assert_spk_ok(spk_profile_load(&t, &p));
    assert_spk_ok(spk_profile_set_owner(p, &e.owner, spk_buf_span(&record)));
    spk_profile_free(p);
    p = NULL;
    assert_spk_ok(spk_profile_load(&t, &p));
    assert_true(p->has_owner && spk_hash_eq(&p->owner, &e.owner));
    assert_span_equal(spk_buf_span(&p->record), spk_buf_span(&record));

    /* after a recovery of another owner's keys that record is set aside */
    other = e.owner;
    other.b[0] ^= 1;
    assert_spk_ok(spk_profile_set_owner(p, &other, SPK_SPAN_EMPTY));
    spk_profile_free(p);
    p = NULL;
    assert_spk_ok(spk_profile_load(&t, &p));
    assert_true(spk_hash_eq(&p->owner, &other));
    assert_int_equal(p->record.len, 0);
    spk_profile_free(p);
    spk_enrolment_clear(&e);
}

static void
damaged_owner_files(void **state)
{
    struct spk_trouble t;
    struct spk_profile *p = NULL;

    (void)state;
    write_file("owner.record", "junk");
    assert_false(spk_ok(spk_profile_load(&t, &p)));
    assert_non_null(strstr(t.file, "owner.record"));
    write_file("../owner.record", "");
    {
        SPK_AUTO_STR char *path = NULL;

        assert_spk_ok(spk_path_join(dir, "sparekey/owner.record", &path));
        assert_int_equal(unlink(path), 0);
    }
    write_file("owner.id", "00ff\n");
    assert_spk_code(spk_profile_load(&t, &p), FORMAT);
}

static void
authorities(void **state)
{
    struct spk_trouble t;
    struct spk_profile *p = NULL;
    struct spk_pin *pin = fix_pin(&f);
    const struct spk_pin *found = NULL;
    const struct spk_authority *a = NULL;

    (void)state;
    assert_spk_ok(spk_profile_load(&t, &p));
    assert_spk_code(spk_profile_authority(p, NULL, &pin), NOTFOUND);
    assert_spk_ok(spk_profile_put_authority(p, &pin));
    assert_null(pin);
    pin = fix_pin(&f);
    (void)snprintf(pin->name, sizeof(pin->name), "another");
    assert_spk_ok(spk_profile_put_authority(p, &pin));
    spk_profile_free(p);
    p = NULL;
    assert_spk_ok(spk_profile_load(&t, &p));
    assert_int_equal(p->n_authorities, 2);
    assert_string_equal(p->authorities[0]->name, "another");
    assert_int_equal(spk_profile_needed(p), 2);
    assert_spk_code(spk_profile_authority(p, NULL, &pin), USAGE);
    assert_spk_ok(spk_profile_authority(p, "another", &pin));
    assert_spk_code(spk_profile_authority(p, "nobody", &pin), NOTFOUND);
    assert_spk_ok(spk_profile_by_key(p, spk_rsa_id(f.keys[0]), &found, &a));
    assert_spk_code(spk_profile_by_key(p, spk_rsa_id(f.keys[1]), &found, &a), NOTFOUND);
    spk_profile_free(p);
}

static void
put_note(const char *folder, const char *file, const char *text)
{
    SPK_AUTO_STR char *path = NULL;

    assert_spk_ok(spk_mkdirs(folder, 0700));
    assert_spk_ok(spk_path_join(folder, file, &path));
    assert_spk_ok(spk_file_write(AT_FDCWD, path, spk_span_str(text), 0600, true));
}

/* What a crash has left, also under this process number, is not published with a new authority. */
static void
leftovers_are_not_published(void **state)
{
    SPK_AUTO_STR char *parent = NULL;
    SPK_AUTO_STR char *left = NULL;
    SPK_AUTO(spk_pin) pin = fix_pin(&f);
    SPK_AUTO(spk_pin) back = NULL;
    struct spk_trouble t;
    char name[SPK_PIN_NAME_MAX + 32];

    (void)state;
    assert_spk_ok(spk_path_join(dir, "authorities", &parent));
    (void)snprintf(name, sizeof(name), ".%s.%ld", pin->name, (long)getpid());
    assert_spk_ok(spk_path_join(parent, name, &left));
    put_note(left, "policy-1.note", "garbage\n");
    assert_spk_ok(spk_pin_save(pin, parent));
    assert_spk_ok(spk_pin_load(parent, pin->name, &t, &back));
}

/* A note that is there and says something else is kept, and told. */
static void
another_note_is_not_passed_over(void **state)
{
    SPK_AUTO_STR char *parent = NULL;
    SPK_AUTO(spk_pin) pin = fix_pin(&f);

    (void)state;
    assert_spk_ok(spk_path_join(dir, "authorities", &parent));
    assert_spk_ok(spk_pin_save(pin, parent));
    assert_spk_ok(spk_pin_save(pin, parent));
    put_note(pin->dir, "policy-1.note", "garbage\n");
    assert_spk_code(spk_pin_save(pin, parent), CHANGED);
}

/* A request under way: made, found again, put away without a trace. */
static void
pending(void **state)
{
    uint8_t serials[32] = {0};
    struct spk_session s = {.unlocked = false};
    struct spk_pending_spec spec = {
        .kind = 1, .serials = SPK_SPAN_OF(serials), .reason = "r", .contact = "", .bits = 2048};
    struct spk_pending *p = NULL;
    SPK_AUTO_BUF struct spk_buf b = SPK_BUF((size_t)65536);
    SPK_AUTO_STR char *copy = NULL;

    (void)state;
    serials[31] = 1;
    s.profile = fix_profile(&f, dir);
    assert_spk_code(spk_pending_load(&s, s.profile->authorities[0], &p), NOTFOUND);
    assert_spk_ok(spk_pending_create(&s, s.profile->authorities[0], &spec, &p));
    assert_spk_ok(spk_request_verify(&p->request, spk_buf_span(&p->record),
                                     spk_buf_span(&p->sig_sign), spk_buf_span(&p->sig_keyx)));
    assert_int_equal(p->request.count, 2);
    assert_spk_ok(spk_pending_build(p, &b));
    spk_pending_free(p);
    p = NULL;
    assert_spk_code(spk_pending_create(&s, s.profile->authorities[0], &spec, &p), EXISTS);
    assert_spk_ok(spk_pending_load(&s, s.profile->authorities[0], &p));
    assert_false(p->submitted);
    assert_spk_ok(spk_pending_set_submitted(p));
    for (size_t i = 0; i < b.len; i++) {
        b.ptr[i] ^= 4;
        assert_false(spk_ok(spk_pending_parse(spk_buf_span(&b), p)));
        b.ptr[i] ^= 4;
    }
    copy = spk_strdup(p->dir);
    assert_spk_ok(spk_pending_drop(p));
    assert_int_not_equal(access(copy, F_OK), 0);
    spk_pending_free(p);
    spk_profile_free(s.profile);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(nothing_there, setup, teardown),
        cmocka_unit_test_setup_teardown(settings, setup, teardown),
        cmocka_unit_test_setup_teardown(witnesses, setup, teardown),
        cmocka_unit_test_setup_teardown(bad_settings, setup, teardown),
        cmocka_unit_test_setup_teardown(owner_by_record, setup, teardown),
        cmocka_unit_test_setup_teardown(damaged_owner_files, setup, teardown),
        cmocka_unit_test_setup_teardown(authorities, setup, teardown),
        cmocka_unit_test_setup_teardown(leftovers_are_not_published, setup, teardown),
        cmocka_unit_test_setup_teardown(another_note_is_not_passed_over, setup, teardown),
        cmocka_unit_test_setup_teardown(pending, setup, teardown),
    };
    int failed;

    fix_make(&f);
    failed = cmocka_run_group_tests(tests, NULL, NULL);
    fix_clear(&f);
    return failed;
}
