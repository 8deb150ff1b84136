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

/** The enrolment record that names the present keys; borrowed from the profile. SPK_CODE_NOTFOUND:
 * none does, because they came with a recovery. */
SPK_MUST_USE spk_err spk_enrol_record(struct spk_session *s, struct spk_span *ret_record);
/** Make that record, from the one of the former keys; where this is not on the computer, from what
 * an authority has that knows the present keys. It is on disk before this returns.
 * SPK_CODE_NOTFOUND: nobody has it. */
SPK_MUST_USE spk_err spk_enrol_renew(struct spk_session *s, struct spk_span *ret_record);
/** Register the owner: a record that is signed by the present signature key, and the token (may be
 * NULL). Sets pin->state and the owner id there; the caller saves the pin. */
SPK_MUST_USE spk_err spk_enrol_register(struct spk_session *s, struct spk_pin *pin,
                                        struct spk_span record, const char *token_or_null);
/** Log in and ask how the registration stands: pin->state. SPK_CODE_DENIED: the present keys are
 * not the owner's there. */
SPK_MUST_USE spk_err spk_enrol_ask(struct spk_session *s, struct spk_pin *pin);
/** Fetch the chain of a pinned authority and check that it continues what is pinned: a new key or
 * TLS key only with the signatures of the officers' quorum. url NULL: the pinned one. When the
 * server's TLS key has changed the chain is fetched without a pin, and must name the new key.
 * *ret_changed tells whether anything is new; the caller saves *ret_pin. */
SPK_MUST_USE spk_err spk_enrol_update(const struct spk_pin *old, const char *url,
                                      struct spk_trouble *t, bool *ret_changed,
                                      struct spk_pin **ret_pin);

#endif
