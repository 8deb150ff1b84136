/* SPDX-License-Identifier: Apache-2.0 */
#include "client/verify.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/text.h"
#include "client/decrypt.h"
#include "client/receipts.h"
#include "client/spool.h"

static const char *const verdict_names[] = {"accepted", "spooled", "not-deposited", "broken",
                                            "proven"};

const char *
spk_verdict_name(enum spk_verdict v)
{
    return verdict_names[v];
}

bool
spk_verdict_is_good(enum spk_verdict v)
{
    return v == SPK_VERDICT_ACCEPTED || v == SPK_VERDICT_PROVEN;
}

struct check { /* one file under examination */
    struct spk_session *s;
    struct spk_header *h;
    const struct spk_slots *slots;
    const struct spk_secret *key; /* NULL: claims only */
    const struct spk_verify_opts *o;
    const char *path;
};

/* What must hold between record, BLOB and core even before a key is there. */
static spk_err
check_claims(const struct check *c, const struct spk_hash *authority, const struct spk_deposit *d)
{
    const struct spk_core *core = spk_header_core(c->h);
    struct spk_hash blob;

    SPK_CHECK(spk_span_eq(SPK_SPAN_OF(d->rpub.id.b), SPK_SPAN_OF(core->id.b)), AUTH);
    SPK_CHECK(spk_hash_eq(&d->rpub.commitment, &core->commitment), AUTH);
    SPK_CHECK(spk_hash_eq(&d->rpub.authority, authority), AUTH);
    SPK_TRY(spk_sha256(d->blob, &blob));
    SPK_CHECK(spk_hash_eq(&d->rpub.blob, &blob), AUTH);
    return SPK_OK;
}

/* With K: everything that the holder will check before a release. */
static spk_err
prove(const struct check *c, struct spk_deposit *d, const struct spk_rsa *authority)
{
    SPK_AUTO_BUF struct spk_buf rpriv = SPK_BUF(SPK_RPRIV_MAX);
    struct spk_rpriv priv;

    SPK_TRY(spk_record_open(c->key, d, d->salt, &rpriv));
    d->rpriv = spk_buf_span(&rpriv);
    SPK_TRY(spk_rpriv_parse(d->rpriv, &priv));
    SPK_TRY(spk_header_check_core(c->h, priv.core));
    return spk_deposit_prove(d, c->key, authority);
}

static spk_err
ask_authority(const struct check *c, const struct spk_pin *pin, const struct spk_deposit *d,
              struct spk_verify_at *at)
{
    SPK_AUTO_BUF struct spk_buf b = SPK_BUF((size_t)SPK_RPUB_LEN);
    SPK_AUTO(spk_json) j = NULL;
    struct spk_api *api = NULL;
    struct spk_rpub r;
    const char *state = NULL;
    char id[2 * SPK_FILE_ID_LEN + 1];
    char path[80];

    SPK_TRY(spk_session_api(c->s, spk_session_index(c->s, pin), &api));
    (void)snprintf(path, sizeof(path), "/v1/deposits/%s", spk_hex(SPK_SPAN_OF(d->rpub.id.b), id));
    SPK_TRY(spk_api_get(api, path, &j));
    SPK_TRY(spk_json_base64(j, "r_pub", &b));
    SPK_TRY(spk_rpub_parse(spk_buf_span(&b), &r));
    SPK_TRY(spk_json_u64(j, "index", &at->index));
    SPK_TRY(spk_json_str(j, "state", &state));
    SPK_CHECK(strcmp(state, "wrong") != 0, AUTH); /* the key holder could not open it */
    at->time_ms = r.time_ms;
    SPK_CHECK(spk_hash_eq(&r.tag, &d->rpub.tag) && spk_hash_eq(&r.blob, &d->rpub.blob), AUTH);
    at->confirmed = true;
    if (!spk_ok(spk_json_u64(j, "proven", &at->opened_at))) {
        at->opened_at = 0; /* null, or an authority that does not say it */
    }
    return SPK_OK;
}

static void
read_state(const struct check *c, const struct spk_deposit *d, struct spk_verify_at *at)
{
    const struct spk_slot *slot = spk_slots_find(c->slots, SPK_SLOT_ACCEPTED, &at->key, 0);

    if (slot != NULL && spk_ok(spk_accepted_parse(slot->body, &at->index, &at->time_ms))) {
        at->verdict = SPK_VERDICT_ACCEPTED;
    } else if (spk_spool_was_accepted(c->s->profile, &d->rpub, &at->index, &at->time_ms)) {
        at->verdict = SPK_VERDICT_ACCEPTED;
    } else if (spk_spool_has(c->s->profile, &d->rpub)) {
        at->verdict = SPK_VERDICT_SPOOLED;
    } else {
        at->verdict = SPK_VERDICT_NOT_DEPOSITED;
    }
}

/* These say nothing about the deposit: what is known without an answer stays. */
static bool
is_unasked(spk_err e)
{
    return e.code == SPK_CODE_NET || e.code == SPK_CODE_TLS || e.code == SPK_CODE_PROTO ||
           e.code == SPK_CODE_BUSY || e.code == SPK_CODE_DENIED || e.code == SPK_CODE_NOKEY;
}

/* The authority's own answer counts for more than what the file remembers. */
static spk_err
check_online(const struct check *c, const struct spk_pin *pin, const struct spk_deposit *d,
             struct spk_verify_at *at)
{
    spk_err e = ask_authority(c, pin, d, at);

    if (spk_ok(e)) {
        at->verdict = at->verdict == SPK_VERDICT_PROVEN ? at->verdict : SPK_VERDICT_ACCEPTED;
        return SPK_OK;
    }
    if (e.code == SPK_CODE_NOTFOUND) {
        if (spk_verdict_is_good(at->verdict)) {
            at->verdict = SPK_VERDICT_NOT_DEPOSITED;
        }
        return SPK_OK;
    }
    if (is_unasked(e) && c->s->trouble.file[0] == '\0') {
        at->asked = e;
        return SPK_OK;
    }
    return e;
}

/* The number that the file has noted when it was accepted, if it has. */
static bool
same_number(const struct check *c, const struct spk_verify_at *at, uint64_t index)
{
    const struct spk_slot *slot = spk_slots_find(c->slots, SPK_SLOT_ACCEPTED, &at->key, 0);
    uint64_t noted = 0;
    uint64_t time_ms = 0;

    return slot == NULL || !spk_ok(spk_accepted_parse(slot->body, &noted, &time_ms)) ||
           noted == index;
}

/* A receipt that waits outside may be any other file's: it is told of, and breaks nothing. One that
 * is in the file was put there by who had its key. */
static spk_err
check_receipt(const struct check *c, const struct spk_pin *pin, const struct spk_deposit *d,
              struct spk_verify_at *at)
{
    const struct spk_receipt_search w = {c->s->profile, c->slots, c->path, d,
                                         spk_logs_key(&pin->logs, SPK_LOG_DEPOSITS)};
    struct spk_receipt_found f;

    at->has_logs = pin->has_logs;
    if (!pin->has_logs) {
        return SPK_OK;
    }
    SPK_TRY(spk_receipt_find(&w, &f));
    if (f.fault == SPK_LOG_FAULT_NONE && !same_number(c, at, f.r.index)) {
        f.fault = SPK_LOG_FAULT_INDEX;
    }
    at->receipt = f.r;
    at->receipt_fault = f.fault;
    at->receipt_inside = f.inside;
    spk_receipt_found_clear(&f);
    SPK_CHECK(at->receipt_fault == SPK_LOG_FAULT_NONE || !at->receipt_inside, AUTH);
    if (at->receipt_fault == SPK_LOG_FAULT_NONE) {
        at->index = at->receipt.index;
        at->time_ms = at->receipt.rpub.time_ms;
        at->verdict = at->proven && at->receipt.witnesses >= c->s->profile->witnesses.need
                          ? SPK_VERDICT_PROVEN
                          : SPK_VERDICT_ACCEPTED;
    }
    return SPK_OK;
}

static spk_err
check_slots(const struct check *c, struct spk_verify_at *at)
{
    const struct spk_slot *record = spk_slots_find(c->slots, SPK_SLOT_RECORD, &at->key, 0);
    const struct spk_slot *blob = spk_slots_find(c->slots, SPK_SLOT_AUTHORITY, &at->key, 0);
    const struct spk_pin *pin = NULL;
    const struct spk_authority *a = NULL;
    struct spk_deposit d;

    at->verdict = SPK_VERDICT_NOT_DEPOSITED;
    if (record == NULL || blob == NULL) {
        return SPK_OK;
    }
    SPK_TRY(spk_record_parse(record->body, &d));
    d.blob = blob->body;
    SPK_TRY(check_claims(c, &at->key, &d));
    at->alone = true;
    read_state(c, &d, at);
    if (!spk_ok(spk_profile_by_key(c->s->profile, &at->key, &pin, &a))) {
        return SPK_OK;
    }
    (void)snprintf(at->name, sizeof(at->name), "%s", pin->name);
    if (c->key != NULL) {
        SPK_TRY(prove(c, &d, a->key));
        at->proven = spk_rpub_is_derived(&d.rpub);
    }
    SPK_TRY(check_receipt(c, pin, &d, at));
    return c->o->online ? check_online(c, pin, &d, at) : SPK_OK;
}

/* Codes that speak about the file, not about the way to an answer. */
static bool
is_verdict(spk_err e)
{
    switch (e.code) {
    case SPK_CODE_FORMAT:
    case SPK_CODE_VERSION:
    case SPK_CODE_TRUNC:
    case SPK_CODE_AUTH:
    case SPK_CODE_LIMIT:
        return true;
    default:
        return false;
    }
}

static spk_err
check_authorities(const struct check *c, struct spk_verify *v)
{
    struct spk_core_authority a;

    while (v->n < SPK_AUTHORITIES_MAX &&
           spk_ok(spk_core_authority(spk_header_core(c->h), v->n, &a))) {
        struct spk_verify_at *at = &v->at[v->n++];
        spk_err e;

        at->key = a.spki;
        at->epoch = a.epoch;
        at->policy = a.policy;
        e = check_slots(c, at);
        if (!spk_ok(at->asked) && spk_ok(v->asked)) {
            v->asked = at->asked;
            v->trouble = c->s->trouble;
        }
        if (is_verdict(e)) {
            at->verdict = SPK_VERDICT_BROKEN;
            at->why = e;
            e = SPK_OK;
        }
        SPK_TRY(e);
    }
    return SPK_OK;
}

/* A record for an authority that the core does not name: one of the two was changed. */
static spk_err
check_records_named(const struct check *c, const struct spk_verify *v)
{
    for (size_t i = 0; i < spk_slots_count(c->slots); i++) {
        const struct spk_slot *slot = spk_slots_at(c->slots, i);
        bool named = slot->type != SPK_SLOT_RECORD;

        for (size_t k = 0; k < v->n; k++) {
            named = named || spk_hash_eq(&slot->recipient, &v->at[k].key);
        }
        SPK_CHECK(named, AUTH);
    }
    return SPK_OK;
}

static void
sum_up(const struct spk_profile *p, struct spk_verify *v)
{
    size_t proven = 0;
    size_t accepted = 0;
    size_t spooled = 0;

    v->needed = p->need == 0 || p->need > v->n ? v->n : (size_t)p->need;
    for (size_t i = 0; i < v->n; i++) {
        proven += v->at[i].verdict == SPK_VERDICT_PROVEN;
        accepted += spk_verdict_is_good(v->at[i].verdict);
        spooled += v->at[i].verdict == SPK_VERDICT_SPOOLED;
        if (v->at[i].verdict == SPK_VERDICT_BROKEN && spk_ok(v->why)) {
            v->why = v->at[i].why;
        }
    }
    if (!spk_ok(v->why)) {
        v->verdict = SPK_VERDICT_BROKEN;
    } else if (v->n > 0 && proven >= v->needed) {
        v->verdict = SPK_VERDICT_PROVEN;
    } else if (v->n > 0 && accepted >= v->needed) {
        v->verdict = SPK_VERDICT_ACCEPTED;
    } else if (v->n > 0 && accepted + spooled >= v->needed) {
        v->verdict = SPK_VERDICT_SPOOLED;
    } else {
        v->verdict = SPK_VERDICT_NOT_DEPOSITED;
    }
}

/* The end of the file: where it is, and with a key, whether it is the one that was sealed. */
static spk_err
check_end(const struct check *c, int fd)
{
    SPK_AUTO(spk_sealed) f = NULL;
    struct stat st;

    if (fstat(fd, &st) != 0) {
        return spk_err_errno();
    }
    if (!S_ISREG(st.st_mode)) {
        return SPK_OK;
    }
    SPK_TRY(spk_open_check_end(c->h, fd));
    return c->key == NULL ? SPK_OK : spk_sealed_open(fd, c->h, c->key, &f);
}

/* Every segment opened and thrown away. */
static spk_err
check_payload(const struct check *c, int fd)
{
    SPK_AUTO_FD int nowhere = open("/dev/null", O_WRONLY | O_CLOEXEC);
    const struct spk_progress progress = {.stop = c->o->stop};
    const struct spk_open_opts oo = {.progress = &progress};
    uint64_t bytes = 0;

    if (nowhere < 0) {
        return spk_err_errno();
    }
    return spk_open_run(c->h, c->key, fd, nowhere, &oo, &bytes);
}

/* What waits beside the file goes into it: nothing that fails here is a fault of the file. */
static void
fold_receipts(const struct check *c, struct spk_verify *v)
{
    size_t n = 0;

    if (c->key != NULL && spk_ok(spk_receipts_fold(c->s->profile, c->path, c->h, c->key, &n))) {
        v->folded = n;
    }
}

static spk_err
examine(struct check *c, int fd, struct spk_verify *v)
{
    SPK_AUTO(spk_secret) key = NULL;

    v->id = spk_header_core(c->h)->id;
    if (c->o->with_key) {
        spk_err e = spk_unlock_header(c->s, c->h, &key);

        if (e.code != SPK_CODE_NOKEY) {
            SPK_TRY(e);
            v->opened = true;
            v->opened_by = c->s->opened_by;
            c->key = key;
        }
    }
    fold_receipts(c, v);
    c->slots = spk_header_slots(c->h);
    SPK_TRY(c->slots != NULL ? SPK_OK : spk_header_fault(c->h));
    SPK_TRY(check_authorities(c, v));
    SPK_TRY(check_records_named(c, v));
    SPK_TRY(check_end(c, fd));
    if (c->o->payload) {
        SPK_CHECK(c->key != NULL, NOKEY);
        SPK_TRY(check_payload(c, fd));
    }
    return SPK_OK;
}

spk_err
spk_verify_file(struct spk_session *s, const char *path, const struct spk_verify_opts *o,
                struct spk_verify *ret_v)
{
    SPK_AUTO_FD int fd = open(path, O_RDONLY | O_CLOEXEC);
    SPK_AUTO(spk_header) h = NULL;
    struct spk_verify v = {0};
    struct check c = {.s = s, .o = o, .path = path};
    struct stat st;
    spk_err e;

    spk_trouble_clear(&s->trouble);
    if (fd < 0) {
        return errno == ENOENT ? (spk_err){SPK_CODE_NOTFOUND, ENOENT} : spk_err_errno();
    }
    SPK_CHECK(fstat(fd, &st) == 0 && !S_ISDIR(st.st_mode), USAGE);
    e = spk_header_read(fd, &h);
    if (spk_ok(e)) {
        c.h = h;
        e = examine(&c, fd, &v);
    }
    if (!spk_ok(e) && (!is_verdict(e) || s->trouble.file[0] != '\0')) {
        return e; /* no answer: it is the key container that is damaged, or something in the way */
    }
    v.why = e;
    sum_up(s->profile, &v);
    *ret_v = v;
    return SPK_OK;
}
