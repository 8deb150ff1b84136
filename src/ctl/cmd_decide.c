/* SPDX-License-Identifier: Apache-2.0 */
/* sparekeyctl request approve, deny: an officer's signed word about one request. */
#include <fcntl.h>
#include <string.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/text.h"
#include "ctl/ask.h"
#include "ctl/draft.h"
#include "ctl/request.h"

#define SHOWN_FILES 20
#define LIFE_MAX ((uint64_t)7 * 86400) /* of an approval, unless told otherwise */
#define TEXT_MAX ((size_t)8192)
#define NOTES_MAX 1000 /* over one and the same text */

struct decision {
    struct term *cli;
    struct ctl_desk desk;
    struct ctl_who who;
    struct ctl_case *k;
    struct spk_buf shown; /* what the officer has read */
    bool approve;
    bool yes;
    char *code, *reason, *expires;
    uint64_t life;
};

static void
decision_clear(struct decision *d)
{
    ctl_case_free(d->k);
    spk_buf_free(&d->shown);
    ctl_desk_clear(&d->desk);
}

/* Whose word would not count should not be led to believe that it does. */
static int
check_me(const struct decision *d)
{
    const struct spk_policy *p = &d->desk.pin->policy;
    const struct spk_identity *me = d->desk.me;
    const struct spk_officer *o = spk_policy_officer(p, spk_span_str(me->officer.key.name));

    if (o == NULL || !spk_span_eq(SPK_SPAN_OF(o->key.key), SPK_SPAN_OF(me->officer.key.key))) {
        fprintf(stderr, _("%s: error: '%s' is not an officer of policy %u\n"), term_program,
                me->name, p->number);
        term_say_hint(_("--as NAME decides as somebody else of yours"));
        return TERM_FAILED;
    }
    for (size_t i = 0; d->approve && i < o->n_owners; i++) {
        if (spk_hash_eq(&o->owners[i], &d->k->request.owner)) {
            term_say_error(NULL, _("this request is your own: others decide about it"));
            return TERM_FAILED;
        }
    }
    return TERM_GO_ON;
}

/* Only these wait for an officer. */
static int
check_state(const struct decision *d)
{
    const char *s = d->k->state;

    if (!d->approve || strcmp(s, "open") == 0 || strcmp(s, "waiting") == 0 ||
        strcmp(s, "confirm") == 0 || (ctl_case_vetoed(d->k) && d->k->takes.override_quorum > 0)) {
        return TERM_GO_ON;
    }
    fprintf(stderr, _("%s: error: the request is %s: there is nothing to approve\n"), term_program,
            term_shown(s));
    return TERM_FAILED;
}

/* The same word twice is one word, unless the holder has forgotten it: a new journal counts fewer
 * approvals than there are notes. --expires asks for another one, that lives longer. */
static bool
said_before(const struct decision *d)
{
    uint64_t now = spk_now(), notes = 0;
    uint32_t round = ctl_case_round(d->k, now);
    bool mine = false;

    for (size_t i = 0; d->approve && d->expires == NULL && i < d->k->n_votes; i++) {
        const struct spk_vote *v = &d->k->votes[i].vote;

        if (v->approve && v->round == round && v->policy == d->desk.pin->policy.number &&
            v->expires > now) {
            notes++;
            mine = mine || spk_ct_eq(v->key, d->desk.me->officer.key.key, SPK_ED25519_LEN);
        }
    }
    return mine && (round > 1 || d->k->persons >= notes);
}

static int
tell_said_before(void)
{
    term_say_error(NULL, _("you have approved this request already, and that still counts"));
    term_say_hint(_("--expires TIME approves once more, to make it last longer"));
    return TERM_FAILED;
}

static int
show(struct decision *d)
{
    spk_err e = SPK_OK;

    d->shown = SPK_BUF(CTL_CASE_TEXT_MAX);
    if (d->k->fault != NULL && (d->approve || !d->k->deniable)) {
        return ctl_request_refuse(d->k);
    }
    if (d->k->fault != NULL) { /* a no can be said to what does not hold, too */
        (void)ctl_request_refuse(d->k);
        e = ctl_case_render_fault(d->k, &d->shown);
    } else {
        e = ctl_case_render(d->k, SHOWN_FILES, &d->shown);
    }
    if (!spk_ok(e)) {
        return term_error(TERM_ABOUT_OWN, NULL, e, NULL);
    }
    if (!d->cli->quiet) {
        (void)fwrite(d->shown.ptr, 1, d->shown.len, stderr);
    }
    return TERM_GO_ON;
}

static bool
code_fits(const void *ctx, struct spk_span typed)
{
    const struct decision *d = ctx;

    return spk_request_code_fits(&d->k->hash, typed);
}

/* Rule: the requester reads the code out by another way, and the officer types it. */
static int
ask_code(const struct decision *d)
{
    const struct ctl_code k = {
        .given = d->code,
        .question = _("code that the requester has read out to you: "),
        .missing = _("not approved: no code was typed"),
        .wrong = _("the code is not that of this request: somebody else may have opened it, or it "
                   "was exchanged on its way"),
        .wrong_hint =
            _("let the requester read it out once more; if it does not fit, deny the request"),
        .fits = code_fits,
        .ctx = d,
    };

    return ctl_ask_code(d->cli, &k);
}

static int
ask_denial(const struct decision *d)
{
    if (d->yes || term_confirm(_("deny this request for good? type yes: "))) {
        return TERM_GO_ON;
    }
    term_say_error(NULL, _("not denied"));
    term_say_hint(_("a person answers on the terminal; --yes says it beforehand"));
    return TERM_FAILED;
}

static spk_err
add_reason(struct decision *d)
{
    if (d->reason == NULL) {
        return SPK_OK;
    }
    SPK_TRY(spk_buf_str(&d->shown, "officer   reason           "));
    SPK_TRY(spk_buf_escape(&d->shown, spk_span_str(d->reason)));
    return spk_buf_u8(&d->shown, '\n');
}

static spk_err
make_note(const struct decision *d, const struct spk_hash *evidence, struct spk_buf *note)
{
    SPK_AUTO_BUF struct spk_buf text = SPK_BUF(TEXT_MAX);
    const struct spk_policy *p = &d->desk.pin->policy;
    struct spk_vote_facts f;
    struct spk_approval a = {.approve = d->approve, .evidence = *evidence, .time = spk_now()};

    ctl_case_facts(d->k, &f);
    a.authority = f.authority;
    a.request = f.request;
    a.owner = f.owner;
    a.scope_count = f.scope_count;
    a.scope_root = f.scope_root;
    a.recipient = f.recipient;
    a.signer = f.signer;
    a.policy = p->number;
    a.policy_hash = p->hash;
    if (f.log != NULL) {
        (void)snprintf(a.log, sizeof(a.log), "%s", f.log);
    }
    a.round = d->approve ? ctl_case_round(d->k, a.time) : 1;
    a.expires = a.time + d->life;
    SPK_TRY(spk_approval_format(&a, &text));
    return spk_note_sign(spk_buf_span(&text), NULL, d->desk.me->officer.key.name, d->desk.me->sign,
                         note);
}

/* The same may have been read and signed before: that note stays as well. */
static spk_err
keep_note(const char *dir, const char *hex, struct spk_span note)
{
    spk_err e = SPK_ERR(EXISTS);

    for (unsigned i = 1; i <= NOTES_MAX && e.code == SPK_CODE_EXISTS; i++) {
        SPK_AUTO_STR char *path = NULL;
        char name[2 * SPK_HASH_LEN + 16];

        if (i == 1) {
            (void)snprintf(name, sizeof(name), "%s.note", hex);
        } else {
            (void)snprintf(name, sizeof(name), "%s-%u.note", hex, i);
        }
        SPK_TRY(spk_path_join(dir, name, &path));
        e = spk_file_write(AT_FDCWD, path, note, 0600, false);
    }
    return e;
}

/* What was read, and what was signed, stay on the officer's own machine. */
static spk_err
keep(const struct decision *d, const struct spk_hash *evidence, const struct spk_buf *note)
{
    SPK_AUTO_STR char *dir = NULL;
    char hex[2 * SPK_HASH_LEN + 1];
    char name[2 * SPK_HASH_LEN + 16];
    SPK_AUTO_STR char *text = NULL;

    SPK_TRY(spk_path_join(d->desk.dir, "evidence", &dir));
    SPK_TRY(spk_mkdirs(dir, 0700));
    (void)snprintf(name, sizeof(name), "%s.txt", spk_hex(spk_hash_span(evidence), hex));
    SPK_TRY(spk_path_join(dir, name, &text));
    SPK_TRY(spk_file_write(AT_FDCWD, text, spk_buf_span(&d->shown), 0600, true));
    return keep_note(dir, hex, spk_buf_span(note));
}

static spk_err
post(const struct decision *d, const struct spk_buf *note, struct spk_json **ret_j)
{
    SPK_AUTO_BUF struct spk_buf body = SPK_BUF(4 * TEXT_MAX);
    struct spk_jw w = {.b = &body};

    spk_jw_open(&w, NULL, '{');
    spk_jw_str(&w, "note", spk_buf_span(note));
    spk_jw_close(&w, '}');
    SPK_TRY(spk_jw_end(&w));
    return spk_api_post(d->desk.api, "/v1/officer/approvals", spk_buf_span(&body), NULL, ret_j);
}

static int
tell(const struct decision *d, const struct spk_json *j)
{
    SPK_AUTO_BUF struct spk_buf b = SPK_BUF(TEXT_MAX);
    struct spk_jw w = {.b = &b};
    const char *state = "";
    uint64_t persons = 0;
    uint64_t needed = 0;

    if (!spk_ok(spk_json_str(j, "state", &state)) ||
        !spk_ok(spk_json_u64(j, "persons", &persons)) ||
        !spk_ok(spk_json_u64(j, "needed", &needed))) {
        return term_error(TERM_ABOUT_PEER, NULL, SPK_ERR(PROTO), &d->desk.trouble);
    }
    if (d->cli->quiet && !d->cli->json) {
        return TERM_DONE;
    }
    if (!d->cli->json) {
        printf(d->approve ? ngettext("approved: %llu of %llu person; the request is %s\n",
                                     "approved: %llu of %llu persons; the request is %s\n", needed)
                          : ngettext("denied; approving: %llu of %llu person; the request is %s\n",
                                     "denied; approving: %llu of %llu persons; the request is %s\n",
                                     needed),
               (unsigned long long)persons, (unsigned long long)needed, term_shown(state));
        if (strcmp(state, "confirm") == 0) {
            term_say_hint(_("the waiting time is over: each officer approves once more"));
        }
        return TERM_DONE;
    }
    spk_jw_open(&w, NULL, '{');
    spk_jw_cstr(&w, "state", state);
    spk_jw_u64(&w, "persons", persons);
    spk_jw_u64(&w, "needed", needed);
    spk_jw_close(&w, '}');
    return term_json_out(&w, &b);
}

static int
sign_and_send(struct decision *d)
{
    SPK_AUTO_BUF struct spk_buf note = SPK_BUF(TEXT_MAX);
    SPK_AUTO(spk_json) j = NULL;
    struct spk_hash evidence;
    spk_err e = add_reason(d);

    e = spk_ok(e) ? spk_sha256(spk_buf_span(&d->shown), &evidence) : e;
    e = spk_ok(e) ? make_note(d, &evidence, &note) : e;
    e = spk_ok(e) ? keep(d, &evidence, &note) : e;
    if (!spk_ok(e)) {
        return term_error(TERM_ABOUT_OWN, d->desk.dir, e, NULL);
    }
    e = post(d, &note, &j);
    return spk_ok(e) ? tell(d, j) : term_error(TERM_ABOUT_PEER, NULL, e, &d->desk.trouble);
}

static int
set_life(struct decision *d)
{
    uint64_t max = d->desk.pin->policy.approval_life;

    d->life = max < LIFE_MAX ? max : LIFE_MAX;
    if (d->expires != NULL &&
        (!spk_ok(ctl_duration_parse(d->expires, &d->life)) || d->life == 0 || d->life > max)) {
        term_say_error(d->expires,
                       _("is not a time, or longer than the policy lets an approval live"));
        return TERM_USAGE;
    }
    return TERM_GO_ON;
}

static int
decide(struct decision *d, const char *name)
{
    struct spk_hash hash;
    int status = ctl_desk_ready(d->cli, &d->desk, d->who.as, d->who.authority);

    status = status == TERM_GO_ON ? set_life(d) : status;
    status = status == TERM_GO_ON ? ctl_request_find(&d->desk, name, &hash) : status;
    status = status == TERM_GO_ON ? ctl_request_fetch(&d->desk, &hash, &d->k) : status;
    status = status == TERM_GO_ON ? show(d) : status;
    status = status == TERM_GO_ON ? check_me(d) : status;
    status = status == TERM_GO_ON ? check_state(d) : status;
    status = status == TERM_GO_ON && said_before(d) ? tell_said_before() : status;
    if (status == TERM_GO_ON) {
        status = d->approve ? ask_code(d) : ask_denial(d);
    }
    return status == TERM_GO_ON ? sign_and_send(d) : status;
}

int
ctl_request_approve(struct term *c, int argc, char **argv)
{
    struct decision d = {.cli = c, .approve = true};
    const struct term_opt opts[] = {
        CTL_WHO_OPTS(d.who),
        {"code", 0, TERM_TEXT, &d.code, "CODE",
         N_("the requester's code, instead of typing it when asked")},
        {"expires", 0, TERM_TEXT, &d.expires, "TIME",
         N_("how long the approval lives (default: 7d, or what the policy allows)")},
        {"reason", 0, TERM_TEXT, &d.reason, "TEXT",
         N_("why: kept with what you have seen, on this machine")},
    };
    int first = 0;
    int status = term_options(c, opts, sizeof(opts) / sizeof(opts[0]), argc, argv, &first);

    if (status != TERM_GO_ON) {
        return status;
    }
    if (argc - first != 1) {
        return term_usage(c, _("one request is wanted"));
    }
    status = decide(&d, argv[first]);
    decision_clear(&d);
    return status;
}

int
ctl_request_deny(struct term *c, int argc, char **argv)
{
    struct decision d = {.cli = c};
    const struct term_opt opts[] = {
        CTL_WHO_OPTS(d.who),
        {"reason", 0, TERM_TEXT, &d.reason, "TEXT",
         N_("why: kept with what you have seen, on this machine")},
        {"yes", 'y', TERM_FLAG, &d.yes, NULL, N_("do not ask")},
    };
    int first = 0;
    int status = term_options(c, opts, sizeof(opts) / sizeof(opts[0]), argc, argv, &first);

    if (status != TERM_GO_ON) {
        return status;
    }
    if (argc - first != 1) {
        return term_usage(c, _("one request is wanted"));
    }
    status = decide(&d, argv[first]);
    decision_clear(&d);
    return status;
}
