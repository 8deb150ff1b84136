/* SPDX-License-Identifier: Apache-2.0 */
/* The bytes of a key container file (doc/spec/key-container.md): bytes to struct and back, no files
 * and no cryptography but the hash over the whole. Inside this folder, and for its tests. */
#ifndef SPK_KEYSTORE_FORMAT_H
#define SPK_KEYSTORE_FORMAT_H

#include "keystore/container.h"

#define SPK_CONTAINER_KEYS 2
#define SPK_CONTAINER_PKCS8_MAX 4096
#define SPK_CONTAINER_FILE_MIN 51
#define SPK_CONTAINER_FILE_MAX 10240

struct spk_container_entry {
    enum spk_key_spec spec;
    struct spk_span spki;
    struct spk_span pkcs8;
};
struct spk_container_file { /* spans are borrowed */
    struct spk_span name;
    bool encrypted; /* every pkcs8 is under one passphrase */
    unsigned count;
    struct spk_container_entry entry[SPK_CONTAINER_KEYS]; /* by rising spec */
};

/** Damaged or foreign: SPK_CODE_FORMAT; a whole file of a later version: SPK_CODE_VERSION. */
SPK_MUST_USE spk_err spk_container_file_parse(struct spk_span bytes,
                                              struct spk_container_file *ret_file);
SPK_MUST_USE spk_err spk_container_file_build(const struct spk_container_file *file,
                                              struct spk_secret **ret_bytes);

#endif
