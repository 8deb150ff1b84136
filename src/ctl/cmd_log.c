/* SPDX-License-Identifier: Apache-2.0 */
/* sparekeyctl log fsck, log export, log rebuild: the logs of one folder, looked at from their
 * entries upwards. */
#include <fcntl.h>
#include <string.h>

#include "base/file.h"
#include "ctl/logadopt.h"
#include "ctl/logcheck.h"
#include "ctl/logexport.h"
#include "ctl/site.h"

#define SHOWN_MAX 1000 /* faults of a log that are printed one by one */
#define JSON_MAX ((size_t)1 << 24)
#define KEYS_MODE 0644

/* The folder, its store, and the keys of its logs when they are known. */
struct work {
    struct term *c;
    struct ctl_site site;
    struct spk_store *store;
    bool has_keys;
    struct spk_logs keys;
};

static void
work_clear(struct work *w)
{
    spk_store_free(w->store);
    ctl_site_clear(&w->site);
}
#define AUTO_WORK __attribute__((cleanup(work_clear)))

static int
work_open(struct work *w, const char *dir)
{
    struct spk_authority a = {0};
    int status = ctl_site_open(dir, &w->site);

    status = status == TERM_GO_ON ? ctl_site_store(&w->site, false, &w->store) : status;
    if (status != TERM_GO_ON) {
        return status;
    }
    spk_err e = ctl_site_statement(&w->site, &a);
    e = spk_ok(e) ? ctl_log_keys(w->store, &a, &w->keys) : e;
    spk_authority_clear(&a);
    w->has_keys = spk_ok(e);
    if (e.code == SPK_CODE_AUTH || e.code == SPK_CODE_CHANGED) {
        term_say_error(dir, _("the logs' keys in its database are not signed by its holder"));
        return TERM_FAILED;
    }
    return spk_ok(e) || e.code == SPK_CODE_NOTFOUND ? TERM_GO_ON
                                                    : term_error(TERM_ABOUT_OWN, dir, e, NULL);
}

static int
work_begin(struct work *w, int argc, char **argv, int operands, int *ret_first)
{
    int status = term_options(w->c, NULL, 0, argc, argv, ret_first);

    if (status != TERM_GO_ON) {
        return status;
    }
    if (argc - *ret_first != operands) {
        return term_usage(w->c, operands == 1 ? _("one folder is wanted")
                                              : _("an authority's folder is wanted, and one to "
                                                  "write to"));
    }
    return work_open(w, argv[*ret_first]);
}

/* -- fsck */

struct fsck {
    const struct term *c;
    struct spk_jw w;
    uint64_t shown;
};

static void
show_fault(void *ctx, const struct ctl_log_fault *f)
{
    struct fsck *k = ctx;

    if (k->shown++ >= SHOWN_MAX) {
        return;
    }
    if (k->c->json) {
        spk_jw_open(&k->w, NULL, '{');
        spk_jw_cstr(&k->w, "table", f->table);
        spk_jw_u64(&k->w, "level", f->level);
        spk_jw_u64(&k->w, "index", f->index);
        spk_jw_cstr(&k->w, "what", f->what);
        spk_jw_close(&k->w, '}');
    } else if (f->level > 0) {
        /* TRANSLATORS: a log's name, a table's, a number, a number, "is missing" and the like */
        printf(_("%s log: %s, level %u, index %llu: %s\n"), spk_log_word(f->log), f->table,
               f->level, (unsigned long long)f->index, _(f->what));
    } else {
        printf(_("%s log: %s, index %llu: %s\n"), spk_log_word(f->log), f->table,
               (unsigned long long)f->index, _(f->what));
    }
}

static void
tell_log(struct fsck *k, enum spk_log_id log, const struct ctl_log_check *r)
{
    if (k->c->json) {
        spk_jw_u64(&k->w, "entries", r->entries);
        spk_jw_u64(&k->w, "signed", r->noted);
        spk_jw_bool(&k->w, "signature", r->signed_well);
        spk_jw_u64(&k->w, "hashes", r->hashes);
        spk_jw_u64(&k->w, "lost", r->lost);
        spk_jw_u64(&k->w, "fault_count", r->faults);
        return;
    }
    if (r->faults > SHOWN_MAX) {
        printf(_("%s log: and %llu more faults\n"), spk_log_word(log),
               (unsigned long long)(r->faults - SHOWN_MAX));
    }
    if (r->lost > 0) {
        printf(_("%s log: %llu of its entries have no deposit any more: they were adopted\n"),
               spk_log_word(log), (unsigned long long)r->lost);
    }
    printf(_("%s log: %llu entries, %llu of them signed for, %llu hashes of tiles: %llu faults\n"),
           spk_log_word(log), (unsigned long long)r->entries, (unsigned long long)r->noted,
           (unsigned long long)r->hashes, (unsigned long long)r->faults);
}

static spk_err
fsck_log(struct work *w, struct fsck *k, enum spk_log_id log, uint64_t *faults)
{
    const struct spk_vkey *key = w->has_keys ? spk_logs_key(&w->keys, log) : NULL;
    const struct ctl_log_ear ear = {.fault = show_fault, .ctx = k, .stop = &term_stop};
    struct ctl_log_check r = {0};

    k->shown = 0;
    spk_jw_open(&k->w, NULL, '{');
    spk_jw_cstr(&k->w, "log", spk_log_word(log));
    spk_jw_open(&k->w, "faults", '[');
    spk_err e = ctl_log_check(w->store, log, key, &ear, &r);
    spk_jw_close(&k->w, ']');
    if (spk_ok(e)) {
        tell_log(k, log, &r);
        *faults += r.faults;
    }
    spk_jw_close(&k->w, '}');
    return e;
}

int
ctl_log_fsck(struct term *c, int argc, char **argv)
{
    SPK_AUTO_BUF struct spk_buf b = SPK_BUF(JSON_MAX);
    AUTO_WORK struct work w = {.c = c};
    struct fsck k = {.c = c, .w = {.b = &b}};
    uint64_t faults = 0;
    int first = 0;
    int status = work_begin(&w, argc, argv, 1, &first);
    spk_err e = SPK_OK;

    if (status != TERM_GO_ON) {
        return status;
    }
    spk_jw_open(&k.w, NULL, '{');
    spk_jw_open(&k.w, "logs", '[');
    for (unsigned log = SPK_LOG_DEPOSITS; spk_ok(e) && log <= SPK_LOG_RECOVERIES; log++) {
        e = fsck_log(&w, &k, (enum spk_log_id)log, &faults);
    }
    spk_jw_close(&k.w, ']');
    spk_jw_close(&k.w, '}');
    if (!spk_ok(e)) {
        return term_error(TERM_ABOUT_OWN, argv[first], e, NULL);
    }
    if (c->json && term_json_out(&k.w, &b) != TERM_DONE) {
        return TERM_FAILED;
    }
    if (faults > 0) {
        term_say_error(argv[first], _("what its logs say is not what was written"));
        term_say_hint(_("hashes of tiles alone are made again by 'sparekeyctl log rebuild DIR'; "
                        "for anything else put back the newest good copy of the database, and "
                        "find out who has written to it"));
    }
    return faults > 0 ? TERM_FAILED : TERM_DONE;
}

/* -- export */

static int
tell_export(const struct term *c, const char *folder, enum spk_log_id log, uint64_t size, spk_err e)
{
    switch (e.code) {
    case SPK_CODE_OK:
        if (!c->quiet) {
            fprintf(stderr, _("%s: the %s log, %llu entries\n"), term_shown(folder),
                    spk_log_word(log), (unsigned long long)size);
        }
        return TERM_GO_ON;
    case SPK_CODE_NOTFOUND:
        return TERM_GO_ON; /* nothing was signed for yet */
    case SPK_CODE_EXISTS:
        term_say_error(folder, _("is ahead of the database: it was exported from a newer one"));
        term_say_hint(_("keep it: 'sparekeyctl log adopt' takes the missing entries from it"));
        return TERM_FAILED;
    case SPK_CODE_CHANGED:
        term_say_error(folder, _("nothing was published: the database and its checkpoint, or what "
                                 "was exported before, are not of one log"));
        term_say_hint(_("'sparekeyctl log fsck DIR' tells what is wrong with the database"));
        return TERM_FAILED;
    default:
        return term_error(TERM_ABOUT_OUTPUT, folder, e, NULL);
    }
}

static int
export_log(const struct work *w, const char *out, enum spk_log_id log)
{
    SPK_AUTO_STR char *folder = NULL;
    uint64_t size = 0;
    spk_err e = spk_path_join(out, spk_log_word(log), &folder);

    e = spk_ok(e) ? ctl_log_export(w->store, log, folder, &size) : e;
    return tell_export(w->c, folder != NULL ? folder : out, log, size, e);
}

/* Who checks the files needs the logs' keys, with the holder's signature under them. */
static spk_err
export_keys(const struct work *w, const char *out)
{
    SPK_AUTO_BUF struct spk_buf note = SPK_BUF(SPK_NOTE_MAX);
    SPK_AUTO_STR char *path = NULL;

    SPK_TRY(spk_store_log_keys(w->store, &note));
    SPK_TRY(spk_mkdirs(out, 0755));
    SPK_TRY(spk_path_join(out, "logs.note", &path));
    return spk_file_write(AT_FDCWD, path, spk_buf_span(&note), KEYS_MODE, true);
}

int
ctl_log_export_cmd(struct term *c, int argc, char **argv)
{
    AUTO_WORK struct work w = {.c = c};
    int first = 0;
    int status = work_begin(&w, argc, argv, 2, &first);

    if (status != TERM_GO_ON) {
        return status;
    }
    const char *out = argv[first + 1];
    if (!w.has_keys) {
        term_say_error(argv[first], _("has no logs yet: no holder has signed for one"));
        return TERM_FAILED;
    }
    spk_err e = export_keys(&w, out);
    if (!spk_ok(e)) {
        return term_error(TERM_ABOUT_OUTPUT, out, e, NULL);
    }
    status = export_log(&w, out, SPK_LOG_DEPOSITS);
    status = status == TERM_GO_ON ? export_log(&w, out, SPK_LOG_RECOVERIES) : status;
    return status == TERM_GO_ON ? TERM_DONE : status;
}

/* -- rebuild */

static int
rebuild_log(const struct work *w, enum spk_log_id log)
{
    uint64_t n = 0;
    spk_err e = ctl_log_rebuild(w->store, log, &n);

    if (e.code == SPK_CODE_CHANGED) {
        term_say_error(w->site.dir, _("nothing was rebuilt: the entries are not those that were "
                                      "signed"));
        term_say_hint(_("'sparekeyctl log fsck DIR' names them; put back the newest good copy of "
                        "the database"));
        return TERM_FAILED;
    }
    if (!spk_ok(e)) {
        return term_error(TERM_ABOUT_OWN, w->site.dir, e, NULL);
    }
    if (!w->c->quiet) {
        fprintf(stderr, _("%s log: %llu hashes of tiles made again\n"), spk_log_word(log),
                (unsigned long long)n);
    }
    return TERM_GO_ON;
}

int
ctl_log_rebuild_cmd(struct term *c, int argc, char **argv)
{
    AUTO_WORK struct work w = {.c = c};
    int first = 0;
    int status = work_begin(&w, argc, argv, 1, &first);

    status = status == TERM_GO_ON ? rebuild_log(&w, SPK_LOG_DEPOSITS) : status;
    status = status == TERM_GO_ON ? rebuild_log(&w, SPK_LOG_RECOVERIES) : status;
    if (status == TERM_GO_ON && !c->quiet) {
        fputs(_("start sparekeyd anew if it runs\n"), stderr);
    }
    return status == TERM_GO_ON ? TERM_DONE : status;
}

/* -- adopt */

/* The store's own are gone with the rows of a backup from before there were any. */
static int
find_keys(struct work *w, const char *folder)
{
    SPK_AUTO_BUF struct spk_buf note = SPK_BUF(SPK_NOTE_MAX);
    SPK_AUTO_STR char *path = NULL;
    struct spk_authority a = {0};

    if (w->has_keys) {
        return TERM_GO_ON;
    }
    spk_err e = spk_path_join(folder, "logs.note", &path);
    e = spk_ok(e) ? spk_file_read(AT_FDCWD, path, &note) : e;
    e = spk_ok(e) ? ctl_site_statement(&w->site, &a) : e;
    e = spk_ok(e) ? spk_logs_verify(spk_buf_span(&note), &a.holder, &a.policy, &w->keys) : e;
    spk_authority_clear(&a);
    if (!spk_ok(e)) {
        term_say_error(folder, _("has no 'logs.note' that this authority's holder has signed"));
        return TERM_FAILED;
    }
    return TERM_GO_ON;
}

static int
tell_adopted(const struct work *w, const char *folder, enum spk_log_id log,
             const struct ctl_adopted *a, spk_err e)
{
    switch (e.code) {
    case SPK_CODE_OK:
        fprintf(stderr, _("%s log: %llu entries taken, %llu to %llu\n"), spk_log_word(log),
                (unsigned long long)(a->has - a->had), (unsigned long long)a->had,
                (unsigned long long)a->has - 1);
        return TERM_GO_ON;
    case SPK_CODE_EXISTS:
    case SPK_CODE_NOTFOUND: /* this log has no files there */
        if (!w->c->quiet) {
            fprintf(stderr, _("%s log: nothing to take\n"), spk_log_word(log));
        }
        return TERM_GO_ON;
    case SPK_CODE_AUTH:
        term_say_error(folder, _("its checkpoint is not signed by the key of this log"));
        return TERM_FAILED;
    case SPK_CODE_CHANGED:
        fprintf(stderr,
                _("%s: error: entry %llu of the %s log in '%s' is not the one in the database: "
                  "something was written to the database after it was put back\n"),
                term_program, (unsigned long long)a->differs, spk_log_word(log),
                term_shown(folder));
        term_say_hint(_("put the backup back once more, and adopt before anything else runs"));
        return TERM_FAILED;
    case SPK_CODE_FORMAT:
        term_say_error(folder, _("is not a whole log: files are missing, or are not what was "
                                 "signed"));
        return TERM_FAILED;
    default:
        return term_error(TERM_ABOUT_OWN, folder, e, NULL);
    }
}

static int
adopt_log(const struct work *w, const char *from, enum spk_log_id log, uint64_t *lost)
{
    SPK_AUTO_STR char *folder = NULL;
    struct ctl_adopted a = {0};
    spk_err e = spk_path_join(from, spk_log_word(log), &folder);

    e = spk_ok(e) ? ctl_log_adopt(w->store, log, spk_logs_key(&w->keys, log), folder, &a) : e;
    *lost = spk_ok(e) ? a.has - a.had : 0;
    return tell_adopted(w, folder != NULL ? folder : from, log, &a, e);
}

int
ctl_log_adopt_cmd(struct term *c, int argc, char **argv)
{
    AUTO_WORK struct work w = {.c = c};
    uint64_t deposits = 0, recoveries = 0;
    int first = 0;
    int status = work_begin(&w, argc, argv, 2, &first);

    status = status == TERM_GO_ON ? find_keys(&w, argv[first + 1]) : status;
    status =
        status == TERM_GO_ON ? adopt_log(&w, argv[first + 1], SPK_LOG_DEPOSITS, &deposits) : status;
    status = status == TERM_GO_ON ? adopt_log(&w, argv[first + 1], SPK_LOG_RECOVERIES, &recoveries)
                                  : status;
    if (status != TERM_GO_ON) {
        return status;
    }
    if (deposits > 0) {
        fprintf(stderr,
                ngettext("%llu deposit stands in the log, and is lost: its owner must deposit the "
                         "file again\n",
                         "%llu deposits stand in the log, and are lost: their owners must deposit "
                         "the files again\n",
                         deposits),
                (unsigned long long)deposits);
    }
    return TERM_DONE;
}
