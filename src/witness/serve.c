/* SPDX-License-Identifier: Apache-2.0 */
#include "witness/serve.h"

#include <microhttpd.h>
#include <netdb.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/text.h"

#define BACKLOG 64
#define CONNECTIONS 64u
#define TIMEOUT_S 15u
#define MEMORY ((size_t)32768) /* of a connection: headers */

struct spk_serve {
    struct spk_witness *w;
    struct MHD_Daemon *daemon;
};

struct asked { /* of one request, while its body comes */
    struct spk_buf body;
    bool too_long;
};

static enum MHD_Result
reply(struct MHD_Connection *c, unsigned status, const char *type, struct spk_span body)
{
    /* the copy is the library's: the buffer is gone when it is sent */
    struct MHD_Response *r = MHD_create_response_from_buffer(body.len, (void *)(uintptr_t)body.ptr,
                                                             MHD_RESPMEM_MUST_COPY);
    enum MHD_Result ok = MHD_NO;

    if (r != NULL) {
        (void)MHD_add_response_header(r, MHD_HTTP_HEADER_CONTENT_TYPE, type);
        ok = MHD_queue_response(c, status, r);
        MHD_destroy_response(r);
    }
    return ok;
}

static enum MHD_Result
reply_text(struct MHD_Connection *c, unsigned status, const char *text)
{
    return reply(c, status, "text/plain; charset=utf-8", spk_span_str(text));
}

static enum MHD_Result
answer(struct spk_serve *s, struct MHD_Connection *c, const struct asked *a)
{
    struct spk_witness_answer w = {.body = SPK_BUF((size_t)4096)};

    spk_witness_ask(s->w, spk_buf_span(&a->body), spk_now(), &w);
    spk_log(SPK_LOG_DEBUG, "add-checkpoint: %u", w.status);
    enum MHD_Result ok = reply(c, w.status, w.type, spk_buf_span(&w.body));
    spk_buf_free(&w.body);
    return ok;
}

static enum MHD_Result
mhd_on_request(void *cls, struct MHD_Connection *c, const char *url, const char *method,
               const char *version, const char *data, size_t *size, void **own)
{
    struct spk_serve *s = cls;
    struct asked *a = *own;

    (void)version;
    if (a == NULL) {
        a = spk_calloc(1, sizeof(*a));
        if (a == NULL) {
            return MHD_NO;
        }
        a->body = SPK_BUF((size_t)SPK_ADD_CHECKPOINT_MAX);
        *own = a;
        return MHD_YES;
    }
    if (*size > 0) {
        a->too_long = a->too_long || !spk_ok(spk_buf_add(&a->body, spk_span(data, *size)));
        *size = 0;
        return MHD_YES;
    }
    if (strcmp(url, "/add-checkpoint") != 0) {
        return reply_text(c, MHD_HTTP_NOT_FOUND, "There is only /add-checkpoint here.\n");
    }
    if (strcmp(method, "POST") != 0) {
        return reply_text(c, MHD_HTTP_METHOD_NOT_ALLOWED, "POST it.\n");
    }
    if (a->too_long) {
        return reply_text(c, MHD_HTTP_BAD_REQUEST, "This is too long.\n");
    }
    return answer(s, c, a);
}

static void
on_completed(void *cls, struct MHD_Connection *c, void **own, enum MHD_RequestTerminationCode why)
{
    struct asked *a = *own;

    (void)cls;
    (void)c;
    (void)why;
    if (a != NULL) {
        spk_buf_free(&a->body);
        spk_mem_free(a);
        *own = NULL;
    }
}

/* -- listening */

static spk_err
bind_to(const struct addrinfo *ai, int *ret_fd)
{
    SPK_AUTO_FD int fd =
        socket(ai->ai_family, ai->ai_socktype | SOCK_CLOEXEC | SOCK_NONBLOCK, ai->ai_protocol);
    int on = 1;

    if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) != 0 ||
        bind(fd, ai->ai_addr, ai->ai_addrlen) != 0 || listen(fd, BACKLOG) != 0) {
        return spk_err_errno();
    }
    *ret_fd = fd;
    fd = -1;
    return SPK_OK;
}

/* "host:port" with a numeric host, in brackets when it has colons itself. */
static spk_err
split(char *text, char **ret_host, char **ret_port)
{
    char *colon = strrchr(text, ':');

    SPK_CHECK(colon != NULL && colon > text, FORMAT);
    *colon = 0;
    *ret_port = colon + 1;
    *ret_host = text;
    if (text[0] == '[') {
        SPK_CHECK(colon[-1] == ']', FORMAT);
        colon[-1] = 0;
        *ret_host = text + 1;
    }
    return SPK_OK;
}

static spk_err
open_listener(const char *where, int *ret_fd)
{
    const struct addrinfo hints = {.ai_socktype = SOCK_STREAM,
                                   .ai_flags = AI_NUMERICHOST | AI_NUMERICSERV | AI_PASSIVE};
    SPK_AUTO_STR char *text = spk_strdup(where);
    char *host = NULL, *port = NULL;
    struct addrinfo *ai = NULL;

    SPK_CHECK(text != NULL, NOMEM);
    SPK_TRY(split(text, &host, &port));
    SPK_CHECK(getaddrinfo(host, port, &hints, &ai) == 0, FORMAT);
    spk_err e = bind_to(ai, ret_fd);
    freeaddrinfo(ai);
    return e;
}

spk_err
spk_serve_start(struct spk_witness *w, const char *listen, struct spk_serve **ret_s,
                unsigned *ret_port)
{
    SPK_AUTO(spk_serve) s = spk_calloc(1, sizeof(*s));
    int fd = -1;

    SPK_CHECK(s != NULL, NOMEM);
    s->w = w;
    SPK_TRY(open_listener(listen, &fd));
    /* one thread for all of it: between the check of a state and the next one nobody comes */
    s->daemon = MHD_start_daemon(
        MHD_USE_INTERNAL_POLLING_THREAD, 0, NULL, NULL, mhd_on_request, s, MHD_OPTION_LISTEN_SOCKET,
        fd, MHD_OPTION_CONNECTION_LIMIT, CONNECTIONS, MHD_OPTION_CONNECTION_TIMEOUT, TIMEOUT_S,
        MHD_OPTION_CONNECTION_MEMORY_LIMIT, MEMORY, MHD_OPTION_STRICT_FOR_CLIENT, 1,
        MHD_OPTION_NOTIFY_COMPLETED, on_completed, NULL, MHD_OPTION_END);
    if (s->daemon == NULL) {
        close(fd);
        return SPK_ERR(NET);
    }
    const union MHD_DaemonInfo *info = MHD_get_daemon_info(s->daemon, MHD_DAEMON_INFO_BIND_PORT);
    *ret_port = info != NULL ? info->port : 0;
    *ret_s = SPK_STEAL(s);
    return SPK_OK;
}

void
spk_serve_free(struct spk_serve *s)
{
    if (s != NULL) {
        if (s->daemon != NULL) {
            MHD_stop_daemon(s->daemon);
        }
        spk_mem_free(s);
    }
}
