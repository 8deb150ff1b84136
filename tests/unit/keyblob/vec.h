/* SPDX-License-Identifier: Apache-2.0 */
/* The vectors of tests/vectors/keyblob, and the openssl command. */
#ifndef SPK_TEST_KEYBLOB_VEC_H
#define SPK_TEST_KEYBLOB_VEC_H

#include "spk_test.h"

#include "crypto/rsa.h"

#define VEC_KEYS 3
extern const char *const vec_keys[VEC_KEYS]; /* names of the fixed keys: 2048, 3072, 4096 bits */

/** The hex value `name` of a key (NULL: of the file's head), appended to b. */
void vec_get(const char *key, const char *name, struct spk_buf *b);
/** The i-th bad v1.5 BLOB of a key and what it opens to; false when there are no more. */
bool vec_bad(const char *key, unsigned i, struct spk_buf *blob, struct spk_buf *opens_to);
/** A fixed pair, to be freed. */
struct spk_rsa *vec_pair(const char *key);
/** The file of a fixed pair as PEM, to be free()d. */
char *vec_pem(const char *key);

/** dir/name, to be free()d. */
char *in_dir(const char *dir, const char *name);
void put_file(const char *path, struct spk_span s);
/** Appended to b. */
void get_file(const char *path, struct spk_buf *b);
/** Run a program, found by PATH; exit status, or -1 when it did not end by itself. */
int run(const char *const argv[]);

#endif
