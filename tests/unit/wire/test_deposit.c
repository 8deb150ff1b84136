/* SPDX-License-Identifier: Apache-2.0 */
#include "vec.h"

#include <stdlib.h>
#include <string.h>

#include "crypto/rng.h"
#include "keyblob/wrap.h"
#include "wire/deposit.h"
#include "wire/record.h"

/* The deposit of the vectors, and what it takes to make and to check it. */
struct kit {
    struct spk_secret *key;
    struct spk_rsa *authority;
    struct spk_rpriv rpriv_fields;
    struct spk_deposit d;
};

static void
kit_fill(struct kit *k)
{
    spk_secret_free(k->key);
    spk_rsa_free(k->authority);
    assert_spk_ok(spk_secret_from(vec("key"), &k->key));
    k->authority = vec_pair("authority");
    k->d = (struct spk_deposit){.rpriv = vec("deposit.r_priv"), .blob = vec("deposit.blob")};
    assert_spk_ok(spk_rpub_parse(vec("deposit.r_pub"), &k->d.rpub));
    memcpy(k->d.salt, vec("salt").ptr, SPK_SALT_LEN);
    k->d.p = vec_hash("deposit.p");
    k->d.owner = vec_hash("enrolment.owner");
    k->rpriv_fields =
        (struct spk_rpriv){.owner = k->d.owner,
                           .id = k->d.rpub.id,
                           .description = SPK_SPAN_LIT("Jahresabschlu\xc3\x9f 2025.ods"),
                           .core = vec("deposit.core")};
}

static int
setup(void **state)
{
    struct kit *k = calloc(1, sizeof(*k));

    assert_non_null(k);
    kit_fill(k);
    *state = k;
    return 0;
}

static int
teardown(void **state)
{
    struct kit *k = *state;

    spk_secret_free(k->key);
    spk_rsa_free(k->authority);
    free(k);
    return 0;
}

static void
r_pub_meets_the_vector(void **state)
{
    const struct kit *k = *state;
    struct spk_rpub r = {.flags = SPK_WRAP_OAEP | SPK_WRAP_DERIVED,
                         .alg = SPK_CALG_AES_256,
                         .epoch = 1,
                         .policy = 1,
                         .time_ms = 1700000000123u,
                         .tag = vec_hash("deposit.t"),
                         .owner_tag = vec_hash("owner_tag")};
    uint8_t bytes[SPK_RPUB_LEN];

    memcpy(r.id.b, vec("file_id").ptr, SPK_FILE_ID_LEN);
    assert_spk_ok(spk_commitment(k->key, &r.id, &r.commitment));
    r.authority = *spk_rsa_id(k->authority);
    assert_spk_ok(spk_sha256(vec("deposit.blob"), &r.blob));
    spk_rpub_build(&r, bytes);
    assert_span_equal(SPK_SPAN_OF(bytes), vec("deposit.r_pub"));
    spk_rpub_build(&k->d.rpub, bytes); /* what parse has read */
    assert_span_equal(SPK_SPAN_OF(bytes), vec("deposit.r_pub"));
}

static void
r_priv_p_t_oc_and_entry_meet_the_vectors(void **state)
{
    const struct kit *k = *state;
    SPK_AUTO_BUF struct spk_buf b = SPK_BUF(SPK_RPRIV_MAX);
    uint8_t entry[SPK_ENTRY_LEN];
    struct spk_hash h;

    assert_spk_ok(spk_rpriv_build(&k->rpriv_fields, &b));
    assert_span_equal(spk_buf_span(&b), vec("deposit.r_priv"));
    assert_spk_ok(spk_deposit_p(k->d.salt, spk_buf_span(&b), &h));
    assert_span_equal(spk_hash_span(&h), vec("deposit.p"));
    assert_spk_ok(spk_deposit_tag(k->key, &k->d.rpub, &k->d.owner, spk_buf_span(&b), &h));
    assert_span_equal(spk_hash_span(&h), vec("deposit.t"));
    assert_spk_ok(spk_deposit_oc(vec("deposit.r_pub").ptr, &k->d.p, &h));
    assert_span_equal(spk_hash_span(&h), vec("deposit.oc"));
    spk_deposit_entry(&k->d.rpub, &h, entry);
    assert_span_equal(SPK_SPAN_OF(entry), vec("deposit.entry"));
}

static void
r_priv_reads_back(void **state)
{
    const struct kit *k = *state;
    SPK_AUTO_BUF struct spk_buf b = SPK_BUF(SPK_RPRIV_MAX);
    struct spk_rpriv p, small = {.owner = k->d.owner, .id = k->d.rpub.id};

    assert_spk_ok(spk_rpriv_parse(k->d.rpriv, &p));
    assert_true(spk_hash_eq(&p.owner, &k->d.owner));
    assert_span_equal(p.description, k->rpriv_fields.description);
    assert_span_equal(p.core, vec("deposit.core"));
    assert_spk_ok(spk_rpriv_build(&small, &b)); /* neither description nor core */
    assert_spk_ok(spk_rpriv_parse(spk_buf_span(&b), &p));
    assert_int_equal(p.description.len, 0);
    assert_int_equal(p.core.len, 0);
}

static void
r_priv_refuses(void **state)
{
    const struct kit *k = *state;
    SPK_AUTO_BUF struct spk_buf b = SPK_BUF(SPK_RPRIV_MAX * 2);
    struct spk_rpriv p = k->rpriv_fields;
    static char long_text[SPK_DESCRIPTION_MAX + 1];
    static const uint8_t long_core[SPK_RPRIV_CORE_MAX + 1];
    struct spk_attrs l;

    memset(long_text, 'x', sizeof(long_text));
    p.description = SPK_SPAN_OF(long_text);
    assert_spk_code(spk_rpriv_build(&p, &b), LIMIT);
    p.description = SPK_SPAN_LIT("two\nlines");
    assert_spk_code(spk_rpriv_build(&p, &b), FORMAT);
    p.description = SPK_SPAN_LIT("\xff");
    assert_spk_code(spk_rpriv_build(&p, &b), FORMAT);
    p = k->rpriv_fields;
    p.core = SPK_SPAN_OF(long_core);
    assert_spk_code(spk_rpriv_build(&p, &b), LIMIT);
    assert_int_equal(b.len, 0);

    assert_spk_ok(spk_attrs_parse(k->d.rpriv, &l));
    assert_spk_ok(spk_attrs_add(&l, 6, SPK_SPAN_LIT("?"))); /* a type of the future */
    assert_spk_ok(spk_attrs_build(&l, &b));
    assert_spk_code(spk_rpriv_parse(spk_buf_span(&b), &p), VERSION);
    spk_buf_reset(&b);
    l.a[l.n - 1] = (struct spk_attr){SPK_RPRIV_OWNER, SPK_SPAN_LIT("short")};
    assert_spk_ok(spk_attrs_build(&l, &b));
    assert_spk_code(spk_rpriv_parse(spk_buf_span(&b), &p), FORMAT);
}

static void
r_pub_refuses(void **state)
{
    (void)state;
    uint8_t *b = vec_copy(vec("deposit.r_pub"), 1);
    struct spk_rpub r;

    assert_spk_code(spk_rpub_parse(spk_span(b, SPK_RPUB_LEN - 1), &r), FORMAT);
    assert_spk_code(spk_rpub_parse(spk_span(b, SPK_RPUB_LEN + 1), &r), FORMAT);
    b[1] = 2;
    assert_spk_code(spk_rpub_parse(spk_span(b, SPK_RPUB_LEN), &r), VERSION);
    b[1] = 1;
    b[3] = 4; /* a flag of the future */
    assert_spk_code(spk_rpub_parse(spk_span(b, SPK_RPUB_LEN), &r), VERSION);
    free(b);
}

static void
check_public_takes_the_vector(void **state)
{
    struct kit *k = *state;

    assert_spk_ok(spk_deposit_check_public(&k->d));
}

/* One fault each, on a deposit that is right otherwise. */
static void
check_public_refuses(void **state)
{
    struct kit *k = *state;
    SPK_AUTO_BUF struct spk_buf other = SPK_BUF(SPK_RPRIV_MAX);
    uint8_t *blob = vec_copy(k->d.blob, 1);
    struct spk_rpriv p = k->rpriv_fields;

    k->d.rpub.alg = 0x660e;
    assert_spk_code(spk_deposit_check_public(&k->d), FORMAT);
    kit_fill(k);
    k->d.rpub.flags |= 8;
    assert_spk_code(spk_deposit_check_public(&k->d), VERSION);
    kit_fill(k);
    blob[40] ^= 1;
    k->d.blob.ptr = blob;
    assert_spk_code(spk_deposit_check_public(&k->d), FORMAT); /* H(blob) */
    k->d.blob = spk_span(blob, 12 + 255);
    assert_spk_code(spk_deposit_check_public(&k->d), FORMAT); /* no SIMPLEBLOB */
    free(blob);
    kit_fill(k);
    k->d.owner.b[0] ^= 1;
    assert_spk_code(spk_deposit_check_public(&k->d), FORMAT);
    kit_fill(k);
    k->d.rpub.id.b[0] ^= 1;
    assert_spk_code(spk_deposit_check_public(&k->d), FORMAT);
    kit_fill(k);
    k->d.salt[0] ^= 1;
    assert_spk_code(spk_deposit_check_public(&k->d), FORMAT);
    kit_fill(k);
    k->d.rpub.commitment.b[0] ^= 1; /* no longer that of the core */
    assert_spk_code(spk_deposit_check_public(&k->d), FORMAT);
    kit_fill(k);
    p.core = spk_span(p.core.ptr, p.core.len - 1);
    assert_spk_ok(spk_rpriv_build(&p, &other));
    k->d.rpriv = spk_buf_span(&other);
    assert_spk_code(spk_deposit_check_public(&k->d), FORMAT);
    kit_fill(k);
    k->d.rpriv = SPK_SPAN_EMPTY;
    assert_spk_code(spk_deposit_check_public(&k->d), FORMAT); /* nor anything sealed */
}

static void
record_meets_the_vector(void **state)
{
    const struct kit *k = *state;
    SPK_AUTO_BUF struct spk_buf b = SPK_BUF(65536);

    assert_spk_ok(spk_record_build_fixed(k->key, &k->d, vec("record.r").ptr, &b));
    assert_span_equal(spk_buf_span(&b), vec("deposit.record"));
    assert_int_equal(b.len, SPK_RECORD_FIXED + SPK_SALT_LEN + k->d.rpriv.len);
}

static void
record_reads_without_and_with_the_key(void **state)
{
    const struct kit *k = *state;
    SPK_AUTO_BUF struct spk_buf rpriv = SPK_BUF(SPK_RPRIV_MAX);
    SPK_AUTO_BUF struct spk_buf body = SPK_BUF(65536);
    uint8_t salt[SPK_SALT_LEN];
    struct spk_deposit d;

    assert_spk_ok(spk_record_build(k->key, &k->d, &body));
    assert_spk_ok(spk_record_parse(spk_buf_span(&body), &d));
    assert_true(d.rpub.time_ms == 0);
    assert_true(spk_hash_eq(&d.rpub.tag, &k->d.rpub.tag));
    assert_true(spk_hash_eq(&d.p, &k->d.p));
    assert_true(spk_hash_eq(&d.owner, &k->d.owner));
    assert_int_equal(d.rpriv.len, 0);
    d.rpub.time_ms = 12345; /* an authority sets it when it files the record */
    d.blob = k->d.blob;
    assert_spk_ok(spk_deposit_check_public(&d));
    assert_spk_ok(spk_record_open(k->key, &d, salt, &rpriv));
    assert_memory_equal(salt, k->d.salt, SPK_SALT_LEN);
    assert_span_equal(spk_buf_span(&rpriv), k->d.rpriv);
    assert_spk_ok(spk_deposit_prove(&d, k->key, k->authority));
}

static void
record_refuses_any_changed_byte(void **state)
{
    const struct kit *k = *state;
    struct spk_span good = vec("deposit.record");
    uint8_t *b = vec_copy(good, 0);

    for (size_t i = 0; i < good.len; i++) {
        SPK_AUTO_BUF struct spk_buf rpriv = SPK_BUF(SPK_RPRIV_MAX);
        uint8_t salt[SPK_SALT_LEN];
        struct spk_deposit d;
        b[i] ^= 0x10;
        if (spk_ok(spk_record_parse(spk_span(b, good.len), &d))) {
            assert_spk_code(spk_record_open(k->key, &d, salt, &rpriv), AUTH);
            assert_int_equal(rpriv.len, 0);
        }
        b[i] ^= 0x10;
    }
    free(b);
}

static void
record_refuses_lengths_and_other_keys(void **state)
{
    const struct kit *k = *state;
    SPK_AUTO_BUF struct spk_buf rpriv = SPK_BUF(SPK_RPRIV_MAX);
    SPK_AUTO(spk_secret) other = vec_seed(0x44);
    struct spk_span good = vec("deposit.record");
    uint8_t salt[SPK_SALT_LEN];
    struct spk_deposit d, empty = k->d;

    assert_spk_code(spk_record_parse(spk_span(good.ptr, SPK_RECORD_FIXED), &d), FORMAT);
    assert_spk_ok(spk_record_parse(spk_span(good.ptr, good.len - 1), &d)); /* seen with K only */
    assert_spk_code(spk_record_open(k->key, &d, salt, &rpriv), AUTH);
    assert_spk_ok(spk_record_parse(good, &d));
    assert_spk_code(spk_record_open(other, &d, salt, &rpriv), AUTH);
    d.sealed.len = 65;
    assert_spk_code(spk_record_open(k->key, &d, salt, &rpriv), FORMAT);
    empty.rpriv = SPK_SPAN_EMPTY;
    assert_spk_code(spk_record_build(k->key, &empty, &rpriv), USAGE);
}

static void
prove_says_yes(void **state)
{
    struct kit *k = *state;
    SPK_AUTO_BUF struct spk_buf random = SPK_BUF(SPK_SIMPLEBLOB_MAX);

    assert_spk_ok(spk_deposit_prove(&k->d, k->key, k->authority));
    /* Random padding: everything but the re-made BLOB. */
    k->d.rpub.flags = SPK_WRAP_OAEP;
    assert_spk_ok(spk_wrap(k->key, k->authority, NULL, SPK_WRAP_OAEP, &random));
    k->d.blob = spk_buf_span(&random);
    assert_spk_ok(spk_sha256(k->d.blob, &k->d.rpub.blob));
    assert_spk_ok(spk_deposit_tag(k->key, &k->d.rpub, &k->d.owner, k->d.rpriv, &k->d.rpub.tag));
    assert_spk_ok(spk_deposit_prove(&k->d, k->key, k->authority));
}

static void
not_proven(struct kit *k)
{
    assert_spk_code(spk_deposit_prove(&k->d, k->key, k->authority), AUTH);
    kit_fill(k);
}

/* Each way in which a deposit can be somebody else's, relabelled, or of no use: one answer for all.
 */
static void
prove_says_no(void **state)
{
    struct kit *k = *state;
    SPK_AUTO_BUF struct spk_buf b = SPK_BUF(SPK_RPRIV_MAX);
    struct spk_rpriv p = k->rpriv_fields;

    k->d.owner.b[0] ^= 1; /* a stolen BLOB under another owner's name */
    not_proven(k);
    k->d.owner.b[0] ^= 1;
    p.owner = k->d.owner; /* the same, with R_priv made to fit */
    assert_spk_ok(spk_rpriv_build(&p, &b));
    k->d.rpriv = spk_buf_span(&b);
    assert_spk_ok(spk_deposit_p(k->d.salt, k->d.rpriv, &k->d.p));
    not_proven(k);
    p = k->rpriv_fields;
    p.description = SPK_SPAN_LIT("holiday pictures"); /* relabelled */
    spk_buf_reset(&b);
    assert_spk_ok(spk_rpriv_build(&p, &b));
    k->d.rpriv = spk_buf_span(&b);
    assert_spk_ok(spk_deposit_p(k->d.salt, k->d.rpriv, &k->d.p));
    not_proven(k);
    k->d.salt[0] ^= 1;
    not_proven(k);
    k->d.rpub.commitment.b[0] ^= 1;
    not_proven(k);
    k->d.rpub.tag.b[31] ^= 1;
    not_proven(k);
    k->d.rpub.id.b[0] ^= 1;
    not_proven(k);
    k->d.rpub.epoch = 2;
    not_proven(k);
    k->d.rpub.policy = 2;
    not_proven(k);
    k->d.rpub.flags = SPK_WRAP_OAEP;
    not_proven(k);
    k->d.rpub.owner_tag.b[0] ^= 1;
    not_proven(k);
    spk_secret_free(k->key);
    k->key = vec_seed(0x45);
    not_proven(k);
    spk_rsa_free(k->authority);
    k->authority = vec_pair("owner-keyx");
    not_proven(k);
}

/* Whoever knows K can make T fit, but not a BLOB of other randomness pass for a derived one. */
static void
prove_remakes_the_blob(void **state)
{
    struct kit *k = *state;
    SPK_AUTO_BUF struct spk_buf random = SPK_BUF(SPK_SIMPLEBLOB_MAX);

    assert_spk_ok(spk_wrap(k->key, k->authority, NULL, SPK_WRAP_OAEP, &random));
    k->d.blob = spk_buf_span(&random);
    assert_spk_ok(spk_sha256(k->d.blob, &k->d.rpub.blob));
    assert_spk_ok(spk_deposit_tag(k->key, &k->d.rpub, &k->d.owner, k->d.rpriv, &k->d.rpub.tag));
    not_proven(k);
}

/* The authority's time is not under T. */
static void
tag_leaves_the_time_out(void **state)
{
    struct kit *k = *state;

    k->d.rpub.time_ms = 0;
    assert_spk_ok(spk_deposit_prove(&k->d, k->key, k->authority));
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        T(r_pub_meets_the_vector),
        T(r_priv_p_t_oc_and_entry_meet_the_vectors),
        T(r_priv_reads_back),
        T(r_priv_refuses),
        T(r_pub_refuses),
        T(check_public_takes_the_vector),
        T(check_public_refuses),
        T(record_meets_the_vector),
        T(record_reads_without_and_with_the_key),
        T(record_refuses_any_changed_byte),
        T(record_refuses_lengths_and_other_keys),
        T(prove_says_yes),
        T(prove_says_no),
        T(prove_remakes_the_blob),
        T(tag_leaves_the_time_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
