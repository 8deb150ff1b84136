/* SPDX-License-Identifier: Apache-2.0 */
/* Durable deposits a second: 64 kept TLS connections with one deposit a request, then a few with
 * batches of 1,000; and in the same run what the store alone does with the same rows, one and a
 * hundred a transaction.
 *
 * deposit_load PORT CLIENT.pem AUTHORITY-KEY-HASH OWNER-ID SCRATCH.db
 */
#include <arpa/inet.h>
#include <gnutls/gnutls.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "base/text.h"
#include "crypto/rng.h"
#include "keyblob/blob.h"
#include "keyblob/wrap.h"
#include "store/store.h"

#define SINGLE_CONNS 64
#define SINGLE_EACH 400
#define BATCH_CONNS 4
#define BATCH_EACH 12
#define BATCH_LINES 1000
#define RAW_ROWS 20000
#define BLOB_LEN (12 + 384) /* RSA-3072 */
#define REQUEST_MAX ((size_t)4 << 20)

static struct spk_hash authority, owner;
static gnutls_certificate_credentials_t cred;
static uint16_t port;

static void
must(bool ok, const char *what)
{
    if (!ok) {
        perror(what);
        exit(1);
    }
}

static double
now_s(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* -- deposits that pass every check that needs no key */

struct made {
    struct spk_rpub r;
    uint8_t rpub[SPK_RPUB_LEN], salt[SPK_SALT_LEN], blob[BLOB_LEN];
    char description[160];
    struct spk_buf rpriv;
};

static void
make(struct made *m, unsigned n)
{
    static const uint8_t head[12] = {1, 2, 0, 0, 0x10, 0x66, 0, 0, 0, 0xa4, 0, 0};

    m->r = (struct spk_rpub){.flags = SPK_WRAP_OAEP | SPK_WRAP_DERIVED,
                             .alg = SPK_CALG_AES_256,
                             .epoch = 1,
                             .policy = 1,
                             .authority = authority};
    m->rpriv = SPK_BUF(SPK_RPRIV_MAX);
    must(spk_ok(spk_uuid7(&m->r.id)) && spk_ok(spk_random(SPK_MUT_OF(m->blob))) &&
             spk_ok(spk_random(SPK_MUT_OF(m->salt))) && spk_ok(spk_random(SPK_MUT_OF(m->r.tag.b))),
         "random bytes");
    memcpy(m->blob, head, sizeof(head));
    (void)snprintf(m->description, sizeof(m->description),
                   "report number %u of the year %0100d.ods", n, 0);
    const struct spk_rpriv p = {
        .owner = owner, .id = m->r.id, .description = spk_span_str(m->description)};
    must(spk_ok(spk_sha256(SPK_SPAN_OF(m->blob), &m->r.blob)) &&
             spk_ok(spk_rpriv_build(&p, &m->rpriv)),
         "deposit");
    spk_rpub_build(&m->r, m->rpub);
}

static void
add(struct spk_buf *b, const char *key, struct spk_span value)
{
    must(spk_ok(spk_buf_str(b, key)) && spk_ok(spk_buf_base64(b, value)), "memory");
}

static void
add_json(struct spk_buf *b, unsigned n)
{
    struct made m;

    make(&m, n);
    add(b, "{\"r_pub\":\"", SPK_SPAN_OF(m.rpub));
    add(b, "\",\"salt\":\"", SPK_SPAN_OF(m.salt));
    add(b, "\",\"r_priv\":\"", spk_buf_span(&m.rpriv));
    add(b, "\",\"blob\":\"", SPK_SPAN_OF(m.blob));
    must(spk_ok(spk_buf_str(b, "\"}\n")), "memory");
    spk_buf_free(&m.rpriv);
}

/* A whole HTTP request of some lines. */
static struct spk_buf
make_request(unsigned from, unsigned lines)
{
    struct spk_buf body = SPK_BUF(REQUEST_MAX), all = SPK_BUF(REQUEST_MAX);

    for (unsigned i = 0; i < lines; i++) {
        add_json(&body, from + i);
    }
    must(spk_ok(spk_buf_printf(&all,
                               "POST /v1/deposits HTTP/1.1\r\nHost: localhost\r\n"
                               "Content-Type: application/%s\r\nContent-Length: %zu\r\n\r\n",
                               lines > 1 ? "x-ndjson" : "json", body.len)) &&
             spk_ok(spk_buf_add(&all, spk_buf_span(&body))),
         "memory");
    spk_buf_free(&body);
    return all;
}

/* -- one connection */

struct conn {
    int fd;
    gnutls_session_t tls;
    unsigned n;
    struct spk_buf *requests;
    double *latency;
    unsigned lines, bad;
    pthread_barrier_t *start;
    pthread_t thread;
};

static void
dial(struct conn *c)
{
    int one = 1;
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons(port)};

    a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    c->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    must(c->fd >= 0 && connect(c->fd, (const struct sockaddr *)&a, sizeof(a)) == 0, "connect");
    setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
    must(gnutls_init(&c->tls, GNUTLS_CLIENT) == 0 &&
             gnutls_priority_set_direct(c->tls, "SECURE128:-VERS-ALL:+VERS-TLS1.3", NULL) == 0 &&
             gnutls_credentials_set(c->tls, GNUTLS_CRD_CERTIFICATE, cred) == 0,
         "TLS");
    gnutls_transport_set_int(c->tls, c->fd);
    must(gnutls_handshake(c->tls) == 0, "handshake");
}

static void
send_all(struct conn *c, struct spk_span s)
{
    while (s.len > 0) {
        ssize_t n = gnutls_record_send(c->tls, s.ptr, s.len);
        must(n > 0, "send");
        s = spk_span(s.ptr + n, s.len - (size_t)n);
    }
}

/* Reads one answer; returns how many deposits it says are accepted. */
static unsigned
read_answer(struct conn *c, char *buf, size_t size)
{
    size_t have = 0, want = 0;
    unsigned accepted = 0;

    while (want == 0 || have < want) {
        ssize_t n = gnutls_record_recv(c->tls, buf + have, size - 1 - have);
        must(n > 0, "receive");
        have += (size_t)n;
        buf[have] = 0;
        char *end = strstr(buf, "\r\n\r\n");
        char *length = strstr(buf, "Content-Length: ");
        if (want == 0 && end != NULL && length != NULL) {
            want = (size_t)(end + 4 - buf) + strtoul(length + 16, NULL, 10);
        }
    }
    for (char *p = buf; (p = strstr(p, "\"accepted\"")) != NULL; p++) {
        accepted++;
    }
    return accepted;
}

static void *
conn_main(void *arg)
{
    struct conn *c = arg;
    size_t size = (size_t)1 << 20;
    char *buf = malloc(size);

    must(buf != NULL, "memory");
    dial(c);
    pthread_barrier_wait(c->start);
    for (unsigned i = 0; i < c->n; i++) {
        double from = now_s();
        send_all(c, spk_buf_span(&c->requests[i]));
        if (read_answer(c, buf, size) != c->lines) {
            c->bad++;
        }
        c->latency[i] = now_s() - from;
    }
    gnutls_deinit(c->tls);
    close(c->fd);
    free(buf);
    return NULL;
}

static int
by_value(const void *a, const void *b)
{
    const double *x = a, *y = b;

    return *x < *y ? -1 : *x > *y ? 1 : 0;
}

/* conns connections, each requests of some lines; prints deposits a second and the latencies. */
static void
load(const char *name, unsigned conns, unsigned each, unsigned lines)
{
    struct conn *c = calloc(conns, sizeof(*c));
    double *latency = calloc((size_t)conns * each, sizeof(*latency));
    pthread_barrier_t start;
    unsigned bad = 0;

    must(c != NULL && latency != NULL && pthread_barrier_init(&start, NULL, conns + 1) == 0,
         "memory");
    for (unsigned i = 0; i < conns; i++) {
        c[i] = (struct conn){.n = each, .lines = lines, .start = &start};
        c[i].latency = latency + (size_t)i * each;
        c[i].requests = calloc(each, sizeof(struct spk_buf));
        must(c[i].requests != NULL, "memory");
        for (unsigned k = 0; k < each; k++) {
            c[i].requests[k] = make_request((i * each + k) * lines, lines);
        }
    }
    for (unsigned i = 0; i < conns; i++) {
        must(pthread_create(&c[i].thread, NULL, conn_main, &c[i]) == 0, "thread");
    }
    pthread_barrier_wait(&start);
    double from = now_s();
    for (unsigned i = 0; i < conns; i++) {
        pthread_join(c[i].thread, NULL);
        bad += c[i].bad;
    }
    double took = now_s() - from;
    size_t n = (size_t)conns * each;
    qsort(latency, n, sizeof(*latency), by_value);
    printf("{\"what\":\"%s\",\"per_second\":%.0f,\"p50_ms\":%.2f,\"p99_ms\":%.2f,\"bad\":%u}\n",
           name, (double)n * lines / took, latency[n / 2] * 1e3, latency[n * 99 / 100] * 1e3, bad);
    fflush(stdout);
    for (unsigned i = 0; i < conns; i++) {
        for (unsigned k = 0; k < each; k++) {
            spk_buf_free(&c[i].requests[k]);
        }
        free(c[i].requests);
    }
    free(c);
    free(latency);
    pthread_barrier_destroy(&start);
}

/* -- the store alone */

static void
put_row(struct spk_store *s, uint64_t key, unsigned n)
{
    struct made m;
    struct spk_put_result res;

    make(&m, n);
    struct spk_deposit_row row = {.owner_key = key,
                                  .serial = m.r.id,
                                  .epoch = 1,
                                  .policy = 1,
                                  .description = spk_span_str(m.description),
                                  .rpub = SPK_SPAN_OF(m.rpub),
                                  .salt = SPK_SPAN_OF(m.salt),
                                  .rpriv = spk_buf_span(&m.rpriv),
                                  .blob = SPK_SPAN_OF(m.blob)};
    must(spk_ok(spk_deposit_p(m.salt, row.rpriv, &row.p)) && spk_ok(spk_deposit_row_leaf(&row)) &&
             spk_ok(spk_store_put_deposit(s, &row, &res)) && res.what == SPK_PUT_NEW,
         "row");
    spk_buf_free(&m.rpriv);
}

static void
raw(const char *path, unsigned per_transaction, unsigned rows)
{
    const struct spk_store_cfg cfg = {.path = path, .readers = 1, .create = true};
    struct spk_store *s = NULL;
    uint64_t key = 0;
    const struct spk_owner_row o = {.owner = owner, .login = owner, .state = SPK_OWNER_ENROLLED};

    must(spk_ok(spk_store_open("sqlite", &cfg, &s)) && spk_ok(spk_store_begin(s)) &&
             spk_ok(spk_store_put_owner(s, &o, &key)) && spk_ok(spk_store_commit(s)),
         "store");
    double from = now_s();
    for (unsigned n = 0; n < rows; n += per_transaction) {
        must(spk_ok(spk_store_begin(s)), "begin");
        for (unsigned i = 0; i < per_transaction; i++) {
            put_row(s, key, n + i);
        }
        must(spk_ok(spk_store_commit(s)), "commit");
    }
    printf("{\"what\":\"store, %u a transaction\",\"per_second\":%.0f}\n", per_transaction,
           rows / (now_s() - from));
    fflush(stdout);
    spk_store_free(s);
    (void)unlink(path);
}

int
main(int argc, char **argv)
{
    if (argc != 6 || !spk_ok(spk_hex_parse(spk_span_str(argv[3]), authority.b, SPK_HASH_LEN)) ||
        !spk_ok(spk_hex_parse(spk_span_str(argv[4]), owner.b, SPK_HASH_LEN))) {
        fprintf(stderr, "usage: deposit_load PORT CLIENT.pem KEY-HASH OWNER-ID SCRATCH.db\n");
        return 2;
    }
    port = (uint16_t)strtoul(argv[1], NULL, 10);
    must(gnutls_certificate_allocate_credentials(&cred) == 0 &&
             gnutls_certificate_set_x509_key_file(cred, argv[2], argv[2], GNUTLS_X509_FMT_PEM) == 0,
         "client certificate");
    raw(argv[5], 1, RAW_ROWS / 4);
    raw(argv[5], 100, RAW_ROWS);
    load("HTTPS, 64 connections, 1 a request", SINGLE_CONNS, SINGLE_EACH, 1);
    load("HTTPS, 4 connections, batches of 1000", BATCH_CONNS, BATCH_EACH, BATCH_LINES);
    gnutls_certificate_free_credentials(cred);
    return 0;
}
