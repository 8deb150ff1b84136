/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/recover_files.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/text.h"
#include "client/decrypt.h"

#define ID_OFFSET 16

static spk_err
open_header(const char *path, struct spk_header **ret_h)
{
    SPK_AUTO_FD int fd = open(path, O_RDONLY | O_CLOEXEC);

    if (fd < 0) {
        return errno == ENOENT ? (spk_err){SPK_CODE_NOTFOUND, ENOENT} : spk_err_errno();
    }
    return spk_header_read(fd, ret_h);
}

/* An authority that the first readable file is sealed for. */
static struct spk_pin *
authority_of_files(const struct recover_job *job)
{
    for (int i = 0; i < job->n; i++) {
        SPK_AUTO(spk_header) h = NULL;
        struct spk_core_authority a;

        if (!spk_ok(open_header(job->files[i], &h))) {
            continue;
        }
        for (size_t k = 0; spk_ok(spk_core_authority(spk_header_core(h), k, &a)); k++) {
            for (size_t p = 0; p < job->s->profile->n_authorities; p++) {
                if (spk_pin_by_key(job->s->profile->authorities[p], &a.spki) != NULL) {
                    return job->s->profile->authorities[p];
                }
            }
        }
    }
    return NULL;
}

int
recover_authority(struct recover_job *job)
{
    spk_err e = spk_profile_authority(job->s->profile, job->o->authority, &job->pin);

    if (!spk_ok(e) && e.code == SPK_CODE_USAGE) {
        job->pin = authority_of_files(job);
        e = job->pin == NULL ? e : SPK_OK;
    }
    if (spk_ok(e)) {
        return TERM_GO_ON;
    }
    if (job->s->profile->n_authorities == 0) {
        term_say_error(NULL, _("no authority is pinned on this computer"));
        term_say_hint(_("'sparekey enroll --pin ADDRESS' pins it, with the address from its "
                        "operators; then run this again"));
    } else if (job->o->authority != NULL) {
        term_say_error(job->o->authority, _("is not a pinned authority"));
        term_say_hint(_("'sparekey status' lists them"));
    } else {
        term_say_error(NULL, _("several authorities are pinned"));
        term_say_hint(_("--authority NAME says which one to ask: any of them will do"));
    }
    return TERM_FAILED;
}

/* Our key, or one that came back before, opens it. */
static bool
opens(const struct recover_job *job, const char *path)
{
    SPK_AUTO(spk_header) h = NULL;
    SPK_AUTO(spk_secret) key = NULL;

    return spk_ok(open_header(path, &h)) && spk_ok(spk_unlock_header(job->s, h, &key));
}

/* A damaged header may belong to any key that came back: only a repair can tell. */
static bool
may_be_here(const struct recover_job *job, const char *path)
{
    SPK_AUTO(spk_header) h = NULL;
    struct spk_repair r;

    if (spk_ok(open_header(path, &h))) {
        return spk_recovered_has(job->s->profile, &spk_header_core(h)->id) || opens(job, path);
    }
    return spk_ok(spk_repair_file(job->s, path, &r));
}

bool
recover_all_here(const struct recover_job *job)
{
    for (int i = 0; i < job->n; i++) {
        if (!may_be_here(job, job->files[i])) {
            return false;
        }
    }
    return true;
}

/* -- before the request -- */

static int
by_bytes(const void *a, const void *b)
{
    return spk_span_cmp(spk_span(a, SPK_FILE_ID_LEN), spk_span(b, SPK_FILE_ID_LEN));
}

static void
sort_serials(struct spk_buf *serials)
{
    size_t n = serials->len / SPK_FILE_ID_LEN;
    size_t kept = 0;

    if (n == 0) {
        return;
    }
    qsort(serials->ptr, n, SPK_FILE_ID_LEN, by_bytes);
    for (size_t i = 0; i < n; i++) {
        uint8_t *at = serials->ptr + i * SPK_FILE_ID_LEN;

        if (kept == 0 || by_bytes(at, serials->ptr + (kept - 1) * SPK_FILE_ID_LEN) != 0) {
            memmove(serials->ptr + kept * SPK_FILE_ID_LEN, at, SPK_FILE_ID_LEN);
            kept++;
        }
    }
    serials->len = kept * SPK_FILE_ID_LEN;
}

static int
take_owner(const char *path, struct spk_header *h, struct spk_hash *owner, bool *has_owner)
{
    struct spk_hash claimed;

    if (!spk_ok(spk_recover_owner_of(h, &claimed))) {
        return TERM_GO_ON;
    }
    if (!*has_owner) {
        *owner = claimed;
        *has_owner = true;
    } else if (!spk_hash_eq(owner, &claimed)) {
        term_say_error(path, _("was sealed by another owner"));
        term_say_hint(_("a recovery is for one owner's files; --owner ID says whose"));
        return TERM_FAILED;
    }
    return TERM_GO_ON;
}

/* The core is damaged, so its identifier is a claim; a wrong one only brings nothing back. */
static int
take_damaged(struct recover_job *job, const char *path, spk_err why)
{
    SPK_AUTO_FD int fd = open(path, O_RDONLY | O_CLOEXEC);
    struct spk_file_id claim;

    if (fd < 0 || why.code == SPK_CODE_IO || why.code == SPK_CODE_NOTFOUND) {
        return term_error(TERM_ABOUT_SEALED, path, why, NULL);
    }
    if (!spk_ok(spk_pread_full(fd, claim.b, sizeof(claim.b), ID_OFFSET)) ||
        !spk_ok(spk_buf_add(&job->serials, SPK_SPAN_OF(claim.b)))) {
        return term_error(TERM_ABOUT_SEALED, path, why, NULL);
    }
    term_say_warning(path, _("has a damaged header: if its serial number is damaged too, "
                             "'recover --all' will find it"));
    return TERM_GO_ON;
}

static int
take_file(struct recover_job *job, const char *path, struct spk_hash *owner, bool *has_owner)
{
    SPK_AUTO(spk_header) h = NULL;
    spk_err e = open_header(path, &h);
    int status;

    if (!spk_ok(e)) {
        return take_damaged(job, path, e);
    }
    status = take_owner(path, h, owner, has_owner);
    if (status != TERM_GO_ON) {
        return status;
    }
    e = spk_buf_add(&job->serials, SPK_SPAN_OF(spk_header_core(h)->id.b));
    if (!spk_ok(e)) {
        return term_error(TERM_ABOUT_SEALED, path, e, NULL);
    }
    e = spk_recover_file_record(job->pin, h, &job->s->trouble);
    if (!spk_ok(e) && e.code != SPK_CODE_NOTFOUND) {
        return term_error(TERM_ABOUT_PEER, path, e, &job->s->trouble);
    }
    return TERM_GO_ON;
}

int
recover_prepare(struct term *c, struct recover_job *job, struct spk_pending_spec *spec)
{
    const struct spk_hash *owner = spk_profile_owner_at(job->s->profile, job->pin);
    bool has_owner = owner != NULL;

    if (has_owner) {
        spec->owner = *owner;
    }
    if (job->o->owner != NULL) {
        if (!spk_ok(spk_hex_parse(spk_span_str(job->o->owner), spec->owner.b, SPK_HASH_LEN))) {
            return term_usage(c, _("--owner is 64 hex digits"));
        }
        has_owner = true;
    }
    job->serials = SPK_BUF((size_t)SPK_PENDING_SERIALS_MAX * SPK_FILE_ID_LEN);
    for (int i = 0; i < job->n; i++) {
        int status = take_file(job, job->files[i], &spec->owner, &has_owner);

        if (status != TERM_GO_ON) {
            spk_buf_free(&job->serials);
            return status;
        }
    }
    if (!has_owner) {
        term_say_error(NULL, _("your owner id is not known here"));
        term_say_hint(
            _("--owner ID: it stands on your recovery sheet, and officers can look it up"));
        return TERM_FAILED;
    }
    sort_serials(&job->serials);
    if (!job->o->all && !job->o->keys_only) {
        spec->serials = spk_buf_span(&job->serials);
    }
    return TERM_GO_ON;
}

/* -- afterwards -- */

static int
decrypt_one(struct term *c, struct recover_job *job, const char *path)
{
    struct spk_decrypt_outcome done;
    const struct spk_progress progress = {.stop = &term_stop};
    const struct spk_decrypt_opts o = {.progress = &progress};
    spk_err e = spk_decrypt_file(job->s, path, job->o->out, &o, &done);
    int status = TERM_DONE;

    if (!spk_ok(e)) {
        status = e.code == SPK_CODE_EXISTS ? term_error(TERM_ABOUT_OUTPUT, done.path, e, NULL)
                                           : term_error(TERM_ABOUT_SEALED, path, e, NULL);
    } else if (done.path != NULL && !c->quiet && !c->json) {
        printf(_("%s: %s decrypted\n"), term_shown(done.path), term_size(done.bytes));
    }
    spk_decrypt_outcome_clear(&done);
    return status;
}

static int
repair_one(struct term *c, struct recover_job *job, const char *path, struct spk_jw *w)
{
    struct spk_repair r = {0};
    spk_err e = spk_repair_file(job->s, path, &r);
    bool opened = !spk_ok(e) && e.code == SPK_CODE_NOTFOUND && e.sys == 0 && opens(job, path);

    spk_jw_open(w, NULL, '{');
    spk_jw_str(w, "file", spk_span_str(path));
    spk_jw_bool(w, "repaired", spk_ok(e));
    spk_jw_bool(w, "rebuilt", spk_ok(e) && r.header_rebuilt);
    spk_jw_close(w, '}');
    if (opened) {
        if (!c->quiet && !c->json) {
            printf(_("%s: opens with your key already\n"), term_shown(path));
        }
    } else if (!spk_ok(e)) {
        if (e.code == SPK_CODE_NOTFOUND && e.sys == 0) {
            term_say_error(path, _("has no key among those that came back"));
            term_say_hint(_("it may never have been deposited, or by another owner: 'sparekey "
                            "inspect' shows for whom it was sealed"));
            return TERM_FAILED;
        }
        return term_error(TERM_ABOUT_SEALED, path, e, &job->s->trouble);
    } else if (!c->quiet && !c->json) {
        printf(r.header_rebuilt ? _("%s: header rebuilt\n") : _("%s: header repaired\n"),
               term_shown(path));
    }
    return job->o->decrypt || job->o->out != NULL ? decrypt_one(c, job, path) : TERM_DONE;
}

static void
tell_others(const struct recover_job *job)
{
    for (size_t i = 0; i < job->s->profile->n_authorities; i++) {
        const struct spk_pin *pin = job->s->profile->authorities[i];

        if (pin != job->pin && pin->state == SPK_PIN_ENROLLED && job->keys > 0) {
            fprintf(stderr,
                    _("sparekey: hint: authority %s still knows your old keys: 'sparekey recover "
                      "--keys-only --same-keys --authority %s'\n"),
                    pin->name, pin->name);
        }
    }
}

int
recover_repair(struct term *c, struct recover_job *job)
{
    SPK_AUTO_BUF struct spk_buf b = SPK_BUF((size_t)16 << 20);
    struct spk_jw w = {.b = &b};
    int status = TERM_DONE;

    spk_jw_open(&w, NULL, '{');
    spk_jw_cstr(&w, "state", "done");
    spk_jw_cstr(&w, "authority", job->pin->name);
    spk_jw_u64(&w, "keys", job->keys);
    spk_jw_u64(&w, "refused", job->refused);
    spk_jw_open(&w, "files", '[');
    for (int i = 0; i < job->n && !term_stop; i++) {
        int one = repair_one(c, job, job->files[i], &w);

        status = one != TERM_DONE ? one : status;
    }
    spk_jw_close(&w, ']');
    spk_jw_close(&w, '}');
    if (c->json && term_json_out(&w, &b) != TERM_DONE) {
        return TERM_FAILED;
    }
    if (job->n == 0 && !c->quiet && !c->json && job->keys > 0) {
        fputs(_("'sparekey recover FILE.spk…' repairs the headers of your files; 'decrypt' opens "
                "them as they are\n"),
              stdout);
    }
    tell_others(job);
    return term_stop ? TERM_STOPPED : term_flush(status);
}
