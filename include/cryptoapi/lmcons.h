/* SPDX-License-Identifier: Apache-2.0 */
/* For programs that have the longest user name, UNLEN, from here. */
#include "windows.h"
