/* SPDX-License-Identifier: Apache-2.0 */
/* sparekeyctl policy simulate: what a policy would do with a request, told by the very function
 * that the holder decides with. */
#include <string.h>

#include "base/text.h"
#include "ctl/draft.h"
#include "ctl/notes.h"
#include "policy/decide.h"

#define OPENED 1000000000u /* any moment will do */

struct names {
    size_t n;
    const char *v[TERM_MANY_MAX];
};
struct situation {
    struct names approve, confirm, deny;
    const char *owner;
    bool veto;
};

static const struct spk_officer *
find_officer(const struct spk_policy *p, const char *name)
{
    char full[SPK_NOTE_NAME_MAX + 1];

    (void)snprintf(full, sizeof(full), SPK_OFFICER_PREFIX "%s", name);
    return spk_policy_officer(p, spk_span_str(full));
}

/* A confirmation is signed as soon as the wait is over. */
static struct spk_vote
vote_of(const struct spk_policy *p, const struct spk_officer *o, const struct situation *s,
        uint32_t round)
{
    uint64_t wait = s->veto ? p->override_wait : p->wait;
    struct spk_vote v = {.approve = true, .policy = p->number, .round = round};

    v.time = OPENED + (round == 2 ? wait : 0);
    v.expires = v.time + p->approval_life;
    memcpy(v.key, o->key.key, sizeof(v.key));
    return v;
}

struct votes {
    size_t n;
    struct spk_vote v[3 * TERM_MANY_MAX];
};

static int
add_votes(const struct spk_policy *p, const struct situation *s, const struct names *names,
          uint32_t round, struct votes *votes)
{
    for (size_t i = 0; i < names->n; i++) {
        const struct spk_officer *o = find_officer(p, names->v[i]);

        if (o == NULL) {
            term_say_error(names->v[i], _("is not an officer of this policy"));
            return TERM_FAILED;
        }
        votes->v[votes->n] = vote_of(p, o, s, round);
        votes->v[votes->n++].approve = names != &s->deny;
    }
    return TERM_GO_ON;
}

static const char *
meaning(enum spk_request_state s)
{
    switch (s) {
    case SPK_STATE_OPEN:
        return _("open: waits for more approvals");
    case SPK_STATE_WAITING:
        return _("waiting: approved, the waiting time runs");
    case SPK_STATE_CONFIRM:
        return _("confirm: the waiting time is over, the approvals must be confirmed");
    case SPK_STATE_APPROVED:
        return _("approved: session keys are released");
    case SPK_STATE_DENIED:
        return _("denied: closed for good");
    case SPK_STATE_VETOED:
        return _("vetoed: stopped by the owner");
    case SPK_STATE_EXPIRED:
        return _("expired: too old");
    case SPK_STATE_DONE:
        return _("done");
    }
    return "?";
}

static int
decide(const struct spk_policy *p, const struct situation *s, uint64_t after,
       struct spk_decision *ret_d)
{
    struct votes votes = {.n = 0};
    struct spk_decision_in in = {.now = p,
                                 .opened = OPENED,
                                 .running_ms = after * 1000u,
                                 .wall = OPENED + after,
                                 .votes = votes.v,
                                 .vetoed = s->veto};
    int status = add_votes(p, s, &s->approve, 1, &votes);

    status = status == TERM_GO_ON ? add_votes(p, s, &s->confirm, 2, &votes) : status;
    status = status == TERM_GO_ON ? add_votes(p, s, &s->deny, 1, &votes) : status;
    if (status == TERM_GO_ON && s->owner != NULL &&
        !spk_ok(spk_hex_parse(spk_span_str(s->owner), in.owner.b, SPK_HASH_LEN))) {
        term_say_error(s->owner, _("is not an owner id"));
        return TERM_USAGE;
    }
    in.n_votes = votes.n;
    if (status == TERM_GO_ON && !spk_ok(spk_decide(&in, ret_d))) {
        return TERM_FAILED;
    }
    return status;
}

static int
tell(const struct spk_policy *p, const struct situation *s, uint64_t after, const char *label)
{
    struct spk_decision d;
    int status = decide(p, s, after, &d);

    if (status != TERM_GO_ON) {
        return status;
    }
    if (label != NULL) {
        printf("%-46s %s\n", label, meaning(d.state));
    } else {
        printf(_("%s\napproving %u, confirming %u, denying %u; needed %u\n"), meaning(d.state),
               d.persons, d.persons2, d.denials, d.needed);
    }
    return TERM_GO_ON;
}

/* The first k officers of different persons. */
static void
first_persons(const struct spk_policy *p, size_t k, struct names *ret_names)
{
    *ret_names = (struct names){0};
    for (size_t i = 0; i < p->n_officers && ret_names->n < k && ret_names->n < TERM_MANY_MAX; i++) {
        if (spk_policy_person(p, i) == i) {
            ret_names->v[ret_names->n++] = spk_officer_short(&p->officers[i]);
        }
    }
}

static int
tell_quorum(const struct spk_policy *p, struct situation *s)
{
    char label[96];
    char wait[32];
    int status = TERM_GO_ON;

    for (size_t k = 0; k <= p->quorum && status == TERM_GO_ON; k++) {
        first_persons(p, k, &s->approve);
        (void)snprintf(label, sizeof(label),
                       ngettext("%zu person approves", "%zu persons approve", (unsigned long)k), k);
        status = tell(p, s, 2, label);
    }
    if (p->wait > 0 && status == TERM_GO_ON) {
        (void)snprintf(label, sizeof(label), _("... and %s later"), ctl_duration(p->wait, wait));
        status = tell(p, s, p->wait + 2, label);
        s->confirm = s->approve;
        status = status == TERM_GO_ON ? tell(p, s, p->wait + 2, _("... and they confirm")) : status;
    }
    return status;
}

/* What everybody wants to know of a policy. */
static int
tell_all(const struct spk_policy *p)
{
    struct situation s = {0};
    uint64_t late = p->wait + 2;
    int status = tell_quorum(p, &s);

    first_persons(p, p->deny, &s.deny);
    status = status == TERM_GO_ON ? tell(p, &s, late, _("... but enough deny")) : status;
    s.deny.n = 0;
    s.veto = true;
    status = status == TERM_GO_ON ? tell(p, &s, late, _("... but the owner vetoes")) : status;
    if (p->override_quorum > 0 && status == TERM_GO_ON) {
        first_persons(p, p->override_quorum, &s.approve);
        s.confirm = s.approve;
        status = tell(p, &s, p->override_wait + 2, _("... and the larger quorum overrides that"));
    }
    s.veto = false;
    return status == TERM_GO_ON ? tell(p, &s, p->request_life + 1, _("after its lifetime"))
                                : status;
}

static void
take_names(const struct term_many *given, struct names *ret_names)
{
    ret_names->n = given->n;
    for (size_t i = 0; i < given->n; i++) {
        ret_names->v[i] = given->v[i];
    }
}

struct told { /* the options */
    struct term_many approve, confirm, deny;
    char *owner, *after;
    bool veto;
};

/* A situation that was described; false when none was. */
static bool
take_situation(const struct told *t, struct situation *s)
{
    take_names(&t->approve, &s->approve);
    take_names(&t->confirm, &s->confirm);
    take_names(&t->deny, &s->deny);
    s->owner = t->owner;
    s->veto = t->veto;
    return s->approve.n + s->confirm.n + s->deny.n > 0 || s->veto || s->owner != NULL ||
           t->after != NULL;
}

int
ctl_policy_simulate(struct term *c, int argc, char **argv)
{
    struct told t = {0};
    const struct term_opt opts[] = {
        {"approve", 0, TERM_MANY, &t.approve, "NAME", N_("this officer approves; repeat it")},
        {"confirm", 0, TERM_MANY, &t.confirm, "NAME",
         N_("this one confirms after the waiting time")},
        {"deny", 0, TERM_MANY, &t.deny, "NAME", N_("this one denies")},
        {"veto", 0, TERM_FLAG, &t.veto, NULL, N_("the owner vetoes")},
        {"owner", 0, TERM_TEXT, &t.owner, "ID", N_("the request is of this owner")},
        {"after", 0, TERM_TEXT, &t.after, "TIME",
         N_("so long after the request was opened (default: 1m)")},
    };
    CTL_AUTO_DESK struct ctl_desk d = {0};
    CTL_AUTO_NOTE struct ctl_note n = {.raw = {0}};
    SPK_AUTO_STR struct spk_policy *p = spk_calloc(1, sizeof(*p));
    struct situation s = {0};
    struct ctl_older older = {0};
    uint64_t after = 60;
    int first = 0;
    int status = term_options(c, opts, sizeof(opts) / sizeof(opts[0]), argc, argv, &first);

    if (status != TERM_GO_ON) {
        return status;
    }
    if (argc - first != 1 || p == NULL ||
        (t.after != NULL && !spk_ok(ctl_duration_parse(t.after, &after)))) {
        return term_usage(c, _("one policy is wanted, and times like 90s, 12h, 30d"));
    }
    status = ctl_note_read(argv[first], &n);
    status = status == TERM_GO_ON ? ctl_note_policy(&n, argv[first], p) : status;
    status = status == TERM_GO_ON ? ctl_policy_older(&d, p, NULL, &older) : status;
    if (status == TERM_GO_ON) {
        status = take_situation(&t, &s) ? tell(p, &s, after, NULL) : tell_all(p);
    }
    if (status != TERM_GO_ON) {
        return status;
    }
    ctl_older_print(stdout, &older, p);
    return TERM_DONE;
}
