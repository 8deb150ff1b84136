/* SPDX-License-Identifier: Apache-2.0 */
/* The files of a recovery: what is asked for before, repaired and decrypted after. Each file is
 * dealt with by itself: one that cannot be helped is named, and the others go on. */
#ifndef SPK_CLI_RECOVER_FILES_H
#define SPK_CLI_RECOVER_FILES_H

#include "client/recover.h"
#include "term/term.h"

struct recover_opts {
    bool all, decrypt, wait, passphrase, keys_only, same_keys, abandon, replace_keys;
    char *out, *authority, *owner;
    struct term_many serials;
    const char *reason, *contact;
    unsigned bits; /* of the new keys */
};
enum recover_file_state {
    RECOVER_ASK,  /* its key has to come from the authority */
    RECOVER_HERE, /* its key is here: ours, or one that came back before */
    RECOVER_LOST  /* cannot be read, or nothing tells its serial number */
};
struct recover_file {
    const char *path;
    enum recover_file_state state;
    spk_err why;  /* what is wrong with its core, or with reading it */
    bool known;   /* its serial number, that is */
    bool claimed; /* it carries a record, which names the owner */
    bool torn;    /* nothing of its slots can be read */
    bool asked;   /* it is among those that the request is for */
    bool alone;   /* sealed without an authority: nobody else has its key */
    struct spk_file_id id;
    struct spk_hash owner;
};
enum recover_pass {                     /* what came of asking for a passphrase */
                    RECOVER_PASS_ASK,   /* not asked yet */
                    RECOVER_PASS_GIVEN, /* right or wrong */
                    RECOVER_PASS_NONE,  /* nobody was there to ask */
                    RECOVER_PASS_LOST,
                    RECOVER_PASS_WRONG
};
struct recover_job {
    const struct recover_opts *o;
    const struct term *c;
    struct spk_session *s;
    struct spk_pin *pin;
    char **paths;
    struct recover_file *files; /* n of them, once recover_look() was there */
    int n;
    unsigned left_out; /* files that the request goes without */
    struct spk_buf serials;
    uint64_t keys, refused;
    enum recover_pass old_pass;     /* of the key containers that were here before */
    enum recover_pass new_pass;     /* of the pairs that the request is for */
    bool new_pairs;                 /* they came with this run */
    const struct spk_pending *from; /* what brought the keys; NULL: an earlier recovery */
};

/* -- recover_files.c: before the request -- */

/** Which authority to ask: the named one, the only one, or the first pinned one that the first file
 * names. TERM_GO_ON or a status. */
int recover_authority(struct recover_job *job);
/** Read what the files say of themselves. */
SPK_MUST_USE spk_err recover_look(struct recover_job *job);
/** Find out whose key is here. A file whose core is damaged is repaired on the spot if its is. */
void recover_find_here(struct recover_job *job);
/** How many files have this state. */
int recover_count(const struct recover_job *job, enum recover_file_state state);
/** Our key, or one that came back before, opens it. */
bool recover_opens(const struct recover_job *job, const char *path);
/** It has a slot for the present key exchange key, which may be locked. */
bool recover_is_for_present(const struct recover_job *job, const char *path);
/** Nobody but its owner ever had this file's key. Says so, and returns the status. */
int recover_say_alone(const struct recover_file *f);
/** Owner and serial numbers for a request from files and options. */
int recover_prepare(struct term *c, struct recover_job *job, struct spk_pending_spec *spec);
/** Files may carry a record of their deposit, which then need not be there: sent before the
 * request.
 */
int recover_send_records(struct recover_job *job);

/* -- recover_wish.c: what is asked for, and what is there already -- */

/** Does the request that is under way do what is asked for now? Says so when it does not. */
int recover_covered(const struct recover_job *job, const struct spk_pending *p);
/** The same command again, after its recovery has ended: what came back is under the present keys.
 * Then, --replace-keys or not, their passphrase is asked for; who has lost it goes on. */
bool recover_has_ended(struct recover_job *job);
/** It was not given. Returns the status. */
int recover_say_ended(const struct recover_job *job);
/** New keys replace those that are here: is that wanted? */
int recover_may_replace(const struct recover_job *job);
/** A file whose serial number is not to be had or not to be believed: how to get its key. */
void recover_hint_all(const struct recover_job *job);
/** What a request is for, in words; borrowed until the next call. */
const char *recover_what(const struct spk_pending *p);
/** The same, with those of the named files that it is for. */
void recover_tell_asked(const struct recover_job *job, const struct spk_pending *p);

/* -- recover_pass.c -- */

/** Passphrases, as spk_pass_fn; ctx = struct recover_job *. An empty answer says that it is lost;
 * one that is lost or was wrong is not asked for again. */
spk_err recover_ask_old(void *ctx, const char *container, unsigned wrong,
                        struct spk_secret **ret_pass);
spk_err recover_ask_new(void *ctx, const char *container, unsigned wrong,
                        struct spk_secret **ret_pass);
/** The request cannot go on without the passphrase of its new pairs: say so. Returns the status. */
int recover_say_no_pass(const struct recover_job *job);
/** Are there key pairs here that stay locked? */
bool recover_locked_out(const struct recover_job *job);

/* -- recover_abandon.c -- */

/** Give up what spk_pending_load() gave, and tell what is left of it at the authority. */
int recover_abandon(const struct term *c, struct recover_job *job, struct spk_pending *p,
                    spk_err e);

/* -- recover_repair.c: afterwards -- */

/** Repair the files, decrypt them if wanted; the last words of the command. */
int recover_repair(struct term *c, struct recover_job *job);
/** Repair those whose key is here, while others have to wait. */
int recover_repair_here(struct term *c, struct recover_job *job);

#endif
