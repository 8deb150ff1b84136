/* SPDX-License-Identifier: Apache-2.0 */
/* One key from the terminal, without echo and without waiting for the end of the line. */
#ifndef CRYPTOAPI_CONIO_H
#define CRYPTOAPI_CONIO_H

#include <stdio.h>

#include "wintypes.h"

CRYPTOAPI_BEGIN

/** From standard input when it is no terminal; EOF at its end. */
WINBASEAPI int __cdecl _getch(void);
/** The same, and the key is shown. */
WINBASEAPI int __cdecl _getche(void);
/** Not 0 when _getch() would not wait. */
WINBASEAPI int __cdecl _kbhit(void);

CRYPTOAPI_END

#define _putch(c) putc((c), stdout)
#ifndef getch
#define getch _getch
#endif
#ifndef getche
#define getche _getche
#endif
#ifndef kbhit
#define kbhit _kbhit
#endif
#ifndef putch
#define putch(c) _putch(c)
#endif

#endif
