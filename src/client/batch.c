/* SPDX-License-Identifier: Apache-2.0 */
/* A ring of items between the sealing threads and the one that deposits and names.  Items are taken
 * from it in order, so the ring bounds descriptors and memory whatever a single large file does.
 *
 * Durability is bought by the batch: all temporaries of a batch reach the disk with one syncfs() a
 * file system before the first of them gets a name, and the folders with one fsync() each after. */
#include "client/batch.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/file.h"
#include "client/claim.h"
#include "client/send.h"
#include "sealed/io.h"

#define RING_MAX ((size_t)512)
#define RING_MIN ((size_t)8)
#define FDS_A_FILE ((size_t)2)       /* of a temporary and its folder */
#define FDS_SPARE ((size_t)128)      /* for everything else */
#define BIG_FILE ((uint64_t)8 << 20) /* sealed with all cores, one at a time */
#define IDLE_MS 20                   /* how long a part of a batch waits for the rest */
#define DEVICES_MAX ((size_t)16)

struct item {
    struct spk_batch_file f;
    struct spk_sealing *sealing;
    struct spk_newfile *nf;
    dev_t dev;
    spk_err err;
    bool ready;
    bool output; /* err is about the output */
    bool named;  /* the file is there */
    bool claimed;
    uint64_t claim;
};

struct run {
    const struct spk_batch *b;
    struct spk_rsa *keyx;
    int claims;
    pthread_mutex_t next_lock; /* held over next(): files come in order */
    pthread_mutex_t lock;      /* the ring */
    pthread_cond_t filled, freed;
    struct item *ring;
    size_t ring_len;
    uint64_t taken; /* number of the next file to be handed to a thread */
    uint64_t base;  /* number of the oldest item in the ring */
    bool ended;     /* next() has no more */
    bool give_up;   /* the authority is gone: threads stop */
    struct spk_api_limits limits[SPK_AUTHORITIES_MAX];
};

static bool
stopped(const struct run *r)
{
    const struct spk_progress *p = r->b->opts->progress;

    return p != NULL && p->stop != NULL && *p->stop != 0;
}

/* -- sealing threads -- */

static spk_err
seal_begin(struct run *r, const struct spk_input *in, struct item *it)
{
    const struct spk_encrypt_opts *o = r->b->opts;
    SPK_AUTO_BUF struct spk_buf text = SPK_BUF(8 * SPK_DESCRIPTION_MAX);
    const struct spk_progress quiet = {.stop = o->progress == NULL ? NULL : o->progress->stop};
    const struct spk_seal_opts seal = {
        .compact = -1, .threads = in->size < BIG_FILE ? 1 : 0, .progress = &quiet};
    struct spk_sealing_opts so = {
        .size = in->size, .meta = o->no_metadata ? NULL : &in->meta, .seal = &seal};

    SPK_TRY(spk_description_of(it->f.in, &text));
    SPK_TRY(spk_buf_cstr(&text, &so.description));
    it->output = true;
    SPK_TRY(spk_newfile_open(AT_FDCWD, it->f.out, (mode_t)in->out_mode, &it->nf));
    it->output = false;
    SPK_TRY(spk_sealing_begin(r->b->session->profile, r->keyx, &so, &it->sealing));
    return spk_seal_run(it->sealing->seal, in->fd, spk_newfile_fd(it->nf));
}

/* Nobody else seals it now, and nobody has done so since it was chosen. */
static spk_err
claim(struct run *r, int fd, struct item *it)
{
    SPK_TRY(spk_claim(r->claims, fd, &it->claim));
    it->claimed = true;
    it->output = true;
    SPK_CHECK(r->b->sealed == NULL || !r->b->sealed(r->b->ctx, &it->f), EXISTS);
    SPK_TRY(spk_newfile_check(AT_FDCWD, it->f.out, r->b->opts->force));
    it->output = false;
    return SPK_OK;
}

static spk_err
seal_item(struct run *r, struct item *it)
{
    SPK_AUTO_FD int fd = -1;
    struct spk_input in = {0};
    struct stat st;

    SPK_CHECK(!stopped(r), STOPPED);
    SPK_TRY(spk_input_open(it->f.in, it->f.named, &in));
    fd = in.fd;
    SPK_CHECK(in.regular, USAGE);
    SPK_TRY(claim(r, fd, it));
    SPK_TRY(seal_begin(r, &in, it));
    if (fstat(spk_newfile_fd(it->nf), &st) != 0) {
        return spk_err_errno();
    }
    it->dev = st.st_dev;
    return SPK_OK;
}

/* Number and names of the next file, and room for it in the ring; false at the end. */
static bool
take_next(struct run *r, uint64_t *ret_number, struct spk_batch_file *ret_f)
{
    bool more = false;

    (void)pthread_mutex_lock(&r->next_lock);
    (void)pthread_mutex_lock(&r->lock);
    while (!r->ended && !r->give_up && r->taken >= r->base + r->ring_len) {
        (void)pthread_cond_wait(&r->freed, &r->lock);
    }
    more = !r->ended && !r->give_up && !stopped(r);
    (void)pthread_mutex_unlock(&r->lock);
    more = more && r->b->next(r->b->ctx, ret_f);
    (void)pthread_mutex_lock(&r->lock);
    if (more) {
        *ret_number = r->taken++;
    } else {
        r->ended = true;
        (void)pthread_cond_broadcast(&r->filled);
        (void)pthread_cond_broadcast(&r->freed);
    }
    (void)pthread_mutex_unlock(&r->lock);
    (void)pthread_mutex_unlock(&r->next_lock);
    return more;
}

static void *
sealing_thread(void *ctx)
{
    struct run *r = ctx;
    struct spk_batch_file f = {0};
    uint64_t number = 0;

    while (take_next(r, &number, &f)) {
        struct item it = {.f = f};

        it.err = seal_item(r, &it);
        it.ready = true;
        (void)pthread_mutex_lock(&r->lock);
        r->ring[number % r->ring_len] = it;
        (void)pthread_cond_signal(&r->filled);
        (void)pthread_mutex_unlock(&r->lock);
    }
    return NULL;
}

/* -- the thread that deposits and names -- */

static size_t
ready_run(const struct run *r, size_t want)
{
    size_t n = 0;

    while (n < want && r->ring[(r->base + n) % r->ring_len].ready) {
        n++;
    }
    return n;
}

/* Wait for a full batch, or for what there is when nothing more comes for a moment. */
static size_t
collect(struct run *r)
{
    size_t want = r->ring_len / 2;
    size_t n = 0;

    (void)pthread_mutex_lock(&r->lock);
    for (;;) {
        struct timespec until;
        bool timed_out = false;

        n = ready_run(r, want);
        if (n == want || (r->ended && r->base + n == r->taken)) {
            break;
        }
        (void)clock_gettime(CLOCK_MONOTONIC, &until);
        until.tv_nsec += IDLE_MS * 1000000L;
        until.tv_sec += until.tv_nsec / 1000000000L;
        until.tv_nsec %= 1000000000L;
        timed_out = pthread_cond_clockwait(&r->filled, &r->lock, CLOCK_MONOTONIC, &until) != 0;
        if (timed_out && n > 0 && ready_run(r, want) == n) {
            break;
        }
    }
    (void)pthread_mutex_unlock(&r->lock);
    return n;
}

static struct item *
item_at(struct run *r, size_t i)
{
    return &r->ring[(r->base + i) % r->ring_len];
}

/* One authority's share of the batch. */
static spk_err
deposit_at(struct run *r, size_t authority, size_t n)
{
    SPK_AUTO_STR struct spk_parcel **list = spk_calloc(n, sizeof(*list));
    struct spk_session *s = r->b->session;
    struct spk_api *api = NULL;
    size_t count = 0;
    spk_err e;

    SPK_CHECK(list != NULL, NOMEM);
    for (size_t i = 0; i < n; i++) {
        if (spk_ok(item_at(r, i)->err)) {
            list[count++] = &item_at(r, i)->sealing->parcels[authority];
        }
    }
    if (count == 0) {
        return SPK_OK;
    }
    spk_trouble_clear(&s->trouble);
    e = spk_session_api(s, authority, &api);
    if (spk_ok(e) && r->limits[authority].batch == 0) {
        e = spk_api_authority(api, NULL, &r->limits[authority]);
    }
    if (!spk_ok(e)) {
        for (size_t i = 0; i < count; i++) {
            spk_parcel_fail(list[i], e, &s->trouble);
        }
        return e;
    }
    SPK_TRY(spk_send(api, &r->limits[authority], list, count));
    /* what is sent while the key holder is away is only deposits of files that nobody will have */
    SPK_CHECK(!spk_parcel_lacks_receipt(list[count - 1]), BUSY);
    return SPK_OK;
}

static spk_err
deposit(struct run *r, size_t n)
{
    const struct spk_profile *p = r->b->session->profile;
    spk_err first = SPK_OK;

    if (p->deposit_policy == SPK_DEPOSIT_OFF) {
        return SPK_OK;
    }
    for (size_t a = 0; a < p->n_authorities; a++) {
        spk_err e = deposit_at(r, a, n);

        if (spk_ok(first)) {
            first = e;
        }
    }
    return first;
}

static void
settle_item(struct run *r, struct item *it)
{
    if (spk_ok(it->err)) {
        it->err = spk_sealing_settle(r->b->session->profile, it->sealing, it->f.out);
    }
    if (spk_ok(it->err) && it->sealing->n > 0) {
        it->err = spk_seal_rewrite_areas(it->sealing->seal, spk_newfile_fd(it->nf));
    }
}

struct devices { /* file systems of a batch, and how their syncfs() ended */
    size_t n;
    dev_t dev[DEVICES_MAX];
    spk_err err[DEVICES_MAX];
};

static spk_err
as_err(int rc)
{
    return rc == 0 ? SPK_OK : spk_err_errno();
}

/* Once a file system; what does not fit into the table is synced by itself. */
static spk_err
sync_device(struct devices *d, const struct item *it)
{
    size_t i = 0;

    while (i < d->n && d->dev[i] != it->dev) {
        i++;
    }
    if (i == DEVICES_MAX) {
        return as_err(fsync(spk_newfile_fd(it->nf)));
    }
    if (i == d->n) {
        d->dev[i] = it->dev;
        d->err[i] = as_err(syncfs(spk_newfile_fd(it->nf)));
        d->n++;
    }
    return d->err[i];
}

/* syncfs() tells of errors since *its* descriptor was opened, and older kernels of none. What
 * befell the pages of this file is told by its own: they are written by now, so nothing waits here.
 */
static spk_err
own_pages(int fd)
{
    spk_err e = as_err(sync_file_range(fd, 0, 0, SYNC_FILE_RANGE_WAIT_BEFORE));

    return e.sys == ENOSYS || e.sys == EINVAL ? as_err(fsync(fd)) : e;
}

/* Where it fails, nothing of that file system gets a name. */
static void
sync_data(struct run *r, size_t n)
{
    struct devices d = {.n = 0};

    for (size_t i = 0; i < n; i++) {
        struct item *it = item_at(r, i);

        if (spk_ok(it->err)) {
            it->err = sync_device(&d, it);
            it->output = !spk_ok(it->err);
        }
    }
    for (size_t i = 0; i < n; i++) {
        struct item *it = item_at(r, i);

        if (spk_ok(it->err)) {
            it->err = own_pages(spk_newfile_fd(it->nf));
            it->output = !spk_ok(it->err);
        }
    }
}

/* Files come folder by folder, so neighbours mostly share theirs. */
bool
spk_batch_same_folder(const char *a, const char *b)
{
    const char *sa = strrchr(a, '/');
    const char *sb = strrchr(b, '/');
    size_t la = sa == NULL ? 0 : (size_t)(sa - a);
    size_t lb = sb == NULL ? 0 : (size_t)(sb - b);

    /* "/x" is in the root, "x" in the working folder */
    return (sa == NULL) == (sb == NULL) && la == lb && strncmp(a, b, la) == 0;
}

static void
name_all(struct run *r, size_t n)
{
    const char *last = NULL;
    spk_err folder = SPK_OK;

    for (size_t i = 0; i < n; i++) {
        struct item *it = item_at(r, i);

        if (spk_ok(it->err)) {
            it->err = spk_newfile_commit_nosync(it->nf, r->b->opts->force);
            it->named = spk_ok(it->err);
            it->output = true;
        }
    }
    for (size_t i = 0; i < n; i++) {
        struct item *it = item_at(r, i);

        if (!spk_ok(it->err)) {
            continue;
        }
        if (last == NULL || !spk_batch_same_folder(last, it->f.out)) {
            folder = spk_sync_parent(AT_FDCWD, it->f.out);
            last = it->f.out;
        }
        it->err = folder; /* a name that may not outlive a crash is not told as one */
    }
}

static void
item_finish(struct run *r, struct item *it)
{
    struct spk_encrypt_outcome o = {0};

    if (it->sealing != NULL) {
        if (!it->named) {
            spk_sealing_take_back(r->b->session->profile, it->sealing);
        }
        spk_encrypt_outcome(it->sealing, &o);
    }
    o.output = it->output || spk_output_full(it->err);
    r->b->done(r->b->ctx, &it->f, it->err, &o);
    spk_sealing_free(it->sealing);
    spk_newfile_free(it->nf);
    if (it->claimed) {
        spk_claim_end(r->claims, it->claim);
    }
    spk_mem_free(it->f.in);
    spk_mem_free(it->f.out);
    memset(it, 0, sizeof(*it));
}

static bool
is_hopeless(const struct run *r, spk_err e)
{
    return !spk_ok(e) && e.code != SPK_CODE_USAGE &&
           r->b->session->profile->deposit_policy == SPK_DEPOSIT_REQUIRE &&
           spk_profile_needed(r->b->session->profile) == r->b->session->profile->n_authorities;
}

static spk_err
process(struct run *r, size_t n)
{
    spk_err e = deposit(r, n);

    for (size_t i = 0; i < n; i++) {
        settle_item(r, item_at(r, i));
    }
    sync_data(r, n);
    name_all(r, n);
    for (size_t i = 0; i < n; i++) {
        item_finish(r, item_at(r, i));
    }
    (void)pthread_mutex_lock(&r->lock);
    r->base += n;
    if (is_hopeless(r, e)) {
        r->give_up = true;
    }
    (void)pthread_cond_broadcast(&r->freed);
    (void)pthread_mutex_unlock(&r->lock);
    return is_hopeless(r, e) ? e : SPK_OK;
}

/* -- set-up -- */

/* Descriptors are what limits the ring; the soft limit is often far below the hard one. */
static size_t
ring_size(void)
{
    struct rlimit rl;
    size_t fds = 1024;

    if (getrlimit(RLIMIT_NOFILE, &rl) == 0) {
        rlim_t want = RING_MAX * FDS_A_FILE + FDS_SPARE;

        if (rl.rlim_cur < want) {
            rl.rlim_cur = want < rl.rlim_max ? want : rl.rlim_max;
            (void)setrlimit(RLIMIT_NOFILE, &rl);
        }
        fds = (size_t)(rl.rlim_cur < want ? rl.rlim_cur : want);
    }
    fds = fds > FDS_SPARE ? (fds - FDS_SPARE) / FDS_A_FILE : 0;
    return fds < RING_MIN ? RING_MIN : fds > RING_MAX ? RING_MAX : fds;
}

static unsigned
thread_count(unsigned asked)
{
    asked = asked == 0 ? spk_cpus() : asked;
    return asked > SPK_THREADS_MAX ? SPK_THREADS_MAX : asked;
}

static spk_err
pump(struct run *r)
{
    spk_err result = SPK_OK;

    for (;;) {
        size_t n = collect(r);

        if (n == 0) {
            return result; /* ended, and the ring is empty */
        }
        spk_err e = process(r, n);
        if (spk_ok(result)) {
            result = e;
        }
    }
}

static spk_err
run_threads(struct run *r)
{
    pthread_t threads[SPK_THREADS_MAX];
    unsigned want = thread_count(r->b->threads);
    unsigned n = 0;
    spk_err e = SPK_ERR(NOMEM);

    while (n < want && pthread_create(&threads[n], NULL, sealing_thread, r) == 0) {
        n++;
    }
    if (n > 0) {
        e = pump(r);
    }
    for (unsigned i = 0; i < n; i++) {
        (void)pthread_join(threads[i], NULL);
    }
    return e;
}

spk_err
spk_batch_run(const struct spk_batch *b)
{
    struct run r = {.b = b,
                    .next_lock = PTHREAD_MUTEX_INITIALIZER,
                    .lock = PTHREAD_MUTEX_INITIALIZER,
                    .filled = PTHREAD_COND_INITIALIZER,
                    .freed = PTHREAD_COND_INITIALIZER,
                    .ring_len = ring_size()};
    SPK_AUTO(spk_rsa) keyx = NULL;
    SPK_AUTO_FD int claims = -1;
    spk_err e;

    SPK_TRY(spk_session_key(b->session, SPK_AT_KEYEXCHANGE, &r.keyx));
    keyx = spk_rsa_ref(r.keyx); /* the first login unlocks the container, which changes its keys */
    r.ring = spk_calloc(r.ring_len, sizeof(*r.ring));
    SPK_CHECK(r.ring != NULL, NOMEM);
    r.claims = claims = spk_claims_open(b->session->profile);
    e = run_threads(&r);
    spk_mem_free(r.ring);
    if (spk_ok(e) && stopped(&r)) {
        e = SPK_ERR(STOPPED);
    }
    return e;
}
