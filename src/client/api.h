/* SPDX-License-Identifier: Apache-2.0 */
/* The HTTP API of an authority, spoken: paths, JSON, and statuses turned into codes
 * (doc/spec/http-api.yaml). One connection, for one thread. */
#ifndef SPK_CLIENT_API_H
#define SPK_CLIENT_API_H

#include "client/http.h"
#include "client/pin.h"
#include "wire/json.h"

struct spk_api;
/** A connection to a pinned authority; login may be NULL (no client certificate). Nothing is sent
 * yet. t (may be NULL) is filled by every later call that fails, and must outlive the connection.
 */
SPK_MUST_USE spk_err spk_api_open(const struct spk_pin *pin, const struct spk_rsa *login,
                                  struct spk_trouble *t, struct spk_api **ret_a);
/** Before there is a pin: whatever key the server shows is taken. For fetching the statements that
 * are then compared with what a person or an address says, and for nothing else. */
SPK_MUST_USE spk_err spk_api_first_contact(const char *url, struct spk_trouble *t,
                                           struct spk_api **ret_a);
void spk_api_free(struct spk_api *a);
SPK_DEFINE_AUTO(spk_api)

/** Gives each call a header line of its own ("Name: value" into line), as officers' calls need. */
typedef spk_err (*spk_api_header_fn)(void *ctx, const struct spk_https_call *c,
                                     struct spk_buf *line);
void spk_api_set_header(struct spk_api *a, spk_api_header_fn fn, void *ctx);

/** GET or POST of JSON. A status of 2xx with a JSON object gives SPK_OK. Others: 400, 413, 415, 422
 * SPK_CODE_USAGE; 401, 403 _DENIED; 404, 410 _NOTFOUND; 409 _EXISTS; 429, 503 _BUSY after some
 * tries; 500 and whatever is not in the specification _PROTO.
 * @param ret_status  The 2xx status; may be NULL. */
SPK_MUST_USE spk_err spk_api_get(struct spk_api *a, const char *path, struct spk_json **ret_j);
SPK_MUST_USE spk_err spk_api_post(struct spk_api *a, const char *path, struct spk_span json,
                                  long *ret_status, struct spk_json **ret_j);
/** GET of bytes that are no JSON, at most max of them (longer: SPK_CODE_LIMIT); appends to b. */
SPK_MUST_USE spk_err spk_api_get_bytes(struct spk_api *a, const char *path, size_t max,
                                       struct spk_buf *b);
/** POST of NDJSON; appends the lines of the answer to lines. */
SPK_MUST_USE spk_err spk_api_post_lines(struct spk_api *a, const char *path, struct spk_span lines,
                                        struct spk_buf *ret_lines);

/** GET of a list, page by page: each row of member, until it has no "next". */
typedef spk_err (*spk_api_row_fn)(void *ctx, const struct spk_json *row);
SPK_MUST_USE spk_err spk_api_get_list(struct spk_api *a, const char *path, const char *member,
                                      spk_api_row_fn fn, void *ctx);

struct spk_api_limits {
    uint64_t batch; /* deposits a call */
    uint64_t body;  /* bytes a call */
};
/** GET /v1/authority: its chain of statements and policies, and its limits; either may be NULL. */
SPK_MUST_USE spk_err spk_api_authority(struct spk_api *a, struct spk_chain **ret_chain,
                                       struct spk_api_limits *ret_limits);
/** The connection's trouble record, never NULL. */
struct spk_trouble *spk_api_trouble(struct spk_api *a);

#endif
