/* SPDX-License-Identifier: Apache-2.0 */
/* Keys leave nothing behind: after their end, no page of the process that can be written holds
 * them, in either order of bytes. */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "capi_test.h"

#define CHUNK 65536u
#define KEY_MAX 32
#define REGION_MAX ((unsigned long)1 << 30) /* larger ones are a sanitizer's */
#define MASK 0xa5

/* Never in the clear in the memory of this test. */
struct needle {
    BYTE masked[KEY_MAX];
    size_t len;
};

static void
hide(const BYTE *bytes, size_t len, bool reversed, struct needle *ret_n)
{
    ret_n->len = len;
    for (size_t i = 0; i < len; i++) {
        ret_n->masked[i] = (BYTE)(bytes[reversed ? len - 1 - i : i] ^ MASK);
    }
}

static unsigned
count_in(const BYTE *p, size_t len, const struct needle *n)
{
    unsigned found = 0;
    for (size_t i = 0; i + n->len <= len; i++) {
        size_t j = 0;
        while (j < n->len && (BYTE)(p[i + j] ^ MASK) == n->masked[j]) {
            j++;
        }
        found += j == n->len;
    }
    return found;
}

/* How often the needle lies in writable memory. The buffer is emptied before each read, since it is
 * a part of what is read. */
static unsigned
count_everywhere(const struct needle *n)
{
    static BYTE chunk[CHUNK];
    char line[512], perm[8];
    unsigned long from = 0, to = 0;
    unsigned found = 0;
    int mem = open("/proc/self/mem", O_RDONLY | O_CLOEXEC);
    FILE *maps = fopen("/proc/self/maps", "r");
    assert_true(mem >= 0);
    assert_non_null(maps);
    while (fgets(line, sizeof line, maps) != NULL) {
        if (sscanf(line, "%lx-%lx %7s", &from, &to, perm) != 3 || strncmp(perm, "rw", 2) != 0 ||
            to - from > REGION_MAX) {
            continue;
        }
        for (unsigned long at = from; at < to; at += CHUNK - KEY_MAX) {
            memset(chunk, 0, sizeof chunk);
            ssize_t got = pread(mem, chunk, to - at < CHUNK ? to - at : CHUNK, (off_t)at);
            found += got > 0 ? count_in(chunk, (size_t)got, n) : 0;
        }
    }
    memset(chunk, 0, sizeof chunk);
    (void)fclose(maps);
    (void)close(mem);
    return found;
}

/* Below everything that a test's calls have written on the stack. */
static __attribute__((noinline)) void
end_of(void (*work)(struct needle n[2]), struct needle n[2])
{
    work(n);
}

static void
leaves_nothing(void (*work)(struct needle n[2]))
{
    struct needle n[2];
    end_of(work, n);
    assert_int_equal(count_everywhere(&n[0]), 0);
    assert_int_equal(count_everywhere(&n[1]), 0);
}

static BYTE blob[400]; /* wiped by who uses it */

static void
make_bytes(BYTE seed, size_t len, BYTE *ret_bytes)
{
    for (size_t i = 0; i < len; i++) {
        ret_bytes[i] = (BYTE)(seed + 37 * i + (i * i) % 11);
    }
}

static HCRYPTKEY
import_plain(HCRYPTPROV p, ALG_ID alg, BYTE len, BYTE seed, struct needle n[2])
{
    HCRYPTKEY k = 0;
    memset(blob, 0, sizeof blob);
    blob[0] = PLAINTEXTKEYBLOB;
    blob[1] = CUR_BLOB_VERSION;
    blob[4] = (BYTE)alg;
    blob[5] = (BYTE)(alg >> 8);
    blob[8] = len;
    make_bytes(seed, len, blob + 12);
    hide(blob + 12, len, false, &n[0]);
    hide(blob + 12, len, true, &n[1]);
    assert_works(CryptImportKey(p, blob, 12u + len, 0, CRYPT_EXPORTABLE, &k));
    memset(blob, 0, sizeof blob);
    return k;
}

static void
use_and_end(HCRYPTPROV p, HCRYPTKEY k)
{
    BYTE data[64] = {0};
    DWORD len = 32;
    HCRYPTKEY copy = 0;
    HCRYPTHASH h = 0;
    HMAC_INFO info = {CALG_SHA1, NULL, 0, NULL, 0};
    assert_works(CryptEncrypt(k, 0, TRUE, 0, data, &len, sizeof data));
    assert_works(CryptDuplicateKey(k, NULL, 0, &copy));
    assert_works(CryptDecrypt(copy, 0, TRUE, 0, data, &len));
    assert_works(CryptCreateHash(p, CALG_HMAC, k, 0, &h));
    assert_works(CryptSetHashParam(h, HP_HMAC_INFO, (const BYTE *)&info, 0));
    assert_works(CryptHashSessionKey(h, k, 0));
    assert_works(CryptDestroyHash(h));
    assert_works(CryptDestroyKey(copy));
    assert_works(CryptDestroyKey(k));
}

static void
session_key(struct needle n[2])
{
    HCRYPTPROV p = AES_PROV;
    HCRYPTKEY k = import_plain(p, CALG_AES_256, 32, 1, n);
    assert_true(count_everywhere(&n[0]) > 0); /* the search finds what is there */
    use_and_end(p, k);
    release(p);
}

static void
key_of_a_released_context(struct needle n[2])
{
    HCRYPTPROV p = AES_PROV;
    BYTE data[64] = {0};
    DWORD len = 32;
    HCRYPTKEY k = import_plain(p, CALG_3DES, 24, 2, n);
    assert_works(CryptEncrypt(k, 0, TRUE, 0, data, &len, sizeof data));
    release(p);
}

static void
key_for_hmac(struct needle n[2])
{
    HCRYPTPROV p = AES_PROV;
    use_and_end(p, import_plain(p, CALG_RC4, 16, 3, n));
    release(p);
}

static void
key_in_a_simpleblob(struct needle n[2])
{
    HCRYPTPROV p = AES_PROV;
    HCRYPTKEY pair = 0, k = import_plain(p, CALG_AES_128, 16, 4, n), again = 0;
    DWORD len = sizeof blob;
    assert_works(CryptGenKey(p, AT_KEYEXCHANGE, (DWORD)1024 << 16, &pair));
    assert_works(CryptExportKey(k, pair, SIMPLEBLOB, 0, blob, &len));
    assert_works(CryptImportKey(p, blob, len, pair, CRYPT_EXPORTABLE, &again));
    assert_works(CryptDestroyKey(again));
    len = sizeof blob;
    assert_works(CryptExportKey(k, pair, SIMPLEBLOB, CRYPT_OAEP, blob, &len));
    assert_works(CryptImportKey(p, blob, len, pair, CRYPT_OAEP | CRYPT_EXPORTABLE, &again));
    assert_works(CryptDestroyKey(again));
    len = sizeof blob;
    assert_works(CryptExportKey(k, 0, PLAINTEXTKEYBLOB, 0, blob, &len));
    memset(blob, 0, sizeof blob);
    assert_works(CryptDestroyKey(k));
    release(p);
}

static void
refused_blob(struct needle n[2])
{
    HCRYPTPROV p = AES_PROV;
    HCRYPTKEY k = 99;
    (void)import_plain(p, CALG_AES_256, 32, 5, n);
    release(p);
    p = AES_PROV;
    memset(blob, 0, sizeof blob);
    blob[0] = PLAINTEXTKEYBLOB;
    blob[1] = CUR_BLOB_VERSION;
    blob[4] = 0x0e; /* AES-128: too long */
    blob[5] = 0x66;
    blob[8] = 32;
    make_bytes(5, 32, blob + 12);
    assert_fails(CryptImportKey(p, blob, 44, 0, 0, &k), NTE_BAD_DATA);
    memset(blob, 0, sizeof blob);
    release(p);
}

/* The first prime of the demonstration key. */
static void
private_key(struct needle n[2])
{
    HCRYPTPROV p = AES_PROV;
    HCRYPTKEY pair = 0;
    HCRYPTHASH h = 0;
    BYTE sig[64];
    DWORD len = known_bytes("demo.private", blob), sig_len = sizeof sig;
    const char *hidden = known("demo.e"); /* the line of the private key is in the way */
    assert_non_null(hidden);
    hide(blob + 84, 32, false, &n[0]);
    hide(blob + 84, 32, true, &n[1]);
    assert_works(CryptImportKey(p, blob, len, 0, CRYPT_EXPORTABLE, &pair));
    memset(blob, 0, sizeof blob);
    assert_works(CryptCreateHash(p, CALG_SHA1, 0, 0, &h));
    assert_works(CryptSignHashA(h, AT_KEYEXCHANGE, NULL, 0, sig, &sig_len));
    len = sizeof blob;
    assert_works(CryptExportKey(pair, 0, PRIVATEKEYBLOB, 0, blob, &len));
    memset(blob, 0, sizeof blob);
    release(p);
}

static void
session_keys(void **state)
{
    (void)state;
    leaves_nothing(session_key);
    leaves_nothing(key_of_a_released_context);
    leaves_nothing(key_for_hmac);
    leaves_nothing(key_in_a_simpleblob);
}

static void
refused_blobs(void **state)
{
    (void)state;
    leaves_nothing(refused_blob);
}

static void
private_keys(void **state)
{
    (void)state;
    leaves_nothing(private_key);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(session_keys),
                                       cmocka_unit_test(refused_blobs),
                                       cmocka_unit_test(private_keys)};
    return cmocka_run_group_tests(tests, capi_setup, capi_teardown);
}
