/* SPDX-License-Identifier: Apache-2.0 */
/* sparekey veto: stop a recovery, by the present key or by the printed code. */
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
        term_say_hint(_("compare the code, and the owner id (--owner), with your recovery sheet; "
                        "'sparekey requests' shows which requests are yours"));
        return TERM_FAILED;
    }
    if (!spk_ok(e)) {
        return term_error(TERM_ABOUT_PEER, NULL, e, &s->trouble);
    }
    printf(_("the request is now: %s\n"), term_shown(state));
    return term_flush(TERM_DONE);
}

static int
by_key(struct spk_session *s, struct spk_pin *pin, const struct spk_hash *request)
{
    SPK_AUTO_STR char *state = NULL;
    spk_err e = spk_veto_by_key(s, pin, request, &state);

    if (!spk_ok(e)) {
        int status = term_error(TERM_ABOUT_PEER, NULL, e, &s->trouble);

        term_say_hint(_("without your keys, --code takes the veto code from your recovery sheet"));
        return status;
    }
    printf(_("the request is now: %s\n"), term_shown(state));
    return term_flush(TERM_DONE);
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
    if (argc - first != 1 ||
        !spk_ok(spk_hex_parse(spk_span_str(argv[first]), request.b, sizeof(request.b)))) {
        return term_usage(c, _("one request is wanted: 64 hex digits, from 'sparekey requests'"));
    }
    status = term_session(c, &s);
    if (status != TERM_GO_ON) {
        return status;
    }
    if (!spk_ok(spk_profile_authority(s->profile, o.authority, &pin))) {
        return term_usage(c, _("--authority must name a pinned authority"));
    }
    return o.code ? by_code(c, &o, s, pin, &request) : by_key(s, pin, &request);
}
