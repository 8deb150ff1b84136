/* SPDX-License-Identifier: Apache-2.0 */
/* sparekey status: what waits here. Works offline, unless one wants to hear the authorities. */
#include <string.h>

#include "base/clock.h"
#include "base/text.h"
#include "cli/commands.h"
#include "client/pending.h"
#include "client/spool.h"

struct view {
    struct spk_session *s;
    struct spk_jw *w; /* NULL: as text */
    bool online;
    int status;
};

static void
json_spooled(struct spk_jw *w, const struct spk_spool_entry *e, const char *authority)
{
    spk_jw_open(w, NULL, '{');
    spk_jw_str(w, "file", spk_buf_span(&e->path));
    spk_jw_hex(w, "serial", SPK_SPAN_OF(e->parcel.d.rpub.id.b));
    spk_jw_cstr(w, "authority", authority);
    spk_jw_u64(w, "time", e->time);
    spk_jw_close(w, '}');
}

static const char *
authority_name(const struct spk_profile *p, const struct spk_hash *key)
{
    const struct spk_pin *pin = NULL;
    const struct spk_authority *a = NULL;

    return spk_ok(spk_profile_by_key(p, key, &pin, &a)) ? pin->name : "";
}

static int
show_spool(struct spk_session *s, struct spk_jw *w)
{
    SPK_AUTO_BUF struct spk_buf names = SPK_BUF((size_t)SPK_SPOOL_ENTRIES_MAX * SPK_SPOOL_NAME_MAX);
    size_t n = 0;
    spk_err e = spk_spool_list(s->profile, &names, &n);
    const char *name = (const char *)names.ptr;
    int status = TERM_DONE;

    if (!spk_ok(e)) {
        return term_error(TERM_ABOUT_OWN, s->profile->data_dir, e, NULL);
    }
    for (size_t i = 0; i < n; i++, name += strlen(name) + 1) {
        struct spk_spool_entry entry = {0};
        const char *at = NULL;

        e = spk_spool_read(s->profile, name, &s->trouble, &entry);
        if (!spk_ok(e)) {
            status = term_error(TERM_ABOUT_OWN, NULL, e, &s->trouble);
            continue;
        }
        at = authority_name(s->profile, &entry.parcel.d.rpub.authority);
        if (w != NULL) {
            json_spooled(w, &entry, at);
        } else {
            char when[21];

            printf(_("spooled since %s for %s: %s\n"), spk_time_iso(entry.time, when),
                   at[0] == '\0' ? "?" : at, term_shown_span(spk_buf_span(&entry.path)));
        }
        spk_spool_entry_clear(&entry);
    }
    if (w == NULL) {
        printf(ngettext("%zu deposit in the spool\n", "%zu deposits in the spool\n", n), n);
        if (n > 0) {
            term_say_hint(_("'sparekey sync' sends them"));
        }
    }
    return status;
}

static void
show_pending(struct spk_session *s, struct spk_pin *pin, struct spk_jw *w)
{
    SPK_AUTO(spk_pending) p = NULL;
    char code[SPK_REQ_CODE_LEN];

    if (!spk_ok(spk_pending_load(s, pin, &p))) {
        return;
    }
    spk_request_code(&p->request.hash, code);
    if (w == NULL) {
        printf(_("recovery under way at %s, code %s\n"), pin->name, code);
        return;
    }
    spk_jw_open(w, NULL, '{');
    spk_jw_cstr(w, "authority", pin->name);
    spk_jw_hex(w, "request", spk_hash_span(&p->request.hash));
    spk_jw_cstr(w, "code", code);
    spk_jw_bool(w, "submitted", p->submitted);
    spk_jw_close(w, '}');
}

/* What the authority says of one's deposits. */
struct said {
    uint64_t deposits, proven, wrong, oldest;
};

static spk_err
ask(struct spk_session *s, const struct spk_pin *pin, struct said *ret_x)
{
    SPK_AUTO(spk_json) j = NULL;
    struct spk_api *api = NULL;
    struct said x = {.deposits = 0};

    SPK_TRY(spk_session_api(s, spk_session_index(s, pin), &api));
    SPK_TRY(spk_api_get(api, "/v1/owners/self", &j));
    SPK_TRY(spk_json_u64(j, "deposits", &x.deposits));
    SPK_TRY(spk_json_u64(j, "proven", &x.proven));
    SPK_TRY(spk_json_u64(j, "wrong", &x.wrong));
    if (!spk_json_is_null(j, "oldest_proof")) {
        SPK_TRY(spk_json_u64(j, "oldest_proof", &x.oldest));
    }
    *ret_x = x;
    return SPK_OK;
}

static void
show_said(const struct said *x)
{
    char when[21];

    printf(_("  deposits there: %llu, of these opened and found right by the key holder: %llu"),
           (unsigned long long)x->deposits, (unsigned long long)x->proven);
    if (x->oldest != 0) {
        printf(_(", all since %s"), spk_time_iso(x->oldest, when));
    }
    putchar('\n');
    if (x->wrong > 0) {
        printf(_("  WRONG: %llu; the key holder cannot open them\n"), (unsigned long long)x->wrong);
        term_say_hint(_("'sparekey verify --online' with a file's name tells whether it is one"));
    }
}

static void
json_said(struct spk_jw *w, const struct said *x)
{
    spk_jw_u64(w, "deposits", x->deposits);
    spk_jw_u64(w, "proven", x->proven);
    spk_jw_u64(w, "wrong", x->wrong);
    if (x->oldest != 0) {
        spk_jw_u64(w, "oldest_proof", x->oldest);
    } else {
        spk_jw_null(w, "oldest_proof");
    }
}

/* Nothing is shown when it was not asked for; *status tells that it could not be had. */
static void
show_online(struct view *v, const struct spk_pin *pin)
{
    struct said x;

    if (!v->online || pin->state != SPK_PIN_ENROLLED) {
        return;
    }
    spk_err e = ask(v->s, pin, &x);
    if (!spk_ok(e)) {
        v->status = term_error(TERM_ABOUT_PEER, pin->url, e, &v->s->trouble);
    } else if (v->w != NULL) {
        json_said(v->w, &x);
    } else {
        show_said(&x);
    }
}

static void
show_authorities(struct view *v)
{
    const struct spk_profile *p = v->s->profile;
    struct spk_jw *w = v->w;

    for (size_t i = 0; i < p->n_authorities; i++) {
        const struct spk_pin *pin = p->authorities[i];
        char code[SPK_REQ_CODE_LEN];
        char hex[2 * SPK_HASH_LEN + 1];

        spk_authority_fingerprint(&spk_pin_now(pin)->hash, code);
        if (w == NULL) {
            printf(_("authority %s: %s, epoch %u, policy %u, fingerprint %s\n"), pin->name,
                   spk_pin_state_name(pin->state), spk_pin_now(pin)->epoch, pin->policy.number,
                   code);
            if (pin->has_owner) {
                printf(_("owner id there: %s\n"), spk_hex(spk_hash_span(&pin->owner), hex));
            }
            show_online(v, pin);
            continue;
        }
        spk_jw_open(w, NULL, '{');
        spk_jw_cstr(w, "name", pin->name);
        spk_jw_cstr(w, "url", pin->url);
        spk_jw_cstr(w, "state", spk_pin_state_name(pin->state));
        spk_jw_u64(w, "epoch", spk_pin_now(pin)->epoch);
        spk_jw_u64(w, "policy", pin->policy.number);
        spk_jw_cstr(w, "fingerprint", code);
        if (pin->has_owner) {
            spk_jw_hex(w, "owner", spk_hash_span(&pin->owner));
        }
        show_online(v, pin);
        spk_jw_close(w, '}');
    }
}

static int
show_text(struct spk_session *s, bool online)
{
    struct view v = {.s = s, .online = online, .status = TERM_DONE};
    char hex[2 * SPK_HASH_LEN + 1];

    printf(_("owner id %s\n"),
           s->profile->has_owner ? spk_hex(spk_hash_span(&s->profile->owner), hex) : _("none"));
    show_authorities(&v);
    for (size_t i = 0; i < s->profile->n_authorities; i++) {
        show_pending(s, s->profile->authorities[i], NULL);
    }
    int status = show_spool(s, NULL);
    return term_flush(status == TERM_DONE ? v.status : status);
}

static int
show_json(struct spk_session *s, bool online)
{
    static const char *const policies[] = {"require", "spool", "off"};
    SPK_AUTO_BUF struct spk_buf b = SPK_BUF((size_t)256 << 20);
    struct spk_jw w = {.b = &b};
    struct view v = {.s = s, .w = &w, .online = online, .status = TERM_DONE};
    int status;

    spk_jw_open(&w, NULL, '{');
    if (s->profile->has_owner) {
        spk_jw_hex(&w, "owner", spk_hash_span(&s->profile->owner));
    }
    spk_jw_cstr(&w, "policy", policies[s->profile->deposit_policy]);
    spk_jw_open(&w, "authorities", '[');
    show_authorities(&v);
    spk_jw_close(&w, ']');
    spk_jw_open(&w, "recoveries", '[');
    for (size_t i = 0; i < s->profile->n_authorities; i++) {
        show_pending(s, s->profile->authorities[i], &w);
    }
    spk_jw_close(&w, ']');
    spk_jw_open(&w, "spool", '[');
    status = show_spool(s, &w);
    spk_jw_close(&w, ']');
    spk_jw_close(&w, '}');
    status = status == TERM_DONE ? v.status : status;
    return term_json_out(&w, &b) == TERM_DONE ? status : TERM_FAILED;
}

int
cmd_status(struct term *c, int argc, char **argv)
{
    bool online = false;
    const struct term_opt opts[] = {
        {"online", 0, TERM_FLAG, &online, NULL, N_("ask the authorities about your deposits")},
    };
    SPK_AUTO(spk_session) s = NULL;
    int first = 0;
    int status = term_options(c, opts, 1, argc, argv, &first);

    if (status != TERM_GO_ON) {
        return status;
    }
    if (first < argc) {
        return term_usage(c, _("'status' takes no names"));
    }
    status = term_session(c, &s);
    if (status != TERM_GO_ON) {
        return status;
    }
    return c->json ? show_json(s, online) : show_text(s, online);
}
