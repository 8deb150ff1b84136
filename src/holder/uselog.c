/* SPDX-License-Identifier: Apache-2.0 */
#include "holder/uselog.h"

#include <string.h>

#include "base/file.h"
#include "base/log.h"
#include "base/rd.h"
#include "base/text.h"

#define ENTRY_MAX 4096
#define LINE_MAX_LEN 1024

/* -- One entry: "entry LENGTH\n", then that many bytes of note
 * -------------------------------------- */

static spk_err
line_get(struct spk_rd *r, const char *key, struct spk_span *ret_v)
{
    struct spk_span line;

    SPK_TRY(spk_rd_line(r, LINE_MAX_LEN, &line));
    SPK_CHECK(spk_skip_prefix(&line, key) && spk_skip_prefix(&line, " "), FORMAT);
    SPK_CHECK(line.len > 0 && spk_utf8_plain(line), FORMAT);
    *ret_v = line;
    return SPK_OK;
}

static spk_err
hash_get(struct spk_rd *r, const char *key, struct spk_hash *ret_h)
{
    struct spk_span v;

    SPK_TRY(line_get(r, key, &v));
    if (spk_span_eq(v, SPK_SPAN_LIT("none"))) {
        memset(ret_h, 0, sizeof(*ret_h));
        return SPK_OK;
    }
    return spk_hex_parse(v, ret_h->b, SPK_HASH_LEN);
}

static spk_err
number_get(struct spk_rd *r, const char *key, uint64_t *ret_v)
{
    struct spk_span v;

    SPK_TRY(line_get(r, key, &v));
    return spk_dec_parse(v, UINT64_MAX, ret_v);
}

static spk_err
use_parse(struct spk_span body, struct spk_use *ret_u, struct spk_hash *ret_genesis,
          struct spk_hash *ret_previous)
{
    struct spk_rd r = spk_rd(body);

    SPK_TRY(hash_get(&r, "genesis", ret_genesis));
    SPK_TRY(number_get(&r, "number", &ret_u->number));
    SPK_TRY(hash_get(&r, "previous", ret_previous));
    SPK_TRY(line_get(&r, "what", &ret_u->what));
    SPK_TRY(number_get(&r, "time", &ret_u->time));
    SPK_TRY(line_get(&r, "detail", &ret_u->detail));
    return spk_rd_end(&r);
}

struct walk {
    const struct spk_keys *k;
    uint64_t number;
    struct spk_hash last;
};

static spk_err
walk_entry(struct walk *w, struct spk_span bytes, struct spk_use *ret_u)
{
    struct spk_note note;
    struct spk_span body;
    struct spk_hash genesis, previous;

    SPK_TRY(spk_note_parse(bytes, false, &note));
    SPK_TRY(spk_note_kind(&note, SPK_USE_KIND, &body));
    SPK_CHECK(spk_ok(spk_note_verify(&note, &w->k->vkey)), AUTH);
    SPK_TRY(use_parse(body, ret_u, &genesis, &previous));
    SPK_TRY(spk_note_hash(&note, &ret_u->hash));
    SPK_CHECK(spk_hash_eq(&genesis, &w->k->genesis), AUTH);
    SPK_CHECK(ret_u->number == w->number + 1 && spk_hash_eq(&previous, &w->last), AUTH);
    w->number = ret_u->number;
    w->last = ret_u->hash;
    return SPK_OK;
}

static spk_err
walk_all(struct spk_span bytes, struct walk *w, spk_use_visit *visit, void *arg)
{
    struct spk_rd r = spk_rd(bytes);

    while (r.left > 0) {
        uint64_t len;
        struct spk_span entry;
        struct spk_use u = {.number = 0};

        SPK_TRY(number_get(&r, "entry", &len));
        SPK_CHECK(len <= ENTRY_MAX, LIMIT);
        SPK_TRY(spk_rd_span(&r, (size_t)len, &entry));
        SPK_TRY(walk_entry(w, entry, &u));
        if (visit != NULL) {
            SPK_TRY(visit(arg, &u));
        }
    }
    return SPK_OK;
}

spk_err
spk_uselog_walk(struct spk_span bytes, const struct spk_keys *k, spk_use_visit *visit, void *arg)
{
    struct walk w = {.k = k};

    return walk_all(bytes, &w, visit, arg);
}

/* -- The file
 * ---------------------------------------------------------------------------------------- */

spk_err
spk_uselog_read(int dirfd, struct spk_buf *bytes)
{
    spk_err e = spk_file_read(dirfd, SPK_USELOG_NAME, bytes);

    return e.code == SPK_CODE_NOTFOUND ? SPK_OK : e;
}

static spk_err
put_hash(struct spk_buf *b, const char *key, const struct spk_hash *h)
{
    char hex[2 * SPK_HASH_LEN + 1];

    return spk_buf_printf(b, "%s %s\n", key,
                          spk_hash_zero(h) ? "none" : spk_hex(spk_hash_span(h), hex));
}

static spk_err
check_room(uint64_t entries, const char *what)
{
    bool restore = strcmp(what, SPK_USE_RESTORE) == 0;

    if (entries < SPK_USES_MAX - (restore ? 0 : SPK_USES_FOR_RESTORE)) {
        return SPK_OK;
    }
    spk_log(SPK_LOG_ERROR,
            SPK_USELOG_NAME " is full: it has %llu entries, and the last %d of %d are kept for "
                            "opening copies. These keys go on working, but no more copies or key "
                            "epochs can be made of them",
            (unsigned long long)entries, SPK_USES_FOR_RESTORE, SPK_USES_MAX);
    return SPK_ERR(LIMIT);
}

spk_err
spk_uselog_add(struct spk_buf *bytes, const struct spk_keys *k, const char *what,
               const char *detail, uint64_t time)
{
    SPK_AUTO_BUF struct spk_buf text = SPK_BUF(ENTRY_MAX);
    SPK_AUTO_BUF struct spk_buf note = SPK_BUF(ENTRY_MAX);
    struct walk w = {.k = k};

    SPK_TRY(walk_all(spk_buf_span(bytes), &w, NULL, NULL));
    SPK_TRY(check_room(w.number, what));
    SPK_CHECK(strlen(detail) > 0 && strlen(detail) <= SPK_USE_DETAIL_MAX, LIMIT);
    SPK_CHECK(spk_utf8_plain(spk_span_str(detail)), FORMAT);
    SPK_TRY(spk_buf_str(&text, SPK_USE_KIND "\n"));
    SPK_TRY(put_hash(&text, "genesis", &k->genesis));
    SPK_TRY(spk_buf_printf(&text, "number %llu\n", (unsigned long long)w.number + 1));
    SPK_TRY(put_hash(&text, "previous", &w.last));
    SPK_TRY(spk_buf_printf(&text, "what %s\ntime %llu\ndetail %s\n", what, (unsigned long long)time,
                           detail));
    SPK_TRY(spk_note_sign(spk_buf_span(&text), NULL, k->vkey.name, k->seed, &note));
    SPK_TRY(spk_buf_printf(bytes, "entry %zu\n", note.len));
    return spk_buf_add(bytes, spk_buf_span(&note));
}

spk_err
spk_uselog_write(int dirfd, const struct spk_buf *bytes)
{
    return spk_file_write(dirfd, SPK_USELOG_NAME, spk_buf_span(bytes), 0600, true);
}
