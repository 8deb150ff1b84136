/* SPDX-License-Identifier: Apache-2.0 */
/* A recovery request on disk, when a crash or the disk has come between. */
#include "client/pending.h"

#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "fixture.h"
#include "spk_test.h"

static struct fix f;
static char *dir;
static struct spk_session s;
static const struct spk_pending_spec spec = {.kind = 1, .reason = "r", .contact = "", .bits = 2048};

static int
set_up(void **state)
{
    (void)state;
    fix_make(&f);
    dir = spk_test_dir();
    s.profile = fix_profile(&f, dir);
    return 0;
}

static int
clear(void **state)
{
    (void)state;
    spk_profile_free(s.profile);
    s.profile = NULL;
    spk_test_dir_remove(dir);
    fix_clear(&f);
    return 0;
}

static struct spk_pending *
make(void)
{
    struct spk_pending *p = NULL;

    assert_spk_ok(spk_pending_create(&s, s.profile->authorities[0], &spec, &p));
    return p;
}

static bool
loaded_as_submitted(void)
{
    SPK_AUTO(spk_pending) p = NULL;

    assert_spk_ok(spk_pending_load(&s, s.profile->authorities[0], &p));
    return p->submitted;
}

/* The name of a file in the request's folder. */
static char *
in(const struct spk_pending *p, const char *name)
{
    char *path = NULL;

    assert_spk_ok(spk_path_join(p->dir, name, &path));
    return path;
}

static void
submitted_is_remembered(void **state)
{
    SPK_AUTO(spk_pending) p = make();

    (void)state;
    assert_false(loaded_as_submitted());
    assert_spk_ok(spk_pending_set_submitted(p));
    assert_true(loaded_as_submitted());
}

/* A crash while a request was put away has left its mark, and the next request was never sent. */
static void
submitted_is_of_one_request(void **state)
{
    SPK_AUTO(spk_pending) old = make();
    SPK_AUTO(spk_pending) new = NULL;
    SPK_AUTO_STR char *request = in(old, "request");
    SPK_AUTO_STR char *mark = in(old, "submitted");

    (void)state;
    assert_spk_ok(spk_pending_set_submitted(old));
    assert_int_equal(unlink(request), 0);
    new = make();
    assert_false(loaded_as_submitted());
    assert_int_equal(truncate(mark, 0), 0);
    assert_false(loaded_as_submitted());
    assert_spk_ok(spk_pending_set_submitted(new));
    assert_true(loaded_as_submitted());
}

/* What the system has said is told: a reason, not only that there was one. */
static void
failure_has_its_reason(void **state)
{
    SPK_AUTO(spk_pending) p = make();
    SPK_AUTO(spk_pending) again = NULL;
    SPK_AUTO_STR char *lock = in(p, "containers/.lock");
    SPK_AUTO_STR char *request = in(p, "request");
    spk_err e;

    (void)state;
    assert_int_equal(unlink(lock), 0);
    assert_int_equal(mkdir(lock, 0700), 0);
    e = spk_pending_drop(p);
    assert_spk_code(e, IO);
    assert_int_not_equal(e.sys, 0);
    assert_int_not_equal(access(request, F_OK), 0); /* gone first */
    e = spk_pending_create(&s, s.profile->authorities[0], &spec, &again);
    assert_spk_code(e, IO);
    assert_int_not_equal(e.sys, 0);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(submitted_is_remembered, set_up, clear),
        cmocka_unit_test_setup_teardown(submitted_is_of_one_request, set_up, clear),
        cmocka_unit_test_setup_teardown(failure_has_its_reason, set_up, clear),
    };

    return cmocka_run_group_tests_name("pending", tests, NULL, NULL);
}
