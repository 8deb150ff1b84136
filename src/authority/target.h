/* SPDX-License-Identifier: Apache-2.0 */
/* The target of a request line: path segments and query parameters, percent-decoded once. */
#ifndef SPK_AUTHORITY_TARGET_H
#define SPK_AUTHORITY_TARGET_H

#include "base/buf.h"

#define SPK_TARGET_MAX 4096
#define SPK_TARGET_SEGMENTS 8
#define SPK_TARGET_PARAMS 8

struct spk_param {
    struct spk_span name, value;
};
struct spk_target {
    size_t n_segments, n_params;
    struct spk_span segments[SPK_TARGET_SEGMENTS];
    struct spk_param params[SPK_TARGET_PARAMS];
    uint8_t mem[SPK_TARGET_MAX]; /* decoded bytes */
};
/** SPK_CODE_FORMAT: not "/a/b?x=y" with good escapes, an empty segment, or a parameter twice.
 * SPK_CODE_LIMIT: longer or more than the numbers above. */
SPK_MUST_USE spk_err spk_target_parse(struct spk_span raw, struct spk_target *ret_t);
/** False when there is no such parameter. */
bool spk_target_param(const struct spk_target *t, const char *name, struct spk_span *ret_v);

#endif
