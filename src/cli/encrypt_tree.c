/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/encrypt_tree.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "base/file.h"
#include "cli/walk.h"

#define REPORTS_MAX 20 /* messages of one kind before they are only counted */

struct tree { /* next() uses the first part, done() the second; they may run at once */
    struct term *c;
    const struct cli_encrypt_opts *o;
    char **roots;
    int n, at;
    struct spk_walk *walk;
    unsigned long already, walk_failed, skipped, sealed_inputs;

    struct term_progress pr;
    unsigned long sealed, failed, spooled, missing, unreceipted, meanwhile, busy, stopped;
    uint64_t bytes;
    bool peer_told;
};

static bool
has_suffix(const char *path)
{
    size_t len = strlen(path);

    return len >= strlen(SPK_SUFFIX) && strcmp(path + len - strlen(SPK_SUFFIX), SPK_SUFFIX) == 0;
}

static bool
newer(const struct timespec *a, const struct timespec *b)
{
    return a->tv_sec > b->tv_sec || (a->tv_sec == b->tv_sec && a->tv_nsec > b->tv_nsec);
}

/* Something else of that name must not make anybody believe that there is a sealed copy. */
static bool
is_sealed(const char *path, uint64_t plain_len)
{
    SPK_AUTO_FD int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOFOLLOW);
    SPK_AUTO(spk_header) h = NULL;
    struct stat st;

    return fd >= 0 && fstat(fd, &st) == 0 && S_ISREG(st.st_mode) &&
           spk_ok(spk_header_read(fd, &h)) && spk_header_slots(h) != NULL &&
           (uint64_t)st.st_size == spk_header_file_len(h, plain_len);
}

/* So that an interrupted run can simply be started again: what has a sealed copy that is not older
 * is done. An older one is left to seal, where it fails with "is there already" unless --force. Of
 * an older file that was moved here only the status change is new; so is it after a chmod, but a
 * copy too many costs less than one that is missing. */
static bool
up_to_date(const char *in, const char *out)
{
    struct stat si;
    struct stat so;

    return lstat(out, &so) == 0 && stat(in, &si) == 0 && !newer(&si.st_mtim, &so.st_mtim) &&
           !newer(&si.st_ctim, &so.st_mtim) && is_sealed(out, (uint64_t)si.st_size);
}

static bool
sealed(void *ctx, const struct spk_batch_file *f)
{
    const struct tree *t = ctx;

    return !t->o->all && up_to_date(f->in, f->out);
}

/* A name proves nothing: what ends in .spk and is no sealed file has to be sealed like any other.
 */
static bool
is_sealed_input(const char *path)
{
    SPK_AUTO_FD int fd = -1;
    uint8_t first[16];
    uint32_t len = 0;
    size_t n = 0;

    if (!has_suffix(path)) {
        return false;
    }
    fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    return fd >= 0 && spk_ok(spk_read_full(fd, first, sizeof(first), &n)) && n == sizeof(first) &&
           spk_core_peek(SPK_SPAN_OF(first), &len).code != SPK_CODE_FORMAT;
}

char *
cli_sealed_name(const char *in)
{
    size_t len = strlen(in);
    char *out = spk_calloc(1, len + sizeof(SPK_SUFFIX));

    if (out != NULL) {
        memcpy(out, in, len);
        memcpy(out + len, SPK_SUFFIX, sizeof(SPK_SUFFIX));
    }
    return out;
}

static bool
open_root(struct tree *t)
{
    while (t->walk == NULL && t->at < t->n) {
        const char *root = t->roots[t->at++];
        spk_err e = spk_walk_new(root, &t->walk);

        if (!spk_ok(e)) {
            (void)term_error(TERM_ABOUT_INPUT, root, e, NULL);
            t->walk_failed++;
        }
    }
    return t->walk != NULL;
}

/* The next path of the walk over all roots; NULL at the end. */
static char *
next_path(struct tree *t, bool *ret_named)
{
    while (open_root(t)) {
        char *path = NULL;
        spk_err e = spk_walk_next(t->walk, &path);

        if (!spk_ok(e)) {
            (void)term_error(TERM_ABOUT_INPUT, path, e, NULL);
            spk_mem_free(path);
            t->walk_failed++;
            continue;
        }
        if (path != NULL) {
            *ret_named = spk_walk_is_file(t->walk);
            return path;
        }
        t->skipped += spk_walk_skipped(t->walk);
        spk_walk_free(t->walk);
        t->walk = NULL;
    }
    return NULL;
}

static bool
next(void *ctx, struct spk_batch_file *ret_f)
{
    struct tree *t = ctx;
    struct spk_batch_file f = {0};

    while (!term_stop && (f.in = next_path(t, &f.named)) != NULL) {
        bool is_input = !is_sealed_input(f.in);

        t->sealed_inputs += !is_input;
        f.out = is_input ? cli_sealed_name(f.in) : NULL;
        if (f.out != NULL && !sealed(t, &f)) {
            *ret_f = f;
            return true;
        }
        t->already += f.out != NULL;
        spk_mem_free(f.out);
        spk_mem_free(f.in);
    }
    return false;
}

static void
tell_failure(struct tree *t, const struct spk_batch_file *f, spk_err e,
             const struct spk_encrypt_outcome *o)
{
    if (e.code == SPK_CODE_STOPPED) {
        t->stopped++; /* nothing is wrong with it */
        return;
    }
    t->failed++;
    if (t->failed > REPORTS_MAX) {
        return;
    }
    term_progress_end(&t->pr);
    if (spk_sealing_failed(o)) {
        if (!t->peer_told) { /* it is the same for all of a batch */
            cli_encrypt_failures(f->in, o);
        }
        t->peer_told = true;
    } else if (o->output && e.code != SPK_CODE_EXISTS) {
        (void)term_error(TERM_ABOUT_OUTPUT, f->out, e, NULL);
    } else if (e.code == SPK_CODE_EXISTS) {
        term_say_error(f->out, _("is there already, and is older than the last change of its "
                                 "original, or no sealed copy of it"));
        term_say_hint(_("--force replaces it"));
    } else {
        (void)term_error(TERM_ABOUT_INPUT, f->in, e, NULL);
    }
}

/* Another process is at it, which is no failure: one word for all of them. */
static void
tell_busy(struct tree *t, const struct spk_batch_file *f)
{
    if (t->busy++ == 0) {
        term_progress_end(&t->pr);
        fprintf(stderr, _("sparekey: note: '%s' is being sealed by another process\n"),
                term_shown(f->in));
    }
}

static void
done(void *ctx, const struct spk_batch_file *f, spk_err e, const struct spk_encrypt_outcome *o)
{
    struct tree *t = ctx;

    if (e.code == SPK_CODE_EXISTS && sealed(t, f)) {
        t->meanwhile++; /* by somebody else, since it was chosen */
        return;
    }
    if (t->c->json && cli_encrypt_json(f->in, f->out, e, o) != TERM_DONE) {
        term_stop = 1;
    }
    if (spk_ok(e)) {
        t->sealed++;
        t->bytes += o->bytes;
        t->spooled += o->spooled > 0;
        for (size_t i = 0; i < o->n; i++) {
            t->unreceipted += o->at[i].no_receipt;
        }
        if (spk_sealing_failed(o) && t->missing++ < REPORTS_MAX) {
            term_progress_end(&t->pr);
            cli_encrypt_missing(f->out, o);
        }
        term_progress_files(&t->pr, t->sealed, t->bytes);
    } else if (e.code == SPK_CODE_BUSY && !spk_sealing_failed(o)) {
        tell_busy(t, f);
    } else {
        tell_failure(t, f, e, o);
    }
}

static void
summary_troubles(const struct tree *t)
{
    if (t->failed > REPORTS_MAX && !t->peer_told) {
        unsigned long n = t->failed - REPORTS_MAX;

        fprintf(stderr,
                ngettext("sparekey: note: %lu more failure was not shown\n",
                         "sparekey: note: %lu more failures were not shown\n", n),
                n);
    }
    if (t->busy > 0) { /* not this run's failure, but not done either */
        fprintf(
            stderr,
            ngettext("sparekey: error: %lu file was left to another process, which seals it\n",
                     "sparekey: error: %lu files were left to another process, which seals them\n",
                     t->busy),
            t->busy);
        term_say_hint(_("wait until that has ended, and run this again: what is sealed then is "
                        "passed over"));
    }
    if (t->stopped > 0) {
        fprintf(stderr,
                ngettext("sparekey: note: %lu file was begun, and is not sealed\n",
                         "sparekey: note: %lu files were begun, and are not sealed\n", t->stopped),
                t->stopped);
    }
    if (t->spooled > 0) {
        fprintf(stderr,
                ngettext("sparekey: warning: %lu deposit is in the spool\n",
                         "sparekey: warning: %lu deposits are in the spool\n", t->spooled),
                t->spooled);
        term_say_hint(_("'sparekey sync' sends them"));
    }
    if (t->unreceipted > 0) {
        fprintf(stderr,
                ngettext("sparekey: note: %lu deposit has no receipt yet: 'sparekey sync' fetches "
                         "it\n",
                         "sparekey: note: %lu deposits have no receipts yet: 'sparekey sync' "
                         "fetches them\n",
                         t->unreceipted),
                t->unreceipted);
    }
    if (t->missing > REPORTS_MAX) {
        fprintf(stderr,
                ngettext("sparekey: warning: %lu file is not deposited at every authority\n",
                         "sparekey: warning: %lu files are not deposited at every authority\n",
                         t->missing),
                t->missing);
    }
}

static void
summary_notes(const struct tree *t)
{
    unsigned long already = t->already + t->meanwhile;

    if (already > 0) {
        fprintf(
            stderr,
            ngettext(
                "sparekey: note: %lu file had a sealed copy already, and has not changed since\n",
                "sparekey: note: %lu files had a sealed copy already, and have not changed "
                "since\n",
                already),
            already);
    }
    if (t->sealed_inputs > 0) {
        fprintf(stderr,
                ngettext("sparekey: note: %lu sealed file was passed over\n",
                         "sparekey: note: %lu sealed files were passed over\n", t->sealed_inputs),
                t->sealed_inputs);
    }
    if (t->skipped > 0) {
        fprintf(stderr,
                ngettext("sparekey: note: %lu symbolic link or special file was passed over\n",
                         "sparekey: note: %lu symbolic links and special files were passed over\n",
                         t->skipped),
                t->skipped);
    }
}

static int
summary_json(const struct tree *t, uint64_t ms)
{
    SPK_AUTO_BUF struct spk_buf b = SPK_BUF((size_t)4096);
    struct spk_jw w = {.b = &b};

    spk_jw_open(&w, NULL, '{');
    spk_jw_open(&w, "summary", '{');
    spk_jw_u64(&w, "sealed", t->sealed);
    spk_jw_u64(&w, "bytes", t->bytes);
    spk_jw_u64(&w, "unchanged", t->already + t->meanwhile);
    spk_jw_u64(&w, "spooled", t->spooled);
    spk_jw_u64(&w, "failed", t->failed + t->walk_failed);
    spk_jw_u64(&w, "stopped", t->stopped);
    spk_jw_u64(&w, "busy", t->busy);
    spk_jw_u64(&w, "passed_over", t->skipped);
    spk_jw_u64(&w, "sealed_before", t->sealed_inputs);
    spk_jw_u64(&w, "milliseconds", ms);
    spk_jw_close(&w, '}');
    spk_jw_close(&w, '}');
    return term_json_out(&w, &b);
}

static int
summary(const struct tree *t, uint64_t ms)
{
    unsigned long failed = t->failed + t->walk_failed;

    summary_troubles(t);
    if (!t->c->quiet) {
        summary_notes(t);
    }
    if (t->c->json) {
        return summary_json(t, ms);
    }
    if (!t->c->quiet) {
        printf(ngettext("%lu file sealed, %s, in %.1f s; %lu failed\n",
                        "%lu files sealed, %s, in %.1f s; %lu failed\n", t->sealed),
               t->sealed, term_size(t->bytes), (double)ms / 1000.0, failed);
    }
    return TERM_DONE;
}

int
cli_encrypt_trees(struct term *c, struct spk_session *s, const struct cli_encrypt_opts *o,
                  char **roots, int n)
{
    struct tree t = {.c = c, .o = o, .roots = roots, .n = n};
    struct spk_encrypt_opts eo = o->o;
    struct spk_batch b = {
        .session = s, .opts = &eo, .next = next, .sealed = sealed, .done = done, .ctx = &t};
    uint64_t start = spk_running_ms();
    int told;
    spk_err e;

    term_progress_begin(c, &t.pr, _("sealing"));
    eo.progress = &t.pr.p;
    eo.force = eo.force || o->all;
    e = spk_batch_run(&b);
    term_progress_end(&t.pr);
    spk_walk_free(t.walk);
    told = summary(&t, spk_running_ms() - start);
    if (!spk_ok(e)) {
        int status = t.peer_told ? TERM_FAILED : term_error(TERM_ABOUT_OWN, NULL, e, &s->trouble);

        if (e.code != SPK_CODE_NOKEY) {
            term_say_hint(o->all ? _("run it again without --all: it goes on with what has no "
                                     "sealed copy, or an older one")
                                 : _("run the same command again: it goes on where it ended"));
        }
        return status;
    }
    return t.failed + t.walk_failed + t.busy + t.stopped > 0 ? TERM_FAILED : term_flush(told);
}
