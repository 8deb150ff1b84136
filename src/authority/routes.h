/* SPDX-License-Identifier: Apache-2.0 */
/* The table of operations: method, path, who may, where it runs. */
#ifndef SPK_AUTHORITY_ROUTES_H
#define SPK_AUTHORITY_ROUTES_H

#include "authority/http.h"

enum spk_who {
    SPK_WHO_ANYONE,
    SPK_WHO_KEY,      /* a client certificate, whoever's: the handler looks */
    SPK_WHO_OWNER,    /* certificate of an owner's current key, whatever his state */
    SPK_WHO_ENROLLED, /* the same, and he is enrolled */
    SPK_WHO_OFFICER,  /* officer's query note */
};
enum spk_where {
    SPK_RUN_HERE,   /* microseconds: on the I/O thread */
    SPK_RUN_READS,  /* database work, verification */
    SPK_RUN_HOLDER, /* whatever waits for the holder, one at a time */
};
enum spk_body { SPK_BODY_NONE, SPK_BODY_JSON, SPK_BODY_LISTED, SPK_BODY_DEPOSITS };

enum spk_after {
    SPK_DONE, /* the answer is there */
    SPK_LATER /* somebody else will fill it and resume: the connection is suspended */
};
typedef enum spk_after spk_run_fn(struct spk_exchange *r);

struct spk_route {
    const char *method;
    const char *path; /* "{hash}", "{owner}": 64 hex digits; "{serial}": 32;
                       * "{log}"; "{tile...}": all the rest */
    enum spk_who who;
    enum spk_where where;
    enum spk_body body;
    const char *params; /* names of allowed query parameters, separated by one space */
    spk_run_fn *run;
};

extern const struct spk_route spk_routes[];
extern const size_t spk_routes_count;
/** NULL: no such operation. Path parameters go to r; a bad one leaves *ret_bad set. */
const struct spk_route *spk_route_find(struct spk_exchange *r, bool *ret_bad);
/** Every query parameter is one of the route's. */
bool spk_route_params_ok(const struct spk_exchange *r);

/* on_*.c */
spk_run_fn spk_on_authority, spk_on_status, spk_on_metrics;
spk_run_fn spk_on_enrol, spk_on_self;
spk_run_fn spk_on_deposit_post, spk_on_deposit_list, spk_on_deposit_get, spk_on_record_post;
spk_run_fn spk_on_deposit_receipt, spk_on_log_checkpoint, spk_on_log_tile, spk_on_checkpoints;
spk_run_fn spk_on_request_post, spk_on_request_get, spk_on_request_list, spk_on_request_veto;
spk_run_fn spk_on_request_successor, spk_on_request_keys;
spk_run_fn spk_on_officer_requests, spk_on_officer_request, spk_on_officer_scope;
spk_run_fn spk_on_officer_enrolments, spk_on_officer_decide, spk_on_officer_owners;
spk_run_fn spk_on_officer_drill, spk_on_approval_post, spk_on_policy_post;

#endif
