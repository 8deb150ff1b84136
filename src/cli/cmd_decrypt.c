/* SPDX-License-Identifier: Apache-2.0 */
/* sparekey decrypt */
#include <string.h>
#include <unistd.h>

#include "cli/commands.h"
#include "client/decrypt.h"

struct decrypt_opts {
    char *out;
    bool force;
};

static int
tell_error(const char *in, spk_err e, const struct spk_session *s,
           const struct spk_decrypt_outcome *o)
{
    if (o->output) {
        return cli_error(CLI_ABOUT_OUTPUT, o->path != NULL ? o->path : _("standard output"), e,
                         NULL);
    }
    if (e.code == SPK_CODE_AUTH && o->bad_segment != UINT64_MAX) {
        fprintf(stderr, _("sparekey: error: '%s' was changed after it was sealed (segment %llu)\n"),
                cli_shown(in), (unsigned long long)o->bad_segment);
        cli_say_hint(_("get the file again from where it came"));
        return CLI_FAILED;
    }
    if (e.code == SPK_CODE_USAGE && o->path == NULL && strcmp(in, "-") != 0) {
        return cli_error(CLI_ABOUT_SEALED, in, e, NULL);
    }
    return cli_error(CLI_ABOUT_SEALED, in, e, &s->trouble);
}

static int
one_file(struct cli *c, struct spk_session *s, const struct decrypt_opts *o, const char *in)
{
    bool from_stdin = strcmp(in, "-") == 0;
    const char *out = o->out == NULL && from_stdin ? "-" : o->out;
    struct cli_progress pr;
    struct spk_decrypt_opts dopts = {.force = o->force};
    struct spk_decrypt_outcome done;
    int status = CLI_DONE;
    spk_err e;

    cli_progress_begin(c, &pr, cli_shown(in));
    dopts.progress = &pr.p;
    e = spk_decrypt_file(s, from_stdin ? NULL : in, out, &dopts, &done);
    cli_progress_end(&pr);
    if (!spk_ok(e)) {
        status = tell_error(in, e, s, &done);
        if (out != NULL && strcmp(out, "-") == 0 && done.bad_segment > 0 &&
            done.bad_segment != UINT64_MAX) {
            cli_say_warning(NULL, _("the beginning is on standard output already: do not use it"));
        }
    } else if (done.path != NULL && !c->quiet) {
        printf(_("%s: %s\n"), cli_shown(done.path), cli_size(done.bytes));
    }
    spk_decrypt_outcome_clear(&done);
    return status;
}

int
cmd_decrypt(struct cli *c, int argc, char **argv)
{
    struct decrypt_opts o = {0};
    const struct cli_opt opts[] = {
        {"output", 'o', CLI_TEXT, &o.out, "OUT", N_("write there; '-' is standard output")},
        {"force", 'f', CLI_FLAG, &o.force, NULL, N_("replace an existing target")},
    };
    SPK_AUTO(spk_session) s = NULL;
    int first = 0;
    int status = cli_options(c, opts, sizeof(opts) / sizeof(opts[0]), argc, argv, &first);

    if (status != CLI_GO_ON) {
        return status;
    }
    if (first == argc) {
        return cli_usage(c, _("which file? ('-' is standard input)"));
    }
    if (o.out != NULL && argc - first > 1) {
        return cli_usage(c, _("-o names one output, so there can be one file only"));
    }
    status = cli_session(c, &s);
    if (status != CLI_GO_ON) {
        return status;
    }
    status = CLI_DONE;
    for (int i = first; i < argc && !cli_stop; i++) {
        int one = one_file(c, s, &o, argv[i]);

        status = one != CLI_DONE ? one : status;
    }
    return cli_stop ? CLI_STOPPED : cli_flush(status);
}
