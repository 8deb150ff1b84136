/* SPDX-License-Identifier: Apache-2.0 */
#include "holder/prog.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/text.h"
#include "holder/folder.h"
#include "holder/pass.h"
#include "holder/sandbox.h"

#define PROGRAM "sparekey-holder"
#define TEXT_MAX 2048

static const char *
sentence(enum spk_code code)
{
    switch (code) {
    case SPK_CODE_FORMAT:
        return "it is not what it should be";
    case SPK_CODE_VERSION:
        return "it was written by a newer version";
    case SPK_CODE_AUTH:
        return "a signature or checksum does not hold: it was altered, or belongs to something "
               "else";
    case SPK_CODE_NOKEY:
        return "it is meant for another key";
    case SPK_CODE_PASS:
        return "the passphrase is wrong, or there is none to be had (--pass-fd, a terminal, or a "
               "credential)";
    case SPK_CODE_LIMIT:
        return "it is too large, or there are too many";
    case SPK_CODE_EXISTS:
        return "it is there already; nothing was changed";
    case SPK_CODE_NOTFOUND:
        return "there is no such file";
    case SPK_CODE_BUSY:
        return "a sparekey-holder is at work on it; stop that one first";
    case SPK_CODE_NOMEM:
        return "out of memory";
    default:
        return spk_code_name(code);
    }
}

/* One write a text, so that what two processes say does not mix. */
__attribute__((format(printf, 3, 0))) static spk_err
say(int fd, const char *before, const char *fmt, va_list ap, const char *after)
{
    char text[TEXT_MAX];
    SPK_AUTO_BUF struct spk_buf b = SPK_BUF(2 * TEXT_MAX);

    (void)vsnprintf(text, sizeof(text), fmt, ap);
    SPK_TRY(spk_buf_str(&b, before));
    SPK_TRY(spk_buf_str(&b, text));
    SPK_TRY(spk_buf_str(&b, after));
    return spk_write_full(fd, spk_buf_span(&b));
}

spk_err
spk_say(int fd, const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    spk_err e = say(fd, "", fmt, ap, "");
    va_end(ap);
    return e;
}

int
spk_fail(spk_err e, const char *fmt, ...)
{
    char after[256];
    va_list ap;

    (void)snprintf(after, sizeof(after), ": %s\n", e.sys != 0 ? strerror(e.sys) : sentence(e.code));
    va_start(ap, fmt);
    (void)say(STDERR_FILENO, PROGRAM ": error: ", fmt, ap, after).code;
    va_end(ap);
    return SPK_EXIT_FAILED;
}

int
spk_usage_error(const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    (void)say(STDERR_FILENO, PROGRAM ": ", fmt, ap,
              "\n" PROGRAM ": '" PROGRAM " --help' shows how it is used\n")
        .code;
    va_end(ap);
    return SPK_EXIT_USAGE;
}

static const struct spk_option *
option_find(const struct spk_option *options, size_t n, const char *arg)
{
    for (size_t i = 0; i < n; i++) {
        if (strncmp(arg, "--", 2) == 0 && strcmp(arg + 2, options[i].name) == 0) {
            return &options[i];
        }
    }
    return NULL;
}

bool
spk_options(int argc, char **argv, const struct spk_option *options, size_t n)
{
    for (int i = 1; i < argc; i += 2) {
        const struct spk_option *o = option_find(options, n, argv[i]);
        if (o == NULL) {
            (void)spk_usage_error("%s: no such option: %s", argv[0], argv[i]);
            return false;
        }
        if (i + 1 >= argc || *o->value != NULL) {
            (void)spk_usage_error("%s: --%s wants one value, once", argv[0], o->name);
            return false;
        }
        *o->value = argv[i + 1];
    }
    for (size_t i = 0; i < n; i++) {
        if (options[i].required && *options[i].value == NULL) {
            (void)spk_usage_error("%s: --%s is missing", argv[0], options[i].name);
            return false;
        }
    }
    return true;
}

bool
spk_option_number(const char *name, const char *value, unsigned long max, unsigned long *ret_v)
{
    uint64_t v;

    if (value == NULL) {
        return true;
    }
    if (!spk_ok(spk_dec_parse(spk_span_str(value), max, &v))) {
        (void)spk_usage_error("--%s: not a number up to %lu: %s", name, max, value);
        return false;
    }
    *ret_v = (unsigned long)v;
    return true;
}

bool
spk_option_fd(const char *name, const char *value, int *ret_fd)
{
    unsigned long v = 0;

    if (value == NULL) {
        *ret_fd = -1;
        return true;
    }
    if (!spk_option_number(name, value, 65535, &v)) {
        return false;
    }
    if (fcntl((int)v, F_GETFD) < 0) {
        (void)spk_usage_error("--%s: descriptor %lu is not open", name, v);
        return false;
    }
    *ret_fd = (int)v;
    return true;
}

spk_err
spk_dir_open(const char *path, int *ret_fd)
{
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    if (fd < 0) {
        return spk_err_errno();
    }
    *ret_fd = fd;
    return SPK_OK;
}

spk_err
spk_dir_pass(int dirfd, const char *pass_fd, struct spk_secret **ret_pass_or_null)
{
    bool locked = false;
    int fd = -1;

    *ret_pass_or_null = NULL;
    SPK_CHECK(spk_option_fd("pass-fd", pass_fd, &fd), USAGE);
    SPK_TRY(spk_keys_locked(dirfd, &locked));
    return locked ? spk_pass_get(fd, "Passphrase of the authority's keys: ", ret_pass_or_null)
                  : SPK_OK;
}

void
spk_offline_close(struct spk_offline *o)
{
    spk_keys_free(o->keys);
    spk_fd_auto_(&o->lock);
    spk_fd_auto_(&o->dirfd);
}

int
spk_offline_open(const char *dir, const char *pass_fd, struct spk_offline *ret_o)
{
    SPK_AUTO(spk_secret) pass = NULL;

    *ret_o = (struct spk_offline){-1, -1, NULL};
    spk_err e = spk_sandbox_no_dumps();
    if (spk_ok(e)) {
        e = spk_dir_open(dir, &ret_o->dirfd);
    }
    if (spk_ok(e)) {
        e = spk_holder_lock(ret_o->dirfd, &ret_o->lock);
    }
    if (spk_ok(e)) {
        e = spk_dir_pass(ret_o->dirfd, pass_fd, &pass);
    }
    if (spk_ok(e)) {
        e = spk_keys_read(ret_o->dirfd, pass, &ret_o->keys);
    }
    if (!spk_ok(e)) {
        return e.code == SPK_CODE_USAGE ? SPK_EXIT_USAGE
                                        : spk_fail(e, "the keys in %s cannot be read", dir);
    }
    return SPK_EXIT_DONE;
}
