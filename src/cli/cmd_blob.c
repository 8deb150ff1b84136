/* SPDX-License-Identifier: Apache-2.0 */
/* sparekey blob: key BLOBs from and for CryptoAPI programs. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/text.h"
#include "cli/commands.h"
#include "client/decrypt.h"

#define BLOB_FILE_MAX ((size_t)8192)

struct blob_opts {
    bool simple, public_key, private_key, v15, force, yes;
    char *spec, *out, *to, *file;
};

static int
write_out(const struct blob_opts *o, struct spk_span s, mode_t mode)
{
    spk_err e;

    if (o->out == NULL || strcmp(o->out, "-") == 0) {
        if (isatty(STDOUT_FILENO) == 1) {
            term_say_error(NULL, _("a BLOB is binary and would spoil the terminal"));
            term_say_hint(_("-o FILE writes it to a file"));
            return TERM_USAGE;
        }
        return fwrite(s.ptr, 1, s.len, stdout) == s.len ? term_flush(TERM_DONE) : TERM_FAILED;
    }
    e = spk_file_write(AT_FDCWD, o->out, s, mode, o->force);
    return spk_ok(e) ? TERM_DONE : term_error(TERM_ABOUT_OUTPUT, o->out, e, NULL);
}

static int
parse_spec(const struct term *c, const struct blob_opts *o, enum spk_key_spec *ret_spec)
{
    *ret_spec = SPK_AT_KEYEXCHANGE;
    if (o->spec == NULL || strcmp(o->spec, "keyx") == 0) {
        return TERM_GO_ON;
    }
    if (strcmp(o->spec, "sign") == 0) {
        *ret_spec = SPK_AT_SIGNATURE;
        return TERM_GO_ON;
    }
    return term_usage(c, _("--spec is keyx or sign"));
}

/* -- export -- */

static int
export_public(const struct blob_opts *o, struct spk_session *s, enum spk_key_spec spec)
{
    SPK_AUTO_BUF struct spk_buf b = SPK_BUF((size_t)SPK_PUBBLOB_MAX);
    struct spk_rsa *key = NULL;
    spk_err e = spk_session_key(s, spec, &key);

    e = spk_ok(e) ? spk_pubblob_build(key, spec, &b) : e;
    return spk_ok(e) ? write_out(o, spk_buf_span(&b), 0644)
                     : term_error(TERM_ABOUT_OWN, NULL, e, &s->trouble);
}

static int
export_private(const struct blob_opts *o, struct spk_session *s, enum spk_key_spec spec)
{
    SPK_AUTO(spk_secret) blob = NULL;
    struct spk_rsa *pair = NULL;
    spk_err e;

    if (!o->yes && !term_confirm(_("this writes your private key, readable for whoever gets the "
                                   "file; type 'yes' to do it: "))) {
        term_say_error(NULL, _("not confirmed: nothing was written"));
        term_say_hint(_("without a terminal, --yes confirms"));
        return TERM_FAILED;
    }
    e = spk_session_pair(s, spec, &pair);
    e = spk_ok(e) ? spk_privblob_build(pair, spec, &blob) : e;
    return spk_ok(e) ? write_out(o, spk_secret_span(blob), 0600)
                     : term_error(TERM_ABOUT_OWN, NULL, e, &s->trouble);
}

static spk_err
read_blob(const char *path, struct spk_buf *b)
{
    return spk_file_read(AT_FDCWD, path, b);
}

/* The public key that a session key goes to: one given as PUBLICKEYBLOB, or our own. */
static spk_err
target_key(const struct blob_opts *o, struct spk_session *s, struct spk_rsa **ret_key)
{
    SPK_AUTO_BUF struct spk_buf b = SPK_BUF(BLOB_FILE_MAX);
    enum spk_key_spec spec = SPK_AT_KEYEXCHANGE;
    struct spk_rsa *own = NULL;

    if (o->to != NULL) {
        SPK_TRY(read_blob(o->to, &b));
        SPK_TRY(spk_pubblob_parse(spk_buf_span(&b), &spec, ret_key));
        return SPK_OK;
    }
    SPK_TRY(spk_session_key(s, SPK_AT_KEYEXCHANGE, &own));
    *ret_key = spk_rsa_ref(own);
    return SPK_OK;
}

static spk_err
open_key(struct spk_session *s, const char *path, struct spk_header **ret_h,
         struct spk_secret **ret_key)
{
    SPK_AUTO_FD int fd = open(path, O_RDONLY | O_CLOEXEC);

    if (fd < 0) {
        return errno == ENOENT ? (spk_err){SPK_CODE_NOTFOUND, ENOENT} : spk_err_errno();
    }
    SPK_TRY(spk_header_read(fd, ret_h));
    return spk_unlock_header(s, *ret_h, ret_key);
}

static int
export_simple(const struct term *c, const struct blob_opts *o, struct spk_session *s,
              const char *path)
{
    SPK_AUTO_BUF struct spk_buf b = SPK_BUF(SPK_SIMPLEBLOB_MAX);
    SPK_AUTO(spk_header) h = NULL;
    SPK_AUTO(spk_secret) key = NULL;
    SPK_AUTO(spk_rsa) pub = NULL;
    spk_err e;

    if (path == NULL) {
        return term_usage(c, _("which sealed file? its session key is exported"));
    }
    e = target_key(o, s, &pub);
    if (!spk_ok(e)) {
        return term_error(o->to != NULL ? TERM_ABOUT_BLOB : TERM_ABOUT_OWN, o->to, e, &s->trouble);
    }
    e = open_key(s, path, &h, &key);
    /* random padding: derived padding is for deposits and slots alone */
    e = spk_ok(e) ? spk_wrap(key, pub, NULL, o->v15 ? 0u : SPK_WRAP_OAEP, &b) : e;
    return spk_ok(e) ? write_out(o, spk_buf_span(&b), 0600)
                     : term_error(TERM_ABOUT_SEALED, path, e, &s->trouble);
}

static int
run_export(const struct term *c, const struct blob_opts *o, struct spk_session *s, const char *path)
{
    enum spk_key_spec spec = SPK_AT_KEYEXCHANGE;
    int status = parse_spec(c, o, &spec);

    if (status != TERM_GO_ON) {
        return status;
    }
    if (o->simple + o->public_key + o->private_key != 1) {
        return term_usage(c, _("one of --simple, --public, --private is wanted"));
    }
    if (o->public_key) {
        return export_public(o, s, spec);
    }
    return o->private_key ? export_private(o, s, spec) : export_simple(c, o, s, path);
}

/* -- import -- */

static int
import_private(const struct term *c, const struct blob_opts *o, struct spk_session *s,
               const char *path, struct spk_span blob)
{
    SPK_AUTO(spk_rsa) pair = NULL;
    struct spk_rsa *have = NULL;
    enum spk_key_spec spec = SPK_AT_KEYEXCHANGE;
    spk_err e = spk_privblob_parse(blob, &spec, &pair);

    if (!spk_ok(e)) {
        return term_error(TERM_ABOUT_BLOB, path, e, NULL);
    }
    e = spk_session_pair(s, spec, &have);
    if (spk_ok(e) && !o->force) {
        term_say_error(NULL, _("the key container has such a key already"));
        term_say_hint(_("--container NAME imports into another one; --force replaces the key, and "
                        "what was sealed for it will not open any more"));
        return TERM_FAILED;
    }
    if (e.code == SPK_CODE_NOKEY && s->container == NULL) {
        e = s->keystore == NULL ? spk_keystore_user(&s->keystore) : SPK_OK;
        e = spk_ok(e) ? spk_container_create(s->keystore, s->profile->container, &s->container) : e;
    } else if (e.code == SPK_CODE_NOKEY) {
        e = SPK_OK;
    }
    e = spk_ok(e) ? spk_container_set(s->container, spec, pair) : e;
    e = spk_ok(e) ? spk_container_save(s->container) : e;
    if (!spk_ok(e)) {
        return term_error(TERM_ABOUT_OWN, NULL, e, &s->trouble);
    }
    if (!c->quiet) {
        printf(_("key pair imported into '%s'\n"), term_shown(spk_container_path(s->container)));
    }
    return term_flush(TERM_DONE);
}

static int
show_public(const char *path, struct spk_span blob)
{
    SPK_AUTO(spk_rsa) key = NULL;
    enum spk_key_spec spec = SPK_AT_KEYEXCHANGE;
    char hex[2 * SPK_HASH_LEN + 1];
    spk_err e = spk_pubblob_parse(blob, &spec, &key);

    if (!spk_ok(e)) {
        return term_error(TERM_ABOUT_BLOB, path, e, NULL);
    }
    printf(_("public key, %s, %zu bits, id %s\n"),
           spec == SPK_AT_SIGNATURE ? _("signature") : _("key exchange"), spk_rsa_len(key) * 8,
           spk_hex(spk_hash_span(spk_rsa_id(key)), hex));
    return term_flush(TERM_DONE);
}

/* A session key that somebody wrapped for us becomes a slot of the file that it opens. */
static spk_err
add_slot(struct spk_session *s, const struct blob_opts *o, struct spk_span blob)
{
    SPK_AUTO_FD int fd = open(o->file, O_RDONLY | O_CLOEXEC);
    SPK_AUTO_BUF struct spk_buf own = SPK_BUF(SPK_SIMPLEBLOB_MAX);
    SPK_AUTO(spk_header) h = NULL;
    SPK_AUTO(spk_secret) key = NULL;
    const unsigned flags = SPK_WRAP_OAEP | SPK_WRAP_DERIVED;
    struct spk_slot slot = {.type = SPK_SLOT_USER, .flags = (uint16_t)flags};
    struct spk_rsa *pair = NULL;
    bool mac_ok = false;
    spk_err e;

    if (fd < 0) {
        return errno == ENOENT ? (spk_err){SPK_CODE_NOTFOUND, ENOENT} : spk_err_errno();
    }
    SPK_TRY(spk_header_read(fd, &h));
    SPK_TRY(spk_session_pair(s, SPK_AT_KEYEXCHANGE, &pair));
    e = spk_unwrap(blob, pair, o->v15 ? 0u : SPK_WRAP_OAEP, &key);
    SPK_CHECK(e.code != SPK_CODE_FORMAT, AUTH); /* the BLOB's, not the file's */
    SPK_TRY(e);
    SPK_TRY(spk_header_open_key(h, key, &mac_ok));
    SPK_CHECK(mac_ok, AUTH);
    SPK_TRY(spk_wrap(key, pair, &spk_header_core(h)->id, flags, &own));
    slot.recipient = *spk_rsa_id(pair);
    slot.body = spk_buf_span(&own);
    SPK_TRY(spk_slots_put(spk_header_slots(h), &slot));
    return spk_sealed_replace_slots(AT_FDCWD, o->file, key, spk_header_slots(h));
}

static int
import_simple(const struct term *c, const struct blob_opts *o, struct spk_session *s,
              const char *path, struct spk_span blob)
{
    spk_err e;

    if (o->file == NULL) {
        return term_usage(c, _("--file FILE.spk is wanted: the sealed file that this key opens"));
    }
    e = add_slot(s, o, blob);
    if (e.code == SPK_CODE_AUTH || e.code == SPK_CODE_USAGE) {
        /* one sentence, whatever it was: BLOB, key or file */
        fprintf(stderr, _("%s: error: '%s' has no key for you that opens '%s'\n"), term_program,
                term_shown(path), term_shown(o->file));
        term_say_hint(_("it must be wrapped for your key exchange key; --v15 takes PKCS#1 v1.5"));
        return TERM_FAILED;
    }
    if (!spk_ok(e)) {
        return term_error(TERM_ABOUT_SEALED, o->file, e, &s->trouble);
    }
    if (!c->quiet) {
        printf(_("%s: opens with your key now\n"), term_shown(o->file));
    }
    return term_flush(TERM_DONE);
}

static int
run_import(const struct term *c, const struct blob_opts *o, struct spk_session *s, const char *path)
{
    SPK_AUTO_BUF struct spk_buf b = SPK_BUF(BLOB_FILE_MAX);
    spk_err e;

    if (path == NULL) {
        return term_usage(c, _("which BLOB file?"));
    }
    e = read_blob(path, &b);
    if (!spk_ok(e)) {
        return term_error(TERM_ABOUT_BLOB, path, e, NULL);
    }
    switch (b.len > 0 ? b.ptr[0] : 0) {
    case SPK_BLOB_PRIVATE:
        return import_private(c, o, s, path, spk_buf_span(&b));
    case SPK_BLOB_PUBLIC:
        return show_public(path, spk_buf_span(&b));
    case SPK_BLOB_SIMPLE:
        return import_simple(c, o, s, path, spk_buf_span(&b));
    default:
        return term_error(TERM_ABOUT_BLOB, path, SPK_ERR(FORMAT), NULL);
    }
}

int
cmd_blob(struct term *c, int argc, char **argv)
{
    struct blob_opts o = {0};
    const struct term_opt opts[] = {
        {"simple", 0, TERM_FLAG, &o.simple, NULL, N_("export: the session key of a sealed file")},
        {"public", 0, TERM_FLAG, &o.public_key, NULL, N_("export: your public key")},
        {"private", 0, TERM_FLAG, &o.private_key, NULL, N_("export: your private key, in clear")},
        {"spec", 0, TERM_TEXT, &o.spec, "WHICH", N_("keyx (default) or sign")},
        {"to", 0, TERM_TEXT, &o.to, "BLOB", N_("with --simple: wrap under this PUBLICKEYBLOB")},
        {"v15", 0, TERM_FLAG, &o.v15, NULL, N_("PKCS#1 v1.5 instead of OAEP, for old programs")},
        {"file", 0, TERM_TEXT, &o.file, "FILE.spk", N_("import: the file that a SIMPLEBLOB opens")},
        {"output", 'o', TERM_TEXT, &o.out, "OUT", N_("write there; '-' is standard output")},
        {"yes", 0, TERM_FLAG, &o.yes, NULL, N_("do not ask before a private key is written")},
        {"force", 'f', TERM_FLAG, &o.force, NULL, N_("replace what is there")},
    };
    SPK_AUTO(spk_session) s = NULL;
    int first = 0;
    int status = term_options(c, opts, sizeof(opts) / sizeof(opts[0]), argc, argv, &first);
    const char *path = NULL;

    if (status != TERM_GO_ON) {
        return status;
    }
    if (argc - first < 1 || argc - first > 2) {
        return term_usage(c, _("'blob export …' or 'blob import FILE'"));
    }
    path = argc - first == 2 ? argv[first + 1] : NULL;
    status = term_session(c, &s);
    if (status != TERM_GO_ON) {
        return status;
    }
    if (strcmp(argv[first], "export") == 0) {
        return run_export(c, &o, s, path);
    }
    if (strcmp(argv[first], "import") == 0) {
        return run_import(c, &o, s, path);
    }
    return term_usage(c, _("'blob export …' or 'blob import FILE'"));
}
