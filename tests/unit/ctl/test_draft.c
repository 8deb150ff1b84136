/* SPDX-License-Identifier: Apache-2.0 */
#include "spk_test.h"

#include <string.h>

#include "ctl/draft.h"
#include "ctl/identity.h"

static struct spk_officer
officer(const char *name, const char *person)
{
    struct spk_identity *id = NULL;
    struct spk_officer o;

    assert_spk_ok(spk_identity_new(name, person, &id));
    o = id->officer;
    spk_identity_free(id);
    return o;
}

static struct spk_policy
three(void)
{
    struct spk_policy p = {.number = 1,
                           .quorum = 2,
                           .deny = 1,
                           .request_life = 86400,
                           .approval_life = 3600,
                           .n_officers = 3};

    p.officers[0] = officer("a", "a");
    p.officers[1] = officer("b", "b");
    p.officers[2] = officer("c", "c");
    return p;
}

/* The line of an officer is the line that a policy has. */
static void
line_is_the_policys(void **state)
{
    struct spk_policy p = three();
    struct spk_buf text = SPK_BUF(SPK_NOTE_MAX);

    (void)state;
    memset(p.officers[1].owners[0].b, 7, SPK_HASH_LEN);
    p.officers[1].n_owners = 1;
    assert_spk_ok(spk_policy_format(&p, &text));
    for (size_t i = 0; i < p.n_officers; i++) {
        struct spk_buf line = SPK_BUF(SPK_NOTE_MAX);
        struct spk_officer back;

        assert_spk_ok(ctl_officer_line(&p.officers[i], &line));
        assert_int_equal(line.ptr[line.len - 1], '\n');
        assert_non_null(memmem(text.ptr, text.len, line.ptr, line.len));
        assert_spk_ok(ctl_officer_parse(spk_span(line.ptr, line.len - 1), &back));
        assert_string_equal(back.key.name, p.officers[i].key.name);
        assert_memory_equal(back.seal, p.officers[i].seal, 32);
        assert_int_equal(back.n_owners, p.officers[i].n_owners);
        spk_buf_free(&line);
    }
    spk_buf_free(&text);
}

static void
files_of_lines(void **state)
{
    struct spk_policy from = three();
    struct spk_policy p = {.number = 1};
    struct spk_buf lines = SPK_BUF(CTL_DRAFT_LINES_MAX);

    (void)state;
    assert_spk_ok(spk_buf_str(&lines, "# our officers\n\n"));
    assert_spk_ok(ctl_officer_line(&from.officers[0], &lines));
    assert_spk_ok(ctl_officer_line(&from.officers[1], &lines));
    lines.len--; /* the last line may lack its end */
    assert_spk_ok(ctl_draft_add(&p, spk_buf_span(&lines)));
    assert_int_equal(p.n_officers, 2);
    assert_string_equal(p.officers[1].key.name, "officer/b");
    assert_spk_code(ctl_draft_add(&p, spk_buf_span(&lines)), EXISTS);
    assert_spk_code(ctl_draft_add(&p, SPK_SPAN_LIT("# nobody\n")), FORMAT);
    assert_spk_code(ctl_draft_add(&p, SPK_SPAN_LIT("officer nonsense\n")), FORMAT);
    assert_spk_ok(ctl_draft_drop(&p, "a"));
    assert_int_equal(p.n_officers, 1);
    assert_string_equal(p.officers[0].key.name, "officer/b");
    assert_spk_code(ctl_draft_drop(&p, "a"), NOTFOUND);
    assert_spk_code(ctl_draft_drop(&p, "officer/b"), NOTFOUND);
    spk_buf_free(&lines);
}

/* A line that would smuggle another one in is no line. */
static void
no_second_line(void **state)
{
    struct spk_policy from = three();
    struct spk_buf lines = SPK_BUF(CTL_DRAFT_LINES_MAX);
    struct spk_officer o;

    (void)state;
    assert_spk_ok(ctl_officer_line(&from.officers[0], &lines));
    assert_spk_ok(ctl_officer_line(&from.officers[1], &lines));
    assert_false(spk_ok(ctl_officer_parse(spk_span(lines.ptr, lines.len - 1), &o)));
    assert_false(spk_ok(ctl_officer_parse(SPK_SPAN_EMPTY, &o)));
    spk_buf_free(&lines);
}

static void
persons_are_counted(void **state)
{
    struct spk_policy p = three();

    (void)state;
    assert_int_equal(spk_policy_persons(&p), 3);
    memcpy(p.officers[2].person, "a", 2);
    assert_int_equal(spk_policy_persons(&p), 2);
}

static void
trouble_is_told(void **state)
{
    struct spk_policy p = three();
    struct spk_policy none = {.number = 1};

    (void)state;
    assert_null(ctl_draft_trouble(&p));
    assert_non_null(ctl_draft_trouble(&none));
    p.quorum = 4;
    assert_non_null(strstr(ctl_draft_trouble(&p), "quorum"));
    p.quorum = 1;
    assert_non_null(strstr(ctl_draft_trouble(&p), "nobody recovers alone"));
    p.quorum = 2;
    p.deny = 0;
    assert_non_null(strstr(ctl_draft_trouble(&p), "--deny"));
    p.deny = 1;
    p.wait = p.request_life;
    assert_non_null(strstr(ctl_draft_trouble(&p), "waiting time"));
    p.wait = 60;
    p.override_wait = 120;
    assert_non_null(strstr(ctl_draft_trouble(&p), "--override-quorum"));
    p.override_quorum = 2;
    assert_non_null(strstr(ctl_draft_trouble(&p), "more persons"));
    p.override_quorum = 3;
    assert_null(ctl_draft_trouble(&p));
    p.override_wait = 60;
    assert_non_null(strstr(ctl_draft_trouble(&p), "longer"));
    p.override_wait = 120;
    p.officers[1].key = p.officers[0].key;
    assert_non_null(ctl_draft_trouble(&p));
}

static void
durations(void **state)
{
    static const struct {
        const char *text;
        uint64_t seconds;
    } good[] = {{"0", 0}, {"90", 90}, {"90s", 90}, {"15m", 900}, {"12h", 43200}, {"30d", 2592000}};
    static const char *const bad[] = {
        "", "d", "-1", "1.5h", "1w", "d1", "3651d", "99999999999999999999", " 1d", "1 d"};
    char text[32];
    uint64_t v = 0;

    (void)state;
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        assert_spk_ok(ctl_duration_parse(good[i].text, &v));
        assert_int_equal(v, good[i].seconds);
    }
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        assert_false(spk_ok(ctl_duration_parse(bad[i], &v)));
    }
    assert_string_equal(ctl_duration(0, text), "none");
    assert_string_equal(ctl_duration(1, text), "1 second");
    assert_string_equal(ctl_duration(90, text), "90 seconds");
    assert_string_equal(ctl_duration(120, text), "2 minutes");
    assert_string_equal(ctl_duration(86400, text), "1 day");
    assert_string_equal(ctl_duration(2 * 3600, text), "2 hours");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(line_is_the_policys), cmocka_unit_test(files_of_lines),
        cmocka_unit_test(no_second_line),      cmocka_unit_test(persons_are_counted),
        cmocka_unit_test(trouble_is_told),     cmocka_unit_test(durations),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
