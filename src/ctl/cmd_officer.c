/* SPDX-License-Identifier: Apache-2.0 */
/* sparekeyctl officer: an officer's identity and the authority that it serves. */
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/text.h"
#include "ctl/ctl.h"
#include "ctl/draft.h"

struct new_opts {
    char *person;
    char *out;
    struct term_many owners;
    bool passphrase;
};

/* NAME.key beside NAME.pub, in the desk or where --out says. */
static spk_err
identity_paths(const struct ctl_desk *d, const char *name, const char *out, char **ret_key,
               char **ret_pub)
{
    SPK_AUTO_BUF struct spk_buf b = SPK_BUF((size_t)4096);
    const char *text = NULL;

    if (out != NULL) {
        *ret_key = spk_strdup(out);
        SPK_CHECK(*ret_key != NULL, NOMEM);
        SPK_TRY(spk_buf_printf(&b, "%s.pub", out));
    } else {
        SPK_TRY(spk_buf_printf(&b, "%s/%s.key", d->dir, name));
        SPK_TRY(spk_buf_cstr(&b, &text));
        *ret_key = spk_strdup(text);
        SPK_CHECK(*ret_key != NULL, NOMEM);
        spk_buf_reset(&b);
        SPK_TRY(spk_buf_printf(&b, "%s/%s.pub", d->dir, name));
    }
    SPK_TRY(spk_buf_cstr(&b, &text));
    *ret_pub = spk_strdup(text);
    SPK_CHECK(*ret_pub != NULL, NOMEM);
    return SPK_OK;
}

/* In ascending order, each once, as a policy has them. */
static spk_err
add_owner(struct spk_officer *o, const struct spk_hash *owner)
{
    size_t at = 0;

    while (at < o->n_owners &&
           spk_span_cmp(spk_hash_span(&o->owners[at]), spk_hash_span(owner)) < 0) {
        at++;
    }
    if (at < o->n_owners && spk_hash_eq(&o->owners[at], owner)) {
        return SPK_OK;
    }
    SPK_CHECK(o->n_owners < SPK_OFFICER_OWNERS_MAX, LIMIT);
    memmove(&o->owners[at + 1], &o->owners[at], (o->n_owners - at) * sizeof(o->owners[0]));
    o->owners[at] = *owner;
    o->n_owners++;
    return SPK_OK;
}

static spk_err
add_owners(struct spk_identity *id, const struct term_many *owners)
{
    for (size_t i = 0; i < owners->n; i++) {
        struct spk_hash owner;

        SPK_TRY(spk_hex_parse(spk_span_str(owners->v[i]), owner.b, SPK_HASH_LEN));
        SPK_TRY(add_owner(&id->officer, &owner));
    }
    return SPK_OK;
}

static int
write_identity(struct term *c, const struct new_opts *o, const struct ctl_desk *d,
               struct spk_identity *id)
{
    SPK_AUTO(spk_secret) pass = NULL;
    SPK_AUTO_BUF struct spk_buf line = SPK_BUF((size_t)4096);
    SPK_AUTO_STR char *key = NULL;
    SPK_AUTO_STR char *pub = NULL;
    spk_err e = identity_paths(d, id->name, o->out, &key, &pub);

    if (spk_ok(e) && o->passphrase) {
        e = term_new_pass(c, &pass);
    }
    if (spk_ok(e)) {
        e = spk_identity_save(id, key, pass);
    }
    if (!spk_ok(e)) {
        return term_error(TERM_ABOUT_OUTPUT, key, e, NULL);
    }
    e = ctl_officer_line(&id->officer, &line);
    e = spk_ok(e) ? spk_file_write(AT_FDCWD, pub, spk_buf_span(&line), 0644, true) : e;
    if (!spk_ok(e)) {
        return term_error(TERM_ABOUT_OUTPUT, pub, e, NULL);
    }
    if (!c->quiet) {
        fprintf(stderr,
                _("sparekeyctl: identity in '%s'; give '%s' to whoever writes the policy\n"),
                term_shown(key), term_shown(pub));
    }
    (void)fwrite(line.ptr, 1, line.len, stdout);
    return TERM_DONE;
}

int
ctl_officer_new(struct term *c, int argc, char **argv)
{
    struct new_opts o = {0};
    const struct term_opt opts[] = {
        {"person", 0, TERM_TEXT, &o.person, "NAME",
         N_("the person behind the name, who is counted once (default: NAME)")},
        {"owner", 0, TERM_MANY, &o.owners, "ID",
         N_("an owner id of your own: you never count for its requests")},
        {"out", 'o', TERM_TEXT, &o.out, "FILE", N_("where the identity goes")},
        {"passphrase", 0, TERM_FLAG, &o.passphrase, NULL, N_("protect the keys by a passphrase")},
    };
    CTL_AUTO_DESK struct ctl_desk d = {0};
    SPK_AUTO(spk_identity) id = NULL;
    int first = 0;
    int status = term_options(c, opts, sizeof(opts) / sizeof(opts[0]), argc, argv, &first);
    spk_err e;

    if (status != TERM_GO_ON) {
        return status;
    }
    if (argc - first != 1 || !spk_officer_name_ok(argv[first]) ||
        (o.person != NULL && !spk_officer_name_ok(o.person))) {
        return term_usage(c, _("one name of up to 40 letters, digits, '.', '_' and '-' is wanted"));
    }
    status = ctl_desk_open(&d);
    if (status != TERM_GO_ON) {
        return status;
    }
    e = spk_identity_new(argv[first], o.person != NULL ? o.person : argv[first], &id);
    if (!spk_ok(e)) {
        return term_error(TERM_ABOUT_OWN, NULL, e, NULL);
    }
    if (!spk_ok(add_owners(id, &o.owners))) {
        return term_usage(c, _("an owner id has 64 hex digits, and there may be four"));
    }
    return write_identity(c, &o, &d, id);
}

static int
show_json(const struct spk_officer *o, const struct spk_buf *line)
{
    SPK_AUTO_BUF struct spk_buf b = SPK_BUF((size_t)8192);
    struct spk_jw w = {.b = &b};

    spk_jw_open(&w, NULL, '{');
    spk_jw_cstr(&w, "name", spk_officer_short(o));
    spk_jw_str(&w, "line", (struct spk_span){line->ptr, line->len - (line->len > 0)});
    spk_jw_close(&w, '}');
    return term_json_out(&w, &b);
}

int
ctl_officer_show(struct term *c, int argc, char **argv)
{
    CTL_AUTO_DESK struct ctl_desk d = {0};
    SPK_AUTO_BUF struct spk_buf line = SPK_BUF((size_t)4096);
    int first = 0;
    int status = term_options(c, NULL, 0, argc, argv, &first);
    spk_err e;

    status = status == TERM_GO_ON ? ctl_desk_open(&d) : status;
    if (status != TERM_GO_ON) {
        return status;
    }
    status = ctl_desk_identity(c, &d, first < argc ? argv[first] : NULL, false);
    if (status != TERM_GO_ON) {
        return status;
    }
    e = ctl_officer_line(&d.me->officer, &line);
    if (!spk_ok(e)) {
        return term_error(TERM_ABOUT_OWN, d.me->name, e, NULL);
    }
    if (c->json) {
        return show_json(&d.me->officer, &line);
    }
    (void)fwrite(line.ptr, 1, line.len, stdout);
    return TERM_DONE;
}

/* The hash in the address, or the fingerprint typed by a person: never silent. */
static int
establish(const struct spk_pin *pin, bool has_hash, const struct spk_hash *hash)
{
    SPK_AUTO(spk_secret) typed = NULL;
    bool right = false;
    spk_err e = SPK_OK;

    if (has_hash) {
        right = spk_enrol_has_hash(pin, hash);
    } else {
        e = term_ask_line(_("type the authority's fingerprint code: "), true, &typed);
        if (!spk_ok(e)) {
            term_say_error(NULL, _("the address has no '#' and hash, and there is no terminal to "
                                   "type the fingerprint"));
            term_say_hint(_("use the full address: https://host:port/#hash"));
            return TERM_FAILED;
        }
        right = spk_enrol_has_code(pin, spk_secret_span(typed));
    }
    if (!right) {
        term_say_error(NULL, _("the authority that answers there is another one"));
        term_say_hint(_("get the address again from the operators; nothing was pinned"));
        return TERM_FAILED;
    }
    return TERM_GO_ON;
}

/* A name that is taken stays with the authority that it was given to. */
static int
check_name(const struct ctl_desk *d, const char *parent, const char *name)
{
    SPK_AUTO(spk_pin) old = NULL;
    spk_err e = spk_pin_load(parent, name, NULL, &old);

    if (e.code == SPK_CODE_NOTFOUND) {
        return TERM_GO_ON;
    }
    if (!spk_ok(e) || !spk_pin_continues(old, d->pin)) {
        term_say_error(name, _("is what you call another authority already"));
        term_say_hint(_("--name gives this one a name of its own; nothing was pinned"));
        return TERM_FAILED;
    }
    return TERM_GO_ON;
}

static int
join(struct ctl_desk *d, const char *address, const char *name)
{
    SPK_AUTO_BUF struct spk_buf url = SPK_BUF((size_t)SPK_PIN_URL_MAX);
    SPK_AUTO_STR char *parent = NULL;
    struct spk_hash hash;
    const char *url_text = NULL;
    bool has_hash = false;
    int status;
    spk_err e = spk_authority_address(spk_span_str(address), &url, &has_hash, &hash);

    e = spk_ok(e) ? spk_buf_cstr(&url, &url_text) : e;
    if (!spk_ok(e)) {
        term_say_error(address, _("is not an address like https://host:port/#hash"));
        return TERM_USAGE;
    }
    e = spk_enrol_fetch(url_text, &d->trouble, &d->pin);
    if (!spk_ok(e)) {
        return term_error(TERM_ABOUT_PEER, NULL, e, &d->trouble);
    }
    status = establish(d->pin, has_hash, &hash);
    if (status != TERM_GO_ON) {
        return status;
    }
    (void)snprintf(d->pin->name, sizeof(d->pin->name), "%s", name);
    e = spk_path_join(d->dir, "authorities", &parent);
    e = spk_ok(e) ? spk_mkdirs(parent, 0700) : e;
    status = spk_ok(e) ? check_name(d, parent, name) : TERM_GO_ON;
    if (status != TERM_GO_ON) {
        return status;
    }
    e = spk_ok(e) ? spk_pin_save(d->pin, parent) : e;
    return spk_ok(e) ? TERM_GO_ON : term_error(TERM_ABOUT_OWN, parent, e, NULL);
}

int
ctl_officer_join(struct term *c, int argc, char **argv)
{
    char *name = NULL;
    const struct term_opt opts[] = {
        {"name", 0, TERM_TEXT, &name, "NAME", N_("what you call this authority")},
    };
    CTL_AUTO_DESK struct ctl_desk d = {0};
    char code[SPK_REQ_CODE_LEN];
    int first = 0;
    int status = term_options(c, opts, 1, argc, argv, &first);

    if (status != TERM_GO_ON) {
        return status;
    }
    if (argc - first != 1 || (name != NULL && !spk_pin_name_ok(name))) {
        return term_usage(c, _("one address is wanted, and a plain name"));
    }
    status = ctl_desk_open(&d);
    status =
        status == TERM_GO_ON ? join(&d, argv[first], name != NULL ? name : "authority") : status;
    if (status != TERM_GO_ON) {
        return status;
    }
    spk_authority_fingerprint(&spk_pin_now(d.pin)->hash, code);
    printf(_("pinned '%s' (%s), policy %u, fingerprint %s\n"), d.pin->name,
           term_shown(spk_pin_now(d.pin)->name), d.pin->policy.number, code);
    return TERM_DONE;
}
