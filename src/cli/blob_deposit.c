/* SPDX-License-Identifier: Apache-2.0 */
/* sparekey blob deposit, list, renew, open: files of other CryptoAPI programs, taken over. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/text.h"
#include "cli/blob.h"

struct taken { /* a file of another program with its session key */
    int fd;
    struct spk_foreign_file f;
    struct spk_secret *key;
};

static void
taken_clear(struct taken *t)
{
    if (t->fd >= 0) {
        (void)close(t->fd);
    }
    spk_foreign_file_clear(&t->f);
    spk_secret_free(t->key);
}
#define AUTO_TAKEN __attribute__((cleanup(taken_clear))) struct taken

static int
take(const struct blob_job *j, struct taken *t)
{
    if (j->path == NULL) {
        return term_usage(j->c, _("which file?"));
    }
    return blob_foreign(j, &t->fd, &t->f, &t->key);
}

/* -- deposit -- */

static int
tell_deposit(const struct blob_job *j, const struct spk_encrypt_outcome *o)
{
    SPK_AUTO_BUF struct spk_buf b = SPK_BUF((size_t)65536);
    struct spk_jw w = {.b = &b};
    char hex[2 * SPK_FILE_ID_LEN + 1];

    if (!j->c->json) {
        if (!j->c->quiet) {
            printf(_("%s: session key deposited, serial number %s\n"), term_shown(j->path),
                   spk_hex(SPK_SPAN_OF(o->id.b), hex));
        }
        return term_flush(TERM_DONE);
    }
    spk_jw_open(&w, NULL, '{');
    spk_jw_str(&w, "file", spk_span_str(j->path));
    spk_jw_hex(&w, "serial", SPK_SPAN_OF(o->id.b));
    spk_jw_open(&w, "authorities", '[');
    for (size_t i = 0; i < o->n; i++) {
        spk_jw_open(&w, NULL, '{');
        spk_jw_cstr(&w, "name", o->at[i].name);
        spk_jw_bool(&w, "accepted", o->at[i].state == SPK_PARCEL_ACCEPTED);
        spk_jw_close(&w, '}');
    }
    spk_jw_close(&w, ']');
    spk_jw_close(&w, '}');
    return term_json_out(&w, &b);
}

static void
tell_refusals(const struct spk_encrypt_outcome *o)
{
    for (size_t i = 0; i < o->n; i++) {
        if (o->at[i].state == SPK_PARCEL_FAILED) {
            struct spk_trouble t = {.status = o->at[i].status};

            spk_trouble_peer(&t, o->at[i].name);
            spk_trouble_said(&t, o->at[i].status, o->at[i].said);
            t.replaced = o->at[i].replaced;
            (void)term_error(TERM_ABOUT_PEER, NULL, o->at[i].err, &t);
        }
    }
}

static const char *
base_name(const char *path)
{
    const char *slash = strrchr(path, '/');

    return slash == NULL ? path : slash + 1;
}

static spk_err
deposit(const struct blob_job *j, const struct taken *t, struct spk_encrypt_outcome *o)
{
    SPK_AUTO_BUF struct spk_buf text = SPK_BUF((size_t)8 * SPK_DESCRIPTION_MAX);
    struct spk_foreign_deposit d = {.key = spk_secret_span(t->key),
                                    .name = spk_span_str(base_name(j->path)),
                                    .description = j->description};

    if (d.name.len > SPK_FOREIGN_NAME_MAX) {
        d.name = SPK_SPAN_EMPTY;
    }
    if (t->f.blob.ptr[0] == SPK_BLOB_SIMPLE) {
        d.simple = spk_buf_span(&t->f.blob);
    }
    if (d.description == NULL) {
        SPK_TRY(spk_description_of(j->path, &text));
        SPK_TRY(spk_buf_cstr(&text, &d.description));
    }
    return spk_foreign_put(j->s, &d, o);
}

int
blob_deposit(struct blob_job *j)
{
    AUTO_TAKEN t = {.fd = -1};
    struct spk_encrypt_outcome o = {.n = 0};
    int status = TERM_GO_ON;
    spk_err e;

    if (j->description != NULL && !spk_utf8_plain(spk_span_str(j->description))) {
        return term_usage(j->c, _("the description is not plain text"));
    }
    if (!j->s->profile->has_owner || j->s->profile->n_authorities == 0) {
        term_say_error(NULL, _("no authority is there to deposit with"));
        term_say_hint(_("'sparekey enroll ADDRESS' registers you with one"));
        return TERM_FAILED;
    }
    status = take(j, &t);
    if (status != TERM_GO_ON) {
        return status;
    }
    e = deposit(j, &t, &o);
    if (o.n > o.accepted) {
        tell_refusals(&o);
    }
    if (!spk_ok(e)) {
        if (o.n == 0) {
            (void)term_error(TERM_ABOUT_PEER, j->path, e, &j->s->trouble);
        }
        term_say_error(j->path, _("was not deposited"));
        term_say_hint(_("run the command again: it changes nothing but what the authority keeps"));
        return TERM_FAILED;
    }
    return tell_deposit(j, &o);
}

/* -- what came back -- */

struct listing {
    struct spk_jw w;
    bool json;
    size_t n;
};

static spk_err
list_one(void *ctx, const struct spk_foreign_found *f)
{
    struct listing *l = ctx;
    char hex[2 * SPK_FILE_ID_LEN + 1];
    struct spk_plainkey k;

    SPK_TRY(spk_plainkey_parse(spk_secret_span(f->key), &k));
    l->n++;
    if (!l->json) {
        printf("%s  %s-%zu  %s\n", spk_hex(SPK_SPAN_OF(f->serial.b), hex), spk_alg_name(k.alg),
               k.key.len * 8, term_shown(f->name[0] != '\0' ? f->name : f->description));
        return SPK_OK;
    }
    spk_jw_open(&l->w, NULL, '{');
    spk_jw_hex(&l->w, "serial", SPK_SPAN_OF(f->serial.b));
    spk_jw_cstr(&l->w, "algorithm", spk_alg_name(k.alg));
    spk_jw_u64(&l->w, "bits", k.key.len * 8);
    spk_jw_str(&l->w, "name", spk_span_str(f->name));
    spk_jw_str(&l->w, "description", spk_span_str(f->description));
    spk_jw_close(&l->w, '}');
    return SPK_OK;
}

int
blob_list(struct blob_job *j)
{
    SPK_AUTO_BUF struct spk_buf b = SPK_BUF((size_t)64 << 20);
    struct listing l = {.w = {.b = &b}, .json = j->c->json};
    spk_err e;

    spk_jw_open(&l.w, NULL, '[');
    e = spk_foreign_each(j->s, list_one, &l);
    spk_jw_close(&l.w, ']');
    if (!spk_ok(e)) {
        return term_error(TERM_ABOUT_OWN, NULL, e, &j->s->trouble);
    }
    if (l.json) {
        return term_json_out(&l.w, &b);
    }
    if (l.n == 0 && !j->c->quiet) {
        fputs(_("no session key of another program has come back\n"), stdout);
    }
    return term_flush(TERM_DONE);
}

/* -- renew -- */

static spk_err
write_renewed(const struct blob_job *j, const struct taken *t, struct spk_span blob)
{
    SPK_AUTO(spk_newfile) out = NULL;
    const char *to = j->out == NULL ? j->path : j->out;
    struct stat st;

    if (fstat(t->fd, &st) != 0) {
        return spk_err_errno();
    }
    SPK_TRY(spk_newfile_check(AT_FDCWD, to, j->out == NULL || j->force));
    SPK_TRY(spk_newfile_open(AT_FDCWD, to, st.st_mode & 0777, &out));
    if (t->f.payload == 0) {
        SPK_TRY(spk_write_full(spk_newfile_fd(out), blob));
    } else {
        SPK_TRY(spk_foreign_file_renew(t->fd, &t->f, blob, spk_newfile_fd(out)));
    }
    return spk_newfile_commit(out, j->out == NULL || j->force);
}

int
blob_renew(struct blob_job *j)
{
    SPK_AUTO_BUF struct spk_buf b = SPK_BUF((size_t)SPK_ANYSIMPLE_MAX);
    SPK_AUTO(spk_anyrsa) pub = NULL;
    AUTO_TAKEN t = {.fd = -1};
    struct spk_plainkey k;
    int status = take(j, &t);
    spk_err e;

    status = status == TERM_GO_ON ? blob_target(j, &pub) : status;
    if (status != TERM_GO_ON) {
        return status;
    }
    e = spk_plainkey_parse(spk_secret_span(t.key), &k);
    e = spk_ok(e) ? spk_anysimple_build(&k, pub, j->oaep, &b) : e;
    if (!spk_ok(e)) {
        return term_error(TERM_ABOUT_BLOB, j->to != NULL ? j->to : j->path, e, NULL);
    }
    e = write_renewed(j, &t, spk_buf_span(&b));
    if (!spk_ok(e)) {
        return term_error(TERM_ABOUT_OUTPUT, j->out != NULL ? j->out : j->path, e, NULL);
    }
    if (!j->c->quiet) {
        printf(_("%s: its key BLOB is for %s now\n"), term_shown(j->out != NULL ? j->out : j->path),
               j->to != NULL ? term_shown(j->to) : _("your key"));
    }
    return term_flush(TERM_DONE);
}

/* -- open -- */

static spk_err
decrypt_to(const struct blob_job *j, const struct taken *t, const struct spk_plainkey *k,
           bool *ret_output)
{
    SPK_AUTO(spk_newfile) out = NULL;
    bool to_stdout = j->out == NULL || strcmp(j->out, "-") == 0;

    *ret_output = true;
    if (!to_stdout) {
        SPK_TRY(spk_newfile_check(AT_FDCWD, j->out, j->force));
        SPK_TRY(spk_newfile_open(AT_FDCWD, j->out, 0600, &out));
    }
    *ret_output = false;
    SPK_TRY(
        spk_foreign_file_decrypt(t->fd, &t->f, k, to_stdout ? STDOUT_FILENO : spk_newfile_fd(out)));
    *ret_output = true;
    return to_stdout ? SPK_OK : spk_newfile_commit(out, j->force);
}

int
blob_open(struct blob_job *j)
{
    AUTO_TAKEN t = {.fd = -1};
    struct spk_plainkey k;
    bool output = false;
    int status = take(j, &t);
    spk_err e;

    if (status != TERM_GO_ON) {
        return status;
    }
    if (t.f.payload == 0) {
        term_say_error(j->path, _("is a key BLOB alone: there is nothing to decrypt"));
        return TERM_FAILED;
    }
    e = spk_plainkey_parse(spk_secret_span(t.key), &k);
    e = spk_ok(e) ? decrypt_to(j, &t, &k, &output) : e;
    if (spk_ok(e)) {
        return TERM_DONE;
    }
    if (output || spk_output_full(e)) {
        return term_error(TERM_ABOUT_OUTPUT, j->out == NULL ? "-" : j->out, e, NULL);
    }
    if (e.code == SPK_CODE_AUTH || e.code == SPK_CODE_TRUNC) {
        term_say_error(j->path, _("cannot be decrypted with this key"));
        term_say_hint(_("it may be cut short, or its BLOB for another key: --key FILE names one, "
                        "--oaep another padding"));
        return TERM_FAILED;
    }
    return term_error(TERM_ABOUT_INPUT, j->path, e, NULL);
}
