/* SPDX-License-Identifier: Apache-2.0 */
/* The frame of sparekeyctl: what operators and recovery officers type.  Its subcommands are two
 * words, "officer new"; manners and exit statuses are those of sparekey (term/term.h). */
#ifndef SPK_CTL_CTL_H
#define SPK_CTL_CTL_H

#include "client/enrol.h"
#include "ctl/identity.h"
#include "term/term.h"

int ctl_officer_new(struct term *c, int argc, char **argv);
int ctl_officer_show(struct term *c, int argc, char **argv);
int ctl_officer_join(struct term *c, int argc, char **argv);
int ctl_policy_new(struct term *c, int argc, char **argv);
int ctl_policy_sign(struct term *c, int argc, char **argv);
int ctl_policy_check(struct term *c, int argc, char **argv);
int ctl_policy_simulate(struct term *c, int argc, char **argv);
int ctl_policy_publish(struct term *c, int argc, char **argv);
int ctl_init(struct term *c, int argc, char **argv);
int ctl_start(struct term *c, int argc, char **argv);
int ctl_address(struct term *c, int argc, char **argv);
int ctl_token_new(struct term *c, int argc, char **argv);
int ctl_owner_list(struct term *c, int argc, char **argv);
int ctl_events(struct term *c, int argc, char **argv);
int ctl_owner_find(struct term *c, int argc, char **argv);
int ctl_store_check(struct term *c, int argc, char **argv);
int ctl_backup_cmd(struct term *c, int argc, char **argv);
int ctl_restore_cmd(struct term *c, int argc, char **argv);
int ctl_drill(struct term *c, int argc, char **argv);
int ctl_log_fsck(struct term *c, int argc, char **argv);
int ctl_log_export_cmd(struct term *c, int argc, char **argv);
int ctl_log_adopt_cmd(struct term *c, int argc, char **argv);
int ctl_log_rebuild_cmd(struct term *c, int argc, char **argv);
int ctl_enrolment_list(struct term *c, int argc, char **argv);
int ctl_enrolment_approve(struct term *c, int argc, char **argv);
int ctl_enrolment_deny(struct term *c, int argc, char **argv);
int ctl_request_list(struct term *c, int argc, char **argv);
int ctl_request_show(struct term *c, int argc, char **argv);
int ctl_request_approve(struct term *c, int argc, char **argv);
int ctl_request_deny(struct term *c, int argc, char **argv);
int ctl_key_copy(struct term *c, int argc, char **argv);
int ctl_key_share(struct term *c, int argc, char **argv);
int ctl_key_restore(struct term *c, int argc, char **argv);
int ctl_key_rotate(struct term *c, int argc, char **argv);
int ctl_key_publish(struct term *c, int argc, char **argv);

/* -- desk.c: an officer's own folder, $XDG_CONFIG_HOME/sparekey/officer -- */
struct ctl_desk {
    char *dir;
    struct spk_identity *me; /* NULL until ctl_desk_identity() */
    struct spk_pin *pin;     /* NULL until ctl_desk_pin() */
    struct spk_api *api;     /* NULL until ctl_desk_api() */
    struct spk_trouble trouble;
};
void ctl_desk_clear(struct ctl_desk *d);
#define CTL_AUTO_DESK __attribute__((cleanup(ctl_desk_clear)))
/** The folder, made when missing. These return TERM_GO_ON, or the status to end with (told). */
int ctl_desk_open(struct ctl_desk *d);
/** The identity in file `as`, or the only one in the folder; unlocked when want_keys. */
int ctl_desk_identity(struct term *c, struct ctl_desk *d, const char *as, bool want_keys);
/** The pinned authority of that name, or the only one; its policy chain brought up to date. */
int ctl_desk_pin(struct ctl_desk *d, const char *name);
/** A connection on which every call is signed by the identity. Needs both of the above. */
int ctl_desk_api(struct ctl_desk *d);
/** The common way in: open, identity with keys, pin, connection. */
int ctl_desk_ready(struct term *c, struct ctl_desk *d, const char *as, const char *authority);

#define CTL_LIST_TEXT_MAX ((size_t)1 << 30) /* of a list as JSON */
/** One entry of a list. TERM_GO_ON, or the status to end with. */
typedef int (*ctl_entry_fn)(void *ctx, const struct spk_json *entry);
/** Every entry of a list of the authority, page by page. TERM_GO_ON, or told. */
int ctl_desk_list(struct ctl_desk *d, const char *path, const char *member, ctl_entry_fn fn,
                  void *ctx);

/* Who acts, and towards whom. */
struct ctl_who {
    char *as;
    char *authority;
};
#define CTL_WHO_OPTS(w)                                                                            \
    {"as", 0, TERM_TEXT, &(w).as, "NAME", N_("the identity that you act as")},                     \
    {                                                                                              \
        "authority", 0, TERM_TEXT, &(w).authority, "NAME",                                         \
            N_("the authority, when you have joined several")                                      \
    }

/** Read a whole text file, bounded; tells what is wrong. */
int ctl_read_file(const char *path, struct spk_buf *b);

#endif
