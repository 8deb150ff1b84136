/* SPDX-License-Identifier: Apache-2.0 */
/* sparekey enroll: pin an authority, never silently, and register with it. */
#include <fcntl.h>
#include <string.h>

#include "base/file.h"
#include "base/text.h"
#include "cli/commands.h"
#include "client/enrol.h"

#define TOKEN_MAX ((size_t)256)

struct enroll_opts {
    char *name;
    char *token_file;
    bool ask_token;
    bool update;
    bool pin_only;
    bool new_owner;
};

static void
fingerprint_line(FILE *to, const struct spk_pin *pin)
{
    char code[SPK_REQ_CODE_LEN];

    spk_authority_fingerprint(&spk_pin_now(pin)->hash, code);
    fprintf(to, _("authority '%s' (%s)\nkey epoch %u, policy %u, fingerprint %s\n"), pin->name,
            term_shown(spk_pin_now(pin)->name), spk_pin_now(pin)->epoch, pin->policy.number, code);
}

static int
report(const struct term *c, const struct spk_profile *p, const struct spk_pin *pin)
{
    const struct spk_hash *owner =
        pin->state == SPK_PIN_PINNED ? NULL : spk_profile_owner_at(p, pin);
    char hex[2 * SPK_HASH_LEN + 1];
    SPK_AUTO_BUF struct spk_buf b = SPK_BUF((size_t)8192);
    struct spk_jw w = {.b = &b};
    char code[SPK_REQ_CODE_LEN];

    if (c->quiet && !c->json) {
        return TERM_DONE;
    }
    if (!c->json) {
        fingerprint_line(stdout, pin);
        printf(_("state: %s\n"), spk_pin_state_name(pin->state));
        if (owner != NULL && pin->has_owner) {
            printf(_("owner id there: %s\n"), spk_hex(spk_hash_span(owner), hex));
        }
        return term_flush(TERM_DONE);
    }
    spk_authority_fingerprint(&spk_pin_now(pin)->hash, code);
    spk_jw_open(&w, NULL, '{');
    spk_jw_cstr(&w, "authority", pin->name);
    spk_jw_cstr(&w, "url", pin->url);
    spk_jw_u64(&w, "epoch", spk_pin_now(pin)->epoch);
    spk_jw_u64(&w, "policy", pin->policy.number);
    spk_jw_hex(&w, "statement", spk_hash_span(&spk_pin_now(pin)->hash));
    spk_jw_cstr(&w, "fingerprint", code);
    spk_jw_cstr(&w, "state", spk_pin_state_name(pin->state));
    if (owner != NULL) {
        spk_jw_hex(&w, "owner", spk_hash_span(owner));
    }
    spk_jw_close(&w, '}');
    return term_json_out(&w, &b);
}

/* The code is typed from paper or from a voice, so it is not shown here: what is shown would be
 * copied. */
static int
ask_fingerprint(const struct spk_pin *pin)
{
    SPK_AUTO(spk_secret) typed = NULL;
    spk_err e =
        term_ask_line(_("type the authority's fingerprint code, as its operators gave it to "
                        "you (not from a mail): "),
                      true, &typed);

    if (e.code == SPK_CODE_PASS) {
        term_say_error(NULL, _("the address has no '#' and hash, and there is no terminal to type "
                               "the fingerprint"));
        term_say_hint(_("use the full address from the operators: https://host:port/#hash"));
        return TERM_FAILED;
    }
    if (!spk_ok(e)) {
        return term_error(TERM_ABOUT_PEER, NULL, e, NULL);
    }
    if (!spk_enrol_has_code(pin, spk_secret_span(typed))) {
        term_say_error(NULL, _("this is not the fingerprint of the authority that answers there"));
        term_say_hint(_("type it again with care; if it is right, somebody is in between: nothing "
                        "was pinned"));
        return TERM_FAILED;
    }
    return TERM_GO_ON;
}

static int
establish(const struct spk_pin *pin, bool has_hash, const struct spk_hash *hash)
{
    if (!has_hash) {
        return ask_fingerprint(pin);
    }
    if (!spk_enrol_has_hash(pin, hash)) {
        term_say_error(NULL, _("the authority that answers there is not the one in the address"));
        term_say_hint(_("the hash behind '#' differs: get the address again from the operators; "
                        "nothing was pinned"));
        return TERM_FAILED;
    }
    return TERM_GO_ON;
}

static void
default_name(struct spk_pin *pin)
{
    for (char *p = pin->name; *p != '\0'; p++) {
        if (strspn(p, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-") == 0) {
            *p = '-';
        }
    }
    if (pin->name[0] == '.') {
        pin->name[0] = '-';
    }
}

/* An authority that is pinned already stays what it is here; a name is that of one authority. */
static int
match_pinned(const struct spk_profile *p, const struct enroll_opts *o, struct spk_pin *pin)
{
    for (size_t i = 0; i < p->n_authorities; i++) {
        const struct spk_pin *old = p->authorities[i];
        bool same = spk_hash_eq(&old->statements[0].hash, &pin->statements[0].hash);

        if (same && (o->name == NULL || strcmp(old->name, pin->name) == 0)) {
            struct spk_trouble t = {.log = spk_pin_other_logs(old, pin) ? SPK_LOG_FAULT_KEYS
                                                                        : SPK_LOG_FAULT_NONE};
            spk_err e = SPK_ERR(CHANGED);

            if (spk_pin_continues(old, pin)) {
                e = spk_pin_inherit(pin, old);
            }
            return spk_ok(e) ? TERM_GO_ON : term_error(TERM_ABOUT_PEER, NULL, e, &t);
        }
        if (same) {
            term_say_error(old->name, _("is what you call this authority already"));
            term_say_hint(_("leave --name out, or 'sparekey enroll --update' fetches what is new"));
            return TERM_FAILED;
        }
    }
    for (size_t i = 0; i < p->n_authorities; i++) {
        if (strcmp(p->authorities[i]->name, pin->name) == 0) {
            term_say_error(pin->name, _("is the name of another authority that you have pinned"));
            term_say_hint(_("--name NAME gives this one another name"));
            return TERM_FAILED;
        }
    }
    return TERM_GO_ON;
}

static int
choose_name(const struct spk_profile *p, const struct enroll_opts *o, struct spk_pin *pin)
{
    if (o->name != NULL) {
        if (!spk_pin_name_ok(o->name)) {
            term_say_error(NULL, _("a name has up to 64 letters, digits, '.', '_' and '-'"));
            return TERM_USAGE;
        }
        (void)snprintf(pin->name, sizeof(pin->name), "%s", o->name);
    } else {
        default_name(pin);
    }
    return match_pinned(p, o, pin);
}

static int
read_token(struct term *c, const struct enroll_opts *o, struct spk_secret **ret_token)
{
    spk_err e = SPK_OK;

    (void)c;
    if (o->token_file != NULL) {
        SPK_AUTO_BUF struct spk_buf b = SPK_BUF(TOKEN_MAX);

        e = spk_file_read(AT_FDCWD, o->token_file, &b);
        while (spk_ok(e) && b.len > 0 && b.ptr[b.len - 1] <= ' ') {
            b.len--;
        }
        if (spk_ok(e)) {
            e = b.len == 0 ? SPK_ERR(TRUNC) : spk_secret_from(spk_buf_span(&b), ret_token);
        }
        return spk_ok(e) ? TERM_GO_ON : term_error(TERM_ABOUT_INPUT, o->token_file, e, NULL);
    }
    if (o->ask_token) {
        e = term_ask_line(_("enrolment token: "), false, ret_token);
    }
    return spk_ok(e) ? TERM_GO_ON : term_error(TERM_ABOUT_OWN, NULL, e, NULL);
}

static spk_err
register_with(struct spk_session *s, struct spk_pin *pin, struct spk_span record,
              const struct spk_secret *token)
{
    SPK_AUTO_BUF struct spk_buf b = SPK_BUF(TOKEN_MAX + 1);
    const char *text = NULL;

    if (token != NULL) {
        SPK_TRY(spk_buf_add(&b, spk_secret_span(token)));
        SPK_TRY(spk_buf_cstr(&b, &text));
    }
    return spk_enrol_register(s, pin, record, text);
}

/* The present keys came with a recovery elsewhere, so there is a new record for them, and with it
 * another owner id. Who may have been registered here before is told so first: what he has
 * deposited under the former keys stays with the former owner id. */
static int
renew(struct term *c, const struct enroll_opts *o, struct spk_session *s, const struct spk_pin *pin,
      struct spk_span *ret_record)
{
    spk_err e;

    if (s->profile->record.len == 0 && !o->new_owner) {
        term_say_error(pin->name,
                       _("cannot know these keys, which came with a recovery elsewhere"));
        term_say_hint(_("if you were registered there with your former keys: 'sparekey enroll "
                        "--pin' with the same address, then 'sparekey recover --keys-only "
                        "--same-keys --authority NAME'; if never: --new-owner"));
        return TERM_FAILED;
    }
    e = spk_enrol_renew(s, ret_record);
    if (e.code == SPK_CODE_NOTFOUND) {
        term_say_error(NULL, _("your enrolment record is not on this computer, and no authority "
                               "that knows your keys has it"));
        term_say_hint(
            _("copy CONFIG/owner.record from the computer where you ran 'sparekey init'"));
        return TERM_FAILED;
    }
    if (!spk_ok(e)) {
        return term_error(TERM_ABOUT_OWN, NULL, e, &s->trouble);
    }
    if (!c->quiet) {
        fprintf(stderr,
                _("sparekey: note: your keys are newer than your owner id, so '%s' gets another "
                  "owner id "
                  "for you: write it on your recovery sheet\n"),
                pin->name);
    }
    return TERM_GO_ON;
}

/* Is this the record of who is registered there, or of a new owner that 'init' has made? */
static bool
is_for(const struct spk_profile *p, const struct spk_pin *pin, struct spk_span record)
{
    const struct spk_hash *there = spk_profile_owner_at(p, pin);
    struct spk_hash id;

    return pin->state == SPK_PIN_PINNED ||
           (there != NULL && spk_ok(spk_sha256(record, &id)) &&
            (spk_hash_eq(&id, there) || spk_hash_eq(&id, &p->owner)));
}

/* Registered there before, by another record than one of the present keys: does it know them? */
static int
ask(struct spk_session *s, struct spk_pin *pin)
{
    spk_err e = spk_enrol_ask(s, pin);

    if (e.code == SPK_CODE_DENIED && s->trouble.status == 401) {
        term_say_error(pin->name, _("does not know your present keys as yours"));
        fprintf(stderr,
                _("sparekey: hint: authority %s still knows your old keys: 'sparekey recover "
                  "--keys-only --same-keys --authority %s'\n"),
                pin->name, pin->name);
        return TERM_FAILED;
    }
    return spk_ok(e) ? TERM_GO_ON : term_error(TERM_ABOUT_PEER, NULL, e, &s->trouble);
}

/* To somebody who is just registering, other words than to one who should be known. */
static int
tell_refused(const struct spk_session *s, spk_err e, bool had_token)
{
    if (e.code == SPK_CODE_EXISTS) {
        term_say_error(NULL, _("the authority does not register you: your keys are, or once were, "
                               "those of another owner there"));
        term_say_hint(_("'sparekey init --new-owner --container NAME' makes other keys, for you as "
                        "another owner"));
    } else if (had_token) {
        term_say_error(NULL, _("the authority does not take the token: it is used up, too old, or "
                               "not one of its own"));
        term_say_hint(_("ask its operators for a new one, and type it with care"));
    } else {
        term_say_error(NULL, _("the authority wants an enrolment token"));
        term_say_hint(_("ask its operators for one; then the same command with --token asks for "
                        "it, and --token-file FILE reads it"));
    }
    if (s->trouble.said[0] != '\0') {
        fprintf(stderr, _("%s: note: authority %s answered %ld: %s\n"), term_program,
                term_shown(s->trouble.peer), s->trouble.status, term_shown(s->trouble.said));
    }
    return TERM_FAILED;
}

static int
join(struct term *c, const struct enroll_opts *o, struct spk_session *s, struct spk_pin *pin)
{
    SPK_AUTO(spk_secret) token = NULL;
    struct spk_span record = SPK_SPAN_EMPTY;
    int status = read_token(c, o, &token);
    spk_err e;

    if (status != TERM_GO_ON) {
        return status;
    }
    e = spk_enrol_record(s, &record);
    if (!spk_ok(e) && e.code != SPK_CODE_NOTFOUND) {
        return term_error(TERM_ABOUT_OWN, NULL, e, &s->trouble);
    }
    if (!is_for(s->profile, pin, record)) {
        return ask(s, pin);
    }
    if (e.code == SPK_CODE_NOTFOUND) {
        status = renew(c, o, s, pin, &record);
    }
    if (status != TERM_GO_ON) {
        return status;
    }
    e = register_with(s, pin, record, token);
    if (e.code == SPK_CODE_DENIED || e.code == SPK_CODE_EXISTS) {
        return tell_refused(s, e, token != NULL);
    }
    return spk_ok(e) ? TERM_GO_ON : term_error(TERM_ABOUT_PEER, NULL, e, &s->trouble);
}

/* Whether an authority still knows the keys that it was told: asked where that takes no passphrase.
 * Whatever else than a refusal comes back says nothing of that. */
static int
check_known(struct spk_session *s, const struct spk_pin *pin)
{
    SPK_AUTO(spk_json) j = NULL;
    struct spk_rsa *sign = NULL;
    struct spk_api *api = NULL;
    spk_err e = SPK_OK;

    if (pin->state != SPK_PIN_ENROLLED || !spk_ok(spk_session_key(s, SPK_AT_SIGNATURE, &sign)) ||
        spk_container_has_pass(s->container)) {
        return TERM_GO_ON;
    }
    e = spk_session_api(s, spk_session_index(s, pin), &api);
    e = spk_ok(e) ? spk_api_get(api, "/v1/owners/self", &j) : e;
    return e.code == SPK_CODE_DENIED ? term_error(TERM_ABOUT_PEER, pin->name, e, &s->trouble)
                                     : TERM_GO_ON;
}

static int
put_and_report(const struct term *c, struct spk_session *s, struct spk_pin **take_pin,
               bool registered)
{
    char name[SPK_PIN_NAME_MAX + 1];
    struct spk_pin *pin = NULL;
    int status = TERM_GO_ON;
    spk_err e;

    (void)snprintf(name, sizeof(name), "%s", (*take_pin)->name);
    e = spk_profile_put_authority(s->profile, take_pin);
    e = spk_ok(e) ? spk_profile_authority(s->profile, name, &pin) : e;
    if (!spk_ok(e)) {
        return term_error(TERM_ABOUT_OWN, s->profile->config_dir, e, NULL);
    }
    status = registered ? check_known(s, pin) : status;
    return status == TERM_GO_ON ? report(c, s->profile, pin) : status;
}

static int
enroll(struct term *c, const struct enroll_opts *o, struct spk_session *s, const char *address)
{
    SPK_AUTO_BUF struct spk_buf url = SPK_BUF((size_t)SPK_PIN_URL_MAX);
    SPK_AUTO(spk_pin) pin = NULL;
    struct spk_hash hash;
    const char *url_text = NULL;
    bool has_hash = false;
    int status;
    spk_err e = spk_authority_address(spk_span_str(address), &url, &has_hash, &hash);

    if (!spk_ok(e) || !spk_ok(spk_buf_cstr(&url, &url_text))) {
        return term_usage(c, _("an address looks like https://host:port/#hash"));
    }
    if (!o->pin_only && !s->profile->has_owner) {
        term_say_error(NULL, _("you have no enrolment record yet"));
        term_say_hint(_("'sparekey init' makes it; --pin only pins the authority, for a recovery"));
        return TERM_FAILED;
    }
    e = spk_enrol_fetch(url_text, &s->trouble, &pin);
    if (!spk_ok(e)) {
        return term_error(TERM_ABOUT_PEER, NULL, e, &s->trouble);
    }
    status = establish(pin, has_hash, &hash);
    status = status == TERM_GO_ON ? choose_name(s->profile, o, pin) : status;
    if (status == TERM_GO_ON && !o->pin_only) {
        status = join(c, o, s, pin);
    }
    if (status != TERM_GO_ON) {
        return status;
    }
    return put_and_report(c, s, &pin, !o->pin_only);
}

static int
update_one(struct term *c, struct spk_session *s, struct spk_pin *old, const char *url)
{
    SPK_AUTO(spk_pin) pin = NULL;
    bool changed = false;
    spk_err e = spk_enrol_update(old, url, &s->trouble, &changed, &pin);

    if (!spk_ok(e)) {
        spk_trouble_peer(&s->trouble, old->name);
        return term_error(TERM_ABOUT_PEER, NULL, e, &s->trouble);
    }
    if (pin->state == SPK_PIN_PENDING) {
        e = spk_enrol_ask(s, pin); /* whether it is approved by now */
        changed = changed || (spk_ok(e) && pin->state != old->state);
    }
    if (!changed && !c->quiet) {
        fprintf(stderr, _("sparekey: note: authority '%s': nothing is new\n"), old->name);
    }
    return put_and_report(c, s, &pin, true);
}

static int
update(struct term *c, const struct enroll_opts *o, struct spk_session *s, const char *url)
{
    int status = TERM_DONE;

    if (o->name != NULL || url != NULL) {
        struct spk_pin *pin = NULL;
        spk_err e = spk_profile_authority(s->profile, o->name, &pin);

        if (!spk_ok(e)) {
            return term_usage(c, _("--name must be that of a pinned authority"));
        }
        return update_one(c, s, pin, url);
    }
    if (s->profile->n_authorities == 0) {
        term_say_error(NULL, _("no authority is pinned"));
        return TERM_FAILED;
    }
    for (size_t i = 0; i < s->profile->n_authorities; i++) {
        int one = update_one(c, s, s->profile->authorities[i], NULL);

        status = status == TERM_DONE ? one : status;
    }
    return status;
}

int
cmd_enroll(struct term *c, int argc, char **argv)
{
    struct enroll_opts o = {0};
    const struct term_opt opts[] = {
        {"name", 0, TERM_TEXT, &o.name, "NAME", N_("what you call this authority")},
        {"token-file", 0, TERM_TEXT, &o.token_file, "FILE", N_("the token you were given")},
        {"token", 0, TERM_FLAG, &o.ask_token, NULL, N_("ask for the token on the terminal")},
        {"update", 0, TERM_FLAG, &o.update, NULL,
         N_("take new keys and policies that the officers have signed")},
        {"pin", 0, TERM_FLAG, &o.pin_only, NULL, N_("only pin it, without registering")},
        {"new-owner", 0, TERM_FLAG, &o.new_owner, NULL,
         N_("get an owner id there, never having been registered with it")},
    };
    SPK_AUTO(spk_session) s = NULL;
    int first = 0;
    int status = term_options(c, opts, sizeof(opts) / sizeof(opts[0]), argc, argv, &first);

    if (status != TERM_GO_ON) {
        return status;
    }
    if (argc - first > 1 || (argc == first && !o.update)) {
        return term_usage(c, _("one address is wanted"));
    }
    status = term_session(c, &s);
    if (status != TERM_GO_ON) {
        return status;
    }
    return o.update ? update(c, &o, s, argc > first ? argv[first] : NULL)
                    : enroll(c, &o, s, argv[first]);
}
