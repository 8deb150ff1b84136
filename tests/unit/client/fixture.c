/* SPDX-License-Identifier: Apache-2.0 */
#include "fixture.h"

#include <stdio.h>
#include <string.h>

#include "crypto/rng.h"
#include "spk_test.h"

#define BITS 2048

static struct spk_rsa *made[4];

static struct spk_rsa *
key(size_t i)
{
    if (made[i] == NULL) {
        assert_spk_ok(spk_rsa_generate(BITS, &made[i]));
    }
    return made[i];
}

static void
make_officer(struct fix_officer *o, size_t i)
{
    uint8_t seed[SPK_ED25519_LEN];
    uint8_t pub[SPK_ED25519_LEN];
    char name[32];

    memset(seed, (int)i + 1, sizeof(seed));
    assert_spk_ok(spk_secret_from(SPK_SPAN_OF(seed), &o->seed));
    assert_spk_ok(spk_ed25519_public(o->seed, pub));
    (void)snprintf(name, sizeof(name), "officer/o%zu", i);
    assert_spk_ok(spk_vkey_make(name, pub, &o->vkey));
}

void
fix_sign(const struct fix *f, struct spk_span text, unsigned who, struct spk_buf *note)
{
    SPK_AUTO_BUF struct spk_buf b = SPK_BUF((size_t)SPK_NOTE_MAX);
    bool any = false;

    for (size_t i = 0; i < FIX_OFFICERS; i++) {
        struct spk_note *prior = spk_calloc(1, sizeof(*prior));
        SPK_AUTO_BUF struct spk_buf next = SPK_BUF((size_t)SPK_NOTE_MAX);

        if ((who & (1u << i)) != 0) {
            if (any) {
                assert_spk_ok(spk_note_parse(spk_buf_span(&b), false, prior));
            }
            assert_spk_ok(spk_note_sign(text, any ? prior : NULL, f->officers[i].vkey.name,
                                        f->officers[i].seed, &next));
            spk_buf_reset(&b);
            assert_spk_ok(spk_buf_add(&b, spk_buf_span(&next)));
            any = true;
        }
        spk_mem_free(prior);
    }
    assert_spk_ok(spk_buf_add(note, any ? spk_buf_span(&b) : text));
}

static void
put_officers(const struct fix *f, unsigned who, struct spk_policy *p)
{
    p->n_officers = 0;
    for (size_t i = 0; i < FIX_OFFICERS; i++) {
        if ((who & (1u << i)) != 0) {
            struct spk_officer *o = &p->officers[p->n_officers++];

            memset(o, 0, sizeof(*o));
            o->key = f->officers[i].vkey;
            (void)snprintf(o->person, sizeof(o->person), "p%zu", i);
            memset(o->seal, (int)i + 0x40, sizeof(o->seal));
        }
    }
}

static void
format_policy(const struct fix *f, struct spk_policy *p, unsigned signers, struct spk_buf *note)
{
    SPK_AUTO_BUF struct spk_buf text = SPK_BUF((size_t)SPK_NOTE_MAX);

    assert_spk_ok(spk_policy_format(p, &text));
    assert_spk_ok(spk_sha256(spk_buf_span(&text), &p->hash));
    fix_sign(f, spk_buf_span(&text), signers, note);
}

void
fix_next_policy(const struct fix *f, const struct spk_policy *prev, unsigned officers,
                unsigned signers, struct spk_policy *ret_p, struct spk_buf *note)
{
    *ret_p = *prev;
    ret_p->number = prev->number + 1;
    ret_p->previous = prev->hash;
    put_officers(f, officers, ret_p);
    format_policy(f, ret_p, signers, note);
}

void
fix_statement(const struct fix *f, size_t which, uint32_t epoch,
              void (*change)(struct spk_authority *), unsigned signers, struct spk_buf *note)
{
    SPK_AUTO_BUF struct spk_buf text = SPK_BUF((size_t)SPK_NOTE_MAX);
    struct spk_authority a = {.epoch = epoch, .key = f->keys[which], .policy = f->policy1.hash};
    uint8_t pub[SPK_ED25519_LEN];

    memset(pub, 0x77, sizeof(pub));
    (void)snprintf(a.name, sizeof(a.name), "backup.test");
    if (epoch > 1) {
        a.previous = *spk_rsa_id(f->keys[0]);
    }
    memset(a.tls.b, (int)epoch, sizeof(a.tls.b));
    assert_spk_ok(spk_ed25519_public(f->officers[0].seed, pub));
    assert_spk_ok(spk_vkey_make("backup.test", pub, &a.holder));
    if (change != NULL) {
        change(&a);
    }
    assert_spk_ok(spk_authority_format(&a, &text));
    fix_sign(f, spk_buf_span(&text), signers, note);
}

void
fix_make(struct fix *f)
{
    memset(f, 0, sizeof(*f));
    for (size_t i = 0; i < FIX_OFFICERS; i++) {
        make_officer(&f->officers[i], i);
    }
    f->keys[0] = key(0);
    f->keys[1] = key(1);
    f->owner[0] = key(2);
    f->owner[1] = key(3);
    f->policy1 = (struct spk_policy){
        .number = 1, .quorum = 2, .deny = 1, .request_life = 86400, .approval_life = 86400};
    put_officers(f, 7, &f->policy1);
    f->policy1_note = SPK_BUF((size_t)SPK_NOTE_MAX);
    f->statement1_note = SPK_BUF((size_t)SPK_NOTE_MAX);
    format_policy(f, &f->policy1, 7, &f->policy1_note);
    fix_statement(f, 0, 1, NULL, 0, &f->statement1_note);
}

void
fix_clear(struct fix *f)
{
    for (size_t i = 0; i < FIX_OFFICERS; i++) {
        spk_secret_free(f->officers[i].seed);
    }
    spk_buf_free(&f->policy1_note);
    spk_buf_free(&f->statement1_note);
}

struct spk_pin *
fix_pin(const struct fix *f)
{
    struct spk_chain *c = NULL;
    struct spk_pin *p = NULL;

    assert_spk_ok(spk_chain_new(&c));
    assert_spk_ok(spk_chain_add_statement(c, spk_buf_span(&f->statement1_note)));
    assert_spk_ok(spk_chain_add_policy(c, spk_buf_span(&f->policy1_note)));
    assert_spk_ok(spk_pin_make(&c, "https://127.0.0.1:1", NULL, &p));
    assert_null(c);
    (void)snprintf(p->name, sizeof(p->name), "backup.test");
    return p;
}

static char *
below(const char *dir, const char *name)
{
    SPK_AUTO_BUF struct spk_buf b = SPK_BUF((size_t)4096);
    const char *s = NULL;

    assert_spk_ok(spk_buf_printf(&b, "%s/%s", dir, name));
    assert_spk_ok(spk_buf_cstr(&b, &s));
    return spk_strdup(s);
}

struct spk_profile *
fix_profile(const struct fix *f, const char *dir)
{
    struct spk_profile *p = spk_calloc(1, sizeof(*p));

    assert_non_null(p);
    p->config_dir = below(dir, "config");
    p->data_dir = below(dir, "data");
    p->container = spk_strdup("default");
    p->record = SPK_BUF((size_t)SPK_ENROL_RECORD_MAX);
    memset(p->owner.b, 0x55, sizeof(p->owner.b));
    p->has_owner = true;
    p->authorities[p->n_authorities++] = fix_pin(f);
    return p;
}
