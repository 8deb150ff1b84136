/* SPDX-License-Identifier: Apache-2.0 */
#include "authority/cosigners.h"

#include <curl/curl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/text.h"
#include "translog/addcheckpoint.h"

#define ROUND_S 1
#define CALL_S 5L
#define CONNECT_S 3L
#define SILENT_MS ((uint64_t)60000) /* so long an older checkpoint is shown for its signatures */
#define AGAIN_MS ((uint64_t)3000)   /* before one that did not answer is asked again */
#define ANSWER_MAX ((size_t)8192)
#define PATH "/add-checkpoint"

struct peer {
    const struct spk_cosigner *c;
    uint64_t old[SPK_LOG_IDS]; /* what it signed last, as far as it is known */
    uint64_t not_before;       /* running time */
    const char *told;          /* how it fails: said once, until it does not */
};
struct shown {
    struct spk_signed s;        /* with lines of witnesses; len 0: none yet */
    bool by[SPK_COSIGNERS_MAX]; /* whose lines stand there */
    uint64_t at;                /* running time */
};
struct spk_cosigners {
    size_t n;
    struct peer peers[SPK_COSIGNERS_MAX];
    struct spk_logbook *const *logs;
    CURL *curl;
    atomic_bool stopping;
    pthread_t thread;
    pthread_mutex_t lock; /* of what follows */
    pthread_cond_t wake;
    struct shown shown[SPK_LOG_IDS];
    struct spk_signed last[SPK_LOG_IDS]; /* told to somebody last: nothing smaller is told again */
};

/* -- the configuration */

static spk_err
parse_line(const char *line, struct spk_cosigner *ret_c)
{
    SPK_AUTO_BUF struct spk_buf url = SPK_BUF((size_t)2048);
    struct spk_span rest = spk_span_str(line), head;
    const char *text = NULL;

    SPK_CHECK(spk_split(&rest, ' ', &head), FORMAT);
    while (rest.len > 0 && rest.ptr[0] == ' ') {
        rest = spk_span(rest.ptr + 1, rest.len - 1);
    }
    SPK_TRY(spk_vkey_parse_witness(rest, &ret_c->key));
    while (head.len > 0 && head.ptr[head.len - 1] == '/') {
        head.len--;
    }
    SPK_TRY(spk_buf_add(&url, head));
    SPK_TRY(spk_buf_str(&url, PATH));
    SPK_TRY(spk_buf_cstr(&url, &text));
    SPK_CHECK(strncmp(text, "http://", 7) == 0 || strncmp(text, "https://", 8) == 0, FORMAT);
    ret_c->url = spk_strdup(text);
    SPK_CHECK(ret_c->url != NULL, NOMEM);
    return SPK_OK;
}

void
spk_cosigners_clear(struct spk_cosigner *c, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        spk_mem_free(c[i].url);
        c[i] = (struct spk_cosigner){0};
    }
}

static spk_err
parse_all(char *const *lines, struct spk_cosigner *c, size_t *n)
{
    for (*n = 0; lines != NULL && lines[*n] != NULL; (*n)++) {
        SPK_CHECK(*n < SPK_COSIGNERS_MAX, LIMIT);
        SPK_TRY(parse_line(lines[*n], &c[*n]));
        for (size_t i = 0; i < *n; i++) {
            if (spk_span_eq(SPK_SPAN_OF(c[i].key.key), SPK_SPAN_OF(c[*n].key.key))) {
                spk_cosigners_clear(&c[*n], 1);
                return SPK_ERR(EXISTS);
            }
        }
    }
    return SPK_OK;
}

spk_err
spk_cosigners_parse(char *const *lines, struct spk_cosigner ret_c[SPK_COSIGNERS_MAX], size_t *ret_n)
{
    size_t n = 0;
    spk_err e = parse_all(lines, ret_c, &n);

    if (!spk_ok(e)) {
        spk_cosigners_clear(ret_c, n);
        return e;
    }
    *ret_n = n;
    return SPK_OK;
}

/* -- one question */

struct call {
    struct spk_cosigners *c;
    struct spk_buf answer;
    long status;
};

static size_t
on_body(char *data, size_t size, size_t n, void *ctx)
{
    struct call *k = ctx;

    return spk_ok(spk_buf_add(&k->answer, spk_span(data, size * n))) ? size * n : 0;
}

static int
on_progress(void *ctx, curl_off_t dt, curl_off_t dn, curl_off_t ut, curl_off_t un)
{
    const struct spk_cosigners *c = ctx;

    (void)dt;
    (void)dn;
    (void)ut;
    (void)un;
    return atomic_load(&c->stopping);
}

static spk_err
post(struct spk_cosigners *c, const char *url, struct spk_span body, struct call *k)
{
    CURL *h = c->curl;
    bool bad = false;
    struct curl_slist *type = curl_slist_append(NULL, "Content-Type: text/plain; charset=utf-8");

    curl_easy_reset(h); /* keeps the connections */
    bad = type == NULL || curl_easy_setopt(h, CURLOPT_URL, url) != CURLE_OK ||
          curl_easy_setopt(h, CURLOPT_HTTPHEADER, type) != CURLE_OK ||
          curl_easy_setopt(h, CURLOPT_NOSIGNAL, 1L) != CURLE_OK ||
          curl_easy_setopt(h, CURLOPT_PROTOCOLS_STR, "http,https") != CURLE_OK ||
          curl_easy_setopt(h, CURLOPT_CONNECTTIMEOUT, CONNECT_S) != CURLE_OK ||
          curl_easy_setopt(h, CURLOPT_TIMEOUT, CALL_S) != CURLE_OK ||
          curl_easy_setopt(h, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)body.len) != CURLE_OK ||
          curl_easy_setopt(h, CURLOPT_POSTFIELDS, (const char *)body.ptr) != CURLE_OK ||
          curl_easy_setopt(h, CURLOPT_WRITEFUNCTION, on_body) != CURLE_OK ||
          curl_easy_setopt(h, CURLOPT_WRITEDATA, k) != CURLE_OK ||
          curl_easy_setopt(h, CURLOPT_NOPROGRESS, 0L) != CURLE_OK ||
          curl_easy_setopt(h, CURLOPT_XFERINFOFUNCTION, on_progress) != CURLE_OK ||
          curl_easy_setopt(h, CURLOPT_XFERINFODATA, c) != CURLE_OK;
    bool sent = !bad && curl_easy_perform(h) == CURLE_OK &&
                curl_easy_getinfo(h, CURLINFO_RESPONSE_CODE, &k->status) == CURLE_OK;
    curl_slist_free_all(type);
    return sent ? SPK_OK : SPK_ERR(NET);
}

static spk_err
question(struct spk_logbook *l, uint64_t old, const struct spk_signed *s, struct spk_buf *out)
{
    struct spk_hash proof[SPK_PATH_MAX];
    struct spk_add_checkpoint a = {.old = old, .checkpoint = spk_span(s->note, s->len)};

    if (old > 0 && old < s->size) {
        SPK_TRY(spk_logbook_growth(l, old, s->size, proof, &a.len));
        SPK_CHECK(a.len <= SPK_ADD_PROOF_MAX, LIMIT);
        memcpy(a.proof, proof, a.len * sizeof(proof[0]));
    }
    return spk_add_checkpoint_format(&a, out);
}

/* The line, under the checkpoint that is being put together. What stood there must still hold. */
static spk_err
add_line(const struct spk_cosigners *c, const struct peer *p, struct spk_span line,
         struct spk_signed *s)
{
    SPK_AUTO_BUF struct spk_buf both = SPK_BUF(SPK_SIGNED_MAX);
    struct spk_note note;

    SPK_TRY(spk_buf_add(&both, spk_span(s->note, s->len)));
    SPK_TRY(spk_buf_add(&both, line));
    SPK_TRY(spk_note_parse(spk_buf_span(&both), false, &note));
    SPK_TRY(spk_cosign_verify(&note, &p->c->key, NULL));
    for (size_t i = 0; i < c->n; i++) {
        spk_err e = spk_cosign_verify(&note, &c->peers[i].c->key, NULL);
        SPK_CHECK(spk_ok(e) || e.code == SPK_CODE_NOTFOUND, AUTH);
    }
    memcpy(s->note, both.ptr, both.len);
    s->len = both.len;
    return SPK_OK;
}

/* Of what a witness answers the one line of its own: others in it, of whatever names, would make
 * the whole checkpoint one that nobody takes. */
static spk_err
take_line(const struct spk_cosigners *c, const struct peer *p, struct spk_span answer,
          struct spk_signed *s)
{
    SPK_AUTO_BUF struct spk_buf both = SPK_BUF(SPK_SIGNED_MAX + ANSWER_MAX);
    struct spk_note note;

    SPK_TRY(spk_buf_add(&both, spk_span(s->note, s->len)));
    SPK_TRY(spk_buf_add(&both, answer));
    SPK_TRY(spk_note_parse(spk_buf_span(&both), false, &note));
    for (size_t i = 0; i < note.n; i++) {
        if (spk_span_eq(SPK_SPAN_OF(note.sigs[i].keyid), SPK_SPAN_OF(p->c->key.keyid)) &&
            spk_span_eq(note.sigs[i].name, spk_span_str(p->c->key.name))) {
            return add_line(c, p, note.sigs[i].line, s);
        }
    }
    return SPK_ERR(NOTFOUND);
}

static void
tell(struct peer *p, const char *what, long status)
{
    if (p->told != what) {
        spk_log(SPK_LOG_WARN, "the witness %s %s (%ld)", p->c->key.name, what, status);
    }
    p->told = what;
}

/* It has signed another size than we thought. More than there is, or another tree of our size, is
 * nothing that an honest log and an honest witness come to. */
static spk_err
other_size(struct peer *p, unsigned log, const struct spk_signed *s, const struct call *k)
{
    struct spk_span text = spk_buf_span(&k->answer);
    uint64_t size = 0;

    SPK_CHECK(text.len > 0 && text.ptr[text.len - 1] == '\n', PROTO);
    SPK_TRY(spk_dec_parse(spk_span(text.ptr, text.len - 1), SPK_LOG_MAX, &size));
    if (size > s->size || size == p->old[log]) {
        static const char larger[] = "has seen a larger log than this: an old database?";
        static const char other[] = "has seen another log than this";
        tell(p, size > s->size ? larger : other, k->status);
        return SPK_ERR(CHANGED);
    }
    p->old[log] = size;
    return SPK_ERR(EXISTS);
}

static spk_err
ask_once(struct spk_cosigners *c, struct peer *p, unsigned log, struct spk_signed *s)
{
    SPK_AUTO_BUF struct spk_buf body = SPK_BUF((size_t)SPK_ADD_CHECKPOINT_MAX);
    struct call k = {.c = c, .answer = SPK_BUF(ANSWER_MAX)};
    /* lines of the witnesses asked before are not its business, and not in its way */
    spk_err e = question(c->logs[log], p->old[log], s, &body);

    e = spk_ok(e) ? post(c, p->c->url, spk_buf_span(&body), &k) : e;
    if (spk_ok(e) && k.status == 200) {
        e = take_line(c, p, spk_buf_span(&k.answer), s);
        p->old[log] = spk_ok(e) ? s->size : p->old[log];
    } else if (spk_ok(e) && k.status == 409) {
        e = other_size(p, log, s, &k);
    } else if (spk_ok(e)) {
        e = SPK_ERR(PROTO);
    }
    if (!spk_ok(e) && e.code != SPK_CODE_EXISTS && e.code != SPK_CODE_CHANGED &&
        !atomic_load(&c->stopping)) {
        static const char refused[] = "refuses: it has seen another log than this";
        static const char silent[] = "does not answer, or not with its signature";
        tell(p, k.status == 422 ? refused : silent, k.status);
    }
    spk_buf_free(&k.answer);
    return e;
}

static bool
ask(struct spk_cosigners *c, struct peer *p, unsigned log, struct spk_signed *s)
{
    if (p->old[log] > s->size) {
        p->old[log] = 0;
    }
    spk_err e = ask_once(c, p, log, s);
    if (e.code == SPK_CODE_EXISTS) {
        e = ask_once(c, p, log, s); /* now from the size that it has told */
    }
    if (!spk_ok(e)) {
        p->not_before = spk_running_ms() + AGAIN_MS;
        return false;
    }
    if (p->told != NULL) {
        spk_log(SPK_LOG_INFO, "the witness %s signs again", p->c->key.name);
    }
    p->told = NULL;
    return true;
}

/* -- rounds */

/* What the next round puts together: a new checkpoint, or the one that is shown, with the lines
 * that it has. False: nothing is missing. */
static bool
is_due(struct spk_cosigners *c, unsigned log, struct shown *ret_w)
{
    bool whole = true;

    *ret_w = (struct shown){.at = 0};
    spk_logbook_signed(c->logs[log], &ret_w->s);
    pthread_mutex_lock(&c->lock);
    if (c->shown[log].s.len > 0 && c->shown[log].s.size == ret_w->s.size) {
        *ret_w = c->shown[log];
    }
    pthread_mutex_unlock(&c->lock);
    for (size_t i = 0; i < c->n; i++) {
        whole = whole && ret_w->by[i];
    }
    return ret_w->s.len > 0 && !whole;
}

/* All of them for the same checkpoint, so that one note has as many lines as can be had. */
static void
run_round(struct spk_cosigners *c, unsigned log)
{
    struct shown w;
    size_t good = 0;

    if (!is_due(c, log, &w)) {
        return;
    }
    for (size_t i = 0; i < c->n && !atomic_load(&c->stopping); i++) {
        if (!w.by[i] && spk_running_ms() >= c->peers[i].not_before &&
            ask(c, &c->peers[i], log, &w.s)) {
            w.by[i] = true;
            good++;
        }
    }
    if (good > 0) {
        pthread_mutex_lock(&c->lock);
        w.at = spk_running_ms();
        c->shown[log] = w;
        pthread_mutex_unlock(&c->lock);
    }
}

static void *
cosign_main(void *arg)
{
    struct spk_cosigners *c = arg;
    struct timespec until;

    while (!atomic_load(&c->stopping)) {
        for (unsigned log = 0; log < SPK_LOG_IDS; log++) {
            run_round(c, log);
        }
        clock_gettime(CLOCK_MONOTONIC, &until);
        until.tv_sec += ROUND_S;
        pthread_mutex_lock(&c->lock);
        if (!atomic_load(&c->stopping)) {
            (void)pthread_cond_clockwait(&c->wake, &c->lock, CLOCK_MONOTONIC, &until);
        }
        pthread_mutex_unlock(&c->lock);
    }
    return NULL;
}

spk_err
spk_cosigners_start(const struct spk_cosigner *list, size_t n, struct spk_logbook *const *logs,
                    struct spk_cosigners **ret_c)
{
    struct spk_cosigners *c = spk_calloc(1, sizeof(*c));

    SPK_CHECK(c != NULL, NOMEM);
    c->n = n;
    c->logs = logs;
    for (size_t i = 0; i < n; i++) {
        c->peers[i].c = &list[i];
    }
    atomic_init(&c->stopping, false);
    pthread_mutex_init(&c->lock, NULL);
    pthread_cond_init(&c->wake, NULL);
    c->curl = curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK ? curl_easy_init() : NULL;
    if (c->curl == NULL || pthread_create(&c->thread, NULL, cosign_main, c) != 0) {
        if (c->curl != NULL) {
            curl_easy_cleanup(c->curl);
        }
        pthread_cond_destroy(&c->wake);
        pthread_mutex_destroy(&c->lock);
        spk_mem_free(c);
        return SPK_ERR(NOMEM);
    }
    *ret_c = c;
    return SPK_OK;
}

void
spk_cosigners_free(struct spk_cosigners *c)
{
    if (c == NULL) {
        return;
    }
    pthread_mutex_lock(&c->lock);
    atomic_store(&c->stopping, true);
    pthread_cond_signal(&c->wake);
    pthread_mutex_unlock(&c->lock);
    pthread_join(c->thread, NULL);
    curl_easy_cleanup(c->curl);
    pthread_cond_destroy(&c->wake);
    pthread_mutex_destroy(&c->lock);
    spk_mem_free(c);
}

void
spk_cosigners_newest(struct spk_cosigners *c, struct spk_logbook *l, enum spk_log_id log,
                     struct spk_signed *ret_s)
{
    spk_logbook_signed(l, ret_s);
    if (c == NULL) {
        return;
    }
    pthread_mutex_lock(&c->lock);
    const struct shown *w = &c->shown[log - 1];
    struct spk_signed *last = &c->last[log - 1];
    bool fresh = w->s.len > 0 && (w->s.size == ret_s->size || spk_running_ms() - w->at < SILENT_MS);
    if (fresh && w->s.size >= last->size) {
        *ret_s = w->s;
    } else if (fresh && last->len > 0) {
        *ret_s = *last; /* for as long as the witnesses' is older: it follows in a moment */
    }
    *last = *ret_s;
    pthread_mutex_unlock(&c->lock);
}
