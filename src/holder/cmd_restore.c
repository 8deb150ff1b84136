/* SPDX-License-Identifier: Apache-2.0 */
/* sparekey-holder key restore: a sealed copy becomes a holder's folder again. */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/log.h"
#include "base/text.h"
#include "crypto/rng.h"
#include "holder/folder.h"
#include "holder/pass.h"
#include "holder/prog.h"
#include "holder/sandbox.h"
#include "holder/sealedcopy.h"
#include "holder/uselog.h"

#define TRIES_MAX 100

struct restore {
    struct spk_copy_head head;
    struct spk_secret *transport;
    uint8_t transport_pub[32];
    size_t n;
    struct spk_secret *shares[SPK_OFFICERS_MAX];
    char officers[SPK_USE_DETAIL_MAX + 1]; /* who gave a share */
};

static void
restore_free(struct restore *r)
{
    spk_secret_free(r->transport);
    for (size_t i = 0; i < r->n; i++) {
        spk_secret_free(r->shares[i]);
    }
}

/* -- Collecting the shares
 * --------------------------------------------------------------------------- */

static spk_err
announce(struct restore *r)
{
    char id[2 * SPK_COPY_ID_LEN + 1], key[65], code[SPK_REQ_CODE_LEN];

    SPK_TRY(spk_secret_random(32, &r->transport));
    SPK_TRY(spk_x25519_public(r->transport, r->transport_pub));
    SPK_TRY(spk_transport_code(r->head.id, r->transport_pub, code));
    return spk_say(STDOUT_FILENO,
                   "copy %s\ntransport %s\ncode %s\n"
                   "needed %u of %u\n",
                   spk_hex(SPK_SPAN_OF(r->head.id), id),
                   spk_hex(SPK_SPAN_OF(r->transport_pub), key), code, r->head.k, r->head.n);
}

static spk_err
share_take(struct restore *r, const char *path)
{
    SPK_AUTO_BUF struct spk_buf b = SPK_BUF(SPK_SHARE_FILE_MAX);
    SPK_AUTO(spk_secret) share = NULL;
    struct spk_share s;

    SPK_TRY(spk_file_read(AT_FDCWD, path, &b));
    SPK_TRY(spk_share_parse(spk_buf_span(&b), &s));
    SPK_CHECK(s.kind == SPK_SHARE_PASSED_ON, FORMAT);
    SPK_CHECK(spk_span_eq(SPK_SPAN_OF(s.copy), SPK_SPAN_OF(r->head.id)), NOKEY);
    SPK_TRY(spk_share_open(&s, r->transport, &share));
    SPK_TRY(spk_copy_share_fits(&r->head, share));
    for (size_t i = 0; i < r->n; i++) {
        SPK_CHECK(spk_secret_span(r->shares[i]).ptr[0] != s.x, EXISTS);
    }
    size_t used = strlen(r->officers);
    (void)snprintf(r->officers + used, sizeof(r->officers) - used, "%s%s", used > 0 ? " " : "",
                   s.officer);
    r->shares[r->n++] = SPK_STEAL(share);
    return SPK_OK;
}

/* File names, one a line, until there are enough good ones. A bad one is named and costs nothing.
 */
static spk_err
collect(struct restore *r)
{
    char line[4096];

    for (int i = 0; i < TRIES_MAX && r->n < r->head.k; i++) {
        if (fgets(line, sizeof(line), stdin) == NULL) {
            return SPK_ERR(NOTFOUND);
        }
        line[strcspn(line, "\n")] = '\0';
        spk_err e = share_take(r, line);
        if (e.code == SPK_CODE_EXISTS) {
            SPK_TRY(spk_say(
                STDERR_FILENO,
                "sparekey-holder: %s: this share was given already; another officer's is wanted\n",
                line));
            continue;
        }
        if (!spk_ok(e)) {
            (void)spk_fail(e, "%s", line);
            continue;
        }
        SPK_TRY(spk_say(STDOUT_FILENO, "share %zu of %u\n", r->n, r->head.k));
    }
    SPK_CHECK(r->n == r->head.k, LIMIT);
    return SPK_OK;
}

/* -- Writing the folder
 * ------------------------------------------------------------------------------ */

static spk_err
write_folder(const struct restore *r, const char *dir, const char *from, const struct spk_copied *c,
             const struct spk_secret *pass)
{
    SPK_AUTO_FD int dirfd = -1, lock = -1, old = -1;
    char detail[SPK_USE_DETAIL_MAX + 1];

    if (from != NULL) {
        SPK_TRY(spk_dir_open(from, &old));
    }
    SPK_TRY(spk_mkdirs(dir, 0700));
    SPK_TRY(spk_dir_open(dir, &dirfd));
    SPK_TRY(spk_holder_lock(dirfd, &lock));
    (void)snprintf(detail, sizeof(detail), "a copy opened with the shares of %.400s", r->officers);
    return spk_folder_restore(dirfd, c, old, detail, pass);
}

struct restore_options {
    const char *dir, *copy, *state, *pass_fd;
};

static int
restore_run(const struct restore_options *o, const struct spk_secret *pass)
{
    __attribute__((cleanup(restore_free))) struct restore r = {.n = 0};
    __attribute__((cleanup(spk_copied_free))) struct spk_copied c = {.plain = SPK_BUF(0)};
    SPK_AUTO_BUF struct spk_buf file = SPK_BUF(SPK_COPY_MAX);
    SPK_AUTO_STR char *path = NULL;

    spk_err e = spk_path_join(o->copy, SPK_COPY_NAME, &path);
    if (spk_ok(e)) {
        e = spk_file_read(AT_FDCWD, path, &file);
    }
    if (spk_ok(e)) {
        e = spk_copy_parse(spk_buf_span(&file), &r.head);
    }
    if (!spk_ok(e)) {
        return spk_fail(e, "there is no sealed copy in %s", o->copy);
    }
    e = announce(&r);
    if (spk_ok(e)) {
        e = collect(&r);
    }
    if (!spk_ok(e)) {
        return spk_fail(e, "only %zu of %u shares", r.n, r.head.k);
    }
    e = spk_copy_open(&r.head, r.shares, &c);
    if (!spk_ok(e)) {
        return spk_fail(e, "the copy cannot be opened");
    }
    e = write_folder(&r, o->dir, o->state, &c, pass);
    return spk_ok(e) ? SPK_EXIT_DONE : spk_fail(e, "%s could not be written", o->dir);
}

int
spk_cmd_restore(int argc, char **argv)
{
    struct restore_options o = {NULL, NULL, NULL, NULL};
    const struct spk_option options[] = {{"dir", &o.dir, true},
                                         {"copy", &o.copy, true},
                                         {"state", &o.state, false},
                                         {"new-pass-fd", &o.pass_fd, false}};
    SPK_AUTO(spk_secret) pass = NULL;
    int fd = -1;

    if (!spk_options(argc, argv, options, sizeof(options) / sizeof(options[0])) ||
        !spk_option_fd("new-pass-fd", o.pass_fd, &fd)) {
        return SPK_EXIT_USAGE;
    }
    spk_log_setup("sparekey-holder", SPK_LOG_INFO);
    spk_err e = spk_sandbox_prepare(); /* all keys are about to be in this process */
    if (spk_ok(e) && fd >= 0) {
        e = spk_pass_get(fd, "", &pass);
    }
    return spk_ok(e) ? restore_run(&o, pass) : spk_fail(e, "key restore");
}
