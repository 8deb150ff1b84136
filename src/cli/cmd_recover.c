/* SPDX-License-Identifier: Apache-2.0 */
/* sparekey recover: one command for the whole way back. Each call goes on where the last one ended,
 * and says what happens next. What it does with the files is in recover_files.c. */
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/text.h"
#include "cli/commands.h"
#include "cli/recover_files.h"

#define POLL_FIRST_MS 500u
#define POLL_MAX_MS 15000u
#define UNKNOWN_POLLS 10u

static void
json_state(struct spk_jw *w, const struct spk_pending *p, const struct spk_recover_status *st)
{
    char code[SPK_REQ_CODE_LEN];

    spk_request_code(&p->request.hash, code);
    spk_jw_cstr(w, "authority", p->pin->name);
    spk_jw_hex(w, "owner", spk_hash_span(&p->request.owner));
    spk_jw_hex(w, "request", spk_hash_span(&p->request.hash));
    spk_jw_cstr(w, "code", code);
    spk_jw_cstr(w, "state", spk_recover_state_name(st->state));
    spk_jw_u64(w, "persons", st->persons);
    spk_jw_u64(w, "needed", st->needed);
    spk_jw_u64(w, "due", st->due);
    spk_jw_u64(w, "expires", st->expires);
}

/* Read over a telephone: large, spaced, alone. */
static void
print_code(const struct spk_pending *p)
{
    char code[SPK_REQ_CODE_LEN];
    char hex[2 * SPK_HASH_LEN + 1];

    spk_request_code(&p->request.hash, code);
    printf(_("\nThe code of your recovery request:\n\n    "));
    for (const char *s = code; *s != '\0'; s++) {
        fputs(*s == '-' ? "  " : "", stdout);
        if (*s != '-') {
            printf(" %c", *s);
        }
    }
    printf(_("\n\nCall the recovery officers of %s on the telephone, or visit them, and read it "
             "to them.\nDo not send it by mail: the code is what proves that the request is "
             "yours.\n(request %s)\n"),
           p->pin->name, spk_hex(spk_hash_span(&p->request.hash), hex));
}

static void
print_state(const struct spk_recover_status *st)
{
    char when[21];

    switch (st->state) {
    case SPK_RECOVER_OPEN:
        printf(ngettext("state: open, %llu of %llu officer has approved\n",
                        "state: open, %llu of %llu officers have approved\n",
                        (unsigned long)st->needed),
               (unsigned long long)st->persons, (unsigned long long)st->needed);
        break;
    case SPK_RECOVER_WAITING:
        printf(_("state: approved, the waiting time runs until %s\n"), spk_time_iso(st->due, when));
        break;
    case SPK_RECOVER_CONFIRM:
        fputs(_("state: the waiting time is over, the officers confirm once more\n"), stdout);
        break;
    default:
        printf(_("state: %s\n"), spk_recover_state_name(st->state));
        break;
    }
}

static int
report_waiting(const struct term *c, const struct recover_job *job, const struct spk_pending *p,
               const struct spk_recover_status *st)
{
    SPK_AUTO_BUF struct spk_buf b = SPK_BUF((size_t)8192);
    struct spk_jw w = {.b = &b};

    if (c->json) {
        spk_jw_open(&w, NULL, '{');
        json_state(&w, p, st);
        spk_jw_close(&w, '}');
        return term_json_out(&w, &b) == TERM_DONE ? TERM_WAITING : TERM_FAILED;
    }
    print_code(p);
    recover_tell_asked(job, p);
    print_state(st);
    fputs(_("Run 'sparekey recover' again to see how it stands; it goes on from there.\n"), stdout);
    return term_flush(TERM_WAITING);
}

/* The end of a request that did not succeed: said, and put away with its unused keys. */
static int
report_refused(const struct term *c, struct spk_pending *p, const struct spk_recover_status *st)
{
    SPK_AUTO_BUF struct spk_buf b = SPK_BUF((size_t)8192);
    struct spk_jw w = {.b = &b};
    spk_err e;

    if (c->json) {
        spk_jw_open(&w, NULL, '{');
        json_state(&w, p, st);
        spk_jw_close(&w, '}');
        if (term_json_out(&w, &b) != TERM_DONE) {
            return TERM_FAILED;
        }
    }
    switch (st->state) {
    case SPK_RECOVER_DENIED:
        term_say_error(NULL, _("an officer has denied the recovery"));
        break;
    case SPK_RECOVER_VETOED:
        term_say_error(NULL, _("the recovery was vetoed with the owner's key or veto code"));
        term_say_hint(_("if it was not you: somebody has your old key or your recovery sheet; tell "
                        "the officers"));
        break;
    default:
        term_say_error(NULL, _("the recovery request has expired"));
        break;
    }
    e = spk_pending_drop(p);
    if (!spk_ok(e)) {
        return term_error(TERM_ABOUT_OWN, p->dir, e, NULL);
    }
    term_say_hint(_("run the command again to open a new request"));
    return TERM_FAILED;
}

static int
report_unknown(const struct spk_pending *p)
{
    char hex[2 * SPK_HASH_LEN + 1];

    term_say_error(NULL, _("the authority does not know the request"));
    fprintf(stderr,
            _("sparekey: hint: is %s your owner id there? 'recover --abandon' gives this request "
              "up, then open a new one\n"),
            spk_hex(spk_hash_span(&p->request.owner), hex));
    return TERM_FAILED;
}

static void
pause_ms(uint64_t ms)
{
    struct timespec ts = {(time_t)(ms / 1000u), (long)(ms % 1000u) * 1000000L};

    (void)nanosleep(&ts, NULL);
}

static bool
undecided(enum spk_recover_state s)
{
    return s == SPK_RECOVER_OPEN || s == SPK_RECOVER_WAITING || s == SPK_RECOVER_CONFIRM;
}

/* Until something is decided; a network that comes and goes does not end the wait. */
static spk_err
wait_for(struct spk_pending *p, struct spk_recover_status *st)
{
    uint64_t ms = POLL_FIRST_MS;
    unsigned unknown = 0; /* the authority may take a moment to open what it has taken */

    while (undecided(st->state) ||
           (st->state == SPK_RECOVER_UNKNOWN && unknown++ < UNKNOWN_POLLS)) {
        spk_err e;

        SPK_CHECK(!term_stop, STOPPED);
        pause_ms(ms);
        ms = ms * 3 / 2 < POLL_MAX_MS ? ms * 3 / 2 : POLL_MAX_MS;
        SPK_CHECK(!term_stop, STOPPED);
        e = spk_recover_poll(p, st);
        if (!spk_ok(e) && e.code != SPK_CODE_NET && e.code != SPK_CODE_BUSY) {
            return e;
        }
    }
    return SPK_OK;
}

static void
tell_taken(const struct spk_pending *p, uint64_t keys, const char *old)
{
    if (p->request.kind == SPK_REQ_KIND_KEYS) {
        printf(ngettext("%llu session key came back from %s\n",
                        "%llu session keys came back from %s\n", (unsigned long)keys),
               (unsigned long long)keys, p->pin->name);
    }
    printf(_("the new key pairs are yours now; the old ones have no rights left at %s\n"),
           p->pin->name);
    if (old != NULL) {
        printf(_("the old key container is kept as '%s'; files that only it opens still open\n"),
               term_shown(old));
    }
}

/* Is the container's signature key that of the request already? */
static bool
has_these_keys(struct recover_job *job, const struct spk_pending *p)
{
    struct spk_rsa *sign = NULL;

    return spk_ok(spk_session_key(job->s, SPK_AT_SIGNATURE, &sign)) &&
           spk_hash_eq(spk_rsa_id(sign), spk_rsa_id(p->request.sign));
}

/* Keys first: what has come is kept even if the rest has to wait. */
static int
take_all(struct term *c, struct recover_job *job, struct spk_pending *p)
{
    SPK_AUTO_STR char *old = NULL;
    uint64_t keys = 0;
    uint64_t refused = 0;
    spk_err e = SPK_OK;

    job->new_pairs = !has_these_keys(job, p);
    if (p->request.kind == SPK_REQ_KIND_KEYS) {
        e = spk_recover_fetch(job->s, p, &keys, &refused);
    }
    e = spk_ok(e) ? spk_recover_finish(job->s, p, &old) : e;
    if (!spk_ok(e)) {
        int status = term_error(TERM_ABOUT_PEER, NULL, e, &job->s->trouble);

        term_say_hint(_("run the command again: it goes on where it ended"));
        if (job->s->trouble.status >= 500) {
            term_say_hint(
                _("if its operators say that this request cannot go on: 'sparekey recover "
                  "--abandon', then the command again opens a new one"));
        }
        return status;
    }
    job->keys = keys;
    job->refused = refused;
    job->from = p;
    if (!c->quiet && !c->json) {
        tell_taken(p, keys, old);
    }
    if (refused > 0) {
        fprintf(stderr,
                ngettext("sparekey: warning: the authority has refused to release %llu deposit\n",
                         "sparekey: warning: the authority has refused to release %llu deposits\n",
                         (unsigned long)refused),
                (unsigned long long)refused);
    }
    if (p->unfit > 0) {
        fprintf(stderr,
                ngettext("sparekey: warning: %llu key that the authority released does not hold, "
                         "and was not kept\n",
                         "sparekey: warning: %llu keys that the authority released do not hold, "
                         "and were not kept\n",
                         (unsigned long)p->unfit),
                (unsigned long long)p->unfit);
        term_say_hint(_("ask its operators why; another authority may have them too"));
    }
    return TERM_GO_ON;
}

static int
proceed(struct term *c, struct recover_job *job, struct spk_pending *p, bool fresh)
{
    struct spk_recover_status st = {.state = SPK_RECOVER_OPEN};
    spk_err e = p->submitted ? SPK_OK : spk_recover_submit(p);
    int status;

    e = spk_ok(e) ? spk_recover_poll(p, &st) : e;
    if (e.code == SPK_CODE_PASS) {
        return recover_say_no_pass(job);
    }
    if (!spk_ok(e)) {
        status = term_error(TERM_ABOUT_PEER, NULL, e, &job->s->trouble);
        term_say_hint(_("the request is kept here: run 'sparekey recover' again"));
        return status;
    }
    if (job->o->wait && (undecided(st.state) || (fresh && st.state == SPK_RECOVER_UNKNOWN))) {
        if (!c->json) {
            print_code(p);
            (void)fflush(stdout);
        }
        e = wait_for(p, &st);
        if (!spk_ok(e)) {
            return term_error(TERM_ABOUT_PEER, NULL, e, &job->s->trouble);
        }
    }
    if (undecided(st.state) || (fresh && st.state == SPK_RECOVER_UNKNOWN)) {
        return report_waiting(c, job, p, &st);
    }
    if (st.state == SPK_RECOVER_UNKNOWN) {
        return report_unknown(p);
    }
    if (st.state != SPK_RECOVER_APPROVED && st.state != SPK_RECOVER_DONE) {
        return report_refused(c, p, &st);
    }
    status = take_all(c, job, p);
    return status == TERM_GO_ON ? recover_repair(c, job) : status;
}

static int
open_request(struct term *c, struct recover_job *job)
{
    SPK_AUTO(spk_pending) p = NULL;
    SPK_AUTO(spk_secret) pass = NULL;
    struct spk_pending_spec spec = {.kind =
                                        job->o->keys_only ? SPK_REQ_KIND_PAIRS : SPK_REQ_KIND_KEYS,
                                    .reason = job->o->reason,
                                    .contact = job->o->contact,
                                    .bits = job->o->bits};
    int status = recover_prepare(c, job, &spec);
    spk_err e = SPK_OK;

    status = status == TERM_GO_ON ? recover_may_replace(job) : status;
    status = status == TERM_GO_ON ? recover_send_records(job) : status;
    if (status != TERM_GO_ON) {
        return status;
    }
    if (job->o->passphrase) {
        e = term_new_pass(c, &pass);
        spec.pass = pass;
    }
    if (spk_ok(e) && job->o->same_keys) {
        struct spk_rsa *unused = NULL;

        e = spk_session_pair(job->s, SPK_AT_SIGNATURE, &unused);
        spec.take_pairs = job->s->container;
    } else if (!c->quiet) {
        fputs(_("sparekey: note: making new key pairs, this may take a few seconds\n"), stderr);
    }
    e = spk_ok(e) ? spk_pending_create(job->s, job->pin, &spec, &p) : e;
    if (!spk_ok(e)) {
        const char *at = e.code == SPK_CODE_IO ? job->s->profile->data_dir : NULL;

        return term_error(TERM_ABOUT_OWN, at, e, &job->s->trouble);
    }
    status = proceed(c, job, p, true);
    if (job->left_out > 0 && (status == TERM_WAITING || status == TERM_DONE)) {
        fprintf(stderr,
                ngettext("sparekey: warning: the request goes without %u file, named above\n",
                         "sparekey: warning: the request goes without %u files, named above\n",
                         job->left_out),
                job->left_out);
        return TERM_FAILED;
    }
    return status;
}

/* Is there anything that only the authority has? Files whose keys are here are repaired at once. */
static int
begin(struct term *c, struct recover_job *job)
{
    bool wish = job->o->all || job->o->keys_only || job->o->serials.n > 0;
    bool ended = !wish && recover_has_ended(job);

    if (!wish && job->n == 0) {
        term_say_error(NULL, _("no recovery is under way; what shall come back?"));
        term_say_hint(_("'sparekey recover FILE.spk…' or 'sparekey recover --all'"));
        return TERM_USAGE;
    }
    recover_find_here(job);
    if (!wish && recover_count(job, RECOVER_ASK) == 0) {
        return recover_repair(c, job);
    }
    if (ended && recover_locked_out(job) && job->old_pass != RECOVER_PASS_LOST) {
        return recover_say_ended(job);
    }
    if (recover_count(job, RECOVER_ASK) > 0) {
        (void)recover_repair_here(c, job);
    }
    return term_stop ? TERM_STOPPED : open_request(c, job);
}

static int
run_locked(struct term *c, struct recover_job *job)
{
    SPK_AUTO(spk_pending) p = NULL;
    spk_err e = recover_look(job);
    int status;

    e = spk_ok(e) ? spk_pending_load(job->s, job->pin, &p) : e;
    if (p != NULL) {
        p->ask = recover_ask_new;
        p->ask_ctx = job;
    }
    if (job->o->abandon) {
        return recover_abandon(c, job, p, e);
    }
    if (e.code == SPK_CODE_NOTFOUND) {
        return begin(c, job);
    }
    if (!spk_ok(e)) {
        return term_error(TERM_ABOUT_OWN, NULL, e, &job->s->trouble);
    }
    status = recover_covered(job, p);
    return status == TERM_GO_ON ? proceed(c, job, p, false) : status;
}

static int
say_locked(const struct recover_job *job, uint64_t pid)
{
    if (pid != 0) {
        fprintf(stderr,
                _("sparekey: error: another 'sparekey recover' is at work for %s (process %llu)\n"),
                job->pin->name, (unsigned long long)pid);
    } else {
        fprintf(stderr, _("sparekey: error: another 'sparekey recover' is at work for %s\n"),
                job->pin->name);
    }
    term_say_hint(_("wait until it has ended, or stop it; nothing was changed here"));
    return TERM_FAILED;
}

static int
run(struct term *c, struct recover_job *job)
{
    SPK_AUTO_FD int lock = -1;
    uint64_t pid = 0;
    int status = recover_authority(job);
    spk_err e = SPK_OK;

    if (status != TERM_GO_ON) {
        return status;
    }
    e = spk_pending_lock(job->s, job->pin, &pid, &lock);
    if (e.code == SPK_CODE_BUSY) {
        return say_locked(job, pid);
    }
    return spk_ok(e) ? run_locked(c, job) : term_error(TERM_ABOUT_OWN, NULL, e, &job->s->trouble);
}

int
cmd_recover(struct term *c, int argc, char **argv)
{
    struct recover_opts o = {.reason = NULL};
    char *bits = NULL;
    const struct term_opt opts[] = {
        {"all", 0, TERM_FLAG, &o.all, NULL, N_("everything that was ever deposited")},
        {"decrypt", 0, TERM_FLAG, &o.decrypt, NULL, N_("decrypt the files once they are repaired")},
        {"output", 'o', TERM_TEXT, &o.out, "OUT", N_("decrypt one file to there")},
        {"reason", 0, TERM_TEXT, &o.reason, "TEXT", N_("why, for the officers")},
        {"contact", 0, TERM_TEXT, &o.contact, "TEXT", N_("how the officers reach you now")},
        {"authority", 0, TERM_TEXT, &o.authority, "NAME", N_("which authority to ask")},
        {"serial", 0, TERM_MANY, &o.serials, "ID",
         N_("serial number of a file whose header does not tell it")},
        {"owner", 0, TERM_TEXT, &o.owner, "ID", N_("your owner id, when it is not known here")},
        {"bits", 0, TERM_TEXT, &bits, "N", N_("size of the new keys: 2048, 3072 (default), 4096")},
        {"wait", 0, TERM_FLAG, &o.wait, NULL, N_("wait until the officers have decided")},
        {"passphrase", 0, TERM_FLAG, &o.passphrase, NULL, N_("protect the new keys")},
        {"keys-only", 0, TERM_FLAG, &o.keys_only, NULL,
         N_("only replace the key pairs, give no session keys back")},
        {"same-keys", 0, TERM_FLAG, &o.same_keys, NULL,
         N_("with --keys-only: take the pairs of the present container")},
        {"replace-keys", 0, TERM_FLAG, &o.replace_keys, NULL,
         N_("go on although key pairs are here, which the new ones will replace; asks for no "
            "passphrase of theirs")},
        {"abandon", 0, TERM_FLAG, &o.abandon, NULL, N_("give up the request that is under way")},
    };
    SPK_AUTO(spk_session) s = NULL;
    struct recover_job job = {.o = &o, .c = c};
    int first = 0;
    int status = term_options(c, opts, sizeof(opts) / sizeof(opts[0]), argc, argv, &first);

    if (status != TERM_GO_ON) {
        return status;
    }
    o.reason = o.reason != NULL ? o.reason : "";
    o.contact = o.contact != NULL ? o.contact : "";
    job.old_pass = o.replace_keys && !o.same_keys ? RECOVER_PASS_LOST : RECOVER_PASS_ASK;
    job.paths = argv + first;
    job.n = argc - first;
    if ((o.out != NULL && job.n != 1) || (o.same_keys && !o.keys_only)) {
        return term_usage(c, o.same_keys ? _("--same-keys goes with --keys-only")
                                         : _("-o names one output, so there can be one file only"));
    }
    status = term_text("reason", o.reason, SPK_REQ_REASON_MAX);
    status = status == TERM_GO_ON ? term_text("contact", o.contact, SPK_REQ_CONTACT_MAX) : status;
    status = status == TERM_GO_ON ? term_bits(c, bits, &o.bits) : status;
    status = status == TERM_GO_ON ? term_session(c, &s) : status;
    if (status != TERM_GO_ON) {
        return status;
    }
    job.s = s;
    s->ask = recover_ask_old;
    s->ask_ctx = &job;
    status = run(c, &job);
    spk_buf_free(&job.serials);
    spk_mem_free(job.files);
    return status;
}
