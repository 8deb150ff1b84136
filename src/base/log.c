/* SPDX-License-Identifier: Apache-2.0 */
#include "base/log.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/text.h"

#define LINE_MAX_LEN 2048

static char program_name[64] = "sparekey";
static enum spk_log_level max_level = SPK_LOG_INFO;
static bool to_journal;

/* JOURNAL_STREAM is inherited by everything below a unit; only its device and inode tell whether
 * our own standard error is still that stream (systemd.exec(5)). */
static bool
stderr_is_journal(void)
{
    const char *v = getenv("JOURNAL_STREAM");
    struct stat st;
    struct spk_span dev_text, ino_text = spk_span_str(v);
    uint64_t dev, ino;

    if (!spk_split(&ino_text, ':', &dev_text) ||
        !spk_ok(spk_dec_parse(dev_text, UINT64_MAX, &dev)) ||
        !spk_ok(spk_dec_parse(ino_text, UINT64_MAX, &ino))) {
        return false;
    }
    return fstat(STDERR_FILENO, &st) == 0 && st.st_dev == dev && st.st_ino == ino;
}

void
spk_log_setup(const char *program, enum spk_log_level max)
{
    (void)snprintf(program_name, sizeof(program_name), "%s", program);
    max_level = max;
    to_journal = stderr_is_journal();
}

static const char *
level_name(enum spk_log_level level)
{
    switch (level) {
    case SPK_LOG_ERROR:
        return "error";
    case SPK_LOG_WARN:
        return "warning";
    case SPK_LOG_INFO:
        return "info";
    case SPK_LOG_DEBUG:
        return "debug";
    }
    return "log";
}

static size_t
log_head(enum spk_log_level level, char *line, size_t cap)
{
    int n;

    if (to_journal) {
        n = snprintf(line, cap, "<%d>", (int)level);
    } else {
        n = snprintf(line, cap, "%s: %s: ", program_name, level_name(level));
    }
    return n > 0 ? (size_t)n : 0;
}

void
spk_log(enum spk_log_level level, const char *fmt, ...)
{
    char line[LINE_MAX_LEN];
    va_list ap;

    if (level > max_level) {
        return;
    }
    size_t head = log_head(level, line, sizeof(line));
    size_t room = sizeof(line) - head - 1; /* one byte for the line feed */
    va_start(ap, fmt);
    int n = vsnprintf(line + head, room, fmt, ap);
    va_end(ap);
    size_t body = n < 0 ? 0 : ((size_t)n < room ? (size_t)n : room - 1);
    for (size_t i = head; i < head + body; i++) {
        /* one line stays one line, whatever a caller forgot to escape */
        if ((unsigned char)line[i] < 0x20 || line[i] == 0x7f) {
            line[i] = '?';
        }
    }
    line[head + body] = '\n';
    /* nothing can be done about a log that cannot be written */
    if (write(STDERR_FILENO, line, head + body + 1) < 0) {
        return;
    }
}
