/* SPDX-License-Identifier: Apache-2.0 */
/* Where the passphrase of the key files comes from. */
#ifndef SPK_HOLDER_PASS_H
#define SPK_HOLDER_PASS_H

#include "base/secret.h"

#define SPK_PASS_MAX 1024
#define SPK_PASS_CREDENTIAL "sparekey-holder.pass"

/** From fd (when it is not -1), else from $CREDENTIALS_DIRECTORY/sparekey-holder.pass, else asked
 * on the terminal with prompt. One line; its line feed is not part of it. SPK_CODE_PASS: none to be
 * had. */
SPK_MUST_USE spk_err spk_pass_get(int fd, const char *prompt, struct spk_secret **ret_pass);

#endif
