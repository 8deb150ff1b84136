/* SPDX-License-Identifier: Apache-2.0 */
/* A recovery request that is under way, as it stands on disk: the new pairs in a container of their
 * own, and the signed request (doc/spec/client-files.md, "Recovery"). One an authority. Nothing of
 * the person's set-up changes before the request has succeeded. */
#ifndef SPK_CLIENT_PENDING_H
#define SPK_CLIENT_PENDING_H

#include "client/session.h"

#define SPK_PENDING_SERIALS_MAX 65536
#define SPK_PENDING_REFUSED_MAX 65536

struct spk_pending {
    struct spk_pin *pin; /* borrowed from the profile */
    char *dir;
    struct spk_buf record, sig_sign, sig_keyx;
    struct spk_buf serials; /* sorted file_ids, one after the other; empty for "all" */
    bool submitted;
    uint64_t unfit;         /* keys that spk_recover_fetch() got, and that do not hold */
    struct spk_buf refused; /* u64 indices of the deposits that spk_recover_fetch() did not get */
    struct spk_request request; /* parsed from record */
    struct spk_keystore *keystore;
    struct spk_container *container;
    struct spk_api *api;     /* logged in with the new signature pair, once needed */
    struct spk_secret *pass; /* of the new container, once it was set or asked for */
    spk_pass_fn ask;
    void *ask_ctx;
    struct spk_trouble *trouble;
};
void spk_pending_free(struct spk_pending *p);
SPK_DEFINE_AUTO(spk_pending)

struct spk_pending_spec {
    struct spk_hash owner;
    uint64_t kind;           /* 1 give keys back, 2 replace the pairs only */
    struct spk_span serials; /* sorted, distinct; empty: all */
    const char *reason;
    const char *contact; /* may be "" */
    unsigned bits;
    const struct spk_secret *pass;    /* of the new container; may be NULL */
    struct spk_container *take_pairs; /* unlocked: use its pairs instead of new ones; or NULL */
};
/** Whoever works on the request of an authority holds this lock until the descriptor is closed.
 * SPK_CODE_BUSY: another process has it; *ret_pid is its number, 0 when it is not known. */
SPK_MUST_USE spk_err spk_pending_lock(struct spk_session *s, const struct spk_pin *pin,
                                      uint64_t *ret_pid, int *ret_fd);
/** SPK_CODE_NOTFOUND: none is under way at this authority. */
SPK_MUST_USE spk_err spk_pending_load(struct spk_session *s, struct spk_pin *pin,
                                      struct spk_pending **ret_p);
/** Make pairs and request, durably. SPK_CODE_EXISTS: there is one already. */
SPK_MUST_USE spk_err spk_pending_create(struct spk_session *s, struct spk_pin *pin,
                                        const struct spk_pending_spec *spec,
                                        struct spk_pending **ret_p);
/** Note on disk that the authority has it. */
SPK_MUST_USE spk_err spk_pending_set_submitted(struct spk_pending *p);
/** Will it give this serial number back? */
bool spk_pending_covers(const struct spk_pending *p, const struct spk_file_id *id);
/** Throw it away, new pairs included. */
SPK_MUST_USE spk_err spk_pending_drop(struct spk_pending *p);
/** The new pairs; asks for their passphrase when there is one. */
SPK_MUST_USE spk_err spk_pending_pair(struct spk_pending *p, enum spk_key_spec spec,
                                      struct spk_rsa **ret_pair);
/** A connection that is logged in as the requester. */
SPK_MUST_USE spk_err spk_pending_api(struct spk_pending *p, struct spk_api **ret_api);

/* The file in the folder, for tests. */
SPK_MUST_USE spk_err spk_pending_build(const struct spk_pending *p, struct spk_buf *out);
SPK_MUST_USE spk_err spk_pending_parse(struct spk_span bytes, struct spk_pending *p);

#endif
