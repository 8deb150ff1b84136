/* SPDX-License-Identifier: Apache-2.0 */
/* From a connection to a handler and back. libmicrohttpd calls in here from its I/O threads. */
#include "authority/http.h"

#include <arpa/inet.h>
#include <errno.h>
#include <gnutls/gnutls.h>
#include <microhttpd.h>
#include <netdb.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "authority/auth.h"
#include "authority/routes.h"
#include "authority/server.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "base/text.h"

/* 6 to 8 KiB keep an idle connection small; a header with an officer's note fits. */
#define CONNECTION_MEMORY ((size_t)8192)
#define LISTEN_BACKLOG 1024U
#define DRAIN_S 5
#define BODY_DEADLINE_MS ((uint64_t)300 * 1000)
/* What is read and thrown away after an early refusal: who closes with bytes unread resets the
 * connection, and the peer never sees why (RFC 9112 section 9.6). As much as any authority takes.
 */
#define SWALLOW_MAX ((size_t)64 << 20)
/* TLS 1.3 only; no tickets: a connection is never resumed, so its certificate is always fresh. */
#define PRIORITIES "SECURE128:-VERS-ALL:+VERS-TLS1.3:%NO_TICKETS"

struct spk_http {
    struct spk_server *srv;
    struct MHD_Daemon *daemon;
    int listen_fd;
    struct spk_buf cert, key;
    pthread_mutex_t lock;
    pthread_cond_t idle;
    size_t away;   /* requests in other threads' hands */
    size_t active; /* requests begun and not yet completed */
};

static void
count(struct spk_http *h, size_t *what, bool up)
{
    pthread_mutex_lock(&h->lock);
    *what = up ? *what + 1 : *what - 1;
    if (*what == 0) {
        pthread_cond_broadcast(&h->idle);
    }
    pthread_mutex_unlock(&h->lock);
}

/* -- answers */

static enum MHD_Result
send_answer(struct spk_exchange *r)
{
    char retry[16];

    if (r->render != NULL) {
        r->render(r);
        r->render = NULL;
    }
    struct MHD_Response *resp =
        MHD_create_response_from_buffer(r->out.len, r->out.ptr, MHD_RESPMEM_PERSISTENT);
    if (resp == NULL) {
        return MHD_NO;
    }
    MHD_add_response_header(resp, "Content-Type", r->type != NULL ? r->type : "application/json");
    MHD_add_response_header(resp, "Cache-Control", r->cache != NULL ? r->cache : "no-store");
    if (r->retry_after > 0) {
        (void)snprintf(retry, sizeof(retry), "%u", r->retry_after);
        MHD_add_response_header(resp, "Retry-After", retry);
    }
    if (atomic_load(&r->srv->stopping) || r->status == SPK_HTTP_TOO_LARGE) {
        MHD_add_response_header(resp, "Connection", "close");
    }
    enum MHD_Result ok = MHD_queue_response(r->conn, r->status, resp);
    MHD_destroy_response(resp);
    return ok;
}

void
spk_exchange_suspend(struct spk_exchange *r)
{
    count(r->srv->http, &r->srv->http->away, true);
    r->phase = SPK_EXCHANGE_WAITING;
    MHD_suspend_connection(r->conn);
}

void
spk_exchange_resume(struct spk_exchange *r)
{
    struct spk_http *h = r->srv->http;

    r->phase = SPK_EXCHANGE_READY;
    MHD_resume_connection(r->conn);
    count(h, &h->away, false);
}

const char *
spk_exchange_header(struct spk_exchange *r, const char *name)
{
    return MHD_lookup_connection_value(r->conn, MHD_HEADER_KIND, name);
}

/* -- one request */

static void
req_free(struct spk_exchange *r)
{
    atomic_fetch_sub(&r->srv->body_bytes, r->kept);
    if (r->free_work != NULL) {
        r->free_work(r->work);
    }
    spk_buf_free(&r->raw);
    spk_buf_free(&r->body);
    spk_buf_free(&r->out);
    spk_mem_free(r);
}

/* The first that is heard of a request: its target, as it came. */
static void *
on_target(void *cls, const char *uri, struct MHD_Connection *conn)
{
    struct spk_http *h = cls;
    struct spk_exchange *r = spk_calloc(1, sizeof(*r));
    const char *text = NULL;

    (void)conn;
    if (r == NULL) {
        return NULL;
    }
    count(h, &h->active, true);
    r->srv = h->srv;
    r->raw = SPK_BUF(SPK_TARGET_MAX + 1);
    r->out = SPK_BUF((size_t)64 << 20);
    r->started_ms = spk_running_ms();
    if (!spk_ok(spk_buf_str(&r->raw, uri)) || !spk_ok(spk_buf_cstr(&r->raw, &text))) {
        spk_buf_reset(&r->raw); /* too long: an empty target is no target */
    }
    return r;
}

static size_t
body_limit(const struct spk_exchange *r)
{
    const struct spk_config *c = &r->srv->cfg;

    switch (r->route->body) {
    case SPK_BODY_NONE:
        return 0;
    case SPK_BODY_DEPOSITS:
        return r->ndjson ? c->max_body : SPK_BODY_SMALL;
    case SPK_BODY_LISTED:
        return c->max_body < ((size_t)3 << 20) ? c->max_body : ((size_t)3 << 20);
    default:
        return SPK_BODY_SMALL;
    }
}

static bool
type_is(const char *type, const char *want)
{
    size_t n = strlen(want);

    return type != NULL && strncasecmp(type, want, n) == 0 &&
           (type[n] == 0 || type[n] == ';' || type[n] == ' ');
}

static bool
check_type(struct spk_exchange *r)
{
    const char *type = spk_exchange_header(r, "Content-Type");

    if (r->route->body == SPK_BODY_NONE || type_is(type, "application/json")) {
        return true;
    }
    if (r->route->body == SPK_BODY_DEPOSITS && type_is(type, "application/x-ndjson")) {
        r->ndjson = true;
        return true;
    }
    spk_exchange_error(r, SPK_HTTP_UNSUPPORTED,
                       r->route->body == SPK_BODY_DEPOSITS
                           ? "The body must be application/json or application/x-ndjson."
                           : "The body must be application/json.");
    return false;
}

/* Length as announced; true when it is too much. */
static bool
too_large(struct spk_exchange *r, uint64_t *ret_length)
{
    const char *text = spk_exchange_header(r, "Content-Length");

    *ret_length = 0;
    if (text == NULL) {
        return false;
    }
    spk_err e = spk_dec_parse(spk_span_str(text), UINT64_MAX, ret_length);
    return !spk_ok(e) || *ret_length > body_limit(r);
}

/* Everything that can be refused before the body has come. */
static void
begin(struct spk_exchange *r, uint64_t *ret_length)
{
    bool bad = false;

    if (atomic_load(&r->srv->stopping)) {
        spk_exchange_busy(r, SPK_HTTP_UNAVAILABLE, 5, "The server is stopping.");
        return;
    }
    if (!spk_ok(spk_target_parse(spk_buf_span(&r->raw), &r->target))) {
        spk_exchange_error(r, SPK_HTTP_BAD_REQUEST, "The address is not a well-formed one.");
        return;
    }
    r->route = spk_route_find(r, &bad);
    if (r->route == NULL) {
        spk_exchange_error(r, SPK_HTTP_NOT_FOUND, "There is no such operation.");
        return;
    }
    if (bad || !spk_route_params_ok(r)) {
        spk_exchange_error(r, SPK_HTTP_BAD_REQUEST,
                           bad ? "The hash or serial in the path is not hexadecimal of its length."
                               : "A query parameter is not known here.");
        return;
    }
    if (!spk_auth_begin(r) || !check_type(r)) {
        return;
    }
    if (too_large(r, ret_length)) {
        spk_exchange_error(r, SPK_HTTP_TOO_LARGE, "The body is larger than this operation takes.");
        return;
    }
    r->body = SPK_BUF(body_limit(r));
}

/* A peer that sends its body only when told to (RFC 9110 section 10.1.1) has not sent any. */
static bool
waits_for_word(struct spk_exchange *r)
{
    const char *text = spk_exchange_header(r, "Expect");

    return text != NULL && strcasecmp(text, "100-continue") == 0;
}

/* Before the body: refuse at once what need not be read or would be long to read, else read on. */
static enum MHD_Result
first_call(struct spk_exchange *r, struct MHD_Connection *conn, const char *method)
{
    uint64_t length = 0;

    r->conn = conn;
    r->phase = SPK_EXCHANGE_BODY;
    (void)snprintf(r->method, sizeof(r->method), "%s", strlen(method) < 8 ? method : "?");
    spk_auth_peer(r);
    begin(r, &length);
    if (r->answered && (length > SWALLOW_MAX || waits_for_word(r))) {
        return send_answer(r);
    }
    return MHD_YES;
}

static bool
keep_body(struct spk_exchange *r, struct spk_span part)
{
    size_t all = atomic_fetch_add(&r->srv->body_bytes, part.len) + part.len;
    bool room = all <= r->srv->cfg.max_body_total;

    if (room && spk_ok(spk_buf_add(&r->body, part))) {
        r->kept += part.len;
        return true;
    }
    atomic_fetch_sub(&r->srv->body_bytes, part.len + r->kept); /* none of it is of use now */
    r->kept = 0;
    spk_buf_free(&r->body);
    if (room) {
        spk_exchange_error(r, SPK_HTTP_TOO_LARGE, "The body is larger than this operation takes.");
    } else {
        spk_exchange_busy(r, SPK_HTTP_UNAVAILABLE, 2, "Too many large requests are under way.");
    }
    return false;
}

static enum MHD_Result
body_call(struct spk_exchange *r, const char *data, size_t len)
{
    r->taken += len;
    if (spk_running_ms() - r->started_ms > BODY_DEADLINE_MS) {
        return MHD_NO; /* a peer that sends a byte now and then */
    }
    if (!r->answered) {
        (void)keep_body(r, spk_span(data, len));
    } else if (r->taken > SWALLOW_MAX) {
        return MHD_NO;
    }
    return MHD_YES;
}

static void
run_job(void *arg)
{
    struct spk_exchange *r = arg;
    enum spk_after after = SPK_DONE;

    if (r->route->who != SPK_WHO_OFFICER || spk_auth_officer(r)) {
        after = r->route->run(r);
    }
    if (after == SPK_DONE) {
        spk_exchange_resume(r);
    }
}

static enum MHD_Result
dispatch(struct spk_exchange *r)
{
    struct spk_server *s = r->srv;

    if (!r->answered && r->route->where == SPK_RUN_HERE) {
        if (r->route->run(r) == SPK_LATER) {
            return MHD_YES;
        }
    } else if (!r->answered) {
        struct spk_jobs *j = r->route->where == SPK_RUN_HOLDER ? s->holder_jobs : s->reads;
        spk_exchange_suspend(r);
        if (spk_ok(spk_jobs_push(j, run_job, r))) {
            return MHD_YES;
        }
        spk_exchange_busy(r, SPK_HTTP_UNAVAILABLE, 2, "Too much other work is waiting.");
        spk_exchange_resume(r);
        return MHD_YES;
    }
    return send_answer(r);
}

static enum MHD_Result
mhd_on_request(void *cls, struct MHD_Connection *conn, const char *url, const char *method,
               const char *version, const char *upload, size_t *upload_size, void **req_cls)
{
    struct spk_exchange *r = *req_cls;

    (void)cls;
    (void)url;
    (void)version;
    if (r == NULL) {
        return MHD_NO;
    }
    if (r->phase == SPK_EXCHANGE_NEW) {
        return first_call(r, conn, method);
    }
    if (*upload_size > 0) {
        size_t n = *upload_size;
        *upload_size = 0;
        return body_call(r, upload, n);
    }
    return r->phase == SPK_EXCHANGE_READY ? send_answer(r) : dispatch(r);
}

static void
on_completed(void *cls, struct MHD_Connection *conn, void **req_cls,
             enum MHD_RequestTerminationCode toe)
{
    (void)cls;
    (void)conn;
    (void)toe;
    if (*req_cls != NULL) {
        struct spk_exchange *r = *req_cls;
        count(r->srv->http, &r->srv->http->active, false);
        req_free(r);
    }
    *req_cls = NULL;
}

/* -- connections */

static void
set_source(struct spk_peer *p, const struct sockaddr *sa)
{
    if (sa != NULL && sa->sa_family == AF_INET) {
        const struct sockaddr_in *in = (const void *)sa;
        p->source[0] = 4;
        memcpy(p->source + 1, &in->sin_addr, 4);
        p->source_len = 5;
    } else if (sa != NULL && sa->sa_family == AF_INET6) {
        /* a /64 is one subscriber: counting addresses in it would count nothing */
        const struct sockaddr_in6 *in = (const void *)sa;
        p->source[0] = 6;
        memcpy(p->source + 1, &in->sin6_addr, 8);
        p->source_len = 9;
    }
}

static void
on_connection(void *cls, struct MHD_Connection *conn, void **socket_ctx,
              enum MHD_ConnectionNotificationCode toe)
{
    struct spk_peer *p = *socket_ctx;

    (void)cls;
    if (toe == MHD_CONNECTION_NOTIFY_CLOSED) {
        if (p != NULL) {
            spk_buf_free(&p->der);
            spk_mem_free(p);
        }
        *socket_ctx = NULL;
        return;
    }
    p = spk_calloc(1, sizeof(*p));
    *socket_ctx = p;
    if (p == NULL) {
        return;
    }
    p->der = SPK_BUF(SPK_PEER_CERT_MAX);
    const union MHD_ConnectionInfo *i =
        MHD_get_connection_info(conn, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
    set_source(p, i != NULL ? i->client_addr : NULL);
    i = MHD_get_connection_info(conn, MHD_CONNECTION_INFO_GNUTLS_SESSION);
    if (i != NULL && i->tls_session != NULL) {
        /* asked for, not required: officers and newcomers have none */
        gnutls_certificate_server_set_request(i->tls_session, GNUTLS_CERT_REQUEST);
    }
}

__attribute__((format(printf, 2, 0))) static void
on_log(void *cls, const char *fmt, va_list ap)
{
    char line[256];

    (void)cls;
    int n = vsnprintf(line, sizeof(line), fmt, ap);
    size_t len = n < 0 ? 0 : (size_t)n < sizeof(line) ? (size_t)n : sizeof(line) - 1;
    while (len > 0 && line[len - 1] == '\n') {
        line[--len] = 0;
    }
    spk_log(SPK_LOG_DEBUG, "http: %s", line);
}

/* -- start and end */

static spk_err
split_address(const char *text, char *host, size_t host_size, const char **ret_port)
{
    const char *colon = strrchr(text, ':');
    SPK_CHECK(colon != NULL, FORMAT);
    size_t n = (size_t)(colon - text);
    if (n >= 2 && text[0] == '[' && text[n - 1] == ']') {
        text++;
        n -= 2;
    }
    SPK_CHECK(n > 0 && n < host_size, FORMAT);
    memcpy(host, text, n);
    host[n] = 0;
    *ret_port = colon + 1;
    return SPK_OK;
}

static spk_err
bind_address(const struct addrinfo *a, int *ret_fd)
{
    int one = 1;
    int fd = socket(a->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

    if (fd < 0) {
        return spk_err_errno();
    }
    (void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
    if (bind(fd, a->ai_addr, a->ai_addrlen) != 0 || listen(fd, (int)LISTEN_BACKLOG) != 0) {
        spk_err e = spk_err_errno();
        close(fd);
        return e;
    }
    *ret_fd = fd;
    return SPK_OK;
}

static spk_err
open_listener(const char *address, int *ret_fd)
{
    const struct addrinfo hints = {.ai_socktype = SOCK_STREAM,
                                   .ai_flags = AI_NUMERICHOST | AI_NUMERICSERV | AI_PASSIVE};
    char host[64];
    const char *port = NULL;
    struct addrinfo *list = NULL;

    SPK_TRY(split_address(address, host, sizeof(host), &port));
    SPK_CHECK(getaddrinfo(host, port, &hints, &list) == 0, FORMAT);
    spk_err e = bind_address(list, ret_fd);
    freeaddrinfo(list);
    return e;
}

static spk_err
bound_port(int fd, unsigned *ret_port)
{
    struct sockaddr_storage a = {0};
    socklen_t n = sizeof(a);

    if (getsockname(fd, (struct sockaddr *)&a, &n) != 0) {
        return spk_err_errno();
    }
    *ret_port =
        ntohs(a.ss_family == AF_INET6 ? ((const struct sockaddr_in6 *)(const void *)&a)->sin6_port
                                      : ((const struct sockaddr_in *)(const void *)&a)->sin_port);
    return SPK_OK;
}

/* The TLS key is a secret of the server: refuse one that others can read. */
static spk_err
read_pems(struct spk_http *h)
{
    const struct spk_config *c = &h->srv->cfg;
    struct stat st;
    const char *text = NULL;

    h->cert = SPK_BUF((size_t)65536);
    h->key = SPK_BUF((size_t)65536);
    SPK_TRY(spk_file_read(-100, c->tls_cert, &h->cert));
    if (stat(c->tls_key, &st) != 0) {
        return spk_err_errno();
    }
    if ((st.st_mode & 077) != 0) {
        spk_log(SPK_LOG_ERROR, "%s can be read by others: chmod 600 it", c->tls_key);
        return SPK_ERR(DENIED);
    }
    SPK_TRY(spk_file_read(-100, c->tls_key, &h->key));
    SPK_TRY(spk_buf_cstr(&h->cert, &text));
    return spk_buf_cstr(&h->key, &text);
}

static unsigned
io_threads(const struct spk_config *c)
{
    long cpus = sysconf(_SC_NPROCESSORS_ONLN);

    return c->threads != 0 ? (unsigned)c->threads : cpus > 2 ? (unsigned)(cpus + 1) / 2 : 1;
}

static spk_err
start_daemon(struct spk_http *h)
{
    const struct spk_config *c = &h->srv->cfg;
    unsigned threads = io_threads(c);
    const struct MHD_OptionItem pool[] = {
        {threads > 1 ? MHD_OPTION_THREAD_POOL_SIZE : MHD_OPTION_END, (intptr_t)threads, NULL},
        {MHD_OPTION_END, 0, NULL}};

    h->daemon = MHD_start_daemon(
        MHD_USE_EPOLL_INTERNAL_THREAD | MHD_USE_TLS | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_ERROR_LOG,
        0, NULL, NULL, mhd_on_request, h, MHD_OPTION_EXTERNAL_LOGGER, on_log, NULL,
        MHD_OPTION_LISTEN_SOCKET, h->listen_fd, MHD_OPTION_HTTPS_MEM_KEY, (const char *)h->key.ptr,
        MHD_OPTION_HTTPS_MEM_CERT, (const char *)h->cert.ptr, MHD_OPTION_HTTPS_PRIORITIES,
        PRIORITIES, MHD_OPTION_CONNECTION_LIMIT, (unsigned)c->max_connections,
        MHD_OPTION_PER_IP_CONNECTION_LIMIT, (unsigned)c->max_connections_per_source,
        MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)c->idle_timeout,
        MHD_OPTION_CONNECTION_MEMORY_LIMIT, CONNECTION_MEMORY, MHD_OPTION_STRICT_FOR_CLIENT, 1,
        MHD_OPTION_SIGPIPE_HANDLED_BY_APP, 1, MHD_OPTION_URI_LOG_CALLBACK, on_target, h,
        MHD_OPTION_NOTIFY_COMPLETED, on_completed, h, MHD_OPTION_NOTIFY_CONNECTION, on_connection,
        h, MHD_OPTION_ARRAY, pool, MHD_OPTION_END);
    return h->daemon != NULL ? SPK_OK : SPK_ERR(TLS);
}

spk_err
spk_http_start(struct spk_server *srv, struct spk_http **ret_h, unsigned *ret_port)
{
    SPK_AUTO(spk_http) h = spk_calloc(1, sizeof(*h));

    SPK_CHECK(h != NULL, NOMEM);
    h->srv = srv;
    h->listen_fd = -1;
    pthread_mutex_init(&h->lock, NULL);
    pthread_cond_init(&h->idle, NULL);
    SPK_TRY(read_pems(h));
    SPK_TRY(open_listener(srv->cfg.listen, &h->listen_fd));
    SPK_TRY(bound_port(h->listen_fd, ret_port));
    srv->http = h; /* requests may come before this function returns */
    spk_err e = start_daemon(h);
    if (!spk_ok(e)) {
        srv->http = NULL;
        return e;
    }
    *ret_h = SPK_STEAL(h);
    return SPK_OK;
}

void
spk_http_drain(struct spk_http *h)
{
    int fd = MHD_quiesce_daemon(h->daemon);
    struct timespec until;

    if (fd >= 0) {
        close(fd);
        h->listen_fd = -1;
    }
    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += DRAIN_S;
    pthread_mutex_lock(&h->lock);
    while (h->away > 0) {
        pthread_cond_wait(&h->idle, &h->lock);
    }
    /* answers still on their way, and bodies still coming: for a while */
    while (h->active > 0 &&
           pthread_cond_clockwait(&h->idle, &h->lock, CLOCK_MONOTONIC, &until) == 0) {
    }
    pthread_mutex_unlock(&h->lock);
}

void
spk_http_free(struct spk_http *h)
{
    if (h == NULL) {
        return;
    }
    if (h->daemon != NULL) {
        MHD_stop_daemon(h->daemon); /* closes the listener, unless drained */
    } else if (h->listen_fd >= 0) {
        close(h->listen_fd);
    }
    pthread_mutex_destroy(&h->lock);
    pthread_cond_destroy(&h->idle);
    spk_buf_free(&h->cert);
    spk_buf_free(&h->key);
    spk_mem_free(h);
}
