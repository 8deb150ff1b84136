/* SPDX-License-Identifier: Apache-2.0 */
/* Fetching a request, for the commands that show it and those that decide about it. */
#ifndef SPK_CTL_REQUEST_H
#define SPK_CTL_REQUEST_H

#include "ctl/case.h"
#include "ctl/ctl.h"

/** The hash of a request from its hex digits, or from the first six or more of one that is there.
 * TERM_GO_ON, or told. */
int ctl_request_find(struct ctl_desk *d, const char *name, struct spk_hash *ret_hash);
/** Everything about it, checked. TERM_GO_ON also when something does not hold: then (*ret_c)->fault
 * says what. */
int ctl_request_fetch(struct ctl_desk *d, const struct spk_hash *hash, struct ctl_case **ret_c);
/** Tell that it does not hold; gives TERM_FAILED. */
int ctl_request_refuse(const struct ctl_case *c);

#endif
