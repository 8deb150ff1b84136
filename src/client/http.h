/* SPDX-License-Identifier: Apache-2.0 */
/* One HTTPS connection to one server: TLS 1.3 only, the server known by the hash of its key, we by
 * a client certificate. No redirects, answers bounded, kept alive between calls. For one thread. */
#ifndef SPK_CLIENT_HTTP_H
#define SPK_CLIENT_HTTP_H

#include "base/buf.h"
#include "base/secret.h"
#include "crypto/hash.h"

#define SPK_HTTP_ANSWER_MAX ((size_t)8 << 20)

struct spk_https_opts {
    const char *url;                  /* "https://host:port" */
    const struct spk_hash *pin;       /* H(SPKI) of the server; NULL for a first contact only */
    struct spk_span cert_pem;         /* empty: no login */
    const struct spk_secret *key_pem; /* NULL without login */
    unsigned timeout_s;               /* of a whole call; 0: default */
};
struct spk_https;
/** url and pin are copied, the certificate and its key too. Nothing is sent yet. */
SPK_MUST_USE spk_err spk_https_new(const struct spk_https_opts *o, struct spk_https **ret_h);
void spk_https_free(struct spk_https *h);
SPK_DEFINE_AUTO(spk_https)

struct spk_https_call {
    const char *method;       /* "GET" or "POST" */
    const char *path;         /* with query, starts with '/' */
    const char *content_type; /* for POST */
    const char *header;       /* one header line more, "Name: value"; NULL for none */
    struct spk_span body;
    size_t answer_max; /* 0: SPK_HTTP_ANSWER_MAX */
};
struct spk_https_answer {
    long status;
    unsigned retry_after; /* seconds; 0 when not said */
    struct spk_buf body;
};
/** Any answer with a status is SPK_OK here. SPK_CODE_NET: not reached, hung up, too slow; with sys
 * ECONNRESET when a part of an answer had come. SPK_CODE_TLS: another key than the pinned one, or
 * no TLS 1.3. SPK_CODE_LIMIT: header or body too long. SPK_CODE_PROTO: not HTTP. SPK_CODE_STOPPED:
 * the stop flag was set. */
SPK_MUST_USE spk_err spk_https_call(struct spk_https *h, const struct spk_https_call *c,
                                    struct spk_https_answer *ret_a);
void spk_https_answer_clear(struct spk_https_answer *a);
/** What the TLS or socket layer said about the last failed call, for people. */
const char *spk_https_reason(const struct spk_https *h);
/** Calls in progress end with SPK_CODE_STOPPED once *stop is not zero. For all connections. */
void spk_https_set_stop(const volatile int *stop);

#endif
