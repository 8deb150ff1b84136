/* SPDX-License-Identifier: Apache-2.0 */
/* What an officer's tool believes: a world in which everything holds, and then one lie at a time.
 */
#include "spk_test.h"

#include <string.h>

#include "base/clock.h"
#include "base/text.h"
#include "crypto/rng.h"
#include "ctl/case.h"
#include "ctl/identity.h"
#include "translog/merkle.h"

#define FILES 3
#define TEXT_MAX ((size_t)1 << 20)

enum key { K_AUTHORITY, K_KEYX, K_SIGN, K_NEW_KEYX, K_NEW_SIGN, K_OTHER, KEYS };
static struct spk_rsa *keys[KEYS]; /* made once: they take the most of the time */

struct file {
    struct spk_rpub rpub;
    uint8_t salt[SPK_SALT_LEN];
    struct spk_rpriv priv;
    uint64_t index;
    bool hidden; /* R_priv is not readable for the authority either */
};
struct world {
    struct spk_identity *alice, *bob, *stranger;
    struct spk_secret *holder;
    struct spk_pin *pin;
    struct spk_enrolment enrolment;
    struct spk_request request;
    struct spk_hash ask; /* the hash that the officer asks for */
    size_t n_files;
    struct file files[FILES];
    size_t n_serials;
    struct spk_file_id serials[FILES];
    struct spk_buf record, sig_sign, sig_keyx, enrol, enrol_sig;
    size_t n_notes, n_votes;
    struct spk_buf successors[4], votes[4];
    uint64_t count;
    struct spk_hash root;
    const char *fault; /* what the last run found */
};

static void
sign_note(struct spk_span text, const char *name, const struct spk_secret *seed,
          struct spk_buf *note)
{
    *note = SPK_BUF(SPK_NOTE_MAX);
    assert_spk_ok(spk_note_sign(text, NULL, name, seed, note));
}

/* Genesis policy by alice and bob; statement; pin. */
static void
make_pin(struct world *w)
{
    struct spk_policy p = {.number = 1,
                           .quorum = 2,
                           .deny = 1,
                           .request_life = 30 * 86400,
                           .approval_life = 7 * 86400,
                           .n_officers = 2};
    struct spk_authority a = {.name = "authority", .epoch = 1};
    struct spk_buf text = SPK_BUF(SPK_NOTE_MAX);
    struct spk_buf one;
    struct spk_buf both = SPK_BUF(SPK_NOTE_MAX);
    struct spk_note n;
    struct spk_chain *chain = NULL;
    uint8_t pub[32];

    p.officers[0] = w->alice->officer;
    p.officers[1] = w->bob->officer;
    assert_spk_ok(spk_policy_format(&p, &text));
    assert_spk_ok(spk_sha256(spk_buf_span(&text), &a.policy));
    sign_note(spk_buf_span(&text), "officer/alice", w->alice->sign, &one);
    assert_spk_ok(spk_note_parse(spk_buf_span(&one), false, &n));
    assert_spk_ok(spk_note_sign(n.text, &n, "officer/bob", w->bob->sign, &both));
    assert_spk_ok(spk_chain_new(&chain));
    assert_spk_ok(spk_chain_add_policy(chain, spk_buf_span(&both)));

    assert_spk_ok(spk_secret_random(32, &w->holder));
    assert_spk_ok(spk_ed25519_public(w->holder, pub));
    assert_spk_ok(spk_vkey_make("authority/holder", pub, &a.holder));
    memset(a.tls.b, 9, sizeof(a.tls.b));
    a.key = keys[K_AUTHORITY];
    spk_buf_reset(&text);
    assert_spk_ok(spk_authority_format(&a, &text));
    assert_spk_ok(spk_chain_add_statement(chain, spk_buf_span(&text)));
    assert_spk_ok(spk_pin_make(&chain, "https://127.0.0.1:1", 1, &w->pin));
    spk_buf_free(&text);
    spk_buf_free(&one);
    spk_buf_free(&both);
}

static void
sign_enrolment(struct world *w, enum key by)
{
    w->enrol.len = 0;
    w->enrol_sig.len = 0;
    assert_spk_ok(spk_enrolment_build(&w->enrolment, &w->enrol));
    assert_spk_ok(spk_statement_sign(keys[by], SPK_KIND_ENROL, spk_rsa_id(keys[K_AUTHORITY]),
                                     spk_buf_span(&w->enrol), &w->enrol_sig));
}

static void
make_enrolment(struct world *w)
{
    w->enrolment = (struct spk_enrolment){.name = SPK_SPAN_LIT("Olga Owner"),
                                          .n_contacts = 1,
                                          .contacts = {SPK_SPAN_LIT("telephone 1")},
                                          .keyx = keys[K_KEYX],
                                          .sign = keys[K_SIGN],
                                          .time = 1700000000};
    memset(w->enrolment.veto, 3, sizeof(w->enrolment.veto));
    sign_enrolment(w, K_SIGN);
    assert_spk_ok(spk_sha256(spk_buf_span(&w->enrol), &w->request.owner));
}

static void
make_files(struct world *w)
{
    static const char *const names[FILES] = {"one.txt", "two \xe2\x80\xae.txt", "three"};

    w->n_files = FILES;
    for (size_t i = 0; i < FILES; i++) {
        struct file *f = &w->files[i];

        memset(&f->rpub, 0, sizeof(f->rpub));
        f->rpub.alg = 0x6610;
        f->rpub.epoch = 1;
        f->rpub.policy = 1;
        f->rpub.time_ms = 1700000000000u + i;
        f->index = 10 + i;
        assert_spk_ok(spk_uuid7(&f->rpub.id));
        memset(f->salt, (int)i, sizeof(f->salt));
        f->priv = (struct spk_rpriv){
            .owner = w->request.owner, .id = f->rpub.id, .description = spk_span_str(names[i])};
    }
}

/* The list of serials, and the root over it in the record. */
static void
list_files(struct world *w, size_t n)
{
    struct spk_hash leaves[FILES];

    w->n_serials = n;
    for (size_t i = 0; i < n; i++) {
        w->serials[i] = w->files[i].rpub.id;
        assert_spk_ok(spk_leaf_hash(SPK_SPAN_OF(w->serials[i].b), &leaves[i]));
    }
    w->request.select = SPK_SELECT_LISTED;
    w->request.count = (uint32_t)n;
    assert_spk_ok(spk_tree_root(leaves, n, &w->request.root));
}

static void
sign_request(struct world *w, enum key by_sign, enum key by_keyx)
{
    w->record.len = 0;
    w->sig_sign.len = 0;
    w->sig_keyx.len = 0;
    assert_spk_ok(spk_request_build(&w->request, &w->record));
    assert_spk_ok(spk_statement_sign(keys[by_sign], SPK_KIND_REQUEST, &w->request.authority,
                                     spk_buf_span(&w->record), &w->sig_sign));
    assert_spk_ok(spk_statement_sign(keys[by_keyx], SPK_KIND_POSSESSION, &w->request.authority,
                                     spk_buf_span(&w->record), &w->sig_keyx));
    assert_spk_ok(spk_sha256(spk_buf_span(&w->record), &w->ask));
}

static void
leaf_of(const struct file *f, struct spk_buf *rpriv, uint8_t rpub[SPK_RPUB_LEN], struct spk_hash *p,
        struct spk_hash *leaf)
{
    uint8_t entry[40];
    struct spk_hash oc;

    rpriv->len = 0;
    assert_spk_ok(spk_rpriv_build(&f->priv, rpriv));
    assert_spk_ok(spk_deposit_p(f->salt, spk_buf_span(rpriv), p));
    spk_rpub_build(&f->rpub, rpub);
    assert_spk_ok(spk_deposit_oc(rpub, p, &oc));
    spk_scope_entry(f->index, &oc, entry);
    assert_spk_ok(spk_leaf_hash(SPK_SPAN_OF(entry), leaf));
}

/* The scope as the authority would freeze it. */
static void
freeze(struct world *w)
{
    struct spk_buf rpriv = SPK_BUF(SPK_RPRIV_MAX);
    struct spk_hash leaves[FILES];
    struct spk_hash p;
    uint8_t rpub[SPK_RPUB_LEN];

    for (size_t i = 0; i < w->n_files; i++) {
        leaf_of(&w->files[i], &rpriv, rpub, &p, &leaves[i]);
    }
    w->count = w->n_files;
    assert_spk_ok(spk_tree_root(leaves, w->n_files, &w->root));
    spk_buf_free(&rpriv);
}

static int
setup(void **state)
{
    struct world *w = spk_calloc(1, sizeof(*w));

    assert_non_null(w);
    struct spk_buf *bufs[] = {&w->record, &w->sig_sign, &w->sig_keyx, &w->enrol, &w->enrol_sig};

    for (size_t i = 0; i < sizeof(bufs) / sizeof(bufs[0]); i++) {
        *bufs[i] = SPK_BUF(8192);
    }
    assert_spk_ok(spk_identity_new("alice", "alice", &w->alice));
    assert_spk_ok(spk_identity_new("bob", "bob", &w->bob));
    assert_spk_ok(spk_identity_new("stranger", "stranger", &w->stranger));
    make_pin(w);
    make_enrolment(w);
    make_files(w);
    w->request.authority = *spk_rsa_id(keys[K_AUTHORITY]);
    w->request.kind = SPK_REQ_KIND_KEYS;
    w->request.select = SPK_SELECT_ALL;
    w->request.reason = SPK_SPAN_LIT("laptop stolen");
    w->request.keyx = keys[K_NEW_KEYX];
    w->request.sign = keys[K_NEW_SIGN];
    w->request.time = 1700000001;
    sign_request(w, K_NEW_SIGN, K_NEW_KEYX);
    freeze(w);
    *state = w;
    return 0;
}

static int
teardown(void **state)
{
    struct world *w = *state;
    struct spk_buf *bufs[] = {&w->record, &w->sig_sign, &w->sig_keyx, &w->enrol, &w->enrol_sig};

    for (size_t i = 0; i < sizeof(bufs) / sizeof(bufs[0]); i++) {
        spk_buf_free(bufs[i]);
    }
    for (size_t i = 0; i < w->n_notes; i++) {
        spk_buf_free(&w->successors[i]);
    }
    for (size_t i = 0; i < w->n_votes; i++) {
        spk_buf_free(&w->votes[i]);
    }
    spk_identity_free(w->alice);
    spk_identity_free(w->bob);
    spk_identity_free(w->stranger);
    spk_secret_free(w->holder);
    spk_pin_free(w->pin);
    spk_mem_free(w);
    return 0;
}

static int
make_keys(void **state)
{
    (void)state;
    for (size_t i = 0; i < KEYS; i++) {
        assert_spk_ok(spk_rsa_generate(2048, &keys[i]));
    }
    return 0;
}

static int
free_keys(void **state)
{
    (void)state;
    for (size_t i = 0; i < KEYS; i++) {
        spk_rsa_free(keys[i]);
    }
    return 0;
}

/* -- the authority's two answers */

static void
notes(struct spk_jw *w, const char *key, const struct spk_buf *list, size_t n)
{
    spk_jw_open(w, key, '[');
    for (size_t i = 0; i < n; i++) {
        spk_jw_str(w, NULL, spk_buf_span(&list[i]));
    }
    spk_jw_close(w, ']');
}

static struct spk_json *
preimages(const struct world *w)
{
    struct spk_buf b = SPK_BUF(TEXT_MAX);
    struct spk_jw j = {.b = &b};
    struct spk_json *parsed = NULL;

    spk_jw_open(&j, NULL, '{');
    spk_jw_base64(&j, "record", spk_buf_span(&w->record));
    spk_jw_base64(&j, "sig_sign", spk_buf_span(&w->sig_sign));
    spk_jw_base64(&j, "sig_keyx", spk_buf_span(&w->sig_keyx));
    spk_jw_open(&j, "serials", '[');
    for (size_t i = 0; i < w->n_serials; i++) {
        spk_jw_hex(&j, NULL, SPK_SPAN_OF(w->serials[i].b));
    }
    spk_jw_close(&j, ']');
    spk_jw_base64(&j, "enrolment", spk_buf_span(&w->enrol));
    spk_jw_base64(&j, "enrolment_signature", spk_buf_span(&w->enrol_sig));
    notes(&j, "successors", w->successors, w->n_notes);
    notes(&j, "approvals", w->votes, w->n_votes);
    spk_jw_open(&j, "scope", '{');
    spk_jw_u64(&j, "count", w->count);
    spk_jw_hex(&j, "root", spk_hash_span(&w->root));
    spk_jw_close(&j, '}');
    spk_jw_cstr(&j, "state", "open");
    spk_jw_u64(&j, "opened", 1700000002);
    spk_jw_u64(&j, "due", 0);
    spk_jw_close(&j, '}');
    assert_spk_ok(spk_jw_end(&j));
    assert_spk_ok(spk_json_parse(spk_buf_span(&b), &parsed));
    spk_buf_free(&b);
    return parsed;
}

/* Files from..to of the scope. */
static struct spk_json *
scope(const struct world *w, size_t from, size_t to)
{
    struct spk_buf b = SPK_BUF(TEXT_MAX);
    struct spk_buf rpriv = SPK_BUF(SPK_RPRIV_MAX);
    struct spk_jw j = {.b = &b};
    struct spk_json *parsed = NULL;
    uint8_t rpub[SPK_RPUB_LEN];
    struct spk_hash p;
    struct spk_hash leaf;

    spk_jw_open(&j, NULL, '{');
    spk_jw_open(&j, "deposits", '[');
    for (size_t i = from; i < to; i++) {
        leaf_of(&w->files[i], &rpriv, rpub, &p, &leaf);
        spk_jw_open(&j, NULL, '{');
        spk_jw_u64(&j, "index", w->files[i].index);
        spk_jw_base64(&j, "r_pub", SPK_SPAN_OF(rpub));
        spk_jw_base64(&j, "p", spk_hash_span(&p));
        if (w->files[i].hidden) {
            spk_jw_null(&j, "salt");
            spk_jw_null(&j, "r_priv");
        } else {
            spk_jw_base64(&j, "salt", SPK_SPAN_OF(w->files[i].salt));
            spk_jw_base64(&j, "r_priv", spk_buf_span(&rpriv));
        }
        spk_jw_close(&j, '}');
    }
    spk_jw_close(&j, ']');
    if (to < w->n_files) {
        spk_jw_u64(&j, "next", w->files[to].index);
    } else {
        spk_jw_null(&j, "next");
    }
    spk_jw_close(&j, '}');
    assert_spk_ok(spk_jw_end(&j));
    assert_spk_ok(spk_json_parse(spk_buf_span(&b), &parsed));
    spk_buf_free(&b);
    spk_buf_free(&rpriv);
    return parsed;
}

/* Everything as the tool does it, two files a page. */
static spk_err
look(struct world *w, struct ctl_case **ret_c)
{
    SPK_AUTO(ctl_case) c = NULL;
    SPK_AUTO(spk_json) j = preimages(w);
    size_t at = 0;

    assert_spk_ok(ctl_case_new(w->pin, &w->ask, &c));
    spk_err e = ctl_case_take(c, j);
    while (spk_ok(e) && c->more) {
        size_t to = at + 2 < w->n_files ? at + 2 : w->n_files;
        SPK_AUTO(spk_json) page = scope(w, at, to);

        e = ctl_case_page(c, page);
        at = to;
    }
    e = spk_ok(e) ? ctl_case_end(c) : e;
    w->fault = c->fault;
    *ret_c = SPK_STEAL(c);
    return e;
}

static void
assert_holds(struct world *w)
{
    SPK_AUTO(ctl_case) c = NULL;
    spk_err e = look(w, &c);

    if (w->fault != NULL) {
        print_message("fault: %s\n", w->fault);
    }
    assert_spk_ok(e);
    assert_null(w->fault);
}

/* It is refused, and the sentence is about this. */
static void
assert_lie(struct world *w, const char *about)
{
    SPK_AUTO(ctl_case) c = NULL;
    spk_err e = look(w, &c);

    assert_spk_code(e, AUTH);
    assert_non_null(w->fault);
    if (strstr(w->fault, about) == NULL) {
        print_message("fault: %s\n", w->fault);
    }
    assert_non_null(strstr(w->fault, about));
}

/* -- what holds */

static void
all_holds(void **state)
{
    struct world *w = *state;
    struct ctl_case *c = NULL;
    struct spk_vote_facts f;

    assert_spk_ok(look(w, &c));
    assert_int_equal(c->n_files, FILES);
    assert_string_equal(c->files[0].description, "one.txt");
    assert_true(c->files[0].readable);
    ctl_case_facts(c, &f);
    assert_memory_equal(f.request.b, w->ask.b, SPK_HASH_LEN);
    assert_memory_equal(f.recipient.b, spk_rsa_id(keys[K_NEW_KEYX])->b, SPK_HASH_LEN);
    assert_memory_equal(f.signer.b, spk_rsa_id(keys[K_NEW_SIGN])->b, SPK_HASH_LEN);
    assert_int_equal(f.scope_count, FILES);
    assert_memory_equal(f.scope_root.b, w->root.b, SPK_HASH_LEN);
    ctl_case_free(c);
}

static void
listed_files_hold(void **state)
{
    struct world *w = *state;

    list_files(w, 2);
    w->n_files = 2;
    sign_request(w, K_NEW_SIGN, K_NEW_KEYX);
    freeze(w);
    assert_holds(w);
}

static void
no_files_hold(void **state)
{
    struct world *w = *state;

    w->request.kind = SPK_REQ_KIND_PAIRS;
    w->n_files = 0;
    sign_request(w, K_NEW_SIGN, K_NEW_KEYX);
    freeze(w);
    assert_holds(w);
}

/* Every line is marked, and nothing in a record can make a line of its own. */
static void
render(void **state)
{
    struct world *w = *state;
    struct ctl_case *c = NULL;
    struct spk_buf b = SPK_BUF(TEXT_MAX);
    struct spk_span rest;
    struct spk_span line;
    const char *text = NULL;

    w->files[2].hidden = true;
    assert_spk_ok(look(w, &c));
    assert_spk_ok(ctl_case_render(c, 2, &b));
    rest = spk_buf_span(&b);
    while (spk_split(&rest, '\n', &line)) {
        assert_true(line.len > 10);
        assert_true(memcmp(line.ptr, "verified  ", 10) == 0 ||
                    memcmp(line.ptr, "claimed   ", 10) == 0);
    }
    assert_int_equal(rest.len, 0);
    assert_spk_ok(spk_buf_cstr(&b, &text));
    assert_non_null(strstr(text, "verified  name             Olga Owner\n"));
    assert_non_null(strstr(text, "claimed   reason           laptop stolen\n"));
    assert_non_null(strstr(text, "one.txt\n"));
    assert_non_null(strstr(text, "two \\u{202E}.txt\n")); /* right-to-left override, escaped */
    assert_non_null(strstr(text, "... and 1 more\n"));
    assert_non_null(strstr(text, "claimed   owner of         1 files"));
    ctl_case_free(c);
    spk_buf_free(&b);
}

/* -- lies about the request */

static void
another_request(void **state)
{
    struct world *w = *state;

    w->ask.b[0] ^= 1;
    assert_lie(w, "another request");
}

static void
another_authority(void **state)
{
    struct world *w = *state;

    w->request.authority = *spk_rsa_id(keys[K_OTHER]);
    sign_request(w, K_NEW_SIGN, K_NEW_KEYX);
    assert_lie(w, "another authority");
}

static void
exchanged_recipient(void **state)
{
    struct world *w = *state;
    struct spk_hash asked = w->ask;

    /* the server puts its own key in: the hash that was read out does not fit any more */
    w->request.keyx = keys[K_OTHER];
    sign_request(w, K_NEW_SIGN, K_OTHER);
    w->ask = asked;
    assert_lie(w, "another request");
}

static void
no_possession_of_keyx(void **state)
{
    struct world *w = *state;

    sign_request(w, K_NEW_SIGN, K_OTHER);
    assert_lie(w, "not proven");
}

static void
no_possession_of_sign(void **state)
{
    struct world *w = *state;

    sign_request(w, K_OTHER, K_NEW_KEYX);
    assert_lie(w, "not proven");
}

static void
old_key_again(void **state)
{
    struct world *w = *state;

    w->request.sign = keys[K_SIGN]; /* the stolen one */
    sign_request(w, K_SIGN, K_NEW_KEYX);
    assert_lie(w, "in use already");
}

static void
authority_key_as_recipient(void **state)
{
    struct world *w = *state;

    w->request.keyx = keys[K_AUTHORITY];
    sign_request(w, K_NEW_SIGN, K_AUTHORITY);
    assert_lie(w, "in use already");
}

/* -- lies about the owner */

static void
another_owner(void **state)
{
    struct world *w = *state;

    w->enrolment.name = SPK_SPAN_LIT("Mallory");
    sign_enrolment(w, K_SIGN);
    assert_lie(w, "another owner");
}

static void
enrolment_signed_by_another(void **state)
{
    struct world *w = *state;

    sign_enrolment(w, K_OTHER);
    assert_lie(w, "under the enrolment");
}

static void
add_successor(struct world *w, const struct spk_successor *s, const struct spk_secret *by)
{
    struct spk_buf text = SPK_BUF(SPK_NOTE_MAX);

    assert_spk_ok(spk_successor_format(s, &text));
    sign_note(spk_buf_span(&text), "authority/holder", by, &w->successors[w->n_notes++]);
    spk_buf_free(&text);
}

static struct spk_successor
successor(const struct world *w)
{
    struct spk_successor s = {.authority = w->request.authority,
                              .owner = w->request.owner,
                              .number = 1,
                              .previous = w->request.owner,
                              .keyx = keys[K_OTHER],
                              .sign = keys[K_SIGN],
                              .time = 1700000000};

    memset(s.request.b, 5, sizeof(s.request.b));
    return s;
}

static void
chain_of_keys_holds(void **state)
{
    struct world *w = *state;
    struct spk_successor s = successor(w);
    struct ctl_case *c = NULL;

    add_successor(w, &s, w->holder);
    assert_spk_ok(look(w, &c));
    assert_int_equal(c->n_successors, 1);
    assert_memory_equal(c->keyx_now.b, spk_rsa_id(keys[K_OTHER])->b, SPK_HASH_LEN);
    ctl_case_free(c);
}

static void
done_request_still_shows(void **state)
{
    struct world *w = *state;
    struct spk_successor s = successor(w);
    struct ctl_case *c = NULL;

    s.keyx = keys[K_NEW_KEYX];
    s.sign = keys[K_NEW_SIGN];
    s.request = w->ask;
    add_successor(w, &s, w->holder);
    assert_spk_ok(look(w, &c));
    assert_true(c->is_done);
    ctl_case_free(c);
}

static void
successor_by_another(void **state)
{
    struct world *w = *state;
    struct spk_successor s = successor(w);

    add_successor(w, &s, w->bob->sign);
    assert_lie(w, "chain of the owner's keys");
}

static void
successor_with_a_gap(void **state)
{
    struct world *w = *state;
    struct spk_successor s = successor(w);

    s.number = 2;
    memset(s.previous.b, 8, sizeof(s.previous.b));
    add_successor(w, &s, w->holder);
    assert_lie(w, "chain of the owner's keys");
}

static void
successor_of_another_owner(void **state)
{
    struct world *w = *state;
    struct spk_successor s = successor(w);

    memset(s.owner.b, 8, sizeof(s.owner.b));
    s.previous = s.owner;
    add_successor(w, &s, w->holder);
    assert_lie(w, "chain of the owner's keys");
}

/* -- lies about the files */

static void
list_was_exchanged(void **state)
{
    struct world *w = *state;

    list_files(w, 2);
    w->n_files = 2;
    sign_request(w, K_NEW_SIGN, K_NEW_KEYX);
    freeze(w);
    w->serials[1] = w->files[2].rpub.id;
    assert_lie(w, "list of files is not the one");
}

static void
more_than_was_asked_for(void **state)
{
    struct world *w = *state;

    list_files(w, 2);
    sign_request(w, K_NEW_SIGN, K_NEW_KEYX);
    freeze(w); /* all three */
    assert_lie(w, "not asked for");
}

static void
file_left_out(void **state)
{
    struct world *w = *state;

    w->n_files = 2; /* the frozen scope has three */
    assert_lie(w, "count and root");
}

static void
file_relabelled(void **state)
{
    struct world *w = *state;

    w->files[1].priv.description = SPK_SPAN_LIT("harmless.txt"); /* with a P of its own */
    assert_lie(w, "count and root");
}

static void
file_of_another_owner(void **state)
{
    struct world *w = *state;

    memset(w->files[1].priv.owner.b, 6, SPK_HASH_LEN);
    freeze(w);
    assert_lie(w, "not this owner's");
}

static void
serial_of_another_file(void **state)
{
    struct world *w = *state;

    w->files[1].priv.id = w->files[0].rpub.id;
    freeze(w);
    assert_lie(w, "not this owner's");
}

static void
same_file_twice(void **state)
{
    struct world *w = *state;

    w->files[2] = w->files[1];
    freeze(w);
    assert_lie(w, "does not hold");
}

static void
files_with_pairs_only(void **state)
{
    struct world *w = *state;

    w->request.kind = SPK_REQ_KIND_PAIRS;
    sign_request(w, K_NEW_SIGN, K_NEW_KEYX);
    assert_lie(w, "new key pairs only");
}

static void
scope_without_end(void **state)
{
    struct world *w = *state;
    SPK_AUTO(ctl_case) c = NULL;
    SPK_AUTO(spk_json) j = preimages(w);
    SPK_AUTO(spk_json) page = NULL;

    assert_spk_ok(ctl_case_new(w->pin, &w->ask, &c));
    assert_spk_ok(ctl_case_take(c, j));
    assert_spk_ok(spk_json_parse(SPK_SPAN_LIT("{\"deposits\":[],\"next\":7}"), &page));
    assert_spk_code(ctl_case_page(c, page), AUTH);
    assert_non_null(strstr(c->fault, "no end"));
}

/* -- votes */

static void
add_vote(struct world *w, const struct spk_identity *by, const struct spk_hash *request)
{
    struct spk_buf text = SPK_BUF(SPK_NOTE_MAX);
    struct spk_approval a = {.authority = w->request.authority,
                             .request = *request,
                             .owner = w->request.owner,
                             .scope_count = w->count,
                             .scope_root = w->root,
                             .recipient = *spk_rsa_id(keys[K_NEW_KEYX]),
                             .signer = *spk_rsa_id(keys[K_NEW_SIGN]),
                             .approve = true,
                             .policy = 1,
                             .policy_hash = w->pin->policy.hash,
                             .round = 1,
                             .time = spk_now(),
                             .expires = spk_now() + 3600};

    assert_spk_ok(spk_approval_format(&a, &text));
    sign_note(spk_buf_span(&text), by->officer.key.name, by->sign, &w->votes[w->n_votes++]);
    spk_buf_free(&text);
}

/* Shown are those that today's officers have signed for this very request. */
static void
only_real_votes_count(void **state)
{
    struct world *w = *state;
    struct spk_hash other = w->ask;
    struct ctl_case *c = NULL;

    other.b[5] ^= 1;
    add_vote(w, w->stranger, &w->ask);
    add_vote(w, w->alice, &other);
    add_vote(w, w->bob, &w->ask);
    assert_spk_ok(look(w, &c));
    assert_int_equal(c->n_votes, 1);
    assert_string_equal(c->votes[0].officer, "bob");
    ctl_case_free(c);
}

/* A no can be said when the record itself is right, whatever else is wrong. */
static void
what_can_be_denied(void **state)
{
    struct world *w = *state;
    struct ctl_case *c = NULL;

    sign_enrolment(w, K_OTHER);
    assert_spk_code(look(w, &c), AUTH);
    assert_true(c->deniable);
    ctl_case_free(c);
    w->ask.b[0] ^= 1;
    assert_spk_code(look(w, &c), AUTH);
    assert_false(c->deniable);
    ctl_case_free(c);
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        T(all_holds),
        T(listed_files_hold),
        T(no_files_hold),
        T(render),
        T(another_request),
        T(another_authority),
        T(exchanged_recipient),
        T(no_possession_of_keyx),
        T(no_possession_of_sign),
        T(old_key_again),
        T(authority_key_as_recipient),
        T(another_owner),
        T(enrolment_signed_by_another),
        T(chain_of_keys_holds),
        T(done_request_still_shows),
        T(successor_by_another),
        T(successor_with_a_gap),
        T(successor_of_another_owner),
        T(list_was_exchanged),
        T(more_than_was_asked_for),
        T(file_left_out),
        T(file_relabelled),
        T(file_of_another_owner),
        T(serial_of_another_file),
        T(same_file_twice),
        T(files_with_pairs_only),
        T(scope_without_end),
        T(only_real_votes_count),
        T(what_can_be_denied),
    };

    return cmocka_run_group_tests(tests, make_keys, free_keys);
}
