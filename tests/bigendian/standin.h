/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SPK_TEST_STANDIN_H
#define SPK_TEST_STANDIN_H

#include "crypto/anyrsa.h"

#endif
