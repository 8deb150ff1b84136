/* SPDX-License-Identifier: Apache-2.0 */
#include "authority/server.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "authority/advance.h"
#include "authority/committer.h"
#include "authority/http.h"
#include "authority/keeper.h"
#include "authority/link.h"
#include "authority/reclog.h"
#include "authority/scope.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "crypto/cert.h"

#define HOUR 3600
#define EVENT_MAX 256
#define READERS_OURS 8 /* for the I/O threads and the one that talks to the holder */

spk_err
spk_server_event(struct spk_server *s, const char *kind, const char *fmt, ...)
{
    char detail[EVENT_MAX];
    va_list ap;

    va_start(ap, fmt);
    int n = vsnprintf(detail, sizeof(detail), fmt, ap);
    va_end(ap);
    SPK_CHECK(n >= 0, IO);
    spk_log(SPK_LOG_INFO, "%s: %s", kind, detail);
    return spk_store_put_event(s->store, spk_now_ms(), kind, spk_span_str(detail));
}

static spk_err
open_store(struct spk_server *s)
{
    const struct spk_store_cfg cfg = {.path = s->cfg.database,
                                      .readers = READERS_OURS + (unsigned)s->cfg.readers,
                                      .exclusive = true,
                                      .create = s->new_store};
    spk_err e = spk_store_open(s->cfg.store, &cfg, &s->store);

    switch (e.code) {
    case SPK_CODE_OK:
        break;
    case SPK_CODE_BUSY:
        spk_log(SPK_LOG_ERROR, "%s is in use by another sparekeyd", s->cfg.database);
        break;
    case SPK_CODE_VERSION:
        spk_log(SPK_LOG_ERROR,
                "%s was made by a newer version of sparekeyd; this one leaves it alone",
                s->cfg.database);
        break;
    case SPK_CODE_NOTFOUND:
        spk_log(SPK_LOG_ERROR,
                "%s is missing: restore it from a backup; only a new authority starts without one, "
                "with --new-store",
                s->cfg.database);
        break;
    case SPK_CODE_FORMAT:
        spk_log(SPK_LOG_ERROR, "%s is not a database of sparekeyd", s->cfg.database);
        break;
    case SPK_CODE_USAGE:
        spk_log(SPK_LOG_ERROR, "there is no store named '%s'", s->cfg.store);
        break;
    default:
        spk_log(SPK_LOG_ERROR, "%s cannot be opened: %s", s->cfg.database,
                e.sys != 0 ? strerror(e.sys) : spk_code_name(e.code));
    }
    return e;
}

static spk_err
open_books(struct spk_server *s)
{
    char why[SPK_WHY_MAX] = "";
    spk_err e = spk_books_load(s->cfg.folder, s->store, why, &s->books);

    if (!spk_ok(e)) {
        spk_log(SPK_LOG_ERROR, "%s", why[0] != 0 ? why : spk_code_name(e.code));
    }
    return e;
}

/* Clients have pinned the TLS key of the statement: with another one they would all turn away. */
static spk_err
check_tls_key(struct spk_server *s)
{
    SPK_AUTO_BUF struct spk_buf pem = SPK_BUF((size_t)65536);
    struct spk_hash h;

    spk_err e = spk_file_read(-100, s->cfg.tls_cert, &pem);
    if (spk_ok(e)) {
        e = spk_cert_spki_hash(spk_buf_span(&pem), &h);
    }
    if (!spk_ok(e)) {
        spk_log(SPK_LOG_ERROR, "%s is not a certificate that can be read", s->cfg.tls_cert);
        return e;
    }
    if (!spk_hash_eq(&h, &spk_books_newest(s->books)->tls)) {
        spk_log(SPK_LOG_ERROR, "%s has another key than the authority statement names",
                s->cfg.tls_cert);
        return SPK_ERR(CHANGED);
    }
    return SPK_OK;
}

static spk_err
open_logs(struct spk_server *s)
{
    for (unsigned i = 0; i < SPK_LOG_IDS; i++) {
        char why[SPK_WHY_MAX] = "";
        spk_err e = spk_logbook_open(s->store, (enum spk_log_id)(i + 1), why, &s->log[i]);
        if (!spk_ok(e)) {
            spk_log(SPK_LOG_ERROR, "%s", why[0] != 0 ? why : spk_code_name(e.code));
            return e;
        }
    }
    SPK_TRY(spk_advance_new(s->store, s->log[SPK_LOG_DEPOSITS - 1], s->link, &s->advance));
    return spk_reclog_new(s->store, s->books, s->log[SPK_LOG_RECOVERIES - 1], s->link, &s->reclog);
}

/* An absent holder is no reason not to take deposits; a wrong one is, and so is one that has signed
 * for more than the database has. Nobody else speaks with it yet. */
static spk_err
check_holder(struct spk_server *s)
{
    spk_err e = spk_link_reach(s->link);

    if (spk_ok(e)) {
        e = spk_advance_run(s->advance);
    }
    if (e.code != SPK_CODE_CHANGED && spk_link_ready(s->link)) {
        e = spk_reclog_settle(s->reclog);
    }
    return e.code == SPK_CODE_CHANGED ? e : SPK_OK;
}

static spk_err
make_rates(struct spk_server *s)
{
    const struct spk_config *c = &s->cfg;

    SPK_TRY(spk_rate_new(c->deposits_per_second, 1, &s->deposit_rate));
    SPK_TRY(spk_rate_new(c->requests_per_hour, HOUR, &s->request_rate));
    SPK_TRY(spk_rate_new(c->records_per_hour, HOUR, &s->record_rate));
    return spk_rate_new(c->enrolments_per_hour, HOUR, &s->enrol_rate);
}

static spk_err
start(struct spk_server *s, unsigned *ret_port)
{
    SPK_TRY(open_store(s));
    SPK_TRY(open_books(s));
    SPK_TRY(check_tls_key(s));
    SPK_TRY(spk_link_new(s->cfg.holder, (unsigned)s->cfg.holder_timeout, s->books, &s->link));
    SPK_TRY(open_logs(s));
    SPK_TRY(check_holder(s));
    SPK_TRY(make_rates(s));
    SPK_TRY(spk_scopes_new(&s->scopes));
    SPK_TRY(spk_committer_new(s->store, s->log[SPK_LOG_DEPOSITS - 1], s->advance,
                              (size_t)s->cfg.max_queue, &s->committer));
    SPK_TRY(spk_jobs_new((unsigned)s->cfg.readers, (size_t)s->cfg.max_jobs, &s->reads));
    SPK_TRY(spk_jobs_new(1, (size_t)s->cfg.max_jobs, &s->holder_jobs));
    SPK_TRY(spk_keeper_new(s, &s->keeper));
    if (s->cfg.n_cosigners > 0) {
        SPK_TRY(spk_cosigners_start(s->cfg.cosigners, s->cfg.n_cosigners, s->log, &s->cosigners));
    }
    struct spk_http *h = NULL;
    spk_err e = spk_http_start(s, &h, ret_port);
    if (!spk_ok(e)) {
        spk_log(SPK_LOG_ERROR, "cannot serve on %s: %s", s->cfg.listen,
                e.sys != 0 ? strerror(e.sys) : spk_code_name(e.code));
    }
    return e;
}

static void
say_config_error(const char *path, spk_err e, unsigned line)
{
    if (line > 0) {
        spk_log(SPK_LOG_ERROR, "%s, line %u: %s", path, line,
                e.code == SPK_CODE_LIMIT ? "the value is out of its range"
                                         : "no such setting, set twice, or not a value for it");
    } else if (e.code == SPK_CODE_USAGE) {
        spk_log(SPK_LOG_ERROR, "%s: enrolment is open, token or approval", path);
    } else if (e.code == SPK_CODE_FORMAT) {
        spk_log(SPK_LOG_ERROR,
                "%s: witness is an address and the key that 'sparekey-witness init' has printed, "
                "no key twice, %d lines at most",
                path, SPK_COSIGNERS_MAX);
    } else {
        spk_log(SPK_LOG_ERROR, "%s cannot be read: %s", path,
                e.sys != 0 ? strerror(e.sys) : spk_code_name(e.code));
    }
}

spk_err
spk_server_start(const char *config_path, bool new_store, struct spk_server **ret_s,
                 unsigned *ret_port)
{
    SPK_AUTO(spk_server) s = spk_calloc(1, sizeof(*s));
    unsigned line = 0;

    SPK_CHECK(s != NULL, NOMEM);
    s->new_store = new_store;
    atomic_init(&s->stopping, false);
    atomic_init(&s->body_bytes, 0);
    spk_err e = spk_config_load(config_path, &s->cfg, &line);
    if (!spk_ok(e)) {
        say_config_error(config_path, e, line);
        return e;
    }
    SPK_TRY(start(s, ret_port));
    *ret_s = SPK_STEAL(s);
    return SPK_OK;
}

void
spk_server_free(struct spk_server *s)
{
    if (s == NULL) {
        return;
    }
    atomic_store(&s->stopping, true);
    if (s->http != NULL) {
        spk_http_drain(s->http);
    }
    spk_keeper_free(s->keeper);
    spk_jobs_free(s->reads);
    spk_jobs_free(s->holder_jobs);
    spk_committer_free(s->committer);
    spk_http_free(s->http);
    spk_scopes_free(s->scopes);
    spk_rate_free(s->deposit_rate);
    spk_rate_free(s->request_rate);
    spk_rate_free(s->record_rate);
    spk_rate_free(s->enrol_rate);
    spk_cosigners_free(s->cosigners); /* nobody asks for a checkpoint any more */
    spk_reclog_free(s->reclog);
    spk_advance_free(s->advance);
    for (unsigned i = 0; i < SPK_LOG_IDS; i++) {
        if (s->log[i] != NULL && !spk_ok(spk_logbook_catch_up(s->log[i]))) {
            spk_log(SPK_LOG_WARN, "the newest checkpoint is not in the database"); /* had again */
        }
        spk_logbook_free(s->log[i]);
    }
    spk_link_free(s->link);
    spk_books_free(s->books);
    spk_store_free(s->store);
    spk_config_clear(&s->cfg);
    spk_mem_free(s);
}
