/* SPDX-License-Identifier: Apache-2.0 */
/* What the parts of libsparekey's face share. */
#ifndef SPK_CLIENT_LIBRARY_H
#define SPK_CLIENT_LIBRARY_H

#include "client/encrypt.h"
#include "sparekey/keys.h"

struct sparekey {
    struct spk_session *session;
    sparekey_ask_fn ask;
    void *ask_ctx;
    char peer[SPK_PIN_NAME_MAX + 1];
};

/** The number of a result; errno is set where it says what. */
int sparekey_result(spk_err e);
/** Of several authorities the first that said no; o NULL: none. */
void sparekey_note_peer(struct sparekey *s, const struct spk_encrypt_outcome *o);

#endif
