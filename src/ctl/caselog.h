/* SPDX-License-Identifier: Apache-2.0 */
/* The log entries of a request, looked up in the log itself (doc/spec/officer-identity.md §4). */
#ifndef SPK_CTL_CASELOG_H
#define SPK_CTL_CASELOG_H

#include "client/api.h"
#include "ctl/case.h"

/** Mark each of c->entries: what stands there under a checkpoint that the log's pinned key has
 * signed, and is about this request, is verified; else its fault says what is wrong. Where no key
 * is pinned they stay claimed. A log that cannot be read is no error, but a fault of each. */
SPK_MUST_USE spk_err ctl_case_look_up(struct ctl_case *c, struct spk_api *api);

#endif
