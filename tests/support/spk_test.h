/* SPDX-License-Identifier: Apache-2.0 */
/* What every unit test starts with: cmocka and the headers it wants before it, and asserts on
 * results. */
#ifndef SPK_TEST_H
#define SPK_TEST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/span.h"

/** The call must succeed. */
#define assert_spk_ok(expr) assert_string_equal(spk_code_name((expr).code), "ok")
/** The call must fail with this code: assert_spk_code(spk_rd_end(&r), FORMAT). */
#define assert_spk_code(expr, name)                                                                \
    assert_string_equal(spk_code_name((expr).code), spk_code_name(SPK_CODE_##name))
/** Two spans hold the same bytes. */
#define assert_span_equal(a, b)                                                                    \
    do {                                                                                           \
        struct spk_span span_a_ = (a), span_b_ = (b);                                              \
        assert_int_equal(span_a_.len, span_b_.len);                                                \
        if (span_a_.len > 0) {                                                                     \
            assert_memory_equal(span_a_.ptr, span_b_.ptr, span_a_.len);                            \
        }                                                                                          \
    } while (0)

/** A fresh folder below $TMPDIR, for spk_test_dir_remove(); fails the test when there is none. */
char *spk_test_dir(void);
/** Removes such a folder with all that is in it, and frees the name. */
void spk_test_dir_remove(char *dir);
/** Whole file below tests/vectors/ ("area/name"), appended to b. */
void spk_test_vector(const char *name, struct spk_buf *b);
/** The bytes behind "name: " in such a file of hex lines; b holds them alone afterwards. */
void spk_test_hex_vector(const char *file, const char *name, struct spk_buf *b);

#endif
