/* SPDX-License-Identifier: Apache-2.0 */
/* Eight threads that share all their handles and respect none: any function on garbage, on closed
 * handles, on handles of another kind and of another thread, while contexts are released. Nothing
 * but a code may come of it. Meant for ThreadSanitizer and AddressSanitizer; SPK_SOAK makes it a
 * minute long. */
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "capi_test.h"

#define THREADS 8
#define SLOTS 24
#define KINDS 3
#define SHORT_SECONDS 2
#define SOAK_SECONDS 60
#define BUF_LEN 1200

enum { PROV, KEY, HASH };

static _Atomic ULONG_PTR slots[KINDS][SLOTS]; /* open handles, and what was one */
static atomic_bool stop;
static atomic_ulong calls, worked;
static BYTE simple[100], public_blob[100], private_blob[400];
static DWORD simple_len, public_len, private_len;

struct actor {
    pthread_t thread;
    uint64_t seed;
    BYTE buf[BUF_LEN];
    DWORD codes; /* failures with a last error that is not a code of this API */
};

static uint64_t
roll(struct actor *a, uint64_t n)
{
    a->seed ^= a->seed << 13;
    a->seed ^= a->seed >> 7;
    a->seed ^= a->seed << 17;
    return a->seed % n;
}

/* Mostly a handle of the kind that is asked for, by whomever it was opened. */
static ULONG_PTR
any(struct actor *a, unsigned kind)
{
    switch (roll(a, 12)) {
    case 0:
        return (ULONG_PTR)roll(a, UINT64_MAX);
    case 1:
        return slots[roll(a, KINDS)][roll(a, SLOTS)];
    case 2:
        return slots[kind][roll(a, SLOTS)] + 1 + roll(a, 64); /* beside a cell */
    default:
        return slots[kind][roll(a, SLOTS)];
    }
}

/* The new handle takes the place of another, which is closed most of the time. */
static void
keep(struct actor *a, unsigned kind, ULONG_PTR h)
{
    ULONG_PTR old = atomic_exchange(&slots[kind][roll(a, SLOTS)], h);
    switch (kind) {
    case PROV:
        (void)CryptReleaseContext(old, 0);
        break;
    case KEY:
        (void)CryptDestroyKey(old);
        break;
    default:
        (void)CryptDestroyHash(old);
        break;
    }
}

static ALG_ID
some_alg(struct actor *a)
{
    static const ALG_ID algs[] = {CALG_AES_128, CALG_RC4, CALG_RC2,         CALG_3DES,
                                  CALG_DES,     CALG_MD5, CALG_TLS1_MASTER, CALG_AES_256};
    return algs[roll(a, COUNT(algs))];
}

static BOOL
open_context(struct actor *a)
{
    static const struct {
        const char *name;
        DWORD type, flags;
    } how[] = {{NULL, PROV_RSA_AES, CRYPT_VERIFYCONTEXT},
               {NULL, PROV_RSA_SCHANNEL, CRYPT_VERIFYCONTEXT},
               {"hostile", PROV_RSA_AES, 0},
               {"hostile", PROV_RSA_AES, CRYPT_NEWKEYSET}};
    size_t i = roll(a, 4) != 0 ? roll(a, 2) : 2 + roll(a, 2); /* files take long */
    HCRYPTPROV p = 0;
    BOOL ok = CryptAcquireContextA(&p, how[i].name, NULL, how[i].type, how[i].flags);
    if (ok) {
        keep(a, PROV, p);
    }
    return ok;
}

static BOOL
open_key(struct actor *a)
{
    HCRYPTKEY k = 0;
    BOOL ok;
    switch (roll(a, 7)) {
    case 0:
        ok = CryptImportKey(any(a, PROV), simple, simple_len, any(a, KEY), CRYPT_EXPORTABLE, &k);
        break;
    case 1:
        ok = CryptImportKey(any(a, PROV), public_blob, public_len, 0, 0, &k);
        break;
    case 2:
        ok = CryptImportKey(any(a, PROV), private_blob, private_len, 0, CRYPT_EXPORTABLE, &k);
        break;
    case 3:
        ok = CryptGetUserKey(any(a, PROV), (DWORD)roll(a, 3), &k);
        break;
    case 4:
        ok = CryptDuplicateKey(any(a, KEY), NULL, 0, &k);
        break;
    case 5:
        ok = CryptDeriveKey(any(a, PROV), some_alg(a), any(a, HASH), CRYPT_EXPORTABLE, &k);
        break;
    default:
        ok = CryptGenKey(any(a, PROV), some_alg(a), CRYPT_EXPORTABLE, &k);
        break;
    }
    if (ok) {
        keep(a, KEY, k);
    }
    return ok;
}

static BOOL
open_hash(struct actor *a)
{
    static const ALG_ID algs[] = {CALG_MD5,  CALG_SHA1, CALG_SHA_256, CALG_MAC,
                                  CALG_HMAC, CALG_MD2,  CALG_TLS1PRF, CALG_SCHANNEL_MASTER_HASH};
    HCRYPTHASH h = 0;
    BOOL ok = roll(a, 4) == 0
                  ? CryptDuplicateHash(any(a, HASH), NULL, 0, &h)
                  : CryptCreateHash(any(a, PROV), algs[roll(a, COUNT(algs))], any(a, KEY), 0, &h);
    if (ok) {
        keep(a, HASH, h);
    }
    return ok;
}

static BOOL
use_key(struct actor *a)
{
    static const DWORD params[] = {KP_IV,      KP_SALT,        KP_MODE,
                                   KP_KEYLEN,  KP_PERMISSIONS, KP_ALGID,
                                   KP_PADDING, KP_BLOCKLEN,    KP_EFFECTIVE_KEYLEN};
    DWORD n = (DWORD)(16 * roll(a, 16)), len = BUF_LEN, mode = 1 + (DWORD)roll(a, 4);
    HCRYPTHASH h = roll(a, 3) == 0 ? any(a, HASH) : 0;
    switch (roll(a, 6)) {
    case 0:
        return CryptEncrypt(any(a, KEY), h, roll(a, 2) == 0, 0, a->buf, &n, BUF_LEN);
    case 1:
        return CryptDecrypt(any(a, KEY), h, roll(a, 2) == 0, 0, a->buf, &n);
    case 2:
        return CryptGetKeyParam(any(a, KEY), params[roll(a, COUNT(params))], a->buf, &len, 0);
    case 3:
        return CryptSetKeyParam(any(a, KEY), KP_MODE, (const BYTE *)&mode, 0);
    case 4:
        return CryptSetKeyParam(any(a, KEY), KP_IV, a->buf, 0);
    default:
        return CryptExportKey(any(a, KEY), roll(a, 2) == 0 ? any(a, KEY) : 0, (DWORD)roll(a, 13), 0,
                              a->buf, &len);
    }
}

static BOOL
use_hash(struct actor *a)
{
    HMAC_INFO info = {CALG_SHA1, NULL, 0, NULL, 0};
    DWORD len = BUF_LEN;
    switch (roll(a, 7)) {
    case 0:
        return CryptHashSessionKey(any(a, HASH), any(a, KEY), 0);
    case 1:
        return CryptGetHashParam(any(a, HASH), HP_HASHVAL, a->buf, &len, 0);
    case 2:
        return CryptSetHashParam(any(a, HASH), HP_HMAC_INFO, (const BYTE *)&info, 0);
    case 3:
        return CryptSignHashA(any(a, HASH), AT_KEYEXCHANGE, NULL, 0, a->buf, &len);
    case 4:
        return CryptVerifySignatureA(any(a, HASH), a->buf, 64, any(a, KEY), NULL, 0);
    default:
        return CryptHashData(any(a, HASH), a->buf, (DWORD)roll(a, BUF_LEN), 0);
    }
}

static BOOL
use_context(struct actor *a)
{
    static const DWORD params[] = {PP_NAME,           PP_CONTAINER, PP_ENUMALGS,
                                   PP_ENUMCONTAINERS, PP_PROVTYPE,  PP_UNIQUE_CONTAINER};
    DWORD len = BUF_LEN;
    HCRYPTPROV p = 0;
    switch (roll(a, 12)) {
    case 0:
        return CryptContextAddRef(any(a, PROV), NULL, 0);
    case 1:
        return CryptReleaseContext(any(a, PROV), 0);
    case 2:
        return CryptDestroyKey(any(a, KEY));
    case 3:
        return CryptDestroyHash(any(a, HASH));
    case 4:
        return CryptAcquireContextA(&p, "hostile", NULL, PROV_RSA_AES, CRYPT_DELETEKEYSET);
    case 5:
    case 6:
        return CryptGenRandom(any(a, PROV), BUF_LEN, a->buf);
    default:
        return CryptGetProvParam(any(a, PROV), params[roll(a, COUNT(params))], a->buf, &len,
                                 (DWORD)roll(a, 2));
    }
}

static BOOL
act(struct actor *a)
{
    switch (roll(a, 16)) {
    case 0:
        return open_context(a);
    case 1:
    case 2:
    case 3:
        return open_key(a);
    case 4:
    case 5:
        return open_hash(a);
    case 6:
    case 7:
        return use_context(a);
    case 8:
    case 9:
    case 10:
        return use_hash(a);
    default:
        return use_key(a);
    }
}

static bool
known_code(DWORD code)
{
    return (code >= NTE_BAD_UID && code <= NTE_FIXEDPARAMETER) || code == ERROR_INVALID_PARAMETER ||
           code == ERROR_MORE_DATA || code == ERROR_NO_MORE_ITEMS || code == ERROR_BUSY;
}

static void *
run(void *arg)
{
    struct actor *a = arg;
    while (!stop) {
        SetLastError(UNSET);
        if (act(a)) {
            worked++;
        } else if (!known_code(GetLastError())) {
            a->codes = GetLastError();
        }
        calls++;
    }
    return NULL;
}

static void
nothing_but_codes(void **state)
{
    static struct actor actors[THREADS];
    const char *soak = getenv("SPK_SOAK");
    struct timespec pause = {soak != NULL && soak[0] != '\0' ? SOAK_SECONDS : SHORT_SECONDS, 0};
    (void)state;
    simple_len = known_bytes("simple1", simple);
    public_len = known_bytes("demo.public", public_blob);
    private_len = known_bytes("demo.private", private_blob);
    for (size_t i = 0; i < SLOTS; i++) {
        slots[PROV][i] = i % 2 == 0 ? AES_PROV : new_container("hostile");
    }
    for (size_t i = 0; i < THREADS; i++) {
        actors[i].seed = 0x9e3779b97f4a7c15u * (i + 1);
        assert_int_equal(pthread_create(&actors[i].thread, NULL, run, &actors[i]), 0);
    }
    (void)nanosleep(&pause, NULL);
    stop = true;
    for (size_t i = 0; i < THREADS; i++) {
        assert_int_equal(pthread_join(actors[i].thread, NULL), 0);
        assert_int_equal(actors[i].codes, 0);
    }
    print_message("%lu calls, %lu of them worked\n", (unsigned long)calls, (unsigned long)worked);
    assert_true(worked > 100 && worked < calls); /* it came to both */
}

/* Afterwards the library is as it was. */
static void
works_as_ever(void **state)
{
    HCRYPTPROV p = AES_PROV;
    (void)state;
    assert_encrypts(plain_key_hex(p, CALG_RC4, "00112233445566778899aabbccddeeff", 0),
                    (const BYTE *)"Attack at dawn.\n", 16, known("attack.1"));
    release(p);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(nothing_but_codes),
                                       cmocka_unit_test(works_as_ever)};
    return cmocka_run_group_tests(tests, capi_setup, capi_teardown);
}
