/* SPDX-License-Identifier: Apache-2.0 */
/* Pairs that only CryptoAPI programs use, where they find them: RSA pairs of other sizes than
 * Sparekey's own beside the container, DSS and Diffie-Hellman pairs in the containers of their
 * providers (doc/spec/key-container.md, "Beside the container"). */
#ifndef SPK_CLIENT_BESIDE_H
#define SPK_CLIENT_BESIDE_H

#include "client/session.h"
#include "crypto/keyder.h"

/** Of the container that the session is for. SPK_CODE_NOKEY: there is none.
 * @param ff  A pair of DSS (AT_SIGNATURE) or Diffie-Hellman (AT_KEYEXCHANGE). */
SPK_MUST_USE spk_err spk_beside_get(struct spk_session *s, enum spk_key_spec spec, bool ff,
                                    struct spk_keyder *ret_k);
/** The container is made where it is missing; a program may use the pair, and not export it.
 * SPK_CODE_EXISTS: one is there, and is not to be replaced, or is Sparekey's own, which never is;
 * SPK_CODE_PASS: the container is under a passphrase, which could not protect the pair. */
SPK_MUST_USE spk_err spk_beside_put(struct spk_session *s, enum spk_key_spec spec,
                                    const struct spk_keyder *k, bool replace,
                                    struct spk_container **ret_c);

#endif
