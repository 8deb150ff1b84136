/* SPDX-License-Identifier: Apache-2.0 */
/* Encrypts and decrypts files in the layout that CryptoAPI's own examples have: the length of a
 * simple key BLOB (4 bytes, least significant first), the BLOB, and RC4 ciphertext. It protects
 * against reading only: nobody notices a change. `sparekey encrypt` does better; this is for files
 * that a Windows program reads or has written.
 *
 *     crypt_file encrypt PLAIN CIPHER
 *     crypt_file decrypt CIPHER PLAIN */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <windows.h>

#define PIECE 1000
#define BLOB_MAX 2060

static void
check(BOOL worked, const char *what)
{
    if (!worked) {
        fprintf(stderr, "%s: error %08x\n", what, (unsigned)GetLastError());
        exit(1);
    }
}

static HCRYPTPROV
open_container(void)
{
    HCRYPTPROV prov = 0;
    HCRYPTKEY pair = 0;
    if (!CryptAcquireContext(&prov, NULL, MS_ENHANCED_PROV, PROV_RSA_FULL, 0)) {
        check(CryptAcquireContext(&prov, NULL, MS_ENHANCED_PROV, PROV_RSA_FULL, CRYPT_NEWKEYSET),
              "container");
    }
    if (!CryptGetUserKey(prov, AT_KEYEXCHANGE, &pair)) {
        check(CryptGenKey(prov, AT_KEYEXCHANGE, 0, &pair), "key pair");
    }
    check(CryptDestroyKey(pair), "handle");
    return prov;
}

static void
write_key(HCRYPTPROV prov, HCRYPTKEY key, FILE *out)
{
    HCRYPTKEY pair = 0;
    BYTE head[4], blob[BLOB_MAX];
    DWORD len = sizeof blob;
    check(CryptGetUserKey(prov, AT_KEYEXCHANGE, &pair), "key pair");
    check(CryptExportKey(key, pair, SIMPLEBLOB, 0, blob, &len), "export");
    for (int i = 0; i < 4; i++) {
        head[i] = (BYTE)(len >> (8 * i));
    }
    check(fwrite(head, 1, 4, out) == 4 && fwrite(blob, 1, len, out) == len, "write");
    check(CryptDestroyKey(pair), "handle");
}

static HCRYPTKEY
read_key(HCRYPTPROV prov, FILE *in)
{
    HCRYPTKEY key = 0;
    BYTE head[4], blob[BLOB_MAX];
    check(fread(head, 1, 4, in) == 4, "length");
    DWORD len = head[0] | (DWORD)head[1] << 8 | (DWORD)head[2] << 16 | (DWORD)head[3] << 24;
    check(len <= sizeof blob && fread(blob, 1, len, in) == len, "key BLOB");
    check(CryptImportKey(prov, blob, len, 0, 0, &key), "import");
    return key;
}

/* One piece is read ahead, so that Final is said on the last one, however long the file is. */
static void
run(HCRYPTKEY key, FILE *in, FILE *out, BOOL encrypt)
{
    BYTE now[PIECE], next[PIECE];
    size_t n = fread(now, 1, PIECE, in);
    for (;;) {
        size_t more = n < PIECE ? 0 : fread(next, 1, PIECE, in);
        BOOL last = more == 0;
        check(!ferror(in), "read"); /* else half a file would pass for a whole one */
        DWORD len = (DWORD)n;
        if (encrypt) {
            check(CryptEncrypt(key, 0, last, 0, now, &len, PIECE), "encrypt");
        } else if (len != 0) {
            check(CryptDecrypt(key, 0, last, 0, now, &len), "decrypt");
        }
        check(fwrite(now, 1, len, out) == len, "write");
        if (last) {
            return;
        }
        memcpy(now, next, more);
        n = more;
    }
}

int
main(int argc, char **argv)
{
    HCRYPTKEY key = 0;
    if (argc != 4 || (strcmp(argv[1], "encrypt") != 0 && strcmp(argv[1], "decrypt") != 0)) {
        fprintf(stderr, "usage: %s encrypt|decrypt FROM TO\n", argv[0]);
        return 2;
    }
    BOOL encrypt = strcmp(argv[1], "encrypt") == 0;
    HCRYPTPROV prov = open_container();
    FILE *in = fopen(argv[2], "rb"), *out = NULL;
    check(in != NULL, "open");
    if (!encrypt) {
        key = read_key(prov, in); /* before the output is touched */
    }
    out = fopen(argv[3], "wb");
    check(out != NULL, "open");
    if (encrypt) {
        check(CryptGenKey(prov, CALG_RC4, (128u << 16) | CRYPT_EXPORTABLE, &key), "session key");
        write_key(prov, key, out);
    }
    run(key, in, out, encrypt);
    check(fclose(out) == 0, "close");
    fclose(in);
    check(CryptDestroyKey(key) && CryptReleaseContext(prov, 0), "release");
    return 0;
}
