/* SPDX-License-Identifier: Apache-2.0 */
/* Results inside this folder are Win32 codes, ERROR_SUCCESS or why not; they become the thread's
 * last error in one place, capi_finish(). */
#ifndef SPK_CRYPTOAPI_ERROR_H
#define SPK_CRYPTOAPI_ERROR_H

#include "base/err.h"
#include "base/span.h"
#include "cryptoapi/winbase.h"
#include "cryptoapi/wincrypt.h"

#define CAPI_TRY(expr)                                                                             \
    do {                                                                                           \
        DWORD try_code_ = (expr);                                                                  \
        if (try_code_ != ERROR_SUCCESS) {                                                          \
            return try_code_;                                                                      \
        }                                                                                          \
    } while (0)
#define CAPI_CHECK(cond, code)                                                                     \
    do {                                                                                           \
        if (!(cond)) {                                                                             \
            return (code);                                                                         \
        }                                                                                          \
    } while (0)

/** TRUE, or FALSE with the code as last error. */
BOOL capi_finish(DWORD code);
/** The code for a result of the layers below; bad for what is wrong with data or numbers. */
DWORD capi_code(spk_err e, DWORD bad) SPK_MUST_USE;

/** The size convention: copies len bytes of src out, or tells how many there are.
 * ERROR_MORE_DATA when the buffer is too small. */
DWORD capi_answer(struct spk_span src, BYTE *data, DWORD *data_len) SPK_MUST_USE;
DWORD capi_answer_dword(DWORD v, BYTE *data, DWORD *data_len) SPK_MUST_USE;
/** Before the bytes are made: ERROR_SUCCESS with *ret_go set when there is room for len bytes. */
DWORD capi_room(size_t len, const BYTE *data, DWORD *data_len, bool *ret_go) SPK_MUST_USE;

#endif
