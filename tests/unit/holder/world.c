/* SPDX-License-Identifier: Apache-2.0 */
#include "world.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/text.h"
#include "crypto/rng.h"

static const char *const officer_names[WORLD_OFFICERS] = {"alice", "bob", "carol", "carol-token",
                                                          "dave"};
static const char *const persons[WORLD_OFFICERS] = {"alice", "bob", "carol", "carol", "dave"};

static uint64_t wall_offset, running_offset; /* seconds */

static uint64_t
bent_running(void)
{
    return spk_running_ms() + running_offset * 1000;
}

void
world_pass(uint64_t wall_s, uint64_t running_s)
{
    wall_offset += wall_s;
    running_offset += running_s;
    spk_clock_set_offset((int64_t)wall_offset * 1000);
}

/* -- People
 * ------------------------------------------------------------------------------------------ */

/* Key generation is slow; the tests of one program share their pairs. */
static struct spk_rsa *
pair(size_t i)
{
    static struct spk_rsa *made[8];

    if (made[i] == NULL) {
        assert_spk_ok(spk_rsa_generate(2048, &made[i]));
    }
    return spk_rsa_ref(made[i]);
}

static void
person_make(struct person *p, const char *name, size_t i)
{
    struct spk_enrolment e = {.name = spk_span_str(name), .time = 1};

    p->keyx = pair(i);
    p->sign = pair(i + 1);
    assert_spk_ok(spk_secret_random(32, &p->veto));
    e.keyx = p->keyx;
    e.sign = p->sign;
    assert_spk_ok(spk_ed25519_public(p->veto, e.veto));
    assert_spk_ok(spk_random(SPK_MUT_OF(e.nonce)));
    p->enrol = SPK_BUF(SPK_ENROL_RECORD_MAX);
    assert_spk_ok(spk_enrolment_build(&e, &p->enrol));
    assert_spk_ok(spk_sha256(spk_buf_span(&p->enrol), &p->owner));
}

static void
person_free(struct person *p)
{
    spk_rsa_free(p->keyx);
    spk_rsa_free(p->sign);
    spk_secret_free(p->veto);
    spk_buf_free(&p->enrol);
}

static void
officer_make(struct world *w, size_t i)
{
    struct spk_officer *o = &w->policy.officers[i];
    uint8_t pub[32];
    char name[64];

    assert_spk_ok(spk_secret_random(32, &w->officer[i]));
    assert_spk_ok(spk_secret_random(32, &w->seal[i]));
    assert_spk_ok(spk_ed25519_public(w->officer[i], pub));
    (void)snprintf(name, sizeof(name), "officer/%s", officer_names[i]);
    assert_spk_ok(spk_vkey_make(name, pub, &o->key));
    assert_spk_ok(spk_x25519_public(w->seal[i], o->seal));
    (void)snprintf(o->person, sizeof(o->person), "%s", persons[i]);
}

void
policy_note(struct world *w, const struct spk_policy *p, unsigned officers, struct spk_buf *note)
{
    SPK_AUTO_BUF struct spk_buf text = SPK_BUF(SPK_NOTE_MAX);
    SPK_AUTO_BUF struct spk_buf prior = SPK_BUF(SPK_NOTE_MAX);
    struct spk_note n;
    bool first = true;

    assert_spk_ok(spk_policy_format(p, &text));
    for (size_t i = 0; i < WORLD_OFFICERS; i++) {
        if ((officers >> i & 1) == 0) {
            continue;
        }
        char name[64];
        (void)snprintf(name, sizeof(name), "officer/%s", officer_names[i]);
        spk_buf_reset(note);
        if (!first) {
            assert_spk_ok(spk_note_parse(spk_buf_span(&prior), false, &n));
        }
        assert_spk_ok(
            spk_note_sign(spk_buf_span(&text), first ? NULL : &n, name, w->officer[i], note));
        spk_buf_reset(&prior);
        assert_spk_ok(spk_buf_add(&prior, spk_buf_span(note)));
        first = false;
    }
}

void
world_people(struct world *w, world_tune *tune)
{
    struct spk_note n;

    memset(w, 0, sizeof(*w));
    w->dirfd = -1;
    w->sock = -1;
    w->reply = SPK_BUF(SPK_FRAME_MAX);
    w->genesis = SPK_BUF(SPK_NOTE_MAX);
    person_make(&w->owner, "Olga Owner", 0);
    person_make(&w->thief, "Olga Owner", 2);
    w->new_keyx = pair(4);
    w->new_sign = pair(5);
    w->policy = (struct spk_policy){.number = 1,
                                    .quorum = 2,
                                    .deny = 1,
                                    .request_life = 14 * 86400,
                                    .approval_life = 7 * 86400,
                                    .n_officers = WORLD_OFFICERS};
    for (size_t i = 0; i < WORLD_OFFICERS; i++) {
        officer_make(w, i);
    }
    w->policy.officers[DAVE].n_owners = 1;
    w->policy.officers[DAVE].owners[0] = w->owner.owner;
    if (tune != NULL) {
        tune(&w->policy);
    }
    policy_note(w, &w->policy, 31, &w->genesis);
    assert_spk_ok(spk_note_parse(spk_buf_span(&w->genesis), false, &n));
    assert_spk_ok(spk_note_hash(&n, &w->policy.hash));
}

void
world_start(struct world *w)
{
    assert_spk_ok(spk_holder_open(w->dirfd, NULL, &w->h));
    w->h->clock.running = bent_running;
    spk_hclock_init(&w->h->clock, w->h->state->wall, w->h->state->running);
    w->s = (struct spk_hsession){.may_stop = true};
    assert_int_equal(say_hello(w), SPK_FRAME_OK);
}

void
world_stop(struct world *w)
{
    spk_holder_free(w->h);
    w->h = NULL;
}

void
world_new(struct world *w, world_tune *tune)
{
    const char *name = "authority.example";
    SPK_AUTO(spk_secret) seed = NULL;
    SPK_AUTO(spk_rsa) authority = pair(6);

    world_people(w, tune);
    w->keys = spk_calloc(1, sizeof(*w->keys));
    assert_non_null(w->keys);
    assert_spk_ok(spk_secret_random(32, &seed));
    assert_spk_ok(spk_keys_identity(w->keys, spk_span_str(name), &w->policy.hash, seed));
    assert_spk_ok(spk_keys_add(w->keys, 1, authority));
    w->dir = spk_test_dir();
    w->dirfd = open(w->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    assert_true(w->dirfd >= 0);
    const struct spk_span genesis = spk_buf_span(&w->genesis);
    assert_spk_ok(spk_folder_make(w->dirfd, w->keys, NULL, &genesis, 1));
    for (size_t i = 0; i < WORLD_DEPOSITS; i++) {
        dep_make(w, &w->dep[i], 10 + 3 * i, &w->owner.owner, SPK_WRAP_OAEP | SPK_WRAP_DERIVED, 1);
    }
    ask_make(w, &w->ask, NULL);
    world_start(w);
}

void
world_free(struct world *w)
{
    world_stop(w);
    for (size_t i = 0; i < WORLD_OFFICERS; i++) {
        spk_secret_free(w->officer[i]);
        spk_secret_free(w->seal[i]);
    }
    for (size_t i = 0; i < WORLD_DEPOSITS; i++) {
        dep_free(&w->dep[i]);
    }
    ask_free(&w->ask);
    person_free(&w->owner);
    person_free(&w->thief);
    spk_rsa_free(w->new_keyx);
    spk_rsa_free(w->new_sign);
    spk_keys_free(w->keys);
    spk_buf_free(&w->genesis);
    spk_buf_free(&w->reply);
    spk_fd_auto_(&w->dirfd);
    if (w->dir != NULL) {
        spk_test_dir_remove(w->dir);
    }
}

/* -- Deposits
 * ---------------------------------------------------------------------------------------- */

void
dep_seal(struct dep *d)
{
    spk_rpub_build(&d->d.rpub, d->rpub);
    assert_spk_ok(spk_deposit_oc(d->rpub, &d->d.p, &d->oc));
}

void
dep_make(struct world *w, struct dep *d, uint64_t index, const struct spk_hash *owner,
         unsigned flags, uint32_t policy)
{
    const struct spk_epoch *e = spk_keys_newest(w->keys);
    struct spk_rpub *r = &d->d.rpub;
    SPK_AUTO_BUF struct spk_buf body = SPK_BUF(SPK_FRAME_MAX);
    struct spk_deposit parsed;

    memset(d, 0, sizeof(*d));
    d->index = index;
    d->rpriv = SPK_BUF(SPK_RPRIV_MAX);
    d->blob = SPK_BUF(SPK_SIMPLEBLOB_MAX);
    d->sealed = SPK_BUF(SPK_FRAME_MAX);
    d->d.owner = *owner;
    assert_spk_ok(spk_uuid7(&r->id));
    assert_spk_ok(spk_secret_random(SPK_KEY_LEN, &d->key));
    r->flags = (uint16_t)flags;
    r->alg = SPK_CALG_AES_256;
    r->epoch = e->number;
    r->policy = policy;
    r->authority = *spk_rsa_id(e->pair);
    assert_spk_ok(spk_commitment(d->key, &r->id, &r->commitment));
    assert_spk_ok(spk_wrap(d->key, e->pair, &r->id, flags, &d->blob));
    d->d.blob = spk_buf_span(&d->blob);
    assert_spk_ok(spk_sha256(d->d.blob, &r->blob));
    const struct spk_rpriv priv = {
        .owner = *owner, .id = r->id, .description = SPK_SPAN_LIT("letters/aunt.odt")};
    assert_spk_ok(spk_rpriv_build(&priv, &d->rpriv));
    d->d.rpriv = spk_buf_span(&d->rpriv);
    assert_spk_ok(spk_random(SPK_MUT_OF(d->d.salt)));
    assert_spk_ok(spk_deposit_p(d->d.salt, d->d.rpriv, &d->d.p));
    assert_spk_ok(spk_deposit_tag(d->key, r, owner, d->d.rpriv, &r->tag));
    assert_spk_ok(spk_record_build(d->key, &d->d, &body));
    assert_spk_ok(spk_record_parse(spk_buf_span(&body), &parsed));
    assert_spk_ok(spk_buf_add(&d->sealed, parsed.sealed));
    dep_seal(d);
}

void
dep_free(struct dep *d)
{
    spk_secret_free(d->key);
    spk_buf_free(&d->rpriv);
    spk_buf_free(&d->blob);
    spk_buf_free(&d->sealed);
}

static void
scope_leaves(const struct dep *deps, size_t n, struct spk_hash leaves[64])
{
    assert_true(n <= 64);
    for (size_t i = 0; i < n; i++) {
        uint8_t entry[40];
        spk_scope_entry(deps[i].index, &deps[i].oc, entry);
        assert_spk_ok(spk_leaf_hash(SPK_SPAN_OF(entry), &leaves[i]));
    }
}

void
scope_root(const struct dep *deps, size_t n, struct spk_hash *ret_root)
{
    struct spk_hash leaves[64];

    scope_leaves(deps, n, leaves);
    assert_spk_ok(spk_tree_root(leaves, n, ret_root));
}

void
scope_path(const struct dep *deps, size_t n, size_t i, struct spk_buf *path)
{
    struct spk_hash leaves[64], hashes[SPK_PATH_MAX];
    size_t len = 0;

    scope_leaves(deps, n, leaves);
    assert_spk_ok(spk_tree_path(leaves, n, i, hashes, &len));
    for (size_t k = 0; k < len; k++) {
        assert_spk_ok(spk_buf_add(path, spk_hash_span(&hashes[k])));
    }
}

/* -- Requests
 * ---------------------------------------------------------------------------------------- */

void
ask_make(struct world *w, struct ask_ *a, void (*mutate)(struct spk_request *r))
{
    struct spk_request *r = &a->req;

    memset(a, 0, sizeof(*a));
    r->authority = *spk_rsa_id(spk_keys_newest(w->keys)->pair);
    r->owner = w->owner.owner;
    r->kind = SPK_REQ_KIND_KEYS;
    r->select = SPK_SELECT_ALL;
    r->reason = SPK_SPAN_LIT("the laptop is at the bottom of the lake");
    r->keyx = w->new_keyx;
    r->sign = w->new_sign;
    r->time = spk_now();
    assert_spk_ok(spk_random(SPK_MUT_OF(r->nonce)));
    if (mutate != NULL) {
        mutate(r);
    }
    a->record = SPK_BUF(SPK_REQ_RECORD_MAX);
    a->sig_sign = SPK_BUF(SPK_RSA_MAX_LEN);
    a->sig_keyx = SPK_BUF(SPK_RSA_MAX_LEN);
    assert_spk_ok(spk_request_build(r, &a->record));
    struct spk_span bytes = spk_buf_span(&a->record);
    assert_spk_ok(spk_sha256(bytes, &a->hash));
    assert_spk_ok(
        spk_statement_sign(r->sign, SPK_KIND_REQUEST, &r->authority, bytes, &a->sig_sign));
    assert_spk_ok(
        spk_statement_sign(r->keyx, SPK_KIND_POSSESSION, &r->authority, bytes, &a->sig_keyx));
    a->count = WORLD_DEPOSITS;
    scope_root(w->dep, WORLD_DEPOSITS, &a->root);
}

void
ask_free(struct ask_ *a)
{
    spk_buf_free(&a->record);
    spk_buf_free(&a->sig_sign);
    spk_buf_free(&a->sig_keyx);
}

/* -- Messages
 * ---------------------------------------------------------------------------------------- */

void
msg_add(struct msg *m, uint16_t type, struct spk_span v)
{
    assert_spk_ok(spk_attrs_add(&m->l, type, v));
}

void
msg_u64(struct msg *m, uint16_t type, uint64_t v)
{
    assert_true(m->n < 8);
    assert_spk_ok(spk_attrs_add_u64(&m->l, type, v, m->ints[m->n++]));
}

/* The same over the socket: an end of file is a session that was ended. */
static bool
over_socket(struct world *w, struct spk_span packet)
{
    uint8_t *p = NULL;

    assert_true(send(w->sock, packet.ptr, packet.len, MSG_NOSIGNAL) == (ssize_t)packet.len);
    assert_spk_ok(spk_buf_grow(&w->reply, SPK_FRAME_MAX, &p));
    ssize_t n = recv(w->sock, p, SPK_FRAME_MAX, 0);
    w->reply.len = n > 0 ? (size_t)n : 0;
    return n > 0;
}

unsigned
world_raw(struct world *w, struct spk_span packet)
{
    struct spk_frame f;

    spk_buf_reset(&w->reply);
    w->out.n = 0;
    if (w->sock >= 0 ? !over_socket(w, packet)
                     : !spk_holder_serve(w->h, &w->s, packet, &w->reply, &w->ended)) {
        return 999;
    }
    assert_spk_ok(spk_frame_parse(spk_buf_span(&w->reply), &f));
    assert_spk_ok(spk_attrs_parse(f.body, &w->out));
    assert_true(f.status == SPK_FRAME_OK || w->out.n == 0);
    return f.status;
}

unsigned
world_send(struct world *w, uint16_t type, struct msg *m)
{
    SPK_AUTO_BUF struct spk_buf body = SPK_BUF(SPK_FRAME_MAX);
    SPK_AUTO_BUF struct spk_buf packet = SPK_BUF(SPK_FRAME_MAX);
    static uint32_t seq;

    assert_spk_ok(spk_attrs_build(&m->l, &body));
    assert_spk_ok(spk_frame_build(type, 0, ++seq, spk_buf_span(&body), &packet));
    return world_raw(w, spk_buf_span(&packet));
}

unsigned
say_hello(struct world *w)
{
    struct msg m = {.n = 0};

    msg_u64(&m, SPK_FA_VERSION, SPK_HOLDER_VERSION);
    return world_send(w, SPK_MSG_HELLO, &m);
}

unsigned
say_open(struct world *w, const struct ask_ *a)
{
    struct msg m = {.n = 0};

    msg_add(&m, SPK_FA_RECORD, spk_buf_span(&a->record));
    msg_add(&m, SPK_FA_SIG_SIGN, spk_buf_span(&a->sig_sign));
    msg_add(&m, SPK_FA_SIG_KEYX, spk_buf_span(&a->sig_keyx));
    msg_u64(&m, SPK_FA_SCOPE_COUNT, a->count);
    msg_add(&m, SPK_FA_SCOPE_ROOT, spk_hash_span(&a->root));
    if (a->policies.len > 0) {
        msg_add(&m, SPK_FA_POLICIES, a->policies);
    }
    if (a->last.len > 0) {
        msg_add(&m, SPK_FA_LAST, a->last);
    }
    return world_send(w, SPK_MSG_OPEN, &m);
}

void
vote_note(struct world *w, const struct ask_ *a, int officer, bool approve, vote_mutate *mutate,
          struct spk_buf *note)
{
    SPK_AUTO_BUF struct spk_buf text = SPK_BUF(SPK_NOTE_MAX);
    struct spk_approval v = {.authority = a->req.authority,
                             .request = a->hash,
                             .owner = a->req.owner,
                             .scope_count = a->count,
                             .scope_root = a->root,
                             .recipient = *spk_rsa_id(a->req.keyx),
                             .signer = *spk_rsa_id(a->req.sign),
                             .approve = approve,
                             .policy = w->policy.number,
                             .policy_hash = w->policy.hash,
                             .round = 1,
                             .time = spk_now(),
                             .expires = spk_now() + 86400};
    char name[64];

    (void)snprintf(v.log, sizeof(v.log), "%s", w->log != NULL ? w->log : "");
    if (mutate != NULL) {
        mutate(&v);
    }
    (void)snprintf(name, sizeof(name), "officer/%s", officer_names[officer]);
    assert_spk_ok(spk_approval_format(&v, &text));
    assert_spk_ok(spk_note_sign(spk_buf_span(&text), NULL, name, w->officer[officer], note));
}

unsigned
say_vote(struct world *w, const struct ask_ *a, int officer, bool approve, vote_mutate *mutate)
{
    SPK_AUTO_BUF struct spk_buf note = SPK_BUF(SPK_NOTE_MAX);
    struct msg m = {.n = 0};

    vote_note(w, a, officer, approve, mutate, &note);
    msg_add(&m, SPK_FA_NOTE, spk_buf_span(&note));
    return world_send(w, approve ? SPK_MSG_APPROVE : SPK_MSG_DENY, &m);
}

void
msg_deposit(struct msg *m, const struct dep *d)
{
    msg_add(m, SPK_FA_RPUB, SPK_SPAN_OF(d->rpub));
    msg_add(m, SPK_FA_OWNER, spk_hash_span(&d->d.owner));
    msg_add(m, SPK_FA_BLOB, d->d.blob);
    msg_add(m, SPK_FA_P, spk_hash_span(&d->d.p));
    if (d->d.rpriv.len > 0) {
        msg_add(m, SPK_FA_SALT, SPK_SPAN_OF(d->d.salt));
        msg_add(m, SPK_FA_RPRIV, d->d.rpriv);
    } else {
        msg_add(m, SPK_FA_SEALED, spk_buf_span(&d->sealed));
    }
}

void
msg_release(struct msg *m, const struct ask_ *a, const struct dep *d, uint64_t position,
            struct spk_span path)
{
    msg_add(m, SPK_FA_REQUEST, spk_hash_span(&a->hash));
    msg_u64(m, SPK_FA_INDEX, d->index);
    msg_u64(m, SPK_FA_POSITION, position);
    msg_add(m, SPK_FA_PATH, path);
    msg_deposit(m, d);
}

unsigned
say_release(struct world *w, const struct ask_ *a, size_t i)
{
    SPK_AUTO_BUF struct spk_buf path = SPK_BUF(SPK_FRAME_MAX);
    struct msg m = {.n = 0};

    scope_path(w->dep, WORLD_DEPOSITS, i, &path);
    msg_release(&m, a, &w->dep[i], i, spk_buf_span(&path));
    return world_send(w, SPK_MSG_RELEASE, &m);
}

unsigned
say_successor(struct world *w, const struct ask_ *a, const struct person *p)
{
    struct msg m = {.n = 0};

    msg_add(&m, SPK_FA_REQUEST, spk_hash_span(&a->hash));
    msg_add(&m, SPK_FA_ENROL, spk_buf_span(&p->enrol));
    return world_send(w, SPK_MSG_SUCCESSOR, &m);
}

unsigned
say_veto_code(struct world *w, const struct ask_ *a, const struct person *p)
{
    SPK_AUTO_BUF struct spk_buf text = SPK_BUF(SPK_NOTE_MAX);
    SPK_AUTO_BUF struct spk_buf note = SPK_BUF(SPK_NOTE_MAX);
    struct msg m = {.n = 0};
    char name[128], hex[65];

    (void)snprintf(name, sizeof(name), "veto/%s", spk_hex(spk_hash_span(&p->owner), hex));
    assert_spk_ok(spk_veto_format(&a->req.authority, &a->hash, &text));
    assert_spk_ok(spk_note_sign(spk_buf_span(&text), NULL, name, p->veto, &note));
    msg_add(&m, SPK_FA_REQUEST, spk_hash_span(&a->hash));
    msg_add(&m, SPK_FA_ENROL, spk_buf_span(&p->enrol));
    msg_add(&m, SPK_FA_NOTE, spk_buf_span(&note));
    return world_send(w, SPK_MSG_VETO, &m);
}

unsigned
say_veto_key(struct world *w, const struct ask_ *a, const struct person *p,
             const struct spk_rsa *key)
{
    SPK_AUTO_BUF struct spk_buf sig = SPK_BUF(SPK_RSA_MAX_LEN);
    struct msg m = {.n = 0};

    assert_spk_ok(
        spk_statement_sign(key, SPK_KIND_VETO, &a->req.authority, spk_hash_span(&a->hash), &sig));
    msg_add(&m, SPK_FA_REQUEST, spk_hash_span(&a->hash));
    msg_add(&m, SPK_FA_ENROL, spk_buf_span(&p->enrol));
    msg_add(&m, SPK_FA_SIG, spk_buf_span(&sig));
    return world_send(w, SPK_MSG_VETO, &m);
}

uint64_t
out_u64(const struct world *w, uint16_t type)
{
    uint64_t v = 0;

    assert_spk_ok(spk_attrs_u64(&w->out, type, &v));
    return v;
}

unsigned
say_state(struct world *w, const struct ask_ *a)
{
    struct msg m = {.n = 0};

    msg_add(&m, SPK_FA_REQUEST, spk_hash_span(&a->hash));
    return world_send(w, SPK_MSG_STATE, &m) == SPK_FRAME_OK ? (unsigned)out_u64(w, SPK_FA_STATE)
                                                            : 0;
}

unsigned
say_policy(struct world *w, world_tune *tune, unsigned officers)
{
    SPK_AUTO_BUF struct spk_buf note = SPK_BUF(SPK_NOTE_MAX);
    struct spk_policy next = w->policy;
    struct msg m = {.n = 0};
    struct spk_note n;

    next.number++;
    next.previous = w->policy.hash;
    if (tune != NULL) {
        tune(&next);
    }
    policy_note(w, &next, officers, &note);
    msg_add(&m, SPK_FA_NOTE, spk_buf_span(&note));
    unsigned status = world_send(w, SPK_MSG_POLICY, &m);
    if (status == SPK_FRAME_OK) {
        assert_spk_ok(spk_note_parse(spk_buf_span(&note), false, &n));
        assert_spk_ok(spk_note_hash(&n, &next.hash));
        w->policy = next;
    }
    return status;
}

void
assert_key_came(const struct world *w, const struct dep *d, const struct spk_rsa *key)
{
    SPK_AUTO(spk_secret) got = NULL;
    struct spk_span blob;

    assert_spk_ok(spk_attrs_get(&w->out, SPK_FA_BLOB, SPK_SIMPLEBLOB_MAX, &blob));
    assert_spk_ok(spk_unwrap(blob, key, SPK_WRAP_OAEP, &got));
    assert_true(spk_secret_eq(got, d->key));
}
