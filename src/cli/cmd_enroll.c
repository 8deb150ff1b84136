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
report(const struct term *c, const struct spk_pin *pin)
{
    SPK_AUTO_BUF struct spk_buf b = SPK_BUF((size_t)8192);
    struct spk_jw w = {.b = &b};
    char code[SPK_REQ_CODE_LEN];

    if (!c->json) {
        fingerprint_line(stdout, pin);
        printf(_("state: %s\n"), spk_pin_state_name(pin->state));
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

static int
choose_name(const struct enroll_opts *o, struct spk_pin *pin)
{
    if (o->name != NULL) {
        if (!spk_pin_name_ok(o->name)) {
            term_say_error(NULL, _("a name has up to 64 letters, digits, '.', '_' and '-'"));
            return TERM_USAGE;
        }
        (void)snprintf(pin->name, sizeof(pin->name), "%s", o->name);
    }
    for (char *p = pin->name; *p != '\0'; p++) {
        if (strspn(p, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-") == 0) {
            *p = '-';
        }
    }
    if (pin->name[0] == '.') {
        pin->name[0] = '-';
    }
    return TERM_GO_ON;
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
register_with(struct spk_session *s, struct spk_pin *pin, const struct spk_secret *token)
{
    SPK_AUTO_BUF struct spk_buf b = SPK_BUF(TOKEN_MAX + 1);
    const char *text = NULL;

    if (token != NULL) {
        SPK_TRY(spk_buf_add(&b, spk_secret_span(token)));
        SPK_TRY(spk_buf_cstr(&b, &text));
    }
    return spk_enrol_register(s, pin, text);
}

static int
enroll(struct term *c, const struct enroll_opts *o, struct spk_session *s, const char *address)
{
    SPK_AUTO_BUF struct spk_buf url = SPK_BUF((size_t)SPK_PIN_URL_MAX);
    SPK_AUTO(spk_pin) pin = NULL;
    SPK_AUTO(spk_secret) token = NULL;
    struct spk_hash hash;
    const char *url_text = NULL;
    bool has_hash = false;
    int status;
    spk_err e = spk_authority_address(spk_span_str(address), &url, &has_hash, &hash);

    if (!spk_ok(e) || !spk_ok(spk_buf_cstr(&url, &url_text))) {
        return term_usage(c, _("an address looks like https://host:port/#hash"));
    }
    if (!o->pin_only && s->profile->record.len == 0) {
        term_say_error(NULL, _("you have no enrolment record yet"));
        term_say_hint(_("'sparekey init' makes it; --pin only pins the authority, for a recovery"));
        return TERM_FAILED;
    }
    e = spk_enrol_fetch(url_text, &s->trouble, &pin);
    if (!spk_ok(e)) {
        return term_error(TERM_ABOUT_PEER, NULL, e, &s->trouble);
    }
    status = establish(pin, has_hash, &hash);
    status = status == TERM_GO_ON ? choose_name(o, pin) : status;
    status = status == TERM_GO_ON ? read_token(c, o, &token) : status;
    if (status != TERM_GO_ON) {
        return status;
    }
    e = o->pin_only ? SPK_OK : register_with(s, pin, token);
    if (!spk_ok(e)) {
        return term_error(TERM_ABOUT_PEER, NULL, e, &s->trouble);
    }
    status = report(c, pin);
    e = spk_profile_put_authority(s->profile, &pin);
    return spk_ok(e) ? status : term_error(TERM_ABOUT_OWN, s->profile->config_dir, e, NULL);
}

static int
update_one(struct term *c, struct spk_session *s, struct spk_pin *old, const char *url)
{
    SPK_AUTO(spk_pin) pin = NULL;
    bool changed = false;
    spk_err e = spk_enrol_update(old, url, &s->trouble, &changed, &pin);
    int status;

    if (!spk_ok(e)) {
        spk_trouble_peer(&s->trouble, old->name);
        return term_error(TERM_ABOUT_PEER, NULL, e, &s->trouble);
    }
    if (pin->state != SPK_PIN_PINNED && s->profile->record.len > 0) {
        e = spk_enrol_register(s, pin, NULL); /* idempotent: tells whether it is approved by now */
        changed = changed || (spk_ok(e) && pin->state != old->state);
    }
    if (!changed && !c->quiet) {
        fprintf(stderr, _("sparekey: authority '%s': nothing is new\n"), old->name);
    }
    status = report(c, pin);
    e = spk_profile_put_authority(s->profile, &pin);
    return spk_ok(e) ? status : term_error(TERM_ABOUT_OWN, s->profile->config_dir, e, NULL);
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
