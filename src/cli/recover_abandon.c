/* SPDX-License-Identifier: Apache-2.0 */
/* Giving up the request that is under way: here, and as far as can be at the authority. */
#include "base/clock.h"
#include "base/text.h"
#include "cli/recover_files.h"
#include "client/veto.h"

struct left { /* what becomes of it at the authority */
    bool withdrawn, ended;
    enum spk_recover_state state;
    uint64_t expires;
};

/* A recovery that the authority has ended has made the request's pairs the owner's. Asked twice,
 * and with nobody there to ask, they stay: whoever has lost their passphrase gets past, since
 * without it the authority does not say how the request stands. */
static bool
keeps_ended(const struct spk_pending *p, const struct left *l)
{
    if (l->state != SPK_RECOVER_DONE &&
        !spk_recover_led_to(p->pin, &p->request.owner, p->request.sign)) {
        return false;
    }
    if (term_confirm(
            _("The authority has ended this recovery: the new key pairs of this request are "
              "the only ones that have rights there. Throw them away? (yes or no) "))) {
        return false;
    }
    fprintf(
        stderr,
        _("sparekey: error: the recovery has ended at %s: the key pairs of this request are the "
          "only ones that have rights there\n"),
        p->pin->name);
    term_say_hint(_("nothing was thrown away. 'sparekey recover' goes on: it only has to be "
                    "finished here"));
    return true;
}

/* Whoever still has the owner's present key can take the request back himself; a failure only means
 * that it stays there until it expires. */
static struct left
take_back(struct recover_job *job, struct spk_pending *p)
{
    struct left l = {.expires = p->request.time + p->pin->policy.request_life};
    struct spk_recover_status st = {.state = SPK_RECOVER_UNKNOWN};
    SPK_AUTO_STR char *state = NULL;

    if (!p->submitted) {
        return l;
    }
    if (spk_ok(spk_recover_poll(p, &st)) && st.expires != 0) {
        l.expires = st.expires;
    }
    l.state = st.state;
    l.ended = st.state == SPK_RECOVER_DENIED || st.state == SPK_RECOVER_VETOED ||
              st.state == SPK_RECOVER_EXPIRED || st.state == SPK_RECOVER_DONE;
    if (!l.ended && job->pin->state == SPK_PIN_ENROLLED) {
        l.withdrawn = spk_ok(spk_veto_by_key(job->s, job->pin, &p->request.hash, &state));
    }
    return l;
}

static int
tell_json(const struct spk_pending *p, const struct left *l, const char *code)
{
    SPK_AUTO_BUF struct spk_buf b = SPK_BUF((size_t)8192);
    struct spk_jw w = {.b = &b};

    spk_jw_open(&w, NULL, '{');
    spk_jw_cstr(&w, "state", "abandoned");
    spk_jw_cstr(&w, "authority", p->pin->name);
    spk_jw_hex(&w, "request", spk_hash_span(&p->request.hash));
    spk_jw_cstr(&w, "code", code);
    spk_jw_bool(&w, "submitted", p->submitted);
    spk_jw_bool(&w, "withdrawn", l->withdrawn);
    spk_jw_u64(&w, "expires", p->submitted && !l->withdrawn && !l->ended ? l->expires : 0);
    spk_jw_close(&w, '}');
    return term_json_out(&w, &b);
}

static void
tell_left(const struct spk_pending *p, const struct left *l)
{
    char hex[2 * SPK_HASH_LEN + 1];
    char when[21];

    if (!p->submitted) {
        fputs(_("the authority has never had it\n"), stdout);
    } else if (l->withdrawn) {
        printf(_("it is withdrawn at %s with your present key, and counts as vetoed there\n"),
               p->pin->name);
    } else if (l->ended) {
        printf(_("at %s it had ended before: %s\n"), p->pin->name,
               spk_recover_state_name(l->state));
    } else {
        printf(_("at %s it stays open until %s, unless it is stopped\n"), p->pin->name,
               spk_time_iso(l->expires, when));
        fprintf(stderr,
                _("sparekey: hint: ask the officers to deny it, or stop it with 'sparekey veto "
                  "--code %s' and the veto code from your recovery sheet\n"),
                spk_hex(spk_hash_span(&p->request.hash), hex));
    }
}

int
recover_abandon(const struct term *c, struct recover_job *job, struct spk_pending *p, spk_err e)
{
    char code[SPK_REQ_CODE_LEN];
    struct left l;

    if (e.code == SPK_CODE_NOTFOUND) {
        term_say_error(NULL, _("no recovery is under way"));
        return TERM_FAILED;
    }
    if (!spk_ok(e)) {
        return term_error(TERM_ABOUT_OWN, NULL, e, &job->s->trouble);
    }
    l = take_back(job, p);
    if (keeps_ended(p, &l)) {
        return TERM_FAILED;
    }
    e = spk_pending_drop(p);
    if (!spk_ok(e)) {
        return term_error(TERM_ABOUT_OWN, p->dir, e, NULL);
    }
    spk_request_code(&p->request.hash, code);
    if (c->json) {
        return tell_json(p, &l, code);
    }
    if (!c->quiet) {
        printf(_("abandoned: the request with the code %s at %s, for %s; its new key pairs are "
                 "thrown away\n"),
               code, p->pin->name, recover_what(p));
        tell_left(p, &l);
    }
    return term_flush(TERM_DONE);
}
