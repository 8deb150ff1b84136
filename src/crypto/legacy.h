/* SPDX-License-Identifier: Apache-2.0 */
/* OpenSSL's legacy module in a library context of its own, so that nothing changes for the program
 * that we are in; internal to this folder. */
#ifndef SPK_CRYPTO_LEGACY_H
#define SPK_CRYPTO_LEGACY_H

#include "crypto/ossl.h"

/** The context, made once a process. SPK_CODE_NOTFOUND where OpenSSL came without the module. */
SPK_MUST_USE spk_err spk_ossl_legacy(OSSL_LIB_CTX **ret_ctx);

#endif
