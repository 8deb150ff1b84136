/* SPDX-License-Identifier: Apache-2.0 */
/* Files that go in and out of `sparekey blob`. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "cli/blob.h"

int
blob_write(const struct blob_job *j, struct spk_span s, mode_t mode)
{
    spk_err e;

    if (j->out == NULL || strcmp(j->out, "-") == 0) {
        if (isatty(STDOUT_FILENO) == 1 && j->form != SPK_FORM_PEM) {
            term_say_error(NULL, _("a BLOB is binary and would spoil the terminal"));
            term_say_hint(_("-o FILE writes it to a file"));
            return TERM_USAGE;
        }
        (void)fwrite(s.ptr, 1, s.len, stdout);
        return term_flush(TERM_DONE);
    }
    e = spk_file_write(AT_FDCWD, j->out, s, mode, j->force);
    return spk_ok(e) ? TERM_DONE : term_error(TERM_ABOUT_OUTPUT, j->out, e, NULL);
}

int
blob_confirm(const struct blob_job *j, const char *question)
{
    if (j->yes || term_confirm(question)) {
        return TERM_GO_ON;
    }
    term_say_error(NULL, _("not confirmed: nothing was written"));
    term_say_hint(_("without a terminal, --yes confirms"));
    return TERM_FAILED;
}

int
blob_no_rc4(const char *path)
{
    term_say_error(path, _("is under a password, which takes RC4"));
    term_say_hint(_("this OpenSSL came without its legacy module, which has it"));
    return TERM_FAILED;
}

int
blob_keyfile(const struct blob_job *j, const char *path, struct spk_keyfile *ret_k)
{
    SPK_AUTO_BUF struct spk_buf b = SPK_BUF(SPK_KEYFILE_MAX);
    spk_err e = spk_file_read(AT_FDCWD, path, &b);

    if (!spk_ok(e)) {
        return term_error(TERM_ABOUT_BLOB, path, e, NULL);
    }
    return blob_key_of(j, path, spk_buf_span(&b), ret_k);
}

int
blob_key_of(const struct blob_job *j, const char *path, struct spk_span bytes,
            struct spk_keyfile *ret_k)
{
    spk_err e;

    if (blob_kind_refused(path, bytes)) {
        return TERM_FAILED;
    }
    e = spk_keyfile_parse(bytes, path, term_ask_pass, j->c, ret_k);
    if (spk_ok(e)) {
        return TERM_GO_ON;
    }
    if (e.code == SPK_CODE_LIMIT) {
        term_say_error(path, _("has a key of a size that is not read here"));
        term_say_hint(
            _("RSA keys have 384 to 16384 bits here, Diffie-Hellman keys 512 to 4096, DSS "
              "keys 512 to 1024 with 160 bits of q"));
        return TERM_FAILED;
    }
    if (e.code == SPK_CODE_NOTFOUND) {
        return blob_no_rc4(path);
    }
    if (e.code == SPK_CODE_VERSION) {
        term_say_error(path, _("is no RSA, DSS or Diffie-Hellman key, or under an encryption that "
                               "is not read here"));
        term_say_hint(_("'openssl pkcs8 -topk8 -v2 aes-256-cbc' writes one that is"));
        return TERM_FAILED;
    }
    return term_error(TERM_ABOUT_BLOB, path, e, NULL);
}

/* The RSA key of a file, taken. */
static int
rsa_keyfile(const struct blob_job *j, const char *path, struct spk_keyfile *ret_k)
{
    int status = blob_keyfile(j, path, ret_k);

    if (status == TERM_GO_ON && ret_k->key.rsa == NULL) {
        term_say_error(path, _("is no RSA key, which a session key takes"));
        spk_keyfile_clear(ret_k);
        return TERM_FAILED;
    }
    return status;
}

int
blob_target(const struct blob_job *j, struct spk_anyrsa **ret_pub)
{
    struct spk_keyfile k = {.pair = false};
    spk_err e;
    int status;

    if (j->to == NULL) {
        e = spk_foreign_public(j->s, ret_pub);
        return spk_ok(e) ? TERM_GO_ON : term_error(TERM_ABOUT_OWN, NULL, e, &j->s->trouble);
    }
    status = rsa_keyfile(j, j->to, &k);
    if (status == TERM_GO_ON) {
        if (k.has_spec && k.spec == SPK_AT_SIGNATURE) {
            term_say_error(j->to, _("is a signature key: session keys go to key exchange keys"));
            status = TERM_FAILED;
        } else {
            *ret_pub = spk_anyrsa_ref(k.key.rsa);
        }
    }
    spk_keyfile_clear(&k);
    return status;
}

/* The pair of --key; *ret_pair stays NULL without it, and our own is taken. */
static int
key_given(const struct blob_job *j, struct spk_anyrsa **ret_pair)
{
    struct spk_keyfile k = {.pair = false};
    int status;

    if (j->key == NULL) {
        return TERM_GO_ON;
    }
    status = rsa_keyfile(j, j->key, &k);
    if (status == TERM_GO_ON && !k.pair) {
        term_say_error(j->key, _("is a public key: the private one opens a BLOB"));
        status = TERM_FAILED;
    } else if (status == TERM_GO_ON) {
        *ret_pair = spk_anyrsa_ref(k.key.rsa);
    }
    spk_keyfile_clear(&k);
    return status;
}

/* What came back in a recovery is certain; the padding of old BLOBs is not. */
static spk_err
recovered_key(const struct blob_job *j, const struct spk_foreign_file *f,
              struct spk_secret **ret_key)
{
    struct spk_foreign_found found = {.key = NULL};
    spk_err e = spk_foreign_find(j->s, spk_buf_span(&f->blob), &found);

    if (spk_ok(e)) {
        *ret_key = found.key;
        found.key = NULL;
    }
    spk_foreign_found_clear(&found);
    return e;
}

static int
session_key(const struct blob_job *j, const struct spk_foreign_file *f, struct spk_secret **ret_key)
{
    SPK_AUTO(spk_anyrsa) pair = NULL;
    int status;
    spk_err e;

    if (j->key == NULL && f->blob.ptr[0] == SPK_BLOB_SIMPLE &&
        spk_ok(recovered_key(j, f, ret_key))) {
        return TERM_GO_ON;
    }
    status = key_given(j, &pair);
    if (status != TERM_GO_ON) {
        return status;
    }
    e = spk_foreign_open_blob(j->s, spk_buf_span(&f->blob), j->oaep, pair, ret_key);
    if (spk_ok(e)) {
        return TERM_GO_ON;
    }
    if (e.code == SPK_CODE_AUTH) {
        term_say_error(j->path, _("is not for this key, or padded in another way"));
        term_say_hint(
            _("--key FILE names the private key that it was made for, --oaep its padding; "
              "after a recovery, 'blob list' shows what came back"));
        return TERM_FAILED;
    }
    if (e.code == SPK_CODE_NOKEY) {
        return term_error(TERM_ABOUT_OWN, NULL, e, &j->s->trouble);
    }
    return term_error(TERM_ABOUT_BLOB, j->path, e, &j->s->trouble);
}

int
blob_foreign(const struct blob_job *j, int *ret_fd, struct spk_foreign_file *ret_f,
             struct spk_secret **ret_key)
{
    SPK_AUTO_FD int fd = open(j->path, O_RDONLY | O_CLOEXEC);
    spk_err e = fd >= 0           ? spk_foreign_file_read(fd, ret_f)
                : errno == ENOENT ? (spk_err){SPK_CODE_NOTFOUND, ENOENT}
                                  : spk_err_errno();
    int status;

    if (!spk_ok(e)) {
        return term_error(TERM_ABOUT_BLOB, j->path, e, NULL);
    }
    status = session_key(j, ret_f, ret_key);
    if (status != TERM_GO_ON) {
        spk_foreign_file_clear(ret_f);
        return status;
    }
    *ret_fd = fd;
    fd = -1;
    return TERM_GO_ON;
}
