/* SPDX-License-Identifier: Apache-2.0 */
/* What the holder remembers, as it follows from its journal (doc/spec/holder-state.md, "Records").
 * A live message and a replay go through the same spk_state_apply(), so the two cannot drift apart.
 */
#ifndef SPK_HOLDER_STATE_H
#define SPK_HOLDER_STATE_H

#include "holder/journal.h"
#include "holder/uselog.h"
#include "policy/decide.h"
#include "translog/nodes.h"
#include "wire/logs.h"

/* Every body starts with u64 wall seconds, u64 running milliseconds. */
enum spk_jrec {
    SPK_JREC_POLICY = 1,    /* note */
    SPK_JREC_OPEN = 2,      /* u64 scope count, scope root 32, request record; read, not written */
    SPK_JREC_VOTE = 3,      /* officer's key 32, approval or denial note */
    SPK_JREC_VETO = 4,      /* request 32, u8 enum spk_veto_how */
    SPK_JREC_RELEASED = 5,  /* request 32, u64 position, u64 index, recipient 32 */
    SPK_JREC_SUCCESSOR = 6, /* successor note */
    SPK_JREC_TICK = 7,      /* - */
    SPK_JREC_FORGET = 8,    /* request 32 */
    SPK_JREC_EPOCH = 9,     /* u32 number, H(SPKI) 32: this pair has been in use */
    SPK_JREC_USE = 10,      /* H(text) 32 of a use.log entry that has been shown */
    SPK_JREC_RESERVED = 11, /* request 32, u64 first position, u64 count: may be released now */
    SPK_JREC_ASKED = 12,    /* u64 scope count, scope root 32, u16 n, n times u32, request record */
    /* how far the logs have come (logstate.h) */
    SPK_JREC_DEPOSITS = 13,      /* u64 size, root 32; read, not written */
    SPK_JREC_RECOVERIES = 14,    /* u64 size, u64 time of the last entry, edge, requests logged */
    SPK_JREC_FIRST = 15,         /* request 32, u64 lowest deposit index of its scope */
    SPK_JREC_DEPOSITS_MARK = 16, /* as 13; the file `logs` is there and at least as far */
};
enum spk_veto_how { SPK_VETO_BY_CODE = 1, SPK_VETO_BY_KEY = 2 };

#define SPK_REQUESTS_MAX 4096
#define SPK_POLICIES_MAX 1024
#define SPK_SCOPE_MAX ((uint64_t)1 << 24) /* deposits of one request */
#define SPK_SUCCESSORS_MAX 65536
#define SPK_FORGET_AFTER ((uint64_t)30 * 86400) /* seconds after a request has expired */

struct spk_hpolicy {
    struct spk_policy p;
    struct spk_buf note;
};
struct spk_hreq {
    struct spk_hash hash, owner, authority, recipient, signer;
    uint64_t kind, asked; /* as in the record */
    enum spk_select select;
    uint32_t select_count;
    struct spk_hash select_root;
    struct spk_buf record;
    struct spk_rsa *keyx; /* made from the record when first needed */
    uint64_t scope_count;
    struct spk_hash scope_root;
    size_t n_policies; /* those of the scope's deposits, as told when it was opened */
    uint32_t *policies;
    uint64_t born, born_run;     /* of its record: wall seconds, running milliseconds */
    uint64_t opened, opened_run; /* the same; once it is logged, of that: the wait runs from here */
    bool under_log;              /* the recoveries log had begun when it was opened */
    bool has_first;              /* the lowest index of its scope is known ... */
    uint64_t first;              /* ... and is this, or SPK_NO_DEPOSIT */
    bool logged;                 /* it stands in the recoveries log ... */
    uint64_t entry;              /* ... at this index */
    size_t n_votes;
    struct spk_vote *votes; /* one of each officer, decision and round */
    bool denied;            /* by enough persons, once and for all */
    bool vetoed;
    bool done;            /* its successor is signed ... */
    uint32_t done_policy; /* ... under this policy */
    uint64_t released;
    uint64_t reserved, n_reserved; /* positions whose release has been announced */
    uint8_t *released_bits;        /* by position in the scope */
};
struct spk_hsuccessor {
    struct spk_hash owner, request, hash; /* hash: H(text) */
    uint32_t number;
    struct spk_hash keyx, sign; /* H(SPKI) of the new pairs */
    struct spk_buf note;
    struct spk_buf sign_spki;
};
struct spk_hlogs {
    uint64_t deposits; /* size: by the journal, and once it is open, by the file `logs` */
    struct spk_hash deposits_root;
    bool marked;          /* the journal says that there is such a file */
    struct spk_edge edge; /* of the recoveries log */
    uint64_t last_ms;     /* time of its last entry */
    uint64_t begun;       /* its size in the first record with an entry; 0: there is none yet */
    bool begins; /* there is a record: of entries, or that there have been some elsewhere */
};
struct spk_hstate {
    size_t n_policies, n_requests, n_successors, n_epochs, n_uses;
    struct spk_hpolicy *policies[SPK_POLICIES_MAX];
    struct spk_hreq *requests[SPK_REQUESTS_MAX];
    struct spk_hsuccessor **successors;
    struct spk_hash *epochs; /* [n]: H(SPKI) of epoch n + 1 */
    struct spk_hash *uses;
    uint64_t wall, running; /* of the last record */
    uint64_t ballast;       /* records so far that a compaction would leave out */
    struct spk_hash genesis;
    struct spk_hlogs logs;
};

SPK_MUST_USE spk_err spk_state_new(const struct spk_hash *genesis, struct spk_hstate **ret_s);
void spk_hstate_free(struct spk_hstate *s);
SPK_DEFINE_AUTO(spk_hstate)

/** One record, old or new. A body that does not fit: SPK_CODE_FORMAT, and the journal is not to be
 * used. */
SPK_MUST_USE spk_err spk_state_apply(struct spk_hstate *s, uint16_t type, struct spk_span body);
/** For spk_journal_open(): arg is the state. */
SPK_MUST_USE spk_err spk_state_visit(void *arg, uint16_t type, struct spk_span body);

struct spk_hreq *spk_state_request(const struct spk_hstate *s, const struct spk_hash *hash);
/** Today's policy. */
const struct spk_policy *spk_state_policy(const struct spk_hstate *s);
/** Policy number as it stood; NULL when the holder does not know it. */
const struct spk_policy *spk_state_policy_at(const struct spk_hstate *s, uint32_t number);
/** What a request as a whole must meet: the stricter numbers of today's policy and of those under
 * which its deposits were made, as far as they are known. There must be a policy. */
void spk_state_rule(const struct spk_hstate *s, const struct spk_hreq *q, struct spk_policy *ret_p);
/** The newest successor of an owner; NULL when there is none. */
const struct spk_hsuccessor *spk_state_successor(const struct spk_hstate *s,
                                                 const struct spk_hash *owner);
/** The successor that a request led to; NULL when there is none. */
const struct spk_hsuccessor *spk_state_successor_of(const struct spk_hstate *s,
                                                    const struct spk_hash *request);
/** True when id is the key of an earlier successor of owner. */
bool spk_state_key_used(const struct spk_hstate *s, const struct spk_hash *owner,
                        const struct spk_hash *id);
/** True when the journal has announced, durably, that this position may be released. */
bool spk_state_reserved(const struct spk_hreq *r, uint64_t position);
bool spk_state_released(const struct spk_hreq *r, uint64_t position);
/** The wall time at which every policy so far lets a request end. */
uint64_t spk_state_latest_end(const struct spk_hstate *s, const struct spk_hreq *r);
/** How many records a compaction would leave out, those of requests that are long over included. */
uint64_t spk_state_ballast(const struct spk_hstate *s);
/** Drops what ended SPK_FORGET_AFTER before the last record. Before a compaction only: the journal
 * still opens what is dropped here. */
void spk_state_forget_old(struct spk_hstate *s);
/** The request that gives way when the table is full: one that is long over, else the oldest
 * without votes or veto; NULL when there is none. */
const struct spk_hreq *spk_state_spare(const struct spk_hstate *s);
/** Whether a compaction keeps this record, given the final state. */
bool spk_state_keeps(const struct spk_hstate *s, uint16_t type, struct spk_span body);

/** Begin a body: the two times. */
SPK_MUST_USE spk_err spk_jrec_begin(struct spk_buf *body, uint64_t wall, uint64_t running);
#define SPK_JREC_TIMES 16

#endif
