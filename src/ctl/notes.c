/* SPDX-License-Identifier: Apache-2.0 */
#include "ctl/notes.h"

#include <dirent.h>
#include <fcntl.h>
#include <string.h>

#include "base/file.h"
#include "base/text.h"
#include "ctl/draft.h"

void
ctl_note_clear(struct ctl_note *n)
{
    spk_buf_free(&n->raw);
}

int
ctl_note_read(const char *path, struct ctl_note *ret_n)
{
    spk_err e;
    int status;

    ret_n->raw = SPK_BUF((size_t)SPK_NOTE_MAX);
    status = ctl_read_file(path, &ret_n->raw);
    if (status != TERM_GO_ON) {
        return status;
    }
    e = spk_note_parse(spk_buf_span(&ret_n->raw), true, &ret_n->note);
    if (!spk_ok(e)) {
        term_say_error(path, _("is not a note"));
        return TERM_FAILED;
    }
    return TERM_GO_ON;
}

bool
ctl_note_is(const struct ctl_note *n, const char *kind)
{
    struct spk_span body;

    return spk_ok(spk_note_kind(&n->note, kind, &body));
}

int
ctl_note_policy(const struct ctl_note *n, const char *path, struct spk_policy *ret_p)
{
    if (!ctl_note_is(n, SPK_POLICY_KIND) || !spk_ok(spk_policy_parse(n->note.text, ret_p))) {
        term_say_error(path, _("is not a policy, or not a valid one"));
        term_say_hint(_("'sparekeyctl policy new' writes one; do not edit it by hand afterwards"));
        return TERM_FAILED;
    }
    return TERM_GO_ON;
}

void
ctl_policy_print(FILE *to, const struct spk_policy *p)
{
    char hex[2 * SPK_HASH_LEN + 1];
    char a[32];
    char b[32];

    fprintf(to, _("policy          number %u, %s\n"), p->number,
            spk_hex(spk_hash_span(&p->hash), hex));
    if (p->number == 1) {
        fprintf(to, _("previous        none: this is the first\n"));
    } else {
        fprintf(to, _("previous        %s\n"), spk_hex(spk_hash_span(&p->previous), hex));
    }
    fprintf(to, _("quorum          %u of %zu persons approve\n"), p->quorum, spk_policy_persons(p));
    fprintf(to, _("deny            %u of them stop a request\n"), p->deny);
    fprintf(to, _("waiting time    %s\n"), ctl_duration(p->wait, a));
    fprintf(to, _("lifetimes       a request %s, an approval %s\n"),
            ctl_duration(p->request_life, a), ctl_duration(p->approval_life, b));
    if (p->override_quorum == 0) {
        fprintf(to, _("veto            nothing overrides it\n"));
    } else {
        fprintf(to, _("veto            overridden by %u persons after %s\n"), p->override_quorum,
                ctl_duration(p->override_wait, a));
    }
    fprintf(to, _("deposits        %s\n"),
            p->need_derived ? _("must carry derived padding")
                            : _("with derived or random padding"));
}

int
ctl_policy_older(struct ctl_desk *d, const struct spk_policy *p, const struct spk_policy *prev,
                 struct ctl_older *ret_o)
{
    int status = TERM_GO_ON;
    spk_err e;

    *ret_o = (struct ctl_older){0};
    if (p->number == 1) {
        return TERM_GO_ON;
    }
    if (d->dir == NULL) {
        status = ctl_desk_open(d);
    }
    if (status == TERM_GO_ON && d->pin == NULL) {
        status = ctl_desk_pin_of(d, &p->previous);
    }
    if (status != TERM_GO_ON) {
        return status;
    }
    e = ctl_older_before(d->pin, p, prev, ret_o);
    return spk_ok(e) ? TERM_GO_ON : term_error(TERM_ABOUT_OWN, d->dir, e, NULL);
}

void
ctl_older_print(FILE *to, const struct ctl_older *o, const struct spk_policy *p)
{
    char wait[32];

    if (ctl_older_lost(o, p)) {
        fprintf(
            to,
            _("older deposits  LOST if made under policy %u: they need %u persons, here are %zu\n"),
            o->quorum_by, o->quorum, spk_policy_persons(p));
    } else if (o->quorum > p->quorum) {
        fprintf(to, _("older deposits  made under policy %u still need %u persons\n"), o->quorum_by,
                o->quorum);
    }
    if (o->wait > p->wait) {
        fprintf(to, _("older deposits  made under policy %u still wait %s\n"), o->wait_by,
                ctl_duration(o->wait, wait));
    }
    if (ctl_older_final(o, p)) {
        fprintf(
            to,
            _("older deposits  a veto is FINAL if made under policy %u: %u persons override it, "
              "here are %zu\n"),
            o->override_by, o->override_most, spk_policy_persons(p));
    }
}

static void
tell_lost(const char *path, const struct ctl_older *o, const struct spk_policy *p)
{
    fprintf(stderr,
            _("%s: error: '%s': deposits made under policy %u need %u persons, and this policy has "
              "%zu: they could never come back\n"),
            term_program, term_shown(path), o->quorum_by, o->quorum, spk_policy_persons(p));
    term_say_hint(_("name more officers in it; or, if nobody needs those deposits any more, say "
                    "--lose-older-deposits"));
}

static void
tell_final(const char *path, const struct ctl_older *o, const struct spk_policy *p)
{
    fprintf(stderr,
            _("%s: error: '%s': %u persons override a veto for deposits made under policy %u, and "
              "this policy has %zu: it promises what could not be done for them\n"),
            term_program, term_shown(path), o->override_most, o->override_by,
            spk_policy_persons(p));
    term_say_hint(_("name more officers in it, or --override-quorum 0; or, if a veto may be final "
                    "for those deposits, say --lose-older-deposits"));
}

int
ctl_older_judge(const char *path, const struct ctl_older *o, const struct spk_policy *p,
                bool accepted)
{
    if (accepted || (!ctl_older_lost(o, p) && !ctl_older_final(o, p))) {
        return TERM_GO_ON;
    }
    if (ctl_older_lost(o, p)) {
        tell_lost(path, o, p);
    } else {
        tell_final(path, o, p);
    }
    return TERM_FAILED;
}

static const char *
signed_word(const struct spk_note *n, const struct spk_officer *o, bool *ret_bad)
{
    spk_err e = spk_note_verify(n, &o->key);

    if (spk_ok(e)) {
        return _("signed");
    }
    if (e.code == SPK_CODE_NOTFOUND) {
        return _("not signed");
    }
    *ret_bad = true;
    return _("SIGNATURE IS WRONG");
}

bool
ctl_signers_print(FILE *to, const struct spk_policy *p, const struct spk_note *n)
{
    bool bad = false;

    for (size_t i = 0; i < p->n_officers; i++) {
        const struct spk_officer *o = &p->officers[i];

        fprintf(to, _("officer         %s, person %s"), spk_officer_short(o), o->person);
        if (n != NULL) {
            fprintf(to, ", %s", signed_word(n, o, &bad));
        }
        if (o->n_owners > 0) {
            fprintf(to,
                    ngettext(", owner of %zu id", ", owner of %zu ids", (unsigned long)o->n_owners),
                    o->n_owners);
        }
        fputc('\n', to);
    }
    return !bad;
}

void
ctl_statement_print(FILE *to, const struct spk_authority *a)
{
    char hex[2 * SPK_HASH_LEN + 1];
    char code[SPK_REQ_CODE_LEN];

    spk_authority_fingerprint(&a->hash, code);
    fprintf(to, _("authority       %s, key epoch %u\n"), term_shown(a->name), a->epoch);
    fprintf(to, _("fingerprint     %s\n"), code);
    fprintf(to, _("key             RSA-%zu, %s\n"), spk_rsa_len(a->key) * 8,
            spk_hex(spk_hash_span(spk_rsa_id(a->key)), hex));
    if (a->epoch > 1) {
        fprintf(to, _("key before      %s\n"), spk_hex(spk_hash_span(&a->previous), hex));
    }
    fprintf(to, _("TLS key         %s\n"), spk_hex(spk_hash_span(&a->tls), hex));
    fprintf(to, _("first policy    %s\n"), spk_hex(spk_hash_span(&a->policy), hex));
}

spk_err
ctl_pin_policy(const struct spk_pin *pin, const struct spk_hash *hash, struct spk_policy *ret_p)
{
    SPK_AUTO_STR struct spk_note *n = spk_calloc(1, sizeof(*n));

    SPK_CHECK(n != NULL, NOMEM);
    for (size_t i = pin->chain->n_policies; i-- > 0;) {
        struct spk_hash h;

        SPK_TRY(spk_note_parse(spk_buf_span(&pin->chain->policies[i]), false, n));
        SPK_TRY(spk_note_hash(n, &h));
        if (spk_hash_eq(&h, hash)) {
            return spk_policy_parse(n->text, ret_p);
        }
    }
    return SPK_ERR(NOTFOUND);
}

static spk_err
pin_of(struct ctl_desk *d, const char *parent, const struct spk_hash *policy)
{
    DIR *list = opendir(parent);
    const struct dirent *entry = NULL;
    SPK_AUTO_STR struct spk_policy *p = spk_calloc(1, sizeof(*p));

    while (p != NULL && list != NULL && d->pin == NULL && (entry = readdir(list)) != NULL) {
        SPK_AUTO(spk_pin) pin = NULL;

        if (spk_pin_name_ok(entry->d_name) &&
            spk_ok(spk_pin_load(parent, entry->d_name, &d->trouble, &pin)) &&
            spk_ok(ctl_pin_policy(pin, policy, p))) {
            d->pin = SPK_STEAL(pin);
        }
    }
    if (list != NULL) {
        (void)closedir(list);
    }
    return p != NULL ? SPK_OK : SPK_ERR(NOMEM);
}

int
ctl_desk_pin_of(struct ctl_desk *d, const struct spk_hash *policy)
{
    SPK_AUTO_STR char *parent = NULL;
    spk_err e = spk_path_join(d->dir, "authorities", &parent);

    e = spk_ok(e) ? pin_of(d, parent, policy) : e;
    return spk_ok(e) ? TERM_GO_ON : term_error(TERM_ABOUT_OWN, d->dir, e, NULL);
}
