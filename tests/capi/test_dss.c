/* SPDX-License-Identifier: Apache-2.0 */
/* DSS keys and signatures. */
#include <stdlib.h>
#include <string.h>

#include "capi_test.h"

#define BLOB_MAX 2048
#define SIG_LEN 40
#define DSS_PROV verify_prov(MS_DEF_DSS_PROV_A, PROV_DSS)
#define DSS_DH_PROV verify_prov(MS_ENH_DSS_DH_PROV_A, PROV_DSS_DH)

static HCRYPTKEY
import_known(HCRYPTPROV p, const char *name, DWORD flags)
{
    BYTE blob[BLOB_MAX];
    HCRYPTKEY k = 0;
    DWORD len = known_bytes(name, blob);
    assert_works(CryptImportKey(p, blob, len, 0, flags, &k));
    return k;
}

static void
assert_exports(HCRYPTKEY k, DWORD type, DWORD flags, const char *name)
{
    BYTE blob[BLOB_MAX];
    DWORD len = 0, size = sizeof blob;
    assert_works(CryptExportKey(k, 0, type, flags, NULL, &len));
    assert_works(CryptExportKey(k, 0, type, flags, blob, &size));
    assert_int_equal(len, size);
    assert_hex(blob, size, known(name));
}

static void
sizes_of(HCRYPTPROV p, DWORD min, DWORD max, DWORD def)
{
    HCRYPTKEY k = 0;
    assert_works(CryptGenKey(p, CALG_DSS_SIGN, 0, &k));
    assert_int_equal(key_dword(k, KP_KEYLEN), def);
    assert_int_equal(key_dword(k, KP_ALGID), CALG_DSS_SIGN);
    assert_int_equal(key_dword(k, KP_BLOCKLEN), 0);
    assert_works(CryptGetKeyParam(k, KP_VERIFY_PARAMS, NULL, &def, 0));
    for (DWORD bits = min; bits <= max; bits += 64) {
        assert_works(CryptGenKey(p, CALG_DSS_SIGN, bits << 16, &k));
        assert_int_equal(key_dword(k, KP_KEYLEN), bits);
        assert_works(CryptDestroyKey(k));
    }
    assert_fails(CryptGenKey(p, CALG_DSS_SIGN, (min - 64) << 16, &k), NTE_BAD_DATA);
    assert_fails(CryptGenKey(p, CALG_DSS_SIGN, (max + 64) << 16, &k), NTE_BAD_DATA);
    assert_fails(CryptGenKey(p, CALG_DSS_SIGN, (min + 8) << 16, &k), NTE_BAD_DATA);
    assert_fails(CryptGenKey(p, CALG_DSS_SIGN, CRYPT_CREATE_SALT, &k), NTE_BAD_FLAGS);
    assert_fails(CryptGenKey(p, CALG_RSA_SIGN, 0, &k), NTE_BAD_ALGID);
}

static void
capi_082(void **state)
{
    HCRYPTPROV p = DSS_PROV, dh = DSS_DH_PROV;
    HCRYPTKEY k = 0;
    DWORD v = 0, len = sizeof v;
    (void)state;
    assert_works(CryptGetProvParam(p, PP_SIG_KEYSIZE_INC, (BYTE *)&v, &len, 0));
    assert_int_equal(v, 64);
    assert_works(CryptGetProvParam(p, PP_KEYSPEC, (BYTE *)&v, &len, 0));
    assert_int_equal(v, AT_SIGNATURE);
    assert_works(CryptGetProvParam(dh, PP_KEYSPEC, (BYTE *)&v, &len, 0));
    assert_int_equal(v, AT_SIGNATURE | AT_KEYEXCHANGE);
    sizes_of(p, 512, 1024, 1024);
    sizes_of(dh, 512, 1024, 1024);
    assert_fails(CryptGenKey(p, AT_KEYEXCHANGE, 0, &k), NTE_BAD_ALGID);
    assert_fails(CryptGenKey(p, CALG_RC4, 0, &k), NTE_BAD_ALGID);
    release(p);
    release(dh);
    p = STRONG_PROV;
    assert_fails(CryptGenKey(p, CALG_DSS_SIGN, 0, &k), NTE_BAD_ALGID);
    assert_fails(CryptGenKey(p, CALG_DH_SF, 0, &k), NTE_BAD_ALGID);
    release(p);
}

static void
set_number(HCRYPTKEY k, DWORD param, const char *name)
{
    BYTE bytes[512];
    CRYPT_DATA_BLOB b = {known_bytes(name, bytes), bytes};
    assert_works(CryptSetKeyParam(k, param, (const BYTE *)&b, 0));
}

static void
assert_number(HCRYPTKEY k, DWORD param, const char *name)
{
    BYTE bytes[512];
    DWORD len = sizeof bytes;
    assert_works(CryptGetKeyParam(k, param, bytes, &len, 0));
    assert_hex(bytes, len, known(name));
}

static HCRYPTKEY
pregen(HCRYPTPROV p, ALG_ID alg, DWORD flags)
{
    HCRYPTKEY k = 0;
    assert_works(CryptGenKey(p, alg, (1024u << 16) | CRYPT_PREGEN | flags, &k));
    return k;
}

static void
not_yet_a_key(HCRYPTPROV p, HCRYPTKEY k)
{
    BYTE buf[BLOB_MAX] = {0};
    DWORD len = sizeof buf;
    HCRYPTHASH h = hash_of(p, CALG_SHA1, buf, 1);
    assert_fails(CryptExportKey(k, 0, PUBLICKEYBLOB, 0, buf, &len), NTE_BAD_KEY);
    assert_fails(CryptExportKey(k, 0, PRIVATEKEYBLOB, 0, buf, &len), NTE_BAD_KEY);
    assert_fails(CryptVerifySignatureA(h, buf, SIG_LEN, k, NULL, 0), NTE_BAD_KEY_STATE);
    assert_fails(CryptEncrypt(k, 0, TRUE, 0, buf, &len, sizeof buf), NTE_BAD_KEY);
    assert_fails(CryptSetKeyParam(k, KP_X, NULL, 0), NTE_BAD_KEY_STATE);
    assert_fails(CryptGetKeyParam(k, KP_P, buf, &len, 0), NTE_BAD_KEY_STATE);
    assert_fails(CryptGetKeyParam(k, KP_VERIFY_PARAMS, NULL, &len, 0), NTE_BAD_KEY_STATE);
    assert_fails(CryptSetKeyParam(k, KP_IV, buf, 0), NTE_BAD_TYPE);
    assert_fails(CryptSetKeyParam(k, KP_P, NULL, 0), ERROR_INVALID_PARAMETER);
    assert_fails(CryptSetKeyParam(k, KP_P, buf, 1), NTE_BAD_FLAGS);
}

static void
bad_numbers(HCRYPTKEY k)
{
    BYTE bytes[512] = {0};
    CRYPT_DATA_BLOB b = {128, bytes};
    assert_fails(CryptSetKeyParam(k, KP_P, (const BYTE *)&b, 0), NTE_BAD_DATA); /* zero */
    memset(bytes, 0x81, sizeof bytes);
    b.cbData = 127;
    assert_fails(CryptSetKeyParam(k, KP_P, (const BYTE *)&b, 0), NTE_BAD_DATA);
    b.cbData = 129;
    assert_fails(CryptSetKeyParam(k, KP_P, (const BYTE *)&b, 0), NTE_BAD_DATA);
    assert_fails(CryptSetKeyParam(k, KP_G, (const BYTE *)&b, 0), NTE_BAD_DATA);
    b.cbData = 21;
    assert_fails(CryptSetKeyParam(k, KP_Q, (const BYTE *)&b, 0), NTE_BAD_DATA);
    b.pbData = NULL;
    assert_fails(CryptSetKeyParam(k, KP_Q, (const BYTE *)&b, 0), ERROR_INVALID_PARAMETER);
}

static void
number_by_number(HCRYPTPROV p)
{
    HCRYPTKEY k = pregen(p, CALG_DSS_SIGN, CRYPT_EXPORTABLE), copy = 0;
    not_yet_a_key(p, k);
    bad_numbers(k);
    set_number(k, KP_P, "dss.p");
    set_number(k, KP_Q, "dss.q");
    assert_works(CryptDuplicateKey(k, NULL, 0, &copy));
    set_number(k, KP_G, "dss.q"); /* not of order q */
    assert_fails(CryptSetKeyParam(k, KP_X, NULL, 0), NTE_BAD_DATA);
    set_number(k, KP_G, "dss.g");
    set_number(k, KP_X, "dss.x");
    assert_exports(k, PRIVATEKEYBLOB, 0, "dss.private");
    assert_exports(k, PUBLICKEYBLOB, 0, "dss.public");
    assert_fails(CryptSetKeyParam(k, KP_X, NULL, 0), NTE_FIXEDPARAMETER);
    set_number(copy, KP_G, "dss.g");
    assert_works(CryptSetKeyParam(copy, KP_X, NULL, 0));
    assert_number(copy, KP_P, "dss.p");
    assert_number(copy, KP_Q, "dss.q");
    assert_number(copy, KP_G, "dss.g");
}

static void
capi_083(void **state)
{
    HCRYPTPROV p = DSS_PROV;
    BYTE domain[BLOB_MAX];
    HCRYPTKEY k = 0;
    (void)state;
    number_by_number(p);
    k = pregen(p, CALG_DSS_SIGN, 0);
    CRYPT_DATA_BLOB b = {known_bytes("dss.domain3", domain), domain};
    b.cbData--;
    assert_fails(CryptSetKeyParam(k, KP_PUB_PARAMS, (const BYTE *)&b, 0), NTE_BAD_DATA);
    b.cbData++;
    assert_works(CryptSetKeyParam(k, KP_PUB_PARAMS, (const BYTE *)&b, 0));
    assert_works(CryptSetKeyParam(k, KP_X, NULL, 0));
    assert_number(k, KP_P, "dss.p");
    assert_fails(CryptSetKeyParam(k, KP_PUB_PARAMS, (const BYTE *)&b, 0), NTE_FIXEDPARAMETER);
    assert_fails(CryptSetKeyParam(k, KP_P, (const BYTE *)&b, 0), NTE_FIXEDPARAMETER);
    assert_fails(CryptGetKeyParam(k, KP_X, NULL, &b.cbData, 0), NTE_BAD_TYPE);
    assert_fails(CryptGenKey(p, CALG_DSS_SIGN, (520u << 16) | CRYPT_PREGEN, &k), NTE_BAD_DATA);
    assert_works(CryptGenKey(p, CALG_DSS_SIGN, (512u << 16) | CRYPT_PREGEN, &k));
    assert_fails(CryptSetKeyParam(k, KP_PUB_PARAMS, (const BYTE *)&b, 0), NTE_BAD_DATA);
    release(p);
}

static void
under_a_session_key(HCRYPTPROV p, ALG_ID alg)
{
    BYTE blob[BLOB_MAX], clear[BLOB_MAX];
    HCRYPTKEY pair = import_known(p, "dss.private3", CRYPT_EXPORTABLE), key = 0, again = 0;
    DWORD len = sizeof blob, clear_len = known_bytes("dss.private3", clear);
    assert_works(CryptGenKey(p, alg, 0, &key));
    assert_works(CryptExportKey(pair, key, PRIVATEKEYBLOB, CRYPT_BLOB_VER3, blob, &len));
    assert_true(len >= clear_len);
    assert_memory_equal(blob, clear, 8);
    assert_memory_not_equal(blob + 8, clear + 8, 8);
    assert_works(CryptImportKey(p, blob, len, key, CRYPT_EXPORTABLE, &again));
    assert_exports(again, PRIVATEKEYBLOB, CRYPT_BLOB_VER3, "dss.private3");
    assert_fails(CryptImportKey(p, blob, len, 0, 0, &again), NTE_BAD_DATA);
}

static void
capi_084(void **state)
{
    HCRYPTPROV p = DSS_DH_PROV;
    BYTE blob[BLOB_MAX];
    DWORD len = sizeof blob;
    HCRYPTKEY k = import_known(p, "dss.private", 0);
    (void)state;
    assert_fails(CryptExportKey(k, 0, PRIVATEKEYBLOB, 0, NULL, &len), NTE_BAD_KEY_STATE);
    assert_exports(k, PUBLICKEYBLOB, 0, "dss.public");
    release(p);
    p = DSS_DH_PROV;
    k = import_known(p, "dss.private3", CRYPT_EXPORTABLE);
    assert_exports(k, PRIVATEKEYBLOB, CRYPT_BLOB_VER3, "dss.private3");
    assert_exports(k, PRIVATEKEYBLOB, 0, "dss.private");
    assert_exports(k, PUBLICKEYBLOB, CRYPT_BLOB_VER3, "dss.public3");
    k = import_known(p, "dss.public3", 0);
    assert_exports(k, PUBLICKEYBLOB, 0, "dss.public");
    assert_fails(CryptExportKey(k, 0, PRIVATEKEYBLOB, 0, blob, &len), NTE_BAD_KEY);
    assert_fails(CryptExportKey(k, 0, SIMPLEBLOB, 0, blob, &len), NTE_BAD_KEY);
    assert_exports(import_known(p, "fips.public", 0), PUBLICKEYBLOB, 0, "fips.public");
    k = import_known(p, "fips.private3", CRYPT_EXPORTABLE);
    assert_exports(k, PRIVATEKEYBLOB, CRYPT_BLOB_VER3, "fips.private3");
    under_a_session_key(p, CALG_RC4);
    under_a_session_key(p, CALG_3DES);
    release(p);
}

static void
openssl_reads(void)
{
    BYTE blob[BLOB_MAX];
    write_file("d.priv", blob, known_bytes("dss.private", blob));
    write_file("d.pub", blob, known_bytes("dss.public", blob));
    run_in_dir("openssl dsa -inform MSBLOB -in d.priv -out d.pem 2>/dev/null");
    run_in_dir(
        "openssl dsa -in d.pem -outform MSBLOB -out o.priv 2>/dev/null && cmp o.priv d.priv");
    run_in_dir("openssl dsa -in d.pem -pubout -outform MSBLOB -out o.pub 2>/dev/null && "
               "cmp o.pub d.pub");
    run_in_dir("openssl dsa -in d.pem -pubout -out dpub.pem 2>/dev/null");
}

/* A little-endian number as INTEGER, in its shortest form. */
static DWORD
put_integer(const BYTE *le, BYTE *ret_der)
{
    DWORD len = 20, n = 2;
    while (len > 1 && le[len - 1] == 0) {
        len--;
    }
    if ((le[len - 1] & 0x80) != 0) {
        ret_der[n++] = 0;
    }
    for (DWORD i = 0; i < len; i++) {
        ret_der[n++] = le[len - 1 - i];
    }
    ret_der[0] = 2;
    ret_der[1] = (BYTE)(n - 2);
    return n;
}

/* SEQUENCE of r and s. */
static DWORD
to_der(const BYTE sig[SIG_LEN], BYTE ret_der[64])
{
    DWORD n = 2;
    n += put_integer(sig, ret_der + n);
    n += put_integer(sig + 20, ret_der + n);
    ret_der[0] = 0x30;
    ret_der[1] = (BYTE)(n - 2);
    return n;
}

static void
from_der(const BYTE *der, BYTE ret_sig[SIG_LEN])
{
    const BYTE *at = der + 2;
    memset(ret_sig, 0, SIG_LEN);
    for (int i = 0; i < 2; i++) {
        DWORD len = at[1];
        for (DWORD j = 0; j < len && j < 20; j++) {
            ret_sig[20 * i + (int)j] = at[1 + len - j];
        }
        at += 2 + len;
    }
}

static DWORD
sign_known(HCRYPTPROV p, BYTE ret_sig[SIG_LEN])
{
    DWORD len = SIG_LEN;
    HCRYPTHASH h = hash_of(p, CALG_SHA1, (const BYTE *)"sample", 6);
    assert_works(CryptSignHashA(h, AT_SIGNATURE, NULL, 0, ret_sig, &len));
    assert_works(CryptDestroyHash(h));
    return len;
}

static BOOL
verifies(HCRYPTPROV p, HCRYPTKEY k, const BYTE *sig, DWORD len, const char *text)
{
    HCRYPTHASH h = hash_of(p, CALG_SHA1, (const BYTE *)text, (DWORD)strlen(text));
    BOOL ok = CryptVerifySignatureA(h, sig, len, k, NULL, 0);
    DWORD code = GetLastError();
    assert_works(CryptDestroyHash(h));
    SetLastError(code);
    return ok;
}

static void
with_openssl(HCRYPTPROV p, HCRYPTKEY pub)
{
    BYTE sig[SIG_LEN], der[64];
    openssl_reads();
    write_file("m", (const BYTE *)"sample", 6);
    for (int i = 0; i < 8; i++) {
        assert_int_equal(sign_known(p, sig), SIG_LEN);
        write_file("s.der", der, to_der(sig, der));
        run_in_dir("openssl dgst -sha1 -verify dpub.pem -signature s.der m >/dev/null");
        run_in_dir("openssl dgst -sha1 -sign d.pem -out t.der m");
        assert_true(read_file("t.der", der, sizeof der) > 0);
        from_der(der, sig);
        assert_works(verifies(p, pub, sig, SIG_LEN, "sample"));
    }
}

static void
refused(HCRYPTPROV p, HCRYPTKEY pub, const BYTE sig[SIG_LEN])
{
    BYTE bad[SIG_LEN + 1] = {0};
    HCRYPTHASH h = hash_of(p, CALG_SHA1, (const BYTE *)"sample", 6);
    assert_fails(verifies(p, pub, sig, SIG_LEN, "simple"), NTE_BAD_SIGNATURE);
    assert_fails(verifies(p, pub, bad, SIG_LEN, "sample"), NTE_BAD_SIGNATURE);
    assert_fails(verifies(p, pub, bad, 0, "sample"), NTE_BAD_SIGNATURE);
    assert_fails(verifies(p, pub, bad, SIG_LEN - 1, "sample"), NTE_BAD_SIGNATURE);
    assert_fails(verifies(p, pub, bad, SIG_LEN + 1, "sample"), NTE_BAD_SIGNATURE);
    assert_fails(verifies(p, pub, NULL, SIG_LEN, "sample"), ERROR_INVALID_PARAMETER);
    assert_fails(CryptVerifySignatureA(h, sig, SIG_LEN, pub, NULL, CRYPT_NOHASHOID), NTE_BAD_FLAGS);
    for (int i = 0; i < SIG_LEN; i++) {
        memcpy(bad, sig, SIG_LEN);
        bad[i] ^= 0x10;
        assert_fails(verifies(p, pub, bad, SIG_LEN, "sample"), NTE_BAD_SIGNATURE);
    }
}

static void
capi_085(void **state)
{
    HCRYPTPROV p = DSS_PROV;
    HCRYPTKEY pub = import_known(p, "dss.public", 0), other = 0;
    BYTE sig[SIG_LEN], small[SIG_LEN];
    DWORD len = 0;
    (void)state;
    assert_int_equal(known_bytes("dss.signature", sig), SIG_LEN); /* of RFC 6979 */
    assert_works(verifies(p, pub, sig, SIG_LEN, "sample"));
    refused(p, pub, sig);
    HCRYPTHASH h = hash_of(p, CALG_SHA1, (const BYTE *)"sample", 6);
    assert_fails(CryptSignHashA(h, AT_SIGNATURE, NULL, 0, NULL, &len), NTE_NO_KEY);
    other = import_known(p, "dss.private", 0);
    with_openssl(p, pub);
    assert_works(CryptSignHashA(h, AT_SIGNATURE, NULL, 0, NULL, &len));
    assert_int_equal(len, SIG_LEN);
    len = SIG_LEN - 1;
    assert_fails(CryptSignHashA(h, AT_SIGNATURE, NULL, 0, small, &len), ERROR_MORE_DATA);
    assert_int_equal(len, SIG_LEN);
    assert_fails(CryptSignHashA(h, AT_SIGNATURE, NULL, CRYPT_NOHASHOID, small, &len),
                 NTE_BAD_FLAGS);
    assert_works(CryptSignHashA(h, AT_SIGNATURE, "a description", 0, small, &len));
    assert_works(CryptVerifySignatureA(h, small, len, other, NULL, 0)); /* it is in the hash now */
    h = hash_of(p, CALG_MD5, sig, 1);
    assert_fails(CryptSignHashA(h, AT_SIGNATURE, NULL, 0, small, &len), NTE_BAD_ALGID);
    assert_fails(CryptVerifySignatureA(h, sig, SIG_LEN, pub, NULL, 0), NTE_BAD_ALGID);
    assert_works(CryptGenKey(p, AT_SIGNATURE, 512u << 16, &other));
    assert_fails(verifies(p, other, sig, SIG_LEN, "sample"), NTE_BAD_SIGNATURE);
    release(p);
}

/* Each byte of the header and of the sizes wrong, every length too short. */
static void
malformed(HCRYPTPROV p, const char *name, DWORD head)
{
    BYTE blob[BLOB_MAX];
    HCRYPTKEY k = UNSET;
    DWORD len = known_bytes(name, blob);
    for (DWORD n = 0; n < len; n++) {
        assert_false(CryptImportKey(p, blob, n, 0, 0, &k));
        assert_int_equal(GetLastError(), NTE_BAD_DATA);
    }
    for (DWORD i = 0; i < head; i++) {
        if (i == 2 || i == 3) {
            continue; /* reserved */
        }
        for (unsigned bit = 0; bit < 8; bit++) {
            blob[i] ^= (BYTE)(1u << bit);
            assert_false(CryptImportKey(p, blob, len, 0, 0, &k));
            DWORD code = GetLastError();
            assert_true(code == NTE_BAD_DATA || code == NTE_BAD_VER || code == NTE_BAD_TYPE ||
                        code == NTE_BAD_ALGID);
            blob[i] ^= (BYTE)(1u << bit);
        }
    }
    assert_int_equal(k, UNSET);
}

/* A number of the key changed in its lowest bit: nothing fits any more. */
static void
do_not_fit(HCRYPTPROV p, const char *name, const DWORD *at, size_t count)
{
    BYTE blob[BLOB_MAX];
    HCRYPTKEY k = UNSET;
    DWORD len = known_bytes(name, blob);
    for (size_t i = 0; i < count; i++) {
        blob[at[i]] ^= 1;
        assert_fails(CryptImportKey(p, blob, len, 0, 0, &k), NTE_BAD_DATA);
        blob[at[i]] ^= 1;
    }
    assert_int_equal(k, UNSET);
}

static void
capi_086(void **state)
{
    static const DWORD pub2[] = {16, 144, 164, 292};            /* p q g y */
    static const DWORD pair3[] = {52, 180, 200, 328, 436, 564}; /* p q g j y x */
    HCRYPTPROV p = DSS_PROV;
    HCRYPTKEY k = UNSET;
    BYTE blob[BLOB_MAX];
    DWORD len = 0;
    (void)state;
    malformed(p, "dss.public", 16);
    malformed(p, "dss.private", 16);
    malformed(p, "dss.public3", 20); /* with the bits of q */
    malformed(p, "dss.private3", 20);
    do_not_fit(p, "dss.public", pub2, COUNT(pub2));
    do_not_fit(p, "dss.private3", pair3, COUNT(pair3));
    len = known_bytes("dss.public", blob);
    blob[1] = 4;
    assert_fails(CryptImportKey(p, blob, len, 0, 0, &k), NTE_BAD_VER);
    blob[1] = 3;
    assert_fails(CryptImportKey(p, blob, len, 0, 0, &k), NTE_BAD_DATA);
    len = known_bytes("dh.a.private", blob);
    assert_fails(CryptImportKey(p, blob, len, 0, 0, &k), NTE_BAD_ALGID); /* not of this provider */
    len = known_bytes("demo.public", blob);
    assert_fails(CryptImportKey(p, blob, len, 0, 0, &k), NTE_BAD_ALGID);
    assert_int_equal(k, UNSET);
    release(p);
    p = STRONG_PROV;
    len = known_bytes("dss.public", blob);
    assert_fails(CryptImportKey(p, blob, len, 0, 0, &k), NTE_BAD_ALGID);
    release(p);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(capi_082), cmocka_unit_test(capi_083),
                                       cmocka_unit_test(capi_084), cmocka_unit_test(capi_085),
                                       cmocka_unit_test(capi_086)};
    return cmocka_run_group_tests(tests, capi_setup, capi_teardown);
}
