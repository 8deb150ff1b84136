/* SPDX-License-Identifier: Apache-2.0 */
/* sparekey blob: keys from and for CryptoAPI programs. */
#include <string.h>

#include "cli/blob.h"

static const struct verb {
    const char *name;
    int (*run)(struct blob_job *j);
} verbs[] = {
    {"export", blob_export},   {"import", blob_import}, {"show", blob_show},
    {"deposit", blob_deposit}, {"list", blob_list},     {"renew", blob_renew},
    {"open", blob_open},
};

static bool
parse_spec(struct blob_job *j)
{
    static const struct {
        const char *word;
        enum spk_key_spec spec;
        bool ff;
    } specs[] = {{"keyx", SPK_AT_KEYEXCHANGE, false},
                 {"sign", SPK_AT_SIGNATURE, false},
                 {"dss", SPK_AT_SIGNATURE, true},
                 {"dh", SPK_AT_KEYEXCHANGE, true}};

    for (size_t i = 0; i < sizeof(specs) / sizeof(specs[0]); i++) {
        if (strcmp(j->spec_word != NULL ? j->spec_word : "keyx", specs[i].word) == 0) {
            j->spec = specs[i].spec;
            j->ff = specs[i].ff;
            return true;
        }
    }
    return false;
}

static int
parse_words(struct blob_job *j)
{
    j->form = SPK_FORM_BLOB;
    if (!parse_spec(j)) {
        return term_usage(j->c, _("--spec is keyx, sign, dss or dh"));
    }
    if (j->form_word != NULL && !spk_key_form_parse(j->form_word, &j->form)) {
        return term_usage(j->c, _("--form is blob, pem, der or pvk"));
    }
    if (j->v15 && j->oaep) {
        return term_usage(j->c, _("--v15 and --oaep exclude each other"));
    }
    return TERM_GO_ON;
}

static int
run(struct blob_job *j, const char *word)
{
    for (size_t i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++) {
        if (strcmp(verbs[i].name, word) == 0) {
            int status = parse_words(j);
            SPK_AUTO(spk_session) s = NULL;

            status = status == TERM_GO_ON ? term_session(j->c, &s) : status;
            if (status != TERM_GO_ON) {
                return status;
            }
            j->s = s;
            return verbs[i].run(j);
        }
    }
    return term_usage(j->c, _("'blob export', 'import', 'show', 'deposit', 'list', 'renew' or "
                              "'open'"));
}

int
cmd_blob(struct term *c, int argc, char **argv)
{
    struct blob_job j = {.c = c};
    const struct term_opt opts[] = {
        {"simple", 0, TERM_FLAG, &j.simple, NULL,
         N_("export: the session key of a file, under an RSA key")},
        {"plain", 0, TERM_FLAG, &j.plain, NULL, N_("export: the session key of a file, in clear")},
        {"wrapped", 0, TERM_FLAG, &j.wrapped, NULL,
         N_("export: the session key of a file, under the one of --session")},
        {"public", 0, TERM_FLAG, &j.public_key, NULL, N_("export: your public key")},
        {"private", 0, TERM_FLAG, &j.private_key, NULL, N_("export: your private key")},
        {"form", 0, TERM_TEXT, &j.form_word, "FORM",
         N_("of an exported key: blob (default), pem, der or pvk")},
        {"passphrase", 0, TERM_FLAG, &j.passphrase, NULL,
         N_("put a private key in PEM, DER or PVK under a passphrase")},
        {"spec", 0, TERM_TEXT, &j.spec_word, "WHICH",
         N_("keyx (default) or sign; dss or dh for keys of CryptoAPI programs")},
        {"to", 0, TERM_TEXT, &j.to, "KEY", N_("wrap a session key for this public key")},
        {"key", 0, TERM_TEXT, &j.key, "KEY",
         N_("open a session key with this private key instead of yours")},
        {"session", 0, TERM_TEXT, &j.session, "KEY",
         N_("the session key that a BLOB is under, or is put under")},
        {"v15", 0, TERM_FLAG, &j.v15, NULL,
         N_("PKCS#1 v1.5 instead of OAEP, with files of Sparekey")},
        {"oaep", 0, TERM_FLAG, &j.oaep, NULL,
         N_("OAEP instead of PKCS#1 v1.5, with files of other programs")},
        {"file", 0, TERM_TEXT, &j.file, "FILE.spk",
         N_("import: the sealed file that a session key opens")},
        {"serial", 0, TERM_TEXT, &j.serial, "NUMBER",
         N_("export: the session key with this serial number, of those that came back")},
        {"description", 0, TERM_TEXT, &j.description, "TEXT",
         N_("deposit: for the authority, in clear (default: the name)")},
        {"output", 'o', TERM_TEXT, &j.out, "OUT", N_("write there; '-' is standard output")},
        {"yes", 0, TERM_FLAG, &j.yes, NULL, N_("do not ask before a secret is written in clear")},
        {"force", 'f', TERM_FLAG, &j.force, NULL, N_("replace what is there")},
    };
    int first = 0;
    int status = term_options(c, opts, sizeof(opts) / sizeof(opts[0]), argc, argv, &first);

    if (status != TERM_GO_ON) {
        return status;
    }
    if (argc - first < 1 || argc - first > 2) {
        return term_usage(c, _("'blob export', 'import', 'show', 'deposit', 'list', 'renew' or "
                               "'open'"));
    }
    j.path = argc - first == 2 ? argv[first + 1] : NULL;
    return run(&j, argv[first]);
}
