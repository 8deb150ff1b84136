/* SPDX-License-Identifier: Apache-2.0 */
/* AES-GCM does not commit to its key: here one ciphertext with one tag is made that opens under two
 * keys, as a hostile sender would to show an authority another document than its owner sees.  Bare
 * GCM takes it under both keys; the container must not. */
#include "kit.h"

#include "crypto/aead.h"
#include "crypto/kdf.h"
#include "sealed/area.h"
#include "sealed/payload.h"

/* ---- GF(2^128) as GCM has it (NIST SP 800-38D, 6.3) ---- */

struct gf {
    uint64_t hi, lo; /* bit 0 of the field is the highest bit of hi */
};

static struct gf
gf_load(const uint8_t b[16])
{
    return (struct gf){spk_get_u64(b), spk_get_u64(b + 8)};
}

static void
gf_store(struct gf x, uint8_t b[16])
{
    spk_put_u64(b, x.hi);
    spk_put_u64(b + 8, x.lo);
}

static struct gf
gf_add(struct gf x, struct gf y)
{
    return (struct gf){x.hi ^ y.hi, x.lo ^ y.lo};
}

static struct gf
gf_mul(struct gf x, struct gf y)
{
    struct gf z = {0, 0};
    for (unsigned i = 0; i < 128; i++) {
        uint64_t bit = i < 64 ? x.hi >> (63 - i) & 1 : x.lo >> (127 - i) & 1;
        if (bit) {
            z = gf_add(z, y);
        }
        bool carry = y.lo & 1;
        y.lo = y.lo >> 1 | y.hi << 63;
        y.hi >>= 1;
        if (carry) {
            y.hi ^= UINT64_C(0xe1) << 56;
        }
    }
    return z;
}

static const struct gf gf_one = {UINT64_C(1) << 63, 0};

static struct gf
gf_pow(struct gf x, unsigned n)
{
    struct gf z = gf_one;
    for (unsigned i = 0; i < n; i++) {
        z = gf_mul(z, x);
    }
    return z;
}

/* x^(2^128 - 2) */
static struct gf
gf_inv(struct gf x)
{
    struct gf z = gf_one;
    for (unsigned i = 0; i < 127; i++) {
        x = gf_mul(x, x);
        z = gf_mul(z, x);
    }
    return z;
}

/* The block of GCM's two lengths, in bits. */
static struct gf
lengths(size_t aad, size_t text)
{
    return (struct gf){(uint64_t)aad * 8, (uint64_t)text * 8};
}

/* ---- what of a key the forger needs, got through GCM itself ---- */

struct half {
    uint8_t key[32];
    struct gf h; /* E(0) */
    struct gf s; /* E(iv || 1) */
};

static struct gf
tag_of(struct spk_aead *a, const uint8_t iv[12], struct spk_span aad)
{
    uint8_t tag[16];
    uint8_t none[1];
    assert_spk_ok(spk_aead_seal(a, iv, aad, spk_span(none, 0), none, tag));
    return gf_load(tag);
}

/* The tag of nothing is S; the tag of one zero block of AAD is S + L H. */
static void
half_learn(struct half *k, const uint8_t iv[12])
{
    static const uint8_t zero[16];
    SPK_AUTO(spk_aead) a = NULL;
    assert_spk_ok(spk_aead_new(&a));
    assert_spk_ok(spk_aead_key(a, SPK_SPAN_OF(k->key)));
    k->s = tag_of(a, iv, SPK_SPAN_EMPTY);
    struct gf lh = gf_add(tag_of(a, iv, SPK_SPAN_OF(zero)), k->s);
    k->h = gf_mul(lh, gf_inv(lengths(16, 0)));
}

/* GHASH of one block of padded AAD, n blocks of text, and L. */
static struct gf
ghash(struct gf h, const uint8_t aad[16], size_t aad_len, const uint8_t *text, size_t n)
{
    struct gf y = gf_mul(gf_load(aad), h);
    for (size_t i = 0; i < n; i++) {
        y = gf_mul(gf_add(y, gf_load(text + 16 * i)), h);
    }
    return gf_mul(gf_add(y, lengths(aad_len, 16 * n)), h);
}

/* Choose block f of the text so that both keys give the same tag. */
static void
forge(const struct half k[2], const uint8_t aad[16], size_t aad_len, uint8_t *text, size_t n,
      size_t f, uint8_t tag[16])
{
    memset(text + 16 * f, 0, 16);
    struct gf sum = gf_add(k[0].s, k[1].s);
    sum = gf_add(sum, ghash(k[0].h, aad, aad_len, text, n));
    sum = gf_add(sum, ghash(k[1].h, aad, aad_len, text, n));
    unsigned power = (unsigned)(n - f + 1);
    struct gf factor = gf_add(gf_pow(k[0].h, power), gf_pow(k[1].h, power));
    gf_store(gf_mul(sum, gf_inv(factor)), text + 16 * f);
    gf_store(gf_add(k[0].s, ghash(k[0].h, aad, aad_len, text, n)), tag);
}

static spk_err
open_bare(const uint8_t key[32], const uint8_t iv[12], struct spk_span aad, struct spk_span text,
          const uint8_t tag[16], uint8_t *ret_plain)
{
    SPK_AUTO(spk_aead) a = NULL;
    assert_spk_ok(spk_aead_new(&a));
    assert_spk_ok(spk_aead_key(a, spk_span(key, 32)));
    return spk_aead_open(a, iv, aad, text, tag, ret_plain);
}

static void
the_field_is_right(void **state)
{
    (void)state;
    struct gf x = {UINT64_C(0x0123456789abcdef), UINT64_C(0xfedcba9876543210)};
    struct gf y = gf_mul(x, gf_inv(x));
    assert_int_equal(y.hi, gf_one.hi);
    assert_int_equal(y.lo, 0);
}

/* ---- a container whose one segment opens under two keys ---- */

#define BLOCKS 20u
#define TEXT (16u * BLOCKS)

struct twin {
    struct kit_bytes file;
    struct spk_secret *key[2];
};

/* The DEK of segment 0 as FLOE derives it. */
static void
dek(const struct spk_floe *f, uint8_t ret_key[32])
{
    uint8_t info[42 + 12 + SPK_FLOE_AAD_MAX];
    memcpy(info, f->params_iv, 42);
    memcpy(info + 42, "DEK:\0\0\0\0\0\0\0\0", 12);
    memcpy(info + 54, f->aad, f->aad_len);
    assert_spk_ok(spk_hkdf_expand_sha384(SPK_SPAN_OF(f->message_key),
                                         spk_span(info, 54 + f->aad_len), spk_mut(ret_key, 32)));
}

/* Core and areas for key 0, then a segment for both. */
static void
twin_make(struct twin *t)
{
    SPK_AUTO_BUF struct spk_buf core_bytes = SPK_BUF(1000);
    SPK_AUTO_BUF struct spk_buf file = SPK_BUF(20000);
    SPK_AUTO(spk_slots) slots = NULL;
    struct spk_core core = {.area_len = 256, .seg_len = 4096, .flags = SPK_CORE_FLAG_COMPACT};
    struct spk_hash core_hash;
    struct half half[2];
    uint8_t header[2][SPK_FLOE_HEADER_LEN];
    uint8_t iv[32] = {4};
    uint8_t seg[SPK_FLOE_OVERHEAD + TEXT] = {0};
    for (unsigned i = 0; i < 2; i++) {
        assert_spk_ok(spk_secret_random(32, &t->key[i]));
    }
    assert_spk_ok(spk_slots_new(&slots));
    assert_spk_ok(spk_commitment(t->key[0], &core.id, &core.commitment));
    assert_spk_ok(spk_core_build(&core, &core_bytes));
    assert_spk_ok(spk_sha256(spk_buf_span(&core_bytes), &core_hash));

    spk_put_u32(seg, sizeof seg);
    memset(seg + 4, 0x17, 12);
    for (unsigned i = 0; i < 2; i++) {
        struct spk_floe f;
        assert_spk_ok(spk_payload_seal_begin(&f, t->key[i], &core, &core_hash, iv, header[i]));
        dek(&f, half[i].key);
        half_learn(&half[i], seg + 4);
    }
    static const uint8_t aad[16] = {0, 0, 0, 0, 0, 0, 0, 0, 1}; /* position 0, final; padded */
    assert_spk_ok(spk_random(spk_mut(seg + 16, TEXT)));
    forge(half, aad, 9, seg + 16, BLOCKS, 13, seg + 16 + TEXT);
    for (unsigned i = 0; i < 2; i++) { /* the premise: GCM itself is content with both */
        uint8_t out[TEXT];
        assert_spk_ok(open_bare(half[i].key, seg + 4, spk_span(aad, 9), spk_span(seg + 16, TEXT),
                                seg + 16 + TEXT, out));
    }

    assert_spk_ok(spk_buf_add(&file, spk_buf_span(&core_bytes)));
    assert_spk_ok(spk_area_build(&core, &core_hash, t->key[0], 1, slots, &file));
    assert_spk_ok(spk_buf_add(&file, SPK_SPAN_OF(header[0])));
    assert_spk_ok(spk_buf_add(&file, SPK_SPAN_OF(seg)));
    t->file = kit_copy(spk_buf_span(&file));
}

static void
twin_free(struct twin *t)
{
    kit_free(&t->file);
    spk_secret_free(t->key[0]);
    spk_secret_free(t->key[1]);
}

static void
bare_gcm_opens_one_ciphertext_under_two_keys(void **state)
{
    (void)state;
    struct half k[2];
    static const uint8_t iv[12] = {1, 2, 3};
    static const uint8_t aad[16] = "header";
    uint8_t text[TEXT];
    uint8_t tag[16];
    uint8_t out[2][TEXT];
    for (unsigned i = 0; i < 2; i++) {
        assert_spk_ok(spk_random(SPK_MUT_OF(k[i].key)));
        half_learn(&k[i], iv);
    }
    assert_spk_ok(spk_random(SPK_MUT_OF(text)));
    forge(k, aad, 6, text, BLOCKS, 4, tag);
    for (unsigned i = 0; i < 2; i++) {
        assert_spk_ok(open_bare(k[i].key, iv, spk_span(aad, 6), SPK_SPAN_OF(text), tag, out[i]));
    }
    assert_memory_not_equal(out[0], out[1], TEXT);
}

static void
the_container_opens_it_under_one_key_only(void **state)
{
    (void)state;
    struct twin t;
    struct kit_bytes got;
    twin_make(&t);
    assert_spk_ok(kit_open(kit_span(&t.file), t.key[0], 1, &got));
    assert_int_equal(got.len, TEXT);
    kit_free(&got);
    kit_assert_refused("auth", kit_span(&t.file), t.key[1]);
    twin_free(&t);
}

/* Even where nobody looked at C: the payload's own header names one key. */
static void
the_payload_alone_refuses_the_second_key(void **state)
{
    (void)state;
    struct twin t;
    SPK_AUTO(spk_header) h = NULL;
    uint64_t n;
    twin_make(&t);
    SPK_AUTO_FD int in = kit_file(kit_span(&t.file));
    SPK_AUTO_FD int out = kit_file(SPK_SPAN_EMPTY);
    assert_spk_ok(spk_header_read(in, &h));
    assert_spk_ok(spk_open_run(h, t.key[0], in, out, NULL, &n));
    assert_spk_code(spk_open_run(h, t.key[1], in, out, NULL, &n), AUTH);
    twin_free(&t);
}

/* The escrow lie itself: the owner's slot holds one key, the authority's another. */
static void
an_authority_slot_with_the_second_key_is_refused(void **state)
{
    (void)state;
    struct twin t;
    struct spk_rsa *pair[2] = {NULL, NULL};
    SPK_AUTO(spk_slots) slots = NULL;
    SPK_AUTO(spk_header) h = NULL;
    SPK_AUTO(spk_secret) key = NULL;
    twin_make(&t);
    assert_spk_ok(spk_slots_new(&slots));
    for (unsigned i = 0; i < 2; i++) {
        SPK_AUTO_BUF struct spk_buf blob = SPK_BUF(2000);
        assert_spk_ok(spk_rsa_generate(2048, &pair[i]));
        assert_spk_ok(spk_wrap(t.key[i], pair[i], NULL, SPK_WRAP_OAEP, &blob));
        struct spk_slot slot = {.type = i == 0 ? SPK_SLOT_USER : SPK_SLOT_AUTHORITY,
                                .flags = SPK_WRAP_OAEP,
                                .recipient = *spk_rsa_id(pair[i]),
                                .body = spk_buf_span(&blob)};
        assert_spk_ok(spk_slots_add(slots, &slot));
    }
    assert_spk_ok(spk_header_parse(kit_span(&t.file), &h));
    struct spk_core core = *spk_header_core(h);
    struct kit_bytes head = kit_alloc(88 + 1024);
    SPK_AUTO_BUF struct spk_buf bytes = SPK_BUF(2000);
    SPK_AUTO_BUF struct spk_buf area = SPK_BUF(2000);
    struct spk_hash core_hash;
    core.area_len = 1024;
    assert_spk_ok(spk_core_build(&core, &bytes));
    assert_spk_ok(spk_sha256(spk_buf_span(&bytes), &core_hash));
    assert_spk_ok(spk_area_build(&core, &core_hash, t.key[0], 1, slots, &area));
    memcpy(head.ptr, bytes.ptr, 88);
    memcpy(head.ptr + 88, area.ptr, 1024);

    spk_header_free(h);
    h = NULL;
    assert_spk_ok(spk_header_parse(kit_span(&head), &h));
    assert_spk_code(spk_header_open(h, pair[1], &key), AUTH);
    assert_spk_ok(spk_header_open(h, pair[0], &key));
    assert_true(spk_secret_eq(key, t.key[0]));
    spk_rsa_free(pair[0]);
    spk_rsa_free(pair[1]);
    kit_free(&head);
    twin_free(&t);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_field_is_right),
        cmocka_unit_test(bare_gcm_opens_one_ciphertext_under_two_keys),
        cmocka_unit_test(the_container_opens_it_under_one_key_only),
        cmocka_unit_test(the_payload_alone_refuses_the_second_key),
        cmocka_unit_test(an_authority_slot_with_the_second_key_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
