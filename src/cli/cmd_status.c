/* SPDX-License-Identifier: Apache-2.0 */
/* sparekey status: what waits here. Works offline. */
#include <string.h>

#include "base/clock.h"
#include "base/text.h"
#include "cli/commands.h"
#include "client/pending.h"
#include "client/spool.h"

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

static void
show_authorities(const struct spk_profile *p, struct spk_jw *w)
{
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
        spk_jw_close(w, '}');
    }
}

static int
show_text(struct spk_session *s)
{
    char hex[2 * SPK_HASH_LEN + 1];

    printf(_("owner id %s\n"),
           s->profile->has_owner ? spk_hex(spk_hash_span(&s->profile->owner), hex) : _("none"));
    show_authorities(s->profile, NULL);
    for (size_t i = 0; i < s->profile->n_authorities; i++) {
        show_pending(s, s->profile->authorities[i], NULL);
    }
    return term_flush(show_spool(s, NULL));
}

static int
show_json(struct spk_session *s)
{
    static const char *const policies[] = {"require", "spool", "off"};
    SPK_AUTO_BUF struct spk_buf b = SPK_BUF((size_t)256 << 20);
    struct spk_jw w = {.b = &b};
    int status;

    spk_jw_open(&w, NULL, '{');
    if (s->profile->has_owner) {
        spk_jw_hex(&w, "owner", spk_hash_span(&s->profile->owner));
    }
    spk_jw_cstr(&w, "policy", policies[s->profile->deposit_policy]);
    spk_jw_open(&w, "authorities", '[');
    show_authorities(s->profile, &w);
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
    return term_json_out(&w, &b) == TERM_DONE ? status : TERM_FAILED;
}

int
cmd_status(struct term *c, int argc, char **argv)
{
    SPK_AUTO(spk_session) s = NULL;
    int first = 0;
    int status = term_options(c, NULL, 0, argc, argv, &first);

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
    return c->json ? show_json(s) : show_text(s);
}
