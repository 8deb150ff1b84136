/* SPDX-License-Identifier: Apache-2.0 */
/* Notes as people read them: policies and authority statements, and who has signed. */
#ifndef SPK_CTL_NOTES_H
#define SPK_CTL_NOTES_H

#include <stdio.h>

#include "client/pin.h"
#include "ctl/ctl.h"
#include "ctl/older.h"

struct ctl_note { /* a note in a file */
    struct spk_buf raw;
    struct spk_note note; /* borrows raw */
};
#define CTL_AUTO_NOTE __attribute__((cleanup(ctl_note_clear)))
void ctl_note_clear(struct ctl_note *n);
/** Read and parse; unsigned ones are taken. TERM_GO_ON, or the status to end with (told). */
int ctl_note_read(const char *path, struct ctl_note *ret_n);
bool ctl_note_is(const struct ctl_note *n, const char *kind);

/** The policy in n, whoever has signed it. Tells what is wrong. */
int ctl_note_policy(const struct ctl_note *n, const char *path, struct spk_policy *ret_p);

/** What a policy says, in lines of "key  value". */
void ctl_policy_print(FILE *to, const struct spk_policy *p);
/** What the policies before p ask for, as far as they are known here: prev (or NULL), and the
 * pinned chain that p continues. Opens the desk when it is not open. */
int ctl_policy_older(struct ctl_desk *d, const struct spk_policy *p, const struct spk_policy *prev,
                     struct ctl_older *ret_o);
/** What p does not loosen for deposits of before; nothing when it is not looser. */
void ctl_older_print(FILE *to, const struct ctl_older *o, const struct spk_policy *p);
/** TERM_FAILED, with words, when deposits of before could never come back under p, or a veto of
 * them never be overridden although p says so, unless that is accepted. */
int ctl_older_judge(const char *path, const struct ctl_older *o, const struct spk_policy *p,
                    bool accepted);
/** Each officer of p, and whether his signature stands under n; n NULL: without that. False when
 * one stands there that does not hold. */
bool ctl_signers_print(FILE *to, const struct spk_policy *p, const struct spk_note *n);
/** What an authority statement says. */
void ctl_statement_print(FILE *to, const struct spk_authority *a);

/** Of a pinned authority's chain: the policy whose text has this hash. SPK_CODE_NOTFOUND. */
SPK_MUST_USE spk_err ctl_pin_policy(const struct spk_pin *pin, const struct spk_hash *hash,
                                    struct spk_policy *ret_p);
/** The pinned authority whose chain has a policy of this hash, as the folder has it (no network).
 * TERM_GO_ON with d->pin set, or NULL when there is none. */
int ctl_desk_pin_of(struct ctl_desk *d, const struct spk_hash *policy);

#endif
