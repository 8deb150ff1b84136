/* SPDX-License-Identifier: Apache-2.0 */
#include "base/clock.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/file.h"
#include "base/log.h"
#include "spk_test.h"

static void
test_iso(void **state)
{
    char t[21];

    (void)state;
    assert_string_equal(spk_time_iso(0, t), "1970-01-01T00:00:00Z");
    assert_string_equal(spk_time_iso(951782400, t), "2000-02-29T00:00:00Z");
    assert_string_equal(spk_time_iso(4102444799, t), "2099-12-31T23:59:59Z");
    assert_string_equal(spk_time_iso(253402300799, t), "9999-12-31T23:59:59Z");
    assert_string_equal(spk_time_iso(UINT64_MAX, t), "9999-12-31T23:59:59Z");
}

static void
test_offset(void **state)
{
    uint64_t before = spk_now_ms();
    uint64_t running = spk_running_ms();

    (void)state;
    assert_true(before / 1000 >= (uint64_t)time(NULL) - 2);
    spk_clock_set_offset(3600 * 1000);
    assert_in_range(spk_now_ms() - before, 3600000, 3660000);
    assert_in_range(spk_now() - before / 1000, 3600, 3660);
    assert_in_range(spk_running_ms() - running, 0, 60000);
    spk_clock_set_offset(-3600 * 1000);
    assert_in_range(before - spk_now_ms(), 3540000, 3600000);
    spk_clock_set_offset(0);
}

/* What arrives on standard error when fn runs. */
static void
captured(void (*fn)(void), struct spk_buf *ret_text)
{
    char path[] = "/tmp/spk-log-XXXXXX";
    int fd = mkstemp(path), saved = dup(STDERR_FILENO);

    assert_true(fd >= 0 && saved >= 0);
    assert_true(dup2(fd, STDERR_FILENO) >= 0);
    fn();
    assert_true(dup2(saved, STDERR_FILENO) >= 0);
    assert_int_equal(close(fd) + close(saved), 0);
    assert_spk_ok(spk_file_read(AT_FDCWD, path, ret_text));
    assert_int_equal(unlink(path), 0);
}

static void
say_some(void)
{
    spk_log_setup("prog", SPK_LOG_INFO);
    spk_log(SPK_LOG_ERROR, "disk %d full", 7);
    spk_log(SPK_LOG_DEBUG, "not shown");
    spk_log(SPK_LOG_INFO, "two\nlines\x1b[2J");
}

/* Only when standard error is the very stream that systemd named. */
static void
say_to_journal(void)
{
    struct stat st;
    char stream[64];

    assert_int_equal(fstat(STDERR_FILENO, &st), 0);
    (void)snprintf(stream, sizeof(stream), "%ju:%ju", (uintmax_t)st.st_dev, (uintmax_t)st.st_ino);
    assert_int_equal(setenv("JOURNAL_STREAM", stream, 1), 0);
    spk_log_setup("prog", SPK_LOG_INFO);
    spk_log(SPK_LOG_WARN, "one");
    assert_int_equal(setenv("JOURNAL_STREAM", "1:2", 1), 0);
    spk_log_setup("prog", SPK_LOG_INFO);
    spk_log(SPK_LOG_WARN, "two");
    assert_int_equal(setenv("JOURNAL_STREAM", "x", 1), 0);
    spk_log_setup("prog", SPK_LOG_INFO);
    spk_log(SPK_LOG_WARN, "three");
    assert_int_equal(unsetenv("JOURNAL_STREAM"), 0);
}

static void
say_long(void)
{
    char text[5000];

    memset(text, 'x', sizeof(text) - 1);
    text[sizeof(text) - 1] = 0;
    spk_log(SPK_LOG_WARN, "%s", text);
}

static void
test_log_journal(void **state)
{
    SPK_AUTO_BUF struct spk_buf b = SPK_BUF(1000);

    (void)state;
    captured(say_to_journal, &b);
    assert_span_equal(spk_buf_span(&b),
                      SPK_SPAN_LIT("<4>one\nprog: warning: two\nprog: warning: three\n"));
}

static void
test_log_lines(void **state)
{
    SPK_AUTO_BUF struct spk_buf b = SPK_BUF(10000);
    SPK_AUTO_BUF struct spk_buf c = SPK_BUF(10000);

    (void)state;
    captured(say_some, &b);
    assert_span_equal(spk_buf_span(&b),
                      SPK_SPAN_LIT("prog: error: disk 7 full\nprog: info: two?lines?[2J\n"));
    captured(say_long, &c);
    assert_in_range(c.len, 1000, 2048);
    assert_int_equal(c.ptr[c.len - 1], '\n');
    assert_int_equal(c.ptr[c.len - 2], 'x');
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_iso),
        cmocka_unit_test(test_offset),
        cmocka_unit_test(test_log_lines),
        cmocka_unit_test(test_log_journal),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
