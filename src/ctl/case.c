/* SPDX-License-Identifier: Apache-2.0 */
/* The preimages of a request, each recomputed (doc/spec/officer-identity.md, "What a tool checks").
 */
#include "ctl/case.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/text.h"
#include "term/i18n.h"
#include "translog/merkle.h"

#define SIGNATURE_MAX ((size_t)SPK_RSA_MAX_LEN)

spk_err
ctl_case_new(const struct spk_pin *pin, const struct spk_hash *hash, struct ctl_case **ret_c)
{
    struct ctl_case *c = spk_calloc(1, sizeof(*c));

    SPK_CHECK(c != NULL, NOMEM);
    c->pin = pin;
    c->hash = *hash;
    c->record = SPK_BUF((size_t)SPK_REQ_RECORD_MAX);
    c->enrolment_record = SPK_BUF((size_t)SPK_ENROL_RECORD_MAX);
    *ret_c = c;
    return SPK_OK;
}

void
ctl_case_free(struct ctl_case *c)
{
    if (c == NULL) {
        return;
    }
    for (size_t i = 0; i < c->n_files; i++) {
        spk_mem_free(c->files[i].description);
    }
    spk_request_clear(&c->request);
    spk_enrolment_clear(&c->enrolment);
    spk_buf_free(&c->record);
    spk_buf_free(&c->enrolment_record);
    spk_mem_free(c->serials);
    spk_mem_free(c->files);
    spk_mem_free(c->leaves);
    spk_mem_free(c);
}

/* Something does not hold. What is the machine's own trouble stays what it is. */
static spk_err
fault(struct ctl_case *c, spk_err e, const char *sentence)
{
    if (spk_ok(e) || e.code == SPK_CODE_NOMEM || e.code == SPK_CODE_CRYPTO) {
        return e;
    }
    c->fault = sentence;
    return SPK_ERR(AUTH);
}

static spk_err
hold(struct ctl_case *c, bool holds, const char *sentence)
{
    return holds ? SPK_OK : fault(c, SPK_ERR(AUTH), sentence);
}

/* -- The request's record: its hash is the name that it was asked for by, it is meant for this
 * authority, and both private keys have signed it. */
static spk_err
take_record(struct ctl_case *c, const struct spk_json *j)
{
    spk_err e = spk_json_base64(j, "record", &c->record);

    e = spk_ok(e) ? spk_request_parse(spk_buf_span(&c->record), &c->request) : e;
    SPK_TRY(fault(c, e, N_("the request's record is not of its format")));
    SPK_TRY(hold(c, spk_hash_eq(&c->request.hash, &c->hash),
                 N_("the record is that of another request: its hash differs")));
    return hold(c, spk_pin_by_key(c->pin, &c->request.authority) != NULL,
                N_("the request is meant for another authority"));
}

static spk_err
take_proofs(struct ctl_case *c, const struct spk_json *j)
{
    SPK_AUTO_BUF struct spk_buf by_sign = SPK_BUF(SIGNATURE_MAX);
    SPK_AUTO_BUF struct spk_buf by_keyx = SPK_BUF(SIGNATURE_MAX);
    spk_err e = spk_json_base64(j, "sig_sign", &by_sign);

    e = spk_ok(e) ? spk_json_base64(j, "sig_keyx", &by_keyx) : e;
    e = spk_ok(e) ? spk_request_verify(&c->request, spk_buf_span(&c->record),
                                       spk_buf_span(&by_sign), spk_buf_span(&by_keyx))
                  : e;
    return fault(c, e, N_("whoever asks has not proven to have both new private keys"));
}

/* -- The enrolment record: its hash is the owner id, and the owner has signed it for this
 * authority, under whichever of its keys was in use then. */
static spk_err
check_enrolment_signature(const struct ctl_case *c, struct spk_span sig)
{
    for (size_t i = 0; i < c->pin->n; i++) {
        spk_err e = spk_statement_verify(c->enrolment.sign, SPK_KIND_ENROL,
                                         spk_rsa_id(c->pin->statements[i].key),
                                         spk_buf_span(&c->enrolment_record), sig);

        if (e.code != SPK_CODE_AUTH) {
            return e;
        }
    }
    return SPK_ERR(AUTH);
}

static spk_err
take_enrolment(struct ctl_case *c, const struct spk_json *j)
{
    SPK_AUTO_BUF struct spk_buf sig = SPK_BUF(SIGNATURE_MAX);
    spk_err e = spk_json_base64(j, "enrolment", &c->enrolment_record);

    e = spk_ok(e) ? spk_enrolment_parse(spk_buf_span(&c->enrolment_record), &c->enrolment) : e;
    SPK_TRY(fault(c, e, N_("the owner's enrolment record is not of its format")));
    SPK_TRY(hold(c, spk_hash_eq(&c->enrolment.owner, &c->request.owner),
                 N_("the enrolment record is that of another owner: its hash differs")));
    e = spk_json_base64(j, "enrolment_signature", &sig);
    e = spk_ok(e) ? check_enrolment_signature(c, spk_buf_span(&sig)) : e;
    SPK_TRY(fault(c, e, N_("the owner's signature under the enrolment does not hold")));
    c->keyx_now = *spk_rsa_id(c->enrolment.keyx);
    c->sign_now = *spk_rsa_id(c->enrolment.sign);
    return SPK_OK;
}

/* -- Successor statements: a chain from the owner id, each signed by the holder. */
static spk_err
holder_signed(const struct spk_pin *pin, const struct spk_note *n)
{
    for (size_t i = 0; i < pin->n; i++) {
        spk_err e = spk_note_verify(n, &pin->statements[i].holder);

        if (e.code != SPK_CODE_NOTFOUND) {
            return e;
        }
    }
    return SPK_ERR(AUTH);
}

static spk_err
take_successor(struct ctl_case *c, struct spk_span raw, struct spk_note *n,
               struct spk_hash *previous)
{
    SPK_AUTO_SUCCESSOR s = {.number = 0};

    SPK_TRY(spk_note_parse(raw, false, n));
    SPK_TRY(holder_signed(c->pin, n));
    SPK_TRY(spk_successor_parse(n->text, &s));
    SPK_CHECK(s.number == c->n_successors + 1, AUTH);
    SPK_CHECK(spk_hash_eq(&s.owner, &c->request.owner), AUTH);
    SPK_CHECK(spk_hash_eq(&s.previous, previous), AUTH);
    SPK_CHECK(spk_pin_by_key(c->pin, &s.authority) != NULL, AUTH);
    c->n_successors++;
    if (!spk_hash_eq(&s.request, &c->hash)) { /* else its new pairs are the owner's by now */
        c->keyx_now = *spk_rsa_id(s.keyx);
        c->sign_now = *spk_rsa_id(s.sign);
    }
    return spk_note_hash(n, previous);
}

static spk_err
take_successors(struct ctl_case *c, const struct spk_json *j)
{
    SPK_AUTO_STR struct spk_note *n = spk_calloc(1, sizeof(*n));
    const struct spk_json *list = NULL;
    struct spk_hash previous = c->request.owner;
    size_t count = 0;
    spk_err e = spk_json_array(j, "successors", &list, &count);

    SPK_CHECK(n != NULL, NOMEM);
    SPK_TRY(fault(c, e, N_("the list of successor statements is missing")));
    SPK_CHECK(count <= CTL_CASE_SUCCESSORS_MAX, LIMIT);
    for (size_t i = 0; i < count; i++) {
        const char *text = spk_json_text(spk_json_at(list, i));

        e = text == NULL ? SPK_ERR(FORMAT) : take_successor(c, spk_span_str(text), n, &previous);
        SPK_TRY(fault(c, e, N_("the chain of the owner's keys does not hold")));
    }
    return SPK_OK;
}

/* Pairs that the request would bring in must be new. */
static spk_err
check_keys(struct ctl_case *c)
{
    const struct spk_hash *keyx = spk_rsa_id(c->request.keyx);
    const struct spk_hash *sign = spk_rsa_id(c->request.sign);
    bool old = spk_hash_eq(keyx, &c->keyx_now) || spk_hash_eq(keyx, &c->sign_now) ||
               spk_hash_eq(sign, &c->keyx_now) || spk_hash_eq(sign, &c->sign_now);

    return hold(
        c, !old && spk_pin_by_key(c->pin, keyx) == NULL && spk_pin_by_key(c->pin, sign) == NULL,
        N_("one of the new keys is in use already"));
}

/* -- Which files are asked for: the list must be what the record's root says. */
static spk_err
serials_root(const struct ctl_case *c, struct spk_hash *ret_root)
{
    SPK_AUTO_STR struct spk_hash *leaves = spk_calloc(c->n_serials, sizeof(*leaves));

    SPK_CHECK(leaves != NULL, NOMEM);
    for (size_t i = 0; i < c->n_serials; i++) {
        SPK_TRY(spk_leaf_hash(SPK_SPAN_OF(c->serials[i].b), &leaves[i]));
    }
    return spk_tree_root(leaves, c->n_serials, ret_root);
}

static spk_err
read_serials(struct ctl_case *c, const struct spk_json *list, size_t n)
{
    SPK_CHECK(n > 0 && n <= SPK_REQ_LISTED_MAX, LIMIT);
    c->serials = spk_calloc(n, sizeof(*c->serials));
    SPK_CHECK(c->serials != NULL, NOMEM);
    for (size_t i = 0; i < n; i++) {
        const char *hex = spk_json_text(spk_json_at(list, i));

        SPK_CHECK(hex != NULL, FORMAT);
        SPK_TRY(spk_hex_parse(spk_span_str(hex), c->serials[i].b, SPK_FILE_ID_LEN));
        SPK_CHECK(i == 0 || spk_span_cmp(SPK_SPAN_OF(c->serials[i - 1].b),
                                         SPK_SPAN_OF(c->serials[i].b)) < 0,
                  FORMAT);
    }
    c->n_serials = n;
    return SPK_OK;
}

static spk_err
take_serials(struct ctl_case *c, const struct spk_json *j)
{
    const struct spk_json *list = NULL;
    struct spk_hash root;
    size_t n = 0;
    spk_err e = SPK_OK;

    if (c->request.select == SPK_SELECT_ALL) {
        return SPK_OK;
    }
    e = spk_json_array(j, "serials", &list, &n);
    e = spk_ok(e) ? read_serials(c, list, n) : e;
    e = spk_ok(e) ? serials_root(c, &root) : e;
    SPK_TRY(fault(c, e, N_("the list of files that are asked for is not of its format")));
    return hold(c, c->n_serials == c->request.count && spk_hash_eq(&root, &c->request.root),
                N_("the list of files is not the one that the record names"));
}

/* -- The authority's word: what it says of state and times. */
static spk_err
take_claims(struct ctl_case *c, const struct spk_json *j)
{
    const struct spk_json *scope = NULL;
    const char *state = NULL;

    SPK_TRY(spk_json_str(j, "state", &state));
    SPK_CHECK(strlen(state) < sizeof(c->state), FORMAT);
    memcpy(c->state, state, strlen(state) + 1);
    SPK_TRY(spk_json_u64(j, "opened", &c->opened));
    SPK_TRY(spk_json_u64(j, "due", &c->due));
    if (spk_json_has(j, "expires")) {
        SPK_TRY(spk_json_u64(j, "expires", &c->expires));
    }
    SPK_TRY(spk_json_u64(j, "persons", &c->persons));
    SPK_TRY(spk_json_u64(j, "needed", &c->needed));
    SPK_TRY(spk_json_obj(j, "scope", &scope));
    SPK_TRY(spk_json_u64(scope, "count", &c->scope_count));
    return spk_json_hex(scope, "root", c->scope_root.b, SPK_HASH_LEN);
}

/* -- Votes so far: those that today's officers have really signed for this very request. */
static void
take_vote(struct ctl_case *c, struct spk_span raw, struct spk_note *n)
{
    const struct spk_policy *p = &c->pin->policy;
    struct ctl_case_vote *v = &c->votes[c->n_votes];
    struct spk_vote_facts f;

    ctl_case_facts(c, &f);
    if (!spk_ok(spk_note_parse(raw, false, n))) {
        return;
    }
    v->no_log = false;
    if (!spk_ok(spk_vote_check(n, &f, p, spk_now(), &v->vote, NULL))) {
        f.log = NULL; /* signed before the log had begun: the holder may still count it */
        if (!spk_ok(spk_vote_check(n, &f, p, spk_now(), &v->vote, NULL))) {
            return;
        }
        v->no_log = c->pin->has_logs;
    }
    const struct spk_officer *o = spk_policy_officer_by_key(p, v->vote.key);
    if (o != NULL) {
        (void)snprintf(v->officer, sizeof(v->officer), "%s", spk_officer_short(o));
        c->n_votes++;
    }
}

static spk_err
take_votes(struct ctl_case *c, const struct spk_json *j)
{
    SPK_AUTO_STR struct spk_note *n = spk_calloc(1, sizeof(*n));
    const struct spk_json *list = NULL;
    size_t count = 0;

    SPK_CHECK(n != NULL, NOMEM);
    SPK_TRY(spk_json_array(j, "approvals", &list, &count));
    for (size_t i = 0; i < count && c->n_votes < CTL_CASE_VOTES_MAX; i++) {
        const char *text = spk_json_text(spk_json_at(list, i));

        if (text != NULL) {
            take_vote(c, spk_span_str(text), n);
        }
    }
    return SPK_OK;
}

static spk_err
entry_detail(const struct spk_json *one, struct spk_hash *ret_h)
{
    const char *note = "";

    if (spk_json_has(one, "detail")) {
        SPK_TRY(spk_json_str(one, "detail", &note));
    }
    return spk_sha256(spk_span_str(note), ret_h);
}

/* An authority without a log of recoveries has none. */
static spk_err
take_entries(struct ctl_case *c, const struct spk_json *j)
{
    const struct spk_json *list = NULL;
    size_t count = 0;

    if (!spk_json_has(j, "entries")) {
        return SPK_OK;
    }
    SPK_TRY(spk_json_array(j, "entries", &list, &count));
    for (size_t i = 0; i < count && c->n_entries < CTL_CASE_ENTRIES_MAX; i++) {
        const struct spk_json *one = spk_json_at(list, i);
        struct ctl_case_entry e = {0};

        SPK_TRY(spk_json_u64(one, "index", &e.index));
        SPK_TRY(spk_json_u64(one, "kind", &e.kind));
        SPK_TRY(spk_json_u64(one, "time", &e.time_ms));
        SPK_TRY(entry_detail(one, &e.detail));
        c->entries[c->n_entries++] = e;
    }
    return SPK_OK;
}

spk_err
ctl_case_take(struct ctl_case *c, const struct spk_json *j)
{
    SPK_TRY(take_record(c, j));
    SPK_TRY(fault(c, take_claims(c, j),
                  N_("what the authority says of the request is not of its format")));
    c->more = c->scope_count > 0;
    c->deniable = true;
    SPK_TRY(take_proofs(c, j));
    SPK_TRY(take_enrolment(c, j));
    SPK_TRY(take_successors(c, j));
    SPK_TRY(check_keys(c));
    SPK_TRY(take_serials(c, j));
    SPK_TRY(fault(c, take_entries(c, j), N_("the list of log entries is not of its format")));
    return fault(c, take_votes(c, j), N_("the list of approvals is not of its format"));
}

/* -- The scope, deposit by deposit. */
static spk_err
grow(struct ctl_case *c)
{
    size_t room = c->room == 0 ? 64 : 2 * c->room;
    void *mem = NULL;

    if (c->n_files < c->room) {
        return SPK_OK;
    }
    SPK_CHECK(c->n_files < CTL_CASE_FILES_MAX, LIMIT);
    mem = spk_reallocarray(c->files, room, sizeof(*c->files));
    SPK_CHECK(mem != NULL, NOMEM);
    c->files = mem;
    mem = spk_reallocarray(c->leaves, room, sizeof(*c->leaves));
    SPK_CHECK(mem != NULL, NOMEM);
    c->leaves = mem;
    c->room = room;
    return SPK_OK;
}

static bool
is_listed(const struct ctl_case *c, const struct spk_file_id *id)
{
    size_t low = 0;
    size_t high = c->n_serials;

    while (low < high) {
        size_t mid = low + (high - low) / 2;
        int order = spk_span_cmp(SPK_SPAN_OF(c->serials[mid].b), SPK_SPAN_OF(id->b));

        if (order == 0) {
            return true;
        }
        low = order < 0 ? mid + 1 : low;
        high = order < 0 ? high : mid;
    }
    return c->request.select == SPK_SELECT_ALL;
}

/* P from its preimage, which must name this owner and this serial. */
static spk_err
read_private(const struct ctl_case *c, const struct spk_json *d, struct spk_hash *p,
             struct ctl_case_file *f)
{
    SPK_AUTO_BUF struct spk_buf salt = SPK_BUF((size_t)SPK_SALT_LEN);
    SPK_AUTO_BUF struct spk_buf bytes = SPK_BUF((size_t)SPK_RPRIV_MAX);
    SPK_AUTO_BUF struct spk_buf text = SPK_BUF((size_t)SPK_DESCRIPTION_MAX + 1);
    struct spk_rpriv rp;
    struct spk_hash again;
    const char *description = NULL;

    SPK_TRY(spk_json_base64(d, "salt", &salt));
    SPK_TRY(spk_json_base64(d, "r_priv", &bytes));
    SPK_CHECK(salt.len == SPK_SALT_LEN, FORMAT);
    SPK_TRY(spk_deposit_p(salt.ptr, spk_buf_span(&bytes), &again));
    SPK_CHECK(spk_hash_eq(&again, p), AUTH);
    SPK_TRY(spk_rpriv_parse(spk_buf_span(&bytes), &rp));
    SPK_CHECK(spk_hash_eq(&rp.owner, &c->request.owner), AUTH);
    SPK_CHECK(spk_span_eq(SPK_SPAN_OF(rp.id.b), SPK_SPAN_OF(f->id.b)), AUTH);
    SPK_TRY(spk_buf_add(&text, rp.description));
    SPK_TRY(spk_buf_cstr(&text, &description));
    f->description = spk_strdup(description);
    SPK_CHECK(f->description != NULL, NOMEM);
    f->readable = true;
    return SPK_OK;
}

static spk_err
read_deposit(const struct ctl_case *c, const struct spk_json *d, struct ctl_case_file *f,
             struct spk_hash *ret_leaf)
{
    SPK_AUTO_BUF struct spk_buf bytes = SPK_BUF((size_t)SPK_RPUB_LEN);
    SPK_AUTO_BUF struct spk_buf p_bytes = SPK_BUF((size_t)SPK_HASH_LEN);
    struct spk_rpub rpub;
    struct spk_hash p;
    struct spk_hash oc;
    uint8_t entry[40];

    SPK_TRY(spk_json_u64(d, "index", &f->index));
    SPK_TRY(spk_json_base64(d, "r_pub", &bytes));
    SPK_TRY(spk_json_base64(d, "p", &p_bytes));
    SPK_CHECK(p_bytes.len == SPK_HASH_LEN, FORMAT);
    memcpy(p.b, p_bytes.ptr, SPK_HASH_LEN);
    SPK_TRY(spk_rpub_parse(spk_buf_span(&bytes), &rpub));
    f->id = rpub.id;
    f->time_ms = rpub.time_ms;
    f->policy = rpub.policy;
    if (!spk_json_is_null(d, "r_priv")) {
        SPK_TRY(read_private(c, d, &p, f));
    }
    SPK_TRY(spk_deposit_oc(bytes.ptr, &p, &oc));
    spk_scope_entry(f->index, &oc, entry);
    return spk_leaf_hash(SPK_SPAN_OF(entry), ret_leaf);
}

static spk_err
add_deposit(struct ctl_case *c, const struct spk_json *d)
{
    struct ctl_case_file f = {0};
    struct ctl_case_file *last = c->n_files > 0 ? &c->files[c->n_files - 1] : NULL;
    struct spk_hash leaf;
    spk_err e = read_deposit(c, d, &f, &leaf);

    if (spk_ok(e) && last != NULL && last->index >= f.index) {
        e = SPK_ERR(AUTH);
    }
    e = spk_ok(e) ? grow(c) : e;
    if (!spk_ok(e)) {
        spk_mem_free(f.description);
        return fault(c, e, N_("a deposit in the scope does not hold, or is not this owner's"));
    }
    c->leaves[c->n_files] = leaf;
    c->files[c->n_files++] = f;
    return hold(c, is_listed(c, &f.id), N_("the scope has a file that is not asked for"));
}

spk_err
ctl_case_page(struct ctl_case *c, const struct spk_json *j)
{
    const struct spk_json *list = NULL;
    size_t n = 0;
    spk_err e = spk_json_array(j, "deposits", &list, &n);

    SPK_TRY(fault(c, e, N_("the scope is not of its format")));
    for (size_t i = 0; i < n; i++) {
        SPK_TRY(add_deposit(c, spk_json_at(list, i)));
    }
    c->more = !spk_json_is_null(j, "next");
    return hold(c, !c->more || n > 0, N_("the scope has no end"));
}

bool
ctl_case_after(const struct ctl_case *c, uint64_t *ret_index)
{
    if (c->n_files == 0) {
        return false;
    }
    *ret_index = c->files[c->n_files - 1].index;
    return true;
}

/* As the holder sees it: each file by the stricter of its own policy and today's, and an unknown
 * number counts as today's. */
static spk_err
add_up(struct ctl_case *c)
{
    SPK_AUTO_STR struct spk_policy *p = spk_calloc(1, sizeof(*p));
    bool seen[SPK_POLICIES_MAX + 1] = {false};

    SPK_CHECK(p != NULL, NOMEM);
    ctl_older_add(&c->takes, &c->pin->policy);
    for (size_t i = 0; i < c->n_files; i++) {
        uint32_t number = c->files[i].policy;

        if (number == 0 || number > c->pin->chain->n_policies || seen[number]) {
            continue;
        }
        seen[number] = true;
        SPK_TRY(ctl_pin_policy_at(c->pin, number, p));
        ctl_older_add(&c->takes, p);
    }
    return SPK_OK;
}

spk_err
ctl_case_end(struct ctl_case *c)
{
    struct spk_hash root;

    SPK_TRY(spk_tree_root(c->leaves, c->n_files, &root));
    SPK_TRY(hold(c, c->request.kind == SPK_REQ_KIND_KEYS || c->n_files == 0,
                 N_("it asks for new key pairs only, but has files in its scope")));
    SPK_TRY(hold(c, c->n_files == c->scope_count && spk_hash_eq(&root, &c->scope_root),
                 N_("the scope is not what its count and root say")));
    return add_up(c);
}

bool
ctl_case_vetoed(const struct ctl_case *c)
{
    return strcmp(c->state, "vetoed") == 0;
}

/* What was approved in the first round is confirmed after the wait, whether that is the usual one
 * or the longer one of an override (doc/spec/policy.md §4.4). */
uint32_t
ctl_case_round(const struct ctl_case *c, uint64_t now)
{
    if (strcmp(c->state, "confirm") == 0) {
        return 2;
    }
    return ctl_case_vetoed(c) && c->due != 0 && now >= c->due && c->persons >= c->needed ? 2 : 1;
}

/* As the holder has signed it: what the authority says in passing does not count. */
static const char *
recoveries_log(const struct spk_pin *pin)
{
    return pin->has_logs ? spk_logs_key(&pin->logs, SPK_LOG_RECOVERIES)->name : NULL;
}

void
ctl_case_facts(const struct ctl_case *c, struct spk_vote_facts *ret_f)
{
    *ret_f = (struct spk_vote_facts){.authority = c->request.authority,
                                     .request = c->request.hash,
                                     .owner = c->request.owner,
                                     .scope_count = c->scope_count,
                                     .scope_root = c->scope_root,
                                     .recipient = *spk_rsa_id(c->request.keyx),
                                     .signer = *spk_rsa_id(c->request.sign),
                                     .log = recoveries_log(c->pin)};
}
