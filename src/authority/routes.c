/* SPDX-License-Identifier: Apache-2.0 */
#include "authority/routes.h"

#include <string.h>

#include "base/text.h"

const struct spk_route spk_routes[] = {
    {"GET", "/v1/authority", SPK_WHO_ANYONE, SPK_RUN_READS, SPK_BODY_NONE, "", spk_on_authority},
    {"GET", "/v1/status", SPK_WHO_ANYONE, SPK_RUN_READS, SPK_BODY_NONE, "", spk_on_status},
    {"GET", "/metrics", SPK_WHO_ANYONE, SPK_RUN_READS, SPK_BODY_NONE, "", spk_on_metrics},
    {"POST", "/v1/owners", SPK_WHO_ANYONE, SPK_RUN_READS, SPK_BODY_JSON, "", spk_on_enrol},
    {"GET", "/v1/owners/self", SPK_WHO_OWNER, SPK_RUN_READS, SPK_BODY_NONE, "", spk_on_self},
    {"POST", "/v1/deposits", SPK_WHO_ENROLLED, SPK_RUN_HERE, SPK_BODY_DEPOSITS, "",
     spk_on_deposit_post},
    {"GET", "/v1/deposits", SPK_WHO_ENROLLED, SPK_RUN_READS, SPK_BODY_NONE,
     "serial description since until after limit", spk_on_deposit_list},
    {"GET", "/v1/deposits/{serial}", SPK_WHO_ENROLLED, SPK_RUN_READS, SPK_BODY_NONE, "",
     spk_on_deposit_get},
    {"GET", "/v1/deposits/{serial}/receipt", SPK_WHO_ENROLLED, SPK_RUN_READS, SPK_BODY_NONE, "",
     spk_on_deposit_receipt},
    {"GET", "/v1/checkpoints", SPK_WHO_ANYONE, SPK_RUN_HERE, SPK_BODY_NONE, "", spk_on_checkpoints},
    {"GET", "/log/{log}/checkpoint", SPK_WHO_ANYONE, SPK_RUN_HERE, SPK_BODY_NONE, "",
     spk_on_log_checkpoint},
    {"GET", "/log/{log}/tile/{tile...}", SPK_WHO_ANYONE, SPK_RUN_READS, SPK_BODY_NONE, "",
     spk_on_log_tile},
    {"POST", "/v1/records", SPK_WHO_ANYONE, SPK_RUN_READS, SPK_BODY_JSON, "", spk_on_record_post},
    {"POST", "/v1/requests", SPK_WHO_ANYONE, SPK_RUN_READS, SPK_BODY_LISTED, "",
     spk_on_request_post},
    {"GET", "/v1/requests", SPK_WHO_ENROLLED, SPK_RUN_HOLDER, SPK_BODY_NONE, "after limit",
     spk_on_request_list},
    {"GET", "/v1/requests/{hash}", SPK_WHO_KEY, SPK_RUN_HOLDER, SPK_BODY_NONE, "",
     spk_on_request_get},
    {"POST", "/v1/requests/{hash}/successor", SPK_WHO_KEY, SPK_RUN_HOLDER, SPK_BODY_NONE, "",
     spk_on_request_successor},
    {"GET", "/v1/requests/{hash}/keys", SPK_WHO_KEY, SPK_RUN_HOLDER, SPK_BODY_NONE, "after limit",
     spk_on_request_keys},
    {"POST", "/v1/requests/{hash}/veto", SPK_WHO_ANYONE, SPK_RUN_HOLDER, SPK_BODY_JSON, "",
     spk_on_request_veto},
    {"GET", "/v1/officer/requests", SPK_WHO_OFFICER, SPK_RUN_HOLDER, SPK_BODY_NONE,
     "state after limit", spk_on_officer_requests},
    {"GET", "/v1/officer/requests/{hash}", SPK_WHO_OFFICER, SPK_RUN_HOLDER, SPK_BODY_NONE, "",
     spk_on_officer_request},
    {"GET", "/v1/officer/requests/{hash}/scope", SPK_WHO_OFFICER, SPK_RUN_READS, SPK_BODY_NONE,
     "after limit", spk_on_officer_scope},
    {"GET", "/v1/officer/enrolments", SPK_WHO_OFFICER, SPK_RUN_READS, SPK_BODY_NONE, "after limit",
     spk_on_officer_enrolments},
    {"POST", "/v1/officer/enrolments/{owner}", SPK_WHO_OFFICER, SPK_RUN_READS, SPK_BODY_JSON, "",
     spk_on_officer_decide},
    {"GET", "/v1/officer/owners", SPK_WHO_OFFICER, SPK_RUN_READS, SPK_BODY_NONE, "name after limit",
     spk_on_officer_owners},
    {"POST", "/v1/officer/drill", SPK_WHO_OFFICER, SPK_RUN_HOLDER, SPK_BODY_JSON, "",
     spk_on_officer_drill},
    {"POST", "/v1/officer/approvals", SPK_WHO_ANYONE, SPK_RUN_READS, SPK_BODY_JSON, "",
     spk_on_approval_post},
    {"POST", "/v1/officer/policy", SPK_WHO_ANYONE, SPK_RUN_READS, SPK_BODY_JSON, "",
     spk_on_policy_post},
};
const size_t spk_routes_count = sizeof(spk_routes) / sizeof(spk_routes[0]);

static bool
log_named(struct spk_span s, enum spk_log_id *ret_log)
{
    for (unsigned i = 1; i <= SPK_LOG_IDS; i++) {
        *ret_log = (enum spk_log_id)i;
        if (spk_span_eq(s, spk_span_str(spk_log_word(*ret_log)))) {
            return true;
        }
    }
    return false;
}

/* One segment of a pattern. *ret_bad: it is the place of a parameter, but not a good one. */
static bool
segment_fits(struct spk_exchange *r, struct spk_span pattern, struct spk_span s, bool *ret_bad)
{
    if (pattern.ptr[0] != '{') {
        return spk_span_eq(pattern, s);
    }
    if (spk_span_eq(pattern, SPK_SPAN_LIT("{log}"))) {
        return log_named(s, &r->log);
    }
    bool serial = spk_span_eq(pattern, SPK_SPAN_LIT("{serial}"));
    spk_err e = serial ? spk_hex_parse(s, r->serial.b, SPK_FILE_ID_LEN)
                       : spk_hex_parse(s, r->hash.b, SPK_HASH_LEN);
    *ret_bad = *ret_bad || !spk_ok(e);
    return true;
}

static bool
path_fits(struct spk_exchange *r, const char *path, bool *ret_bad)
{
    struct spk_span rest = spk_span_str(path + 1), part;
    size_t i = 0;

    *ret_bad = false;
    for (bool more = true; more; i++) {
        more = spk_split(&rest, '/', &part);
        if (!more) {
            part = rest;
        }
        if (i < r->target.n_segments && spk_span_eq(part, SPK_SPAN_LIT("{tile...}"))) {
            r->tail = i;
            return true;
        }
        if (i >= r->target.n_segments || !segment_fits(r, part, r->target.segments[i], ret_bad)) {
            return false;
        }
    }
    return i == r->target.n_segments;
}

const struct spk_route *
spk_route_find(struct spk_exchange *r, bool *ret_bad)
{
    for (size_t i = 0; i < spk_routes_count; i++) {
        if (strcmp(r->method, spk_routes[i].method) == 0 &&
            path_fits(r, spk_routes[i].path, ret_bad)) {
            return &spk_routes[i];
        }
    }
    return NULL;
}

static bool
word_in(struct spk_span words, struct spk_span word)
{
    struct spk_span head;

    while (spk_split(&words, ' ', &head)) {
        if (spk_span_eq(head, word)) {
            return true;
        }
    }
    return words.len > 0 && spk_span_eq(words, word);
}

bool
spk_route_params_ok(const struct spk_exchange *r)
{
    for (size_t i = 0; i < r->target.n_params; i++) {
        if (!word_in(spk_span_str(r->route->params), r->target.params[i].name)) {
            return false;
        }
    }
    return true;
}
