/* SPDX-License-Identifier: Apache-2.0 */
/* Any ciphertext under a fixed pair, in both kinds of padding: the first byte of the input chooses,
 * the rest takes the place of a BLOB's ciphertext. PKCS#1 v1.5 must never fail for a well-formed
 * one. */
#include <stdlib.h>
#include <string.h>

#include "keyblob/simple.h"
#include "keyblob/wrap.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define K (SPK_RSA_MIN_BITS / 8)

static struct spk_rsa *
fixed_pair(void)
{
    static struct spk_rsa *pair;
    if (pair == NULL && !spk_ok(spk_rsa_generate(SPK_RSA_MIN_BITS, &pair))) {
        abort();
    }
    return pair;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    SPK_AUTO(spk_secret) key = NULL;
    SPK_AUTO_BUF struct spk_buf blob = SPK_BUF(SPK_SIMPLEBLOB_MAX);
    uint8_t c[K] = {0};
    if (size < 1) {
        return 0;
    }
    unsigned flags = data[0] & SPK_WRAP_OAEP;
    memcpy(c + 1, data + 1, size - 1 < K - 1 ? size - 1 : K - 1); /* c < N */
    if (!spk_ok(spk_simpleblob_build(SPK_CALG_AES_256, SPK_SPAN_OF(c), &blob))) {
        abort();
    }
    spk_err e = spk_unwrap(spk_buf_span(&blob), fixed_pair(), flags, &key);
    if (flags == 0 ? !spk_ok(e) : e.code != SPK_CODE_OK && e.code != SPK_CODE_AUTH) {
        abort();
    }
    return 0;
}
