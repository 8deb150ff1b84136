/* SPDX-License-Identifier: Apache-2.0 */
/* The spool: deposits that could not be made yet, one durable file each
 * (doc/spec/client-files.md, "Spool"). */
#ifndef SPK_CLIENT_SPOOL_H
#define SPK_CLIENT_SPOOL_H

#include "client/parcel.h"
#include "client/session.h"

#define SPK_SPOOL_ENTRIES_MAX 100000
#define SPK_SPOOL_NAME_MAX 80

struct spk_spool_entry {
    struct spk_parcel parcel; /* .pin stays NULL: the authority may be unknown here by now */
    struct spk_buf path;      /* the sealed file as it was named then, any bytes */
    uint64_t time;            /* when it was spooled, unix seconds */
};
void spk_spool_entry_clear(struct spk_spool_entry *e);
SPK_MUST_USE spk_err spk_spool_entry_build(const struct spk_spool_entry *e, struct spk_buf *out);
SPK_MUST_USE spk_err spk_spool_entry_parse(struct spk_span bytes, struct spk_spool_entry *ret_e);

/** SERIAL-KEY-EPOCH: what an entry, and all that is kept of its deposit, is named by. */
void spk_spool_name(const struct spk_rpub *r, char ret_name[SPK_SPOOL_NAME_MAX]);
/** Durable when it returns. */
SPK_MUST_USE spk_err spk_spool_put(const struct spk_profile *p, const struct spk_parcel *parcel,
                                   const char *final_path);
/** Names of the entries, in byte order (so by age), as one list of NUL-terminated strings. */
SPK_MUST_USE spk_err spk_spool_list(const struct spk_profile *p, struct spk_buf *names,
                                    size_t *ret_n);
SPK_MUST_USE spk_err spk_spool_read(const struct spk_profile *p, const char *name,
                                    struct spk_trouble *t, struct spk_spool_entry *ret_e);
SPK_MUST_USE spk_err spk_spool_drop(const struct spk_profile *p, const char *name);
/** Its entry goes, if there is one: the file that it was for will not be. */
SPK_MUST_USE spk_err spk_spool_take_back(const struct spk_profile *p,
                                         const struct spk_parcel *parcel);
/** True when a deposit with these R_pub bytes (time aside) waits here. */
bool spk_spool_has(const struct spk_profile *p, const struct spk_rpub *rpub);

/* What the authority said to a deposit whose file could not be opened at the time (moved,
 * read-only): kept here, where verify finds it. */
SPK_MUST_USE spk_err spk_spool_note_accepted(const struct spk_profile *p,
                                             const struct spk_parcel *parcel);
bool spk_spool_was_accepted(const struct spk_profile *p, const struct spk_rpub *rpub,
                            uint64_t *ret_index, uint64_t *ret_time_ms);

/** Put acceptance and receipt into the file's slots, if it carries this very deposit; else they are
 * kept: the receipt beside the file where that can be, all else with our own notes. */
SPK_MUST_USE spk_err spk_spool_settle(struct spk_session *s, const struct spk_spool_entry *e,
                                      bool *ret_folded);

/** Send one entry: what the authority then has must equal it, byte for byte. */
SPK_MUST_USE spk_err spk_spool_send(struct spk_api *api, struct spk_spool_entry *e);

#endif
