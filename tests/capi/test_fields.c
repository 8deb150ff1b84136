/* SPDX-License-Identifier: Apache-2.0 */
/* Each field of each BLOB out of its bounds, each length short by one and long by one: the code
 * that is documented, an output that is as it was, and no handle left behind. */
#include <string.h>

#include "capi_test.h"

#define BITS(n) ((DWORD)(n) << 16)
#define BLOB_MAX 700
#define UNTOUCHED ((HCRYPTKEY)0x5a5a)

static HCRYPTPROV prov;
static BYTE blob[BLOB_MAX];
static DWORD blob_len;

/* A handle that leaked would be a second one on the same object, so the numbers of open handles are
 * told by what a new one gets: cells are given out in order, and a failed call takes none. */
static ULONG_PTR
next_cell(void)
{
    static ULONG_PTR last;
    HCRYPTHASH h = 0;
    assert_works(CryptCreateHash(prov, CALG_MD5, 0, 0, &h));
    ULONG_PTR gap = h - last;
    last = h;
    assert_works(CryptDestroyHash(h));
    return gap;
}

static ULONG_PTR step;

/* Two calls without one in between: the distance of two handles that are given out in turn. */
static void
measure_step(void)
{
    do {
        (void)next_cell();
        step = next_cell();
    } while (next_cell() != step);
}

static void
refused(DWORD len, HCRYPTKEY key, DWORD flags, DWORD code)
{
    HCRYPTKEY k = UNTOUCHED;
    BYTE before[BLOB_MAX];
    memcpy(before, blob, sizeof before);
    ULONG_PTR gap = 0;
    for (unsigned i = 0; i < 3 && gap != step; i++) { /* at the end of the table it is another */
        (void)next_cell();
        assert_fails(CryptImportKey(prov, blob, len, key, flags, &k), code);
        assert_int_equal(k, UNTOUCHED);
        gap = next_cell();
    }
    assert_int_equal(gap, step);
    assert_memory_equal(before, blob, sizeof before);
}

static void
dword_at(DWORD at, DWORD v)
{
    for (unsigned i = 0; i < 4; i++) {
        blob[at + i] = (BYTE)(v >> (8 * i));
    }
}

/* One field, then as it was. */
static void
field(DWORD at, DWORD v, HCRYPTKEY key, DWORD flags, DWORD code)
{
    BYTE keep[4];
    memcpy(keep, blob + at, 4);
    dword_at(at, v);
    refused(blob_len, key, flags, code);
    memcpy(blob + at, keep, 4);
}

static void
imports(HCRYPTKEY key, DWORD flags)
{
    HCRYPTKEY k = 0;
    assert_works(CryptImportKey(prov, blob, blob_len, key, flags, &k));
    assert_works(CryptDestroyKey(k));
}

/* What all BLOBs have: type, version, ALG_ID; and every length that is too short. */
static void
header(HCRYPTKEY key, DWORD flags, DWORD shortest)
{
    BYTE keep[8];
    imports(key, flags);
    memcpy(keep, blob, sizeof keep);
    static const BYTE types[] = {0, 2, 3, 4, 5, 10, 12, 13, 255}, versions[] = {0, 1, 4, 255};
    for (size_t i = 0; i < COUNT(types); i++) {
        blob[0] = types[i];
        refused(blob_len, key, flags, NTE_BAD_TYPE);
    }
    memcpy(blob, keep, sizeof keep);
    for (size_t i = 0; i < COUNT(versions); i++) {
        blob[1] = versions[i];
        refused(blob_len, key, flags, NTE_BAD_VER);
    }
    memcpy(blob, keep, sizeof keep);
    field(4, CALG_RC5, key, flags, NTE_BAD_ALGID);
    field(4, CALG_MD5, key, flags, NTE_BAD_ALGID);
    field(4, 0, key, flags, NTE_BAD_ALGID);
    field(4, 0xffffffffu, key, flags, NTE_BAD_ALGID);
    for (DWORD len = 0; len < shortest; len++) {
        refused(len, key, flags, NTE_BAD_DATA);
    }
    blob[2] = 0xff; /* the reserved field may hold anything */
    blob[3] = 0xff;
    imports(key, flags);
    memcpy(blob, keep, sizeof keep);
}

static int
start(void **state)
{
    (void)state;
    prov = AES_PROV;
    memset(blob, 0, sizeof blob);
    measure_step();
    return 0;
}

static int
end(void **state)
{
    (void)state;
    release(prov);
    return 0;
}

static void
load(const char *name)
{
    blob_len = known_bytes(name, blob);
}

static void
fields_of_public(void **state)
{
    static const DWORD bitlens[] = {0, 8, 376, 511, 513, 520, 16392, 0x7fffffffu, 0xffffffffu};
    static const DWORD exponents[] = {0, 1, 2, 65536};
    (void)state;
    load("demo.public");
    header(0, 0, blob_len);
    field(8, 0x32415352u, 0, 0, NTE_BAD_DATA);
    field(8, 0, 0, 0, NTE_BAD_DATA);
    for (size_t i = 0; i < COUNT(bitlens); i++) {
        field(12, bitlens[i], 0, 0, NTE_BAD_DATA);
    }
    for (size_t i = 0; i < COUNT(exponents); i++) {
        field(16, exponents[i], 0, 0, NTE_BAD_DATA);
    }
    field(20, 0x16f690ae, 0, 0, NTE_BAD_DATA); /* an even modulus */
    blob[83] = 0;                              /* one with fewer bits than it says */
    blob[82] = 0;
    refused(blob_len, 0, 0, NTE_BAD_DATA);
    load("demo.public");
    memset(blob + 20, 0, 64);
    refused(blob_len, 0, 0, NTE_BAD_DATA);
    load("demo.public");
    blob_len++; /* what follows is ignored */
    imports(0, 0);
}

/* n, p, q, dP, dQ, qInv and d, each with one bit off. */
static void
fields_of_private(void **state)
{
    static const DWORD numbers[] = {20, 84, 116, 148, 180, 212, 244};
    (void)state;
    load("demo.private");
    /* of d, which comes last, the end may be missing */
    header(0, 0, 20 + 64 + 5 * 32);
    field(8, 0x31415352u, 0, 0, NTE_BAD_DATA);
    field(12, 504, 0, 0, NTE_BAD_DATA);
    field(12, 520, 0, 0, NTE_BAD_DATA);
    field(16, 1, 0, 0, NTE_BAD_DATA);
    field(16, 3, 0, 0, NTE_BAD_DATA); /* not the one that d belongs to */
    for (size_t i = 0; i < COUNT(numbers); i++) {
        blob[numbers[i]] ^= 2;
        refused(blob_len, 0, 0, NTE_BAD_DATA);
        blob[numbers[i]] ^= 2;
        imports(0, 0);
    }
    blob_len++;
    imports(0, 0);
}

static void
fields_of_plaintext(void **state)
{
    static const struct {
        ALG_ID alg;
        DWORD len;
    } keys[] = {{CALG_AES_128, 16}, {CALG_AES_192, 24},  {CALG_AES_256, 32},
                {CALG_DES, 8},      {CALG_3DES_112, 16}, {CALG_3DES, 24}};
    (void)state;
    load("plain.aes256");
    header(0, 0, blob_len);
    for (size_t i = 0; i < COUNT(keys); i++) {
        blob_len = 12 + keys[i].len;
        dword_at(4, keys[i].alg);
        dword_at(8, keys[i].len);
        imports(0, 0);
        field(8, keys[i].len - 1, 0, 0, NTE_BAD_DATA);
        field(8, keys[i].len + 1, 0, 0, NTE_BAD_DATA);
        blob_len++;
        field(8, keys[i].len + 1, 0, 0, NTE_BAD_DATA);
    }
    field(8, 0, 0, 0, NTE_BAD_DATA);
    field(8, 0xffffffffu, 0, 0, NTE_BAD_DATA);
    field(8, 0x80000000u, 0, 0, NTE_BAD_DATA);
}

static void
fields_of_simple(void **state)
{
    HCRYPTKEY pair = demo_pair(prov, AT_KEYEXCHANGE);
    (void)state;
    load("simple1");
    measure_step();
    header(pair, 0, blob_len);
    field(8, CALG_RSA_SIGN, pair, 0, NTE_BAD_ALGID);
    field(8, 0, pair, 0, NTE_BAD_ALGID);
    memset(blob + 12, 0xff, 64); /* not below the modulus */
    refused(blob_len, pair, 0, NTE_BAD_DATA);
    refused(blob_len, pair, CRYPT_OAEP, NTE_BAD_DATA);
    load("simple3");
    imports(pair, CRYPT_OAEP);
    for (DWORD i = 12; i < blob_len; i += 7) {
        blob[i] ^= 1;
        refused(blob_len, pair, CRYPT_OAEP, NTE_BAD_DATA);
        blob[i] ^= 1;
    }
}

static void
fields_of_wrapped(void **state)
{
    HCRYPTKEY kek = plain_key_hex(prov, CALG_3DES, known("wrap.3des.kek"), 0);
    HCRYPTKEY rc2 = plain_key_hex(prov, CALG_RC2, known("wrap.rc2.kek"), 0);
    static const BYTE head[] = {SYMMETRICWRAPKEYBLOB, 2, 0, 0, 3, 0x66, 0, 0, 3, 0x66, 0, 0};
    (void)state;
    memcpy(blob, head, sizeof head);
    blob_len = 12 + known_bytes("wrap.3des.out", blob + 12);
    measure_step();
    imports(kek, 0);
    for (DWORD len = 0; len < blob_len; len++) {
        refused(len, kek, 0, NTE_BAD_DATA);
    }
    refused(blob_len + 8, kek, 0, NTE_BAD_DATA);
    refused(blob_len + 1, kek, 0, NTE_BAD_DATA);
    for (DWORD i = 12; i < blob_len; i++) {
        blob[i] ^= 1;
        refused(blob_len, kek, 0, NTE_BAD_DATA);
        blob[i] ^= 1;
    }
    field(8, CALG_RC2, kek, 0, NTE_BAD_KEY);
    field(4, CALG_AES_128, kek, 0, NTE_BAD_TYPE);
    refused(blob_len, rc2, 0, NTE_BAD_KEY);
    refused(blob_len, 0, 0, NTE_NO_KEY);
    imports(kek, 0);
}

static void
fields_of_opaque(void **state)
{
    HCRYPTKEY k =
        plain_key_hex(prov, CALG_RC2, "00112233445566778899aabbccddeeff", CRYPT_EXPORTABLE);
    (void)state;
    blob_len = sizeof blob;
    assert_works(CryptExportKey(k, 0, OPAQUEKEYBLOB, 0, blob, &blob_len));
    measure_step();
    header(0, 0, blob_len);
    refused(blob_len + 1, 0, 0, NTE_BAD_DATA);
    field(8, 0, 0, 0, NTE_BAD_DATA);              /* magic */
    field(12, 0, 0, 0, NTE_BAD_DATA);             /* mode: of a stream cipher */
    field(12, 5, 0, 0, NTE_BAD_DATA);             /* mode */
    field(20, 0, 0, 0, NTE_BAD_DATA);             /* effective bits */
    field(24, 25, 0, 0, NTE_BAD_DATA);            /* length of the salt */
    field(84, blob[84] + 1u, 0, 0, NTE_BAD_DATA); /* length of the key */
    field(84, blob[84] - 1u, 0, 0, NTE_BAD_DATA);
    field(84, 0xffffffffu, 0, 0, NTE_BAD_DATA);
    imports(0, 0);
}

/* Keys that another provider takes, each of the first length that is too large. */
static void
larger_than_the_provider_allows(void **state)
{
    static const struct {
        ALG_ID alg;
        DWORD most;
    } base[] = {{CALG_RC2, 7}, {CALG_RC4, 7}}, strong[] = {{CALG_RC2, 16}, {CALG_RC4, 16}};
    static const BYTE head[] = {PLAINTEXTKEYBLOB, 2, 0, 0};
    (void)state;
    for (unsigned i = 0; i < COUNT(base) + COUNT(strong); i++) {
        ALG_ID alg = i < COUNT(base) ? base[i].alg : strong[i - COUNT(base)].alg;
        DWORD most = i < COUNT(base) ? base[i].most : strong[i - COUNT(base)].most;
        release(prov);
        prov = i < COUNT(base) ? BASE_PROV : STRONG_PROV;
        measure_step();
        memcpy(blob, head, sizeof head);
        dword_at(4, alg);
        dword_at(8, most);
        blob_len = 12 + most;
        imports(0, 0);
        dword_at(8, ++most);
        blob_len++;
        refused(blob_len, 0, 0, NTE_BAD_DATA);
    }
    dword_at(4, CALG_AES_128); /* an algorithm that it does not have */
    refused(blob_len, 0, 0, NTE_BAD_ALGID);
}

/* An export that fails writes nothing but, for a buffer that is too small, the length. */
static void
exports_leave_outputs(void **state)
{
    HCRYPTKEY pair = 0, locked = 0, open = 0;
    BYTE out[BLOB_MAX], clean[BLOB_MAX];
    DWORD len = 0;
    (void)state;
    memset(clean, 0xee, sizeof clean);
    memcpy(out, clean, sizeof out);
    assert_works(CryptGenKey(prov, AT_KEYEXCHANGE, BITS(512), &pair));
    assert_works(CryptGenKey(prov, CALG_AES_128, 0, &locked));
    assert_works(CryptGenKey(prov, CALG_AES_128, CRYPT_EXPORTABLE, &open));
    len = 17;
    assert_fails(CryptExportKey(locked, pair, SIMPLEBLOB, 0, out, &len), NTE_BAD_KEY_STATE);
    assert_fails(CryptExportKey(pair, 0, PRIVATEKEYBLOB, 0, out, &len), NTE_BAD_KEY_STATE);
    assert_fails(CryptExportKey(open, pair, 13, 0, out, &len), NTE_BAD_TYPE);
    assert_fails(CryptExportKey(open, GARBAGE, SIMPLEBLOB, 0, out, &len), ERROR_INVALID_PARAMETER);
    assert_int_equal(len, 17);
    len = 75;
    assert_fails(CryptExportKey(open, pair, SIMPLEBLOB, 0, out, &len), ERROR_MORE_DATA);
    assert_int_equal(len, 76);
    assert_memory_equal(out, clean, sizeof out);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(fields_of_public, start, end),
        cmocka_unit_test_setup_teardown(fields_of_private, start, end),
        cmocka_unit_test_setup_teardown(fields_of_plaintext, start, end),
        cmocka_unit_test_setup_teardown(fields_of_simple, start, end),
        cmocka_unit_test_setup_teardown(fields_of_wrapped, start, end),
        cmocka_unit_test_setup_teardown(fields_of_opaque, start, end),
        cmocka_unit_test_setup_teardown(larger_than_the_provider_allows, start, end),
        cmocka_unit_test_setup_teardown(exports_leave_outputs, start, end),
    };
    return cmocka_run_group_tests(tests, capi_setup, capi_teardown);
}
