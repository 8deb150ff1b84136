/* SPDX-License-Identifier: Apache-2.0 */
/* The frame of files that the client keeps for itself: a line that says what it is, an attribute
 * list, H(all before) (doc/spec/client-files.md). */
#ifndef SPK_CLIENT_FRAMED_H
#define SPK_CLIENT_FRAMED_H

#include "wire/attrs.h"

struct spk_framed {
    const char *magic; /* ends with a newline */
    size_t max;        /* of the whole file */
    const uint16_t *known;
    size_t n_known;
};
/** Sorts l, and appends the file to out. */
SPK_MUST_USE spk_err spk_framed_build(const struct spk_framed *f, struct spk_attrs *l,
                                      struct spk_buf *out);
/** The list, borrowed from bytes. SPK_CODE_FORMAT: another file, or one that was changed. */
SPK_MUST_USE spk_err spk_framed_parse(const struct spk_framed *f, struct spk_span bytes,
                                      struct spk_attrs *ret_l);

#endif
