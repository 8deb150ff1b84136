/* SPDX-License-Identifier: Apache-2.0 */
/* Other programs' data, and what a backup authority does, in CryptoAPI calls. */
#include <stdio.h>
#include <string.h>

#include "capi_test.h"

#define BITS(n) ((DWORD)(n) << 16)
#define CHUNK 1000u /* as the encrypting sample of the documentation reads */
#define SAMPLE "Attack at dawn.\n"

/* OpenSSL reads what we write and writes what we read; the same bytes come back. */
static void
msblob(HCRYPTPROV p, DWORD bits)
{
    HCRYPTKEY k = 0, again = 0;
    BYTE blob[2400], got[2400];
    DWORD len = sizeof blob, n = 0;
    assert_works(CryptGenKey(p, AT_KEYEXCHANGE, BITS(bits) | CRYPT_EXPORTABLE, &k));
    assert_works(CryptExportKey(k, 0, PRIVATEKEYBLOB, 0, blob, &len));
    write_file("priv.blob", blob, len);
    run_in_dir("openssl rsa -inform MSBLOB -in priv.blob -outform MSBLOB -out again.blob "
               "2>/dev/null && cmp priv.blob again.blob");
    run_in_dir("openssl rsa -inform MSBLOB -in priv.blob -pubout -outform MSBLOB -out pub2.blob "
               "2>/dev/null");
    len = sizeof blob;
    assert_works(CryptExportKey(k, 0, PUBLICKEYBLOB, 0, blob, &len));
    write_file("pub.blob", blob, len);
    run_in_dir("openssl rsa -pubin -inform MSBLOB -in pub.blob -pubout -out pub.pem 2>/dev/null");
    run_in_dir("cmp pub.blob pub2.blob");
    n = read_file("again.blob", got, sizeof got);
    assert_works(CryptImportKey(p, got, n, 0, 0, &again));
    n = read_file("pub2.blob", got, sizeof got);
    assert_works(CryptImportKey(p, got, n, 0, 0, &again));
}

/* OpenSSL opens a SIMPLEBLOB of ours, the RSA block of which is turned round. */
static void
simpleblob(HCRYPTPROV p, DWORD flags, const char *padding)
{
    HCRYPTKEY pair = 0, k = 0;
    BYTE blob[600], turned[600], plain[64], got[600];
    char command[300];
    DWORD len = sizeof blob, plain_len = sizeof plain, n = 0;
    assert_works(CryptGetUserKey(p, AT_KEYEXCHANGE, &pair));
    assert_works(CryptGenKey(p, CALG_RC4, BITS(128) | CRYPT_EXPORTABLE, &k));
    assert_works(CryptExportKey(k, pair, SIMPLEBLOB, flags, blob, &len));
    assert_works(CryptExportKey(k, 0, PLAINTEXTKEYBLOB, 0, plain, &plain_len));
    for (DWORD i = 0; i < len - 12; i++) {
        turned[i] = blob[len - 1 - i];
    }
    write_file("turned", turned, len - 12);
    (void)snprintf(command, sizeof command,
                   "openssl rsa -inform MSBLOB -in again.blob -out priv.pem 2>/dev/null && "
                   "openssl pkeyutl -decrypt -inkey priv.pem -pkeyopt rsa_padding_mode:%s "
                   "-in turned -out key",
                   padding);
    run_in_dir(command);
    n = read_file("key", got, sizeof got);
    assert_int_equal(n, plain_len - 12);
    assert_memory_equal(got, plain + 12, n);
}

static void
capi_070(void **state)
{
    static const DWORD sizes[] = {512, 768, 1024, 2048, 4096};
    HCRYPTPROV p = AES_PROV;
    (void)state;
    for (size_t i = 0; i < COUNT(sizes); i++) {
        msblob(p, sizes[i]);
        simpleblob(p, 0, "pkcs1");
        simpleblob(p, CRYPT_OAEP, "oaep");
    }
    release(p);
}

/* The sample's way through a file: a last piece is one shorter than CHUNK. */
static DWORD
encrypt_pieces(HCRYPTKEY k, const BYTE *in, DWORD len, BYTE *out)
{
    DWORD done = 0, made = 0, n = 0;
    BYTE buf[CHUNK + 16];
    do {
        DWORD piece = len - done < CHUNK ? len - done : CHUNK;
        memcpy(buf, in + done, piece);
        n = piece;
        done += piece;
        assert_works(CryptEncrypt(k, 0, piece < CHUNK, 0, buf, &n, sizeof buf));
        memcpy(out + made, buf, n);
        made += n;
        if (piece < CHUNK) {
            return made;
        }
    } while (1);
}

static void
piecewise(HCRYPTPROV p, ALG_ID alg, DWORD len)
{
    HCRYPTKEY k = 0;
    BYTE out[8192];
    DWORD n = 0;
    assert_works(CryptGenKey(p, alg, 0, &k));
    n = encrypt_pieces(k, counting(), len, out);
    if (n != 0) { /* one call, as read by a program that looks ahead */
        assert_works(CryptDecrypt(k, 0, TRUE, 0, out, &n));
    }
    assert_int_equal(n, len);
    assert_memory_equal(out, counting(), len);
}

static void
capi_071(void **state)
{
    static const DWORD sizes[] = {0, 999, 1000, 1001, 2000};
    HCRYPTPROV p = ENHANCED_PROV;
    HCRYPTKEY k = 0;
    BYTE file[400], turned[64], text[64];
    DWORD len = known_bytes("file", file), blob_len = file[0], n = 16;
    (void)state;
    (void)demo_pair(p, AT_KEYEXCHANGE);
    assert_works(CryptImportKey(p, file + 4, blob_len, 0, CRYPT_EXPORTABLE, &k));
    memcpy(text, file + 4 + blob_len, len - 4 - blob_len);
    assert_works(CryptDecrypt(k, 0, TRUE, 0, text, &n));
    assert_memory_equal(text, SAMPLE, 16);
    /* and by OpenSSL alone, in the way the manual describes */
    for (DWORD i = 0; i < 64; i++) {
        turned[i] = file[4 + blob_len - 1 - i];
    }
    write_file("turned", turned, 64);
    write_file("cipher", file + 4 + blob_len, 16);
    len = known_bytes("demo.private", file);
    write_file("demo.blob", file, len);
    run_in_dir("openssl rsa -inform MSBLOB -in demo.blob -out demo.pem 2>/dev/null && "
               "key=$(openssl pkeyutl -decrypt -inkey demo.pem -in turned | od -An -tx1 | tr -d "
               "' \\n') && openssl enc -d -rc4 -K $key -provider legacy -provider default "
               "-in cipher -out plain");
    assert_int_equal(read_file("plain", text, sizeof text), 16);
    assert_memory_equal(text, SAMPLE, 16);
    for (size_t i = 0; i < COUNT(sizes); i++) {
        piecewise(p, CALG_RC4, sizes[i]);
        piecewise(p, CALG_RC2, sizes[i]);
        piecewise(p, CALG_3DES, sizes[i]);
    }
    release(p);
}

static void
capi_072(void **state)
{
    HCRYPTPROV p = ENHANCED_PROV;
    HCRYPTHASH h = hash_of(p, CALG_MD5, (const BYTE *)"1134-kelp", 9);
    HCRYPTKEY k = 0;
    (void)state;
    assert_works(CryptDeriveKey(p, CALG_RC4, h, BITS(128), &k));
    assert_encrypts(k, (const BYTE *)SAMPLE, 16, known("file.password"));
    release(p);
}

/* A SIMPLEBLOB of key for the owner of a container's public key. */
static DWORD
export_for(HCRYPTPROV p, HCRYPTKEY key, HCRYPTPROV to, BYTE *blob, DWORD max)
{
    HCRYPTKEY theirs = 0, pub = 0;
    BYTE buf[600];
    DWORD len = sizeof buf;
    assert_works(CryptGetUserKey(to, AT_KEYEXCHANGE, &theirs));
    assert_works(CryptExportKey(theirs, 0, PUBLICKEYBLOB, 0, buf, &len));
    assert_works(CryptImportKey(p, buf, len, 0, 0, &pub));
    len = max;
    assert_works(CryptExportKey(key, pub, SIMPLEBLOB, 0, blob, &len));
    return len;
}

static HCRYPTPROV
with_pair(const char *name, DWORD bits)
{
    HCRYPTPROV p = new_container(name);
    HCRYPTKEY k = 0;
    assert_works(CryptGenKey(p, AT_KEYEXCHANGE, BITS(bits), &k));
    return p;
}

static void
capi_073(void **state)
{
    HCRYPTPROV client = with_pair("client", 1024), authority = with_pair("authority", 2048);
    HCRYPTKEY k = 0, a = 0, b = 0;
    BYTE one[600], two[600], x[64], y[64];
    DWORD n = 0, m = 0, xl = sizeof x, yl = sizeof y;
    (void)state;
    assert_works(CryptGenKey(client, CALG_AES_256, CRYPT_EXPORTABLE, &k));
    n = export_for(client, k, client, one, sizeof one);
    m = export_for(client, k, authority, two, sizeof two);
    assert_int_equal(n, 140);
    assert_int_equal(m, 268);
    assert_works(CryptImportKey(client, one, n, 0, CRYPT_EXPORTABLE, &a));
    assert_works(CryptImportKey(authority, two, m, 0, CRYPT_EXPORTABLE, &b));
    assert_works(CryptExportKey(a, 0, PLAINTEXTKEYBLOB, 0, x, &xl));
    assert_works(CryptExportKey(b, 0, PLAINTEXTKEYBLOB, 0, y, &yl));
    assert_int_equal(xl, yl);
    assert_memory_equal(x, y, xl);
    release(client);
    release(authority);
    delete_container("client");
    delete_container("authority");
}

static void
capi_074(void **state)
{
    HCRYPTPROV client = with_pair("client", 1024), authority = with_pair("authority", 2048);
    HCRYPTKEY k = 0;
    BYTE text[32] = SAMPLE, deposit[600], answer[600];
    DWORD n = 16, len = 0;
    (void)state;
    assert_works(CryptGenKey(client, CALG_AES_256, CRYPT_EXPORTABLE, &k));
    assert_works(CryptEncrypt(k, 0, TRUE, 0, text, &n, sizeof text));
    len = export_for(client, k, authority, deposit, sizeof deposit);
    release(client);
    delete_container("client"); /* the pair is lost */
    client = with_pair("client", 3072);
    assert_works(CryptImportKey(authority, deposit, len, 0, CRYPT_EXPORTABLE, &k));
    len = export_for(authority, k, client, answer, sizeof answer);
    release(authority);
    delete_container("authority");
    assert_works(CryptImportKey(client, answer, len, 0, 0, &k));
    assert_works(CryptDecrypt(k, 0, TRUE, 0, text, &n));
    assert_int_equal(n, 16);
    assert_memory_equal(text, SAMPLE, 16);
    release(client);
    delete_container("client");
}

static void
capi_075(void **state)
{
    HCRYPTPROV p = STRONG_PROV;
    HCRYPTKEY k = 0, pair = 0, again = 0;
    const BYTE iv[8] = {9, 8, 7, 6, 5, 4, 3, 2};
    BYTE text[32] = SAMPLE, blob[200], salt[24];
    DWORD n = 16, len = sizeof blob, salt_len = sizeof salt;
    (void)state;
    assert_works(CryptGenKey(p, AT_KEYEXCHANGE, BITS(1024), &pair));
    assert_works(CryptGenKey(p, CALG_RC2, BITS(40) | CRYPT_CREATE_SALT | CRYPT_EXPORTABLE, &k));
    assert_works(CryptSetKeyParam(k, KP_IV, iv, 0));
    set_dword(k, KP_MODE, CRYPT_MODE_CFB);
    set_dword(k, KP_EFFECTIVE_KEYLEN, 33);
    assert_works(CryptEncrypt(k, 0, TRUE, 0, text, &n, sizeof text));
    assert_works(CryptExportKey(k, pair, SIMPLEBLOB, 0, blob, &len));
    assert_works(CryptGetKeyParam(k, KP_SALT, salt, &salt_len, 0));
    assert_works(CryptImportKey(p, blob, len, pair, 0, &again));
    CRYPT_INTEGER_BLOB b = {salt_len, salt};
    assert_works(CryptSetKeyParam(again, KP_SALT_EX, (const BYTE *)&b, 0));
    assert_works(CryptSetKeyParam(again, KP_IV, iv, 0));
    set_dword(again, KP_MODE, CRYPT_MODE_CFB);
    set_dword(again, KP_EFFECTIVE_KEYLEN, 33);
    assert_works(CryptDecrypt(again, 0, TRUE, 0, text, &n));
    assert_int_equal(n, 16);
    assert_memory_equal(text, SAMPLE, 16);
    release(p);
}

/* Sizes and places of the structures, which are the same on every machine but for pointers. */
static void
capi_077(void **state)
{
    BYTE blob[400], out[400];
    HCRYPTPROV p = AES_PROV;
    HCRYPTKEY k = demo_pair(p, AT_KEYEXCHANGE);
    DWORD len = sizeof out;
    (void)state;
    assert_int_equal(sizeof(BLOBHEADER), 8);
    assert_int_equal(sizeof(RSAPUBKEY), 12);
    assert_int_equal(sizeof(DSSPUBKEY), 8);
    assert_int_equal(sizeof(DSSSEED), 24);
    assert_int_equal(sizeof(DHPUBKEY_VER3), 40);
    assert_int_equal(sizeof(DHPRIVKEY_VER3), 44);
    assert_int_equal(sizeof(PROV_ENUMALGS), 32);
    assert_int_equal(sizeof(PROV_ENUMALGS_EX), 88);
    assert_int_equal(sizeof(SCHANNEL_ALG), 20);
    assert_int_equal(sizeof(CRYPT_DATA_BLOB), 2 * sizeof(void *));
    assert_int_equal(sizeof(HMAC_INFO), 5 * sizeof(void *));
    assert_int_equal(sizeof(CRYPT_RC4_KEY_STATE), 274);
    assert_int_equal(sizeof(CRYPT_3DES_KEY_STATE), 40);
    assert_int_equal(sizeof(DWORD), 4);
    assert_int_equal(sizeof(LONG), 4);
    assert_int_equal(sizeof(WCHAR), 2);
    assert_int_equal(offsetof(BLOBHEADER, aiKeyAlg), 4);
    /* every byte of a BLOB is spelled out in a known answer, so the order of bytes shows */
    assert_works(CryptExportKey(k, 0, PRIVATEKEYBLOB, 0, out, &len));
    assert_int_equal(known_bytes("demo.private", blob), len);
    assert_memory_equal(out, blob, len);
    release(p);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(capi_070), cmocka_unit_test(capi_071), cmocka_unit_test(capi_072),
        cmocka_unit_test(capi_073), cmocka_unit_test(capi_074), cmocka_unit_test(capi_075),
        cmocka_unit_test(capi_077),
    };
    return cmocka_run_group_tests(tests, capi_setup, capi_teardown);
}
