/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/cipher.h"

#include <pthread.h>
#include <string.h>

#include <openssl/core_names.h>

#include "base/secret.h"
#include "crypto/legacy.h"

#define RUN_MAX ((size_t)1 << 30) /* EVP counts in int */
#define DES_KEY 8
#define RC2_KEY_MAX 128
#define CHAIN_PART 8192 /* multiple of every block */

struct spk_cipher {
    enum spk_cipher_alg alg;
    unsigned rc2_bits;
    struct spk_secret *key;                             /* as the library takes it */
    EVP_CIPHER_CTX *ctx[SPK_MODE_MAX_][2];              /* made by their first use; [1]: encrypt */
    uint8_t at[SPK_MODE_MAX_][2][SPK_CIPHER_BLOCK_MAX]; /* the chaining value that each has */
};

/* What is fetched stays for the life of the process. */
static pthread_mutex_t fetch_lock = PTHREAD_MUTEX_INITIALIZER;
static EVP_CIPHER *fetched[SPK_CIPHER_MAX_ + 2][SPK_MODE_MAX_];

static const char *const names[SPK_CIPHER_MAX_ + 2][SPK_MODE_MAX_] = {
    {"RC2-ECB", "RC2-CBC", NULL},
    {"RC4", "RC4", "RC4"},
    {"DES-ECB", "DES-CBC", "DES-CFB8"},
    {"DES-EDE3", "DES-EDE3-CBC", "DES-EDE3-CFB8"},
    {"AES-128-ECB", "AES-128-CBC", "AES-128-CFB8"},
    {"AES-192-ECB", "AES-192-CBC", "AES-192-CFB8"},
    {"AES-256-ECB", "AES-256-CBC", "AES-256-CFB8"},
};

static size_t
row_of(enum spk_cipher_alg alg, size_t key_len)
{
    return alg == SPK_CIPHER_AES ? SPK_CIPHER_AES + key_len / 8 - 2 : alg;
}

static spk_err
fetch(size_t row, enum spk_cipher_mode mode, EVP_CIPHER **ret_cipher)
{
    SPK_OSSL_SCOPE;
    OSSL_LIB_CTX *lib = spk_ossl_lib();
    if (row <= SPK_CIPHER_DES) {
        SPK_TRY(spk_ossl_legacy(&lib));
    }
    (void)pthread_mutex_lock(&fetch_lock);
    if (fetched[row][mode] == NULL) {
        fetched[row][mode] = EVP_CIPHER_fetch(lib, names[row][mode], NULL);
    }
    *ret_cipher = fetched[row][mode];
    (void)pthread_mutex_unlock(&fetch_lock);
    SPK_OSSL(*ret_cipher != NULL);
    return SPK_OK;
}

size_t
spk_cipher_alg_block(enum spk_cipher_alg alg)
{
    static const uint8_t block[SPK_CIPHER_MAX_] = {8, 1, 8, 8, 16};
    return block[alg];
}

size_t
spk_cipher_block(const struct spk_cipher *c)
{
    return spk_cipher_alg_block(c->alg);
}

static bool
key_len_ok(enum spk_cipher_alg alg, size_t len)
{
    switch (alg) {
    case SPK_CIPHER_RC2:
        return len >= 1 && len <= RC2_KEY_MAX;
    case SPK_CIPHER_RC4:
        return len >= 1 && len <= SPK_CIPHER_KEY_MAX;
    case SPK_CIPHER_DES:
        return len == DES_KEY;
    case SPK_CIPHER_3DES:
        return len == 2 * DES_KEY || len == 3 * DES_KEY;
    case SPK_CIPHER_AES:
        return len == 16 || len == 24 || len == 32;
    case SPK_CIPHER_MAX_:
    default:
        return false;
    }
}

/* Two-key 3DES is three-key with the first key twice. */
static spk_err
keep_key(struct spk_cipher *c, struct spk_span key)
{
    if (c->alg != SPK_CIPHER_3DES || key.len != 2 * DES_KEY) {
        return spk_secret_from(key, &c->key);
    }
    uint8_t three[3 * DES_KEY];
    SPK_WIPE_ON_EXIT(three);
    memcpy(three, key.ptr, key.len);
    memcpy(three + key.len, key.ptr, DES_KEY);
    return spk_secret_from(SPK_SPAN_OF(three), &c->key);
}

spk_err
spk_cipher_there(enum spk_cipher_alg alg, size_t key_len)
{
    EVP_CIPHER *probe = NULL;
    SPK_CHECK(key_len_ok(alg, key_len), LIMIT);
    return fetch(row_of(alg, key_len), SPK_MODE_ECB, &probe);
}

spk_err
spk_cipher_new(enum spk_cipher_alg alg, struct spk_span key, unsigned rc2_bits,
               struct spk_cipher **ret_c)
{
    SPK_TRY(spk_cipher_there(alg, key.len)); /* shows now, not in the middle */
    SPK_AUTO(spk_cipher) c = spk_calloc(1, sizeof *c);
    SPK_CHECK(c != NULL, NOMEM);
    c->alg = alg;
    c->rc2_bits = rc2_bits;
    SPK_TRY(keep_key(c, key));
    *ret_c = SPK_STEAL(c);
    return SPK_OK;
}

void
spk_cipher_restart(struct spk_cipher *c)
{
    if (c->alg == SPK_CIPHER_RC4) {
        EVP_CIPHER_CTX_free(c->ctx[0][0]);
        c->ctx[0][0] = NULL;
    }
}

void
spk_cipher_free(struct spk_cipher *c)
{
    if (c == NULL) {
        return;
    }
    for (size_t i = 0; i < SPK_MODE_MAX_; i++) {
        EVP_CIPHER_CTX_free(c->ctx[i][0]);
        EVP_CIPHER_CTX_free(c->ctx[i][1]);
    }
    spk_secret_free(c->key);
    spk_mem_free(c);
}

spk_err
spk_cipher_dup(const struct spk_cipher *c, struct spk_cipher **ret_c)
{
    SPK_OSSL_SCOPE;
    SPK_AUTO(spk_cipher) copy = NULL;
    SPK_TRY(spk_cipher_new(c->alg, spk_secret_span(c->key), c->rc2_bits, &copy));
    if (c->alg == SPK_CIPHER_RC4 && c->ctx[0][0] != NULL) {
        copy->ctx[0][0] = EVP_CIPHER_CTX_new();
        SPK_OSSL(copy->ctx[0][0] != NULL &&
                 EVP_CIPHER_CTX_copy(copy->ctx[0][0], c->ctx[0][0]) == 1);
    }
    *ret_c = SPK_STEAL(copy);
    return SPK_OK;
}

static spk_err
set_up(const struct spk_cipher *c, EVP_CIPHER_CTX *ctx, const EVP_CIPHER *cipher, int encrypt)
{
    SPK_OSSL_SCOPE;
    struct spk_span key = spk_secret_span(c->key);
    unsigned bits = c->rc2_bits;
    const OSSL_PARAM rc2[] = {OSSL_PARAM_construct_uint(OSSL_CIPHER_PARAM_RC2_KEYBITS, &bits),
                              OSSL_PARAM_construct_end()};
    SPK_OSSL(EVP_CipherInit_ex2(ctx, cipher, NULL, NULL, encrypt, NULL) == 1);
    if (c->alg == SPK_CIPHER_RC2 || c->alg == SPK_CIPHER_RC4) {
        SPK_OSSL(EVP_CIPHER_CTX_set_key_length(ctx, (int)key.len) == 1);
    }
    if (c->alg == SPK_CIPHER_RC2) {
        SPK_OSSL(EVP_CIPHER_CTX_set_params(ctx, rc2) == 1);
    }
    SPK_OSSL(EVP_CipherInit_ex2(ctx, NULL, key.ptr, NULL, encrypt, NULL) == 1);
    SPK_OSSL(EVP_CIPHER_CTX_set_padding(ctx, 0) == 1);
    return SPK_OK;
}

static spk_err
ctx_get(struct spk_cipher *c, enum spk_cipher_mode mode, bool encrypt, EVP_CIPHER_CTX **ret_ctx)
{
    SPK_OSSL_SCOPE;
    EVP_CIPHER_CTX **slot = &c->ctx[mode][encrypt ? 1 : 0];
    EVP_CIPHER *cipher = NULL;
    if (*slot == NULL) {
        SPK_TRY(fetch(row_of(c->alg, spk_secret_len(c->key)), mode, &cipher));
        EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
        SPK_OSSL(ctx != NULL);
        spk_err e = set_up(c, ctx, cipher, encrypt ? 1 : 0);
        if (!spk_ok(e)) {
            EVP_CIPHER_CTX_free(ctx);
            return e;
        }
        *slot = ctx;
    }
    *ret_ctx = *slot;
    return SPK_OK;
}

static spk_err
run_ctx(EVP_CIPHER_CTX *ctx, struct spk_mut data)
{
    SPK_OSSL_SCOPE;
    for (size_t done = 0; done < data.len;) {
        size_t n = data.len - done < RUN_MAX ? data.len - done : RUN_MAX;
        int got = 0;
        SPK_OSSL(EVP_CipherUpdate(ctx, data.ptr + done, &got, data.ptr + done, (int)n) == 1);
        SPK_CHECK((size_t)got == n, CRYPTO);
        done += n;
    }
    return SPK_OK;
}

/* A context that failed is made anew by its next use. */
static void
drop(struct spk_cipher *c, const struct spk_cipher_op *op)
{
    EVP_CIPHER_CTX **slot = &c->ctx[op->mode][op->encrypt ? 1 : 0];
    EVP_CIPHER_CTX_free(*slot);
    *slot = NULL;
}

/* The last block of chain and ciphertext together is the next chaining value. */
static void
next_chain(const uint8_t *chain, struct spk_span cipher, size_t block, uint8_t *ret_next)
{
    size_t keep = cipher.len < block ? block - cipher.len : 0;
    memcpy(ret_next, chain + block - keep, keep);
    memcpy(ret_next + keep, cipher.ptr + cipher.len - (block - keep), block - keep);
}

/* The library has no 8-bit feedback for RC2. */
static spk_err
run_rc2_cfb8(struct spk_cipher *c, const struct spk_cipher_op *op, struct spk_mut data)
{
    EVP_CIPHER_CTX *ctx = NULL;
    uint8_t reg[8], pad[8];
    SPK_WIPE_ON_EXIT(pad);
    SPK_TRY(ctx_get(c, SPK_MODE_ECB, true, &ctx));
    memcpy(reg, op->chain, sizeof reg);
    for (size_t i = 0; i < data.len; i++) {
        memcpy(pad, reg, sizeof pad);
        SPK_TRY(run_ctx(ctx, SPK_MUT_OF(pad)));
        uint8_t in = data.ptr[i];
        data.ptr[i] = in ^ pad[0];
        memmove(reg, reg + 1, sizeof reg - 1);
        reg[sizeof reg - 1] = op->encrypt ? data.ptr[i] : in;
    }
    memcpy(op->chain, reg, sizeof reg);
    return SPK_OK;
}

/* The context of an operation, set to its chaining value. A message that goes on where the last
 * call ended is the usual case, and setting the same value again would take longer than a short
 * message itself. *ret_at is where the context's value is kept: unknown, until it is written. */
static spk_err
ctx_at(struct spk_cipher *c, const struct spk_cipher_op *op, EVP_CIPHER_CTX **ret_ctx,
       uint8_t **ret_at)
{
    SPK_OSSL_SCOPE;
    size_t block = spk_cipher_block(c);
    uint8_t *at = c->at[op->mode][op->encrypt ? 1 : 0];
    bool fresh = c->ctx[op->mode][op->encrypt ? 1 : 0] == NULL;
    SPK_TRY(ctx_get(c, op->mode, op->encrypt, ret_ctx));
    if (fresh || !spk_span_eq(spk_span(at, block), spk_span(op->chain, block))) { /* no secrets */
        if (EVP_CipherInit_ex2(*ret_ctx, NULL, NULL, op->chain, -1, NULL) != 1) {
            drop(c, op);
            return spk_ossl_fail();
        }
        memcpy(at, op->chain, block);
    }
    *ret_at = at;
    return SPK_OK;
}

static spk_err
run_chained(struct spk_cipher *c, const struct spk_cipher_op *op, struct spk_mut data)
{
    uint8_t next[SPK_CIPHER_BLOCK_MAX], *at = NULL;
    size_t block = spk_cipher_block(c);
    EVP_CIPHER_CTX *ctx = NULL;
    SPK_TRY(ctx_at(c, op, &ctx, &at));
    if (!op->encrypt) {
        next_chain(op->chain, spk_span(data.ptr, data.len), block, next);
    }
    spk_err e = run_ctx(ctx, data);
    if (!spk_ok(e)) { /* nobody knows where it is now */
        drop(c, op);
        return e;
    }
    if (op->encrypt) {
        next_chain(op->chain, spk_span(data.ptr, data.len), block, next);
    }
    memcpy(op->chain, next, block);
    memcpy(at, next, block);
    return SPK_OK;
}

spk_err
spk_cipher_chain(struct spk_cipher *c, uint8_t *chain, struct spk_span blocks)
{
    SPK_OSSL_SCOPE;
    uint8_t out[CHAIN_PART], *at = NULL;
    SPK_WIPE_ON_EXIT(out);
    const struct spk_cipher_op op = {SPK_MODE_CBC, true, chain};
    size_t block = spk_cipher_block(c);
    EVP_CIPHER_CTX *ctx = NULL;
    SPK_CHECK(c->alg != SPK_CIPHER_RC4 && blocks.len % block == 0, USAGE);
    SPK_TRY(ctx_at(c, &op, &ctx, &at));
    for (size_t done = 0; done < blocks.len;) {
        size_t n = blocks.len - done < sizeof out ? blocks.len - done : sizeof out;
        int got = 0;
        if (EVP_CipherUpdate(ctx, out, &got, blocks.ptr + done, (int)n) != 1 || (size_t)got != n) {
            drop(c, &op);
            return spk_ossl_fail();
        }
        done += n;
        memcpy(chain, out + n - block, block);
        memcpy(at, chain, block);
    }
    return SPK_OK;
}

spk_err
spk_cipher_run(struct spk_cipher *c, const struct spk_cipher_op *op, struct spk_mut data)
{
    SPK_OSSL_SCOPE;
    EVP_CIPHER_CTX *ctx = NULL;
    if (data.len == 0) {
        return SPK_OK;
    }
    if (c->alg == SPK_CIPHER_RC4) {
        SPK_TRY(ctx_get(c, SPK_MODE_ECB, false, &ctx)); /* one key stream for both directions */
        return run_ctx(ctx, data);
    }
    SPK_CHECK(op->mode == SPK_MODE_CFB8 || data.len % spk_cipher_block(c) == 0, USAGE);
    if (op->mode == SPK_MODE_ECB) {
        SPK_TRY(ctx_get(c, op->mode, op->encrypt, &ctx));
        return run_ctx(ctx, data);
    }
    if (op->mode == SPK_MODE_CFB8 && c->alg == SPK_CIPHER_RC2) {
        return run_rc2_cfb8(c, op, data);
    }
    return run_chained(c, op, data);
}
