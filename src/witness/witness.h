/* SPDX-License-Identifier: Apache-2.0 */
/* A witness: it signs a log's checkpoint only when the tree continues every one that it has signed
 * before, and it has that on disk before it says so (doc/spec/witness.md). */
#ifndef SPK_WITNESS_WITNESS_H
#define SPK_WITNESS_WITNESS_H

#include "base/buf.h"
#include "base/scope.h"
#include "translog/addcheckpoint.h"
#include "translog/cosign.h"

#define SPK_WITNESS_LOGS_MAX 256

struct spk_witness;
/** A new folder's key. Prints nothing; *ret_v is what others are to know.
 * SPK_CODE_EXISTS: there is one, and it stays. */
SPK_MUST_USE spk_err spk_witness_make(const char *dir, const char *name, struct spk_vkey *ret_v);
/** @param logs  NULL-terminated verifier keys of the logs to watch; no origin twice. A key that is
 *               the witness's own, or a state that is damaged or not the log's: an error.
 * @param ret_bad  What it is about: a file or one of the logs. */
SPK_MUST_USE spk_err spk_witness_open(const char *dir, char *const *logs, char **ret_bad,
                                      struct spk_witness **ret_w);
void spk_witness_free(struct spk_witness *w);
SPK_DEFINE_AUTO(spk_witness)
const struct spk_vkey *spk_witness_key(const struct spk_witness *w);

struct spk_witness_answer {
    unsigned status; /* of HTTP */
    const char *type;
    struct spk_buf body;
};
/** One question, answered. Not for two threads at once. */
void spk_witness_ask(struct spk_witness *w, struct spk_span body, uint64_t now,
                     struct spk_witness_answer *ret_a);

#endif
