/* SPDX-License-Identifier: Apache-2.0 */
/* HTTPS: connections, requests and their answers.  An I/O thread reads a request, finds its route
 * and either answers or suspends the connection until another thread has filled the answer in. */
#ifndef SPK_AUTHORITY_HTTP_H
#define SPK_AUTHORITY_HTTP_H

#include "authority/target.h"
#include "base/buf.h"
#include "store/store.h"
#include "wire/json.h"

#define SPK_SOURCE_MAX 17
#define SPK_BODY_SMALL ((size_t)65536)
#define SPK_OFFICER_HEADER "Sparekey-Officer"

struct MHD_Connection;
struct spk_http;
struct spk_server;
struct spk_route;

enum spk_status { /* doc/spec/http-api.yaml */
                  SPK_HTTP_OK = 200,
                  SPK_HTTP_CREATED = 201,
                  SPK_HTTP_ACCEPTED = 202,
                  SPK_HTTP_BAD_REQUEST = 400,
                  SPK_HTTP_UNAUTHORIZED = 401,
                  SPK_HTTP_FORBIDDEN = 403,
                  SPK_HTTP_NOT_FOUND = 404,
                  SPK_HTTP_CONFLICT = 409,
                  SPK_HTTP_TOO_LARGE = 413,
                  SPK_HTTP_UNSUPPORTED = 415,
                  SPK_HTTP_UNPROCESSABLE = 422,
                  SPK_HTTP_TOO_MANY = 429,
                  SPK_HTTP_INTERNAL = 500,
                  SPK_HTTP_UNAVAILABLE = 503,
};

/* Who is at the other end of a connection; looked at by its I/O thread only. */
struct spk_peer {
    uint8_t source[SPK_SOURCE_MAX]; /* family and address (IPv6: the /64) */
    size_t source_len;
    struct spk_buf der; /* the certificate that key was made of */
    bool has_key;
    struct spk_hash key;    /* canonical H(SPKI) */
    uint64_t changes;       /* state of the owner table when the owner was looked up; 0: never */
    enum spk_code owner_is; /* OK, NOTFOUND, CHANGED */
    uint64_t owner_key;
    struct spk_hash owner;
    uint32_t owner_state;
};

enum spk_exchange_phase {
    SPK_EXCHANGE_NEW,
    SPK_EXCHANGE_BODY,
    SPK_EXCHANGE_WAITING,
    SPK_EXCHANGE_READY
};

/* One HTTP request and its answer. A `request` without more is an owner's for recovery. */
struct spk_exchange {
    struct spk_server *srv;
    struct MHD_Connection *conn;
    const struct spk_route *route;
    enum spk_exchange_phase phase;
    char method[8];
    struct spk_buf raw; /* target as it came, NUL-terminated */
    struct spk_target target;
    struct spk_hash hash;      /* {hash} or {owner} of the path */
    struct spk_file_id serial; /* {serial} of the path */
    enum spk_log_id log;       /* {log} of the path */
    size_t tail;               /* segment at which {tile...} begins */
    struct spk_buf body;
    size_t taken, kept;  /* bytes of body received, and those of them in memory */
    uint64_t started_ms; /* running clock */
    bool ndjson;

    /* copied from the peer, so that other threads may look */
    uint8_t source[SPK_SOURCE_MAX];
    size_t source_len;
    bool has_key;
    struct spk_hash key;
    uint64_t owner_key;
    struct spk_hash owner;
    uint32_t owner_state;
    char officer[160]; /* key name of the officer whose query this is */

    /* the answer */
    unsigned status;
    unsigned retry_after;
    bool answered;
    const char *type;
    const char *cache; /* Cache-Control; NULL: not to be kept */
    struct spk_buf out;
    struct spk_jw w; /* writes to out */
    void *work;      /* of the handler; freed with free_work */
    void (*free_work)(void *work);
    void (*render)(
        struct spk_exchange *r); /* called by the I/O thread before the answer goes out */
};

/** Start of a JSON answer: opens the object that is left to fill and close. */
struct spk_jw *spk_exchange_json(struct spk_exchange *r, enum spk_status status);
/** Closes it; a failure of writing becomes 500. */
void spk_exchange_json_end(struct spk_exchange *r);
/** Error answer; whatever was written is dropped. retry: seconds for Retry-After, 0 none. */
void spk_exchange_error(struct spk_exchange *r, enum spk_status status, const char *message);
void spk_exchange_busy(struct spk_exchange *r, enum spk_status status, unsigned retry,
                       const char *message);
/** Error of our own: 503 when it will pass (busy, holder absent), else 500. Logged. */
void spk_exchange_failed(struct spk_exchange *r, spk_err e, const char *what);
void spk_exchange_damaged(struct spk_exchange *r, const char *message);
/** 403 with the error code "replaced": the key has no rights any more. */
void spk_exchange_replaced(struct spk_exchange *r, const char *message);
const char *spk_status_code(enum spk_status s);

/** Take the connection out of its I/O thread; then exactly one spk_exchange_resume() must follow,
 * after which r is not the caller's any more. */
void spk_exchange_suspend(struct spk_exchange *r);
void spk_exchange_resume(struct spk_exchange *r);

/** Request header or NULL. */
const char *spk_exchange_header(struct spk_exchange *r, const char *name);

/** Listens and serves; *ret_port gets the port. */
SPK_MUST_USE spk_err spk_http_start(struct spk_server *srv, struct spk_http **ret_h,
                                    unsigned *ret_port);
/** No new connections; waits until no request is in another thread's hands. */
void spk_http_drain(struct spk_http *h);
void spk_http_free(struct spk_http *h);
SPK_DEFINE_AUTO(spk_http)

#endif
