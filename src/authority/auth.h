/* SPDX-License-Identifier: Apache-2.0 */
/* Who is asking: the key of a client certificate, the owner it logs in, or an officer's note. */
#ifndef SPK_AUTHORITY_AUTH_H
#define SPK_AUTHORITY_AUTH_H

#include "authority/http.h"

#define SPK_PEER_CERT_MAX ((size_t)8192)
#define SPK_OFFICER_WINDOW 300 /* seconds that an officer's clock may be off */
#define SPK_NONCE_KEPT 700     /* seconds; longer than a note can be valid */

/** Looks at the certificate that this connection stands on, on every request, and copies what is
 * known of the peer to r. */
void spk_auth_peer(struct spk_exchange *r);
/** What the route asks for, as far as it can be told before the body. False: r is answered. */
bool spk_auth_begin(struct spk_exchange *r);
/** The officer's query note of the request, over its body. False: r is answered. */
bool spk_auth_officer(struct spk_exchange *r);

#endif
