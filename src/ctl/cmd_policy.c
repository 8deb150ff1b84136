/* SPDX-License-Identifier: Apache-2.0 */
/* sparekeyctl policy new, check, publish. */
#include <fcntl.h>
#include <string.h>

#include "base/file.h"
#include "base/text.h"
#include "ctl/draft.h"
#include "ctl/notes.h"

#define DAY ((uint64_t)86400)
#define REQUEST_LIFE_DEFAULT (30 * DAY)
#define APPROVAL_LIFE_DEFAULT (7 * DAY)
#define SET_MAX 8

/* A next policy with fewer persons than deposits of before need. */
#define CTL_LOSE_OPT(v)                                                                            \
    {                                                                                              \
        "lose-older-deposits", 0, TERM_FLAG, &(v), NULL,                                           \
            N_("accept that deposits of an earlier policy can never come back")                    \
    }

struct draft_opts {
    struct term_many officers;
    struct term_many without;
    char *next, *out;
    char *quorum, *deny, *wait, *request_life, *approval_life, *override_quorum, *override_wait;
    bool need_derived, no_need_derived;
};

/* The policy that comes after the one in a file, with its terms and officers to begin with. */
static int
begin_next(const char *path, struct spk_policy *p, struct ctl_older *ret_o)
{
    CTL_AUTO_DESK struct ctl_desk d = {0};
    CTL_AUTO_NOTE struct ctl_note old = {.raw = {0}};
    SPK_AUTO_STR struct spk_policy *prev = spk_calloc(1, sizeof(*prev));
    int status = ctl_note_read(path, &old);

    if (prev == NULL) {
        return term_error(TERM_ABOUT_OWN, NULL, SPK_ERR(NOMEM), NULL);
    }
    status = status == TERM_GO_ON ? ctl_note_policy(&old, path, prev) : status;
    if (status != TERM_GO_ON) {
        return status;
    }
    *p = *prev;
    p->previous = p->hash;
    p->number++;
    return ctl_policy_older(&d, p, prev, ret_o);
}

static int
drop_officers(const struct draft_opts *o, struct spk_policy *p)
{
    for (size_t i = 0; i < o->without.n; i++) {
        if (!spk_ok(ctl_draft_drop(p, o->without.v[i]))) {
            term_say_error(o->without.v[i], _("is not an officer of the policy before"));
            return TERM_FAILED;
        }
    }
    return TERM_GO_ON;
}

static int
add_officers(const struct draft_opts *o, struct spk_policy *p)
{
    for (size_t i = 0; i < o->officers.n; i++) {
        SPK_AUTO_BUF struct spk_buf lines = SPK_BUF((size_t)CTL_DRAFT_LINES_MAX);
        const char *path = o->officers.v[i];
        int status = ctl_read_file(path, &lines);
        spk_err e;

        if (status != TERM_GO_ON) {
            return status;
        }
        e = ctl_draft_add(p, spk_buf_span(&lines));
        if (!spk_ok(e)) {
            term_say_error(
                path, e.code == SPK_CODE_EXISTS  ? _("names an officer who is there already")
                      : e.code == SPK_CODE_LIMIT ? _("has more officers than a policy can hold")
                                                 : _("is not the public line of an officer"));
            term_say_hint(_("'sparekeyctl officer show' prints the line of an identity"));
            return TERM_FAILED;
        }
    }
    return TERM_GO_ON;
}

static bool
set_number(const char *text, uint32_t *ret_v)
{
    uint64_t v = *ret_v;
    bool ok = text == NULL || spk_ok(spk_dec_parse(spk_span_str(text), SPK_OFFICERS_MAX, &v));

    *ret_v = (uint32_t)v;
    return ok;
}

static bool
set_seconds(const char *text, uint64_t *ret_v)
{
    return text == NULL || spk_ok(ctl_duration_parse(text, ret_v));
}

static bool
set_terms(const struct draft_opts *o, struct spk_policy *p)
{
    if (o->need_derived || o->no_need_derived) {
        p->need_derived = o->need_derived;
    }
    return set_number(o->quorum, &p->quorum) && set_number(o->deny, &p->deny) &&
           set_number(o->override_quorum, &p->override_quorum) && set_seconds(o->wait, &p->wait) &&
           set_seconds(o->request_life, &p->request_life) &&
           set_seconds(o->approval_life, &p->approval_life) &&
           set_seconds(o->override_wait, &p->override_wait);
}

static int
compose(const struct term *c, const struct draft_opts *o, struct spk_policy *p,
        struct ctl_older *ret_older)
{
    const char *trouble = NULL;
    int status = TERM_GO_ON;

    *p = (struct spk_policy){.number = 1,
                             .deny = 1,
                             .request_life = REQUEST_LIFE_DEFAULT,
                             .approval_life = APPROVAL_LIFE_DEFAULT};
    status = o->next != NULL ? begin_next(o->next, p, ret_older) : status;
    status = status == TERM_GO_ON ? drop_officers(o, p) : status;
    status = status == TERM_GO_ON ? add_officers(o, p) : status;
    if (status != TERM_GO_ON) {
        return status;
    }
    if (p->quorum == 0) {
        p->quorum = spk_policy_persons(p) > 1 ? 2 : 1;
    }
    if (!set_terms(o, p)) {
        return term_usage(c,
                          _("numbers of persons are plain numbers, times look like 90s, 12h, 30d"));
    }
    trouble = ctl_draft_trouble(p);
    if (trouble != NULL) {
        term_say_error(NULL, trouble);
        return TERM_FAILED;
    }
    return TERM_GO_ON;
}

static int
write_draft(const struct term *c, const char *out, struct spk_policy *p, const struct ctl_older *o)
{
    SPK_AUTO_BUF struct spk_buf text = SPK_BUF((size_t)SPK_NOTE_MAX);
    spk_err e = spk_policy_format(p, &text);

    e = spk_ok(e) ? spk_sha256(spk_buf_span(&text), &p->hash) : e;
    if (spk_ok(e) && out == NULL) {
        (void)fwrite(text.ptr, 1, text.len, stdout);
        ctl_older_print(stderr, o, p);
        return TERM_DONE;
    }
    e = spk_ok(e) ? spk_file_write(AT_FDCWD, out, spk_buf_span(&text), 0644, false) : e;
    if (!spk_ok(e)) {
        return term_error(TERM_ABOUT_OUTPUT, out, e, NULL);
    }
    if (!c->quiet) {
        ctl_policy_print(stderr, p);
        ctl_older_print(stderr, o, p);
        (void)ctl_signers_print(stderr, p, NULL);
        term_say_hint(p->number == 1
                          ? _("every officer in it now signs it: 'sparekeyctl policy sign FILE'")
                          : _("a quorum of the officers before now signs it: 'sparekeyctl policy "
                              "sign FILE'"));
    }
    return TERM_DONE;
}

int
ctl_policy_new(struct term *c, int argc, char **argv)
{
    struct draft_opts o = {0};
    const struct term_opt opts[] = {
        {"officer", 0, TERM_MANY, &o.officers, "FILE",
         N_("an officer's public line (NAME.pub); repeat it")},
        {"quorum", 0, TERM_TEXT, &o.quorum, "N", N_("persons who must approve (default: 2)")},
        {"wait", 0, TERM_TEXT, &o.wait, "TIME",
         N_("time between opening and release (default: none)")},
        {"deny", 0, TERM_TEXT, &o.deny, "N",
         N_("persons whose denial stops a request (default: 1)")},
        {"request-life", 0, TERM_TEXT, &o.request_life, "TIME",
         N_("how long a request lives (default: 30d)")},
        {"approval-life", 0, TERM_TEXT, &o.approval_life, "TIME",
         N_("how long an approval may live (default: 7d)")},
        {"override-quorum", 0, TERM_TEXT, &o.override_quorum, "N",
         N_("persons who override a veto (default: none can)")},
        {"override-wait", 0, TERM_TEXT, &o.override_wait, "TIME", N_("and how long that takes")},
        {"need-derived", 0, TERM_FLAG, &o.need_derived, NULL,
         N_("take only deposits whose BLOB can be re-made")},
        {"no-need-derived", 0, TERM_FLAG, &o.no_need_derived, NULL,
         N_("take others too (the default)")},
        {"next", 0, TERM_TEXT, &o.next, "FILE",
         N_("change this policy: its terms and officers are kept but for what is said")},
        {"without", 0, TERM_MANY, &o.without, "NAME", N_("with --next: take an officer out")},
        {"out", 'o', TERM_TEXT, &o.out, "FILE", N_("where it goes (default: standard output)")},
    };
    SPK_AUTO_STR struct spk_policy *p = spk_calloc(1, sizeof(*p));
    struct ctl_older older = {0};
    int first = 0;
    int status = term_options(c, opts, sizeof(opts) / sizeof(opts[0]), argc, argv, &first);

    if (status != TERM_GO_ON) {
        return status;
    }
    if (argc != first || (o.need_derived && o.no_need_derived) ||
        (o.without.n > 0 && o.next == NULL)) {
        return term_usage(c, _("no operand is wanted, and --without goes with --next"));
    }
    if (p == NULL) {
        return term_error(TERM_ABOUT_OWN, NULL, SPK_ERR(NOMEM), NULL);
    }
    status = compose(c, &o, p, &older);
    return status == TERM_GO_ON ? write_draft(c, o.out, p, &older) : status;
}

/* The policy before n's: in the file that was named, else in a pinned chain. NULL when unknown. */
static int
find_previous(struct ctl_desk *d, const char *path, const struct spk_policy *p,
              struct spk_policy *mem, const struct spk_policy **ret_prev)
{
    CTL_AUTO_NOTE struct ctl_note old = {.raw = {0}};
    int status = TERM_GO_ON;

    *ret_prev = NULL;
    if (p->number == 1) {
        return TERM_GO_ON;
    }
    if (path != NULL) {
        status = ctl_note_read(path, &old);
        status = status == TERM_GO_ON ? ctl_note_policy(&old, path, mem) : status;
        if (status == TERM_GO_ON && !spk_hash_eq(&mem->hash, &p->previous)) {
            term_say_error(path, _("is not the policy that this one follows"));
            return TERM_FAILED;
        }
        *ret_prev = status == TERM_GO_ON ? mem : NULL;
        return status;
    }
    status = ctl_desk_open(d);
    status = status == TERM_GO_ON ? ctl_desk_pin_of(d, &p->previous) : status;
    if (status == TERM_GO_ON && d->pin != NULL &&
        spk_ok(ctl_pin_policy(d->pin, &p->previous, mem))) {
        *ret_prev = mem;
    }
    return status;
}

/* Is there all that it takes? */
static int
judge(const struct spk_note *n, const struct spk_policy *p, const struct spk_policy *prev,
      struct spk_policy *scratch)
{
    spk_err e;

    if (p->number > 1 && prev == NULL) {
        term_say_warning(NULL, _("the policy before is not known here, so its officers' signatures "
                                 "cannot be checked"));
        term_say_hint(_("--previous FILE names it"));
        return TERM_FAILED;
    }
    e = p->number == 1 ? spk_policy_verify_genesis(n, NULL, scratch)
                       : spk_policy_verify_next(n, prev, scratch);
    if (!spk_ok(e)) {
        printf(p->number == 1 ? _("not complete: every officer in it must sign\n")
                              : _("not complete: %u persons of the policy before must sign\n"),
               prev != NULL ? prev->quorum : 0);
        return TERM_FAILED;
    }
    printf(_("complete\n"));
    return TERM_DONE;
}

int
ctl_policy_check(struct term *c, int argc, char **argv)
{
    char *previous = NULL;
    bool lose = false;
    const struct term_opt opts[] = {
        {"previous", 0, TERM_TEXT, &previous, "FILE", N_("the policy that it follows")},
        CTL_LOSE_OPT(lose),
    };
    CTL_AUTO_DESK struct ctl_desk d = {0};
    CTL_AUTO_NOTE struct ctl_note n = {.raw = {0}};
    SPK_AUTO_STR struct spk_policy *p = spk_calloc(3, sizeof(*p));
    const struct spk_policy *prev = NULL;
    struct ctl_older older = {0};
    int first = 0;
    int status = term_options(c, opts, sizeof(opts) / sizeof(opts[0]), argc, argv, &first);

    if (status != TERM_GO_ON) {
        return status;
    }
    if (argc - first != 1 || p == NULL) {
        return term_usage(c, _("one policy is wanted"));
    }
    status = ctl_note_read(argv[first], &n);
    status = status == TERM_GO_ON ? ctl_note_policy(&n, argv[first], &p[0]) : status;
    status = status == TERM_GO_ON ? find_previous(&d, previous, &p[0], &p[1], &prev) : status;
    status = status == TERM_GO_ON ? ctl_policy_older(&d, &p[0], prev, &older) : status;
    if (status != TERM_GO_ON) {
        return status;
    }
    ctl_policy_print(stdout, &p[0]);
    ctl_older_print(stdout, &older, &p[0]);
    if (prev != NULL) {
        printf(_("signatures of the officers of policy %u, who decide about this one:\n"),
               prev->number);
        (void)ctl_signers_print(stdout, prev, &n.note);
        printf(_("officers from then on:\n"));
    }
    (void)ctl_signers_print(stdout, &p[0], &n.note);
    status = judge(&n.note, &p[0], prev, &p[2]);
    return ctl_older_judge(argv[first], &older, &p[0], lose) == TERM_GO_ON ? status : TERM_FAILED;
}

static int
send_policy(struct ctl_desk *d, const struct ctl_note *n, uint64_t *ret_number)
{
    SPK_AUTO_BUF struct spk_buf body = SPK_BUF((size_t)4 * SPK_NOTE_MAX);
    SPK_AUTO(spk_json) j = NULL;
    struct spk_jw w = {.b = &body};
    spk_err e;

    spk_jw_open(&w, NULL, '{');
    spk_jw_str(&w, "note", spk_buf_span(&n->raw));
    spk_jw_close(&w, '}');
    e = spk_jw_end(&w);
    e = spk_ok(e) ? spk_api_post(d->api, "/v1/officer/policy", spk_buf_span(&body), NULL, &j) : e;
    e = spk_ok(e) ? spk_json_u64(j, "number", ret_number) : e;
    return spk_ok(e) ? TERM_GO_ON : term_error(TERM_ABOUT_PEER, NULL, e, &d->trouble);
}

/* p, in n, follows the policy that the desk has pinned. */
static int
put_in_force(struct ctl_desk *d, const struct ctl_note *n, const struct spk_policy *p,
             const char *path, bool lose)
{
    struct ctl_older older = {0};
    uint64_t number = 0;
    int status = ctl_policy_older(d, p, NULL, &older);

    status = status == TERM_GO_ON ? ctl_older_judge(path, &older, p, lose) : status;
    status = status == TERM_GO_ON ? send_policy(d, n, &number) : status;
    if (status != TERM_GO_ON) {
        return status;
    }
    printf(_("policy %llu is in force\n"), (unsigned long long)number);
    ctl_older_print(stdout, &older, p);
    return TERM_DONE;
}

int
ctl_policy_publish(struct term *c, int argc, char **argv)
{
    struct ctl_who who = {0};
    bool lose = false;
    const struct term_opt opts[] = {CTL_WHO_OPTS(who), CTL_LOSE_OPT(lose)};
    CTL_AUTO_DESK struct ctl_desk d = {0};
    CTL_AUTO_NOTE struct ctl_note n = {.raw = {0}};
    SPK_AUTO_STR struct spk_policy *p = spk_calloc(1, sizeof(*p));
    struct spk_hash hash;
    int first = 0;
    int status = term_options(c, opts, sizeof(opts) / sizeof(opts[0]), argc, argv, &first);

    if (status != TERM_GO_ON) {
        return status;
    }
    if (argc - first != 1 || p == NULL) {
        return term_usage(c, _("one policy is wanted"));
    }
    status = ctl_note_read(argv[first], &n);
    status = status == TERM_GO_ON ? ctl_desk_ready(c, &d, who.as, who.authority) : status;
    if (status != TERM_GO_ON) {
        return status;
    }
    if (ctl_note_is(&n, SPK_POLICY_KIND) && spk_ok(spk_sha256(n.note.text, &hash)) &&
        spk_hash_eq(&hash, &d.pin->policy.hash)) {
        printf(_("policy %u is in force already\n"), d.pin->policy.number);
        return TERM_DONE;
    }
    if (!spk_ok(spk_policy_verify_next(&n.note, &d.pin->policy, p))) {
        term_say_error(argv[first],
                       _("does not follow the authority's policy, or lacks signatures"));
        term_say_hint(_("'sparekeyctl policy check FILE' tells who has to sign"));
        return TERM_FAILED;
    }
    return put_in_force(&d, &n, p, argv[first], lose);
}
