/* SPDX-License-Identifier: Apache-2.0 */
/* What the parts of `sparekey blob` share. */
#ifndef SPK_CLI_BLOB_H
#define SPK_CLI_BLOB_H

#include <sys/types.h>

#include "cli/commands.h"
#include "client/beside.h"
#include "client/foreign_file.h"
#include "client/keyfile.h"

struct blob_job {
    struct term *c;
    struct spk_session *s;
    const char *path;                                     /* the operand, or NULL */
    bool simple, plain, wrapped, public_key, private_key; /* export: what */
    bool v15, oaep, force, yes, passphrase;
    bool ff; /* --spec: a key of DSS or Diffie-Hellman */
    char *spec_word, *form_word, *out, *to, *file, *key, *description, *serial, *session;
    enum spk_key_spec spec;
    enum spk_key_form form;
};

int blob_export(struct blob_job *j);
int blob_import(struct blob_job *j);
int blob_show(struct blob_job *j);
int blob_deposit(struct blob_job *j);
int blob_list(struct blob_job *j);
int blob_renew(struct blob_job *j);
int blob_open(struct blob_job *j);

/* -- blob_kind.c -- */
#define BLOB_WHAT_MAX 256
struct blob_kind {
    char what[BLOB_WHAT_MAX];
    const char *hint; /* what opens it, where it can be used */
    bool readable;    /* all of the key stands in it, in the clear */
};
/** A BLOB that Sparekey itself does not use: of DSS or Diffie-Hellman, under a session key, or
 * opaque. False: none of these. */
bool blob_kind_of(struct spk_span b, struct blob_kind *ret_k);
/** Says that it is one of these, and cannot be read; false: it is none, or it can. */
bool blob_kind_refused(const char *path, struct spk_span b);
int blob_kind_show(const struct blob_kind *k);

/* -- blob_session.c -- */
/** A PRIVATEKEYBLOB, decrypted or encrypted in its place with the session key of --session. */
int blob_unlock(const struct blob_job *j, struct spk_buf *b);
int blob_lock(const struct blob_job *j, struct spk_buf *b);
bool blob_is_wrapped(struct spk_span b);
/** The session key of a SYMMETRICWRAPKEYBLOB as key BLOB in the clear, and back. */
int blob_unwrap(const struct blob_job *j, struct spk_span wrapped, struct spk_secret **ret_plain);
int blob_wrap(const struct blob_job *j, struct spk_span plain, struct spk_buf *out);

/* -- blob_file.c -- */
/** To -o, or standard output unless that is a terminal. */
int blob_write(const struct blob_job *j, struct spk_span s, mode_t mode);
/** Ask before a secret is written readable; TERM_GO_ON, or the status to end with. */
int blob_confirm(const struct blob_job *j, const char *question);
/** A file of keys; tells what is wrong with it. */
int blob_keyfile(const struct blob_job *j, const char *path, struct spk_keyfile *ret_k);
/** The same of bytes that were read from it. */
int blob_key_of(const struct blob_job *j, const char *path, struct spk_span bytes,
                struct spk_keyfile *ret_k);
/** Says that a PVK file needs an algorithm that this OpenSSL has not. */
int blob_no_rc4(const char *path);
/** The RSA key that a session key goes to: --to, or our own. */
int blob_target(const struct blob_job *j, struct spk_anyrsa **ret_pub);
/** A file of another program, and the session key in it (key BLOB in the clear): what a recovery
 * has brought back for it, else by --key or our own key exchange key. */
int blob_foreign(const struct blob_job *j, int *ret_fd, struct spk_foreign_file *ret_f,
                 struct spk_secret **ret_key);

#endif
