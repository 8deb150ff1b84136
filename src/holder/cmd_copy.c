/* SPDX-License-Identifier: Apache-2.0 */
/* sparekey-holder key copy: all keys once more, for any k officers together and nobody else. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "base/text.h"
#include "holder/folder.h"
#include "holder/prog.h"
#include "holder/sealedcopy.h"
#include "holder/uselog.h"

struct made {
    struct spk_buf file;
    struct spk_buf shares[SPK_OFFICERS_MAX];
};

static void
made_free(struct made *m)
{
    spk_buf_free(&m->file);
    for (size_t i = 0; i < SPK_OFFICERS_MAX; i++) {
        spk_buf_free(&m->shares[i]);
    }
}

/* "officer/alice" -> "share-alice.sks"; anything that is not a plain file name is replaced by its
 * place. */
static void
share_name(const struct spk_officer *o, size_t i, char ret[192])
{
    static const char letters[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";

    const char *s = spk_officer_short(o);
    if (s[0] != 0 && s[strspn(s, letters)] == 0 && s[0] != '.') {
        (void)snprintf(ret, 192, "share-%s.sks", s);
    } else {
        (void)snprintf(ret, 192, "share-%zu.sks", i + 1);
    }
}

static spk_err
write_all(const char *out, const struct spk_copy_to *to, const struct made *m)
{
    SPK_AUTO_FD int dirfd = -1;
    char name[192];

    SPK_TRY(spk_mkdirs(out, 0700));
    SPK_TRY(spk_dir_open(out, &dirfd));
    for (size_t i = 0; i < to->n; i++) {
        share_name(to->officer[i], i, name);
        SPK_TRY(spk_file_write(dirfd, name, spk_buf_span(&m->shares[i]), 0600, false));
        SPK_TRY(spk_say(STDOUT_FILENO, "%s %s\n", name, to->officer[i]->key.name));
    }
    return spk_file_write(dirfd, SPK_COPY_NAME, spk_buf_span(&m->file), 0600, false);
}

/* Written down before the copy exists. */
static spk_err
note_use(struct spk_offline *f, unsigned k, size_t n, struct spk_buf *log)
{
    char detail[96];

    (void)snprintf(detail, sizeof(detail), "a copy for any %u of %zu officers", k, n);
    SPK_TRY(spk_uselog_read(f->dirfd, log));
    SPK_TRY(spk_uselog_add(log, f->keys, "copy", detail, spk_now()));
    return spk_uselog_write(f->dirfd, log);
}

static int
copy_run(struct spk_offline *f, const char *out, unsigned long k)
{
    __attribute__((cleanup(made_free))) struct made m = {.file = SPK_BUF(SPK_COPY_MAX)};
    SPK_AUTO_BUF struct spk_buf log = SPK_BUF(SPK_USELOG_MAX);
    SPK_AUTO(spk_hstate) state = NULL;
    struct spk_copy_to to;

    spk_log_setup("sparekey-holder", SPK_LOG_INFO);
    spk_err e = spk_folder_state(f->dirfd, f->keys, &state);
    if (!spk_ok(e)) {
        return spk_fail(e, "the journal");
    }
    spk_copy_recipients(spk_state_policy(state), &to);
    k = k == 0 ? spk_state_policy(state)->quorum : k;
    if (k < 2 || k > to.n) {
        return spk_usage_error(
            "key copy: --k must be from 2 to %zu, the number of persons in the policy", to.n);
    }
    for (size_t i = 0; i < to.n; i++) {
        m.shares[i] = SPK_BUF(SPK_SHARE_FILE_MAX);
    }
    e = note_use(f, (unsigned)k, to.n, &log);
    if (!spk_ok(e)) {
        return spk_fail(e, SPK_USELOG_NAME);
    }
    const struct spk_copy_from from = {f->keys, state, spk_buf_span(&log)};
    e = spk_copy_make(&from, &to, (unsigned)k, &m.file, m.shares);
    if (spk_ok(e)) {
        e = write_all(out, &to, &m);
    }
    return spk_ok(e) ? SPK_EXIT_DONE : spk_fail(e, "the copy could not be written to %s", out);
}

int
spk_cmd_copy(int argc, char **argv)
{
    const char *dir = NULL, *out = NULL, *k_text = NULL, *pass_fd = NULL;
    const struct spk_option options[] = {{"dir", &dir, true},
                                         {"out", &out, true},
                                         {"k", &k_text, false},
                                         {"pass-fd", &pass_fd, false}};
    unsigned long k = 0;
    struct spk_offline f;

    if (!spk_options(argc, argv, options, sizeof(options) / sizeof(options[0])) ||
        !spk_option_number("k", k_text, SPK_OFFICERS_MAX, &k)) {
        return SPK_EXIT_USAGE;
    }
    int status = spk_offline_open(dir, pass_fd, &f);
    if (status == SPK_EXIT_DONE) {
        status = copy_run(&f, out, k);
    }
    spk_offline_close(&f);
    return status;
}
