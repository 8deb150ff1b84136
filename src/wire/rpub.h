/* SPDX-License-Identifier: Apache-2.0 */
/* Where things stand in R_pub and in slot 5 (doc/spec/deposit.md §1, §6). Inside this folder only.
 */
#ifndef SPK_WIRE_RPUB_H
#define SPK_WIRE_RPUB_H

#include "crypto/aead.h"
#include "wire/deposit.h"

#define SPK_RPUB_TAG_OFF 136
#define SPK_RPUB_TAG_END 168

#define SPK_RECORD_R_LEN 16 /* the random r in front of what is sealed */
#define SPK_RECORD_OPEN_LEN (SPK_RPUB_NOTIME_LEN + 2 * SPK_HASH_LEN) /* R_pub, P, owner id */
#define SPK_SEALED_MIN (SPK_RECORD_R_LEN + SPK_SALT_LEN + 2 + SPK_AEAD_TAG_LEN)
#define SPK_SEALED_MAX (SPK_RECORD_R_LEN + SPK_SALT_LEN + SPK_RPRIV_MAX + SPK_AEAD_TAG_LEN)

#endif
