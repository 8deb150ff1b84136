/* SPDX-License-Identifier: Apache-2.0 */
/* An authority with officers, an owner with deposits, and a thief: what the tests of the holder
 * play with. */
#ifndef SPK_TEST_HOLDER_WORLD_H
#define SPK_TEST_HOLDER_WORLD_H

#include "spk_test.h"

#include "base/secret.h"
#include "holder/folder.h"
#include "keyblob/wrap.h"
#include "translog/merkle.h"
#include "wire/deposit.h"

#define WORLD_OFFICERS 5
#define WORLD_DEPOSITS 5

enum { ALICE, BOB, CAROL, CAROL2, DAVE }; /* officers; CAROL2 is a second key of the person carol */

struct person {
    struct spk_rsa *keyx, *sign;
    struct spk_secret *veto;
    struct spk_buf enrol;
    struct spk_hash owner;
};
struct dep {
    struct spk_secret *key;
    uint64_t index;
    struct spk_deposit d;
    uint8_t rpub[SPK_RPUB_LEN];
    struct spk_buf rpriv, blob, sealed; /* sealed: slot-5 tail */
    struct spk_hash oc;
};
struct ask_ {
    struct spk_buf record, sig_sign, sig_keyx;
    struct spk_hash hash;
    struct spk_request req; /* keys borrowed from the world */
    uint64_t count;
    struct spk_hash root;
    struct spk_span policies; /* as in POLICIES; empty: not sent */
    struct spk_span last;     /* as in LAST; empty: not sent */
};
struct world {
    struct spk_secret *officer[WORLD_OFFICERS], *seal[WORLD_OFFICERS];
    struct spk_policy policy; /* today's */
    struct spk_buf genesis;
    struct person owner, thief;
    struct spk_rsa *new_keyx, *new_sign;
    struct spk_keys *keys; /* a second copy of what is in the folder */
    char *dir;
    int dirfd;
    struct spk_holder *h;
    int sock; /* to a holder that is another process, or -1 */
    struct spk_hsession s;
    const char *log;                /* the recoveries log that votes name; NULL: it has not begun */
    struct dep dep[WORLD_DEPOSITS]; /* all of the owner's */
    struct ask_ ask;                /* the owner's request for all of them */
    struct spk_buf reply;
    struct spk_attrs out; /* of the last answer */
    bool ended;           /* the last message ended the session */
};
typedef void world_tune(struct spk_policy *p);

/** Folder, keys, policy (tuned), owner with deposits, a request that is not opened yet; the holder
 * runs. */
void world_new(struct world *w, world_tune *tune);
void world_free(struct world *w);
/** The same in a folder that the program has made: connects nothing, reads the keys. */
void world_people(struct world *w, world_tune *tune);
void world_start(struct world *w);
void world_stop(struct world *w);
/** Wall and running time go on. */
void world_pass(uint64_t wall_s, uint64_t running_s);

void dep_make(struct world *w, struct dep *d, uint64_t index, const struct spk_hash *owner,
              unsigned flags, uint32_t policy);
void dep_free(struct dep *d);
/** OC and rpub bytes anew after d->d was changed. */
void dep_seal(struct dep *d);
void scope_root(const struct dep *deps, size_t n, struct spk_hash *ret_root);
void scope_path(const struct dep *deps, size_t n, size_t i, struct spk_buf *path);

/** Another request of the same owner. mutate may change the record before it is signed. */
void ask_make(struct world *w, struct ask_ *a, void (*mutate)(struct spk_request *r));
void ask_free(struct ask_ *a);

/* Messages; each gives the status. */
struct msg {
    struct spk_attrs l;
    size_t n;
    uint8_t ints[8][8];
};
void msg_add(struct msg *m, uint16_t type, struct spk_span v);
void msg_u64(struct msg *m, uint16_t type, uint64_t v);
unsigned world_send(struct world *w, uint16_t type, struct msg *m);
/** A whole packet; bytes of a frame without reply: 999. */
unsigned world_raw(struct world *w, struct spk_span packet);

unsigned say_hello(struct world *w);
unsigned say_open(struct world *w, const struct ask_ *a);
typedef void vote_mutate(struct spk_approval *a);
void vote_note(struct world *w, const struct ask_ *a, int officer, bool approve,
               vote_mutate *mutate, struct spk_buf *note);
unsigned say_vote(struct world *w, const struct ask_ *a, int officer, bool approve,
                  vote_mutate *mutate);
void msg_deposit(struct msg *m, const struct dep *d);
void msg_release(struct msg *m, const struct ask_ *a, const struct dep *d, uint64_t position,
                 struct spk_span path);
/** RELEASE of dep[i] as one of WORLD_DEPOSITS. */
unsigned say_release(struct world *w, const struct ask_ *a, size_t i);
unsigned say_successor(struct world *w, const struct ask_ *a, const struct person *p);
unsigned say_veto_code(struct world *w, const struct ask_ *a, const struct person *p);
unsigned say_veto_key(struct world *w, const struct ask_ *a, const struct person *p,
                      const struct spk_rsa *key);
/** State of the request, or 0 when refused. */
unsigned say_state(struct world *w, const struct ask_ *a);
uint64_t out_u64(const struct world *w, uint16_t type);
/** Policy number + 1 with changes, signed by the officers of the bit mask. */
unsigned say_policy(struct world *w, world_tune *tune, unsigned officers);
void policy_note(struct world *w, const struct spk_policy *p, unsigned officers,
                 struct spk_buf *note);
/** The BLOB of the last answer opens, with key, to the deposit's session key. */
void assert_key_came(const struct world *w, const struct dep *d, const struct spk_rsa *key);

#endif
