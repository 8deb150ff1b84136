/* SPDX-License-Identifier: Apache-2.0 */
#include "client/decrypt.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/text.h"
#include "client/encrypt.h"
#include "client/kept.h"
#include "client/receipts.h"

#define NS_PER_S UINT64_C(1000000000)
#define MODE_BITS 0777u /* never set-user-id and friends: the file may come from anywhere */

void
spk_decrypt_outcome_clear(struct spk_decrypt_outcome *o)
{
    spk_mem_free(o->path);
    o->path = NULL;
}

/* SPK_CODE_NOKEY: neither a slot nor a recovered key is for the present pair. */
static spk_err
unlock_present(struct spk_session *s, struct spk_header *h, struct spk_secret **ret_key)
{
    const struct spk_file_id *id = &spk_header_core(h)->id;
    SPK_AUTO(spk_secret) key = NULL;
    struct spk_rsa *keyx = NULL;
    bool mac_ok = false;

    SPK_TRY(spk_session_key(s, SPK_AT_KEYEXCHANGE, &keyx));
    if (spk_header_meets(h, spk_rsa_id(keyx))) {
        SPK_TRY(spk_session_pair(s, SPK_AT_KEYEXCHANGE, &keyx));
        return spk_header_open(h, keyx, ret_key);
    }
    SPK_CHECK(spk_recovered_has(s->profile, id), NOKEY);
    SPK_TRY(spk_session_pair(s, SPK_AT_KEYEXCHANGE, &keyx));
    /* left by an earlier recovery, for keys that were replaced since: says nothing of the file */
    SPK_CHECK(spk_ok(spk_recovered_key(s->profile, spk_header_core(h), keyx, &key)), NOKEY);
    SPK_TRY(spk_header_open_key(h, key, &mac_ok));
    *ret_key = SPK_STEAL(key);
    return SPK_OK;
}

spk_err
spk_unlock_header(struct spk_session *s, struct spk_header *h, struct spk_secret **ret_key)
{
    spk_err e = SPK_OK;

    s->opened_by = NULL;
    e = unlock_present(s, h, ret_key);
    if (e.code == SPK_CODE_NOKEY) {
        e = spk_kept_open(s, h, ret_key);
    }
    if (e.code == SPK_CODE_NOKEY && spk_header_slots(h) == NULL) {
        return spk_header_fault(h);
    }
    return e;
}

spk_err
spk_header_metadata(struct spk_header *h, const struct spk_secret *key, struct spk_metadata *ret_m)
{
    const struct spk_slots *slots = spk_header_slots(h);
    const struct spk_slot *slot =
        slots == NULL ? NULL : spk_slots_find(slots, SPK_SLOT_METADATA, NULL, 0);

    SPK_CHECK(slot != NULL, NOTFOUND);
    return spk_metadata_open(key, &spk_header_core(h)->id, spk_header_core_hash(h), slot->body,
                             ret_m);
}

/* A name from inside the file is whoever sealed it speaking: only a base name, and none that a
 * person would not see in a listing.  A file that really is called so is sealed as NAME.spk and
 * gets its name back from that. */
static bool
safe_name(const char *name)
{
    return name[0] != '\0' && name[0] != '.' && strchr(name, '/') == NULL &&
           spk_utf8_plain(spk_span_str(name));
}

static spk_err
beside(const char *in_path, const char *name, char **ret_path)
{
    const char *slash = strrchr(in_path, '/');
    SPK_AUTO_BUF struct spk_buf b = SPK_BUF((size_t)1 << 16);
    const char *text = NULL;

    if (slash != NULL) {
        SPK_TRY(spk_buf_add(&b, spk_span(in_path, (size_t)(slash - in_path) + 1)));
    }
    SPK_TRY(spk_buf_str(&b, name));
    SPK_TRY(spk_buf_cstr(&b, &text));
    *ret_path = spk_strdup(text);
    SPK_CHECK(*ret_path != NULL, NOMEM);
    return SPK_OK;
}

/* Where to: the name inside, else the sealed file's own without its suffix. */
static spk_err
target_path(const char *in_path, const struct spk_metadata *m, char **ret_path)
{
    size_t len = strlen(in_path);
    char *path = NULL;

    if (m != NULL && safe_name(m->name)) {
        return beside(in_path, m->name, ret_path);
    }
    SPK_CHECK(len > strlen(SPK_SUFFIX) &&
                  strcmp(in_path + len - strlen(SPK_SUFFIX), SPK_SUFFIX) == 0,
              USAGE);
    path = spk_strdup(in_path);
    SPK_CHECK(path != NULL, NOMEM);
    path[len - strlen(SPK_SUFFIX)] = '\0';
    *ret_path = path;
    return SPK_OK;
}

static spk_err
restore(int fd, const struct spk_metadata *m)
{
    const struct timespec times[2] = {
        {0, UTIME_OMIT},
        {(time_t)(m->mtime_ns / NS_PER_S), (long)(m->mtime_ns % NS_PER_S)},
    };

    if (fchmod(fd, (mode_t)(m->mode & MODE_BITS)) != 0 || futimens(fd, times) != 0) {
        return spk_err_errno();
    }
    return SPK_OK;
}

struct source { /* an opened sealed file and what is known of it */
    int fd;
    struct spk_header *h;
    struct spk_secret *key;
    const struct spk_metadata *meta; /* NULL: none, or not to be restored */
};

static spk_err
write_target(const struct source *src, const char *path, const struct spk_decrypt_opts *o,
             struct spk_decrypt_outcome *ret_o)
{
    const struct spk_open_opts oo = {.progress = o->progress, .bad_segment = &ret_o->bad_segment};
    SPK_AUTO(spk_newfile) f = NULL;
    spk_err e;

    ret_o->output = true;
    SPK_TRY(spk_newfile_check(AT_FDCWD, path, o->force));
    SPK_TRY(spk_newfile_open(AT_FDCWD, path, 0600, &f));
    e = spk_open_run(src->h, src->key, src->fd, spk_newfile_fd(f), &oo, &ret_o->bytes);
    ret_o->output = spk_ok(e) || spk_output_full(e);
    SPK_TRY(e);
    if (src->meta != NULL) {
        SPK_TRY(restore(spk_newfile_fd(f), src->meta));
    }
    return spk_newfile_commit(f, o->force);
}

static spk_err
write_stdout(const struct source *src, const struct spk_decrypt_opts *o,
             struct spk_decrypt_outcome *ret_o)
{
    const struct spk_open_opts oo = {.progress = o->progress, .bad_segment = &ret_o->bad_segment};

    spk_err e = spk_open_run(src->h, src->key, src->fd, STDOUT_FILENO, &oo, &ret_o->bytes);

    ret_o->output = spk_output_full(e) || e.sys == EBADF;
    return e;
}

static spk_err
decrypt_open(struct source *src, const char *in_path, const char *out_path,
             const struct spk_decrypt_opts *o, struct spk_decrypt_outcome *ret_o)
{
    struct spk_metadata meta;
    spk_err e;

    if (out_path != NULL && strcmp(out_path, "-") == 0) {
        return write_stdout(src, o, ret_o);
    }
    if (out_path != NULL) { /* of the user's choice: mode and time are the user's too */
        ret_o->path = spk_strdup(out_path);
        SPK_CHECK(ret_o->path != NULL, NOMEM);
        return write_target(src, ret_o->path, o, ret_o);
    }
    e = spk_header_metadata(src->h, src->key, &meta);
    if (e.code != SPK_CODE_NOTFOUND) {
        /* a name, mode or time that nobody should have put there stops nobody who names his own */
        SPK_CHECK(e.code != SPK_CODE_FORMAT && e.code != SPK_CODE_AUTH, USAGE);
        SPK_TRY(e);
        src->meta = &meta;
    }
    SPK_TRY(target_path(in_path, src->meta, &ret_o->path));
    return write_target(src, ret_o->path, o, ret_o);
}

static spk_err
open_sealed(const char *in_path, int *ret_fd)
{
    struct stat st;
    int fd = open(in_path, O_RDONLY | O_CLOEXEC);

    if (fd < 0) {
        return errno == ENOENT ? (spk_err){SPK_CODE_NOTFOUND, ENOENT} : spk_err_errno();
    }
    *ret_fd = fd;
    if (fstat(fd, &st) != 0) {
        return spk_err_errno();
    }
    SPK_CHECK(!S_ISDIR(st.st_mode), USAGE);
    return SPK_OK;
}

/* A receipt that waits beside the file goes into it now that it is open; what fails here fails
 * nothing else. */
static void
fold_receipts(const struct spk_session *s, const char *in_path, const struct source *src)
{
    size_t n = 0;

    if (in_path != NULL && !spk_ok(spk_receipts_fold(s->profile, in_path, src->h, src->key, &n))) {
        return; /* verify tells */
    }
}

spk_err
spk_decrypt_file(struct spk_session *s, const char *in_path, const char *out_path,
                 const struct spk_decrypt_opts *o, struct spk_decrypt_outcome *ret_o)
{
    SPK_AUTO_FD int fd = -1;
    SPK_AUTO(spk_header) h = NULL;
    SPK_AUTO(spk_secret) key = NULL;
    struct source src = {.fd = STDIN_FILENO};

    memset(ret_o, 0, sizeof(*ret_o));
    ret_o->bad_segment = UINT64_MAX;
    spk_trouble_clear(&s->trouble);
    if (in_path != NULL) {
        SPK_TRY(open_sealed(in_path, &fd));
        src.fd = fd;
    }
    SPK_TRY(spk_header_read(src.fd, &h));
    SPK_TRY(spk_unlock_header(s, h, &key));
    src.h = h;
    src.key = key;
    SPK_TRY(decrypt_open(&src, in_path, out_path, o, ret_o));
    fold_receipts(s, in_path, &src);
    return SPK_OK;
}
