/* SPDX-License-Identifier: Apache-2.0 */
/* The terminal, for the passphrase of a container and for _getch(). */
#ifndef SPK_CRYPTOAPI_TERMINAL_H
#define SPK_CRYPTOAPI_TERMINAL_H

#include "base/secret.h"

/** Asks on the controlling terminal, without echo; SPK_CODE_PASS when there is none or nothing is
 * typed. */
SPK_MUST_USE spk_err capi_terminal_pass(const char *container, unsigned wrong,
                                        struct spk_secret **ret_pass);

#endif
