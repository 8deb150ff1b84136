/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/encrypt_tree.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "cli/walk.h"

#define SUFFIX ".spk"
#define REPORTS_MAX 20 /* messages of one kind before they are only counted */

struct tree { /* next() uses the first part, done() the second; they may run at once */
    struct term *c;
    const struct cli_encrypt_opts *o;
    char **roots;
    int n, at;
    struct spk_walk *walk;
    unsigned long already, walk_failed, skipped;

    struct term_progress pr;
    unsigned long sealed, failed, spooled, missing;
    uint64_t bytes;
    bool peer_told;
};

static bool
has_suffix(const char *path)
{
    size_t len = strlen(path);

    return len >= strlen(SUFFIX) && strcmp(path + len - strlen(SUFFIX), SUFFIX) == 0;
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
 * is done. An older one is left to seal, where it fails with "is there already" unless --force. */
static bool
sealed_already(const struct tree *t, const char *in, const char *out)
{
    struct stat si;
    struct stat so;

    return !t->o->o.force && lstat(out, &so) == 0 && stat(in, &si) == 0 &&
           !newer(&si.st_mtim, &so.st_mtim) && is_sealed(out, (uint64_t)si.st_size);
}

static char *
output_name(const char *in)
{
    size_t len = strlen(in);
    char *out = spk_calloc(1, len + sizeof(SUFFIX));

    if (out != NULL) {
        memcpy(out, in, len);
        memcpy(out + len, SUFFIX, sizeof(SUFFIX));
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
next_path(struct tree *t)
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
    char *in = NULL;

    while (!term_stop && (in = next_path(t)) != NULL) {
        char *out = has_suffix(in) ? NULL : output_name(in);

        if (out != NULL && !sealed_already(t, in, out)) {
            ret_f->in = in;
            ret_f->out = out;
            return true;
        }
        t->already += out != NULL;
        spk_mem_free(out);
        spk_mem_free(in);
    }
    return false;
}

static void
tell_failure(struct tree *t, const struct spk_batch_file *f, spk_err e,
             const struct spk_encrypt_outcome *o)
{
    t->failed++;
    if (t->failed > REPORTS_MAX || e.code == SPK_CODE_STOPPED) {
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
        term_say_error(
            f->out, _("is there already, and is older than its original or no sealed copy of it"));
        term_say_hint(_("--force replaces it"));
    } else {
        (void)term_error(TERM_ABOUT_INPUT, f->in, e, NULL);
    }
}

static void
done(void *ctx, const struct spk_batch_file *f, spk_err e, const struct spk_encrypt_outcome *o)
{
    struct tree *t = ctx;

    if (t->c->json && cli_encrypt_json(f->in, f->out, e, o) != TERM_DONE) {
        term_stop = 1;
    }
    if (spk_ok(e)) {
        t->sealed++;
        t->bytes += o->bytes;
        t->spooled += o->spooled > 0;
        if (spk_sealing_failed(o) && t->missing++ < REPORTS_MAX) {
            term_progress_end(&t->pr);
            cli_encrypt_missing(f->out, o);
        }
        term_progress_files(&t->pr, t->sealed, t->bytes);
    } else {
        tell_failure(t, f, e, o);
    }
}

static void
summary(const struct tree *t, uint64_t ms)
{
    if (t->failed > REPORTS_MAX && !t->peer_told) {
        fprintf(stderr, _("sparekey: note: %lu more failures were not shown\n"),
                t->failed - REPORTS_MAX);
    }
    if (t->spooled > 0) {
        fprintf(stderr, _("sparekey: warning: %lu deposits are in the spool\n"), t->spooled);
        term_say_hint(_("'sparekey sync' sends them"));
    }
    if (t->missing > REPORTS_MAX) {
        fprintf(stderr, _("sparekey: warning: %lu files are not deposited at every authority\n"),
                t->missing);
    }
    if (t->already > 0 && !t->c->quiet) {
        fprintf(stderr, _("sparekey: note: %lu files had a sealed copy already\n"), t->already);
    }
    if (t->skipped > 0 && !t->c->quiet) {
        fprintf(stderr,
                _("sparekey: note: %lu symbolic links and special files were passed over\n"),
                t->skipped);
    }
    if (!t->c->quiet && !t->c->json) {
        printf(_("%lu files sealed, %s, in %.1f s; %lu failed\n"), t->sealed, term_size(t->bytes),
               (double)ms / 1000.0, t->failed + t->walk_failed);
    }
}

int
cli_encrypt_trees(struct term *c, struct spk_session *s, const struct cli_encrypt_opts *o,
                  char **roots, int n)
{
    struct tree t = {.c = c, .o = o, .roots = roots, .n = n};
    struct spk_encrypt_opts eo = o->o;
    struct spk_batch b = {.session = s, .opts = &eo, .next = next, .done = done, .ctx = &t};
    uint64_t start = spk_running_ms();
    spk_err e;

    term_progress_begin(c, &t.pr, _("sealing"));
    eo.progress = &t.pr.p;
    e = spk_batch_run(&b);
    term_progress_end(&t.pr);
    spk_walk_free(t.walk);
    summary(&t, spk_running_ms() - start);
    if (!spk_ok(e)) {
        int status = t.peer_told ? TERM_FAILED : term_error(TERM_ABOUT_OWN, NULL, e, &s->trouble);

        if (e.code != SPK_CODE_NOKEY) {
            term_say_hint(_("run the same command again: it goes on where it ended"));
        }
        return status;
    }
    return t.failed + t.walk_failed > 0 ? TERM_FAILED : term_flush(TERM_DONE);
}
