/* SPDX-License-Identifier: Apache-2.0 */
#include "holder/server.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/log.h"

#define BACKLOG 16
#define RIGHTS_MAX 16
#define LOOP_MS 15000 /* often enough for the ticks */
#define FIXED_FDS 2   /* signals and listener stand before the sessions */

struct session {
    int fd;
    struct spk_hsession s;
    struct spk_buf out; /* an answer that the peer has not taken yet */
    bool end;           /* after that */
};

struct loop {
    struct spk_server *srv;
    size_t n;
    struct session *sessions[SPK_SESSIONS_MAX];
    uint8_t *packet; /* SPK_FRAME_MAX bytes */
};

/* -- Listening
 * --------------------------------------------------------------------------------------- */

static spk_err
address(const char *path, struct sockaddr_un *ret_a)
{
    *ret_a = (struct sockaddr_un){.sun_family = AF_UNIX};
    SPK_CHECK(strlen(path) > 0 && strlen(path) < sizeof(ret_a->sun_path), LIMIT);
    memcpy(ret_a->sun_path, path, strlen(path));
    return SPK_OK;
}

/* A socket file that nobody listens on any more, left by a holder that was killed. */
static bool
is_dead(const struct sockaddr_un *a)
{
    SPK_AUTO_FD int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
    struct stat st;

    return fd >= 0 && lstat(a->sun_path, &st) == 0 && S_ISSOCK(st.st_mode) &&
           connect(fd, (const struct sockaddr *)a, sizeof(*a)) != 0 && errno == ECONNREFUSED;
}

spk_err
spk_server_listen(const char *path, bool shared, int *ret_fd)
{
    SPK_AUTO_FD int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    struct sockaddr_un a;

    SPK_TRY(address(path, &a));
    if (fd < 0) {
        return spk_err_errno();
    }
    mode_t old = umask(shared ? 0 : 0077);
    int r = bind(fd, (const struct sockaddr *)&a, sizeof(a));
    if (r != 0 && errno == EADDRINUSE && is_dead(&a) && unlink(path) == 0) {
        r = bind(fd, (const struct sockaddr *)&a, sizeof(a));
    }
    spk_err e = r != 0 ? spk_err_errno() : SPK_OK;
    (void)umask(old);
    SPK_TRY(e);
    if (listen(fd, BACKLOG) != 0) {
        return spk_err_errno();
    }
    *ret_fd = fd;
    fd = -1;
    return SPK_OK;
}

/* -- Sessions
 * ---------------------------------------------------------------------------------------- */

static void
session_free(struct session *s)
{
    spk_fd_auto_(&s->fd);
    spk_buf_free(&s->out);
    spk_mem_free(s);
}

static bool
uid_allowed(const struct spk_server *srv, uid_t uid)
{
    if (uid == srv->own) {
        return true;
    }
    for (size_t i = 0; i < srv->n_uids; i++) {
        if (srv->uids[i] == uid) {
            return true;
        }
    }
    return false;
}

static void
session_accept(struct loop *l)
{
    SPK_AUTO_FD int fd = accept4(l->srv->listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
    struct ucred peer = {0, (uid_t)-1, (gid_t)-1};
    socklen_t len = sizeof(peer);

    if (fd < 0) {
        return;
    }
    if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) != 0 ||
        !uid_allowed(l->srv, peer.uid)) {
        spk_log(SPK_LOG_WARN, "a connection from uid %u was refused", (unsigned)peer.uid);
        return;
    }
    struct session *s = l->n < SPK_SESSIONS_MAX ? spk_calloc(1, sizeof(*s)) : NULL;
    if (s == NULL) {
        spk_log(SPK_LOG_WARN, "no room for one more connection");
        return;
    }
    s->fd = fd;
    fd = -1;
    s->s.may_stop = peer.uid == l->srv->own;
    s->out = SPK_BUF(SPK_FRAME_MAX);
    l->sessions[l->n++] = s;
}

/* Descriptors are not part of this protocol: one that comes along is closed, and with it the
 * session. */
static bool
drop_rights(struct msghdr *m)
{
    bool any = false;

    for (struct cmsghdr *c = CMSG_FIRSTHDR(m); c != NULL; c = CMSG_NXTHDR(m, c)) {
        any = true;
        if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS) {
            continue;
        }
        size_t n = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);
        for (size_t i = 0; i < n; i++) {
            int fd;
            memcpy(&fd, CMSG_DATA(c) + i * sizeof(int), sizeof(int));
            (void)close(fd);
        }
    }
    return any;
}

/* One whole packet into l->packet. False: nothing to serve; *ret_end tells whether the session is
 * over. */
static bool
receive(struct loop *l, const struct session *s, size_t *ret_len, bool *ret_end)
{
    _Alignas(struct cmsghdr) uint8_t control[CMSG_SPACE(RIGHTS_MAX * sizeof(int))];
    struct iovec io = {l->packet, SPK_FRAME_MAX};
    struct msghdr m = {
        .msg_iov = &io, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof(control)};
    ssize_t n = recvmsg(s->fd, &m, MSG_CMSG_CLOEXEC | MSG_DONTWAIT);

    if (n < 0) {
        *ret_end = errno != EAGAIN && errno != EINTR;
        return false;
    }
    bool rights = drop_rights(&m);
    if (n == 0 || rights || (m.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) != 0) {
        *ret_end = true;
        l->srv->h->count[SPK_COUNT_BAD] += n > 0;
        return false;
    }
    *ret_len = (size_t)n;
    return true;
}

/* True while the session lives. */
static bool
session_send(struct session *s)
{
    ssize_t n = send(s->fd, s->out.ptr, s->out.len, MSG_NOSIGNAL | MSG_DONTWAIT);

    if (n < 0 && (errno == EAGAIN || errno == EINTR)) {
        return true; /* kept; nothing more is read from this peer before it goes out */
    }
    spk_buf_reset(&s->out);
    return n >= 0 && !s->end;
}

static bool
session_turn(struct loop *l, struct session *s)
{
    size_t len = 0;
    bool end = false;

    if (s->out.len > 0) {
        return session_send(s);
    }
    if (!receive(l, s, &len, &end)) {
        return !end;
    }
    bool has = spk_holder_serve(l->srv->h, &s->s, spk_span(l->packet, len), &s->out, &s->end);
    spk_wipe(l->packet, len);
    return has && session_send(s);
}

/* -- The loop
 * ---------------------------------------------------------------------------------------- */

static nfds_t
poll_set(const struct loop *l, struct pollfd *p)
{
    p[0] = (struct pollfd){.fd = l->srv->signals, .events = POLLIN};
    p[1] = (struct pollfd){.fd = l->srv->listener, .events = POLLIN};
    for (size_t i = 0; i < l->n; i++) {
        const struct session *s = l->sessions[i];
        p[FIXED_FDS + i] =
            (struct pollfd){.fd = s->fd, .events = s->out.len > 0 ? POLLOUT : POLLIN};
    }
    return (nfds_t)(FIXED_FDS + l->n);
}

/* Each ready session has one turn; those that ended are taken out behind the pass. */
static void
sessions_turn(struct loop *l, const struct pollfd *p)
{
    size_t kept = 0;

    for (size_t i = 0; i < l->n; i++) {
        struct session *s = l->sessions[i];
        if (p[FIXED_FDS + i].revents != 0 && !session_turn(l, s)) {
            session_free(s);
        } else {
            l->sessions[kept++] = s;
        }
    }
    l->n = kept;
}

static spk_err
loop_run(struct loop *l)
{
    struct pollfd p[FIXED_FDS + SPK_SESSIONS_MAX];

    while (!l->srv->h->stop) {
        if (poll(p, poll_set(l, p), LOOP_MS) < 0) {
            if (errno != EINTR) {
                return spk_err_errno();
            }
            continue;
        }
        if (p[0].revents != 0) {
            return SPK_OK;
        }
        sessions_turn(l, p);
        if (p[1].revents != 0) {
            session_accept(l);
        }
        spk_holder_tick(l->srv->h);
    }
    return SPK_OK;
}

spk_err
spk_server_run(struct spk_server *srv)
{
    struct loop l = {.srv = srv};

    l.packet = spk_calloc(1, SPK_FRAME_MAX);
    SPK_CHECK(l.packet != NULL, NOMEM);
    spk_err e = loop_run(&l);
    for (size_t i = 0; i < l.n; i++) {
        session_free(l.sessions[i]);
    }
    spk_mem_free(l.packet);
    return e;
}
