/* SPDX-License-Identifier: Apache-2.0 */
/* sparekey veto: stop a recovery, by the present key or by the printed code. */
#include <string.h>
#include <strings.h>

#include "base/text.h"
#include "cli/commands.h"
#include "client/owner.h"
#include "client/veto.h"

struct veto_opts {
    bool code;
    char *authority;
    char *owner;
};

static int
ask_code(struct term *c, struct spk_secret **ret_code)
{
    SPK_AUTO(spk_secret) typed = NULL;
    spk_err e = c->pass_fd != NULL
                    ? term_ask_pass(c, "", 0, &typed)
                    : term_ask_line(_("veto code from your recovery sheet: "), false, &typed);

    if (!spk_ok(e)) {
        return term_error(TERM_ABOUT_OWN, NULL, e, NULL);
    }
    if (!spk_ok(spk_veto_code_parse(spk_secret_span(typed), ret_code))) {
        term_say_error(NULL, _("this is not a veto code: it has 32 letters and digits"));
        term_say_hint(_("read it from your recovery sheet again, letter by letter"));
        return TERM_FAILED;
    }
    return TERM_GO_ON;
}

static int
by_code(struct term *c, const struct veto_opts *o, struct spk_session *s, struct spk_pin *pin,
        const struct spk_hash *request)
{
    SPK_AUTO(spk_secret) code = NULL;
    SPK_AUTO_STR char *state = NULL;
    const struct spk_hash *known = spk_profile_owner_at(s->profile, pin);
    struct spk_rsa *sign = NULL;
    struct spk_hash owner;
    int status;
    spk_err e;

    if (o->owner != NULL) {
        if (!spk_ok(spk_hex_parse(spk_span_str(o->owner), owner.b, sizeof(owner.b)))) {
            return term_usage(c, _("--owner is 64 hex digits"));
        }
    } else if (known == NULL) {
        return term_usage(c, _("--owner is wanted: it stands on your recovery sheet"));
    } else {
        owner = *known;
    }
    status = ask_code(c, &code);
    if (status != TERM_GO_ON) {
        return status;
    }
    e = spk_veto_by_code(s, pin, &owner, request, code, &state);
    if (e.code == SPK_CODE_DENIED || e.code == SPK_CODE_AUTH) {
        term_say_error(NULL, _("the authority does not take this veto code for this request"));
        term_say_hint(spk_ok(spk_session_key(s, SPK_AT_SIGNATURE, &sign))
                          ? _("compare the code, and the owner id (--owner), with your recovery "
                              "sheet; 'sparekey requests' shows which requests are yours")
                          : _("compare the code, and the owner id (--owner), with your recovery "
                              "sheet, and the number of the request with what an officer reads in "
                              "'sparekeyctl request show'"));
        return TERM_FAILED;
    }
    if (!spk_ok(e)) {
        return term_error(TERM_ABOUT_PEER, NULL, e, &s->trouble);
    }
    printf(_("the request is now: %s\n"), term_shown(state));
    return term_flush(TERM_DONE);
}

static int
say_no_key(const struct spk_session *s, spk_err e)
{
    int status = term_error(TERM_ABOUT_PEER, NULL, e, &s->trouble);

    term_say_hint(_("without your keys, --code takes the veto code from your recovery sheet"));
    return status;
}

static int
by_key(struct spk_session *s, struct spk_pin *pin, const struct spk_hash *request)
{
    SPK_AUTO_STR char *state = NULL;
    spk_err e = spk_veto_by_key(s, pin, request, &state);

    if (!spk_ok(e)) {
        return say_no_key(s, e);
    }
    printf(_("the request is now: %s\n"), term_shown(state));
    return term_flush(TERM_DONE);
}

/* -- which request -- */

#define PREFIX_MIN 6u

static bool
is_prefix(const char *word)
{
    size_t len = strlen(word);

    return len >= PREFIX_MIN && len <= (size_t)2 * SPK_HASH_LEN &&
           strspn(word, "0123456789abcdefABCDEF") == len;
}

struct lookup {
    const char *prefix;
    struct spk_pin *asked; /* whose requests these are */
    unsigned found;
    struct spk_hash request;
    struct spk_pin *pin; /* where it was found */
};

static spk_err
look_at(void *ctx, const struct spk_json *row)
{
    struct lookup *l = ctx;
    struct spk_hash h;
    char hex[2 * SPK_HASH_LEN + 1];

    SPK_CHECK(spk_ok(spk_json_hex(row, "request", h.b, sizeof(h.b))), PROTO);
    if (strncasecmp(spk_hex(spk_hash_span(&h), hex), l->prefix, strlen(l->prefix)) == 0) {
        l->found++;
        l->request = h;
        l->pin = l->asked;
    }
    return SPK_OK;
}

/* At this authority, or at all where one is registered: with several one need not know which it
 * is. What an authority that cannot be asked may have counts only if no other has it. */
static spk_err
look_up(struct spk_session *s, struct spk_pin *only, struct lookup *l)
{
    struct spk_trouble t = {.said = ""};
    spk_err failed = SPK_OK;

    for (size_t i = 0; i < s->profile->n_authorities; i++) {
        spk_err e = SPK_OK;

        l->asked = s->profile->authorities[i];
        if (only != NULL ? l->asked != only : l->asked->state == SPK_PIN_PINNED) {
            continue;
        }
        e = spk_requests_each(s, l->asked, look_at, l);
        if (!spk_ok(e) && spk_ok(failed)) {
            failed = e;
            t = s->trouble;
        }
    }
    if (spk_ok(failed) || l->found > 0) {
        return SPK_OK;
    }
    s->trouble = t;
    return failed;
}

/* The beginning of a number stands for the one request that begins so. Only who logs in with a key
 * is shown his requests. *pin is NULL when any authority may have it. */
static int
find_request(struct spk_session *s, const struct veto_opts *o, const char *word,
             struct spk_pin **pin, struct spk_hash *ret_request)
{
    struct lookup l = {.prefix = word};
    spk_err e = spk_hex_parse(spk_span_str(word), ret_request->b, sizeof(ret_request->b));

    if (spk_ok(e) && *pin != NULL) {
        return TERM_GO_ON;
    }
    if (o->code) {
        term_say_error(word, _("is the beginning of a request's number: with --code all its 64 "
                               "digits are needed"));
        term_say_hint(_("an officer reads them in 'sparekeyctl request show'; 'sparekey requests' "
                        "shows them to who has the keys"));
        return TERM_USAGE;
    }
    e = look_up(s, *pin, &l);
    if (!spk_ok(e)) {
        return say_no_key(s, e);
    }
    if (l.found != 1) {
        term_say_error(word, l.found == 0 ? _("begins the number of no request of yours")
                                          : _("begins the numbers of several requests"));
        term_say_hint(_("'sparekey requests' shows them in full"));
        return TERM_FAILED;
    }
    *ret_request = l.request;
    *pin = l.pin;
    return TERM_GO_ON;
}

/* NULL in *ret_pin: several, and the request will tell. A veto code is shown to the one authority
 * that the user names, and to no other. */
static int
which_authority(const struct spk_profile *p, const struct veto_opts *o, struct spk_pin **ret_pin)
{
    spk_err e = spk_profile_authority(p, o->authority, ret_pin);

    if (spk_ok(e) || (e.code == SPK_CODE_USAGE && !o->code)) {
        return TERM_GO_ON;
    }
    if (p->n_authorities == 0) {
        term_say_error(NULL, _("no authority is pinned on this computer"));
        term_say_hint(_("'sparekey enroll --pin ADDRESS' pins it, with the address from its "
                        "operators; then run this again"));
    } else if (o->authority != NULL) {
        term_say_error(o->authority, _("is not a pinned authority"));
        term_say_hint(_("'sparekey status' lists them"));
    } else {
        term_say_error(NULL, _("several authorities are pinned"));
        term_say_hint(_("--authority NAME says at which one the request is; 'sparekey status' "
                        "lists them"));
    }
    return TERM_USAGE;
}

int
cmd_veto(struct term *c, int argc, char **argv)
{
    struct veto_opts o = {0};
    const struct term_opt opts[] = {
        {"code", 0, TERM_FLAG, &o.code, NULL, N_("by the printed veto code, without any key")},
        {"authority", 0, TERM_TEXT, &o.authority, "NAME", N_("which authority")},
        {"owner", 0, TERM_TEXT, &o.owner, "ID", N_("your owner id, when it is not known here")},
    };
    SPK_AUTO(spk_session) s = NULL;
    struct spk_pin *pin = NULL;
    struct spk_hash request;
    int first = 0;
    int status = term_options(c, opts, sizeof(opts) / sizeof(opts[0]), argc, argv, &first);

    if (status != TERM_GO_ON) {
        return status;
    }
    if (argc - first != 1 || !is_prefix(argv[first])) {
        return term_usage(c, _("one request is wanted: its 64 hex digits from 'sparekey requests', "
                               "or the first 6 or more of them"));
    }
    status = term_session(c, &s);
    if (status != TERM_GO_ON) {
        return status;
    }
    status = which_authority(s->profile, &o, &pin);
    status = status == TERM_GO_ON ? find_request(s, &o, argv[first], &pin, &request) : status;
    if (status != TERM_GO_ON) {
        return status;
    }
    return o.code ? by_code(c, &o, s, pin, &request) : by_key(s, pin, &request);
}
