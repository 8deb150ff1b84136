/* SPDX-License-Identifier: Apache-2.0 */
/* The console of the Encrypting a File sample: its includes, its start and its last question. */
/* clang-format off */
#include <tchar.h>
#include <stdio.h>
#include <windows.h>
#include <wincrypt.h>
#include <conio.h>
/* clang-format on */

int
_tmain(int argc, _TCHAR *argv[])
{
    int waits = _kbhit();
    int first = 0, second = 0;
    if (argc != 2) {
        _tprintf(_T("Usage: <example.exe> <text>\n"));
        return 1;
    }
    if (waits != 0) {
        first = _gettch();
        second = _gettche();
    }
    _tprintf(_T("%s %d %c%c"), argv[1], argc, first, second);
    putch('\n');
    return _gettchar() == 'c' ? 0 : 2;
}
