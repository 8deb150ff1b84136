/* SPDX-License-Identifier: Apache-2.0 */
/* sparekey decrypt */
#include <string.h>
#include <unistd.h>

#include "cli/commands.h"
#include "cli/folder.h"
#include "client/decrypt.h"

struct decrypt_opts {
    char *out;
    bool force;
};

static int
print_json(const char *in, const struct spk_decrypt_outcome *o)
{
    SPK_AUTO_BUF struct spk_buf b = SPK_BUF((size_t)65536);
    struct spk_jw w = {.b = &b};

    spk_jw_open(&w, NULL, '{');
    spk_jw_str(&w, "file", spk_span_str(in));
    spk_jw_str(&w, "output", spk_span_str(o->path));
    spk_jw_u64(&w, "bytes", o->bytes);
    spk_jw_close(&w, '}');
    return term_json_out(&w, &b);
}

static int
tell_error(const char *in, spk_err e, const struct spk_session *s,
           const struct spk_decrypt_outcome *o)
{
    if (o->output) {
        return term_error(TERM_ABOUT_OUTPUT, o->path != NULL ? o->path : _("standard output"), e,
                          NULL);
    }
    if (e.code == SPK_CODE_AUTH && o->bad_segment != UINT64_MAX) {
        fprintf(stderr, _("sparekey: error: '%s' was changed after it was sealed (segment %llu)\n"),
                term_shown(in), (unsigned long long)o->bad_segment);
        term_say_hint(_("get the file again from where it came"));
        return TERM_FAILED;
    }
    if (cli_is_folder(in, e)) {
        return cli_say_folder("decrypt", in);
    }
    if (e.code == SPK_CODE_USAGE && o->path == NULL && strcmp(in, "-") != 0) {
        return term_error(TERM_ABOUT_SEALED, in, e, NULL);
    }
    return term_error(TERM_ABOUT_SEALED, in, e, &s->trouble);
}

static void
tell_kept(const struct spk_session *s, const char *in, bool from_stdin)
{
    fprintf(stderr, _("sparekey: note: only the old key container '%s' opens '%s'\n"),
            term_shown(s->opened_by), term_shown(in));
    if (!from_stdin) {
        fprintf(stderr,
                _("sparekey: hint: 'sparekey recover %s' gives it a slot for your present key\n"),
                term_shown(in));
    }
}

static int
one_file(struct term *c, struct spk_session *s, const struct decrypt_opts *o, const char *in)
{
    bool from_stdin = strcmp(in, "-") == 0;
    const char *out = o->out == NULL && from_stdin ? "-" : o->out;
    struct term_progress pr;
    struct spk_decrypt_opts dopts = {.force = o->force};
    struct spk_decrypt_outcome done;
    int status = TERM_DONE;
    spk_err e;

    if (out != NULL && cli_same_file(in, out)) {
        term_json_failed(c, in, SPK_ERR(USAGE));
        term_say_error(in, _("is the sealed file itself: what is in it would replace it"));
        term_say_hint(_("-o names another"));
        return TERM_FAILED;
    }
    term_progress_begin(c, &pr, term_shown(in));
    dopts.progress = &pr.p;
    e = spk_decrypt_file(s, from_stdin ? NULL : in, out, &dopts, &done);
    term_progress_end(&pr);
    if (!spk_ok(e)) {
        if (out == NULL || strcmp(out, "-") != 0) { /* which has what was decrypted before it */
            term_json_failed(c, in, e);
        }
        status = tell_error(in, e, s, &done);
        if (out != NULL && strcmp(out, "-") == 0 && done.bad_segment > 0 &&
            done.bad_segment != UINT64_MAX) {
            term_say_warning(NULL, _("the beginning is on standard output already: do not use it"));
        }
    } else if (done.path != NULL && c->json) {
        status = print_json(in, &done);
    } else if (done.path != NULL && !c->quiet) {
        printf(_("%s: %s\n"), term_shown(done.path), term_size(done.bytes));
    }
    if (spk_ok(e) && s->opened_by != NULL) {
        tell_kept(s, in, from_stdin);
    }
    spk_decrypt_outcome_clear(&done);
    return status;
}

int
cmd_decrypt(struct term *c, int argc, char **argv)
{
    struct decrypt_opts o = {0};
    const struct term_opt opts[] = {
        {"output", 'o', TERM_TEXT, &o.out, "OUT", N_("write there; '-' is standard output")},
        {"force", 'f', TERM_FLAG, &o.force, NULL, N_("replace an existing target")},
    };
    SPK_AUTO(spk_session) s = NULL;
    int first = 0;
    int status = term_options(c, opts, sizeof(opts) / sizeof(opts[0]), argc, argv, &first);

    if (status != TERM_GO_ON) {
        return status;
    }
    if (first == argc) {
        return term_usage(c, _("which file? ('-' is standard input)"));
    }
    if (o.out != NULL && argc - first > 1) {
        return term_usage(c, _("-o names one output, so there can be one file only"));
    }
    if (c->json && o.out != NULL && strcmp(o.out, "-") == 0) {
        return term_usage(c, _("--json and '-o -' would both use standard output"));
    }
    status = term_session(c, &s);
    if (status != TERM_GO_ON) {
        return status;
    }
    status = TERM_DONE;
    for (int i = first; i < argc && !term_stop; i++) {
        int one = one_file(c, s, &o, argv[i]);

        status = one != TERM_DONE ? one : status;
    }
    return term_stop ? TERM_STOPPED : term_flush(status);
}
