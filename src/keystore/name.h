/* SPDX-License-Identifier: Apache-2.0 */
/* Container names and the file names made of them (doc/spec/key-container.md, "Name of the file").
 * Outside this folder only to check names and to tell which file is meant. */
#ifndef SPK_KEYSTORE_NAME_H
#define SPK_KEYSTORE_NAME_H

#include "keystore/container.h"

/* Two hex digits a byte, and the NUL. */
struct spk_container_fname {
    char s[2 * SPK_CONTAINER_NAME_MAX + 1];
};

/** 1 to SPK_CONTAINER_NAME_MAX bytes of UTF-8 without control characters. */
bool spk_container_name_ok(struct spk_span name);
/** Empty or not plain UTF-8: SPK_CODE_USAGE; too long: SPK_CODE_LIMIT. */
SPK_MUST_USE spk_err spk_container_fname(const char *name, struct spk_container_fname *ret_fname);
/** The folded name behind a file name; SPK_CODE_FORMAT when it is not one of ours. */
SPK_MUST_USE spk_err spk_container_fname_parse(const char *fname,
                                               char ret_name[SPK_CONTAINER_NAME_MAX + 1]);

#endif
