/* SPDX-License-Identifier: Apache-2.0 */
/* sparekey blob --session: BLOBs that are under a session key. */
#include <unistd.h>

#include "cli/blob.h"
#include "keyblob/undersession.h"

/* The session key of --session, which --key or our own key opens where it is a SIMPLEBLOB. */
static int
session_key(const struct blob_job *j, struct spk_secret **ret_blob, struct spk_plainkey *ret_k)
{
    struct blob_job of = *j;
    struct spk_foreign_file f = {.payload = 0};
    int fd = -1;
    int status;

    of.path = j->session;
    status = blob_foreign(&of, &fd, &f, ret_blob);
    if (status != TERM_GO_ON) {
        return status;
    }
    (void)close(fd);
    spk_foreign_file_clear(&f);
    return spk_ok(spk_plainkey_parse(spk_secret_span(*ret_blob), ret_k))
               ? TERM_GO_ON
               : term_error(TERM_ABOUT_BLOB, j->session, SPK_ERR(FORMAT), NULL);
}

static int
failed(const struct blob_job *j, const char *path, spk_err e)
{
    if (e.code == SPK_CODE_AUTH) {
        term_say_error(path, _("is not under the session key of --session"));
        return TERM_FAILED;
    }
    if (e.code == SPK_CODE_VERSION) {
        term_say_error(j->session, _("is of an algorithm or mode that does not wrap this key"));
        term_say_hint(_("a 3DES key wraps 3DES keys, an RC2 key RC2 keys; every session key in "
                        "another mode than OFB encrypts a private key"));
        return TERM_FAILED;
    }
    if (e.code == SPK_CODE_NOTFOUND) {
        term_say_error(j->session, _("is of an algorithm that this OpenSSL has not"));
        term_say_hint(_("this OpenSSL came without its legacy module, which has it"));
        return TERM_FAILED;
    }
    return term_error(TERM_ABOUT_BLOB, path, e, NULL);
}

int
blob_unlock(const struct blob_job *j, struct spk_buf *b)
{
    SPK_AUTO(spk_secret) key = NULL;
    SPK_AUTO(spk_secret) clear = NULL;
    struct spk_plainkey k;
    struct blob_kind kind;
    int status = session_key(j, &key, &k);
    spk_err e;

    if (status != TERM_GO_ON) {
        return status;
    }
    e = spk_under_open(&k, spk_buf_span(b), &clear);
    if (spk_ok(e) && blob_kind_of(spk_secret_span(clear), &kind) && !kind.readable) {
        e = SPK_ERR(AUTH); /* still no pair */
    }
    if (spk_ok(e)) {
        spk_buf_reset(b);
        e = spk_buf_add(b, spk_secret_span(clear));
    }
    return spk_ok(e) ? TERM_GO_ON : failed(j, j->path, e);
}

int
blob_lock(const struct blob_job *j, struct spk_buf *b)
{
    SPK_AUTO(spk_secret) key = NULL;
    SPK_AUTO(spk_secret) sealed = NULL;
    struct spk_plainkey k;
    int status = session_key(j, &key, &k);
    spk_err e;

    if (status != TERM_GO_ON) {
        return status;
    }
    e = spk_under_seal(&k, spk_buf_span(b), &sealed);
    if (spk_ok(e)) {
        spk_buf_reset(b);
        e = spk_buf_add(b, spk_secret_span(sealed));
    }
    return spk_ok(e) ? TERM_GO_ON : failed(j, j->session, e);
}

bool
blob_is_wrapped(struct spk_span b)
{
    return b.len > 1 && b.ptr[0] == SPK_BLOB_WRAPPED && b.ptr[1] == SPK_BLOB_VERSION;
}

int
blob_unwrap(const struct blob_job *j, struct spk_span wrapped, struct spk_secret **ret_plain)
{
    SPK_AUTO(spk_secret) key = NULL;
    struct spk_plainkey k;
    int status;
    spk_err e;

    if (j->session == NULL) {
        (void)blob_kind_refused(j->path, wrapped);
        return TERM_FAILED;
    }
    status = session_key(j, &key, &k);
    if (status != TERM_GO_ON) {
        return status;
    }
    e = spk_under_unwrap(&k, wrapped, ret_plain);
    return spk_ok(e) ? TERM_GO_ON : failed(j, j->path, e);
}

int
blob_wrap(const struct blob_job *j, struct spk_span plain, struct spk_buf *out)
{
    SPK_AUTO(spk_secret) key = NULL;
    struct spk_plainkey k, inner;
    int status = session_key(j, &key, &k);
    spk_err e;

    if (status != TERM_GO_ON) {
        return status;
    }
    e = spk_plainkey_parse(plain, &inner);
    e = spk_ok(e) ? spk_under_wrap(&k, &inner, out) : e;
    return spk_ok(e) ? TERM_GO_ON : failed(j, j->session, e);
}
