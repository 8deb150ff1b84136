/* SPDX-License-Identifier: Apache-2.0 */
/* HTTP around a witness: one question at a time. */
#ifndef SPK_WITNESS_SERVE_H
#define SPK_WITNESS_SERVE_H

#include "witness/witness.h"

struct spk_serve;
/** listen: "127.0.0.1:8090", "[::1]:0". The witness is borrowed. */
SPK_MUST_USE spk_err spk_serve_start(struct spk_witness *w, const char *listen,
                                     struct spk_serve **ret_s, unsigned *ret_port);
void spk_serve_free(struct spk_serve *s);
SPK_DEFINE_AUTO(spk_serve)

#endif
