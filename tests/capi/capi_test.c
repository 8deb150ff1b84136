/* SPDX-License-Identifier: Apache-2.0 */
#include "capi_test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "spk_test.h"

#define BLOB_MAX 70000
#define VALUE_MAX 20000

static char *dir;

int
capi_setup(void **state)
{
    static const char *const below[][2] = {{"XDG_DATA_HOME", "data"},
                                           {"XDG_CONFIG_HOME", "config"},
                                           {"HOME", "home"},
                                           {"CRYPTOAPI_MACHINE_STORE", "machine"},
                                           {"CRYPTOAPI_MACHINE_CONFIG", "etc"}};
    (void)state;
    dir = spk_test_dir();
    for (size_t i = 0; i < COUNT(below); i++) {
        char path[512];
        (void)snprintf(path, sizeof path, "%s/%s", dir, below[i][1]);
        (void)setenv(below[i][0], path, 1);
    }
    return 0;
}

int
capi_teardown(void **state)
{
    (void)state;
    spk_test_dir_remove(dir);
    return 0;
}

const char *
capi_dir(void)
{
    return dir;
}

const char *
known(const char *name)
{
    static char line[VALUE_MAX];
    char path[512];
    const char *root = getenv("SPK_VECTORS");
    size_t len = strlen(name);
    assert_non_null(root);
    (void)snprintf(path, sizeof path, "%s/capi/known.txt", root);
    FILE *f = fopen(path, "r");
    assert_non_null(f);
    while (fgets(line, sizeof line, f) != NULL) {
        if (strncmp(line, name, len) == 0 && line[len] == ' ') {
            (void)fclose(f);
            line[strcspn(line, "\n")] = '\0';
            return line + len + 1;
        }
    }
    (void)fclose(f);
    print_error("no known answer %s\n", name);
    fail();
    return NULL;
}

static unsigned
digit(char c)
{
    return (unsigned)(c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10);
}

DWORD
unhex(const char *hex, BYTE *ret_bytes)
{
    size_t len = strlen(hex) / 2;
    for (size_t i = 0; i < len; i++) {
        ret_bytes[i] = (BYTE)(digit(hex[2 * i]) << 4 | digit(hex[2 * i + 1]));
    }
    return (DWORD)len;
}

DWORD
known_bytes(const char *name, BYTE *ret_bytes)
{
    return unhex(known(name), ret_bytes);
}

void
assert_hex(const BYTE *bytes, DWORD len, const char *hex)
{
    BYTE want[VALUE_MAX / 2];
    DWORD want_len = unhex(hex, want);
    assert_int_equal(len, want_len);
    assert_memory_equal(bytes, want, len);
}

const BYTE *
counting(void)
{
    static BYTE d[8192];
    for (size_t i = 0; i < sizeof d; i++) {
        d[i] = (BYTE)i;
    }
    return d;
}

static FILE *
open_in_dir(const char *name, const char *mode)
{
    char path[512];
    (void)snprintf(path, sizeof path, "%s/%s", dir, name);
    FILE *f = fopen(path, mode);
    assert_non_null(f);
    return f;
}

void
write_file(const char *name, const BYTE *bytes, DWORD len)
{
    FILE *f = open_in_dir(name, "wb");
    assert_int_equal(fwrite(bytes, 1, len, f), len);
    assert_int_equal(fclose(f), 0);
}

DWORD
read_file(const char *name, BYTE *ret_bytes, DWORD max)
{
    FILE *f = open_in_dir(name, "rb");
    size_t n = fread(ret_bytes, 1, max, f);
    (void)fclose(f);
    return (DWORD)n;
}

void
run_in_dir(const char *command)
{
    char line[2048];
    (void)snprintf(line, sizeof line, "cd '%s' && %s", dir, command);
    if (system(line) != 0) {
        print_error("failed: %s\n", command);
        fail();
    }
}

HCRYPTPROV
verify_prov(const char *provider, DWORD type)
{
    HCRYPTPROV p = 0;
    assert_works(CryptAcquireContextA(&p, NULL, provider, type, CRYPT_VERIFYCONTEXT));
    return p;
}

void
release(HCRYPTPROV p)
{
    assert_works(CryptReleaseContext(p, 0));
}

void
delete_container(const char *name)
{
    HCRYPTPROV p = 0;
    (void)CryptAcquireContextA(&p, name, MS_ENH_RSA_AES_PROV_A, PROV_RSA_AES, CRYPT_DELETEKEYSET);
}

HCRYPTPROV
new_container(const char *name)
{
    HCRYPTPROV p = 0;
    delete_container(name);
    assert_works(
        CryptAcquireContextA(&p, name, MS_ENH_RSA_AES_PROV_A, PROV_RSA_AES, CRYPT_NEWKEYSET));
    return p;
}

HCRYPTKEY
plain_key(HCRYPTPROV p, ALG_ID alg, const BYTE *bytes, DWORD len, DWORD flags)
{
    static BYTE blob[BLOB_MAX];
    HCRYPTKEY k = 0;
    memset(blob, 0, 12);
    blob[0] = PLAINTEXTKEYBLOB;
    blob[1] = CUR_BLOB_VERSION;
    blob[4] = (BYTE)alg;
    blob[5] = (BYTE)(alg >> 8);
    blob[8] = (BYTE)len;
    blob[9] = (BYTE)(len >> 8);
    memcpy(blob + 12, bytes, len);
    assert_works(CryptImportKey(p, blob, 12 + len, 0, flags, &k));
    return k;
}

HCRYPTKEY
plain_key_hex(HCRYPTPROV p, ALG_ID alg, const char *hex, DWORD flags)
{
    BYTE bytes[256];
    DWORD len = unhex(hex, bytes);
    return plain_key(p, alg, bytes, len, flags);
}

HCRYPTKEY
demo_pair(HCRYPTPROV p, DWORD spec)
{
    BYTE blob[400];
    HCRYPTKEY k = 0;
    DWORD len = known_bytes("demo.private", blob);
    blob[5] = spec == AT_KEYEXCHANGE ? 0xa4 : 0x24;
    assert_works(CryptImportKey(p, blob, len, 0, CRYPT_EXPORTABLE, &k));
    return k;
}

HCRYPTHASH
hash_of(HCRYPTPROV p, ALG_ID alg, const BYTE *data, DWORD len)
{
    HCRYPTHASH h = 0;
    assert_works(CryptCreateHash(p, alg, 0, 0, &h));
    assert_works(CryptHashData(h, data, len, 0));
    return h;
}

HCRYPTKEY
md2_key(HCRYPTPROV p, ALG_ID alg, DWORD flags)
{
    HCRYPTKEY k = 0;
    HCRYPTHASH h = hash_of(p, CALG_MD2, counting(), 2000);
    assert_works(CryptDeriveKey(p, alg, h, flags, &k));
    assert_works(CryptDestroyHash(h));
    return k;
}

DWORD
key_dword(HCRYPTKEY k, DWORD param)
{
    DWORD v = UNSET, len = sizeof v;
    assert_works(CryptGetKeyParam(k, param, (BYTE *)&v, &len, 0));
    assert_int_equal(len, sizeof v);
    return v;
}

void
set_dword(HCRYPTKEY k, DWORD param, DWORD v)
{
    assert_works(CryptSetKeyParam(k, param, (const BYTE *)&v, 0));
}

void
assert_key_bytes(HCRYPTKEY k, const char *hex)
{
    BYTE blob[300];
    DWORD len = sizeof blob;
    assert_works(CryptExportKey(k, 0, PLAINTEXTKEYBLOB, 0, blob, &len));
    assert_hex(blob + 12, len - 12, hex);
}

void
assert_encrypts(HCRYPTKEY k, const BYTE *plain, DWORD len, const char *hex)
{
    BYTE buf[4096];
    DWORD n = len;
    memcpy(buf, plain, len);
    assert_works(CryptEncrypt(k, 0, TRUE, 0, buf, &n, sizeof buf));
    assert_hex(buf, n, hex);
}

void
assert_decrypts(HCRYPTKEY k, const char *hex, const BYTE *plain, DWORD len)
{
    BYTE buf[4096];
    DWORD n = unhex(hex, buf);
    assert_works(CryptDecrypt(k, 0, TRUE, 0, buf, &n));
    assert_int_equal(n, len);
    assert_memory_equal(buf, plain, len);
}
