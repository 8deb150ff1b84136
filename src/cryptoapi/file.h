/* SPDX-License-Identifier: Apache-2.0 */
/* What the calls on files share. */
#ifndef SPK_CRYPTOAPI_FILE_H
#define SPK_CRYPTOAPI_FILE_H

#include "cryptoapi/error.h"

/** The descriptor of a handle, standard ones too. */
DWORD capi_fd(HANDLE h, int *ret_fd) SPK_MUST_USE;
/** The code for errno. */
DWORD capi_errno(void);

#endif
