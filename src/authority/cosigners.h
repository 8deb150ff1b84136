/* SPDX-License-Identifier: Apache-2.0 */
/* Witnesses are asked to sign the newest checkpoints, by a thread of its own: no deposit waits for
 * them (doc/spec/witness.md). */
#ifndef SPK_AUTHORITY_COSIGNERS_H
#define SPK_AUTHORITY_COSIGNERS_H

#include "authority/link.h"
#include "authority/logs.h"
#include "translog/cosign.h"

#define SPK_COSIGNERS_MAX 8

struct spk_cosigner { /* a line of the configuration, "URL VKEY" */
    char *url;        /* with /add-checkpoint at its end */
    struct spk_vkey key;
};
/** SPK_CODE_FORMAT: not such a line, or neither http nor https; SPK_CODE_EXISTS: a key twice. */
SPK_MUST_USE spk_err spk_cosigners_parse(char *const *lines,
                                         struct spk_cosigner ret_c[SPK_COSIGNERS_MAX],
                                         size_t *ret_n);
void spk_cosigners_clear(struct spk_cosigner *c, size_t n);

struct spk_cosigners;
/** logs: SPK_LOG_IDS of them. All of it is borrowed. */
SPK_MUST_USE spk_err spk_cosigners_start(const struct spk_cosigner *c, size_t n,
                                         struct spk_logbook *const *logs,
                                         struct spk_cosigners **ret_c);
void spk_cosigners_free(struct spk_cosigners *c);
SPK_DEFINE_AUTO(spk_cosigners)
/** The checkpoint to show: the newest that witnesses have signed; the newest of all when there is
 * none, or when they have been silent for a while. c may be NULL. */
void spk_cosigners_newest(struct spk_cosigners *c, struct spk_logbook *l, enum spk_log_id log,
                          struct spk_signed *ret_s);

#endif
