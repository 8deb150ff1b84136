/* SPDX-License-Identifier: Apache-2.0 */
/* sparekey verify: can it come back? */
#include <string.h>

#include "base/clock.h"
#include "base/text.h"
#include "cli/commands.h"
#include "cli/folder.h"
#include "cli/verify_tree.h"

static const char *
verdict_text(enum spk_verdict v)
{
    switch (v) {
    case SPK_VERDICT_PROVEN:
        return _("proven");
    case SPK_VERDICT_ACCEPTED:
        return _("accepted");
    case SPK_VERDICT_SPOOLED:
        return _("spooled");
    case SPK_VERDICT_NOT_DEPOSITED:
        return _("NOT DEPOSITED");
    case SPK_VERDICT_BROKEN:
        return _("broken");
    }
    return "?";
}

static int
verdict_status(enum spk_verdict v)
{
    return spk_verdict_is_good(v)    ? TERM_DONE
           : v == SPK_VERDICT_BROKEN ? TERM_FAILED
                                     : TERM_UNRECOVERABLE;
}

/* Nobody here can tell whether there is such a deposit: no key, and no authority that is known. */
static bool
only_claims(const struct spk_verify *v)
{
    for (size_t i = 0; i < v->n; i++) {
        if (v->at[i].name[0] != '\0') {
            return false;
        }
    }
    return !v->opened && spk_verdict_is_good(v->verdict);
}

static void
json_receipt(struct spk_jw *w, const struct spk_verify_at *at)
{
    if (!at->has_logs || at->receipt_fault != SPK_LOG_FAULT_NONE) {
        spk_jw_null(w, "receipt");
        if (at->has_logs) {
            spk_jw_cstr(w, "receipt_error", spk_log_fault_name(at->receipt_fault));
        }
        return;
    }
    spk_jw_open(w, "receipt", '{');
    spk_jw_u64(w, "index", at->receipt.index);
    spk_jw_u64(w, "size", at->receipt.size);
    spk_jw_cstr(w, "origin", at->receipt.origin);
    spk_jw_u64(w, "time", at->receipt.rpub.time_ms);
    spk_jw_u64(w, "witnesses", at->receipt.witnesses);
    spk_jw_close(w, '}');
}

static int
print_json(const char *path, const struct spk_verify *v)
{
    SPK_AUTO_BUF struct spk_buf b = SPK_BUF((size_t)65536);
    struct spk_jw w = {.b = &b};

    spk_jw_open(&w, NULL, '{');
    spk_jw_str(&w, "file", spk_span_str(path));
    spk_jw_cstr(&w, "verdict", spk_verdict_name(v->verdict));
    spk_jw_hex(&w, "serial", SPK_SPAN_OF(v->id.b));
    spk_jw_bool(&w, "opened", v->opened);
    spk_jw_bool(&w, "unchecked", only_claims(v));
    if (v->opened_by != NULL) {
        spk_jw_cstr(&w, "opened_by", v->opened_by);
    } else {
        spk_jw_null(&w, "opened_by");
    }
    if (!spk_ok(v->why)) {
        spk_jw_cstr(&w, "error", spk_code_name(v->why.code));
    }
    spk_jw_u64(&w, "needed", v->needed);
    spk_jw_open(&w, "authorities", '[');
    for (size_t i = 0; i < v->n; i++) {
        const struct spk_verify_at *at = &v->at[i];

        spk_jw_open(&w, NULL, '{');
        spk_jw_hex(&w, "key", spk_hash_span(&at->key));
        spk_jw_cstr(&w, "name", at->name);
        spk_jw_cstr(&w, "verdict", spk_verdict_name(at->verdict));
        spk_jw_bool(&w, "proven", at->proven);
        spk_jw_bool(&w, "file_alone", at->alone);
        spk_jw_bool(&w, "confirmed", at->confirmed);
        if (at->opened_at != 0) {
            spk_jw_u64(&w, "holder_opened", at->opened_at);
        }
        if (spk_verdict_is_good(at->verdict)) {
            spk_jw_u64(&w, "index", at->index);
            spk_jw_u64(&w, "time", at->time_ms);
        }
        if (!spk_ok(at->asked)) {
            spk_jw_cstr(&w, "online_error", spk_code_name(at->asked.code));
        }
        json_receipt(&w, at);
        spk_jw_close(&w, '}');
    }
    spk_jw_close(&w, ']');
    spk_jw_close(&w, '}');
    return term_json_out(&w, &b);
}

static bool
has_receipt(const struct spk_verify_at *at)
{
    return at->has_logs && at->receipt_fault == SPK_LOG_FAULT_NONE;
}

static void
print_receipt(const struct spk_verify_at *at, const struct spk_witnesses *w)
{
    if (has_receipt(at)) {
        printf(_("; its receipt is good: entry %llu of %llu"),
               (unsigned long long)at->receipt.index, (unsigned long long)at->receipt.size);
        if (w->n > 0) {
            printf(_(", signed by %zu of %zu witnesses"), at->receipt.witnesses, w->n);
        }
    } else if (at->has_logs && at->receipt_fault != SPK_LOG_FAULT_MISSING) {
        printf("; %s", term_log_words(at->receipt_fault));
    } else if (at->has_logs && at->verdict == SPK_VERDICT_ACCEPTED) {
        fputs(_("; there is no receipt yet: 'sparekey sync' with its name fetches it"), stdout);
    } else if (at->name[0] != '\0' && at->verdict == SPK_VERDICT_ACCEPTED) {
        fputs(_("; this authority has given no receipts so far"), stdout);
    }
    if (has_receipt(at) && at->verdict == SPK_VERDICT_NOT_DEPOSITED) {
        fputs(_("; the authority has taken it, and does not know of it any more"), stdout);
    }
}

static void
print_at(const struct spk_verify_at *at, const struct spk_witnesses *w)
{
    char hex[2 * SPK_HASH_LEN + 1];
    char when[21];

    printf(_("  %s: %s"), at->name[0] != '\0' ? at->name : spk_hex(spk_hash_span(&at->key), hex),
           verdict_text(at->verdict));
    if (spk_verdict_is_good(at->verdict)) {
        printf(_(", deposit %llu of %s"), (unsigned long long)at->index,
               spk_time_iso(at->time_ms / 1000u, when));
    }
    if (at->verdict != SPK_VERDICT_BROKEN) {
        fputs(at->proven            ? _("; the deposited key BLOB was made again from this "
                                                   "file's key, and is the same")
              : at->name[0] == '\0' ? _("; this authority is not pinned here: the deposited key "
                                        "BLOB was not compared")
                                    : _("; the deposited key BLOB was not compared, without a "
                                        "key"),
              stdout);
    }
    print_receipt(at, w);
    if (at->confirmed) {
        fputs(_("; the authority confirms it"), stdout);
    }
    if (!spk_ok(at->asked)) {
        fputs(_("; it could not be asked"), stdout);
    }
    if (at->opened_at != 0) {
        printf(_(", its key holder last opened it at %s"), spk_time_iso(at->opened_at, when));
    }
    putchar('\n');
}

static void
print_text(const char *path, const struct spk_verify *v, const struct spk_witnesses *w)
{
    if (only_claims(v)) {
        printf(_("%s: %s, as it says itself: nothing of it can be checked here, without a key and "
                 "without its authority\n"),
               term_shown(path), verdict_text(v->verdict));
    } else {
        printf("%s: %s\n", term_shown(path), verdict_text(v->verdict));
    }
    for (size_t i = 0; i < v->n; i++) {
        print_at(&v->at[i], w);
    }
    if (v->folded > 0) {
        fputs(_("  the receipt that was beside it is in it now\n"), stdout);
    }
    if (v->opened_by != NULL) {
        printf(_("  only the old key container '%s' opens it: 'sparekey recover %s' gives it a "
                 "slot for your present key\n"),
               term_shown(v->opened_by), term_shown(path));
    }
    if (v->n == 0 && v->verdict != SPK_VERDICT_BROKEN) {
        fputs(_("  it was sealed without an authority\n"), stdout);
    }
}

/* Broken by its receipt, which says nothing against the rest of the file. */
static enum spk_log_fault
bad_receipt(const struct spk_verify *v)
{
    for (size_t i = 0; i < v->n && v->verdict == SPK_VERDICT_BROKEN; i++) {
        if (v->at[i].receipt_inside && v->at[i].receipt_fault != SPK_LOG_FAULT_NONE) {
            return v->at[i].receipt_fault;
        }
    }
    return SPK_LOG_FAULT_NONE;
}

static void
say_bad_receipt(const char *path, enum spk_log_fault fault)
{
    fprintf(stderr, _("sparekey: error: '%s': %s\n"), term_shown(path), term_log_words(fault));
    term_say_hint(_("'sparekey sync' with its name asks the authority for a new one"));
}

/* An authority has no deposit, and the file makes up for it. */
static void
hint_alone(const struct spk_verify *v)
{
    for (size_t i = 0; i < v->n; i++) {
        if (v->at[i].verdict == SPK_VERDICT_NOT_DEPOSITED && v->at[i].alone &&
            v->at[i].name[0] != '\0') {
            term_say_hint(_("the file itself carries what its deposit needs: as long as it is "
                            "whole, 'sparekey recover' with its name hands that in"));
            return;
        }
    }
}

int
cli_verify_tell(const struct term *c, const struct spk_session *s, const char *path, spk_err e,
                const struct spk_verify *v)
{
    if (!spk_ok(e)) {
        term_json_failed(c, path, e);
        return cli_is_folder(path, e) ? cli_say_folder("verify", path)
                                      : term_error(TERM_ABOUT_SEALED, path, e, &s->trouble);
    }
    if (c->json) {
        if (print_json(path, v) != TERM_DONE) {
            return TERM_FAILED;
        }
    } else if (!c->quiet) {
        print_text(path, v, &s->profile->witnesses);
        if (v->verdict == SPK_VERDICT_NOT_DEPOSITED) {
            hint_alone(v);
        }
    }
    if (bad_receipt(v) != SPK_LOG_FAULT_NONE && !c->json) {
        say_bad_receipt(path, bad_receipt(v));
    } else if (v->verdict == SPK_VERDICT_BROKEN && !c->json) {
        (void)term_error(TERM_ABOUT_SEALED, path, v->why, NULL);
    }
    if (!spk_ok(v->asked)) {
        return cli_verify_worse(term_error(TERM_ABOUT_PEER, path, v->asked, &v->trouble),
                                verdict_status(v->verdict));
    }
    return verdict_status(v->verdict);
}

static int
one_file(struct term *c, struct spk_session *s, const struct spk_verify_opts *o, const char *path)
{
    struct spk_verify v;

    return cli_verify_tell(c, s, path, spk_verify_file(s, path, o, &v), &v);
}

int
cli_verify_worse(int a, int b)
{
    static const int order[] = {TERM_STOPPED, TERM_FAILED, TERM_UNRECOVERABLE};

    for (size_t i = 0; i < sizeof(order) / sizeof(order[0]); i++) {
        if (a == order[i] || b == order[i]) {
            return order[i];
        }
    }
    return TERM_DONE;
}

int
cmd_verify(struct term *c, int argc, char **argv)
{
    struct spk_verify_opts o = {.with_key = true, .stop = &term_stop};
    bool no_key = false;
    bool tree = false;
    const struct term_opt opts[] = {
        {"recursive", 'r', TERM_FLAG, &tree, NULL,
         N_("take folders too, and all sealed files in them")},
        {"online", 0, TERM_FLAG, &o.online, NULL, N_("ask the authorities whether they have it")},
        {"payload", 0, TERM_FLAG, &o.payload, NULL, N_("decrypt all of it too, to nowhere")},
        {"no-key", 0, TERM_FLAG, &no_key, NULL, N_("only read: ask for no passphrase")},
    };
    SPK_AUTO(spk_session) s = NULL;
    int first = 0;
    int status = term_options(c, opts, sizeof(opts) / sizeof(opts[0]), argc, argv, &first);

    if (status != TERM_GO_ON) {
        return status;
    }
    if (first == argc) {
        return term_usage(c, _("which file?"));
    }
    if (no_key && o.payload) {
        return term_usage(c, _("--payload takes a key"));
    }
    status = term_session(c, &s);
    if (status != TERM_GO_ON) {
        return status;
    }
    o.with_key = !no_key;
    if (tree) {
        return cli_verify_trees(c, s, &o, argv + first, argc - first);
    }
    status = TERM_DONE;
    for (int i = first; i < argc && !term_stop; i++) {
        status = cli_verify_worse(status, strcmp(argv[i], "-") == 0 ? cli_say_pipe(c, "verify")
                                                                    : one_file(c, s, &o, argv[i]));
    }
    return term_stop ? TERM_STOPPED : term_flush(status);
}
