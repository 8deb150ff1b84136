/* SPDX-License-Identifier: Apache-2.0 */
/* One file being sealed: its key, its slots, and its deposits.
 *
 *     spk_sealing_begin()      key, slots and one parcel an authority
 *     spk_send()               the deposits
 *     spk_sealing_settle()     did enough of them succeed? keeps the rest in the spool if wanted
 *     spk_seal_run()           writes the file (before or after the deposits)
 *     commit                   only now the file gets its name */
#ifndef SPK_CLIENT_SEALING_H
#define SPK_CLIENT_SEALING_H

#include "client/parcel.h"
#include "sealed/metadata.h"
#include "sealed/seal.h"

struct spk_sealing {
    struct spk_seal *seal;
    size_t n;
    struct spk_parcel parcels[SPK_AUTHORITIES_MAX];
};
struct spk_sealing_opts {
    uint64_t size;                   /* UINT64_MAX when not known */
    const struct spk_metadata *meta; /* NULL: none is kept */
    const char *description;         /* goes to the authority in clear; may be "" */
    const struct spk_seal_opts *seal;
};
/** keyx: the owner's key exchange key (public half is enough). Without deposits (policy off) there
 * are no parcels. SPK_CODE_NOTFOUND: deposits are wanted, but no authority or owner is there. */
SPK_MUST_USE spk_err spk_sealing_begin(const struct spk_profile *p, const struct spk_rsa *keyx,
                                       const struct spk_sealing_opts *o,
                                       struct spk_sealing **ret_s);
void spk_sealing_free(struct spk_sealing *s);
SPK_DEFINE_AUTO(spk_sealing)

/** After sending: puts acceptances into the slots (call spk_seal_rewrite_areas() when the file is
 * written already). With policy spool, failed parcels that may succeed later go to the spool under
 * the name that the file will have, durably. Then: enough? else the error of the first that failed.
 */
SPK_MUST_USE spk_err spk_sealing_settle(const struct spk_profile *p, struct spk_sealing *s,
                                        const char *final_path);
/** The file has not got its name, and never will: what settling put into the spool goes again. */
void spk_sealing_take_back(const struct spk_profile *p, struct spk_sealing *s);

#endif
