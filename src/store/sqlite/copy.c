/* SPDX-License-Identifier: Apache-2.0 */
/* A whole copy of the database while others write to it, and SQLite's own check of its pages. */
#include <string.h>

#include "store/sqlite/sq_tables.h"

#define PAGES_AT_ONCE 4096

static spk_err
copy_pages(struct sq_conn *from, struct sq_conn *to, volatile const int *stop)
{
    sqlite3_backup *b = sqlite3_backup_init(to->db, "main", from->db, "main");
    int rc = SQLITE_OK;

    if (b == NULL) {
        return sq_err(to->db, sqlite3_errcode(to->db), "copy");
    }
    while (rc == SQLITE_OK && !*stop) {
        rc = sqlite3_backup_step(b, PAGES_AT_ONCE);
    }
    (void)sqlite3_backup_finish(b);
    SPK_CHECK(rc == SQLITE_DONE || !*stop, STOPPED);
    return sq_err(to->db, rc, "copy");
}

/* What is copied is what was committed at one moment: with a transaction open the source stays as
 * it is, however much is written meanwhile, and the copy need not begin again. */
static spk_err
copy_from(struct sq *s, struct sq_conn *to, volatile const int *stop)
{
    struct sq_conn from = {0};
    spk_err e = sq_conn_open(s->path, true, &from);

    if (spk_ok(e)) {
        e = sq_exec(&from, "BEGIN; SELECT count(*) FROM sqlite_schema;");
    }
    if (spk_ok(e)) {
        e = copy_pages(&from, to, stop);
    }
    sq_conn_close(&from);
    return e;
}

spk_err
sq_copy(struct spk_store *base, const char *path, volatile const int *stop)
{
    struct sq_conn to = {0};

    SPK_TRY(sq_new_file(path));
    spk_err e = sq_conn_open(path, false, &to);
    if (spk_ok(e)) {
        e = copy_from(sq_of(base), &to, stop);
    }
    sq_conn_close(&to);
    return e;
}

spk_err
sq_integrity(struct spk_store *base)
{
    struct sq *s = sq_of(base);
    struct sq_conn *c = sq_get(s);
    sqlite3_stmt *st = NULL;
    int rc = sqlite3_prepare_v2(c->db, "PRAGMA integrity_check(1)", -1, &st, NULL);
    bool well = false;

    if (rc == SQLITE_OK) {
        rc = sqlite3_step(st);
        well = rc == SQLITE_ROW && sqlite3_column_text(st, 0) != NULL &&
               strcmp((const char *)sqlite3_column_text(st, 0), "ok") == 0;
    }
    sqlite3_finalize(st);
    sq_put(s, c);
    if (rc != SQLITE_ROW) {
        return sq_err(c->db, rc, "integrity_check");
    }
    return well ? SPK_OK : SPK_ERR(CHANGED);
}
