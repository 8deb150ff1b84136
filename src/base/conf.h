/* SPDX-License-Identifier: Apache-2.0 */
/* Configuration files: UTF-8 text, one `key = value` a line, '#' starts a comment line, blank lines
 * are skipped.  Unknown and repeated keys are errors that name the line. */
#ifndef SPK_BASE_CONF_H
#define SPK_BASE_CONF_H

#include "base/buf.h"

#define SPK_CONF_LINE_MAX ((size_t)4096)
#define SPK_CONF_KEYS_MAX ((size_t)256) /* keys of one table, and values of one `many` key */

enum spk_conf_kind { SPK_CONF_STR, SPK_CONF_U64, SPK_CONF_BOOL };
struct spk_conf_key {
    const char *name;
    enum spk_conf_kind kind;
    void *value;       /* char ** (malloc'ed, NULL before), uint64_t *, bool *: holds the default */
    uint64_t min, max; /* for SPK_CONF_U64; max 0 means no upper bound */
    bool many; /* SPK_CONF_STR: value is char *** (NULL-terminated array), may be repeated */
};
/** Fill from text; true and false are also yes, no, on, off. What was filled before an error stays,
 * and belongs to the caller as after success. SPK_CODE_FORMAT: no such key, twice, no '=', no
 * value, or not a value of its kind; SPK_CODE_LIMIT: out of its range, too long or too many;
 * SPK_CODE_USAGE: too many keys in the table.
 * @param ret_line  The offending line on any error (1-based; 0: too many keys in the table);
 * untouched on success. */
SPK_MUST_USE spk_err spk_conf_parse(struct spk_span text, const struct spk_conf_key *keys, size_t n,
                                    unsigned *ret_line);
/** The value of one key, whatever else the text has or lacks; borrowed. SPK_CODE_NOTFOUND. */
SPK_MUST_USE spk_err spk_conf_get(struct spk_span text, const char *name,
                                  struct spk_span *ret_value);

#endif
