/* SPDX-License-Identifier: Apache-2.0 */
#include "authority/proving.h"

#include <inttypes.h>

#include "authority/recover.h"
#include "base/clock.h"
#include "base/log.h"

#define CHECKS_AT_ONCE 100
/* A holder that answers a check with nonsense is asked again after 1, 2, 4 ... seconds, so often.
 */
#define CHECK_TRIES 7
#define DAY ((uint64_t)86400)

enum finding {
    GOOD,
    WRONG,
    LOST, /* not there, or not to be read: nothing that could be wrong */
};
struct found {
    uint64_t index;
    enum finding what;
};
struct round {
    struct spk_proving *p;
    uint64_t now;
    uint64_t from; /* new deposits begin here */
    uint64_t next; /* the first one that is still new after this round */
    size_t n;
    struct found found[CHECKS_AT_ONCE];
};

/* An answer that says neither yes nor no is not the row's fault either; but a row that never gets
 * another must not keep the others waiting for ever. */
static spk_err
ask_holder(struct spk_proving *p, uint64_t index, const struct spk_deposit_row *row)
{
    spk_err e = spk_recover_check(p->srv, row);

    if (e.code == SPK_CODE_CHANGED) { /* another holder */
        return SPK_ERR(NET);
    }
    if (spk_ok(e) || e.code == SPK_CODE_DENIED || spk_err_passes(e)) {
        return e;
    }
    p->retry.tries = p->retry.index == index ? p->retry.tries + 1 : 1;
    p->retry.index = index;
    if (p->retry.tries >= CHECK_TRIES) {
        return e;
    }
    spk_log(SPK_LOG_WARN, "deposit %" PRIu64 " is checked again later: %s", index,
            spk_code_name(e.code));
    p->retry.due_ms = spk_running_ms() + ((uint64_t)1000 << (p->retry.tries - 1));
    return SPK_ERR(NET);
}

static enum finding
judge(uint64_t index, spk_err e, bool there)
{
    if (spk_ok(e)) {
        return GOOD;
    }
    if (e.code == SPK_CODE_CHANGED || e.code == SPK_CODE_DENIED) {
        spk_log(SPK_LOG_ERROR, "deposit %" PRIu64 " is %s", index,
                e.code == SPK_CODE_CHANGED ? "altered in the database" : "refused by the holder");
        return WRONG;
    }
    spk_log(SPK_LOG_ERROR, "deposit %" PRIu64 " cannot be checked: %s", index,
            there ? spk_code_name(e.code) : "it is not in the database");
    return LOST;
}

static spk_err
check_one(struct round *r, uint64_t index)
{
    struct spk_proving *p = r->p;
    struct spk_deposit_row row = {0};

    if (p->retry.tries > 0 && p->retry.index == index && spk_running_ms() < p->retry.due_ms) {
        return SPK_ERR(BUSY);
    }
    /* a copy: the holder takes milliseconds, for which no read may stay open */
    spk_err e = spk_store_deposit_at(p->srv->store, index, &row);
    bool there = spk_ok(e);
    if (there) {
        e = spk_deposit_row_verify(&row);
    }
    if (spk_ok(e)) {
        e = ask_holder(p, index, &row);
    }
    spk_deposit_row_clear(&row);
    if (spk_err_passes(e)) {
        return e;
    }
    r->found[r->n++] = (struct found){index, judge(index, e, there)};
    return SPK_OK;
}

static spk_err
write_found(struct spk_store *store, const struct round *r, const struct found *f)
{
    struct spk_server *s = r->p->srv;
    const char *before = f->index < r->from ? ", which was proven before" : "";

    switch (f->what) {
    case GOOD:
        return spk_store_put_proof(store, f->index, r->now);
    case WRONG:
        SPK_TRY(spk_store_put_wrong(store, f->index));
        return spk_server_event(s, "wrong", "deposit %" PRIu64 "%s", f->index, before);
    default:
        SPK_TRY(spk_store_drop_proof(store, f->index));
        return spk_server_event(s, "unchecked", "deposit %" PRIu64 "%s", f->index, before);
    }
}

static spk_err
write_round(struct spk_store *store, void *arg)
{
    const struct round *r = arg;

    SPK_TRY(spk_store_set_checked(store, r->next));
    for (size_t i = 0; i < r->n; i++) {
        SPK_TRY(write_found(store, r, &r->found[i]));
    }
    return SPK_OK;
}

static spk_err
check_new(struct round *r, uint64_t budget)
{
    uint64_t n = 0;

    SPK_TRY(spk_store_deposit_count(r->p->srv->store, &n));
    while (r->next < n && r->n < budget) {
        SPK_TRY(check_one(r, r->next));
        r->next++;
    }
    return SPK_OK;
}

static spk_err
check_again(struct round *r, uint64_t budget)
{
    uint64_t age = r->p->srv->cfg.check_again_days * DAY, due[CHECKS_AT_ONCE];
    size_t n = 0;

    if (age == 0 || r->now < age || r->n >= budget) {
        return SPK_OK;
    }
    SPK_TRY(spk_store_proofs_due(r->p->srv->store, r->now - age, budget - r->n, due, &n));
    for (size_t i = 0; i < n; i++) {
        SPK_TRY(check_one(r, due[i]));
    }
    return SPK_OK;
}

spk_err
spk_proving_run(struct spk_proving *p, uint64_t budget)
{
    struct round r = {.p = p, .now = spk_now()};

    budget = budget < CHECKS_AT_ONCE ? budget : CHECKS_AT_ONCE;
    SPK_TRY(spk_store_checked(p->srv->store, &r.from));
    r.next = r.from;
    spk_err e = check_new(&r, budget);
    if (spk_ok(e)) {
        e = check_again(&r, budget);
    }
    if (r.n > 0) {
        SPK_TRY(spk_store_write(p->srv->store, write_round, &r));
    }
    return e;
}
