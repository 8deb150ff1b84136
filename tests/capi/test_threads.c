/* SPDX-License-Identifier: Apache-2.0 */
/* Hostile use of handles: many threads on the same ones, and their ends in the middle of a call. */
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>

#include "capi_test.h"

#define THREADS 8
#define ROUNDS 3000

static HCRYPTPROV prov;
static _Atomic ULONG_PTR shared_key, shared_hash;

/* Whatever another thread does, a call works or says that a handle or a state is wrong. */
static void *
use(void *arg)
{
    size_t seed = (size_t)arg;
    BYTE b[64] = {0};
    for (unsigned i = 0; i < ROUNDS; i++) {
        HCRYPTKEY k = shared_key;
        HCRYPTHASH h = shared_hash;
        DWORD n = 16, len = sizeof b;
        switch ((i + seed) % 6) {
        case 0:
            (void)CryptEncrypt(k, h, FALSE, 0, b, &n, sizeof b);
            break;
        case 1:
            (void)CryptHashData(h, b, sizeof b, 0);
            break;
        case 2:
            if (CryptDuplicateKey(k, NULL, 0, &k)) {
                (void)CryptDestroyKey(k);
            }
            break;
        case 3:
            if (CryptGenKey(prov, CALG_AES_128, CRYPT_EXPORTABLE, &k)) {
                (void)CryptDestroyKey(atomic_exchange(&shared_key, k));
            }
            break;
        case 4:
            if (CryptCreateHash(prov, CALG_SHA1, 0, 0, &h)) {
                (void)CryptDestroyHash(atomic_exchange(&shared_hash, h));
            }
            break;
        default:
            (void)CryptGetHashParam(h, HP_HASHVAL, b, &len, 0);
            break;
        }
    }
    return NULL;
}

static void
run_all(void)
{
    pthread_t t[THREADS];
    for (size_t i = 0; i < THREADS; i++) {
        assert_int_equal(pthread_create(&t[i], NULL, use, (void *)i), 0);
    }
    for (size_t i = 0; i < THREADS; i++) {
        assert_int_equal(pthread_join(t[i], NULL), 0);
    }
}

static void
handles_in_many_threads(void **state)
{
    HCRYPTKEY k = 0;
    HCRYPTHASH h = 0;
    (void)state;
    prov = AES_PROV;
    assert_works(CryptGenKey(prov, CALG_AES_128, CRYPT_EXPORTABLE, &k));
    assert_works(CryptCreateHash(prov, CALG_SHA1, 0, 0, &h));
    shared_key = k;
    shared_hash = h;
    run_all();
    assert_works(CryptDestroyKey(shared_key));
    assert_works(CryptDestroyHash(shared_hash));
    release(prov);
}

static void *
release_soon(void *arg)
{
    BYTE b[64];
    for (unsigned i = 0; i < 200; i++) {
        (void)CryptGenRandom(*(HCRYPTPROV *)arg, sizeof b, b);
    }
    (void)CryptReleaseContext(*(HCRYPTPROV *)arg, 0);
    return NULL;
}

static void
release_during_use(void **state)
{
    pthread_t t;
    HCRYPTKEY k = 0;
    (void)state;
    prov = AES_PROV;
    shared_hash = 0;
    assert_works(CryptGenKey(prov, CALG_AES_128, CRYPT_EXPORTABLE, &k));
    shared_key = k;
    assert_int_equal(pthread_create(&t, NULL, release_soon, &prov), 0);
    run_all();
    assert_int_equal(pthread_join(t, NULL), 0);
    assert_fails(CryptDestroyKey(k), ERROR_INVALID_PARAMETER);
    assert_fails(CryptReleaseContext(prov, 0), ERROR_INVALID_PARAMETER);
}

static void
many_handles(void **state)
{
    static HCRYPTHASH h[20000];
    HCRYPTPROV p = AES_PROV;
    (void)state;
    for (size_t i = 0; i < COUNT(h); i++) {
        assert_works(CryptCreateHash(p, CALG_MD5, 0, 0, &h[i]));
    }
    for (size_t i = 0; i < COUNT(h); i += 2) {
        assert_works(CryptDestroyHash(h[i]));
    }
    assert_fails(CryptDestroyHash(h[0]), ERROR_INVALID_PARAMETER);
    release(p);
    assert_fails(CryptDestroyHash(h[1]), ERROR_INVALID_PARAMETER);
}

static void *
last_error_of(void *arg)
{
    SetLastError(7);
    (void)arg;
    return NULL;
}

static void
last_error_is_a_threads_own(void **state)
{
    pthread_t t;
    (void)state;
    SetLastError(5);
    assert_int_equal(pthread_create(&t, NULL, last_error_of, NULL), 0);
    assert_int_equal(pthread_join(t, NULL), 0);
    assert_int_equal(GetLastError(), 5);
}

/* A pair that is made number by number, and an agreed key that becomes a session key, while other
 * threads already use them. */
static HCRYPTPROV dh_prov;
static HCRYPTKEY making, agreed;

static void *
complete(void *arg)
{
    static const ALG_ID rc4 = CALG_RC4;
    BYTE b[2048] = {0};
    HCRYPTHASH h = 0;
    HCRYPTKEY copy = 0;
    for (unsigned i = 0; i < 40; i++) {
        DWORD n = 16, len = sizeof b;
        switch ((i + (size_t)arg) % 4) {
        case 0:
            (void)CryptSetKeyParam(making, KP_X, NULL, 0);
            (void)CryptSetKeyParam(agreed, KP_ALGID, (const BYTE *)&rc4, 0);
            break;
        case 1:
            (void)CryptExportKey(making, 0, PRIVATEKEYBLOB, 0, b, &len);
            (void)CryptEncrypt(agreed, 0, TRUE, 0, b, &n, sizeof b);
            break;
        case 2:
            if (CryptDuplicateKey(i % 8 < 4 ? making : agreed, NULL, 0, &copy)) {
                (void)CryptDestroyKey(copy);
            }
            break;
        default:
            if (CryptCreateHash(dh_prov, CALG_SHA1, 0, 0, &h)) {
                (void)CryptHashSessionKey(h, agreed, 0);
                (void)CryptVerifySignatureA(h, b, 40, making, NULL, 0);
                (void)CryptDestroyHash(h);
            }
            break;
        }
    }
    return NULL;
}

static void
keys_that_become_whole(void **state)
{
    pthread_t t[THREADS];
    BYTE domain[1024], public_blob[1024];
    HCRYPTKEY own = 0;
    DWORD len = 0;
    (void)state;
    assert_works(CryptAcquireContextA(&dh_prov, "threads", NULL, PROV_DSS_DH, CRYPT_NEWKEYSET));
    CRYPT_DATA_BLOB b = {known_bytes("dss.domain3", domain), domain};
    for (unsigned round = 0; round < 4; round++) {
        assert_works(CryptGenKey(dh_prov, CALG_DSS_SIGN, (1024u << 16) | CRYPT_PREGEN, &making));
        assert_works(CryptSetKeyParam(making, KP_PUB_PARAMS, (const BYTE *)&b, 0));
        len = known_bytes("dh.a.private3", public_blob);
        assert_works(CryptImportKey(dh_prov, public_blob, len, 0, 0, &own));
        len = known_bytes("dh.b.public", public_blob);
        assert_works(CryptImportKey(dh_prov, public_blob, len, own, CRYPT_EXPORTABLE, &agreed));
        for (size_t i = 0; i < THREADS; i++) {
            assert_int_equal(pthread_create(&t[i], NULL, complete, (void *)i), 0);
        }
        for (size_t i = 0; i < THREADS; i++) {
            assert_int_equal(pthread_join(t[i], NULL), 0);
        }
        assert_fails(CryptSetKeyParam(making, KP_X, NULL, 0), NTE_FIXEDPARAMETER);
        assert_key_bytes(agreed, known("dh.key.16"));
    }
    release(dh_prov);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(handles_in_many_threads), cmocka_unit_test(release_during_use),
        cmocka_unit_test(many_handles), cmocka_unit_test(last_error_is_a_threads_own),
        cmocka_unit_test(keys_that_become_whole)};
    return cmocka_run_group_tests(tests, capi_setup, capi_teardown);
}
