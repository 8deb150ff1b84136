/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/verify_tree.h"

#include <fcntl.h>
#include <pthread.h>
#include <string.h>
#include <unistd.h>

#include "cli/walk.h"
#include "sealed/core.h"
#include "sealed/io.h"

#define SUFFIX ".spk"
#define THREADS_MAX 64u

/* Threads take files in turn and tell of them in the same order: each waits until all before it
 * have been told. */
struct run {
    struct term *c;
    const struct spk_session *s;
    const struct spk_verify_opts *o;
    char **roots;
    int n, at;
    struct spk_walk *walk;
    pthread_mutex_t next; /* held while a file is chosen */
    pthread_mutex_t lock; /* the rest, and standard output */
    pthread_cond_t told;
    uint64_t taken, turn;
    int status;
    unsigned long count[SPK_VERDICT_PROVEN + 1], failed;
};

/* By its name, or by how it begins: a sealed file whose header is damaged is not passed over. */
static bool
is_sealed(const char *path)
{
    static const uint8_t magic[] = {0x89, 'S', 'P', 'K', '\r', '\n', 0x1a, '\n'};
    SPK_AUTO_FD int fd = -1;
    uint8_t first[sizeof(magic)];
    size_t len = strlen(path);

    if (len > strlen(SUFFIX) && strcmp(path + len - strlen(SUFFIX), SUFFIX) == 0) {
        return true;
    }
    fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    return fd >= 0 && pread(fd, first, sizeof(first), 0) == (ssize_t)sizeof(first) &&
           spk_span_eq(SPK_SPAN_OF(first), SPK_SPAN_OF(magic));
}

static void
walk_failed(struct run *r, const char *path, spk_err e)
{
    (void)pthread_mutex_lock(&r->lock);
    r->failed++;
    r->status = cli_verify_worse(r->status, term_error(TERM_ABOUT_INPUT, path, e, NULL));
    (void)pthread_mutex_unlock(&r->lock);
}

/* The next root that can be walked; false when there is none. */
static bool
next_root(struct run *r)
{
    while (r->walk == NULL && r->at < r->n) {
        const char *root = r->roots[r->at++];
        spk_err e = spk_walk_new(root, &r->walk);

        if (!spk_ok(e)) {
            walk_failed(r, root, e);
        }
    }
    return r->walk != NULL;
}

/* Under r->next. NULL at the end. */
static char *
choose(struct run *r)
{
    while (!term_stop && next_root(r)) {
        SPK_AUTO_STR char *path = NULL;
        spk_err e = spk_walk_next(r->walk, &path);

        if (!spk_ok(e)) {
            walk_failed(r, path, e);
        } else if (path == NULL) {
            spk_walk_free(r->walk);
            r->walk = NULL;
        } else if (spk_walk_is_file(r->walk) || is_sealed(path)) {
            return SPK_STEAL(path);
        }
    }
    return NULL;
}

static char *
take(struct run *r, uint64_t *ret_number)
{
    char *path = NULL;

    (void)pthread_mutex_lock(&r->next);
    path = choose(r);
    if (path != NULL) {
        *ret_number = r->taken++;
    }
    (void)pthread_mutex_unlock(&r->next);
    return path;
}

static void
tell(struct run *r, uint64_t number, const struct spk_session *s, const char *path, spk_err e,
     const struct spk_verify *v)
{
    (void)pthread_mutex_lock(&r->lock);
    while (r->turn != number) {
        (void)pthread_cond_wait(&r->told, &r->lock);
    }
    r->status = cli_verify_worse(r->status, cli_verify_tell(r->c, s, path, e, v));
    if (spk_ok(e) && spk_ok(v->asked)) {
        r->count[v->verdict]++;
    } else {
        r->failed++;
    }
    r->turn++;
    (void)pthread_cond_broadcast(&r->told);
    (void)pthread_mutex_unlock(&r->lock);
}

static void *
verifying_thread(void *ctx)
{
    struct run *r = ctx;
    struct spk_session s = spk_session_view(r->s);
    uint64_t number = 0;

    for (;;) {
        SPK_AUTO_STR char *path = take(r, &number);
        struct spk_verify v = {.n = 0};
        spk_err e;

        if (path == NULL) {
            break;
        }
        e = spk_verify_file(&s, path, r->o, &v);
        tell(r, number, &s, path, e, &v);
    }
    spk_session_view_end(r->s, &s);
    return NULL;
}

/* A passphrase is asked for once, before there are threads; without keys there is nothing to ask.
 */
static spk_err
unlock(struct spk_session *s, const struct spk_verify_opts *o)
{
    struct spk_rsa *keyx = NULL;
    spk_err e = o->with_key ? spk_session_pair(s, SPK_AT_KEYEXCHANGE, &keyx) : SPK_OK;

    return e.code == SPK_CODE_NOKEY ? SPK_OK : e;
}

static void
summary(const struct run *r)
{
    unsigned long all = r->failed;

    for (size_t i = 0; i <= SPK_VERDICT_PROVEN; i++) {
        all += r->count[i];
    }
    fprintf(stderr, ngettext("%s: note: %lu sealed file", "%s: note: %lu sealed files", all),
            term_program, all);
    fprintf(stderr,
            _(": %lu proven, %lu accepted, %lu spooled, %lu NOT DEPOSITED, %lu broken, %lu not "
              "read\n"),
            r->count[SPK_VERDICT_PROVEN], r->count[SPK_VERDICT_ACCEPTED],
            r->count[SPK_VERDICT_SPOOLED], r->count[SPK_VERDICT_NOT_DEPOSITED],
            r->count[SPK_VERDICT_BROKEN], r->failed);
}

int
cli_verify_trees(struct term *c, struct spk_session *s, const struct spk_verify_opts *o,
                 char **roots, int n)
{
    struct run r = {.c = c,
                    .s = s,
                    .o = o,
                    .roots = roots,
                    .n = n,
                    .next = PTHREAD_MUTEX_INITIALIZER,
                    .lock = PTHREAD_MUTEX_INITIALIZER,
                    .told = PTHREAD_COND_INITIALIZER,
                    .status = TERM_DONE};
    pthread_t threads[THREADS_MAX];
    unsigned cpus = o->online ? 1 : spk_cpus(); /* what it asks for may change the pin */
    unsigned count = 0;
    spk_err e = unlock(s, o);

    if (!spk_ok(e)) {
        return term_error(TERM_ABOUT_OWN, NULL, e, &s->trouble);
    }
    cpus = cpus > THREADS_MAX ? THREADS_MAX : cpus;
    while (count + 1 < cpus && pthread_create(&threads[count], NULL, verifying_thread, &r) == 0) {
        count++;
    }
    (void)verifying_thread(&r);
    for (unsigned i = 0; i < count; i++) {
        (void)pthread_join(threads[i], NULL);
    }
    spk_walk_free(r.walk);
    if (!c->quiet) {
        summary(&r);
    }
    return term_stop ? TERM_STOPPED : term_flush(r.status);
}
