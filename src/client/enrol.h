/* SPDX-License-Identifier: Apache-2.0 */
/* First contact with an authority, and what may change afterwards. */
#ifndef SPK_CLIENT_ENROL_H
#define SPK_CLIENT_ENROL_H

#include "client/session.h"

/** Fetch and check the chain of statements and policies of a server that is not pinned yet. The
 * caller must then establish that one of the statements is the right one. The server must show the
 * TLS key that the newest statement names: SPK_CODE_TLS else. */
SPK_MUST_USE spk_err spk_enrol_fetch(const char *url, struct spk_trouble *t,
                                     struct spk_pin **ret_pin);
/** True when a statement of the chain has this hash. */
bool spk_enrol_has_hash(const struct spk_pin *pin, const struct spk_hash *hash);
/** True when a typed code is the fingerprint of one. */
bool spk_enrol_has_code(const struct spk_pin *pin, struct spk_span typed);

/** Register the owner: the record signed by the signature key, and the token (may be NULL). Sets
 * pin->state. */
SPK_MUST_USE spk_err spk_enrol_register(struct spk_session *s, struct spk_pin *pin,
                                        const char *token_or_null);
/** Fetch the chain of a pinned authority and check that it continues what is pinned: a new key or
 * TLS key only with the signatures of the officers' quorum. url NULL: the pinned one. When the
 * server's TLS key has changed the chain is fetched without a pin, and must name the new key.
 * *ret_changed tells whether anything is new; the caller saves *ret_pin. */
SPK_MUST_USE spk_err spk_enrol_update(const struct spk_pin *old, const char *url,
                                      struct spk_trouble *t, bool *ret_changed,
                                      struct spk_pin **ret_pin);

#endif
