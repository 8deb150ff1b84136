/* SPDX-License-Identifier: Apache-2.0 */
#include "authority/link.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"

#define LINK_VERSION 1
#define AT_ONCE_MS 1000 /* a line that fails this soon was broken before */
#define RETRY_MS 300    /* a holder that is not there is not asked for more often */

struct spk_link {
    char *path;
    unsigned timeout_s;
    struct spk_books *books;
    pthread_mutex_t lock; /* one message at a time */
    int fd;
    uint32_t seq;
    uint64_t failed_ms;
    bool told; /* that it is not there, or wrong */
    atomic_bool ready, has_logs;
    atomic_uint_fast64_t sessions;
    pthread_mutex_t logs_lock; /* of the note alone: it is asked for while a message is under way */
    bool know_logs;
    struct spk_logs logs;
    struct spk_buf logs_note;
    uint8_t packet[SPK_FRAME_MAX];
};

void
spk_answer_clear(struct spk_answer *a)
{
    spk_buf_free(&a->mem);
    a->l.n = 0;
}

spk_err
spk_link_new(const char *socket_path, unsigned timeout_s, struct spk_books *books,
             struct spk_link **ret_l)
{
    struct spk_link *l = spk_calloc(1, sizeof(*l));

    SPK_CHECK(l != NULL, NOMEM);
    l->fd = -1;
    l->timeout_s = timeout_s;
    l->books = books;
    l->path = spk_strdup(socket_path);
    l->logs_note = SPK_BUF(SPK_NOTE_MAX);
    pthread_mutex_init(&l->lock, NULL);
    pthread_mutex_init(&l->logs_lock, NULL);
    if (l->path == NULL) {
        spk_link_free(l);
        return SPK_ERR(NOMEM);
    }
    *ret_l = l;
    return SPK_OK;
}

static void
hang_up(struct spk_link *l)
{
    if (l->fd >= 0) {
        close(l->fd);
    }
    l->fd = -1;
    l->failed_ms = spk_running_ms();
    atomic_store(&l->ready, false);
}

void
spk_link_free(struct spk_link *l)
{
    if (l == NULL) {
        return;
    }
    hang_up(l);
    pthread_mutex_destroy(&l->lock);
    pthread_mutex_destroy(&l->logs_lock);
    spk_buf_free(&l->logs_note);
    spk_mem_free(l->path);
    spk_mem_free(l);
}

bool
spk_link_ready(const struct spk_link *l)
{
    return atomic_load(&l->ready);
}

uint64_t
spk_link_sessions(const struct spk_link *l)
{
    return atomic_load(&l->sessions);
}

bool
spk_link_has_logs(const struct spk_link *l)
{
    return atomic_load(&l->has_logs);
}

spk_err
spk_link_logs(struct spk_link *l, struct spk_logs *ret_l, struct spk_buf *note)
{
    spk_err e = SPK_ERR(NOTFOUND);

    pthread_mutex_lock(&l->logs_lock);
    if (l->know_logs) {
        *ret_l = l->logs;
        e = note != NULL ? spk_buf_add(note, spk_buf_span(&l->logs_note)) : SPK_OK;
    }
    pthread_mutex_unlock(&l->logs_lock);
    return e;
}

static bool
same_logs(const struct spk_logs *a, const struct spk_logs *b)
{
    for (unsigned i = 0; i < SPK_LOG_IDS; i++) {
        if (!spk_ct_eq(a->key[i].key, b->key[i].key, sizeof(a->key[i].key))) {
            return false;
        }
    }
    return true;
}

spk_err
spk_link_know_logs(struct spk_link *l, struct spk_span note)
{
    const struct spk_authority *a = spk_books_newest(l->books);
    struct spk_logs logs;
    spk_err e = SPK_OK;

    SPK_CHECK(spk_ok(spk_logs_verify(note, &a->holder, &a->policy, &logs)), CHANGED);
    pthread_mutex_lock(&l->logs_lock);
    if (l->know_logs) {
        e = same_logs(&l->logs, &logs) ? SPK_OK : SPK_ERR(CHANGED);
    } else {
        e = spk_buf_add(&l->logs_note, note);
        l->logs = logs;
        l->know_logs = spk_ok(e);
    }
    pthread_mutex_unlock(&l->logs_lock);
    return e;
}

static spk_err
dial(struct spk_link *l)
{
    struct sockaddr_un a = {.sun_family = AF_UNIX};
    const struct timeval limit = {.tv_sec = l->timeout_s};
    size_t n = strlen(l->path);

    SPK_CHECK(n < sizeof(a.sun_path), LIMIT);
    memcpy(a.sun_path, l->path, n);
    l->fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
    if (l->fd < 0) {
        return spk_err_errno();
    }
    (void)setsockopt(l->fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
    (void)setsockopt(l->fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit));
    SPK_CHECK(connect(l->fd, (const struct sockaddr *)&a, sizeof(a)) == 0, NET);
    return SPK_OK;
}

static spk_err
transmit(struct spk_link *l, uint16_t type, struct spk_span body)
{
    SPK_AUTO_BUF struct spk_buf frame = SPK_BUF(SPK_FRAME_MAX);
    ssize_t n;

    SPK_TRY(spk_frame_build(type, SPK_FRAME_OK, ++l->seq, body, &frame));
    do {
        n = send(l->fd, frame.ptr, frame.len, MSG_NOSIGNAL);
    } while (n < 0 && errno == EINTR);
    SPK_CHECK(n == (ssize_t)frame.len, NET);
    return SPK_OK;
}

static spk_err
receive(struct spk_link *l, uint16_t type, struct spk_frame *ret_f)
{
    struct iovec iov = {.iov_base = l->packet, .iov_len = sizeof(l->packet)};
    struct msghdr m = {.msg_iov = &iov, .msg_iovlen = 1};
    ssize_t n;

    do {
        n = recvmsg(l->fd, &m, MSG_CMSG_CLOEXEC);
    } while (n < 0 && errno == EINTR);
    SPK_CHECK(n > 0 && (m.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) == 0, NET);
    SPK_TRY(spk_frame_parse(spk_span(l->packet, (size_t)n), ret_f));
    SPK_CHECK(ret_f->type == type && ret_f->seq == l->seq, PROTO);
    return SPK_OK;
}

static spk_err
status_err(uint16_t status)
{
    switch (status) {
    case SPK_FRAME_OK:
        return SPK_OK;
    case SPK_FRAME_REFUSED:
        return SPK_ERR(DENIED);
    case SPK_FRAME_BUSY:
        return SPK_ERR(BUSY);
    case SPK_FRAME_FAILED:
        return (spk_err){SPK_CODE_IO, EIO};
    default:
        return SPK_ERR(PROTO);
    }
}

/* Whatever goes wrong on the line itself ends it: an answer that comes late must never be taken for
 * that of the next message. */
static spk_err
exchange(struct spk_link *l, enum spk_frame_type type, struct spk_attrs *in, struct spk_answer *a)
{
    SPK_AUTO_BUF struct spk_buf body = SPK_BUF(SPK_FRAME_MAX);
    struct spk_frame f;

    SPK_TRY(spk_attrs_build(in, &body));
    spk_err e = transmit(l, (uint16_t)type, spk_buf_span(&body));
    if (spk_ok(e)) {
        e = receive(l, (uint16_t)type, &f);
    }
    if (!spk_ok(e)) {
        hang_up(l);
        return e.code == SPK_CODE_PROTO ? e : SPK_ERR(NET);
    }
    e = status_err(f.status);
    if (e.code == SPK_CODE_PROTO) {
        spk_log(SPK_LOG_ERROR, "the holder does not understand message %d", (int)type);
        hang_up(l);
    }
    SPK_TRY(e);
    a->mem = SPK_BUF(SPK_FRAME_MAX);
    SPK_TRY(spk_buf_add(&a->mem, f.body));
    return spk_attrs_parse(spk_buf_span(&a->mem), &a->l);
}

/* -- greeting */

/* Every epoch of our statements must be a key of this holder; it may know newer ones. */
static bool
has_key(const struct spk_attrs *l, const struct spk_authority *a)
{
    struct spk_span v;
    struct spk_span der = spk_rsa_spki(a->key);

    for (size_t i = 0; spk_attrs_nth(l, SPK_FA_SPKI, i, &v); i++) {
        if (v.len > 4 && spk_get_u32(v.ptr) == a->epoch &&
            spk_span_eq(spk_span(v.ptr + 4, v.len - 4), der)) {
            return true;
        }
    }
    return false;
}

static const char *
holder_fault(struct spk_link *l, const struct spk_attrs *in)
{
    struct spk_hash genesis;
    struct spk_span note, vkey, logs;
    struct spk_vkey v;

    if (!spk_ok(spk_attrs_fixed(in, SPK_FA_GENESIS, genesis.b, SPK_HASH_LEN)) ||
        !spk_hash_eq(&genesis, &spk_books_newest(l->books)->policy)) {
        return "its genesis policy is another one than the authority statement's";
    }
    for (size_t i = 0; i < spk_books_epochs(l->books); i++) {
        if (!has_key(in, spk_books_epoch(l->books, i, &note))) {
            return "it does not have the key of the authority statement";
        }
    }
    const struct spk_vkey *want = &spk_books_newest(l->books)->holder;
    if (!spk_ok(spk_attrs_get(in, SPK_FA_VKEY, SPK_NOTE_MAX, &vkey)) ||
        !spk_ok(spk_vkey_parse(vkey, &v)) || !spk_ct_eq(v.key, want->key, sizeof(v.key))) {
        return "its signing key is another one than the authority statement's";
    }
    bool has_logs = spk_ok(spk_attrs_get(in, SPK_FA_LOGS, SPK_NOTE_MAX, &logs));
    if (has_logs && !spk_ok(spk_link_know_logs(l, logs))) {
        return "the keys of its logs are not those that it had before";
    }
    atomic_store(&l->has_logs, has_logs);
    return NULL;
}

static spk_err
send_policies(struct spk_link *l, uint32_t from)
{
    const struct spk_policy *today = spk_books_today(l->books);

    for (uint32_t n = from + 1; n <= today->number; n++) {
        SPK_AUTO_ANSWER a = {0};
        struct spk_attrs in = {0};
        struct spk_span note;
        SPK_CHECK(spk_books_policy(l->books, n, &note) != NULL, CHANGED);
        SPK_TRY(spk_attrs_add(&in, SPK_FA_NOTE, note));
        SPK_TRY(exchange(l, SPK_MSG_POLICY, &in, &a));
    }
    return SPK_OK;
}

static spk_err
wrong_holder(struct spk_link *l, const char *fault)
{
    if (!l->told) {
        spk_log(SPK_LOG_ERROR, "%s is not this authority's holder: %s", l->path, fault);
    }
    l->told = true;
    return SPK_ERR(CHANGED);
}

static spk_err
greet(struct spk_link *l)
{
    SPK_AUTO_ANSWER a = {0};
    struct spk_attrs in = {0};
    uint8_t scratch[8];
    uint64_t number = 0;
    struct spk_hash hash;

    SPK_TRY(spk_attrs_add_u64(&in, SPK_FA_VERSION, LINK_VERSION, scratch));
    SPK_TRY(exchange(l, SPK_MSG_HELLO, &in, &a));
    const char *fault = holder_fault(l, &a.l);
    if (fault != NULL) {
        return wrong_holder(l, fault);
    }
    SPK_TRY(spk_attrs_u64(&a.l, SPK_FA_POLICY_NUMBER, &number));
    SPK_TRY(spk_attrs_fixed(&a.l, SPK_FA_POLICY, hash.b, SPK_HASH_LEN));
    const struct spk_policy *same =
        number <= UINT32_MAX ? spk_books_policy(l->books, (uint32_t)number, NULL) : NULL;
    if (same == NULL || !spk_hash_eq(&same->hash, &hash)) {
        return wrong_holder(l, "its policy is not one of the database's (is that an old copy?)");
    }
    return send_policies(l, (uint32_t)number);
}

/* Nothing may come that was not asked for: what can be read between two messages is the end of the
 * line, or a peer that has lost its place. */
static bool
is_open(struct spk_link *l)
{
    uint8_t b;
    ssize_t n = recv(l->fd, &b, 1, MSG_PEEK | MSG_DONTWAIT);

    if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR)) {
        return true;
    }
    hang_up(l);
    l->failed_ms = 0; /* perhaps it was only started anew: try at once */
    return false;
}

/* Under the lock. */
static spk_err
reach(struct spk_link *l)
{
    if (l->fd >= 0 && is_open(l)) {
        return SPK_OK;
    }
    uint64_t now = spk_running_ms();
    SPK_CHECK(l->failed_ms == 0 || now - l->failed_ms >= RETRY_MS, NET);
    spk_err e = dial(l);
    if (spk_ok(e)) {
        e = greet(l);
    }
    if (!spk_ok(e)) {
        if (!l->told) {
            spk_log(SPK_LOG_WARN, "no holder at %s: recoveries wait, deposits go on", l->path);
        }
        l->told = true;
        hang_up(l);
        return e;
    }
    spk_log(SPK_LOG_INFO, "holder reached");
    l->told = false;
    atomic_fetch_add(&l->sessions, 1);
    atomic_store(&l->ready, true);
    return SPK_OK;
}

spk_err
spk_link_reach(struct spk_link *l)
{
    pthread_mutex_lock(&l->lock);
    spk_err e = reach(l);
    pthread_mutex_unlock(&l->lock);
    return e;
}

spk_err
spk_link_call(struct spk_link *l, enum spk_frame_type type, struct spk_attrs *in,
              struct spk_answer *ret_a)
{
    struct spk_answer a = {0};

    pthread_mutex_lock(&l->lock);
    bool fresh = l->fd < 0;
    uint64_t began = spk_running_ms();
    spk_err e = reach(l);
    if (spk_ok(e)) {
        e = exchange(l, type, in, &a);
    }
    if (e.code == SPK_CODE_NET && !fresh && spk_running_ms() - began < AT_ONCE_MS) {
        /* the line was an old one, perhaps of a holder that has been started anew */
        l->failed_ms = 0;
        spk_answer_clear(&a);
        e = reach(l);
        if (spk_ok(e)) {
            e = exchange(l, type, in, &a);
        }
    }
    pthread_mutex_unlock(&l->lock);
    if (!spk_ok(e)) {
        spk_answer_clear(&a);
        return e.code == SPK_CODE_CHANGED ? SPK_ERR(NET) : e;
    }
    *ret_a = a;
    return SPK_OK;
}
