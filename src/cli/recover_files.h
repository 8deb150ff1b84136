/* SPDX-License-Identifier: Apache-2.0 */
/* The files of a recovery: what is asked for before, repaired and decrypted after. */
#ifndef SPK_CLI_RECOVER_FILES_H
#define SPK_CLI_RECOVER_FILES_H

#include "client/recover.h"
#include "term/term.h"

struct recover_opts {
    bool all, decrypt, wait, passphrase, keys_only, same_keys, abandon;
    char *out, *authority, *owner;
    const char *reason, *contact;
    unsigned bits; /* of the new keys */
};
struct recover_job {
    const struct recover_opts *o;
    struct spk_session *s;
    struct spk_pin *pin;
    char **files;
    int n;
    struct spk_buf serials;
    uint64_t keys, refused;
};

/** Which authority to ask: the named one, the only one, or the first pinned one that the first file
 * names. TERM_GO_ON or a status. */
int recover_authority(struct recover_job *job);
/** True when the keys of all files came back in an earlier recovery, or our key opens them. Files
 * whose header cannot be read are repaired on the spot if that is so. */
bool recover_all_here(const struct recover_job *job);
/** Owner and serial numbers for a request from files and options; files with a record have it sent
 * to the authority first. */
int recover_prepare(struct term *c, struct recover_job *job, struct spk_pending_spec *spec);
/** Repair the files, decrypt them if wanted; the last words of the command. */
int recover_repair(struct term *c, struct recover_job *job);

#endif
