/* SPDX-License-Identifier: Apache-2.0 */
/* sparekey blob export: our keys, and the session keys of sealed and of other programs' files. */
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "base/file.h"
#include "base/text.h"
#include "cli/blob.h"
#include "client/decrypt.h"

/* One of our own keys, or one that stands beside them for CryptoAPI programs. */
static spk_err
own_key(const struct blob_job *j, bool pair, struct spk_keyfile *ret_k)
{
    struct spk_keyder beside = {.rsa = NULL};
    struct spk_rsa *own = NULL;
    spk_err e = SPK_ERR(NOKEY);

    if (!j->ff) {
        e = pair ? spk_session_pair(j->s, j->spec, &own) : spk_session_key(j->s, j->spec, &own);
    }
    if (spk_ok(e)) {
        return spk_keyfile_own(own, j->spec, ret_k);
    }
    if (e.code != SPK_CODE_NOKEY) {
        return e;
    }
    SPK_TRY(spk_beside_get(j->s, j->spec, j->ff, &beside));
    return spk_keyfile_take(&beside, j->spec, ret_k);
}

static int
key_failed(const struct blob_job *j, spk_err e)
{
    if (e.code == SPK_CODE_NOTFOUND) {
        return blob_no_rc4(j->out);
    }
    if (e.code == SPK_CODE_NOKEY && j->ff) {
        term_say_error(j->s->profile->container, _("has no such key of a CryptoAPI program"));
        term_say_hint(_("--container NAME names another container"));
        return TERM_FAILED;
    }
    return term_error(TERM_ABOUT_OWN, NULL, e, &j->s->trouble);
}

static int
export_public(const struct blob_job *j)
{
    SPK_AUTO_BUF struct spk_buf b = SPK_BUF(SPK_KEYFILE_MAX);
    struct spk_keyfile k = {.pair = false};
    spk_err e;

    if (j->form == SPK_FORM_PVK) {
        return term_usage(j->c, _("a PVK file holds a private key: --public goes with --form "
                                  "blob, pem or der"));
    }
    e = own_key(j, false, &k);
    e = spk_ok(e) ? spk_keyfile_public(&k, j->form, &b) : e;
    spk_keyfile_clear(&k);
    return spk_ok(e) ? blob_write(j, spk_buf_span(&b), 0644) : key_failed(j, e);
}

static int
export_private(const struct blob_job *j)
{
    SPK_AUTO_BUF struct spk_buf b = SPK_BUF(SPK_KEYFILE_MAX);
    SPK_AUTO(spk_secret) pass = NULL;
    struct spk_keyfile k = {.pair = false};
    int status = TERM_GO_ON;
    spk_err e;

    if (j->passphrase && j->form == SPK_FORM_BLOB) {
        return term_usage(j->c, _("a BLOB is always in the clear: --passphrase goes with "
                                  "--form pem, der or pvk"));
    }
    if (j->form == SPK_FORM_PVK && j->ff && j->spec == SPK_AT_KEYEXCHANGE) {
        return term_usage(j->c, _("a Diffie-Hellman key has no PVK file: --form blob, pem or der"));
    }
    if (j->session != NULL && j->form != SPK_FORM_BLOB) {
        return term_usage(j->c, _("--session goes with a BLOB, --passphrase with the other forms"));
    }
    if (!j->passphrase && j->session == NULL) {
        status = blob_confirm(j, _("this writes your private key, readable for whoever gets the "
                                   "file; type 'yes' to do it: "));
    }
    if (status != TERM_GO_ON) {
        return status;
    }
    e = own_key(j, true, &k);
    e = spk_ok(e) && j->passphrase ? term_new_pass(j->c, &pass) : e;
    e = spk_ok(e) ? spk_keyfile_private(&k, j->form, pass, &b) : e;
    spk_keyfile_clear(&k);
    if (!spk_ok(e)) {
        return key_failed(j, e);
    }
    status = j->session != NULL ? blob_lock(j, &b) : TERM_GO_ON;
    return status == TERM_GO_ON ? blob_write(j, spk_buf_span(&b), 0600) : status;
}

/* -- session keys -- */

/* The session key of a sealed file as key BLOB; SPK_CODE_FORMAT: it is none. */
static spk_err
sealed_key(const struct blob_job *j, struct spk_secret **ret_blob)
{
    SPK_AUTO_FD int fd = open(j->path, O_RDONLY | O_CLOEXEC);
    SPK_AUTO(spk_header) h = NULL;
    SPK_AUTO(spk_secret) key = NULL;

    if (fd < 0) {
        return errno == ENOENT ? (spk_err){SPK_CODE_NOTFOUND, ENOENT} : spk_err_errno();
    }
    SPK_TRY(spk_header_read(fd, &h));
    SPK_TRY(spk_unlock_header(j->s, h, &key));
    return spk_plainkey_build(SPK_CALG_AES_256, spk_secret_span(key), ret_blob);
}

static bool
looks_foreign(const char *path)
{
    SPK_AUTO_FD int fd = open(path, O_RDONLY | O_CLOEXEC);
    struct spk_foreign_file f;

    if (fd < 0 || !spk_ok(spk_foreign_file_read(fd, &f))) {
        return false;
    }
    spk_foreign_file_clear(&f);
    return true;
}

static int
by_serial(const struct blob_job *j, struct spk_secret **ret_blob)
{
    struct spk_foreign_found found = {.key = NULL};
    struct spk_file_id id;
    spk_err e;

    if (!spk_ok(spk_hex_parse(spk_span_str(j->serial), id.b, sizeof(id.b)))) {
        return term_usage(j->c, _("a serial number is 32 hex digits"));
    }
    e = spk_foreign_get(j->s, &id, &found);
    if (spk_ok(e)) {
        *ret_blob = found.key;
        found.key = NULL;
    }
    spk_foreign_found_clear(&found);
    if (e.code == SPK_CODE_NOTFOUND) {
        term_say_error(j->serial, _("is not among the session keys that came back"));
        term_say_hint(_("'sparekey blob list' shows them"));
        return TERM_FAILED;
    }
    return spk_ok(e) ? TERM_GO_ON : term_error(TERM_ABOUT_OWN, NULL, e, &j->s->trouble);
}

static int
take_key(const struct blob_job *j, struct spk_secret **ret_blob, bool *ret_foreign)
{
    SPK_AUTO_BUF struct spk_buf b = SPK_BUF(SPK_KEYFILE_MAX);
    struct spk_foreign_file f = {.payload = 0};
    int fd = -1;
    int status;
    spk_err e;

    *ret_foreign = j->serial != NULL || looks_foreign(j->path);
    if (j->serial != NULL) {
        return by_serial(j, ret_blob);
    }
    if (spk_ok(spk_file_read(AT_FDCWD, j->path, &b)) && blob_is_wrapped(spk_buf_span(&b))) {
        *ret_foreign = true;
        return blob_unwrap(j, spk_buf_span(&b), ret_blob);
    }
    if (*ret_foreign) {
        status = blob_foreign(j, &fd, &f, ret_blob);
        if (status == TERM_GO_ON) {
            (void)close(fd);
            spk_foreign_file_clear(&f);
        }
        return status;
    }
    e = sealed_key(j, ret_blob);
    return spk_ok(e) ? TERM_GO_ON : term_error(TERM_ABOUT_SEALED, j->path, e, &j->s->trouble);
}

static int
export_wrapped(const struct blob_job *j)
{
    SPK_AUTO_BUF struct spk_buf b = SPK_BUF(SPK_KEYFILE_MAX);
    SPK_AUTO(spk_secret) key = NULL;
    bool foreign = false;
    int status;

    if (j->session == NULL) {
        return term_usage(j->c, _("--session KEY is wanted: the session key to wrap with"));
    }
    status = take_key(j, &key, &foreign);
    status = status == TERM_GO_ON ? blob_wrap(j, spk_secret_span(key), &b) : status;
    return status == TERM_GO_ON ? blob_write(j, spk_buf_span(&b), 0600) : status;
}

static int
export_plain(const struct blob_job *j)
{
    SPK_AUTO(spk_secret) key = NULL;
    SPK_AUTO(spk_secret) plain = NULL;
    struct spk_plainkey k;
    bool foreign = false;
    spk_err e;
    int status = blob_confirm(j, _("this writes the session key of the file, readable for whoever "
                                   "gets it; type 'yes' to do it: "));

    status = status == TERM_GO_ON ? take_key(j, &key, &foreign) : status;
    if (status != TERM_GO_ON) {
        return status;
    }
    e = spk_plainkey_parse(spk_secret_span(key), &k); /* an OPAQUEKEYBLOB is read by no one else */
    e = spk_ok(e) ? spk_plainkey_build(k.alg, k.key, &plain) : e;
    return spk_ok(e) ? blob_write(j, spk_secret_span(plain), 0600)
                     : term_error(TERM_ABOUT_BLOB, j->path, e, NULL);
}

static int
export_simple(const struct blob_job *j)
{
    SPK_AUTO_BUF struct spk_buf b = SPK_BUF((size_t)SPK_ANYSIMPLE_MAX);
    SPK_AUTO(spk_secret) key = NULL;
    SPK_AUTO(spk_anyrsa) pub = NULL;
    struct spk_plainkey k;
    bool foreign = false;
    int status = blob_target(j, &pub);
    spk_err e;

    status = status == TERM_GO_ON ? take_key(j, &key, &foreign) : status;
    if (status != TERM_GO_ON) {
        return status;
    }
    e = spk_plainkey_parse(spk_secret_span(key), &k);
    /* random padding: derived padding is for deposits and slots alone; and other programs mostly
     * expect PKCS#1 v1.5 */
    e = spk_ok(e) ? spk_anysimple_build(&k, pub, foreign ? j->oaep : !j->v15, &b) : e;
    if (e.code == SPK_CODE_LIMIT) {
        term_say_error(j->to, _("is too short a key for this session key and padding"));
        return TERM_FAILED;
    }
    return spk_ok(e) ? blob_write(j, spk_buf_span(&b), 0600)
                     : term_error(TERM_ABOUT_BLOB, j->path, e, NULL);
}

int
blob_export(struct blob_job *j)
{
    if (j->simple + j->plain + j->wrapped + j->public_key + j->private_key != 1) {
        return term_usage(j->c,
                          _("one of --simple, --plain, --wrapped, --public, --private is wanted"));
    }
    if (j->simple || j->plain || j->wrapped) {
        if ((j->path == NULL) == (j->serial == NULL)) {
            return term_usage(j->c, _("which sealed file? its session key is exported"));
        }
        if (j->form != SPK_FORM_BLOB) {
            return term_usage(j->c, _("a session key is written as a BLOB only"));
        }
        return j->simple ? export_simple(j) : j->plain ? export_plain(j) : export_wrapped(j);
    }
    if (j->path != NULL) {
        return term_usage(j->c, _("--public and --private take no file: -o names the output"));
    }
    return j->public_key ? export_public(j) : export_private(j);
}
