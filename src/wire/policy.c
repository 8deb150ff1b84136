/* SPDX-License-Identifier: Apache-2.0 */
/* The policy text: read, written, and checked for sense (doc/spec/policy.md §1, §2). */
#include "wire/policy.h"

#include <string.h>

#include "base/text.h"
#include "wire/lines.h"

#define TOKEN_MAX 64
#define SECONDS_MAX ((uint64_t)10 * 365 * 86400) /* far from any overflow of unix times */

/* A word that people can tell apart and type: ASCII letters, digits, . _ - @ */
static bool
token_ok(struct spk_span s)
{
    for (size_t i = 0; i < s.len; i++) {
        uint8_t c = s.ptr[i];
        bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
        if (!letter && memchr("._-@", c, 4) == NULL) {
            return false;
        }
    }
    return s.len >= 1 && s.len <= TOKEN_MAX;
}

static spk_err
officer_check(const struct spk_officer *o)
{
    struct spk_span name = spk_span_str(o->key.name);

    SPK_CHECK(spk_skip_prefix(&name, SPK_OFFICER_PREFIX) && token_ok(name), FORMAT);
    SPK_CHECK(memchr(o->person, 0, sizeof(o->person)) != NULL, LIMIT);
    SPK_CHECK(token_ok(spk_span_str(o->person)), FORMAT);
    SPK_CHECK(!spk_ct_zero(o->seal, sizeof(o->seal)), FORMAT);
    SPK_CHECK(o->n_owners <= SPK_OFFICER_OWNERS_MAX, LIMIT);
    for (size_t i = 1; i < o->n_owners; i++) {
        int order = spk_span_cmp(spk_hash_span(&o->owners[i - 1]), spk_hash_span(&o->owners[i]));
        SPK_CHECK(order < 0, FORMAT);
    }
    return SPK_OK;
}

static bool
same32(const uint8_t a[32], const uint8_t b[32])
{
    return spk_span_eq(spk_span(a, 32), spk_span(b, 32));
}

/* One key, one role, one entry. */
static spk_err
officers_distinct(const struct spk_officer *a, const struct spk_officer *b)
{
    SPK_CHECK(!spk_span_eq(spk_span_str(a->key.name), spk_span_str(b->key.name)), FORMAT);
    SPK_CHECK(!same32(a->key.key, b->key.key), FORMAT);
    SPK_CHECK(!same32(a->seal, b->seal), FORMAT);
    SPK_CHECK(!same32(a->seal, b->key.key) && !same32(a->key.key, b->seal), FORMAT);
    return SPK_OK;
}

size_t
spk_policy_person(const struct spk_policy *p, size_t i)
{
    struct spk_span person = spk_span_str(p->officers[i].person);
    size_t k = 0;

    while (k < i && !spk_span_eq(spk_span_str(p->officers[k].person), person)) {
        k++;
    }
    return k;
}

size_t
spk_policy_persons(const struct spk_policy *p)
{
    size_t persons = 0;

    for (size_t i = 0; i < p->n_officers; i++) {
        persons += spk_policy_person(p, i) == i ? 1 : 0;
    }
    return persons;
}

static spk_err
officers_check(const struct spk_policy *p)
{
    SPK_CHECK(p->n_officers <= SPK_OFFICERS_MAX, LIMIT);
    for (size_t i = 0; i < p->n_officers; i++) {
        const struct spk_officer *o = &p->officers[i];
        SPK_TRY(officer_check(o));
        SPK_CHECK(!same32(o->key.key, o->seal), FORMAT);
        for (size_t k = 0; k < i; k++) {
            SPK_TRY(officers_distinct(&p->officers[k], o));
        }
    }
    return SPK_OK;
}

/* What overrides a veto takes more people and more time than what a veto stops. */
static enum spk_policy_rule
override_broken(const struct spk_policy *p, size_t persons)
{
    if (p->override_quorum == 0) {
        return p->override_wait == 0 ? SPK_POLICY_SOUND : SPK_POLICY_OVERRIDE_NONE;
    }
    if (p->override_quorum <= p->quorum || p->override_quorum > persons) {
        return SPK_POLICY_OVERRIDE_MANY;
    }
    if (p->override_wait <= p->wait || p->override_wait >= p->request_life) {
        return SPK_POLICY_OVERRIDE_WAIT;
    }
    return SPK_POLICY_SOUND;
}

static bool
numbers_fit(const struct spk_policy *p)
{
    return p->number >= 1 && (p->number == 1) == spk_hash_zero(&p->previous) && p->quorum >= 1;
}

static bool
lives_fit(const struct spk_policy *p)
{
    return p->request_life >= 1 && p->request_life <= SECONDS_MAX && p->approval_life >= 1 &&
           p->approval_life <= SECONDS_MAX;
}

enum spk_policy_rule
spk_policy_broken(const struct spk_policy *p)
{
    if (p->n_officers == 0) {
        return SPK_POLICY_NOBODY;
    }
    if (!spk_ok(officers_check(p))) {
        return SPK_POLICY_OFFICERS;
    }
    size_t persons = spk_policy_persons(p);
    if (p->quorum > persons) {
        return SPK_POLICY_QUORUM_MANY;
    }
    if (p->quorum < 2 && persons > 1) {
        return SPK_POLICY_QUORUM_ALONE;
    }
    if (p->deny < 1 || p->deny > persons) {
        return SPK_POLICY_DENY;
    }
    if (p->wait >= p->request_life) {
        return SPK_POLICY_WAIT; /* else nothing could ever be released */
    }
    enum spk_policy_rule broken = override_broken(p, persons);
    if (broken == SPK_POLICY_SOUND && !numbers_fit(p)) {
        return SPK_POLICY_NUMBERS;
    }
    return broken == SPK_POLICY_SOUND && !lives_fit(p) ? SPK_POLICY_LIVES : broken;
}

static spk_err
officer_format(const struct spk_officer *o, struct spk_buf *text)
{
    SPK_TRY(spk_buf_str(text, "officer "));
    SPK_TRY(spk_vkey_format(&o->key, text));
    SPK_TRY(spk_buf_printf(text, " person=%s seal=", o->person));
    SPK_TRY(spk_buf_base64(text, SPK_SPAN_OF(o->seal)));
    SPK_TRY(spk_buf_str(text, o->n_owners == 0 ? " owners=none" : " owners="));
    for (size_t i = 0; i < o->n_owners; i++) {
        if (i > 0) {
            SPK_TRY(spk_buf_u8(text, ','));
        }
        SPK_TRY(spk_buf_hex(text, spk_hash_span(&o->owners[i])));
    }
    return spk_buf_u8(text, '\n');
}

spk_err
spk_policy_format(const struct spk_policy *p, struct spk_buf *text)
{
    enum spk_policy_rule broken = spk_policy_broken(p);

    SPK_TRY(officers_check(p)); /* for its own codes */
    SPK_CHECK(broken != SPK_POLICY_NOBODY && broken != SPK_POLICY_LIVES, LIMIT);
    SPK_CHECK(broken == SPK_POLICY_SOUND, FORMAT);
    SPK_TRY(spk_buf_str(text, SPK_POLICY_KIND "\n"));
    SPK_TRY(spk_lines_put_u64(text, "number", p->number));
    SPK_TRY(spk_lines_put_hash_none(text, "previous", &p->previous));
    SPK_TRY(spk_lines_put_u64(text, "quorum", p->quorum));
    SPK_TRY(spk_lines_put_u64(text, "deny", p->deny));
    SPK_TRY(spk_lines_put_u64(text, "wait", p->wait));
    SPK_TRY(spk_lines_put_u64(text, "request-life", p->request_life));
    SPK_TRY(spk_lines_put_u64(text, "approval-life", p->approval_life));
    SPK_TRY(spk_lines_put_u64(text, "override-quorum", p->override_quorum));
    SPK_TRY(spk_lines_put_u64(text, "override-wait", p->override_wait));
    SPK_TRY(spk_lines_put(text, "need-derived", p->need_derived ? "yes" : "no"));
    for (size_t i = 0; i < p->n_officers; i++) {
        SPK_TRY(officer_format(&p->officers[i], text));
    }
    return SPK_OK;
}

static spk_err
owners_parse(struct spk_span v, struct spk_officer *o)
{
    bool more = true;

    if (spk_span_eq(v, SPK_SPAN_LIT("none"))) {
        return SPK_OK;
    }
    while (more) {
        struct spk_span one;
        SPK_CHECK(o->n_owners < SPK_OFFICER_OWNERS_MAX, LIMIT);
        more = spk_split(&v, ',', &one);
        SPK_TRY(spk_hex_parse(more ? one : v, o->owners[o->n_owners].b, SPK_HASH_LEN));
        o->n_owners++;
    }
    return SPK_OK;
}

static spk_err
officer_parse(struct spk_rd *r, struct spk_officer *ret_o)
{
    struct spk_officer o = {.n_owners = 0};
    struct spk_span rest, v;

    SPK_TRY(spk_lines_get(r, "officer", &rest));
    SPK_CHECK(spk_split(&rest, ' ', &v), FORMAT);
    SPK_TRY(spk_vkey_parse(v, &o.key));
    SPK_CHECK(spk_split(&rest, ' ', &v) && spk_skip_prefix(&v, "person="), FORMAT);
    SPK_CHECK(token_ok(v), FORMAT);
    memcpy(o.person, v.ptr, v.len);
    SPK_CHECK(spk_split(&rest, ' ', &v) && spk_skip_prefix(&v, "seal="), FORMAT);
    SPK_TRY(spk_base64_fixed(v, o.seal, sizeof(o.seal)));
    SPK_CHECK(spk_skip_prefix(&rest, "owners="), FORMAT);
    SPK_TRY(owners_parse(rest, &o));
    *ret_o = o;
    return SPK_OK;
}

static spk_err
policy_numbers(struct spk_rd *r, struct spk_policy *p)
{
    struct spk_span v;

    SPK_TRY(spk_lines_u32(r, "number", &p->number));
    SPK_TRY(spk_lines_hash_none(r, "previous", &p->previous));
    SPK_TRY(spk_lines_u32(r, "quorum", &p->quorum));
    SPK_TRY(spk_lines_u32(r, "deny", &p->deny));
    SPK_TRY(spk_lines_u64(r, "wait", &p->wait));
    SPK_TRY(spk_lines_u64(r, "request-life", &p->request_life));
    SPK_TRY(spk_lines_u64(r, "approval-life", &p->approval_life));
    SPK_TRY(spk_lines_u32(r, "override-quorum", &p->override_quorum));
    SPK_TRY(spk_lines_u64(r, "override-wait", &p->override_wait));
    SPK_TRY(spk_lines_get(r, "need-derived", &v));
    p->need_derived = spk_span_eq(v, SPK_SPAN_LIT("yes"));
    SPK_CHECK(p->need_derived || spk_span_eq(v, SPK_SPAN_LIT("no")), FORMAT);
    return SPK_OK;
}

spk_err
spk_policy_parse(struct spk_span text, struct spk_policy *ret_p)
{
    SPK_AUTO_BUF struct spk_buf again = SPK_BUF(SPK_NOTE_MAX);
    struct spk_policy p = {.n_officers = 0};
    struct spk_rd r;

    SPK_TRY(spk_lines_begin(text, SPK_POLICY_KIND, &r));
    SPK_TRY(policy_numbers(&r, &p));
    while (r.left > 0) {
        SPK_CHECK(p.n_officers < SPK_OFFICERS_MAX, LIMIT);
        SPK_TRY(officer_parse(&r, &p.officers[p.n_officers]));
        p.n_officers++;
    }
    SPK_TRY(spk_policy_format(&p, &again));
    SPK_TRY(spk_lines_end(&r, text, spk_buf_span(&again)));
    SPK_TRY(spk_sha256(text, &p.hash));
    *ret_p = p;
    return SPK_OK;
}

const struct spk_officer *
spk_policy_officer(const struct spk_policy *p, struct spk_span name)
{
    for (size_t i = 0; i < p->n_officers; i++) {
        if (spk_span_eq(spk_span_str(p->officers[i].key.name), name)) {
            return &p->officers[i];
        }
    }
    return NULL;
}

const struct spk_officer *
spk_policy_officer_by_key(const struct spk_policy *p, const uint8_t key[SPK_ED25519_LEN])
{
    for (size_t i = 0; i < p->n_officers; i++) {
        if (same32(p->officers[i].key.key, key)) {
            return &p->officers[i];
        }
    }
    return NULL;
}

const char *
spk_officer_short(const struct spk_officer *o)
{
    return o->key.name + strlen(SPK_OFFICER_PREFIX);
}

bool
spk_officer_owns(const struct spk_officer *o, const struct spk_hash *owner)
{
    for (size_t i = 0; i < o->n_owners; i++) {
        if (spk_hash_eq(&o->owners[i], owner)) {
            return true;
        }
    }
    return false;
}
