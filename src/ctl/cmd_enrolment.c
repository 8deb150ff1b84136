/* SPDX-License-Identifier: Apache-2.0 */
/* sparekeyctl enrolment list, approve, deny; owner find: what officers see of owners. The name in
 * an answer is the authority's word, so what is shown comes from the signed record. */
#include <string.h>

#include "base/clock.h"
#include "base/text.h"
#include "ctl/ctl.h"

#define PATH_LEN 1024
#define SIGNATURE_MAX ((size_t)SPK_RSA_MAX_LEN)

struct entry { /* one owner in an answer */
    struct spk_buf record;
    struct spk_enrolment e;
    bool is_signed; /* by the owner, for this authority */
};

static void
entry_clear(struct entry *x)
{
    spk_enrolment_clear(&x->e);
    spk_buf_free(&x->record);
}
#define AUTO_ENTRY __attribute__((cleanup(entry_clear)))

static bool
signature_holds(const struct ctl_desk *d, const struct entry *x, struct spk_span sig)
{
    for (size_t i = 0; i < d->pin->n; i++) {
        if (spk_ok(spk_statement_verify(x->e.sign, SPK_KIND_ENROL,
                                        spk_rsa_id(d->pin->statements[i].key),
                                        spk_buf_span(&x->record), sig))) {
            return true;
        }
    }
    return false;
}

static spk_err
entry_take(const struct ctl_desk *d, const struct spk_json *j, struct entry *ret_x)
{
    SPK_AUTO_BUF struct spk_buf sig = SPK_BUF(SIGNATURE_MAX);
    struct spk_hash owner;

    ret_x->record = SPK_BUF((size_t)SPK_ENROL_RECORD_MAX);
    SPK_TRY(spk_json_hex(j, "owner", owner.b, SPK_HASH_LEN));
    SPK_TRY(spk_json_base64(j, "record", &ret_x->record));
    SPK_TRY(spk_enrolment_parse(spk_buf_span(&ret_x->record), &ret_x->e));
    SPK_CHECK(spk_hash_eq(&ret_x->e.owner, &owner), AUTH);
    if (spk_json_has(j, "signature")) {
        SPK_TRY(spk_json_base64(j, "signature", &sig));
        ret_x->is_signed = signature_holds(d, ret_x, spk_buf_span(&sig));
        SPK_CHECK(ret_x->is_signed, AUTH);
    }
    return SPK_OK;
}

static void
entry_print(const struct entry *x)
{
    char hex[2 * SPK_HASH_LEN + 1];
    char iso[21];

    printf("%s  %s  %s", spk_hex(spk_hash_span(&x->e.owner), hex), spk_time_iso(x->e.time, iso),
           term_shown_span(x->e.name));
    for (size_t i = 0; i < x->e.n_contacts; i++) {
        printf("%s%s", i == 0 ? "  " : ", ", term_shown_span(x->e.contacts[i]));
    }
    putchar('\n');
}

static void
entry_json(struct spk_jw *w, const struct entry *x)
{
    spk_jw_open(w, NULL, '{');
    spk_jw_hex(w, "owner", spk_hash_span(&x->e.owner));
    spk_jw_str(w, "name", x->e.name);
    spk_jw_open(w, "contacts", '[');
    for (size_t i = 0; i < x->e.n_contacts; i++) {
        spk_jw_str(w, NULL, x->e.contacts[i]);
    }
    spk_jw_close(w, ']');
    spk_jw_u64(w, "time", x->e.time);
    spk_jw_hex(w, "sign", spk_hash_span(spk_rsa_id(x->e.sign)));
    spk_jw_hex(w, "keyx", spk_hash_span(spk_rsa_id(x->e.keyx)));
    spk_jw_close(w, '}');
}

struct listing {
    const struct term *c;
    const struct ctl_desk *d;
    struct spk_jw w;
    size_t n;
};

static int
list_entry(void *ctx, const struct spk_json *entry)
{
    struct listing *l = ctx;
    AUTO_ENTRY struct entry x = {.is_signed = false};

    if (!spk_ok(entry_take(l->d, entry, &x))) {
        term_say_error(NULL, _("the authority shows an owner whose record does not hold"));
        term_say_hint(_("nothing of the list is to be believed; tell the operators"));
        return TERM_FAILED;
    }
    l->n++;
    if (l->c->json) {
        entry_json(&l->w, &x);
    } else {
        entry_print(&x);
    }
    return TERM_GO_ON;
}

static int
fetch_and_print(const struct term *c, struct ctl_desk *d, const char *path, const char *member)
{
    SPK_AUTO_BUF struct spk_buf b = SPK_BUF(CTL_LIST_TEXT_MAX);
    struct listing l = {.c = c, .d = d, .w = {.b = &b}};
    int status = TERM_GO_ON;

    spk_jw_open(&l.w, NULL, '{');
    spk_jw_open(&l.w, "owners", '[');
    status = ctl_desk_list(d, path, member, list_entry, &l);
    spk_jw_close(&l.w, ']');
    spk_jw_close(&l.w, '}');
    if (status != TERM_GO_ON) {
        return status;
    }
    if (l.n == 0 && !c->quiet && !c->json) {
        fputs(_("there are none\n"), stderr);
    }
    return c->json ? term_json_out(&l.w, &b) : TERM_DONE;
}

int
ctl_enrolment_list(struct term *c, int argc, char **argv)
{
    struct ctl_who who = {0};
    const struct term_opt opts[] = {CTL_WHO_OPTS(who)};
    CTL_AUTO_DESK struct ctl_desk d = {0};
    int first = 0;
    int status = term_options(c, opts, sizeof(opts) / sizeof(opts[0]), argc, argv, &first);

    if (status != TERM_GO_ON) {
        return status;
    }
    if (argc != first) {
        return term_usage(c, _("no operand is wanted"));
    }
    status = ctl_desk_ready(c, &d, who.as, who.authority);
    return status == TERM_GO_ON ? fetch_and_print(c, &d, "/v1/officer/enrolments", "enrolments")
                                : status;
}

/* A name as part of a query: what is not plain ASCII goes as %XX. */
static spk_err
put_query(struct spk_buf *b, const char *name)
{
    static const char plain[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~";

    for (const char *p = name; *p != '\0'; p++) {
        if (strchr(plain, *p) != NULL) {
            SPK_TRY(spk_buf_u8(b, (uint8_t)*p));
        } else {
            SPK_TRY(spk_buf_printf(b, "%%%02X", (unsigned)(uint8_t)*p));
        }
    }
    return SPK_OK;
}

int
ctl_owner_find(struct term *c, int argc, char **argv)
{
    struct ctl_who who = {0};
    const struct term_opt opts[] = {CTL_WHO_OPTS(who)};
    CTL_AUTO_DESK struct ctl_desk d = {0};
    SPK_AUTO_BUF struct spk_buf path = SPK_BUF((size_t)PATH_LEN);
    const char *text = NULL;
    int first = 0;
    int status = term_options(c, opts, sizeof(opts) / sizeof(opts[0]), argc, argv, &first);
    spk_err e;

    if (status != TERM_GO_ON) {
        return status;
    }
    if (argc - first != 1) {
        return term_usage(c, _("one name, or a part of one, is wanted"));
    }
    e = spk_buf_str(&path, "/v1/officer/owners?name=");
    e = spk_ok(e) ? put_query(&path, argv[first]) : e;
    e = spk_ok(e) ? spk_buf_cstr(&path, &text) : e;
    if (!spk_ok(e)) {
        return term_usage(c, _("the name is too long"));
    }
    status = ctl_desk_ready(c, &d, who.as, who.authority);
    return status == TERM_GO_ON ? fetch_and_print(c, &d, text, "owners") : status;
}

struct wanted {
    const struct ctl_desk *d;
    const struct spk_hash *owner;
    bool found;
};

static int
show_wanted(void *ctx, const struct spk_json *entry)
{
    struct wanted *w = ctx;
    AUTO_ENTRY struct entry x = {.is_signed = false};

    if (!w->found && spk_ok(entry_take(w->d, entry, &x)) && spk_hash_eq(&x.e.owner, w->owner)) {
        entry_print(&x);
        w->found = true;
    }
    return TERM_GO_ON;
}

/* The record is shown before it is decided about: officers see what they decide. */
static int
show_pending(struct ctl_desk *d, const struct spk_hash *owner)
{
    struct wanted w = {.d = d, .owner = owner};
    int status = ctl_desk_list(d, "/v1/officer/enrolments", "enrolments", show_wanted, &w);

    if (status == TERM_GO_ON && !w.found) {
        term_say_error(NULL, _("no enrolment of this owner waits, or its record does not hold"));
        term_say_hint(_("'sparekeyctl enrolment list' shows those that wait"));
        status = TERM_FAILED;
    }
    return status;
}

static int
send_decision(struct ctl_desk *d, const struct spk_hash *owner, bool approve)
{
    SPK_AUTO(spk_json) j = NULL;
    char hex[2 * SPK_HASH_LEN + 1];
    char path[PATH_LEN];
    const char *state = NULL;
    spk_err e;

    (void)snprintf(path, sizeof(path), "/v1/officer/enrolments/%s",
                   spk_hex(spk_hash_span(owner), hex));
    e = spk_api_post(
        d->api, path,
        spk_span_str(approve ? "{\"decision\":\"approve\"}" : "{\"decision\":\"deny\"}"), NULL, &j);
    if (spk_ok(e) && !spk_ok(spk_json_str(j, "state", &state))) {
        e = SPK_ERR(PROTO);
    }
    if (!spk_ok(e)) {
        return term_error(TERM_ABOUT_PEER, NULL, e, &d->trouble);
    }
    printf(_("the owner is %s\n"), term_shown(state));
    return TERM_DONE;
}

static int
decide(struct term *c, int argc, char **argv, bool approve)
{
    struct ctl_who who = {0};
    bool yes = false;
    const struct term_opt opts[] = {
        CTL_WHO_OPTS(who),
        {"yes", 'y', TERM_FLAG, &yes, NULL, N_("do not ask")},
    };
    CTL_AUTO_DESK struct ctl_desk d = {0};
    struct spk_hash owner;
    int first = 0;
    int status = term_options(c, opts, sizeof(opts) / sizeof(opts[0]), argc, argv, &first);

    if (status != TERM_GO_ON) {
        return status;
    }
    if (argc - first != 1 ||
        !spk_ok(spk_hex_parse(spk_span_str(argv[first]), owner.b, SPK_HASH_LEN))) {
        return term_usage(c, _("one owner id of 64 hex digits is wanted"));
    }
    status = ctl_desk_ready(c, &d, who.as, who.authority);
    status = status == TERM_GO_ON ? show_pending(&d, &owner) : status;
    if (status == TERM_GO_ON && !yes &&
        !term_confirm(approve ? _("let this owner in? type yes: ")
                              : _("turn this owner away? type yes: "))) {
        term_say_error(NULL, _("nothing was decided"));
        term_say_hint(_("a person answers on the terminal; --yes says it beforehand"));
        return TERM_FAILED;
    }
    return status == TERM_GO_ON ? send_decision(&d, &owner, approve) : status;
}

int
ctl_enrolment_approve(struct term *c, int argc, char **argv)
{
    return decide(c, argc, argv, true);
}

int
ctl_enrolment_deny(struct term *c, int argc, char **argv)
{
    return decide(c, argc, argv, false);
}
