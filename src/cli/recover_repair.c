/* SPDX-License-Identifier: Apache-2.0 */
/* After a recovery: headers get a slot for the new key, files are decrypted if wanted. */
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/text.h"
#include "cli/recover_files.h"
#include "client/decrypt.h"
#include "client/foreign.h"

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

/* -- a file whose key is not among those that came back -- */

/* The file remembers under which index its deposit was taken. */
static bool
was_refused(const struct recover_job *job, const char *path)
{
    SPK_AUTO_FD int fd = open(path, O_RDONLY | O_CLOEXEC);
    SPK_AUTO(spk_header) h = NULL;
    uint64_t index = 0;

    if (job->from == NULL || fd < 0 || !spk_ok(spk_header_read(fd, &h)) ||
        !spk_ok(spk_recover_index(job->pin, spk_header_slots(h), &index))) {
        return false;
    }
    for (size_t i = 0; i + 8 <= job->from->refused.len; i += 8) {
        if (spk_get_u64(job->from->refused.ptr + i) == index) {
            return true;
        }
    }
    return false;
}

static int
say_missing(const struct recover_job *job, const struct recover_file *f, bool refused)
{
    if (refused) {
        term_say_error(f->path,
                       _("is deposited, but the authority has refused to release its key"));
        term_say_hint(_("ask its operators why: the deposit, or what they keep of it, does not "
                        "hold; another copy of the file, or another authority, may help"));
    } else if (f->alone) {
        return recover_say_alone(f);
    } else if (!spk_ok(f->why)) {
        term_say_error(f->path, _("is no sealed file, or its header is damaged, and no key that "
                                  "came back fits it"));
        recover_hint_all(job);
    } else if (job->refused > 0 || (job->from != NULL && job->from->unfit > 0)) {
        term_say_error(f->path, _("has no key among those that came back"));
        term_say_hint(_("its deposit may be one of those that the authority has refused to "
                        "release, or it was never deposited there"));
    } else {
        term_say_error(f->path, _("has no key among those that came back"));
        term_say_hint(_("it may never have been deposited, or by another owner: 'sparekey "
                        "inspect' shows for whom it was sealed; or its serial number was changed"));
        recover_hint_all(job);
    }
    return TERM_FAILED;
}

/* A header that opens says nothing about what is behind it: is the end of the file where it was? */
static bool
is_whole(const struct recover_job *job, const char *path)
{
    SPK_AUTO_FD int fd = open(path, O_RDONLY | O_CLOEXEC);
    SPK_AUTO(spk_header) h = NULL;
    SPK_AUTO(spk_secret) key = NULL;
    SPK_AUTO(spk_sealed) f = NULL;

    if (fd < 0 || !spk_ok(spk_header_read(fd, &h)) || !spk_ok(spk_unlock_header(job->s, h, &key))) {
        return true; /* what is wrong then was told already */
    }
    return spk_ok(spk_open_check_end(h, fd)) && spk_ok(spk_sealed_open(fd, h, key, &f));
}

struct repaired {
    const char *path;
    spk_err e;
    bool rebuilt, refused;
    bool damaged; /* the header opens, the contents do not */
};

static void
json_file(struct spk_jw *w, const struct repaired *r)
{
    spk_jw_open(w, NULL, '{');
    spk_jw_str(w, "file", spk_span_str(r->path));
    spk_jw_bool(w, "repaired", spk_ok(r->e));
    spk_jw_bool(w, "rebuilt", spk_ok(r->e) && r->rebuilt);
    spk_jw_bool(w, "refused", r->refused);
    spk_jw_bool(w, "damaged", r->damaged);
    spk_jw_close(w, '}');
}

static int
say_damaged(const char *path)
{
    term_say_error(path, _("its header opens with your key, but its contents were cut, extended or "
                           "damaged"));
    term_say_hint(_("another copy of the file may be whole; no key brings back what is gone"));
    return TERM_FAILED;
}

static int
repair_one(struct term *c, struct recover_job *job, const struct recover_file *f, struct spk_jw *w)
{
    struct spk_repair r = {0};
    spk_err e = spk_repair_file(job->s, f->path, &r);
    bool missing = (e.code == SPK_CODE_NOTFOUND && e.sys == 0) || e.code == SPK_CODE_NOKEY;
    bool opened = missing && recover_opens(job, f->path);
    struct repaired told = {.path = f->path, .e = e, .rebuilt = r.header_rebuilt};

    told.refused = missing && !opened && was_refused(job, f->path);
    told.damaged = (spk_ok(e) || opened) && !is_whole(job, f->path);
    json_file(w, &told);
    if (missing && !opened) {
        return say_missing(job, f, told.refused);
    }
    if (!spk_ok(e) && !opened) {
        return term_error(TERM_ABOUT_SEALED, f->path, e, &job->s->trouble);
    }
    if (told.damaged) {
        return say_damaged(f->path);
    }
    if (!c->quiet && !c->json) {
        printf(opened             ? _("%s: opens with your key already\n")
               : r.header_rebuilt ? _("%s: header rebuilt\n")
                                  : _("%s: header repaired\n"),
               term_shown(f->path));
    }
    return TERM_DONE;
}

static void
tell_others(const struct recover_job *job)
{
    for (size_t i = 0; i < job->s->profile->n_authorities; i++) {
        const struct spk_pin *pin = job->s->profile->authorities[i];

        if (pin != job->pin && pin->state != SPK_PIN_PINNED && job->new_pairs) {
            fprintf(stderr,
                    _("sparekey: hint: authority %s still knows your old keys: 'sparekey recover "
                      "--keys-only --same-keys --authority %s'\n"),
                    pin->name, pin->name);
        }
    }
}

static spk_err
count_one(void *ctx, const struct spk_foreign_found *f)
{
    (void)f;
    ++*(unsigned *)ctx;
    return SPK_OK;
}

/* Keys of other programs open no file of ours: another command hands them out. */
static void
tell_foreign(const struct recover_job *job)
{
    unsigned n = 0;

    if (job->keys > 0 && spk_ok(spk_foreign_each(job->s, count_one, &n)) && n > 0) {
        fprintf(
            stderr,
            ngettext("sparekey: hint: %u key of another program is among those that came back: "
                     "'sparekey blob list' shows it, 'sparekey blob renew FILE' makes its file "
                     "readable again\n",
                     "sparekey: hint: %u keys of other programs are among those that came back: "
                     "'sparekey blob list' shows them, 'sparekey blob renew FILE' makes their "
                     "files readable again\n",
                     n),
            n);
    }
}

int
recover_repair_here(struct term *c, struct recover_job *job)
{
    SPK_AUTO_BUF struct spk_buf b = SPK_BUF((size_t)16 << 20);
    struct spk_jw w = {.b = &b};
    int status = TERM_DONE;

    spk_jw_open(&w, NULL, '[');
    for (int i = 0; i < job->n && !term_stop; i++) {
        if (job->files[i].state == RECOVER_HERE) {
            int one = repair_one(c, job, &job->files[i], &w);

            status = one != TERM_DONE ? one : status;
        }
    }
    return status;
}

/* How many of the files were helped; the status is that of the worst. */
static int
repair_all(struct term *c, struct recover_job *job, struct spk_jw *w)
{
    int status = TERM_DONE;
    int good = 0;

    for (int i = 0; i < job->n && !term_stop; i++) {
        const struct recover_file *f = &job->files[i];
        int one = repair_one(c, job, f, w);

        good += one == TERM_DONE; /* it opens, wherever its contents then can go */
        if (one == TERM_DONE && (job->o->decrypt || job->o->out != NULL)) {
            one = decrypt_one(c, job, f->path);
        }
        status = one != TERM_DONE ? one : status;
    }
    if (job->n > 0 && !c->quiet && !c->json && !term_stop) {
        printf(ngettext("done: %d of %d file opens with your key\n",
                        "done: %d of %d files open with your key\n", (unsigned long)job->n),
               good, job->n);
    }
    return status;
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
    status = repair_all(c, job, &w);
    spk_jw_close(&w, ']');
    spk_jw_close(&w, '}');
    if (c->json && term_json_out(&w, &b) != TERM_DONE) {
        return TERM_FAILED;
    }
    if (job->n == 0 && !c->quiet && !c->json) {
        fputs(job->keys > 0 ? _("done: the recovery has ended. 'sparekey recover FILE.spk…' "
                                "repairs the headers of your files; 'decrypt' opens them as they "
                                "are\n")
                            : _("done: the recovery has ended\n"),
              stdout);
    }
    tell_foreign(job);
    tell_others(job);
    return term_stop ? TERM_STOPPED : term_flush(status);
}
