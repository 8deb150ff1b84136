/* SPDX-License-Identifier: Apache-2.0 */
/* RELEASE, CHECK, REWRAP: what gives a session key back, and every way of getting at one that must
 * fail. */
#include "world.h"

#include <string.h>

static void
approve_two(struct world *w)
{
    assert_int_equal(say_open(w, &w->ask), SPK_FRAME_OK);
    assert_int_equal(say_vote(w, &w->ask, ALICE, true, NULL), SPK_FRAME_OK);
    assert_int_equal(say_vote(w, &w->ask, BOB, true, NULL), SPK_FRAME_OK);
    assert_int_equal(out_u64(w, SPK_FA_STATE), SPK_STATE_APPROVED);
}

static int
setup(void **state)
{
    struct world *w = spk_calloc(1, sizeof(*w));

    assert_non_null(w);
    world_new(w, NULL);
    *state = w;
    return 0;
}

static int
teardown(void **state)
{
    world_free(*state);
    spk_mem_free(*state);
    return 0;
}

static void
test_whole_story(void **state)
{
    struct world *w = *state;

    assert_int_equal(say_open(w, &w->ask), SPK_FRAME_OK);
    assert_int_equal(out_u64(w, SPK_FA_STATE), SPK_STATE_OPEN);
    assert_int_equal(out_u64(w, SPK_FA_NEEDED), 2);
    assert_int_equal(say_release(w, &w->ask, 0), SPK_FRAME_REFUSED);
    assert_int_equal(say_vote(w, &w->ask, ALICE, true, NULL), SPK_FRAME_OK);
    assert_int_equal(say_release(w, &w->ask, 0), SPK_FRAME_REFUSED);
    assert_int_equal(say_vote(w, &w->ask, BOB, true, NULL), SPK_FRAME_OK);
    for (size_t i = 0; i < WORLD_DEPOSITS; i++) {
        assert_int_equal(say_release(w, &w->ask, i), SPK_FRAME_OK);
        assert_key_came(w, &w->dep[i], w->new_keyx);
    }
    assert_int_equal(say_state(w, &w->ask), SPK_STATE_APPROVED);
    assert_int_equal(out_u64(w, SPK_FA_RELEASED), WORLD_DEPOSITS);
}

static void
test_again_is_the_same_recipient_and_one_record(void **state)
{
    struct world *w = *state;

    approve_two(w);
    assert_int_equal(say_release(w, &w->ask, 1), SPK_FRAME_OK);
    uint64_t end = w->h->journal.end;
    assert_int_equal(say_release(w, &w->ask, 1), SPK_FRAME_OK);
    assert_key_came(w, &w->dep[1], w->new_keyx);
    assert_int_equal(w->h->journal.end, end);
    assert_int_equal(say_state(w, &w->ask), SPK_STATE_APPROVED);
    assert_int_equal(out_u64(w, SPK_FA_RELEASED), 1);
}

static void
test_released_is_remembered_across_restart(void **state)
{
    struct world *w = *state;

    approve_two(w);
    assert_int_equal(say_release(w, &w->ask, 1), SPK_FRAME_OK);
    world_stop(w);
    world_start(w);
    assert_int_equal(say_state(w, &w->ask), SPK_STATE_APPROVED);
    assert_int_equal(out_u64(w, SPK_FA_RELEASED), 1);
    assert_int_equal(say_release(w, &w->ask, 2), SPK_FRAME_OK);
    assert_key_came(w, &w->dep[2], w->new_keyx);
}

static void
test_announced_before_released(void **state)
{
    struct world *w = *state;
    const struct spk_hreq *q;

    approve_two(w);
    q = spk_state_request(w->h->state, &w->ask.hash);
    assert_non_null(q);
    assert_false(spk_state_reserved(q, 3));
    assert_int_equal(say_release(w, &w->ask, 3), SPK_FRAME_OK);
    assert_true(spk_state_reserved(q, 3) && spk_state_reserved(q, 4));
    assert_false(spk_state_reserved(q, 2) || spk_state_reserved(q, 5));
    uint64_t end = w->h->journal.end;
    assert_int_equal(say_release(w, &w->ask, 4), SPK_FRAME_OK);
    uint64_t within = w->h->journal.end - end; /* the release alone */
    end = w->h->journal.end;
    assert_int_equal(say_release(w, &w->ask, 0), SPK_FRAME_OK);
    assert_true(w->h->journal.end - end > within); /* and the announcement */
    assert_true(w->h->journal.dirty);
    world_stop(w);
    world_start(w);
    assert_int_equal(say_state(w, &w->ask), SPK_STATE_APPROVED);
    assert_int_equal(out_u64(w, SPK_FA_RELEASED), 3);
}

static void
test_v15_blob(void **state)
{
    struct world *w = *state;

    dep_free(&w->dep[2]);
    dep_make(w, &w->dep[2], 16, &w->owner.owner, SPK_WRAP_DERIVED, 1);
    scope_root(w->dep, WORLD_DEPOSITS, &w->ask.root);
    approve_two(w);
    assert_int_equal(say_release(w, &w->ask, 2), SPK_FRAME_OK);
    assert_key_came(w, &w->dep[2], w->new_keyx);
}

static void
test_foreign_blob_with_random_padding(void **state)
{
    struct world *w = *state;

    dep_free(&w->dep[2]);
    dep_make(w, &w->dep[2], 16, &w->owner.owner, 0, 1);
    scope_root(w->dep, WORLD_DEPOSITS, &w->ask.root);
    approve_two(w);
    assert_int_equal(say_release(w, &w->ask, 2), SPK_FRAME_OK);
    assert_key_came(w, &w->dep[2], w->new_keyx);
}

static void
test_from_a_file_record_alone(void **state)
{
    struct world *w = *state;

    w->dep[3].d.rpriv = SPK_SPAN_EMPTY; /* only the sealed form is known */
    approve_two(w);
    assert_int_equal(say_release(w, &w->ask, 3), SPK_FRAME_OK);
    assert_key_came(w, &w->dep[3], w->new_keyx);
}

/* Puts a changed deposit into an approved scope: what the officers saw does not make it right. */
static unsigned
release_changed(struct world *w)
{
    dep_seal(&w->dep[2]);
    scope_root(w->dep, WORLD_DEPOSITS, &w->ask.root);
    approve_two(w);
    return say_release(w, &w->ask, 2);
}

static void
test_stolen_blob_under_own_name(void **state)
{
    struct world *w = *state;
    struct dep *d = &w->dep[2];
    SPK_AUTO_BUF struct spk_buf rpriv = SPK_BUF(SPK_RPRIV_MAX);
    SPK_AUTO(spk_secret) own = NULL;

    /* The thief owns the request, the R_priv, and makes a tag - with a key of his own, since he has
     * not got K. */
    w->ask.req.owner = w->thief.owner;
    d->d.owner = w->thief.owner;
    const struct spk_rpriv priv = {.owner = w->thief.owner, .id = d->d.rpub.id};
    assert_spk_ok(spk_rpriv_build(&priv, &rpriv));
    d->d.rpriv = spk_buf_span(&rpriv);
    assert_spk_ok(spk_deposit_p(d->d.salt, d->d.rpriv, &d->d.p));
    assert_spk_ok(spk_secret_from(SPK_SPAN_LIT("0123456789abcdef0123456789abcdef"), &own));
    assert_spk_ok(spk_deposit_tag(own, &d->d.rpub, &w->thief.owner, d->d.rpriv, &d->d.rpub.tag));
    ask_free(&w->ask);
    dep_seal(d);
    const struct spk_hash real = w->owner.owner;
    w->owner.owner = w->thief.owner;
    ask_make(w, &w->ask, NULL);
    w->owner.owner = real;
    approve_two(w);
    assert_int_equal(say_release(w, &w->ask, 2), SPK_FRAME_REFUSED);
}

static void
test_swapped_blob(void **state)
{
    struct world *w = *state;

    w->dep[2].d.blob = w->dep[3].d.blob;
    w->dep[2].d.rpub.blob = w->dep[3].d.rpub.blob;
    assert_int_equal(release_changed(w), SPK_FRAME_REFUSED);
}

static void
test_blob_not_the_named_one(void **state)
{
    struct world *w = *state;

    w->dep[2].d.blob = w->dep[3].d.blob;
    assert_int_equal(release_changed(w), SPK_FRAME_REFUSED);
}

static void
test_wrong_commitment(void **state)
{
    struct world *w = *state;
    struct spk_rpub *r = &w->dep[2].d.rpub;

    r->commitment.b[0] ^= 1;
    assert_spk_ok(spk_deposit_tag(w->dep[2].key, r, &w->owner.owner, w->dep[2].d.rpriv, &r->tag));
    assert_int_equal(release_changed(w), SPK_FRAME_REFUSED);
}

static void
test_wrong_tag(void **state)
{
    struct world *w = *state;

    w->dep[2].d.rpub.tag.b[31] ^= 1;
    assert_int_equal(release_changed(w), SPK_FRAME_REFUSED);
}

static void
test_relabelled(void **state)
{
    struct world *w = *state;
    struct dep *d = &w->dep[2];
    SPK_AUTO_BUF struct spk_buf rpriv = SPK_BUF(SPK_RPRIV_MAX);
    const struct spk_rpriv priv = {.owner = w->owner.owner,
                                   .id = d->d.rpub.id,
                                   .description = SPK_SPAN_LIT("something harmless")};

    assert_spk_ok(spk_rpriv_build(&priv, &rpriv));
    d->d.rpriv = spk_buf_span(&rpriv);
    assert_spk_ok(spk_deposit_p(d->d.salt, d->d.rpriv, &d->d.p));
    assert_int_equal(release_changed(w), SPK_FRAME_REFUSED);
}

static void
test_claimed_derived_but_is_not(void **state)
{
    struct world *w = *state;
    struct dep *d = &w->dep[2];
    struct spk_rpub *r = &d->d.rpub;

    dep_free(d);
    dep_make(w, d, 16, &w->owner.owner, SPK_WRAP_OAEP, 1);
    r->flags |= SPK_WRAP_DERIVED;
    assert_spk_ok(spk_deposit_tag(d->key, r, &w->owner.owner, d->d.rpriv, &r->tag));
    assert_int_equal(release_changed(w), SPK_FRAME_REFUSED);
}

static void
test_wrong_padding_kind(void **state)
{
    struct world *w = *state;

    w->dep[2].d.rpub.flags = SPK_WRAP_DERIVED; /* OAEP read as PKCS#1 v1.5 */
    assert_int_equal(release_changed(w), SPK_FRAME_REFUSED);
}

static void
test_unknown_epoch_and_authority(void **state)
{
    struct world *w = *state;

    w->dep[2].d.rpub.epoch = 7;
    assert_int_equal(release_changed(w), SPK_FRAME_REFUSED);
    w->dep[2].d.rpub.epoch = 1;
    w->dep[2].d.rpub.authority.b[0] ^= 1;
    dep_seal(&w->dep[2]);
    assert_int_equal(say_release(w, &w->ask, 2), SPK_FRAME_REFUSED);
}

static void
test_sealed_record_of_another_key(void **state)
{
    struct world *w = *state;

    spk_buf_reset(&w->dep[2].sealed);
    assert_spk_ok(spk_buf_add(&w->dep[2].sealed, spk_buf_span(&w->dep[3].sealed)));
    w->dep[2].d.rpriv = SPK_SPAN_EMPTY;
    assert_int_equal(release_changed(w), SPK_FRAME_REFUSED);
}

static void
test_deposit_of_another_owner(void **state)
{
    struct world *w = *state;

    /* A genuine deposit of somebody else, put into this owner's scope by the server. */
    dep_free(&w->dep[2]);
    dep_make(w, &w->dep[2], 16, &w->thief.owner, SPK_WRAP_OAEP | SPK_WRAP_DERIVED, 1);
    assert_int_equal(release_changed(w), SPK_FRAME_REFUSED);
    w->dep[2].d.owner = w->owner.owner; /* and now with a lie in the message */
    assert_int_equal(say_release(w, &w->ask, 2), SPK_FRAME_REFUSED);
}

static void
test_not_in_scope(void **state)
{
    struct world *w = *state;
    struct dep other;
    SPK_AUTO_BUF struct spk_buf path = SPK_BUF(SPK_FRAME_MAX);
    struct msg m = {.n = 0};

    approve_two(w);
    dep_make(w, &other, 99, &w->owner.owner, SPK_WRAP_OAEP | SPK_WRAP_DERIVED, 1);
    scope_path(w->dep, WORLD_DEPOSITS, 2, &path);
    msg_release(&m, &w->ask, &other, 2, spk_buf_span(&path));
    assert_int_equal(world_send(w, SPK_MSG_RELEASE, &m), SPK_FRAME_REFUSED);
    dep_free(&other);
}

struct place {
    uint64_t index, position;
    size_t path_of, path_cut;
};

static void
test_wrong_place_in_scope(void **state)
{
    struct world *w = *state;
    const struct place wrong[] = {{17, 2, 2, 0},  {16, 1, 2, 0}, {16, 2, 1, 0},
                                  {16, 2, 2, 32}, {16, 5, 2, 0}, {16, UINT64_MAX, 2, 0},
                                  {16, 2, 2, 96}};

    approve_two(w);
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        SPK_AUTO_BUF struct spk_buf path = SPK_BUF(SPK_FRAME_MAX);
        struct msg m = {.n = 0};
        scope_path(w->dep, WORLD_DEPOSITS, wrong[i].path_of, &path);
        w->dep[2].index = wrong[i].index;
        msg_release(&m, &w->ask, &w->dep[2], wrong[i].position,
                    spk_span(path.ptr, path.len - wrong[i].path_cut));
        assert_int_equal(world_send(w, SPK_MSG_RELEASE, &m), SPK_FRAME_REFUSED);
    }
    w->dep[2].index = 16;
    assert_int_equal(say_release(w, &w->ask, 2), SPK_FRAME_OK);
}

static void
test_listed_needs_its_path(void **state)
{
    struct world *w = *state;

    /* the request is for all: a selection path has no place in it */
    SPK_AUTO_BUF struct spk_buf path = SPK_BUF(SPK_FRAME_MAX);
    struct msg m = {.n = 0};
    approve_two(w);
    scope_path(w->dep, WORLD_DEPOSITS, 2, &path);
    msg_release(&m, &w->ask, &w->dep[2], 2, spk_buf_span(&path));
    msg_u64(&m, SPK_FA_SELECT_INDEX, 0);
    msg_add(&m, SPK_FA_SELECT_PATH, SPK_SPAN_EMPTY);
    assert_int_equal(world_send(w, SPK_MSG_RELEASE, &m), SPK_FRAME_REFUSED);
}

static struct world *listing;

static void
list_two(struct spk_request *r)
{
    struct spk_hash leaves[2];

    /* made one after the other, UUIDv7 come sorted */
    assert_spk_ok(spk_leaf_hash(SPK_SPAN_OF(listing->dep[1].d.rpub.id.b), &leaves[0]));
    assert_spk_ok(spk_leaf_hash(SPK_SPAN_OF(listing->dep[3].d.rpub.id.b), &leaves[1]));
    r->select = SPK_SELECT_LISTED;
    r->count = 2;
    assert_spk_ok(spk_tree_root(leaves, 2, &r->root));
}

static unsigned
release_listed(struct world *w, size_t i, uint64_t select_index, size_t sibling)
{
    SPK_AUTO_BUF struct spk_buf path = SPK_BUF(SPK_FRAME_MAX);
    struct msg m = {.n = 0};
    struct spk_hash leaf;

    scope_path(w->dep, WORLD_DEPOSITS, i, &path);
    msg_release(&m, &w->ask, &w->dep[i], i, spk_buf_span(&path));
    assert_spk_ok(spk_leaf_hash(SPK_SPAN_OF(w->dep[sibling].d.rpub.id.b), &leaf));
    msg_u64(&m, SPK_FA_SELECT_INDEX, select_index);
    msg_add(&m, SPK_FA_SELECT_PATH, spk_hash_span(&leaf));
    return world_send(w, SPK_MSG_RELEASE, &m);
}

static void
test_listed(void **state)
{
    struct world *w = *state;

    listing = w;
    ask_free(&w->ask);
    ask_make(w, &w->ask, list_two);
    approve_two(w);
    assert_int_equal(release_listed(w, 1, 0, 3), SPK_FRAME_OK);
    assert_key_came(w, &w->dep[1], w->new_keyx);
    assert_int_equal(release_listed(w, 3, 1, 1), SPK_FRAME_OK);
    assert_key_came(w, &w->dep[3], w->new_keyx);
    /* in the server's scope, but not in what was asked for */
    assert_int_equal(release_listed(w, 2, 0, 3), SPK_FRAME_REFUSED);
    assert_int_equal(release_listed(w, 1, 1, 3), SPK_FRAME_REFUSED);
    assert_int_equal(say_release(w, &w->ask, 1), SPK_FRAME_REFUSED);
}

static void
pairs_only(struct spk_request *r)
{
    r->kind = SPK_REQ_KIND_PAIRS;
}

static void
test_pairs_only_releases_nothing(void **state)
{
    struct world *w = *state;

    ask_free(&w->ask);
    ask_make(w, &w->ask, pairs_only);
    approve_two(w);
    assert_int_equal(say_release(w, &w->ask, 0), SPK_FRAME_REFUSED);
    assert_int_equal(say_successor(w, &w->ask, &w->owner), SPK_FRAME_OK);
    assert_int_equal(say_release(w, &w->ask, 0), SPK_FRAME_REFUSED);
}

static void
quorum_three(struct spk_policy *p)
{
    p->quorum = 3;
}

static void
quorum_two(struct spk_policy *p)
{
    p->quorum = 2;
}

static void
test_stricter_of_two_policies(void **state)
{
    struct world *w = *state;

    /* dep[2] was made when three were needed; today two are */
    assert_int_equal(say_policy(w, quorum_three, 3), SPK_FRAME_OK);
    assert_int_equal(say_policy(w, quorum_two, 7), SPK_FRAME_OK);
    dep_free(&w->dep[2]);
    dep_make(w, &w->dep[2], 16, &w->owner.owner, SPK_WRAP_OAEP | SPK_WRAP_DERIVED, 2);
    scope_root(w->dep, WORLD_DEPOSITS, &w->ask.root);
    approve_two(w);
    assert_int_equal(say_release(w, &w->ask, 1), SPK_FRAME_OK);
    assert_int_equal(say_release(w, &w->ask, 2), SPK_FRAME_REFUSED);
    /* a signed successor does not make up for it */
    assert_int_equal(say_successor(w, &w->ask, &w->owner), SPK_FRAME_OK);
    assert_int_equal(say_release(w, &w->ask, 1), SPK_FRAME_OK);
    assert_int_equal(say_release(w, &w->ask, 2), SPK_FRAME_REFUSED);
    assert_int_equal(say_vote(w, &w->ask, CAROL, true, NULL), SPK_FRAME_OK);
    assert_int_equal(say_release(w, &w->ask, 2), SPK_FRAME_OK);
}

static void
test_unknown_policy_counts_as_todays(void **state)
{
    struct world *w = *state;

    dep_free(&w->dep[2]);
    dep_make(w, &w->dep[2], 16, &w->owner.owner, SPK_WRAP_OAEP | SPK_WRAP_DERIVED, 77);
    scope_root(w->dep, WORLD_DEPOSITS, &w->ask.root);
    approve_two(w);
    assert_int_equal(say_release(w, &w->ask, 2), SPK_FRAME_OK);
}

static void
test_no_release_without_a_journal(void **state)
{
    struct world *w = *state;

    approve_two(w);
    w->h->journal.broken = true;
    assert_int_equal(say_release(w, &w->ask, 2), SPK_FRAME_FAILED);
}

/* -- CHECK and REWRAP
 * -------------------------------------------------------------------------------- */

static unsigned
say_check(struct world *w, const struct dep *d, uint16_t type)
{
    struct msg m = {.n = 0};

    msg_deposit(&m, d);
    return world_send(w, type, &m);
}

static void
test_check(void **state)
{
    struct world *w = *state;

    assert_int_equal(say_check(w, &w->dep[0], SPK_MSG_CHECK), SPK_FRAME_OK);
    assert_int_equal(w->out.n, 0);
    w->dep[1].d.rpriv = SPK_SPAN_EMPTY;
    assert_int_equal(say_check(w, &w->dep[1], SPK_MSG_CHECK), SPK_FRAME_OK);
    w->dep[2].d.rpub.tag.b[0] ^= 1;
    dep_seal(&w->dep[2]);
    assert_int_equal(say_check(w, &w->dep[2], SPK_MSG_CHECK), SPK_FRAME_REFUSED);
    w->dep[3].blob.ptr[20] ^= 1;
    assert_spk_ok(spk_sha256(w->dep[3].d.blob, &w->dep[3].d.rpub.blob));
    dep_seal(&w->dep[3]);
    assert_int_equal(say_check(w, &w->dep[3], SPK_MSG_CHECK), SPK_FRAME_REFUSED);
}

static void
test_check_is_rate_limited(void **state)
{
    struct world *w = *state;
    unsigned busy = 0;

    w->h->checks.left = 2500;
    for (int i = 0; i < 5; i++) {
        w->h->checks.since = UINT64_MAX; /* nothing is given back, however slow the machine is */
        busy += say_check(w, &w->dep[0], SPK_MSG_CHECK) == SPK_FRAME_BUSY;
    }
    assert_int_equal(busy, 3);
    world_pass(0, 10);
    assert_int_equal(say_check(w, &w->dep[0], SPK_MSG_CHECK), SPK_FRAME_OK);
}

static void
test_rewrap(void **state)
{
    struct world *w = *state;
    struct spk_span blob;
    struct dep moved = w->dep[0];

    assert_int_equal(say_check(w, &w->dep[0], SPK_MSG_REWRAP),
                     SPK_FRAME_REFUSED); /* it is new already */
    assert_spk_ok(spk_keys_rotate(w->keys, 2048));
    assert_spk_ok(spk_keys_write_epoch(w->dirfd, w->keys, spk_keys_newest(w->keys)));
    world_stop(w);
    world_start(w);
    assert_int_equal(out_u64(w, SPK_FA_EPOCH), 2);
    assert_int_equal(say_check(w, &w->dep[0], SPK_MSG_REWRAP), SPK_FRAME_OK);
    assert_spk_ok(spk_attrs_fixed(&w->out, SPK_FA_RPUB, moved.rpub, SPK_RPUB_LEN));
    assert_spk_ok(spk_attrs_get(&w->out, SPK_FA_BLOB, SPK_SIMPLEBLOB_MAX, &blob));
    moved.d.blob = blob;
    assert_spk_ok(spk_rpub_parse(SPK_SPAN_OF(moved.rpub), &moved.d.rpub));
    assert_int_equal(moved.d.rpub.epoch, 2);
    assert_spk_ok(spk_deposit_prove(&moved.d, w->dep[0].key, spk_keys_newest(w->keys)->pair));
    /* both are good now, and a lie is neither */
    assert_int_equal(say_check(w, &w->dep[0], SPK_MSG_CHECK), SPK_FRAME_OK);
    w->dep[2].d.rpub.tag.b[0] ^= 1;
    dep_seal(&w->dep[2]);
    assert_int_equal(say_check(w, &w->dep[2], SPK_MSG_REWRAP), SPK_FRAME_REFUSED);
}

static void
test_rewrap_of_a_file_record(void **state)
{
    struct world *w = *state;
    struct spk_span blob, sealed;
    struct dep moved = w->dep[1];

    assert_spk_ok(spk_keys_rotate(w->keys, 2048));
    assert_spk_ok(spk_keys_write_epoch(w->dirfd, w->keys, spk_keys_newest(w->keys)));
    world_stop(w);
    world_start(w);
    w->dep[1].d.rpriv = SPK_SPAN_EMPTY;
    assert_int_equal(say_check(w, &w->dep[1], SPK_MSG_REWRAP), SPK_FRAME_OK);
    assert_spk_ok(spk_attrs_fixed(&w->out, SPK_FA_RPUB, moved.rpub, SPK_RPUB_LEN));
    assert_spk_ok(spk_attrs_get(&w->out, SPK_FA_BLOB, SPK_SIMPLEBLOB_MAX, &blob));
    assert_spk_ok(spk_attrs_get(&w->out, SPK_FA_SEALED, SPK_FRAME_MAX, &sealed));
    moved.d.blob = blob;
    moved.d.rpriv = SPK_SPAN_EMPTY;
    moved.d.sealed = sealed;
    assert_spk_ok(spk_rpub_parse(SPK_SPAN_OF(moved.rpub), &moved.d.rpub));
    assert_spk_ok(spk_deposit_prove(&moved.d, w->dep[1].key, spk_keys_newest(w->keys)->pair));
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        T(test_whole_story),
        T(test_again_is_the_same_recipient_and_one_record),
        T(test_released_is_remembered_across_restart),
        T(test_announced_before_released),
        T(test_v15_blob),
        T(test_foreign_blob_with_random_padding),
        T(test_from_a_file_record_alone),
        T(test_stolen_blob_under_own_name),
        T(test_swapped_blob),
        T(test_blob_not_the_named_one),
        T(test_wrong_commitment),
        T(test_wrong_tag),
        T(test_relabelled),
        T(test_claimed_derived_but_is_not),
        T(test_wrong_padding_kind),
        T(test_unknown_epoch_and_authority),
        T(test_sealed_record_of_another_key),
        T(test_deposit_of_another_owner),
        T(test_not_in_scope),
        T(test_wrong_place_in_scope),
        T(test_listed_needs_its_path),
        T(test_listed),
        T(test_pairs_only_releases_nothing),
        T(test_stricter_of_two_policies),
        T(test_unknown_policy_counts_as_todays),
        T(test_no_release_without_a_journal),
        T(test_check),
        T(test_check_is_rate_limited),
        T(test_rewrap),
        T(test_rewrap_of_a_file_record),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
