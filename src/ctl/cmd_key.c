/* SPDX-License-Identifier: Apache-2.0 */
/* sparekeyctl key: the life of the authority's keys. What touches them is done by sparekey-holder,
 * while it does not serve; what officers do with their shares is done here. */
#include <fcntl.h>
#include <string.h>

#include "base/file.h"
#include "base/text.h"
#include "ctl/ask.h"
#include "ctl/notes.h"
#include "ctl/site.h"
#include "ctl/tls.h"
#include "wire/share.h"

#define ARGS_MAX 16

/* One run of the holder's own program: its words go where ours go. */
struct run {
    struct term *c;
    size_t n;
    const char *argv[ARGS_MAX];
};

static void
arg(struct run *r, const char *option, const char *value)
{
    if (value != NULL && r->n + 3 < ARGS_MAX) {
        r->argv[r->n++] = option;
        r->argv[r->n++] = value;
    }
}

static void
run_begin(struct run *r, struct term *c, const char *what, const char *dir)
{
    *r = (struct run){.c = c, .n = 3};
    r->argv[1] = "key";
    r->argv[2] = what;
    arg(r, "--dir", dir);
}

static int
run_holder(struct run *r, struct spk_buf *out)
{
    SPK_AUTO_STR char *program = NULL;
    spk_err e = ctl_program("sparekey-holder", &program);

    if (!spk_ok(e)) {
        return term_error(TERM_ABOUT_OWN, "sparekey-holder", e, NULL);
    }
    r->argv[0] = program;
    return ctl_run(r->argv, out) == 0 ? TERM_GO_ON : TERM_FAILED;
}

/* -- copy */

int
ctl_key_copy(struct term *c, int argc, char **argv)
{
    char *out = NULL;
    char *k = NULL;
    const struct term_opt opts[] = {
        {"out", 'o', TERM_TEXT, &out, "NEW", N_("the folder that the copy goes to")},
        {"any", 'k', TERM_TEXT, &k, "K",
         N_("so many officers open it together (default: the quorum)")},
    };
    CTL_AUTO_SITE struct ctl_site s = {0};
    struct run r;
    int first = 0;
    int status = term_options(c, opts, 2, argc, argv, &first);

    if (status != TERM_GO_ON) {
        return status;
    }
    if (argc - first != 1 || out == NULL) {
        return term_usage(c, _("one folder is wanted, and --out NEW"));
    }
    status = ctl_site_open(argv[first], &s);
    if (status != TERM_GO_ON) {
        return status;
    }
    run_begin(&r, c, "copy", s.holder);
    arg(&r, "--out", out);
    arg(&r, "--k", k);
    arg(&r, "--pass-fd", c->pass_fd);
    status = run_holder(&r, NULL);
    if (status == TERM_GO_ON && !c->quiet) {
        term_say_hint(
            _("give each officer his share-NAME.sks and nobody else's; keep copy.skc away "
              "from them"));
    }
    return status == TERM_GO_ON ? TERM_DONE : status;
}

/* -- restore */

static int
tell_restored(const struct term *c, const struct ctl_site *s, bool with_state)
{
    unsigned n = ctl_site_epochs(s), published = ctl_site_published(s);

    printf(ngettext("the key of %u epoch is back in '%s'\n",
                    "the keys of %u epochs are back in '%s'\n", n),
           n, term_shown(s->holder));
    if (n < published) {
        (void)term_flush(TERM_DONE);
        return ctl_site_lacks_keys(s, n, published);
    }
    if (!with_state) {
        term_say_warning(NULL,
                         _("this holder does not know what was denied or vetoed before: let the "
                           "officers look at every open request with that in mind"));
    }
    if (c->quiet) {
        return TERM_DONE;
    }
    term_say_hint(faccessat(AT_FDCWD, s->conf, F_OK, 0) == 0
                      ? _("'sparekeyctl start DIR' runs the authority again")
                      : _("put the backup of authority/ into the same folder; then 'sparekeyctl "
                          "start DIR' runs the authority again"));
    term_say_hint(_("no other holder with these keys may run: remove its folder"));
    return TERM_DONE;
}

int
ctl_key_restore(struct term *c, int argc, char **argv)
{
    char *copy = NULL;
    char *state = NULL;
    const struct term_opt opts[] = {
        {"copy", 0, TERM_TEXT, &copy, "FOLDER", N_("the sealed copy")},
        {"state", 0, TERM_TEXT, &state, "FOLDER",
         N_("an old holder's folder, whose journal still holds")},
    };
    CTL_AUTO_SITE struct ctl_site s = {0};
    struct run r;
    int first = 0;
    int status = term_options(c, opts, 2, argc, argv, &first);
    spk_err e;

    if (status != TERM_GO_ON) {
        return status;
    }
    if (argc - first != 1 || copy == NULL) {
        return term_usage(c, _("one folder is wanted, and --copy FOLDER"));
    }
    e = ctl_site_names(argv[first], &s);
    if (!spk_ok(e)) {
        return term_error(TERM_ABOUT_OWN, argv[first], e, NULL);
    }
    if (!c->quiet) {
        term_say_hint(
            _("give the officers the transport key, and read the code to them by telephone; each "
              "runs "
              "'sparekeyctl key share'; then type the names of the files that they send back"));
    }
    run_begin(&r, c, "restore", s.holder);
    arg(&r, "--copy", copy);
    arg(&r, "--state", state);
    arg(&r, "--new-pass-fd", c->pass_fd);
    status = run_holder(&r, NULL);
    return status == TERM_GO_ON ? tell_restored(c, &s, state != NULL) : status;
}

/* -- share: what an officer does for a restore */

/* A code of 20 letters as bytes: four letters more make them whole. */
static spk_err
code_bytes(struct spk_span text, uint8_t ret_bytes[15])
{
    SPK_AUTO_BUF struct spk_buf b = SPK_BUF((size_t)1024);

    SPK_TRY(spk_buf_add(&b, text));
    SPK_TRY(spk_buf_str(&b, "0000"));
    return spk_code_parse(spk_buf_span(&b), ret_bytes, 15);
}

static bool
code_fits(const void *want, struct spk_span typed)
{
    uint8_t a[15];
    uint8_t b[15];

    return spk_ok(code_bytes(spk_span_str(want), a)) && spk_ok(code_bytes(typed, b)) &&
           spk_ct_eq(a, b, sizeof(a));
}

/* The two ends compare by voice, so that a share is never sealed to a stranger's key. */
static int
ask_share_code(const struct term *c, const char *given, const struct spk_share *s,
               const uint8_t transport[32])
{
    char want[SPK_REQ_CODE_LEN];
    const struct ctl_code k = {
        .given = given,
        .question = _("code that the operator has read out to you: "),
        .missing = _("nothing was handed out: no code was typed"),
        .wrong = _("the code is not that of this transport key: it was exchanged on its way, or "
                   "belongs to another copy"),
        .wrong_hint = _("ask the operator at the machine to read key and code out once more; hand "
                        "nothing out"),
        .fits = code_fits,
        .ctx = want,
    };
    spk_err e = spk_transport_code(s->copy, transport, want);

    return spk_ok(e) ? ctl_ask_code(c, &k) : term_error(TERM_ABOUT_OWN, NULL, e, NULL);
}

static void
show_share(const struct spk_share *s)
{
    char hex[2 * SPK_HASH_LEN + 1];

    fprintf(stderr, _("share %u of %u, any %u open the copy\n"), s->x, s->n, s->k);
    fprintf(stderr, _("copy            %s\n"), spk_hex(SPK_SPAN_OF(s->copy), hex));
    fprintf(stderr, _("officer         %s\n"), term_shown(s->officer));
    fprintf(stderr, _("first policy    %s\n"), spk_hex(spk_hash_span(&s->genesis), hex));
}

struct share_opts {
    char *as, *transport, *code, *out;
};

static int
pass_on(const struct term *c, struct ctl_desk *d, const struct share_opts *o,
        const struct spk_buf *kept, const char *path)
{
    SPK_AUTO_BUF struct spk_buf file = SPK_BUF((size_t)SPK_SHARE_FILE_MAX);
    struct spk_share s;
    uint8_t transport[32];
    int status = TERM_GO_ON;
    spk_err e = spk_share_parse(spk_buf_span(kept), &s);

    if (!spk_ok(e) || s.kind != SPK_SHARE_KEPT) {
        term_say_error(path, _("is not a share that an officer keeps"));
        return TERM_FAILED;
    }
    if (!spk_ok(spk_hex_parse(spk_span_str(o->transport), transport, sizeof(transport)))) {
        term_say_error(o->transport, _("is not a transport key: it has 64 hex digits"));
        return TERM_USAGE;
    }
    show_share(&s);
    status = ask_share_code(c, o->code, &s, transport);
    if (status != TERM_GO_ON) {
        return status;
    }
    e = spk_share_pass_on(spk_buf_span(kept), d->me->seal, transport, &file);
    if (!spk_ok(e)) {
        term_say_error(path, e.code == SPK_CODE_NOKEY ? _("is the share of another identity")
                                                      : _("does not open: it was altered"));
        return TERM_FAILED;
    }
    e = spk_file_write(AT_FDCWD, o->out, spk_buf_span(&file), 0600, false);
    if (!spk_ok(e)) {
        return term_error(TERM_ABOUT_OUTPUT, o->out, e, NULL);
    }
    printf(_("send '%s' back to the operator: only that machine can open it\n"),
           term_shown(o->out));
    return TERM_DONE;
}

int
ctl_key_share(struct term *c, int argc, char **argv)
{
    struct share_opts o = {0};
    const struct term_opt opts[] = {
        {"as", 0, TERM_TEXT, &o.as, "NAME", N_("the identity that you act as")},
        {"transport", 0, TERM_TEXT, &o.transport, "KEY",
         N_("the transport key of the machine that restores")},
        {"code", 0, TERM_TEXT, &o.code, "CODE",
         N_("the code that belongs to it, instead of typing it when asked")},
        {"out", 'o', TERM_TEXT, &o.out, "FILE", N_("what goes back to the operator")},
    };
    CTL_AUTO_DESK struct ctl_desk d = {0};
    SPK_AUTO_BUF struct spk_buf kept = SPK_BUF((size_t)SPK_SHARE_FILE_MAX);
    int first = 0;
    int status = term_options(c, opts, sizeof(opts) / sizeof(opts[0]), argc, argv, &first);

    if (status != TERM_GO_ON) {
        return status;
    }
    if (argc - first != 1 || o.transport == NULL || o.out == NULL) {
        return term_usage(c, _("one share is wanted, --transport KEY and --out FILE"));
    }
    status = ctl_read_file(argv[first], &kept);
    status = status == TERM_GO_ON ? ctl_desk_open(&d) : status;
    status = status == TERM_GO_ON ? ctl_desk_identity(c, &d, o.as, true) : status;
    return status == TERM_GO_ON ? pass_on(c, &d, &o, &kept, argv[first]) : status;
}

/* -- rotate */

static int
rotate(struct run *r, const struct ctl_site *s, const char *out, const char *bits)
{
    SPK_AUTO_BUF struct spk_buf text = SPK_BUF((size_t)SPK_NOTE_MAX);
    SPK_AUTO_BUF struct spk_buf path = SPK_BUF((size_t)8192);
    const char *name = NULL;
    int status = TERM_GO_ON;
    spk_err e = ctl_site_statement_path(s, ctl_site_statements(s), &path, &name);

    if (!spk_ok(e)) {
        return term_error(TERM_ABOUT_OWN, s->authority, e, NULL);
    }
    run_begin(r, r->c, "rotate", s->holder);
    arg(r, "--statement", name);
    arg(r, "--bits", bits);
    arg(r, "--pass-fd", r->c->pass_fd);
    status = run_holder(r, &text);
    if (status != TERM_GO_ON) {
        return status;
    }
    e = spk_file_write(AT_FDCWD, out, spk_buf_span(&text), 0644, false);
    return spk_ok(e) ? TERM_GO_ON : term_error(TERM_ABOUT_OUTPUT, out, e, NULL);
}

int
ctl_key_rotate(struct term *c, int argc, char **argv)
{
    char *out = NULL;
    char *bits = NULL;
    char *cert = NULL;
    char *key = NULL;
    bool tls = false;
    const struct term_opt opts[] = {
        {"out", 'o', TERM_TEXT, &out, "FILE",
         N_("where the new statement goes, for the officers to sign")},
        {"bits", 0, TERM_TEXT, &bits, "N", N_("of the new key: 2048, 3072 (default), 4096")},
        {"tls", 0, TERM_FLAG, &tls, NULL, N_("a new TLS key only; the authority's key stays")},
        {"cert", 0, TERM_TEXT, &cert, "FILE",
         N_("with --tls: a certificate to use instead of a self-made one")},
        {"key", 0, TERM_TEXT, &key, "FILE", N_("its private key")},
    };
    CTL_AUTO_SITE struct ctl_site s = {0};
    struct run r = {.c = c};
    int first = 0;
    int status = term_options(c, opts, sizeof(opts) / sizeof(opts[0]), argc, argv, &first);

    if (status != TERM_GO_ON) {
        return status;
    }
    if (argc - first != 1 || out == NULL) {
        return term_usage(c, _("one folder is wanted, and --out FILE"));
    }
    if ((cert == NULL) != (key == NULL) || (cert != NULL && !tls) || (bits != NULL && tls)) {
        return term_usage(
            c, _("--tls goes with --cert and --key together, or alone; --bits without it"));
    }
    if (faccessat(AT_FDCWD, out, F_OK, 0) == 0) {
        return term_error(TERM_ABOUT_OUTPUT, out, SPK_ERR(EXISTS), NULL);
    }
    status = ctl_site_open(argv[first], &s);
    if (status == TERM_GO_ON) {
        status = tls ? ctl_tls_rotate(&s, cert, key, out) : rotate(&r, &s, out, bits);
    }
    if (status == TERM_GO_ON && !c->quiet) {
        term_say_hint(_("a quorum of officers signs it ('sparekeyctl policy sign FILE'), then "
                        "'sparekeyctl key publish DIR FILE' makes it known"));
    }
    return status == TERM_GO_ON ? TERM_DONE : status;
}
