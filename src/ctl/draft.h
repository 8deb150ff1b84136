/* SPDX-License-Identifier: Apache-2.0 */
/* Composing policies: officers' public lines in, the text of a policy out (doc/spec/policy.md). */
#ifndef SPK_CTL_DRAFT_H
#define SPK_CTL_DRAFT_H

#include "wire/policy.h"

#define CTL_DRAFT_LINES_MAX 65536 /* of a file with officers' lines */

/** The line of one officer as it stands in a policy, with its '\n'. */
SPK_MUST_USE spk_err ctl_officer_line(const struct spk_officer *o, struct spk_buf *line);
/** One such line, without '\n'. */
SPK_MUST_USE spk_err ctl_officer_parse(struct spk_span line, struct spk_officer *ret_o);
/** Every line of a file of such lines (blank ones and '#' comments aside) joins p. SPK_CODE_EXISTS:
 * a name that p has already; SPK_CODE_LIMIT: too many. */
SPK_MUST_USE spk_err ctl_draft_add(struct spk_policy *p, struct spk_span lines);
/** Take out the officer called NAME ("officer/NAME"). SPK_CODE_NOTFOUND: there is none. */
SPK_MUST_USE spk_err ctl_draft_drop(struct spk_policy *p, const char *name);
/** What makes p no policy, as a translated sentence; NULL when it is one. */
const char *ctl_draft_trouble(const struct spk_policy *p);
/** 90, 90s, 15m, 12h, 30d. */
SPK_MUST_USE spk_err ctl_duration_parse(const char *text, uint64_t *ret_seconds);
/** "2 days", "90 s" for people; ret holds 32 bytes. Returns ret. */
char *ctl_duration(uint64_t seconds, char ret[32]);

#endif
