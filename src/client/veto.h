/* SPDX-License-Identifier: Apache-2.0 */
/* Requests that concern the owner, and stopping one. */
#ifndef SPK_CLIENT_VETO_H
#define SPK_CLIENT_VETO_H

#include "client/session.h"

/** Each request of GET /v1/requests, newest first, logged in as the owner. */
SPK_MUST_USE spk_err spk_requests_each(struct spk_session *s, struct spk_pin *pin,
                                       spk_api_row_fn fn, void *ctx);
/** By the present signature key. *ret_state (malloc'ed) is what the authority says it is now. */
SPK_MUST_USE spk_err spk_veto_by_key(struct spk_session *s, struct spk_pin *pin,
                                     const struct spk_hash *request, char **ret_state);
/** By the printed code: needs no key and no login. */
SPK_MUST_USE spk_err spk_veto_by_code(struct spk_session *s, struct spk_pin *pin,
                                      const struct spk_hash *owner, const struct spk_hash *request,
                                      const struct spk_secret *code, char **ret_state);

#endif
