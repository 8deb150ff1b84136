/* SPDX-License-Identifier: Apache-2.0 */
#include "case_world.h"

#include <string.h>

#include "base/text.h"
#include "crypto/rng.h"
#include "translog/merkle.h"

struct spk_rsa *keys[KEYS];

void
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
    assert_spk_ok(spk_pin_make(&chain, "https://127.0.0.1:1", NULL, &w->pin));
    spk_buf_free(&text);
    spk_buf_free(&one);
    spk_buf_free(&both);
}

void
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

void
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

void
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

void
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

int
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

int
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

int
make_keys(void **state)
{
    (void)state;
    for (size_t i = 0; i < KEYS; i++) {
        assert_spk_ok(spk_rsa_generate(2048, &keys[i]));
    }
    return 0;
}

int
free_keys(void **state)
{
    (void)state;
    for (size_t i = 0; i < KEYS; i++) {
        spk_rsa_free(keys[i]);
    }
    return 0;
}

static void
notes(struct spk_jw *w, const char *key, const struct spk_buf *list, size_t n)
{
    spk_jw_open(w, key, '[');
    for (size_t i = 0; i < n; i++) {
        spk_jw_str(w, NULL, spk_buf_span(&list[i]));
    }
    spk_jw_close(w, ']');
}

struct spk_json *
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
    spk_jw_open(&j, "entries", '[');
    spk_jw_open(&j, NULL, '{');
    spk_jw_u64(&j, "index", 7);
    spk_jw_u64(&j, "kind", 16);
    spk_jw_u64(&j, "time", 1700000002000);
    spk_jw_close(&j, '}');
    spk_jw_close(&j, ']');
    spk_jw_cstr(&j, "state", "open");
    spk_jw_u64(&j, "opened", 1700000002);
    spk_jw_u64(&j, "due", 0);
    spk_jw_u64(&j, "persons", 0);
    spk_jw_u64(&j, "needed", 2);
    spk_jw_close(&j, '}');
    assert_spk_ok(spk_jw_end(&j));
    assert_spk_ok(spk_json_parse(spk_buf_span(&b), &parsed));
    spk_buf_free(&b);
    return parsed;
}

/* Files from..to of the scope. */
struct spk_json *
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
