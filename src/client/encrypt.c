/* SPDX-License-Identifier: Apache-2.0 */
#include "client/encrypt.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/text.h"
#include "client/send.h"

#define NS_PER_S UINT64_C(1000000000)
#define PERM_BITS 07777u
#define OUT_BITS 0666u

static const char *
base_name(const char *path)
{
    const char *slash = strrchr(path, '/');

    return slash == NULL ? path : slash + 1;
}

spk_err
spk_description_of(const char *path, struct spk_buf *out)
{
    struct spk_span s = spk_span_str(base_name(path));

    if (s.len <= SPK_DESCRIPTION_MAX && spk_utf8_plain(s)) {
        return spk_buf_add(out, s);
    }
    SPK_TRY(spk_buf_escape(out, s));
    if (out->len > SPK_DESCRIPTION_MAX) {
        out->len = 0;
    }
    return SPK_OK;
}

/* The format has 0 to 2^64 - 1: 1970 to 2554. */
static uint64_t
time_ns(const struct timespec *t)
{
    if (t->tv_sec < 0) {
        return 0;
    }
    if ((uint64_t)t->tv_sec >= UINT64_MAX / NS_PER_S) {
        return UINT64_MAX;
    }
    return (uint64_t)t->tv_sec * NS_PER_S + (uint64_t)t->tv_nsec;
}

static void
fill_meta(const char *path, const struct stat *st, struct spk_metadata *m)
{
    const char *name = base_name(path);

    if (strlen(name) <= SPK_META_NAME_MAX) {
        (void)snprintf(m->name, sizeof(m->name), "%s", name);
    }
    m->mode = (uint32_t)st->st_mode & PERM_BITS;
    m->mtime_ns = time_ns(&st->st_mtim);
    m->size = S_ISREG(st->st_mode) ? (uint64_t)st->st_size : UINT64_MAX;
}

static spk_err
describe_input(int fd, const char *path, struct spk_input *in)
{
    struct stat st;

    if (fstat(fd, &st) != 0) {
        return spk_err_errno();
    }
    SPK_CHECK(!S_ISDIR(st.st_mode) && !S_ISBLK(st.st_mode), USAGE);
    in->fd = fd;
    in->regular = S_ISREG(st.st_mode);
    in->size = in->regular ? (uint64_t)st.st_size : UINT64_MAX;
    in->out_mode = in->regular ? (uint32_t)st.st_mode & OUT_BITS : 0600;
    fill_meta(path, &st, &in->meta);
    return SPK_OK;
}

spk_err
spk_input_open(const char *path, bool follow, struct spk_input *ret_in)
{
    SPK_AUTO_FD int fd = open(path, O_RDONLY | O_CLOEXEC | (follow ? 0 : O_NOFOLLOW | O_NONBLOCK));
    struct spk_input in = {0};

    if (fd < 0) {
        return errno == ENOENT ? (spk_err){SPK_CODE_NOTFOUND, ENOENT} : spk_err_errno();
    }
    SPK_TRY(describe_input(fd, path, &in));
    fd = -1;
    *ret_in = in;
    return SPK_OK;
}

void
spk_encrypt_outcome(const struct spk_sealing *s, struct spk_encrypt_outcome *ret_o)
{
    ret_o->id = *spk_seal_id(s->seal);
    ret_o->bytes = spk_seal_bytes(s->seal);
    ret_o->n = s->n;
    ret_o->accepted = ret_o->spooled = 0;
    for (size_t i = 0; i < s->n; i++) {
        const struct spk_parcel *p = &s->parcels[i];

        ret_o->at[i].name = p->pin->name;
        ret_o->at[i].state = p->state;
        ret_o->at[i].index = p->index;
        ret_o->at[i].err = p->err;
        ret_o->at[i].status = p->status;
        ret_o->at[i].replaced = p->replaced;
        ret_o->at[i].log = p->log;
        ret_o->at[i].receipt = p->receipt.len > 0;
        ret_o->at[i].no_receipt = spk_parcel_lacks_receipt(p);
        memcpy(ret_o->at[i].said, p->said, sizeof(p->said));
        ret_o->accepted += p->state == SPK_PARCEL_ACCEPTED;
        ret_o->spooled += p->state == SPK_PARCEL_SPOOLED;
    }
}

static spk_err
begin(struct spk_session *s, const struct spk_input *in, const char *in_path,
      const struct spk_encrypt_opts *o, struct spk_sealing **ret_s)
{
    SPK_AUTO_BUF struct spk_buf text = SPK_BUF(8 * SPK_DESCRIPTION_MAX);
    const struct spk_seal_opts seal = {.compact = -1, .progress = o->progress};
    struct spk_sealing_opts so = {.size = in->size,
                                  .meta = o->no_metadata ? NULL : &in->meta,
                                  .description = o->description,
                                  .seal = &seal};
    struct spk_rsa *keyx = NULL;

    SPK_TRY(spk_session_key(s, SPK_AT_KEYEXCHANGE, &keyx));
    if (so.description == NULL) {
        SPK_TRY(spk_description_of(in_path == NULL ? "" : in_path, &text));
        SPK_TRY(spk_buf_cstr(&text, &so.description));
    }
    return spk_sealing_begin(s->profile, keyx, &so, ret_s);
}

/* Nobody sees the file yet, so it is sealed first: no deposit is made for one that cannot be. But
 * who has to be asked for a passphrase is asked before. */
static spk_err
seal_to_file(struct spk_session *s, const struct spk_input *in, struct spk_sealing *sealing,
             int out, const char *final_path)
{
    struct spk_rsa *sign = NULL;

    if (sealing->n > 0) {
        SPK_TRY(spk_session_pair(s, SPK_AT_SIGNATURE, &sign));
    }
    SPK_TRY(spk_seal_run(sealing->seal, in->fd, out));
    spk_send_all(s, sealing->parcels, sealing->n);
    SPK_TRY(spk_sealing_settle(s->profile, sealing, final_path));
    return sealing->n == 0 ? SPK_OK : spk_seal_rewrite_areas(sealing->seal, out);
}

/* What is out is out: the deposits come first, and are part of what is written. */
static spk_err
seal_to_pipe(struct spk_session *s, const struct spk_input *in, struct spk_sealing *sealing)
{
    spk_send_all(s, sealing->parcels, sealing->n);
    SPK_TRY(spk_sealing_settle(s->profile, sealing, ""));
    return spk_seal_run(sealing->seal, in->fd, STDOUT_FILENO);
}

/* spk_newfile_commit(), but it tells whether the file is there when the folder cannot be synced. */
static spk_err
give_name(struct spk_newfile *f, const char *path, bool force, bool *ret_named)
{
    if (fsync(spk_newfile_fd(f)) != 0) {
        return spk_err_errno();
    }
    SPK_TRY(spk_newfile_commit_nosync(f, force));
    *ret_named = true;
    return spk_sync_parent(AT_FDCWD, path);
}

static spk_err
encrypt_open(struct spk_session *s, const struct spk_input *in, const char *in_path,
             const char *out_path, const struct spk_encrypt_opts *o,
             struct spk_encrypt_outcome *ret_o)
{
    SPK_AUTO(spk_newfile) f = NULL;
    SPK_AUTO(spk_sealing) sealing = NULL;
    bool named = false;
    spk_err e;

    if (out_path != NULL) {
        ret_o->output = true;
        SPK_TRY(spk_newfile_check(AT_FDCWD, out_path, o->force));
        SPK_TRY(spk_newfile_open(AT_FDCWD, out_path, (mode_t)in->out_mode, &f));
        ret_o->output = false;
    }
    SPK_TRY(begin(s, in, in_path, o, &sealing));
    e = f == NULL ? seal_to_pipe(s, in, sealing)
                  : seal_to_file(s, in, sealing, spk_newfile_fd(f), out_path);
    ret_o->output = spk_ok(e) || spk_output_full(e) || (f == NULL && e.sys == EBADF);
    if (spk_ok(e) && f != NULL) {
        e = give_name(f, out_path, o->force, &named);
    }
    if (!spk_ok(e) && !named) {
        spk_sealing_take_back(s->profile, sealing);
    }
    spk_encrypt_outcome(sealing, ret_o);
    return e;
}

bool
spk_output_full(spk_err e)
{
    return e.code == SPK_CODE_IO && (e.sys == ENOSPC || e.sys == EDQUOT || e.sys == EFBIG ||
                                     e.sys == EROFS || e.sys == EPIPE);
}

spk_err
spk_encrypt_file(struct spk_session *s, const char *in_path, const char *out_path,
                 const struct spk_encrypt_opts *o, struct spk_encrypt_outcome *ret_o)
{
    SPK_AUTO_FD int fd = -1;
    struct spk_input in = {0};

    memset(ret_o, 0, sizeof(*ret_o));
    spk_trouble_clear(&s->trouble);
    if (in_path == NULL) {
        SPK_TRY(describe_input(STDIN_FILENO, "", &in));
    } else {
        SPK_TRY(spk_input_open(in_path, true, &in));
        fd = in.fd;
    }
    return encrypt_open(s, &in, in_path, out_path, o, ret_o);
}
