/* SPDX-License-Identifier: Apache-2.0 */
/* Each byte of the secret is the constant term of its own polynomial of degree k-1 over GF(2^8)
 * with the reduction polynomial of AES; share x is its value at x. No tables: their indices would
 * be secrets. */
#include "crypto/shamir.h"

#include <string.h>

#include "crypto/ct.h"
#include "crypto/rng.h"

#define REDUCTION 0x1b /* x^8 = x^4 + x^3 + x + 1 */

static uint8_t
mul(uint8_t a, uint8_t b)
{
    uint32_t x = a, r = 0;
    for (unsigned i = 0; i < 8; i++) {
        uint32_t bit = ((unsigned)b >> i) & 1, high = x >> 7;
        r ^= x & spk_ct_barrier(0 - bit);
        x = ((x << 1) & 0xff) ^ (REDUCTION & spk_ct_barrier(0 - high));
    }
    return (uint8_t)r;
}

/* a^254: the inverse, and 0 for 0. */
static uint8_t
inverse(uint8_t a)
{
    uint8_t r = 1;
    for (unsigned i = 0; i < 7; i++) {
        a = mul(a, a);
        r = mul(r, a);
    }
    return r;
}

/* Horner's rule for every byte; coefs hold the secret, then the k-1 random rows, lowest first. */
static void
evaluate(struct spk_span coefs, size_t len, unsigned k, uint8_t x, uint8_t *dst)
{
    for (size_t i = 0; i < len; i++) {
        uint8_t y = 0;
        for (unsigned j = k; j-- > 0;) {
            y = mul(y, x) ^ coefs.ptr[j * len + i];
        }
        dst[i] = y;
    }
}

static void
drop_shares(struct spk_secret **shares, unsigned n)
{
    for (unsigned i = 0; i < n; i++) {
        spk_secret_free(shares[i]);
        shares[i] = NULL;
    }
}

static spk_err
make_shares(struct spk_span coefs, size_t len, unsigned k, unsigned n, struct spk_secret **shares)
{
    for (unsigned x = 1; x <= n; x++) {
        SPK_TRY(spk_secret_new(len + 1, &shares[x - 1]));
        uint8_t *dst = spk_secret_mut(shares[x - 1]).ptr;
        dst[0] = (uint8_t)x;
        evaluate(coefs, len, k, dst[0], dst + 1);
    }
    return SPK_OK;
}

spk_err
spk_shamir_split(const struct spk_secret *secret, unsigned k, unsigned n,
                 struct spk_secret **ret_shares)
{
    SPK_CHECK(k >= 2 && k <= n && n <= SPK_SHAMIR_MAX, USAGE);
    size_t len = spk_secret_len(secret);
    SPK_CHECK(len < SPK_SECRET_MAX && len * k <= SPK_SECRET_MAX, LIMIT);
    SPK_AUTO(spk_secret) coefs = NULL;
    SPK_TRY(spk_secret_random(len * k, &coefs));
    memcpy(spk_secret_mut(coefs).ptr, spk_secret_span(secret).ptr, len);
    struct spk_secret *shares[SPK_SHAMIR_MAX] = {NULL};
    spk_err e = make_shares(spk_secret_span(coefs), len, k, n, shares);
    if (!spk_ok(e)) {
        drop_shares(shares, n);
        return e;
    }
    memcpy(ret_shares, shares, n * sizeof shares[0]);
    return SPK_OK;
}

static spk_err
check_shares(struct spk_secret *const *shares, unsigned k)
{
    bool seen[SPK_SHAMIR_MAX + 1] = {false};
    SPK_CHECK(k >= 2 && k <= SPK_SHAMIR_MAX, USAGE);
    for (unsigned i = 0; i < k; i++) {
        struct spk_span s = spk_secret_span(shares[i]);
        SPK_CHECK(s.len >= 2 && s.len == spk_secret_len(shares[0]), FORMAT);
        SPK_CHECK(s.ptr[0] != 0 && !seen[s.ptr[0]], FORMAT); /* x is no secret */
        seen[s.ptr[0]] = true;
    }
    return SPK_OK;
}

/* The Lagrange basis polynomial of share i at 0: product of x_j / (x_j - x_i). */
static uint8_t
weight(struct spk_secret *const *shares, unsigned k, unsigned i)
{
    uint8_t xi = spk_secret_span(shares[i]).ptr[0], num = 1, den = 1;
    for (unsigned j = 0; j < k; j++) {
        uint8_t xj = spk_secret_span(shares[j]).ptr[0];
        if (j != i) {
            num = mul(num, xj);
            den = mul(den, xj ^ xi);
        }
    }
    return mul(num, inverse(den));
}

spk_err
spk_shamir_join(struct spk_secret *const *shares, unsigned k, struct spk_secret **ret_secret)
{
    SPK_TRY(check_shares(shares, k));
    SPK_AUTO(spk_secret) out = NULL;
    size_t len = spk_secret_len(shares[0]) - 1;
    SPK_TRY(spk_secret_new(len, &out));
    uint8_t *dst = spk_secret_mut(out).ptr;
    for (unsigned i = 0; i < k; i++) {
        const uint8_t *y = spk_secret_span(shares[i]).ptr + 1;
        uint8_t w = weight(shares, k, i);
        for (size_t b = 0; b < len; b++) {
            dst[b] ^= mul(y[b], w);
        }
    }
    *ret_secret = SPK_STEAL(out);
    return SPK_OK;
}
