/* SPDX-License-Identifier: Apache-2.0 */
/* Vectors of tests/vectors/wire, and what several tests here need. */
#ifndef SPK_TEST_WIRE_VEC_H
#define SPK_TEST_WIRE_VEC_H

#include "spk_test.h"

#include "base/secret.h"
#include "crypto/hash.h"
#include "crypto/rsa.h"

/** The bytes of wire.txt under this name; they live as long as the test. */
struct spk_span vec(const char *name);
struct spk_hash vec_hash(const char *name);
/** The pair tests/vectors/wire/NAME.pem. */
struct spk_rsa *vec_pair(const char *name);
/** A seed of 32 equal bytes. */
struct spk_secret *vec_seed(uint8_t byte);
/** A writable copy of s with room for extra bytes behind; free() it. */
uint8_t *vec_copy(struct spk_span s, size_t extra);
/** text with the first occurrence of from replaced, appended to b; it must be there. */
void vec_replace(struct spk_span text, const char *from, const char *to, struct spk_buf *b);

#endif
