/* SPDX-License-Identifier: Apache-2.0 */
/* Log lines of the servers: one line each to standard error, `level: message`, hostile bytes
 * escaped by the caller (spk_buf_escape()).  Never a secret, never the reason of a refused release
 * beyond its code. */
#ifndef SPK_BASE_LOG_H
#define SPK_BASE_LOG_H

enum spk_log_level { SPK_LOG_ERROR = 3, SPK_LOG_WARN = 4, SPK_LOG_INFO = 6, SPK_LOG_DEBUG = 7 };

/** Program name put before each line and the highest level shown (default: INFO). */
void spk_log_setup(const char *program, enum spk_log_level max);
/** With systemd's <N> prefixes when JOURNAL_STREAM is set. Thread-safe, one write a line. */
void spk_log(enum spk_log_level level, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

#endif
