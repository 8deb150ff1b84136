/* SPDX-License-Identifier: Apache-2.0 */
/* As much of windows.h as CryptoAPI programs use. */
#ifndef CRYPTOAPI_WINDOWS_H
#define CRYPTOAPI_WINDOWS_H

#include "winbase.h"
#include "wincrypt.h"
#include "winerror.h"
#include "winstr.h"
#include "wintypes.h"

#endif
