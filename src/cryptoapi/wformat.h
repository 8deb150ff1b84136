/* SPDX-License-Identifier: Apache-2.0 */
/* Formats of 16-bit characters, as Windows means them. */
#ifndef SPK_CRYPTOAPI_WFORMAT_H
#define SPK_CRYPTOAPI_WFORMAT_H

#include <stdarg.h>

#include "cryptoapi/wide.h"

#define CAPI_FORMAT_MAX (1u << 20) /* bytes of UTF-16 that one call makes */

struct capi_args {
    va_list list;
};

/** UTF-16 in the byte order of the machine, without a terminator, appended. */
spk_err capi_format_wide(struct spk_buf *out, const WCHAR *format,
                         struct capi_args *args) SPK_MUST_USE;

#endif
