/* SPDX-License-Identifier: Apache-2.0 */
/* What is asked for now, against the request that is under way and the keys that are here. */
#include "cli/recover_files.h"

#include "base/text.h"

const char *
recover_what(const struct spk_pending *p)
{
    static char text[120];
    unsigned n = p->request.count;

    if (p->request.kind != SPK_REQ_KIND_KEYS) {
        return _("new key pairs only");
    }
    if (p->request.select == SPK_SELECT_ALL) {
        return _("everything that was ever deposited");
    }
    (void)snprintf(text, sizeof(text), ngettext("%u file", "%u files", n), n);
    return text;
}

void
recover_tell_asked(const struct recover_job *job, const struct spk_pending *p)
{
    printf(_("asked for: %s\n"), recover_what(p));
    for (int i = 0; p->request.select != SPK_SELECT_ALL && i < job->n; i++) {
        if (job->files[i].known && spk_pending_covers(p, &job->files[i].id)) {
            printf("  %s\n", term_shown(job->files[i].path));
        }
    }
}

static int
not_covered(const struct spk_pending *p, const char *path)
{
    char code[SPK_REQ_CODE_LEN];

    spk_request_code(&p->request.hash, code);
    fprintf(stderr,
            _("sparekey: error: a recovery is under way at %s (code %s), for %s: this is not what "
              "you ask for now\n"),
            p->pin->name, code, recover_what(p));
    if (path != NULL) {
        fprintf(stderr, _("sparekey: note: it does not bring back the key of '%s'\n"),
                term_shown(path));
    }
    term_say_hint(_("'sparekey recover' goes on with that one; when it has ended, ask for the "
                    "rest; or give it up with 'sparekey recover --abandon', and ask for all of it "
                    "at once"));
    return TERM_FAILED;
}

static bool
serials_covered(const struct recover_job *job, const struct spk_pending *p)
{
    for (size_t i = 0; i < job->o->serials.n; i++) {
        struct spk_file_id id;

        if (!spk_ok(spk_hex_parse(spk_span_str(job->o->serials.v[i]), id.b, sizeof(id.b))) ||
            !spk_pending_covers(p, &id)) {
            return false;
        }
    }
    return true;
}

/* A file that cannot be read is named again when the others are repaired. */
static bool
file_covered(const struct recover_job *job, const struct spk_pending *p,
             const struct recover_file *f)
{
    if (f->state == RECOVER_LOST || f->alone || spk_pending_covers(p, &f->id)) {
        return true;
    }
    return recover_opens(job, f->path);
}

int
recover_covered(const struct recover_job *job, const struct spk_pending *p)
{
    struct spk_hash owner;
    bool keys = p->request.kind == SPK_REQ_KIND_KEYS;

    if ((job->o->keys_only && keys) ||
        (job->o->all && (!keys || p->request.select != SPK_SELECT_ALL)) ||
        !serials_covered(job, p)) {
        return not_covered(p, NULL);
    }
    if (job->o->owner != NULL &&
        (!spk_ok(spk_hex_parse(spk_span_str(job->o->owner), owner.b, sizeof(owner.b))) ||
         !spk_hash_eq(&owner, &p->request.owner))) {
        return not_covered(p, NULL);
    }
    for (int i = 0; !job->o->keys_only && i < job->n; i++) {
        const struct recover_file *f = &job->files[i];

        if (!file_covered(job, p, f)) {
            return not_covered(p, f->path);
        }
        if (!f->known && keys && p->request.select != SPK_SELECT_ALL) {
            term_say_warning(f->path,
                             _("names no serial number: nobody can tell whether the request "
                               "that is under way brings its key back"));
        }
    }
    return TERM_GO_ON;
}

/* -- keys that are here -- */

void
recover_hint_all(const struct recover_job *job)
{
    struct spk_rsa *keyx = NULL;

    if (job->from != NULL && job->from->request.select == SPK_SELECT_ALL) {
        return; /* that was tried just now */
    }
    term_say_hint(
        spk_ok(spk_session_key(job->s, SPK_AT_KEYEXCHANGE, &keyx))
            ? _("'sparekey recover --all --replace-keys' brings back every key and finds the right "
                "one; new key pairs then replace those that are here. Or --serial ID, if you know "
                "it from 'sparekey inspect' of a copy")
            : _("'sparekey recover --all' brings back every key and finds the right one; or "
                "--serial ID, if you know it from 'sparekey inspect' of a copy"));
}

/* Is the container's signature key what a recovery here has led to? */
static bool
led_to_present(const struct recover_job *job)
{
    const struct spk_profile *p = job->s->profile;
    struct spk_rsa *sign = NULL;

    for (size_t i = 0; i < p->n_authorities; i++) {
        const struct spk_hash *owner = spk_profile_owner_at(p, p->authorities[i]);

        if (owner != NULL && spk_ok(spk_session_key(job->s, SPK_AT_SIGNATURE, &sign)) &&
            spk_recover_led_to(p->authorities[i], owner, sign)) {
            return true;
        }
    }
    return false;
}

bool
recover_has_ended(struct recover_job *job)
{
    bool ended = false;

    if (!job->o->replace_keys || job->old_pass != RECOVER_PASS_LOST || !led_to_present(job)) {
        return false;
    }
    for (int i = 0; i < job->n; i++) {
        const struct recover_file *f = &job->files[i];

        ended = ended || recover_is_for_present(job, f->path) ||
                (f->known && spk_recovered_has(job->s->profile, &f->id));
    }
    job->old_pass = ended ? RECOVER_PASS_ASK : RECOVER_PASS_LOST;
    return ended;
}

int
recover_say_ended(const struct recover_job *job)
{
    fprintf(stderr,
            _("sparekey: error: a recovery has ended already: its key pairs are in key container "
              "'%s', and without their passphrase nobody sees what they open\n"),
            term_shown(job->s->profile->container));
    term_say_hint(_("nothing was asked for. Give the passphrase; if it is lost, 'sparekey recover "
                    "--all --replace-keys' makes new key pairs once more"));
    return TERM_FAILED;
}

static void
say_present(const struct recover_job *job)
{
    const char *container = term_shown(job->s->profile->container);
    int open = recover_count(job, RECOVER_HERE);

    if (recover_locked_out(job) &&
        (job->old_pass == RECOVER_PASS_WRONG || job->old_pass == RECOVER_PASS_GIVEN)) {
        fprintf(stderr,
                _("sparekey: error: key container '%s' is here, but the passphrase given for it is "
                  "wrong\n"),
                container);
    } else if (recover_locked_out(job)) {
        fprintf(
            stderr,
            _("sparekey: error: key container '%s' is here, but without its passphrase it opens "
              "nothing\n"),
            container);
    } else if (open > 0) {
        fprintf(stderr,
                ngettext("sparekey: error: your keys are not lost: key container '%s' is here, "
                         "and %d of %d file opens\n",
                         "sparekey: error: your keys are not lost: key container '%s' is here, "
                         "and %d of %d files open\n",
                         (unsigned long)job->n),
                container, open, job->n);
    } else {
        fprintf(stderr, _("sparekey: error: key container '%s' is here, with key pairs\n"),
                container);
    }
}

/* Said before anything is asked for: a copy of the container may make the whole recovery needless.
 */
static void
warn_damaged(const struct recover_job *job)
{
    fprintf(stderr, _("sparekey: warning: key container '%s' is damaged and opens nothing: '%s'\n"),
            term_shown(job->s->profile->container), term_shown(job->s->trouble.file));
    term_say_hint(_("a copy of that file, put back in its place, makes a recovery needless. The "
                    "recovery keeps the damaged one beside the new one"));
}

int
recover_may_replace(const struct recover_job *job)
{
    bool without_pass = recover_locked_out(job);
    struct spk_rsa *keyx = NULL;
    spk_err e = spk_session_key(job->s, SPK_AT_KEYEXCHANGE, &keyx);

    if (e.code == SPK_CODE_FORMAT || e.code == SPK_CODE_VERSION) {
        warn_damaged(job);
    }
    if (job->o->replace_keys || job->o->keys_only || !spk_ok(e)) {
        return TERM_GO_ON;
    }
    if (term_confirm(without_pass
                         ? _("Without their passphrase the key pairs here are of no use. A "
                             "recovery makes new ones; the old ones then lose every right at the "
                             "authority, and their container is kept. Replace them? (yes or no) ")
                         : _("A recovery makes new key pairs; those of your key container then "
                             "lose every right at the authority. Replace them? (yes or no) "))) {
        return TERM_GO_ON;
    }
    say_present(job);
    if (without_pass) {
        term_say_hint(_("nothing was asked for. Give the right passphrase; if it is lost, "
                        "--replace-keys goes on without it: new key pairs are made, and the old "
                        "container is kept beside them"));
        return TERM_FAILED;
    }
    term_say_hint(_("nothing was asked for. A recovery replaces these keys at the authority; "
                    "--replace-keys goes on all the same, and keeps the old container beside the "
                    "new one. 'sparekey decrypt' opens what they open"));
    return TERM_FAILED;
}
