/* SPDX-License-Identifier: Apache-2.0 */
/* sparekey blob import and show. */
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "base/file.h"
#include "base/text.h"
#include "cli/blob.h"
#include "client/decrypt.h"
#include "keyblob/wrap.h"
#include "keystore/extra.h"

/* -- key pairs -- */

static spk_err
put_pair(const struct blob_job *j, enum spk_key_spec spec, struct spk_rsa *pair, spk_err have)
{
    const struct spk_extra nothing = {.flags = 0}; /* a pair beside it would count before it */
    struct spk_session *s = j->s;

    if (have.code == SPK_CODE_NOKEY && s->container == NULL) {
        if (s->keystore == NULL) { /* not even the folder was there */
            SPK_TRY(spk_keystore_user(&s->keystore));
        }
        SPK_TRY(spk_container_create(s->keystore, s->profile->container, &s->container));
        SPK_TRY(spk_container_set(s->container, spec, pair));
        return spk_container_save(s->container);
    }
    if (have.code != SPK_CODE_NOKEY) {
        SPK_TRY(have);
    }
    SPK_TRY(spk_container_set(s->container, spec, pair));
    return spk_container_save_beside(s->container, spec, &nothing);
}

static int
tell_taken(const char *hint)
{
    term_say_error(NULL, _("the key container has such a key already"));
    term_say_hint(hint);
    return TERM_FAILED;
}

/* A pair that CryptoAPI programs may have, and Sparekey not. */
static int
import_beside(const struct blob_job *j, const struct spk_keyfile *k, enum spk_key_spec spec)
{
    SPK_AUTO(spk_container) c = NULL;
    spk_err e = spk_beside_put(j->s, spec, &k->key, j->force, &c);

    if (e.code == SPK_CODE_EXISTS) {
        return tell_taken(_("--container NAME imports into another one; --force replaces the key, "
                            "but never one of Sparekey's own"));
    }
    if (e.code == SPK_CODE_PASS) {
        term_say_error(NULL, _("the key container is under a passphrase, which could not protect a "
                               "key that only CryptoAPI programs use"));
        term_say_hint(_("--container NAME imports into another one"));
        return TERM_FAILED;
    }
    if (!spk_ok(e)) {
        return term_error(TERM_ABOUT_OWN, NULL, e, &j->s->trouble);
    }
    if (!j->c->quiet) {
        printf(k->key.ff != NULL
                   ? _("key pair imported into '%s', for CryptoAPI programs: Sparekey itself does "
                       "not use it\n")
                   : _("key pair imported into '%s', for CryptoAPI programs and 'sparekey blob': "
                       "no file "
                       "is sealed for it\n"),
               term_shown(spk_container_path(c)));
    }
    return term_flush(TERM_DONE);
}

static bool
has_beside(const struct blob_job *j, enum spk_key_spec spec)
{
    struct spk_keyder k = {.rsa = NULL};
    bool has = spk_beside_get(j->s, spec, false, &k).code != SPK_CODE_NOKEY;

    spk_keyder_clear(&k);
    return has;
}

static int
import_pair(const struct blob_job *j, const struct spk_keyfile *k)
{
    enum spk_key_spec spec = k->has_spec ? k->spec : j->spec;
    struct spk_rsa *have = NULL;
    spk_err e;

    if (k->rsa == NULL) {
        return import_beside(j, k, spec);
    }
    e = spk_session_pair(j->s, spec, &have);
    if ((spk_ok(e) || (e.code == SPK_CODE_NOKEY && has_beside(j, spec))) && !j->force) {
        return tell_taken(_("--container NAME imports into another one; --force replaces the key, "
                            "and what was sealed for it will not open any more"));
    }
    e = put_pair(j, spec, k->rsa, e);
    if (!spk_ok(e)) {
        return term_error(TERM_ABOUT_OWN, NULL, e, &j->s->trouble);
    }
    if (!j->c->quiet) {
        printf(_("key pair imported into '%s'\n"), term_shown(spk_container_path(j->s->container)));
    }
    return term_flush(TERM_DONE);
}

static int
show_ff(const struct spk_keyfile *k)
{
    printf(k->pair ? _("private key of %s, %zu bits\n") : _("public key of %s, %zu bits\n"),
           k->key.dsa ? "DSS" : "Diffie-Hellman", spk_ffkey_len(k->key.ff) * 8);
    return term_flush(TERM_DONE);
}

static int
show_public(const struct spk_keyfile *k)
{
    char hex[2 * SPK_HASH_LEN + 1] = "-";

    if (k->key.ff != NULL) {
        return show_ff(k);
    }
    if (k->rsa != NULL) {
        (void)spk_hex(spk_hash_span(spk_rsa_id(k->rsa)), hex);
    }
    printf(k->pair ? _("private key, %s, %zu bits, id %s\n")
                   : _("public key, %s, %zu bits, id %s\n"),
           !k->has_spec                  ? _("any use")
           : k->spec == SPK_AT_SIGNATURE ? _("signature")
                                         : _("key exchange"),
           spk_anyrsa_len(k->key.rsa) * 8, hex);
    return term_flush(TERM_DONE);
}

/* -- session keys -- */

static spk_err
open_for_us(const struct blob_job *j, struct spk_span blob, struct spk_rsa *pair,
            struct spk_secret **ret_key)
{
    struct spk_plainkey k;
    spk_err e;

    if (blob.ptr[0] == SPK_BLOB_SIMPLE) {
        e = spk_unwrap(blob, pair, j->v15 ? 0u : SPK_WRAP_OAEP, ret_key);
        SPK_CHECK(e.code != SPK_CODE_FORMAT, AUTH); /* the BLOB's, not the file's */
        return e;
    }
    SPK_CHECK(spk_ok(spk_plainkey_parse(blob, &k)) && k.alg == SPK_CALG_AES_256, AUTH);
    return spk_secret_from(k.key, ret_key);
}

/* A session key that somebody gave us becomes a slot of the file that it opens. */
static spk_err
add_slot(const struct blob_job *j, struct spk_span blob)
{
    SPK_AUTO_FD int fd = open(j->file, O_RDONLY | O_CLOEXEC);
    SPK_AUTO_BUF struct spk_buf own = SPK_BUF(SPK_SIMPLEBLOB_MAX);
    SPK_AUTO(spk_header) h = NULL;
    SPK_AUTO(spk_secret) key = NULL;
    const unsigned flags = SPK_WRAP_OAEP | SPK_WRAP_DERIVED;
    struct spk_slot slot = {.type = SPK_SLOT_USER, .flags = (uint16_t)flags};
    struct spk_rsa *pair = NULL;
    bool mac_ok = false;

    if (fd < 0) {
        return errno == ENOENT ? (spk_err){SPK_CODE_NOTFOUND, ENOENT} : spk_err_errno();
    }
    SPK_TRY(spk_header_read(fd, &h));
    SPK_TRY(spk_session_pair(j->s, SPK_AT_KEYEXCHANGE, &pair));
    SPK_TRY(open_for_us(j, blob, pair, &key));
    SPK_TRY(spk_header_open_key(h, key, &mac_ok));
    SPK_CHECK(mac_ok, AUTH);
    SPK_TRY(spk_wrap(key, pair, &spk_header_core(h)->id, flags, &own));
    slot.recipient = *spk_rsa_id(pair);
    slot.body = spk_buf_span(&own);
    SPK_TRY(spk_slots_put(spk_header_slots(h), &slot));
    return spk_sealed_replace_slots(AT_FDCWD, j->file, key, spk_header_slots(h));
}

static int
import_session_key(const struct blob_job *j, struct spk_span blob)
{
    spk_err e;

    if (j->file == NULL) {
        return term_usage(j->c,
                          _("--file FILE.spk is wanted: the sealed file that this key opens"));
    }
    e = add_slot(j, blob);
    if (e.code == SPK_CODE_AUTH || e.code == SPK_CODE_USAGE) {
        /* one sentence, whatever it was: BLOB, key or file */
        fprintf(stderr, _("%s: error: '%s' has no key for you that opens '%s'\n"), term_program,
                term_shown(j->path), term_shown(j->file));
        term_say_hint(_("it must be wrapped for your key exchange key; --v15 takes PKCS#1 v1.5"));
        return TERM_FAILED;
    }
    if (!spk_ok(e)) {
        return term_error(TERM_ABOUT_SEALED, j->file, e, &j->s->trouble);
    }
    if (!j->c->quiet) {
        printf(_("%s: opens with your key now\n"), term_shown(j->file));
    }
    return term_flush(TERM_DONE);
}

static bool
is_session_key(struct spk_span b)
{
    return b.len > 0 && (b.ptr[0] == SPK_BLOB_SIMPLE || b.ptr[0] == SPK_BLOB_PLAINTEXT ||
                         b.ptr[0] == SPK_BLOB_OPAQUE);
}

static bool
is_encrypted_pair(const struct blob_job *j, struct spk_span b)
{
    struct blob_kind k;

    return j->session != NULL && b.len > 0 && b.ptr[0] == SPK_BLOB_PRIVATE && blob_kind_of(b, &k) &&
           !k.readable;
}

int
blob_import(struct blob_job *j)
{
    SPK_AUTO_BUF struct spk_buf b = SPK_BUF(SPK_KEYFILE_MAX);
    struct spk_keyfile k = {.pair = false};
    spk_err e;
    int status;

    if (j->path == NULL) {
        return term_usage(j->c, _("which BLOB file?"));
    }
    e = spk_file_read(AT_FDCWD, j->path, &b);
    if (!spk_ok(e)) {
        return term_error(TERM_ABOUT_BLOB, j->path, e, NULL);
    }
    if (is_encrypted_pair(j, spk_buf_span(&b))) {
        status = blob_unlock(j, &b);
        if (status != TERM_GO_ON) {
            return status;
        }
    }
    if (blob_kind_refused(j->path, spk_buf_span(&b))) {
        return TERM_FAILED;
    }
    if (is_session_key(spk_buf_span(&b))) {
        return import_session_key(j, spk_buf_span(&b));
    }
    status = blob_key_of(j, j->path, spk_buf_span(&b), &k);
    if (status == TERM_GO_ON) {
        status = k.pair ? import_pair(j, &k) : show_public(&k);
    }
    spk_keyfile_clear(&k);
    return status;
}

/* -- what is it? -- */

static int
show_session_key(const struct blob_job *j, const struct spk_foreign_file *f)
{
    struct spk_simpleblob sb;
    struct spk_plainkey k;
    spk_err e;

    if (f->blob.ptr[0] != SPK_BLOB_SIMPLE) {
        e = spk_plainkey_parse(spk_buf_span(&f->blob), &k);
        if (spk_ok(e)) {
            printf(k.opaque ? _("OPAQUEKEYBLOB, a session key in the clear, %s, %zu bits, with its "
                                "mode, salt and IV\n")
                            : _("session key in the clear, %s, %zu bits\n"),
                   spk_alg_name(k.alg), k.key.len * 8);
            return term_flush(TERM_DONE);
        }
    } else {
        e = spk_anysimple_parse(spk_buf_span(&f->blob), &sb);
        if (spk_ok(e)) {
            printf(f->payload > 0 ? _("file of a CryptoAPI program: session key, %s, under an RSA "
                                      "key of %zu bits; then ciphertext\n")
                                  : _("session key, %s, under an RSA key of %zu bits\n"),
                   spk_alg_name(sb.alg), sb.cipher.len * 8);
            return term_flush(TERM_DONE);
        }
    }
    return term_error(TERM_ABOUT_BLOB, j->path, e, NULL);
}

/* One that is not read further; whatever is wrong with the file, the next to read it says. */
static bool
is_other_kind(const char *path, struct blob_kind *ret_k)
{
    SPK_AUTO_BUF struct spk_buf b = SPK_BUF(SPK_KEYFILE_MAX);

    return spk_ok(spk_file_read(AT_FDCWD, path, &b)) && blob_kind_of(spk_buf_span(&b), ret_k);
}

int
blob_show(struct blob_job *j)
{
    SPK_AUTO_FD int fd = j->path == NULL ? -1 : open(j->path, O_RDONLY | O_CLOEXEC);
    struct spk_foreign_file f = {.payload = 0};
    struct spk_keyfile k = {.pair = false};
    struct blob_kind other;
    int status;

    if (j->path == NULL) {
        return term_usage(j->c, _("which BLOB file?"));
    }
    if (is_other_kind(j->path, &other)) {
        return blob_kind_show(&other);
    }
    if (fd >= 0 && spk_ok(spk_foreign_file_read(fd, &f))) {
        status = show_session_key(j, &f);
        spk_foreign_file_clear(&f);
        return status;
    }
    status = blob_keyfile(j, j->path, &k);
    status = status == TERM_GO_ON ? show_public(&k) : status;
    spk_keyfile_clear(&k);
    return status;
}
