/* SPDX-License-Identifier: Apache-2.0 */
/* Keeps a session key in a file: as a simple key BLOB under the user's own key exchange key.
 *
 *     cc export_session_key.c $(pkg-config --cflags --libs cryptoapi)
 *     ./a.out key.blob */
#include <stdio.h>
#include <stdlib.h>

#include <windows.h>

static void
check(BOOL worked, const char *what)
{
    if (!worked) {
        char text[256] = "";
        DWORD code = GetLastError();
        FormatMessage(FORMAT_MESSAGE_FROM_SYSTEM, NULL, code, 0, text, sizeof text, NULL);
        fprintf(stderr, "%s: %08x %s\n", what, (unsigned)code, text);
        exit(1);
    }
}

/* The default container, made with a key exchange pair where there is none. */
static HCRYPTPROV
open_container(void)
{
    HCRYPTPROV prov = 0;
    HCRYPTKEY pair = 0;
    if (!CryptAcquireContext(&prov, NULL, NULL, PROV_RSA_AES, 0)) {
        check(CryptAcquireContext(&prov, NULL, NULL, PROV_RSA_AES, CRYPT_NEWKEYSET), "container");
    }
    if (!CryptGetUserKey(prov, AT_KEYEXCHANGE, &pair)) {
        check(CryptGenKey(prov, AT_KEYEXCHANGE, 2048u << 16, &pair), "key pair");
    }
    check(CryptDestroyKey(pair), "handle");
    return prov;
}

int
main(int argc, char **argv)
{
    HCRYPTKEY pair = 0, key = 0;
    DWORD len = 0, written = 0;
    if (argc != 2) {
        fprintf(stderr, "usage: %s FILE\n", argv[0]);
        return 2;
    }
    HCRYPTPROV prov = open_container();
    check(CryptGetUserKey(prov, AT_KEYEXCHANGE, &pair), "key pair");
    check(CryptGenKey(prov, CALG_AES_256, CRYPT_EXPORTABLE, &key), "session key");
    check(CryptExportKey(key, pair, SIMPLEBLOB, CRYPT_OAEP, NULL, &len), "size");
    BYTE *blob = malloc(len);
    check(blob != NULL, "memory");
    check(CryptExportKey(key, pair, SIMPLEBLOB, CRYPT_OAEP, blob, &len), "export");
    HANDLE file = CreateFile(argv[1], GENERIC_WRITE, 0, NULL, CREATE_ALWAYS, 0, NULL);
    check(file != INVALID_HANDLE_VALUE, argv[1]);
    check(WriteFile(file, blob, len, &written, NULL), argv[1]);
    check(CloseHandle(file), argv[1]);
    free(blob);
    check(CryptDestroyKey(key) && CryptDestroyKey(pair), "handles");
    check(CryptReleaseContext(prov, 0), "release");
    printf("%u bytes\n", (unsigned)len);
    return 0;
}
