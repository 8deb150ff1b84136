/* SPDX-License-Identifier: Apache-2.0 */
/* sparekey doctor: one line a finding, in words. Asks for no passphrase; --offline asks nobody. */
#include <string.h>
#include <sys/stat.h>

#include "base/text.h"
#include "cli/commands.h"
#include "client/kept.h"
#include "client/pending.h"
#include "client/recover.h"
#include "client/spool.h"

enum grade { GRADE_OK, GRADE_NOTE, GRADE_BAD };

struct report {
    const struct term *c;
    struct spk_session *s;
    struct spk_jw *w;
    unsigned bad;
};

static void
say(struct report *r, enum grade g, const char *about, const char *words)
{
    static const char *const marks[] = {"ok", "note", "bad"};

    r->bad += g == GRADE_BAD;
    if (r->c->json) {
        spk_jw_open(r->w, NULL, '{');
        spk_jw_cstr(r->w, "grade", marks[g]);
        spk_jw_str(r->w, "about", spk_span_str(about));
        spk_jw_str(r->w, "text", spk_span_str(words));
        spk_jw_close(r->w, '}');
    } else if (g != GRADE_OK || !r->c->quiet) {
        printf("%-4s  %s: %s\n", marks[g], term_shown(about), words);
    }
}

static void
check_folder(struct report *r, const char *path)
{
    struct stat st;

    if (stat(path, &st) != 0) {
        say(r, GRADE_NOTE, path, _("is not there yet"));
    } else if ((st.st_mode & 022) != 0) {
        say(r, GRADE_BAD, path, _("may be written by others: 'chmod go-w' it"));
    } else {
        say(r, GRADE_OK, path, _("is yours alone to write"));
    }
}

/* A recovery is proven by what the authority has signed of it. */
static void
tell_other_keys(struct report *r, const struct spk_rsa *sign)
{
    const struct spk_profile *p = r->s->profile;

    for (size_t i = 0; i < p->n_authorities; i++) {
        const struct spk_hash *owner = spk_profile_owner_at(p, p->authorities[i]);

        if (owner != NULL && spk_recover_led_to(p->authorities[i], owner, sign)) {
            say(r, GRADE_OK, "owner.record",
                _("names the keys from before a recovery, which the container's have replaced"));
            return;
        }
    }
    say(r, GRADE_BAD, "owner.record",
        _("names other keys than the container has, and no recovery has put these in their place: "
          "restore the container from a backup, or run 'sparekey recover --keys-only'"));
}

/* The keys here are those of the record, or a successor's. */
static void
check_match(struct report *r, const struct spk_rsa *sign)
{
    struct spk_enrolment e = {0};

    if (r->s->profile->record.len == 0) {
        return;
    }
    if (spk_ok(spk_enrolment_parse(spk_buf_span(&r->s->profile->record), &e)) &&
        !spk_hash_eq(spk_rsa_id(e.sign), spk_rsa_id(sign))) {
        tell_other_keys(r, sign);
    }
    spk_enrolment_clear(&e);
}

/* What a recovery has set aside may be all that opens some files. */
static void
check_kept(struct report *r)
{
    size_t n = 0;

    if (!spk_ok(spk_kept_count(r->s, &n))) {
        return; /* the folder of containers has been told of already */
    }
    for (size_t i = 0; i < n; i++) {
        say(r, GRADE_NOTE, spk_kept_at(r->s, i),
            _("is an old key container: decrypt and verify try it too; 'sparekey recover "
              "FILE.spk' gives a file a slot for the present key"));
    }
}

/* Somewhere deposits may wait for this owner. */
static bool
was_registered(const struct spk_profile *p)
{
    for (size_t i = 0; i < p->n_authorities; i++) {
        if (p->authorities[i]->state != SPK_PIN_PINNED) {
            return true;
        }
    }
    return false;
}

static void
tell_unreadable(struct report *r, spk_err e)
{
    const char *file = r->s->trouble.file;

    say(r, GRADE_BAD, file[0] != '\0' ? file : r->s->profile->container,
        term_sentence(TERM_ABOUT_OWN, e));
    if (e.code != SPK_CODE_FORMAT && e.code != SPK_CODE_VERSION) {
        return;
    }
    say(r, GRADE_NOTE, r->s->profile->container,
        was_registered(r->s->profile)
            ? _("restore it from a backup; if there is none, move it away, then 'sparekey recover "
                "--all' gets new keys and your session keys")
            : _("restore it from a backup; if there is none, move it away, then 'sparekey init' "
                "makes new keys"));
}

static void
check_keys(struct report *r)
{
    struct spk_rsa *keyx = NULL;
    struct spk_rsa *sign = NULL;
    spk_err e = spk_session_key(r->s, SPK_AT_KEYEXCHANGE, &keyx);

    e = spk_ok(e) ? spk_session_key(r->s, SPK_AT_SIGNATURE, &sign) : e;
    if (e.code == SPK_CODE_NOKEY) {
        say(r, GRADE_BAD, r->s->profile->container,
            was_registered(r->s->profile)
                ? _("there are no keys: if they are lost, 'sparekey recover --all' gets new ones "
                    "and your session keys")
                : _("there are no keys: 'sparekey init' makes them"));
        return;
    }
    if (!spk_ok(e)) {
        tell_unreadable(r, e);
        return;
    }
    say(r, GRADE_OK, spk_container_path(r->s->container),
        spk_container_has_pass(r->s->container) ? _("has both key pairs, under a passphrase")
                                                : _("has both key pairs, without a passphrase"));
    check_match(r, sign);
}

static void
check_owner(struct report *r)
{
    char hex[2 * SPK_HASH_LEN + 1];

    if (!r->s->profile->has_owner) {
        say(r, GRADE_BAD, "owner", _("you have no owner id: 'sparekey init' makes one"));
        return;
    }
    say(r, GRADE_OK, "owner", spk_hex(spk_hash_span(&r->s->profile->owner), hex));
    if (r->s->profile->monitor == NULL) {
        say(r, GRADE_NOTE, "monitor", _("is missing: deposits carry no owner tag"));
    }
}

static void
check_policy(struct report *r)
{
    switch (r->s->profile->deposit_policy) {
    case SPK_DEPOSIT_REQUIRE:
        say(r, GRADE_OK, "policy", _("require: nothing is sealed without its deposit"));
        break;
    case SPK_DEPOSIT_SPOOL:
        say(r, GRADE_NOTE, "policy", _("spool: a deposit may wait here until 'sync'"));
        break;
    case SPK_DEPOSIT_OFF:
        say(r, GRADE_BAD, "policy", _("off: what is sealed cannot come back"));
        break;
    }
    if (r->s->profile->deposit_policy != SPK_DEPOSIT_OFF && r->s->profile->n_authorities == 0) {
        say(r, GRADE_BAD, "authorities", _("none is pinned: 'sparekey enroll ADDRESS'"));
    } else if (spk_profile_needed(r->s->profile) > r->s->profile->n_authorities) {
        say(r, GRADE_BAD, "need", _("asks for more authorities than are pinned"));
    }
}

static void
check_spool(struct report *r)
{
    SPK_AUTO_BUF struct spk_buf names = SPK_BUF((size_t)SPK_SPOOL_ENTRIES_MAX * SPK_SPOOL_NAME_MAX);
    size_t n = 0;
    spk_err e = spk_spool_list(r->s->profile, &names, &n);

    if (!spk_ok(e)) {
        say(r, GRADE_BAD, "spool", term_sentence(TERM_ABOUT_OWN, e));
    } else if (n > 0) {
        say(r, GRADE_BAD, "spool", _("deposits wait: 'sparekey sync' sends them"));
    } else {
        say(r, GRADE_OK, "spool", _("is empty"));
    }
}

/* Reached without a login, so without a passphrase. */
static void
check_connection(struct report *r, const struct spk_pin *pin)
{
    struct spk_trouble t = {.said = ""};
    SPK_AUTO(spk_api) api = NULL;
    SPK_AUTO(spk_json) j = NULL;
    const char *holder = NULL;
    spk_err e = spk_api_open(pin, NULL, &t, &api);

    e = spk_ok(e) ? spk_api_get(api, "/v1/status", &j) : e;
    if (!spk_ok(e)) {
        say(r, GRADE_BAD, pin->url, term_sentence(TERM_ABOUT_PEER, e));
        return;
    }
    say(r, GRADE_OK, pin->url, _("answers, with the pinned key"));
    if (spk_ok(spk_json_str(j, "holder", &holder)) && strcmp(holder, "ready") != 0) {
        say(r, GRADE_NOTE, pin->url, _("its key holder is away: deposits work, recoveries wait"));
    }
}

/* With a container that needs no passphrase the login can be tried too. */
static void
check_login(struct report *r, struct spk_pin *pin)
{
    struct spk_api *api = NULL;
    SPK_AUTO(spk_json) j = NULL;
    const char *state = NULL;
    spk_err e;

    if (r->s->container == NULL || spk_container_has_pass(r->s->container) ||
        pin->state == SPK_PIN_PINNED) {
        return;
    }
    e = spk_session_api(r->s, spk_session_index(r->s, pin), &api);
    e = spk_ok(e) ? spk_api_get(api, "/v1/owners/self", &j) : e;
    if (e.code == SPK_CODE_DENIED && r->s->trouble.status == 401) {
        say(r, GRADE_BAD, pin->name,
            _("knows you under your former keys: 'sparekey recover --keys-only --same-keys' with "
              "--authority and its name"));
    } else if (e.code == SPK_CODE_DENIED) {
        const char *hint = NULL;

        say(r, GRADE_BAD, pin->name, term_why_denied(&r->s->trouble, &hint));
        say(r, GRADE_NOTE, pin->name, hint);
    } else if (!spk_ok(e)) {
        say(r, GRADE_BAD, pin->name, term_sentence(TERM_ABOUT_PEER, e));
    } else if (spk_ok(spk_json_str(j, "state", &state)) && strcmp(state, "enrolled") == 0) {
        say(r, GRADE_OK, pin->name, _("knows you and takes your deposits"));
    } else {
        say(r, GRADE_BAD, pin->name, _("has not approved your registration yet"));
    }
}

static void
check_authority(struct report *r, struct spk_pin *pin, bool offline)
{
    SPK_AUTO(spk_pending) p = NULL;

    if (pin->state == SPK_PIN_PINNED) {
        say(r, GRADE_NOTE, pin->name, _("is pinned, but you are not registered there"));
    } else {
        say(r, GRADE_OK, pin->name, _("is pinned; its chain of statements and policies holds"));
    }
    if (pin->has_owner) {
        char hex[2 * SPK_HASH_LEN + 1];

        say(r, GRADE_OK, pin->name, _("knows you under an owner id of its own, which follows"));
        say(r, GRADE_OK, "owner", spk_hex(spk_hash_span(&pin->owner), hex));
    }
    if (spk_ok(spk_pending_load(r->s, pin, &p))) {
        say(r, GRADE_NOTE, pin->name, _("a recovery is under way: 'sparekey recover' goes on"));
    }
    if (!offline) {
        check_connection(r, pin);
        check_login(r, pin);
    }
}

static void
examine(struct report *r, bool offline)
{
    check_folder(r, r->s->profile->config_dir);
    check_folder(r, r->s->profile->data_dir);
    check_keys(r);
    check_kept(r);
    check_owner(r);
    check_policy(r);
    check_spool(r);
    for (size_t i = 0; i < r->s->profile->n_authorities; i++) {
        check_authority(r, r->s->profile->authorities[i], offline);
    }
    if (spk_secret_unlocked() > 0) {
        say(r, GRADE_NOTE, "memory",
            _("secrets could not be locked into memory: raise the limit "
              "('ulimit -l')"));
    }
}

int
cmd_doctor(struct term *c, int argc, char **argv)
{
    bool offline = false;
    const struct term_opt opts[] = {
        {"offline", 0, TERM_FLAG, &offline, NULL, N_("do not contact any authority")},
    };
    SPK_AUTO_BUF struct spk_buf b = SPK_BUF((size_t)1 << 20);
    struct spk_jw w = {.b = &b};
    SPK_AUTO(spk_session) s = NULL;
    struct report r = {.c = c, .w = &w};
    int first = 0;
    int status = term_options(c, opts, 1, argc, argv, &first);

    if (status != TERM_GO_ON) {
        return status;
    }
    if (first < argc) {
        return term_usage(c, _("'doctor' takes no names"));
    }
    status = term_session(c, &s);
    if (status != TERM_GO_ON) {
        return status;
    }
    r.s = s;
    spk_jw_open(&w, NULL, '[');
    examine(&r, offline);
    spk_jw_close(&w, ']');
    if (c->json && term_json_out(&w, &b) != TERM_DONE) {
        return TERM_FAILED;
    }
    return r.bad > 0 ? term_flush(TERM_FAILED) : term_flush(TERM_DONE);
}
