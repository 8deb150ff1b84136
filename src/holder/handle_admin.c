/* SPDX-License-Identifier: Apache-2.0 */
/* HELLO, STATUS, STOP, POLICY (doc/spec/holder.md §3). */
#include "base/log.h"
#include "holder/logstate.h"
#include "holder/reply.h"

static spk_err
reply_policy(const struct spk_holder *h, struct spk_reply *out)
{
    const struct spk_policy *p = spk_state_policy(h->state);

    SPK_CHECK(p != NULL, DENIED);
    SPK_TRY(spk_reply_u64(out, SPK_FA_POLICY_NUMBER, p->number));
    return spk_attrs_add(&out->l, SPK_FA_POLICY, spk_hash_span(&p->hash));
}

/* -- HELLO ---------------------------------------------------------------------------------------
 */

/* Every epoch's public key and the verifier key, in out->mem, which is filled before it is named.
 */
static spk_err
hello_fill(const struct spk_keys *k, struct spk_reply *out, size_t *ret_vkey)
{
    for (size_t i = 0; i < k->n; i++) {
        SPK_TRY(spk_buf_u32(&out->mem, k->epoch[i].number));
        SPK_TRY(spk_buf_add(&out->mem, spk_rsa_spki(k->epoch[i].pair)));
    }
    *ret_vkey = out->mem.len;
    return spk_vkey_format(&k->vkey, &out->mem);
}

static spk_err
hello_keys(const struct spk_keys *k, struct spk_reply *out)
{
    size_t vkey = 0;

    SPK_TRY(hello_fill(k, out, &vkey));
    const uint8_t *p = out->mem.ptr;
    for (size_t i = 0; i < k->n; i++) {
        size_t len = 4 + spk_rsa_spki(k->epoch[i].pair).len;
        SPK_TRY(spk_attrs_add(&out->l, SPK_FA_SPKI, spk_span(p, len)));
        p += len;
    }
    return spk_attrs_add(&out->l, SPK_FA_VKEY, spk_span(out->mem.ptr + vkey, out->mem.len - vkey));
}

static spk_err
hello(const struct spk_holder *h, struct spk_reply *out)
{
    const struct spk_keys *k = h->keys;

    SPK_TRY(hello_keys(k, out));
    SPK_TRY(spk_reply_u64(out, SPK_FA_VERSION, SPK_HOLDER_VERSION));
    SPK_TRY(spk_attrs_add(&out->l, SPK_FA_NAME, spk_span_str(k->name)));
    SPK_TRY(spk_reply_u64(out, SPK_FA_EPOCH, spk_keys_newest(k)->number));
    SPK_TRY(spk_attrs_add(&out->l, SPK_FA_GENESIS, spk_hash_span(&k->genesis)));
    SPK_TRY(spk_attrs_add(&out->l, SPK_FA_LOGS, spk_buf_span(&h->logkeys->note)));
    return reply_policy(h, out);
}

enum spk_frame_status
spk_on_hello(struct spk_holder *h, const struct spk_hsession *s, const struct spk_attrs *in,
             struct spk_reply *out)
{
    uint64_t version;

    (void)s;
    if (!spk_ok(spk_attrs_u64(in, SPK_FA_VERSION, &version)) || version != SPK_HOLDER_VERSION) {
        return SPK_FRAME_BAD;
    }
    return spk_status_of(hello(h, out));
}

/* -- STATUS, STOP --------------------------------------------------------------------------------
 */

static void
count_now(struct spk_holder *h)
{
    h->count[SPK_COUNT_REQUESTS] = h->state->n_requests;
    h->count[SPK_COUNT_POLICIES] = h->state->n_policies;
    h->count[SPK_COUNT_SUCCESSORS] = h->state->n_successors;
    h->count[SPK_COUNT_JOURNAL] = h->journal.end;
    h->count[SPK_COUNT_UNLOCKED] = spk_secret_unlocked();
    h->count[SPK_COUNT_WALL] = spk_hclock_wall(&h->clock);
    h->count[SPK_COUNT_DEPOSITS] = spk_logs_size(h->state, SPK_LOG_DEPOSITS);
    h->count[SPK_COUNT_RECOVERIES] = spk_logs_size(h->state, SPK_LOG_RECOVERIES);
    h->count[SPK_COUNT_RUNNING] = spk_hclock_running(&h->clock);
}

static spk_err
status(struct spk_holder *h, struct spk_reply *out)
{
    count_now(h);
    for (uint16_t i = 1; i < SPK_COUNT_MAX_; i++) {
        SPK_CHECK(out->n_ints < SPK_REPLY_INTS, LIMIT);
        uint8_t *b = out->ints[out->n_ints++];
        spk_put_u16(b, i);
        spk_put_u64(b + 2, h->count[i]);
        SPK_TRY(spk_attrs_add(&out->l, SPK_FA_COUNTER, spk_span(b, 10)));
    }
    return SPK_OK;
}

enum spk_frame_status
spk_on_health(struct spk_holder *h, const struct spk_hsession *s, const struct spk_attrs *in,
              struct spk_reply *out)
{
    (void)s;
    (void)in;
    return spk_status_of(status(h, out));
}

enum spk_frame_status
spk_on_stop(struct spk_holder *h, const struct spk_hsession *s, const struct spk_attrs *in,
            struct spk_reply *out)
{
    (void)in;
    (void)out;
    if (!s->may_stop) {
        return SPK_FRAME_REFUSED;
    }
    spk_log(SPK_LOG_INFO, "told to stop");
    h->stop = true;
    return SPK_FRAME_OK;
}

/* -- POLICY --------------------------------------------------------------------------------------
 */

/* The keys that sign successors and checkpoints must not decide about requests as well. */
static bool
names_holder(const struct spk_holder *h, const struct spk_policy *p)
{
    for (size_t i = 0; i < p->n_officers; i++) {
        const uint8_t *key = p->officers[i].key.key;
        if (spk_ct_eq(key, h->keys->vkey.key, SPK_ED25519_LEN) ||
            spk_logkeys_has(h->logkeys, key)) {
            return true;
        }
    }
    return false;
}

static spk_err
policy(struct spk_holder *h, struct spk_span bytes, struct spk_reply *out)
{
    const struct spk_policy *now = spk_state_policy(h->state);
    struct spk_note note;
    struct spk_hash hash;
    SPK_AUTO_STR struct spk_policy *next = spk_calloc(1, sizeof(*next));

    SPK_CHECK(next != NULL && now != NULL, NOMEM);
    SPK_TRY(spk_note_parse(bytes, false, &note));
    SPK_TRY(spk_note_hash(&note, &hash));
    if (!spk_hash_eq(&hash, &now->hash)) { /* the present one again is no news */
        SPK_TRY(spk_policy_verify_next(&note, now, next));
        SPK_CHECK(!names_holder(h, next), DENIED);
        SPK_CHECK(h->state->n_policies < SPK_POLICIES_MAX, LIMIT);
        SPK_TRY(spk_holder_commit(h, SPK_JREC_POLICY, &bytes, 1));
    }
    return reply_policy(h, out);
}

enum spk_frame_status
spk_on_policy(struct spk_holder *h, const struct spk_hsession *s, const struct spk_attrs *in,
              struct spk_reply *out)
{
    struct spk_span note;

    (void)s;
    if (!spk_ok(spk_attrs_get(in, SPK_FA_NOTE, SPK_NOTE_MAX, &note))) {
        return SPK_FRAME_BAD;
    }
    return spk_status_of(policy(h, note, out));
}
