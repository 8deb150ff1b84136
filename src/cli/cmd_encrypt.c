/* SPDX-License-Identifier: Apache-2.0 */
/* sparekey encrypt: files one by one. Folders are in encrypt_tree.c. */
#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/text.h"
#include "cli/commands.h"
#include "cli/encrypt_tree.h"
#include "cli/folder.h"

static int
set_policy(const struct term *c, struct spk_profile *p, const char *policy)
{
    if (policy == NULL) {
        return TERM_GO_ON;
    }
    if (strcmp(policy, "require") == 0) {
        p->deposit_policy = SPK_DEPOSIT_REQUIRE;
    } else if (strcmp(policy, "spool") == 0) {
        p->deposit_policy = SPK_DEPOSIT_SPOOL;
    } else if (strcmp(policy, "off") == 0) {
        p->deposit_policy = SPK_DEPOSIT_OFF;
    } else {
        return term_usage(c, _("--policy is require, spool or off"));
    }
    return TERM_GO_ON;
}

/* Loud on purpose: nobody should find out on the day his keys are gone. */
static void
warn_policy(const struct spk_profile *p)
{
    if (p->deposit_policy == SPK_DEPOSIT_OFF) {
        term_say_warning(NULL,
                         _("no deposit is made (policy off): when your keys are lost, what is "
                           "sealed now is lost"));
    }
}

static int
check_ready(const struct spk_profile *p)
{
    if (p->deposit_policy == SPK_DEPOSIT_OFF) {
        return TERM_GO_ON;
    }
    if (p->n_authorities == 0) {
        term_say_error(NULL, _("no authority is pinned, so no deposit can be made"));
        term_say_hint(_("'sparekey enroll ADDRESS' registers with one; --policy off seals without "
                        "any way back"));
        return TERM_FAILED;
    }
    if (!p->has_owner) {
        term_say_error(NULL, _("you are not registered as an owner"));
        term_say_hint(_("'sparekey init', then 'sparekey enroll ADDRESS'"));
        return TERM_FAILED;
    }
    if (spk_profile_needed(p) > p->n_authorities) {
        term_say_error(NULL, _("fewer authorities are pinned than 'need' in the configuration asks "
                               "for"));
        term_say_hint(_("'sparekey enroll ADDRESS' registers with one more; 'need' says how many "
                        "deposits a file must have"));
        return TERM_FAILED;
    }
    return TERM_GO_ON;
}

/* Which authority said no, one by one. */
void
cli_encrypt_failures(const char *file, const struct spk_encrypt_outcome *o)
{
    for (size_t i = 0; i < o->n; i++) {
        struct spk_trouble t = {
            .status = o->at[i].status, .replaced = o->at[i].replaced, .log = o->at[i].log};

        if (o->at[i].state != SPK_PARCEL_FAILED) {
            continue;
        }
        (void)snprintf(t.peer, sizeof(t.peer), "%s", o->at[i].name);
        (void)snprintf(t.said, sizeof(t.said), "%s", o->at[i].said);
        (void)term_error(TERM_ABOUT_PEER, file, o->at[i].err, &t);
    }
}

/* The same when enough of the others took it. */
void
cli_encrypt_missing(const char *file, const struct spk_encrypt_outcome *o)
{
    for (size_t i = 0; i < o->n; i++) {
        if (o->at[i].state == SPK_PARCEL_FAILED) {
            fprintf(stderr, _("sparekey: warning: '%s' is not deposited at %s: %s\n"),
                    term_shown(file), o->at[i].name, term_sentence(TERM_ABOUT_PEER, o->at[i].err));
        }
    }
}

static const char *
state_name(enum spk_parcel_state s)
{
    static const char *const names[] = {"new", "accepted", "spooled", "failed"};

    return names[s];
}

static void
json_deposits(struct spk_jw *w, const struct spk_encrypt_outcome *o)
{
    spk_jw_open(w, "deposits", '[');
    for (size_t i = 0; i < o->n; i++) {
        spk_jw_open(w, NULL, '{');
        spk_jw_cstr(w, "authority", o->at[i].name);
        spk_jw_cstr(w, "state", state_name(o->at[i].state));
        if (o->at[i].state == SPK_PARCEL_ACCEPTED) {
            spk_jw_u64(w, "index", o->at[i].index);
            spk_jw_bool(w, "receipt", o->at[i].receipt);
        } else if (o->at[i].state == SPK_PARCEL_FAILED) {
            spk_jw_cstr(w, "error", spk_code_name(o->at[i].err.code));
        }
        spk_jw_close(w, '}');
    }
    spk_jw_close(w, ']');
}

int
cli_encrypt_json(const char *in, const char *out, spk_err e, const struct spk_encrypt_outcome *o)
{
    SPK_AUTO_BUF struct spk_buf b = SPK_BUF((size_t)65536);
    struct spk_jw w = {.b = &b};

    spk_jw_open(&w, NULL, '{');
    spk_jw_str(&w, "file", spk_span_str(in));
    spk_jw_str(&w, "output", spk_span_str(out));
    if (spk_ok(e)) {
        spk_jw_hex(&w, "serial", SPK_SPAN_OF(o->id.b));
        spk_jw_u64(&w, "bytes", o->bytes);
    } else {
        spk_jw_cstr(&w, "error", spk_code_name(e.code));
    }
    json_deposits(&w, o);
    spk_jw_close(&w, '}');
    return term_json_out(&w, &b);
}

void
cli_encrypt_line(FILE *to, const char *out, const struct spk_encrypt_outcome *o)
{
    if (to == stderr) {
        fputs(_("sparekey: note: "), to);
    }
    fprintf(to, _("%s: %s sealed"), term_shown(out), term_size(o->bytes));
    for (size_t i = 0; i < o->n; i++) {
        if (o->at[i].state == SPK_PARCEL_ACCEPTED) {
            fprintf(to, _(", deposit %llu at %s"), (unsigned long long)o->at[i].index,
                    o->at[i].name);
        } else if (o->at[i].state == SPK_PARCEL_SPOOLED) {
            fprintf(to, _(", deposit for %s SPOOLED"), o->at[i].name);
        } else {
            fprintf(to, _(", NO deposit at %s"), o->at[i].name);
        }
    }
    if (o->n == 0) {
        fputs(_(", NOT DEPOSITED"), to);
    }
    fputc('\n', to);
}

static void
tell_no_receipt(const char *out, const struct spk_encrypt_outcome *o)
{
    for (size_t i = 0; i < o->n; i++) {
        if (o->at[i].no_receipt) {
            fprintf(
                stderr,
                _("sparekey: note: '%s' is deposited at %s, which gave no receipt yet: 'sparekey "
                  "sync' fetches it\n"),
                term_shown(out), o->at[i].name);
        }
    }
}

static void
tell_spooled(const char *out, const struct spk_encrypt_outcome *o)
{
    if (o->spooled > 0) {
        term_say_warning(out,
                         _("has its deposit in the spool: until it is sent, only this computer "
                           "could bring it back"));
        term_say_hint(_("'sparekey sync' sends it"));
    }
}

static int
tell_error(const char *in, const char *out, spk_err e, struct spk_session *s,
           const struct spk_encrypt_outcome *o)
{
    if (spk_sealing_failed(o)) {
        cli_encrypt_failures(in, o);
        if (s->profile->deposit_policy == SPK_DEPOSIT_SPOOL) {
            term_say_hint(_("nothing was written: the spool keeps only what may succeed later, "
                            "and this would be refused again"));
        } else {
            term_say_hint(_("nothing was written: policy require wants the deposit first; "
                            "--policy spool keeps it for later"));
        }
        return TERM_FAILED;
    }
    if (o->output) {
        return term_error(TERM_ABOUT_OUTPUT, strcmp(out, "-") == 0 ? _("standard output") : out, e,
                          NULL);
    }
    return term_error(TERM_ABOUT_INPUT, in, e, &s->trouble);
}

bool
spk_sealing_failed(const struct spk_encrypt_outcome *o)
{
    for (size_t i = 0; i < o->n; i++) {
        if (o->at[i].state == SPK_PARCEL_FAILED) {
            return true;
        }
    }
    return false;
}

static int
one_file(struct term *c, struct spk_session *s, const struct cli_encrypt_opts *co, const char *in,
         const char *out)
{
    struct term_progress pr;
    struct spk_encrypt_opts o = co->o;
    struct spk_encrypt_outcome done;
    bool to_stdout = strcmp(out, "-") == 0;
    spk_err e;

    term_progress_begin(c, &pr, term_shown(in));
    o.progress = &pr.p;
    e = spk_encrypt_file(s, strcmp(in, "-") == 0 ? NULL : in, to_stdout ? NULL : out, &o, &done);
    term_progress_end(&pr);
    if (c->json && !to_stdout && cli_encrypt_json(in, out, e, &done) != TERM_DONE) {
        return TERM_FAILED;
    }
    if (!spk_ok(e)) {
        return tell_error(in, out, e, s, &done);
    }
    if (!c->quiet && !c->json) {
        cli_encrypt_line(to_stdout ? stderr : stdout, out, &done);
    }
    cli_encrypt_missing(out, &done);
    tell_spooled(out, &done);
    tell_no_receipt(out, &done);
    return TERM_DONE;
}

/* What cannot be sealed to where it would go. */
static int
check_place(const struct term *c, const char *in, const char *out)
{
    struct stat st;

    if (strcmp(in, "-") == 0 || stat(in, &st) != 0) {
        return TERM_GO_ON;
    }
    if (S_ISDIR(st.st_mode)) {
        term_say_error(in, _("is a folder"));
        term_say_hint(_("'sparekey encrypt -r' seals the files in it"));
    } else if (out == NULL && !S_ISREG(st.st_mode)) {
        term_say_error(in, _("is a device, a FIFO or a socket: no sealed copy is put beside it"));
        term_say_hint(_("-o names the output"));
    } else if (out != NULL && cli_same_file(in, out)) {
        term_say_error(in, _("is the file itself: its sealed copy would replace it"));
        term_say_hint(_("-o names another"));
    } else {
        return TERM_GO_ON;
    }
    term_json_failed(c, in, SPK_ERR(USAGE));
    return TERM_FAILED;
}

static int
each_file(struct term *c, struct spk_session *s, const struct cli_encrypt_opts *o, char **files,
          int n)
{
    int status = TERM_DONE;

    for (int i = 0; i < n && !term_stop; i++) {
        SPK_AUTO_STR char *named = NULL;
        const char *out = o->out;
        int one = check_place(c, files[i], out);

        if (one != TERM_GO_ON) {
            status = one;
            continue;
        }
        if (out == NULL && strcmp(files[i], "-") == 0) {
            out = "-";
        } else if (out == NULL) {
            named = cli_sealed_name(files[i]);
            if (named == NULL) {
                return term_error(TERM_ABOUT_OUTPUT, files[i], SPK_ERR(NOMEM), NULL);
            }
            out = named;
        }
        one = one_file(c, s, o, files[i], out);
        status = one != TERM_DONE ? one : status;
    }
    return term_stop ? TERM_STOPPED : status;
}

static int
check_usage(const struct term *c, const struct cli_encrypt_opts *o, int n)
{
    if (n == 0) {
        return term_usage(c, _("which file? ('-' is standard input)"));
    }
    if (o->out != NULL && n > 1) {
        return term_usage(c, _("-o names one output, so there can be one file only"));
    }
    if (o->out != NULL && o->tree) {
        return term_usage(
            c, _("-o and -r do not go together: sealed files go beside their originals"));
    }
    if (o->all && !o->tree) {
        return term_usage(c, _("--all goes with -r; --force seals a single file anew"));
    }
    if (c->json && o->out != NULL && strcmp(o->out, "-") == 0) {
        return term_usage(c, _("--json and '-o -' would both use standard output"));
    }
    return TERM_GO_ON;
}

int
cmd_encrypt(struct term *c, int argc, char **argv)
{
    struct cli_encrypt_opts o = {0};
    char *policy = NULL;
    char *description = NULL;
    const struct term_opt opts[] = {
        {"recursive", 'r', TERM_FLAG, &o.tree, NULL,
         N_("take folders too, and seal all files in them")},
        {"output", 'o', TERM_TEXT, &o.out, "OUT", N_("write there; '-' is standard output")},
        {"force", 'f', TERM_FLAG, &o.o.force, NULL,
         N_("replace existing targets; with -r only where the original has changed since")},
        {"all", 0, TERM_FLAG, &o.all, NULL,
         N_("with -r: seal all files anew, those that have not changed too")},
        {"policy", 0, TERM_TEXT, &policy, "P",
         N_("require a deposit (default), spool it when it fails, or off")},
        {"description", 0, TERM_TEXT, &description, "TEXT",
         N_("what the authority keeps as description (default: the file's name)")},
        {"no-metadata", 0, TERM_FLAG, &o.o.no_metadata, NULL,
         N_("keep neither name nor mode nor time inside")},
    };
    SPK_AUTO(spk_session) s = NULL;
    int first = 0;
    int status = term_options(c, opts, sizeof(opts) / sizeof(opts[0]), argc, argv, &first);

    status = status == TERM_GO_ON ? check_usage(c, &o, argc - first) : status;
    status =
        status == TERM_GO_ON ? term_text("description", description, SPK_DESCRIPTION_MAX) : status;
    status = status == TERM_GO_ON ? term_session(c, &s) : status;
    status = status == TERM_GO_ON ? set_policy(c, s->profile, policy) : status;
    status = status == TERM_GO_ON ? check_ready(s->profile) : status;
    if (status != TERM_GO_ON) {
        return status;
    }
    o.o.description = description;
    warn_policy(s->profile);
    return o.tree ? cli_encrypt_trees(c, s, &o, argv + first, argc - first)
                  : each_file(c, s, &o, argv + first, argc - first);
}
