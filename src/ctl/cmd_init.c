/* SPDX-License-Identifier: Apache-2.0 */
/* sparekeyctl init: an authority's folder, made whole beside its place and then renamed into it, so
 * that nothing half-made is ever there. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/text.h"
#include "ctl/draft.h"
#include "ctl/notes.h"
#include "ctl/site.h"
#include "ctl/tls.h"

#define ANSWER_MAX ((size_t)65536)

struct init_opts {
    char *name, *policy, *listen, *host, *enrolment, *bits, *cert, *key;
};
struct init {
    struct term *c;
    struct init_opts o;
    char *host; /* what people reach it by */
    struct ctl_note policy;
    struct spk_policy genesis;
    struct ctl_site tmp; /* where it is made */
};

static void
init_clear(struct init *in)
{
    spk_mem_free(in->host);
    ctl_note_clear(&in->policy);
    ctl_site_clear(&in->tmp);
}

static int
check_options(struct init *in)
{
    static const char *const modes[] = {"open", "token", "approval"};
    const struct term *c = in->c;
    uint64_t port = 0;
    bool mode = false;

    if (in->o.policy == NULL) {
        return term_usage(
            c, _("--policy FILE is wanted: the first policy, signed by all its officers"));
    }
    for (size_t i = 0; i < sizeof(modes) / sizeof(modes[0]); i++) {
        mode = mode || strcmp(in->o.enrolment, modes[i]) == 0;
    }
    if (!mode) {
        return term_usage(c, _("--enrolment is open, token or approval"));
    }
    if ((in->o.cert == NULL) != (in->o.key == NULL)) {
        return term_usage(c, _("--cert and --key go together"));
    }
    if (!spk_ok(ctl_listen_parse(in->o.listen, &in->host, &port))) {
        return term_usage(
            c, _("--listen looks like 127.0.0.1:8443 or [::]:8443; port 0 takes any free one"));
    }
    if (in->o.host == NULL && ctl_listen_any(in->host)) {
        return term_usage(
            c, _("--host is wanted: the name or address that people reach this machine by"));
    }
    if (in->o.host != NULL) {
        spk_mem_free(in->host);
        in->host = spk_strdup(in->o.host);
    }
    return in->host != NULL ? TERM_GO_ON : term_error(TERM_ABOUT_OWN, NULL, SPK_ERR(NOMEM), NULL);
}

static int
check_policy(struct init *in)
{
    int status = ctl_note_read(in->o.policy, &in->policy);

    if (status != TERM_GO_ON) {
        return status;
    }
    if (!spk_ok(spk_policy_verify_genesis(&in->policy.note, NULL, &in->genesis))) {
        term_say_error(in->o.policy,
                       _("is not a first policy that every officer in it has signed"));
        term_say_hint(_("'sparekeyctl policy check FILE' tells who is missing"));
        return TERM_FAILED;
    }
    return TERM_GO_ON;
}

/* Absent, or an empty folder. */
static int
check_place(const char *dir)
{
    DIR *list = opendir(dir);
    const struct dirent *entry = NULL;
    bool empty = true;

    if (list == NULL) {
        return errno == ENOENT ? TERM_GO_ON
                               : term_error(TERM_ABOUT_OUTPUT, dir, spk_err_errno(), NULL);
    }
    while ((entry = readdir(list)) != NULL) {
        empty = empty && (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0);
    }
    (void)closedir(list);
    if (!empty) {
        term_say_error(dir, _("is there already, and not empty; nothing was changed"));
        return TERM_FAILED;
    }
    return TERM_GO_ON;
}

static spk_err
make_folders(const char *dir, struct ctl_site *tmp)
{
    SPK_AUTO_BUF struct spk_buf b = SPK_BUF((size_t)8192);
    const char *name = NULL;
    size_t len = strlen(dir);

    while (len > 1 && dir[len - 1] == '/') {
        len--;
    }
    SPK_TRY(spk_buf_printf(&b, "%.*s.new-%ld", (int)len, dir, (long)getpid()));
    SPK_TRY(spk_buf_cstr(&b, &name));
    SPK_TRY(ctl_site_names(name, tmp));
    SPK_TRY(spk_mkdirs(tmp->dir, 0755));
    SPK_TRY(spk_mkdirs(tmp->holder, 0700));
    SPK_TRY(spk_mkdirs(tmp->authority, 0700));
    return spk_mkdirs(tmp->run, 0755);
}

/* Three folders with files in them and nothing deeper. */
static void
remove_folder(const char *dir)
{
    DIR *list = opendir(dir);
    const struct dirent *entry = NULL;

    while (list != NULL && (entry = readdir(list)) != NULL) {
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0) {
            (void)unlinkat(dirfd(list), entry->d_name, 0);
        }
    }
    if (list != NULL) {
        (void)closedir(list);
    }
    (void)rmdir(dir);
}

static void
throw_away(const struct ctl_site *tmp)
{
    if (tmp->socket != NULL) {
        remove_folder(tmp->holder);
        remove_folder(tmp->authority);
        remove_folder(tmp->run);
        (void)rmdir(tmp->dir);
    }
}

static spk_err
write_text(const struct ctl_site *tmp, const char *name, struct spk_span text, mode_t mode)
{
    SPK_AUTO_STR char *path = NULL;

    SPK_TRY(spk_path_join(tmp->authority, name, &path));
    return spk_file_write(AT_FDCWD, path, text, mode, false);
}

/* The holder makes its keys by itself, and tells what is public of them. */
static int
run_holder(const struct init *in, struct spk_buf *answer)
{
    SPK_AUTO_STR char *program = NULL;
    const char *argv[16] = {NULL};
    const char *const args[] = {"init",     "--dir",      in->tmp.holder, "--name",  in->o.name,
                                "--policy", in->o.policy, "--bits",       in->o.bits};
    size_t n = 1;
    spk_err e = ctl_program("sparekey-holder", &program);

    if (!spk_ok(e)) {
        return term_error(TERM_ABOUT_OWN, "sparekey-holder", e, NULL);
    }
    argv[0] = program;
    for (size_t i = 0; i < sizeof(args) / sizeof(args[0]); i++) {
        argv[n++] = args[i];
    }
    if (in->c->pass_fd != NULL) {
        argv[n++] = "--pass-fd";
        argv[n++] = in->c->pass_fd;
    }
    if (ctl_run(argv, answer) != 0) {
        term_say_error(program, _("could not make the authority's keys; why stands above"));
        return TERM_FAILED;
    }
    return TERM_GO_ON;
}

static spk_err
parse_holder(const struct init *in, struct spk_span answer, struct spk_authority *a)
{
    SPK_AUTO(spk_json) j = NULL;
    SPK_AUTO_BUF struct spk_buf spki = SPK_BUF((size_t)SPK_SPKI_MAX_LEN);
    struct spk_hash genesis;
    const char *vkey = NULL;

    SPK_TRY(spk_json_parse(answer, &j));
    SPK_TRY(spk_json_base64(j, "spki", &spki));
    SPK_TRY(spk_json_str(j, "vkey", &vkey));
    SPK_TRY(spk_json_hex(j, "genesis", genesis.b, sizeof(genesis.b)));
    SPK_CHECK(spk_hash_eq(&genesis, &in->genesis.hash), CHANGED);
    SPK_TRY(spk_vkey_parse(spk_span_str(vkey), &a->holder));
    return spk_rsa_from_spki(spk_buf_span(&spki), &a->key);
}

/* Of the certificate only its key matters, for clients pin that. */
static int
make_tls(const struct init *in, struct spk_authority *a)
{
    CTL_AUTO_TLS struct ctl_tls t = {.key = NULL};
    int status = ctl_tls_get(in->o.cert, in->o.key, in->host, &t);
    spk_err e;

    if (status != TERM_GO_ON) {
        return status;
    }
    a->tls = t.hash;
    e = write_text(&in->tmp, "tls.crt", spk_buf_span(&t.cert), 0644);
    e = spk_ok(e) ? write_text(&in->tmp, "tls.key", spk_secret_span(t.key), 0600) : e;
    return spk_ok(e) ? TERM_GO_ON : term_error(TERM_ABOUT_OUTPUT, in->tmp.authority, e, NULL);
}

static spk_err
write_conf(const struct init *in)
{
    SPK_AUTO_BUF struct spk_buf b = SPK_BUF((size_t)8192);
    SPK_AUTO_BUF struct spk_buf host = SPK_BUF((size_t)512);

    SPK_TRY(spk_buf_str(
        &b, "# The server of a backup authority; man sparekeyd.conf lists every key.\n"));
    SPK_TRY(spk_buf_printf(&b, "listen = %s\n", in->o.listen));
    SPK_TRY(spk_buf_printf(&b, "enrolment = %s\n", in->o.enrolment));
    SPK_TRY(
        spk_buf_str(&b, "store = sqlite\ndatabase = sparekey.db\nholder = ../run/holder.sock\n"));
    SPK_TRY(write_text(&in->tmp, "sparekeyd.conf", spk_buf_span(&b), 0644));
    SPK_TRY(spk_buf_printf(&host, "%s\n", in->host));
    return write_text(&in->tmp, "host", spk_buf_span(&host), 0644);
}

static spk_err
write_notes(const struct init *in, struct spk_authority *a)
{
    SPK_AUTO_BUF struct spk_buf text = SPK_BUF((size_t)SPK_NOTE_MAX);

    (void)snprintf(a->name, sizeof(a->name), "%s", in->o.name);
    a->epoch = 1;
    a->policy = in->genesis.hash;
    SPK_TRY(spk_authority_format(a, &text));
    SPK_TRY(spk_sha256(spk_buf_span(&text), &a->hash));
    SPK_TRY(write_text(&in->tmp, "statement-1.note", spk_buf_span(&text), 0644));
    return write_text(&in->tmp, "policy-1.note", spk_buf_span(&in->policy.raw), 0644);
}

static int
fill(const struct init *in, struct spk_authority *a)
{
    SPK_AUTO_BUF struct spk_buf answer = SPK_BUF(ANSWER_MAX);
    SPK_AUTO(spk_store) store = NULL;
    int status = run_holder(in, &answer);
    spk_err e;

    if (status != TERM_GO_ON) {
        return status;
    }
    e = parse_holder(in, spk_buf_span(&answer), a);
    if (!spk_ok(e)) {
        term_say_error("sparekey-holder",
                       _("answered something unexpected: is it of another version?"));
        return TERM_FAILED;
    }
    status = make_tls(in, a);
    if (status != TERM_GO_ON) {
        return status;
    }
    e = write_conf(in);
    e = spk_ok(e) ? write_notes(in, a) : e;
    if (!spk_ok(e)) {
        return term_error(TERM_ABOUT_OUTPUT, in->tmp.authority, e, NULL);
    }
    return ctl_site_store(&in->tmp, true, &store);
}

static int
make(struct init *in, const char *dir)
{
    struct spk_authority a = {0};
    char code[SPK_REQ_CODE_LEN];
    spk_err e = make_folders(dir, &in->tmp);
    int status = spk_ok(e) ? fill(in, &a) : term_error(TERM_ABOUT_OUTPUT, dir, e, NULL);

    if (status == TERM_GO_ON && term_stop) {
        status = TERM_STOPPED;
    }
    if (status == TERM_GO_ON && rename(in->tmp.dir, dir) != 0) {
        status = term_error(TERM_ABOUT_OUTPUT, dir, spk_err_errno(), NULL);
    }
    if (status != TERM_GO_ON) {
        throw_away(&in->tmp);
        spk_authority_clear(&a);
        return status;
    }
    e = spk_sync_parent(AT_FDCWD, dir);
    spk_authority_fingerprint(&a.hash, code);
    printf(_("made authority '%s' in '%s'\nkey           RSA-%zu, epoch 1\nfingerprint   %s\n"),
           in->o.name, term_shown(dir), spk_rsa_len(a.key) * 8, code);
    spk_authority_clear(&a);
    if (!in->c->quiet) {
        term_say_hint(_("'sparekeyctl start DIR' runs it; 'sparekeyctl address DIR' prints the "
                        "address for owners"));
    }
    return spk_ok(e) ? TERM_DONE : term_error(TERM_ABOUT_OUTPUT, dir, e, NULL);
}

static int
run(struct init *in, const char *dir)
{
    int status = check_options(in);

    status = status == TERM_GO_ON ? check_policy(in) : status;
    status = status == TERM_GO_ON ? check_place(dir) : status;
    return status == TERM_GO_ON ? make(in, dir) : status;
}

int
ctl_init(struct term *c, int argc, char **argv)
{
    static char default_name[] = "authority";
    static char default_bits[] = "3072";
    static char default_listen[] = "127.0.0.1:8443";
    static char default_mode[] = "open";
    struct init in = {.c = c,
                      .o = {.name = default_name,
                            .bits = default_bits,
                            .listen = default_listen,
                            .enrolment = default_mode}};
    const struct term_opt opts[] = {
        {"name", 0, TERM_TEXT, &in.o.name, "NAME", N_("the authority's name (default: authority)")},
        {"policy", 0, TERM_TEXT, &in.o.policy, "FILE",
         N_("the first policy, signed by every officer in it")},
        {"listen", 0, TERM_TEXT, &in.o.listen, "ADDR:PORT",
         N_("where to listen (default: 127.0.0.1:8443)")},
        {"host", 0, TERM_TEXT, &in.o.host, "HOST",
         N_("what people reach it by (default: the address of --listen)")},
        {"enrolment", 0, TERM_TEXT, &in.o.enrolment, "MODE",
         N_("open, token or approval (default: open)")},
        {"bits", 0, TERM_TEXT, &in.o.bits, "N",
         N_("of the authority's key: 2048, 3072 (default), 4096")},
        {"cert", 0, TERM_TEXT, &in.o.cert, "FILE",
         N_("a TLS certificate to use instead of a self-made one")},
        {"key", 0, TERM_TEXT, &in.o.key, "FILE", N_("its private key")},
    };
    int first = 0;
    int status = term_options(c, opts, sizeof(opts) / sizeof(opts[0]), argc, argv, &first);

    if (status != TERM_GO_ON) {
        return status;
    }
    if (argc - first != 1) {
        return term_usage(c, _("one folder is wanted"));
    }
    status = run(&in, argv[first]);
    init_clear(&in);
    return status;
}
