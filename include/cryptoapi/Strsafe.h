/* SPDX-License-Identifier: Apache-2.0 */
/* For programs that spell the name this way: file names are case-sensitive here. */
#include "strsafe.h"
