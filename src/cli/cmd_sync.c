/* SPDX-License-Identifier: Apache-2.0 */
/* sparekey sync: send what is spooled; fetch receipts that files lack. */
#include <string.h>

#include "base/text.h"
#include "cli/commands.h"
#include "cli/folder.h"
#include "client/fetch.h"
#include "client/spool.h"

struct tally {
    size_t sent, kept, unfolded, unreceipted;
};

static void
json_sent(const struct spk_pin *pin, const struct spk_spool_entry *e)
{
    SPK_AUTO_BUF struct spk_buf b = SPK_BUF((size_t)65536);
    struct spk_jw w = {.b = &b};

    spk_jw_open(&w, NULL, '{');
    spk_jw_str(&w, "file", spk_buf_span(&e->path));
    spk_jw_cstr(&w, "authority", pin->name);
    spk_jw_u64(&w, "index", e->parcel.index);
    spk_jw_bool(&w, "receipt", !spk_parcel_lacks_receipt(&e->parcel));
    spk_jw_close(&w, '}');
    (void)term_json_out(&w, &b);
}

static void
json_fetched(const char *path, const struct spk_fetched *f)
{
    SPK_AUTO_BUF struct spk_buf b = SPK_BUF((size_t)65536);
    struct spk_jw w = {.b = &b};

    spk_jw_open(&w, NULL, '{');
    spk_jw_str(&w, "file", spk_span_str(path));
    spk_jw_u64(&w, "had", f->had);
    spk_jw_u64(&w, "fetched", f->got);
    spk_jw_u64(&w, "beside", f->beside);
    spk_jw_u64(&w, "without", f->without);
    spk_jw_close(&w, '}');
    (void)term_json_out(&w, &b);
}

static int
tell_kept(const struct term *c, const struct spk_session *s, const struct spk_spool_entry *e,
          spk_err why)
{
    SPK_AUTO_BUF struct spk_buf path = SPK_BUF(e->path.len + 2);
    const char *name = "";
    spk_err copied = spk_buf_add(&path, spk_buf_span(&e->path));

    if (spk_ok(copied) && spk_ok(spk_buf_cstr(&path, &name))) {
        term_json_failed(c, name, why);
        return term_error(TERM_ABOUT_PEER, name, why, &s->trouble);
    }
    return term_error(TERM_ABOUT_PEER, NULL, why, &s->trouble);
}

/* The file learns of it, or else our own notes do; only then the entry goes. It stays as long as
 * there is no receipt: sent again, it is the same deposit, and brings one. */
static spk_err
settle(struct spk_session *s, const char *name, const struct spk_spool_entry *e, struct tally *t)
{
    bool folded = false;

    SPK_TRY(spk_spool_settle(s, e, &folded));
    if (spk_parcel_lacks_receipt(&e->parcel)) {
        t->unreceipted++;
        return SPK_OK;
    }
    t->unfolded += !folded;
    SPK_TRY(spk_spool_drop(s->profile, name));
    t->sent++;
    return SPK_OK;
}

/* The deposit is safe; what is missing is the proof of it. */
static int
no_receipt(const struct spk_pin *pin, const struct spk_spool_entry *e)
{
    fprintf(stderr, _("sparekey: note: deposit %llu is at %s, which gave no receipt yet: %s\n"),
            (unsigned long long)e->parcel.index, pin->name,
            term_shown_span(spk_buf_span(&e->path)));
    term_say_hint(_("its key holder may be away: 'sparekey sync' asks again"));
    return TERM_FAILED;
}

static int
one_entry(struct term *c, struct spk_session *s, const char *name, struct tally *t)
{
    struct spk_spool_entry e = {0};
    const struct spk_pin *pin = NULL;
    const struct spk_authority *a = NULL;
    struct spk_api *api = NULL;
    spk_err err = spk_spool_read(s->profile, name, &s->trouble, &e);
    int status = TERM_DONE;

    if (!spk_ok(err)) {
        t->kept++;
        return term_error(TERM_ABOUT_OWN, NULL, err, &s->trouble);
    }
    spk_trouble_clear(&s->trouble);
    err = spk_profile_by_key(s->profile, &e.parcel.d.rpub.authority, &pin, &a);
    if (!spk_ok(err)) {
        term_say_error(NULL, _("a spooled deposit is for an authority that is not pinned here"));
        term_say_hint(_("'sparekey enroll --pin ADDRESS' pins it again, with its address from its "
                        "operators"));
        t->kept++;
        spk_spool_entry_clear(&e);
        return TERM_FAILED;
    }
    e.parcel.pin = pin;
    err = spk_session_api(s, spk_session_index(s, pin), &api);
    err = spk_ok(err) ? spk_spool_send(api, &e) : err;
    if (!spk_ok(err)) {
        t->kept++;
        status = tell_kept(c, s, &e, err);
    } else {
        err = settle(s, name, &e, t);
        if (!spk_ok(err)) {
            status = term_error(TERM_ABOUT_OWN, s->profile->data_dir, err, NULL);
        } else if (spk_parcel_lacks_receipt(&e.parcel)) {
            status = no_receipt(pin, &e);
        } else if (!c->quiet && !c->json) {
            printf(_("%s: deposit %llu at %s\n"), term_shown_span(spk_buf_span(&e.path)),
                   (unsigned long long)e.parcel.index, pin->name);
        }
        if (c->json && spk_ok(err)) {
            json_sent(pin, &e);
        }
    }
    spk_spool_entry_clear(&e);
    return status;
}

static void
summary(const struct tally *t, size_t left)
{
    left -= t->unreceipted;
    fprintf(stderr,
            ngettext("sparekey: note: %zu deposit sent, %zu still in the spool\n",
                     "sparekey: note: %zu deposits sent, %zu still in the spool\n", t->sent),
            t->sent, left);
    if (t->unfolded > 0) {
        fprintf(stderr,
                ngettext("sparekey: note: %zu file could not be opened to note it in it; "
                         "'verify' on this computer knows\n",
                         "sparekey: note: %zu files could not be opened to note it in them; "
                         "'verify' on this computer knows\n",
                         t->unfolded),
                t->unfolded);
    }
}

/* A named file: the receipts that it lacks. */
static int
one_file(struct term *c, struct spk_session *s, const char *path)
{
    struct spk_fetched f;
    spk_err e = spk_receipts_fetch(s, path, &f);

    if (!spk_ok(e)) {
        term_json_failed(c, path, e);
    }
    if (!spk_ok(e) && cli_is_folder(path, e)) {
        return cli_say_folder("sync", path);
    }
    if (e.code == SPK_CODE_WAIT) {
        term_say_error(path,
                       _("has no receipt yet: the authority's key holder has not signed for it"));
        term_say_hint(_("its key holder may be away: 'sparekey sync' asks again"));
        return TERM_FAILED;
    }
    if (!spk_ok(e)) {
        bool peer = s->trouble.log != SPK_LOG_FAULT_NONE || s->trouble.peer[0] != '\0';

        return term_error(peer ? TERM_ABOUT_PEER : TERM_ABOUT_SEALED, path, e, &s->trouble);
    }
    if (f.without > 0) {
        term_say_warning(path, _("has a deposit at an authority that gives no receipts, or is not "
                                 "pinned here"));
    }
    if (c->json) {
        json_fetched(path, &f);
    } else if (!c->quiet && f.got > 0) {
        printf(f.beside > 0 ? _("%s: a receipt is beside it now\n")
                            : _("%s: has its receipt now\n"),
               term_shown(path));
    }
    return TERM_DONE;
}

static int
each_file(struct term *c, struct spk_session *s, char **files, int n)
{
    int status = TERM_DONE;

    for (int i = 0; i < n && !term_stop; i++) {
        int one = strcmp(files[i], "-") == 0 ? cli_say_pipe(c, "sync") : one_file(c, s, files[i]);

        status = one != TERM_DONE ? one : status;
    }
    return term_stop ? TERM_STOPPED : term_flush(status);
}

/* Whatever waits in the spool. */
static int
whole_spool(struct term *c, struct spk_session *s)
{
    SPK_AUTO_BUF struct spk_buf names = SPK_BUF((size_t)SPK_SPOOL_ENTRIES_MAX * SPK_SPOOL_NAME_MAX);
    struct tally t = {0};
    const char *name = NULL;
    size_t n = 0;
    int status = TERM_DONE;
    spk_err e = spk_spool_list(s->profile, &names, &n);

    if (!spk_ok(e)) {
        return term_error(TERM_ABOUT_OWN, s->profile->data_dir, e, NULL);
    }
    name = (const char *)names.ptr;
    for (size_t i = 0; i < n && !term_stop; i++, name += strlen(name) + 1) {
        int one = one_entry(c, s, name, &t);

        status = one != TERM_DONE ? one : status;
    }
    if (!c->quiet) {
        summary(&t, n - t.sent);
    }
    return term_stop ? TERM_STOPPED : term_flush(status);
}

int
cmd_sync(struct term *c, int argc, char **argv)
{
    SPK_AUTO(spk_session) s = NULL;
    int first = 0;
    int status = term_options(c, NULL, 0, argc, argv, &first);

    status = status == TERM_GO_ON ? term_session(c, &s) : status;
    if (status != TERM_GO_ON) {
        return status;
    }
    return first < argc ? each_file(c, s, argv + first, argc - first) : whole_spool(c, s);
}
