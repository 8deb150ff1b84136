/* SPDX-License-Identifier: Apache-2.0 */
/* An officer's desk: identities (*.key) and pinned authorities in one folder, and calls to an
 * authority that are each signed by the officer (doc/spec/statements.md, "Officer's query"). */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/text.h"
#include "crypto/rng.h"
#include "ctl/ask.h"

#define IDENTITY_FILE_MAX 4096u
#define QUERY_MAX 4096u

void
ctl_desk_clear(struct ctl_desk *d)
{
    spk_api_free(d->api);
    spk_pin_free(d->pin);
    spk_identity_free(d->me);
    spk_mem_free(d->dir);
    *d = (struct ctl_desk){0};
}

int
ctl_read_file(const char *path, struct spk_buf *b)
{
    spk_err e = spk_file_read(AT_FDCWD, path, b);

    return spk_ok(e) ? TERM_GO_ON : term_error(TERM_ABOUT_INPUT, path, e, NULL);
}

int
ctl_desk_open(struct ctl_desk *d)
{
    SPK_AUTO(spk_profile) p = NULL;
    spk_err e = spk_profile_load(&d->trouble, &p);

    if (spk_ok(e)) {
        e = spk_profile_config_path(p, "officer", &d->dir);
    }
    if (spk_ok(e)) {
        e = spk_mkdirs(d->dir, 0700);
    }
    return spk_ok(e) ? TERM_GO_ON : term_error(TERM_ABOUT_OWN, d->dir, e, &d->trouble);
}

static bool
has_suffix(const char *name, const char *suffix)
{
    size_t n = strlen(name);
    size_t s = strlen(suffix);

    return n > s && name[0] != '.' && strcmp(name + n - s, suffix) == 0;
}

/* The only entry of dir that fits; NULL name when there is none, *ret_many when there are several.
 */
static spk_err
only_entry(const char *dir, const char *suffix, char **ret_name, bool *ret_many)
{
    DIR *list = opendir(dir);
    const struct dirent *entry = NULL;

    *ret_many = false;
    if (list == NULL) {
        return errno == ENOENT ? SPK_OK : spk_err_errno();
    }
    while ((entry = readdir(list)) != NULL) {
        if (entry->d_name[0] == '.' || (suffix[0] != '\0' && !has_suffix(entry->d_name, suffix))) {
            continue;
        }
        if (*ret_name != NULL) {
            *ret_many = true;
            break;
        }
        *ret_name = spk_strdup(entry->d_name);
    }
    (void)closedir(list);
    return SPK_OK;
}

/* Path of the identity to use. */
static int
find_identity(const struct ctl_desk *d, const char *as, char **ret_path)
{
    SPK_AUTO_STR char *name = NULL;
    bool many = false;
    spk_err e;

    if (as != NULL && (strchr(as, '/') != NULL || has_suffix(as, ".key"))) {
        *ret_path = spk_strdup(as);
        return *ret_path != NULL ? TERM_GO_ON
                                 : term_error(TERM_ABOUT_OWN, as, SPK_ERR(NOMEM), NULL);
    }
    if (as != NULL) {
        SPK_AUTO_BUF struct spk_buf b = SPK_BUF((size_t)512);
        const char *file = NULL;

        e = spk_buf_printf(&b, "%s.key", as);
        e = spk_ok(e) ? spk_buf_cstr(&b, &file) : e;
        e = spk_ok(e) ? spk_path_join(d->dir, file, ret_path) : e;
        return spk_ok(e) ? TERM_GO_ON : term_error(TERM_ABOUT_OWN, as, e, NULL);
    }
    e = only_entry(d->dir, ".key", &name, &many);
    if (spk_ok(e) && (name == NULL || many)) {
        term_say_error(d->dir, many ? _("holds several identities") : _("holds no identity"));
        term_say_hint(many ? _("--as NAME tells which one you are")
                           : _("'sparekeyctl officer new NAME' makes one"));
        return TERM_FAILED;
    }
    e = spk_ok(e) ? spk_path_join(d->dir, name, ret_path) : e;
    return spk_ok(e) ? TERM_GO_ON : term_error(TERM_ABOUT_OWN, d->dir, e, NULL);
}

int
ctl_desk_identity(struct term *c, struct ctl_desk *d, const char *as, bool want_keys)
{
    SPK_AUTO_STR char *path = NULL;
    SPK_AUTO_BUF struct spk_buf raw = SPK_BUF((size_t)IDENTITY_FILE_MAX);
    int status = find_identity(d, as, &path);
    spk_err e;

    if (status != TERM_GO_ON) {
        return status;
    }
    e = spk_identity_load(path, &raw, &d->me);
    if (spk_ok(e) && want_keys && d->me->locked) {
        e = ctl_unlock(c, d->me, spk_buf_span(&raw));
    }
    return spk_ok(e) ? TERM_GO_ON : term_error(TERM_ABOUT_OWN, path, e, NULL);
}

static int
update_pin(struct ctl_desk *d, const char *parent)
{
    SPK_AUTO(spk_pin) next = NULL;
    bool changed = false;
    spk_err e = spk_enrol_update(d->pin, NULL, &d->trouble, &changed, &next);

    if (spk_ok(e) && changed) {
        e = spk_pin_save(next, parent);
        if (spk_ok(e)) {
            spk_pin_free(d->pin);
            d->pin = SPK_STEAL(next);
        }
    }
    return spk_ok(e) ? TERM_GO_ON : term_error(TERM_ABOUT_PEER, NULL, e, &d->trouble);
}

int
ctl_desk_pin(struct ctl_desk *d, const char *name)
{
    SPK_AUTO_STR char *parent = NULL;
    SPK_AUTO_STR char *only = NULL;
    bool many = false;
    spk_err e = spk_path_join(d->dir, "authorities", &parent);

    if (spk_ok(e) && name == NULL) {
        e = only_entry(parent, "", &only, &many);
        if (spk_ok(e) && (only == NULL || many)) {
            term_say_error(NULL, many ? _("you have joined several authorities")
                                      : _("you have not joined an authority yet"));
            term_say_hint(many ? _("--authority NAME tells which one is meant")
                               : _("'sparekeyctl officer join ADDRESS' pins it"));
            return TERM_FAILED;
        }
        name = only;
    }
    e = spk_ok(e) ? spk_pin_load(parent, name, &d->trouble, &d->pin) : e;
    if (!spk_ok(e)) {
        return term_error(TERM_ABOUT_OWN, name, e, &d->trouble);
    }
    return update_pin(d, parent);
}

static spk_err
query_note(const struct ctl_desk *d, const struct spk_https_call *call, struct spk_buf *note)
{
    SPK_AUTO_BUF struct spk_buf text = SPK_BUF((size_t)QUERY_MAX);
    struct spk_officer_query q = {.time = spk_now()};

    SPK_CHECK(strlen(call->path) < sizeof(q.path), LIMIT);
    q.authority = *spk_rsa_id(spk_pin_now(d->pin)->key);
    (void)snprintf(q.method, sizeof(q.method), "%s", call->method);
    (void)snprintf(q.path, sizeof(q.path), "%s", call->path);
    SPK_TRY(spk_sha256(call->body, &q.body));
    SPK_TRY(spk_random(SPK_MUT_OF(q.nonce)));
    SPK_TRY(spk_officer_query_format(&q, &text));
    return spk_note_sign(spk_buf_span(&text), NULL, d->me->officer.key.name, d->me->sign, note);
}

static spk_err
query_header(void *ctx, const struct spk_https_call *call, struct spk_buf *line)
{
    SPK_AUTO_BUF struct spk_buf note = SPK_BUF((size_t)QUERY_MAX);

    SPK_TRY(query_note(ctx, call, &note));
    SPK_TRY(spk_buf_str(line, "Sparekey-Officer: "));
    return spk_buf_base64(line, spk_buf_span(&note));
}

int
ctl_desk_api(struct ctl_desk *d)
{
    spk_err e = spk_api_open(d->pin, NULL, &d->trouble, &d->api);

    if (!spk_ok(e)) {
        return term_error(TERM_ABOUT_PEER, NULL, e, &d->trouble);
    }
    spk_api_set_header(d->api, query_header, d);
    return TERM_GO_ON;
}

int
ctl_desk_ready(struct term *c, struct ctl_desk *d, const char *as, const char *authority)
{
    int status = ctl_desk_open(d);

    status = status == TERM_GO_ON ? ctl_desk_identity(c, d, as, true) : status;
    status = status == TERM_GO_ON ? ctl_desk_pin(d, authority) : status;
    return status == TERM_GO_ON ? ctl_desk_api(d) : status;
}

/* A row that wants to end everything ends the listing with an error that nobody sees. */
struct rows {
    ctl_entry_fn fn;
    void *ctx;
    int status;
};

static spk_err
row(void *ctx, const struct spk_json *entry)
{
    struct rows *r = ctx;

    SPK_CHECK(!term_stop, STOPPED);
    r->status = r->fn(r->ctx, entry);
    return r->status == TERM_GO_ON ? SPK_OK : SPK_ERR(STOPPED);
}

int
ctl_desk_list(struct ctl_desk *d, const char *path, const char *member, ctl_entry_fn fn, void *ctx)
{
    struct rows r = {.fn = fn, .ctx = ctx, .status = TERM_GO_ON};
    spk_err e = spk_api_get_list(d->api, path, member, row, &r);

    if (r.status != TERM_GO_ON || spk_ok(e)) {
        return r.status;
    }
    return term_error(TERM_ABOUT_PEER, NULL, e, &d->trouble);
}
