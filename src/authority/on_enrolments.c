/* SPDX-License-Identifier: Apache-2.0 */
/* The officers' view of the owners: who waits to be enrolled, and who is there. */
#include <string.h>

#include "authority/handle.h"
#include "base/text.h"

#define NAME_PART_MAX ((size_t)200)

struct owner_page {
    struct spk_jw *w;
    uint64_t rows, last;
};

static spk_err
write_enrolment(void *arg, const struct spk_owner_row *o)
{
    struct owner_page *p = arg;

    spk_jw_open(p->w, NULL, '{');
    spk_jw_hex(p->w, "owner", spk_hash_span(&o->owner));
    spk_jw_base64(p->w, "record", o->record);
    spk_jw_base64(p->w, "signature", o->signature);
    spk_jw_close(p->w, '}');
    p->rows++;
    p->last = o->key;
    return SPK_OK;
}

enum spk_after
spk_on_officer_enrolments(struct spk_exchange *r)
{
    struct spk_owner_query q = {.state = SPK_OWNER_PENDING};

    if (!spk_param_keys(r, r->srv->cfg.max_list, &q.after_key, &q.limit)) {
        return SPK_DONE;
    }
    struct owner_page p = {.w = spk_exchange_json(r, SPK_HTTP_OK)};
    spk_jw_open(p.w, "enrolments", '[');
    spk_err e = spk_store_owners(r->srv->store, &q, write_enrolment, &p);
    if (!spk_ok(e)) {
        spk_exchange_failed(r, e, "listing enrolments");
        return SPK_DONE;
    }
    spk_jw_close(p.w, ']');
    spk_write_next(p.w, p.rows == q.limit, p.last);
    spk_exchange_json_end(r);
    return SPK_DONE;
}

struct decision {
    const struct spk_exchange *r;
    uint32_t wanted; /* state */
};

/* SPK_CODE_EXISTS: decided otherwise. In the transaction: two officers may decide at once. */
static spk_err
decide(struct spk_store *s, void *arg)
{
    const struct decision *d = arg;
    const struct spk_exchange *r = d->r;
    struct spk_owner_row o = {0};
    char hex[2 * SPK_HASH_LEN + 1];
    spk_err e = spk_store_owner(s, &r->hash, &o);
    uint64_t key = o.key;
    uint32_t state = o.state;

    spk_owner_row_clear(&o);
    SPK_TRY(e);
    if (state == d->wanted) {
        return SPK_OK;
    }
    SPK_CHECK(state == SPK_OWNER_PENDING, EXISTS);
    SPK_TRY(spk_store_set_owner_state(s, key, d->wanted));
    return spk_server_event(
        r->srv, d->wanted == SPK_OWNER_ENROLLED ? "enrolment-approved" : "enrolment-denied",
        "owner %.16s by %.100s", spk_hex(spk_hash_span(&r->hash), hex), r->officer);
}

/* {"decision": "approve" | "deny"} */
static bool
read_decision(struct spk_exchange *r, bool *ret_approve)
{
    static const char *const keys[] = {"decision", NULL};
    SPK_AUTO(spk_json) j = NULL;
    const char *word = NULL;

    if (!spk_body_json(r, keys, &j)) {
        return false;
    }
    if (!spk_ok(spk_json_str(j, "decision", &word)) ||
        (strcmp(word, "approve") != 0 && strcmp(word, "deny") != 0)) {
        spk_exchange_error(r, SPK_HTTP_BAD_REQUEST, "The decision is approve or deny.");
        return false;
    }
    *ret_approve = strcmp(word, "approve") == 0;
    return true;
}

enum spk_after
spk_on_officer_decide(struct spk_exchange *r)
{
    bool approve = false;

    if (!read_decision(r, &approve)) {
        return SPK_DONE;
    }
    struct decision d = {.r = r, .wanted = approve ? SPK_OWNER_ENROLLED : SPK_OWNER_DENIED};
    spk_err e = spk_store_write(r->srv->store, decide, &d);
    if (spk_ok(e)) {
        spk_jw_cstr(spk_exchange_json(r, SPK_HTTP_OK), "state", spk_owner_state_name(d.wanted));
        spk_exchange_json_end(r);
    } else if (e.code == SPK_CODE_NOTFOUND) {
        spk_exchange_error(r, SPK_HTTP_NOT_FOUND, "There is no such enrolment.");
    } else if (e.code == SPK_CODE_EXISTS) {
        spk_exchange_error(r, SPK_HTTP_CONFLICT, "This enrolment has been decided otherwise.");
    } else {
        spk_exchange_failed(r, e, "deciding an enrolment");
    }
    return SPK_DONE;
}

static spk_err
write_owner(void *arg, const struct spk_owner_row *o)
{
    struct owner_page *p = arg;
    SPK_AUTO_ENROLMENT e = {.n_contacts = 0};

    spk_jw_open(p->w, NULL, '{');
    spk_jw_hex(p->w, "owner", spk_hash_span(&o->owner));
    spk_jw_str(p->w, "name", o->name);
    spk_jw_cstr(p->w, "state", spk_owner_state_name(o->state));
    spk_jw_open(p->w, "contacts", '[');
    if (spk_ok(spk_enrolment_parse(o->record, &e))) {
        for (size_t i = 0; i < e.n_contacts; i++) {
            spk_jw_str(p->w, NULL, e.contacts[i]);
        }
    }
    spk_jw_close(p->w, ']');
    spk_jw_base64(p->w, "record", o->record);
    spk_jw_close(p->w, '}');
    p->rows++;
    p->last = o->key;
    return SPK_OK;
}

enum spk_after
spk_on_officer_owners(struct spk_exchange *r)
{
    struct spk_owner_query q = {.state = 0};

    if (!spk_param_keys(r, r->srv->cfg.max_list, &q.after_key, &q.limit)) {
        return SPK_DONE;
    }
    if (spk_target_param(&r->target, "name", &q.name) && q.name.len > NAME_PART_MAX) {
        spk_exchange_error(r, SPK_HTTP_BAD_REQUEST, "The name is too long.");
        return SPK_DONE;
    }
    struct owner_page p = {.w = spk_exchange_json(r, SPK_HTTP_OK)};
    spk_jw_open(p.w, "owners", '[');
    spk_err e = spk_store_owners(r->srv->store, &q, write_owner, &p);
    if (!spk_ok(e)) {
        spk_exchange_failed(r, e, "listing owners");
        return SPK_DONE;
    }
    spk_jw_close(p.w, ']');
    spk_write_next(p.w, p.rows == q.limit, p.last);
    spk_exchange_json_end(r);
    return SPK_DONE;
}
