/* SPDX-License-Identifier: Apache-2.0 */
/* A recovery request on disk, when a crash or the disk has come between. */
#include "client/pending.h"

#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/text.h"
#include "client/recover.h"
#include "crypto/rng.h"
#include "fixture.h"
#include "keyblob/wrap.h"
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

/* One released key as the authority answers it; bad spoils one thing. */
static void
write_key(struct spk_jw *w, const struct spk_pending *p, const struct spk_secret *key, char bad)
{
    SPK_AUTO_BUF struct spk_buf blob = SPK_BUF(SPK_SIMPLEBLOB_MAX);
    SPK_AUTO_BUF struct spk_buf rpriv = SPK_BUF(SPK_RPRIV_MAX);
    struct spk_rpriv priv = {.owner = p->request.owner};
    struct spk_rpub rpub = {.authority = *spk_rsa_id(f.keys[bad == 'a' ? 1 : 0]), .epoch = 1};
    uint8_t bytes[SPK_RPUB_LEN];
    const uint8_t salt[SPK_SALT_LEN] = {0};

    rpub.policy = 1;
    rpub.flags = SPK_WRAP_OAEP;
    rpub.id.b[0] = priv.id.b[0] = (uint8_t)bad;
    assert_spk_ok(spk_commitment(key, &rpub.id, &rpub.commitment));
    assert_spk_ok(spk_rpriv_build(&priv, &rpriv));
    assert_spk_ok(spk_deposit_tag(key, &rpub, &p->request.owner, spk_buf_span(&rpriv), &rpub.tag));
    rpub.tag.b[0] ^= bad == 't';
    assert_spk_ok(spk_wrap(key, p->request.keyx, NULL, SPK_WRAP_OAEP, &blob));
    spk_rpub_build(&rpub, bytes);
    spk_jw_open(w, NULL, '{');
    spk_jw_u64(w, "index", 7);
    spk_jw_base64(w, "r_pub", spk_span(bytes, bad == 's' ? 20 : sizeof(bytes)));
    spk_jw_base64(w, "blob", bad == 'b' ? SPK_SPAN_LIT("no blob") : spk_buf_span(&blob));
    spk_jw_base64(w, "salt", SPK_SPAN_OF(salt));
    spk_jw_base64(w, "r_priv", spk_buf_span(&rpriv));
    spk_jw_close(w, '}');
}

static bool
was_kept(char id)
{
    struct spk_file_id full = {{(uint8_t)id}};

    return spk_recovered_has(s.profile, &full);
}

/* One bad key keeps no good one away, is not told as a refusal, and is not kept. */
static void
keys_that_do_not_fit(void **state)
{
    static const char bad[] = "astbn"; /* authority, short, tag, BLOB, not asked for */
    SPK_AUTO_BUF struct spk_buf b = SPK_BUF((size_t)1 << 20);
    SPK_AUTO_BUF struct spk_buf asked = SPK_BUF((size_t)1024);
    SPK_AUTO(spk_pending) p = NULL;
    SPK_AUTO(spk_secret) key = NULL;
    SPK_AUTO(spk_json) j = NULL;
    struct spk_jw w = {.b = &b};
    struct spk_pending_spec listed = spec;
    uint64_t keys = 0;
    uint64_t refused = 0;

    (void)state;
    for (const char *id = "abgst"; *id != '\0'; id++) {
        const uint8_t full[SPK_FILE_ID_LEN] = {(uint8_t)*id};

        assert_spk_ok(spk_buf_add(&asked, SPK_SPAN_OF(full)));
    }
    listed.serials = spk_buf_span(&asked);
    assert_spk_ok(spk_pending_create(&s, s.profile->authorities[0], &listed, &p));
    assert_spk_ok(spk_secret_random(SPK_KEY_LEN, &key));
    spk_jw_open(&w, NULL, '{');
    spk_jw_open(&w, "keys", '[');
    for (size_t i = 0; i < sizeof(bad) - 1; i++) {
        write_key(&w, p, key, bad[i]);
    }
    write_key(&w, p, key, 'g');
    spk_jw_close(&w, ']');
    spk_jw_close(&w, '}');
    assert_spk_ok(spk_jw_end(&w));
    assert_spk_ok(spk_json_parse(spk_buf_span(&b), &j));
    assert_spk_ok(spk_recover_take_page(&s, p, j, &keys, &refused));
    assert_int_equal(keys, 1);
    assert_int_equal(p->unfit, sizeof(bad) - 1);
    assert_int_equal(refused, 0);
    assert_int_equal(p->refused.len, 0);
    assert_true(was_kept('g'));
    for (size_t i = 0; i < sizeof(bad) - 1; i++) {
        assert_false(was_kept(bad[i]));
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(submitted_is_remembered, set_up, clear),
        cmocka_unit_test_setup_teardown(submitted_is_of_one_request, set_up, clear),
        cmocka_unit_test_setup_teardown(failure_has_its_reason, set_up, clear),
        cmocka_unit_test_setup_teardown(keys_that_do_not_fit, set_up, clear),
    };

    return cmocka_run_group_tests_name("pending", tests, NULL, NULL);
}
