/* SPDX-License-Identifier: Apache-2.0 */
/* sparekeyctl request list, show: recovery requests, checked here before they are believed. */
#include "ctl/request.h"

#include <string.h>

#include "base/clock.h"
#include "base/text.h"
#include "ctl/caselog.h"

#define PATH_LEN 192
#define PAGE 200
#define PREFIX_MIN 6 /* digits of a shortened request */
#define SHOWN_FILES 20

static bool
is_hex(const char *text, size_t min)
{
    size_t len = strlen(text);

    return len >= min && len <= 2 * SPK_HASH_LEN && strspn(text, "0123456789abcdefABCDEF") == len;
}

struct match {
    const char *begin;
    struct spk_hash *hash;
    size_t found;
};

static int
match_entry(void *ctx, const struct spk_json *r)
{
    struct match *m = ctx;
    const char *hex = NULL;

    if (spk_ok(spk_json_str(r, "request", &hex)) &&
        strncasecmp(hex, m->begin, strlen(m->begin)) == 0 &&
        spk_ok(spk_hex_parse(spk_span_str(hex), m->hash->b, SPK_HASH_LEN))) {
        m->found++;
    }
    return TERM_GO_ON;
}

/* The one request whose hash begins so. */
static int
match(struct ctl_desk *d, const char *begin, struct spk_hash *ret_hash)
{
    struct match m = {.begin = begin, .hash = ret_hash};
    int status = ctl_desk_list(d, "/v1/officer/requests", "requests", match_entry, &m);

    if (status == TERM_GO_ON && m.found != 1) {
        term_say_error(begin, m.found == 0
                                  ? _("is not the beginning of a request there")
                                  : _("is the beginning of several requests: give more digits"));
        term_say_hint(_("'sparekeyctl request list' shows them"));
        status = TERM_FAILED;
    }
    return status;
}

int
ctl_request_find(struct ctl_desk *d, const char *name, struct spk_hash *ret_hash)
{
    if (!is_hex(name, PREFIX_MIN)) {
        term_say_error(
            name,
            _("is not a request: it has 64 hex digits, of which the first six or more may stand"));
        return TERM_USAGE;
    }
    if (strlen(name) == 2 * SPK_HASH_LEN &&
        spk_ok(spk_hex_parse(spk_span_str(name), ret_hash->b, SPK_HASH_LEN))) {
        return TERM_GO_ON;
    }
    return match(d, name, ret_hash);
}

static spk_err
fetch_scope(struct ctl_desk *d, const char *hex, struct ctl_case *c)
{
    while (c->more) {
        SPK_AUTO(spk_json) j = NULL;
        char path[PATH_LEN];
        uint64_t after = 0;

        SPK_CHECK(!term_stop, STOPPED);
        if (ctl_case_after(c, &after)) {
            (void)snprintf(path, sizeof(path), "/v1/officer/requests/%s/scope?after=%llu&limit=%d",
                           hex, (unsigned long long)after, PAGE);
        } else {
            (void)snprintf(path, sizeof(path), "/v1/officer/requests/%s/scope?limit=%d", hex, PAGE);
        }
        SPK_TRY(spk_api_get(d->api, path, &j));
        SPK_TRY(ctl_case_page(c, j));
    }
    return ctl_case_end(c);
}

int
ctl_request_fetch(struct ctl_desk *d, const struct spk_hash *hash, struct ctl_case **ret_c)
{
    SPK_AUTO(spk_json) j = NULL;
    SPK_AUTO(ctl_case) c = NULL;
    char hex[2 * SPK_HASH_LEN + 1];
    char path[PATH_LEN];
    spk_err e = ctl_case_new(d->pin, hash, &c);

    (void)snprintf(path, sizeof(path), "/v1/officer/requests/%s",
                   spk_hex(spk_hash_span(hash), hex));
    e = spk_ok(e) ? spk_api_get(d->api, path, &j) : e;
    e = spk_ok(e) ? ctl_case_take(c, j) : e;
    e = spk_ok(e) ? fetch_scope(d, hex, c) : e;
    e = spk_ok(e) ? ctl_case_look_up(c, d->api) : e;
    if (!spk_ok(e) && (c == NULL || c->fault == NULL)) {
        return term_error(TERM_ABOUT_PEER, NULL, e, &d->trouble);
    }
    *ret_c = SPK_STEAL(c);
    return TERM_GO_ON;
}

int
ctl_request_refuse(const struct ctl_case *c)
{
    term_say_error(NULL, _("what the authority sends about this request does not hold together"));
    fprintf(stderr, _("%s: error: %s\n"), term_program, gettext(c->fault));
    term_say_hint(_("approve nothing; tell the operators and the other officers by another way"));
    return TERM_FAILED;
}

/* -- list */

static uint64_t
number(const struct spk_json *j, const char *key)
{
    uint64_t v = 0;

    return spk_ok(spk_json_u64(j, key, &v)) ? v : 0;
}

static const char *
text(const struct spk_json *j, const char *key)
{
    const char *s = NULL;

    return spk_ok(spk_json_str(j, key, &s)) ? s : "";
}

/* More than today's policy asks for: then it is the files' own. A veto asks for more, too. */
static bool
takes_more(const struct spk_policy *p, const struct spk_json *r)
{
    return number(r, "needed") > p->quorum && strcmp(text(r, "state"), "vetoed") != 0;
}

static void
list_line(const struct spk_policy *p, const struct spk_json *r)
{
    char iso[21];

    printf("%.16s  %-8s  %llu/%llu  %s  %s: %s%s\n", term_shown(text(r, "request")),
           term_shown(text(r, "state")), (unsigned long long)number(r, "persons"),
           (unsigned long long)number(r, "needed"), spk_time_iso(number(r, "opened"), iso),
           term_shown(text(r, "name")), term_shown(text(r, "reason")),
           takes_more(p, r) ? _("  (files of an older policy need so many)") : "");
}

static void
list_json(struct spk_jw *w, const struct spk_json *r)
{
    static const char *const texts[] = {"request", "state", "owner", "name", "reason"};
    static const char *const numbers[] = {"opened", "persons", "needed"};

    spk_jw_open(w, NULL, '{');
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        spk_jw_cstr(w, texts[i], text(r, texts[i]));
    }
    for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
        spk_jw_u64(w, numbers[i], number(r, numbers[i]));
    }
    spk_jw_close(w, '}');
}

struct listing {
    const struct term *c;
    const struct spk_policy *policy; /* today's */
    struct spk_jw w;
    size_t n;
};

static int
list_entry(void *ctx, const struct spk_json *r)
{
    struct listing *l = ctx;

    l->n++;
    if (l->c->json) {
        list_json(&l->w, r);
    } else {
        list_line(l->policy, r);
    }
    return TERM_GO_ON;
}

static int
print_list(const struct term *c, struct ctl_desk *d, const char *path)
{
    SPK_AUTO_BUF struct spk_buf b = SPK_BUF(CTL_LIST_TEXT_MAX);
    struct listing l = {.c = c, .policy = &d->pin->policy, .w = {.b = &b}};
    int status = TERM_GO_ON;

    spk_jw_open(&l.w, NULL, '{');
    spk_jw_open(&l.w, "requests", '[');
    status = ctl_desk_list(d, path, "requests", list_entry, &l);
    spk_jw_close(&l.w, ']');
    spk_jw_close(&l.w, '}');
    if (status != TERM_GO_ON) {
        return status;
    }
    if (l.n == 0 && !c->json && !c->quiet) {
        fputs(_("there are no requests\n"), stderr);
    }
    return c->json ? term_json_out(&l.w, &b) : TERM_DONE;
}

static bool
state_ok(const char *state)
{
    for (int s = SPK_STATE_OPEN; s <= SPK_STATE_DONE; s++) {
        if (strcmp(state, spk_request_state_name((enum spk_request_state)s)) == 0) {
            return true;
        }
    }
    return false;
}

int
ctl_request_list(struct term *c, int argc, char **argv)
{
    struct ctl_who who = {0};
    char *state = NULL;
    const struct term_opt opts[] = {
        CTL_WHO_OPTS(who),
        {"state", 0, TERM_TEXT, &state, "STATE",
         N_("only those in this state: open, waiting, confirm, approved ...")},
    };
    CTL_AUTO_DESK struct ctl_desk d = {0};
    char path[PATH_LEN];
    int first = 0;
    int status = term_options(c, opts, sizeof(opts) / sizeof(opts[0]), argc, argv, &first);

    if (status != TERM_GO_ON) {
        return status;
    }
    if (argc != first || (state != NULL && !state_ok(state))) {
        return term_usage(c, _("no operand is wanted, and a state that there is"));
    }
    (void)snprintf(path, sizeof(path), "/v1/officer/requests%s%s", state != NULL ? "?state=" : "",
                   state != NULL ? state : "");
    status = ctl_desk_ready(c, &d, who.as, who.authority);
    return status == TERM_GO_ON ? print_list(c, &d, path) : status;
}

/* -- show */

static void
json_file(struct spk_jw *w, const struct ctl_case_file *f)
{
    spk_jw_open(w, NULL, '{');
    spk_jw_hex(w, "serial", SPK_SPAN_OF(f->id.b));
    spk_jw_u64(w, "index", f->index);
    spk_jw_u64(w, "time", f->time_ms);
    spk_jw_u64(w, "policy", f->policy);
    if (f->readable) {
        spk_jw_cstr(w, "description", f->description);
    } else {
        spk_jw_null(w, "description");
    }
    spk_jw_close(w, '}');
}

static void
json_entries(struct spk_jw *w, const struct ctl_case *k, bool verified)
{
    spk_jw_open(w, "entries", '[');
    for (size_t i = 0; i < k->n_entries; i++) {
        const struct ctl_case_entry *e = &k->entries[i];

        if (e->verified != verified) {
            continue;
        }
        spk_jw_open(w, NULL, '{');
        spk_jw_u64(w, "index", e->index);
        spk_jw_u64(w, "kind", e->kind);
        spk_jw_u64(w, "time", e->time_ms);
        if (e->fault != NULL) {
            spk_jw_cstr(w, "fault", gettext(e->fault));
        }
        spk_jw_close(w, '}');
    }
    spk_jw_close(w, ']');
}

static void
json_verified(struct spk_jw *w, const struct ctl_case *k)
{
    bool vetoed = ctl_case_vetoed(k);

    spk_jw_open(w, "verified", '{');
    spk_jw_hex(w, "request", spk_hash_span(&k->hash));
    spk_jw_cstr(w, "asks", k->request.kind == SPK_REQ_KIND_PAIRS ? "pairs" : "keys");
    spk_jw_hex(w, "owner", spk_hash_span(&k->request.owner));
    spk_jw_str(w, "name", k->enrolment.name);
    spk_jw_open(w, "contacts", '[');
    for (size_t i = 0; i < k->enrolment.n_contacts; i++) {
        spk_jw_str(w, NULL, k->enrolment.contacts[i]);
    }
    spk_jw_close(w, ']');
    spk_jw_hex(w, "recipient", spk_hash_span(spk_rsa_id(k->request.keyx)));
    spk_jw_hex(w, "signer", spk_hash_span(spk_rsa_id(k->request.sign)));
    spk_jw_u64(w, "count", k->n_files);
    spk_jw_hex(w, "root", spk_hash_span(&k->scope_root));
    spk_jw_u64(w, "needed", vetoed ? k->takes.override_quorum : k->takes.quorum);
    spk_jw_u64(w, "wait", vetoed ? k->takes.override_wait : k->takes.wait);
    spk_jw_open(w, "files", '[');
    for (size_t i = 0; i < k->n_files; i++) {
        json_file(w, &k->files[i]);
    }
    spk_jw_close(w, ']');
    json_entries(w, k, true);
    spk_jw_close(w, '}');
}

static int
show_json(const struct ctl_case *k)
{
    SPK_AUTO_BUF struct spk_buf b = SPK_BUF(CTL_CASE_TEXT_MAX);
    struct spk_jw w = {.b = &b};

    spk_jw_open(&w, NULL, '{');
    json_verified(&w, k);
    spk_jw_open(&w, "claimed", '{');
    spk_jw_str(&w, "reason", k->request.reason);
    spk_jw_str(&w, "contact", k->request.contact);
    spk_jw_u64(&w, "time", k->request.time);
    spk_jw_cstr(&w, "state", k->state);
    spk_jw_u64(&w, "opened", k->opened);
    spk_jw_u64(&w, "due", k->due);
    spk_jw_u64(&w, "expires", k->expires);
    json_entries(&w, k, false);
    spk_jw_close(&w, '}');
    spk_jw_close(&w, '}');
    return term_json_out(&w, &b);
}

static int
show(const struct term *c, const struct ctl_case *k, size_t list)
{
    SPK_AUTO_BUF struct spk_buf b = SPK_BUF(CTL_CASE_TEXT_MAX);
    spk_err e = SPK_OK;

    if (k->fault != NULL) {
        return ctl_request_refuse(k);
    }
    if (c->json) {
        return show_json(k);
    }
    e = ctl_case_render(k, list, &b);
    if (!spk_ok(e)) {
        return term_error(TERM_ABOUT_OWN, NULL, e, NULL);
    }
    (void)fwrite(b.ptr, 1, b.len, stdout);
    return TERM_DONE;
}

int
ctl_request_show(struct term *c, int argc, char **argv)
{
    struct ctl_who who = {0};
    bool all = false;
    const struct term_opt opts[] = {
        CTL_WHO_OPTS(who),
        {"all", 0, TERM_FLAG, &all, NULL, N_("list every file, not only the first twenty")},
    };
    CTL_AUTO_DESK struct ctl_desk d = {0};
    SPK_AUTO(ctl_case) k = NULL;
    struct spk_hash hash;
    int first = 0;
    int status = term_options(c, opts, sizeof(opts) / sizeof(opts[0]), argc, argv, &first);

    if (status != TERM_GO_ON) {
        return status;
    }
    if (argc - first != 1) {
        return term_usage(c, _("one request is wanted"));
    }
    status = ctl_desk_ready(c, &d, who.as, who.authority);
    status = status == TERM_GO_ON ? ctl_request_find(&d, argv[first], &hash) : status;
    status = status == TERM_GO_ON ? ctl_request_fetch(&d, &hash, &k) : status;
    return status == TERM_GO_ON ? show(c, k, all ? SIZE_MAX : SHOWN_FILES) : status;
}
