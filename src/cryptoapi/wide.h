/* SPDX-License-Identifier: Apache-2.0 */
/* UTF-16 of the W functions to UTF-8 of everything else, and back. */
#ifndef SPK_CRYPTOAPI_WIDE_H
#define SPK_CRYPTOAPI_WIDE_H

#include "base/buf.h"
#include "cryptoapi/error.h"

#define CAPI_STRING_MAX 32768u /* units; longer strings are refused */

/** NULL gives NULL. A lone surrogate: ERROR_NO_UNICODE_TRANSLATION. *ret_s by spk_mem_free(). */
DWORD capi_narrow(const WCHAR *s, char **ret_s) SPK_MUST_USE;
/** Units in the byte order of the machine, without a terminator, appended. Bytes that are not UTF-8
 * stand for U+FFFD each. */
DWORD capi_widen(const char *s, struct spk_buf *out) SPK_MUST_USE;
/** The same bytes in little-endian order. */
DWORD capi_widen_le(const char *s, struct spk_buf *out) SPK_MUST_USE;
/** The same of len bytes or units, NUL among them, and without a limit of their own: what is not
 * valid becomes U+FFFD and *ret_bad (NULL allowed) true. */
DWORD capi_to_wide(struct spk_span utf8, struct spk_buf *out, bool *ret_bad) SPK_MUST_USE;
DWORD capi_to_utf8(const WCHAR *s, size_t len, struct spk_buf *out, bool *ret_bad) SPK_MUST_USE;
size_t capi_wide_len(const WCHAR *s);

#endif
