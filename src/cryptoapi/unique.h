/* SPDX-License-Identifier: Apache-2.0 */
/* The unique name of a container, as Windows forms it: MD5 of the lower-cased name, and the
 * machine's id. */
#ifndef SPK_CRYPTOAPI_UNIQUE_H
#define SPK_CRYPTOAPI_UNIQUE_H

#include "cryptoapi/error.h"

#define CAPI_UNIQUE_LEN 69

struct capi_unique {
    char name[CAPI_UNIQUE_LEN + 1];
};

DWORD capi_unique_name(const char *container, struct capi_unique *ret_u) SPK_MUST_USE;

#endif
