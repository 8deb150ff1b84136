/* SPDX-License-Identifier: Apache-2.0 */
/* sparekeyctl policy sign: an officer's signature under a policy, or under the statement of an
 * authority's next key. It shows what that says, and what it changes, before it signs. */
#include <fcntl.h>
#include <string.h>

#include "base/file.h"
#include "ctl/draft.h"
#include "ctl/notes.h"

struct signing {
    struct ctl_desk desk;
    struct ctl_note note;
    struct spk_policy now;           /* the one to sign */
    struct spk_policy prev;          /* the one before it, when known */
    const struct spk_policy *judges; /* whose officers are asked for signatures */
    size_t needed;
};

static bool
stands_in(const struct spk_policy *p, const struct spk_officer *me)
{
    const struct spk_officer *o = spk_policy_officer(p, spk_span_str(me->key.name));

    return o != NULL && spk_span_eq(SPK_SPAN_OF(o->key.key), SPK_SPAN_OF(me->key.key));
}

static int
not_mine(const char *path, const struct spk_identity *me)
{
    fprintf(stderr, _("%s: error: '%s' gives '%s' with this key no say\n"), term_program,
            term_shown(path), me->name);
    term_say_hint(
        _("--as NAME signs with another identity; 'sparekeyctl policy check' tells who is asked"));
    return TERM_FAILED;
}

static int
show_first(struct signing *s, const char *path)
{
    if (!stands_in(&s->now, &s->desk.me->officer)) {
        return not_mine(path, s->desk.me);
    }
    ctl_policy_print(stderr, &s->now);
    (void)ctl_signers_print(stderr, &s->now, NULL);
    s->judges = &s->now;
    s->needed = s->now.n_officers;
    return TERM_GO_ON;
}

/* A next policy is the business of those before it. */
static int
show_next(struct signing *s, const char *path)
{
    struct ctl_older older = {0};
    int status = ctl_policy_older(&s->desk, &s->now, NULL, &older);

    if (status != TERM_GO_ON) {
        return status;
    }
    if (s->desk.pin == NULL || !spk_ok(ctl_pin_policy(s->desk.pin, &s->now.previous, &s->prev)) ||
        s->now.number != s->prev.number + 1) {
        term_say_error(path,
                       _("does not follow a policy that is pinned here, so what it changes cannot "
                         "be shown"));
        term_say_hint(
            _("'sparekeyctl officer join ADDRESS' pins the authority with all its policies"));
        return TERM_FAILED;
    }
    if (!stands_in(&s->prev, &s->desk.me->officer)) {
        return not_mine(path, s->desk.me);
    }
    fprintf(stderr, _("authority       %s\n-- until now:\n"), s->desk.pin->name);
    ctl_policy_print(stderr, &s->prev);
    (void)ctl_signers_print(stderr, &s->prev, NULL);
    fprintf(stderr, _("-- from then on:\n"));
    ctl_policy_print(stderr, &s->now);
    ctl_older_print(stderr, &older, &s->now);
    (void)ctl_signers_print(stderr, &s->now, NULL);
    s->judges = &s->prev;
    s->needed = s->prev.quorum;
    return TERM_GO_ON;
}

static int
show_statement(struct signing *s, const char *path)
{
    struct spk_authority a = {0};
    const struct spk_authority *now = NULL;
    int status = TERM_GO_ON;
    spk_err e = spk_authority_parse(s->note.note.text, &a);

    if (!spk_ok(e)) {
        return term_error(TERM_ABOUT_OWN, path, e, NULL);
    }
    status = ctl_desk_pin_of(&s->desk, &a.policy);
    now = s->desk.pin != NULL ? spk_pin_now(s->desk.pin) : NULL;
    if (status == TERM_GO_ON && (now == NULL || !spk_authority_continues(&a, now))) {
        term_say_error(path,
                       _("does not follow the statement of an authority that is pinned here"));
        term_say_hint(_("'sparekeyctl request list' brings up to date what is pinned here"));
        term_say_hint(_("do not sign it before the operators have told you, face to face, why"));
        status = TERM_FAILED;
    }
    if (status == TERM_GO_ON && !stands_in(&s->desk.pin->policy, &s->desk.me->officer)) {
        status = not_mine(path, s->desk.me);
    }
    if (status == TERM_GO_ON) {
        fprintf(stderr, _("-- until now:\n"));
        ctl_statement_print(stderr, now);
        fprintf(stderr, _("-- from then on:\n"));
        ctl_statement_print(stderr, &a);
        if (!spk_hash_zero(&a.follows)) {
            term_say_warning(NULL, _("the TLS key changes, the authority's key stays"));
        } else if (!spk_hash_eq(&a.tls, &now->tls)) {
            term_say_warning(NULL, _("the TLS key changes too"));
        }
        s->judges = &s->desk.pin->policy;
        s->needed = s->judges->quorum;
    }
    spk_authority_clear(&a);
    return status;
}

static int
show(struct signing *s, const char *path)
{
    int status;

    if (ctl_note_is(&s->note, SPK_AUTHORITY_KIND)) {
        return show_statement(s, path);
    }
    if (!ctl_note_is(&s->note, SPK_POLICY_KIND)) {
        term_say_error(path, _("is neither a policy nor an authority statement"));
        return TERM_FAILED;
    }
    status = ctl_note_policy(&s->note, path, &s->now);
    if (status != TERM_GO_ON) {
        return status;
    }
    return s->now.number == 1 ? show_first(s, path) : show_next(s, path);
}

static int
agree(bool yes)
{
    if (yes || term_confirm(_("sign this? type yes: "))) {
        return TERM_GO_ON;
    }
    term_say_error(NULL, _("not signed"));
    term_say_hint(_("a person answers on the terminal; --yes says it beforehand"));
    return TERM_FAILED;
}

/* A first policy needs every officer, anything else so many persons. */
static bool
count_signed(const struct signing *s, const struct spk_note *n, size_t *ret_n)
{
    size_t have = 0;

    if (s->judges != &s->now) {
        return spk_ok(spk_policy_signers(s->judges, n, ret_n));
    }
    for (size_t i = 0; i < s->now.n_officers; i++) {
        have += spk_ok(spk_note_verify(n, &s->now.officers[i].key)) ? 1 : 0;
    }
    *ret_n = have;
    return true;
}

/* Who has signed by now. */
static void
tell_state(const struct signing *s, struct spk_span note)
{
    SPK_AUTO_STR struct spk_note *n = spk_calloc(1, sizeof(*n));
    size_t have = 0;

    if (n == NULL || !spk_ok(spk_note_parse(note, false, n))) {
        return;
    }
    (void)ctl_signers_print(stderr, s->judges, n);
    if (count_signed(s, n, &have)) {
        fprintf(stderr, _("signatures      %zu of the %zu that it needs\n"), have, s->needed);
    }
}

static int
put_signature(const struct signing *s, const char *path, bool quiet)
{
    SPK_AUTO_BUF struct spk_buf out = SPK_BUF((size_t)SPK_NOTE_MAX);
    const struct spk_identity *me = s->desk.me;
    spk_err e =
        spk_note_sign(s->note.note.text, &s->note.note, me->officer.key.name, me->sign, &out);

    e = spk_ok(e) ? spk_file_write(AT_FDCWD, path, spk_buf_span(&out), 0644, true) : e;
    if (!spk_ok(e)) {
        return term_error(TERM_ABOUT_OUTPUT, path, e, NULL);
    }
    if (!quiet) {
        printf(_("signed '%s' as %s\n"), term_shown(path), me->name);
        (void)term_flush(TERM_DONE);
        tell_state(s, spk_buf_span(&out));
    }
    return TERM_DONE;
}

static int
sign_file(struct term *c, struct signing *s, const char *as, const char *path, bool yes)
{
    int status = ctl_note_read(path, &s->note);

    status = status == TERM_GO_ON ? ctl_desk_open(&s->desk) : status;
    status = status == TERM_GO_ON ? ctl_desk_identity(c, &s->desk, as, true) : status;
    status = status == TERM_GO_ON ? show(s, path) : status;
    status = status == TERM_GO_ON ? agree(yes) : status;
    return status == TERM_GO_ON ? put_signature(s, path, c->quiet) : status;
}

int
ctl_policy_sign(struct term *c, int argc, char **argv)
{
    char *as = NULL;
    bool yes = false;
    const struct term_opt opts[] = {
        {"as", 0, TERM_TEXT, &as, "NAME", N_("the identity that signs")},
        {"yes", 'y', TERM_FLAG, &yes, NULL, N_("do not ask")},
    };
    SPK_AUTO_STR struct signing *s = spk_calloc(1, sizeof(*s));
    int first = 0;
    int status = term_options(c, opts, 2, argc, argv, &first);

    if (status != TERM_GO_ON) {
        return status;
    }
    if (argc - first != 1) {
        return term_usage(c, _("one file is wanted"));
    }
    if (s == NULL) {
        return term_error(TERM_ABOUT_OWN, NULL, SPK_ERR(NOMEM), NULL);
    }
    status = sign_file(c, s, as, argv[first], yes);
    ctl_note_clear(&s->note);
    ctl_desk_clear(&s->desk);
    return status;
}
