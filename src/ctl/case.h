/* SPDX-License-Identifier: Apache-2.0 */
/* A recovery request as an officer's tool sees it: all preimages as the authority has sent them,
 * and what of it follows from them.  Nothing is taken on the authority's word but what is marked as
 * claimed (doc/spec/officer-identity.md, "What a tool checks").
 *
 *     ctl_case_new(pin, hash, &c)
 *     ctl_case_take(c, j)         GET /v1/officer/requests/HASH
 *     ctl_case_page(c, j)         GET .../scope, until c->more is false
 *     ctl_case_end(c)             the whole scope is there
 *
 * The first thing that does not hold gives SPK_CODE_AUTH, with a sentence in c->fault. Pure. */
#ifndef SPK_CTL_CASE_H
#define SPK_CTL_CASE_H

#include "ctl/older.h"
#include "policy/decide.h"
#include "wire/deposit.h"
#include "wire/json.h"

#define CTL_CASE_FILES_MAX ((size_t)1 << 20)
#define CTL_CASE_SUCCESSORS_MAX 64
#define CTL_CASE_VOTES_MAX 64
#define CTL_CASE_ENTRIES_MAX 64
#define CTL_CASE_TEXT_MAX ((size_t)256 << 20)

struct ctl_case_file {
    uint64_t index, time_ms;
    struct spk_file_id id;
    uint32_t policy;   /* under which it was deposited */
    bool readable;     /* R_priv is there: description and owner were checked */
    char *description; /* hostile; NULL when it is not readable */
};
struct ctl_case_vote {
    char officer[SPK_NOTE_NAME_MAX + 1];
    struct spk_vote vote;
    bool no_log; /* it names none, but there is one by now */
};
struct ctl_case_entry { /* of the recoveries log (doc/spec/log.md §6) */
    uint64_t index, kind, time_ms;
    struct spk_hash detail; /* H of the note that it is about, or of nothing */
    bool verified;          /* the log itself says so (caselog.h) ... */
    const char *fault;      /* ... or does not: not translated yet; NULL: it was not asked */
};
struct ctl_case {
    const struct spk_pin *pin; /* borrowed */
    struct spk_hash hash;
    const char *fault; /* not translated yet; NULL while everything holds */
    bool deniable;     /* enough is known for a no, whatever holds of the rest */

    struct spk_buf record, enrolment_record; /* what the structs below borrow from */
    struct spk_request request;
    struct spk_enrolment enrolment;
    size_t n_successors;
    struct spk_hash keyx_now, sign_now; /* H(SPKI) of the pairs that are to be replaced */

    size_t n_serials; /* of a request that lists files, sorted */
    struct spk_file_id *serials;
    uint64_t scope_count;
    struct spk_hash scope_root;
    size_t n_files, room;
    struct ctl_case_file *files;
    struct spk_hash *leaves;
    bool more;              /* the scope is not at its end */
    struct ctl_older takes; /* what it takes: today's policy and those of the files; at the end */

    size_t n_votes; /* those that hold, under today's policy */
    struct ctl_case_vote votes[CTL_CASE_VOTES_MAX];

    /* the authority's word only, but for entries that the log was asked about */
    char state[16];
    uint64_t opened, due, expires;
    size_t n_entries;
    struct ctl_case_entry entries[CTL_CASE_ENTRIES_MAX]; /* public, so that everybody can look */
    uint64_t persons, needed; /* approving in round 1; while vetoed, of those who override that */
};
SPK_MUST_USE spk_err ctl_case_new(const struct spk_pin *pin, const struct spk_hash *hash,
                                  struct ctl_case **ret_c);
void ctl_case_free(struct ctl_case *c);
SPK_DEFINE_AUTO(ctl_case)

SPK_MUST_USE spk_err ctl_case_take(struct ctl_case *c, const struct spk_json *j);
SPK_MUST_USE spk_err ctl_case_page(struct ctl_case *c, const struct spk_json *j);
SPK_MUST_USE spk_err ctl_case_end(struct ctl_case *c);
/** Where the next page of the scope begins: the index after which; false for the first. */
bool ctl_case_after(const struct ctl_case *c, uint64_t *ret_index);

/** Vetoed by the owner, as the authority says. */
bool ctl_case_vetoed(const struct ctl_case *c);
/** The round that an approval at this time belongs to. */
uint32_t ctl_case_round(const struct ctl_case *c, uint64_t now);
/** What a vote must say to count. */
void ctl_case_facts(const struct ctl_case *c, struct spk_vote_facts *ret_f);
/** The text that an officer sees, every line marked "verified" or "claimed", every foreign byte
 * escaped. list: how many files are shown at most. */
SPK_MUST_USE spk_err ctl_case_render(const struct ctl_case *c, size_t list, struct spk_buf *out);
/** The same of a request that does not hold: which one it is, and what is wrong with it. */
SPK_MUST_USE spk_err ctl_case_render_fault(const struct ctl_case *c, struct spk_buf *out);

#endif
