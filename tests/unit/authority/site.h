/* SPDX-License-Identifier: Apache-2.0 */
/* The notes of a small authority, made on the spot: a key, a holder's key, two officers. */
#ifndef TEST_AUTHORITY_SITE_H
#define TEST_AUTHORITY_SITE_H

#include <stdio.h>
#include <string.h>

#include "spk_test.h"

#include "base/file.h"
#include "base/text.h"
#include "crypto/rng.h"
#include "wire/policy.h"
#include "wire/statement.h"

struct site {
    char *dir;
    struct spk_rsa *key;
    struct spk_secret *holder_seed, *officer_seed[2];
    struct spk_vkey holder;
    struct spk_policy policy;
    struct spk_authority statement;
};

static inline void
site_vkey(const char *name, struct spk_secret **ret_seed, struct spk_vkey *ret_v)
{
    uint8_t pub[SPK_ED25519_LEN];
    assert_spk_ok(spk_secret_random(SPK_ED25519_LEN, ret_seed));
    assert_spk_ok(spk_ed25519_public(*ret_seed, pub));
    assert_spk_ok(spk_vkey_make(name, pub, ret_v));
}

static inline void
site_write(const struct site *s, const char *name, struct spk_span text)
{
    char *path = NULL;
    assert_spk_ok(spk_path_join(s->dir, name, &path));
    assert_spk_ok(spk_file_write(-100, path, text, 0600, true));
    spk_mem_free(path);
}

/** p's text, signed by the first n officers, appended to note; p->hash is set. */
static inline void
site_sign_policy(const struct site *s, struct spk_policy *p, size_t n, struct spk_buf *note)
{
    SPK_AUTO_BUF struct spk_buf text = SPK_BUF(SPK_NOTE_MAX);
    struct spk_note prior;
    assert_spk_ok(spk_policy_format(p, &text));
    assert_spk_ok(spk_sha256(spk_buf_span(&text), &p->hash));
    for (size_t i = 0; i < n; i++) {
        SPK_AUTO_BUF struct spk_buf next = SPK_BUF(SPK_NOTE_MAX);
        bool have = note->len > 0;
        if (have) {
            assert_spk_ok(spk_note_parse(spk_buf_span(note), false, &prior));
        }
        assert_spk_ok(spk_note_sign(spk_buf_span(&text), have ? &prior : NULL,
                                    p->officers[i].key.name, s->officer_seed[i], &next));
        spk_buf_reset(note);
        assert_spk_ok(spk_buf_add(note, spk_buf_span(&next)));
    }
}

/** key is taken over. */
static inline void
site_make_of(struct site *s, struct spk_rsa *key)
{
    SPK_AUTO_BUF struct spk_buf note = SPK_BUF(SPK_NOTE_MAX);
    SPK_AUTO_BUF struct spk_buf text = SPK_BUF(SPK_NOTE_MAX);

    memset(s, 0, sizeof(*s));
    s->dir = spk_test_dir();
    s->key = key;
    site_vkey("backup.test/holder", &s->holder_seed, &s->holder);
    s->policy = (struct spk_policy){.number = 1,
                                    .quorum = 2,
                                    .deny = 1,
                                    .request_life = 86400,
                                    .approval_life = 3600,
                                    .n_officers = 2};
    for (size_t i = 0; i < 2; i++) {
        struct spk_officer *o = &s->policy.officers[i];
        site_vkey(i == 0 ? "officer/alice" : "officer/bob", &s->officer_seed[i], &o->key);
        (void)snprintf(o->person, sizeof(o->person), "%s", i == 0 ? "alice" : "bob");
        assert_spk_ok(spk_random(SPK_MUT_OF(o->seal)));
    }
    site_sign_policy(s, &s->policy, 2, &note);
    site_write(s, "policy-1.note", spk_buf_span(&note));
    s->statement = (struct spk_authority){.name = "backup.test",
                                          .epoch = 1,
                                          .key = s->key,
                                          .holder = s->holder,
                                          .policy = s->policy.hash};
    assert_spk_ok(spk_random(SPK_MUT_OF(s->statement.tls.b)));
    assert_spk_ok(spk_authority_format(&s->statement, &text));
    site_write(s, "statement-1.note", spk_buf_span(&text));
}

static inline void
site_make(struct site *s)
{
    struct spk_rsa *key = NULL;
    assert_spk_ok(spk_rsa_generate(2048, &key));
    site_make_of(s, key);
}

static inline void
site_clear(struct site *s)
{
    spk_rsa_free(s->key);
    spk_secret_free(s->holder_seed);
    spk_secret_free(s->officer_seed[0]);
    spk_secret_free(s->officer_seed[1]);
    spk_test_dir_remove(s->dir);
}

#endif
