/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/legacy.h"

#include <openssl/provider.h>
#include <pthread.h>

static pthread_once_t legacy_once = PTHREAD_ONCE_INIT;
static OSSL_LIB_CTX *legacy_ctx;

static void
load(void)
{
    SPK_OSSL_SCOPE;
    spk_ossl_start();
    OSSL_LIB_CTX *ctx = OSSL_LIB_CTX_new();
    if (ctx != NULL && OSSL_PROVIDER_load(ctx, "legacy") == NULL) {
        OSSL_LIB_CTX_free(ctx);
        ctx = NULL;
    }
    legacy_ctx = ctx; /* stays for the life of the process, as what was fetched from it does */
}

spk_err
spk_ossl_legacy(OSSL_LIB_CTX **ret_ctx)
{
    (void)pthread_once(&legacy_once, load);
    SPK_CHECK(legacy_ctx != NULL, NOTFOUND);
    *ret_ctx = legacy_ctx;
    return SPK_OK;
}
