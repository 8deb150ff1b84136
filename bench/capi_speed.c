/* SPDX-License-Identifier: Apache-2.0 */
/* libcryptoapi against bare OpenSSL, in turn and in one process, so that both meet the same
 * machine. One line a measurement: what, what ours does, what the bare library does, the ratio
 * (above 1: we are faster). Ratios are medians over many short turns. */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <openssl/evp.h>
#include <openssl/provider.h>
#include <openssl/rsa.h>
#include <windows.h>

#define BLOCK 65536u
#define TURNS 101
#define TURN_SECONDS 0.004
#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define BITS(n) ((DWORD)(n) << 16)

static unsigned turns = TURNS;
static BYTE buf[BLOCK + 64];
static OSSL_LIB_CTX *lib; /* with the legacy module, for the ciphers that are in it */

static void
must(bool ok, const char *what)
{
    if (!ok) {
        (void)fprintf(stderr, "capi_speed: %s failed, error %08x\n", what,
                      (unsigned)GetLastError());
        exit(1);
    }
}

static double
now(void)
{
    struct timespec t;
    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

/* One piece of work, ours and the library's. */
struct contest {
    void (*ours)(void *ctx), (*bare)(void *ctx);
    void *ctx;
};

static double
time_of(void (*work)(void *), void *ctx, unsigned n)
{
    double start = now();
    for (unsigned i = 0; i < n; i++) {
        work(ctx);
    }
    return (now() - start) / n;
}

static int
by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double
median(double *v, size_t n)
{
    qsort(v, n, sizeof *v, by_value);
    return v[n / 2];
}

struct result {
    double ours, bare, ratio; /* seconds, seconds, bare / ours */
};

static struct result
compete(const struct contest *c)
{
    static double ours[TURNS], bare[TURNS], ratio[TURNS];
    double once = time_of(c->bare, c->ctx, 3);
    unsigned n = once > 0 && TURN_SECONDS / once > 1 ? (unsigned)(TURN_SECONDS / once) : 1;
    (void)time_of(c->ours, c->ctx, 2);
    for (unsigned i = 0; i < turns; i++) {
        if (i % 2 == 0) { /* each goes first in every other turn */
            ours[i] = time_of(c->ours, c->ctx, n);
            bare[i] = time_of(c->bare, c->ctx, n);
        } else {
            bare[i] = time_of(c->bare, c->ctx, n);
            ours[i] = time_of(c->ours, c->ctx, n);
        }
        ratio[i] = bare[i] / ours[i];
    }
    return (struct result){median(ours, turns), median(bare, turns), median(ratio, turns)};
}

static void
print_rate(const char *what, const char *name, struct result r)
{
    (void)printf("%s\t%s\t%.0f\t%.0f\t%.3f\n", what, name, BLOCK / r.ours / 1e6,
                 BLOCK / r.bare / 1e6, r.ratio);
    (void)fflush(stdout);
}

/* Ciphers. */
struct cipher {
    ALG_ID alg;
    const char *name, *evp;
    DWORD mode, bits;
};

static const struct cipher ciphers[] = {
    {CALG_RC2, "RC2-128 CBC", "RC2-CBC", CRYPT_MODE_CBC, 128},
    {CALG_RC4, "RC4-128", "RC4", 0, 128},
    {CALG_DES, "DES CBC", "DES-CBC", CRYPT_MODE_CBC, 64},
    {CALG_3DES_112, "3DES-112 CBC", "DES-EDE-CBC", CRYPT_MODE_CBC, 128},
    {CALG_3DES, "3DES CBC", "DES-EDE3-CBC", CRYPT_MODE_CBC, 192},
    {CALG_AES_128, "AES-128 CBC", "AES-128-CBC", CRYPT_MODE_CBC, 128},
    {CALG_AES_192, "AES-192 CBC", "AES-192-CBC", CRYPT_MODE_CBC, 192},
    {CALG_AES_256, "AES-256 CBC", "AES-256-CBC", CRYPT_MODE_CBC, 256},
    {CALG_AES_256, "AES-256 ECB", "AES-256-ECB", CRYPT_MODE_ECB, 256},
    {CALG_AES_256, "AES-256 CFB8", "AES-256-CFB8", CRYPT_MODE_CFB, 256},
    {CALG_3DES, "3DES CFB8", "DES-EDE3-CFB8", CRYPT_MODE_CFB, 192},
};

struct cipher_job {
    HCRYPTKEY key;
    EVP_CIPHER_CTX *ctx;
};

static void
ours_encrypt(void *ctx)
{
    DWORD n = BLOCK;
    must(CryptEncrypt(((struct cipher_job *)ctx)->key, 0, FALSE, 0, buf, &n, sizeof buf),
         "CryptEncrypt");
}

static void
ours_decrypt(void *ctx)
{
    DWORD n = BLOCK;
    must(CryptDecrypt(((struct cipher_job *)ctx)->key, 0, FALSE, 0, buf, &n), "CryptDecrypt");
}

static void
bare_cipher(void *ctx)
{
    int n = 0;
    must(EVP_CipherUpdate(((struct cipher_job *)ctx)->ctx, buf, &n, buf, (int)BLOCK) == 1,
         "EVP_CipherUpdate");
}

static void
run_cipher(HCRYPTPROV p, const struct cipher *c, bool encrypt)
{
    static const BYTE key[32] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18},
                      iv[16];
    struct cipher_job job = {0, EVP_CIPHER_CTX_new()};
    EVP_CIPHER *evp = EVP_CIPHER_fetch(lib, c->evp, NULL);
    must(job.ctx != NULL && evp != NULL, c->evp);
    must(EVP_CipherInit_ex2(job.ctx, evp, key, iv, encrypt, NULL) == 1, c->evp);
    must(EVP_CIPHER_CTX_set_padding(job.ctx, 0) == 1, c->evp);
    must(CryptGenKey(p, c->alg, 0, &job.key), c->name);
    if (c->mode != 0) {
        must(CryptSetKeyParam(job.key, KP_MODE, (const BYTE *)&c->mode, 0), c->name);
    }
    struct contest t = {encrypt ? ours_encrypt : ours_decrypt, bare_cipher, &job};
    print_rate(encrypt ? "CryptEncrypt" : "CryptDecrypt", c->name, compete(&t));
    (void)CryptDestroyKey(job.key);
    EVP_CIPHER_CTX_free(job.ctx);
    EVP_CIPHER_free(evp);
}

/* Hashes. MD2 is not in OpenSSL, so there is nothing to hold it against. */
struct hash {
    ALG_ID alg, inner;
    const char *name, *evp;
};

static const struct hash hashes[] = {
    {CALG_MD4, 0, "MD4", "MD4"},
    {CALG_MD5, 0, "MD5", "MD5"},
    {CALG_SHA1, 0, "SHA-1", "SHA1"},
    {CALG_SHA_256, 0, "SHA-256", "SHA2-256"},
    {CALG_SHA_384, 0, "SHA-384", "SHA2-384"},
    {CALG_SHA_512, 0, "SHA-512", "SHA2-512"},
    {CALG_HMAC, CALG_SHA1, "HMAC SHA-1", "SHA1"},
    {CALG_HMAC, CALG_SHA_256, "HMAC SHA-256", "SHA2-256"},
};

struct hash_job {
    HCRYPTHASH hash;
    EVP_MD_CTX *ctx;
    EVP_MAC_CTX *mac;
    EVP_CIPHER_CTX *cipher;
};

static void
ours_hash(void *ctx)
{
    must(CryptHashData(((struct hash_job *)ctx)->hash, buf, BLOCK, 0), "CryptHashData");
}

static void
bare_hash(void *ctx)
{
    must(EVP_DigestUpdate(((struct hash_job *)ctx)->ctx, buf, BLOCK) == 1, "EVP_DigestUpdate");
}

static void
bare_mac(void *ctx)
{
    must(EVP_MAC_update(((struct hash_job *)ctx)->mac, buf, BLOCK) == 1, "EVP_MAC_update");
}

static void
start_hmac(HCRYPTPROV p, const struct hash *h, struct hash_job *job)
{
    char name[32];
    HMAC_INFO info = {h->inner, NULL, 0, NULL, 0};
    HCRYPTKEY key = 0;
    (void)snprintf(name, sizeof name, "%s", h->evp);
    const OSSL_PARAM params[] = {OSSL_PARAM_construct_utf8_string("digest", name, 0),
                                 OSSL_PARAM_construct_end()};
    EVP_MAC *mac = EVP_MAC_fetch(lib, "HMAC", NULL);
    job->mac = mac != NULL ? EVP_MAC_CTX_new(mac) : NULL;
    must(job->mac != NULL && EVP_MAC_init(job->mac, buf, 16, params) == 1, "EVP_MAC_init");
    EVP_MAC_free(mac);
    must(CryptGenKey(p, CALG_AES_128, 0, &key), "CryptGenKey");
    must(CryptCreateHash(p, h->alg, key, 0, &job->hash), h->name);
    must(CryptSetHashParam(job->hash, HP_HMAC_INFO, (const BYTE *)&info, 0), h->name);
}

static void
run_hash(HCRYPTPROV p, const struct hash *h)
{
    struct hash_job job = {0, EVP_MD_CTX_new(), NULL, NULL};
    EVP_MD *evp = EVP_MD_fetch(lib, h->evp, NULL);
    must(job.ctx != NULL && evp != NULL && EVP_DigestInit_ex2(job.ctx, evp, NULL) == 1, h->evp);
    if (h->alg == CALG_HMAC) {
        start_hmac(p, h, &job);
    } else {
        must(CryptCreateHash(p, h->alg, 0, 0, &job.hash), h->name);
    }
    struct contest t = {ours_hash, h->alg == CALG_HMAC ? bare_mac : bare_hash, &job};
    print_rate("CryptHashData", h->name, compete(&t));
    (void)CryptDestroyHash(job.hash);
    EVP_MAC_CTX_free(job.mac);
    EVP_MD_CTX_free(job.ctx);
    EVP_MD_free(evp);
}

static BYTE chained[BLOCK];

static void
bare_cbc_mac(void *ctx)
{
    int n = 0;
    must(EVP_CipherUpdate(((struct hash_job *)ctx)->cipher, chained, &n, buf, (int)BLOCK) == 1,
         "EVP_CipherUpdate");
}

/* CALG_MAC is the last block of a CBC chain. */
static void
run_mac(HCRYPTPROV p, const struct cipher *c)
{
    static const BYTE key[32] = {1}, iv[16];
    struct hash_job job = {0, NULL, NULL, EVP_CIPHER_CTX_new()};
    char name[40];
    HCRYPTKEY k = 0;
    EVP_CIPHER *evp = EVP_CIPHER_fetch(lib, c->evp, NULL);
    must(evp != NULL && job.cipher != NULL &&
             EVP_CipherInit_ex2(job.cipher, evp, key, iv, 1, NULL) == 1,
         c->evp);
    must(CryptGenKey(p, c->alg, 0, &k) && CryptCreateHash(p, CALG_MAC, k, 0, &job.hash), c->name);
    (void)snprintf(name, sizeof name, "MAC %s", c->name);
    struct contest t = {ours_hash, bare_cbc_mac, &job};
    print_rate("CryptHashData", name, compete(&t));
    (void)CryptDestroyHash(job.hash);
    (void)CryptDestroyKey(k);
    EVP_CIPHER_CTX_free(job.cipher);
    EVP_CIPHER_free(evp);
}

/* A new session key in a SIMPLEBLOB, against the RSA operation alone. */
struct rsa_job {
    HCRYPTPROV prov;
    HCRYPTKEY pair;
    EVP_PKEY_CTX *ctx;
    DWORD flags;
};

static void
ours_simple(void *ctx)
{
    struct rsa_job *j = ctx;
    HCRYPTKEY k = 0;
    BYTE blob[1024];
    DWORD n = sizeof blob;
    must(CryptGenKey(j->prov, CALG_AES_256, CRYPT_EXPORTABLE, &k), "CryptGenKey");
    must(CryptExportKey(k, j->pair, SIMPLEBLOB, j->flags, blob, &n), "CryptExportKey");
    must(CryptDestroyKey(k), "CryptDestroyKey");
}

static void
bare_rsa(void *ctx)
{
    static const BYTE key[32] = {1};
    BYTE out[1024];
    size_t n = sizeof out;
    must(EVP_PKEY_encrypt(((struct rsa_job *)ctx)->ctx, out, &n, key, sizeof key) == 1,
         "EVP_PKEY_encrypt");
}

static void
run_simple(HCRYPTPROV p, DWORD bits, DWORD flags)
{
    struct rsa_job j = {p, 0, NULL, flags};
    char name[40];
    EVP_PKEY *pkey = EVP_PKEY_Q_keygen(NULL, NULL, "RSA", (size_t)bits);
    must(pkey != NULL, "RSA");
    j.ctx = EVP_PKEY_CTX_new_from_pkey(NULL, pkey, NULL);
    must(j.ctx != NULL && EVP_PKEY_encrypt_init(j.ctx) == 1 &&
             EVP_PKEY_CTX_set_rsa_padding(j.ctx, flags != 0 ? RSA_PKCS1_OAEP_PADDING
                                                            : RSA_PKCS1_PADDING) == 1,
         "EVP_PKEY_encrypt_init");
    must(CryptGenKey(p, AT_KEYEXCHANGE, BITS(bits), &j.pair), "CryptGenKey");
    struct contest t = {ours_simple, bare_rsa, &j};
    struct result r = compete(&t);
    (void)snprintf(name, sizeof name, "RSA-%u%s", bits, flags != 0 ? " OAEP" : "");
    (void)printf("GenKey+ExportKey\t%s\t%.1f\t%.1f\t%.3f\n", name, r.ours * 1e6, r.bare * 1e6,
                 r.ratio);
    EVP_PKEY_CTX_free(j.ctx);
    EVP_PKEY_free(pkey);
}

/* A container with both pairs, opened and closed. */
static void
open_container(void *ctx)
{
    HCRYPTPROV p = 0;
    must(CryptAcquireContextA(&p, ctx, NULL, PROV_RSA_AES, 0), "CryptAcquireContext");
    must(CryptReleaseContext(p, 0), "CryptReleaseContext");
}

static void
open_container_key(void *ctx)
{
    HCRYPTPROV p = 0;
    HCRYPTKEY k = 0;
    must(CryptAcquireContextA(&p, ctx, NULL, PROV_RSA_AES, 0), "CryptAcquireContext");
    must(CryptGetUserKey(p, AT_KEYEXCHANGE, &k), "CryptGetUserKey");
    must(CryptReleaseContext(p, 0), "CryptReleaseContext");
}

static void
run_open(HCRYPTPROV unused)
{
    static char name[] = "bench";
    static const struct {
        const char *what;
        void (*work)(void *);
    } jobs[] = {{"open", open_container}, {"open + GetUserKey", open_container_key}};
    HCRYPTPROV p = 0;
    HCRYPTKEY k = 0;
    (void)unused;
    must(CryptAcquireContextA(&p, name, NULL, PROV_RSA_AES, CRYPT_NEWKEYSET), "NEWKEYSET");
    must(CryptGenKey(p, AT_KEYEXCHANGE, BITS(2048), &k), "CryptGenKey");
    must(CryptGenKey(p, AT_SIGNATURE, BITS(2048), &k), "CryptGenKey");
    (void)CryptReleaseContext(p, 0);
    for (size_t i = 0; i < COUNT(jobs); i++) {
        static double t[TURNS];
        for (unsigned j = 0; j < turns; j++) {
            t[j] = time_of(jobs[i].work, name, 1);
        }
        (void)printf("container\t%s\t%.1f\t\t\n", jobs[i].what, median(t, turns) * 1e6);
    }
    (void)CryptAcquireContextA(&p, name, NULL, PROV_RSA_AES, CRYPT_DELETEKEYSET);
}

static void
run_ciphers(HCRYPTPROV p)
{
    for (size_t i = 0; i < COUNT(ciphers); i++) {
        run_cipher(p, &ciphers[i], true);
        run_cipher(p, &ciphers[i], false);
    }
}

static void
run_hashes(HCRYPTPROV p)
{
    for (size_t i = 0; i < COUNT(hashes); i++) {
        run_hash(p, &hashes[i]);
    }
    for (size_t i = 0; i < COUNT(ciphers); i++) {
        if (ciphers[i].mode == CRYPT_MODE_CBC) {
            run_mac(p, &ciphers[i]);
        }
    }
}

static void
run_simples(HCRYPTPROV p)
{
    static const DWORD sizes[] = {1024, 2048, 3072, 4096};
    for (size_t i = 0; i < COUNT(sizes); i++) {
        run_simple(p, sizes[i], 0);
        run_simple(p, sizes[i], CRYPT_OAEP);
    }
}

/* capi_speed [TURNS [ciphers|hashes|blobs|open]] */
int
main(int argc, char **argv)
{
    static const struct {
        const char *name;
        void (*run)(HCRYPTPROV p);
    } parts[] = {{"ciphers", run_ciphers},
                 {"hashes", run_hashes},
                 {"blobs", run_simples},
                 {"open", run_open}};
    HCRYPTPROV p = 0;
    if (argc > 1) {
        unsigned long n = strtoul(argv[1], NULL, 10);
        turns = n >= 1 && n <= TURNS ? (unsigned)n : TURNS;
    }
    lib = OSSL_LIB_CTX_new();
    must(lib != NULL && OSSL_PROVIDER_load(lib, "default") != NULL &&
             OSSL_PROVIDER_load(lib, "legacy") != NULL,
         "OSSL_PROVIDER_load");
    must(CryptAcquireContextA(&p, NULL, NULL, PROV_RSA_AES, CRYPT_VERIFYCONTEXT), "acquire");
    for (size_t i = 0; i < COUNT(parts); i++) {
        if (argc < 3 || strcmp(argv[2], parts[i].name) == 0) {
            parts[i].run(p);
        }
    }
    (void)CryptReleaseContext(p, 0);
    return 0;
}
