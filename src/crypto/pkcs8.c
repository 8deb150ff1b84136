/* SPDX-License-Identifier: Apache-2.0 */
/* Private keys as PKCS#8: PrivateKeyInfo (RFC 5208) and EncryptedPrivateKeyInfo under PBES2 (RFC
 * 8018 section 6.2) with scrypt (RFC 7914 section 7) and AES-256-CBC, the form that other tools
 * read, too. Read, for what other tools write, is PBKDF2 as well. */
#include <string.h>

#include "crypto/der.h"
#include "crypto/kdf.h"
#include "crypto/pkcs8_int.h"
#include "crypto/rng.h"
#include "crypto/rsa_der.h"
#include "crypto/rsa_int.h"

#define SALT_LEN 16
#define SALT_MAX 128
#define IV_LEN 16
#define KEK_LEN 32

/* What we write.  `openssl pkey` gives scrypt 32 MiB and no more, which N = 2^15 with r = 8 just
 * exceeds; p = 4 makes up for the half of N. */
#define WRITE_LOG2_N 14
#define WRITE_R 8
#define WRITE_P 4
/* What we read. */
#define READ_LOG2_N_MAX 17
#define READ_R_MAX 8
#define READ_P_MAX 4
#define READ_ROUNDS_MAX 10000000u /* of PBKDF2: seconds, not minutes */

static const uint8_t oid_pbes2[] = {0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x05, 0x0d};
static const uint8_t oid_scrypt[] = {0x2b, 0x06, 0x01, 0x04, 0x01, 0xda, 0x47, 0x04, 0x0b};
static const uint8_t oid_pbkdf2[] = {0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x05, 0x0c};
static const uint8_t oid_hmac_sha1[] = {0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x02, 0x07};
static const uint8_t oid_hmac_sha256[] = {0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x02, 0x09};
static const uint8_t oid_aes256_cbc[] = {0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x01, 0x2a};

struct pbes2 {
    struct spk_span salt, iv, cipher;
    unsigned log2_n, r, p; /* of scrypt */
    unsigned rounds;       /* of PBKDF2; 0: it is scrypt */
    bool sha256;
};

/* ---- plain ---- */

spk_err
spk_pkcs8_put_rsa(const struct spk_rsa_parts *p, struct spk_buf *b)
{
    SPK_AUTO_BUF struct spk_buf seq = SPK_BUF(SPK_PKCS8_MAX);
    const struct spk_span nums[] = {p->n, p->e, p->d, p->p, p->q, p->dp, p->dq, p->qinv};
    SPK_TRY(spk_der_put_u32(&seq, 0)); /* version: two primes */
    for (size_t i = 0; i < sizeof nums / sizeof nums[0]; i++) {
        SPK_TRY(spk_der_put_uint(&seq, nums[i]));
    }
    return spk_der_put(b, SPK_DER_SEQ, spk_buf_span(&seq));
}

static spk_err
put_plain(const struct spk_rsa *key, struct spk_buf *b)
{
    SPK_AUTO_BUF struct spk_buf seq = SPK_BUF(SPK_PKCS8_MAX);
    SPK_AUTO_BUF struct spk_buf info = SPK_BUF(SPK_PKCS8_MAX);
    struct spk_rsa_parts p;
    spk_rsa_parts(key, &p);
    SPK_TRY(spk_pkcs8_put_rsa(&p, &seq));
    SPK_TRY(spk_der_put_u32(&info, 0));
    SPK_TRY(spk_der_put_rsa_alg(&info));
    SPK_TRY(spk_der_put(&info, SPK_DER_OCTETS, spk_buf_span(&seq)));
    return spk_der_put(b, SPK_DER_SEQ, spk_buf_span(&info));
}

spk_err
spk_pkcs8_get_rsa(struct spk_span der, struct spk_rsa_parts *ret_parts)
{
    struct spk_rd r = spk_rd(der), seq;
    uint32_t version = 0;
    struct spk_rsa_parts p = {0};
    struct spk_span *const nums[] = {&p.n, &p.e, &p.d, &p.p, &p.q, &p.dp, &p.dq, &p.qinv};
    SPK_TRY(spk_der_enter(&r, SPK_DER_SEQ, &seq));
    SPK_TRY(spk_der_end(&r));
    SPK_TRY(spk_der_u32(&seq, &version));
    SPK_CHECK(version == 0, VERSION);
    for (size_t i = 0; i < sizeof nums / sizeof nums[0]; i++) {
        SPK_TRY(spk_der_uint(&seq, nums[i]));
    }
    SPK_TRY(spk_der_end(&seq));
    /* Empty private numbers would mean "public" or "compute it" to spk_rsa_from_parts(). */
    for (size_t i = 0; i < sizeof nums / sizeof nums[0]; i++) {
        SPK_CHECK(nums[i]->ptr[0] != 0, FORMAT);
    }
    *ret_parts = p;
    return SPK_OK;
}

static spk_err
parse_plain(struct spk_span der, struct spk_rsa_parts *ret_parts)
{
    struct spk_rd r = spk_rd(der), info;
    struct spk_span octets, ignored;
    uint32_t version = 0;
    SPK_TRY(spk_der_enter(&r, SPK_DER_SEQ, &info));
    SPK_TRY(spk_der_end(&r));
    SPK_TRY(spk_der_u32(&info, &version));
    SPK_CHECK(version == 0, VERSION);
    SPK_TRY(spk_der_get_rsa_alg(&info));
    SPK_TRY(spk_der_get(&info, SPK_DER_OCTETS, &octets));
    if (spk_der_next_is(&info, SPK_DER_CTX(0))) { /* attributes: nothing that we use */
        SPK_TRY(spk_der_get(&info, SPK_DER_CTX(0), &ignored));
    }
    SPK_TRY(spk_der_end(&info));
    return spk_pkcs8_get_rsa(octets, ret_parts);
}

/* ---- under a passphrase ---- */

static spk_err
put_kdf(struct spk_span salt, struct spk_buf *b)
{
    SPK_AUTO_BUF struct spk_buf params = SPK_BUF(64);
    SPK_AUTO_BUF struct spk_buf alg = SPK_BUF(128);
    SPK_TRY(spk_der_put(&params, SPK_DER_OCTETS, salt));
    SPK_TRY(spk_der_put_u32(&params, 1u << WRITE_LOG2_N));
    SPK_TRY(spk_der_put_u32(&params, WRITE_R));
    SPK_TRY(spk_der_put_u32(&params, WRITE_P));
    SPK_TRY(spk_der_put(&alg, SPK_DER_OID, SPK_SPAN_OF(oid_scrypt)));
    SPK_TRY(spk_der_put(&alg, SPK_DER_SEQ, spk_buf_span(&params)));
    return spk_der_put(b, SPK_DER_SEQ, spk_buf_span(&alg));
}

static spk_err
put_pbes2(struct spk_span salt, struct spk_span iv, struct spk_buf *b)
{
    SPK_AUTO_BUF struct spk_buf enc = SPK_BUF(64);
    SPK_AUTO_BUF struct spk_buf params = SPK_BUF(256);
    SPK_AUTO_BUF struct spk_buf alg = SPK_BUF(256);
    SPK_TRY(put_kdf(salt, &params));
    SPK_TRY(spk_der_put(&enc, SPK_DER_OID, SPK_SPAN_OF(oid_aes256_cbc)));
    SPK_TRY(spk_der_put(&enc, SPK_DER_OCTETS, iv));
    SPK_TRY(spk_der_put(&params, SPK_DER_SEQ, spk_buf_span(&enc)));
    SPK_TRY(spk_der_put(&alg, SPK_DER_OID, SPK_SPAN_OF(oid_pbes2)));
    SPK_TRY(spk_der_put(&alg, SPK_DER_SEQ, spk_buf_span(&params)));
    return spk_der_put(b, SPK_DER_SEQ, spk_buf_span(&alg));
}

/* N, r and p are bounded before any work: they come from a file and cost memory and time. */
static spk_err
parse_scrypt(struct spk_rd *params, struct pbes2 *p)
{
    uint32_t n = 0, len = KEK_LEN;
    SPK_TRY(spk_der_get(params, SPK_DER_OCTETS, &p->salt));
    SPK_TRY(spk_der_u32(params, &n));
    SPK_TRY(spk_der_u32(params, &p->r));
    SPK_TRY(spk_der_u32(params, &p->p));
    if (params->left != 0) {
        SPK_TRY(spk_der_u32(params, &len));
    }
    SPK_TRY(spk_der_end(params));
    SPK_CHECK(p->salt.len <= SALT_MAX && n <= 1u << READ_LOG2_N_MAX, LIMIT);
    SPK_CHECK(p->r <= READ_R_MAX && p->p <= READ_P_MAX, LIMIT);
    SPK_CHECK(n >= 2 && (n & (n - 1)) == 0 && p->r != 0 && p->p != 0 && len == KEK_LEN, FORMAT);
    p->log2_n = (unsigned)__builtin_ctz(n);
    SPK_CHECK(p->log2_n < 16 * p->r, FORMAT); /* RFC 7914 section 6 */
    return SPK_OK;
}

/* HMAC with SHA-1 where none is named (RFC 8018 appendix A.2). */
static spk_err
parse_prf(struct spk_rd *params, struct pbes2 *p)
{
    struct spk_rd alg;
    struct spk_span oid;
    if (params->left == 0) {
        return SPK_OK;
    }
    SPK_TRY(spk_der_enter(params, SPK_DER_SEQ, &alg));
    SPK_TRY(spk_der_get(&alg, SPK_DER_OID, &oid));
    p->sha256 = spk_span_eq(oid, SPK_SPAN_OF(oid_hmac_sha256));
    SPK_CHECK(p->sha256 || spk_span_eq(oid, SPK_SPAN_OF(oid_hmac_sha1)), VERSION);
    return SPK_OK; /* parameters are NULL */
}

static spk_err
parse_pbkdf2(struct spk_rd *params, struct pbes2 *p)
{
    uint32_t len = KEK_LEN;
    SPK_TRY(spk_der_get(params, SPK_DER_OCTETS, &p->salt));
    SPK_TRY(spk_der_u32(params, &p->rounds));
    if (params->left != 0 && !spk_der_next_is(params, SPK_DER_SEQ)) {
        SPK_TRY(spk_der_u32(params, &len));
    }
    SPK_TRY(parse_prf(params, p));
    SPK_TRY(spk_der_end(params));
    SPK_CHECK(p->salt.len <= SALT_MAX && p->rounds <= READ_ROUNDS_MAX, LIMIT);
    SPK_CHECK(p->rounds != 0 && len == KEK_LEN, FORMAT);
    return SPK_OK;
}

static spk_err
parse_kdf(struct spk_rd *r, struct pbes2 *p)
{
    struct spk_rd alg, params;
    struct spk_span oid;
    bool scrypt = false;
    SPK_TRY(spk_der_enter(r, SPK_DER_SEQ, &alg));
    SPK_TRY(spk_der_get(&alg, SPK_DER_OID, &oid));
    scrypt = spk_span_eq(oid, SPK_SPAN_OF(oid_scrypt));
    SPK_CHECK(scrypt || spk_span_eq(oid, SPK_SPAN_OF(oid_pbkdf2)), VERSION);
    SPK_TRY(spk_der_enter(&alg, SPK_DER_SEQ, &params));
    SPK_TRY(spk_der_end(&alg));
    return scrypt ? parse_scrypt(&params, p) : parse_pbkdf2(&params, p);
}

static spk_err
parse_cipher(struct spk_rd *r, struct pbes2 *p)
{
    struct spk_rd alg;
    struct spk_span oid;
    SPK_TRY(spk_der_enter(r, SPK_DER_SEQ, &alg));
    SPK_TRY(spk_der_get(&alg, SPK_DER_OID, &oid));
    SPK_CHECK(spk_span_eq(oid, SPK_SPAN_OF(oid_aes256_cbc)), VERSION);
    SPK_TRY(spk_der_get(&alg, SPK_DER_OCTETS, &p->iv));
    SPK_CHECK(p->iv.len == IV_LEN, FORMAT);
    return spk_der_end(&alg);
}

static spk_err
parse_encrypted(struct spk_span der, struct pbes2 *ret_p)
{
    struct spk_rd r = spk_rd(der), info, alg, params;
    struct spk_span oid;
    struct pbes2 p = {0};
    SPK_TRY(spk_der_enter(&r, SPK_DER_SEQ, &info));
    SPK_TRY(spk_der_end(&r));
    SPK_TRY(spk_der_enter(&info, SPK_DER_SEQ, &alg));
    SPK_TRY(spk_der_get(&info, SPK_DER_OCTETS, &p.cipher));
    SPK_TRY(spk_der_end(&info));
    SPK_TRY(spk_der_get(&alg, SPK_DER_OID, &oid));
    SPK_CHECK(spk_span_eq(oid, SPK_SPAN_OF(oid_pbes2)), VERSION);
    SPK_TRY(spk_der_enter(&alg, SPK_DER_SEQ, &params));
    SPK_TRY(spk_der_end(&alg));
    SPK_TRY(parse_kdf(&params, &p));
    SPK_TRY(parse_cipher(&params, &p));
    SPK_TRY(spk_der_end(&params));
    SPK_CHECK(p.cipher.len <= SPK_PKCS8_MAX, LIMIT);
    SPK_CHECK(p.cipher.len != 0 && p.cipher.len % IV_LEN == 0, FORMAT);
    *ret_p = p;
    return SPK_OK;
}

static void
cipher_ctx_free(EVP_CIPHER_CTX **c)
{
    EVP_CIPHER_CTX_free(*c); /* wipes the key schedule */
}

/* AES-256-CBC with padding, both ways; a padding that does not fit is a wrong passphrase. */
static spk_err
cbc(const struct pbes2 *p, const struct spk_secret *pass, struct spk_span in, int encrypt,
    struct spk_secret **ret_out)
{
    SPK_OSSL_SCOPE;
    const EVP_CIPHER *cipher = NULL;
    uint8_t kek[KEK_LEN];
    SPK_WIPE_ON_EXIT(kek);
    SPK_AUTO(spk_secret) out = NULL;
    int n = 0, rest = 0;
    SPK_TRY(spk_ossl_aes256_cbc(&cipher));
    SPK_TRY(spk_secret_new(in.len + IV_LEN, &out));
    SPK_TRY(
        p->rounds != 0
            ? spk_pbkdf2(p->sha256, spk_secret_span(pass), p->salt, p->rounds, SPK_MUT_OF(kek))
            : spk_scrypt(spk_secret_span(pass), p->salt, p->log2_n, p->r, p->p, SPK_MUT_OF(kek)));
    __attribute__((cleanup(cipher_ctx_free))) EVP_CIPHER_CTX *c = EVP_CIPHER_CTX_new();
    uint8_t *dst = spk_secret_mut(out).ptr;
    SPK_OSSL(c != NULL && EVP_CipherInit_ex2(c, cipher, kek, p->iv.ptr, encrypt, NULL) == 1);
    SPK_OSSL(EVP_CipherUpdate(c, dst, &n, in.ptr, (int)in.len) == 1);
    if (EVP_CipherFinal_ex(c, dst + n, &rest) != 1) {
        return spk_ossl_answer(SPK_CODE_PASS);
    }
    SPK_CHECK(n + rest > 0, PASS);
    spk_secret_truncate(out, (size_t)(n + rest));
    *ret_out = SPK_STEAL(out);
    return SPK_OK;
}

spk_err
spk_pkcs8_seal(struct spk_span plain, const struct spk_secret *pass, struct spk_buf *b)
{
    uint8_t salt[SALT_LEN], iv[IV_LEN];
    SPK_AUTO(spk_secret) cipher = NULL;
    SPK_AUTO_BUF struct spk_buf info = SPK_BUF(SPK_PKCS8_MAX);
    SPK_TRY(spk_random(SPK_MUT_OF(salt)));
    SPK_TRY(spk_random(SPK_MUT_OF(iv)));
    const struct pbes2 p = {.salt = SPK_SPAN_OF(salt),
                            .iv = SPK_SPAN_OF(iv),
                            .log2_n = WRITE_LOG2_N,
                            .r = WRITE_R,
                            .p = WRITE_P};
    SPK_TRY(cbc(&p, pass, plain, 1, &cipher));
    SPK_TRY(put_pbes2(p.salt, p.iv, &info));
    SPK_TRY(spk_der_put(&info, SPK_DER_OCTETS, spk_secret_span(cipher)));
    return spk_der_put(b, SPK_DER_SEQ, spk_buf_span(&info));
}

spk_err
spk_pkcs8_unseal(struct spk_span der, const struct spk_secret *pass, struct spk_secret **ret_plain)
{
    struct pbes2 p;
    SPK_TRY(parse_encrypted(der, &p));
    SPK_CHECK(pass != NULL, PASS);
    return cbc(&p, pass, p.cipher, 0, ret_plain);
}

/* Bytes that decrypt to no PKCS#8 at all mean a wrong passphrase that met a right padding by
 * chance. */
static spk_err
from_encrypted(struct spk_span der, const struct spk_secret *pass, struct spk_rsa **ret_key)
{
    struct spk_rsa_parts parts;
    SPK_AUTO(spk_secret) plain = NULL;
    SPK_TRY(spk_pkcs8_unseal(der, pass, &plain));
    spk_err e = parse_plain(spk_secret_span(plain), &parts);
    SPK_CHECK(e.code != SPK_CODE_FORMAT, PASS);
    SPK_TRY(e);
    return spk_rsa_from_parts(&parts, ret_key);
}

bool
spk_pkcs8_is_encrypted(struct spk_span der)
{
    struct spk_rd r = spk_rd(der), info;
    return spk_ok(spk_der_enter(&r, SPK_DER_SEQ, &info)) && spk_der_next_is(&info, SPK_DER_SEQ);
}

spk_err
spk_rsa_to_pkcs8(const struct spk_rsa *key, const struct spk_secret *pass_or_null,
                 struct spk_secret **ret_der)
{
    SPK_CHECK(spk_rsa_is_pair(key), USAGE);
    SPK_AUTO_BUF struct spk_buf plain = SPK_BUF(SPK_PKCS8_MAX);
    SPK_AUTO_BUF struct spk_buf sealed = SPK_BUF(SPK_PKCS8_MAX);
    SPK_TRY(put_plain(key, &plain));
    if (pass_or_null == NULL) {
        return spk_secret_from(spk_buf_span(&plain), ret_der);
    }
    SPK_TRY(spk_pkcs8_seal(spk_buf_span(&plain), pass_or_null, &sealed));
    return spk_secret_from(spk_buf_span(&sealed), ret_der);
}

spk_err
spk_rsa_from_pkcs8(struct spk_span der, const struct spk_secret *pass_or_null,
                   struct spk_rsa **ret_key)
{
    struct spk_rsa_parts parts;
    if (spk_pkcs8_is_encrypted(der)) {
        return from_encrypted(der, pass_or_null, ret_key);
    }
    SPK_TRY(parse_plain(der, &parts));
    return spk_rsa_from_parts(&parts, ret_key);
}
