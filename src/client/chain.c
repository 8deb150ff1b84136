/* SPDX-License-Identifier: Apache-2.0 */
/* What makes a new key or policy of an authority believable: the chain from what was pinned
 * (doc/spec/client-files.md, "A changed key"). */
#include <string.h>

#include "client/pin.h"

spk_err
spk_chain_new(struct spk_chain **ret_c)
{
    struct spk_chain *c = spk_calloc(1, sizeof(*c));

    SPK_CHECK(c != NULL, NOMEM);
    for (size_t i = 0; i < SPK_STATEMENTS_MAX; i++) {
        c->statements[i] = SPK_BUF(SPK_NOTE_MAX);
    }
    for (size_t i = 0; i < SPK_POLICIES_MAX; i++) {
        c->policies[i] = SPK_BUF(SPK_NOTE_MAX);
    }
    c->logs = SPK_BUF(SPK_NOTE_MAX);
    *ret_c = c;
    return SPK_OK;
}

void
spk_chain_free(struct spk_chain *c)
{
    if (c == NULL) {
        return;
    }
    for (size_t i = 0; i < SPK_STATEMENTS_MAX; i++) {
        spk_buf_free(&c->statements[i]);
    }
    for (size_t i = 0; i < SPK_POLICIES_MAX; i++) {
        spk_buf_free(&c->policies[i]);
    }
    spk_buf_free(&c->logs);
    spk_mem_free(c);
}

spk_err
spk_chain_add_statement(struct spk_chain *c, struct spk_span note)
{
    SPK_CHECK(c->n_statements < SPK_STATEMENTS_MAX, LIMIT);
    SPK_TRY(spk_buf_add(&c->statements[c->n_statements], note));
    c->n_statements++;
    return SPK_OK;
}

spk_err
spk_chain_add_policy(struct spk_chain *c, struct spk_span note)
{
    SPK_CHECK(c->n_policies < SPK_POLICIES_MAX, LIMIT);
    SPK_TRY(spk_buf_add(&c->policies[c->n_policies], note));
    c->n_policies++;
    return SPK_OK;
}

spk_err
spk_chain_set_logs(struct spk_chain *c, struct spk_span note)
{
    spk_buf_reset(&c->logs);
    return spk_buf_add(&c->logs, note);
}

static spk_err
note_of(const struct spk_buf *b, bool allow_unsigned, struct spk_note **ret_n)
{
    SPK_AUTO_STR void *mem = spk_calloc(1, sizeof(struct spk_note));

    SPK_CHECK(mem != NULL, NOMEM);
    SPK_TRY(spk_note_parse(spk_buf_span(b), allow_unsigned, mem));
    *ret_n = SPK_STEAL(mem);
    return SPK_OK;
}

static spk_err
policy_add(const struct spk_chain *c, const struct spk_hash *genesis, size_t i,
           struct spk_policy *all)
{
    SPK_AUTO_STR struct spk_note *n = NULL;

    SPK_TRY(note_of(&c->policies[i], false, &n));
    if (i == 0) {
        return spk_policy_verify_genesis(n, genesis, &all[0]);
    }
    return spk_policy_verify_next(n, &all[i - 1], &all[i]);
}

/* A quorum of any policy from number `from` on. */
static spk_err
quorum_signed(const struct spk_note *n, const struct spk_policy *all, size_t count, uint32_t from)
{
    for (size_t i = count; i-- > 0;) {
        size_t persons = 0;

        if (all[i].number < from) {
            break;
        }
        SPK_TRY(spk_policy_signers(&all[i], n, &persons));
        if (persons >= all[i].quorum) {
            return SPK_OK;
        }
    }
    return SPK_ERR(AUTH);
}

/* A new statement may be older than the newest policy, but officers who had left before we pinned
 * have no say. What is pinned already had its signatures judged when it was taken: those who signed
 * it may leave later. */
static uint32_t
believed_from(const struct spk_pin *p, size_t i, const struct spk_pin *known)
{
    bool pinned = known != NULL && i < known->n &&
                  spk_hash_eq(&p->statements[i].hash, &known->statements[i].hash);

    return known == NULL || pinned ? 1 : known->policy.number;
}

static spk_err
check_statements(struct spk_pin *p, const struct spk_policy *all, const struct spk_pin *known)
{
    const struct spk_chain *c = p->chain;

    for (size_t i = 1; i < c->n_statements; i++) {
        SPK_AUTO_STR struct spk_note *n = NULL;

        SPK_TRY(note_of(&c->statements[i], false, &n));
        SPK_CHECK(spk_authority_continues(&p->statements[i], &p->statements[i - 1]), CHANGED);
        SPK_TRY(quorum_signed(n, all, c->n_policies, believed_from(p, i, known)));
    }
    return SPK_OK;
}

static spk_err
parse_statements(struct spk_pin *p)
{
    const struct spk_chain *c = p->chain;

    p->statements = spk_calloc(c->n_statements, sizeof(*p->statements));
    SPK_CHECK(p->statements != NULL, NOMEM);
    for (size_t i = 0; i < c->n_statements; i++) {
        SPK_AUTO_STR struct spk_note *n = NULL;

        SPK_TRY(note_of(&c->statements[i], true, &n));
        SPK_TRY(spk_authority_parse(n->text, &p->statements[i]));
        p->n++;
    }
    return SPK_OK;
}

/* By the holder of any statement: all of them are of one chain, and the note never changes. */
static spk_err
check_logs(struct spk_pin *p, struct spk_span note)
{
    spk_err e = SPK_ERR(AUTH);

    for (size_t i = p->n; i-- > 0 && !spk_ok(e);) {
        e = spk_logs_verify(note, &p->statements[i].holder, &p->statements[0].policy, &p->logs);
    }
    p->has_logs = spk_ok(e);
    return e;
}

static spk_err
pin_check(struct spk_pin *p, const struct spk_pin *known)
{
    const struct spk_chain *c = p->chain;
    SPK_AUTO_STR struct spk_policy *all = NULL;

    SPK_CHECK(c->n_statements > 0 && c->n_policies > 0, FORMAT);
    SPK_TRY(parse_statements(p));
    all = spk_calloc(c->n_policies, sizeof(*all));
    SPK_CHECK(all != NULL, NOMEM);
    for (size_t i = 0; i < c->n_policies; i++) {
        SPK_TRY(policy_add(c, &p->statements[0].policy, i, all));
    }
    SPK_TRY(check_statements(p, all, known));
    if (c->logs.len > 0) {
        SPK_TRY(check_logs(p, spk_buf_span(&c->logs)));
    }
    p->policy = all[c->n_policies - 1];
    return SPK_OK;
}

spk_err
spk_pin_make(struct spk_chain **take_chain, const char *url, const struct spk_pin *known,
             struct spk_pin **ret_p)
{
    SPK_AUTO(spk_pin) p = spk_calloc(1, sizeof(*p));

    SPK_CHECK(p != NULL, NOMEM);
    SPK_CHECK(strlen(url) <= SPK_PIN_URL_MAX, LIMIT);
    p->url = spk_strdup(url);
    SPK_CHECK(p->url != NULL, NOMEM);
    p->chain = SPK_STEAL(*take_chain);
    SPK_TRY(pin_check(p, known));
    *ret_p = SPK_STEAL(p);
    return SPK_OK;
}

void
spk_pin_free(struct spk_pin *p)
{
    if (p == NULL) {
        return;
    }
    for (size_t i = 0; i < p->n; i++) {
        spk_authority_clear(&p->statements[i]);
    }
    spk_mem_free(p->statements);
    spk_chain_free(p->chain);
    spk_mem_free(p->dir);
    spk_mem_free(p->url);
    spk_mem_free(p);
}

const struct spk_authority *
spk_pin_now(const struct spk_pin *p)
{
    return &p->statements[p->n - 1];
}

const struct spk_authority *
spk_pin_by_key(const struct spk_pin *p, const struct spk_hash *spki)
{
    for (size_t i = p->n; i-- > 0;) {
        if (spk_hash_eq(spk_rsa_id(p->statements[i].key), spki)) {
            return &p->statements[i];
        }
    }
    return NULL;
}

spk_err
spk_pin_inherit(struct spk_pin *next, const struct spk_pin *old)
{
    if (old->has_logs && !next->has_logs) {
        SPK_TRY(spk_chain_set_logs(next->chain, spk_buf_span(&old->chain->logs)));
        next->logs = old->logs;
        next->has_logs = true;
    }
    memcpy(next->name, old->name, sizeof(next->name));
    next->state = old->state;
    next->has_owner = old->has_owner;
    next->owner = old->owner;
    return SPK_OK;
}

/* Notes are compared by their text: the signature lines under it may grow. */
static bool
same_text(const struct spk_buf *a, const struct spk_buf *b)
{
    SPK_AUTO_STR struct spk_note *na = NULL;
    SPK_AUTO_STR struct spk_note *nb = NULL;

    return spk_ok(note_of(a, true, &na)) && spk_ok(note_of(b, true, &nb)) &&
           spk_span_eq(na->text, nb->text);
}

bool
spk_pin_other_logs(const struct spk_pin *old, const struct spk_pin *next)
{
    return old->has_logs && next->has_logs && !same_text(&old->chain->logs, &next->chain->logs);
}

/* A note that does not hold leaves the pin as it was: without logs. */
spk_err
spk_pin_take_logs(struct spk_pin *p, struct spk_span note)
{
    SPK_CHECK(!p->has_logs && p->dir != NULL, USAGE);
    SPK_CHECK(spk_ok(check_logs(p, note)), CHANGED);
    SPK_TRY(spk_chain_set_logs(p->chain, note));
    return spk_pin_save_logs(p);
}

bool
spk_pin_continues(const struct spk_pin *old, const struct spk_pin *next)
{
    if (next->n < old->n || next->chain->n_policies < old->chain->n_policies) {
        return false;
    }
    if (spk_pin_other_logs(old, next)) {
        return false;
    }
    for (size_t i = 0; i < old->n; i++) {
        if (!spk_hash_eq(&old->statements[i].hash, &next->statements[i].hash)) {
            return false;
        }
    }
    for (size_t i = 0; i < old->chain->n_policies; i++) {
        if (!same_text(&old->chain->policies[i], &next->chain->policies[i])) {
            return false;
        }
    }
    return true;
}
