/* SPDX-License-Identifier: Apache-2.0 */
#include "holder/folder.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "base/text.h"
#include "holder/depositlog.h"
#include "holder/logstate.h"

#define LOCK_NAME "lock"
#define JOURNAL_FILE_MAX ((size_t)256 << 20)
#define BALLAST_MIN 32 /* records to be saved before the journal is written anew */

spk_err
spk_holder_lock(int dirfd, int *ret_fd)
{
    SPK_AUTO_FD int fd = openat(dirfd, LOCK_NAME, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);

    if (fd < 0) {
        return spk_err_errno();
    }
    if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
        return errno == EWOULDBLOCK ? SPK_ERR(BUSY) : spk_err_errno();
    }
    *ret_fd = fd;
    fd = -1;
    return SPK_OK;
}

/* -- Making
 * ------------------------------------------------------------------------------------------ */

static spk_err
first_records(struct spk_journal *j, const struct spk_span *policies, size_t n)
{
    SPK_AUTO_BUF struct spk_buf body = SPK_BUF(SPK_JOURNAL_BODY_MAX);

    for (size_t i = 0; i < n; i++) {
        spk_buf_reset(&body);
        SPK_TRY(spk_jrec_begin(&body, spk_now(), 0));
        SPK_TRY(spk_buf_add(&body, policies[i]));
        SPK_TRY(spk_journal_add(j, SPK_JREC_POLICY, spk_buf_span(&body)));
    }
    return SPK_OK;
}

/* The holder that the copy is of may have signed for entries, after which there is no way back to
 * releases without any (doc/spec/holder.md §6.3). */
static spk_err
log_has_begun(struct spk_journal *j)
{
    SPK_AUTO_BUF struct spk_buf body = SPK_BUF(SPK_JOURNAL_BODY_MAX);
    const struct spk_edge none = {.n = 0};

    SPK_TRY(spk_jrec_begin(&body, spk_now(), 0));
    SPK_TRY(spk_logs_recoveries_body(&none, 0, SPK_SPAN_EMPTY, &body));
    return spk_journal_add(j, SPK_JREC_RECOVERIES, spk_buf_span(&body));
}

/* A journal under construction; the descriptor of f stays f's, so the journal works on a duplicate.
 */
static spk_err
journal_begin(const struct spk_newfile *f, const struct spk_keys *k, struct spk_journal *ret_j)
{
    int fd = fcntl(spk_newfile_fd(f), F_DUPFD_CLOEXEC, 3);

    if (fd < 0) {
        return spk_err_errno();
    }
    return spk_journal_start(fd, k->seed, &k->genesis, ret_j);
}

static spk_err
journal_make(int dirfd, const struct spk_keys *k, const struct spk_span *policies, size_t n,
             bool begun)
{
    SPK_AUTO(spk_newfile) f = NULL;
    SPK_AUTO_JOURNAL j = SPK_JOURNAL_NONE;

    SPK_TRY(spk_newfile_open(dirfd, SPK_JOURNAL_NAME, 0600, &f));
    SPK_TRY(journal_begin(f, k, &j));
    SPK_TRY(first_records(&j, policies, n));
    SPK_TRY(begun ? log_has_begun(&j) : SPK_OK);
    return spk_newfile_commit(f, false);
}

/* The seed last: a folder without it is seen to be unfinished. */
static spk_err
keys_make(int dirfd, const struct spk_keys *k, const struct spk_secret *pass_or_null)
{
    for (size_t i = 0; i < k->n; i++) {
        SPK_TRY(spk_keys_write_epoch(dirfd, k, &k->epoch[i]));
    }
    return spk_keys_write_seed(dirfd, k, pass_or_null);
}

spk_err
spk_folder_make(int dirfd, const struct spk_keys *k, const struct spk_secret *pass_or_null,
                const struct spk_span *policies, size_t n)
{
    SPK_TRY(journal_make(dirfd, k, policies, n, false));
    return keys_make(dirfd, k, pass_or_null);
}

/* What the old holder knew besides its keys. */
static spk_err
take_state(int dirfd, int old, const struct spk_copied *c, struct spk_buf *uselog)
{
    SPK_AUTO_BUF struct spk_buf journal = SPK_BUF(JOURNAL_FILE_MAX);
    SPK_AUTO(spk_hstate) s = NULL;

    SPK_TRY(spk_folder_state(old, c->keys, &s));
    SPK_CHECK(s->n_policies >= c->n_policies, CHANGED);
    SPK_TRY(spk_uselog_read(old, uselog));
    SPK_TRY(spk_file_read(old, SPK_JOURNAL_NAME, &journal));
    SPK_TRY(spk_file_write(dirfd, SPK_JOURNAL_NAME, spk_buf_span(&journal), 0600, false));
    return spk_depositlog_restore(dirfd, old, c->keys, s);
}

spk_err
spk_folder_restore(int dirfd, const struct spk_copied *c, int old, const char *detail,
                   const struct spk_secret *pass_or_null)
{
    SPK_AUTO_BUF struct spk_buf uselog = SPK_BUF(SPK_USELOG_MAX);

    if (old >= 0) {
        SPK_TRY(take_state(dirfd, old, c, &uselog));
    } else {
        SPK_TRY(spk_buf_add(&uselog, c->uselog));
        SPK_TRY(journal_make(dirfd, c->keys, c->policies, c->n_policies, true));
    }
    SPK_TRY(spk_uselog_add(&uselog, c->keys, SPK_USE_RESTORE, detail, spk_now()));
    SPK_TRY(spk_uselog_write(dirfd, &uselog));
    return keys_make(dirfd, c->keys, pass_or_null);
}

/* -- Opening
 * ----------------------------------------------------------------------------------------- */

static spk_err
journal_fd(int dirfd, int *ret_fd)
{
    int fd = openat(dirfd, SPK_JOURNAL_NAME, O_RDWR | O_CLOEXEC | O_NOFOLLOW);

    if (fd < 0) {
        spk_log(SPK_LOG_ERROR, "the journal cannot be opened: %s", strerror(errno));
        return spk_err_errno();
    }
    *ret_fd = fd;
    return SPK_OK;
}

static void
journal_complain(spk_err e, const struct spk_journal_fault *f)
{
    spk_log(SPK_LOG_ERROR,
            "the journal is not as it was written, at byte %" PRIu64
            ": %s. The holder does not start on it, since "
            "denials or vetoes may be missing. Put the file back from a backup",
            f->offset, f->what != NULL ? f->what : spk_code_name(e.code));
}

static spk_err
journal_replay(int dirfd, const struct spk_keys *k, bool repair, struct spk_journal *ret_j,
               struct spk_hstate **ret_s)
{
    SPK_AUTO(spk_hstate) s = NULL;
    struct spk_journal_fault fault;
    int fd = -1;

    SPK_TRY(spk_state_new(&k->genesis, &s));
    SPK_TRY(journal_fd(dirfd, &fd));
    const struct spk_journal_how how = {k->seed, &k->genesis, repair, spk_state_visit, s};
    spk_err e = spk_journal_open(fd, &how, ret_j, &fault);
    if (spk_ok(e) && s->n_policies == 0) {
        spk_journal_close(ret_j);
        fault = (struct spk_journal_fault){0, "it has no policy"};
        e = SPK_ERR(FORMAT);
    }
    if (!spk_ok(e)) {
        journal_complain(e, &fault);
        return e;
    }
    if (repair && ret_j->torn > 0) {
        spk_log(SPK_LOG_WARN,
                "the journal ended in %" PRIu64 " bytes that were never finished, as a power cut "
                "leaves them: cut off at byte %" PRIu64 "; nothing had been done because of them",
                ret_j->torn, ret_j->end);
    }
    *ret_s = SPK_STEAL(s);
    return SPK_OK;
}

spk_err
spk_folder_state(int dirfd, const struct spk_keys *k, struct spk_hstate **ret_s)
{
    SPK_AUTO_JOURNAL j = SPK_JOURNAL_NONE;

    return journal_replay(dirfd, k, false, &j, ret_s);
}

/* -- Compaction
 * -------------------------------------------------------------------------------------- */

struct copying {
    const struct spk_hstate *state;
    struct spk_journal *to;
};

static spk_err
copy_record(void *arg, uint16_t type, struct spk_span body)
{
    struct copying *c = arg;

    return spk_state_keeps(c->state, type, body) ? spk_journal_add(c->to, type, body) : SPK_OK;
}

/* What is kept, and the two times at the end: they may never go back. */
static spk_err
copy_all(int dirfd, const struct spk_keys *k, const struct spk_hstate *s, struct spk_journal *to)
{
    SPK_AUTO_JOURNAL from = SPK_JOURNAL_NONE;
    SPK_AUTO_BUF struct spk_buf body = SPK_BUF(SPK_JREC_TIMES);
    struct copying c = {s, to};
    struct spk_journal_fault fault;
    int fd = -1;

    SPK_TRY(journal_fd(dirfd, &fd));
    const struct spk_journal_how how = {k->seed, &k->genesis, false, copy_record, &c};
    SPK_TRY(spk_journal_open(fd, &how, &from, &fault));
    SPK_TRY(spk_jrec_begin(&body, s->wall, s->running));
    return spk_journal_add(to, SPK_JREC_TICK, spk_buf_span(&body));
}

static spk_err
compact(int dirfd, const struct spk_keys *k, const struct spk_hstate *s)
{
    SPK_AUTO(spk_newfile) f = NULL;
    SPK_AUTO_JOURNAL j = SPK_JOURNAL_NONE;

    SPK_TRY(spk_newfile_open(dirfd, SPK_JOURNAL_NAME, 0600, &f));
    SPK_TRY(journal_begin(f, k, &j));
    SPK_TRY(copy_all(dirfd, k, s, &j));
    return spk_newfile_commit(f, true);
}

/* Replay, and once more when it was worth writing a shorter file. Requests are forgotten by that
 * file alone: with a table in memory that is emptier than the journal, more could be opened than
 * the next replay has room for. A disk without room for the shorter file is no reason not to start.
 */
static spk_err
journal_take(int dirfd, const struct spk_keys *k, struct spk_journal *ret_j,
             struct spk_hstate **ret_s)
{
    SPK_AUTO(spk_hstate) s = NULL;
    SPK_AUTO_JOURNAL j = SPK_JOURNAL_NONE;

    SPK_TRY(journal_replay(dirfd, k, true, &j, &s));
    if (spk_state_ballast(s) < BALLAST_MIN) {
        *ret_j = j;
        j = SPK_JOURNAL_NONE;
        *ret_s = SPK_STEAL(s);
        return SPK_OK;
    }
    spk_state_forget_old(s);
    spk_err e = compact(dirfd, k, s);
    if (!spk_ok(e)) {
        spk_log(SPK_LOG_WARN, "the journal cannot be written anew (%s); going on with the old one",
                spk_code_name(e.code));
    }
    return journal_replay(dirfd, k, true, ret_j, ret_s);
}

/* -- Keys and uses against the journal
 * --------------------------------------------------------------- */

static spk_err
check_epochs(struct spk_holder *h)
{
    const struct spk_keys *k = h->keys;

    for (size_t i = 0; i < h->state->n_epochs; i++) {
        if (i >= k->n || !spk_hash_eq(&h->state->epochs[i], spk_rsa_id(k->epoch[i].pair))) {
            spk_log(SPK_LOG_ERROR,
                    "epoch-%zu.key, which has been in use, is missing or another key: put it back",
                    i + 1);
            return SPK_ERR(CHANGED);
        }
    }
    while (h->state->n_epochs < k->n) {
        const struct spk_epoch *e = &k->epoch[h->state->n_epochs];
        uint8_t number[4];
        spk_put_u32(number, e->number);
        const struct spk_span parts[] = {SPK_SPAN_OF(number), spk_hash_span(spk_rsa_id(e->pair))};
        SPK_TRY(spk_holder_commit(h, SPK_JREC_EPOCH, parts, 2));
    }
    return SPK_OK;
}

struct showing {
    struct spk_holder *h;
    size_t n;
};

static void
show_use(const struct spk_use *u)
{
    SPK_AUTO_BUF struct spk_buf b = SPK_BUF(4 * SPK_USE_DETAIL_MAX);
    const char *detail = "";

    if (spk_ok(spk_buf_escape(&b, u->detail))) {
        (void)spk_buf_cstr(&b, &detail).code;
    }
    spk_log(SPK_LOG_WARN,
            "key use %" PRIu64 " since the last start: %.*s at unix time %" PRIu64 ": %s",
            u->number, (int)u->what.len, (const char *)u->what.ptr, u->time, detail);
}

/* Entries that a start has shown must be the first ones of the log, unchanged; the others are shown
 * now. */
static spk_err
take_use(void *arg, const struct spk_use *u)
{
    struct showing *s = arg;
    const struct spk_hstate *st = s->h->state;

    if (s->n < st->n_uses) {
        SPK_CHECK(spk_hash_eq(&st->uses[s->n], &u->hash), CHANGED);
    } else {
        /* before it is written down: a record without room in the table would end the journal */
        SPK_CHECK(st->n_uses < SPK_USES_MAX, LIMIT);
        show_use(u);
        const struct spk_span part = spk_hash_span(&u->hash);
        SPK_TRY(spk_holder_commit_late(s->h, SPK_JREC_USE, &part, 1));
    }
    s->n++;
    return SPK_OK;
}

static spk_err
check_uses(int dirfd, struct spk_holder *h)
{
    SPK_AUTO_BUF struct spk_buf b = SPK_BUF(SPK_USELOG_MAX);
    struct showing s = {h, 0};

    SPK_TRY(spk_uselog_read(dirfd, &b));
    spk_err e = spk_uselog_walk(spk_buf_span(&b), h->keys, take_use, &s);
    if (spk_ok(e) && s.n < h->state->n_uses) {
        e = SPK_ERR(CHANGED);
    }
    if (spk_ok(e)) {
        return spk_journal_sync(&h->journal);
    }
    if (e.code == SPK_CODE_LIMIT) {
        spk_log(SPK_LOG_ERROR,
                SPK_USELOG_NAME " has more than %d entries, which this holder never writes",
                SPK_USES_MAX);
    } else {
        spk_log(SPK_LOG_ERROR,
                SPK_USELOG_NAME
                " is not as this holder has seen it (%s): put it back from a backup",
                spk_code_name(e.code));
    }
    return e;
}

spk_err
spk_holder_open(int dirfd, const struct spk_secret *pass_or_null, struct spk_holder **ret_h)
{
    SPK_AUTO(spk_keys) k = NULL;
    SPK_AUTO(spk_hstate) s = NULL;
    SPK_AUTO(spk_holder) h = NULL;
    SPK_AUTO_JOURNAL j = SPK_JOURNAL_NONE;
    SPK_AUTO_FD int lock = -1;

    spk_err e = spk_holder_lock(dirfd, &lock);
    if (e.code == SPK_CODE_BUSY) {
        spk_log(SPK_LOG_ERROR, "another sparekey-holder is at work on this folder");
    }
    SPK_TRY(e);
    e = spk_keys_read(dirfd, pass_or_null, &k);
    if (!spk_ok(e)) {
        spk_log(SPK_LOG_ERROR, "the key files cannot be used (%s)", spk_code_name(e.code));
        return e;
    }
    SPK_TRY(journal_take(dirfd, k, &j, &s));
    SPK_TRY(spk_holder_on(k, &j, s, &h));
    k = NULL; /* both are h's now */
    s = NULL;
    h->lock = lock;
    lock = -1;
    SPK_TRY(check_epochs(h));
    SPK_TRY(check_uses(dirfd, h));
    SPK_TRY(spk_depositlog_open(dirfd, h));
    *ret_h = SPK_STEAL(h);
    return SPK_OK;
}
