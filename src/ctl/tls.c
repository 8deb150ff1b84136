/* SPDX-License-Identifier: Apache-2.0 */
#include "ctl/tls.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "crypto/cert.h"
#include "wire/statement.h"

#define PEM_MAX ((size_t)65536)
#define NEXT ".next"

struct places { /* as the configuration names them */
    char *cert, *key, *cert_next, *key_next;
};

void
ctl_tls_clear(struct ctl_tls *t)
{
    spk_buf_free(&t->cert);
    spk_secret_free(t->key);
    t->key = NULL;
}

static int
read_given(const char *cert, const char *key, struct ctl_tls *t)
{
    SPK_AUTO_BUF struct spk_buf pem = SPK_BUF(PEM_MAX);
    int status = ctl_read_file(cert, &t->cert);
    spk_err e;

    status = status == TERM_GO_ON ? ctl_read_file(key, &pem) : status;
    if (status != TERM_GO_ON) {
        return status;
    }
    e = spk_secret_from(spk_buf_span(&pem), &t->key);
    return spk_ok(e) ? TERM_GO_ON : term_error(TERM_ABOUT_INPUT, key, e, NULL);
}

int
ctl_tls_get(const char *cert, const char *key, const char *host, struct ctl_tls *ret_t)
{
    spk_err e = SPK_OK;
    int status = TERM_GO_ON;

    ret_t->cert = SPK_BUF(PEM_MAX);
    if (cert != NULL) {
        status = read_given(cert, key, ret_t);
    } else {
        e = spk_cert_server(host, &ret_t->cert, &ret_t->key);
    }
    if (status != TERM_GO_ON) {
        return status;
    }
    e = spk_ok(e) ? spk_cert_spki_hash(spk_buf_span(&ret_t->cert), &ret_t->hash) : e;
    if (!spk_ok(e)) {
        term_say_error(cert != NULL ? cert : host, cert != NULL
                                                       ? _("is not a certificate in PEM")
                                                       : _("cannot be the name in a certificate"));
        return TERM_FAILED;
    }
    return TERM_GO_ON;
}

static void
places_clear(struct places *p)
{
    spk_mem_free(p->cert);
    spk_mem_free(p->key);
    spk_mem_free(p->cert_next);
    spk_mem_free(p->key_next);
}
#define PLACES_AUTO __attribute__((cleanup(places_clear))) struct places

static spk_err
place(const struct ctl_site *s, const char *conf, const char *missing, char **ret_now,
      char **ret_next)
{
    SPK_AUTO_BUF struct spk_buf b = SPK_BUF((size_t)8192);
    SPK_AUTO_STR char *file = NULL;
    const char *next = NULL;

    SPK_TRY(ctl_site_conf(s, conf, missing, &file));
    if (file[0] == '/') {
        *ret_now = SPK_STEAL(file);
    } else {
        SPK_TRY(spk_path_join(s->authority, file, ret_now));
    }
    SPK_TRY(spk_buf_printf(&b, "%s" NEXT, *ret_now));
    SPK_TRY(spk_buf_cstr(&b, &next));
    *ret_next = spk_strdup(next);
    SPK_CHECK(*ret_next != NULL, NOMEM);
    return SPK_OK;
}

static spk_err
find_places(const struct ctl_site *s, struct places *p)
{
    SPK_TRY(place(s, "tls_cert", "tls.crt", &p->cert, &p->cert_next));
    return place(s, "tls_key", "tls.key", &p->key, &p->key_next);
}

static bool
names_key(const char *cert, const struct spk_hash *hash)
{
    SPK_AUTO_BUF struct spk_buf pem = SPK_BUF(PEM_MAX);
    struct spk_hash have;

    return spk_ok(spk_file_read(AT_FDCWD, cert, &pem)) &&
           spk_ok(spk_cert_spki_hash(spk_buf_span(&pem), &have)) && spk_hash_eq(&have, hash);
}

/* -- the next one */

static spk_err
stage(const struct ctl_site *s, const struct ctl_tls *t)
{
    PLACES_AUTO p = {0};

    SPK_TRY(find_places(s, &p));
    SPK_TRY(spk_file_write(AT_FDCWD, p.key_next, spk_secret_span(t->key), 0600, true));
    return spk_file_write(AT_FDCWD, p.cert_next, spk_buf_span(&t->cert), 0644, true);
}

static spk_err
next_text(const struct spk_authority *now, const struct spk_hash *tls, struct spk_buf *text)
{
    struct spk_authority next = *now; /* its key stays with now */

    next.tls = *tls;
    next.follows = now->hash;
    return spk_authority_format(&next, text);
}

int
ctl_tls_rotate(const struct ctl_site *s, const char *cert, const char *key, const char *out)
{
    SPK_AUTO_AUTHORITY now = {0};
    SPK_AUTO_BUF struct spk_buf text = SPK_BUF((size_t)SPK_NOTE_MAX);
    CTL_AUTO_TLS struct ctl_tls t = {.key = NULL};
    SPK_AUTO_STR char *host = NULL;
    int status;
    spk_err e = ctl_site_statement(s, &now);

    e = spk_ok(e) ? ctl_site_host(s, &host) : e;
    if (!spk_ok(e)) {
        return term_error(TERM_ABOUT_OWN, s->authority, e, NULL);
    }
    status = ctl_tls_get(cert, key, host, &t);
    if (status != TERM_GO_ON) {
        return status;
    }
    if (spk_hash_eq(&t.hash, &now.tls)) {
        term_say_error(cert, _("has the TLS key of the present statement: put the certificate in "
                               "its place, nobody needs to sign anything"));
        return TERM_FAILED;
    }
    e = next_text(&now, &t.hash, &text);
    e = spk_ok(e) ? stage(s, &t) : e;
    if (!spk_ok(e)) {
        return term_error(TERM_ABOUT_OUTPUT, s->authority, e, NULL);
    }
    e = spk_file_write(AT_FDCWD, out, spk_buf_span(&text), 0644, false);
    return spk_ok(e) ? TERM_GO_ON : term_error(TERM_ABOUT_OUTPUT, out, e, NULL);
}

int
ctl_tls_check(const struct ctl_site *s, const struct spk_hash *hash)
{
    PLACES_AUTO p = {0};
    spk_err e = find_places(s, &p);

    if (!spk_ok(e)) {
        return term_error(TERM_ABOUT_OWN, s->authority, e, NULL);
    }
    if (names_key(p.cert, hash) || names_key(p.cert_next, hash)) {
        return TERM_GO_ON;
    }
    term_say_error(p.cert, _("is not the certificate whose key the statement names, so the server "
                             "would not start with it"));
    term_say_hint(_("the TLS key has changed since that statement was made: 'sparekeyctl key "
                    "rotate DIR' makes another"));
    return TERM_FAILED;
}

/* The key first: as long as the certificate waits, this can be done again. */
static spk_err
take(const struct places *p)
{
    if (rename(p->key_next, p->key) != 0 && errno != ENOENT) {
        return spk_err_errno();
    }
    SPK_TRY(spk_sync_parent(AT_FDCWD, p->key));
    if (rename(p->cert_next, p->cert) != 0) {
        return spk_err_errno();
    }
    return spk_sync_parent(AT_FDCWD, p->cert);
}

int
ctl_tls_take(const struct ctl_site *s, const struct spk_hash *hash)
{
    PLACES_AUTO p = {0};
    spk_err e = find_places(s, &p);

    if (spk_ok(e) && names_key(p.cert_next, hash)) {
        e = take(&p);
    }
    return spk_ok(e) ? TERM_GO_ON : term_error(TERM_ABOUT_OUTPUT, s->authority, e, NULL);
}
