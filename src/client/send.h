/* SPDX-License-Identifier: Apache-2.0 */
/* Sending parcels over a connection: one alone as JSON, several as NDJSON in as few calls as the
 * authority's limits allow. */
#ifndef SPK_CLIENT_SEND_H
#define SPK_CLIENT_SEND_H

#include "client/parcel.h"
#include "client/session.h"

/** Every parcel ends in state accepted or failed, in whatever way the sending went. Deposits are
 * idempotent, so a connection that breaks is tried once more. limits may be NULL for one parcel. */
SPK_MUST_USE spk_err spk_send(struct spk_api *api, const struct spk_api_limits *limits,
                              struct spk_parcel **parcels, size_t n);
/** Each parcel to the authority that it is for, whatever the others answer. */
void spk_send_all(struct spk_session *s, struct spk_parcel *parcels, size_t n);

#endif
