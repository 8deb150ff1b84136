/* SPDX-License-Identifier: Apache-2.0 */
#include "witness/witness.h"

#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/log.h"
#include "base/text.h"
#include "crypto/rng.h"

#define KEY_FILE "witness.key"
#define KEY_KIND "sparekey/1 witness-key\n"
#define KEY_MAX ((size_t)1024)
#define PLAIN "text/plain; charset=utf-8"

struct watched {
    struct spk_vkey key;
    char *file; /* of the newest checkpoint that was signed */
    uint64_t size;
    struct spk_hash root;
};
struct spk_witness {
    struct spk_vkey key;
    struct spk_secret *seed;
    int lock_fd;
    size_t n;
    struct watched log[SPK_WITNESS_LOGS_MAX];
};

void
spk_witness_free(struct spk_witness *w)
{
    if (w == NULL) {
        return;
    }
    for (size_t i = 0; i < w->n; i++) {
        spk_mem_free(w->log[i].file);
    }
    if (w->lock_fd >= 0) {
        close(w->lock_fd);
    }
    spk_secret_free(w->seed);
    spk_mem_free(w);
}

const struct spk_vkey *
spk_witness_key(const struct spk_witness *w)
{
    return &w->key;
}

/* -- the key file: its kind, "name NAME", "seed HEX" */

static spk_err
key_of(const char *name, const struct spk_secret *seed, struct spk_vkey *ret_v)
{
    uint8_t pub[SPK_ED25519_LEN];

    SPK_TRY(spk_ed25519_public(seed, pub));
    return spk_vkey_make_witness(name, pub, ret_v);
}

spk_err
spk_witness_make(const char *dir, const char *name, struct spk_vkey *ret_v)
{
    SPK_AUTO_BUF struct spk_buf text = SPK_BUF(KEY_MAX);
    SPK_AUTO_STR char *path = NULL;
    SPK_AUTO(spk_secret) seed = NULL;
    struct spk_vkey v;

    SPK_TRY(spk_secret_new(SPK_ED25519_LEN, &seed));
    SPK_TRY(spk_random(spk_secret_mut(seed)));
    SPK_TRY(key_of(name, seed, &v));
    SPK_TRY(spk_buf_printf(&text, KEY_KIND "name %s\nseed ", name));
    SPK_TRY(spk_buf_hex(&text, spk_secret_span(seed)));
    SPK_TRY(spk_buf_u8(&text, '\n'));
    SPK_TRY(spk_mkdirs(dir, 0700));
    SPK_TRY(spk_path_join(dir, KEY_FILE, &path));
    SPK_TRY(spk_file_write(AT_FDCWD, path, spk_buf_span(&text), 0600, false));
    *ret_v = v;
    return SPK_OK;
}

static spk_err
key_parse(struct spk_span text, struct spk_witness *w)
{
    char name[SPK_NOTE_NAME_MAX + 1] = {0};
    struct spk_span rest = text, line, hex;

    SPK_CHECK(spk_skip_prefix(&rest, KEY_KIND "name ") && spk_split(&rest, '\n', &line), FORMAT);
    SPK_CHECK(line.len <= SPK_NOTE_NAME_MAX, FORMAT);
    SPK_CHECK(spk_skip_prefix(&rest, "seed ") && spk_split(&rest, '\n', &hex), FORMAT);
    SPK_CHECK(rest.len == 0 && hex.len == 2 * SPK_ED25519_LEN, FORMAT);
    memcpy(name, line.ptr, line.len);
    SPK_TRY(spk_secret_new(SPK_ED25519_LEN, &w->seed));
    SPK_TRY(spk_hex_parse(hex, spk_secret_mut(w->seed).ptr, SPK_ED25519_LEN));
    return key_of(name, w->seed, &w->key);
}

static spk_err
key_load(const char *path, struct spk_witness *w)
{
    SPK_AUTO_BUF struct spk_buf text = SPK_BUF(KEY_MAX);
    struct stat st;

    if (stat(path, &st) != 0) {
        return spk_err_errno();
    }
    SPK_CHECK((st.st_mode & 077) == 0, DENIED);
    SPK_TRY(spk_file_read(AT_FDCWD, path, &text));
    return key_parse(spk_buf_span(&text), w);
}

/* -- what was signed before */

static spk_err
state_load(struct watched *l)
{
    SPK_AUTO_BUF struct spk_buf b = SPK_BUF((size_t)SPK_ADD_CHECKPOINT_MAX);
    struct spk_checkpoint c;
    struct spk_note note;
    spk_err e = spk_file_read(AT_FDCWD, l->file, &b);

    if (e.code == SPK_CODE_NOTFOUND) {
        return spk_sha256(SPK_SPAN_EMPTY, &l->root); /* of the empty tree */
    }
    SPK_TRY(e);
    SPK_TRY(spk_note_parse(spk_buf_span(&b), false, &note));
    SPK_TRY(spk_checkpoint_verify(&note, &l->key, &c));
    l->size = c.size;
    l->root = c.root;
    return SPK_OK;
}

static spk_err
watch(struct spk_witness *w, const char *dir, const char *vkey)
{
    SPK_AUTO_BUF struct spk_buf name = SPK_BUF((size_t)4096);
    struct watched *l = &w->log[w->n];
    struct spk_hash id;
    const char *path = NULL;

    SPK_CHECK(w->n < SPK_WITNESS_LOGS_MAX, LIMIT);
    SPK_TRY(spk_vkey_parse(spk_span_str(vkey), &l->key));
    SPK_CHECK(!spk_span_eq(SPK_SPAN_OF(l->key.key), SPK_SPAN_OF(w->key.key)), EXISTS);
    for (size_t i = 0; i < w->n; i++) {
        SPK_CHECK(strcmp(w->log[i].key.name, l->key.name) != 0, EXISTS);
    }
    SPK_TRY(spk_sha256(spk_span_str(l->key.name), &id));
    SPK_TRY(spk_buf_printf(&name, "%s/", dir));
    SPK_TRY(spk_buf_hex(&name, spk_hash_span(&id)));
    SPK_TRY(spk_buf_str(&name, ".checkpoint"));
    SPK_TRY(spk_buf_cstr(&name, &path));
    l->file = spk_strdup(path);
    SPK_CHECK(l->file != NULL, NOMEM);
    w->n++;
    return state_load(l);
}

/* Two processes over one state would sign two histories. */
static spk_err
lock(const char *dir, struct spk_witness *w)
{
    SPK_AUTO_STR char *path = NULL;

    SPK_TRY(spk_path_join(dir, "lock", &path));
    w->lock_fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (w->lock_fd < 0) {
        return spk_err_errno();
    }
    return spk_lock_wait(w->lock_fd, 0);
}

static spk_err
open_all(const char *dir, char *const *logs, char **bad, struct spk_witness *w)
{
    SPK_TRY(spk_path_join(dir, KEY_FILE, bad));
    SPK_TRY(key_load(*bad, w));
    SPK_TRY(lock(dir, w));
    for (size_t i = 0; logs != NULL && logs[i] != NULL; i++) {
        spk_mem_free(*bad);
        *bad = spk_strdup(logs[i]);
        SPK_CHECK(*bad != NULL, NOMEM);
        SPK_TRY(watch(w, dir, logs[i]));
    }
    spk_mem_free(*bad);
    *bad = NULL;
    return SPK_OK;
}

spk_err
spk_witness_open(const char *dir, char *const *logs, char **ret_bad, struct spk_witness **ret_w)
{
    SPK_AUTO(spk_witness) w = spk_calloc(1, sizeof(*w));

    SPK_CHECK(w != NULL, NOMEM);
    w->lock_fd = -1;
    SPK_TRY(open_all(dir, logs, ret_bad, w));
    *ret_w = SPK_STEAL(w);
    return SPK_OK;
}

/* -- answering */

static void
answer(struct spk_witness_answer *a, unsigned status, const char *text)
{
    a->status = status;
    a->type = PLAIN;
    a->body.len = 0;
    if (!spk_ok(spk_buf_str(&a->body, text))) {
        a->status = 500;
    }
}

static void
answer_size(struct spk_witness_answer *a, uint64_t size)
{
    answer(a, 409, "");
    a->type = "text/x.tlog.size";
    if (!spk_ok(spk_buf_printf(&a->body, "%" PRIu64 "\n", size))) {
        answer(a, 500, "");
    }
}

static struct watched *
find(struct spk_witness *w, struct spk_span origin)
{
    for (size_t i = 0; i < w->n; i++) {
        if (spk_span_eq(origin, spk_span_str(w->log[i].key.name))) {
            return &w->log[i];
        }
    }
    return NULL;
}

/* The log has signed what does not continue what it signed before: kept, for it proves just that.
 */
static void
evidence(const struct watched *l, struct spk_span note)
{
    SPK_AUTO_BUF struct spk_buf name = SPK_BUF((size_t)4096);
    const char *path = NULL;
    spk_err e = spk_buf_printf(&name, "%s.fork", l->file);

    e = spk_ok(e) ? spk_buf_cstr(&name, &path) : e;
    e = spk_ok(e) ? spk_file_write(AT_FDCWD, path, note, 0600, false) : e;
    if (spk_ok(e)) {
        spk_log(SPK_LOG_ERROR,
                "the log %s has signed a tree that does not continue the one before: both "
                "checkpoints are kept, %s and %s",
                l->key.name, l->file, path);
    } else if (e.code != SPK_CODE_EXISTS) {
        spk_log(SPK_LOG_ERROR, "the log %s was forked; the proof cannot be kept: %s", l->key.name,
                spk_code_name(e.code));
    }
}

/* Nothing is signed that is not on disk; the state in memory follows the disk. */
static bool
take(struct watched *l, const struct spk_checkpoint *c, struct spk_span note)
{
    if (c->size == l->size && l->size > 0) {
        return true; /* the same tree again */
    }
    spk_err e = spk_file_write(AT_FDCWD, l->file, note, 0600, true);
    if (!spk_ok(e)) {
        spk_log(SPK_LOG_ERROR, "%s cannot be written: %s (%d)", l->file, spk_code_name(e.code),
                e.sys);
        return false;
    }
    l->size = c->size;
    l->root = c->root;
    return true;
}

static void
decide(struct watched *l, const struct spk_add_checkpoint *ask, const struct spk_checkpoint *c,
       struct spk_witness_answer *a)
{
    if (ask->old > c->size) {
        answer(a, 400, "The old size is beyond the new one.\n");
        return;
    }
    if (ask->old != l->size) {
        answer_size(a, l->size);
        return;
    }
    if (c->size == l->size && !spk_hash_eq(&c->root, &l->root)) {
        evidence(l, ask->checkpoint);
        answer_size(a, l->size);
        return;
    }
    /* a wrong proof may be an honest mistake; a fork is what no proof can be made for */
    if (!spk_ok(
            spk_tree_verify_growth(l->size, &l->root, c->size, &c->root, ask->proof, ask->len))) {
        answer(a, 422, "The proof does not hold.\n");
        return;
    }
    answer(a, take(l, c, ask->checkpoint) ? 200 : 500, "");
}

void
spk_witness_ask(struct spk_witness *w, struct spk_span body, uint64_t now,
                struct spk_witness_answer *ret_a)
{
    struct spk_add_checkpoint ask;
    struct spk_checkpoint c;
    struct spk_note note;
    struct watched *l = NULL;

    if (!spk_ok(spk_add_checkpoint_parse(body, &ask)) ||
        !spk_ok(spk_note_parse(ask.checkpoint, false, &note)) ||
        !spk_ok(spk_checkpoint_parse(note.text, &c))) {
        answer(ret_a, 400, "This is not what c2sp.org/tlog-witness says.\n");
        return;
    }
    l = find(w, c.origin);
    if (l == NULL) {
        answer(ret_a, 404, "This log is not watched here.\n");
        return;
    }
    if (!spk_ok(spk_checkpoint_verify(&note, &l->key, &c))) {
        answer(ret_a, 403, "The log's key has not signed this.\n");
        return;
    }
    decide(l, &ask, &c, ret_a);
    if (ret_a->status == 200 &&
        !spk_ok(spk_cosign(note.text, w->key.name, w->seed, now, &ret_a->body))) {
        answer(ret_a, 500, "");
    }
}
