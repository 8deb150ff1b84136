/* SPDX-License-Identifier: Apache-2.0 */
#include "client/receipts.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/text.h"
#include "client/spool.h"

#define SUFFIX ".receipt"
#define PATH_TEXT_MAX ((size_t)1 << 16)

spk_err
spk_receipt_put(struct spk_slots *s, const struct spk_hash *authority, struct spk_span text)
{
    const struct spk_slot slot = {SPK_SLOT_RECEIPT, 0, *authority, text};

    return spk_slots_put(s, &slot);
}

/* -- names -- */

/* NAME.receipt, or NAME.receipt-KEY where the file has deposits at several authorities. */
static spk_err
beside(const char *path, const struct spk_hash *authority, bool several, char **ret_path)
{
    SPK_AUTO_BUF struct spk_buf b = SPK_BUF(PATH_TEXT_MAX);
    char hex[2 * 8 + 1];
    const char *s = NULL;

    SPK_TRY(spk_buf_str(&b, path));
    SPK_TRY(spk_buf_str(&b, SUFFIX));
    if (several) {
        SPK_TRY(spk_buf_printf(&b, "-%s", spk_hex(spk_span(authority->b, 8), hex)));
    }
    SPK_TRY(spk_buf_cstr(&b, &s));
    *ret_path = spk_strdup(s);
    SPK_CHECK(*ret_path != NULL, NOMEM);
    return SPK_OK;
}

static spk_err
note_path(const struct spk_profile *p, const struct spk_rpub *r, char **ret_dir, char **ret_path)
{
    char name[SPK_SPOOL_NAME_MAX];
    char file[SPK_SPOOL_NAME_MAX + sizeof(SUFFIX)];

    spk_spool_name(r, name);
    (void)snprintf(file, sizeof(file), "%s" SUFFIX, name);
    SPK_TRY(spk_profile_data_path(p, "accepted", ret_dir));
    return spk_path_join(*ret_dir, file, ret_path);
}

static bool
has_several(const struct spk_slots *slots)
{
    const struct spk_slot *first = spk_slots_find(slots, SPK_SLOT_RECORD, NULL, 0);
    size_t n = 0;

    for (size_t i = 0; first != NULL && i < spk_slots_count(slots); i++) {
        n += spk_slots_at(slots, i)->type == SPK_SLOT_RECORD;
    }
    return n > 1;
}

/* -- keeping -- */

/* The file that is at path, by its record: a claim, but so is everything of a file without a key.
 */
static bool
carries(const char *path, const struct spk_deposit *d, bool *ret_several)
{
    SPK_AUTO_FD int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    SPK_AUTO(spk_header) h = NULL;
    const struct spk_slot *slot = NULL;
    struct spk_deposit there;
    struct stat st;

    if (fd < 0 || fstat(fd, &st) != 0 || !S_ISREG(st.st_mode) || !spk_ok(spk_header_read(fd, &h)) ||
        spk_header_slots(h) == NULL) {
        return false;
    }
    slot = spk_slots_find(spk_header_slots(h), SPK_SLOT_RECORD, &d->rpub.authority, 0);
    *ret_several = has_several(spk_header_slots(h));
    return slot != NULL && spk_ok(spk_record_parse(slot->body, &there)) &&
           spk_hash_eq(&there.rpub.tag, &d->rpub.tag) && spk_hash_eq(&there.p, &d->p);
}

spk_err
spk_receipts_keep(const struct spk_profile *p, const char *path, const struct spk_deposit *d,
                  struct spk_span text)
{
    SPK_AUTO_STR char *dir = NULL;
    SPK_AUTO_STR char *note = NULL;
    bool several = false;

    if (path[0] != '\0' && carries(path, d, &several)) {
        SPK_AUTO_STR char *near = NULL;

        SPK_TRY(beside(path, &d->rpub.authority, several, &near));
        if (spk_ok(spk_file_write(AT_FDCWD, near, text, 0600, true))) {
            return SPK_OK;
        }
    }
    SPK_TRY(note_path(p, &d->rpub, &dir, &note));
    SPK_TRY(spk_mkdirs(dir, 0700));
    return spk_file_write(AT_FDCWD, note, text, 0600, true);
}

/* -- finding -- */

void
spk_receipt_found_clear(struct spk_receipt_found *f)
{
    spk_buf_free(&f->text);
    spk_mem_free(f->path);
    memset(f, 0, sizeof(*f));
}

/* SPK_OK whether it holds or not: f->fault tells. */
static spk_err
examine(const struct spk_receipt_search *w, struct spk_span text, struct spk_receipt_found *f)
{
    struct spk_receipt r;
    enum spk_log_fault fault = SPK_LOG_FAULT_NONE;
    spk_err e = spk_receipt_verify(text, w->log, &w->profile->witnesses, &r, &fault);

    if (!spk_ok(e) && fault == SPK_LOG_FAULT_NONE) {
        return e;
    }
    if (spk_ok(e)) {
        fault = spk_receipt_about(&r, &w->d->rpub, &w->d->p);
    }
    f->fault = fault;
    if (fault != SPK_LOG_FAULT_NONE) {
        return SPK_OK;
    }
    f->r = r;
    f->text = SPK_BUF((size_t)SPK_PROOF_MAX);
    return spk_buf_add(&f->text, text);
}

/* A file of receipts that is not there, or cannot be read, is none. */
static spk_err
try_file(const struct spk_receipt_search *w, char **take_path, struct spk_receipt_found *f)
{
    SPK_AUTO_BUF struct spk_buf b = SPK_BUF((size_t)SPK_PROOF_MAX);
    SPK_AUTO_STR char *path = SPK_STEAL(*take_path);
    spk_err e = spk_file_read(AT_FDCWD, path, &b);

    if (e.code == SPK_CODE_LIMIT) {
        f->fault = SPK_LOG_FAULT_MALFORMED;
        return SPK_OK;
    }
    if (!spk_ok(e)) {
        return e.code == SPK_CODE_NOMEM ? e : SPK_OK;
    }
    SPK_TRY(examine(w, spk_buf_span(&b), f));
    if (f->fault == SPK_LOG_FAULT_NONE) {
        f->path = SPK_STEAL(path);
    }
    return SPK_OK;
}

static spk_err
find_outside(const struct spk_receipt_search *w, struct spk_receipt_found *f)
{
    const struct spk_hash *authority = &w->d->rpub.authority;
    SPK_AUTO_STR char *dir = NULL;
    char *path = NULL;

    for (unsigned several = 0; several < 2 && f->fault != SPK_LOG_FAULT_NONE; several++) {
        SPK_TRY(beside(w->path, authority, several != 0, &path));
        SPK_TRY(try_file(w, &path, f));
    }
    if (f->fault != SPK_LOG_FAULT_NONE) {
        SPK_TRY(note_path(w->profile, &w->d->rpub, &dir, &path));
        SPK_TRY(try_file(w, &path, f));
    }
    return SPK_OK;
}

spk_err
spk_receipt_find(const struct spk_receipt_search *w, struct spk_receipt_found *ret_f)
{
    const struct spk_slot *slot =
        spk_slots_find(w->slots, SPK_SLOT_RECEIPT, &w->d->rpub.authority, 0);
    struct spk_receipt_found f = {.fault = SPK_LOG_FAULT_MISSING};
    spk_err e;

    if (slot != NULL) {
        f.inside = true;
        e = examine(w, slot->body, &f);
    } else {
        e = find_outside(w, &f);
    }
    if (!spk_ok(e)) {
        spk_receipt_found_clear(&f);
        return e;
    }
    *ret_f = f;
    return SPK_OK;
}

/* -- folding -- */

struct fold { /* files whose content is in the slots, to be removed once these are durable */
    const struct spk_profile *p;
    const char *path;
    struct spk_slots *slots;
    size_t n;
    char *from[SPK_AUTHORITIES_MAX];
};

static void
fold_clear(struct fold *f)
{
    for (size_t i = 0; i < f->n; i++) {
        spk_mem_free(f->from[i]);
    }
}

static spk_err
fold_slot(struct fold *f, const struct spk_slot *record)
{
    const struct spk_pin *pin = NULL;
    const struct spk_authority *a = NULL;
    struct spk_receipt_found found;
    struct spk_deposit d;
    spk_err e = SPK_OK;

    if (f->n == SPK_AUTHORITIES_MAX ||
        !spk_ok(spk_profile_by_key(f->p, &record->recipient, &pin, &a)) || !pin->has_logs) {
        return SPK_OK;
    }
    SPK_TRY(spk_record_parse(record->body, &d));
    const struct spk_receipt_search w = {f->p, f->slots, f->path, &d,
                                         spk_logs_key(&pin->logs, SPK_LOG_DEPOSITS)};
    SPK_TRY(spk_receipt_find(&w, &found));
    if (!found.inside && found.fault == SPK_LOG_FAULT_NONE) {
        e = spk_receipt_put(f->slots, &d.rpub.authority, spk_buf_span(&found.text));
        if (spk_ok(e)) {
            e = spk_accepted_put(f->slots, &d.rpub.authority, found.r.index, found.r.rpub.time_ms);
        }
        f->from[f->n++] = SPK_STEAL(found.path);
    }
    spk_receipt_found_clear(&found);
    return e;
}

static spk_err
fold_all(struct fold *f)
{
    for (size_t i = 0; i < spk_slots_count(f->slots); i++) { /* what is added is no record */
        const struct spk_slot *slot = spk_slots_at(f->slots, i);

        if (slot->type == SPK_SLOT_RECORD &&
            spk_slots_find(f->slots, SPK_SLOT_RECEIPT, &slot->recipient, 0) == NULL) {
            SPK_TRY(fold_slot(f, slot));
        }
    }
    return SPK_OK;
}

spk_err
spk_receipts_fold(const struct spk_profile *p, const char *path, struct spk_header *h,
                  const struct spk_secret *key, size_t *ret_n)
{
    __attribute__((cleanup(fold_clear))) struct fold f = {.p = p, .path = path};

    *ret_n = 0;
    if (!spk_header_slots_hold(h)) {
        return SPK_OK; /* a new MAC must not be put over what nobody has checked */
    }
    f.slots = spk_header_slots(h);
    SPK_TRY(fold_all(&f));
    if (f.n == 0) {
        return SPK_OK;
    }
    SPK_TRY(spk_sealed_replace_slots(AT_FDCWD, path, key, f.slots));
    for (size_t i = 0; i < f.n; i++) {
        (void)unlink(f.from[i]); /* in the file now; one that stays does no harm */
    }
    *ret_n = f.n;
    return SPK_OK;
}
