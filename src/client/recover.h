/* SPDX-License-Identifier: Apache-2.0 */
/* Getting session keys back: the talk with the authority about a pending request, and what follows
 * when it is approved. */
#ifndef SPK_CLIENT_RECOVER_H
#define SPK_CLIENT_RECOVER_H

#include "client/pending.h"
#include "client/recovered.h"
#include "sealed/header.h"

enum spk_recover_state {
    SPK_RECOVER_UNKNOWN, /* the authority does not (or no longer) know the request */
    SPK_RECOVER_OPEN,
    SPK_RECOVER_WAITING, /* for the waiting time to end */
    SPK_RECOVER_CONFIRM, /* for the officers to confirm after it */
    SPK_RECOVER_APPROVED,
    SPK_RECOVER_DENIED,
    SPK_RECOVER_VETOED,
    SPK_RECOVER_EXPIRED,
    SPK_RECOVER_DONE
};
const char *spk_recover_state_name(enum spk_recover_state s);
struct spk_recover_status {
    enum spk_recover_state state;
    uint64_t persons, needed, due, expires;
};

/** File the record that a sealed file carries, as a deposit of its owner. Harmless when the deposit
 * is there. SPK_CODE_NOTFOUND: the file has no record for this authority. */
SPK_MUST_USE spk_err spk_recover_file_record(const struct spk_pin *pin,
                                             const struct spk_slots *slots, struct spk_trouble *t);
/** The owner id and serial number that a file's record for this authority names; claims.
 * SPK_CODE_NOTFOUND: it has no such record. */
SPK_MUST_USE spk_err spk_recover_claims(const struct spk_pin *pin, const struct spk_slots *slots,
                                        struct spk_hash *ret_owner, struct spk_file_id *ret_id);
/** The index under which an authority has accepted the file's deposit. */
SPK_MUST_USE spk_err spk_recover_index(const struct spk_pin *pin, const struct spk_slots *slots,
                                       uint64_t *ret_index);

/** Send the request; its answer must be its hash. */
SPK_MUST_USE spk_err spk_recover_submit(struct spk_pending *p);
SPK_MUST_USE spk_err spk_recover_poll(struct spk_pending *p, struct spk_recover_status *ret_st);
/** Fetch every released key and keep it; how many came, and how many deposits were refused (their
 * indices are in p->refused then). A key that was not asked for, is not of this authority or does
 * not hold is counted in p->unfit, and keeps no other away. */
SPK_MUST_USE spk_err spk_recover_fetch(struct spk_session *s, struct spk_pending *p,
                                       uint64_t *ret_keys, uint64_t *ret_refused);
/** The successor statement: signed by the pinned holder, for this owner and these keys; kept with
 * the pin. Then the new pairs become the container, the old file is kept aside under another name
 * (*ret_old, may be NULL when there was none), and the request is put away. */
SPK_MUST_USE spk_err spk_recover_finish(struct spk_session *s, struct spk_pending *p,
                                        char **ret_old);
/** What one answer brings, for tests. */
SPK_MUST_USE spk_err spk_recover_take_page(struct spk_session *s, struct spk_pending *p,
                                           const struct spk_json *j, uint64_t *keys,
                                           uint64_t *refused);

struct spk_repair {
    bool header_rebuilt; /* core or both areas were damaged */
    struct spk_file_id id;
};
/** Give a file a slot for the present key exchange key, from what was recovered. SPK_CODE_NOTFOUND:
 * its key is not among it. */
SPK_MUST_USE spk_err spk_repair_file(struct spk_session *s, const char *path,
                                     struct spk_repair *ret_r);

/** Has a recovery of this owner, signed by the authority and kept here, led to this signature key?
 */
bool spk_recover_led_to(const struct spk_pin *pin, const struct spk_hash *owner,
                        const struct spk_rsa *sign);

#endif
