/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/aead.h"

#include <stdlib.h>

#include "vec.h"

/* McGrew and Viega, "The Galois/Counter Mode of Operation", test cases 13 to 16 (256-bit keys). */
static const struct {
    const char *key, *iv, *aad, *plain, *cipher, *tag;
} cases[] = {
    {"0000000000000000000000000000000000000000000000000000000000000000", "000000000000000000000000",
     "", "", "", "530f8afbc74536b9a963b4f1c4cb738b"},
    {"0000000000000000000000000000000000000000000000000000000000000000", "000000000000000000000000",
     "", "00000000000000000000000000000000", "cea7403d4d606b6e074ec5d3baf39d18",
     "d0d1c8a799996bf0265b98b5d48ab919"},
    {"feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308", "cafebabefacedbaddecaf888",
     "",
     "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a721c3c0c95956809532fcf0e2449a6b"
     "5"
     "25b16aedf5aa0de657ba637b391aafd255",
     "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa8cb08e48590dbb3da7b08b1056828"
     "838c5f61e6393ba7a0abcc9f662898015ad",
     "b094dac5d93471bdec1a502270e3cc6c"},
    {"feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308", "cafebabefacedbaddecaf888",
     "feedfacedeadbeeffeedfacedeadbeefabaddad2",
     "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a721c3c0c95956809532fcf0e2449a6b"
     "5"
     "25b16aedf5aa0de657ba637b39",
     "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa8cb08e48590dbb3da7b08b1056828"
     "838c5f61e6393ba7a0abcc9f662",
     "76fc6ece0f4e1768cddf8853bb2d551b"},
};

static void
known(void **state)
{
    (void)state;
    SPK_AUTO(spk_aead) a = NULL;
    assert_spk_ok(spk_aead_new(&a));
    for (size_t round = 0; round < 2; round++) { /* the context is used again and again */
        for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
            struct vec key = vec_hex(cases[i].key), iv = vec_hex(cases[i].iv),
                       aad = vec_hex(cases[i].aad), plain = vec_hex(cases[i].plain),
                       cipher = vec_hex(cases[i].cipher), want = vec_hex(cases[i].tag);
            uint8_t text[64], tag[16];
            assert_spk_ok(spk_aead_key(a, vec_span(&key)));
            assert_spk_ok(spk_aead_seal(a, iv.b, vec_span(&aad), vec_span(&plain), text, tag));
            assert_span_equal(spk_span(text, plain.len), vec_span(&cipher));
            assert_span_equal(SPK_SPAN_OF(tag), vec_span(&want));
            assert_spk_ok(spk_aead_open(a, iv.b, vec_span(&aad), vec_span(&cipher), tag, text));
            assert_span_equal(spk_span(text, plain.len), vec_span(&plain));
        }
    }
}

/* One key, sealing and opening in turns, in place, at many lengths. */
static void
turns_in_place(void **state)
{
    (void)state;
    SPK_AUTO(spk_aead) a = NULL;
    SPK_AUTO(spk_aead) fresh = NULL;
    static uint8_t key[32] = {1}, buf[70000], other[70000];
    static const size_t lens[] = {0, 1, 15, 16, 17, 255, 4096, 65504, 70000};
    assert_spk_ok(spk_aead_new(&a));
    assert_spk_ok(spk_aead_key(a, SPK_SPAN_OF(key)));
    for (size_t i = 0; i < sizeof lens / sizeof lens[0]; i++) {
        uint8_t iv[12] = {(uint8_t)i}, tag[16], tag2[16];
        const struct spk_span aad = SPK_SPAN_LIT("position 1, final");
        memset(buf, (int)i, lens[i]);
        assert_spk_ok(spk_aead_new(&fresh));
        assert_spk_ok(spk_aead_key(fresh, SPK_SPAN_OF(key)));
        assert_spk_ok(spk_aead_seal(fresh, iv, aad, spk_span(buf, lens[i]), other, tag2));
        spk_aead_free(SPK_STEAL(fresh));
        assert_spk_ok(spk_aead_seal(a, iv, aad, spk_span(buf, lens[i]), buf, tag));
        assert_memory_equal(tag, tag2, 16);
        assert_memory_equal(buf, other, lens[i]);
        assert_spk_ok(spk_aead_open(a, iv, aad, spk_span(buf, lens[i]), tag, buf));
        for (size_t b = 0; b < lens[i]; b++) {
            assert_int_equal(buf[b], i);
        }
    }
}

static void
one_fault_each(void **state)
{
    (void)state;
    SPK_AUTO(spk_aead) a = NULL;
    uint8_t key[32] = {7}, iv[12] = {9}, text[48], sealed[48], tag[16], out[48], zero[48] = {0};
    uint8_t aad[] = "aad";
    memset(text, 0x33, sizeof text);
    assert_spk_ok(spk_aead_new(&a));
    assert_spk_code(spk_aead_seal(a, iv, SPK_SPAN_EMPTY, SPK_SPAN_OF(text), sealed, tag), USAGE);
    assert_spk_code(spk_aead_key(a, spk_span(key, 31)), USAGE);
    assert_spk_ok(spk_aead_key(a, SPK_SPAN_OF(key)));
    assert_spk_ok(spk_aead_seal(a, iv, SPK_SPAN_OF(aad), SPK_SPAN_OF(text), sealed, tag));
    struct {
        uint8_t *p;
        size_t len;
    } const targets[] = {
        {sealed, sizeof sealed}, {tag, sizeof tag}, {iv, sizeof iv}, {aad, sizeof aad}};
    for (size_t t = 0; t < 4; t++) {
        for (size_t i = 0; i < targets[t].len; i++) {
            targets[t].p[i] ^= 0x10;
            memset(out, 0xee, sizeof out);
            assert_spk_code(spk_aead_open(a, iv, SPK_SPAN_OF(aad), SPK_SPAN_OF(sealed), tag, out),
                            AUTH);
            assert_memory_equal(out, zero, sizeof out); /* nothing unverified is left behind */
            targets[t].p[i] ^= 0x10;
        }
    }
    assert_spk_code(spk_aead_open(a, iv, SPK_SPAN_OF(aad), spk_span(sealed, 47), tag, out), AUTH);
    assert_spk_code(spk_aead_open(a, iv, SPK_SPAN_OF(aad), SPK_SPAN_EMPTY, tag, out), AUTH);
    key[31] ^= 1;
    assert_spk_ok(spk_aead_key(a, SPK_SPAN_OF(key)));
    assert_spk_code(spk_aead_open(a, iv, SPK_SPAN_OF(aad), SPK_SPAN_OF(sealed), tag, out), AUTH);
    key[31] ^= 1;
    assert_spk_ok(spk_aead_key(a, SPK_SPAN_OF(key)));
    assert_spk_ok(spk_aead_open(a, iv, SPK_SPAN_OF(aad), SPK_SPAN_OF(sealed), tag, out));
    assert_memory_equal(out, text, sizeof text);
    spk_aead_free(NULL);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(known),
        cmocka_unit_test(turns_in_place),
        cmocka_unit_test(one_fault_each),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
