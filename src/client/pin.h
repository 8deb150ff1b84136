/* SPDX-License-Identifier: Apache-2.0 */
/* A pinned authority: its statements (one for each key epoch or TLS key) and its chain of policies,
 * as they stand in the folder authorities/NAME of the profile (doc/spec/client-files.md,
 * "Authorities").
 *
 * The first statement is pinned by its hash or by a person; everything after it is believed only
 * because a quorum of the officers named in a policy of the chain has signed it. */
#ifndef SPK_CLIENT_PIN_H
#define SPK_CLIENT_PIN_H

#include "base/buf.h"
#include "client/trouble.h"
#include "wire/logs.h"
#include "wire/policy.h"
#include "wire/statement.h"

#define SPK_STATEMENTS_MAX 64
#define SPK_POLICIES_MAX 256
#define SPK_PIN_NAME_MAX 64
#define SPK_PIN_URL_MAX 512

/* Notes as text, oldest first. */
struct spk_chain {
    size_t n_statements, n_policies;
    struct spk_buf statements[SPK_STATEMENTS_MAX];
    struct spk_buf policies[SPK_POLICIES_MAX];
    struct spk_buf logs; /* the logs note (doc/spec/log.md, "The two logs"), or empty */
};
SPK_MUST_USE spk_err spk_chain_new(struct spk_chain **ret_c);
void spk_chain_free(struct spk_chain *c);
SPK_DEFINE_AUTO(spk_chain)
SPK_MUST_USE spk_err spk_chain_add_statement(struct spk_chain *c, struct spk_span note);
SPK_MUST_USE spk_err spk_chain_add_policy(struct spk_chain *c, struct spk_span note);

SPK_MUST_USE spk_err spk_chain_set_logs(struct spk_chain *c, struct spk_span note);

enum spk_pin_state {
    SPK_PIN_PINNED,  /* known, but we are not registered there */
    SPK_PIN_PENDING, /* registered, an officer has to approve it */
    SPK_PIN_ENROLLED
};
struct spk_pin {
    char name[SPK_PIN_NAME_MAX + 1];
    char *dir; /* NULL before it is saved */
    char *url;
    unsigned timeout_s; /* of calls to it; 0: default */
    enum spk_pin_state state;
    bool has_owner; /* an owner id of its own; else it is the profile's */
    struct spk_hash owner;
    struct spk_chain *chain;
    size_t n;                         /* statements */
    struct spk_authority *statements; /* parsed, oldest first */
    struct spk_policy policy;         /* the newest */
    bool has_logs;                    /* which keys sign its logs is known */
    struct spk_logs logs;
};
void spk_pin_free(struct spk_pin *p);
SPK_DEFINE_AUTO(spk_pin)

/** The newest statement. */
const struct spk_authority *spk_pin_now(const struct spk_pin *p);
/** The statement whose key has this hash; NULL when none has. */
const struct spk_authority *spk_pin_by_key(const struct spk_pin *p, const struct spk_hash *spki);

/** Check a chain as a whole and take it over. The first statement is the caller's to trust: it
 * compares spk_pin's statements[].hash. Policies: genesis signed by all it names, each further one
 * with the quorum of the one before. Statement n+1: spk_authority_continues(), and a quorum of a
 * policy of the chain; with what is known already (or NULL), a statement that is not in there
 * needs a quorum of known's newest policy or a later one.
 * The logs note, if there is one, is signed by the holder that a statement names.
 * SPK_CODE_AUTH or SPK_CODE_CHANGED when something does not hold. */
SPK_MUST_USE spk_err spk_pin_make(struct spk_chain **take_chain, const char *url,
                                  const struct spk_pin *known, struct spk_pin **ret_p);
/** True when next continues old: the same statements and policies, and possibly more; the same
 * logs, if both know them. */
bool spk_pin_continues(const struct spk_pin *old, const struct spk_pin *next);
/** Both name keys of logs, and they differ: what never happens by right. */
bool spk_pin_other_logs(const struct spk_pin *old, const struct spk_pin *next);
/** Name, state and owner of a pin that next continues, and its logs if next does not name them. */
SPK_MUST_USE spk_err spk_pin_inherit(struct spk_pin *next, const struct spk_pin *old);
/** The logs note of a pin that has none yet: checked, and kept in its folder.
 * SPK_CODE_CHANGED: the pinned holder has not signed it. */
SPK_MUST_USE spk_err spk_pin_take_logs(struct spk_pin *p, struct spk_span note);

/** Read authorities/NAME. */
SPK_MUST_USE spk_err spk_pin_load(const char *dir, const char *name, struct spk_trouble *t,
                                  struct spk_pin **ret_p);
/** Write it to parent/NAME: a new folder appears whole or not at all; an existing one only gets
 * more notes and a new url, owner and state. Sets p->dir. */
SPK_MUST_USE spk_err spk_pin_save(struct spk_pin *p, const char *parent);
/** The logs note alone, into the folder that is there. */
SPK_MUST_USE spk_err spk_pin_save_logs(const struct spk_pin *p);
/** Letters, digits, '.', '_', '-', not starting with '.'. */
bool spk_pin_name_ok(const char *name);
const char *spk_pin_state_name(enum spk_pin_state s);

#endif
