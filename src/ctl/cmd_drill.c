/* SPDX-License-Identifier: Apache-2.0 */
/* sparekeyctl drill: a recovery tried out on a sample of deposits, and the newest backup beside it
 * (doc/spec/log.md §8). */
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/text.h"
#include "crypto/rng.h"
#include "ctl/backup.h"
#include "wire/drill.h"

#define SAMPLE 8
#define LIST_MAX ((size_t)CTL_BACKUP_FILES_MAX * 512)
#define BODY_MAX ((size_t)8192)

struct drill {
    struct term *c;
    struct ctl_site site;
    struct ctl_desk desk;
    char *drills; /* DIR/drills */
    char *beside; /* where the backup is restored to, removed in the end */
    const char *backup;
    uint64_t sample;
    struct ctl_backup *list; /* NULL: no backup that could be restored */
    size_t n;
    uint64_t index[SPK_DRILL_MAX];
};

static void
drill_clear(struct drill *d)
{
    ctl_site_clear(&d->site);
    ctl_desk_clear(&d->desk);
    spk_mem_free(d->drills);
    spk_mem_free(d->beside);
    spk_mem_free(d->list);
}
#define AUTO_DRILL __attribute__((cleanup(drill_clear))) struct drill

/* -- the sample */

static bool
has(const struct drill *d, uint64_t index)
{
    for (size_t i = 0; i < d->n; i++) {
        if (d->index[i] == index) {
            return true;
        }
    }
    return false;
}

static void
insert(struct drill *d, uint64_t index)
{
    size_t i = d->n++;

    for (; i > 0 && d->index[i - 1] > index; i--) {
        d->index[i] = d->index[i - 1];
    }
    d->index[i] = index;
}

/* Rising, none twice, out of the first `size` ones. */
static spk_err
choose(struct drill *d, uint64_t size)
{
    uint64_t wanted = d->sample < size ? d->sample : size;

    d->n = 0;
    while (d->n < wanted) {
        uint8_t b[8];
        SPK_TRY(spk_random(SPK_MUT_OF(b)));
        uint64_t index = wanted == size ? d->n : spk_get_u64(b) % size;
        if (!has(d, index)) {
            insert(d, index);
        }
    }
    return SPK_OK;
}

/* -- the backup */

static spk_err
read_list(struct drill *d)
{
    SPK_AUTO_BUF struct spk_buf text = SPK_BUF(LIST_MAX);
    SPK_AUTO_STR char *path = NULL;

    d->list = spk_calloc(1, sizeof(*d->list));
    SPK_CHECK(d->list != NULL, NOMEM);
    SPK_TRY(spk_path_join(d->backup, CTL_BACKUP_LIST, &path));
    SPK_TRY(spk_file_read(AT_FDCWD, path, &text));
    return ctl_backup_parse(spk_buf_span(&text), d->list);
}

static spk_err
name_beside(struct drill *d)
{
    SPK_AUTO_BUF struct spk_buf b = SPK_BUF((size_t)64);
    const char *name = NULL;

    SPK_TRY(spk_buf_printf(&b, "restore-%ld", (long)getpid()));
    SPK_TRY(spk_buf_cstr(&b, &name));
    return spk_path_join(d->drills, name, &d->beside);
}

static void
remove_beside(struct drill *d)
{
    struct ctl_site site = {0};

    if (d->beside != NULL && spk_ok(ctl_site_names(d->beside, &site))) {
        ctl_backup_remove(site.authority);
        ctl_backup_remove(site.run);
        ctl_backup_remove(d->beside);
        ctl_site_clear(&site);
    }
}

/* Each deposit of the sample as its row says that it is. */
static int
look_up_sample(const struct drill *d)
{
    CTL_AUTO_SITE struct ctl_site site = {0};
    SPK_AUTO(spk_store) store = NULL;
    int status = ctl_site_open(d->beside, &site);

    status = status == TERM_GO_ON ? ctl_site_store(&site, false, &store) : status;
    for (size_t i = 0; i < d->n && status == TERM_GO_ON; i++) {
        struct spk_deposit_row row = {0};
        spk_err e = spk_store_deposit_at(store, d->index[i], &row);

        e = spk_ok(e) ? spk_deposit_row_verify(&row) : e;
        spk_deposit_row_clear(&row);
        if (!spk_ok(e)) {
            fprintf(stderr, _("deposit %llu is not in the backup as it was stored\n"),
                    (unsigned long long)d->index[i]);
            status = TERM_FAILED;
        }
    }
    return status;
}

/* Restored as 'restore' does it, then the sample is looked up in it. */
static int
try_backup(struct drill *d)
{
    static const char command[] = "restore";
    struct term quiet = *d->c;
    spk_err e = read_list(d);

    e = spk_ok(e) ? name_beside(d) : e;
    if (!spk_ok(e)) {
        term_say_error(d->backup, _("is not what 'sparekeyctl backup' makes"));
        return TERM_FAILED;
    }
    SPK_AUTO_STR char *word = spk_strdup(command);
    SPK_AUTO_STR char *from = spk_strdup(d->backup);
    char *argv[] = {word, from, d->beside, NULL};
    quiet.quiet = true;
    e = word != NULL && from != NULL ? SPK_OK : SPK_ERR(NOMEM);
    e = spk_ok(e) ? choose(d, d->list->log[0].size) : e;
    if (!spk_ok(e)) {
        return term_error(TERM_ABOUT_OWN, d->backup, e, NULL);
    }
    int status = ctl_restore_cmd(&quiet, 3, argv);
    status = status == TERM_DONE ? look_up_sample(d) : TERM_FAILED;
    remove_beside(d);
    return status;
}

/* -- the drill */

static int
choose_of_all(struct drill *d)
{
    SPK_AUTO(spk_json) j = NULL;
    uint64_t n = 0;
    spk_err e = spk_api_get(d->desk.api, "/v1/status", &j);

    e = spk_ok(e) ? spk_json_u64(j, "deposits", &n) : e;
    e = spk_ok(e) ? choose(d, n) : e;
    return spk_ok(e) ? TERM_GO_ON : term_error(TERM_ABOUT_PEER, NULL, e, &d->desk.trouble);
}

static spk_err
write_body(const struct drill *d, struct spk_buf *b)
{
    struct spk_jw w = {.b = b};

    spk_jw_open(&w, NULL, '{');
    spk_jw_open(&w, "deposits", '[');
    for (size_t i = 0; i < d->n; i++) {
        spk_jw_u64(&w, NULL, d->index[i]);
    }
    spk_jw_close(&w, ']');
    if (d->list != NULL) {
        spk_jw_open(&w, "backup", '{');
        spk_jw_u64(&w, "size", d->list->log[0].size);
        spk_jw_hex(&w, "root", spk_hash_span(&d->list->log[0].root));
        spk_jw_u64(&w, "time", d->list->time);
        spk_jw_close(&w, '}');
    }
    spk_jw_close(&w, '}');
    return spk_jw_end(&w);
}

/* Signed by the pinned holder, and about what was asked for. */
static spk_err
read_report(const struct drill *d, struct spk_span bytes, struct spk_drill *ret_r)
{
    struct spk_note note;
    struct spk_drill r;

    SPK_TRY(spk_note_parse(bytes, false, &note));
    SPK_TRY(spk_note_verify(&note, &spk_pin_now(d->desk.pin)->holder));
    SPK_TRY(spk_drill_parse(note.text, &r));
    SPK_CHECK(r.n == d->n, AUTH);
    for (size_t i = 0; i < r.n; i++) {
        SPK_CHECK(r.of[i].index == d->index[i], AUTH);
    }
    if (d->list != NULL) {
        SPK_CHECK(r.backup == d->list->log[0].size && spk_hash_eq(&r.root, &d->list->log[0].root) &&
                      r.made == d->list->time,
                  AUTH);
    } else {
        SPK_CHECK(r.backup == 0, AUTH);
    }
    *ret_r = r;
    return SPK_OK;
}

static spk_err
keep(const struct drill *d, const struct spk_drill *r, struct spk_span note, char **ret_path)
{
    SPK_AUTO_BUF struct spk_buf b = SPK_BUF((size_t)64);
    const char *name = NULL;
    char iso[21];

    SPK_TRY(spk_buf_printf(&b, "%s.note", spk_time_iso(r->time, iso)));
    SPK_TRY(spk_buf_cstr(&b, &name));
    SPK_TRY(spk_path_join(d->drills, name, ret_path));
    SPK_TRY(spk_file_write(AT_FDCWD, *ret_path, note, 0600, false));
    return spk_sync_parent(AT_FDCWD, d->drills);
}

static int
tell(const struct drill *d, const struct spk_drill *r, const char *path)
{
    size_t bad = 0;

    for (size_t i = 0; i < r->n; i++) {
        if (!r->of[i].good) {
            fprintf(stderr, _("deposit %llu is bad: its file could not come back\n"),
                    (unsigned long long)r->of[i].index);
            bad++;
        }
    }
    if (bad > 0) {
        term_say_hint(_("'sparekeyctl store check DIR' tells what was altered; restore a backup"));
    } else if (!d->c->quiet) {
        printf(_("%zu of %llu deposits would come back\n"), r->n, (unsigned long long)r->deposits);
        if (r->backup > 0) {
            char iso[21];
            printf(_("the backup of %s has %llu deposits, those tried among them\n"),
                   spk_time_iso(r->made, iso), (unsigned long long)r->backup);
        }
    }
    if (!d->c->quiet) {
        printf(_("the report, signed by the holder: %s\n"), term_shown(path));
    }
    return bad > 0 ? TERM_FAILED : TERM_DONE;
}

static int
run(struct drill *d)
{
    SPK_AUTO_BUF struct spk_buf body = SPK_BUF(BODY_MAX);
    SPK_AUTO(spk_json) j = NULL;
    SPK_AUTO_STR char *path = NULL;
    struct spk_drill r;
    const char *note = NULL;
    spk_err e = write_body(d, &body);

    e = spk_ok(e) ? spk_api_post(d->desk.api, "/v1/officer/drill", spk_buf_span(&body), NULL, &j)
                  : e;
    if (spk_ok(e) && !spk_ok(spk_json_str(j, "report", &note))) {
        e = SPK_ERR(PROTO);
    }
    e = spk_ok(e) ? read_report(d, spk_span_str(note), &r) : e;
    if (!spk_ok(e)) {
        return term_error(TERM_ABOUT_PEER, NULL, e, &d->desk.trouble);
    }
    e = keep(d, &r, spk_span_str(note), &path);
    return spk_ok(e) ? tell(d, &r, path) : term_error(TERM_ABOUT_OUTPUT, d->drills, e, NULL);
}

static int
prepare(struct drill *d, const struct ctl_who *who, const char *dir)
{
    int status = ctl_site_open(dir, &d->site);

    if (status != TERM_GO_ON) {
        return status;
    }
    spk_err e = spk_path_join(dir, "drills", &d->drills);
    e = spk_ok(e) ? spk_mkdirs(d->drills, 0700) : e;
    if (!spk_ok(e)) {
        return term_error(TERM_ABOUT_OUTPUT, d->drills, e, NULL);
    }
    return ctl_desk_ready(d->c, &d->desk, who->as, who->authority);
}

/* A backup that cannot be restored is no reason not to try the deposits. */
static int
with_backup(struct drill *d)
{
    int backup = d->backup != NULL ? try_backup(d) : TERM_GO_ON;

    if (backup != TERM_GO_ON) {
        spk_mem_free(d->list);
        d->list = NULL;
    }
    int status = d->list != NULL ? TERM_GO_ON : choose_of_all(d);
    if (status == TERM_GO_ON && d->n == 0) {
        term_say_error(NULL, _("there is no deposit to try"));
        return TERM_FAILED;
    }
    status = status == TERM_GO_ON ? run(d) : status;
    if (backup != TERM_GO_ON) {
        term_say_error(d->backup,
                       _("is no backup that could be restored; it is not in the report"));
        return TERM_FAILED;
    }
    return status;
}

int
ctl_drill(struct term *c, int argc, char **argv)
{
    struct ctl_who who = {0};
    char *sample = NULL, *backup = NULL;
    const struct term_opt opts[] = {
        CTL_WHO_OPTS(who),
        {"sample", 0, TERM_TEXT, &sample, "N", N_("how many deposits are tried, 1 to 64")},
        {"backup", 0, TERM_TEXT, &backup, "FOLDER", N_("a backup to restore beside it")},
    };
    AUTO_DRILL d = {.c = c, .sample = SAMPLE};
    int first = 0;
    int status = term_options(c, opts, sizeof(opts) / sizeof(opts[0]), argc, argv, &first);

    if (status != TERM_GO_ON) {
        return status;
    }
    if (argc - first != 1) {
        return term_usage(c, _("the authority's folder is wanted"));
    }
    if (sample != NULL &&
        (!spk_ok(spk_dec_parse(spk_span_str(sample), SPK_DRILL_MAX, &d.sample)) || d.sample == 0)) {
        return term_usage(c, _("--sample is a number from 1 to 64"));
    }
    d.backup = backup;
    status = prepare(&d, &who, argv[first]);
    return status == TERM_GO_ON ? with_backup(&d) : status;
}
