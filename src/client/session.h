/* SPDX-License-Identifier: Apache-2.0 */
/* What one run of a program works with: profile, key container, connections. Each is fetched when
 * it is first needed, so that what works offline or without a key does. For one thread. */
#ifndef SPK_CLIENT_SESSION_H
#define SPK_CLIENT_SESSION_H

#include "client/api.h"
#include "client/profile.h"
#include "keystore/container.h"

struct spk_kept; /* client/kept.h */
struct spk_session {
    struct spk_profile *profile;
    struct spk_keystore *keystore;
    struct spk_container *container; /* NULL until it is needed */
    bool unlocked;
    struct spk_kept *kept; /* old containers; NULL until they are needed */
    const char *opened_by; /* which of them opened the last header; NULL: the present container */
    spk_pass_fn ask;
    void *ask_ctx;
    struct spk_api *api[SPK_AUTHORITIES_MAX]; /* logged in, by place in profile->authorities */
    struct spk_trouble trouble;               /* of the last failure */
};
/** Loads the profile. On failure *ret_trouble (may be NULL) says where. ask may be NULL.
 * @param container  Another container than the profile's; NULL for that. */
SPK_MUST_USE spk_err spk_session_open(const char *container, spk_pass_fn ask, void *ask_ctx,
                                      struct spk_trouble *ret_trouble, struct spk_session **ret_s);
void spk_session_free(struct spk_session *s);
SPK_DEFINE_AUTO(spk_session)

/** The same session for another thread, which opens no authority: container and profile are
 * borrowed, and must be neither unlocked nor changed meanwhile. */
struct spk_session spk_session_view(const struct spk_session *s);
void spk_session_view_end(const struct spk_session *s, struct spk_session *v);

/** A key of the container: its public half at least. Borrowed until spk_session_pair() or
 * spk_session_api() is called: take a reference to keep it longer. SPK_CODE_NOKEY: no container, or
 * no such key.
 */
SPK_MUST_USE spk_err spk_session_key(struct spk_session *s, enum spk_key_spec spec,
                                     struct spk_rsa **ret_key);
/** The same as a pair; asks for the passphrase when there is one. */
SPK_MUST_USE spk_err spk_session_pair(struct spk_session *s, enum spk_key_spec spec,
                                      struct spk_rsa **ret_pair);
/** A connection to authority number i, logged in with the signature pair; borrowed. */
SPK_MUST_USE spk_err spk_session_api(struct spk_session *s, size_t i, struct spk_api **ret_api);
/** Which keys sign the logs of an authority that was pinned when it had none: fetched over api,
 * checked, and kept with the pin. Nothing to do when they are known, or when it has no logs. */
SPK_MUST_USE spk_err spk_session_logs(struct spk_session *s, struct spk_pin *pin,
                                      struct spk_api *api);
/** Place of a pinned authority in the profile. */
size_t spk_session_index(const struct spk_session *s, const struct spk_pin *pin);

#endif
