/* SPDX-License-Identifier: Apache-2.0 */
/* A fresh folder of containers and a few pairs, for the tests of src/keystore. */
#ifndef SPK_TEST_KEYSTORE_KIT_H
#define SPK_TEST_KEYSTORE_KIT_H

#include "spk_test.h"

#include "keystore/container.h"

struct kit {
    char *dir; /* of the test */
    char *path;
    struct spk_keystore *ks; /* in path = dir/containers */
};

/** For cmocka: *state is a struct kit *. */
int kit_setup(void **state);
int kit_teardown(void **state);

/** One of four fixed 2048-bit pairs, made once, borrowed. */
struct spk_rsa *kit_pair(unsigned i);
/** path/name, to be free()d. */
char *kit_file(const struct kit *k, const char *name);
/** path/hex of the name's file, to be free()d; name must be folded. */
char *kit_container_file(const struct kit *k, const char *name);
/** Save a container with two pairs, with a passphrase unless pass is NULL. */
void kit_save(struct kit *k, const char *name, struct spk_rsa *kx, struct spk_rsa *sig,
              const char *pass);
struct spk_secret *kit_secret(const char *text);
/** How many names are in the folder, .lock not counted. */
size_t kit_count(const struct kit *k);
/** Put these bytes in a container's file, mode 0600, hash at the end set right first if fix. */
void kit_plant(const struct kit *k, const char *name, struct spk_span bytes, bool fix);
/** The bytes of a container's file. */
void kit_bytes(const struct kit *k, const char *name, struct spk_buf *b);

/* A spk_pass_fn that gives tries[0], tries[1] ... (NULL: gives up) and notes what it was told. */
struct asker {
    const char *tries[8];
    unsigned calls;
    unsigned wrong[8];
    char container[SPK_CONTAINER_NAME_MAX + 1];
};
spk_err kit_ask(void *ctx, const char *container, unsigned wrong, struct spk_secret **ret_pass);

#endif
