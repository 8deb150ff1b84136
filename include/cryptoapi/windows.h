/* SPDX-License-Identifier: Apache-2.0 */
/* As much of windows.h as CryptoAPI programs use. */
#ifndef CRYPTOAPI_WINDOWS_H
#define CRYPTOAPI_WINDOWS_H

#include <ctype.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "winbase.h"
#include "wincrypt.h"
#include "winerror.h"
#include "winstdio.h"
#include "winstr.h"
#include "wintypes.h"
#include "winwcs.h"
#include "winwio.h"
#include "winwmap.h"

/* As there, unless the program says that it has its own. */
#if !defined(__cplusplus) && !defined(NOMINMAX)
#ifndef min
#define min(a, b) ((a) < (b) ? (a) : (b))
#endif
#ifndef max
#define max(a, b) ((a) > (b) ? (a) : (b))
#endif
#endif

#endif
