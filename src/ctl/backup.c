/* SPDX-License-Identifier: Apache-2.0 */
#include "ctl/backup.h"

#include <dirent.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/text.h"

#define KIND "sparekey/1 backup\n"
#define PIECE ((size_t)1 << 20)
#define LINE_MAX ((size_t)512)

/* -- the list */

bool
ctl_backup_name_ok(struct spk_span name)
{
    return name.len > 0 && name.len < sizeof(((struct ctl_backup_file *)0)->name) &&
           spk_utf8_plain(name) && name.ptr[0] != '.' && memchr(name.ptr, '/', name.len) == NULL &&
           memchr(name.ptr, ' ', name.len) == NULL;
}

spk_err
ctl_backup_format(const struct ctl_backup *b, struct spk_buf *out)
{
    char hex[2 * SPK_HASH_LEN + 1];

    SPK_TRY(spk_buf_printf(out, KIND "time %" PRIu64 "\ngenesis %s\n", b->time,
                           spk_hex(spk_hash_span(&b->genesis), hex)));
    for (unsigned i = 0; i < SPK_LOG_IDS; i++) {
        SPK_TRY(spk_buf_printf(out, "%s %" PRIu64 " %s\n", spk_log_word((enum spk_log_id)(i + 1)),
                               b->log[i].size, spk_hex(spk_hash_span(&b->log[i].root), hex)));
    }
    SPK_TRY(spk_buf_printf(out, "database %s\n", b->database));
    for (size_t i = 0; i < b->n; i++) {
        SPK_TRY(spk_buf_printf(out, "file %s %" PRIu64 " %s\n",
                               spk_hex(spk_hash_span(&b->files[i].hash), hex), b->files[i].size,
                               b->files[i].name));
    }
    return SPK_OK;
}

/* "word rest\n" */
static spk_err
take_line(struct spk_span *rest, const char *word, struct spk_span *ret_value)
{
    struct spk_span line;

    SPK_CHECK(spk_split(rest, '\n', &line), FORMAT);
    SPK_CHECK(spk_skip_prefix(&line, word) && spk_skip_prefix(&line, " "), FORMAT);
    *ret_value = line;
    return SPK_OK;
}

static spk_err
take_hash(struct spk_span hex, struct spk_hash *ret_h)
{
    SPK_CHECK(hex.len == 2 * SPK_HASH_LEN, FORMAT);
    return spk_hex_parse(hex, ret_h->b, SPK_HASH_LEN);
}

static spk_err
take_name(struct spk_span s, char ret_name[256])
{
    SPK_CHECK(ctl_backup_name_ok(s), FORMAT);
    memcpy(ret_name, s.ptr, s.len);
    ret_name[s.len] = 0;
    return SPK_OK;
}

static spk_err
take_file(struct spk_span *rest, struct ctl_backup *b)
{
    struct ctl_backup_file *f = &b->files[b->n];
    struct spk_span line, word;

    SPK_CHECK(b->n < CTL_BACKUP_FILES_MAX, LIMIT);
    SPK_TRY(take_line(rest, "file", &line));
    SPK_CHECK(spk_split(&line, ' ', &word), FORMAT);
    SPK_TRY(take_hash(word, &f->hash));
    SPK_CHECK(spk_split(&line, ' ', &word), FORMAT);
    SPK_TRY(spk_dec_parse(word, INT64_MAX, &f->size));
    SPK_TRY(take_name(line, f->name));
    b->n++;
    return SPK_OK;
}

static spk_err
take_all(struct spk_span rest, struct ctl_backup *b)
{
    struct spk_span v, word;

    SPK_CHECK(spk_skip_prefix(&rest, KIND), FORMAT);
    SPK_TRY(take_line(&rest, "time", &v));
    SPK_TRY(spk_dec_parse(v, INT64_MAX, &b->time));
    SPK_TRY(take_line(&rest, "genesis", &v));
    SPK_TRY(take_hash(v, &b->genesis));
    for (unsigned i = 0; i < SPK_LOG_IDS; i++) {
        SPK_TRY(take_line(&rest, spk_log_word((enum spk_log_id)(i + 1)), &v));
        SPK_CHECK(spk_split(&v, ' ', &word), FORMAT);
        SPK_TRY(spk_dec_parse(word, INT64_MAX, &b->log[i].size));
        SPK_TRY(take_hash(v, &b->log[i].root));
    }
    SPK_TRY(take_line(&rest, "database", &v));
    SPK_TRY(take_name(v, b->database));
    while (rest.len > 0) {
        SPK_TRY(take_file(&rest, b));
    }
    return SPK_OK;
}

spk_err
ctl_backup_parse(struct spk_span text, struct ctl_backup *ret_b)
{
    SPK_AUTO_BUF struct spk_buf again = SPK_BUF(CTL_BACKUP_FILES_MAX * LINE_MAX);

    *ret_b = (struct ctl_backup){.n = 0};
    SPK_TRY(take_all(text, ret_b));
    SPK_TRY(ctl_backup_format(ret_b, &again));
    SPK_CHECK(spk_span_eq(spk_buf_span(&again), text), FORMAT);
    return SPK_OK;
}

/* -- files */

static spk_err
copy_bytes(int from, int to, struct ctl_backup_file *f)
{
    SPK_AUTO(spk_sha256) h = NULL;
    SPK_AUTO_BUF struct spk_buf b = SPK_BUF(PIECE);
    uint8_t *piece = NULL;
    size_t n = PIECE;

    SPK_TRY(spk_sha256_new(&h));
    SPK_TRY(spk_buf_grow(&b, PIECE, &piece));
    for (f->size = 0; n == PIECE; f->size += n) {
        SPK_CHECK(!term_stop, STOPPED);
        SPK_TRY(spk_read_full(from, piece, PIECE, &n));
        SPK_TRY(spk_sha256_add(h, spk_span(piece, n)));
        SPK_TRY(spk_write_full(to, spk_span(piece, n)));
    }
    return spk_sha256_final(h, &f->hash);
}

spk_err
ctl_backup_copy_file(const char *from, const char *to, struct ctl_backup_file *ret_f)
{
    SPK_AUTO_FD int in = open(from, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    SPK_AUTO(spk_newfile) out = NULL;

    if (in < 0) {
        return spk_err_errno();
    }
    SPK_TRY(spk_newfile_open(AT_FDCWD, to, 0600, &out));
    SPK_TRY(copy_bytes(in, spk_newfile_fd(out), ret_f));
    return spk_newfile_commit(out, false);
}

void
ctl_backup_remove(const char *folder)
{
    DIR *list = opendir(folder);
    const struct dirent *entry = NULL;

    while (list != NULL && (entry = readdir(list)) != NULL) {
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0) {
            (void)unlinkat(dirfd(list), entry->d_name, 0);
        }
    }
    if (list != NULL) {
        (void)closedir(list);
    }
    (void)rmdir(folder);
}

/* -- verifying */

static void
count_fault(void *ctx, const struct ctl_log_fault *f)
{
    const char *what = ctx;

    fprintf(stderr, _("%s: %s log: %s, index %llu: %s\n"), term_shown(what), spk_log_word(f->log),
            f->table, (unsigned long long)f->index, _(f->what));
}

static spk_err
verify_logs(struct spk_store *store, const struct spk_authority *a, const char *folder,
            struct ctl_backup *b)
{
    char where[256];
    const struct ctl_log_ear ear = {.fault = count_fault, .ctx = where, .stop = &term_stop};
    struct spk_logs keys;
    spk_err e = ctl_log_keys(store, a, &keys);
    bool known = spk_ok(e);

    (void)snprintf(where, sizeof(where), "%s", folder);
    SPK_CHECK(known || e.code == SPK_CODE_NOTFOUND, CHANGED);
    for (unsigned i = 0; i < SPK_LOG_IDS; i++) {
        enum spk_log_id log = (enum spk_log_id)(i + 1);
        struct ctl_log_check k = {0};

        SPK_TRY(ctl_log_check(store, log, known ? spk_logs_key(&keys, log) : NULL, &ear, &k));
        SPK_CHECK(k.faults == 0, CHANGED);
        b->log[i].size = k.noted;
        b->log[i].root = k.root;
    }
    return SPK_OK;
}

static spk_err
verify_store(const char *folder, const char *database, struct ctl_backup *b)
{
    struct ctl_site site = {0};
    SPK_AUTO(spk_store) store = NULL;
    SPK_AUTO_STR char *path = NULL;
    struct spk_authority a = {0};

    SPK_TRY(spk_path_join(folder, database, &path));
    const struct spk_store_cfg cfg = {.path = path, .readers = 1, .exclusive = true};
    SPK_TRY(spk_store_open("sqlite", &cfg, &store));
    SPK_TRY(spk_store_integrity(store));
    site.authority = spk_strdup(folder);
    SPK_CHECK(site.authority != NULL, NOMEM);
    spk_err e = ctl_site_statement(&site, &a);
    ctl_site_clear(&site);
    SPK_TRY(e);
    b->genesis = a.policy;
    e = verify_logs(store, &a, folder, b);
    spk_authority_clear(&a);
    return e;
}

int
ctl_backup_verify(const char *folder, const char *database, struct ctl_backup *b)
{
    spk_err e = verify_store(folder, database, b);

    if (e.code == SPK_CODE_CHANGED || e.code == SPK_CODE_FORMAT) {
        term_say_error(folder, _("the copy of the database is not whole, or its logs are not what "
                                 "was written"));
        return TERM_FAILED;
    }
    return spk_ok(e) ? TERM_GO_ON : term_error(TERM_ABOUT_OWN, folder, e, NULL);
}
