/* SPDX-License-Identifier: Apache-2.0 */
/* A person's set-up (doc/spec/client-files.md): what stands in $XDG_CONFIG_HOME/sparekey and
 * $XDG_DATA_HOME/sparekey, but for the key containers. */
#ifndef SPK_CLIENT_PROFILE_H
#define SPK_CLIENT_PROFILE_H

#include "client/pin.h"
#include "client/witnesses.h"
#include "crypto/derive.h"

#define SPK_AUTHORITIES_MAX 8
#define SPK_MONITOR_LEN 32

enum spk_deposit_policy {
    SPK_DEPOSIT_REQUIRE, /* no deposit, no file */
    SPK_DEPOSIT_SPOOL,   /* a deposit that cannot be made now is kept and sent later */
    SPK_DEPOSIT_OFF      /* no deposits; loud */
};

struct spk_profile {
    char *config_dir;
    char *data_dir;
    enum spk_deposit_policy deposit_policy;
    uint64_t need;      /* so many authorities must accept a deposit; 0: all */
    uint64_t timeout_s; /* of calls to authorities; 0: default */
    struct spk_witnesses witnesses;
    char *container;
    char *watch_hook; /* a program that is told of alarms; NULL: none */
    bool has_owner;
    struct spk_hash owner;      /* owner id */
    struct spk_buf record;      /* the enrolment record, empty when only its hash is known */
    struct spk_buf record_new;  /* one that names later keys, for authorities joined since; empty */
    struct spk_secret *monitor; /* makes owner tags; may be NULL */
    size_t n_authorities;
    struct spk_pin *authorities[SPK_AUTHORITIES_MAX]; /* by name */
};

/** Load from the folders that the environment names; nothing there gives the defaults.
 * On failure t->file names the file that is wrong. */
SPK_MUST_USE spk_err spk_profile_load(struct spk_trouble *t, struct spk_profile **ret_p);
void spk_profile_free(struct spk_profile *p);
SPK_DEFINE_AUTO(spk_profile)

/** The authority of this name; with NULL the only one there is. SPK_CODE_NOTFOUND, or
 * SPK_CODE_USAGE when there are several and no name was given. */
SPK_MUST_USE spk_err spk_profile_authority(const struct spk_profile *p, const char *name_or_null,
                                           struct spk_pin **ret_pin);
/** The authority that has or had the key with this hash; *ret_a is its statement. */
SPK_MUST_USE spk_err spk_profile_by_key(const struct spk_profile *p, const struct spk_hash *spki,
                                        const struct spk_pin **ret_pin,
                                        const struct spk_authority **ret_a);
/** How many acceptances a file needs; may be more than there are authorities. */
size_t spk_profile_needed(const struct spk_profile *p);

/** The owner id at an authority: its own, else the profile's; NULL when neither is known. */
const struct spk_hash *spk_profile_owner_at(const struct spk_profile *p, const struct spk_pin *pin);
/** Set it, in memory for the pin: it becomes the profile's unless another authority leans on that,
 * which then keeps it. */
SPK_MUST_USE spk_err spk_profile_set_owner_at(struct spk_profile *p, struct spk_pin *pin,
                                              const struct spk_hash *owner);
/** Keep a record of later keys, before anybody is shown it. */
SPK_MUST_USE spk_err spk_profile_set_record_new(struct spk_profile *p, struct spk_span record);
/** Set the owner: the record is written when not empty, else the id alone; then the record of
 * another owner is kept as owner.record.old. */
SPK_MUST_USE spk_err spk_profile_set_owner(struct spk_profile *p, const struct spk_hash *owner,
                                           struct spk_span record);
/** Make the monitoring secret unless there is one. */
SPK_MUST_USE spk_err spk_profile_make_monitor(struct spk_profile *p);
/** The tag by which an owner finds a deposit again; zero without a monitoring secret. */
SPK_MUST_USE spk_err spk_profile_owner_tag(const struct spk_profile *p,
                                           const struct spk_file_id *id, struct spk_hash *ret_tag);
/** Save (new or updated) and take over; one of the same name is replaced in memory. */
SPK_MUST_USE spk_err spk_profile_put_authority(struct spk_profile *p, struct spk_pin **take_pin);
/** config_dir/name or data_dir/name as a new string. */
SPK_MUST_USE spk_err spk_profile_config_path(const struct spk_profile *p, const char *name,
                                             char **ret_path);
SPK_MUST_USE spk_err spk_profile_data_path(const struct spk_profile *p, const char *name,
                                           char **ret_path);

#endif
