/* SPDX-License-Identifier: Apache-2.0 */
#include "vec.h"

#include <stdlib.h>
#include <string.h>

#include "wire/frame.h"

static const uint8_t sample[] = "SKP1\0\4\0\1\0\0\0\2\x01\x02\x03\x04\0";

static void
has_the_bytes_of_the_specification(void **state)
{
    (void)state;
    SPK_AUTO_BUF struct spk_buf out = SPK_BUF(SPK_FRAME_MAX);
    struct spk_frame f;

    assert_spk_ok(spk_frame_build(SPK_MSG_RELEASE, SPK_FRAME_REFUSED, 0x01020304,
                                  SPK_SPAN_LIT("\0\0"), &out));
    assert_span_equal(spk_buf_span(&out), spk_span(sample, sizeof(sample)));
    assert_spk_ok(spk_frame_parse(spk_buf_span(&out), &f));
    assert_int_equal(f.type, SPK_MSG_RELEASE);
    assert_int_equal(f.status, SPK_FRAME_REFUSED);
    assert_int_equal(f.seq, 0x01020304);
    assert_span_equal(f.body, SPK_SPAN_LIT("\0\0"));
}

static void
takes_the_largest_and_no_larger(void **state)
{
    (void)state;
    SPK_AUTO_BUF struct spk_buf out = SPK_BUF(2 * SPK_FRAME_MAX);
    uint8_t *body = calloc(1, SPK_FRAME_MAX);
    struct spk_frame f;

    assert_non_null(body);
    assert_spk_code(
        spk_frame_build(1, 0, 0, spk_span(body, SPK_FRAME_MAX - SPK_FRAME_HEAD + 1), &out), LIMIT);
    assert_int_equal(out.len, 0);
    assert_spk_ok(spk_frame_build(1, 0, 0, spk_span(body, SPK_FRAME_MAX - SPK_FRAME_HEAD), &out));
    assert_int_equal(out.len, SPK_FRAME_MAX);
    assert_spk_ok(spk_frame_parse(spk_buf_span(&out), &f));
    assert_spk_ok(spk_buf_u8(&out, 0));
    assert_spk_code(spk_frame_parse(spk_buf_span(&out), &f), LIMIT);
    free(body);
}

static void
refuses_wrong_lengths_and_magic(void **state)
{
    (void)state;
    uint8_t b[sizeof(sample)];
    struct spk_frame f;

    for (size_t n = 0; n < sizeof(sample); n++) {
        assert_spk_code(spk_frame_parse(spk_span(sample, n), &f), TRUNC);
    }
    for (size_t i = 0; i < 4; i++) {
        memcpy(b, sample, sizeof(b));
        b[i] ^= 0x20;
        assert_spk_code(spk_frame_parse(SPK_SPAN_OF(b), &f), FORMAT);
    }
    memcpy(b, sample, sizeof(b));
    b[11] = 1; /* says less than there is */
    assert_spk_code(spk_frame_parse(SPK_SPAN_OF(b), &f), FORMAT);
    b[11] = 3; /* says more */
    assert_spk_code(spk_frame_parse(SPK_SPAN_OF(b), &f), TRUNC);
}

static void
names_the_states(void **state)
{
    (void)state;
    static const char *const names[] = {"open",   "waiting", "confirm", "approved",
                                        "denied", "vetoed",  "expired", "done"};

    for (int i = 0; i < 8; i++) {
        assert_string_equal(spk_request_state_name((enum spk_request_state)(i + 1)), names[i]);
    }
    assert_string_equal(spk_request_state_name((enum spk_request_state)99), "unknown");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(has_the_bytes_of_the_specification),
        cmocka_unit_test(takes_the_largest_and_no_larger),
        cmocka_unit_test(refuses_wrong_lengths_and_magic),
        cmocka_unit_test(names_the_states),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
