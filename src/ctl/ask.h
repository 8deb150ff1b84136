/* SPDX-License-Identifier: Apache-2.0 */
/* What officers are asked: the passphrase of their identity, and codes that somebody reads out.
 * Both come from --passphrase-fd when that is given, the passphrase first, a line each. */
#ifndef SPK_CTL_ASK_H
#define SPK_CTL_ASK_H

#include "ctl/ctl.h"

struct ctl_code {
    const char *given;    /* by --code; NULL: it is asked for */
    const char *question; /* ends with ": " */
    const char *missing;  /* what was not done when nobody types one */
    const char *wrong;    /* what it means when none of the answers fits */
    const char *wrong_hint;
    bool (*fits)(const void *ctx, struct spk_span typed);
    const void *ctx;
};
/** TERM_GO_ON when a code fits. At a terminal a wrong one is told at once, and asked for again. */
int ctl_ask_code(const struct term *c, const struct ctl_code *k);
/** Take the keys of an identity that stands under a passphrase; raw as of spk_identity_load(). */
SPK_MUST_USE spk_err ctl_unlock(const struct term *c, struct spk_identity *me, struct spk_span raw);

#endif
