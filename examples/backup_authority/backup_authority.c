/* SPDX-License-Identifier: Apache-2.0 */
/* Storing session keys with a backup authority, step by step: a CryptoAPI program that encrypts
 * files, and gets them back when its key pair is gone. The layout of its files is that of
 * CryptoAPI's own examples: the length of a simple key BLOB (4 bytes, least significant first), the
 * BLOB, ciphertext.
 *
 *     cc -o backup_authority backup_authority.c $(pkg-config --cflags --libs cryptoapi sparekey)
 *
 *     ./backup_authority store PLAIN CIPHER     encrypt, and deposit the session key
 *     ./backup_authority read CIPHER PLAIN      decrypt
 *     ./backup_authority lose                   delete the key container, for good
 *     ./backup_authority request                ask the authority for the session keys
 *     ./backup_authority take                   take them, once the officers have approved
 *     ./backup_authority renew CIPHER           a BLOB for the new key pair into the file
 *
 * Before: `sparekey init` makes the key pairs, `sparekey enroll ADDRESS` registers their owner. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <windows.h>

#include <sparekey/keys.h>

#define PIECE 4096
#define BLOB_MAX 2060

static struct sparekey *client;

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

static void
check_file(int worked, const char *name)
{
    if (!worked) {
        perror(name);
        exit(1);
    }
}

static void
check_client(int code, const char *what)
{
    if (code != SPAREKEY_OK) {
        fprintf(stderr, "%s: %s %s\n", what, sparekey_strerror(code), sparekey_last_peer(client));
        exit(1);
    }
}

/* ---- the session key and its BLOBs ---- */

static HCRYPTPROV
open_container(void)
{
    HCRYPTPROV prov = 0;
    check(CryptAcquireContext(&prov, sparekey_container(client), NULL, PROV_RSA_AES, 0),
          "key container");
    return prov;
}

/* Step 2: under our own key exchange public key, to be stored with the file. */
static DWORD
export_for_owner(HCRYPTPROV prov, HCRYPTKEY key, BYTE *blob)
{
    HCRYPTKEY own = 0;
    DWORD len = BLOB_MAX;
    check(CryptGetUserKey(prov, AT_KEYEXCHANGE, &own), "key exchange key");
    check(CryptExportKey(key, own, SIMPLEBLOB, CRYPT_OAEP, blob, &len), "export for ourselves");
    check(CryptDestroyKey(own), "handle");
    return len;
}

/* Step 3: the same session key under the authority's public key. */
static DWORD
export_for_authority(HCRYPTPROV prov, HCRYPTKEY key, BYTE *blob)
{
    BYTE public_blob[BLOB_MAX];
    size_t public_len = sizeof public_blob;
    HCRYPTKEY authority = 0;
    DWORD len = BLOB_MAX;
    check_client(sparekey_authority_blob(client, NULL, public_blob, &public_len),
                 "the authority's public key");
    check(CryptImportKey(prov, public_blob, (DWORD)public_len, 0, 0, &authority),
          "import of the authority's key");
    check(CryptExportKey(key, authority, SIMPLEBLOB, CRYPT_OAEP, blob, &len),
          "export for the authority");
    check(CryptDestroyKey(authority), "handle");
    return len;
}

/* Step 4: that BLOB goes to the authority, with a description; the serial number comes back. */
static void
deposit(const BYTE *own, DWORD own_len, const BYTE *theirs, DWORD theirs_len, const char *name)
{
    unsigned char serial[SPAREKEY_SERIAL_LEN];
    struct sparekey_key k = {.blob = own,
                             .blob_len = own_len,
                             .blob_flags = SPAREKEY_OAEP,
                             .description = name,
                             .name = name,
                             .for_authority = theirs,
                             .for_authority_len = theirs_len,
                             .for_authority_flags = SPAREKEY_OAEP};
    check_client(sparekey_deposit_key(client, &k, serial), "deposit");
    printf("deposited, serial number ");
    for (size_t i = 0; i < sizeof serial; i++) {
        printf("%02x", serial[i]);
    }
    printf("\n");
}

/* ---- files ---- */

static void
write_blob(FILE *out, const BYTE *blob, DWORD len, const char *name)
{
    BYTE head[4];
    for (int i = 0; i < 4; i++) {
        head[i] = (BYTE)(len >> (8 * i));
    }
    check_file(fwrite(head, 1, 4, out) == 4 && fwrite(blob, 1, len, out) == len, name);
}

static DWORD
read_blob(FILE *in, BYTE *blob, const char *name)
{
    BYTE head[4];
    check_file(fread(head, 1, 4, in) == 4, name);
    DWORD len = head[0] | (DWORD)head[1] << 8 | (DWORD)head[2] << 16 | (DWORD)head[3] << 24;
    if (len > BLOB_MAX || fread(blob, 1, len, in) != len) {
        fprintf(stderr, "%s: no key BLOB at its beginning\n", name);
        exit(1);
    }
    return len;
}

/* One piece is read ahead, so that Final is said on the last one, however long the file is. */
static void
run_cipher(HCRYPTKEY key, FILE *in, FILE *out, BOOL encrypt)
{
    BYTE now[PIECE + 16], next[PIECE];
    size_t n = fread(now, 1, PIECE, in);
    for (;;) {
        size_t more = n < PIECE ? 0 : fread(next, 1, PIECE, in);
        DWORD len = (DWORD)n;
        check_file(!ferror(in), "read"); /* else half a file would pass for a whole one */
        if (encrypt) {
            check(CryptEncrypt(key, 0, more == 0, 0, now, &len, sizeof now), "encrypt");
        } else {
            check(CryptDecrypt(key, 0, more == 0, 0, now, &len), "decrypt");
        }
        check_file(fwrite(now, 1, len, out) == len, "write");
        if (more == 0) {
            return;
        }
        memcpy(now, next, more);
        n = more;
    }
}

/* ---- what the program does ---- */

static void
store(const char *plain, const char *cipher)
{
    BYTE own[BLOB_MAX], theirs[BLOB_MAX];
    HCRYPTKEY key = 0;
    HCRYPTPROV prov = open_container();
    FILE *in = fopen(plain, "rb");
    check_file(in != NULL, plain);
    check(CryptGenKey(prov, CALG_AES_256, CRYPT_EXPORTABLE, &key), "session key"); /* step 1 */
    DWORD own_len = export_for_owner(prov, key, own);
    DWORD theirs_len = export_for_authority(prov, key, theirs);
    deposit(own, own_len, theirs, theirs_len, cipher); /* before the file: no file without it */
    FILE *out = fopen(cipher, "wb");
    check_file(out != NULL, cipher);
    write_blob(out, own, own_len, cipher);
    run_cipher(key, in, out, TRUE);
    check_file(fclose(out) == 0, cipher);
    fclose(in);
    check(CryptDestroyKey(key) && CryptReleaseContext(prov, 0), "release");
}

static void
read_back(const char *cipher, const char *plain)
{
    BYTE blob[BLOB_MAX];
    HCRYPTKEY key = 0;
    HCRYPTPROV prov = open_container();
    FILE *in = fopen(cipher, "rb");
    check_file(in != NULL, cipher);
    DWORD len = read_blob(in, blob, cipher);
    check(CryptImportKey(prov, blob, len, 0, CRYPT_OAEP, &key), "the file's session key");
    FILE *out = fopen(plain, "wb");
    check_file(out != NULL, plain);
    run_cipher(key, in, out, FALSE);
    check_file(fclose(out) == 0, plain);
    fclose(in);
    check(CryptDestroyKey(key) && CryptReleaseContext(prov, 0), "release");
}

static void
lose(void)
{
    HCRYPTPROV none = 0;
    check(CryptAcquireContext(&none, sparekey_container(client), NULL, PROV_RSA_AES,
                              CRYPT_DELETEKEYSET),
          "deleting the key container");
    printf("the key container is gone\n");
}

static void
request(void)
{
    struct sparekey_recovery r = {.reason = "key container deleted"};
    struct sparekey_recovery_status st;
    int code = sparekey_recovery_begin(client, &r);
    if (code != SPAREKEY_EXISTS) { /* else one is under way: show how it stands */
        check_client(code, "request");
    }
    check_client(sparekey_recovery_status(client, NULL, &st), "request");
    printf("read this code to the recovery officers: %s\n", st.code);
    printf("request %s\n", st.request);
    if (st.needed > 0) { /* else the authority has only just taken it */
        printf("%u of %u officers have approved\n", st.persons, st.needed);
    }
}

static void
take(void)
{
    size_t keys = 0, refused = 0;
    int code = sparekey_recovery_finish(client, NULL, &keys, &refused);
    if (code == SPAREKEY_WAIT) {
        printf("the officers have not decided yet\n");
        exit(4);
    }
    check_client(code, "recovery");
    printf("%zu session keys came back, %zu did not\n", keys, refused);
}

/* The BLOB in the file is for a key pair that is gone: another one takes its place. */
static void
renew(const char *cipher)
{
    BYTE old[BLOB_MAX], fresh[BLOB_MAX], piece[PIECE];
    char part[4096];
    size_t len = sizeof fresh, n = 0;
    if (snprintf(part, sizeof part, "%s.part", cipher) >= (int)sizeof part) {
        exit(2);
    }
    FILE *in = fopen(cipher, "rb"), *out = fopen(part, "wb");
    check_file(in != NULL, cipher);
    check_file(out != NULL, part);
    DWORD old_len = read_blob(in, old, cipher);
    check_client(sparekey_renew_blob(client, old, old_len, SPAREKEY_OAEP, fresh, &len), cipher);
    write_blob(out, fresh, (DWORD)len, part);
    while ((n = fread(piece, 1, sizeof piece, in)) > 0) {
        check_file(fwrite(piece, 1, n, out) == n, part);
    }
    check_file(!ferror(in), cipher);
    fclose(in);
    check_file(fclose(out) == 0 && rename(part, cipher) == 0, cipher);
}

int
main(int argc, char **argv)
{
    const char *verb = argc > 1 ? argv[1] : "";
    int code = sparekey_open(NULL, &client);
    if (code != SPAREKEY_OK) {
        fprintf(stderr, "set-up: %s\n", sparekey_strerror(code));
        return 1;
    }
    if (strcmp(verb, "store") == 0 && argc == 4) {
        store(argv[2], argv[3]);
    } else if (strcmp(verb, "read") == 0 && argc == 4) {
        read_back(argv[2], argv[3]);
    } else if (strcmp(verb, "lose") == 0 && argc == 2) {
        lose();
    } else if (strcmp(verb, "request") == 0 && argc == 2) {
        request();
    } else if (strcmp(verb, "take") == 0 && argc == 2) {
        take();
    } else if (strcmp(verb, "renew") == 0 && argc == 3) {
        renew(argv[2]);
    } else {
        fprintf(stderr,
                "usage: %s store PLAIN CIPHER | read CIPHER PLAIN | lose | request | take |\n"
                "       renew CIPHER\n",
                argv[0]);
        return 2;
    }
    sparekey_close(client);
    return 0;
}
