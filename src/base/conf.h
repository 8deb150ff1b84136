/* SPDX-License-Identifier: Apache-2.0 */
/* Configuration files: UTF-8 text, one `key = value` a line, '#' starts a comment line, blank lines are
 * skipped.  Unknown and repeated keys are errors that name the line. */
#ifndef SPK_BASE_CONF_H
#define SPK_BASE_CONF_H

#include "base/buf.h"

enum spk_conf_kind { SPK_CONF_STR, SPK_CONF_U64, SPK_CONF_BOOL };
struct spk_conf_key {
    const char *name;
    enum spk_conf_kind kind;
    void *value;        /* char ** (malloc'ed, NULL before), uint64_t *, bool *: defaults are there already */
    uint64_t min, max;  /* for SPK_CONF_U64 */
    bool many;          /* SPK_CONF_STR: value is char *** (NULL-terminated array) */
};
/** Fill from text. On SPK_CODE_FORMAT *ret_line is the offending line (1-based; also set on other errors). */
SPK_MUST_USE spk_err spk_conf_parse(struct spk_span text, const struct spk_conf_key *keys, size_t n,
                                    unsigned *ret_line);

#endif
